import { describe, type RandomStream, ShapeError, UnsupportedError } from '../base/index.ts'
import type { Context, Measures, Method, SmoothProblem, StepOutcome } from '../solver/index.ts'
import { type SearchSpace, spaceOf } from './search-space.ts'

/** Points whose values are wanted before a method can go on. */
export interface Round {
  /** The points, rows of [capacity, n] row-major; the first `count` rows count. */
  points: Float64Array
  /** Their values as far as known, length capacity. */
  values: Float64Array
  /** 1 where a value is known, length capacity. */
  told: Uint8Array
  /** Points in this round; 0 between rounds. */
  count: number
}

/** What every derivative-free method remembers; the rest is its own. */
export interface SearchState {
  round: Round
  /** The best point ever evaluated, length n; the start as long as no finite value is known. */
  best: Float64Array
  /** Its value; Infinity as long as none is known. */
  bestValue: number
}

/** What `absorb` returns: `more` if further values are wanted before the iteration is whole. */
export type RoundOutcome = StepOutcome | 'more'

/**
 * A derivative-free method as it is written: it proposes points and absorbs their values, and never calls the objective. From
 * these four functions come the serial method, ask-and-tell and parallel evaluation.
 */
export interface Search<S extends SearchState> {
  /** The state before anything is known; draws nothing that depends on values. `start` may be kept. */
  begin(space: SearchSpace, start: Float64Array, random: RandomStream, note: (remark: string) => void): S
  /** Writes the next points into `state.round` and, last of all, sets its `count`. Changes nothing else that counts. */
  propose(state: S, space: SearchSpace, random: RandomStream): void
  /** Takes the values of the whole round, of which `finite` are finite; `best` is already up to date. */
  absorb(state: S, space: SearchSpace, random: RandomStream, finite: number): RoundOutcome
  measure(state: S): Measures
}

/** A method made from a search. */
export interface SearchMethod<S extends SearchState> extends Method<SmoothProblem, S> {
  readonly search: Search<S>
}

/** An empty round for up to `capacity` points. */
export function emptyRound(capacity: number, dimension: number): Round {
  return {
    points: new Float64Array(capacity * dimension),
    values: new Float64Array(capacity),
    told: new Uint8Array(capacity),
    count: 0,
  }
}

/** The common part of a state: an empty round, and the start as best point. */
export function searchState(capacity: number, start: Float64Array): SearchState {
  return { round: emptyRound(capacity, start.length), best: start.slice(), bestValue: Infinity }
}

/** The value for comparisons: everything that is not a finite number counts as worst. */
export function comparable(value: number): number {
  return Number.isFinite(value) ? value : Infinity
}

/** The outcome of a whole population without a single finite value. */
export function nothingFinite(count: number): StepOutcome {
  return { outcome: 'diverged', reason: `none of the ${count} objective values of the last population is finite` }
}

/** Closes a fully evaluated round: updates the best point, lets the search absorb the values, and empties the round. */
export function settle<S extends SearchState>(
  search: Search<S>,
  state: S,
  space: SearchSpace,
  random: RandomStream,
): RoundOutcome {
  const { round, best } = state
  const n = space.dimension
  let finite = 0
  for (let i = 0; i < round.count; i++) {
    const value = round.values[i]
    if (!Number.isFinite(value)) continue
    finite++
    if (value < state.bestValue) {
      state.bestValue = value
      for (let j = 0; j < n; j++) best[j] = round.points[i * n + j]
    }
  }
  const outcome = search.absorb(state, space, random, finite)
  state.round.count = 0
  state.round.told.fill(0)
  return outcome
}

/** Evaluates what is missing in the round, one point after another; false if interrupted before the end. */
function evaluateSerially(problem: SmoothProblem, round: Round, x: Float64Array, stop: () => boolean): boolean {
  const n = x.length
  for (let i = 0; i < round.count; i++) {
    if (round.told[i] === 1) continue
    // An expensive objective must not hold up an abort until the whole population is done.
    if (i > 0 && stop()) return false
    for (let j = 0; j < n; j++) x[j] = round.points[i * n + j]
    round.values[i] = problem.value(x)
    round.told[i] = 1
  }
  return true
}

/** The points of the round, without the unused rest. */
function pointsOf({ points, count }: Round, n: number): Float64Array {
  return points.length === count * n ? points : points.subarray(0, count * n)
}

function valuesOf({ values, count }: Round): Float64Array {
  return values.length === count ? values : values.subarray(0, count)
}

