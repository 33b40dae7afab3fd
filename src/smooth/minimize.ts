import { closest } from 'fastest-levenshtein'
import type { CompiledFunction } from '../autodiff/index.ts'
import { describe, InvalidInputError, OptionError } from '../base/index.ts'
import { cmaEs, differentialEvolution, dualAnnealing, nelderMead } from '../blackbox/index.ts'
import {
  type Method,
  type Result,
  type RunOptions,
  run,
  type SmoothOracles,
  type SmoothProblem,
  smoothProblem,
} from '../solver/index.ts'
import { barzilaiBorwein } from './barzilai-borwein.ts'
import { globalSearch } from './global-search.ts'
import { gradientDescent } from './gradient-descent.ts'
import { gradientNormalizedNewton } from './gradient-normalized-newton.ts'
import { isCompiled, problemFromGraph } from './graph-problems.ts'
import { lbfgs } from './lbfgs.ts'
import { lbfgsb } from './lbfgsb.ts'
import { multiStart } from './multi-start.ts'
import { newton } from './newton.ts'
import { nonlinearConjugateGradient } from './nonlinear-conjugate-gradient.ts'
import { projectedNewton } from './projected-newton.ts'
import { trustRegionNewton } from './trust-region-newton.ts'

/** The names that `minimize` knows; any other method is passed as an object. */
export type MinimizeMethodName =
  | 'lbfgs'
  | 'lbfgsb'
  | 'newton'
  | 'trust-region-newton'
  | 'nonlinear-conjugate-gradient'
  | 'gradient-normalized-smoothness'
  | 'barzilai-borwein'
  | 'gradient-descent'
  | 'projected-newton'
  | 'multi-start'
  | 'global-search'
  | 'nelder-mead'
  | 'cma-es'
  | 'differential-evolution'
  | 'dual-annealing'

const methodsByName: Readonly<Record<MinimizeMethodName, () => { readonly name: string }>> = {
  lbfgs,
  lbfgsb,
  newton,
  'trust-region-newton': trustRegionNewton,
  'nonlinear-conjugate-gradient': nonlinearConjugateGradient,
  'gradient-normalized-smoothness': gradientNormalizedNewton,
  'barzilai-borwein': barzilaiBorwein,
  'gradient-descent': gradientDescent,
  'projected-newton': projectedNewton,
  'multi-start': multiStart,
  'global-search': globalSearch,
  'nelder-mead': nelderMead,
  'cma-es': cmaEs,
  'differential-evolution': differentialEvolution,
  'dual-annealing': dualAnnealing,
}

/** What may be told to `minimize` besides the function: derivatives, bounds, the method, and all limits of a run. */
export interface MinimizeOptions
  extends Omit<RunOptions<Float64Array>, 'start'>,
    Pick<SmoothOracles, 'gradient' | 'valueAndGradient' | 'hessian' | 'hessianProduct' | 'lower' | 'upper' | 'name'> {
  /** A name, or a method made by its factory (of any room). Default: chosen from what the problem offers. */
  method?: MinimizeMethodName | Method<SmoothProblem, never>
  /**
   * Look for the global minimum in the box, which must be finite: `globalSearch`, whose search uses four fifths of `maxEvaluations`
   * where that is given. Default false.
   */
  global?: boolean
  /** So many local searches from different points of the box, which must be finite, >= 1: `multiStart`. Default one. */
  multiStart?: number
}

/** Up to this dimension a dense Hessian is factored: where there are Hessian products too, and where there are none. */
const DENSE_WITH_PRODUCTS = 200
const DENSE_WITHOUT = 1000
/** Default tolerance of `minimize` where the gradient comes from differences of values, which are no better. */
export const DIFFERENCES_TOLERANCE = 1e-6

type SmoothMethod = Method<SmoothProblem, never>

/** What is asked for beyond the nearest local minimum. */
export interface GlobalWishes extends Pick<MinimizeOptions, 'global' | 'multiStart' | 'maxEvaluations'> {
  /** Whether a method is named as well. */
  readonly method?: unknown
}

/** Share of a given budget that a global search uses before it polishes. */
const GLOBAL_SHARE = 0.8

/**
 * The method for `global` and `multiStart`, and why; null if neither is wished.
 *
 * @throws {InvalidInputError} if the box is not finite on all sides, naming the first variable that lacks a bound
 * @throws {OptionError} if wishes exclude each other
 */
export function chooseGlobalMethod(
  problem: SmoothProblem,
  { global, multiStart: starts, maxEvaluations, method }: GlobalWishes,
): { method: SmoothMethod; why: string } | null {
  if (!global && starts === undefined) return null
  const wish = global ? 'global' : 'multiStart'
  if ((global && starts !== undefined) || method !== undefined) {
    const other = method !== undefined ? 'method' : 'multiStart'
    throw new OptionError(`minimize: ${wish} and ${other} exclude each other; give one of them`, {
      argument: wish,
      expected: `no ${other}`,
      received: 'both',
    })
  }
  for (let i = 0; i < problem.dimension; i++) {
    const low = problem.lower?.[i] ?? -Infinity
    const high = problem.upper?.[i] ?? Infinity
    if (Number.isFinite(low) && Number.isFinite(high)) continue
    const side = Number.isFinite(low) ? `upper[${i}] is ${high}` : `lower[${i}] is ${low}`
    throw new InvalidInputError(
      `minimize: ${wish} needs finite bounds for every variable, and ${side}; give lower and upper`,
      {
        argument: Number.isFinite(low) ? `upper[${i}]` : `lower[${i}]`,
        expected: 'a finite number',
        received: String(Number.isFinite(low) ? high : low),
      },
    )
  }
  if (!global)
    return { method: multiStart({ starts }) as unknown as SmoothMethod, why: `${starts} starts were asked for` }
  const values = typeof maxEvaluations === 'number' ? maxEvaluations : maxEvaluations?.value
  const share = values === undefined || values === Infinity ? undefined : Math.max(1, Math.floor(GLOBAL_SHARE * values))
  const options = share === undefined ? {} : { globalEvaluations: share }
  return { method: globalSearch(options) as unknown as SmoothMethod, why: 'the global minimum was asked for' }
}

