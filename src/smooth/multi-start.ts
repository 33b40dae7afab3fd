import { choice, integer, positive, type RandomStream } from '../base/index.ts'
import {
  contextWith,
  defineMethod,
  type Method,
  type PreparedSmoothProblem,
  type SmoothProblem,
} from '../solver/index.ts'
import { lbfgsb } from './lbfgsb.ts'
import { projectedNewton } from './projected-newton.ts'

export interface MultiStartOptions {
  /** Number of local searches, the one from the given start included, >= 1. Default 10. */
  starts?: number
  /** The local method. Default lbfgsb. */
  localMethod?: 'lbfgsb' | 'projected-newton'
  /** A local search ends when its gradient norm has fallen to this part of what it was at its start, in (0, 1). Default 1e-4. */
  localTolerance?: number
  /** Most iterations of one local search, >= 1. Default 500. */
  localIterations?: number
  /** Standard deviation of the starts around the given one, where the box is not finite. Default 1. */
  spread?: number
}

/** State of a multi-start search. */
interface MultiStartState {
  /** Starts, rows of [starts, n]. */
  points: Float64Array
  /** Values that the searches ended at, length starts; NaN for those not ended (or ended without a finite value). */
  values: Float64Array
  /** The search in progress; `starts` once all are through and the best one is polished. */
  search: number
  /** State of the local method, or null between searches. */
  local: unknown
  localIteration: number
  /** Gradient norm at the start of the search in progress. */
  firstNorm: number
  best: Float64Array
  bestValue: number
  /** At the best point, while it is polished; before that NaN. */
  gradientNorm: number
  /** Objective of the search in progress. */
  currentValue: number
}

type LocalMethod = Method<PreparedSmoothProblem, unknown>
const localMethods: Readonly<Record<NonNullable<MultiStartOptions['localMethod']>, LocalMethod>> = {
  lbfgsb: lbfgsb() as unknown as LocalMethod,
  'projected-newton': projectedNewton() as unknown as LocalMethod,
}

/** Values that differ by less than this, relatively, are counted as the same minimum. */
const SAME_VALUE = 1e-6

/**
 * Multi-start: local searches from many points, of which the best is polished.
 *
 * The first search begins at the given start, the others at a Latin hypercube sample of the box (each coordinate is covered
 * evenly), or around the start where the box is not finite. Each ends early, at a loose tolerance; then the best point is polished
 * until its (projected) gradient norm meets the driver's. A search that breaks down (NaN) is given up, not the whole. One iteration is
 * one of the local method. Says at the end how many of the searches arrived at the best value: a minimum that most of them
 * found is more likely the global one. Measures: `gradientNorm` (NaN until the best point is polished), `search`,
 * `currentObjective`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Marti, Lozano, Mendiburu and Hernando, Multi-start methods, Handbook of Heuristics (2018); McKay, Beckman and Conover (1979) for
 *   Latin hypercube samples
 */
