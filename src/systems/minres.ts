import { choice } from '../base/index.ts'
import { type MinresState as LanczosState, type LinearOperator, minresSolver, norm } from '../linalg/index.ts'
import { defineMethod } from '../solver/index.ts'
import { operatorOf } from './conjugate-gradients.ts'
import { type PreparedLinearSystem, rightHandSideNorm, settle } from './linear-system.ts'
import { jacobiPreconditioner } from './preconditioners.ts'
import { systemMeasures } from './system-state.ts'

export interface MinresOptions {
  /** 'none' or 'jacobi' (the diagonal must then be positive). Default 'none'. */
  preconditioner?: 'none' | 'jacobi'
}

interface MinresState {
  krylov: LanczosState
  /** b - A x. */
  residual: Float64Array
  residualNorm: number
  scale: number
  rounding: number
}

/** Ends a step in which a product was not finite, before the iterate moves. */
class NotFinite extends Error {}

function guarded(A: LinearOperator): LinearOperator {
  return {
    ...A,
    apply(x, out) {
      A.apply(x, out)
      if (!Number.isFinite(norm(out))) throw new NotFinite()
    },
  }
}

/**
 * MINRES for A x = b, A symmetric, definite or not: the iterate minimises ||b - A x|| (in the norm of M^-1) over the Krylov space.
 * One product per iteration, memory 9n. For a singular but consistent system it finds a solution.
 *
 * The residual is updated by r_k = s_k^2 r_{k-1} - phibar_k c_k q_{k+1}, q the Lanczos vectors in the space of residuals, so
 * that its 2-norm is known with any M.
 *
 * @throws {UnsupportedError} if A is not symmetric
 * @see Paige and Saunders, Solution of sparse indefinite systems of linear equations, SIAM Journal on Numerical Analysis 12
 *   (1975)
 */
export const minres = defineMethod<PreparedLinearSystem, MinresOptions, MinresState>()({
  slug: 'minres',
  title: 'MINRES',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'For symmetric systems that are not positive definite.',
  formulae: [
    {
      tex: String.raw`x_k = \operatorname*{arg\,min}_{x \in x_0 + \mathcal K_k} \|b - A x\|`,
      meaning: 'The smallest residual in the Krylov space; A symmetric, definite or not.',
    },
  ],
  source: {
    authors: 'Paige and Saunders',
    title: 'Solution of sparse indefinite systems of linear equations',
    year: 1975,
    venue: 'SIAM Journal on Numerical Analysis 12',
  },
  requires: ['symmetric'],
  options: { preconditioner: choice(['none', 'jacobi'], 'none', 'preconditioner') },

  create({ preconditioner: name }) {
    const settingOf = (problem: PreparedLinearSystem) => {
      const A = operatorOf(problem)
      const options =
        name === 'none' ? {} : { preconditioner: { ...A, apply: jacobiPreconditioner(problem.matrix).apply } }
      return { A, guardedA: guarded(A), options }
    }
    return {
      requires: name === 'none' ? [] : ['matrix', 'diagonal', 'positive-diagonal'],

      start(problem, { start }) {
        const { A, options } = settingOf(problem)
        const residual = new Float64Array(start.length)
        const krylov = minresSolver.init(A, problem.rightHandSide, start, options)
        residual.set(krylov.r1)
        return { krylov, residual, residualNorm: norm(residual), scale: rightHandSideNorm(problem), rounding: 0 }
      },

      step(problem, state, context) {
        const { guardedA, options } = context.scratch(() => settingOf(settle(problem, state, 9)))
        const { krylov, residual } = state
        try {
          if (!minresSolver.step(guardedA, krylov, options)) {
            return { outcome: 'finished', reason: 'the Krylov space is exhausted' }
          }
        } catch (error) {
          if (error instanceof NotFinite) return 'diverged'
          throw error
        }
        const { sn, cs, phiBar, beta, r2, x } = krylov
        const along = beta > 0 ? (phiBar * cs) / beta : 0
        for (let i = 0; i < residual.length; i++) residual[i] = sn * sn * residual[i] - along * r2[i]
        state.residualNorm = norm(residual)
        state.rounding = 2 * Number.EPSILON * problem.matrixNorm * norm(x)
      },

      measure: systemMeasures,
      solution: (state) => state.krylov.x,
    }
  },
})
