import { gradientByDifferences, hessianProductByDifferences } from '../autodiff/index.ts'
import { checkNames, describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import type { HessianApproximation, HessianApproximations } from './hessian-approximation.ts'
import type { Measures, Problem, ProblemClass, Requirements } from './problem.ts'
import type { Tally } from './tally.ts'

/** The oracles and data of `min f(x), x in R^n`, optionally `lower <= x <= upper`. */
export interface SmoothOracles {
  /** n >= 1. */
  readonly dimension: number
  /** f(x). May return NaN or Infinity outside its domain; methods then step back. */
  value(x: Float64Array): number
  /**
   * Writes f of `count` points, rows of `points` [count, n] row-major, into `out`; counted as `count` calls of `value`. Methods
   * that evaluate whole populations use it where it is cheaper; it may return a promise (workers, a cluster), which only
   * methods that wait can use.
   */
  valueBatch?(points: Float64Array, count: number, out: Float64Array): void | Promise<void>
  /** Writes grad f(x), length n. */
  gradient?(x: Float64Array, out: Float64Array): void
  /** Writes grad f(x) and returns f(x), where that is cheaper together. */
  valueAndGradient?(x: Float64Array, out: Float64Array): number
  /** Writes the symmetric Hessian, n*n row-major, both triangles. */
  hessian?(x: Float64Array, out: Float64Array): void
  /** Writes Hess f(x) v, length n. */
  hessianProduct?(x: Float64Array, v: Float64Array, out: Float64Array): void
  /** Positive semidefinite stand-ins for the Hessian, by name (`fisher`, `gauss-newton`...). */
  readonly hessianApproximations?: HessianApproximations
  /**
   * The symmetric positive definite matrix B of a norm ||h|| = sqrt(h^T B h) that suits the problem: n*n row-major, or its
   * diagonal (length n).
   */
  readonly metric?: ArrayLike<number>
  /** Lower bounds, length n; -Infinity for none. */
  readonly lower?: ArrayLike<number>
  /** Upper bounds, length n; Infinity for none. */
  readonly upper?: ArrayLike<number>
  /** Where a run starts by default, length n. Without it, the middle of a box that is finite on all sides. */
  readonly start?: ArrayLike<number>
  readonly name?: string
  /** The known minimum of f, for tests, stopping rules and plots. */
  readonly minimum?: number
  /** A known minimizer. */
  readonly minimizer?: ArrayLike<number>
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

/** A problem `min f(x)` over R^n or a box, made by `smoothProblem`. */
export interface SmoothProblem
  extends Problem<Float64Array>,
    Omit<SmoothOracles, 'start' | 'metric' | 'lower' | 'upper' | 'name' | 'recipe'> {
  readonly metric?: Float64Array
  readonly lower?: Float64Array
  readonly upper?: Float64Array
}

/** A smooth problem after `prepare`: the oracles that gradient-based methods call are certainly there. */
export interface PreparedSmoothProblem extends SmoothProblem {
  gradient(x: Float64Array, out: Float64Array): void
  valueAndGradient(x: Float64Array, out: Float64Array): number
  hessian(x: Float64Array, out: Float64Array): void
  hessianProduct(x: Float64Array, v: Float64Array, out: Float64Array): void
}

const oracleNames = ['value', 'gradient', 'hessian', 'hessianProduct'] as const

const knownNames = [
  'class',
  'dimension',
  'value',
  'valueBatch',
  'gradient',
  'valueAndGradient',
  'hessian',
  'hessianProduct',
  'hessianApproximations',
  'metric',
  'lower',
  'upper',
  'start',
  'name',
  'minimum',
  'minimizer',
  'recipe',
]

function vector(name: string, given: ArrayLike<number>, dimension: number, finite: boolean): Float64Array {
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw new InvalidInputError(
      `smooth problem: ${name} must be an array of ${dimension} numbers, got ${describe(given)}`,
      {
        argument: name,
        expected: `an array of ${dimension} numbers`,
        received: describe(given),
      },
    )
  }
  if (given.length !== dimension) {
    throw new ShapeError(
      `smooth problem: ${name} has length ${given.length}, but the problem has dimension ${dimension}; expected ${name}.length === ${dimension}`,
      { argument: name, expected: `length ${dimension}`, received: `length ${given.length}` },
    )
  }
  const copy = Float64Array.from(given)
  for (let i = 0; i < dimension; i++) {
    if (typeof given[i] !== 'number' || Number.isNaN(copy[i]) || (finite && !Number.isFinite(copy[i]))) {
      throw new InvalidInputError(
        `smooth problem: ${name}[${i}] must be ${finite ? 'a finite number' : 'a number'}, got ${describe(given[i])}`,
        { argument: `${name}[${i}]`, expected: finite ? 'a finite number' : 'a number', received: describe(given[i]) },
      )
    }
  }
  return copy
}

/** Largest violation of stationarity over a box: `max_i |clamp(x_i - g_i) - x_i|`, which is `max_i |g_i|` without bounds. */
export function projectedGradientNorm(
  x: Float64Array,
  gradient: Float64Array,
  lower?: Float64Array,
  upper?: Float64Array,
): number {
  let norm = 0
  for (let i = 0; i < x.length; i++) {
    let step = gradient[i]
    if (lower !== undefined && x[i] - step < lower[i]) step = x[i] - lower[i]
    if (upper !== undefined && x[i] - step > upper[i]) step = x[i] - upper[i]
    const size = Math.abs(step)
    // Written so that a NaN component makes the norm NaN.
    if (!(size <= norm)) norm = size
    if (Number.isNaN(norm)) return NaN
  }
  return norm
}

/**
 * The class of problems `min f(x)` over R^n or a box. Optimality measure: `gradientNorm`, the infinity norm of the gradient,
 * with bounds of the projected gradient. Default tolerance 1e-8, default limit 10,000 iterations.
 */
export const smoothClass: ProblemClass<Float64Array> & { readonly name: 'smooth' } = {
  name: 'smooth',
  optimality: 'gradientNorm',
  optimalityMeaning: 'infinity norm of the (projected) gradient',
  defaults: { tolerance: 1e-8, maxIterations: 10_000 },
  oracles: oracleNames,

  prepare(given, requirements, tally) {
    const problem = given as SmoothProblem
    const notes: string[] = []
    if ((problem.lower || problem.upper) && !requirements.handles.includes('bounds')) {
      throw new UnsupportedError(
        `${requirements.name}: the problem has bounds, which this method does not respect; remove them or choose a method for bounds`,
        { argument: 'problem', expected: 'a problem without bounds', received: 'a problem with bounds' },
      )
    }
    // Count first, complete second: a derivative made from differences then counts as the calls that it makes.
    return { problem: completed(counted(problem, tally), requirements, notes), notes }
  },

  startingPoint(given, start) {
    const problem = given as SmoothProblem
    const from = start ?? problem.start ?? boxCentre(problem)
    if (from === undefined) {
      throw new InvalidInputError('smooth problem: no start; give the problem or the run a start', {
        argument: 'start',
      })
    }
    const x = vector('start', from, problem.dimension, true)
    for (let i = 0; i < x.length; i++) {
      if (problem.lower && x[i] < problem.lower[i]) x[i] = problem.lower[i]
      if (problem.upper && x[i] > problem.upper[i]) x[i] = problem.upper[i]
    }
    return x
  },

  certify(given, x) {
    const problem = given as SmoothProblem
    const gradient = new Float64Array(problem.dimension)
    let objective: number
    if (problem.valueAndGradient) objective = problem.valueAndGradient(x, gradient)
    else {
      objective = problem.value(x)
      if (problem.gradient) problem.gradient(x, gradient)
      else gradientByDifferences(problem.value, x, gradient)
    }
    return { objective, gradientNorm: projectedGradientNorm(x, gradient, problem.lower, problem.upper) } as Measures
  },
}

/** The middle of a box that is finite on all sides; undefined otherwise. */
function boxCentre({ lower, upper }: SmoothProblem): Float64Array | undefined {
  if (!lower?.every(Number.isFinite) || !upper?.every(Number.isFinite)) return undefined
  return lower.map((low, i) => low + 0.5 * (upper[i] - low))
}

function completed(problem: SmoothProblem, requirements: Requirements, notes: string[]): PreparedSmoothProblem {
  const n = problem.dimension
  const { value } = problem
  let { gradient, valueAndGradient, hessian, hessianProduct } = problem
  const needs = (oracle: string): boolean => requirements.requires.includes(oracle)

  if (!gradient && valueAndGradient) {
    const both = valueAndGradient
    gradient = (x, out) => {
      both(x, out)
    }
  }
  if (!gradient) {
    gradient = (x, out) => {
      gradientByDifferences(value, x, out)
    }
    if (needs('gradient')) notes.push('the gradient comes from central differences of the values')
  }
  const grad = gradient
  valueAndGradient ??= (x, out) => {
    grad(x, out)
    return value(x)
  }
  if (!hessianProduct && hessian) {
    const full = hessian
    const matrix = new Float64Array(needs('hessianProduct') ? n * n : 0)
    hessianProduct = (x, v, out) => {
      full(x, matrix)
      for (let i = 0; i < n; i++) {
        let sum = 0
        for (let j = 0; j < n; j++) sum += matrix[i * n + j] * v[j]
        out[i] = sum
      }
    }
  }
  if (!hessianProduct) {
    hessianProduct = (x, v, out) => {
      hessianProductByDifferences(grad, x, v, out)
    }
    if (needs('hessianProduct')) notes.push('Hessian products come from differences of gradients')
  }
  if (!hessian) {
    const product = hessianProduct
    const unit = new Float64Array(n)
    const column = new Float64Array(n)
    hessian = (x, out) => {
      for (let j = 0; j < n; j++) {
        unit.fill(0)
        unit[j] = 1
        product(x, unit, column)
        for (let i = 0; i < n; i++) out[i * n + j] = column[i]
      }
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) {
          const mean = 0.5 * (out[i * n + j] + out[j * n + i])
          out[i * n + j] = mean
          out[j * n + i] = mean
        }
      }
    }
    if (needs('hessian') && !problem.hessianProduct) notes.push('the Hessian comes from differences of gradients')
  }
  return { ...problem, gradient, valueAndGradient, hessian, hessianProduct }
}

