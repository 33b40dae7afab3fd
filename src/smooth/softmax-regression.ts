import { describe, InvalidInputError, nonNegative, portableExp, portableLog, ShapeError } from '../base/index.ts'
import { type SmoothProblem, smoothProblem } from '../solver/index.ts'

export interface SoftmaxRegressionOptions {
  /** The feature vectors a_i as rows, [m, d] row-major. Not copied. */
  readonly features: Float64Array
  /** The classes y_i, length m, integers in [0, classes). Not copied. */
  readonly labels: ArrayLike<number>
  /** Number of classes c, an integer >= 2. */
  readonly classes: number
  /** Weight r >= 0 of the penalty (r/2) ||x||^2. Default 0. */
  readonly regularization?: number
  /** Default 0, ..., 0. */
  readonly start?: ArrayLike<number>
  readonly name?: string
}

/**
 * Multinomial logistic (softmax) regression over x = W [c, d] row-major, n = c d:
 * f(W) = (1/m) sum_i (log sum_k exp(<w_k, a_i>) - <w_{y_i}, a_i>) + (r/2) ||W||^2.
 *
 * With p_i = softmax(W a_i): grad f = (1/m) sum (p_i - e_{y_i}) a_i^T + r W, and the Hessian has the d x d blocks
 * (1/m) sum (p_ik [k = l] - p_ik p_il) a_i a_i^T. Approximation of the Hessian that it offers:
 * - `fisher` (dense, with products): (1/m) sum g_i g_i^T + r I with g_i = (p_i - e_{y_i}) a_i^T, the second moment of the
 *   gradients of the terms.
 *
 * @throws {ShapeError} if the length of `features` is not a positive multiple of that of `labels`
 * @throws {InvalidInputError} if a label is not an integer in [0, classes), or the regularization is negative
 */
export function softmaxRegression({
  features: A,
  labels: y,
  classes: c,
  regularization = 0,
  ...rest
}: SoftmaxRegressionOptions): SmoothProblem {
  const m = y.length
  const d = A.length / m
  const complain = (argument: string, expected: string, received: unknown): never => {
    throw new InvalidInputError(`softmax regression: ${argument} must be ${expected}, got ${describe(received)}`, {
      argument,
      expected,
      received: describe(received),
    })
  }
  if (!(Number.isInteger(d) && d >= 1)) {
    throw new ShapeError(
      `softmax regression: features has ${A.length} entries and labels ${m}; expected features.length === m * d`,
      { argument: 'features', expected: `a positive multiple of ${m} entries`, received: `${A.length} entries` },
    )
  }
  if (!(Number.isInteger(c) && c >= 2)) complain('classes', 'an integer >= 2', c)
  for (let i = 0; i < m; i++) {
    if (!(Number.isInteger(y[i]) && y[i] >= 0 && y[i] < c)) complain(`labels[${i}]`, `an integer in [0, ${c})`, y[i])
  }
  if (!nonNegative(0, 'regularization').accepts(regularization)) {
    complain('regularization', 'a finite number >= 0', regularization)
  }
  const n = c * d
  /** softmax(W a_i) of the row at hand, and p_i - e_{y_i}. */
  const p = new Float64Array(c)
  const along = new Float64Array(c)

  /** Leaves softmax(W a_i) in p and returns the loss of row i. */
  const row = (x: Float64Array, i: number): number => {
    let largest = -Infinity
    for (let k = 0; k < c; k++) {
      let score = 0
      for (let j = 0; j < d; j++) score += x[k * d + j] * A[i * d + j]
      p[k] = score
      if (!(score <= largest)) largest = score
    }
    const own = p[y[i]]
    let sum = 0
    for (let k = 0; k < c; k++) {
      p[k] = portableExp(p[k] - largest)
      sum += p[k]
    }
    for (let k = 0; k < c; k++) p[k] /= sum
    return largest - own + portableLog(sum)
  }

  const penalty = (x: Float64Array): number => {
    let sum = 0
    for (let j = 0; j < n; j++) sum += x[j] * x[j]
    return 0.5 * regularization * sum
  }

  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    for (let j = 0; j < n; j++) out[j] = regularization * x[j]
    let sum = 0
    for (let i = 0; i < m; i++) {
      sum += row(x, i)
      p[y[i]] -= 1
      for (let k = 0; k < c; k++) {
        const weight = p[k] / m
        for (let j = 0; j < d; j++) out[k * d + j] += weight * A[i * d + j]
      }
    }
    return sum / m + penalty(x)
  }

  /** (1/m) sum_i M_i (x) a_i a_i^T + r I, where entry(k, l) of M_i is read after `row` has filled p. */
  const matrix = (fisher: boolean) => (x: Float64Array, out: Float64Array) => {
    out.fill(0)
    for (let i = 0; i < m; i++) {
      row(x, i)
      if (fisher) p[y[i]] -= 1
      for (let k = 0; k < c; k++) {
        for (let l = 0; l <= k; l++) {
          const weight = (fisher ? p[k] * p[l] : (k === l ? p[k] : 0) - p[k] * p[l]) / m
          for (let a = 0; a < d; a++) {
            const scaled = weight * A[i * d + a]
            const base = (k * d + a) * n + l * d
            for (let b = 0; b < d; b++) out[base + b] += scaled * A[i * d + b]
          }
        }
      }
    }
    for (let i = 0; i < n; i++) {
      out[i * n + i] += regularization
      for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j]
    }
  }

  const product = (fisher: boolean) => (x: Float64Array, v: Float64Array, out: Float64Array) => {
    for (let j = 0; j < n; j++) out[j] = regularization * v[j]
    for (let i = 0; i < m; i++) {
      row(x, i)
      if (fisher) p[y[i]] -= 1
      let mean = 0
      for (let k = 0; k < c; k++) {
        let sum = 0
        for (let j = 0; j < d; j++) sum += v[k * d + j] * A[i * d + j]
        along[k] = sum
        mean += p[k] * sum
      }
      for (let k = 0; k < c; k++) {
        const weight = (fisher ? p[k] * mean : p[k] * (along[k] - mean)) / m
        for (let j = 0; j < d; j++) out[k * d + j] += weight * A[i * d + j]
      }
    }
  }

  return smoothProblem({
    name: `softmax regression, ${m} x ${d}, ${c} classes`,
    dimension: n,
    value(x) {
      let sum = 0
      for (let i = 0; i < m; i++) sum += row(x, i)
      return sum / m + penalty(x)
    },
    gradient: (x, out) => {
      valueAndGradient(x, out)
    },
    valueAndGradient,
    hessian: matrix(false),
    hessianProduct: product(false),
    hessianApproximations: { fisher: { kind: 'dense', evaluate: matrix(true), product: product(true) } },
    start: new Float64Array(n),
    ...rest,
  })
}
