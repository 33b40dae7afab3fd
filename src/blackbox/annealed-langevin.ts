import { choice, nonNegative, portableLog, portablePow, positive, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem, projectedGradientNorm } from '../solver/index.ts'

export interface AnnealedLangevinOptions {
  /** Step eta dt of the drift, > 0. Default 0.01. */
  stepSize?: number
  /** Noise sigma at the beginning, >= 0. Default 10. */
  noise?: number
  /**
   * `logarithmic`: sigma / log(k + 1) for k = 1, 2, ..., slow enough for global convergence in theory. `geometric`:
   * sigma r^(k - 1), which ends as gradient descent. Default geometric.
   */
  cooling?: 'logarithmic' | 'geometric'
  /** Factor r of geometric cooling in (0, 1). Default 0.998. */
  coolingFactor?: number
}

/** State of annealed Langevin dynamics. */
export interface AnnealedLangevinState {
  /** The walker, length n. */
  x: Float64Array
  value: number
  gradient: Float64Array
  gradientNorm: number
  /** Best point so far. */
  best: Float64Array
  bestValue: number
  bestGradientNorm: number
  trial: Float64Array
  trialGradient: Float64Array
  /** Steps done. */
  time: number
}

/**
 * Annealed Langevin dynamics, gradient descent with decreasing noise: `x <- x - h grad f(x) + sigma_k sqrt(h) N(0, I)`.
 *
 * A baseline for global search with gradients. One value and one gradient per iteration; `tolerance` bounds the gradient norm at
 * the best point.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Chiang, Hwang and Sheu, Diffusion for global optimization in R^n (1987); as in the experiments of arXiv 2306.09778
 */
export const annealedLangevin = defineMethod<PreparedSmoothProblem, AnnealedLangevinOptions, AnnealedLangevinState>()({
  slug: 'annealed-langevin',
  title: 'Annealed Langevin dynamics',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Gradient descent shaken by noise that dies away: the classical way to let gradients cross barriers.',
  formulae: [
    {
      tex: String.raw`x_{k+1} = x_k - h \nabla f(x_k) + \sigma_k \sqrt{h}\; \mathcal N(0, I)`,
      meaning: 'Gradient descent with noise that fades.',
    },
  ],
  source: {
    authors: 'Chiang, Hwang and Sheu',
    title: 'Diffusion for global optimization in R^n',
    year: 1987,
    venue: 'SIAM Journal on Control and Optimization 25(3)',
  },
  requires: ['gradient'],
  random: true,
  options: {
    stepSize: positive(1e-2, 'step size'),
    noise: nonNegative(10, 'noise sigma'),
    cooling: choice(['logarithmic', 'geometric'], 'geometric', 'cooling'),
    coolingFactor: within(0, 1, 0.998, 'factor of geometric cooling'),
  },

  create: ({ stepSize, noise, cooling, coolingFactor }) => ({
    start(problem, { start }) {
      const gradient = new Float64Array(start.length)
      const value = problem.valueAndGradient(start, gradient)
      const gradientNorm = projectedGradientNorm(start, gradient)
      return {
        x: start,
        value,
        gradient,
        gradientNorm,
        best: start.slice(),
        bestValue: value,
        bestGradientNorm: gradientNorm,
        trial: new Float64Array(start.length),
        trialGradient: new Float64Array(start.length),
        time: 0,
      }
    },

    step(problem, state, { random }) {
      const { x, gradient, trial, trialGradient } = state
      const k = state.time + 1
      const sigma = cooling === 'logarithmic' ? noise / portableLog(k + 1) : noise * portablePow(coolingFactor, k - 1)
      const amplitude = sigma * Math.sqrt(stepSize)
      for (let j = 0; j < x.length; j++) trial[j] = x[j] - stepSize * gradient[j] + amplitude * random.normal()
      const value = problem.valueAndGradient(trial, trialGradient)
      const norm = projectedGradientNorm(trial, trialGradient)
      if (!Number.isFinite(value) || !Number.isFinite(norm)) {
        return { outcome: 'diverged', reason: `the objective became ${value}; take smaller steps` }
      }
      state.x = trial
      state.gradient = trialGradient
      state.trial = x
      state.trialGradient = gradient
      state.value = value
      state.gradientNorm = norm
      state.time = k
      if (value < state.bestValue || (value === state.bestValue && norm < state.bestGradientNorm)) {
        state.best.set(trial)
        state.bestValue = value
        state.bestGradientNorm = norm
      }
    },

    measure: ({ bestValue, bestGradientNorm, value, gradientNorm }) => ({
      objective: bestValue,
      gradientNorm: bestGradientNorm,
      currentObjective: value,
      currentGradientNorm: gradientNorm,
    }),
    solution: (state) => state.best,
  }),
})
