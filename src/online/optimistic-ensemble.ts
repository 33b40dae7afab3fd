import { integer, nonNegative, portableLog, positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { exponentialWeights, mixture } from './expert-weights.ts'
import type { OnlineProblem } from './online-problem.ts'
import {
  constantOf,
  missing,
  type OnlineState,
  onlineMeasures,
  onlineState,
  playRound,
  projectedStep,
  squaredDistance,
} from './online-state.ts'

export interface OptimisticEnsembleOptions {
  /** T, the rounds to be played, >= 1. Default: the problem's. */
  horizon?: number
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0. Default: the problem's. */
  gradientBound?: number
  /** L >= 0. Default: the problem's. */
  smoothness?: number
}

/** What both ensembles remember beside the played point. */
export interface EnsembleState extends OnlineState {
  /** eta_i, geometrically from the smallest, length N. */
  steps: Float64Array
  /** x^_i, [N, n]. */
  auxiliaries: Float64Array
  /** x_i, [N, n]. */
  points: Float64Array
  /** p_i. */
  weights: Float64Array
  /** Losses of the base learners so far. */
  losses: Float64Array
  /** Work: losses with the guess of the next, length N. */
  expected: Float64Array
  /** What the learning rate of the weights adapts to. */
  variation: number
}

/** N base learners at the start. */
export function ensembleState(problem: OnlineProblem, start: Float64Array, steps: Float64Array): EnsembleState {
  const count = steps.length
  const n = start.length
  const points = new Float64Array(count * n)
  for (let i = 0; i < count; i++) points.set(start, i * n)
  return {
    ...onlineState(problem, start),
    steps,
    auxiliaries: points.slice(),
    points,
    weights: new Float64Array(count).fill(1 / count),
    losses: new Float64Array(count),
    expected: new Float64Array(count),
    variation: 0,
  }
}

/** The step size that the ensemble trusts most, and its weight, for `measure`. */
export function favourite({ weights, steps }: EnsembleState): { favouriteStep: number; favouriteWeight: number } {
  let best = 0
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[best]) best = i
  return { favouriteStep: steps[best], favouriteWeight: weights[best] }
}

/**
 * The step sizes min(largest, smallest 2^(i-1)), i = 1..N, with N = max(1, ceil(log2(largest / smallest)) + 1).
 */
export function stepPool(smallest: number, largest: number): Float64Array {
  const count = Math.max(1, Math.ceil(portableLog(largest / smallest) / Math.LN2 - 1e-12) + 1)
  return Float64Array.from({ length: count }, (_, i) => Math.min(largest, smallest * 2 ** i))
}

interface OptimisticEnsembleState extends EnsembleState {
  /** Work: the points of the round before, [N, n]. */
  before: Float64Array
}

function squaredMove(points: Float64Array, before: Float64Array, i: number, n: number): number {
  let sum = 0
  for (let j = i * n; j < (i + 1) * n; j++) sum += (points[j] - before[j]) ** 2
  return sum
}

function along(gradient: Float64Array, points: Float64Array, i: number): number {
  const n = gradient.length
  let sum = 0
  for (let j = 0; j < n; j++) sum += gradient[j] * points[i * n + j]
  return sum
}

/**
 * Optimistic mirror descent for a moving comparator u_1, u_2, ...: base learners with step sizes eta_i between D / sqrt(8 G^2 T) and
 * 1/(8 L), all fed with the one gradient at the played mixture x_t = sum_i p_i x_{t,i}, and weights
 *
 *     p_{t+1,i} ~ exp(-eps_t (sum_{s<=t} l_{s,i} + m_{t+1,i})),   l_{t,i} = <g_t, x_{t,i}> + 2 L ||x_{t,i} - x_{t-1,i}||^2,
 *
 * with m the same for the next points and eps_t = min(1/(8 D^2 L), sqrt(ln N / (D^2 sum ||g_s - g_{s-1}||^2))). Dynamic regret
 * O(P_T + sqrt(1 + P_T) (sqrt(sigma^2) + sqrt(Sigma^2))), P_T the path length of the comparator. For L = 0, where 1/(8 L) is
 * infinite, the largest step is D/G. One value and one gradient a round, 2 N projections; memory 3 N n.
 *
 * @throws {UnsupportedError} from the run if a constant is missing, or the horizon of a stream without end
 * @see Chen, Zhang, Tu, Zhao and Zhang, JMLR 25(178), 2024, Algorithm 2, Theorem 6
 */
