import { choice, positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { OnlineProblem } from './online-problem.ts'
import {
  constantOf,
  missing,
  type OnlineState,
  onlineMeasures,
  onlineState,
  playRound,
  projectedStep,
} from './online-state.ts'

export interface OnlineGradientDescentOptions {
  /** 'convex': steps D / (G sqrt t); 'strongly-convex': 1 / (lambda t). Default 'convex'. */
  losses?: 'convex' | 'strongly-convex'
  /** A fixed step > 0, instead of the rule. */
  stepSize?: number
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0, for convex losses. Default: the problem's. */
  gradientBound?: number
  /** lambda > 0, for strongly convex losses. Default: the problem's. */
  strongConvexity?: number
}

/**
 * Online gradient descent: x_{t+1} = P[x_t - eta_t grad f_t(x_t)] with eta_t = D / (G sqrt t) (regret <= 3/2 G D sqrt T), or
 * 1 / (lambda t) for strongly convex losses (regret <= G^2/(2 lambda) (1 + ln T)). One value, one gradient and one projection a
 * round; memory 4n.
 *
 * @throws {UnsupportedError} from the run if a constant is missing
 * @see Zinkevich, ICML 2003; Hazan, Introduction to Online Convex Optimization (2016), Theorems 3.1 and 3.3
 */
export const onlineGradientDescent = defineMethod<OnlineProblem, OnlineGradientDescentOptions, OnlineState>()({
  slug: 'online-gradient-descent',
  title: 'Online gradient descent',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'The plain way to play online rounds: one gradient step after each loss.',
  formulae: [
    {
      tex: String.raw`x_{t+1} = \Pi_{\mathcal X}\!\left[ x_t - \tfrac{D}{G \sqrt t} \nabla f_t(x_t) \right]`,
      meaning: 'A step against the gradient of the loss just seen, shorter from round to round.',
    },
  ],
  source: {
    authors: 'Martin Zinkevich',
    title: 'Online Convex Programming and Generalized Infinitesimal Gradient Ascent',
    year: 2003,
    venue: 'ICML',
  },
  requires: ['gradient'],
  options: {
    losses: choice(['convex', 'strongly-convex'], 'convex', 'losses'),
    stepSize: positive<number | undefined>(undefined, 'fixed step'),
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
    strongConvexity: positive<number | undefined>(undefined, 'strong convexity lambda'),
  },

  create({ losses, stepSize, diameter, gradientBound, strongConvexity }) {
    const constants = losses === 'convex' ? { gradientBound } : { strongConvexity }
    function stepOf(problem: OnlineProblem, t: number): number {
      if (stepSize !== undefined) return stepSize
      if (losses === 'strongly-convex') return 1 / (constantOf(problem, 'strongConvexity', strongConvexity) * t)
      const G = constantOf(problem, 'gradientBound', gradientBound)
      return (diameter ?? problem.set.diameter) / (G * Math.sqrt(t))
    }
    return {
      requires: stepSize === undefined ? missing(constants) : [],
      start: (problem, { start }) => onlineState(problem, start),
      step: (problem, state, context) =>
        playRound(
          problem,
          state,
          context,
          (given, { x, gradient, next, round }) => projectedStep(given, x, stepOf(given, round + 1), gradient, next),
          stepSize === undefined && losses === 'convex'
            ? (gradientBound ?? problem.constants?.gradientBound)
            : undefined,
        ),
      measure: onlineMeasures,
      solution: (state) => state.x,
    }
  },
})
