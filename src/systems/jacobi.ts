import { within } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { type PreparedLinearSystem, settle } from './linear-system.ts'
import { diagonalOf } from './sparse.ts'
import { advance, type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface JacobiOptions {
  /** Damping in (0, 2): the step is damping * D^-1 r. Default 1. */
  damping?: number
}

interface JacobiState extends SystemState {
  step: Float64Array
  product: Float64Array
}

/**
 * Jacobi's method for A x = b: x <- x + damping D^-1 (b - A x), D the diagonal of A. Converges for every start if A is strictly
 * diagonally dominant; with damping < 2 / lambda_max(D^-1 A) if A is positive definite. One product per iteration.
 *
 * @throws {OptionError} if `damping` is not in (0, 2)
 * @throws {UnsupportedError} if a diagonal entry is 0 or the problem has no matrix
 * @see Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), Section 4.1
 */
export const jacobi = defineMethod<PreparedLinearSystem, JacobiOptions, JacobiState>()({
  slug: 'jacobi',
  title: 'Jacobi iteration',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'Corrects every unknown by its own equation, all at once.',
  formulae: [
    {
      tex: String.raw`x \leftarrow x + D^{-1} (b - A x)`,
      meaning: 'Every equation is solved for its own unknown at once.',
    },
  ],
  source: {
    authors: 'Saad',
    title: 'Iterative Methods for Sparse Linear Systems, 2nd ed.',
    year: 2003,
    venue: 'Section 4.1',
  },
  requires: ['matrix', 'diagonal'],
  options: { damping: within(0, 2, 1, 'damping') },

  create: ({ damping }) => ({
    start: (problem, { start }) => ({
      ...systemState(problem, start),
      step: new Float64Array(start.length),
      product: new Float64Array(start.length),
    }),

    step(problem, state, context) {
      const { home, diagonal } = context.scratch(() => ({
        home: settle(problem, state, 4),
        diagonal: diagonalOf(problem.matrix),
      }))
      const { residual, step, product } = state
      const n = residual.length
      for (let i = 0; i < n; i++) step[i] = (damping * residual[i]) / diagonal[i]
      home.multiply(step, product)
      let squared = 0
      for (let i = 0; i < n; i++) {
        product[i] = residual[i] - product[i]
        squared += product[i] * product[i]
      }
      if (!advance(problem, state, step, 1, Math.sqrt(squared))) return 'diverged'
      state.residual = product
      state.product = residual
    },

    measure: systemMeasures,
    solution: (state) => state.x,
  }),
})
