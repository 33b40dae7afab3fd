import { InvalidInputError } from '../base/index.ts'
import type {
  EngineAnswer,
  EngineSession,
  EngineStatus,
  InfeasibleSubsystem,
  SearchProgress,
  SolveEvents,
  SolveRequest,
} from './engine.ts'
import { EngineError, type LostIncumbent } from './engine-error.ts'
import { type EngineReply, type EngineRequest, type SharedControl, Word } from './engine-protocol.ts'
import { type ProgramNumbers, programNumbers } from './highs-model-data.ts'
import type { MixedIntegerProgram } from './mixed-integer-program.ts'
import type { Line, Workers } from './worker-pool.ts'

/** How long an engine that was told to end may take to notice, milliseconds; then its worker is ended. */
export const GRACE_MS = 250

/** The longest delay that timers keep, milliseconds. */
export const LONGEST_DELAY = 2 ** 31 - 1

interface Task {
  readonly number: number
  readonly onProgress?: (progress: SearchProgress) => void
  readonly onPaused?: (progress: SearchProgress) => void
  incumbent: LostIncumbent | null
  last: SearchProgress | null
  settle(reply: EngineReply): void
  fail(error: Error): void
}

/** Whether memory can be shared: browsers do so only on pages that are isolated from other origins. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== 'undefined'
}

/** A program in a worker of its own. */
export class WorkerSession implements EngineSession {
  private readonly workers: Workers
  private readonly program: ProgramNumbers
  private readonly shared: SharedControl | null
  private readonly worst: number
  private line: Line | null = null
  private task: Task | null = null
  private tasks = 0
  private busy = false
  private closed = false

  /** @param pausable whether it is for a search that pauses, and takes solutions from elsewhere */
  constructor(workers: Workers, program: MixedIntegerProgram, pausable = false) {
    this.workers = workers
    this.program = programNumbers(program)
    this.worst = program.sense === 'maximize' ? Infinity : -Infinity
    const words = Object.keys(Word).length
    this.shared = canShareMemory()
      ? {
          words: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * words)),
          offer: new Float64Array(
            new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * (pausable ? program.objective.length : 0)),
          ),
        }
      : null
  }

  /** Starts a worker and gives it the program, unless that is done. */
  async connect(): Promise<void> {
    const compiled = await this.workers.compiled()
    if (this.closed) throw new EngineError('highs', 'the session is closed')
    if (this.line !== null) return
    try {
      this.line = this.workers.take(this)
    } catch (cause) {
      throw new EngineError('highs', `no worker: ${cause instanceof Error ? cause.message : cause}`, null, cause)
    }
    try {
      await this.begin(0, {
        kind: 'open',
        task: 0,
        program: this.program,
        shared: this.shared,
        ...(compiled && { compiled }),
      })
    } catch (error) {
      await this.disconnect('the program could not be sent')
      throw error
    }
  }

  /** @param onPaused makes the search pausable: hears that it has paused, with what is known */
  solve(
    request: SolveRequest,
    events: SolveEvents = {},
    onPaused?: (progress: SearchProgress) => void,
  ): Promise<EngineAnswer> {
    return this.exclusively(() => this.solveAlone(request, events, onPaused))
  }

  private async solveAlone(
    request: SolveRequest,
    { signal, onProgress }: SolveEvents,
    onPaused?: (progress: SearchProgress) => void,
  ): Promise<EngineAnswer> {
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
      const kill = (): void => this.abandon(status, none)
      if (this.shared === null) return kill()
      Atomics.store(this.shared.words, Word.cancelled, number)
      this.wake()
      after(GRACE_MS, kill)
    }
    const abort = end('interrupted')
    signal?.addEventListener('abort', abort, { once: true })
    if (request.maxSeconds !== undefined) after(1000 * request.maxSeconds + GRACE_MS, end('time-limit'))
    try {
      const message = { kind: 'solve', task: number, request, ...(onPaused && { pausable: true }) } as const
      const reply = await this.begin(number, message, { onProgress, onPaused })
      return (reply as Extract<EngineReply, { kind: 'answer' }>).answer
    } finally {
      signal?.removeEventListener('abort', abort)
      for (const timer of timers) clearTimeout(timer)
    }
  }

  /** Asks a pausable search to pause at its next callback. */
  pause(): void {
    if (this.shared !== null) Atomics.store(this.shared.words, Word.paused, 1)
  }

  /** Lets a paused search go on, with a solution from elsewhere where one is given. */
  goOn(offered?: Float64Array): void {
    this.offer(offered)
    this.line?.port.hold(true)
    this.wake()
  }

  /** Lays a solution out for a pausable search that has not begun, or has paused. */
  offer(x?: Float64Array): void {
    if (this.shared === null || x === undefined) return
    this.shared.offer.set(x)
    Atomics.add(this.shared.words, Word.offers, 1)
  }

  private wake(): void {
    if (this.shared === null) return
    Atomics.store(this.shared.words, Word.paused, 0)
    Atomics.notify(this.shared.words, Word.paused)
  }

  explainInfeasibility(): Promise<InfeasibleSubsystem | null> {
    return this.exclusively(async () => {
      await this.connect()
      const task = ++this.tasks
      const reply = await this.begin(task, { kind: 'explain', task })
      return (reply as Extract<EngineReply, { kind: 'explained' }>).subsystem
    })
  }

  async close(): Promise<void> {
    this.closed = true
    const { line, task } = this
    if (line === null || task !== null) return this.disconnect('the session is closed')
    this.line = null
    await this.workers.giveBack(line)
  }

  private async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy) {
      throw new InvalidInputError('highs: a session solves one request at a time; open another session', {
        argument: 'solve',
        expected: 'an idle session',
        received: 'a solve in progress',
      })
    }
    this.busy = true
    try {
      return await work()
    } finally {
      this.busy = false
    }
  }

  private begin(
    number: number,
    request: EngineRequest,
    listeners: Pick<Task, 'onProgress' | 'onPaused'> = {},
  ): Promise<EngineReply> {
    const { port } = this.line!
    return new Promise<EngineReply>((resolve, reject) => {
      const finish = (): void => {
        this.task = null
        port.hold(false)
      }
      this.task = {
        number,
        ...listeners,
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

  receive(line: Line, reply: EngineReply): void {
    const { task } = this
    if (line !== this.line || task === null || reply.task !== task.number) return
    if (reply.kind === 'failed') {
      if (reply.lost) return this.lose(line, reply.reason)
      return task.fail(new InvalidInputError(`highs: ${reply.reason}`, { argument: 'request', received: reply.reason }))
    }
    if (reply.kind !== 'progress' && reply.kind !== 'paused') return task.settle(reply)
    const { progress } = reply
    if (reply.kind === 'paused') {
      // A search that waits must not keep the process alive.
      line.port.hold(false)
      return task.onPaused?.(progress)
    }
    task.last = progress
    if (progress.x !== undefined)
      task.incumbent = { x: progress.x, objective: progress.objective!, bound: progress.bound }
    task.onProgress?.(progress)
  }

  /** The worker is gone. */
  lose(line: Line, reason: string): void {
    if (line !== this.line) return
    const incumbent = this.task?.incumbent ?? null
    void this.disconnect(reason, incumbent)
  }

  /** Ends a worker that does not listen, and answers with what it had reported. */
  private abandon(status: EngineStatus, none: EngineAnswer): void {
    const { task, line } = this
    if (task === null) return
    this.line = null
    void line?.port.close()
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
    const { task, line } = this
    this.line = null
    task?.fail(new EngineError('highs', reason, incumbent))
    await line?.port.close()
  }
}
