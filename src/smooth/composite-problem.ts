import { describe, InvalidInputError } from '../base/index.ts'
import {
  type PreparedSmoothProblem,
  type Problem,
  type ProblemClass,
  type SmoothProblem,
  smoothClass,
  Tally,
} from '../solver/index.ts'
import type { ProximalFunction } from './proximal-functions.ts'

/** `min f(x) + g(x)`: f smooth, g convex and known by its proximal operator. Made by `compositeProblem`. */
export interface CompositeProblem extends Problem<Float64Array> {
  readonly smooth: SmoothProblem
  readonly regularizer: ProximalFunction
}

/** A composite problem whose smooth part certainly has a gradient. */
export interface PreparedCompositeProblem extends CompositeProblem {
  readonly smooth: PreparedSmoothProblem
}

/** The infinity norm of `x - prox_g(x - grad f(x))`: zero exactly at the stationary points of f + g. */
export function proximalGradientNorm(
  regularizer: ProximalFunction,
  x: Float64Array,
  gradient: Float64Array,
  work: Float64Array,
): number {
  for (let i = 0; i < x.length; i++) work[i] = x[i] - gradient[i]
  regularizer.proximal(work, 1, work)
  let norm = 0
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i] - work[i])
    if (!(size <= norm)) norm = size
    if (Number.isNaN(norm)) return NaN
  }
  return norm
}

/**
 * The class of problems `min f(x) + g(x)`. Optimality measure: `proximalGradientNorm`, the infinity norm of
 * `x - prox_g(x - grad f(x))`. Default tolerance 1e-8, default limit 10,000 iterations. f is counted as in a smooth problem,
 * each proximal operator as `proximal`.
 */
export const compositeClass: ProblemClass<Float64Array> & { readonly name: 'composite' } = {
  name: 'composite',
  optimality: 'proximalGradientNorm',
  optimalityMeaning: 'infinity norm of x - prox_g(x - grad f(x))',
  defaults: { tolerance: 1e-8, maxIterations: 10_000 },
  oracles: [...smoothClass.oracles, 'proximal'],

  prepare(given, requirements, tally) {
    const problem = given as CompositeProblem
    const { problem: smooth, notes } = smoothClass.prepare(problem.smooth, requirements, tally)
    const { regularizer } = problem
    const prepared: CompositeProblem = {
      ...problem,
      smooth: smooth as SmoothProblem,
      regularizer: {
        ...regularizer,
        proximal(x, t, out) {
          tally.count('proximal')
          regularizer.proximal(x, t, out)
        },
      },
    }
    return { problem: prepared, notes }
  },

  startingPoint: (given, start) =>
    smoothClass.startingPoint((given as CompositeProblem).smooth, start ?? (given as CompositeProblem).start),

  certify(given, x) {
    const { smooth, regularizer } = given as CompositeProblem
    // A tally of its own: certificates are measured outside every budget.
    const requirements = { name: 'certify', requires: ['gradient'], handles: [] }
    const { problem } = smoothClass.prepare(smooth, requirements, new Tally(compositeClass.oracles))
    const gradient = new Float64Array(x.length)
    const value = (problem as PreparedSmoothProblem).valueAndGradient(x, gradient)
    return {
      objective: value + regularizer.value(x),
      proximalGradientNorm: proximalGradientNorm(regularizer, x, gradient, new Float64Array(x.length)),
    }
  },
}

/**
 * Makes `min f(x) + g(x)` from a smooth problem without bounds and a proximal function.
 *
 * @example
 * compositeProblem(smoothProblem({ dimension: 20, value, gradient, start }), l1Norm(0.1)) // the lasso
 *
 * @throws {InvalidInputError} if a part is missing, or the smooth problem has bounds (make them a `boxConstraint`)
 */
export function compositeProblem(smooth: SmoothProblem, regularizer: ProximalFunction): CompositeProblem {
  if (smooth?.class?.name !== 'smooth') {
    throw new InvalidInputError(`composite problem: smooth must be a smooth problem, got ${describe(smooth)}`, {
      argument: 'smooth',
      expected: 'a smooth problem',
      received: describe(smooth),
    })
  }
  if (typeof regularizer?.proximal !== 'function' || typeof regularizer.value !== 'function') {
    throw new InvalidInputError(
      `composite problem: regularizer must have value and proximal (see l1Norm and others), got ${describe(regularizer)}`,
      { argument: 'regularizer', expected: 'a proximal function', received: describe(regularizer) },
    )
  }
  if (smooth.lower || smooth.upper) {
    throw new InvalidInputError(
      'composite problem: the smooth part has bounds; use boxConstraint(lower, upper) instead',
      {
        argument: 'smooth',
        expected: 'no bounds',
      },
    )
  }
  return {
    class: compositeClass,
    name: `${smooth.name ?? 'smooth'} + ${regularizer.name}`,
    smooth,
    regularizer,
    ...(smooth.start && { start: smooth.start }),
  }
}
