import { between, integer, positive } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import {
  approximationOption,
  type HessianModel,
  hessianModel,
  linearSolverOption,
  requiredOracles,
} from './hessian-model.ts'
import { dot, type Metric, type MetricChoice, makeMetric, metricOption } from './metric.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface SuperUniversalNewtonOptions {
  /** Power alpha of the gradient norm in the regularization, in [0, 1]; 1, 2/3 and 1/2 are the usual ones. Default 2/3. */
  power?: number
  /** First factor of the regularization, > 0. Default 1. */
  initialRegularization?: number
  /** `'exact'`, `'none'`, or the name of one of the problem's `hessianApproximations`. Default `'exact'`. */
  approximation?: string
  /** The matrix B of the norm: `'identity'`, `'problem'`, or an array (n*n row-major, or a diagonal). Default `'identity'`. */
  metric?: MetricChoice
  /** `'factorization'` or `'conjugate-gradients'`. Default `'factorization'`. */
  linearSolver?: 'factorization' | 'conjugate-gradients'
  /** Most trial steps in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface SuperUniversalNewtonState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** B^-1 grad f(x), and room for that of the trial. */
  metricGradient: Float64Array
  trialMetricGradient: Float64Array
  dualGradientNorm: number
  /** The factor H of the regularization for the next first trial. */
  factor: number
  regularization: number
  stepNorm: number
  trials: number
  totalTrials: number
  factorizations: number
}

interface Work {
  readonly metric: Metric
  readonly model: HessianModel
  readonly step: Float64Array
}

const SMALLEST_FACTOR = 1e-5

/**
 * Super-universal regularized Newton method for convex f: R^n -> R:
 *
 *     x+ = x - (H(x) + lambda B)^-1 grad f(x),   lambda = M ||grad f(x)||_*^alpha.
 *
 * A trial is accepted when <grad f(x+), x - x+> >= ||grad f(x+)||_*^2 / (4 lambda); then M is divided by 4 (down to 1e-5), else
 * multiplied by 4. The test looks at gradients only: f itself need not decrease where f is not convex. Per trial one value
 * and gradient, and one solve.
 *
 * Measures: `dualGradientNorm`, `regularization` (lambda), `stepNorm`, `trials`, `totalTrials`, `factorizations`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} at the start of a run, if the problem does not offer the named approximation or metric
 * @see Doikov, Mishchenko and Nesterov, Super-Universal Regularized Newton Method, SIAM J. Optim. 34 (2024), Algorithm 2,
 *   arXiv 2208.05888
 */
export const superUniversalNewton = defineMethod<
  PreparedSmoothProblem,
  SuperUniversalNewtonOptions,
  SuperUniversalNewtonState
>()({
  slug: 'super-universal-newton',
  title: 'Super-universal Newton method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Newton steps regularized by a power of the gradient norm, for convex functions.',
  source: {
    authors: 'Nikita Doikov, Konstantin Mishchenko, Yurii Nesterov',
    title: 'Super-Universal Regularized Newton Method',
    year: 2024,
    venue: 'SIAM Journal on Optimization 34',
    arxiv: '2208.05888',
  },
  requires: ['gradient'],
  options: {
    power: between(0, 1, 2 / 3, 'power of the gradient norm'),
    initialRegularization: positive(1, 'first regularization factor'),
    approximation: approximationOption('exact'),
    metric: metricOption,
    linearSolver: linearSolverOption,
    maxTrials: integer(60, 'most trials in an iteration', { min: 1 }),
  },

  create: (options) => {
    const { power, maxTrials } = options
    const work = (problem: PreparedSmoothProblem): Work => {
      const metric = makeMetric(options.metric, problem, 'super-universal-newton')
      const model = hessianModel(options, metric, problem, 'super-universal-newton')
      return { metric, model, step: new Float64Array(problem.dimension) }
    }

    return {
      requires: requiredOracles(options),

      start(problem, context) {
        const { metric } = context.scratch(() => work(problem))
        const n = context.start.length
        const state = smoothState(problem, context.start)
        const metricGradient = new Float64Array(n)
        metric.solve(state.gradient, metricGradient)
        return {
          ...state,
          trial: new Float64Array(n),
          trialGradient: new Float64Array(n),
          metricGradient,
          trialMetricGradient: new Float64Array(n),
          dualGradientNorm: Math.sqrt(dot(state.gradient, metricGradient)),
          factor: options.initialRegularization,
          regularization: NaN,
          stepNorm: NaN,
          trials: 0,
          totalTrials: 0,
          factorizations: 0,
        }
      },

      step(problem, state, context) {
        const { metric, model, step } = context.scratch(() => work(problem))
        const { x, gradient, metricGradient, trial, trialGradient, trialMetricGradient } = state
        const n = x.length
        const scale = state.dualGradientNorm ** power
        let factor = state.factor
        if (state.dualGradientNorm === 0) return { outcome: 'stalled', reason: 'the gradient is zero' }
        model.update(x)

        for (let trials = 1; trials <= maxTrials; trials++) {
          const lambda = factor * scale
          if (model.factor(lambda) && model.solve(gradient, metricGradient, step)) {
            let moved = false
            for (let i = 0; i < n; i++) {
              step[i] = -step[i]
              trial[i] = x[i] + step[i]
              moved ||= trial[i] !== x[i]
            }
            if (!moved) break
            const trialValue = problem.valueAndGradient(trial, trialGradient)
            metric.solve(trialGradient, trialMetricGradient)
            const squaredNorm = dot(trialGradient, trialMetricGradient)
            // False for NaN.
            if (-dot(trialGradient, step) >= squaredNorm / (4 * lambda) && commit(problem, state, trialValue)) {
              state.metricGradient = trialMetricGradient
              state.trialMetricGradient = metricGradient
              state.dualGradientNorm = Math.sqrt(squaredNorm)
              state.factor = Math.max(factor / 4, SMALLEST_FACTOR)
              state.regularization = lambda
              state.stepNorm = metric.norm(step)
              state.trials = trials
              state.totalTrials += trials
              if (model.factorizes) state.factorizations += trials
              return
            }
          }
          factor *= 4
        }
        return 'stalled'
      },

      measure: (state) => ({
        ...smoothMeasures(state),
        dualGradientNorm: state.dualGradientNorm,
        regularization: state.regularization,
        stepNorm: state.stepNorm,
        trials: state.trials,
        totalTrials: state.totalTrials,
        factorizations: state.factorizations,
      }),
      solution: (state) => state.x,
    }
  },
})
