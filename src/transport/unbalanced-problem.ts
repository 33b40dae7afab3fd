import { checkNames, describe, InvalidInputError, portableExp, portableExpm1, portableLog } from '../base/index.ts'
import type { Measures, Problem, ProblemClass } from '../solver/index.ts'
import { type Cost, type CostInput, checkedCost } from './cost.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { checkedWeights, type Potentials } from './transport-data.ts'

/** The data of an unbalanced problem. */
export interface UnbalancedInput {
  /** Masses of the n source points, >= 0. */
  readonly a: ArrayLike<number>
  /** Masses of the m target points, >= 0; any sum. */
  readonly b: ArrayLike<number>
  readonly cost: CostInput
  /** epsilon > 0. */
  readonly regularization: number
  /** rho > 0, the price of changing masses; or one for the sources and one for the targets. */
  readonly marginalPenalty: number | readonly [number, number]
  readonly start?: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }
  readonly name?: string
}

/**
 * min over P >= 0 of <C, P> + epsilon sum p ln p + rho_a KL(P 1 | a) + rho_b KL(P' 1 | b), with
 * KL(r | a) = sum r ln(r / a) - r + a.
 */
export interface UnbalancedTransportProblem extends Problem<Potentials> {
  readonly a: Float64Array
  readonly b: Float64Array
  readonly cost: Cost
  readonly regularization: number
  /** rho_a and rho_b. */
  readonly penalties: readonly [number, number]
  /**
   * The dual objective rho_a sum a (1 - exp(-x / rho_a)) + rho_b sum b (1 - exp(-y / rho_b)) - epsilon * mass(P(x, y)), on the
   * supports. Counted as `dual`.
   */
  dualObjective(x: Float64Array, y: Float64Array, planMass: number): number
  /** Called before every pass over the pairs. Counted as `pass`. */
  onPass(): void
}

function kullbackLeibler(sums: Float64Array, weights: Float64Array): number {
  let total = 0
  for (let i = 0; i < weights.length; i++) {
    total += (sums[i] > 0 ? sums[i] * portableLog(sums[i] / weights[i]) : 0) - sums[i] + weights[i]
  }
  return total
}

/** The objective and the L1 norm of the dual's gradient over the total mass, from the sums that the engine holds. */
export function unbalancedMeasures(
  engine: TransportEngine,
  penalties: readonly [number, number],
  epsilon: number,
  x: Float64Array,
  y: Float64Array,
  rowSums: Float64Array,
  columnSums: Float64Array,
): { objective: number; stationarity: number; planMass: number } {
  const { a, b } = engine
  let planMass = 0
  let objective = 0
  let residual = 0
  let total = 0
  for (let i = 0; i < a.length; i++) {
    planMass += rowSums[i]
    objective += rowSums[i] * x[i]
    residual += Math.abs(rowSums[i] - a[i] * portableExp(-x[i] / penalties[0]))
    total += a[i]
  }
  for (let j = 0; j < b.length; j++) {
    objective += columnSums[j] * y[j]
    residual += Math.abs(columnSums[j] - b[j] * portableExp(-y[j] / penalties[1]))
    total += b[j]
  }
  objective +=
    penalties[0] * kullbackLeibler(rowSums, a) + penalties[1] * kullbackLeibler(columnSums, b) - epsilon * planMass
  return { objective, stationarity: residual / total, planMass }
}

/**
 * Unbalanced entropic transport. Optimality measure: `stationarity`, the L1 norm of the dual's gradient,
 * ||P 1 - a exp(-x / rho_a)||_1 + ||P' 1 - b exp(-y / rho_b)||_1, over sum a + sum b. Every plan is feasible, so `gap` =
 * `objective` - `dual` is a true gap. Also `cost` (<C, P>) and `planMass`. Default tolerance 1e-9, default limit 10,000.
 */
