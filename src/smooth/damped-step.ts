import { portableHypot } from '../base/index.ts'
/**
 * The linear model ||J p + r|| of a least-squares problem at one point, factored: J P = Q [R; 0] with column pivoting. Plain
 * data, n^2 + 4n numbers.
 */
export interface LinearModel {
  /** Upper triangle of R, n*n row-major (the rest is not used). */
  triangle: Float64Array
  /** The first n entries of Q^T r. */
  projected: Float64Array
  /** Column k of J P is column `pivots[k]` of J. */
  pivots: Int32Array
  /** Euclidean norms of the columns of J. */
  columnNorms: Float64Array
  /** J^T r. */
  gradient: Float64Array
  /** Number of diagonal entries of R above rounding level: the numerical rank of J with its columns scaled to length 1. */
  rank: number
}

export function linearModel(n: number): LinearModel {
  return {
    triangle: new Float64Array(n * n),
    projected: new Float64Array(n),
    pivots: new Int32Array(n),
    columnNorms: new Float64Array(n),
    gradient: new Float64Array(n),
    rank: 0,
  }
}

/** Diagonal entries of R below this part of their column's norm count as zero. */
const RANK_TOLERANCE = 1e-14

/**
 * Factors J by Householder reflections with column pivoting: the next column is the one that keeps the largest share of its
 * length, so that the order does not depend on the units of the parameters. Costs 2 n^2 (m - n/3) flops.
 *
 * @param jacobian m*n row-major, not changed
 * @param work length (m+1) * n + m
 */
export function factorModel(
  jacobian: Float64Array,
  residuals: Float64Array,
  model: LinearModel,
  work: Float64Array,
): void {
  const { triangle, projected, pivots, columnNorms, gradient } = model
  const n = pivots.length
  const m = residuals.length
  const size = Math.min(m, n)
  const right = m * n
  for (let j = 0; j < n; j++) {
    let squared = 0
    let slope = 0
    for (let i = 0; i < m; i++) {
      const a = jacobian[i * n + j]
      work[j * m + i] = a
      squared += a * a
      slope += a * residuals[i]
    }
    columnNorms[j] = Math.sqrt(squared)
    gradient[j] = slope
    pivots[j] = j
  }
  for (let i = 0; i < m; i++) work[right + i] = residuals[i]
  triangle.fill(0)
  model.rank = size

  for (let k = 0; k < size; k++) {
    let best = k
    let bestShare = -1
    for (let j = k; j < n; j++) {
      const column = pivots[j]
      let squared = 0
      for (let i = k; i < m; i++) squared += work[column * m + i] * work[column * m + i]
      const share = columnNorms[column] > 0 ? Math.sqrt(squared) / columnNorms[column] : 0
      if (share > bestShare) {
        bestShare = share
        best = j
      }
    }
    const chosen = pivots[best]
    pivots[best] = pivots[k]
    pivots[k] = chosen
    if (best !== k) {
      for (let i = 0; i < k; i++) {
        const swap = triangle[i * n + k]
        triangle[i * n + k] = triangle[i * n + best]
        triangle[i * n + best] = swap
      }
    }
    if (bestShare <= RANK_TOLERANCE) {
      model.rank = k
      break
    }
    const at = chosen * m
    let squared = 0
    for (let i = k; i < m; i++) squared += work[at + i] * work[at + i]
    const diagonal = work[at + k] > 0 ? -Math.sqrt(squared) : Math.sqrt(squared)
    triangle[k * n + k] = diagonal
    work[at + k] -= diagonal
    // Reflection I - v v^T / beta with v = column - diagonal e_k and beta = -diagonal v_k.
    const beta = -diagonal * work[at + k]
    if (beta > 0) {
      for (let j = k + 1; j <= n; j++) {
        const other = j === n ? right : pivots[j] * m
        let along = 0
        for (let i = k; i < m; i++) along += work[at + i] * work[other + i]
        along /= beta
        for (let i = k; i < m; i++) work[other + i] -= along * work[at + i]
      }
    }
    for (let j = k + 1; j < n; j++) triangle[k * n + j] = work[pivots[j] * m + k]
  }
  for (let k = 0; k < n; k++) projected[k] = k < model.rank ? work[right + k] : 0
}

/** Work memory of `dampedStep` for n unknowns. */
export interface DampedWork {
  readonly rows: Float64Array
  readonly right: Float64Array
  readonly row: Float64Array
  readonly pivoted: Float64Array
}

export function dampedWork(n: number): DampedWork {
  return {
    rows: new Float64Array(n * n),
    right: new Float64Array(n),
    row: new Float64Array(n),
    pivoted: new Float64Array(n),
  }
}

