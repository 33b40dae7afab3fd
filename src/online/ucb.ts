import { between, portableLog, positive } from '../base/index.ts'
import {
  type ArmStatistics,
  armStatistics,
  type BanditOptions,
  bestArm,
  countPull,
  defineBandit,
  meanOutcome,
} from './bandit.ts'

export interface Ucb1Options extends BanditOptions {
  /** Width of the confidence bonus, > 0; 1 is the bound of the theory for rewards in [0, 1]. Default 1. */
  alpha?: number
}

function totalPulls({ pulls }: ArmStatistics): number {
  let total = 0
  for (let i = 0; i < pulls.length; i++) total += pulls[i]
  return total
}

function oneHot(arm: number, out: Float64Array): Float64Array {
  out.fill(0)
  out[arm] = 1
  return out
}

/**
 * UCB1: every arm once, in order, then the largest mu_i + alpha sqrt(2 ln N / n_i). Deterministic; for stochastic rewards in
 * [0, 1].
 *
 * @see Auer, Cesa-Bianchi and Fischer, Finite-time analysis of the multiarmed bandit problem, Machine Learning 47 (2002)
 */
export const ucb1 = defineBandit<Ucb1Options, ArmStatistics>()({
  slug: 'ucb1',
  title: 'UCB1',
  summary: 'Plays the arm whose mean could still be the largest; no random draws.',
  source: {
    authors: 'Auer, Cesa-Bianchi and Fischer',
    title: 'Finite-time analysis of the multiarmed bandit problem',
    year: 2002,
    venue: 'Machine Learning 47',
  },
  feedback: 'reward',
  options: { alpha: positive(1, 'confidence width') },

  create({ arms, alpha }) {
    const choose = (state: ArmStatistics): number => {
      for (let i = 0; i < arms; i++) if (state.pulls[i] === 0) return i
      const spread = 2 * portableLog(totalPulls(state))
      return bestArm(arms, (i) => meanOutcome(state, i) + alpha * Math.sqrt(spread / state.pulls[i]))
    }
    return {
      start: () => armStatistics(arms),
      select: (state) => ({ arm: choose(state), probability: 1 }),
      update: countPull,
      probabilities: (state, _context, out = new Float64Array(arms)) => oneHot(choose(state), out),
    }
  },
})

export interface AlphaUcbOptions extends BanditOptions {
  /** Exploration, in [0, 1]; 0 is greedy. Default 0.1. */
  alpha?: number
}

/**
 * The largest mu_i + sqrt(alpha ln(1 + N) / (n_i + 1)): a bonus that is defined before the first play, as used for the
 * operators of adaptive large-neighbourhood search.
 *
 * @see Hendel, Adaptive large neighborhood search for mixed integer programming, Mathematical Programming Computation 14 (2022)
 */
export const alphaUcb = defineBandit<AlphaUcbOptions, ArmStatistics>()({
  slug: 'alpha-ucb',
  title: 'Alpha-UCB',
  summary: 'UCB with an adjustable bonus that needs no initial round over all arms.',
  source: {
    authors: 'Hendel',
    title: 'Adaptive large neighborhood search for mixed integer programming',
    year: 2022,
    venue: 'Mathematical Programming Computation 14',
  },
  feedback: 'reward',
  options: { alpha: between(0, 1, 0.1, 'exploration') },

  create({ arms, alpha }) {
    const choose = (state: ArmStatistics): number => {
      const spread = alpha * portableLog(1 + totalPulls(state))
      return bestArm(arms, (i) => meanOutcome(state, i) + Math.sqrt(spread / (state.pulls[i] + 1)))
    }
    return {
      start: () => armStatistics(arms),
      select: (state) => ({ arm: choose(state), probability: 1 }),
      update: countPull,
      probabilities: (state, _context, out = new Float64Array(arms)) => oneHot(choose(state), out),
    }
  },
})
