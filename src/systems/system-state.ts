import type { Measures } from '../solver/index.ts'
import { type LinearSystemProblem, residualOf, rightHandSideNorm } from './linear-system.ts'

/** What every method for linear systems remembers: an iterate and its residual. */
export interface SystemState {
  /** The accepted iterate, length n. */
  x: Float64Array
  /** b - A x, length n; updated, not recomputed, by most methods. */
  residual: Float64Array
  /** The 2-norm of the residual. */
  residualNorm: number
  /** ||b||, or 1. */
  scale: number
  /** How far the updated residual may be from the true one, by rounding. */
  rounding: number
}

/** Evaluates the residual at the start, which the state keeps. */
export function systemState(problem: LinearSystemProblem, start: Float64Array): SystemState {
  const residual = new Float64Array(start.length)
  const residualNorm = residualOf(problem, start, residual)
  return { x: start, residual, residualNorm, scale: rightHandSideNorm(problem), rounding: 0 }
}

/**
 * Residual norms for `measure`. An updated residual drifts from b - A x by rounding, about eps ||A|| ||x||: that much is added,
 * so that a residual reported to be below a tolerance is below it when it is measured again.
 */
export function systemMeasures(state: Pick<SystemState, 'residualNorm' | 'scale' | 'rounding'>): Measures {
  const norm = state.residualNorm + state.rounding
  return { objective: norm, relativeResidual: norm / state.scale }
}

/** Accepts x + step with the given residual norm, unless that is not finite. @returns whether it was accepted */
export function advance(
  problem: LinearSystemProblem,
  state: SystemState,
  step: Float64Array,
  length: number,
  residualNorm: number,
): boolean {
  if (!Number.isFinite(residualNorm)) return false
  const { x } = state
  let squared = 0
  for (let i = 0; i < x.length; i++) {
    x[i] += length * step[i]
    squared += x[i] * x[i]
  }
  state.residualNorm = residualNorm
  state.rounding = 2 * Number.EPSILON * problem.matrixNorm * Math.sqrt(squared)
  return true
}
