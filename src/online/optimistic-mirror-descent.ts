import { callback, choice, flag, nonNegative, OptionError, positive } from '../base/index.ts'
import { norm } from '../linalg/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { OnlineProblem, PreparedOnlineProblem } from './online-problem.ts'
import {
  constantOf,
  missing,
  type OnlineState,
  onlineMeasures,
  onlineState,
  playRound,
  projectedStep,
  safeCurvature,
  squaredDistance,
} from './online-state.ts'
import { addRankOne, newtonStep, projectInNorm, type QuadraticNorm, scaledIdentity } from './quadratic-norm.ts'

/** Writes the guess M of the gradient of `round`, which is to be played next; `last` is the gradient of the round before. */
export type GradientHint = (round: number, last: Float64Array, out: Float64Array) => void

export interface OptimisticMirrorDescentOptions {
  /**
   * What is known of the losses, and with it the step rule: 'convex' (adaptive steps), 'strongly-convex' (2 / (lambda t)),
   * 'exp-concave' (Newton steps, O(n^2) a round). Default 'convex'.
   */
  losses?: 'convex' | 'strongly-convex' | 'exp-concave'
  /**
   * The guess of the next loss: the last 'gradient', or 'implicit': the last loss itself, by a proximal step; for losses that are
   * not smooth. 'implicit' is for `losses: 'convex'`. Default 'gradient'.
   */
  optimism?: 'gradient' | 'implicit'
  /** M, instead of the last gradient. */
  hint?: GradientHint
  /** A fixed step eta > 0, instead of the rule. */
  stepSize?: number
  /** delta >= 0 in eta = D / sqrt(delta + 4 G^2 + V). Default: 10 D^2 L^2; 1 for implicit optimism. */
  offset?: number
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0. Default: the problem's. */
  gradientBound?: number
  /**
   * Where G is not known: takes the largest gradient so far for it, a heuristic without guarantee. For `losses: 'convex'`.
   * Default false.
   */
  estimateGradientBound?: boolean
  /** L >= 0, for `losses: 'convex'`. Default: the problem's. */
  smoothness?: number
  /** lambda > 0, for strongly convex losses. Default: the problem's. */
  strongConvexity?: number
  /** alpha > 0, for exp-concave losses. Default: the problem's. */
  expConcavity?: number
}

interface OptimisticState extends OnlineState {
  /** x^_t, the point that gradient steps start from. */
  auxiliary: Float64Array
  hint: Float64Array
  /** V_{t-1} = sum of ||g_s - g_{s-1}||^2, g_0 = 0. */
  variation: number
  /** H_t of exp-concave losses. */
  norm: QuadraticNorm | null
}

/** eta of round t, counted from 1, given V_{t-1} and the largest gradient so far. */
type Rule = (t: number, variation: number, largestGradient: number) => number

/**
 * Optimistic online mirror descent for f_1, f_2, ... over X, in the stochastically extended adversarial model. Round t plays x_t,
 * sees g_t = grad f_t(x_t), and makes two steps, each with its own step size:
 *
 *     x^_{t+1} = P[x^_t - eta_t g_t],   x_{t+1} = P[x^_{t+1} - eta_{t+1} M],   M = g_t or a hint.
 *
 * - convex: eta_t = D / sqrt(10 D^2 L^2 + 4 G^2 + sum_{s<t} ||g_s - g_{s-1}||^2), regret O(sqrt(sigma^2) + sqrt(Sigma^2)) with
 *   sigma^2 the cumulative variance and Sigma^2 the cumulative variation of the expected gradients;
 * - strongly convex: eta_t = 2 / (lambda t);
 * - exp-concave: P and the steps in the norm of H_t = I + beta/2 (G^2 I + sum_{s<t} g_s g_s'), beta = min(1/(4 G D), alpha) / 2;
 * - implicit: x_{t+1} = argmin_X f_t(x) + ||x - x^_{t+1}||^2 / (2 eta_{t+1}), without smoothness.
 *
 * One value and one gradient a round, two projections (one and a proximal step when implicit); memory 6n, or 2n^2.
 * @throws {OptionError} if an option is outside its interval
 * @throws {UnsupportedError} from the run if a constant or the proximal step is missing
 * @see Chen, Zhang, Tu, Zhao and Zhang, JMLR 25(178), 2024, Algorithm 1, Theorems 1, 3, 5 and 8
 */