function counted(problem: SmoothProblem, tally: Tally): SmoothProblem {
  const { value, valueBatch, gradient, valueAndGradient, hessian, hessianProduct, hessianApproximations } = problem
  return {
    ...problem,
    value(x) {
      tally.count('value')
      return tally.value(value(x))
    },
    ...(valueBatch && { valueBatch: countedBatch(valueBatch, tally) }),
    ...(gradient && {
      gradient(x: Float64Array, out: Float64Array) {
        tally.count('gradient')
        gradient(x, out)
      },
    }),
    ...(valueAndGradient && {
      valueAndGradient(x: Float64Array, out: Float64Array) {
        tally.count('value')
        tally.count('gradient')
        return tally.value(valueAndGradient(x, out))
      },
    }),
    ...(hessian && {
      hessian(x: Float64Array, out: Float64Array) {
        tally.count('hessian')
        hessian(x, out)
      },
    }),
    ...(hessianProduct && {
      hessianProduct(x: Float64Array, v: Float64Array, out: Float64Array) {
        tally.count('hessianProduct')
        hessianProduct(x, v, out)
      },
    }),
    ...(hessianApproximations && {
      hessianApproximations: Object.fromEntries(
        Object.entries(hessianApproximations).map(([name, given]) => [name, countedApproximation(given, tally)]),
      ),
    }),
  }
}

