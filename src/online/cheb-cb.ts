import {
  choice,
  describe,
  InvalidInputError,
  integer,
  OptionError,
  type OptionSpec,
  portableLog,
} from '../base/index.ts'
import { type BanditOptions, defineBandit } from './bandit.ts'
import { checkContext, checkInterval } from './binned.ts'
import { boxLeastSquares } from './box-least-squares.ts'
import { categoricalSample } from './sampling.ts'

export interface ChebCbOptions extends BanditOptions {
  /** Lower end of the contexts. Default 0. */
  from?: number
  /** Upper end of the contexts, > from. Contexts outside count as the nearer end. Default 1. */
  to?: number
  /** m, the number of Chebyshev coefficients per arm, an integer >= 1. Default 6. */
  coefficients?: number
  /** The smallest possible loss, >= 0; 1 for iteration counts. Default 0. */
  lossFloor?: number
  /**
   * What bounds the slope of the loss in the context: the largest loss over the width of the interval ('largest'), or the
   * largest minus the smallest ('spread', a tighter box). Default 'largest'.
   */
  slopeBound?: 'largest' | 'spread'
  /** gamma of the inverse-gap weighting: >= 0 and fixed, or 'adaptive' (from the data, growing). Default 'adaptive'. */
  learningRate?: 'adaptive' | number
}

export interface ChebCbState {
  /** theta: d rows of m Chebyshev coefficients of loss / scale. */
  coefficients: Float64Array
  /** Per arm sum f f^T, d blocks of m*m. */
  gram: Float64Array
  /** Per arm sum (loss - floor) f, d rows of m. */
  moments: Float64Array
  /** Per arm sum (loss - floor)^2. */
  squares: Float64Array
  pulls: Float64Array
  largest: number
  smallest: number
  scale: number
  learningRate: number
  /** Rounds done. */
  rounds: number
  /** Sums over rounds of prediction^2, prediction * loss, loss^2. */
  predictionSquared: number
  predictionTimesLoss: number
  lossSquared: number
}

const finiteAtLeast = (min: number, fallback: number, label: string): OptionSpec<number> => ({
  type: 'number',
  fallback,
  label,
  expected: min === -Infinity ? 'a finite number' : `a finite number >= ${min}`,
  accepts: (value): value is number => typeof value === 'number' && Number.isFinite(value) && value >= min,
})

const rateSpec: OptionSpec<'adaptive' | number> = {
  type: 'object',
  fallback: 'adaptive',
  label: 'learning rate',
  expected: "'adaptive' or a finite number >= 0",
  accepts: (value): value is 'adaptive' | number =>
    value === 'adaptive' || (typeof value === 'number' && value >= 0 && value < Infinity),
}

/**
 * Writes T_0(y), ..., T_{m-1}(y) for y = 2 (c - from) / (to - from) - 1, with c clamped to [from, to]: T_{j+1} = 2 y T_j -
 * T_{j-1}.
 */
export function chebyshevFeatures(c: number, from: number, to: number, out: Float64Array): Float64Array {
  const y = Math.min(Math.max((2 * (c - from)) / (to - from) - 1, -1), 1)
  out[0] = 1
  if (out.length > 1) out[1] = y
  for (let j = 2; j < out.length; j++) out[j] = 2 * y * out[j - 1] - out[j - 2]
  return out
}

/**
 * ChebCB: a contextual bandit for a one-dimensional context, whose expected losses are smooth in it. SquareCB with Chebyshev
 * polynomials, fitted by constrained follow-the-leader, as its regression oracle.
 *
 * With f(c) the Chebyshev polynomials of the context and s_i = <theta_i, f(c)>, the arms other than the best one i* get p_i =
 * 1 / (d + eta (s_i - s_i*)). Then the arm's theta is fitted to (loss - floor) / scale by least squares of minimum norm, within
 * |theta_0| <= 1 / N, |theta_j| <= 2 C L / (scale j), where K is the largest loss so far, C the width of the interval, L the
 * bound on the slope, N = 2 + 4 (C L / K) (1 + ln m), scale = K N. When the scale changes all arms are fitted again. The rate is
 * eta = 2 t sqrt(d t / (R - r + 2 a^2 t)) with R the squared prediction errors so far, r the residual of the last constrained
 * fit (0 if none was) and a = (pi + (2 / pi) ln(2 m + 1)) C L / (2 scale (m + 1)). O(d m + m^3) per round; the state holds sums
 * only, not the rounds.
 *
 * @throws {OptionError} if from >= to
 * @see Khodak, Chow, Balcan and Talwalkar, Learning to Relax, ICLR 2024, Algorithm 3
 */
