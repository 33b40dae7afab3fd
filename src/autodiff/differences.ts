import { describe, InvalidInputError } from '../base/errors.ts'
import { portablePow } from '../base/index.ts'
import type { Vector } from './engine.ts'

/** What a check of derivatives found. */
export interface DerivativeCheck {
  /** The largest |given - difference| / max(1, |given|, |difference|) over all components. */
  readonly largestError: number
  /** Which component has the largest error; for Jacobians and Hessians the position in row-major order. */
  readonly index: number
  /** The value that was given there. */
  readonly given: number
  /** The value by differences there. */
  readonly difference: number
  /** Whether the largest error is at most the tolerance. */
  readonly passed: boolean
}

// Step sizes that balance truncation (h^2) against cancellation (eps / h), relative to the size of the variable.
const centralStep = portablePow(Number.EPSILON, 1 / 3)
const forwardStep = Math.sqrt(Number.EPSILON)

/** A step away from `at` of relative size `step` whose two end points are exact. */
function exactStep(at: number, step: number): number {
  const h = step * Math.max(1, Math.abs(at))
  return at + h - at
}

/**
 * The gradient by central differences: (f(x + h e_i) - f(x - h e_i)) / 2h with h = eps^(1/3) max(1, |x_i|), about 1e-10
 * accurate where f is smooth and of moderate size. 2n values of f; nothing is allocated: x is changed and restored.
 *
 * @param f the function
 * @param x the point [n]; restored before the return
 * @param out where to write the gradient [n]
 * @returns `out`
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Eq. (8.7)
 */
export function gradientByDifferences<V extends Vector>(f: (x: Float64Array) => number, x: Float64Array, out: V): V {
  for (let i = 0; i < x.length; i++) {
    const at = x[i]
    const h = exactStep(at, centralStep)
    x[i] = at + h
    const above = f(x)
    x[i] = at - h
    const below = f(x)
    x[i] = at
    out[i] = (above - below) / (2 * h)
  }
  return out
}

/**
 * The Jacobian by central differences, h as for `gradientByDifferences`.
 *
 * @param f writes the m values at x into `out`
 * @param x the point [n]; restored before the return
 * @param out where to write the Jacobian [m, n], row by row
 * @param m the number of values of f
 * @returns `out`
 */
export function jacobianByDifferences<V extends Vector>(
  f: (x: Float64Array, out: Float64Array) => unknown,
  x: Float64Array,
  out: V,
  m: number = out.length / x.length,
): V {
  if (!Number.isInteger(m) || out.length !== m * x.length) {
    throw new InvalidInputError(`jacobianByDifferences: out must have length m n = ${m} * ${x.length}`, {
      argument: 'out',
      expected: `length ${m * x.length}`,
      received: describe(out),
    })
  }
  const above = new Float64Array(m)
  const below = new Float64Array(m)
  for (let j = 0; j < x.length; j++) {
    const at = x[j]
    const h = exactStep(at, centralStep)
    x[j] = at + h
    f(x, above)
    x[j] = at - h
    f(x, below)
    x[j] = at
    for (let i = 0; i < m; i++) out[i * x.length + j] = (above[i] - below[i]) / (2 * h)
  }
  return out
}

/** Work arrays of `hessianProductByDifferences`, so that repeated products allocate nothing. */
export interface DifferenceWork {
  readonly point: Float64Array
  readonly gradient: Float64Array
}

/**
 * The product of the Hessian with v by central differences of the gradient: (g(x + h v) - g(x - h v)) / 2h with
 * h = eps^(1/3) max(1, ||x||) / ||v||. Two gradients.
 *
 * @param gradient writes the gradient at a point [n] into its second argument
 * @param x the point [n]
 * @param v the direction [n]; a zero direction gives zeros
 * @param out where to write the product [n]; must be none of the others
 * @param work arrays of length n to be used; new ones by default
 * @returns `out`
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Eq. (8.20)
 */
export function hessianProductByDifferences<V extends Vector>(
  gradient: (x: Float64Array, out: Float64Array) => unknown,
  x: Float64Array,
  v: Float64Array,
  out: V,
  work: DifferenceWork = { point: new Float64Array(x.length), gradient: new Float64Array(x.length) },
): V {
  const { point, gradient: g } = work
  let length = 0
  let size = 0
  for (let i = 0; i < x.length; i++) {
    length += v[i] * v[i]
    size += x[i] * x[i]
  }
  if (length === 0) {
    out.fill(0)
    return out
  }
  const h = (centralStep * Math.max(1, Math.sqrt(size))) / Math.sqrt(length)
  for (let i = 0; i < x.length; i++) point[i] = x[i] + h * v[i]
  gradient(point, g)
  for (let i = 0; i < x.length; i++) {
    out[i] = g[i]
    point[i] = x[i] - h * v[i]
  }
  gradient(point, g)
  for (let i = 0; i < x.length; i++) out[i] = (out[i] - g[i]) / (2 * h)
  return out
}

