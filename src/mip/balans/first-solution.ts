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
  /** What each attempt may cost, in order; a later one is made only where those before found nothing. At least one. */
  readonly attempts: readonly Limit[]
  /** What the last attempt, for any feasible point, may cost. */
  readonly lastLimit: Limit
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
 * The first solution: the whole program within the limits of the attempts, with a partial start fixed; if that gives none, the
 * first feasible point without the start.
 *
 * @param start length n, NaN where it says nothing; null for none
 */
export async function firstSolution(
  session: EngineSession,
  program: PreparedMixedIntegerProgram,
  start: Float64Array | null,
  { incumbent, attempts, lastLimit, relativeGap, seed, signal, onSolution }: FirstSolutionOptions,
): Promise<FirstSolution> {
  const sign = signOf(program)
  const best: { x: Float64Array | null; value: number } = { x: null, value: Infinity }
  const consider = (found: Float64Array): void => {
    const x = settled(program, found)
    const value = minimizedObjective(program, x)
    if (!(value < best.value)) return
    best.x = x
    best.value = value
    onSolution?.(x, value)
  }
  if (incumbent !== null) consider(incumbent)
  let bound = -Infinity
  let status: EngineStatus = 'interrupted'
  for (const limit of attempts) {
    program.onSolve()
    const answer = await session.solve(
      {
        ...limit,
        relativeGap,
        seed,
        ...(start && { change: fixedAt(program, start) }),
        ...(incumbent && { start: incumbent }),
      },
      { signal, onProgress: ({ x }) => x !== undefined && consider(x) },
    )
    if (answer.x !== null) consider(answer.x)
    status = answer.status
    if (start === null) bound = Math.max(bound, sign * answer.bound)
    // Optimal among the points that agree with the start says nothing of the others.
    else if (status === 'optimal') status = 'solution-limit'
    const limited = status === 'time-limit' || status === 'node-limit'
    if (best.x !== null || signal.aborted || (start === null && !limited)) return { status, ...best, bound }
    if (!limited) break
  }
  program.onSolve()
  const last = await session.solve({ ...lastLimit, maxSolutions: 1, seed }, { signal })
  if (last.x !== null) consider(last.x)
  return { status: last.status, ...best, bound: Math.max(bound, sign * last.bound) }
}
