import type { RandomStream } from '../../base/index.ts'
import type { EngineAnswer, EngineSession, EngineStatus, SearchProgress, SolveRequest } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { Arm } from './arms.ts'
import { BestSolution, type SolutionListener } from './best-solution.ts'
import type { DestroyOptions } from './neighbourhood.ts'
import type { SearchPoint } from './search-point.ts'

/** What one solve may cost; a missing limit does not bind. */
export interface Limit {
  readonly maxSeconds?: number
  readonly maxNodes?: number
}

/** What came of solving one neighbourhood. */
export interface Trial {
  /** How the solve ended; `nothing` where there was nothing to free, or the auxiliary solve found nothing. */
  readonly status: EngineStatus | 'nothing' | 'lost'
  /** The best solution in the neighbourhood, by the program's own objective; null if there is none. */
  readonly x: Float64Array | null
  /** Its objective as minimized; infinite without one. */
  readonly value: number
  /** The bound that the solve proved for its sub-program, in the program's sense. */
  readonly bound: number
  /** Together with those of an auxiliary solve. */
  readonly nodes: number
  readonly elapsedMs: number
}

export interface TrialOptions extends DestroyOptions {
  readonly limit: Limit
  readonly auxiliaryLimit: Limit
  readonly warmStart: boolean
  /** Where the search of the whole program may end. */
  readonly relativeGap: number
  readonly signal: AbortSignal
  /** Called before every solve. */
  readonly onSolve: () => void
  /** Hears of solutions while the solve runs. */
  readonly onSolution?: SolutionListener
}

/**
 * Destroys and repairs: builds the neighbourhood of an arm around the point and solves it. Numbers are drawn from `random` alone, so
 * trials that run side by side have the same bits as one after the other.
 */
export async function tryArm(
  session: EngineSession,
  point: SearchPoint,
  arm: Arm,
  options: TrialOptions,
  random: RandomStream,
): Promise<Trial> {
  const { family } = arm
  const { limit, auxiliaryLimit, warmStart, signal } = options
  const seed = random.integer(2 ** 31)
  let nodes = 0
  let elapsedMs = 0
  // Under another objective a point on the way may be worth more than the last one.
  const best = new BestSolution(point.program, options.onSolution)
  const ask = async (request: SolveRequest, onProgress?: (progress: SearchProgress) => void): Promise<EngineAnswer> => {
    options.onSolve()
    const answer = await session.solve({ ...request, seed }, { signal, ...(onProgress && { onProgress }) })
    nodes += answer.nodes
    elapsedMs += answer.elapsedMs
    return answer
  }
  const trial = (status: Trial['status'], bound = NaN): Trial => ({
    status,
    x: best.x,
    value: best.value,
    bound,
    nodes,
    elapsedMs,
  })

  try {
    const first = family.auxiliary?.(point, options, random) ?? null
    const auxiliary = first === null ? null : (await ask({ ...first, ...auxiliaryLimit })).x
    if (first !== null && auxiliary === null) return trial('nothing')
    const change = family.destroy(point, options, random, auxiliary)
    if (change === null) return trial('nothing')
    const answer = await ask(
      {
        change,
        ...limit,
        // Improvements below the usual gap of 1e-4 count as well.
        relativeGap: family.name === 'whole-program' ? options.relativeGap : 0,
        ...(family.firstSolution && { maxSolutions: 1 }),
        ...(warmStart && family.containsCurrent && { start: point.current }),
      },
      ({ x }) => best.consider(x),
    )
    best.consider(answer.x)
    return trial(answer.status, answer.bound)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    best.consider(error.incumbent?.x)
    return trial('lost')
  }
}
