import {
  choice,
  integer,
  portableExp,
  portableLog,
  portablePow,
  positive,
  type RandomStream,
  within,
} from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { type NelderMeadState, nelderMeadSearch } from './nelder-mead.ts'
import { comparable, type RoundOutcome, type SearchState, searchMethod, searchState, settle } from './search.ts'
import { isFiniteSide, type SearchSpace } from './search-space.ts'

export interface DualAnnealingOptions {
  /** First temperature T_0, > 0. Default 5230. */
  initialTemperature?: number
  /** Visiting parameter q_v in (1, 3): larger values jump farther more often. Default 2.62. */
  visiting?: number
  /** Acceptance parameter q_a < 1 in (-1e4, 1): smaller values accept less. Default -5. */
  acceptance?: number
  /** Refine a new best point by Nelder-Mead before the next sweep, or not at all. Default nelder-mead. */
  localSearch?: 'nelder-mead' | 'none'
  /** Most values of one local search, >= 1. Default 200 (n + 1). */
  localEvaluations?: number
  /** Visits without a new best point after which the best recent one is refined, >= 1. Default 1000. */
  patience?: number
  /** Half the side of the box around the start in which coordinates without finite bounds are visited, > 0. Default 10. */
  searchRadius?: number
}

/** State of dual annealing. */
export interface DualAnnealingState extends SearchState {
  start: Float64Array
  current: Float64Array
  currentValue: number
  /** Best point visited since the last local search. */
  recent: Float64Array
  recentValue: number
  phase: 'initial' | 'visit' | 'refine'
  /** Sweeps done. */
  sweep: number
  /** Visits done in this sweep. */
  visit: number
  improved: boolean
  sinceImproved: number
  finiteInSweep: number
  /** The best value before this round. */
  formerBest: number
  local: NelderMeadState | null
  localSpent: number
}

/** Jumps longer than this, in tenths of a side, are drawn again uniformly: their remainder carries no information. */
const LONGEST_JUMP = 1e8
const LOCAL_SIZE = 1e-9

const local = nelderMeadSearch({
  initialStep: 0.03,
  adaptive: true,
  orientedRestart: true,
  restarts: 0,
  restartSize: 1e-6,
})

/**
 * Dual annealing: generalised simulated annealing for `min f(x)` over a box, coupled with a local search.
 *
 * A sweep makes 2n visits at one temperature: n that move all coordinates and n that move one, with jumps from the distorted
 * Cauchy-Lorentz distribution of parameter q_v, wrapped around the box; the first is accepted or not by the generalised
 * Metropolis rule of parameter q_a. Temperatures fall as `T(t) = T_0 (2^(q_v - 1) - 1) / ((1 + t)^(q_v - 1) - 1)`. Jumps are
 * measured in tenths of the box side, so that rescaling a variable changes nothing.
 *
 * 2n values per iteration and those of the local search. `tolerance` bounds `temperatureRatio = T / T_0`: how far the schedule
 * has cooled. For a smooth objective end with a gradient method: `handOver(dualAnnealing(), plateau(50), lbfgs())`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Tsallis and Stariolo, Generalized simulated annealing (1996); Xiang, Sun, Fan and Gong (1997); Xiang, Gubian, Suomela
 *   and Hoeng, Generalized simulated annealing for efficient global optimization: the GenSA package for R (2013)
 */