function evaluate(problem: SmoothProblem, round: Round, x: Float64Array, stop: () => boolean): boolean {
  if (problem.valueBatch === undefined || round.count === 1 || round.told[0] === 1) {
    return evaluateSerially(problem, round, x, stop)
  }
  const pending = problem.valueBatch(pointsOf(round, x.length), round.count, valuesOf(round))
  if (pending !== undefined) {
    // Nobody waits for it; what becomes of it must not end the process.
    pending.catch(() => {})
    throw new UnsupportedError(
      'blackbox: the batch oracle returned a promise, but this method does not wait; run inParallel(method) with runAsync',
      { argument: 'valueBatch', expected: 'values written before it returns', received: 'a promise' },
    )
  }
  round.told.fill(1, 0, round.count)
  return true
}

/** Evaluates the round through the batch oracle, and waits for it. */
async function evaluateWaiting(
  problem: SmoothProblem,
  round: Round,
  x: Float64Array,
  stop: () => boolean,
): Promise<boolean> {
  if (problem.valueBatch === undefined || round.told[0] === 1) return evaluateSerially(problem, round, x, stop)
  // The round is handed over as it is: nothing else touches it until the values are there.
  await problem.valueBatch(pointsOf(round, x.length), round.count, valuesOf(round))
  round.told.fill(1, 0, round.count)
  return true
}

interface Memory {
  readonly space: SearchSpace
  readonly x: Float64Array
}

const memoryFor = (problem: SmoothProblem, context: Context<Float64Array>): Memory =>
  context.scratch(() => ({ space: spaceOf(problem), x: new Float64Array(problem.dimension) }))

/**
 * The driver's view of a search: one step is one iteration of the method, which may take several rounds. A round that is cut
 * short stays in the state and is finished first when the run goes on.
 */
export function searchMethod<S extends SearchState>(
  search: Search<S>,
): Pick<SearchMethod<S>, 'start' | 'step' | 'measure' | 'solution' | 'search'> {
  return {
    search,

    start(problem, context) {
      const { space, x } = memoryFor(problem, context)
      const state = search.begin(space, context.start, context.random, context.note)
      const stop = (): boolean => context.signal.aborted
      let outcome: RoundOutcome = 'more'
      while (outcome === 'more') {
        search.propose(state, space, context.random)
        if (!evaluate(problem, state.round, x, stop)) break
        outcome = settle(search, state, space, context.random)
      }
      return state
    },

    step(problem, state, context) {
      const { space, x } = memoryFor(problem, context)
      for (;;) {
        if (state.round.count === 0) search.propose(state, space, context.random)
        if (!evaluate(problem, state.round, x, context.interrupted)) return
        const outcome = settle(search, state, space, context.random)
        if (outcome !== 'more') return outcome
        if (context.interrupted()) return
      }
    },

    measure: search.measure,
    solution: (state) => state.best,
  }
}

/** The asynchronous twin of `searchMethod`'s start and step. */
export function waitingSteps<S extends SearchState>(search: Search<S>) {
  return {
    async start(problem: SmoothProblem, context: Context<Float64Array>): Promise<S> {
      const { space, x } = memoryFor(problem, context)
      const state = search.begin(space, context.start, context.random, context.note)
      const stop = (): boolean => context.signal.aborted
      let outcome: RoundOutcome = 'more'
      while (outcome === 'more') {
        search.propose(state, space, context.random)
        if (!(await evaluateWaiting(problem, state.round, x, stop))) break
        outcome = settle(search, state, space, context.random)
      }
      return state
    },

    async step(problem: SmoothProblem, state: S, context: Context<Float64Array>): Promise<StepOutcome> {
      const { space, x } = memoryFor(problem, context)
      for (;;) {
        if (state.round.count === 0) search.propose(state, space, context.random)
        if (!(await evaluateWaiting(problem, state.round, x, context.interrupted))) return
        const outcome = settle(search, state, space, context.random)
        if (outcome !== 'more') return outcome
        if (context.interrupted()) return
      }
    },
  }
}

/** The search inside a method. @throws {UnsupportedError} if the method is not made from one */
export function searchOf<S extends SearchState>(method: Method<SmoothProblem, S>, where: string): Search<S> {
  const { search } = method as Partial<SearchMethod<S>>
  if (search === undefined) {
    throw new UnsupportedError(
      `${where}: '${method?.name}' cannot propose points without calling the objective; use a method of the blackbox room`,
      { argument: 'method', expected: 'a method of the blackbox room', received: describe(method?.name) },
    )
  }
  return search
}

/** Throws unless `given` has `length` entries. */
export function checkLength(where: string, name: string, given: ArrayLike<unknown>, length: number): void {
  if (given.length === length) return
  throw new ShapeError(`${where}: ${name} has length ${given.length}, expected ${length}`, {
    argument: name,
    expected: `length ${length}`,
    received: `length ${given.length}`,
  })
}