export const unbalancedTransportClass: ProblemClass<Potentials> & { readonly name: 'unbalanced-transport' } = {
  name: 'unbalanced-transport',
  optimality: 'stationarity',
  optimalityMeaning: 'L1 norm of the gradient of the dual over the total mass',
  defaults: { tolerance: 1e-9, maxIterations: 10_000 },
  oracles: ['dual', 'pass'],

  prepare(given, _requirements, tally) {
    const problem = given as UnbalancedTransportProblem
    const { dualObjective } = problem
    const prepared: UnbalancedTransportProblem = {
      ...problem,
      dualObjective(x, y, planMass) {
        tally.count('dual')
        return tally.value(dualObjective(x, y, planMass))
      },
      onPass() {
        tally.count('pass')
      },
    }
    return { problem: prepared, notes: [] }
  },

  startingPoint(given, start) {
    const problem = given as UnbalancedTransportProblem
    const from = start ?? problem.start
    const take = (name: 'x' | 'y', length: number): Float64Array => {
      if (from === undefined) return new Float64Array(length)
      const copy = Float64Array.from(from[name])
      if (copy.length !== length || copy.some((value) => Number.isNaN(value) || value === Infinity)) {
        throw new InvalidInputError(
          `unbalanced transport: start.${name} must be ${length} numbers, got ${describe(from[name])}`,
          {
            argument: `start.${name}`,
            expected: `${length} numbers`,
            received: describe(from[name]),
          },
        )
      }
      return copy
    }
    return { x: take('x', problem.a.length), y: take('y', problem.b.length) }
  },

  certify(given, potentials) {
    const problem = given as UnbalancedTransportProblem
    const engine = engineFor(problem)
    const x = engine.gather(potentials.x, engine.rowIndex)
    const y = engine.gather(potentials.y, engine.columnIndex)
    const { regularization: epsilon, penalties } = problem
    const cost = engine.plan(x, y, 1 / epsilon, false, true)
    const measured = unbalancedMeasures(engine, penalties, epsilon, x, y, engine.rowSums, engine.columnSums)
    const dual = dualOf(engine.a, engine.b, epsilon, penalties)(x, y, measured.planMass)
    return { ...measured, gap: measured.objective - dual, cost, dual } as Measures
  },
}

function dualOf(
  a: Float64Array,
  b: Float64Array,
  epsilon: number,
  [rhoA, rhoB]: readonly [number, number],
): UnbalancedTransportProblem['dualObjective'] {
  return (x, y, planMass) => {
    let sum = -epsilon * planMass
    for (let i = 0; i < x.length; i++) sum -= rhoA * a[i] * portableExpm1(-x[i] / rhoA)
    for (let j = 0; j < y.length; j++) sum -= rhoB * b[j] * portableExpm1(-y[j] / rhoB)
    return sum
  }
}

/**
 * Makes an unbalanced problem: masses need not agree, and need not be moved entirely.
 *
 * @throws {InvalidInputError} for negative or non-finite masses, bad costs, a regularization or penalty that is not > 0, or a
 *   point of positive mass all of whose pairs are forbidden
 */
export function unbalancedTransportProblem(input: UnbalancedInput): UnbalancedTransportProblem {
  checkNames(
    input,
    ['a', 'b', 'cost', 'regularization', 'marginalPenalty', 'start', 'name'],
    'unbalanced transport problem',
  )
  const a = checkedWeights('a', input.a)
  const b = checkedWeights('b', input.b)
  const cost = checkedCost(input.cost, a.length, b.length)
  const check = (name: string, value: unknown): number => {
    if (typeof value === 'number' && value > 0 && value < Infinity) return value
    throw new InvalidInputError(`unbalanced transport: ${name} must be a finite number > 0, got ${describe(value)}`, {
      argument: name,
      expected: 'a finite number > 0',
      received: describe(value),
    })
  }
  const epsilon = check('regularization', input.regularization)
  const given = input.marginalPenalty
  const penalties: readonly [number, number] =
    typeof given === 'number' || !Array.isArray(given)
      ? [check('marginalPenalty', given), check('marginalPenalty', given)]
      : [check('marginalPenalty[0]', given[0]), check('marginalPenalty[1]', given[1])]
  if (cost.kind === 'matrix' && cost.forbidden) refuseIsolated(a, b, cost.values)
  return {
    class: unbalancedTransportClass,
    a,
    b,
    cost,
    regularization: epsilon,
    penalties,
    dualObjective: dualOf(
      a.filter((w) => w > 0),
      b.filter((w) => w > 0),
      epsilon,
      penalties,
    ),
    onPass() {},
    ...(input.start !== undefined && {
      start: { x: Float64Array.from(input.start.x), y: Float64Array.from(input.start.y) },
    }),
    ...(input.name !== undefined && { name: input.name }),
  }
}

function refuseIsolated(a: Float64Array, b: Float64Array, costs: Float64Array): void {
  const m = b.length
  const complain = (name: string): never => {
    throw new InvalidInputError(
      `unbalanced transport: all pairs of ${name} are forbidden; give it mass 0 or allow a pair`,
      {
        argument: 'cost',
        expected: 'at least one allowed pair',
        received: 'only Infinity',
      },
    )
  }
  const reached = new Uint8Array(m)
  for (let i = 0; i < a.length; i++) {
    let any = false
    for (let j = 0; j < m; j++) {
      if (costs[i * m + j] === Infinity || b[j] === 0) continue
      any = true
      if (a[i] > 0) reached[j] = 1
    }
    if (!any && a[i] > 0) complain(`source ${i}`)
  }
  for (let j = 0; j < m; j++) if (b[j] > 0 && reached[j] === 0) complain(`target ${j}`)
}
