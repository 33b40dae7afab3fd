import { integer, nonNegative } from '../base/index.ts'
import { cholesky } from '../linalg/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { commit, type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

export interface ProjectedNewtonOptions {
  /**
   * Name of the dense Hessian approximation that the problem offers (`gauss-newton`, `fisher`...); empty for the Hessian
   * itself. Default empty.
   */
  approximation?: string
  /** Damping of the first iteration, as a part of the largest diagonal entry of H, >= 0. Default 0. */
  initialDamping?: number
  /** Most dampings tried in one iteration, >= 1. Default 60. */
  maxTrials?: number
}

interface ProjectedNewtonState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** lambda in (H + lambda D) p = -g, D the largest diagonal of H so far. */
  damping: number
  /** D, length n. */
  scale: Float64Array
  /** Variables not held at a bound in the last step. */
  freeVariables: number
  trials: number
}

interface Work {
  hessian: Float64Array
  reduced: Float64Array
  step: Float64Array
  right: Float64Array
  free: Int32Array
}

const FIRST_DAMPING = 1e-3

/**
 * Damped Newton method over a box `lower <= x <= upper` (or all of R^n), with the exact Hessian or an approximation such as
 * Gauss-Newton's, in which case it is a projected Levenberg-Marquardt method.
 *
 * Variables at a bound towards which the function still falls are held there; on the others p solves
 * (H + lambda D) p = -g by Cholesky, and x + p is projected onto the box. The trial is accepted if f falls by a quarter of a
 * thousandth of <-g, step>; otherwise, or if the matrix is not positive definite, lambda grows. Scaling by D, the largest
 * diagonal seen, makes the iterates independent of the units of the variables. Quadratic convergence with exact Hessians once
 * the active bounds are found. Per iteration one Hessian and n^3/3 flops a trial; memory 2 n^2. Measures: `damping`,
 * `freeVariables`, `trials`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim. 20 (1982);
 *   Kanzow, Yamashita and Fukushima, Levenberg-Marquardt methods with strong local convergence properties for solving nonlinear
 *   equations with convex constraints, J. Comput. Appl. Math. 172 (2004), Algorithm 2.1
 */
