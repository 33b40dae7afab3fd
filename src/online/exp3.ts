import { between, type OptionSpec, portableExp, portableLog } from '../base/index.ts'
import { type BanditOptions, defineBandit, importance } from './bandit.ts'
import { categoricalSample } from './sampling.ts'

export interface Exp3Options extends BanditOptions {
  /** eta > 0, or 'anytime' for eta_t = sqrt(ln d / (d t)). Default 'anytime'. */
  learningRate?: 'anytime' | number
  /** gamma in [0, 1]: share of uniform exploration mixed in. Default 0. */
  exploration?: number
}

interface Exp3State {
  /** Importance-weighted cumulative losses, shifted so that the smallest is 0. */
  losses: Float64Array
  /** The number of the next round, from 1. */
  round: number
}

/** eta > 0 or the word `anytime`. */
export const learningRateSpec: OptionSpec<'anytime' | number> = {
  type: 'object',
  fallback: 'anytime',
  label: 'learning rate',
  expected: "'anytime' or a finite number > 0",
  accepts: (value): value is 'anytime' | number =>
    value === 'anytime' || (typeof value === 'number' && value > 0 && value < Infinity),
}

/** Keeps cumulative losses small: only their differences matter to the policies that use this. */
export function shiftToZero(losses: Float64Array): void {
  let least = Infinity
  for (let i = 0; i < losses.length; i++) least = Math.min(least, losses[i])
  for (let i = 0; i < losses.length; i++) losses[i] -= least
}

/**
 * Exp3 for losses in [0, 1], no assumption on how they arise: p_i = (1 - gamma) exp(-eta k_i) / sum + gamma / d, where k_i
 * sums loss / p over the rounds in which arm i was played. Expected regret at most 2 sqrt(T d ln d) with the anytime rate.
 *
 * @see Bubeck and Cesa-Bianchi, Regret Analysis of Stochastic and Nonstochastic Multi-armed Bandit Problems (2012), Theorem 3.1
 */
export const exp3 = defineBandit<Exp3Options, Exp3State>()({
  slug: 'exp3',
  title: 'Exp3',
  summary: 'Exponential weights for arms whose losses may be chosen by an adversary.',
  source: {
    authors: 'Auer, Cesa-Bianchi, Freund and Schapire',
    title: 'The nonstochastic multiarmed bandit problem',
    year: 2002,
    venue: 'SIAM Journal on Computing 32',
  },
  feedback: 'loss',
  options: { learningRate: learningRateSpec, exploration: between(0, 1, 0, 'uniform exploration') },

  create({ arms, learningRate, exploration }) {
    const p = new Float64Array(arms)
    const distribution = ({ losses, round }: Exp3State, out: Float64Array): Float64Array => {
      const eta = learningRate === 'anytime' ? Math.sqrt(portableLog(arms) / (arms * round)) : learningRate
      let least = Infinity
      for (let i = 0; i < arms; i++) least = Math.min(least, losses[i])
      let sum = 0
      for (let i = 0; i < arms; i++) sum += out[i] = portableExp(-eta * (losses[i] - least))
      for (let i = 0; i < arms; i++) out[i] = ((1 - exploration) * out[i]) / sum + exploration / arms
      return out
    }
    return {
      start: () => ({ losses: new Float64Array(arms), round: 1 }),
      select(state, random) {
        const arm = categoricalSample(random, distribution(state, p))
        return { arm, probability: p[arm] }
      },
      update(state, arm, loss, probability) {
        state.losses[arm] += loss / importance('exp3', probability)
        state.round++
        shiftToZero(state.losses)
      },
      probabilities: (state, _context, out = new Float64Array(arms)) => distribution(state, out),
    }
  },
})