/** Solves (R^T R + lambda D^2) p = -R^T q for p in pivoted order, by Givens rotations of [R; sqrt(lambda) D]. */
function solveDamped(model: LinearModel, scale: Float64Array, lambda: number, work: DampedWork): void {
  const { triangle, projected, pivots, rank } = model
  const { rows, right, row, pivoted } = work
  const n = pivots.length
  rows.set(triangle)
  right.set(projected)
  // A rank-deficient R has zero rows below its rank.
  for (let i = rank; i < n; i++) for (let j = i; j < n; j++) rows[i * n + j] = 0
  if (lambda > 0) {
    const root = Math.sqrt(lambda)
    for (let k = 0; k < n; k++) {
      row.fill(0, k)
      row[k] = root * scale[pivots[k]]
      let carried = 0
      for (let i = k; i < n; i++) {
        if (row[i] === 0) continue
        const diagonal = rows[i * n + i]
        const radius = portableHypot(diagonal, row[i])
        const c = diagonal / radius
        const s = row[i] / radius
        for (let j = i; j < n; j++) {
          const a = rows[i * n + j]
          const b = row[j]
          rows[i * n + j] = c * a + s * b
          row[j] = c * b - s * a
        }
        const a = right[i]
        right[i] = c * a + s * carried
        carried = c * carried - s * a
      }
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = -right[i]
    for (let j = i + 1; j < n; j++) sum -= rows[i * n + j] * pivoted[j]
    const diagonal = rows[i * n + i]
    pivoted[i] = diagonal === 0 ? 0 : sum / diagonal
  }
}

/** ||D p|| of the pivoted solution. */
function scaledLength(model: LinearModel, scale: Float64Array, work: DampedWork): number {
  let squared = 0
  for (let k = 0; k < model.pivots.length; k++) {
    const entry = scale[model.pivots[k]] * work.pivoted[k]
    squared += entry * entry
  }
  return Math.sqrt(squared)
}

/** ||R_lambda^-T D^2 p|| / ||D p||, which gives the derivative of ||D p|| by lambda. */
function derivativeNorm(model: LinearModel, scale: Float64Array, length: number, work: DampedWork): number {
  const { pivots } = model
  const { rows, row, pivoted } = work
  const n = pivots.length
  let squared = 0
  for (let i = 0; i < n; i++) {
    const d = scale[pivots[i]]
    let sum = (d * d * pivoted[i]) / length
    for (let k = 0; k < i; k++) sum -= rows[k * n + i] * row[k]
    row[i] = sum / rows[i * n + i]
    squared += row[i] * row[i]
  }
  return Math.sqrt(squared)
}

/**
 * The step of a scaled trust region: p minimizes ||J p + r|| over ||D p|| <= radius (within 10 percent of the radius), that is
 * (J^T J + lambda D^2) p = -J^T r for a lambda >= 0 found by Newton's method on 1 / ||D p(lambda)|| - 1 / radius.
 *
 * @param guess lambda to begin the search with
 * @param step written, length n
 * @returns lambda; 0 if the Gauss-Newton step is inside
 * @see More, The Levenberg-Marquardt algorithm: implementation and theory, LNM 630 (1978), Section 5
 */
export function dampedStep(
  model: LinearModel,
  scale: Float64Array,
  radius: number,
  guess: number,
  step: Float64Array,
  work: DampedWork,
): number {
  const { pivots, rank, gradient } = model
  const n = pivots.length
  const finish = (lambda: number): number => {
    for (let k = 0; k < n; k++) step[pivots[k]] = work.pivoted[k]
    return lambda
  }
  solveDamped(model, scale, 0, work)
  let length = scaledLength(model, scale, work)
  let excess = length - radius
  if (excess <= 0.1 * radius) return finish(0)

  let low = 0
  if (rank === n) {
    const norm = derivativeNorm(model, scale, length, work)
    low = excess / (radius * norm * norm)
  }
  let scaled = 0
  for (let j = 0; j < n; j++) scaled = portableHypot(scaled, gradient[j] / scale[j])
  let high = scaled / radius
  let lambda = Math.min(Math.max(guess, low), high)
  if (lambda === 0) lambda = scaled / length
  for (let k = 0; k < 10; k++) {
    if (lambda === 0) lambda = Math.max(Number.MIN_VALUE, 0.001 * high)
    solveDamped(model, scale, lambda, work)
    length = scaledLength(model, scale, work)
    const before = excess
    excess = length - radius
    if (Math.abs(excess) <= 0.1 * radius || (low === 0 && excess <= before && before < 0)) break
    const norm = derivativeNorm(model, scale, length, work)
    const correction = excess / (radius * norm * norm)
    if (excess > 0) low = Math.max(low, lambda)
    else high = Math.min(high, lambda)
    lambda = Math.max(low, lambda + correction)
  }
  return finish(lambda)
}

/** Norm of J p, from R. */
export function modelImageNorm(model: LinearModel, step: Float64Array): number {
  const { triangle, pivots, rank } = model
  const n = pivots.length
  let squared = 0
  for (let i = 0; i < rank; i++) {
    let sum = 0
    for (let j = i; j < n; j++) sum += triangle[i * n + j] * step[pivots[j]]
    squared += sum * sum
  }
  return Math.sqrt(squared)
}
