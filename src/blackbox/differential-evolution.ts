import { between, choice, integer, nonNegative, positive } from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { comparable, nothingFinite, type SearchState, searchMethod, searchState } from './search.ts'
import { isFiniteBox, type SearchSpace, sampleRows } from './search-space.ts'

export interface DifferentialEvolutionOptions {
  /**
   * How a mutant is made: `rand/1/bin` x_r1 + F (x_r2 - x_r3); `best/1/bin` x_best + F (x_r1 - x_r2); `current-to-best/1/bin`
   * x_i + F (x_best - x_i) + F (x_r1 - x_r2). Default current-to-best/1/bin.
   */
  strategy?: 'rand/1/bin' | 'best/1/bin' | 'current-to-best/1/bin'
  /** Members of the population, >= 4. Default 5 n, at least 20 and at most 200. */
  populationSize?: number
  /** Differential weight F, in (0, 2]. Default 0.5. */
  differentialWeight?: number
  /** F is drawn uniformly from [F, F + dither] once a generation, >= 0. Default 0.5. */
  dither?: number
  /** Probability CR in [0, 1] that a coordinate comes from the mutant. Default 0.9. */
  crossoverRate?: number
  /** Standard deviation of a normal initial population around the start. Default: spread evenly over a finite box, else 1. */
  initialSpread?: number
}

/** State of differential evolution. */
export interface DifferentialEvolutionState extends SearchState {
  /** The population, [N, n]. */
  members: Float64Array
  /** Values; Infinity where not finite. */
  values: Float64Array
  /** Row of the best member. */
  leader: number
  generation: number
  spread: number
}

/**
 * Differential evolution for `min f(x)` from values alone: each member competes with a trial point made of it and a mutant, a
 * base point plus scaled differences of other members.
 *
 * The whole generation is proposed before any of it is evaluated, so it can be evaluated in parallel. In a finite box the first
 * population is a Latin hypercube; the start is its first member. A mutant coordinate outside the box is put between the base
 * point and the bound that it crossed. N values per iteration. `tolerance` bounds `populationSpread`, the largest standard
 * deviation of a coordinate over the population.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Storn and Price, Differential evolution (1997); Price, Storn and Lampinen (2005), section 4.3 for bounds and dither
 */
export const differentialEvolution = defineMethod<
  SmoothProblem,
  DifferentialEvolutionOptions,
  DifferentialEvolutionState
