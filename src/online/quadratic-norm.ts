import { cholesky, gemv, norm, symmetricEigen } from '../linalg/index.ts'
import type { DecisionSet } from './decision-set.ts'

/** A norm ||x||_H = sqrt(x' H x) that grows by rank one, with H^-1 at hand. */
export interface QuadraticNorm {
  /** H, [n, n] row-major. */
  matrix: Float64Array
  /** H^-1. */
  inverse: Float64Array
  /** Updates since the inverse was last computed afresh. */
  age: number
  work: Float64Array
}

/** Updates after which rounding in the inverse is wiped out. */
const REFRESH = 1000

/** H = scale I. */
export function scaledIdentity(n: number, scale: number): QuadraticNorm {
  const matrix = new Float64Array(n * n)
  const inverse = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = scale
    inverse[i * n + i] = 1 / scale
  }
  return { matrix, inverse, age: 0, work: new Float64Array(n) }
}

/** out = matrix x. */
function product(matrix: Float64Array, x: Float64Array, out: Float64Array): void {
  gemv(false, 1, { rows: x.length, cols: x.length, data: matrix }, x, 0, out)
}

/** H += weight g g', and its inverse by the formula of Sherman and Morrison. O(n^2). */
export function addRankOne(h: QuadraticNorm, weight: number, g: Float64Array): void {
  const n = g.length
  const { matrix, inverse, work } = h
  product(inverse, g, work)
  let denominator = 1
  for (let i = 0; i < n; i++) denominator += weight * g[i] * work[i]
  for (let i = 0, p = 0; i < n; i++) {
    for (let j = 0; j < n; j++, p++) {
      matrix[p] += weight * g[i] * g[j]
      inverse[p] -= (weight * work[i] * work[j]) / denominator
    }
  }
  if (++h.age < REFRESH) return
  h.age = 0
  const factors = cholesky({ rows: n, cols: n, data: matrix })
  if (factors.ok) inverse.set(factors.inverse().data)
}

/** Writes `from` - step H^-1 g, `from` = null for 0. `out` is neither of them. */
export function newtonStep(
  h: QuadraticNorm,
  from: Float64Array | null,
  step: number,
  g: Float64Array,
  out: Float64Array,
): void {
  product(h.inverse, g, out)
  for (let i = 0; i < out.length; i++) out[i] = (from === null ? 0 : from[i]) - step * out[i]
}

/**
 * Writes the point of the set that is nearest to c in the norm of H: c itself if it lies inside, else by the multiplier of the
 * ball (bisection, relative accuracy about 1e-15) or, on a box or simplex, by accelerated projected gradients to about 1e-13.
 *
 * @param out may be c
 */
export function projectInNorm(set: DecisionSet, matrix: Float64Array, c: Float64Array, out: Float64Array): void {
  // A simplex has no inside: its violation is rounding at best.
  if (set.kind !== 'simplex' && set.violation(c) === 0) {
    out.set(c)
    return
  }
  if (set.kind === 'ball') projectOntoBallInNorm(set.size, matrix, c, out)
  else projectByGradients(set, matrix, c, out)
}

/** (H + mu I) x = H c with ||x|| = R: in the eigenbasis x_i = w_i q_i / (w_i + mu). */
function projectOntoBallInNorm(radius: number, matrix: Float64Array, c: Float64Array, out: Float64Array): void {
  const n = c.length
  const { values: w, vectors } = symmetricEigen({ rows: n, cols: n, data: matrix })
  const q = new Float64Array(n)
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) q[k] += vectors.data[i * n + k] * c[i]
  const lengthAt = (mu: number): number => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += ((w[k] * q[k]) / (w[k] + mu)) ** 2
    return Math.sqrt(sum)
  }
  let low = 0
  // ||x(mu)|| <= max(w) ||c|| / (max(w) + mu).
  let high = w[n - 1] * (norm(c) / radius - 1)
  for (let i = 0; i < 200; i++) {
    const mu = 0.5 * (low + high)
    if (!(mu > low && mu < high)) break
    if (lengthAt(mu) > radius) low = mu
    else high = mu
  }
  out.fill(0)
  for (let k = 0; k < n; k++) {
    const along = (w[k] * q[k]) / (w[k] + high)
    for (let i = 0; i < n; i++) out[i] += vectors.data[i * n + k] * along
  }
}

/** Nesterov's method for 1/2 ||x - c||_H^2 over the set, with the momentum of the condition number of H. */
function projectByGradients(set: DecisionSet, matrix: Float64Array, c: Float64Array, out: Float64Array): void {
  const n = c.length
  const { values } = symmetricEigen({ rows: n, cols: n, data: matrix })
  const largest = values[n - 1]
  const root = Math.sqrt(largest / Math.max(values[0], 1e-12 * largest))
  const momentum = (root - 1) / (root + 1)
  const target = c.slice()
  const x = new Float64Array(n)
  const y = new Float64Array(n)
  const slope = new Float64Array(n)
  const ahead = new Float64Array(n)
  set.project(target, x)
  y.set(x)
  const enough = 1e-14 * set.diameter
  const iterations = Math.min(20_000, Math.ceil(60 * root) + 20)
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (let i = 0; i < n; i++) slope[i] = y[i] - target[i]
    product(matrix, slope, ahead)
    for (let i = 0; i < n; i++) ahead[i] = y[i] - ahead[i] / largest
    set.project(ahead, ahead)
    let change = 0
    for (let i = 0; i < n; i++) {
      const moved = ahead[i] - x[i]
      change = Math.max(change, Math.abs(moved), Math.abs(ahead[i] - y[i]))
      y[i] = ahead[i] + momentum * moved
      x[i] = ahead[i]
    }
    if (change <= enough) break
  }
  out.set(x)
}
