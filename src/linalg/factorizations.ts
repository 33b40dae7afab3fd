import { portableLog, ShapeError } from '../base/index.ts'
import { gemv, plainTrsv, solveTriangularMatrix } from './dense.ts'
import { engine } from './engine.ts'
import { loadOpenBlas } from './openblas.ts'
import { checkLength, checkMatrix, checkShape, checkSquare } from './shapes.ts'
import type { DenseMatrix } from './types.ts'
import { dot } from './vectors.ts'
import { wasmEngine } from './wasm-engine.ts'
import { stagingWorkspace } from './workspace.ts'

/** Orders from which the chosen backend factors. */
const largeOrder = 48

/**
 * What every factorization of a square matrix offers. A failed factorization is a value, not an exception: `solve` then throws
 * nothing either, but gives NaN.
 */
export interface SquareFactorization {
  /** The order n. */
  readonly n: number
  /** Whether the factors can be used: all pivots finite and not 0 (for Cholesky: positive). */
  readonly ok: boolean
  /** Index of the first bad pivot, or -1. */
  readonly failedPivot: number
  /** Writes the solution of A x = b into `out` (default: a new vector; may be b) and returns it. */
  solve(b: Float64Array, out?: Float64Array): Float64Array
  /** log |det A|; NaN for a failed factorization. */
  logAbsDeterminant(): number
}

function target(where: string, n: number, b: Float64Array, out: Float64Array | undefined, ok: boolean): Float64Array {
  checkLength(where, 'b', b, n)
  if (out !== undefined) checkLength(where, 'out', out, n)
  const x = out ?? new Float64Array(n)
  if (!ok) x.fill(Number.NaN)
  else if (x !== b) x.set(b)
  return x
}

/** A = L L' for symmetric positive definite A. */
export interface CholeskyFactorization extends SquareFactorization {
  /** L [n, n] in the lower triangle; zeros above. */
  readonly lower: DenseMatrix
  /** Solves L y = b: the coordinates in which A is the identity. */
  solveLower(b: Float64Array, out?: Float64Array): Float64Array
  /** Solves L'x = b. */
  solveUpper(b: Float64Array, out?: Float64Array): Float64Array
  /** Solves A X = B, B [n, columns]; X is a new matrix. */
  solveMatrix(b: DenseMatrix): DenseMatrix
  /** A^-1, symmetric. Rarely needed: prefer `solve`. */
  inverse(): DenseMatrix
}

/**
 * Factors symmetric A [n, n] as L L'. Only the lower triangle of `a` is read. n^3 / 3 flops.
 *
 * If A is not numerically positive definite, `ok` is false and `failedPivot` says where: the leading block of order
 * failedPivot + 1 is not positive definite.
 *
 * @param into n^2 numbers for L, so that nothing is allocated; may be `a.data`
 * @throws {ShapeError} if `a` is not square, or `into` has another length
 */
export function cholesky(a: DenseMatrix, into?: Float64Array): CholeskyFactorization {
  checkSquare('cholesky', a)
  const n = a.rows
  const data = into ?? new Float64Array(n * n)
  checkLength('cholesky', 'into', data, n * n)
  if (data !== a.data) data.set(a.data)
  const failed = n <= 16 ? plainCholesky(n, data) : (n < largeOrder ? wasmEngine : engine()).potrf(n, data)
  for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, i * n + n)
  const ok = failed === 0
  const lower = { rows: n, cols: n, data }
  return {
    n,
    ok,
    failedPivot: failed - 1,
    lower,
    solve(b, out) {
      const x = target('cholesky solve', n, b, out, ok)
      if (!ok) return x
      plainTrsv(true, false, false, n, data, x)
      plainTrsv(true, true, false, n, data, x)
      return x
    },
    solveLower(b, out) {
      const x = target('cholesky solveLower', n, b, out, ok)
      if (ok) plainTrsv(true, false, false, n, data, x)
      return x
    },
    solveUpper(b, out) {
      const x = target('cholesky solveUpper', n, b, out, ok)
      if (ok) plainTrsv(true, true, false, n, data, x)
      return x
    },
    solveMatrix(b) {
      checkShape('cholesky solveMatrix', 'b', b, n, b.cols)
      const x = { rows: n, cols: b.cols, data: ok ? b.data.slice() : new Float64Array(b.data.length).fill(Number.NaN) }
      if (!ok) return x
      solveTriangularMatrix(lower, x)
      solveTriangularMatrix(lower, x, { transposed: true })
      return x
    },
    inverse() {
      const x = new Float64Array(n * n)
      for (let i = 0; i < n; i++) x[i * n + i] = 1
      const inverse = this.solveMatrix({ rows: n, cols: n, data: x })
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) {
          const mean = (inverse.data[i * n + j] + inverse.data[j * n + i]) / 2
          inverse.data[i * n + j] = mean
          inverse.data[j * n + i] = mean
        }
      }
      return inverse
    },
    logAbsDeterminant() {
      if (!ok) return Number.NaN
      let s = 0
      for (let i = 0; i < n; i++) s += portableLog(data[i * n + i])
      return 2 * s
    },
  }
}

