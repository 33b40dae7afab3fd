import { integer, positive } from '../base/index.ts'
import { dot } from '../linalg/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { type Metric, type MetricChoice, makeMetric, metricOption } from './metric.ts'
import { reliableDecrease } from './reliable-decrease.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface AdaptiveGradientMethodOptions {
  /** First estimate L of the Lipschitz constant of the gradient in the metric, > 0. Default 1. */
  initialLipschitz?: number
  /** The matrix B of the norm: `'identity'`, `'problem'`, or an array (n*n row-major, or a diagonal). Default `'identity'`. */
  metric?: MetricChoice
  /** Most trial steps in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface AdaptiveGradientState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** B^-1 grad f(x) and ||grad f(x)||_*. */
  metricGradient: Float64Array
  dualGradientNorm: number
  /** ||h|| of the last accepted step; NaN before the first. */
  stepNorm: number
  /** L for the next first trial. */
  lipschitz: number
  /** L of the last accepted step; NaN before the first. */
  usedLipschitz: number
  trials: number
  totalTrials: number
}

const SMALLEST_LIPSCHITZ = 1e-5
/** On a quadratic with B its Hessian and L = 1 the test holds with equality; rounding must not decide it. */
const ROUNDING = 1 - 1e-12

/**
 * Gradient method with a searched Lipschitz constant, in the norm of a metric B, for smooth f: R^n -> R:
 *
 *     x+ = x - B^-1 grad f(x) / L,   accepted when f(x+) <= f(x) + <grad f(x), x+ - x> + (L/2) ||x+ - x||^2.
 *
 * L is halved after a success (down to 1e-5) and doubled after a failure. With B = J^T J of a least-squares model this is the
 * Gauss-Newton method with a searched step. Per trial one value and gradient; one solve with B, factored once, an iteration.
 *
 * Measures: `dualGradientNorm` (||grad f(x)||_*), `lipschitz` (the L that the step used), `stepNorm` (||x+ - x||), `trials`,
 * `totalTrials`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} at the start of a run, if the problem does not offer the metric
 * @see Nesterov, Gradient methods for minimizing composite functions, Math. Program. 140 (2013), Section 3
 */
export const adaptiveGradientMethod = defineMethod<
  PreparedSmoothProblem,
  AdaptiveGradientMethodOptions,
  AdaptiveGradientState
>()({
  slug: 'adaptive-gradient-method',
  title: 'Adaptive gradient method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Gradient steps in a chosen metric, with the Lipschitz constant searched on the way.',
  formulae: [
    {
      tex: String.raw`x^{+} = x - \tfrac1L B^{-1} \nabla f(x)`,
      meaning: 'A gradient step in the norm of B.',
    },
    {
      tex: String.raw`f(x^{+}) \le f(x) + \langle \nabla f(x), x^{+} - x \rangle + \tfrac{L}{2} \|x^{+} - x\|^2`,
      meaning: 'L is searched: halved after a success, doubled after a failure.',
    },
  ],
  source: {
    authors: 'Yurii Nesterov',
    title: 'Gradient methods for minimizing composite functions',
    year: 2013,
    venue: 'Mathematical Programming 140',
  },
  requires: ['gradient'],
  options: {
    initialLipschitz: positive(1, 'first Lipschitz constant'),
    metric: metricOption,
    maxTrials: integer(60, 'most trials in an iteration', { min: 1 }),
  },

  create: ({ initialLipschitz, metric: chosen, maxTrials }) => {
    const work = (problem: PreparedSmoothProblem): { metric: Metric; step: Float64Array } => ({
      metric: makeMetric(chosen, problem, 'adaptive-gradient-method'),
      step: new Float64Array(problem.dimension),
    })

    return {
      start(problem, context) {
        const { metric } = context.scratch(() => work(problem))
        const state = smoothState(problem, context.start)
        const metricGradient = new Float64Array(context.start.length)
        metric.solve(state.gradient, metricGradient)
        return {
          ...state,
          trial: new Float64Array(context.start.length),
          trialGradient: new Float64Array(context.start.length),
          metricGradient,
          dualGradientNorm: Math.sqrt(dot(state.gradient, metricGradient)),
          stepNorm: NaN,
          lipschitz: initialLipschitz,
          usedLipschitz: NaN,
          trials: 0,
          totalTrials: 0,
        }
      },

      step(problem, state, context) {
        const { metric, step } = context.scratch(() => work(problem))
        const { x, value, gradient, metricGradient, trial, trialGradient, dualGradientNorm } = state
        const squaredNorm = dualGradientNorm * dualGradientNorm
        let { lipschitz } = state

        for (let trials = 1; trials <= maxTrials; trials++) {
          let moved = false
          for (let i = 0; i < x.length; i++) {
            step[i] = -metricGradient[i] / lipschitz
            trial[i] = x[i] + step[i]
            moved ||= trial[i] !== x[i]
          }
          if (!moved) break
          const trialValue = problem.valueAndGradient(trial, trialGradient)
          const decrease = reliableDecrease(value, trialValue, gradient, trialGradient, step)
          // <g, h> + (L/2)||h||^2 = -||g||_*^2 / (2 L); false for NaN.
          if (decrease >= (ROUNDING * squaredNorm) / (2 * lipschitz) && commit(problem, state, trialValue)) {
            metric.solve(state.gradient, metricGradient)
            state.dualGradientNorm = Math.sqrt(dot(state.gradient, metricGradient))
            state.stepNorm = dualGradientNorm / lipschitz
            state.usedLipschitz = lipschitz
            state.lipschitz = Math.max(lipschitz / 2, SMALLEST_LIPSCHITZ)
            state.trials = trials
            state.totalTrials += trials
            return
          }
          lipschitz *= 2
        }
        return 'stalled'
      },

      measure: (state) => ({
        ...smoothMeasures(state),
        dualGradientNorm: state.dualGradientNorm,
        lipschitz: state.usedLipschitz,
        stepNorm: state.stepNorm,
        trials: state.trials,
        totalTrials: state.totalTrials,
      }),
      solution: (state) => state.x,
    }
  },
})