export const projectedNewton = defineMethod<PreparedSmoothProblem, ProjectedNewtonOptions, ProjectedNewtonState>()({
  slug: 'projected-newton',
  title: 'Projected Newton',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Newton for up to some thousand variables with bounds, with exact or approximate Hessians.',
  formulae: [
    {
      tex: String.raw`(H + \lambda D)\, p = -g \quad \text{on the free variables}`,
      meaning: 'A damped Newton step; variables held by a bound stay there.',
    },
    {
      tex: String.raw`x_{k+1} = \operatorname{clamp}(x_k + p,\ \ell,\ u)`,
      meaning: 'The step is projected onto the box.',
    },
  ],
  source: {
    authors: 'Dimitri P. Bertsekas',
    title: 'Projected Newton methods for optimization problems with simple constraints',
    year: 1982,
    venue: 'SIAM Journal on Control and Optimization 20',
  },
  requires: ['gradient', 'hessian'],
  handles: ['bounds'],
  options: {
    approximation: {
      type: 'object',
      fallback: '',
      label: 'Hessian approximation',
      expected: 'the name of an approximation that the problem offers',
      accepts: (value: unknown): value is string => typeof value === 'string',
    },
    initialDamping: nonNegative(0, 'first damping'),
    maxTrials: integer(60, 'most dampings in an iteration', { min: 1 }),
  },

  create: ({ approximation, initialDamping, maxTrials }) => ({
    start(problem, { start }) {
      const n = start.length
      return {
        ...smoothState(problem, start),
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        damping: initialDamping,
        scale: new Float64Array(n),
        freeVariables: n,
        trials: 0,
      }
    },

    step(problem, state, context) {
      const n = state.x.length
      const work = context.scratch<Work>(() => ({
        hessian: new Float64Array(n * n),
        reduced: new Float64Array(n * n),
        step: new Float64Array(n),
        right: new Float64Array(n),
        free: new Int32Array(n),
      }))
      const { hessian, step, free } = work
      const { x, gradient, value, trial, scale } = state
      const { lower, upper } = problem
      evaluateHessian(problem, approximation, x, hessian)
      let largest = 0
      for (let i = 0; i < n; i++) {
        const d = Math.abs(hessian[i * n + i])
        if (!Number.isFinite(d))
          return { outcome: 'diverged', reason: 'the Hessian is not finite at the current point' }
        largest = Math.max(largest, d)
        scale[i] = Math.max(scale[i], d)
      }
      let count = 0
      for (let i = 0; i < n; i++) {
        const held =
          (lower !== undefined && x[i] <= lower[i] && gradient[i] > 0) ||
          (upper !== undefined && x[i] >= upper[i] && gradient[i] < 0)
        if (!held) free[count++] = i
      }
      const floor = largest > 0 ? Number.EPSILON * largest : 1
      let damping = state.damping
      for (let trials = 1; trials <= maxTrials; trials++) {
        if (reducedStep(state, work, count, damping, floor)) {
          let moved = false
          let promise = 0
          trial.set(x)
          for (let f = 0; f < count; f++) {
            const i = free[f]
            let to = x[i] + step[f]
            if (lower !== undefined && to < lower[i]) to = lower[i]
            if (upper !== undefined && to > upper[i]) to = upper[i]
            trial[i] = to
            moved ||= to !== x[i]
            promise -= gradient[i] * (to - x[i])
          }
          if (!moved) return { outcome: 'stalled', reason: 'the step is below rounding level' }
          const trialValue = problem.valueAndGradient(trial, state.trialGradient)
          const noise = 4 * Number.EPSILON * Math.abs(value)
          if (promise > 0 && trialValue <= value - 2.5e-4 * promise + noise && commit(problem, state, trialValue)) {
            const gain = (value - trialValue) / promise
            // The model promised half of <-g, p>; fulfilled, it is trusted more.
            state.damping = gain > 0.25 ? (damping > 1e-12 ? damping / 5 : 0) : damping
            state.freeVariables = count
            state.trials = trials
            return
          }
        }
        damping = Math.max(4 * damping, FIRST_DAMPING)
      }
      return { outcome: 'stalled', reason: 'no damping gives a step that decreases the objective' }
    },

    measure: (state) => ({
      ...smoothMeasures(state),
      damping: state.damping,
      freeVariables: state.freeVariables,
      trials: state.trials,
    }),
    solution: (state) => state.x,
  }),
})

function evaluateHessian(problem: PreparedSmoothProblem, name: string, x: Float64Array, out: Float64Array): void {
  const chosen = name === '' ? undefined : problem.hessianApproximations?.[name]
  if (chosen?.kind === 'dense') chosen.evaluate(x, out)
  else problem.hessian(x, out)
}

/** Solves (H + lambda D) p = -g on the free variables; false if the matrix is not positive definite. */
function reducedStep(
  { gradient, scale }: ProjectedNewtonState,
  { hessian, reduced, step, right, free }: Work,
  count: number,
  damping: number,
  floor: number,
): boolean {
  const n = gradient.length
  const matrix = reduced.subarray(0, count * count)
  for (let a = 0; a < count; a++) {
    const row = free[a] * n
    for (let b = 0; b < count; b++) matrix[a * count + b] = hessian[row + free[b]]
    matrix[a * count + a] += damping * Math.max(scale[free[a]], floor)
    right[a] = -gradient[free[a]]
  }
  const factorization = cholesky({ rows: count, cols: count, data: matrix }, matrix)
  if (!factorization.ok) return false
  const p = step.subarray(0, count)
  factorization.solve(right.subarray(0, count), p)
  return p.every(Number.isFinite)
}