export const optimisticEnsemble = defineMethod<OnlineProblem, OptimisticEnsembleOptions, OptimisticEnsembleState>()({
  slug: 'optimistic-ensemble',
  title: 'Ensemble of optimistic learners',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Follows a target that moves, at a pace that nobody has to know beforehand.',
  formulae: [
    {
      tex: String.raw`x_t = \sum_{i=1}^N p_{t,i}\, x_{t,i}, \qquad p_{t+1,i} \propto \exp\Bigl( -\varepsilon_t \Bigl( \sum_{s \le t} \ell_{s,i} + m_{t+1,i} \Bigr) \Bigr)`,
      meaning: 'Learners with different step sizes are mixed by how well they did and are expected to do.',
    },
    {
      tex: String.raw`\ell_{t,i} = \langle \nabla f_t(x_t), x_{t,i} \rangle + 2 L \|x_{t,i} - x_{t-1,i}\|^2`,
      meaning: 'Learners that move a lot are charged for it.',
    },
  ],
  source: {
    authors: 'Sijia Chen, Yu-Jie Zhang, Wei-Wei Tu, Peng Zhao, Lijun Zhang',
    title: 'Optimistic Online Mirror Descent for Bridging Stochastic and Adversarial Online Convex Optimization',
    year: 2024,
    venue: 'JMLR 25(178), Algorithm 2',
    arxiv: '2302.04552',
  },
  requires: ['gradient'],
  options: {
    horizon: integer<number | undefined>(undefined, 'rounds T', { min: 1, max: 2 ** 53 }),
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
    smoothness: nonNegative<number | undefined>(undefined, 'smoothness L'),
  },

  create({ horizon, diameter, gradientBound, smoothness }) {
    function update(problem: OnlineProblem, state: OptimisticEnsembleState): void {
      const { gradient, points, before, auxiliaries, losses, expected, steps, weights, next } = state
      const n = gradient.length
      const D = diameter ?? problem.set.diameter
      const L = constantOf(problem, 'smoothness', smoothness)
      const first = state.round === 0
      if (!first) state.variation += squaredDistance(gradient, state.previousGradient)
      for (let i = 0; i < steps.length; i++) {
        losses[i] += along(gradient, points, i) + (first ? 0 : 2 * L * squaredMove(points, before, i, n))
        const auxiliary = auxiliaries.subarray(i * n, (i + 1) * n)
        const point = before.subarray(i * n, (i + 1) * n)
        projectedStep(problem, auxiliary, steps[i], gradient, auxiliary)
        projectedStep(problem, auxiliary, steps[i], gradient, point)
        expected[i] = losses[i] + along(gradient, before, i) + 2 * L * squaredMove(before, points, i, n)
      }
      state.points = before
      state.before = points
      const cautious = L > 0 ? 1 / (8 * D * D * L) : Infinity
      const adaptive = state.variation > 0 ? Math.sqrt(portableLog(steps.length) / (D * D * state.variation)) : Infinity
      // Both are infinite for constant linear losses only: then any rate will do.
      const rate = Math.min(cautious, adaptive, 1e9)
      exponentialWeights(expected, rate, weights)
      mixture(weights, state.points, next)
    }

    return {
      requires: [...missing({ horizon }), ...missing({ gradientBound, smoothness })],

      start(problem, { start }) {
        const D = diameter ?? problem.set.diameter
        const G = constantOf(problem, 'gradientBound', gradientBound)
        const L = constantOf(problem, 'smoothness', smoothness)
        const smallest = D / (G * Math.sqrt(8 * (horizon ?? problem.rounds)))
        const largest = L > 0 ? 1 / (8 * L) : D / G
        const state = ensembleState(problem, start, stepPool(smallest, largest))
        return { ...state, before: state.points.slice() }
      },

      step: (problem, state, context) =>
        playRound(problem, state, context, update, gradientBound ?? problem.constants?.gradientBound),
      measure: (state) => ({ ...onlineMeasures(state), variation: state.variation, ...favourite(state) }),
      solution: (state) => state.x,
    }
  },
})
