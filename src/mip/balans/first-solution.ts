import type { EngineSession, EngineStatus, ProgramChange } from '../engine.ts'
import { type PreparedMixedIntegerProgram, signOf } from '../mixed-integer-class.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { minimizedObjective, settled } from './search-point.ts'
import type { Limit } from './trial.ts'

/** What the first solve of the whole program gave. */
export interface FirstSolution {
  readonly status: EngineStatus
  readonly x: Float64Array | null
  /** Its objective as minimized; infinite without a point. */
  readonly value: number
  /** The proven bound, as minimized; minus infinity where nothing is proven. */
  readonly bound: number
}

export interface FirstSolutionOptions {
  /** A solution that is known already; the search starts from it. */
  readonly incumbent: Float64Array | null
  readonly limit: Limit
  /** What the second attempt, for any feasible point, may cost. */
  readonly secondLimit: () => Limit
  /**
   * Ends the solve when its incumbent has not improved for `patience` times as long as it took to find it, and for at least
   * `patienceSeconds`. Infinity: never.
   */
  readonly patience: number
  readonly patienceSeconds: number
  /** Where the engine may end. */
  readonly relativeGap: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onSolution?: (x: Float64Array, value: number) => void
}

/** The columns that a partial start gives are fixed at its values, clipped to their bounds. */
function fixedAt({ lower, upper, types }: MixedIntegerProgram, start: Float64Array): ProgramChange {
  const given = Array.from(start.keys()).filter((j) => !Number.isNaN(start[j]))
  const values = Float64Array.from(given, (j) => {
    const value = types[j] === 'integer' ? Math.round(start[j]) : start[j]
    return Math.min(Math.max(value, lower[j]), upper[j])
  })
  return { bounds: { columns: Int32Array.from(given), lower: values, upper: values } }
}

/**
 * The first solution: the whole program for a time, with a partial start fixed; if that gives none, the first feasible point
 * without the start.
 *
 * @param start length n, NaN where it says nothing; null for none
 */
export async function firstSolution(
  session: EngineSession,
  program: PreparedMixedIntegerProgram,
  start: Float64Array | null,
  options: FirstSolutionOptions,
): Promise<FirstSolution> {
  const { seed, signal, patience, patienceSeconds, incumbent } = options
  const sign = signOf(program)
  const best: { x: Float64Array | null; value: number } = { x: null, value: Infinity }
  const consider = (found: Float64Array): boolean => {
    const x = settled(program, found)
    const value = minimizedObjective(program, x)
    if (!(value < best.value)) return false
    best.x = x
    best.value = value
    options.onSolution?.(x, value)
    return true
  }
  if (incumbent !== null) consider(incumbent)
  const enough = new AbortController()
  const stop = (): void => enough.abort()
  signal.addEventListener('abort', stop, { once: true })
  let improvedAt = incumbent === null ? Infinity : 0
  try {
    if (signal.aborted) stop()
    program.onSolve()
    const answer = await session.solve(
      {
        ...options.limit,
        seed,
        ...(start && { change: fixedAt(program, start) }),
        ...(incumbent && { start: incumbent }),
      },
      {
        signal: enough.signal,
        onProgress({ x, elapsedMs }) {
          if (x !== undefined && consider(x)) improvedAt = elapsedMs
          const waited = elapsedMs - improvedAt
          if (waited > Math.max(1000 * patienceSeconds, patience * improvedAt)) stop()
        },
      },
    )
    if (answer.x !== null) consider(answer.x)
    const whole = start === null
    const bound = whole ? sign * answer.bound : -Infinity
    if (best.x !== null) {
      // Optimal among the points that agree with the start says nothing of the others.
      const status = whole || answer.status !== 'optimal' ? answer.status : 'solution-limit'
      return { status, ...best, bound }
    }
    const settledIt = answer.status !== 'time-limit' && answer.status !== 'node-limit'
    if (signal.aborted || (whole && settledIt)) return { status: answer.status, ...best, bound }
    program.onSolve()
    const second = await session.solve({ ...options.secondLimit(), maxSolutions: 1, seed }, { signal })
    if (second.x !== null) consider(second.x)
    return { status: second.status, ...best, bound: sign * second.bound }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