export const multiStart = defineMethod<PreparedSmoothProblem, MultiStartOptions, MultiStartState>()({
  slug: 'multi-start',
  title: 'Multi-start',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Local searches from many points of the box: for smooth functions with a moderate number of minima.',
  source: {
    authors: 'Rafael Marti, Jose A. Lozano, Alexander Mendiburu and Leticia Hernando',
    title: 'Multi-start methods',
    year: 2018,
    venue: 'Handbook of Heuristics',
  },
  requires: ['gradient'],
  handles: ['bounds'],
  random: true,
  options: {
    starts: integer(10, 'local searches', { min: 1, max: 1e6 }),
    localMethod: choice(['lbfgsb', 'projected-newton'], 'lbfgsb', 'local method'),
    localTolerance: {
      ...positive(1e-4, 'part of the first gradient norm at which a search ends'),
      max: 1,
      maxExcluded: true,
      expected: 'a number in (0, 1)',
      accepts: (value): value is number => typeof value === 'number' && value > 0 && value < 1,
    },
    localIterations: integer(500, 'iterations of one search', { min: 1 }),
    spread: positive(1, 'spread of the starts without a box'),
  },

  create: ({ starts, localMethod, localTolerance, localIterations, spread }) => {
    const inner = localMethods[localMethod]

    /** Takes over what the local method has reached, if it is the best so far. */
    const takeBest = (state: MultiStartState): void => {
      const { objective, gradientNorm } = inner.measure(state.local)
      state.currentValue = objective
      const polishing = state.search === starts
      if (!polishing && !(objective < state.bestValue)) return
      if (!Number.isFinite(objective)) return
      state.best.set(inner.solution(state.local) as Float64Array)
      state.bestValue = objective
      if (polishing) state.gradientNorm = gradientNorm
    }

    return {
      requires: [...inner.requires],

      start(problem, { start, random }) {
        const n = start.length
        const points = new Float64Array(starts * n)
        drawStarts(problem, start, spread, random, points)
        return {
          points,
          values: new Float64Array(starts).fill(NaN),
          search: 0,
          local: null,
          localIteration: 0,
          firstNorm: NaN,
          best: start.slice(),
          bestValue: problem.value(start),
          gradientNorm: NaN,
          currentValue: NaN,
        }
      },

      step(problem, state, context) {
        const n = state.best.length
        const polishing = state.search === starts
        if (polishing) noteAgreement(state, context.note)
        if (state.local === null) {
          const start = polishing ? state.best.slice() : state.points.slice(state.search * n, (state.search + 1) * n)
          const local = inner.start(problem, contextWith(context, { start }))
          const { objective, gradientNorm } = inner.measure(local)
          if (!Number.isFinite(objective)) {
            if (polishing) return { outcome: 'diverged', reason: `the objective became ${objective}` }
            state.search++
            return
          }
          state.local = local
          state.localIteration = 0
          state.firstNorm = gradientNorm
          takeBest(state)
          return
        }
        const outcome = inner.step(problem, state.local, context)
        takeBest(state)
        if (polishing) return outcome
        const { gradientNorm } = inner.measure(state.local)
        const ended = outcome !== undefined || ++state.localIteration >= localIterations
        if (!ended && !(gradientNorm <= localTolerance * state.firstNorm)) return
        state.values[state.search] = state.currentValue
        state.local = null
        state.search++
      },

      measure: ({ bestValue, gradientNorm, search, currentValue }) => ({
        objective: bestValue,
        gradientNorm,
        search,
        currentObjective: currentValue,
      }),
      solution: (state) => state.best,
    }
  },
})

/** How many searches ended at about the value of the best. */
function noteAgreement({ values }: MultiStartState, note: (remark: string) => void): void {
  let lowest = Infinity
  for (const value of values) if (value < lowest) lowest = value
  let count = 0
  for (const value of values) if (value - lowest <= 1e-3 * SAME_VALUE + SAME_VALUE * Math.abs(lowest)) count++
  note(`${count} of ${values.length} local searches ended at about the best value`)
}

/** The start, and a Latin hypercube sample of a finite box or normal points around the start, into the rows of `points`. */
function drawStarts(
  { lower, upper, dimension: n }: SmoothProblem,
  start: Float64Array,
  spread: number,
  random: RandomStream,
  points: Float64Array,
): void {
  points.set(start)
  const count = points.length / n - 1
  const strata = Int32Array.from({ length: count }, (_, i) => i)
  for (let j = 0; j < n; j++) {
    const low = lower?.[j] ?? -Infinity
    const high = upper?.[j] ?? Infinity
    const finite = low > -Infinity && high < Infinity
    if (finite) random.shuffle(strata)
    for (let i = 0; i < count; i++) {
      const at = (i + 1) * n + j
      if (finite) points[at] = low + ((strata[i] + random.uniform()) / count) * (high - low)
      else points[at] = Math.min(Math.max(start[j] + spread * random.normal(), low), high)
    }
  }
}
