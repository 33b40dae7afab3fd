import type { EngineAnswer, EngineSession, EngineStatus, ProgramChange, SolveRequest } from '../engine.ts'
import { type PreparedMixedIntegerProgram, signOf } from '../mixed-integer-class.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { BestSolution, type SolutionListener } from './best-solution.ts'
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
  /** Seconds of each attempt, in order; a later one is made only where those before found nothing. At least one. */
  readonly attempts: readonly number[]
  /** What a solve of so many seconds may cost now; the last one, for any feasible point, has infinitely many. */
  limit(seconds: number): Limit
  /** Where the engine may end. */
  readonly relativeGap: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onSolution?: SolutionListener
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
  options: FirstSolutionOptions,
): Promise<FirstSolution> {
  const { incumbent, attempts, limit, relativeGap, seed, signal, onSolution } = options
  const sign = signOf(program)
  const best = new BestSolution(program, onSolution)
  best.consider(incumbent)
  const solve = async (request: SolveRequest): Promise<EngineAnswer> => {
    program.onSolve()
    const answer = await session.solve({ ...request, seed }, { signal, onProgress: ({ x }) => best.consider(x) })
    best.consider(answer.x)
    return answer
  }
  let bound = -Infinity
  let status: EngineStatus = 'interrupted'
  for (const seconds of attempts) {
    const answer = await solve({
      ...limit(seconds),
      relativeGap,
      ...(start && { change: fixedAt(program, start) }),
      ...(incumbent && { start: incumbent }),
    })
    status = answer.status
    if (start === null) bound = Math.max(bound, sign * answer.bound)
    // Optimal among the points that agree with the start says nothing of the others.
    else if (status === 'optimal') status = 'solution-limit'
    const limited = status === 'time-limit' || status === 'node-limit'
    if (best.x !== null || signal.aborted || (start === null && !limited)) {
      return { status, x: best.x, value: best.value, bound }
    }
    if (!limited) break
  }
  const last = await solve({ ...limit(Infinity), maxSolutions: 1 })
  return { status: last.status, x: best.x, value: best.value, bound: Math.max(bound, sign * last.bound) }
}
