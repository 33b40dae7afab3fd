import { checkNames, describe, InvalidInputError, type RandomState, RandomStream } from '../base/index.ts'
import {
  clonePlain,
  type Measures,
  type Method,
  type SmoothProblem,
  type StepOutcome,
  smoothProblem,
} from '../solver/index.ts'
import { type SearchState, searchOf, settle } from './search.ts'
import { spaceOf } from './search-space.ts'

/** Where an ask-and-tell search looks and how it begins. */
export interface AskTellOptions {
  /** n >= 1; may be left out where bounds or a start give it. */
  dimension?: number
  /** Lower bounds, length n. */
  lower?: ArrayLike<number>
  /** Upper bounds, length n. */
  upper?: ArrayLike<number>
  /** Start, length n. Default: the middle of a finite box, else the origin. */
  start?: ArrayLike<number>
  /** Seed of all random draws. Default 0. */
  seed?: number
  /** Continue from here; the method and the space must be the same, `start` and `seed` are then not used. */
  resume?: AskTellState
}

/** An ask-and-tell search frozen at any moment: plain data, from which it goes on bit for bit. */
export interface AskTellState {
  readonly format: 'thalweg-ask-tell'
  readonly version: 1
  readonly method: string
  readonly iterations: number
  readonly evaluations: number
  readonly random: RandomState
  readonly state: unknown
  /** 1 where a point of the present round was handed out. */
  readonly asked: Uint8Array
  readonly outcome: { readonly outcome: string; readonly reason: string } | null
}

/** A search in which the caller evaluates the objective, whenever and wherever it likes. */
export interface AskTell {
  /**
   * Up to `count` points that want a value (default: all that are ready). Empty if the method must first hear the values of the
   * points handed out before, or if it has ended.
   */
  ask(count?: number): Float64Array[]
  /**
   * Reports values of points that were handed out, in any order and portion. A failed evaluation is NaN.
   *
   * @throws {InvalidInputError} if a point was not asked for, or has its value already
   */
  tell(points: readonly ArrayLike<number>[], values: ArrayLike<number>): void
  /** Points that were handed out and still want a value: to be evaluated again if their worker was lost. */
  pending(): Float64Array[]
  /** The best point told so far, and its value (Infinity before the first finite one); rounds in progress count once whole. */
  best(): { x: Float64Array; value: number }
  /** What the method measures: the objective and its own residual. */
  measures(): Measures
  /** Whole iterations, and values told. */
  readonly iterations: number
  readonly evaluations: number
  /** Why the method has nothing more to ask, or null. */
  readonly outcome: { readonly outcome: string; readonly reason: string } | null
  /** A copy of everything, to be stored and resumed. */
  state(): AskTellState
}

const optionNames = ['dimension', 'lower', 'upper', 'start', 'seed', 'resume']

/**
 * Turns a black-box method around: `ask` for points, evaluate them anywhere (a cluster, a laboratory, a person), `tell` the
 * values. It is the same method code that `run` drives: with the same seed and start, and all values told, the same bits.
 *
 * @example
 * const search = askTell(cmaEs(), { lower: [-5, -5], upper: [5, 5], seed: 1 })
 * for (let k = 0; k < 50; k++) {
 *   const points = search.ask()
 *   search.tell(points, points.map((x) => (x[0] - 1) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2))
 * }
 * search.best().x // about [1, 1]
 *
 * @throws {UnsupportedError} if the method needs more than values (every method of the blackbox room works, but for gradients)
 * @throws {ThalwegError} if the space is malformed
 */
