import { InvalidInputError, type WorkerPort } from '../base/index.ts'
import type {
  EngineAnswer,
  EngineSession,
  EngineStatus,
  InfeasibleSubsystem,
  MipEngine,
  SearchProgress,
  SolveEvents,
  SolveRequest,
} from './engine.ts'
import { EngineError, type LostIncumbent } from './engine-error.ts'
import type { EngineReply, EngineRequest } from './engine-protocol.ts'
import { type ProgramNumbers, programNumbers } from './highs-model-data.ts'
import type { MixedIntegerProgram } from './mixed-integer-program.ts'

/** How long an engine that was told to end may take to notice, milliseconds; then its worker is ended. */
const GRACE_MS = 250

/** The longest delay that timers keep, milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1

type Port = WorkerPort<EngineRequest, EngineReply>

interface Task {
  readonly number: number
  readonly onProgress?: (progress: SearchProgress) => void
  incumbent: LostIncumbent | null
  last: SearchProgress | null
  settle(reply: EngineReply): void
  fail(error: Error): void
}

/**
 * HiGHS in workers, one for each session, behind the interface of every engine. A solve is ended through shared memory; where
 * there is none, or where HiGHS does not look up in time, the worker is ended, the answer is made from what it had reported, and
 * the next solve starts another one.
 *
 * @param start starts a worker that calls `serveHighs` and returns the line to it
 */
export function workerEngine(start: () => Port): MipEngine {
  return {
    name: 'highs',
    deterministic: true,
    available: async () => ({ available: true }),
    async open(program) {
      const session = new WorkerSession(start, program)
      await session.connect()
      return session
    },
  }
}

class WorkerSession implements EngineSession {
  private readonly start: () => Port
  private readonly program: ProgramNumbers
  private readonly cancelled: Int32Array | null
  private readonly worst: number
  private port: Port | null = null
  private task: Task | null = null
  private tasks = 0
  private closed = false

  constructor(start: () => Port, program: MixedIntegerProgram) {
    this.start = start
    this.program = programNumbers(program)
    this.worst = program.sense === 'maximize' ? Infinity : -Infinity
    // Browsers share memory only on pages that are isolated from other origins.
    this.cancelled = typeof SharedArrayBuffer === 'undefined' ? null : new Int32Array(new SharedArrayBuffer(4))
  }

  /** Starts a worker and gives it the program, unless that is done. */
  async connect(): Promise<void> {
    if (this.closed) throw new EngineError('highs', 'the session is closed')
    if (this.port !== null) return
    let port: Port
    try {
      port = this.start()
    } catch (cause) {
      throw new EngineError('highs', `no worker: ${cause instanceof Error ? cause.message : cause}`, null, cause)
    }
    this.port = port
    const isCurrent = (): boolean => this.port === port
    port.listen(
      (reply) => isCurrent() && this.receive(reply),
      (reason) => isCurrent() && this.lose(reason),
    )
    try {
      await this.begin(0, { kind: 'open', task: 0, program: this.program, cancelled: this.cancelled })
    } catch (error) {
      await this.disconnect('the program could not be sent')
      throw error
    }
  }

  async solve(request: SolveRequest, { signal, onProgress }: SolveEvents = {}): Promise<EngineAnswer> {
    this.checkIdle()
    const minimized = request.change?.objective !== undefined
    const none: EngineAnswer = {
      status: 'interrupted',
      x: null,
      objective: null,
      bound: minimized ? -Infinity : this.worst,
      nodes: 0,
      elapsedMs: 0,
    }
    if (signal?.aborted) return none
    await this.connect()
    if (signal?.aborted) return none
    const number = ++this.tasks
    const timers: ReturnType<typeof setTimeout>[] = []
    const after = (ms: number, act: () => void): void => {
      if (ms <= LONGEST_DELAY) timers.push(setTimeout(act, ms))
    }
    const end = (status: EngineStatus) => (): void => {
      if (this.cancelled !== null) Atomics.store(this.cancelled, 0, number)
      const kill = (): void => this.abandon(status, none)
      this.cancelled === null ? kill() : after(GRACE_MS, kill)
    }
    const abort = end('interrupted')
    signal?.addEventListener('abort', abort, { once: true })
    if (request.maxSeconds !== undefined) after(1000 * request.maxSeconds + GRACE_MS, end('time-limit'))
    try {
      const reply = await this.begin(number, { kind: 'solve', task: number, request }, onProgress)
      return (reply as Extract<EngineReply, { kind: 'answer' }>).answer
    } finally {
      signal?.removeEventListener('abort', abort)
      for (const timer of timers) clearTimeout(timer)
    }
  }

  async explainInfeasibility(): Promise<InfeasibleSubsystem | null> {
    this.checkIdle()
    await this.connect()
    const task = ++this.tasks
    const reply = await this.begin(task, { kind: 'explain', task })
    return (reply as Extract<EngineReply, { kind: 'explained' }>).subsystem
  }

  async close(): Promise<void> {
    this.closed = true
    await this.disconnect('the session is closed')
  }

  private checkIdle(): void {
    if (this.task === null) return
    throw new InvalidInputError('highs: a session solves one request at a time; open another session', {
      argument: 'solve',
      expected: 'an idle session',
      received: 'a solve in progress',
    })
  }

  private begin(
    number: number,
    request: EngineRequest,
    onProgress?: (progress: SearchProgress) => void,
  ): Promise<EngineReply> {
    const port = this.port!
    return new Promise<EngineReply>((resolve, reject) => {
      const finish = (): void => {
        this.task = null
        port.hold(false)
      }
      this.task = {
        number,
        onProgress,
        incumbent: null,
        last: null,
        settle(reply) {
          finish()
          resolve(reply)
        },
        fail(error) {
          finish()
          reject(error)
        },
      }
      port.hold(true)
      try {
        port.send(request)
      } catch (cause) {
        this.task.fail(cause as Error)
      }
    })
  }

  private receive(reply: EngineReply): void {
    const { task } = this
    if (task === null || reply.task !== task.number) return
    if (reply.kind === 'failed') {
      if (reply.lost) return this.lose(reply.reason)
      return task.fail(new InvalidInputError(`highs: ${reply.reason}`, { argument: 'request', received: reply.reason }))
    }
    if (reply.kind !== 'progress') return task.settle(reply)
    const { progress } = reply
    task.last = progress
    if (progress.x !== undefined)
      task.incumbent = { x: progress.x, objective: progress.objective!, bound: progress.bound }
    task.onProgress?.(progress)
  }

  /** The worker is gone. */
  private lose(reason: string): void {
    const incumbent = this.task?.incumbent ?? null
    void this.disconnect(reason, incumbent)
  }

  /** Ends a worker that does not listen, and answers with what it had reported. */
  private abandon(status: EngineStatus, none: EngineAnswer): void {
    const { task, port } = this
    if (task === null) return
    this.port = null
    void port?.close()
    const { incumbent, last } = task
    const answer: EngineAnswer = {
      ...none,
      status,
      ...(last && { bound: last.bound, nodes: last.nodes, elapsedMs: last.elapsedMs }),
      ...(incumbent && { x: incumbent.x, objective: incumbent.objective }),
    }
    task.settle({ kind: 'answer', task: task.number, answer })
  }

  private async disconnect(reason: string, incumbent: LostIncumbent | null = null): Promise<void> {
    const { task, port } = this
    this.port = null
    task?.fail(new EngineError('highs', reason, incumbent))
    await port?.close()
  }
}
