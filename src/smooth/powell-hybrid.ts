import { flag, integer, positive } from '../base/index.ts'
import { lu } from '../linalg/index.ts'
import { defineMethod } from '../solver/index.ts'
import { type PreparedNonlinearSystem, systemMeasures } from './nonlinear-system.ts'

export interface PowellHybridOptions {
  /** First radius of the trust region, as a multiple of ||D x|| (of 1 where x = 0), > 0. Default 1. */
  initialRadius?: number
  /**
   * Update the Jacobian by Broyden's rank-one formula and evaluate it anew only when progress is poor. With false it is
   * evaluated in every iteration. Default true.
   */
  broyden?: boolean
  /** Most radii tried in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface PowellHybridState {
  x: Float64Array
  residuals: Float64Array
  trial: Float64Array
  trialResiduals: Float64Array
  /** The Jacobian or Broyden's approximation, [n, n]. */
  jacobian: Float64Array
  /** Whether `jacobian` was evaluated at x itself. */
  exact: boolean
  /** D: the largest norm so far of each column. */
  scale: Float64Array
  radius: number
  /** Iterations in a row that hardly reduced ||F||. */
  slow: number
  ratio: number
  stepNorm: number
}

interface Work {
  factors: Float64Array
  newton: Float64Array
  gradient: Float64Array
  step: Float64Array
  image: Float64Array
}

/** An iteration must reduce ||F|| by this part, or count as slow. */
const SLOW = 1e-3
/** So many slow iterations in a row, with a fresh Jacobian, mean that the method is stuck. */
const MOST_SLOW = 25

function euclidean(v: Float64Array, scale?: Float64Array): number {
  let sum = 0
  for (let i = 0; i < v.length; i++) sum += (v[i] * (scale ? scale[i] : 1)) ** 2
  return Math.sqrt(sum)
}

function updateScale(state: PowellHybridState, first: boolean): void {
  const { jacobian, scale } = state
  const n = scale.length
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += jacobian[i * n + j] ** 2
    const norm = Math.sqrt(sum)
    if (first) scale[j] = norm > 0 && Number.isFinite(norm) ? norm : 1
    else if (norm > scale[j] && Number.isFinite(norm)) scale[j] = norm
  }
}

/**
 * Powell's dogleg: along the scaled steepest descent of ||F + J p||, then towards the Newton step, as far as ||D p|| <= radius.
 * A singular Jacobian has no Newton step; the steepest descent then goes alone.
 */
function dogleg(state: PowellHybridState, radius: number, work: Work): void {
  const { residuals, jacobian, scale } = state
  const { newton, gradient, step, image, factors } = work
  const n = residuals.length
  const factorization = lu({ rows: n, cols: n, data: jacobian }, factors)
  let hasNewton = factorization.ok
  if (hasNewton) {
    for (let i = 0; i < n; i++) newton[i] = -residuals[i]
    factorization.solve(newton, newton)
    hasNewton = newton.every(Number.isFinite)
    if (hasNewton && euclidean(newton, scale) <= radius) {
      step.set(newton)
      return
    }
  }
  // g = D^-2 J'F, the steepest descent in the scaled norm.
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += jacobian[i * n + j] * residuals[i]
    gradient[j] = -sum / (scale[j] * scale[j])
  }
  const length = euclidean(gradient, scale)
  if (length === 0) {
    step.fill(0)
    return
  }
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += jacobian[i * n + j] * gradient[j]
    image[i] = sum
  }
  // Minimizer of the model along g: (D g . D g) / ||J g||^2.
  const cauchy = (length / euclidean(image)) ** 2
  if (!(cauchy * length < radius) || !hasNewton) {
    const t = Math.min(cauchy, radius / length)
    for (let j = 0; j < n; j++) step[j] = t * gradient[j]
    return
  }
  // The point of the segment from the Cauchy to the Newton step with ||D p|| = radius.
  let aa = 0
  let ab = 0
  let bb = 0
  for (let j = 0; j < n; j++) {
    const c = cauchy * gradient[j] * scale[j]
    const d = newton[j] * scale[j] - c
    aa += d * d
    ab += c * d
    bb += c * c
  }
  const room = radius * radius - bb
  const t = room / (ab + Math.sqrt(ab * ab + aa * room))
  for (let j = 0; j < n; j++) step[j] = (1 - t) * cauchy * gradient[j] + t * newton[j]
}

/**
 * Powell's hybrid method for square systems F(x) = 0, F: R^n -> R^n.
 *
 * Newton steps where they can be trusted, steepest descent of ||F|| where not: the dogleg step inside ||D p|| <= radius, D the
 * largest norm so far of each column of J. Between evaluations J follows Broyden's update J + (F+ - F - J p)(D^2 p)' / ||D p||^2;
 * it is evaluated anew after two failures or when progress is slow. Per iteration one F (and at most n^3 flops for the
 * factorization); memory 2 n^2 + O(n). Quadratically convergent with fresh Jacobians, superlinearly with updates. Ends as
 * `stalled` at a minimum of ||F|| that is no root. Measures: `residualNorm`, `radius`, `ratio` (actual over predicted
 * decrease of ||F||), `stepNorm`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Powell, A hybrid method for nonlinear equations, in: Numerical Methods for Nonlinear Algebraic Equations (1970); More,
 *   Garbow and Hillstrom, User guide for MINPACK-1 (1980), HYBRJ
 */
