import type { Status } from '../../src/solver/result.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import type { Failure } from './failure.ts'

/** What is to be minimized; the texts are those of the flags of `thalweg minimize`. Empty texts are left out. */
export interface MinimizeRequest {
  /** An expression, or the name of a test function. */
  readonly expression: string
  readonly start: string
  readonly lower: string
  readonly upper: string
  /** The slug of a method; empty for one that suits. */
  readonly method: string
  readonly seed: number
}

/** What is known of a problem before it is run. */
export interface ProblemSummary {
  readonly variables: readonly string[]
  /** Methods for it. */
  readonly methods: readonly { readonly slug: string; readonly title: string }[]
  /** Where it starts, if that is known. */
  readonly start: readonly number[] | null
}

export interface MinimizeOutcome {
  readonly status: Status
  readonly message: string
  readonly method: string
  readonly variables: readonly string[]
  readonly x: readonly number[]
  readonly objective: number
  readonly iterations: number
  readonly evaluations: Readonly<Record<string, number>>
  readonly measures: Readonly<Record<string, number>> | null
  readonly elapsedMs: number
  /** Why the method was chosen, where there was a choice. */
  readonly why: string | null
  /** The trace, by column. */
  readonly trace: Readonly<Record<string, readonly number[]>>
  /** The optimality measure of the method. */
  readonly measure: string
}

export type ToMinimizeWorker =
  /** Looks at the expression: its variables, and for two of them its landscape. */
  | { readonly type: 'look'; readonly id: number; readonly request: MinimizeRequest }
  | { readonly type: 'run'; readonly id: number; readonly request: MinimizeRequest }
  | { readonly type: 'cancel' }
  /** Asks for the run as a run file. */
  | { readonly type: 'run-file' }

export type FromMinimizeWorker =
  | { readonly type: 'looked'; readonly id: number; readonly summary: ProblemSummary; readonly scene: Scene }
  | { readonly type: 'path'; readonly id: number; readonly frames: readonly Frame[]; readonly scene: Scene | null }
  | { readonly type: 'done'; readonly id: number; readonly outcome: MinimizeOutcome }
  | { readonly type: 'run-file'; readonly text: string }
  /** `running` for an error of a run; else of looking. */
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
