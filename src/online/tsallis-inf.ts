import { type OptionSpec, structured } from '../base/index.ts'
import { type BanditOptions, defineBandit, importance } from './bandit.ts'
import { learningRateSpec, shiftToZero } from './exp3.ts'
import { categoricalSample } from './sampling.ts'

export interface TsallisInfOptions extends BanditOptions {
  /** eta > 0, or 'anytime' for eta_t = 2 / sqrt(t). Default 'anytime'. */
  learningRate?: 'anytime' | number
  /**
   * K, the size of a loss: a number > 0 (the theory asks for the largest loss), or 'running' for the mean of the losses so
   * far (1 in the first round). Default 1, for losses in [0, 1].
   */
  scale?: 'running' | number
  /** The smallest possible loss; only the excess over it counts. 1 for iteration counts. Default 0. */
  lossFloor?: number
}

export interface TsallisInfState {
  /** k: importance-weighted cumulative losses above the floor, shifted so that the smallest is 0. */
  losses: Float64Array
  /** t, the number of the next round, from 1. */
  round: number
  /** The sum of all losses above the floor, for the running scale. */
  total: number
}

const scaleSpec: OptionSpec<'running' | number> = structured<'running' | number>(
  1,
  'loss scale K',
  "'running' or a finite number > 0",
  (value) => value === 'running' || (typeof value === 'number' && value > 0 && value < Infinity),
)

const lossFloorSpec: OptionSpec<number> = structured(
  0,
  'smallest possible loss',
  'a finite number',
  (value) => typeof value === 'number' && Number.isFinite(value),
)

/**
 * Writes the point of the simplex that minimises <k, p> - (4 / eta) sum_i sqrt(p_i): p_i = 4 / (eta (k_i - x))^2, where the
 * multiplier x < min k makes the sum 1.
 *
 * Newton's method on F(x) = sum p_i(x) - 1 from x = min k - 2 / eta, where F >= 0: F is convex and increasing, so the
 * iterates decrease to the root and never meet the pole at min k. At most 50 steps, to |F| < 1e-12; then p is normalised.
 *
 * @param k cumulative losses over their scale, length d
 * @param out receives p, length d
 */
export function tsallisProbabilities(k: Float64Array, eta: number, out: Float64Array): Float64Array {
  const d = k.length
  let least = Infinity
  for (let i = 0; i < d; i++) least = Math.min(least, k[i])
  let x = least - 2 / eta
  let sum = 0
  for (let step = 0; ; step++) {
    sum = 0
    let slope = 0
    for (let i = 0; i < d; i++) {
      const root = 2 / (eta * (k[i] - x))
      out[i] = root * root
      sum += out[i]
      slope += out[i] * root
    }
    if (Math.abs(sum - 1) < 1e-12 || step === 50) break
    x -= (sum - 1) / (eta * slope)
  }
  for (let i = 0; i < d; i++) out[i] /= sum
  return out
}

/**
 * Tsallis-INF: follow the regularised leader with the 1/2-Tsallis entropy. Optimal up to constants whether the losses are
 * stochastic or chosen by an adversary: regret at most about 2 sqrt(2 d T) in the scale of the losses, O(sum log T / gap) for
 * stochastic ones, without knowing which.
 *
 * In round t, p minimises <k, p> - (4 K / eta_t) sum sqrt(p_i); afterwards k_i += (loss - floor) / p_i for the arm played.
 *
 * @see Zimmert and Seldin, Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits, JMLR 22 (2021), Algorithm 1
 * @see Khodak, Chow, Balcan and Talwalkar, Learning to Relax, ICLR 2024, Algorithm 2
 */
export const tsallisInf = defineBandit<TsallisInfOptions, TsallisInfState>()({
  slug: 'tsallis-inf',
  title: 'Tsallis-INF',
  summary: 'The default when nothing is known: nearly optimal for random and for hostile losses alike.',
  source: {
    authors: 'Zimmert and Seldin',
    title: 'Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits',
    year: 2021,
    venue: 'JMLR 22',
    arxiv: '1807.07623',
  },
  feedback: 'loss',
  options: { learningRate: learningRateSpec, scale: scaleSpec, lossFloor: lossFloorSpec },

  create({ arms, learningRate, scale, lossFloor }) {
    const p = new Float64Array(arms)
    const scaled = new Float64Array(arms)
    const distribution = ({ losses, round, total }: TsallisInfState, out: Float64Array): Float64Array => {
      const eta = learningRate === 'anytime' ? 2 / Math.sqrt(round) : learningRate
      let K = 1
      if (typeof scale === 'number') K = scale
      else if (round > 1) K = Math.max(total / (round - 1), 1e-12)
      for (let i = 0; i < arms; i++) scaled[i] = losses[i] / K
      return tsallisProbabilities(scaled, eta, out)
    }
    return {
      start: () => ({ losses: new Float64Array(arms), round: 1, total: 0 }),
      select(state, random) {
        const arm = categoricalSample(random, distribution(state, p))
        return { arm, probability: p[arm] }
      },
      update(state, arm, loss, probability) {
        state.losses[arm] += (loss - lossFloor) / importance('tsallis-inf', probability)
        state.total += loss - lossFloor
        state.round++
        shiftToZero(state.losses)
      },
      probabilities: (state, _context, out = new Float64Array(arms)) => distribution(state, out),
    }
  },
})
