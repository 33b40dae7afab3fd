import { portableExp, portableLog, RandomStream } from '../base/index.ts'
import type { LinearSystemProblem } from './linear-system.ts'
import { diagonalOf } from './sparse.ts'

/** Number of eigenvalues below x of the symmetric tridiagonal matrix with diagonal `a` and off-diagonal `b` (Sturm sequence). */
function countBelow(a: number[], b: number[], x: number): number {
  let count = 0
  let d = 1
  for (let i = 0; i < a.length; i++) {
    d = a[i] - x - (i > 0 ? (b[i - 1] * b[i - 1]) / d : 0)
    if (d === 0) d = -Number.MIN_VALUE
    if (d < 0) count++
  }
  return count
}

/** The smallest and largest eigenvalue of a symmetric tridiagonal matrix by bisection, to 1e-14 of its spread. */
function tridiagonalExtremes(a: number[], b: number[]): { smallest: number; largest: number } {
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < a.length; i++) {
    const radius = (i > 0 ? Math.abs(b[i - 1]) : 0) + (i < a.length - 1 ? Math.abs(b[i]) : 0)
    low = Math.min(low, a[i] - radius)
    high = Math.max(high, a[i] + radius)
  }
  const bisect = (enough: number): number => {
    let from = low
    let to = high
    for (let k = 0; k < 60 && to - from > 1e-14 * (high - low); k++) {
      const middle = 0.5 * (from + to)
      if (countBelow(a, b, middle) >= enough) to = middle
      else from = middle
    }
    return 0.5 * (from + to)
  }
  return { smallest: bisect(1), largest: bisect(a.length) }
}

/** Extreme eigenvalues as Lanczos sees them. */
export interface SpectrumEstimate {
  /** Smallest Ritz value: at least the smallest eigenvalue. */
  readonly smallest: number
  /** Largest Ritz value: at most the largest eigenvalue. */
  readonly largest: number
  /** The next off-diagonal entry: both ends lie within this distance of an eigenvalue. */
  readonly uncertainty: number
  /** Products used. */
  readonly products: number
}

/**
 * Estimates the extreme eigenvalues of a symmetric operator by the Lanczos process, until the smaller end changes by less than
 * `change` (relative) over ten products.
 *
 * @param multiply writes A v
 * @param start start vector (not 0), overwritten
 * @see Saad, Numerical Methods for Large Eigenvalue Problems, 2nd ed. (2011), Algorithm 6.5
 */
export function lanczosExtremes(
  multiply: (v: Float64Array, out: Float64Array) => void,
  start: Float64Array,
  { maxProducts = 300, change = 0.02 }: { maxProducts?: number; change?: number } = {},
): SpectrumEstimate {
  const n = start.length
  // Rounding makes the process go on usefully past n products.
  const most = Math.min(maxProducts, 3 * n)
  const diagonal: number[] = []
  const off: number[] = []
  let v = start
  let previous: Float64Array = new Float64Array(n)
  let w: Float64Array = new Float64Array(n)
  let norm = 0
  for (let i = 0; i < n; i++) norm += v[i] * v[i]
  norm = Math.sqrt(norm)
  for (let i = 0; i < n; i++) v[i] /= norm
  let beta = 0
  let last = Number.NaN
  for (let k = 1; ; k++) {
    multiply(v, w)
    let alpha = 0
    for (let i = 0; i < n; i++) alpha += v[i] * w[i]
    let squared = 0
    for (let i = 0; i < n; i++) {
      w[i] -= alpha * v[i] + beta * previous[i]
      squared += w[i] * w[i]
    }
    diagonal.push(alpha)
    const next = Math.sqrt(squared)
    const done = k === most || !(next > 1e-14 * Math.abs(alpha)) || !Number.isFinite(next)
    if (done || k % 10 === 0) {
      const { smallest, largest } = tridiagonalExtremes(diagonal, off)
      if (done || Math.abs(smallest - last) <= change * Math.abs(smallest)) {
        return { smallest, largest, uncertainty: next, products: k }
      }
      last = smallest
    }
    off.push(next)
    beta = next
    const free = previous
    previous = v
    for (let i = 0; i < n; i++) w[i] /= next
    v = w
    w = free
  }
}

