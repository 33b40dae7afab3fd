import { describe, integer, positive, ShapeError } from '../base/index.ts'
import { type BanditOptions, bestArm, defineBandit } from './bandit.ts'

export interface LinUcbOptions extends BanditOptions {
  /** q, the length of a context, an integer >= 1. Default 1. */
  features?: number
  /** Width of the confidence bonus, > 0. Default 1. */
  alpha?: number
  /** lambda > 0 of the ridge regression. Default 1. */
  ridge?: number
}

interface LinUcbState {
  /** Inverses of lambda I + sum c c^T, d blocks of q*q. */
  inverses: Float64Array
  /** sum reward c, d rows of q. */
  moments: Float64Array
}

/**
 * LinUCB with one ridge regression per arm: plays the largest c^T theta_i + alpha sqrt(c^T A_i^-1 c), where A_i = lambda I +
 * sum c c^T and theta_i = A_i^-1 sum r c over the rounds of arm i. Deterministic. O(d q^2) per round; the inverses are updated
 * by the formula of Sherman and Morrison.
 *
 * @see Li, Chu, Langford and Schapire, A contextual-bandit approach to personalized news article recommendation, WWW 2010,
 *   Algorithm 1
 */
export const linUcb = defineBandit<LinUcbOptions, LinUcbState, ArrayLike<number>>()({
  slug: 'lin-ucb',
  title: 'LinUCB',
  summary: 'Contextual bandit whose rewards are linear in a feature vector.',
  source: {
    authors: 'Li, Chu, Langford and Schapire',
    title: 'A contextual-bandit approach to personalized news article recommendation',
    year: 2010,
    venue: 'WWW',
    arxiv: '1003.0146',
  },
  feedback: 'reward',
  context: 'vector',
  options: {
    features: integer(1, 'length of a context', { min: 1 }),
    alpha: positive(1, 'confidence width'),
    ridge: positive(1, 'ridge'),
  },

  create({ arms, features: q, alpha, ridge }) {
    const product = new Float64Array(q)
    const checkContext = (context: ArrayLike<number> | undefined): ArrayLike<number> => {
      if (context?.length === q) return context
      throw new ShapeError(`lin-ucb: the context must have length ${q}, got ${describe(context)}`, {
        argument: 'context',
        expected: `length ${q}`,
        received: describe(context),
      })
    }
    /** product = A_i^-1 c; returns c^T A_i^-1 c. */
    const solve = (inverses: Float64Array, arm: number, c: ArrayLike<number>): number => {
      let quadratic = 0
      for (let r = 0; r < q; r++) {
        let sum = 0
        for (let s = 0; s < q; s++) sum += inverses[(arm * q + r) * q + s] * c[s]
        product[r] = sum
        quadratic += sum * c[r]
      }
      return quadratic
    }
    const choose = (state: LinUcbState, c: ArrayLike<number>): number =>
      bestArm(arms, (arm) => {
        const width = Math.sqrt(Math.max(solve(state.inverses, arm, c), 0))
        let mean = 0
        for (let r = 0; r < q; r++) mean += product[r] * state.moments[arm * q + r]
        return mean + alpha * width
      })
    return {
      start() {
        const inverses = new Float64Array(arms * q * q)
        for (let arm = 0; arm < arms; arm++) for (let r = 0; r < q; r++) inverses[(arm * q + r) * q + r] = 1 / ridge
        return { inverses, moments: new Float64Array(arms * q) }
      },
      select: (state, _random, context) => ({ arm: choose(state, checkContext(context)), probability: 1 }),
      update({ inverses, moments }, arm, reward, _probability, context) {
        const c = checkContext(context)
        const denominator = 1 + solve(inverses, arm, c)
        for (let r = 0; r < q; r++) {
          for (let s = 0; s < q; s++) inverses[(arm * q + r) * q + s] -= (product[r] * product[s]) / denominator
          moments[arm * q + r] += reward * c[r]
        }
      },
      probabilities(state, context, out = new Float64Array(arms)) {
        out.fill(0)
        out[choose(state, checkContext(context))] = 1
        return out
      },
    }
  },
})
