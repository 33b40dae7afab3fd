import { integer, portableHypot, positive } from '../base/index.ts'
import { defineMethod, type Measures } from '../solver/index.ts'
import {
  type DampedWork,
  dampedStep,
  dampedWork,
  factorModel,
  type LinearModel,
  linearModel,
  modelImageNorm,
} from './damped-step.ts'
import { halfSumOfSquares, type PreparedLeastSquaresProblem } from './least-squares-problem.ts'

export interface LevenbergMarquardtOptions {
  /**
   * First radius of the trust region in units of ||D x||, > 0. Default 100 (nearly a Gauss-Newton step); smaller is more
   * careful with starts far away.
   */
  initialRadius?: number
  /** Most radii tried in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface LevenbergMarquardtState {
  x: Float64Array
  residuals: Float64Array
  /** (1/2) ||r||^2. */
  value: number
  model: LinearModel
  offset: number
  trial: Float64Array
  trialResiduals: Float64Array
  trialModel: LinearModel
  /** D: the largest norm so far of each column of J. */
  scale: Float64Array
  radius: number
  lambda: number
  ratio: number
  stepNorm: number
  /** Steps judged by gradients since the offset was last halved, and the offset then. */
  idle: number
  milestone: number
}

interface Work {
  readonly jacobian: Float64Array
  readonly factors: Float64Array
  readonly damped: DampedWork
  readonly step: Float64Array
}

/** More's constants: least ratio of actual to predicted decrease, and when to shrink and grow the radius. */
const ACCEPT = 1e-4
const POOR = 0.25
const GOOD = 0.75
/** Below this relative change of ||r||^2 the values cannot judge a step any more; the gradients then do. */
const VALUE_NOISE = 1e-12
/** After so many such steps without halving the relative offset the method has reached rounding level. */
const IDLE_STEPS = 50
/** A step that takes this much of its influence from a parameter has jumped to where the model is flat. */
const COLLAPSE = 1e-8

function makeWork(problem: PreparedLeastSquaresProblem): Work {
  const { dimension: n, residualCount: m } = problem
  return {
    jacobian: new Float64Array(m * n),
    factors: new Float64Array((n + 1) * m),
    damped: dampedWork(n),
    step: new Float64Array(n),
  }
}

/** Size of the terms from which the residuals are computed, ||J diag(x)||_F. */
function modelSize(model: LinearModel, x: Float64Array): number {
  let size = 0
  for (let j = 0; j < x.length; j++) size = portableHypot(size, model.columnNorms[j] * x[j])
  return size
}

/** The relative offset (see `relativeOffset`), from the factors. */
function offsetOf(model: LinearModel, x: Float64Array, value: number): number {
  let projected = 0
  for (let k = 0; k < model.rank; k++) projected = portableHypot(projected, model.projected[k])
  return projected / (Math.sqrt(2 * value) + 1e-6 * modelSize(model, x) + 1e-22)
}

function finiteModel(model: LinearModel): boolean {
  for (let j = 0; j < model.columnNorms.length; j++) {
    if (!Number.isFinite(model.columnNorms[j]) || !Number.isFinite(model.gradient[j])) return false
  }
  return true
}

/** Whether some parameter lost nearly all influence on the residuals in one step. */
function collapsed(before: LinearModel, after: LinearModel): boolean {
  for (let j = 0; j < before.columnNorms.length; j++) {
    if (after.columnNorms[j] < COLLAPSE * before.columnNorms[j]) return true
  }
  return false
}

