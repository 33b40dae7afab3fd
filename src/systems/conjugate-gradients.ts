import { type Context, defineMethod, type StepOutcome } from '../solver/index.ts'
import type { LinearSystemProblem, PreparedLinearSystem } from './linear-system.ts'
import {
  breakdownReason,
  type Preconditioner,
  preconditionerOf,
  ssorOmegaSpec,
  symmetricPreconditionerSpec,
  type symmetricPreconditioners,
} from './preconditioners.ts'
import { advance, type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface ConjugateGradientsOptions {
  /** 'none', 'jacobi', 'ssor' or 'incomplete-cholesky'. Default 'none'. */
  preconditioner?: (typeof symmetricPreconditioners)[number]
  /** Relaxation of the SSOR preconditioner, in (0, 2). Default 1. */
  omega?: number
}

export interface ConjugateGradientsState extends SystemState {
  /** p, length n. */
  direction: Float64Array
  /** A p. */
  product: Float64Array
  /** M^-1 r; empty without a preconditioner. */
  preconditioned: Float64Array
  /** r^T M^-1 r. */
  inner: number
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** The state of preconditioned conjugate gradients at a start, which the state keeps. */
export function conjugateGradientsState(
  problem: LinearSystemProblem,
  start: Float64Array,
  preconditioner: Preconditioner | null,
): ConjugateGradientsState {
  const base = systemState(problem, start)
  const usable = preconditioner !== null && preconditioner.breakdown === undefined
  const direction = base.residual.slice()
  if (usable) preconditioner.apply(base.residual, direction)
  return {
    ...base,
    direction,
    product: new Float64Array(start.length),
    preconditioned: new Float64Array(usable ? start.length : 0),
    inner: dot(base.residual, direction),
  }
}

/** One iteration of preconditioned conjugate gradients: one product, one application of the preconditioner. */
export function conjugateGradientsStep(
  problem: LinearSystemProblem,
  state: ConjugateGradientsState,
  preconditioner: Preconditioner | null,
): StepOutcome {
  const { residual, direction, product, preconditioned } = state
  const n = residual.length
  problem.multiply(direction, product)
  const curvature = dot(direction, product)
  if (state.inner === 0) return { outcome: 'finished', reason: 'the residual is exactly 0' }
  if (!Number.isFinite(curvature)) return 'diverged'
  if (curvature <= 0) {
    return {
      outcome: 'stalled',
      reason: `p^T A p = ${Number(curvature.toPrecision(3))}: the matrix is not positive definite; use minres`,
    }
  }
  const length = state.inner / curvature
  let squared = 0
  for (let i = 0; i < n; i++) {
    residual[i] -= length * product[i]
    squared += residual[i] * residual[i]
  }
  if (!advance(problem, state, direction, length, Math.sqrt(squared))) return 'diverged'
  let z = residual
  let inner = squared
  if (preconditioner !== null) {
    z = preconditioned
    preconditioner.apply(residual, z)
    inner = dot(residual, z)
  }
  const beta = inner / state.inner
  for (let i = 0; i < n; i++) direction[i] = z[i] + beta * direction[i]
  state.inner = inner
}

/**
 * Conjugate gradients for A x = b, A symmetric positive definite, with an optional preconditioner M: the iterate minimises
 * ||x - x*||_A over the Krylov space. One product and one application of M per iteration; error at most 2 ((sqrt(kappa) - 1) /
 * (sqrt(kappa) + 1))^k times the first, kappa the condition number of M^-1 A. Memory 5n.
 *
 * A direction of nonpositive curvature ends the run as `stalled`, with the remark that A is not positive definite.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} if A is not symmetric, has a diagonal entry <= 0, or is an operator while M needs entries
 * @see Hestenes and Stiefel, Methods of conjugate gradients for solving linear systems (1952); Saad (2003), Algorithm 9.1
 */
export const conjugateGradients = defineMethod<
  PreparedLinearSystem,
  ConjugateGradientsOptions,
  ConjugateGradientsState
>()({
  slug: 'conjugate-gradients',
  title: 'Conjugate gradients',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'The method of choice for symmetric positive definite systems, best with a preconditioner.',
  source: {
    authors: 'Hestenes and Stiefel',
    title: 'Methods of conjugate gradients for solving linear systems',
    year: 1952,
    venue: 'Journal of Research of the National Bureau of Standards 49',
  },
  requires: ['symmetric', 'positive-definite'],
  options: { preconditioner: symmetricPreconditionerSpec, omega: ssorOmegaSpec },

  create: ({ preconditioner: name, omega }) => {
    const built = (problem: PreparedLinearSystem, context: Context<Float64Array>): Preconditioner | null =>
      context.scratch(() => {
        if (name === 'none') return null
        const preconditioner = preconditionerOf(name, problem.matrix, omega)
        if (preconditioner?.shift) {
          context.note(`incomplete Cholesky needed a diagonal shift of ${Number(preconditioner.shift.toPrecision(3))}`)
        }
        return preconditioner
      })
    return {
      requires: name === 'none' ? [] : ['matrix', 'diagonal'],
      start: (problem, context) => conjugateGradientsState(problem, context.start, built(problem, context)),
      step(problem, state, context) {
        const preconditioner = built(problem, context)
        if (preconditioner?.breakdown) return { outcome: 'stalled', reason: breakdownReason(preconditioner) }
        return conjugateGradientsStep(problem, state, preconditioner)
      },
      measure: systemMeasures,
      solution: (state) => state.x,
    }
  },
})
