import { positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { OnlineProblem } from './online-problem.ts'
import { missing, type OnlineState, onlineMeasures, onlineState, playRound, safeCurvature } from './online-state.ts'
import { addRankOne, newtonStep, projectInNorm, type QuadraticNorm, scaledIdentity } from './quadratic-norm.ts'

export interface OnlineNewtonStepOptions {
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0. Default: the problem's. */
  gradientBound?: number
  /** alpha > 0. Default: the problem's. */
  expConcavity?: number
}

interface OnlineNewtonStepState extends OnlineState {
  norm: QuadraticNorm
}

/**
 * Online Newton step for exp-concave losses: A_t = A_{t-1} + g_t g_t', A_0 = I / (beta D)^2, beta = min(1/(4 G D), alpha) / 2, and
 * x_{t+1} = P_A[x_t - A_t^-1 g_t / beta], the projection in the norm of A_t. Regret O(n (1/alpha + G D) log T). One value and
 * one gradient a round, O(n^2) without and O(n^3) with a projection; memory 2n^2.
 *
 * @throws {UnsupportedError} from the run if a constant is missing
 * @see Hazan, Agarwal and Kale, Machine Learning 69 (2007), Figure 3
 */
export const onlineNewtonStep = defineMethod<OnlineProblem, OnlineNewtonStepOptions, OnlineNewtonStepState>()({
  slug: 'online-newton-step',
  title: 'Online Newton step',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Logarithmic regret for exp-concave losses such as squared errors, at quadratic cost a round.',
  formulae: [
    {
      tex: String.raw`A_t = A_{t-1} + g_t g_t^\top, \qquad x_{t+1} = \Pi^{A_t}_{\mathcal X}\!\left[ x_t - \tfrac1\beta A_t^{-1} g_t \right]`,
      meaning: 'Directions in which gradients were large are stepped along with more caution.',
    },
  ],
  source: {
    authors: 'Elad Hazan, Amit Agarwal, Satyen Kale',
    title: 'Logarithmic Regret Algorithms for Online Convex Optimization',
    year: 2007,
    venue: 'Machine Learning 69',
  },
  requires: ['gradient'],
  options: {
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
    expConcavity: positive<number | undefined>(undefined, 'exp-concavity alpha'),
  },

  create({ diameter, gradientBound, expConcavity }) {
    const betaOf = (problem: OnlineProblem): number => safeCurvature(problem, { diameter, gradientBound, expConcavity })
    return {
      requires: missing({ gradientBound, expConcavity }),
      start(problem, { start }) {
        const scale = 1 / (betaOf(problem) * (diameter ?? problem.set.diameter)) ** 2
        return { ...onlineState(problem, start), norm: scaledIdentity(start.length, scale) }
      },
      step: (problem, state, context) =>
        playRound(
          problem,
          state,
          context,
          (given, { norm, x, gradient, next }) => {
            addRankOne(norm, 1, gradient)
            newtonStep(norm, x, 1 / betaOf(given), gradient, next)
            projectInNorm(given.set, norm.matrix, next, next)
          },
          gradientBound ?? problem.constants?.gradientBound,
        ),
      measure: onlineMeasures,
      solution: (state) => state.x,
    }
  },
})