export const dualAnnealing = defineMethod<SmoothProblem, DualAnnealingOptions, DualAnnealingState>()({
  slug: 'dual-annealing',
  title: 'Dual annealing',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Simulated annealing with long jumps, refined by a local search whenever it finds something better.',
  formulae: [
    {
      tex: String.raw`P(\text{accept}) = \bigl[ 1 - (1 - q_a)\, \beta\, \Delta f \bigr]^{1/(1 - q_a)}`,
      meaning: 'Worse points are accepted now and then, less and less often.',
    },
    {
      tex: String.raw`T(k) = T_0\, \frac{2^{q_v - 1} - 1}{(k + 2)^{q_v - 1} - 1}`,
      meaning: 'The temperature sets how far the jumps go; local searches refine what they find.',
    },
  ],
  source: {
    authors: 'Xiang, Sun, Fan and Gong',
    title: 'Generalized simulated annealing algorithm and its application to the Thomson model',
    year: 1997,
    venue: 'Physics Letters A 233(3)',
  },
  handles: ['bounds'],
  random: true,
  optimality: { measure: 'temperatureRatio', meaning: 'temperature relative to the first' },
  options: {
    initialTemperature: positive(5230, 'first temperature'),
    visiting: within(1, 3, 2.62, 'visiting parameter q_v'),
    acceptance: within(-1e4, 1, -5, 'acceptance parameter q_a'),
    localSearch: choice(['nelder-mead', 'none'], 'nelder-mead', 'local search'),
    localEvaluations: integer<number | undefined>(undefined, 'values of one local search', { min: 1, max: 1e9 }),
    patience: integer(1000, 'visits without progress before refining', { min: 1, max: 1e9 }),
    searchRadius: positive(10, 'half the side where there are no bounds'),
  },

  create: (options) => {
    const { initialTemperature, visiting, acceptance, localSearch, localEvaluations, patience, searchRadius } = options
    const temperatureAt = (sweep: number): number =>
      (initialTemperature * (portablePow(2, visiting - 1) - 1)) / (portablePow(2 + sweep, visiting - 1) - 1)

    const visitSide = (
      state: DualAnnealingState,
      space: SearchSpace,
      j: number,
      width: number,
      random: RandomStream,
    ) => {
      const finite = isFiniteSide(space, j)
      const low = finite ? (space.lower as Float64Array)[j] : state.start[j] - searchRadius
      const side = finite ? (space.upper as Float64Array)[j] - low : 2 * searchRadius
      let jump = visitingJump(visiting, width, random)
      if (!(Math.abs(jump) <= LONGEST_JUMP)) jump = LONGEST_JUMP * random.uniform() * Math.sign(jump || 1)
      if (side === 0) return low
      const position = (state.current[j] - low + (jump * side) / 10) % side
      const x = low + (position < 0 ? position + side : position)
      // A coordinate with one bound only must keep to it.
      return Math.min(Math.max(x, space.lower?.[j] ?? -Infinity), space.upper?.[j] ?? Infinity)
    }

    const beginLocal = (
      state: DualAnnealingState,
      space: SearchSpace,
      from: Float64Array,
      random: RandomStream,
    ): void => {
      state.local = local.begin(space, from.slice(), random, () => {})
      state.localSpent = 0
      state.phase = 'refine'
    }

    const endSweep = (state: DualAnnealingState, finite: boolean): RoundOutcome => {
      state.phase = 'visit'
      state.sweep++
      state.visit = 0
      state.improved = false
      state.finiteInSweep = 0
      if (!finite) return { outcome: 'diverged', reason: 'no objective value of the last sweep is finite' }
    }

    return searchMethod<DualAnnealingState>({
      begin: (_, start) => ({
        ...searchState(start.length + 1, start),
        start,
        current: start.slice(),
        currentValue: Infinity,
        recent: start.slice(),
        recentValue: Infinity,
        phase: 'initial',
        sweep: 0,
        visit: 0,
        improved: false,
        sinceImproved: 0,
        finiteInSweep: 0,
        formerBest: Infinity,
        local: null,
        localSpent: 0,
      }),

      propose(state, space, random) {
        const { round, current, visit, phase } = state
        const n = space.dimension
        state.formerBest = state.bestValue
        if (phase === 'refine') {
          const inner = state.local as NelderMeadState
          if (inner.round.count === 0) local.propose(inner, space, random)
          round.points.set(inner.round.points.subarray(0, inner.round.count * n))
          round.count = inner.round.count
          return
        }
        round.points.set(current)
        if (phase === 'visit') {
          const width = visitingWidth(visiting, temperatureAt(state.sweep))
          if (visit < n) for (let j = 0; j < n; j++) round.points[j] = visitSide(state, space, j, width, random)
          else round.points[visit - n] = visitSide(state, space, visit - n, width, random)
        }
        round.count = 1
      },

      absorb(state, space, random, finite) {
        const { round, current } = state
        const n = space.dimension
        if (state.phase === 'refine') {
          const inner = state.local as NelderMeadState
          inner.round.values.set(round.values.subarray(0, round.count))
          state.localSpent += round.count
          const outcome = settle(local, inner, space, random)
          const whole = outcome !== 'more'
          const spent = state.localSpent >= (localEvaluations ?? 200 * (n + 1))
          if (!(whole && (outcome !== undefined || inner.size <= LOCAL_SIZE || spent))) return 'more'
          if (inner.bestValue < state.currentValue) {
            current.set(inner.best)
            state.currentValue = inner.bestValue
          }
          state.local = null
          state.recentValue = Infinity
          state.sinceImproved = 0
          return endSweep(state, true)
        }
        const value = comparable(round.values[0])
        if (state.phase === 'initial') {
          state.phase = 'visit'
          state.currentValue = value
          return
        }
        state.finiteInSweep += finite
        state.sinceImproved++
        const better = value < state.formerBest
        if (better) {
          state.improved = true
          state.sinceImproved = 0
        }
        if (value < state.recentValue) {
          state.recentValue = value
          for (let j = 0; j < n; j++) state.recent[j] = round.points[j]
        }
        if (
          better ||
          accepts(value - state.currentValue, temperatureAt(state.sweep) / (state.sweep + 1), acceptance, random)
        ) {
          for (let j = 0; j < n; j++) current[j] = round.points[j]
          state.currentValue = value
        }
        if (++state.visit < 2 * n) return 'more'
        if (state.finiteInSweep === 0) return endSweep(state, false)
        if (localSearch === 'nelder-mead' && (state.improved || state.sinceImproved >= patience)) {
          beginLocal(state, space, state.improved ? state.best : state.recent, random)
          return 'more'
        }
        return endSweep(state, true)
      },

      measure: ({ bestValue, sweep, currentValue }) => ({
        objective: bestValue,
        temperatureRatio: temperatureAt(sweep) / initialTemperature,
        currentObjective: currentValue,
      }),
    })
  },
})