/** The method that `minimize` takes for a problem, with default options, and why. */
export function chooseMethod(problem: SmoothProblem): { method: SmoothMethod; why: string } {
  const n = problem.dimension
  const as = (method: unknown): SmoothMethod => method as SmoothMethod
  if (problem.lower || problem.upper) {
    return { method: as(lbfgsb()), why: 'there are bounds' }
  }
  if (problem.hessian && n <= (problem.hessianProduct ? DENSE_WITH_PRODUCTS : DENSE_WITHOUT)) {
    return { method: as(newton()), why: `there is a Hessian of ${n} variable${n === 1 ? '' : 's'}` }
  }
  if (problem.hessianProduct) {
    return { method: as(trustRegionNewton()), why: 'there are Hessian products' }
  }
  if (problem.hessian) {
    return { method: as(trustRegionNewton({ curvature: 'matrix' })), why: `there is a Hessian of ${n} variables` }
  }
  return {
    method: as(lbfgs()),
    why: problem.gradient || problem.valueAndGradient ? 'there is a gradient and no Hessian' : 'there are values only',
  }
}

function named(name: string): SmoothMethod {
  if (Object.hasOwn(methodsByName, name)) return methodsByName[name as MinimizeMethodName]() as unknown as SmoothMethod
  const names = Object.keys(methodsByName)
  throw new InvalidInputError(`minimize: unknown method '${name}'; did you mean '${closest(name, names)}'?`, {
    argument: 'method',
    expected: names.join(', '),
    received: name,
  })
}

/**
 * Minimizes a smooth function f: R^n -> R, over a box if there are bounds.
 *
 * The method is chosen from what is offered: with bounds L-BFGS-B; with a Hessian of at most 200 variables (1,000 if there are no
 * Hessian products) Newton; with Hessian products or a larger Hessian trust-region Newton-CG; else L-BFGS. The message of the result says
 * which and why. All of these look for a local minimum near the start; `global: true` and `multiStart: 20` look for the lowest one in a finite
 * box. Converged means that the infinity norm of the (projected) gradient, measured at the returned point, is at
 * most `tolerance`: default 1e-8, or 1e-6 where the gradient comes from differences of values.
 *
 * @example
 * const f = (x: Float64Array) => (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
 * minimize(f, [-1.2, 1]).x // close to [1, 1]
 *
 * @param f a function of a Float64Array of length n, which may return NaN or Infinity outside its domain; a problem made by
 *   `smoothProblem`; or a function compiled by `compile` (exact derivatives then come with it)
 * @param x0 the start, length n, copied; may be left out for a problem that has one, and where `lower` and `upper` are finite
 * @returns the best point found; every numerical outcome is a status, never an exception
 * @throws {ThalwegError} on bad input
 */
export function minimize(
  f: ((x: Float64Array) => number) | SmoothProblem | CompiledFunction,
  x0?: ArrayLike<number>,
  options: MinimizeOptions = {},
): Result<Float64Array> {
  const { method: wanted, global, multiStart: starts, ...others } = options
  const { gradient, valueAndGradient, hessian, hessianProduct, lower, upper, name, ...limits } = others
  const extras = {
    ...(gradient && { gradient }),
    ...(valueAndGradient && { valueAndGradient }),
    ...(hessian && { hessian }),
    ...(hessianProduct && { hessianProduct }),
    ...(lower && { lower }),
    ...(upper && { upper }),
    ...(name !== undefined && { name }),
  }
  let problem: SmoothProblem
  if (typeof f === 'function') {
    problem = smoothProblem({ dimension: dimensionOf(x0 ?? lower ?? upper), value: f, ...extras })
  } else if (isCompiled(f)) {
    problem = problemFromGraph(f, extras)
  } else if (f?.class?.name === 'smooth') {
    const { class: _, ...oracles } = f
    problem = smoothProblem({ ...(oracles as SmoothOracles), ...extras })
  } else {
    throw new InvalidInputError(
      `minimize: expected a function of x, a smooth problem or a compiled function, got ${describe(f)}`,
      { argument: 'f', expected: 'a function, a smooth problem or a compiled function', received: describe(f) },
    )
  }
  const wishes = { global, multiStart: starts, maxEvaluations: limits.maxEvaluations, method: wanted }
  const { method, why } =
    chooseGlobalMethod(problem, wishes) ??
    (wanted === undefined
      ? chooseMethod(problem)
      : { method: typeof wanted === 'string' ? named(wanted) : wanted, why: undefined })
  const differences = !problem.gradient && !problem.valueAndGradient
  const result = run(problem, method, {
    ...limits,
    ...(differences && limits.tolerance === undefined && { tolerance: DIFFERENCES_TOLERANCE }),
    ...(x0 !== undefined && { start: x0 as Float64Array }),
  })
  return why === undefined ? result : { ...result, message: `${result.message} Method: ${method.name}, since ${why}.` }
}

function dimensionOf(x0: ArrayLike<number> | undefined): number {
  if (typeof x0 === 'object' && x0 !== null && typeof x0.length === 'number' && x0.length >= 1) return x0.length
  throw new InvalidInputError(`minimize: x0 must be an array of at least one number, got ${describe(x0)}`, {
    argument: 'x0',
    expected: 'an array of numbers',
    received: describe(x0),
  })
}
