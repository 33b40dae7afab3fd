import { choice, integer, positive } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import type { SearchState } from './line-search.ts'
import { reliableDecrease } from './reliable-decrease.ts'
import { commit, smoothMeasures, smoothState } from './smooth-state.ts'

export interface TrustRegionNewtonOptions {
  /** First radius of the trust region, > 0. Default: ten times the length of the Cauchy step at the start. */
  initialRadius?: number
  /**
   * `'products'`: conjugate gradients call Hessian products only; `'matrix'`: the Hessian is evaluated once an iteration and
   * multiplied. Default `'products'`.
   */
  curvature?: 'products' | 'matrix'
  /** Most conjugate-gradient steps in one solve, >= 1. Default 2n. */
  maxInnerIterations?: number
  /** Most radii tried in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface TrustRegionNewtonState extends SearchState {
  radius: number
  /** Euclidean norm of the gradient at the start, to which the accuracy of the inner solves is relative. */
  firstNorm: number
  /** How the last iteration went. */
  ratio: number
  stepNorm: number
  innerIterations: number
  totalInnerIterations: number
}

interface Work {
  readonly matrix: Float64Array
  readonly step: Float64Array
  readonly residual: Float64Array
  readonly direction: Float64Array
  readonly image: Float64Array
  readonly multiply: (v: Float64Array, out: Float64Array) => void
  x: Float64Array
}

/** How a truncated conjugate-gradient solve ended. */
export type SteihaugEnd = 'interior' | 'boundary' | 'negative-curvature' | 'limit'

/** What a truncated conjugate-gradient solve reports besides the step. */
export interface SteihaugOutcome {
  end: SteihaugEnd
  iterations: number
  /** m(0) - m(step) of the quadratic model, >= 0. */
  predicted: number
}

/**
 * Approximate minimizer of the model <g, p> + (1/2) <p, H p> over ||p|| <= radius by conjugate gradients from p = 0, which stop
 * at ||H p + g|| <= tolerance, at the boundary, or at a direction of nonpositive curvature, along which they go to the
 * boundary. The model decreases and ||p|| grows in every iteration.
 *
 * @param multiply out = H v, H symmetric
 * @param step written: p
 * @param work three arrays of length n
 * @see Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM J. Numer. Anal. 20 (1983);
 *   Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithm 7.2
 */
export function steihaug(
  multiply: (v: Float64Array, out: Float64Array) => void,
  gradient: Float64Array,
  radius: number,
  tolerance: number,
  maxIterations: number,
  step: Float64Array,
  work: readonly [residual: Float64Array, direction: Float64Array, image: Float64Array],
  outcome: SteihaugOutcome,
  interrupted: () => boolean = () => false,
): void {
  const [residual, direction, image] = work
  const n = gradient.length
  let rr = 0
  for (let i = 0; i < n; i++) {
    step[i] = 0
    residual[i] = gradient[i]
    direction[i] = -gradient[i]
    rr += gradient[i] * gradient[i]
  }
  let pp = 0
  outcome.predicted = 0
  for (let k = 1; k <= maxIterations; k++) {
    outcome.iterations = k
    multiply(direction, image)
    let curvature = 0
    let dd = 0
    let pd = 0
    for (let i = 0; i < n; i++) {
      curvature += direction[i] * image[i]
      dd += direction[i] * direction[i]
      pd += step[i] * direction[i]
    }
    const t = rr / curvature
    const ahead = pp + 2 * t * pd + t * t * dd
    // Written so that a NaN curvature ends at the boundary too, where the trial is judged by f.
    if (!(curvature > 0) || !(ahead < radius * radius)) {
      // Positive root of ||p + tau d|| = radius, without cancellation.
      const gap = radius * radius - pp
      const root = Math.sqrt(Math.max(0, pd * pd + dd * gap))
      const tau = pd > 0 ? gap / (pd + root) : (root - pd) / dd
      for (let i = 0; i < n; i++) step[i] += tau * direction[i]
      // Along d the model has slope -<r, r> at the current point.
      outcome.predicted += tau * rr - 0.5 * tau * tau * curvature
      outcome.end = curvature > 0 ? 'boundary' : 'negative-curvature'
      return
    }
    let next = 0
    for (let i = 0; i < n; i++) {
      step[i] += t * direction[i]
      residual[i] += t * image[i]
      next += residual[i] * residual[i]
    }
    outcome.predicted += 0.5 * t * rr
    pp = ahead
    if (Math.sqrt(next) <= tolerance) {
      outcome.end = 'interior'
      return
    }
    const beta = next / rr
    rr = next
    for (let i = 0; i < n; i++) direction[i] = beta * direction[i] - residual[i]
    if (k % 16 === 0 && interrupted()) break
  }
  outcome.end = 'limit'
}