/** Generalised Metropolis rule: `r <= [1 - (1 - q_a) delta / T]^(1 / (1 - q_a))` for an increase delta. */
function accepts(delta: number, temperature: number, acceptance: number, random: RandomStream): boolean {
  if (delta < 0) return true
  const base = 1 - ((1 - acceptance) * delta) / temperature
  return base > 0 && random.uniform() <= portablePow(base, 1 / (1 - acceptance))
}

/** Scale of the jumps at temperature T: the factor sigma_x of Tsallis and Stariolo, proportional to T^(1 / (3 - q)). */
export function visitingWidth(q: number, temperature: number): number {
  const logFour =
    0.5 * portableLog(Math.PI) +
    portableLog(temperature) / (q - 1) +
    (4 - q) * portableLog(q - 1) -
    ((2 - q) / (q - 1)) * Math.LN2 -
    portableLog(3 - q)
  // Their sixth factor, pi (1 - c) / sin(pi (1 - c)) / Gamma(2 - c) with c = 1/(q - 1) - 1/2, is Gamma(c).
  const logSix = logGamma(1 / (q - 1) - 0.5)
  return portableExp(((q - 1) * (logFour - logSix)) / (3 - q))
}

/** One coordinate's jump: a normal over a power of another, which has the tail of the visiting distribution. */
function visitingJump(q: number, width: number, random: RandomStream): number {
  const x = width * random.normal()
  const y = Math.abs(random.normal())
  return x / portableExp(((q - 1) * portableLog(Math.max(y, Number.MIN_VALUE))) / (3 - q))
}

/** log Gamma(x) for x > 0, to about 1e-14: Stirling's series after shifting the argument above 10. */
export function logGamma(x: number): number {
  let shift = 0
  while (x < 10) shift += portableLog(x++)
  const y = 1 / (x * x)
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
  return (x - 0.5) * portableLog(x) - x + 0.5 * portableLog(2 * Math.PI) + series - shift
}
