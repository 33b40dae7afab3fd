import { between, choice, integer, positive } from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { consensusPoint, ensembleSpread } from './consensus.ts'
import { nothingFinite, type SearchState, searchMethod, searchState } from './search.ts'
import { clipRow } from './search-space.ts'

export interface ConsensusHoppingOptions {
  /** Sample size N, >= 1. Default 200. */
  samples?: number
  /** Sampling width sigma (standard deviation per coordinate), > 0. Default 0.7. */
  width?: number
  /** Weight exponent alpha in [0, Infinity]. Default 100. */
  alpha?: number
  /**
   * What happens every `annealEvery` iterations. `none`: nothing, as in the paper's figures. `width`: sigma is multiplied by
   * `annealFactor`, as in the reference code. `proximal`: alpha grows as well, so that the step length alpha sigma^2 of the
   * underlying proximal scheme stays while the samples concentrate. Default proximal.
   */
  annealing?: 'none' | 'width' | 'proximal'
  /** Factor of sigma in (0, 1]. Default 0.98. */
  annealFactor?: number
  /** Iterations between two annealings, >= 1. Default 10. */
  annealEvery?: number
}

/** State of consensus hopping. */
export interface HoppingState extends SearchState {
  /** The hop point x_k, length n. */
  consensus: Float64Array
  /** Length of the last hop. */
  hopLength: number
  consensusDistance: number
  effectiveSampleSize: number
  width: number
  alpha: number
  time: number
  previous: Float64Array
  work: Float64Array
}

/**
 * Consensus hopping: `V^j = x_k + sigma N(0, I)`, `x_{k+1} = sum_j w_j V^j / sum_j w_j` with `w_j = exp(-alpha E(V^j))`.
 *
 * For N -> infinity x_{k+1} is the mean of the density proportional to `exp(-alpha [E(x) + |x - x_k|^2 / (2 tau)])` with
 * `tau = alpha sigma^2`; for alpha -> infinity with tau fixed this is the proximal step
 * `argmin_x E(x) + |x - x_k|^2 / (2 tau)`, implicit gradient descent with step tau. A finite sample cannot hop much further than
 * `sigma sqrt(2 ln N)`, so steps are shorter where `alpha sigma |grad E|` exceeds `sqrt(2 ln N)`.
 *
 * N values per iteration, memory N n. `tolerance` bounds `consensusDistance`, the root mean square distance of the samples
 * from x_k, which falls only as sigma is annealed. The solution is the best sample; x_k is in the state.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Riedl, Klock, Geldhauser and Fornasier (2023), arXiv 2306.09778, Algorithm 2; `proximal` annealing is ours
 */
export const consensusHopping = defineMethod<SmoothProblem, ConsensusHoppingOptions, HoppingState>()({
  slug: 'consensus-hopping',
  title: 'Consensus hopping',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Hops to the weighted mean of samples drawn around the last point: gradient descent without gradients.',
  formulae: [
    {
      tex: String.raw`V^j = x_k + \sigma\, \mathcal N(0, I), \qquad x_{k+1} = \frac{\sum_j V^j e^{-\alpha E(V^j)}}{\sum_j e^{-\alpha E(V^j)}}`,
      meaning: 'Samples around the current point, and their weighted mean.',
    },
    {
      tex: String.raw`x_{k+1} \approx \operatorname*{arg\,min}_x\ E(x) + \frac{|x - x_k|^2}{2 \alpha \sigma^2}`,
      meaning: 'With many samples this is an implicit gradient step.',
    },
  ],
  source: {
    authors: 'Riedl, Klock, Geldhauser and Fornasier',
    title:
      'Gradient is All You Need? How Consensus-Based Optimization can be Interpreted as a Stochastic Relaxation of Gradient Descent',
    year: 2023,
    arxiv: '2306.09778',
  },
  handles: ['bounds'],
  random: true,
  optimality: {
    measure: 'consensusDistance',
    meaning: 'root mean square distance of the samples from the hop point',
  },
  options: {
    samples: integer(200, 'samples N', { min: 1, max: 1e7 }),
    width: positive(0.7, 'sampling width sigma'),
    alpha: {
      ...between(0, Infinity, 100, 'weight exponent alpha'),
      scale: 'log',
      expected: 'a number >= 0, or Infinity',
    },
    annealing: choice(['none', 'width', 'proximal'], 'proximal', 'annealing'),
    annealFactor: {
      ...between(0, 1, 0.98, 'annealing factor'),
      minExcluded: true,
      expected: 'a number in (0, 1]',
      accepts: (value): value is number => typeof value === 'number' && value > 0 && value <= 1,
    },
    annealEvery: integer(10, 'iterations between annealings', { min: 1, max: 1e9 }),
  },

  create: ({ samples: N, width, alpha, annealing, annealFactor, annealEvery }) =>
    searchMethod<HoppingState>({
      begin: (space, start) => ({
        ...searchState(N, start),
        consensus: start.slice(),
        hopLength: NaN,
        consensusDistance: NaN,
        effectiveSampleSize: NaN,
        width,
        alpha,
        time: 0,
        previous: new Float64Array(space.dimension),
        work: new Float64Array(space.dimension),
      }),

      propose({ round, consensus, width }, space, random) {
        const n = space.dimension
        for (let i = 0; i < N; i++) {
          for (let j = 0; j < n; j++) round.points[i * n + j] = consensus[j] + width * random.normal()
          clipRow(space, round.points, i)
        }
        round.count = N
      },

      absorb(state, _, __, finite) {
        if (finite === 0) return nothingFinite(N)
        const { round, consensus, previous } = state
        previous.set(consensus)
        state.effectiveSampleSize = consensusPoint(round.points, round.values, N, state.alpha, consensus)
        state.consensusDistance = ensembleSpread(round.points, N, consensus, state.work).distance
        let squares = 0
        let size = 1
        for (let j = 0; j < consensus.length; j++) {
          squares += (consensus[j] - previous[j]) ** 2
          size = Math.max(size, Math.abs(consensus[j]))
        }
        state.hopLength = Math.sqrt(squares)
        state.time++
        if (annealing !== 'none' && state.time % annealEvery === 0) {
          state.width *= annealFactor
          if (annealing === 'proximal') state.alpha = Math.min(Number.MAX_VALUE, state.alpha / annealFactor ** 2)
        }
        if (state.consensusDistance <= 1e-15 * size) {
          return { outcome: 'stalled', reason: 'the samples no longer differ from the hop point' }
        }
      },

      measure: ({ bestValue, consensusDistance, hopLength, effectiveSampleSize, width }) => ({
        objective: bestValue,
        consensusDistance,
        hopLength,
        effectiveSampleSize,
        width,
      }),
    }),
})