/**
 * The gradient by forward differences, (f(x + h e_i) - f(x)) / h with h = sqrt(eps) max(1, |x_i|): half the cost of central
 * differences, and half the digits.
 *
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Eq. (8.1)
 */
export function gradientByForwardDifferences<V extends Vector>(
  f: (x: Float64Array) => number,
  x: Float64Array,
  out: V,
  value: number = f(x),
): V {
  for (let i = 0; i < x.length; i++) {
    const at = x[i]
    const h = exactStep(at, forwardStep)
    x[i] = at + h
    out[i] = (f(x) - value) / h
    x[i] = at
  }
  return out
}

function compared(given: ArrayLike<number>, differences: ArrayLike<number>, tolerance: number): DerivativeCheck {
  let largestError = 0
  let index = 0
  for (let i = 0; i < given.length; i++) {
    const error = Math.abs(given[i] - differences[i]) / Math.max(1, Math.abs(given[i]), Math.abs(differences[i]))
    // A NaN anywhere is the worst error there can be.
    if (error > largestError || Number.isNaN(error)) {
      largestError = Number.isNaN(error) ? Infinity : error
      index = i
      if (largestError === Infinity) break
    }
  }
  return {
    largestError,
    index,
    given: given[index],
    difference: differences[index],
    passed: largestError <= tolerance,
  }
}

/** An oracle with a value and a gradient: compiled functions, problems, and anything written by hand. */
export interface GradientOracle {
  value(x: Float64Array): number
  gradient(x: Float64Array, out: Float64Array): unknown
}

/**
 * Compares a gradient with central differences of the value.
 *
 * @param f anything with `value(x)` and `gradient(x, out)`
 * @param x the point [n]; not changed
 * @param options `tolerance` of the largest relative error, default 1e-6
 */
export function checkGradient(
  f: GradientOracle,
  x: Float64Array,
  { tolerance = 1e-6 }: { tolerance?: number } = {},
): DerivativeCheck {
  const given = new Float64Array(x.length)
  f.gradient(x.slice(), given)
  const differences = gradientByDifferences((point) => f.value(point), x.slice(), new Float64Array(x.length))
  return compared(given, differences, tolerance)
}

/** An oracle with a gradient, and a Hessian or products with it. */
export interface HessianOracle {
  gradient(x: Float64Array, out: Float64Array): unknown
  /** Writes the Hessian [n, n] row by row. */
  hessian?(x: Float64Array, out: Float64Array): unknown
  /** Writes the product of the Hessian with v [n]. */
  hvp?(x: Float64Array, v: Float64Array, out: Float64Array): unknown
}

/**
 * Compares a Hessian (or, where there is none, its products with all unit vectors) with central differences of the
 * gradient, entry by entry. Also finds a Hessian that is not symmetric.
 *
 * @param f anything with `gradient(x, out)`, and `hessian(x, out)` or `hvp(x, v, out)`
 * @param x the point [n]; not changed
 * @param options `tolerance` of the largest relative error, default 1e-6
 * @throws {InvalidInputError} if f has neither `hessian` nor `hvp`
 */
export function checkHessian(
  f: HessianOracle,
  x: Float64Array,
  { tolerance = 1e-6 }: { tolerance?: number } = {},
): DerivativeCheck {
  const n = x.length
  const given = new Float64Array(n * n)
  const point = x.slice()
  if (f.hessian !== undefined) f.hessian(point, given)
  else if (f.hvp !== undefined) {
    const unit = new Float64Array(n)
    for (let j = 0; j < n; j++) {
      unit[j] = 1
      f.hvp(point, unit, given.subarray(j * n, (j + 1) * n))
      unit[j] = 0
    }
  } else {
    throw new InvalidInputError('checkHessian: needs hessian(x, out) or hvp(x, v, out)', {
      argument: 'f',
      expected: 'hessian or hvp',
      received: describe(f),
    })
  }
  const differences = jacobianByDifferences((at, out) => f.gradient(at, out), point, new Float64Array(n * n), n)
  return compared(given, differences, tolerance)
}
