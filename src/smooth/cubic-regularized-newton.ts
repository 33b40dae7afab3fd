import { integer, portablePow, positive } from '../base/index.ts'
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

interface CubicNewtonState extends RegularizedNewtonState {
  /** M for the next first trial. */
  factor: number
}

interface Work extends RegularizedNewtonWork {
  readonly trial: Trial
  /** B s and (H + (M/2) r B)^-1 B s, for the derivative of ||s||. */
  readonly image: Float64Array
  readonly slope: Float64Array
}

const slug = 'cubic-regularized-newton'
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
  slug,
  title: 'Cubic-regularized Newton method',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Minimizes a quadratic model plus a cubic term in each iteration; safe far from the solution.',
  formulae: [
    {
      tex: String.raw`x^{+} = x + \operatorname*{arg\,min}_h\ \langle g, h \rangle + \tfrac12 \langle H h, h \rangle + \tfrac{M}{6} \|h\|^3`,
      meaning: 'The quadratic model and a cubic term that bounds how wrong it can be.',
    },
  ],
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
    const work = (problem: PreparedSmoothProblem): Work => ({
      ...regularizedNewtonWork(options, problem, slug),
      trial: { value: NaN, decrease: NaN, squaredNorm: NaN },
      image: new Float64Array(problem.dimension),
      slope: new Float64Array(problem.dimension),
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
        const { model, step, image, trial } = parts
        if (state.dualGradientNorm === 0) return { outcome: 'stalled', reason: 'the gradient is zero' }
        let { factor } = state
        let solves = 0
        model.update(state.x)

        for (let trials = 1; trials <= maxTrials; trials++) {
          const solved = solveCubicModel(parts, state.gradient, state.metricGradient, factor)
          solves += solved.solves
          const { radius } = solved
          if (radius > 0) {
            // The step is still s = -h here, so this is minus the model's minimum.
            model.multiply(step, image)
            const promised = dot(state.gradient, step) - 0.5 * dot(image, step) - (factor / 6) * portablePow(radius, 3)
            if (!tryStep(problem, state, parts, trial)) break
            const lambda = 0.5 * factor * radius
            // False for NaN.
            if (trial.decrease >= promised && acceptTrial(problem, state, parts, trial, lambda, trials)) {
              state.factor = Math.max(factor / 2, SMALLEST_FACTOR)
              if (model.factorizes) state.factorizations += solves
              return
            }
          }
          factor *= 2
        }
        return 'stalled'
      },

      measure: regularizedNewtonMeasures,
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
