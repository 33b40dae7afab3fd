import { jacobianByDifferences } from '../autodiff/index.ts'
import { checkNames, describe, InvalidInputError, ShapeError } from '../base/index.ts'
import type { Problem, ProblemClass } from '../solver/index.ts'

/** The oracles and data of `F(x) = 0`, F: R^n -> R^n. */
export interface NonlinearSystemOracles {
  /** n >= 1. */
  readonly dimension: number
  /** Writes F(x), length n. May write NaN or Infinity outside its domain; methods then step back. */
  residuals(x: Float64Array, out: Float64Array): void
  /** Writes the Jacobian dF_i/dx_j, n*n row-major. */
  jacobian?(x: Float64Array, out: Float64Array): void
  /** Where a run starts by default, length n. */
  readonly start?: ArrayLike<number>
  readonly name?: string
}

/** A square system of nonlinear equations, made by `nonlinearSystem`. */
export interface NonlinearSystem extends Problem<Float64Array>, Omit<NonlinearSystemOracles, 'start' | 'name'> {}

/** A system after `prepare`: the Jacobian is certainly there. */
export interface PreparedNonlinearSystem extends NonlinearSystem {
  jacobian(x: Float64Array, out: Float64Array): void
}

const knownNames = ['class', 'dimension', 'residuals', 'jacobian', 'start', 'name']

/** 1/2 ||F||^2. */
function merit(residuals: Float64Array): number {
  let sum = 0
  for (const r of residuals) sum += r * r
  return 0.5 * sum
}

function largest(values: Float64Array): number {
  let norm = 0
  for (const v of values) {
    if (Number.isNaN(v)) return NaN
    norm = Math.max(norm, Math.abs(v))
  }
  return norm
}

/**
 * The class of square systems `F(x) = 0`. The objective is 1/2 ||F||^2; optimality measure: `residualNorm`, the infinity norm
 * of F. Default tolerance 1e-10, default limit 1,000 iterations.
 */
export const nonlinearSystemClass: ProblemClass<Float64Array> & { readonly name: 'nonlinear-system' } = {
  name: 'nonlinear-system',
  optimality: 'residualNorm',
  optimalityMeaning: 'infinity norm of F',
  defaults: { tolerance: 1e-10, maxIterations: 1000 },
  oracles: ['residuals', 'jacobian'],

  prepare(given, requirements, tally) {
    const problem = given as NonlinearSystem
    const notes: string[] = []
    const residuals = (x: Float64Array, out: Float64Array): void => {
      tally.count('residuals')
      problem.residuals(x, out)
      tally.value(merit(out))
    }
    if (!problem.jacobian && requirements.requires.includes('jacobian')) {
      notes.push('the Jacobian comes from central differences of F')
    }
    const prepared: PreparedNonlinearSystem = {
      ...problem,
      residuals,
      jacobian(x, out) {
        if (problem.jacobian) {
          tally.count('jacobian')
          problem.jacobian(x, out)
        } else jacobianByDifferences(residuals, x, out)
      },
    }
    return { problem: prepared, notes }
  },

  startingPoint(given, start) {
    const problem = given as NonlinearSystem
    const from = start ?? problem.start
    if (from === undefined) {
      throw new InvalidInputError('nonlinear system: no start; give the problem or the run a start', {
        argument: 'start',
      })
    }
    return checkedVector(from, problem.dimension)
  },

  certify(given, x) {
    const problem = given as NonlinearSystem
    const residuals = new Float64Array(problem.dimension)
    problem.residuals(x, residuals)
    return { objective: merit(residuals), residualNorm: largest(residuals) }
  },
}

/** Objective and residual norm of F(x), for `measure`. */
export function systemMeasures(residuals: Float64Array): { objective: number; residualNorm: number } {
  return { objective: merit(residuals), residualNorm: largest(residuals) }
}

function checkedVector(given: ArrayLike<number>, dimension: number): Float64Array {
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw new InvalidInputError(
      `nonlinear system: start must be an array of ${dimension} numbers, got ${describe(given)}`,
      { argument: 'start', expected: `an array of ${dimension} numbers`, received: describe(given) },
    )
  }
  if (given.length !== dimension) {
    throw new ShapeError(
      `nonlinear system: start has length ${given.length}, but the system has dimension ${dimension}; expected start.length === ${dimension}`,
      { argument: 'start', expected: `length ${dimension}`, received: `length ${given.length}` },
    )
  }
  for (let i = 0; i < dimension; i++) {
    if (typeof given[i] === 'number' && Number.isFinite(given[i])) continue
    throw new InvalidInputError(`nonlinear system: start[${i}] must be a finite number, got ${describe(given[i])}`, {
      argument: `start[${i}]`,
      expected: 'a finite number',
      received: describe(given[i]),
    })
  }
  return Float64Array.from(given)
}

/**
 * Makes a square system of nonlinear equations from its oracles.
 *
 * @example
 * // Where a circle of radius 2 meets a parabola.
 * nonlinearSystem({
 *   dimension: 2,
 *   residuals(x, out) {
 *     out[0] = x[0] ** 2 + x[1] ** 2 - 4
 *     out[1] = x[1] - x[0] ** 2
 *   },
 *   start: [1, 1],
 * })
 *
 * @throws {InvalidInputError} if `dimension` is not an integer >= 1, or `residuals` is not a function
 * @throws {ShapeError} if `start` has another length than `dimension`
 */
export function nonlinearSystem(oracles: NonlinearSystemOracles): NonlinearSystem {
  checkNames(oracles, knownNames, 'nonlinear system')
  const { dimension, residuals, start, ...rest } = oracles
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new InvalidInputError(`nonlinear system: dimension must be an integer >= 1, got ${describe(dimension)}`, {
      argument: 'dimension',
      expected: 'an integer >= 1',
      received: describe(dimension),
    })
  }
  if (typeof residuals !== 'function') {
    throw new InvalidInputError(`nonlinear system: residuals must be a function, got ${describe(residuals)}`, {
      argument: 'residuals',
      expected: 'a function',
      received: describe(residuals),
    })
  }
  return {
    ...rest,
    dimension,
    residuals,
    class: nonlinearSystemClass,
    ...(start !== undefined && { start: checkedVector(start, dimension) }),
  }
}
