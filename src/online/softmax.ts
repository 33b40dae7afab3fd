import { choice, portableExp, positive } from '../base/index.ts'
import {
  type ArmStatistics,
  armStatistics,
  type BanditOptions,
  bestArm,
  countPull,
  defineBandit,
  meanOutcome,
} from './bandit.ts'
import { categoricalSample, dirichletSample } from './sampling.ts'

export interface SoftmaxOptions extends BanditOptions {
  /** tau > 0: large is nearly uniform, small nearly greedy. Default 1. */
  temperature?: number
  /**
   * `exact` draws from p. `dirichlet` draws w from Dirichlet(p) and plays its largest component, as MABWiser does; that is
   * NOT a draw from p (p = (.5, .3, .2) gives about (.522, .290, .188)), and is here for comparisons. Default 'exact'.
   */
  sampling?: 'exact' | 'dirichlet'
}

/** Boltzmann exploration: arm i with probability p_i proportional to exp((mu_i - max mu) / tau). */
export const softmax = defineBandit<SoftmaxOptions, ArmStatistics>()({
  slug: 'softmax',
  title: 'Softmax',
  summary: 'Plays arms with probabilities that grow exponentially with their mean rewards.',
  source: { authors: 'Luce', title: 'Individual Choice Behavior', year: 1959 },
  feedback: 'reward',
  options: {
    temperature: positive(1, 'temperature'),
    sampling: choice(['exact', 'dirichlet'], 'exact', 'how an arm is drawn'),
  },

  create({ arms, temperature, sampling }) {
    const p = new Float64Array(arms)
    const distribution = (state: ArmStatistics, out: Float64Array): Float64Array => {
      let largest = -Infinity
      for (let i = 0; i < arms; i++) largest = Math.max(largest, (out[i] = meanOutcome(state, i)))
      let sum = 0
      for (let i = 0; i < arms; i++) sum += out[i] = portableExp((out[i] - largest) / temperature)
      for (let i = 0; i < arms; i++) out[i] /= sum
      return out
    }
    const body = {
      start: () => armStatistics(arms),
      update: countPull,
    }
    if (sampling === 'dirichlet') {
      const w = new Float64Array(arms)
      return {
        ...body,
        select(state, random) {
          dirichletSample(random, distribution(state, p), w)
          return { arm: bestArm(arms, (i) => w[i]), probability: null }
        },
      }
    }
    return {
      ...body,
      select(state, random) {
        const arm = categoricalSample(random, distribution(state, p))
        return { arm, probability: p[arm] }
      },
      probabilities: (state, _context, out = new Float64Array(arms)) => distribution(state, out),
    }
  },
})
