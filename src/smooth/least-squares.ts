import type { CompiledFunction } from '../autodiff/index.ts'
import { describe, InvalidInputError, OptionError, ShapeError } from '../base/index.ts'
import { type Result, type RunOptions, run } from '../solver/index.ts'
import { type ParameterUncertainty, parameterUncertainty, studentQuantile } from './fit-statistics.ts'
import { isCompiled, leastSquaresFromGraph } from './graph-problems.ts'
import {
  type LeastSquaresOracles,
  type LeastSquaresProblem,
  leastSquaresProblem,
  preciseJacobianByDifferences,
} from './least-squares-problem.ts'
import { type LevenbergMarquardtOptions, levenbergMarquardt } from './levenberg-marquardt.ts'

/** Limits of a run and options of Levenberg-Marquardt. */
interface FitOptions extends Omit<RunOptions<Float64Array>, 'start'>, LevenbergMarquardtOptions {}

/** What may be told to `leastSquares` besides the residuals. */
export interface LeastSquaresOptions extends FitOptions, Pick<LeastSquaresOracles, 'jacobian' | 'name'> {
  /** m; with it, `residuals` writes into its second argument instead of returning an array. */
  residualCount?: number
}

/** A residual vector: returned as an array, or (with `residualCount`) written into `out`. */
export type Residuals = (x: Float64Array, out: Float64Array) => ArrayLike<number> | void

/**
 * Minimizes (1/2) sum_i r_i(x)^2 by Levenberg-Marquardt.
 *
 * @example
 * leastSquares((x) => [10 * (x[1] - x[0] ** 2), 1 - x[0]], [-1.2, 1]).x // close to [1, 1]
 *
 * @param residuals returns r(x) as an array of the same length at every x; with `residualCount` it writes into its second
 *   argument; or a problem made by `leastSquaresProblem`, or a compiled function with several results
 * @param x0 the start, length n, copied; may be left out for a problem that has one
 * @returns the result of the run; its objective is half the sum of squares
 * @throws {ThalwegError} on bad input
 */
export function leastSquares(
  residuals: Residuals | LeastSquaresProblem | CompiledFunction,
  x0?: ArrayLike<number>,
  options: LeastSquaresOptions = {},
): Result<Float64Array> {
  const { residualCount, jacobian, name, initialRadius, maxTrials, ...limits } = options
  let problem: LeastSquaresProblem
  if (typeof residuals === 'function') {
    problem = problemFromResiduals(residuals, x0, residualCount, {
      ...(jacobian && { jacobian }),
      ...(name && { name }),
    })
  } else if (isCompiled(residuals)) {
    problem = leastSquaresFromGraph(residuals, name === undefined ? {} : { name })
  } else if (residuals?.class?.name === 'least-squares') {
    problem = { ...residuals, ...(jacobian && { jacobian }), ...(name !== undefined && { name }) }
  } else {
    throw new InvalidInputError(
      `leastSquares: expected a function that returns the residuals, a least-squares problem or a compiled function, got ${describe(residuals)}`,
      { argument: 'residuals', expected: 'a function of x', received: describe(residuals) },
    )
  }
  return run(
    problem,
    levenbergMarquardt({
      ...(initialRadius !== undefined && { initialRadius }),
      ...(maxTrials !== undefined && { maxTrials }),
    }),
    { ...limits, ...(x0 !== undefined && { start: x0 as Float64Array }) },
  )
}

function problemFromResiduals(
  residuals: Residuals,
  x0: ArrayLike<number> | undefined,
  residualCount: number | undefined,
  rest: Pick<LeastSquaresOracles, 'jacobian' | 'name'>,
): LeastSquaresProblem {
  if (typeof x0 !== 'object' || x0 === null || typeof x0.length !== 'number') {
    throw new InvalidInputError(`leastSquares: x0 must be an array of numbers, got ${describe(x0)}`, {
      argument: 'x0',
      expected: 'an array of numbers',
      received: describe(x0),
    })
  }
  const dimension = x0.length
  if (residualCount !== undefined) {
    const write = (x: Float64Array, out: Float64Array): void => {
      residuals(x, out)
    }
    return leastSquaresProblem({ dimension, residualCount, residuals: write, ...rest })
  }
  const unused = new Float64Array(0)
  const compute = (x: Float64Array): ArrayLike<number> => residuals(x, unused) as ArrayLike<number>
  const first = compute(Float64Array.from(x0))
  if (typeof first !== 'object' || first === null || !(first.length >= 1)) {
    throw new InvalidInputError(
      `leastSquares: residuals must return an array of numbers, got ${describe(first)}; to write into a second argument, give residualCount`,
      { argument: 'residuals', expected: 'an array of numbers', received: describe(first) },
    )
  }
  const count = first.length
  return leastSquaresProblem({
    dimension,
    residualCount: count,
    residuals(x, out) {
      const r = compute(x)
      if (r.length !== count) {
        throw new ShapeError(`leastSquares: residuals returned ${r.length} numbers, but ${count} at the start`, {
          argument: 'residuals',
          expected: `${count} numbers`,
          received: `${r.length} numbers`,
        })
      }
      for (let i = 0; i < count; i++) out[i] = r[i]
    },
    ...rest,
  })
}

