import { describe, InvalidInputError, type OptionSpec } from '../base/index.ts'
import { type BanditOptions, defineBandit } from './bandit.ts'
import { betaSample } from './sampling.ts'

export interface ThompsonSamplingOptions extends BanditOptions {
  /**
   * Turns a reward of any scale into one in [0, 1]: a number (rewards of at least this count 1, others 0) or a function of
   * reward and arm. Default: none; rewards must lie in [0, 1].
   */
  binarize?: number | ((reward: number, arm: number) => number | boolean)
}

interface ThompsonState {
  successes: Float64Array
  failures: Float64Array
}

const binarizer: OptionSpec<ThompsonSamplingOptions['binarize']> = {
  type: 'function',
  fallback: undefined,
  label: 'reward binarizer',
  expected: 'a finite number (a threshold) or a function of reward and arm',
  accepts: (value): value is ThompsonSamplingOptions['binarize'] =>
    typeof value === 'function' || (typeof value === 'number' && Number.isFinite(value)),
}

/**
 * Thompson sampling with Beta posteriors: one draw from Beta(1 + successes_i, 1 + failures_i) per arm, and the largest is
 * played. A reward r in [0, 1] adds r to the successes and 1 - r to the failures. The probability of a choice has no closed
 * form and is null.
 *
 * @throws {InvalidInputError} from `update` if a reward (after `binarize`) lies outside [0, 1]
 * @see Thompson, On the likelihood that one unknown probability exceeds another, Biometrika 25 (1933)
 */
export const thompsonSampling = defineBandit<ThompsonSamplingOptions, ThompsonState>()({
  slug: 'thompson-sampling',
  title: 'Thompson sampling',
  summary: 'Plays each arm as often as it is believed to be the best; for successes and failures.',
  source: {
    authors: 'Thompson',
    title: 'On the likelihood that one unknown probability exceeds another in view of the evidence of two samples',
    year: 1933,
    venue: 'Biometrika 25',
  },
  feedback: 'reward',
  options: { binarize: binarizer },

  create: ({ arms, binarize }) => ({
    start: () => ({ successes: new Float64Array(arms), failures: new Float64Array(arms) }),
    select({ successes, failures }, random) {
      let arm = 0
      let largest = -1
      for (let i = 0; i < arms; i++) {
        const draw = betaSample(random, 1 + successes[i], 1 + failures[i])
        if (draw > largest) {
          largest = draw
          arm = i
        }
      }
      return { arm, probability: null }
    },
    update(state, arm, reward) {
      let r = reward
      if (typeof binarize === 'number') r = reward >= binarize ? 1 : 0
      else if (binarize !== undefined) r = Number(binarize(reward, arm))
      if (!(r >= 0 && r <= 1)) {
        throw new InvalidInputError(
          `thompson-sampling: rewards must lie in [0, 1], got ${describe(r)}; scale them or give a binarize option`,
          { argument: 'reward', expected: 'a number in [0, 1]', received: describe(r) },
        )
      }
      state.successes[arm] += r
      state.failures[arm] += 1 - r
    },
  }),
})