export const chebCb = defineBandit<ChebCbOptions, ChebCbState, number>()({
  slug: 'cheb-cb',
  title: 'ChebCB',
  summary: 'Contextual bandit that learns each arm’s loss as a smooth curve over a one-dimensional context.',
  source: {
    authors: 'Khodak, Chow, Balcan and Talwalkar',
    title: 'Learning to Relax: Setting Solver Parameters Across a Sequence of Linear System Instances',
    year: 2024,
    venue: 'ICLR, Algorithm 3',
    arxiv: '2310.02246',
  },
  feedback: 'loss',
  context: 'number',
  options: {
    from: finiteAtLeast(-Infinity, 0, 'lower end of the contexts'),
    to: finiteAtLeast(-Infinity, 1, 'upper end of the contexts'),
    coefficients: integer(6, 'Chebyshev coefficients', { min: 1, max: 64 }),
    lossFloor: finiteAtLeast(0, 0, 'smallest possible loss'),
    slopeBound: choice(['largest', 'spread'], 'largest', 'bound on the slope'),
    learningRate: rateSpec,
  },

  create({ arms: d, from, to, coefficients: m, lossFloor, slopeBound, learningRate }) {
    checkInterval('cheb-cb', from, to)
    if (!Number.isFinite(m)) {
      throw new OptionError(`cheb-cb: coefficients must be finite, got ${describe(m)}`, { argument: 'coefficients' })
    }
    const p = new Float64Array(d)
    const f = new Float64Array(m)
    const theta = new Float64Array(m)
    const target = new Float64Array(m)
    const bounds = new Float64Array(m)
    const leastSquares = boxLeastSquares(m)

    const features = (context: number | undefined): Float64Array =>
      chebyshevFeatures(checkContext('cheb-cb', context), from, to, f)

    const predict = ({ coefficients }: ChebCbState, arm: number): number => {
      let sum = 0
      for (let j = 0; j < m; j++) sum += coefficients[arm * m + j] * f[j]
      return sum
    }

    const distribution = (state: ChebCbState, context: number | undefined, out: Float64Array): Float64Array => {
      features(context)
      let best = 0
      for (let i = 0; i < d; i++) {
        out[i] = predict(state, i)
        if (out[i] < out[best]) best = i
      }
      const least = out[best]
      let rest = 0
      for (let i = 0; i < d; i++) {
        if (i === best) continue
        out[i] = 1 / (d + state.learningRate * (out[i] - least))
        rest += out[i]
      }
      out[best] = Math.max(1 - rest, 0)
      return out
    }

    /** Fits theta_i; returns the squared residual sum if a bound was active, else null. */
    const refit = (state: ChebCbState, arm: number): number | null => {
      const { gram, moments, squares, scale } = state
      const block = gram.subarray(arm * m * m, (arm + 1) * m * m)
      for (let j = 0; j < m; j++) target[j] = moments[arm * m + j] / scale
      const active = leastSquares(block, target, bounds, theta)
      state.coefficients.set(theta, arm * m)
      if (!active) return null
      let residual = squares[arm] / (scale * scale)
      for (let j = 0; j < m; j++) {
        let row = 0
        for (let k = 0; k < m; k++) row += block[j * m + k] * theta[k]
        residual += theta[j] * (row - 2 * target[j])
      }
      return Math.max(residual, 0)
    }

    return {
      start: () => ({
        coefficients: new Float64Array(d * m),
        gram: new Float64Array(d * m * m),
        moments: new Float64Array(d * m),
        squares: new Float64Array(d),
        pulls: new Float64Array(d),
        largest: 0,
        smallest: 0,
        scale: 0,
        learningRate: learningRate === 'adaptive' ? 0 : learningRate,
        rounds: 0,
        predictionSquared: 0,
        predictionTimesLoss: 0,
        lossSquared: 0,
      }),

      select(state, random, context) {
        const arm = categoricalSample(random, distribution(state, context, p))
        return { arm, probability: p[arm] }
      },

      update(state, arm, loss, _probability, context) {
        if (loss < lossFloor) {
          throw new InvalidInputError(`cheb-cb: the loss must be >= lossFloor = ${lossFloor}, got ${loss}`, {
            argument: 'loss',
            expected: `a number >= ${lossFloor}`,
            received: String(loss),
          })
        }
        features(context)
        const prediction = predict(state, arm)
        state.predictionSquared += prediction * prediction
        state.predictionTimesLoss += prediction * loss
        state.lossSquared += loss * loss
        const excess = loss - lossFloor
        const { gram, moments } = state
        for (let j = 0; j < m; j++) {
          moments[arm * m + j] += excess * f[j]
          for (let k = 0; k < m; k++) gram[(arm * m + j) * m + k] += f[j] * f[k]
        }
        state.squares[arm] += excess * excess
        state.pulls[arm]++
        state.smallest = state.rounds === 0 ? loss : Math.min(state.smallest, loss)
        state.largest = Math.max(state.largest, loss)
        const t = ++state.rounds

        // While every loss is 0 there is no scale yet; any positive one serves.
        const K = state.largest > 0 ? state.largest : 1
        const range = slopeBound === 'largest' ? K : state.largest - state.smallest
        const N = 2 + 4 * (range / K) * (1 + portableLog(m))
        const scale = K * N
        const changed = scale !== state.scale
        state.scale = scale
        bounds[0] = 1 / N
        for (let j = 1; j < m; j++) bounds[j] = (2 * range) / (scale * j)

        let residual = 0
        if (changed) {
          for (let i = 0; i < d; i++) if (state.pulls[i] > 0) residual = refit(state, i) ?? residual
        } else residual = refit(state, arm) ?? 0

        if (learningRate !== 'adaptive') return
        const a = ((Math.PI + (2 / Math.PI) * portableLog(2 * m + 1)) / (2 * scale * (m + 1))) * range
        const errors =
          state.predictionSquared - (2 * state.predictionTimesLoss) / scale + state.lossSquared / (scale * scale)
        // R - r can come out negative in the first rounds.
        state.learningRate = 2 * t * Math.sqrt((d * t) / Math.max(errors - residual + 2 * a * a * t, 1e-12))
      },

      probabilities: (state, context, out = new Float64Array(d)) => distribution(state, context, out),
    }
  },
})
