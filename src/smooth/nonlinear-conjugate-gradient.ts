import { integer, nonNegative, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { type LineSearchOutcome, lineSearchOutcome, type SearchState, wolfeSearch } from './line-search.ts'
import { commit, smoothMeasures, smoothState } from './smooth-state.ts'

export interface NonlinearConjugateGradientOptions {
  /** Lower bound on beta, as a multiple eta of <g, d> / ||d||^2, >= 0. Default 0.4. */
  truncation?: number
  /** Sufficient-decrease constant c1 of the line search, in (0, 1/2). Default 1e-4. */
  sufficientDecrease?: number
  /** Curvature constant c2 of the line search, in (0, 1). Default 0.1: conjugacy wants a rather exact search. */
  curvature?: number
  /** Most trials in one line search, >= 1. Default 40. */
  maxTrials?: number
}

interface NonlinearConjugateGradientState extends SearchState {
  /** The search direction d, length n. */
  direction: Float64Array
  /** <g, d>. */
  slope: number
  /** The accepted step length of the last search; 0 before the first. */
  step: number
  trials: number
}

/** Relative size of the first step along -g. */
const FIRST_MOVE = 0.01

function steepest(state: NonlinearConjugateGradientState): number {
  const { x, gradient, direction } = state
  let slope = 0
  let size = 0
  for (let i = 0; i < x.length; i++) {
    direction[i] = -gradient[i]
    slope -= gradient[i] * gradient[i]
    size = Math.max(size, Math.abs(x[i]))
  }
  state.slope = slope
  return size > 0 ? (FIRST_MOVE * size) / state.gradientNorm : 1 / state.gradientNorm
}

/**
 * Nonlinear conjugate gradients with guaranteed descent (CG_DESCENT) for smooth f: R^n -> R.
 *
 *     d+ = -g+ + beta d,   beta = max( <y - 2 d ||y||^2 / <d, y>, g+> / <d, y>,  eta <g, d> / ||d||^2 ),   y = g+ - g,
 *
 * which makes <g, d> <= -(7/8) ||g||^2 for any line search. One gradient and one value per trial, about two trials an
 * iteration; memory 5n: the method for problems too large even for L-BFGS. Measures: `step`, `trials`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Hager and Zhang, A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J. Optim. 16
 *   (2005), Eqs. (1.3)-(1.6); the truncation is that of Hager and Zhang, The limited memory conjugate gradient method, SIAM J.
 *   Optim. 23 (2013), Eq. (2.11)
 */
export const nonlinearConjugateGradient = defineMethod<
  PreparedSmoothProblem,
  NonlinearConjugateGradientOptions,
  NonlinearConjugateGradientState
>()({
  slug: 'nonlinear-conjugate-gradient',
  title: 'Nonlinear conjugate gradients',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'For very many variables: a few vectors of memory and no matrix.',
  formulae: [
    {
      tex: String.raw`d_{k+1} = -g_{k+1} + \beta_k d_k, \qquad x_{k+1} = x_k + t_k d_k`,
      meaning: 'Each direction remembers the one before.',
    },
    {
      tex: String.raw`\beta_k = \frac{1}{d_k^\top y_k} \Bigl( y_k - 2 d_k \frac{\|y_k\|^2}{d_k^\top y_k} \Bigr)^{\!\top} g_{k+1}`,
      meaning: 'How much it remembers; y is the change of the gradient.',
    },
  ],
  source: {
    authors: 'William W. Hager and Hongchao Zhang',
    title: 'A new conjugate gradient method with guaranteed descent and an efficient line search',
    year: 2005,
    venue: 'SIAM Journal on Optimization 16',
  },
  requires: ['gradient'],
  options: {
    truncation: nonNegative(0.4, 'truncation eta'),
    sufficientDecrease: within(0, 0.5, 1e-4, 'sufficient decrease c1'),
    curvature: within(0, 1, 0.1, 'curvature c2'),
    maxTrials: integer(40, 'most trials in a line search', { min: 1 }),
  },

  create: ({ truncation, ...conditions }) => ({
    start: (problem, { start }) => {
      const n = start.length
      const state: NonlinearConjugateGradientState = {
        ...smoothState(problem, start),
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        direction: new Float64Array(n),
        slope: 0,
        step: 0,
        trials: 0,
      }
      steepest(state)
      return state
    },

    step(problem, state, context) {
      const outcome = context.scratch<LineSearchOutcome>(lineSearchOutcome)
      const { direction: d } = state
      // The next step is first guessed to gain as much as the last one did, to first order.
      const guess = state.step > 0 ? state.step : steepest(state)
      let found = wolfeSearch(problem, state, d, state.slope, guess, conditions, outcome)
      if (!found) {
        const first = steepest(state)
        found = wolfeSearch(problem, state, d, state.slope, first, conditions, outcome)
      }
      if (!found) return { outcome: 'stalled', reason: 'no step along the negative gradient decreases the objective' }

      const { gradient: g, trialGradient: next, slope } = state
      const n = g.length
      let dy = 0
      let yy = 0
      let yNext = 0
      let dNext = 0
      let dd = 0
      for (let i = 0; i < n; i++) {
        const y = next[i] - g[i]
        dy += d[i] * y
        yy += y * y
        yNext += y * next[i]
        dNext += d[i] * next[i]
        dd += d[i] * d[i]
      }
      if (!commit(problem, state, outcome.value)) return 'stalled'
      state.trials = outcome.trials
      const conjugate = (yNext - (2 * yy * dNext) / dy) / dy
      const beta = dy > 0 ? Math.max(conjugate, (truncation * slope) / dd) : 0
      let nextSlope = 0
      for (let i = 0; i < n; i++) {
        d[i] = beta * d[i] - next[i]
        nextSlope += d[i] * next[i]
      }
      if (!(nextSlope < 0 && Number.isFinite(beta))) {
        state.step = 0
        steepest(state)
        return
      }
      state.slope = nextSlope
      state.step = outcome.step * Math.min(10, Math.max(0.1, slope / nextSlope))
    },

    measure: (state) => ({ ...smoothMeasures(state), step: state.step, trials: state.trials }),
    solution: (state) => state.x,
  }),
})
