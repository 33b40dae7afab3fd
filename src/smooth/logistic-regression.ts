import { describe, InvalidInputError, nonNegative, portableExp, portableLog1p, ShapeError } from '../base/index.ts'
import { type HessianApproximation, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { gramian, multiply, multiplyTransposed } from './dense-products.ts'

export interface LogisticRegressionOptions {
  /** The feature vectors a_i as rows, [m, n] row-major. Not copied. */
  readonly features: Float64Array
  /** The classes y_i, length m, each -1 or 1. Not copied. */
  readonly labels: ArrayLike<number>
  /** Weight r >= 0 of the penalty (r/2) ||x||^2. Default 0. */
  readonly regularization?: number
  /** Default 0, ..., 0. */
  readonly start?: ArrayLike<number>
  readonly metric?: ArrayLike<number>
  readonly name?: string
}

/**
 * Logistic regression, f(x) = (1/m) sum_i log(1 + exp(-y_i <a_i, x>)) + (r/2) ||x||^2.
 *
 * With q_i = 1 / (1 + exp(y_i <a_i, x>)), grad f = -(1/m) sum q_i y_i a_i + r x and
 * Hess f = (1/m) sum q_i (1 - q_i) a_i a_i^T + r I. Approximations of the Hessian that it offers:
 * - `fisher`: (1/m) sum q_i^2 a_i a_i^T + r I, the second moment of the gradients of the terms; it underestimates the
 *   curvature where the fit is good (q_i^2 against q_i (1 - q_i)), which is expected. Dense with products; where m < n and
 *   r = 0 of low rank m;
 * - `diagonal`: the diagonal of the Hessian.
 *
 * @throws {ShapeError} if the length of `features` is not a positive multiple of that of `labels`
 * @throws {InvalidInputError} if a label is neither -1 nor 1, or the regularization is negative
 */
export function logisticRegression({
  features: A,
  labels: y,
  regularization = 0,
  ...rest
}: LogisticRegressionOptions): SmoothProblem {
  const m = y.length
  const n = A.length / m
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new ShapeError(
      `logistic regression: features has ${A.length} entries and labels ${m}; expected features.length === m * n`,
      { argument: 'features', expected: `a positive multiple of ${m} entries`, received: `${A.length} entries` },
    )
  }
  for (let i = 0; i < m; i++) {
    if (y[i] === 1 || y[i] === -1) continue
    throw new InvalidInputError(`logistic regression: labels[${i}] must be -1 or 1, got ${describe(y[i])}`, {
      argument: `labels[${i}]`,
      expected: '-1 or 1',
      received: describe(y[i]),
    })
  }
  if (!nonNegative(0, 'regularization').accepts(regularization)) {
    throw new InvalidInputError(`logistic regression: regularization must be >= 0, got ${describe(regularization)}`, {
      argument: 'regularization',
      expected: 'a finite number >= 0',
      received: describe(regularization),
    })
  }
  const q = new Float64Array(m)
  const weights = new Float64Array(m)
  const images = new Float64Array(m)
  // Methods ask for value, gradient and Hessian at one point after the other; q is the same for all.
  const point = new Float64Array(n).fill(NaN)
  let loss = NaN

  /** Leaves q in q and returns the mean loss. */
  const evaluate = (x: Float64Array): number => {
    let same = true
    for (let j = 0; j < n && same; j++) same = x[j] === point[j]
    if (same) return loss
    point.set(x)
    multiply(A, m, n, x, q)
    let sum = 0
    for (let i = 0; i < m; i++) {
      const margin = y[i] * q[i]
      const small = portableExp(-Math.abs(margin))
      sum += portableLog1p(small) + (margin < 0 ? -margin : 0)
      q[i] = margin >= 0 ? small / (1 + small) : 1 / (1 + small)
    }
    loss = sum / m
    return loss
  }

  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    let value = evaluate(x)
    for (let i = 0; i < m; i++) weights[i] = (-y[i] * q[i]) / m
    multiplyTransposed(A, m, n, weights, out)
    for (let j = 0; j < n; j++) {
      value += 0.5 * regularization * x[j] * x[j]
      out[j] += regularization * x[j]
    }
    return value
  }

  const curvature = (i: number): number => (q[i] * (1 - q[i])) / m
  const squared = (i: number): number => (q[i] * q[i]) / m

  const weigh = (x: Float64Array, weight: (i: number) => number): void => {
    evaluate(x)
    for (let i = 0; i < m; i++) weights[i] = weight(i)
  }

  const matrix = (weight: (i: number) => number) => (x: Float64Array, out: Float64Array) => {
    weigh(x, weight)
    gramian(A, m, n, weights, out)
    for (let j = 0; j < n; j++) out[j * n + j] += regularization
  }

  const product = (weight: (i: number) => number) => (x: Float64Array, v: Float64Array, out: Float64Array) => {
    weigh(x, weight)
    multiply(A, m, n, v, images)
    for (let i = 0; i < m; i++) weights[i] *= images[i]
    multiplyTransposed(A, m, n, weights, out)
    for (let j = 0; j < n; j++) out[j] += regularization * v[j]
  }

  const fisher: HessianApproximation =
    m < n && regularization === 0
      ? {
          kind: 'low-rank',
          rank: m,
          evaluate(x, vectors, out) {
            weigh(x, squared)
            vectors.set(A)
            out.set(weights)
          },
        }
      : { kind: 'dense', evaluate: matrix(squared), product: product(squared) }

  return smoothProblem({
    name: `logistic regression, ${m} x ${n}`,
    dimension: n,
    value(x) {
      let value = evaluate(x)
      for (let j = 0; j < n; j++) value += 0.5 * regularization * x[j] * x[j]
      return value
    },
    gradient: (x, out) => {
      valueAndGradient(x, out)
    },
    valueAndGradient,
    hessian: matrix(curvature),
    hessianProduct: product(curvature),
    hessianApproximations: {
      fisher,
      diagonal: {
        kind: 'diagonal',
        evaluate(x, out) {
          weigh(x, curvature)
          out.fill(regularization)
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) out[j] += weights[i] * A[i * n + j] * A[i * n + j]
          }
        },
      },
    },
    start: new Float64Array(n),
    ...rest,
  })
}
