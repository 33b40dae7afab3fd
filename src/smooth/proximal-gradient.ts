import { choice, positive, within } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { type PreparedCompositeProblem, proximalGradientNorm } from './composite-problem.ts'

export interface ProximalGradientOptions {
  /**
   * `fista`: Nesterov's extrapolation with adaptive restart, O(1/k^2) and linear where f is strongly convex. `none`: plain
   * forward-backward steps, O(1/k). Default fista.
   */
  acceleration?: 'fista' | 'none'
  /** First trial step of the first iteration, > 0; later steps are found by backtracking and slow growth. Default 1. */
  initialStep?: number
  /** Contraction factor of the backtracking, in (0, 1). Default 0.5. */
  contraction?: number
}

interface ProximalGradientState {
  x: Float64Array
  /** f(x) + g(x). */
  objective: number
  proximalGradientNorm: number
  /** The extrapolated point y with f(y) and grad f(y). */
  y: Float64Array
  yValue: number
  yGradient: Float64Array
  next: Float64Array
  work: Float64Array
  gradient: Float64Array
  /** Step length t, at most 1/L locally. */
  step: number
  /** Nesterov's theta_k; 1 at the start and after a restart. */
  inertia: number
  restarts: number
}

/**
 * Proximal gradient method (forward-backward splitting, FISTA) for `min f(x) + g(x)`, f smooth, g with a proximal operator:
 *
 *     x+ = prox_{t g}(y - t grad f(y)),   y+ = x+ + (theta_k - 1) / theta_{k+1} (x+ - x),
 *
 * t by backtracking until f(x+) <= f(y) + <grad f(y), x+ - y> + ||x+ - y||^2 / (2t); theta restarts when the step and the
 * momentum disagree (<y - x+, x+ - x> > 0). Two gradients, two values and two proximal operators an iteration with
 * acceleration (the second gradient measures optimality at x), one each without; memory 6n. Measures: `step`, `restarts`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Beck and Teboulle, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2 (2009), Eqs. (4.1)-(4.3)
 * @see O'Donoghue and Candes, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15 (2015), Section 3.2
 */
export const proximalGradient = defineMethod<
  PreparedCompositeProblem,
  ProximalGradientOptions,
  ProximalGradientState
>()({
  slug: 'proximal-gradient',
  title: 'Proximal gradient (FISTA)',
  room: 'smooth',
  problemClass: 'composite',
  summary: 'Minimises a smooth function plus a simple one that has kinks or constraints, such as the lasso.',
  formulae: [
    {
      tex: String.raw`\min_x\ f(x) + g(x)`,
      meaning: 'f is smooth, g is simple: its proximal operator is known.',
    },
    {
      tex: String.raw`x_{k+1} = \operatorname{prox}_{t g}\bigl( y_k - t \nabla f(y_k) \bigr)`,
      meaning: 'A gradient step for f, then the proximal step for g.',
    },
    {
      tex: String.raw`y_{k+1} = x_{k+1} + \frac{\theta_k - 1}{\theta_{k+1}} (x_{k+1} - x_k)`,
      meaning: "Nesterov's extrapolation makes it fast.",
    },
  ],
  source: {
    authors: 'Amir Beck and Marc Teboulle',
    title: 'A fast iterative shrinkage-thresholding algorithm for linear inverse problems',
    year: 2009,
    venue: 'SIAM Journal on Imaging Sciences 2',
  },
  requires: ['gradient'],
  options: {
    acceleration: choice(['fista', 'none'], 'fista', 'acceleration'),
    initialStep: positive(1, 'first trial step'),
    contraction: within(0, 1, 0.5, 'contraction factor'),
  },

  create: ({ acceleration, initialStep, contraction }) => ({
    start(problem, { start }) {
      const n = start.length
      const x = start
      const work = new Float64Array(n)
      // The start may lie outside the domain of g; its projection (or shrinkage by an invisible step) does not.
      if (problem.regularizer.value(x) === Infinity) problem.regularizer.proximal(x, 1, x)
      const gradient = new Float64Array(n)
      const value = problem.smooth.valueAndGradient(x, gradient)
      return {
        x,
        objective: value + problem.regularizer.value(x),
        proximalGradientNorm: proximalGradientNorm(problem.regularizer, x, gradient, work),
        y: x.slice(),
        yValue: value,
        yGradient: gradient.slice(),
        next: new Float64Array(n),
        work,
        gradient,
        step: initialStep,
        inertia: 1,
        restarts: 0,
      }
    },

    step({ smooth, regularizer }, state) {
      const { x, y, yValue, yGradient, next, work, gradient } = state
      const n = x.length
      let t = state.step
      let square = 0
      for (;;) {
        for (let i = 0; i < n; i++) work[i] = y[i] - t * yGradient[i]
        regularizer.proximal(work, t, next)
        let linear = 0
        square = 0
        let size = 0
        for (let i = 0; i < n; i++) {
          const d = next[i] - y[i]
          linear += yGradient[i] * d
          square += d * d
          size = Math.max(size, Math.abs(y[i]))
        }
        if (square === 0) break
        const value = smooth.value(next)
        const slack = 10 * Number.EPSILON * Math.max(1, Math.abs(yValue))
        if (value <= yValue + linear + square / (2 * t) + slack) break
        t *= contraction
        if (!(Math.sqrt(square) > Number.EPSILON * (1 + size)) || t < 1e-300) {
          return { outcome: 'stalled', reason: 'no step satisfies the quadratic bound' }
        }
      }

      let agreement = 0
      for (let i = 0; i < n; i++) agreement += (y[i] - next[i]) * (next[i] - x[i])
      const restart = acceleration === 'fista' && agreement > 0
      const theta = restart ? 1 : state.inertia
      const nextTheta = acceleration === 'fista' ? 0.5 * (1 + Math.sqrt(1 + 4 * theta * theta)) : 1
      const momentum = (theta - 1) / nextTheta
      const nextValue = smooth.valueAndGradient(next, gradient)
      const objective = nextValue + regularizer.value(next)
      const norm = proximalGradientNorm(regularizer, next, gradient, work)
      if (!Number.isFinite(objective) || !Number.isFinite(norm)) return 'diverged'
      let extrapolated = nextValue
      for (let i = 0; i < n; i++) work[i] = next[i] + momentum * (next[i] - x[i])
      if (momentum > 0) extrapolated = smooth.valueAndGradient(work, yGradient)
      else yGradient.set(gradient)
      if (!Number.isFinite(extrapolated)) {
        // The extrapolation left the domain of f: go on from the new point itself.
        work.set(next)
        yGradient.set(gradient)
        extrapolated = nextValue
      }

      y.set(work)
      state.yValue = extrapolated
      state.x = next
      state.next = x
      state.objective = objective
      state.proximalGradientNorm = norm
      state.inertia = nextTheta
      state.restarts += restart ? 1 : 0
      // Lets the step recover where f has become flatter.
      state.step = 1.05 * t
    },

    measure: (state) => ({
      objective: state.objective,
      proximalGradientNorm: state.proximalGradientNorm,
      step: state.step,
      restarts: state.restarts,
    }),
    solution: (state) => state.x,
  }),
})
