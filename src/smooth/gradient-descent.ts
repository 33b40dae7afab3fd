import { positive, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface GradientDescentOptions {
  /** Use this step in every iteration and no line search, > 0. Default: backtracking. */
  stepSize?: number
  /** First trial step of the first line search, > 0; later ones start at twice the last accepted step. Default 1. */
  initialStep?: number
  /** Sufficient-decrease constant c1 in (0, 1). Default 1e-4. */
  sufficientDecrease?: number
  /** Contraction factor rho in (0, 1). Default 0.5. */
  contraction?: number
}

interface GradientDescentState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** The last accepted step t. */
  step: number
}

/**
 * Steepest descent for smooth f: R^n -> R, with Armijo backtracking or a fixed step.
 *
 * Accepts the first t in {s, rho s, rho^2 s, ...} with f(x - t g) <= f(x) - c1 t ||g||^2, where s is twice the step accepted
 * before. Values of f that differ by less than rounding count as equal. One gradient and at least one value per iteration;
 * memory 4n.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithm 3.1 and Eq. (3.4)
 */
export const gradientDescent = defineMethod<PreparedSmoothProblem, GradientDescentOptions, GradientDescentState>()({
  slug: 'gradient-descent',
  title: 'Gradient descent',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Follows the negative gradient, shortening the step until the function decreases enough.',
  formulae: [
    {
      tex: String.raw`x_{k+1} = x_k - t_k \nabla f(x_k)`,
      meaning: 'A step against the gradient.',
    },
    {
      tex: String.raw`f(x_{k+1}) \le f(x_k) - c_1\, t_k \|\nabla f(x_k)\|^2`,
      meaning: 'The step length is shortened until f has fallen enough (Armijo).',
    },
  ],
  source: {
    authors: 'Nocedal and Wright',
    title: 'Numerical Optimization, 2nd ed.',
    year: 2006,
    venue: 'Algorithm 3.1',
  },
  requires: ['gradient'],
  options: {
    stepSize: positive<number | undefined>(undefined, 'fixed step'),
    initialStep: positive(1, 'first trial step'),
    sufficientDecrease: within(0, 1, 1e-4, 'sufficient decrease c1'),
    contraction: within(0, 1, 0.5, 'contraction factor'),
  },

  create: ({ stepSize, initialStep, sufficientDecrease, contraction }) => ({
    start: (problem, { start }) => ({
      ...smoothState(problem, start),
      trial: new Float64Array(start.length),
      trialGradient: new Float64Array(start.length),
      step: stepSize ?? initialStep / 2,
    }),

    step(problem, state) {
      const { x, gradient, trial, value } = state
      const n = x.length
      let slope = 0
      let largest = 0
      for (let i = 0; i < n; i++) {
        slope += gradient[i] * gradient[i]
        largest = Math.max(largest, Math.abs(x[i]))
      }
      let t = stepSize ?? 2 * state.step
      for (;;) {
        for (let i = 0; i < n; i++) trial[i] = x[i] - t * gradient[i]
        const trialValue = problem.valueAndGradient(trial, state.trialGradient)
        if (stepSize !== undefined) {
          if (!commit(problem, state, trialValue)) return 'diverged'
          break
        }
        // Eq. (3.4); false for NaN, so a NaN trial backtracks. The last term is the rounding error of f itself.
        const enough = value - sufficientDecrease * t * slope + Number.EPSILON * Math.abs(value)
        if (trialValue <= enough && commit(problem, state, trialValue)) break
        t *= contraction
        if (t * Math.sqrt(slope) <= Number.EPSILON * (1 + largest)) return 'stalled'
      }
      state.step = t
    },

    measure: smoothMeasures,
    solution: (state) => state.x,
  }),
})