export const powellHybrid = defineMethod<PreparedNonlinearSystem, PowellHybridOptions, PowellHybridState>()({
  slug: 'powell-hybrid',
  title: 'Powell hybrid',
  room: 'smooth',
  problemClass: 'nonlinear-system',
  summary: 'Solves n nonlinear equations in n unknowns, from starts that need not be close.',
  formulae: [
    {
      tex: String.raw`F(x) = 0, \qquad J p = -F`,
      meaning: "Newton's step for a system of equations.",
    },
    {
      tex: String.raw`J^{+} = J + \frac{(F^{+} - F - J p)\,(D^2 p)^\top}{\|D p\|^2}`,
      meaning: "Between evaluations the Jacobian follows Broyden's update.",
    },
  ],
  source: {
    authors: 'M. J. D. Powell',
    title: 'A hybrid method for nonlinear equations',
    year: 1970,
    venue: 'Numerical Methods for Nonlinear Algebraic Equations',
  },
  requires: ['jacobian'],
  options: {
    initialRadius: positive(1, 'first radius'),
    broyden: flag(true, 'Broyden updates'),
    maxTrials: integer(60, 'most radii in an iteration', { min: 1 }),
  },

  create: ({ initialRadius, broyden, maxTrials }) => ({
    start(problem, { start }) {
      const n = start.length
      const residuals = new Float64Array(n)
      problem.residuals(start, residuals)
      const jacobian = new Float64Array(n * n)
      if (residuals.every(Number.isFinite)) problem.jacobian(start, jacobian)
      const state: PowellHybridState = {
        x: start,
        residuals,
        trial: new Float64Array(n),
        trialResiduals: new Float64Array(n),
        jacobian,
        exact: true,
        scale: new Float64Array(n),
        radius: 0,
        slow: 0,
        ratio: NaN,
        stepNorm: NaN,
      }
      updateScale(state, true)
      const length = euclidean(start, state.scale)
      state.radius = initialRadius * (length > 0 ? length : 1)
      return state
    },

    step(problem, state, context) {
      const n = state.x.length
      const work = context.scratch<Work>(() => ({
        factors: new Float64Array(n * n),
        newton: new Float64Array(n),
        gradient: new Float64Array(n),
        step: new Float64Array(n),
        image: new Float64Array(n),
      }))
      const { jacobian, scale } = state
      const { step, image } = work
      const norm = euclidean(state.residuals)
      let failures = 0
      for (let trials = 1; trials <= maxTrials; trials++) {
        if (!state.exact && (!broyden || failures >= 2 || state.slow >= 10)) {
          problem.jacobian(state.x, jacobian)
          updateScale(state, false)
          state.exact = true
          failures = 0
        }
        if (!jacobian.every(Number.isFinite)) {
          return { outcome: 'diverged', reason: 'the Jacobian is not finite at the current point' }
        }
        dogleg(state, state.radius, work)
        const length = euclidean(step, scale)
        let moved = false
        for (let j = 0; j < n; j++) {
          state.trial[j] = state.x[j] + step[j]
          moved ||= state.trial[j] !== state.x[j]
        }
        if (!moved) {
          if (!state.exact) {
            failures = 2
            continue
          }
          return {
            outcome: 'stalled',
            reason: 'the step is below rounding level: a minimum of ||F|| that is no root, perhaps',
          }
        }
        if (context.iteration === 0 && trials === 1) state.radius = Math.min(state.radius, length)
        problem.residuals(state.trial, state.trialResiduals)
        const trialNorm = euclidean(state.trialResiduals)
        for (let i = 0; i < n; i++) {
          let sum = state.residuals[i]
          for (let j = 0; j < n; j++) sum += jacobian[i * n + j] * step[j]
          image[i] = sum
        }
        const predicted = 1 - (euclidean(image) / norm) ** 2
        const actual = trialNorm < norm ? 1 - (trialNorm / norm) ** 2 : -1
        const ratio = predicted > 0 ? actual / predicted : 0
        const finite = Number.isFinite(trialNorm)
        if (ratio < 0.1) {
          failures++
          state.radius = Math.min(0.5 * state.radius, finite ? 0.5 * length : 0.1 * length)
        } else if (ratio >= 0.5 || Math.abs(ratio - 1) <= 0.1) {
          state.radius = Math.max(state.radius, 2 * length)
        }
        if (finite) {
          // Broyden's update learns from rejected steps as well; a fresh Jacobian is kept until a step is taken.
          const accepted = ratio >= 1e-4
          if (accepted || !state.exact) {
            let square = 0
            for (let j = 0; j < n; j++) square += (scale[j] * step[j]) ** 2
            for (let i = 0; i < n; i++) {
              const miss = (state.trialResiduals[i] - image[i]) / square
              for (let j = 0; j < n; j++) jacobian[i * n + j] += miss * scale[j] * scale[j] * step[j]
            }
            state.exact = false
          }
          if (accepted) {
            const { x, residuals } = state
            state.x = state.trial
            state.trial = x
            state.residuals = state.trialResiduals
            state.trialResiduals = residuals
            state.ratio = ratio
            state.stepNorm = length
            state.slow = actual < SLOW ? state.slow + 1 : 0
            if (state.slow > MOST_SLOW) {
              return {
                outcome: 'stalled',
                reason: '||F|| hardly decreases any more: a minimum of ||F|| that is no root, perhaps',
              }
            }
            return
          }
        }
      }
      return { outcome: 'stalled', reason: 'no step decreases ||F||: a minimum of ||F|| that is no root, perhaps' }
    },

    measure: (state) => ({
      ...systemMeasures(state.residuals),
      radius: state.radius,
      ratio: state.ratio,
      stepNorm: state.stepNorm,
    }),
    solution: (state) => state.x,
  }),
})
