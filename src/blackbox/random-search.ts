import { integer, positive } from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { nothingFinite, type SearchState, searchMethod, searchState } from './search.ts'
import { sampleRows } from './search-space.ts'

export interface RandomSearchOptions {
  /** Points per iteration, >= 1. Default 100. */
  samples?: number
  /** Standard deviation of normal samples around the start. Default: uniform in a finite box, else 1. */
  spread?: number
}

interface RandomSearchState extends SearchState {
  start: Float64Array
  /** Points drawn. */
  drawn: number
}

/**
 * Pure random search: independent points, uniform in a finite box or normal around the start; the start itself comes first.
 *
 * The baseline that every black-box method must beat. After m independent points the next one is a new record with probability
 * at most 1/(m + 1), whatever the objective (by exchangeability): `improvementProbability = 1/(m + 1)` is what `tolerance` bounds.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Brooks, A discussion of random methods for seeking maxima (1958)
 */
export const randomSearch = defineMethod<SmoothProblem, RandomSearchOptions, RandomSearchState>()({
  slug: 'random-search',
  title: 'Random search',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Evaluates independent random points and keeps the best: the baseline for every black-box method.',
  formulae: [
    {
      tex: String.raw`x_k \sim \operatorname{Uniform}([\ell, u]), \qquad x^{\text{best}} = \operatorname*{arg\,min}_{j \le k} f(x_j)`,
      meaning: 'Independent points; the best one stays.',
    },
  ],
  source: {
    authors: 'Brooks',
    title: 'A discussion of random methods for seeking maxima',
    year: 1958,
    venue: 'Operations Research 6(2)',
  },
  handles: ['bounds'],
  random: true,
  optimality: { measure: 'improvementProbability', meaning: 'largest probability that one more point is better' },
  options: {
    samples: integer(100, 'points per iteration', { min: 1, max: 1e7 }),
    spread: positive<number | undefined>(undefined, 'spread around the start'),
  },

  create: ({ samples, spread }) =>
    searchMethod<RandomSearchState>({
      begin: (_, start) => ({ ...searchState(samples, start), start, drawn: 0 }),

      propose({ round, start, drawn }, space, random) {
        sampleRows(space, start, spread, samples, random, round.points)
        if (drawn === 0) round.points.set(start)
        round.count = samples
      },

      absorb(state, _, __, finite) {
        if (finite === 0) return nothingFinite(samples)
        state.drawn += samples
      },

      measure: ({ bestValue, drawn }) => ({
        objective: bestValue,
        // The first point is the given start, not a draw.
        improvementProbability: 1 / Math.max(1, drawn),
      }),
    }),
})