/** What may be told to `curveFit` besides model and data. */
export interface CurveFitOptions<X> extends FitOptions {
  /** Weights w_i >= 0: the fit minimizes sum_i w_i (y_i - f(x_i))^2. Default 1. */
  weights?: ArrayLike<number>
  /** Standard deviations sigma_i > 0 of the data, instead of weights: w_i = 1 / sigma_i^2. */
  sigma?: ArrayLike<number>
  /**
   * Whether `sigma` is in the units of y: then the covariance is (J^T W J)^-1 as it stands, else it is scaled by the residual
   * variance. Default false.
   */
  absoluteSigma?: boolean
  /** Writes the partial derivatives of the model by each parameter. Default: differences of fourth order. */
  gradient?: (x: X, parameters: Float64Array, out: Float64Array) => void
  name?: string
}

/** A fitted curve: the result of the run, and what statistics make of it. */
export type CurveFit<X> = Result<Float64Array> & {
  /** The fitted parameters (also `x`). */
  readonly parameters: Float64Array
  /** Standard errors of the parameters; NaN where the data do not determine them. */
  readonly standardErrors: Float64Array
  /** Covariance of the parameters, n*n row-major. */
  readonly covariance: Float64Array
  /** y_i - f(x_i), not weighted. */
  readonly residuals: Float64Array
  /** sum_i w_i (y_i - f(x_i))^2. */
  readonly residualSumOfSquares: number
  /** m - n, not counting points of weight zero. */
  readonly degreesOfFreedom: number
  /** sqrt(residualSumOfSquares / degreesOfFreedom). */
  readonly residualStandardDeviation: number
  /** 1 - residual sum of squares / (weighted) sum of squares around the mean. */
  readonly rSquared: number
  /** The fitted curve at x. */
  predict(x: X): number
  /** For each parameter [low, high], from Student's distribution, at a level in (0, 1). Default 0.95. */
  confidenceIntervals(level?: number): [low: number, high: number][]
}

/**
 * Fits y = f(x; parameters) to data by least squares (Levenberg-Marquardt).
 *
 * @example
 * const fit = curveFit((t, [limit, rate]) => limit * (1 - Math.exp(-rate * t)), [1, 2, 4], [2.1, 3.3, 4.6], [5, 1])
 * fit.parameters, fit.standardErrors, fit.predict(3)
 *
 * @param model f(x, parameters); may return NaN or Infinity for impossible parameters
 * @param xdata one entry per observation: numbers, or whatever the model takes (rows of several predictors)
 * @param ydata the observations, as many
 * @param start first guess of the parameters, length n
 * @returns the run's result with parameters, standard errors, covariance and more
 * @throws {ShapeError} if data, weights or start do not fit together
 * @throws {InvalidInputError} if a number is not finite, or both weights and sigma are given
 */
export function curveFit<X = number>(
  model: (x: X, parameters: Float64Array) => number,
  xdata: ArrayLike<X>,
  ydata: ArrayLike<number>,
  start: ArrayLike<number>,
  options: CurveFitOptions<X> = {},
): CurveFit<X> {
  const { weights, sigma, absoluteSigma = false, gradient, name, initialRadius, maxTrials, ...limits } = options
  if (typeof model !== 'function') {
    throw new InvalidInputError(`curveFit: model must be a function of x and the parameters, got ${describe(model)}`, {
      argument: 'model',
      expected: 'a function',
      received: describe(model),
    })
  }
  const y = finiteNumbers('ydata', ydata)
  const m = y.length
  if (typeof xdata !== 'object' || xdata === null || xdata.length !== m) {
    throw new ShapeError(
      `curveFit: ydata has length ${m}, but xdata ${describe(xdata)}; expected xdata.length === ${m}`,
      { argument: 'xdata', expected: `length ${m}`, received: describe(xdata) },
    )
  }
  const n = finiteNumbers('start', start).length
  const roots = rootWeights(weights, sigma, m)
  let used = 0
  for (let i = 0; i < m; i++) if (roots[i] > 0) used++

  const problem = leastSquaresProblem({
    dimension: n,
    residualCount: m,
    ...(name !== undefined && { name }),
    residuals(parameters, out) {
      for (let i = 0; i < m; i++) out[i] = roots[i] === 0 ? 0 : roots[i] * (y[i] - model(xdata[i], parameters))
    },
    ...(gradient && { jacobian: jacobianOf(gradient, xdata, roots, n) }),
  })
  const result = leastSquares(problem, start, {
    ...limits,
    ...(initialRadius !== undefined && { initialRadius }),
    ...(maxTrials !== undefined && { maxTrials }),
  })

  const parameters = result.x
  const weighted = new Float64Array(m)
  const jacobian = new Float64Array(m * n)
  problem.residuals(parameters, weighted)
  if (problem.jacobian) problem.jacobian(parameters, jacobian)
  else {
    const work = Array.from({ length: 4 }, () => new Float64Array(m))
    preciseJacobianByDifferences(problem.residuals, parameters.slice(), jacobian, work)
  }
  let residualSumOfSquares = 0
  for (let i = 0; i < m; i++) residualSumOfSquares += weighted[i] * weighted[i]
  const degreesOfFreedom = used - n
  const variance = degreesOfFreedom > 0 ? residualSumOfSquares / degreesOfFreedom : NaN
  const scaled = absoluteSigma && sigma !== undefined ? 1 : variance
  const uncertainty = jacobian.every(Number.isFinite)
    ? parameterUncertainty(jacobian, n, scaled)
    : { covariance: new Float64Array(n * n).fill(NaN), standardErrors: new Float64Array(n).fill(NaN), rank: n }
  const { covariance, standardErrors } = uncertainty

  return {
    ...result,
    message: result.message + remark(uncertainty, n, degreesOfFreedom),
    parameters,
    standardErrors,
    covariance,
    residuals: Float64Array.from({ length: m }, (_, i) => y[i] - model(xdata[i], parameters)),
    residualSumOfSquares,
    degreesOfFreedom,
    residualStandardDeviation: Math.sqrt(variance),
    rSquared: 1 - residualSumOfSquares / spread(y, roots),
    predict: (x) => model(x, parameters),
    confidenceIntervals(level = 0.95) {
      if (!(level > 0 && level < 1)) {
        throw new OptionError(`confidenceIntervals: level must be a number in (0, 1), got ${describe(level)}`, {
          argument: 'level',
          expected: 'a number in (0, 1)',
          received: describe(level),
        })
      }
      const t = degreesOfFreedom > 0 ? studentQuantile(level, degreesOfFreedom) : NaN
      return Array.from(parameters, (b, j) => [b - t * standardErrors[j], b + t * standardErrors[j]])
    },
  }
}