function countedBatch(
  valueBatch: NonNullable<SmoothProblem['valueBatch']>,
  tally: Tally,
): NonNullable<SmoothProblem['valueBatch']> {
  return (points, count, out) => {
    tally.count('value', count)
    // A batch has broken down only if nothing in it is finite.
    const note = (): void => {
      tally.value(out.subarray(0, count).find(Number.isFinite) ?? NaN)
    }
    const pending = valueBatch(points, count, out)
    if (pending instanceof Promise) return pending.then(note)
    note()
  }
}

function countedApproximation(given: HessianApproximation, tally: Tally): HessianApproximation {
  const evaluate = 'evaluate' in given ? given.evaluate.bind(given) : undefined
  const product = 'product' in given ? given.product?.bind(given) : undefined
  return {
    ...given,
    ...(evaluate && {
      evaluate(x: Float64Array, vectors: Float64Array, weights: Float64Array) {
        tally.count('hessian')
        return (evaluate as (...parts: Float64Array[]) => void | number)(x, vectors, weights)
      },
    }),
    ...(product && {
      product(x: Float64Array, v: Float64Array, out: Float64Array) {
        tally.count('hessianProduct')
        product(x, v, out)
      },
    }),
  } as HessianApproximation
}

const approximationOracles: Readonly<Record<HessianApproximation['kind'], 'evaluate' | 'product'>> = {
  dense: 'evaluate',
  diagonal: 'evaluate',
  'rank-one': 'evaluate',
  'low-rank': 'evaluate',
  operator: 'product',
}

