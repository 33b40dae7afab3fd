import { portableExp, portableLog, portableLog1p } from '../base/index.ts'
import { factorModel, linearModel } from './damped-step.ts'

/** What the Jacobian at a least-squares solution says about the parameters. */
export interface ParameterUncertainty {
  /** s^2 (J^T J)^-1, n*n row-major; NaN if J does not have full rank or s^2 is not defined. */
  readonly covariance: Float64Array
  /** Square roots of its diagonal. */
  readonly standardErrors: Float64Array
  /** Numerical rank of J with its columns scaled to length 1. */
  readonly rank: number
}

/**
 * Covariance s^2 (J^T J)^-1 of least-squares parameters, from a QR factorization of J (never from J^T J).
 *
 * @param jacobian m*n row-major
 * @param variance s^2, mostly the residual sum of squares over m - n
 * @see Seber and Wild, Nonlinear Regression (1989), Eq. (2.21)
 */
export function parameterUncertainty(jacobian: Float64Array, n: number, variance: number): ParameterUncertainty {
  const m = jacobian.length / n
  const model = linearModel(n)
  factorModel(jacobian, new Float64Array(m), model, new Float64Array((n + 1) * m))
  const { triangle: R, pivots, rank } = model
  const covariance = new Float64Array(n * n).fill(NaN)
  if (rank === n) {
    // R^-1, upper triangular, then (J^T J)^-1 = P R^-1 R^-T P^T.
    const inverse = new Float64Array(n * n)
    for (let j = 0; j < n; j++) {
      inverse[j * n + j] = 1 / R[j * n + j]
      for (let i = j - 1; i >= 0; i--) {
        let sum = 0
        for (let k = i + 1; k <= j; k++) sum += R[i * n + k] * inverse[k * n + j]
        inverse[i * n + j] = -sum / R[i * n + i]
      }
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0
        for (let k = i; k < n; k++) sum += inverse[i * n + k] * inverse[j * n + k]
        covariance[pivots[i] * n + pivots[j]] = variance * sum
        covariance[pivots[j] * n + pivots[i]] = variance * sum
      }
    }
  }
  const standardErrors = Float64Array.from({ length: n }, (_, j) => Math.sqrt(covariance[j * n + j]))
  return { covariance, standardErrors, rank }
}

/** ln Gamma(x) for x > 0 by Lanczos' approximation; relative error of Gamma below 1e-13. */
function logGamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ]
  const y = x - 1
  let sum = 0.9999999999998099
  for (let i = 0; i < coefficients.length; i++) sum += coefficients[i] / (y + i + 1)
  const t = y + 7.5
  return 0.5 * portableLog(2 * Math.PI) + (y + 0.5) * portableLog(t) - t + portableLog(sum)
}

/** Regularized incomplete beta function I_x(a, b) by its continued fraction (DLMF 8.17.22), evaluated from the front. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = portableExp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * portableLog(x) + b * portableLog1p(-x) - portableLog(a),
  )
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let value = d
  for (let k = 1; k <= 500; k++) {
    const even = (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    value *= c * d
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    value *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return front * value
}

/**
 * The t with P(|T| <= t) = `level` for Student's distribution with `degrees` of freedom: a confidence interval is the estimate
 * plus and minus t standard errors.
 *
 * @param level in [0, 1)
 * @param degrees > 0
 */
export function studentQuantile(level: number, degrees: number): number {
  // P(|T| > t) = I_{degrees / (degrees + t^2)}(degrees / 2, 1 / 2), decreasing in t.
  const outside = (t: number): number => incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  const target = 1 - level
  let low = 0
  let high = 1
  while (outside(high) > target && high < 1e300) {
    low = high
    high *= 2
  }
  for (let k = 0; k < 200 && high - low > 1e-14 * high; k++) {
    const middle = 0.5 * (low + high)
    if (outside(middle) > target) low = middle
    else high = middle
  }
  return 0.5 * (low + high)
}