/** A start vector near the smooth, positive eigenvectors that matter here, with a little of everything; always the same. */
function startVector(n: number): Float64Array {
  const random = RandomStream.fromSeed(1).split('spectrum')
  const v = new Float64Array(n)
  for (let i = 0; i < n; i++) v[i] = 1 + 0.1 * random.normal()
  return v
}

/**
 * Estimates the extreme eigenvalues of the symmetric matrix of a linear system (see `lanczosExtremes`).
 */
export function spectrumOf(problem: LinearSystemProblem, maxProducts?: number): SpectrumEstimate {
  return lanczosExtremes(
    (v, out) => problem.multiply(v, out),
    startVector(problem.dimension),
    maxProducts === undefined ? {} : { maxProducts },
  )
}

/**
 * Estimates beta, the spectral radius of Jacobi's iteration matrix I - D^-1 A: by Lanczos on D^-1/2 A D^-1/2 for a symmetric
 * matrix with positive diagonal, else by the power method.
 *
 * @param maxProducts products with A spent at most. Default 300.
 */
export function jacobiRadius(problem: LinearSystemProblem, maxProducts = 300): number {
  const n = problem.dimension
  const diagonal = problem.matrix ? diagonalOf(problem.matrix) : new Float64Array(n).fill(1)
  const work = new Float64Array(n)
  if (problem.symmetric !== false && diagonal.every((d) => d > 0)) {
    const root = diagonal.map((d) => Math.sqrt(d))
    const start = startVector(n)
    for (let i = 0; i < n; i++) start[i] *= root[i]
    const { smallest, largest } = lanczosExtremes(
      (v, out) => {
        for (let i = 0; i < n; i++) work[i] = v[i] / root[i]
        problem.multiply(work, out)
        for (let i = 0; i < n; i++) out[i] /= root[i]
      },
      start,
      { maxProducts },
    )
    return Math.max(1 - smallest, largest - 1)
  }
  let v: Float64Array = startVector(n)
  let out: Float64Array = new Float64Array(n)
  // A complex pair makes single ratios oscillate; the geometric mean over the second half does not.
  let logarithm = 0
  let counted = 0
  const products = Math.min(maxProducts, 100)
  for (let k = 0; k < products; k++) {
    problem.multiply(v, out)
    let before = 0
    let after = 0
    for (let i = 0; i < n; i++) {
      out[i] = v[i] - out[i] / diagonal[i]
      before += v[i] * v[i]
      after += out[i] * out[i]
    }
    if (!(after > 0)) return after === 0 ? 0 : Number.NaN
    if (2 * k >= products) {
      logarithm += 0.5 * portableLog(after / before)
      counted++
    }
    const scale = 1 / Math.sqrt(after)
    for (let i = 0; i < n; i++) out[i] *= scale
    const free = v
    v = out
    out = free
  }
  return counted > 0 ? portableExp(logarithm / counted) : 1
}

/**
 * Young's relaxation parameter omega* = 1 + (beta / (1 + sqrt(1 - beta^2)))^2, optimal for SOR on a consistently ordered matrix
 * (five-point Laplacians, tridiagonal matrices) whose Jacobi iteration has real eigenvalues and spectral radius beta < 1.
 *
 * @param beta in [0, 1)
 * @returns omega* in [1, 2); NaN if beta is not in [0, 1)
 * @see Young, Iterative Solution of Large Linear Systems (1971), Chapter 6
 */
export function optimalRelaxation(beta: number): number {
  if (!(beta >= 0 && beta < 1)) return Number.NaN
  const mu = beta / (1 + Math.sqrt(1 - beta * beta))
  return 1 + mu * mu
}

/**
 * The spectral radius of SOR's iteration matrix for a consistently ordered matrix with Jacobi radius beta: omega - 1 for omega >=
 * omega*, else ((omega beta + sqrt(omega^2 beta^2 - 4 (omega - 1))) / 2)^2.
 */
export function relaxationRadius(omega: number, beta: number): number {
  const discriminant = omega * omega * beta * beta - 4 * (omega - 1)
  if (omega >= optimalRelaxation(beta) || discriminant < 0) return omega - 1
  const root = 0.5 * (omega * beta + Math.sqrt(discriminant))
  return root * root
}
