import { choice, nonNegative, positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { OnlineProblem } from './online-problem.ts'
import {
  constantOf,
  missing,
  type OnlineState,
  onlineMeasures,
  onlineState,
  playRound,
  safeCurvature,
  squaredDistance,
} from './online-state.ts'
import { addRankOne, newtonStep, projectInNorm, type QuadraticNorm, scaledIdentity } from './quadratic-norm.ts'

export interface OptimisticFtrlOptions {
  /** What is known of the losses, and with it the regularizer. Default 'convex'. */
  losses?: 'convex' | 'strongly-convex' | 'exp-concave'
  /** delta > 0 in eta = D^2 / (delta + sum eta_s ||g_s - g_{s-1}||^2). Default: D (G + D L). */
  offset?: number
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0, for convex and exp-concave losses. Default: the problem's. */
  gradientBound?: number
  /** L >= 0, for convex losses. Default: the problem's. */
  smoothness?: number
  /** lambda > 0, for strongly convex losses. Default: the problem's. */
  strongConvexity?: number
  /** alpha > 0, for exp-concave losses. Default: the problem's. */
  expConcavity?: number
}

interface OptimisticFtrlState extends OnlineState {
  /** Convex: sum g_s. Strongly convex: lambda x_0 + sum (lambda x_s - g_s). Exp-concave: sum g_s - beta g_s (g_s' x_s). */
  sum: Float64Array
  /** sum eta_s ||g_s - g_{s-1}||^2. */
  variation: number
  norm: QuadraticNorm | null
}

/**
 * Optimistic follow the regularized leader: with g_s = grad f_s(x_s), the next point minimizes over X
 *
 * - convex: <sum g_s + g_t, x> + ||x||^2 / eta, eta = D^2 / (delta + sum eta_s ||g_s - g_{s-1}||^2);
 * - strongly convex: lambda/2 ||x - x_0||^2 + sum (<g_s, x> + lambda/2 ||x - x_s||^2) + <g_t, x>;
 * - exp-concave: (1 + beta G^2)/2 ||x||^2 + sum (<g_s, x> + beta/2 (g_s' (x - x_s))^2) + <g_t, x>.
 *
 * One value, one gradient and one projection a round; memory 5n, or 2n^2.
 *
 * @throws {UnsupportedError} from the run if a constant is missing
 * @see Chen, Zhang, Tu, Zhao and Zhang, JMLR 25(178), 2024, Theorems 2, 4 and Section 3.5; Sachs et al., NeurIPS 2022
 */
export const optimisticFtrl = defineMethod<OnlineProblem, OptimisticFtrlOptions, OptimisticFtrlState>()({
  slug: 'optimistic-ftrl',
  title: 'Optimistic FTRL',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Minimizes all losses so far, linearized and regularized, and a guess of the next.',
  formulae: [
    {
      tex: String.raw`x_{t+1} = \operatorname*{arg\,min}_{x \in \mathcal X}\ \Bigl\langle \sum_{s \le t} g_s + g_t,\, x \Bigr\rangle + \tfrac1{\eta_{t+1}} \|x\|^2`,
      meaning: 'Follow the leader, with the last gradient counted twice.',
    },
  ],
  source: {
    authors: 'Sarah Sachs, Hédi Hadiji, Tim van Erven, Cristóbal Guzmán',
    title: 'Between Stochastic and Adversarial Online Convex Optimization: Improved Regret Bounds via Smoothness',
    year: 2022,
    venue: 'NeurIPS',
    arxiv: '2202.07554',
  },
  requires: ['gradient'],
  options: {
    losses: choice(['convex', 'strongly-convex', 'exp-concave'], 'convex', 'losses'),
    offset: positive<number | undefined>(undefined, 'offset delta'),
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
    smoothness: nonNegative<number | undefined>(undefined, 'smoothness L'),
    strongConvexity: positive<number | undefined>(undefined, 'strong convexity lambda'),
    expConcavity: positive<number | undefined>(undefined, 'exp-concavity alpha'),
  },

  create(options) {
    const { losses, offset, gradientBound, smoothness, strongConvexity, expConcavity } = options
    const diameterOf = (problem: OnlineProblem): number => options.diameter ?? problem.set.diameter
    const boundOf = (problem: OnlineProblem): number => constantOf(problem, 'gradientBound', gradientBound)

    function stepOf(problem: OnlineProblem, variation: number): number {
      const D = diameterOf(problem)
      const delta = offset ?? D * (boundOf(problem) + D * constantOf(problem, 'smoothness', smoothness))
      return (D * D) / (delta + variation)
    }
    const betaOf = (problem: OnlineProblem): number => safeCurvature(problem, options)

    function updateConvex(problem: OnlineProblem, state: OptimisticFtrlState): void {
      const { gradient, previousGradient, sum, next } = state
      state.variation += stepOf(problem, state.variation) * squaredDistance(gradient, previousGradient)
      const step = stepOf(problem, state.variation)
      for (let i = 0; i < sum.length; i++) {
        sum[i] += gradient[i]
        next[i] = -0.5 * step * (sum[i] + gradient[i])
      }
      problem.set.project(next, next)
    }
    function updateStronglyConvex(
      problem: OnlineProblem,
      { x, gradient, sum, next, round }: OptimisticFtrlState,
    ): void {
      const lambda = constantOf(problem, 'strongConvexity', strongConvexity)
      for (let i = 0; i < sum.length; i++) {
        sum[i] += lambda * x[i] - gradient[i]
        next[i] = (sum[i] - gradient[i]) / (lambda * (round + 2))
      }
      problem.set.project(next, next)
    }
    function updateExpConcave(problem: OnlineProblem, state: OptimisticFtrlState): void {
      const { x, gradient, sum, next } = state
      const norm = state.norm as QuadraticNorm
      const beta = betaOf(problem)
      let slope = 0
      for (let i = 0; i < x.length; i++) slope += gradient[i] * x[i]
      addRankOne(norm, beta, gradient)
      for (let i = 0; i < x.length; i++) {
        sum[i] += gradient[i] * (1 - beta * slope)
        // `gradient` is not needed after this round, but stays readable as the gradient before the next.
        norm.work[i] = sum[i] + gradient[i]
      }
      newtonStep(norm, null, 1, norm.work, next)
      projectInNorm(problem.set, norm.matrix, next, next)
    }

    const constants =
      losses === 'strongly-convex'
        ? { strongConvexity }
        : losses === 'exp-concave'
          ? { gradientBound, expConcavity }
          : offset === undefined
            ? { gradientBound, smoothness }
            : {}
    const update = { convex: updateConvex, 'strongly-convex': updateStronglyConvex, 'exp-concave': updateExpConcave }[
      losses
    ]
    return {
      requires: missing(constants),

      start(problem, { start }) {
        const sum = new Float64Array(start.length)
        if (losses === 'strongly-convex') {
          const lambda = constantOf(problem, 'strongConvexity', strongConvexity)
          for (let i = 0; i < sum.length; i++) sum[i] = lambda * start[i]
        }
        const norm =
          losses === 'exp-concave' ? scaledIdentity(start.length, 1 + betaOf(problem) * boundOf(problem) ** 2) : null
        return { ...onlineState(problem, start), sum, variation: 0, norm }
      },

      step: (problem, state, context) =>
        playRound(
          problem,
          state,
          context,
          update,
          'gradientBound' in constants ? (gradientBound ?? problem.constants?.gradientBound) : undefined,
        ),
      measure: onlineMeasures,
      solution: (state) => state.x,
    }
  },
})
