import { describe, InvalidInputError, ShapeError } from '../base/index.ts'
import type { Problem } from '../solver/index.ts'
import type { Cost, CostInput } from './cost.ts'

/**
 * Dual potentials: x of the source points, length n, and y of the target points, length m. They stand for the plan
 * P_ij = exp((x_i + y_j - c_ij) / epsilon - 1). Points of weight zero have potential -Infinity.
 */
export interface Potentials {
  x: Float64Array
  y: Float64Array
}

/** A basic solution of unregularized transport: k <= n + m - 1 pairs with their masses, and dual potentials. */
export interface SparseCoupling extends Potentials {
  /** Source index, target index and mass of each pair, length k. */
  rows: Int32Array
  columns: Int32Array
  masses: Float64Array
}

/** The data of a transport problem. */
export interface TransportInput {
  /** Masses of the n source points, >= 0, not all 0. */
  readonly a: ArrayLike<number>
  /** Masses of the m target points, >= 0, with the same sum. */
  readonly b: ArrayLike<number>
  /** c_ij >= -MAX; Infinity forbids a pair. A flat Float64Array is used in place, not copied. */
  readonly cost: CostInput
  /** epsilon = 1 / eta >= 0; 0 for unregularized transport. Default 0. */
  readonly regularization?: number
  /** Potentials from which a run starts by default; 0 if absent. */
  readonly start?: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }
  readonly name?: string
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

export interface TransportData {
  /** Length n. */
  readonly a: Float64Array
  /** Length m; scaled to the exact sum of `a`. */
  readonly b: Float64Array
  readonly cost: Cost
  /** epsilon. */
  readonly regularization: number
  /** sum a = sum b. */
  readonly mass: number
}

/** min over P >= 0, P 1 = a, P' 1 = b of <C, P> + epsilon sum p ln p, epsilon > 0. */
export interface TransportProblem extends Problem<Potentials>, TransportData {
  /**
   * The dual objective f(x, y) = <a, x> + <b, y> - epsilon * mass(P(x, y)); x and y on the supports, of the lengths that the
   * engine uses. Counted as `dual`.
   */
  dualObjective(x: Float64Array, y: Float64Array, planMass: number): number
  /** Called before every pass over the n m pairs. Counted as `pass`. */
  onPass(): void
}

/** min over P >= 0, P 1 = a, P' 1 = b of <C, P>. */
export interface ExactTransportProblem extends Problem<SparseCoupling>, TransportData {
  /** The cost of a basic solution whose pairs cost `costs`. Counted as `cost`. */
  planCost(masses: Float64Array, costs: Float64Array): number
  /** Called before every group of pivots. Counted as `pricing`. */
  onPricing(): void
}

/** Checks one vector of masses. @throws {InvalidInputError} naming the entry; @throws {ShapeError} if it is empty */
export function checkedWeights(name: string, given: ArrayLike<number>): Float64Array {
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw new InvalidInputError(`transport: ${name} must be an array of masses, got ${describe(given)}`, {
      argument: name,
      expected: 'an array of numbers >= 0',
      received: describe(given),
    })
  }
  if (given.length === 0) {
    throw new ShapeError(`transport: ${name} is empty; expected at least one mass`, {
      argument: name,
      expected: 'length >= 1',
      received: 'length 0',
    })
  }
  const out = new Float64Array(given.length)
  let sum = 0
  for (let i = 0; i < given.length; i++) {
    const w = given[i]
    if (typeof w !== 'number' || !(w >= 0 && w < Infinity)) {
      throw new InvalidInputError(`transport: ${name}[${i}] must be a finite number >= 0, got ${describe(w)}`, {
        argument: `${name}[${i}]`,
        expected: 'a finite number >= 0',
        received: describe(w),
      })
    }
    out[i] = w
    sum += w
  }
  if (!(sum > 0 && sum < 1e150)) {
    throw new InvalidInputError(`transport: ${name} must have a positive finite sum, got ${sum}`, {
      argument: name,
      expected: 'a positive finite sum',
      received: String(sum),
    })
  }
  return out
}

/**
 * The potentials that a run starts from: those asked for, else those of the problem, else 0. Copied.
 *
 * @throws {ShapeError | InvalidInputError} if they do not fit the masses
 */
export function checkedPotentials(
  problem: TransportData,
  start: Potentials | undefined,
  given: Potentials | undefined,
): Potentials {
  const from = start ?? given
  const take = (name: 'x' | 'y', weights: Float64Array): Float64Array => {
    if (from === undefined) return new Float64Array(weights.length)
    const values = from[name]
    if (typeof values !== 'object' || values === null || values.length !== weights.length) {
      const received = typeof values === 'object' && values !== null ? `length ${values.length}` : describe(values)
      throw new ShapeError(`transport: start.${name} must be an array of length ${weights.length}, got ${received}`, {
        argument: `start.${name}`,
        expected: `length ${weights.length}`,
        received,
      })
    }
    const copy = Float64Array.from(values)
    for (let i = 0; i < copy.length; i++) {
      if (Number.isFinite(copy[i]) || (weights[i] === 0 && copy[i] === -Infinity)) continue
      throw new InvalidInputError(
        `transport: start.${name}[${i}] must be a finite number, got ${describe(values[i])}`,
        {
          argument: `start.${name}[${i}]`,
          expected: 'a finite number',
          received: describe(values[i]),
        },
      )
    }
    return copy
  }
  return { x: take('x', problem.a), y: take('y', problem.b) }
}
