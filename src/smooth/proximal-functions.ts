import { describe, InvalidInputError, portableHypot, ShapeError } from '../base/index.ts'
import {
  projectOntoBall,
  projectOntoBox,
  projectOntoL1Ball,
  projectOntoSecondOrderCone,
  projectOntoSimplex,
} from '../linalg/index.ts'

export { projectOntoBall, projectOntoBox, projectOntoL1Ball, projectOntoSecondOrderCone, projectOntoSimplex }

/**
 * A convex function g, possibly with value Infinity outside a set, that is known by its proximal operator
 *
 *     prox_{t g}(x) = argmin_u  g(u) + ||u - x||^2 / (2 t).
 *
 * For the indicator of a set the operator is the Euclidean projection, whatever t.
 */
export interface ProximalFunction {
  readonly name: string
  /** g(x); Infinity where x lies outside the set by more than rounding. */
  value(x: Float64Array): number
  /** Writes prox_{t g}(x) into `out`, which may be x; t > 0. */
  proximal(x: Float64Array, t: number, out: Float64Array): void
}

/** How far outside its set a point may lie, relative to its size, and still count as inside: projections round. */
const FEASIBILITY = 1e-9

/** @throws {InvalidInputError} if `value` is not a finite number > 0 (or >= 0) */
export function checkPositive(where: string, argument: string, value: number, orZero = false): void {
  if (typeof value === 'number' && (orZero ? value >= 0 : value > 0) && value < Infinity) return
  const expected = `a finite number ${orZero ? '>= 0' : '> 0'}`
  throw new InvalidInputError(`${where}: ${argument} must be ${expected}, got ${describe(value)}`, {
    argument,
    expected,
    received: describe(value),
  })
}

function euclideanNorm(x: ArrayLike<number>, from = 0, to = x.length): number {
  let largest = 0
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(x[i]))
  if (!(largest > 0 && largest < Infinity)) return largest
  let sum = 0
  for (let i = from; i < to; i++) sum += (x[i] / largest) ** 2
  return largest * Math.sqrt(sum)
}

// ---- Indicators of sets ------------------------------------------------------------------------------------------------

function indicator(
  name: string,
  project: (x: Float64Array, out: Float64Array) => void,
  excess: (x: Float64Array) => number,
): ProximalFunction {
  return {
    name,
    value: (x) => (excess(x) <= FEASIBILITY * Math.max(1, euclideanNorm(x)) ? 0 : Infinity),
    proximal: (x, _, out) => project(x, out),
  }
}

/** The set `lower <= x <= upper`. */
export function boxConstraint(lower?: ArrayLike<number>, upper?: ArrayLike<number>): ProximalFunction {
  return indicator(
    'box',
    (x, out) => projectOntoBox(x, lower, upper, out),
    (x) => {
      let worst = 0
      for (let i = 0; i < x.length; i++) {
        worst = Math.max(worst, (lower?.[i] ?? -Infinity) - x[i], x[i] - (upper?.[i] ?? Infinity))
      }
      return worst
    },
  )
}

/** The set `||x - centre|| <= radius`, radius > 0, centre 0 by default. @throws {InvalidInputError} on another radius */
export function ballConstraint(radius: number, centre?: ArrayLike<number>): ProximalFunction {
  checkPositive('ball', 'radius', radius)
  return indicator(
    'ball',
    (x, out) => projectOntoBall(x, radius, out, centre),
    (x) => euclideanNorm(x.map((v, i) => v - (centre?.[i] ?? 0))) - radius,
  )
}

/** The set `x >= 0, sum x = total`, total > 0. @throws {InvalidInputError} on another total */
export function simplexConstraint(total = 1): ProximalFunction {
  checkPositive('simplex', 'total', total)
  return indicator(
    'simplex',
    (x, out) => projectOntoSimplex(x, out, total),
    (x) => {
      let sum = 0
      let lowest = 0
      for (const v of x) {
        sum += v
        lowest = Math.min(lowest, v)
      }
      return Math.max(Math.abs(sum - total), -lowest)
    },
  )
}

/** The set `sum |x_i| <= radius`, radius > 0. @throws {InvalidInputError} on another radius */
export function l1BallConstraint(radius: number): ProximalFunction {
  checkPositive('l1 ball', 'radius', radius)
  return indicator(
    'l1 ball',
    (x, out) => projectOntoL1Ball(x, radius, out),
    (x) => x.reduce((sum, v) => sum + Math.abs(v), 0) - radius,
  )
}

/** The second-order cone `||x_1..x_{n-1}|| <= x_n`. */
export function secondOrderConeConstraint(): ProximalFunction {
  return indicator(
    'second-order cone',
    projectOntoSecondOrderCone,
    (x) => euclideanNorm(x, 0, x.length - 1) - x[x.length - 1],
  )
}

/**
 * The affine set `A x = b`, A [m, n] row-major of full row rank, m <= n. The projection x - A'(A A')^-1 (A x - b) is prepared
 * once, in O(m^2 n).
 *
 * @throws {ShapeError} if the sizes do not fit
 * @throws {InvalidInputError} if the rows of A are linearly dependent to working precision
 */
