import { between, describe, InvalidInputError } from '../base/index.ts'
import {
  type ArmStatistics,
  armStatistics,
  type BanditOptions,
  countPull,
  defineBandit,
  meanOutcome,
} from './bandit.ts'
import { categoricalSample } from './sampling.ts'

function checkNonNegative(where: string, reward: number): void {
  if (reward >= 0) return
  throw new InvalidInputError(`${where}: rewards must be >= 0, got ${describe(reward)}`, {
    argument: 'reward',
    expected: 'a number >= 0',
    received: describe(reward),
  })
}

/** Scales nonnegative weights to sum 1; all-zero weights become uniform. */
function normalise(weights: Float64Array): Float64Array {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i]
  if (!(sum > 0)) return weights.fill(1 / weights.length)
  for (let i = 0; i < weights.length; i++) weights[i] /= sum
  return weights
}

/** Arms with probability proportional to their mean rewards (>= 0); uniform while all are 0. */
export const popularity = defineBandit<BanditOptions, ArmStatistics>()({
  slug: 'popularity',
  title: 'Popularity',
  summary: 'Plays arms in proportion to their mean rewards.',
  source: {
    authors: 'Strong, Kleynhans and Kadioglu',
    title: 'MABWiser: parallelizable contextual multi-armed bandits',
    year: 2021,
  },
  feedback: 'reward',
  options: {},

  create({ arms }) {
    const p = new Float64Array(arms)
    const distribution = (state: ArmStatistics, out: Float64Array): Float64Array => {
      for (let i = 0; i < arms; i++) out[i] = meanOutcome(state, i)
      return normalise(out)
    }
    return {
      start: () => armStatistics(arms),
      select(state, random) {
        const arm = categoricalSample(random, distribution(state, p))
        return { arm, probability: p[arm] }
      },
      update(state, arm, reward) {
        checkNonNegative('popularity', reward)
        countPull(state, arm, reward)
      },
      probabilities: (state, _context, out = new Float64Array(arms)) => distribution(state, out),
    }
  },
})

export interface RouletteWheelOptions extends BanditOptions {
  /** theta in [0, 1]: how much of the old weight stays. Default 0.8. */
  decay?: number
}

interface RouletteWheelState {
  weights: Float64Array
}

/**
 * The roulette wheel of adaptive large-neighbourhood search: p_i proportional to w_i, and w_i <- theta w_i + (1 - theta)
 * reward for the arm played. Weights start at 1; rewards >= 0.
 *
 * @see Ropke and Pisinger, An adaptive large neighborhood search heuristic for the pickup and delivery problem with time
 *   windows, Transportation Science 40 (2006)
 */
export const rouletteWheel = defineBandit<RouletteWheelOptions, RouletteWheelState>()({
  slug: 'roulette-wheel',
  title: 'Roulette wheel',
  summary: 'Plays arms in proportion to weights that forget old rewards.',
  source: {
    authors: 'Ropke and Pisinger',
    title: 'An adaptive large neighborhood search heuristic for the pickup and delivery problem with time windows',
    year: 2006,
    venue: 'Transportation Science 40',
  },
  feedback: 'reward',
  options: { decay: between(0, 1, 0.8, 'decay of the weights') },

  create({ arms, decay }) {
    const p = new Float64Array(arms)
    const distribution = (state: RouletteWheelState, out: Float64Array): Float64Array => {
      out.set(state.weights)
      return normalise(out)
    }
    return {
      start: () => ({ weights: new Float64Array(arms).fill(1) }),
      select(state, random) {
        const arm = categoricalSample(random, distribution(state, p))
        return { arm, probability: p[arm] }
      },
      update(state, arm, reward) {
        checkNonNegative('roulette-wheel', reward)
        state.weights[arm] = decay * state.weights[arm] + (1 - decay) * reward
      },
      probabilities: (state, _context, out = new Float64Array(arms)) => distribution(state, out),
    }
  },
})

/** A uniformly random arm in every round: the baseline that every policy should beat. */
export const randomArm = defineBandit<BanditOptions, ArmStatistics>()({
  slug: 'random-arm',
  title: 'Random arm',
  summary: 'Plays a uniformly random arm; the baseline.',
  source: { authors: 'Robbins', title: 'Some aspects of the sequential design of experiments', year: 1952 },
  feedback: 'reward',
  options: {},

  create: ({ arms }) => ({
    start: () => armStatistics(arms),
    select: (_state, random) => ({ arm: random.integer(arms), probability: 1 / arms }),
    update: countPull,
    probabilities: (_state, _context, out = new Float64Array(arms)) => out.fill(1 / arms),
  }),
})