function plainCholesky(n: number, a: Float64Array): number {
  for (let i = 0; i < n; i++) {
    const row = i * n
    for (let j = 0; j <= i; j++) {
      const other = j * n
      let s = a[row + j]
      for (let k = 0; k < j; k++) s -= a[row + k] * a[other + k]
      if (j < i) a[row + j] = s / a[other + j]
      else if (s > 0 && s < Infinity) a[row + i] = Math.sqrt(s)
      else return i + 1
    }
  }
  return 0
}

/** P A = L U for square A. */
export interface LuFactorization extends SquareFactorization {
  /** L below the diagonal (its ones are not stored), U on and above it. */
  readonly factors: DenseMatrix
  /** Row i was swapped with row pivots[i], in ascending order of i. */
  readonly pivots: Int32Array
  /** Solves A'x = b. */
  solveTransposed(b: Float64Array, out?: Float64Array): Float64Array
  /** Solves A X = B, B [n, columns]; X is a new matrix. */
  solveMatrix(b: DenseMatrix): DenseMatrix
  /** The sign of det A: 1, -1, or 0 for a failed factorization. */
  determinantSign(): number
}

/**
 * Factors A [n, n] with partial pivoting. 2 n^3 / 3 flops. `ok` is false if A is singular to the last bit (an exactly zero
 * pivot) or not finite; near-singular matrices are not detected.
 *
 * @param into n^2 numbers for the factors; may be `a.data`
 * @throws {ShapeError} if `a` is not square, or `into` has another length
 */
export function lu(a: DenseMatrix, into?: Float64Array): LuFactorization {
  checkSquare('lu', a)
  const n = a.rows
  const data = into ?? new Float64Array(n * n)
  checkLength('lu', 'into', data, n * n)
  if (data !== a.data) data.set(a.data)
  const pivots = new Int32Array(n)
  const failed = n <= 16 ? plainLu(n, data, pivots) : (n < largeOrder ? wasmEngine : engine()).getrf(n, data, pivots)
  const ok = failed === 0
  const factors = { rows: n, cols: n, data }
  const swap = (x: Float64Array, width: number, i: number): void => {
    const p = pivots[i]
    if (p === i) return
    for (let j = 0; j < width; j++) {
      const t = x[i * width + j]
      x[i * width + j] = x[p * width + j]
      x[p * width + j] = t
    }
  }
  return {
    n,
    ok,
    failedPivot: failed - 1,
    factors,
    pivots,
    solve(b, out) {
      const x = target('lu solve', n, b, out, ok)
      if (!ok) return x
      for (let i = 0; i < n; i++) swap(x, 1, i)
      plainTrsv(true, false, true, n, data, x)
      plainTrsv(false, false, false, n, data, x)
      return x
    },
    solveTransposed(b, out) {
      const x = target('lu solveTransposed', n, b, out, ok)
      if (!ok) return x
      plainTrsv(false, true, false, n, data, x)
      plainTrsv(true, true, true, n, data, x)
      for (let i = n - 1; i >= 0; i--) swap(x, 1, i)
      return x
    },
    solveMatrix(b) {
      checkShape('lu solveMatrix', 'b', b, n, b.cols)
      const x = { rows: n, cols: b.cols, data: ok ? b.data.slice() : new Float64Array(b.data.length).fill(Number.NaN) }
      if (!ok) return x
      for (let i = 0; i < n; i++) swap(x.data, b.cols, i)
      solveTriangularMatrix(factors, x, { unitDiagonal: true })
      solveTriangularMatrix(factors, x, { lower: false })
      return x
    },
    logAbsDeterminant() {
      if (!ok) return Number.NaN
      let s = 0
      for (let i = 0; i < n; i++) s += portableLog(Math.abs(data[i * n + i]))
      return s
    },
    determinantSign() {
      if (!ok) return 0
      let sign = 1
      for (let i = 0; i < n; i++) {
        if (pivots[i] !== i) sign = -sign
        if (data[i * n + i] < 0) sign = -sign
      }
      return sign
    },
  }
}

