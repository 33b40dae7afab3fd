import { type Measures, type PreparedSmoothProblem, projectedGradientNorm } from '../solver/index.ts'

/** What every first-order method remembers: an accepted point with its value and gradient. */
export interface SmoothState {
  /** The accepted point, length n. */
  x: Float64Array
  /** f(x). */
  value: number
  /** grad f(x), length n. */
  gradient: Float64Array
  /** Infinity norm of the gradient (projected, if there are bounds). */
  gradientNorm: number
}

/** Evaluates the start, which the state keeps. */
export function smoothState(problem: PreparedSmoothProblem, start: Float64Array): SmoothState {
  const gradient = new Float64Array(start.length)
  const value = problem.valueAndGradient(start, gradient)
  return {
    x: start,
    value,
    gradient,
    gradientNorm: projectedGradientNorm(start, gradient, problem.lower, problem.upper),
  }
}

/** Objective and gradient norm, for `measure`. */
export function smoothMeasures(state: SmoothState): Measures {
  return { objective: state.value, gradientNorm: state.gradientNorm }
}

/**
 * Makes a trial point the accepted one, unless its value or gradient is not finite. Swaps arrays instead of copying them.
 *
 * @returns whether the trial was accepted; if not, the state is untouched
 */
export function commit(
  problem: PreparedSmoothProblem,
  state: SmoothState & { trial: Float64Array; trialGradient: Float64Array },
  trialValue: number,
): boolean {
  const norm = projectedGradientNorm(state.trial, state.trialGradient, problem.lower, problem.upper)
  if (!Number.isFinite(trialValue) || !Number.isFinite(norm)) return false
  const { x, gradient } = state
  state.x = state.trial
  state.gradient = state.trialGradient
  state.trial = x
  state.trialGradient = gradient
  state.value = trialValue
  state.gradientNorm = norm
  return true
}