/**
 * Levenberg-Marquardt for min (1/2) sum_i r_i(x)^2 as More's scaled trust-region method.
 *
 * The step minimizes the linearized ||J p + r|| over ||D p|| <= radius, with D_j the largest norm so far of column j of J: so the
 * iterates do not depend on the units of the parameters. The radius shrinks where the linear model predicts the decrease
 * badly (ratio below 1/4) or a trial is not finite, and grows where it predicts well. Steps are computed from a QR factorization
 * of J with column pivoting, never from J^T J. Two departures: a trial that takes nearly all influence from some parameter (its
 * column of J shrinks by 1e-8: an exponential that has died out) counts as bad even if the sum of squares falls, because
 * nothing leads back from there; and close to the solution, where differences of ||r||^2 are rounding errors, the decrease is
 * judged from gradients. Per iteration one Jacobian, 2 n^2 m flops, and one evaluation of the residuals per trial; memory
 * 2 m n + O(m + n^2).
 *
 * Measures: `relativeOffset`, `gradientNorm` (infinity norm of J^T r), `radius`, `damping` (lambda), `ratio` (actual over
 * predicted decrease), `stepNorm` (||D p||), `rank` (of J).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see More, The Levenberg-Marquardt algorithm: implementation and theory, LNM 630 (1978), Algorithm 7.1
 */
export const levenbergMarquardt = defineMethod<
  PreparedLeastSquaresProblem,
  LevenbergMarquardtOptions,
  LevenbergMarquardtState