>()({
  slug: 'differential-evolution',
  title: 'Differential evolution',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Evolves a population by adding scaled differences of its members: robust global search in a box.',
  formulae: [
    {
      tex: String.raw`v_i = x_{\text{best}} + F\,(x_{r_1} - x_{r_2})`,
      meaning: 'A mutant: the difference of two members, added to the best.',
    },
    {
      tex: String.raw`u_{ij} = \begin{cases} v_{ij} & \text{with probability } C_r \\ x_{ij} & \text{else} \end{cases}`,
      meaning: 'It is crossed with its parent, and takes its place if it is better.',
    },
  ],
  source: {
    authors: 'Storn and Price',
    title: 'Differential evolution: a simple and efficient heuristic for global optimization over continuous spaces',
    year: 1997,
    venue: 'Journal of Global Optimization 11',
  },
  handles: ['bounds'],
  random: true,
  optimality: {
    measure: 'populationSpread',
    meaning: 'largest standard deviation of a coordinate over the population',
  },
  options: {
    strategy: choice(['rand/1/bin', 'best/1/bin', 'current-to-best/1/bin'], 'current-to-best/1/bin', 'strategy'),
    populationSize: integer<number | undefined>(undefined, 'members of the population', { min: 4, max: 1e6 }),
    differentialWeight: {
      ...between(0, 2, 0.5, 'differential weight F'),
      minExcluded: true,
      expected: 'a number in (0, 2]',
      accepts: (value): value is number => typeof value === 'number' && value > 0 && value <= 2,
    },
    dither: nonNegative(0.5, 'dither of F'),
    crossoverRate: between(0, 1, 0.9, 'crossover rate CR'),
    initialSpread: positive<number | undefined>(undefined, 'initial spread'),
  },

  create: ({ strategy, populationSize, differentialWeight, dither, crossoverRate, initialSpread }) =>
    searchMethod<DifferentialEvolutionState>({
      begin(space, start) {
        const n = space.dimension
        const N = populationSize ?? Math.min(200, Math.max(20, 5 * n))
        return {
          ...searchState(N, start),
          members: new Float64Array(N * n),
          values: new Float64Array(N).fill(Infinity),
          leader: 0,
          generation: -1,
          spread: NaN,
        }
      },

      propose(state, space, random) {
        const { members, values, round } = state
        const n = space.dimension
        const N = values.length
        const trial = round.points
        if (state.generation < 0) {
          if (initialSpread === undefined && isFiniteBox(space)) latinHypercube(space, N, random, trial)
          else sampleRows(space, state.best, initialSpread, N, random, trial)
          trial.set(state.best)
          round.count = N
          return
        }
        const F = differentialWeight + dither * random.uniform()
        const lead = state.leader * n
        for (let i = 0; i < N; i++) {
          const at = i * n
          let r1 = random.integer(N)
          while (r1 === i) r1 = random.integer(N)
          let r2 = random.integer(N)
          while (r2 === i || r2 === r1) r2 = random.integer(N)
          let r3 = r2
          if (strategy === 'rand/1/bin') while (r3 === i || r3 === r1 || r3 === r2) r3 = random.integer(N)
          // One coordinate comes from the mutant in any case.
          const certain = random.integer(n)
          for (let j = 0; j < n; j++) {
            const own = members[at + j]
            if (random.uniform() >= crossoverRate && j !== certain) {
              trial[at + j] = own
              continue
            }
            let base: number
            let x: number
            if (strategy === 'best/1/bin') {
              base = members[lead + j]
              x = base + F * (members[r1 * n + j] - members[r2 * n + j])
            } else if (strategy === 'rand/1/bin') {
              base = members[r1 * n + j]
              x = base + F * (members[r2 * n + j] - members[r3 * n + j])
            } else {
              base = own
              x = own + F * (members[lead + j] - own) + F * (members[r1 * n + j] - members[r2 * n + j])
            }
            const low = space.lower?.[j] ?? -Infinity
            const high = space.upper?.[j] ?? Infinity
            if (x < low) x = low + random.uniform() * (base - low)
            else if (x > high) x = high - random.uniform() * (high - base)
            trial[at + j] = x
          }
        }
        round.count = N
      },

      absorb(state, space, _, finite) {
        const { members, values, round } = state
        const n = space.dimension
        const N = values.length
        if (finite === 0) return nothingFinite(N)
        for (let i = 0; i < N; i++) {
          const value = comparable(round.values[i])
          // Equal values move too, which carries the population across plateaus.
          if (!(value <= values[i])) continue
          if (value === Infinity && state.generation >= 0) continue
          values[i] = value
          for (let j = 0; j < n; j++) members[i * n + j] = round.points[i * n + j]
        }
        state.generation++
        let spread = 0
        let size = 1
        state.leader = 0
        for (let i = 1; i < N; i++) if (values[i] < values[state.leader]) state.leader = i
        for (let j = 0; j < n; j++) {
          const centre = members[state.leader * n + j]
          let sum = 0
          let squares = 0
          for (let i = 0; i < N; i++) {
            const d = members[i * n + j] - centre
            sum += d
            squares += d * d
          }
          spread = Math.max(spread, squares / N - (sum / N) ** 2)
          size = Math.max(size, Math.abs(centre))
        }
        state.spread = Math.sqrt(spread)
        if (state.spread <= Number.EPSILON * size) {
          return { outcome: 'stalled', reason: 'all members of the population have met in one point' }
        }
      },

      measure: ({ bestValue, spread }) => ({ objective: bestValue, populationSpread: spread }),
    }),
})

/** One point in each of N slices of every side, the slices matched at random. */
function latinHypercube(
  { dimension: n, lower, upper }: SearchSpace,
  N: number,
  random: Parameters<typeof sampleRows>[4],
  out: Float64Array,
): void {
  const slices = new Int32Array(N)
  for (let j = 0; j < n; j++) {
    const low = (lower as Float64Array)[j]
    const side = (upper as Float64Array)[j] - low
    for (let i = 0; i < N; i++) slices[i] = i
    random.shuffle(slices)
    for (let i = 0; i < N; i++) out[i * n + j] = low + side * ((slices[i] + random.uniform()) / N)
  }
}
