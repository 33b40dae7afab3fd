import type { InfeasibleSubsystem } from '../../src/mip/engine.ts'
import type { Sense } from '../../src/mip/mixed-integer-program.ts'
import type { Status } from '../../src/solver/result.ts'
import type { ArmRow } from '../stages/scene.ts'
import type { Failure } from './failure.ts'

/** Where a model comes from: a file (MPS or LP, perhaps packed by gzip), or text in LP format. */
export type ModelSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'text'; readonly text: string }

/** What a model is, in numbers. */
export interface ModelSummary {
  readonly name: string
  readonly sense: Sense
  readonly rows: number
  readonly columns: number
  /** Columns that take integers only (semi-integer ones too). */
  readonly integers: number
  readonly nonzeros: number
  readonly quadratic: boolean
  /** Methods that can solve it. */
  readonly methods: readonly string[]
}

export interface SolveSettings {
  /** `highs`, or another method of the class. */
  readonly method: string
  /** Null for no limit. */
  readonly maxSeconds: number | null
  /** (objective - bound) / |objective| at which the search ends. */
  readonly relativeGap: number
  readonly seed: number
}

/** A moment of the search; numbers are in the sense of the model. */
export interface SearchMoment {
  readonly seconds: number
  /** Of the incumbent; null before the first. */
  readonly objective: number | null
  /** Null where nothing is proved. */
  readonly bound: number | null
  readonly nodes: number
}

/** How a solve ended; numbers are in the sense of the model. */
export interface SolveOutcome {
  readonly status: Status
  readonly message: string
  /** Null without a feasible point. */
  readonly objective: number | null
  readonly bound: number | null
  readonly gap: number | null
  readonly nodes: number
  readonly seconds: number
  /** Measured again at the point. */
  readonly measures: Readonly<Record<string, number>> | null
  /** Why the model is infeasible, if it is. */
  readonly subsystem: InfeasibleSubsystem | null
}

/** A variable with its value. */
export interface SolutionRow {
  readonly name: string
  readonly value: number
  readonly type: string
  readonly lower: number
  readonly upper: number
}

/** The files that a solution or a model is saved as. */
export type ModelFileKind = 'sol' | 'csv' | 'json' | 'jsonl' | 'mps' | 'lp'

export type ToSolveModelWorker =
  | { readonly type: 'read'; readonly id: number; readonly source: ModelSource }
  | { readonly type: 'solve'; readonly settings: SolveSettings }
  | { readonly type: 'cancel' }
  /** Looks for variables whose names contain the words; at most `most` are sent. */
  | { readonly type: 'search'; readonly words: string; readonly nonzero: boolean; readonly most: number }
  | { readonly type: 'save'; readonly kind: ModelFileKind }

export type FromSolveModelWorker =
  | { readonly type: 'read'; readonly id: number; readonly summary: ModelSummary }
  | { readonly type: 'unreadable'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'moments'; readonly moments: readonly SearchMoment[]; readonly arms: readonly ArmRow[] }
  | { readonly type: 'solved'; readonly outcome: SolveOutcome }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'found'; readonly rows: readonly SolutionRow[]; readonly total: number }
  | { readonly type: 'saved'; readonly kind: ModelFileKind; readonly name: string; readonly text: string }
