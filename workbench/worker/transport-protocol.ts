import type { Status } from '../../src/solver/result.ts'
import type { Metric } from '../../src/transport/index.ts'
import type { Failure } from './failure.ts'

/** A cloud as a table of points: a file, or text. */
export type CloudSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }

/** A cloud as it is drawn. */
export interface DrawnCloud {
  /** [count, 2]; empty where points have another number of coordinates. */
  readonly points: Float64Array
  readonly dimension: number
  readonly count: number
}

/** A plan between two clouds, and what it costs. */
export interface TransportOutcome {
  readonly status: Status
  readonly message: string
  readonly method: string
  readonly cost: number
  readonly objective: number
  readonly marginalError: number
  readonly gap: number
  readonly iterations: number
  readonly elapsedMs: number
  readonly measures: Readonly<Record<string, number>> | null
  /** The heaviest entries of the plan: source and target of each, and its mass relative to the heaviest. */
  readonly from: Int32Array
  readonly to: Int32Array
  readonly mass: Float64Array
  /** How many entries the plan has; more than are drawn, perhaps. */
  readonly entries: number
}

export interface ColourOutcome {
  readonly status: Status
  readonly message: string
  readonly cost: number
  readonly width: number
  readonly height: number
  /** The new picture, as PNG. */
  readonly picture: Blob
  /** Whether it was made smaller first. */
  readonly reduced: boolean
}

export type ToTransportWorker =
  | {
      readonly type: 'solve'
      readonly id: number
      readonly source: CloudSource
      readonly target: CloudSource
      readonly metric: Metric
      /** Null for exact transport; relative to the largest cost. */
      readonly regularization: number | null
    }
  | {
      readonly type: 'colours'
      readonly id: number
      readonly source: File
      readonly target: File
      readonly regularization: number
    }
  | { readonly type: 'cancel' }
  | { readonly type: 'plan'; readonly id: number }

export type FromTransportWorker =
  | { readonly type: 'clouds'; readonly id: number; readonly source: DrawnCloud; readonly target: DrawnCloud }
  | { readonly type: 'solved'; readonly id: number; readonly outcome: TransportOutcome }
  | { readonly type: 'pixels'; readonly id: number; readonly part: number }
  | { readonly type: 'coloured'; readonly id: number; readonly outcome: ColourOutcome }
  | { readonly type: 'plan'; readonly text: string }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
