import { describe, InvalidInputError, ShapeError } from '../base/index.ts'
import { norm, projectOntoBall, projectOntoBox, projectOntoSimplex } from '../linalg/index.ts'

/** A bounded convex set X of decisions, known by its Euclidean projection. */
export interface DecisionSet {
  readonly kind: 'ball' | 'box' | 'simplex'
  readonly dimension: number
  /** D = max ||x - y|| over X. */
  readonly diameter: number
  /** Radius of a ball; sum of the entries on a simplex; 0 for a box. */
  readonly size: number
  /** A point in the middle: where a run starts by default. */
  readonly centre: Float64Array
  /** Writes the nearest point of X; `out` may be x. */
  project(x: Float64Array, out: Float64Array): void
  /** How far outside X the point lies: the distance for a ball, else the largest violation of an inequality. */
  violation(x: Float64Array): number
}

function checkPositive(where: string, argument: string, value: number, integer = false): void {
  if (typeof value === 'number' && value > 0 && value < Infinity && (!integer || Number.isInteger(value))) return
  const expected = integer ? 'an integer >= 1' : 'a finite number > 0'
  throw new InvalidInputError(`${where}: ${argument} must be ${expected}, got ${describe(value)}`, {
    argument,
    expected,
    received: describe(value),
  })
}

/**
 * The ball ||x|| <= radius around 0 in R^dimension.
 *
 * @throws {InvalidInputError} if dimension is not an integer >= 1 or radius not a finite number > 0
 */
export function ballSet(dimension: number, radius = 1): DecisionSet {
  checkPositive('ball', 'dimension', dimension, true)
  checkPositive('ball', 'radius', radius)
  return {
    kind: 'ball',
    dimension,
    diameter: 2 * radius,
    size: radius,
    centre: new Float64Array(dimension),
    project: (x, out) => projectOntoBall(x, radius, out),
    violation: (x) => Math.max(0, norm(x) - radius),
  }
}

/**
 * The box lower <= x <= upper, finite on all sides.
 *
 * @throws {ShapeError} if the lengths differ
 * @throws {InvalidInputError} if a bound is not finite, or lower[i] > upper[i], or the box is a single point
 */
export function boxSet(lower: ArrayLike<number>, upper: ArrayLike<number>): DecisionSet {
  const dimension = lower.length
  checkPositive('box', 'dimension', dimension, true)
  if (upper.length !== dimension) {
    throw new ShapeError(`box: lower has length ${dimension}, but upper has length ${upper.length}`, {
      argument: 'upper',
      expected: `length ${dimension}`,
      received: `length ${upper.length}`,
    })
  }
  const from = Float64Array.from(lower)
  const to = Float64Array.from(upper)
  for (let i = 0; i < dimension; i++) {
    if (Number.isFinite(from[i]) && Number.isFinite(to[i]) && from[i] <= to[i]) continue
    throw new InvalidInputError(`box: side ${i} must be finite with lower <= upper, got [${from[i]}, ${to[i]}]`, {
      argument: `lower[${i}]`,
      expected: 'finite bounds, lower <= upper',
      received: `[${from[i]}, ${to[i]}]`,
    })
  }
  const diameter = norm(to.map((v, i) => v - from[i]))
  checkPositive('box', 'diameter', diameter)
  return {
    kind: 'box',
    dimension,
    diameter,
    size: 0,
    centre: from.map((v, i) => v + 0.5 * (to[i] - v)),
    project: (x, out) => projectOntoBox(x, from, to, out),
    violation(x) {
      let worst = 0
      for (let i = 0; i < dimension; i++) worst = Math.max(worst, from[i] - x[i], x[i] - to[i])
      return worst
    },
  }
}

/**
 * The simplex { x >= 0, sum x = total } in R^dimension: portfolios, mixtures, plans.
 *
 * @throws {InvalidInputError} if dimension is not an integer >= 1 or total not a finite number > 0
 */
export function simplexSet(dimension: number, total = 1): DecisionSet {
  checkPositive('simplex', 'dimension', dimension, true)
  checkPositive('simplex', 'total', total)
  return {
    kind: 'simplex',
    dimension,
    diameter: Math.SQRT2 * total,
    size: total,
    centre: new Float64Array(dimension).fill(total / dimension),
    project: (x, out) => projectOntoSimplex(x, out, total),
    violation(x) {
      let sum = 0
      let lowest = 0
      for (const v of x) {
        sum += v
        lowest = Math.min(lowest, v)
      }
      return Math.max(Math.abs(sum - total), -lowest)
    },
  }
}
