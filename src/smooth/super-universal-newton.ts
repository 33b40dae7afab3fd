import { between, integer, portablePow, positive } from '../base/index.ts'
import { dot } from '../linalg/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { approximationOption, linearSolverOption, requiredOracles } from './hessian-model.ts'
import { type MetricChoice, metricOption } from './metric.ts'
import {
  acceptTrial,
  type RegularizedNewtonState,
  type RegularizedNewtonWork,
  regularizedNewtonMeasures,
  regularizedNewtonState,
  regularizedNewtonWork,
  type Trial,
  tryStep,
} from './regularized-newton.ts'

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

interface SuperUniversalNewtonState extends RegularizedNewtonState {
  /** The factor M of the regularization for the next first trial. */
  factor: number
}

interface Work extends RegularizedNewtonWork {
  readonly trial: Trial
}

const slug = 'super-universal-newton'
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
  slug,
  title: 'Super-universal Newton method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Newton steps regularized by a power of the gradient norm, for convex functions.',
  formulae: [
    {
      tex: String.raw`x^{+} = x - (H(x) + \lambda B)^{-1} \nabla f(x), \qquad \lambda = M \|\nabla f(x)\|_*^{\alpha}`,
      meaning: 'The regularization falls with a power of the gradient norm.',
    },
    {
      tex: String.raw`\langle \nabla f(x^{+}), x - x^{+} \rangle \ge \frac{\|\nabla f(x^{+})\|_*^2}{4 \lambda}`,
      meaning: 'M is divided by 4 after a success, multiplied by 4 after a failure.',
    },
  ],
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
    const work = (problem: PreparedSmoothProblem): Work => ({
      ...regularizedNewtonWork(options, problem, slug),
      trial: { value: NaN, decrease: NaN, squaredNorm: NaN },
    })

    return {
      requires: requiredOracles(options),

      start(problem, context) {
        const { metric } = context.scratch(() => work(problem))
        return {
          ...regularizedNewtonState(problem, context.start, metric),
          factor: options.initialRegularization,
        }
      },

      step(problem, state, context) {
        const parts = context.scratch(() => work(problem))
        const { model, step, trial } = parts
        if (state.dualGradientNorm === 0) return { outcome: 'stalled', reason: 'the gradient is zero' }
        const scale = portablePow(state.dualGradientNorm, power)
        let { factor } = state
        model.update(state.x)

        for (let trials = 1; trials <= maxTrials; trials++) {
          const lambda = factor * scale
          if (model.factor(lambda) && model.solve(state.gradient, state.metricGradient, step)) {
            if (!tryStep(problem, state, parts, trial)) break
            // False for NaN.
            const enough = -dot(state.trialGradient, step) >= trial.squaredNorm / (4 * lambda)
            if (enough && acceptTrial(problem, state, parts, trial, lambda, trials)) {
              state.factor = Math.max(factor / 4, SMALLEST_FACTOR)
              if (model.factorizes) state.factorizations += trials
              return
            }
          }
          factor *= 4
        }
        return 'stalled'
      },

      measure: regularizedNewtonMeasures,
      solution: (state) => state.x,
    }
  },
})
