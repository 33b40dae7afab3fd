import { checkNames, describe, InvalidInputError } from '../base/index.ts'
import { checkedCost } from './cost.ts'
import { transportClass } from './entropic-class.ts'
import { exactTransportClass } from './exact-class.ts'
import { dot } from './loops.ts'
import {
  checkedWeights,
  type ExactTransportProblem,
  type Potentials,
  type TransportData,
  type TransportInput,
  type TransportProblem,
} from './transport-data.ts'

const inputNames = ['a', 'b', 'cost', 'regularization', 'start', 'name', 'recipe']

/** Relative difference of the two sums that counts as rounding (of single-precision inputs, say) and is scaled away. */
const SUM_SLACK = 1e-6

function sumOf(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

/** @internal The dual objective as used by every entropic problem. */
function dualOf(epsilon: number, a: Float64Array, b: Float64Array): TransportProblem['dualObjective'] {
  const positiveA = a.filter((w) => w > 0)
  const positiveB = b.filter((w) => w > 0)
  return (x, y, planMass) => dot(positiveA, x) + dot(positiveB, y) - epsilon * planMass
}

function costOf(masses: Float64Array, costs: Float64Array): number {
  let sum = 0
  for (let k = 0; k < masses.length; k++) if (masses[k] > 0) sum += masses[k] * costs[k]
  return sum
}

/**
 * Makes a problem of regularized transport
 *
 *     min over P >= 0 with P 1 = a, P' 1 = b of  <C, P> + epsilon sum_ij p_ij ln p_ij.
 *
 * Sums of a and b that differ by less than 1e-6 relative are taken as equal, and b is scaled.
 *
 * @example
 * const problem = transportProblem({ a: [0.5, 0.5], b: [0.5, 0.5], cost: [0, 1, 1, 0], regularization: 0.1 })
 *
 * @throws {InvalidInputError} for negative or non-finite masses, costs that are NaN or -Infinity, different sums
 * @throws {ShapeError} if sizes do not fit together
 */
export function transportProblem(input: TransportInput & { readonly regularization: number }): TransportProblem {
  const data = checkedData(input)
  if (!(data.regularization > 0)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number > 0, got ${describe(input.regularization)}; for 0 make an exactTransportProblem`,
      { argument: 'regularization', expected: 'a finite number > 0', received: describe(input.regularization) },
    )
  }
  return {
    ...data,
    class: transportClass,
    dualObjective: dualOf(data.regularization, data.a, data.b),
    onPass() {},
    ...labels(input),
  }
}

/**
 * Makes a problem of unregularized transport, min over P >= 0 with P 1 = a, P' 1 = b of <C, P>.
 *
 * @throws as `transportProblem`
 */
export function exactTransportProblem(input: TransportInput): ExactTransportProblem {
  const data = checkedData({ ...input, regularization: 0 })
  const { start, ...rest } = labels(input)
  return {
    ...data,
    class: exactTransportClass,
    planCost: costOf,
    onPricing() {},
    ...rest,
    ...(start && {
      start: { ...start, rows: new Int32Array(0), columns: new Int32Array(0), masses: new Float64Array(0) },
    }),
  }
}

/** The same problem with another regularization, sharing its data (and its kernels' memory). */
export function withRegularization(problem: TransportProblem, regularization: number): TransportProblem {
  if (!(regularization > 0 && regularization < Infinity)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number > 0, got ${describe(regularization)}`,
      {
        argument: 'regularization',
        expected: 'a finite number > 0',
        received: describe(regularization),
      },
    )
  }
  return { ...problem, regularization, dualObjective: dualOf(regularization, problem.a, problem.b) }
}

function labels(input: TransportInput): { start?: Potentials; name?: string; recipe?: unknown } {
  return {
    ...(input.start !== undefined && {
      start: { x: Float64Array.from(input.start.x), y: Float64Array.from(input.start.y) },
    }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.recipe !== undefined && { recipe: input.recipe }),
  }
}

function checkedData(input: TransportInput): TransportData {
  checkNames(input, inputNames, 'transport problem')
  const a = checkedWeights('a', input.a)
  const b = checkedWeights('b', input.b)
  const cost = checkedCost(input.cost, a.length, b.length)
  const regularization = input.regularization ?? 0
  if (typeof regularization !== 'number' || !(regularization >= 0 && regularization < Infinity)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number >= 0, got ${describe(regularization)}`,
      {
        argument: 'regularization',
        expected: 'a finite number >= 0',
        received: describe(regularization),
      },
    )
  }
  const mass = sumOf(a)
  const massB = sumOf(b)
  if (Math.abs(mass - massB) > SUM_SLACK * Math.max(mass, massB)) {
    throw new InvalidInputError(
      `transport: a sums to ${mass}, b to ${massB}; scale them to equal sums, or use unbalanced transport ({ unbalanced: rho })`,
      { argument: 'b', expected: `sum ${mass}`, received: `sum ${massB}` },
    )
  }
  if (mass !== massB) for (let j = 0; j < b.length; j++) b[j] *= mass / massB
  return { a, b, cost, regularization, mass }
}