export function askTell<S extends SearchState>(method: Method<SmoothProblem, S>, options: AskTellOptions): AskTell {
  const search = searchOf(method, 'askTell')
  checkNames(options, optionNames, 'askTell')
  const { lower, upper, start: givenStart, seed = 0, resume } = options
  const dimension = options.dimension ?? lower?.length ?? upper?.length ?? givenStart?.length
  const problem = smoothProblem({
    dimension: dimension as number,
    value: () => NaN,
    ...(lower && { lower }),
    ...(upper && { upper }),
  })
  const n = problem.dimension
  const { gradient: _, ...space } = spaceOf(problem)
  const hasCentre = space.lower?.every(Number.isFinite) && space.upper?.every(Number.isFinite)
  const start = problem.class.startingPoint(
    problem,
    (givenStart ?? (hasCentre ? undefined : new Float64Array(n))) as Float64Array | undefined,
  )

  let random: RandomStream
  let state: S
  let asked: Uint8Array
  let outcome: AskTell['outcome'] = null
  let iterations = -1
  let evaluations = 0
  if (resume !== undefined) {
    if (resume?.format !== 'thalweg-ask-tell' || resume.method !== method.name) {
      throw new InvalidInputError(
        `askTell: cannot resume: expected a state of '${method.name}', got ${describe(resume)}`,
        {
          argument: 'resume',
          expected: `a state of '${method.name}'`,
          received: describe(resume?.method),
        },
      )
    }
    random = RandomStream.fromState(resume.random)
    state = clonePlain(resume.state) as S
    asked = resume.asked.slice()
    outcome = resume.outcome
    iterations = resume.iterations
    evaluations = resume.evaluations
  } else {
    random = RandomStream.fromSeed(seed).split(method.name)
    state = search.begin(space, start, random, () => {})
    asked = new Uint8Array(0)
  }

  const row = (i: number): Float64Array => state.round.points.slice(i * n, (i + 1) * n)
  const ready = (): void => {
    if (state.round.count > 0 || outcome !== null) return
    search.propose(state, space, random)
    asked = new Uint8Array(state.round.count)
  }

  return {
    get iterations() {
      return Math.max(0, iterations)
    },
    get evaluations() {
      return evaluations
    },
    get outcome() {
      return outcome
    },

    ask(count = Infinity) {
      ready()
      const points: Float64Array[] = []
      for (let i = 0; i < state.round.count && points.length < count; i++) {
        if (asked[i] === 1) continue
        asked[i] = 1
        points.push(row(i))
      }
      return points
    },

    tell(points, values) {
      if (points.length !== values.length) {
        throw new InvalidInputError(`askTell: tell got ${points.length} points but ${values.length} values`, {
          argument: 'values',
          expected: `${points.length} values`,
          received: `${values.length}`,
        })
      }
      const { round } = state
      for (let k = 0; k < points.length; k++) {
        const match = findPending(points[k], round.points, round.count, asked, round.told, n)
        if (match < 0) {
          throw new InvalidInputError(
            `askTell: tell: point ${k} ${describe(points[k])} was not asked for, or its value is known already`,
            { argument: `points[${k}]`, expected: 'a point from ask()', received: describe(points[k]) },
          )
        }
        round.values[match] = Number(values[k])
        round.told[match] = 1
        evaluations++
      }
      for (let i = 0; i < round.count; i++) if (round.told[i] === 0) return
      if (round.count === 0) return
      const result = settle(search, state, space, random)
      if (result === 'more') return
      iterations++
      if (result !== undefined) outcome = inWords(result)
    },

    pending() {
      const points: Float64Array[] = []
      for (let i = 0; i < state.round.count; i++) if (asked[i] === 1 && state.round.told[i] === 0) points.push(row(i))
      return points
    },

    best: () => ({ x: state.best.slice(), value: state.bestValue }),
    measures: () => search.measure(state),

    state: () => ({
      format: 'thalweg-ask-tell',
      version: 1,
      method: method.name,
      iterations,
      evaluations,
      random: random.state(),
      state: clonePlain(state),
      asked: asked.slice(),
      outcome,
    }),
  }
}

function inWords(outcome: Exclude<StepOutcome, void>): { outcome: string; reason: string } {
  return typeof outcome === 'string'
    ? { outcome, reason: 'no further progress was possible' }
    : { outcome: outcome.outcome, reason: outcome.reason }
}

/** The first row that was asked for, has no value yet, and equals `point`; -1 if there is none. */
function findPending(
  point: ArrayLike<number>,
  points: Float64Array,
  count: number,
  asked: Uint8Array,
  told: Uint8Array,
  n: number,
): number {
  if (point?.length !== n) return -1
  for (let i = 0; i < count; i++) {
    if (asked[i] === 0 || told[i] === 1) continue
    let same = true
    for (let j = 0; j < n && same; j++) same = points[i * n + j] === point[j]
    if (same) return i
  }
  return -1
}