function makeWork(problem: PreparedSmoothProblem, dense: boolean): Work {
  const n = problem.dimension
  const matrix = new Float64Array(dense ? n * n : 0)
  const work: Work = {
    matrix,
    step: new Float64Array(n),
    residual: new Float64Array(n),
    direction: new Float64Array(n),
    image: new Float64Array(n),
    x: new Float64Array(0),
    multiply: dense
      ? (v, out) => {
          for (let i = 0; i < n; i++) {
            let sum = 0
            for (let j = 0; j < n; j++) sum += matrix[i * n + j] * v[j]
            out[i] = sum
          }
        }
      : (v, out) => problem.hessianProduct(work.x, v, out),
  }
  return work
}

const ACCEPT = 1e-4
const LARGEST_RADIUS = 1e30

/**
 * Trust-region Newton method with truncated conjugate gradients (Steihaug and Toint) for smooth f: R^n -> R, convex or not.
 *
 * Each step minimizes the quadratic model approximately over a ball, accurately enough for superlinear convergence (relative
 * residual min(1/2, sqrt(||g|| / ||g_0||))); directions of negative curvature are followed to the boundary. The radius shrinks
 * to a quarter of the step where the model predicts badly (ratio below 1/4) and doubles where it predicts well at the boundary.
 * Close to the minimizer the decrease of f is judged from gradients where values are only rounding error. Per iteration a few
 * Hessian products and one value and gradient per trial; memory 8n, and n^2 with `curvature: 'matrix'`.
 *
 * Measures: `radius`, `ratio` (actual over predicted decrease), `stepNorm`, `innerIterations`, `totalInnerIterations`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithms 4.1 and 7.2
 */
export const trustRegionNewton = defineMethod<
  PreparedSmoothProblem,
  TrustRegionNewtonOptions,
  TrustRegionNewtonState
