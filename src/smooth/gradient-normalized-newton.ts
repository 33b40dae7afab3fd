import { choice, integer, positive } from '../base/index.ts'
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

export interface GradientNormalizedNewtonOptions {
  /**
   * Which Hessian H(x) >= 0 to use: `'exact'` (of the problem, else by differences), `'none'` (H = 0: a normalized gradient
   * method), or the name of one of the problem's `hessianApproximations`. Default `'exact'`.
   */
  approximation?: string
  /**
   * The matrix B of the norms ||h|| = sqrt(h^T B h) and ||g||_* = sqrt(g^T B^-1 g), symmetric positive definite: `'identity'`,
   * `'problem'` (the problem's own `metric`), or an array: n*n row-major, or a diagonal of length n. Default `'identity'`.
   */
  metric?: MetricChoice
  /**
   * How (H + lambda B) h = -g is solved: `'factorization'` (Cholesky for dense H, closed forms for structured ones) or
   * `'conjugate-gradients'` with relative residual 0.1 min(1, sqrt(||g||_*)), which needs Hessian products only.
   * Default `'factorization'`.
   */
  linearSolver?: 'factorization' | 'conjugate-gradients'
  /**
   * With `approximation: 'none'`: the name of an approximation P(x) of the problem that preconditions the gradient step,
   * x+ = x - (P + 1e-8 I)^-1 g / lambda. Default none.
   */
  preconditioner?: string
  /**
   * How gamma is chosen. `'adaptive'`: searched, doubled after every success (Algorithm 3). The fixed rules with a constant M
   * that only grows, by doubling whenever a trial fails: `'constant'` gamma = 1/M, `'square-root'` gamma = sqrt(||g||_*) / M,
   * `'proportional'` gamma = ||g||_* / M. Default `'adaptive'`.
   */
  radiusRule?: 'adaptive' | 'constant' | 'square-root' | 'proportional'
  /** The first trial gamma_0 of the adaptive rule, in units of ||x||, > 0. Default 1. */
  initialRadius?: number
  /** The first M of the fixed rules, > 0. Default 1. */
  smoothness?: number
  /** Most trial steps in one iteration, >= 1. Default 150: enough to come down from the largest radius, 1e15. */
  maxTrials?: number
}

/** What the method remembers: the accepted point, the next radius, and how the last iteration went. */
export interface GradientNormalizedNewtonState extends RegularizedNewtonState {
  /** gamma for the next first trial. */
  radius: number
  /** gamma of the last accepted step; NaN before the first. */
  usedRadius: number
  /** M of the fixed rules. */
  smoothness: number
}

interface Work extends RegularizedNewtonWork {
  readonly trial: Trial
}

const slug = 'gradient-normalized-smoothness'

/** Keeps lambda finite whatever gamma is, and gamma finite after hundreds of successes. */
const RADIUS_SHIFT = 1e-8
const SMALLEST_RADIUS = 1e-9
const LARGEST_RADIUS = 1e15

/**
 * Gradient-regularized Newton method with an approximate Hessian and a self-tuned regularization, for smooth f: R^n -> R,
 * convex or not:
 *
 *     x+ = x - (H(x) + lambda B)^-1 grad f(x),   lambda = ||grad f(x)||_* / (gamma + 1e-8).
 *
 * gamma estimates the *gradient-normalized smoothness* of f at x: the largest radius in which the linear model of the
 * gradient field has small relative error, ||grad f(x+h) - grad f(x) - H(x) h||_* <= ||grad f(x)||_* ||h|| / gamma for all
 * ||h|| <= gamma. A trial is accepted when f(x) - f(x+) >= ||grad f(x+)||_*^2 / (8 lambda), which every gamma up to the true
 * one passes; then gamma doubles, else it halves. So ||h|| <= gamma + 1e-8, f decreases, and no smoothness constant need be known:
 * the method adapts to Lipschitz gradients, Lipschitz Hessians and quasi-self-concordant functions alike, with two or fewer
 * trials an iteration on average.
 *
 * Where H is not positive semidefinite the Cholesky factorization fails and the trial counts as failed. Close to the
 * minimizer, where f(x) - f(x+) is only rounding error, it is replaced by -<g + g+, h>/2, which passes under the same
 * condition; the reference code lets gamma collapse there. Per iteration one evaluation of H; per trial one value, one
 * gradient and one solve (n^3/3 flops for a dense H, O(n) to O(n^2) for rank-one and diagonal ones). Memory n^2 to 3 n^2 for
 * dense H, O(n) for structured ones.
 *
 * Measures: `dualGradientNorm`, `radius` (the gamma that the step used), `nextRadius`, `regularization` (lambda), `stepNorm`
 * (||h||), `trials` (of the last iteration), `totalTrials`, `factorizations`.
 *
 * Names for the paper's letters: radius = gamma, initialRadius = gamma_0, regularization = lambda, metric = B,
 * approximation = H, smoothness = M.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} at the start of a run, if the problem does not offer the named approximation or metric
 * @throws {InvalidInputError} if the metric is not symmetric positive definite
 * @see Semenov, Jaggi and Doikov, Gradient-Normalized Smoothness for Optimization with Approximate Hessians, ICLR 2026,
 *   Algorithms 1 and 3, arXiv 2506.13710
 *
 * @example
 * const problem = logSumExp({ matrix, offsets, smoothing: 1 })
 * run(problem, gradientNormalizedNewton({ approximation: 'weighted-gauss-newton' }))
 */
