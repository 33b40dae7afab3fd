import { describe, InvalidInputError, portableExp, portableLog, type RandomStream, ShapeError } from '../base/index.ts'
import { type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { gramian, multiply, multiplyTransposed } from './dense-products.ts'

export interface LogSumExpOptions {
  /** A [m, n] row-major, the rows a_i. Not copied. */
  readonly matrix: Float64Array
  /** b, length m. Not copied. */
  readonly offsets: Float64Array
  /** mu > 0: the smaller, the closer to max_i (<a_i, x> - b_i), and the harder. Default 1. */
  readonly smoothing?: number
  readonly start?: ArrayLike<number>
  /** The matrix of a norm that suits the problem, often A^T A; see `SmoothOracles.metric`. */
  readonly metric?: ArrayLike<number>
  readonly minimum?: number
  readonly minimizer?: ArrayLike<number>
  readonly name?: string
}

/**
 * The soft maximum of m affine functions, f(x) = mu log sum_i exp((<a_i, x> - b_i) / mu), convex and quasi-self-concordant.
 *
 * With p = softmax((A x - b) / mu): grad f = A^T p and Hess f = (A^T Diag(p) A - (A^T p)(A^T p)^T) / mu. Evaluated with the
 * largest exponent taken out, so nothing overflows. Approximation of the Hessian that it offers:
 * - `weighted-gauss-newton` (dense, with products): A^T Diag(p) A / mu, whose error is grad f grad f^T / mu and so vanishes at
 *   the minimizer.
 *
 * @throws {ShapeError} if the length of `matrix` is not a positive multiple of that of `offsets`
 * @throws {InvalidInputError} if `smoothing` is not > 0
 * @see Semenov, Jaggi and Doikov, arXiv 2506.13710, the soft maximum example
 */
export function logSumExp({ matrix: A, offsets: b, smoothing = 1, ...rest }: LogSumExpOptions): SmoothProblem {
  const m = b.length
  const n = A.length / m
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new ShapeError(
      `log-sum-exp: matrix has ${A.length} entries and offsets ${m}; expected matrix.length === m * n`,
      { argument: 'matrix', expected: `a positive multiple of ${m} entries`, received: `${A.length} entries` },
    )
  }
  if (!(smoothing > 0 && smoothing < Infinity)) {
    throw new InvalidInputError(`log-sum-exp: smoothing must be a finite number > 0, got ${describe(smoothing)}`, {
      argument: 'smoothing',
      expected: 'a finite number > 0',
      received: describe(smoothing),
    })
  }
  const p = new Float64Array(m)
  const weights = new Float64Array(m)
  const mean = new Float64Array(n)

  /** Leaves softmax((A x - b) / mu) in p and returns f(x). */
  const evaluate = (x: Float64Array): number => {
    multiply(A, m, n, x, p)
    let largest = -Infinity
    for (let i = 0; i < m; i++) {
      p[i] = (p[i] - b[i]) / smoothing
      if (!(p[i] <= largest)) largest = p[i]
    }
    let sum = 0
    for (let i = 0; i < m; i++) {
      p[i] = portableExp(p[i] - largest)
      sum += p[i]
    }
    for (let i = 0; i < m; i++) p[i] /= sum
    return smoothing * (largest + portableLog(sum))
  }

  const weightedProduct = (v: Float64Array, out: Float64Array): void => {
    multiply(A, m, n, v, weights)
    for (let i = 0; i < m; i++) weights[i] *= p[i] / smoothing
    multiplyTransposed(A, m, n, weights, out)
  }

  const weightedGramian = (out: Float64Array): void => {
    for (let i = 0; i < m; i++) weights[i] = p[i] / smoothing
    gramian(A, m, n, weights, out)
  }

  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    const value = evaluate(x)
    multiplyTransposed(A, m, n, p, out)
    return value
  }

  return smoothProblem({
    name: `log-sum-exp, ${m} x ${n}, mu = ${smoothing}`,
    dimension: n,
    value: evaluate,
    gradient: (x, out) => {
      valueAndGradient(x, out)
    },
    valueAndGradient,
    hessian(x, out) {
      valueAndGradient(x, mean)
      weightedGramian(out)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) out[i * n + j] -= (mean[i] * mean[j]) / smoothing
      }
    },
    hessianProduct(x, v, out) {
      valueAndGradient(x, mean)
      weightedProduct(v, out)
      let along = 0
      for (let i = 0; i < n; i++) along += mean[i] * v[i]
      for (let i = 0; i < n; i++) out[i] -= (along / smoothing) * mean[i]
    },
    hessianApproximations: {
      'weighted-gauss-newton': {
        kind: 'dense',
        evaluate(x, out) {
          evaluate(x)
          weightedGramian(out)
        },
        product(x, v, out) {
          evaluate(x)
          weightedProduct(v, out)
        },
      },
    },
    ...rest,
  })
}

/**
 * A random soft maximum with its minimizer at 0: entries of A0 and b uniform on [-1, 1), and A the rows of A0 shifted by
 * A0^T p(0), so that grad f(0) = 0. Its metric is A0^T A0 (of the rows before the shift), its start (1, ..., 1).
 *
 * @param rows m
 * @param columns n
 * @param smoothing mu > 0
 */
export function randomLogSumExp(rows: number, columns: number, smoothing: number, random: RandomStream): SmoothProblem {
  const A = random.split('matrix').fillUniform(new Float64Array(rows * columns), -1, 1)
  const b = random.split('offsets').fillUniform(new Float64Array(rows), -1, 1)
  const metric = new Float64Array(columns * columns)
  gramian(A, rows, columns, null, metric)
  const shift = new Float64Array(columns)
  const origin = new Float64Array(columns)
  logSumExp({ matrix: A, offsets: b, smoothing }).gradient?.(origin, shift)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) A[i * columns + j] -= shift[j]
  const options = { matrix: A, offsets: b, smoothing }
  return logSumExp({
    ...options,
    metric,
    start: new Float64Array(columns).fill(1),
    minimizer: origin,
    minimum: logSumExp(options).value(origin),
  })
}
