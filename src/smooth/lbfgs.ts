import { integer, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { firstStep, type LineSearchOutcome, lineSearchOutcome, type SearchState, wolfeSearch } from './line-search.ts'
import { commit, smoothState } from './smooth-state.ts'
import { addPair, type CorrectionPairs, correctionPairs, twoLoop } from './two-loop.ts'

export interface LbfgsOptions {
  /** Number of correction pairs kept, >= 1. Default 10. */
  memory?: number
  /** Sufficient-decrease constant c1 of the line search, in (0, 1/2). Default 1e-4. */
  sufficientDecrease?: number
  /** Curvature constant c2 of the line search, in (0, 1), larger than c1. Default 0.9; smaller is a more exact search. */
  curvature?: number
  /** Most trials in one line search, >= 1. Default 40. */
  maxTrials?: number
}

interface LbfgsState extends SearchState {
  direction: Float64Array
  pairs: CorrectionPairs
  /** The accepted step length. */
  step: number
  trials: number
}

/**
 * Limited-memory BFGS for smooth f: R^n -> R with a strong-Wolfe line search.
 *
 * x+ = x - t H g, where H is the BFGS matrix of the last `memory` pairs (s, y) applied by the two-loop recursion to the initial
 * matrix <s, y> / <y, y> I. Pairs without positive curvature are skipped; when no step along -H g can be found the memory is
 * dropped and -g tried. Per iteration 4 n memory flops, about one value and gradient; memory (2 memory + 5) n numbers.
 *
 * Measures: `step` (accepted step length), `trials` (of the last line search).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithms 7.4 and 7.5
 */
export const lbfgs = defineMethod<PreparedSmoothProblem, LbfgsOptions, LbfgsState>()({
  slug: 'lbfgs',
  title: 'L-BFGS',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'The usual choice for smooth functions of many variables: needs gradients only.',
  formulae: [
    {
      tex: String.raw`x_{k+1} = x_k - t_k H_k \nabla f(x_k)`,
      meaning: 'A Newton-like step with an estimate H of the inverse Hessian.',
    },
    {
      tex: String.raw`H_{k+1} = V_k^\top H_k V_k + \rho_k s_k s_k^\top, \quad V_k = I - \rho_k y_k s_k^\top, \quad \rho_k = \frac{1}{y_k^\top s_k}`,
      meaning: 'The estimate is never stored: it is rebuilt from the last few steps s and changes y of the gradient.',
    },
  ],
  source: {
    authors: 'Jorge Nocedal',
    title: 'Updating quasi-Newton matrices with limited storage',
    year: 1980,
    venue: 'Mathematics of Computation 35',
  },
  requires: ['gradient'],
  options: {
    memory: integer(10, 'correction pairs', { min: 1, max: 10_000 }),
    sufficientDecrease: within(0, 0.5, 1e-4, 'sufficient decrease c1'),
    curvature: within(0, 1, 0.9, 'curvature c2'),
    maxTrials: integer(40, 'most trials in a line search', { min: 1 }),
  },

  create: ({ memory, ...conditions }) => ({
    start: (problem, { start }) => {
      const n = start.length
      return {
        ...smoothState(problem, start),
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        direction: new Float64Array(n),
        pairs: correctionPairs(memory, n),
        step: NaN,
        trials: 0,
      }
    },

    step(problem, state, context) {
      const outcome = context.scratch<LineSearchOutcome>(lineSearchOutcome)
      let slope = twoLoop(state.pairs, state.gradient, state.direction)
      let found =
        slope < 0 &&
        wolfeSearch(
          problem,
          state,
          state.direction,
          slope,
          state.pairs.count > 0 ? 1 : firstStep(state, state.direction, slope),
          conditions,
          outcome,
        )
      if (!found && state.pairs.count > 0) {
        state.pairs.count = 0
        slope = twoLoop(state.pairs, state.gradient, state.direction)
        found =
          slope < 0 &&
          wolfeSearch(
            problem,
            state,
            state.direction,
            slope,
            firstStep(state, state.direction, slope),
            conditions,
            outcome,
          )
      }
      if (!found) return { outcome: 'stalled', reason: 'no step along the negative gradient decreases the objective' }
      addPair(state.pairs, state.x, state.gradient, state.trial, state.trialGradient)
      if (!commit(problem, state, outcome.value)) return 'stalled'
      state.step = outcome.step
      state.trials = outcome.trials
    },

    measure: ({ value, gradientNorm, step, trials }) => ({ objective: value, gradientNorm, step, trials }),
    solution: (state) => state.x,
  }),
})
