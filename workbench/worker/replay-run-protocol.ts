import type { Status } from '../../src/solver/result.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import type { Failure } from './failure.ts'

/** What a run file says of its run. */
export interface RecordedSummary {
  readonly name: string
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  readonly problem: string
  readonly problemClass: string
  readonly seed: number
  readonly tolerance: number
  readonly forkedFrom: string | null
  /** The last iteration that the file knows of. */
  readonly last: number
  readonly snapshots: readonly number[]
  readonly truncated: boolean
  /** Iterations, measures and counts, by column; thinned to what a chart shows. */
  readonly columns: Readonly<Record<string, readonly number[]>>
  readonly end: { readonly status: Status; readonly message: string; readonly objective: number } | null
  /** Why the run cannot be computed again here; null if it can. */
  readonly obstacle: string | null
  /** Methods that can go on with it. */
  readonly methods: readonly { readonly slug: string; readonly title: string }[]
}

/** One iterate, computed again. */
export interface RecordedPoint {
  readonly iteration: number
  readonly names: readonly string[]
  readonly x: readonly number[]
  readonly measures: Readonly<Record<string, number>>
}

export type ToReplayRunWorker =
  | { readonly type: 'read'; readonly id: number; readonly file: File }
  | { readonly type: 'at'; readonly id: number; readonly iteration: number }
  /** Goes on from an iteration, as `thalweg fork` does; an empty method is that of the run. */
  | {
      readonly type: 'fork'
      readonly id: number
      readonly iteration: number
      readonly method: string
      readonly moreIterations: number
      readonly seed: number | null
    }
  | { readonly type: 'cancel' }

export type FromReplayRunWorker =
  | { readonly type: 'read'; readonly id: number; readonly summary: RecordedSummary }
  /** The path of a run in the plane. */
  | {
      readonly type: 'path'
      readonly id: number
      readonly scene: Extract<Scene, { kind: 'plane' }>
      readonly frames: readonly Frame[]
    }
  | { readonly type: 'point'; readonly id: number; readonly point: RecordedPoint }
  /** The new run, as a run file. */
  | {
      readonly type: 'forked'
      readonly id: number
      readonly name: string
      readonly text: string
      readonly message: string
    }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
