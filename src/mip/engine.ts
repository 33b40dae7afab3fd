import type { MixedIntegerProgram } from './mixed-integer-program.ts'

/** A row to be added: lower <= sum of values[k] x[columns[k]] <= upper. */
export interface AddedRow {
  /** Strictly increasing column indices; n + k stands for the k-th added column. */
  readonly columns: Int32Array
  readonly values: Float64Array
  readonly lower: number
  readonly upper: number
}

/** A continuous column to be added, without entries in the program's own rows. */
export interface AddedColumn {
  readonly cost: number
  readonly lower: number
  readonly upper: number
}

/**
 * How one solve differs from the program that is open: a neighbourhood, a cut-off, another objective. The engine undoes it
 * after the solve, whatever happens, so that every solve starts from the program itself.
 */
export interface ProgramChange {
  /** Columns with other bounds: strictly increasing indices, and their bounds. */
  readonly bounds?: { readonly columns: Int32Array; readonly lower: Float64Array; readonly upper: Float64Array }
  readonly columns?: readonly AddedColumn[]
  readonly rows?: readonly AddedRow[]
  /**
   * Another linear objective in the place of the program's own, minimized, with offset 0. Length n; the cost of an added
   * column stands with that column.
   */
  readonly objective?: Float64Array
}

/** What one solve may use. Limits that are left out do not bind. */
export interface SolveRequest {
  readonly change?: ProgramChange
  /** Drops integrality: the linear relaxation. Default false. */
  readonly relaxed?: boolean
  /** Wall time, seconds, > 0. */
  readonly maxSeconds?: number
  /** Nodes of the search tree, >= 1: the deterministic limit. */
  readonly maxNodes?: number
  /** Ends at this many improving solutions, >= 1: 1 is the first feasible point. */
  readonly maxSolutions?: number
  /** Ends when (objective - bound) / |objective| is at most this, >= 0. Default 1e-4 for the program itself. */
  readonly relativeGap?: number
  /** A point to start from, length n, NaN where it is free; ignored by an engine that cannot use one. */
  readonly start?: Float64Array
  /**
   * Whether the engine searches sub-programs of its own for solutions; while it does, it does not look up. Default true. Ignored by an
   * engine that cannot be told.
   */
  readonly heuristics?: boolean
  /** Seed of the engine's own random choices, an integer >= 0. Default 0. */
  readonly seed?: number
}

/** What an engine reports while it searches. Objective and bound are in the sense of the program. */
export interface SearchProgress {
  readonly elapsedMs: number
  /** Objective of the incumbent; null before the first. */
  readonly objective: number | null
  readonly bound: number
  readonly nodes: number
  /** The incumbent itself, where it is new. */
  readonly x?: Float64Array
}

/** How a solve ended. `unbounded-or-infeasible` is what a presolve says that does not tell the two apart. */
export type EngineStatus =
  | 'optimal'
  | 'infeasible'
  | 'unbounded'
  | 'unbounded-or-infeasible'
  | 'time-limit'
  | 'node-limit'
  | 'solution-limit'
  | 'interrupted'
  | 'failed'

/** What one solve gives. Numbers are in the sense of the program, or of the changed objective. */
export interface EngineAnswer {
  readonly status: EngineStatus
  /** The best feasible point found, length n plus the added columns; null if there is none. */
  readonly x: Float64Array | null
  /** Its objective; null without a point. */
  readonly objective: number | null
  /** The proven bound on the optimal value; minus or plus infinity where there is none. */
  readonly bound: number
  readonly nodes: number
  readonly elapsedMs: number
  /** For linear and quadratic programs without integers: duals of rows (length m) and reduced costs (length n). */
  readonly duals?: { readonly rows: Float64Array; readonly columns: Float64Array }
  /** What the engine said, where it failed. */
  readonly message?: string
}

/** Rows and columns that cannot hold together, and stop being contradictory when any one is dropped. */
export interface InfeasibleSubsystem {
  readonly rows: readonly { readonly name: string; readonly bound: 'lower' | 'upper' | 'both' }[]
  readonly columns: readonly { readonly name: string; readonly bound: 'lower' | 'upper' | 'both' }[]
}

/** What may happen during a solve. */
export interface SolveEvents {
  /** Fires when the solve should end; its best point is then returned with status `interrupted`. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SearchProgress) => void
}

/** One program that an engine holds in memory, solved as often as wanted, one solve at a time. */
export interface EngineSession {
  /**
   * @returns never rejects for a numerical outcome
   * @throws {InvalidInputError} if the request does not fit the program, or another solve is in progress
   * @throws {EngineError} if the engine itself is lost (a crash, no memory); the session cannot be used any more
   */
  solve(request: SolveRequest, events?: SolveEvents): Promise<EngineAnswer>
  /** An irreducible infeasible subsystem of the program, or null if the engine finds none. */
  explainInfeasibility?(): Promise<InfeasibleSubsystem | null>
  close(): Promise<void>
}

/**
 * A search of the whole program that pauses and goes on where it was, so that two searches can take turns on one core, each
 * with what the other has found.
 */
export interface PausableSearch {
  /**
   * Goes on for a while.
   *
   * @param seconds after which it pauses, > 0; the engine may look up later than that
   * @returns what is known when it has paused, with status `time-limit`, its solutions having gone to `onProgress`; or the answer,
   *   where the search came to its end. `elapsedMs` is that of this turn, `nodes` of the whole search
   * @throws {EngineError} if the engine is lost
   */
  advance(seconds: number, events?: TurnEvents): Promise<EngineAnswer>
  close(): Promise<void>
}

/** What may happen in one turn of a pausable search. */
export interface TurnEvents extends SolveEvents {
  /** A feasible point found elsewhere, length n: the search goes on with it, where it is better than its own. */
  readonly offered?: Float64Array
  /** Seconds after which the turn ends whatever the engine does, and the search with it. Default: no end. */
  readonly endSeconds?: number
}

/** A solver of mixed-integer programs that can be plugged in. */
export interface MipEngine {
  readonly name: string
  /** Whether it can be used here, and if not, why. */
  available(): Promise<{ readonly available: boolean; readonly reason?: string }>
  /** The same bits for the same requests when only `maxNodes` and `maxSolutions` limit them. */
  readonly deterministic: boolean
  open(program: MixedIntegerProgram): Promise<EngineSession>
  /** A search that can pause, of the program as it is; absent where the engine cannot do that. */
  openSearch?(
    program: MixedIntegerProgram,
    request: Pick<SolveRequest, 'relativeGap' | 'heuristics' | 'seed' | 'start'>,
  ): Promise<PausableSearch>
}
