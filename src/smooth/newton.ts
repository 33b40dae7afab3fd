import { integer, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { factorInPlace, solveFactored } from './dense-products.ts'
import { type LineSearchOutcome, lineSearchOutcome, type SearchState, wolfeSearch } from './line-search.ts'
import { commit, smoothMeasures, smoothState } from './smooth-state.ts'

export interface NewtonOptions {
  /** Sufficient-decrease constant c1 of the line search, in (0, 1/2). Default 1e-4. */
  sufficientDecrease?: number
  /** Curvature constant c2 of the line search, in (0, 1), larger than c1. Default 0.9. */
  curvature?: number
  /** Most trials in one line search, >= 1. Default 40. */
  maxTrials?: number
}

interface NewtonState extends SearchState {
  direction: Float64Array
  /** tau of the last iteration. */
  shift: number
  step: number
  trials: number
  factorizations: number
}

interface Work {
  readonly hessian: Float64Array
  readonly factor: Float64Array
  readonly outcome: LineSearchOutcome
}

/** The first shift, as a part of the largest diagonal entry, and how it grows. */
const FIRST_SHIFT = 1e-3
const SHIFT_GROWTH = 4
const MOST_SHIFTS = 60

/**
 * Newton's method with a line search for smooth f: R^n -> R with a dense Hessian H.
 *
 * The direction solves (H + tau I) p = -g by Cholesky, with tau = 0 where H is safely positive definite and otherwise the first
 * of a geometric sequence for which H + tau I is, so that p always descends; the step satisfies the strong Wolfe conditions and
 * is 1 near the minimizer, where convergence is quadratic. Per iteration one Hessian, n^3/3 flops per factorization, about
 * one value and gradient; memory 2 n^2.
 *
 * Measures: `shift` (tau), `step`, `trials` (of the line search), `factorizations` (in all).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithms 3.2 and 3.3
 */
export const newton = defineMethod<PreparedSmoothProblem, NewtonOptions, NewtonState>()({
  slug: 'newton',
  title: "Newton's method",
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Quadratic convergence for up to some thousand variables where the Hessian is there.',
  formulae: [
    {
      tex: String.raw`\bigl( \nabla^2 f(x_k) + \tau_k I \bigr)\, p_k = -\nabla f(x_k)`,
      meaning: 'The Newton step; a shift makes the Hessian positive definite where it is not.',
    },
    {
      tex: 'x_{k+1} = x_k + t_k p_k',
      meaning: 'Close to the minimum t = 1, and the number of correct digits doubles with every step.',
    },
  ],
  source: {
    authors: 'Nocedal and Wright',
    title: 'Numerical Optimization, 2nd ed.',
    year: 2006,
    venue: 'Algorithms 3.2 and 3.3',
  },
  requires: ['gradient', 'hessian'],
  options: {
    sufficientDecrease: within(0, 0.5, 1e-4, 'sufficient decrease c1'),
    curvature: within(0, 1, 0.9, 'curvature c2'),
    maxTrials: integer(40, 'most trials in a line search', { min: 1 }),
  },

  create: (conditions) => ({
    start(problem, { start }) {
      const n = start.length
      return {
        ...smoothState(problem, start),
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        direction: new Float64Array(n),
        shift: 0,
        step: NaN,
        trials: 0,
        factorizations: 0,
      }
    },

    step(problem, state, context) {
      const n = state.x.length
      const { hessian, factor, outcome } = context.scratch<Work>(() => ({
        hessian: new Float64Array(n * n),
        factor: new Float64Array(n * n),
        outcome: lineSearchOutcome(),
      }))
      const { gradient, direction } = state
      problem.hessian(state.x, hessian)

      let size = 0
      let smallest = Infinity
      for (let i = 0; i < n; i++) {
        size = Math.max(size, Math.abs(hessian[i * n + i]))
        smallest = Math.min(smallest, hessian[i * n + i])
      }
      if (!Number.isFinite(size)) {
        return { outcome: 'diverged', reason: 'the Hessian is not finite at the current point' }
      }
      const unit = FIRST_SHIFT * (size > 0 ? size : 1)
      // After a shifted iteration the next one probably needs a shift too, but a smaller one may do.
      let shift = smallest > 0 ? 0 : unit - smallest
      if (state.shift > 0) shift = Math.max(shift, state.shift / SHIFT_GROWTH ** 2)
      if (shift < 1e-3 * unit) shift = 0

      let slope = 0
      let factorizations = 0
      for (; factorizations < MOST_SHIFTS; shift = Math.max(SHIFT_GROWTH * shift, unit)) {
        factor.set(hessian)
        for (let i = 0; i < n; i++) factor[i * n + i] += shift
        factorizations++
        if (!factorInPlace(factor, n)) continue
        solveFactored(factor, n, gradient, direction)
        slope = 0
        for (let i = 0; i < n; i++) {
          direction[i] = -direction[i]
          slope += gradient[i] * direction[i]
        }
        if (slope < 0 && slope > -Infinity) break
      }
      if (!(slope < 0) || !wolfeSearch(problem, state, direction, slope, 1, conditions, outcome)) {
        return { outcome: 'stalled', reason: 'no step along the Newton direction decreases the objective' }
      }
      if (!commit(problem, state, outcome.value)) return 'stalled'
      state.shift = shift
      state.step = outcome.step
      state.trials = outcome.trials
      state.factorizations += factorizations
    },

    measure: (state) => ({
      ...smoothMeasures(state),
      shift: state.shift,
      step: state.step,
      trials: state.trials,
      factorizations: state.factorizations,
    }),
    solution: (state) => state.x,
  }),
})
