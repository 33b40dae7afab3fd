import { integer, positive } from '../base/index.ts'
import { dot } from '../linalg/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { type Metric, type MetricChoice, makeMetric, metricOption } from './metric.ts'
import { reliableDecrease } from './reliable-decrease.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface FastGradientMethodOptions {
  /** First estimate L of the Lipschitz constant of the gradient in the metric, > 0. Default 1. */
  initialLipschitz?: number
  /** The matrix B of the norm: `'identity'`, `'problem'`, or an array (n*n row-major, or a diagonal). Default `'identity'`. */
  metric?: MetricChoice
  /** Most trial steps in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface FastGradientState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** The estimating sequence's point v, length n. */
  anchor: Float64Array
  /** A_k, the sum of the weights so far. */
  weight: number
  /** L for the next first trial. */
  lipschitz: number
  usedLipschitz: number
  trials: number
  totalTrials: number
}

interface Work {
  readonly metric: Metric
  readonly middle: Float64Array
  readonly middleGradient: Float64Array
  readonly direction: Float64Array
  readonly step: Float64Array
}

const SMALLEST_LIPSCHITZ = 1e-5
/** On a quadratic with B its Hessian and L = 1 the test holds with equality; rounding must not decide it. */
const ROUNDING = 1 - 1e-12

/**
 * Nesterov's fast gradient method with a searched Lipschitz constant, in the norm of a metric B, for convex f: R^n -> R. With
 * a = (1 + sqrt(1 + 4 A L)) / (2 L), so that L a^2 = A + a:
 *
 *     y = (a v + A x) / (a + A),   x+ = y - B^-1 grad f(y) / L,   v+ = x+ + (A / a)(x+ - x),   A+ = A + a,
 *
 * accepted when f(x+) <= f(y) - ||grad f(y)||_*^2 / (2 L); L is halved after a success (down to 1e-5) and doubled after a
 * failure. f(x_k) - f* = O(L R^2 / k^2) for convex f, but f need not decrease in every iteration. Per trial two values, two
 * gradients and one solve with B.
 *
 * Measures: `lipschitz` (the L that the step used), `trials`, `totalTrials`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} at the start of a run, if the problem does not offer the metric
 * @see Nesterov, Gradient methods for minimizing composite functions, Math. Program. 140 (2013), Section 4
 */
export const fastGradientMethod = defineMethod<PreparedSmoothProblem, FastGradientMethodOptions, FastGradientState>()({
  slug: 'fast-gradient-method',
  title: 'Fast gradient method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Accelerated gradient steps for convex functions, with the Lipschitz constant searched on the way.',
  formulae: [
    {
      tex: String.raw`y = \frac{a v + A x}{a + A}, \qquad x^{+} = y - \tfrac1L B^{-1} \nabla f(y), \qquad v^{+} = x^{+} + \tfrac{A}{a}(x^{+} - x)`,
      meaning: 'Two sequences: one descends, one gathers momentum.',
    },
    {
      tex: String.raw`f(x_k) - f^* = O\!\left( \frac{L R^2}{k^2} \right)`,
      meaning: 'For convex f, as fast as any method that sees gradients only.',
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
    const work = (problem: PreparedSmoothProblem): Work => ({
      metric: makeMetric(chosen, problem, 'fast-gradient-method'),
      middle: new Float64Array(problem.dimension),
      middleGradient: new Float64Array(problem.dimension),
      direction: new Float64Array(problem.dimension),
      step: new Float64Array(problem.dimension),
    })

    return {
      start(problem, context) {
        context.scratch(() => work(problem))
        return {
          ...smoothState(problem, context.start),
          trial: new Float64Array(context.start.length),
          trialGradient: new Float64Array(context.start.length),
          anchor: context.start.slice(),
          weight: 0,
          lipschitz: initialLipschitz,
          usedLipschitz: NaN,
          trials: 0,
          totalTrials: 0,
        }
      },

      step(problem, state, context) {
        const { metric, middle, middleGradient, direction, step } = context.scratch(() => work(problem))
        const { x, anchor, weight, trial, trialGradient } = state
        const n = x.length
        let lipschitz = state.lipschitz

        for (let trials = 1; trials <= maxTrials; trials++) {
          const added = (1 + Math.sqrt(1 + 4 * weight * lipschitz)) / (2 * lipschitz)
          const toAnchor = added / (added + weight)
          for (let i = 0; i < n; i++) middle[i] = x[i] + toAnchor * (anchor[i] - x[i])
          const middleValue = problem.valueAndGradient(middle, middleGradient)
          metric.solve(middleGradient, direction)
          const squaredNorm = dot(middleGradient, direction)
          for (let i = 0; i < n; i++) {
            step[i] = -direction[i] / lipschitz
            trial[i] = middle[i] + step[i]
          }
          const trialValue = problem.valueAndGradient(trial, trialGradient)
          const decrease = reliableDecrease(middleValue, trialValue, middleGradient, trialGradient, step)
          if (decrease >= (ROUNDING * squaredNorm) / (2 * lipschitz) && commit(problem, state, trialValue)) {
            const ratio = weight / added
            const { x: next, trial: previous } = state
            for (let i = 0; i < n; i++) anchor[i] = next[i] + ratio * (next[i] - previous[i])
            state.weight = weight + added
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
        lipschitz: state.usedLipschitz,
        trials: state.trials,
        totalTrials: state.totalTrials,
      }),
      solution: (state) => state.x,
    }
  },
})