function checkApproximation(name: string, given: HessianApproximation): void {
  const complain = (what: string, expected: string, received: unknown): never => {
    throw new InvalidInputError(
      `smooth problem: ${what} of the Hessian approximation '${name}' must be ${expected}, got ${describe(received)}`,
      { argument: `hessianApproximations.${name}`, expected, received: describe(received) },
    )
  }
  const oracle = approximationOracles[given?.kind]
  if (oracle === undefined) complain('the kind', Object.keys(approximationOracles).join(', '), given?.kind)
  const call = (given as unknown as Record<string, unknown>)[oracle]
  if (typeof call !== 'function') complain(oracle, 'a function', call)
  if (given.kind === 'low-rank' && !(Number.isInteger(given.rank) && given.rank >= 1)) {
    complain('the rank', 'an integer >= 1', given.rank)
  }
}

/**
 * Makes a smooth problem from its oracles.
 *
 * @example
 * const bowl = smoothProblem({ dimension: 2, value: (x) => x[0] ** 2 + 3 * x[1] ** 2, start: [1, 1] })
 *
 * @throws {InvalidInputError} if `dimension` is not an integer >= 1, `value` is not a function, or bounds cross
 * @throws {ShapeError} if an array has another length than `dimension`
 */
export function smoothProblem(oracles: SmoothOracles): SmoothProblem {
  checkNames(oracles, knownNames, 'smooth problem')
  const { dimension, value } = oracles
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new InvalidInputError(`smooth problem: dimension must be an integer >= 1, got ${describe(dimension)}`, {
      argument: 'dimension',
      expected: 'an integer >= 1',
      received: describe(dimension),
    })
  }
  if (typeof value !== 'function') {
    throw new InvalidInputError(`smooth problem: value must be a function, got ${describe(value)}`, {
      argument: 'value',
      expected: 'a function',
      received: describe(value),
    })
  }
  const { start, metric, lower, upper, minimizer, ...rest } = oracles
  for (const [name, given] of Object.entries(oracles.hessianApproximations ?? {})) checkApproximation(name, given)
  const checkedLower = lower && vector('lower', lower, dimension, false)
  const checkedUpper = upper && vector('upper', upper, dimension, false)
  if (checkedLower && checkedUpper) {
    for (let i = 0; i < dimension; i++) {
      if (checkedLower[i] <= checkedUpper[i]) continue
      throw new InvalidInputError(
        `smooth problem: lower[${i}] = ${checkedLower[i]} exceeds upper[${i}] = ${checkedUpper[i]}`,
        { argument: `lower[${i}]`, expected: `<= ${checkedUpper[i]}`, received: String(checkedLower[i]) },
      )
    }
  }
  return {
    ...rest,
    class: smoothClass,
    ...(start !== undefined && { start: vector('start', start, dimension, true) }),
    ...(metric !== undefined && {
      metric: vector('metric', metric, metric?.length === dimension ? dimension : dimension * dimension, true),
    }),
    ...(checkedLower && { lower: checkedLower }),
    ...(checkedUpper && { upper: checkedUpper }),
    ...(minimizer !== undefined && { minimizer: vector('minimizer', minimizer, dimension, true) }),
  }
}