>()({
  slug: 'levenberg-marquardt',
  title: 'Levenberg-Marquardt',
  room: 'smooth',
  problemClass: 'least-squares',
  summary: 'The standard method for nonlinear least squares and curve fitting, whatever the units of the parameters.',
  formulae: [
    {
      tex: String.raw`\min_x\ \tfrac12 \|r(x)\|^2`,
      meaning: 'A sum of squared residuals.',
    },
    {
      tex: String.raw`(J^\top J + \lambda D^2)\, p = -J^\top r, \qquad \|D p\| \le \Delta`,
      meaning:
        'Between Gauss-Newton (small damping) and a short gradient step (large damping), in the units of each parameter.',
    },
  ],
  source: {
    authors: 'Jorge J. More',
    title: 'The Levenberg-Marquardt algorithm: implementation and theory',
    year: 1978,
    venue: 'Lecture Notes in Mathematics 630',
  },
  requires: ['jacobian'],
  options: {
    initialRadius: positive(100, 'first radius'),
    maxTrials: integer(60, 'most radii in an iteration', { min: 1 }),
  },

  create: ({ initialRadius, maxTrials }) => ({
    start(problem, context) {
      const { dimension: n, residualCount: m } = problem
      const { jacobian, factors } = context.scratch(() => makeWork(problem))
      const x = context.start
      const residuals = new Float64Array(m)
      problem.residuals(x, residuals)
      const value = halfSumOfSquares(residuals)
      const model = linearModel(n)
      if (Number.isFinite(value)) {
        problem.jacobian(x, jacobian)
        factorModel(jacobian, residuals, model, factors)
      }
      const scale = new Float64Array(n)
      let length = 0
      for (let j = 0; j < n; j++) {
        scale[j] = model.columnNorms[j] > 0 ? model.columnNorms[j] : 1
        length = portableHypot(length, scale[j] * x[j])
      }
      return {
        x,
        residuals,
        value,
        model,
        offset: offsetOf(model, x, value),
        trial: new Float64Array(n),
        trialResiduals: new Float64Array(m),
        trialModel: linearModel(n),
        scale,
        radius: initialRadius * (length > 0 ? length : 1),
        lambda: 0,
        ratio: NaN,
        stepNorm: NaN,
        idle: 0,
        milestone: Infinity,
      }
    },

    step(problem, state, context) {
      const { jacobian, factors, damped, step } = context.scratch(() => makeWork(problem))
      const { x, residuals, value, model, trial, trialResiduals, trialModel, scale } = state
      const n = x.length
      const m = residuals.length
      if (!finiteModel(model)) return { outcome: 'diverged', reason: 'the Jacobian is not finite at the current point' }
      const noise = VALUE_NOISE + (4 * Number.EPSILON * modelSize(model, x)) / Math.sqrt(2 * value)
      let { radius, lambda } = state

      for (let trials = 1; trials <= maxTrials; trials++) {
        lambda = dampedStep(model, scale, radius, lambda, step, damped)
        let moved = false
        let length = 0
        for (let j = 0; j < n; j++) {
          trial[j] = x[j] + step[j]
          moved ||= trial[j] !== x[j]
          length = portableHypot(length, scale[j] * step[j])
        }
        if (!moved) return stalled(state, 'the step is below rounding level')
        // From here on the radius is never much longer than the step: a first radius far too large shrinks at once.
        if (context.iteration === 0) radius = Math.min(radius, length)

        problem.residuals(trial, trialResiduals)
        const trialValue = halfSumOfSquares(trialResiduals)
        // Both relative to ||r||^2; the sum of (r - r+)(r + r+) loses less than the difference of the sums.
        const image = modelImageNorm(model, step)
        const imagePart = (image * image) / (2 * value)
        const dampedPart = (lambda * length * length) / (2 * value)
        const predicted = imagePart + 2 * dampedPart
        let actual = -1
        if (0.01 * trialValue < value) {
          actual = 0
          for (let i = 0; i < m; i++) actual += (residuals[i] - trialResiduals[i]) * (residuals[i] + trialResiduals[i])
          actual /= 2 * value
        }
        let ratio = predicted === 0 ? 0 : actual / predicted

        const unclear = predicted <= noise && Math.abs(actual) <= noise
        let accepted = false
        if (ratio >= ACCEPT || unclear) {
          problem.jacobian(trial, jacobian)
          factorModel(jacobian, trialResiduals, trialModel, factors)
          accepted = finiteModel(trialModel) && !collapsed(model, trialModel)
          if (accepted && unclear) {
            // f(x) - f(x + p) by the trapezoidal rule.
            let slope = 0
            for (let j = 0; j < n; j++) slope += (model.gradient[j] + trialModel.gradient[j]) * step[j]
            ratio = (-0.5 * slope) / (predicted * value)
            accepted = ratio >= ACCEPT
          }
        }

        // More's update: shrink by the minimizer of the parabola through the two values and the slope.
        if (!accepted || ratio <= POOR) {
          const slope = -(imagePart + dampedPart)
          let shrink = actual >= 0 || unclear || ratio >= ACCEPT ? 0.5 : (0.5 * slope) / (slope + 0.5 * actual)
          if (!(0.1 * Math.sqrt(trialValue) < Math.sqrt(value)) || !(shrink > 0.1)) shrink = 0.1
          radius = shrink * Math.min(radius, 10 * length)
          lambda /= shrink
        } else if (lambda === 0 || ratio >= GOOD) {
          radius = 2 * length
          lambda *= 0.5
        }

        if (accepted) {
          state.x = trial
          state.trial = x
          state.residuals = trialResiduals
          state.trialResiduals = residuals
          state.model = trialModel
          state.trialModel = model
          state.value = trialValue
          state.offset = offsetOf(trialModel, trial, trialValue)
          for (let j = 0; j < n; j++) scale[j] = Math.max(scale[j], trialModel.columnNorms[j])
          state.radius = radius
          state.lambda = lambda
          state.ratio = ratio
          state.stepNorm = length
          if (state.offset <= 0.5 * state.milestone) {
            state.milestone = state.offset
            state.idle = 0
          } else if (unclear && ++state.idle >= IDLE_STEPS) {
            return stalled(state, 'no step reduces the relative offset further')
          }
          return
        }
      }
      return stalled(state, 'no step decreases the sum of squares')
    },

    measure: (state): Measures => {
      let gradientNorm = 0
      for (let j = 0; j < state.x.length; j++) gradientNorm = Math.max(gradientNorm, Math.abs(state.model.gradient[j]))
      return {
        objective: state.value,
        relativeOffset: state.offset,
        gradientNorm,
        radius: state.radius,
        damping: state.lambda,
        ratio: state.ratio,
        stepNorm: state.stepNorm,
        rank: state.model.rank,
      }
    },
    solution: (state) => state.x,
  }),
})

function stalled({ offset, model, x }: LevenbergMarquardtState, what: string): { outcome: 'stalled'; reason: string } {
  const rank = model.rank < x.length ? `; the Jacobian has rank ${model.rank} instead of ${x.length} there` : ''
  return { outcome: 'stalled', reason: `${what} (relativeOffset ${Number(offset.toPrecision(3))})${rank}` }
}
