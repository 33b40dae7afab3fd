import type { Chart } from '../../src/drawing/index.ts'
import type { Status } from '../../src/solver/result.ts'
import type { Failure } from './failure.ts'

/** A table as CSV (or a NIST file), as a file or as text. */
export type TableSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'text'; readonly text: string }

/** What a table holds, and for a NIST file the problem that it states. */
export interface TableSummary {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
  /** Null unless it is a NIST file with a model that can be read. */
  readonly nist: {
    readonly model: string
    /** Two starts, as `name=value` texts. */
    readonly starts: readonly string[]
  } | null
}

/** What is to be fitted; the texts are those of the flags of `thalweg fit`. Empty texts are left out. */
export interface FitRequest {
  readonly model: string
  readonly x: string
  readonly y: string
  readonly start: string
}

export interface FittedParameter {
  readonly name: string
  readonly value: number
  /** NaN where the data do not determine it. */
  readonly standardError: number
  /** For NIST files: the certified value, and the digits to which this one agrees. */
  readonly certified?: number
  readonly agreeingDigits?: number
}

export interface FitOutcome {
  readonly status: Status
  readonly message: string
  readonly formula: string
  readonly parameters: readonly FittedParameter[]
  readonly residualSumOfSquares: number
  readonly certifiedSumOfSquares?: number
  readonly degreesOfFreedom: number
  readonly residualStandardDeviation: number
  readonly determined: boolean
  readonly iterations: number
  readonly measures: Readonly<Record<string, number>> | null
  /** Data and curve. */
  readonly chart: Chart
  /** Response minus model, by row. */
  readonly residuals: Chart
}

export type ToFitCurveWorker =
  | { readonly type: 'read'; readonly id: number; readonly source: TableSource }
  /** Asks for the names of the parameters of a model. */
  | { readonly type: 'bind'; readonly request: FitRequest }
  | { readonly type: 'fit'; readonly request: FitRequest }
  | { readonly type: 'cancel' }

export type FromFitCurveWorker =
  | { readonly type: 'read'; readonly id: number; readonly summary: TableSummary }
  | { readonly type: 'unreadable'; readonly id: number; readonly failure: Failure }
  | {
      readonly type: 'bound'
      readonly parameters: readonly string[]
      readonly response: string
      readonly failure: Failure | null
    }
  | { readonly type: 'fitted'; readonly outcome: FitOutcome }
  | { readonly type: 'failed'; readonly failure: Failure }