export const gradientNormalizedNewton = defineMethod<
  PreparedSmoothProblem,
  GradientNormalizedNewtonOptions,
  GradientNormalizedNewtonState
>()({
  slug,
  title: 'Gradient-normalized Newton method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'A Newton method that tunes its own regularization and works with cheap approximate Hessians.',
  formulae: [
    {
      tex: String.raw`x^{+} = x - \bigl( H(x) + \lambda B \bigr)^{-1} \nabla f(x), \qquad \lambda = \frac{\|\nabla f(x)\|_*}{\gamma}`,
      meaning: 'A Newton step with an approximate Hessian H, regularized in proportion to the gradient.',
    },
    {
      tex: String.raw`\|\nabla f(x+h) - \nabla f(x) - H(x) h\|_* \le \frac{\|\nabla f(x)\|_* \|h\|}{\gamma} \quad \text{for all } \|h\| \le \gamma`,
      meaning: 'The gradient-normalized smoothness: how far the linear model of the gradient can be trusted.',
    },
    {
      tex: String.raw`f(x) - f(x^{+}) \ge \frac{\|\nabla f(x^{+})\|_*^2}{8 \lambda}`,
      meaning: 'A trial that passes doubles the radius, one that fails halves it; no constant need be known.',
    },
  ],
  source: {
    authors: 'Andrei Semenov, Martin Jaggi, Nikita Doikov',
    title: 'Gradient-Normalized Smoothness for Optimization with Approximate Hessians',
    year: 2026,
    venue: 'ICLR',
    arxiv: '2506.13710',
  },
  requires: ['gradient'],
  options: {
    approximation: approximationOption('exact'),
    metric: metricOption,
    linearSolver: linearSolverOption,
    preconditioner: approximationOption<string | undefined>(undefined, 'preconditioner of the gradient step'),
    radiusRule: choice(['adaptive', 'constant', 'square-root', 'proportional'], 'adaptive', 'rule for the radius'),
    initialRadius: positive(1, 'first radius'),
    smoothness: positive(1, 'first constant of a fixed rule'),
    maxTrials: integer(150, 'most trials in an iteration', { min: 1 }),
  },

  create: (options) => {
    const { radiusRule, initialRadius, maxTrials } = options
    const work = (problem: PreparedSmoothProblem): Work => ({
      ...regularizedNewtonWork(options, problem, slug),
      trial: { value: NaN, decrease: NaN, squaredNorm: NaN },
    })

    const ruledRadius = (state: GradientNormalizedNewtonState, smoothness: number): number => {
      if (radiusRule === 'constant') return 1 / smoothness
      if (radiusRule === 'square-root') return Math.sqrt(state.dualGradientNorm) / smoothness
      return state.dualGradientNorm / smoothness
    }

    return {
      requires: requiredOracles(options),

      start(problem, context) {
        const { metric } = context.scratch(() => work(problem))
        return {
          ...regularizedNewtonState(problem, context.start, metric),
          radius: initialRadius,
          usedRadius: NaN,
          smoothness: options.smoothness,
        }
      },

      step(problem, state, context) {
        const parts = context.scratch(() => work(problem))
        const { model, step, trial } = parts
        if (state.dualGradientNorm === 0) return { outcome: 'stalled', reason: 'the gradient is zero' }
        const adaptive = radiusRule === 'adaptive'
        let { radius, smoothness } = state
        let precise = false
        model.update(state.x)

        for (let trials = 1; trials <= maxTrials; trials++) {
          if (!adaptive) radius = ruledRadius(state, smoothness)
          const lambda = state.dualGradientNorm / (radius + RADIUS_SHIFT)
          if (model.factor(lambda) && model.solve(state.gradient, state.metricGradient, step)) {
            // A step that rounding swallows: no smaller radius can help.
            if (!tryStep(problem, state, parts, trial)) {
              precise ||= trials === 1
              break
            }
            // Algorithm 3, line 5; false for NaN.
            const enough = trial.decrease >= trial.squaredNorm / (8 * lambda)
            if (enough && acceptTrial(problem, state, parts, trial, lambda, trials)) {
              state.usedRadius = radius
              state.radius = adaptive ? Math.min(Math.max(2 * radius, SMALLEST_RADIUS), LARGEST_RADIUS) : radius
              state.smoothness = smoothness
              if (model.factorizes) state.factorizations += trials
              return
            }
            precise = Math.abs(trial.decrease) <= 1e-12 * Math.abs(state.value)
          }
          radius /= 2
          smoothness *= 2
        }
        return {
          outcome: 'stalled',
          reason: precise
            ? 'precision reached: further decrease is below the rounding error of the objective'
            : 'the search failed: no radius gave the required decrease',
        }
      },

      measure: (state) => ({
        ...regularizedNewtonMeasures(state),
        radius: state.usedRadius,
        nextRadius: state.radius,
      }),
      solution: (state) => state.x,
    }
  },
})