function plainLu(n: number, a: Float64Array, pivots: Int32Array): number {
  let failed = 0
  for (let j = 0; j < n; j++) {
    let best = j
    let most = -1
    for (let i = j; i < n; i++) {
      const v = Math.abs(a[i * n + j])
      // A NaN is taken as the pivot, so that it is seen.
      if (v <= most) continue
      most = v
      best = i
      if (Number.isNaN(v)) break
    }
    pivots[j] = best
    if (best !== j) {
      for (let k = 0; k < n; k++) {
        const t = a[j * n + k]
        a[j * n + k] = a[best * n + k]
        a[best * n + k] = t
      }
    }
    if (!(most > 0 && most < Infinity)) {
      if (failed === 0) failed = j + 1
      continue
    }
    const pivot = a[j * n + j]
    for (let i = j + 1; i < n; i++) {
      const l = a[i * n + j] / pivot
      a[i * n + j] = l
      for (let k = j + 1; k < n; k++) a[i * n + k] -= l * a[j * n + k]
    }
  }
  return failed
}

/** Numbers of positive, negative and zero eigenvalues. */
export interface Inertia {
  readonly positive: number
  readonly negative: number
  readonly zero: number
}

/** P A P' = L D L' for symmetric A, definite or not; D has blocks of order 1 and 2. */
export interface LdltFactorization extends SquareFactorization {
  /** Signs of the eigenvalues of A, by Sylvester's law those of D. */
  readonly inertia: Inertia
}

/**
 * Factors symmetric A [n, n] as L D L' with the pivoting of Bunch and Kaufman (1977), Algorithm A. Only the lower triangle of
 * `a` is read. n^3 / 3 flops. `ok` is false if D is singular to the last bit or not finite.
 *
 * @throws {ShapeError} if `a` is not square
 */
export function ldlt(a: DenseMatrix): LdltFactorization {
  checkSquare('ldlt', a)
  const n = a.rows
  const pivots = new Int32Array(n)
  let data = a.data.slice()
  let failed: number
  let solveWith: (x: Float64Array) => void
  const blas = n >= largeOrder && engine().name === 'openblas' ? loadOpenBlas() : ''
  // Where LAPACK keeps the entry off the diagonal of a block of order 2: above it.
  let offDiagonal: (k: number) => number
  if (typeof blas !== 'string') {
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) data[j * n + i] = data[i * n + j]
    failed = blas.sytrf(n, data, pivots)
    offDiagonal = (k) => data[k * n + k + 1]
    solveWith = (x) => blas.sytrs(n, data, pivots, x)
  } else {
    const work = stagingWorkspace(8 * (n * n + 2 * n) + 4 * n + 256)
    const copy = work.float64(n * n)
    const swaps = work.int32(n)
    const aside = work.float64(2 * n)
    copy.set(data)
    failed = work.kernels.sytrf_f64(n, copy.byteOffset, n, swaps.byteOffset, aside.byteOffset)
    data = copy.slice()
    pivots.set(swaps)
    offDiagonal = (k) => data[(k + 1) * n + k]
    solveWith = (x) => plainLdltSolve(n, data, pivots, second, x)
  }
  // Second rows of blocks of order 2: the entry left of their diagonal belongs to D.
  const second = new Uint8Array(n)
  let positive = 0
  let negative = 0
  let zero = 0
  let logDeterminant = 0
  for (let k = 0; k < n; k++) {
    const d = data[k * n + k]
    if (pivots[k] < 0 && k + 1 < n) {
      // A block of order 2: one eigenvalue of each sign, since Bunch and Kaufman choose it only if it is indefinite.
      const off = offDiagonal(k)
      const next = data[(k + 1) * n + k + 1]
      logDeterminant += 2 * portableLog(Math.abs(off)) + portableLog(Math.abs((d / off) * (next / off) - 1))
      positive++
      negative++
      second[++k] = 1
      continue
    }
    if (d > 0) positive++
    else if (d < 0) negative++
    else zero++
    logDeterminant += portableLog(Math.abs(d))
    if (failed === 0 && !(Math.abs(d) > 0 && Math.abs(d) < Infinity)) failed = k + 1
  }
  const ok = failed === 0
  return {
    n,
    ok,
    failedPivot: failed - 1,
    inertia: { positive, negative, zero },
    solve(b, out) {
      const x = target('ldlt solve', n, b, out, ok)
      if (ok) solveWith(x)
      return x
    },
    logAbsDeterminant: () => (ok ? logDeterminant : Number.NaN),
  }
}

