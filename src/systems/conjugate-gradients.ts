import {
  type ConjugateGradientState,
  conjugateGradientSolver,
  dot,
  type LinearOperator,
  norm,
} from '../linalg/index.ts'
import { type Context, defineMethod } from '../solver/index.ts'
import { type LinearSystemProblem, type PreparedLinearSystem, rightHandSideNorm, settle } from './linear-system.ts'
import type { Preconditioner } from './preconditioner.ts'
import {
  breakdownReason,
  preconditionerOf,
  ssorOmegaSpec,
  symmetricPreconditionerSpec,
  type symmetricPreconditioners,
} from './preconditioners.ts'
import { systemMeasures } from './system-state.ts'

export interface ConjugateGradientsOptions {
  /** 'none', 'jacobi', 'ssor' or 'incomplete-cholesky'. Default 'none'. */
  preconditioner?: (typeof symmetricPreconditioners)[number]
  /** Relaxation of the SSOR preconditioner, in (0, 2). Default 1. */
  omega?: number
}

interface ConjugateGradientsState {
  krylov: ConjugateGradientState
  residualNorm: number
  scale: number
  rounding: number
}

/** Where a run computes: the problem, as an operator, and its preconditioner. */
interface Setting {
  readonly A: LinearOperator
  readonly preconditioner: Preconditioner | null
  readonly options: { preconditioner?: LinearOperator }
}

/** The problem as an operator for the Krylov solvers of the linear-algebra room. */
export function operatorOf({ dimension, multiply }: LinearSystemProblem): LinearOperator {
  return { rows: dimension, cols: dimension, apply: multiply }
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
  formulae: [
    {
      tex: String.raw`x_{k+1} = x_k + \frac{r_k^\top r_k}{p_k^\top A p_k}\, p_k, \qquad p_{k+1} = r_{k+1} + \frac{\|r_{k+1}\|^2}{\|r_k\|^2}\, p_k`,
      meaning: 'Directions that are conjugate: none undoes what another did.',
    },
    {
      tex: String.raw`\|x_k - x\|_A \le 2 \left( \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} \right)^{\!k} \|x_0 - x\|_A`,
      meaning: 'The error falls with the square root of the condition number.',
    },
  ],
  source: {
    authors: 'Hestenes and Stiefel',
    title: 'Methods of conjugate gradients for solving linear systems',
    year: 1952,
    venue: 'Journal of Research of the National Bureau of Standards 49',
  },
  requires: ['symmetric', 'positive-definite'],
  options: { preconditioner: symmetricPreconditionerSpec, omega: ssorOmegaSpec },

  create({ preconditioner: name, omega }) {
    const settingOf = (problem: PreparedLinearSystem, context: Context<Float64Array>): Setting => {
      const preconditioner = name === 'none' ? null : preconditionerOf(name, problem.matrix, omega)
      if (preconditioner?.shift) {
        context.note(`incomplete Cholesky needed a diagonal shift of ${Number(preconditioner.shift.toPrecision(3))}`)
      }
      const n = problem.dimension
      return {
        A: operatorOf(problem),
        preconditioner,
        options:
          preconditioner === null || preconditioner.breakdown
            ? {}
            : { preconditioner: { rows: n, cols: n, apply: preconditioner.apply } },
      }
    }
    return {
      requires: name === 'none' ? [] : ['matrix', 'diagonal'],

      start(problem, context) {
        const { A, options } = settingOf(problem, context)
        const krylov = conjugateGradientSolver.init(A, problem.rightHandSide, context.start, options)
        return { krylov, residualNorm: norm(krylov.r), scale: rightHandSideNorm(problem), rounding: 0 }
      },

      step(problem, state, context) {
        const { A, preconditioner, options } = context.scratch(() => settingOf(settle(problem, state, 5), context))
        if (preconditioner?.breakdown) return { outcome: 'stalled', reason: breakdownReason(preconditioner) }
        const { krylov } = state
        if (!conjugateGradientSolver.step(A, krylov, options)) {
          if (krylov.rz === 0) return { outcome: 'finished', reason: 'the residual is exactly 0' }
          const curvature = dot(krylov.p, krylov.Ap)
          if (!Number.isFinite(curvature)) return 'diverged'
          return {
            outcome: 'stalled',
            reason: `p^T A p = ${Number(curvature.toPrecision(3))}: the matrix is not positive definite; use minres`,
          }
        }
        const residualNorm = preconditioner === null ? Math.sqrt(krylov.rz) : norm(krylov.r)
        if (!Number.isFinite(residualNorm)) return 'diverged'
        state.residualNorm = residualNorm
        // ||x|| changes slowly, and only its size matters here.
        if (krylov.iterations % 16 === 1) state.rounding = 2 * Number.EPSILON * problem.matrixNorm * norm(krylov.x)
      },

      measure: systemMeasures,
      solution: (state) => state.krylov.x,
    }
  },
})