export function affineConstraint(matrix: ArrayLike<number>, rightHandSide: ArrayLike<number>): ProximalFunction {
  const m = rightHandSide.length
  const n = matrix.length / m
  if (!Number.isInteger(n) || m < 1 || n < m) {
    throw new ShapeError(
      `affine constraint: a matrix of ${matrix.length} numbers and ${m} right-hand sides do not make m rows of n >= m columns`,
      {
        argument: 'matrix',
        expected: `a multiple of ${m} numbers, at least ${m * m}`,
        received: String(matrix.length),
      },
    )
  }
  // Rows of Q: an orthonormal basis of the row space (modified Gram-Schmidt, twice), with A = R' Q and c = R'^-1 b.
  const q = Float64Array.from(matrix)
  const c = Float64Array.from(rightHandSide)
  for (let i = 0; i < m; i++) {
    const row = q.subarray(i * n, (i + 1) * n)
    const before = euclideanNorm(row)
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = q.subarray(j * n, (j + 1) * n)
        let along = 0
        for (let k = 0; k < n; k++) along += row[k] * other[k]
        for (let k = 0; k < n; k++) row[k] -= along * other[k]
        c[i] -= along * c[j]
      }
    }
    const norm = euclideanNorm(row)
    if (!(norm > 1e-12 * before)) {
      throw new InvalidInputError(`affine constraint: row ${i} of the matrix depends linearly on the rows before it`, {
        argument: `matrix row ${i}`,
        expected: 'linearly independent rows',
      })
    }
    for (let k = 0; k < n; k++) row[k] /= norm
    c[i] /= norm
  }
  const along = (x: Float64Array, i: number): number => {
    let sum = -c[i]
    for (let k = 0; k < n; k++) sum += q[i * n + k] * x[k]
    return sum
  }
  return indicator(
    'affine set',
    (x, out) => {
      out.set(x)
      for (let i = 0; i < m; i++) {
        const excess = along(out, i)
        for (let k = 0; k < n; k++) out[k] -= excess * q[i * n + k]
      }
    },
    (x) => {
      let worst = 0
      for (let i = 0; i < m; i++) worst = Math.max(worst, Math.abs(along(x, i)))
      return worst
    },
  )
}

// ---- Norms -------------------------------------------------------------------------------------------------------------

/** The zero function: turns a proximal method into a gradient method. */
export function nothing(): ProximalFunction {
  return { name: 'nothing', value: () => 0, proximal: (x, _, out) => void out.set(x) }
}

/** `weight * sum |x_i|`, or with one weight per element; soft thresholding. @throws {InvalidInputError} on a weight < 0 */
export function l1Norm(weight: number | ArrayLike<number>): ProximalFunction {
  const at = typeof weight === 'number' ? () => weight : (i: number) => weight[i]
  if (typeof weight === 'number') checkPositive('l1 norm', 'weight', weight, true)
  else for (let i = 0; i < weight.length; i++) checkPositive('l1 norm', `weight[${i}]`, weight[i], true)
  return {
    name: 'l1 norm',
    value: (x) => x.reduce((sum, v, i) => sum + at(i) * Math.abs(v), 0),
    proximal(x, t, out) {
      for (let i = 0; i < x.length; i++) out[i] = Math.sign(x[i]) * Math.max(Math.abs(x[i]) - t * at(i), 0)
    },
  }
}

/** `weight/2 ||x||^2`: shrinks by 1/(1 + t weight). */
export function squaredNorm(weight: number): ProximalFunction {
  checkPositive('squared norm', 'weight', weight, true)
  return {
    name: 'squared norm',
    value: (x) => 0.5 * weight * euclideanNorm(x) ** 2,
    proximal(x, t, out) {
      for (let i = 0; i < x.length; i++) out[i] = x[i] / (1 + t * weight)
    },
  }
}

/** Elastic net, `l1 * sum |x_i| + l2/2 ||x||^2`. */
export function elasticNet(l1: number, l2: number): ProximalFunction {
  const lasso = l1Norm(l1)
  const ridge = squaredNorm(l2)
  return {
    name: 'elastic net',
    value: (x) => lasso.value(x) + ridge.value(x),
    proximal(x, t, out) {
      lasso.proximal(x, t, out)
      ridge.proximal(out, t, out)
    },
  }
}

/**
 * Group lasso, `weight * sum_g sqrt(|g|) ||x_g||`: whole groups of variables become zero together.
 *
 * @param groups the index lists; an index may appear once, indices in no group are not penalised
 * @throws {InvalidInputError} if an index appears twice or weight < 0
 */
export function groupNorm(weight: number, groups: readonly (readonly number[])[]): ProximalFunction {
  checkPositive('group norm', 'weight', weight, true)
  const seen = new Set<number>()
  for (const index of groups.flat()) {
    if (seen.has(index)) {
      throw new InvalidInputError(`group norm: index ${index} is in two groups; groups must not overlap`, {
        argument: 'groups',
        expected: 'disjoint groups',
        received: String(index),
      })
    }
    seen.add(index)
  }
  const norm = (x: Float64Array, group: readonly number[]): number =>
    group.reduce((size, i) => portableHypot(size, x[i]), 0)
  return {
    name: 'group norm',
    value: (x) => groups.reduce((sum, group) => sum + weight * Math.sqrt(group.length) * norm(x, group), 0),
    proximal(x, t, out) {
      if (out !== x) out.set(x)
      for (const group of groups) {
        const size = norm(x, group)
        const keep = size > 0 ? Math.max(0, 1 - (t * weight * Math.sqrt(group.length)) / size) : 0
        for (const i of group) out[i] = keep * x[i]
      }
    },
  }
}
