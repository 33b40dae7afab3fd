import { between } from '../base/index.ts'
import {
  type ArmStatistics,
  armStatistics,
  type BanditOptions,
  bestArm,
  countPull,
  defineBandit,
  meanOutcome,
} from './bandit.ts'

export interface EpsilonGreedyOptions extends BanditOptions {
  /** Probability of a uniformly random arm, in [0, 1]. Default 0.1. */
  epsilon?: number
}

/**
 * With probability epsilon a uniformly random arm, else the arm with the largest mean reward so far (0 for an arm never
 * played; the first index wins ties).
 *
 * @see Sutton and Barto, Reinforcement Learning, 2nd ed. (2018), Section 2.2
 */
export const epsilonGreedy = defineBandit<EpsilonGreedyOptions, ArmStatistics>()({
  slug: 'epsilon-greedy',
  title: 'Epsilon-greedy',
  summary: 'Plays the arm with the best mean, and now and then a random one.',
  source: { authors: 'Sutton and Barto', title: 'Reinforcement Learning, 2nd ed.', year: 2018, venue: 'Section 2.2' },
  feedback: 'reward',
  options: { epsilon: between(0, 1, 0.1, 'exploration probability') },

  create({ arms, epsilon }) {
    const greedy = (state: ArmStatistics): number => bestArm(arms, (i) => meanOutcome(state, i))
    return {
      start: () => armStatistics(arms),
      select(state, random) {
        const best = greedy(state)
        const arm = random.uniform() < epsilon ? random.integer(arms) : best
        return { arm, probability: epsilon / arms + (arm === best ? 1 - epsilon : 0) }
      },
      update: countPull,
      probabilities(state, _context, out = new Float64Array(arms)) {
        out.fill(epsilon / arms)
        out[greedy(state)] += 1 - epsilon
        return out
      },
    }
  },
})