export const optimisticMirrorDescent = defineMethod<OnlineProblem, OptimisticMirrorDescentOptions, OptimisticState>()({
  slug: 'optimistic-mirror-descent',
  title: 'Optimistic mirror descent',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Plays online rounds with one algorithm that is good in friendly, hostile and in-between worlds.',
  formulae: [
    {
      tex: String.raw`\hat x_{t+1} = \Pi_{\mathcal X}[\hat x_t - \eta_t \nabla f_t(x_t)], \qquad x_{t+1} = \Pi_{\mathcal X}[\hat x_{t+1} - \eta_{t+1} \nabla f_t(x_t)]`,
      meaning: 'A gradient step, and a second one that expects the next gradient to be like the last.',
    },
    {
      tex: String.raw`\eta_t = \frac{D}{\sqrt{10 D^2 L^2 + 4 G^2 + \sum_{s<t} \|g_s - g_{s-1}\|^2}}`,
      meaning: 'Steps shrink only as far as successive gradients differ.',
    },
    {
      tex: String.raw`\mathbb E\,\mathrm{Reg}_T = O\!\left( \sqrt{\sigma_{1:T}^2} + \sqrt{\Sigma_{1:T}^2} \right)`,
      meaning: 'The regret is bounded by the noise of the gradients and the drift of the world, whichever there is.',
    },
  ],
  source: {
    authors: 'Sijia Chen, Yu-Jie Zhang, Wei-Wei Tu, Peng Zhao, Lijun Zhang',
    title: 'Optimistic Online Mirror Descent for Bridging Stochastic and Adversarial Online Convex Optimization',
    year: 2024,
    venue: 'JMLR 25(178)',
    arxiv: '2302.04552',
  },
  requires: ['gradient'],
  options: {
    losses: choice(['convex', 'strongly-convex', 'exp-concave'], 'convex', 'losses'),
    optimism: choice(['gradient', 'implicit'], 'gradient', 'optimism'),
    hint: callback<GradientHint>('guess of the next gradient'),
    stepSize: positive<number | undefined>(undefined, 'fixed step eta'),
    offset: nonNegative<number | undefined>(undefined, 'offset delta'),
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
    estimateGradientBound: flag(false, 'estimate the gradient bound'),
    smoothness: nonNegative<number | undefined>(undefined, 'smoothness L'),
    strongConvexity: positive<number | undefined>(undefined, 'strong convexity lambda'),
    expConcavity: positive<number | undefined>(undefined, 'exp-concavity alpha'),
  },

  create(options) {
    const { losses, hint, stepSize, offset, gradientBound, smoothness, strongConvexity, expConcavity } = options
    const implicit = options.optimism === 'implicit'
    if (implicit && (losses !== 'convex' || hint !== undefined)) {
      throw new OptionError(
        `optimistic-mirror-descent: optimism: 'implicit' is for losses: 'convex' without a hint, got losses: '${losses}'${hint === undefined ? '' : ' and a hint'}`,
        { argument: 'optimism', expected: "'gradient'", received: 'implicit' },
      )
    }
    const unused = losses === 'exp-concave' && stepSize !== undefined ? 'stepSize' : 'offset'
    if ((unused === 'stepSize' || losses !== 'convex') && options[unused] !== undefined) {
      throw new OptionError(`optimistic-mirror-descent: ${unused} has no meaning for losses: '${losses}'`, {
        argument: unused,
        expected: `no ${unused}`,
        received: String(options[unused]),
      })
    }
    const estimate = options.estimateGradientBound && losses === 'convex'
    const diameterOf = (problem: OnlineProblem): number => options.diameter ?? problem.set.diameter

    function ruleOf(problem: OnlineProblem): Rule {
      if (stepSize !== undefined) return () => stepSize
      if (losses === 'strongly-convex') {
        const lambda = constantOf(problem, 'strongConvexity', strongConvexity)
        return (t) => 2 / (lambda * t)
      }
      const D = diameterOf(problem)
      const known = estimate ? 0 : constantOf(problem, 'gradientBound', gradientBound)
      const delta = offset ?? (implicit ? 1 : 10 * (D * constantOf(problem, 'smoothness', smoothness)) ** 2)
      return (_, variation, largestGradient) => {
        const G = estimate ? largestGradient : known
        // All is 0 as long as no gradient was seen: then no step is made.
        return D / Math.sqrt(delta + 4 * G * G + variation || Infinity)
      }
    }

    const betaOf = (problem: OnlineProblem): number => safeCurvature(problem, options)

    function updateBySteps(problem: OnlineProblem, state: OptimisticState): void {
      const { auxiliary, gradient, previousGradient, next, round } = state
      const rule = ruleOf(problem)
      const t = round + 1
      const largest = estimate ? Math.max(state.largestGradient, norm(gradient)) : 0
      projectedStep(problem, auxiliary, rule(t, state.variation, largest), gradient, auxiliary)
      state.variation += squaredDistance(gradient, previousGradient)
      const step = rule(t + 1, state.variation, largest)
      if (implicit) {
        ;(problem as PreparedOnlineProblem).proximal(round, auxiliary, step, next)
        return
      }
      projectedStep(problem, auxiliary, step, guess(state), next)
    }

    function updateByNorm(problem: OnlineProblem, state: OptimisticState): void {
      const { auxiliary, gradient, next } = state
      const H = state.norm as QuadraticNorm
      newtonStep(H, auxiliary, 1, gradient, next)
      projectInNorm(problem.set, H.matrix, next, auxiliary)
      addRankOne(H, 0.5 * betaOf(problem), gradient)
      newtonStep(H, auxiliary, 1, guess(state), next)
      projectInNorm(problem.set, H.matrix, next, next)
    }

    function guess(state: OptimisticState): Float64Array {
      if (hint === undefined) return state.gradient
      hint(state.round + 1, state.gradient, state.hint)
      return state.hint
    }

    const constants =
      losses === 'strongly-convex'
        ? { strongConvexity }
        : losses === 'exp-concave'
          ? { gradientBound, expConcavity }
          : { ...(!estimate && { gradientBound }), ...(!implicit && offset === undefined && { smoothness }) }
    return {
      requires: [
        ...(implicit ? ['proximal'] : []),
        ...(stepSize === undefined || losses === 'exp-concave' ? missing(constants) : []),
      ],

      start(problem, { start }) {
        const n = start.length
        let H: QuadraticNorm | null = null
        if (losses === 'exp-concave') {
          const G = constantOf(problem, 'gradientBound', gradientBound)
          H = scaledIdentity(n, 1 + 0.5 * betaOf(problem) * G * G)
        }
        return {
          ...onlineState(problem, start),
          auxiliary: start.slice(),
          hint: new Float64Array(n),
          variation: 0,
          norm: H,
        }
      },

      step(problem, state, context) {
        if (estimate) context.note('the largest gradient so far stands for G, so no bound on the regret is guaranteed')
        return playRound(
          problem,
          state,
          context,
          losses === 'exp-concave' ? updateByNorm : updateBySteps,
          'gradientBound' in constants ? (gradientBound ?? problem.constants?.gradientBound) : undefined,
        )
      },

      measure: (state) => ({ ...onlineMeasures(state), variation: state.variation }),
      solution: (state) => state.x,
    }
  },
})
