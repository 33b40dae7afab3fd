import { type Result, type RunOptions, run } from '../solver/index.ts'
import { brent } from './brent.ts'
import { type NonlinearSystemOracles, nonlinearSystem } from './nonlinear-system.ts'
import { type PowellHybridOptions, powellHybrid } from './powell-hybrid.ts'
import { scalarEquation } from './scalar-equation.ts'

/** What may be told to `findRoot` besides the function: its Jacobian, options of the method, and all limits of a run. */
export interface FindRootOptions
  extends Omit<RunOptions<Float64Array>, 'start'>,
    Pick<NonlinearSystemOracles, 'jacobian' | 'name'> {
  /** Options of Powell's hybrid method. */
  method?: PowellHybridOptions
}

/**
 * Solves F(x) = 0, F: R^n -> R^n, by Powell's hybrid method.
 *
 * @example
 * const meet = findRoot((x, out) => {
 *   out[0] = x[0] ** 2 + x[1] ** 2 - 4
 *   out[1] = x[1] - x[0] ** 2
 * }, [1, 1])
 *
 * @param residuals writes F(x), length n, into its second argument
 * @param x0 the start, length n, copied
 * @returns the point with the smallest ||F|| found; `converged` means that the infinity norm of F, measured there, is at most
 *   `tolerance` (default 1e-10)
 * @throws {ThalwegError} on bad input
 */
export function findRoot(
  residuals: (x: Float64Array, out: Float64Array) => void,
  x0: ArrayLike<number>,
  options: FindRootOptions = {},
): Result<Float64Array> {
  const { jacobian, name, method, ...limits } = options
  const system = nonlinearSystem({
    dimension: x0?.length,
    residuals,
    start: x0,
    ...(jacobian && { jacobian }),
    ...(name !== undefined && { name }),
  })
  return run(system, powellHybrid(method), limits)
}

/** What may be told to `findRootBetween` besides the function and the bracket: a guess inside, and all limits of a run. */
export interface FindRootBetweenOptions extends Omit<RunOptions<Float64Array>, 'start'> {
  /** A point inside the bracket that is evaluated first. */
  start?: number
  name?: string
}

/**
 * Solves f(x) = 0 for one unknown between two points at which f has opposite signs, by Brent's method.
 *
 * @example
 * findRootBetween((x) => x * Math.exp(x) - 1, 0, 1).x[0] // 0.5671432904097838
 *
 * @param f continuous on [lower, upper]
 * @returns an array of the one number; `converged` means that values of f on both sides of it, at most `tolerance` times
 *   max(1, |x|) away (default 1e-12), have opposite signs
 * @throws {InvalidInputError} if the ends are no numbers in order, or f has the same sign at both
 */
export function findRootBetween(
  f: (x: number) => number,
  lower: number,
  upper: number,
  { start, name, ...limits }: FindRootBetweenOptions = {},
): Result<Float64Array> {
  const equation = scalarEquation({
    value: f,
    lower,
    upper,
    ...(start !== undefined && { start }),
    ...(name !== undefined && { name }),
  })
  return run(equation, brent(), limits)
}