/** As `sytrs_f64`, on an ordinary array. */
function plainLdltSolve(n: number, a: Float64Array, pivots: Int32Array, second: Uint8Array, b: Float64Array): void {
  const swap = (i: number, j: number): void => {
    const t = b[i]
    b[i] = b[j]
    b[j] = t
  }
  // P first: the swaps of later blocks also moved the rows of earlier columns of L, so all of them can be done at once.
  for (let k = 0; k < n; k++) {
    if (pivots[k] >= 0) swap(k, pivots[k])
    else {
      swap(k + 1, -1 - pivots[k])
      k++
    }
  }
  for (let i = 0; i < n; i++) {
    const end = i - second[i]
    let s = 0
    for (let j = 0, p = i * n; j < end; j++, p++) s += a[p] * b[j]
    b[i] -= s
  }
  for (let k = 0; k < n; k++) {
    if (pivots[k] >= 0) {
      b[k] /= a[k * n + k]
      continue
    }
    const off = a[(k + 1) * n + k]
    const d11 = a[(k + 1) * n + k + 1] / off
    const d22 = a[k * n + k] / off
    const scale = 1 / (d11 * d22 - 1) / off
    const b1 = b[k]
    const b2 = b[k + 1]
    b[k] = scale * (d11 * b1 - b2)
    b[k + 1] = scale * (d22 * b2 - b1)
    k++
  }
  for (let i = n - 1; i >= 0; i--) {
    const end = i - second[i]
    const c = b[i]
    for (let j = 0, p = i * n; j < end; j++, p++) b[j] -= a[p] * c
  }
  for (let k = n - 1; k >= 0; k--) {
    if (pivots[k] >= 0) swap(k, pivots[k])
    else {
      swap(k, -1 - pivots[k])
      k--
    }
  }
}

/** A = Q R for A [m, n]. */
export interface QrFactorization {
  readonly m: number
  readonly n: number
  /** R [min(m, n), n], upper triangular. */
  readonly r: DenseMatrix
  /** Numerical rank deficiency: whether some |r_kk| <= eps max(m, n) max |r_jj|. */
  readonly rankDeficient: boolean
  /** b = Q'b, in place of b [m]. */
  applyQTransposed(b: Float64Array): void
  /** b = Q b, in place of b [m]. */
  applyQ(b: Float64Array): void
  /** The thin Q [m, min(m, n)]. */
  q(): DenseMatrix
  /**
   * The least-squares solution: the x [n] with the smallest ||A x - b||, for m >= n and full rank; NaN if R is singular.
   *
   * @throws {ShapeError} if m < n, or b does not have length m
   */
  solve(b: Float64Array): Float64Array
}

/**
 * Factors A [m, n] by Householder reflections, blocked. 2 n^2 (m - n / 3) flops for m >= n.
 *
 * @throws {ShapeError} if the shape is inconsistent
 */
