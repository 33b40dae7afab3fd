import { InvalidInputError, type WorkerScope } from '../base/index.ts'
import type { EngineAnswer, InfeasibleSubsystem, SearchProgress, SolveRequest } from './engine.ts'
import type { ProgramNumbers } from './highs-model-data.ts'
import { type HighsLocation, highsRuntime } from './highs-runtime.ts'
import { HighsSession } from './highs-session.ts'

/** What a worker is asked. Tasks are numbered from 1 upwards; opening is task 0. */
export type EngineRequest =
  | {
      readonly kind: 'open'
      readonly task: 0
      readonly program: ProgramNumbers
      /** One shared number: tasks up to it should end. Null where memory cannot be shared. */
      readonly cancelled: Int32Array | null
    }
  | { readonly kind: 'solve'; readonly task: number; readonly request: SolveRequest }
  | { readonly kind: 'explain'; readonly task: number }

/** What it answers. */
export type EngineReply =
  | { readonly kind: 'opened'; readonly task: 0 }
  | { readonly kind: 'progress'; readonly task: number; readonly progress: SearchProgress }
  | { readonly kind: 'answer'; readonly task: number; readonly answer: EngineAnswer }
  | { readonly kind: 'explained'; readonly task: number; readonly subsystem: InfeasibleSubsystem | null }
  /** The task could not be done; unless it was the request's fault, the worker is lost. */
  | { readonly kind: 'failed'; readonly task: number; readonly reason: string; readonly lost: boolean }

/** Answers the requests of one `workerEngine` session with HiGHS. */
export function serveRequests(scope: WorkerScope<EngineRequest, EngineReply>, location: HighsLocation = {}): void {
  let session: HighsSession | undefined
  let cancelled: Int32Array | null = null

  const serve = async (message: EngineRequest): Promise<void> => {
    const { task } = message
    if (message.kind === 'open') {
      session?.close()
      cancelled = message.cancelled
      session = new HighsSession(await highsRuntime(location), message.program)
      scope.reply({ kind: 'opened', task: 0 })
    } else if (message.kind === 'solve') {
      const answer = session!.solve(message.request, {
        interrupted: () => cancelled !== null && Atomics.load(cancelled, 0) >= task,
        progress: (progress) => scope.reply({ kind: 'progress', task, progress }),
      })
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
