import type { ExampleCode } from '../../experiments/example-problems/example-problem.ts'
import type { Chart, Claim, Table } from '../../experiments/experiment.ts'
import type { Status } from '../../src/solver/result.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import type { Failure } from './failure.ts'

/** A method with the options that were set. */
export interface Contestant {
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
}

/** What is to be run: plain data, from which a run in the page and a run in Node give the same bits. */
export interface RunRequest {
  readonly problem: {
    readonly problemClass: string
    /** The example within its class. */
    readonly slug: string
    readonly parameters: Readonly<Record<string, unknown>>
  }
  /** The method of the page first, then the baselines. */
  readonly contestants: readonly Contestant[]
  /** Of the problem's data and of every random draw. */
  readonly seed: number
  /** Where all start; the problem's own start if absent. */
  readonly start?: readonly number[]
  /** Bound on the optimality measure; the class's if absent. */
  readonly tolerance?: number
  readonly maxIterations: number
  /** Iterations per second; 0 for as fast as it goes. */
  readonly pace: number
}

/** The columns of a contestant's trace that are new, or all of them after it was thinned. */
export interface TraceUpdate {
  readonly contestant: number
  /** Whether these rows replace all that came before. */
  readonly replaces: boolean
  readonly columns: Readonly<Record<string, number[]>>
  readonly frames: readonly Frame[]
  readonly framesReplace: boolean
}

/** How a contestant's run ended. */
export interface Ending {
  readonly contestant: number
  readonly status: Status
  readonly message: string
  readonly objective: number
  readonly iterations: number
  readonly elapsedMs: number
  readonly evaluations: Readonly<Record<string, number>>
  /** Residuals measured again at the returned point; null where they cannot be measured. */
  readonly measures: Readonly<Record<string, number>> | null
  /** The solution: plain data. */
  readonly x: unknown
}

/** What the page tells a run worker. */
export type ToRunWorker =
  | { readonly type: 'check'; readonly id: number; readonly request: RunRequest }
  | { readonly type: 'start'; readonly id: number; readonly request: RunRequest; readonly paused: boolean }
  | { readonly type: 'pause' | 'resume' | 'step' | 'cancel' }
  /** The page has drawn the last update: it may send the next. */
  | { readonly type: 'drawn' }
  | { readonly type: 'pace'; readonly pace: number }
  | { readonly type: 'run-file' }

/** What is wrong with a request, by place: `options.memory`, `parameters.dimension`, `contestants.1`... */
export type Complaints = Readonly<Record<string, string>>

/** What a run worker tells the page; `id` is that of the request. */
export type FromRunWorker =
  /** `code` makes the problem; null if something is wrong with the request. */
  | {
      readonly type: 'checked'
      readonly id: number
      readonly complaints: Complaints
      readonly code: ExampleCode | null
    }
  /** `minimum` is the known one of the objective, if any. */
  | { readonly type: 'scene'; readonly id: number; readonly scene: Scene; readonly minimum: number | null }
  | { readonly type: 'update'; readonly id: number; readonly updates: readonly TraceUpdate[] }
  | { readonly type: 'ended'; readonly id: number; readonly ending: Ending }
  | { readonly type: 'finished'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly contestant: number | null; readonly failure: Failure }
  | { readonly type: 'run-file'; readonly id: number; readonly text: string }

/** What the page tells an experiment worker. */
export type ToExperimentWorker =
  | {
      readonly type: 'start'
      readonly slug: string
      readonly parameters: Readonly<Record<string, unknown>>
      readonly seed: number
    }
  | { readonly type: 'cancel' }

/** What an experiment worker tells the page. */
export type FromExperimentWorker =
  | { readonly type: 'progress'; readonly fraction: number; readonly doing: string }
  | { readonly type: 'chart'; readonly chart: Chart }
  | { readonly type: 'table'; readonly table: Table }
  /** `claims` is empty if it was cancelled: half a run says nothing about them. */
  | { readonly type: 'finished'; readonly claims: readonly Claim[]; readonly cancelled: boolean }
  | { readonly type: 'failed'; readonly failure: Failure }