>()({
  slug: 'trust-region-newton',
  title: 'Trust-region Newton-CG',
  room: 'smooth',
  problemClass: 'smooth',
  summary:
    'Fast and robust where Hessian products are there, also for many variables and functions that are not convex.',
  formulae: [
    {
      tex: String.raw`\min_p\ g^\top p + \tfrac12 p^\top H p \quad \text{subject to} \quad \|p\| \le \Delta`,
      meaning: 'The quadratic model is trusted within a radius only.',
    },
    {
      tex: String.raw`\rho = \frac{f(x) - f(x + p)}{m(0) - m(p)}`,
      meaning: 'The radius grows where the model predicted well, and shrinks where it did not.',
    },
  ],
  source: {
    authors: 'Trond Steihaug',
    title: 'The Conjugate Gradient Method and Trust Regions in Large Scale Optimization',
    year: 1983,
    venue: 'SIAM Journal on Numerical Analysis 20',
  },
  requires: ['gradient'],
  options: {
    initialRadius: positive<number | undefined>(undefined, 'first radius'),
    curvature: choice(['products', 'matrix'], 'products', 'how the Hessian is used'),
    maxInnerIterations: integer<number | undefined>(undefined, 'most conjugate-gradient steps', { min: 1 }),
    maxTrials: integer(60, 'most radii in an iteration', { min: 1 }),
  },

  create: ({ initialRadius, curvature, maxInnerIterations, maxTrials }) => {
    const dense = curvature === 'matrix'

    const cauchyLength = (problem: PreparedSmoothProblem, { x, gradient }: SearchState, work: Work): number => {
      work.x = x
      if (dense) problem.hessian(x, work.matrix)
      work.multiply(gradient, work.image)
      let gg = 0
      let gHg = 0
      for (let i = 0; i < gradient.length; i++) {
        gg += gradient[i] * gradient[i]
        gHg += gradient[i] * work.image[i]
      }
      const length = (gg * Math.sqrt(gg)) / Math.abs(gHg)
      return length > 0 && length < LARGEST_RADIUS ? length : 1
    }

    return {
      requires: [dense ? 'hessian' : 'hessianProduct'],

      start(problem, context) {
        const n = context.start.length
        const state = {
          ...smoothState(problem, context.start),
          trial: new Float64Array(n),
          trialGradient: new Float64Array(n),
        }
        const work = context.scratch(() => makeWork(problem, dense))
        return {
          ...state,
          radius: initialRadius ?? 10 * cauchyLength(problem, state, work),
          firstNorm: norm(state.gradient),
          ratio: NaN,
          stepNorm: NaN,
          innerIterations: 0,
          totalInnerIterations: 0,
        }
      },

      step(problem, state, context) {
        const work = context.scratch(() => makeWork(problem, dense))
        const { x, value, gradient, trial, trialGradient } = state
        const { step } = work
        const n = x.length
        work.x = x
        if (dense) problem.hessian(x, work.matrix)
        const gradientNorm = norm(gradient)
        const tolerance = Math.min(0.5, Math.sqrt(gradientNorm / state.firstNorm)) * gradientNorm
        const outcome: SteihaugOutcome = { end: 'interior', iterations: 0, predicted: 0 }
        let { radius } = state
        let inner = 0

        for (let trials = 1; trials <= maxTrials; trials++) {
          steihaug(
            work.multiply,
            gradient,
            radius,
            tolerance,
            maxInnerIterations ?? 2 * n,
            step,
            [work.residual, work.direction, work.image],
            outcome,
            context.interrupted,
          )
          inner += outcome.iterations
          let moved = false
          for (let i = 0; i < n; i++) {
            trial[i] = x[i] + step[i]
            moved ||= trial[i] !== x[i]
          }
          if (!moved) break
          const stepNorm = norm(step)
          const trialValue = problem.valueAndGradient(trial, trialGradient)
          const ratio = reliableDecrease(value, trialValue, gradient, trialGradient, step) / outcome.predicted
          if (ratio > ACCEPT && commit(problem, state, trialValue)) {
            const atBoundary = outcome.end === 'boundary' || outcome.end === 'negative-curvature'
            if (ratio < 0.25) radius = 0.25 * stepNorm
            else if (ratio > 0.75 && atBoundary) radius = Math.min(2 * radius, LARGEST_RADIUS)
            state.radius = radius
            state.ratio = ratio
            state.stepNorm = stepNorm
            state.innerIterations = inner
            state.totalInnerIterations += inner
            return
          }
          radius = 0.25 * stepNorm
        }
        return { outcome: 'stalled', reason: 'the trust region has shrunk to nothing' }
      },

      measure: (state) => ({
        ...smoothMeasures(state),
        radius: state.radius,
        ratio: state.ratio,
        stepNorm: state.stepNorm,
        innerIterations: state.innerIterations,
        totalInnerIterations: state.totalInnerIterations,
      }),
      solution: (state) => state.x,
    }
  },
})

function norm(v: Float64Array): number {
  let sum = 0
  for (let i = 0; i < v.length; i++) sum += v[i] * v[i]
  return Math.sqrt(sum)
}
