import { integer, positive } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import {
  approximationOption,
  type HessianModel,
  hessianModel,
  linearSolverOption,
  requiredOracles,
} from './hessian-model.ts'
import { dot, type Metric, type MetricChoice, makeMetric, metricOption } from './metric.ts'
import { reliableDecrease } from './reliable-decrease.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface CubicRegularizedNewtonOptions {
  /** First estimate M of the Lipschitz constant of the Hessian, > 0. Default 1. */
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

interface CubicNewtonState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** B^-1 grad f(x), and room for that of the trial. */
  metricGradient: Float64Array
  trialMetricGradient: Float64Array
  dualGradientNorm: number
  /** M for the next first trial. */
  factor: number
  /** lambda = (M/2) ||h|| of the last accepted step; NaN before the first. */
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
  /** B s and (H + (M/2) r B)^-1 B s, for the derivative of ||s||. */
  readonly image: Float64Array
  readonly slope: Float64Array
}

const SMALLEST_FACTOR = 1e-5
const MAX_SECULAR_ITERATIONS = 80
const SECULAR_TOLERANCE = 1e-10

/**
 * Newton's method with cubic regularization, for smooth f: R^n -> R:
 *
 *     x+ = x + argmin_h <g, h> + <H h, h>/2 + (M/6) ||h||^3.
 *
 * The minimizer is h = -(H + (M/2) r B)^-1 g with r = ||h||; r is found by Newton's method on 1/||h(r)|| = 1/r inside a bracket.
 * A trial is accepted when f(x+) <= f(x) + the model's minimum; then M is halved (down to 1e-5), else doubled. Per trial one
 * value and gradient, and typically 3 to 10 factorizations of H + (M/2) r B. The so-called hard case of an indefinite H
 * (g orthogonal to the lowest eigenvectors) is not treated.
 *
 * Measures: `dualGradientNorm`, `regularization` ((M/2) r), `stepNorm`, `trials`, `totalTrials`, `factorizations`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} at the start of a run, if the problem does not offer the named approximation or metric
 * @see Nesterov and Polyak, Cubic regularization of Newton method and its global performance, Math. Program. 108 (2006),
 *   Algorithm (3.3) and Section 5
 */
export const cubicRegularizedNewton = defineMethod<
  PreparedSmoothProblem,
  CubicRegularizedNewtonOptions,
  CubicNewtonState
>()({
  slug: 'cubic-regularized-newton',
  title: 'Cubic-regularized Newton method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Minimizes a quadratic model plus a cubic term in each iteration; safe far from the solution.',
  source: {
    authors: 'Yurii Nesterov, Boris Polyak',
    title: 'Cubic regularization of Newton method and its global performance',
    year: 2006,
    venue: 'Mathematical Programming 108',
  },
  requires: ['gradient'],
  options: {
    initialRegularization: positive(1, 'first cubic regularization'),
    approximation: approximationOption('exact'),
    metric: metricOption,
    linearSolver: linearSolverOption,
    maxTrials: integer(60, 'most trials in an iteration', { min: 1 }),
  },

  create: (options) => {
    const { maxTrials } = options
    const work = (problem: PreparedSmoothProblem): Work => {
      const metric = makeMetric(options.metric, problem, 'cubic-regularized-newton')
      const model = hessianModel(options, metric, problem, 'cubic-regularized-newton')
      const vector = (): Float64Array => new Float64Array(problem.dimension)
      return { metric, model, step: vector(), image: vector(), slope: vector() }
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
        const parts = context.scratch(() => work(problem))
        const { metric, model, step } = parts
        const { x, value, gradient, metricGradient, trial, trialGradient, trialMetricGradient } = state
        const n = x.length
        let factor = state.factor
        let solves = 0
        if (state.dualGradientNorm === 0) return { outcome: 'stalled', reason: 'the gradient is zero' }
        model.update(x)

        for (let trials = 1; trials <= maxTrials; trials++) {
          const solved = solveCubicModel(parts, gradient, metricGradient, factor)
          solves += solved.solves
          const { radius } = solved
          if (radius > 0) {
            // step holds s = -h.
            model.multiply(step, parts.image)
            const promised =
              dot(gradient, step) - 0.5 * dot(parts.image, step) - (factor / 6) * radius * radius * radius
            let moved = false
            for (let i = 0; i < n; i++) {
              step[i] = -step[i]
              trial[i] = x[i] + step[i]
              moved ||= trial[i] !== x[i]
            }
            if (!moved) break
            const trialValue = problem.valueAndGradient(trial, trialGradient)
            metric.solve(trialGradient, trialMetricGradient)
            const decrease = reliableDecrease(value, trialValue, gradient, trialGradient, step)
            // False for NaN.
            if (decrease >= promised && commit(problem, state, trialValue)) {
              state.metricGradient = trialMetricGradient
              state.trialMetricGradient = metricGradient
              state.dualGradientNorm = Math.sqrt(dot(trialGradient, trialMetricGradient))
              state.factor = Math.max(factor / 2, SMALLEST_FACTOR)
              state.regularization = 0.5 * factor * radius
              state.stepNorm = metric.norm(step)
              state.trials = trials
              state.totalTrials += trials
              if (model.factorizes) state.factorizations += solves
              return
            }
          }
          factor *= 2
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

/**
 * Solves r = ||s(r)||, s(r) = (H + (M/2) r B)^-1 g, and leaves s in `work.step`. ||s(r)|| decreases in r, so every evaluation
 * tightens the bracket: r < ||s(r)||, or H + (M/2) r B not positive definite, means that r is too small.
 *
 * @returns r (0 if none was found) and the number of matrices factored
 */
function solveCubicModel(
  { metric, model, step, image, slope }: Work,
  gradient: Float64Array,
  metricGradient: Float64Array,
  factor: number,
): { radius: number; solves: number } {
  let low = 0
  let high = Infinity
  // The minimizer for H = 0; too large for H >= 0, so a safe first guess.
  let radius = Math.sqrt((2 * Math.sqrt(dot(gradient, metricGradient))) / factor)
  for (let solves = 1; solves <= MAX_SECULAR_ITERATIONS; solves++) {
    let next = NaN
    if (model.factor(0.5 * factor * radius) && model.solve(gradient, metricGradient, step)) {
      const norm = metric.norm(step)
      if (Math.abs(norm - radius) <= SECULAR_TOLERANCE * radius) return { radius, solves }
      if (norm > radius) low = radius
      else high = radius
      metric.apply(step, image)
      if (model.solve(image, step, slope)) {
        // phi(r) = 1/||s|| - 1/r with d||s||/dr = -(M/2) <B s, (H + (M/2) r B)^-1 B s> / ||s||.
        const derivative = (0.5 * factor * dot(image, slope)) / (norm * norm * norm) + 1 / (radius * radius)
        next = radius - (1 / norm - 1 / radius) / derivative
      }
    } else {
      low = radius
    }
    if (!(next > low && next < high)) next = high === Infinity ? 2 * radius : 0.5 * (low + high)
    if (next === radius || !Number.isFinite(next)) break
    radius = next
  }
  return { radius: 0, solves: MAX_SECULAR_ITERATIONS }
}
