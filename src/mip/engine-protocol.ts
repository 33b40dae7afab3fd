import { InvalidInputError, type WorkerScope } from '../base/index.ts'
import type { EngineAnswer, InfeasibleSubsystem, SearchProgress, SolveRequest } from './engine.ts'
import type { ProgramNumbers } from './highs-model-data.ts'
import { type HighsLocation, highsRuntime } from './highs-runtime.ts'
import { HighsSession, type SolveControl } from './highs-session.ts'

/** What a worker is asked. Tasks are numbered from 1 upwards; opening is task 0. */
export type EngineRequest =
  | {
      readonly kind: 'open'
      readonly task: 0
      readonly program: ProgramNumbers
      /** Null where memory cannot be shared. */
      readonly shared: SharedControl | null
      /** HiGHS, compiled already; absent if the worker should see to that. */
      readonly compiled?: WebAssembly.Module
    }
  | { readonly kind: 'solve'; readonly task: number; readonly request: SolveRequest; readonly pausable?: boolean }
  | { readonly kind: 'explain'; readonly task: number }

/** Memory that both sides see while HiGHS holds the worker's thread. */
export interface SharedControl {
  /** See `Word`. */
  readonly words: Int32Array
  /** The latest solution offered to a pausable search, length n; empty in a session without one. */
  readonly offer: Float64Array
}

/** Places in `SharedControl.words`. */
export const Word = {
  /** Tasks up to this number should end. */
  cancelled: 0,
  /** 1 while the search should pause; the worker sleeps on it. */
  paused: 1,
  /** How many solutions have been offered. */
  offers: 2,
} as const

/** What it answers. */
export type EngineReply =
  | { readonly kind: 'opened'; readonly task: 0 }
  | { readonly kind: 'progress'; readonly task: number; readonly progress: SearchProgress }
  /** The search has paused, and sleeps until the word changes. */
  | { readonly kind: 'paused'; readonly task: number; readonly progress: SearchProgress }
  | { readonly kind: 'answer'; readonly task: number; readonly answer: EngineAnswer }
  | { readonly kind: 'explained'; readonly task: number; readonly subsystem: InfeasibleSubsystem | null }
  /** The task could not be done; unless it was the request's fault, the worker is lost. */
  | { readonly kind: 'failed'; readonly task: number; readonly reason: string; readonly lost: boolean }

/** Answers the requests of one `workerEngine` session with HiGHS. */
export function serveRequests(scope: WorkerScope<EngineRequest, EngineReply>, location: HighsLocation = {}): void {
  let session: HighsSession | undefined
  let shared: SharedControl | null = null

  const controlOf = (task: number, pausable: boolean): SolveControl => {
    const control: SolveControl = {
      interrupted: () => shared !== null && Atomics.load(shared.words, Word.cancelled) >= task,
      progress: (progress) => scope.reply({ kind: 'progress', task, progress }),
    }
    if (!pausable || shared === null) return control
    const { words, offer } = shared
    let taken = 0
    return {
      ...control,
      pause(progress) {
        if (Atomics.load(words, Word.paused) === 0) return
        scope.reply({ kind: 'paused', task, progress })
        Atomics.wait(words, Word.paused, 1)
      },
      offered() {
        const offers = Atomics.load(words, Word.offers)
        if (offers === taken) return null
        taken = offers
        return offer.slice()
      },
    }
  }

  const serve = async (message: EngineRequest): Promise<void> => {
    const { task } = message
    if (message.kind === 'open') {
      session?.close()
      shared = message.shared
      const { compiled } = message
      session = new HighsSession(await highsRuntime({ ...location, ...(compiled && { compiled }) }), message.program)
      scope.reply({ kind: 'opened', task: 0 })
    } else if (message.kind === 'solve') {
      const answer = session!.solve(message.request, controlOf(task, message.pausable === true))
      scope.reply({ kind: 'answer', task, answer })
    } else scope.reply({ kind: 'explained', task, subsystem: session!.explainInfeasibility() })
  }

  scope.listen((message) => {
    serve(message).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      const lost = !(error instanceof InvalidInputError)
      scope.reply({ kind: 'failed', task: message.task, reason: reason.replace(/^highs: /, ''), lost })
    })
  })
}