export function qr(a: DenseMatrix): QrFactorization {
  checkMatrix('qr', 'a', a)
  const { rows: m, cols: n } = a
  const steps = Math.min(m, n)
  // Row k: the reflection's vector v_k, contiguous, with v_k[k] = 1.
  const reflections = new Float64Array(steps * m)
  const tau = new Float64Array(steps)
  const r = new Float64Array(steps * n)
  if (steps > 0) {
    const work = stagingWorkspace(8 * (m * n + steps) + 512 + 8 * (m * 32 + 64 * n + 2048 + m + n))
    const copy = work.float64(m * n)
    const factors = work.float64(steps)
    const aside = work.allocate(work.kernels.geqrf_work_f64(m, n))
    copy.set(a.data)
    work.kernels.geqrf_f64(m, n, copy.byteOffset, n, factors.byteOffset, aside, work.scratch)
    tau.set(factors)
    for (let k = 0; k < steps; k++) {
      for (let j = k; j < n; j++) r[k * n + j] = copy[k * n + j]
      reflections[k * m + k] = 1
      for (let i = k + 1; i < m; i++) reflections[k * m + i] = copy[i * n + k]
    }
  }
  const reflect = (k: number, b: Float64Array): void => {
    if (tau[k] === 0) return
    const row = k * m
    let s = 0
    for (let i = k; i < m; i++) s += reflections[row + i] * b[i]
    s *= tau[k]
    for (let i = k; i < m; i++) b[i] -= s * reflections[row + i]
  }
  let most = 0
  let least = Infinity
  for (let k = 0; k < steps; k++) {
    const d = Math.abs(r[k * n + k])
    most = Math.max(most, d)
    least = Math.min(least, d)
  }
  const self: QrFactorization = {
    m,
    n,
    r: { rows: steps, cols: n, data: r },
    rankDeficient: !(least > Number.EPSILON * Math.max(m, n) * most),
    applyQTransposed(b) {
      checkLength('qr applyQTransposed', 'b', b, m)
      for (let k = 0; k < steps; k++) reflect(k, b)
    },
    applyQ(b) {
      checkLength('qr applyQ', 'b', b, m)
      for (let k = steps - 1; k >= 0; k--) reflect(k, b)
    },
    q() {
      const q = new Float64Array(m * steps)
      const column = new Float64Array(m)
      for (let j = 0; j < steps; j++) {
        column.fill(0)
        column[j] = 1
        self.applyQ(column)
        for (let i = 0; i < m; i++) q[i * steps + j] = column[i]
      }
      return { rows: m, cols: steps, data: q }
    },
    solve(b) {
      if (m < n) {
        throw new ShapeError(`qr solve: least squares needs m >= n, got shape [${m}, ${n}]`, {
          argument: 'a',
          expected: 'at least as many rows as columns',
          received: `shape [${m}, ${n}]`,
        })
      }
      checkLength('qr solve', 'b', b, m)
      const y = b.slice()
      self.applyQTransposed(y)
      const x = y.slice(0, n)
      for (let i = n - 1; i >= 0; i--) {
        let s = x[i]
        for (let j = i + 1; j < n; j++) s -= r[i * n + j] * x[j]
        x[i] = r[i * n + i] === 0 ? Number.NaN : s / r[i * n + i]
      }
      return x
    },
  }
  return self
}

/**
 * The x that minimizes ||A x - b||_2, A [m, n] with m >= n and full rank, by QR: stable where the normal equations are not.
 *
 * @throws {ShapeError} if m < n, or the lengths do not fit
 */
export function leastSquares(a: DenseMatrix, b: Float64Array): Float64Array {
  return qr(a).solve(b)
}

/**
 * Solves A x = b for a square A by LU. NaN if A is singular.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function solveDense(a: DenseMatrix, b: Float64Array): Float64Array {
  return lu(a).solve(b)
}

/** The norm of A x - b relative to ||A||_F ||x|| + ||b||: the backward error of a solution, about 1e-16 when it is as good as can be. */
export function relativeResidual(a: DenseMatrix, x: Float64Array, b: Float64Array): number {
  const r = b.slice()
  gemv(false, 1, a, x, -1, r)
  const scale = Math.sqrt(dot(a.data, a.data) * dot(x, x)) + Math.sqrt(dot(b, b))
  return Math.sqrt(dot(r, r)) / (scale || 1)
}