function remark({ rank }: ParameterUncertainty, n: number, degreesOfFreedom: number): string {
  if (rank < n) return ` The data do not determine all parameters: the Jacobian has rank ${rank} of ${n}.`
  if (degreesOfFreedom <= 0) return ' There are no more observations than parameters, so there are no standard errors.'
  return ''
}

function jacobianOf<X>(
  gradient: (x: X, parameters: Float64Array, out: Float64Array) => void,
  xdata: ArrayLike<X>,
  roots: Float64Array,
  n: number,
): (parameters: Float64Array, out: Float64Array) => void {
  const row = new Float64Array(n)
  return (parameters, out) => {
    for (let i = 0; i < roots.length; i++) {
      gradient(xdata[i], parameters, row)
      for (let j = 0; j < n; j++) out[i * n + j] = roots[i] === 0 ? 0 : -roots[i] * row[j]
    }
  }
}

/** Square roots of the weights. */
function rootWeights(
  weights: ArrayLike<number> | undefined,
  sigma: ArrayLike<number> | undefined,
  m: number,
): Float64Array {
  if (weights !== undefined && sigma !== undefined) {
    throw new InvalidInputError('curveFit: give weights or sigma, not both', { argument: 'weights' })
  }
  const given = weights ?? sigma
  if (given === undefined) return new Float64Array(m).fill(1)
  const what = weights === undefined ? 'sigma' : 'weights'
  const numbers = finiteNumbers(what, given)
  if (numbers.length !== m) {
    throw new ShapeError(
      `curveFit: ${what} has length ${numbers.length}, but ydata ${m}; expected ${what}.length === ${m}`,
      { argument: what, expected: `length ${m}`, received: `length ${numbers.length}` },
    )
  }
  return numbers.map((value, i) => {
    if (weights === undefined ? value > 0 : value >= 0) return weights === undefined ? 1 / value : Math.sqrt(value)
    const expected = weights === undefined ? '> 0' : '>= 0'
    throw new InvalidInputError(`curveFit: ${what}[${i}] must be ${expected}, got ${value}`, {
      argument: `${what}[${i}]`,
      expected,
      received: String(value),
    })
  })
}

/** Weighted sum of squares around the weighted mean. */
function spread(y: Float64Array, roots: Float64Array): number {
  let total = 0
  let mean = 0
  for (let i = 0; i < y.length; i++) {
    total += roots[i] * roots[i]
    mean += roots[i] * roots[i] * y[i]
  }
  mean /= total
  let sum = 0
  for (let i = 0; i < y.length; i++) sum += (roots[i] * (y[i] - mean)) ** 2
  return sum
}

function finiteNumbers(name: string, given: ArrayLike<number>): Float64Array {
  if (typeof given !== 'object' || given === null || !(given.length >= 1)) {
    throw new InvalidInputError(`curveFit: ${name} must be an array of at least one number, got ${describe(given)}`, {
      argument: name,
      expected: 'an array of numbers',
      received: describe(given),
    })
  }
  const numbers = Float64Array.from(given)
  for (let i = 0; i < numbers.length; i++) {
    if (typeof given[i] === 'number' && Number.isFinite(numbers[i])) continue
    throw new InvalidInputError(`curveFit: ${name}[${i}] must be a finite number, got ${describe(given[i])}`, {
      argument: `${name}[${i}]`,
      expected: 'a finite number',
      received: describe(given[i]),
    })
  }
  return numbers
}
