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

/** Idle workers that an engine keeps: starting one and compiling HiGHS takes longer than many a solve. */
const SPARE_WORKERS = 2

type Port = WorkerPort<EngineRequest, EngineReply>

/** A started worker, and the session that it works for at the moment. */
interface Line {
  readonly port: Port
  owner: { receive(line: Line, reply: EngineReply): void; lose(line: Line, reason: string): void } | null
}

/** The workers of an engine: those that are idle are handed out again. */
class Workers {
  private readonly start: () => Port
  private readonly spare: Line[] = []

  constructor(start: () => Port) {
    this.start = start
  }

  take(owner: Line['owner']): Line {
    const idle = this.spare.pop()
    if (idle !== undefined) {
      idle.owner = owner
      return idle
    }
    const line: Line = { port: this.start(), owner }
    line.port.listen(
      (reply) => line.owner?.receive(line, reply),
      (reason) => {
        const place = this.spare.indexOf(line)
        if (place >= 0) this.spare.splice(place, 1)
        line.owner?.lose(line, reason)
      },
    )
    return line
  }

  /** Takes back an idle worker, or ends it where enough are kept. */
  async giveBack(line: Line): Promise<void> {
    line.owner = null
    if (this.spare.length < SPARE_WORKERS) this.spare.push(line)
    else await line.port.close()
  }
}

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
  const workers = new Workers(start)
  return {
    name: 'highs',
    deterministic: true,
    available: async () => ({ available: true }),
    async open(program) {
      const session = new WorkerSession(workers, program)
      await session.connect()
      return session
    },
  }
}

class WorkerSession implements EngineSession {
  private readonly workers: Workers
  private readonly program: ProgramNumbers
  private readonly cancelled: Int32Array | null
  private readonly worst: number
  private line: Line | null = null
  private task: Task | null = null
  private tasks = 0
  private closed = false

  constructor(workers: Workers, program: MixedIntegerProgram) {
    this.workers = workers
    this.program = programNumbers(program)
    this.worst = program.sense === 'maximize' ? Infinity : -Infinity
    // Browsers share memory only on pages that are isolated from other origins.
    this.cancelled = typeof SharedArrayBuffer === 'undefined' ? null : new Int32Array(new SharedArrayBuffer(4))
  }

  /** Starts a worker and gives it the program, unless that is done. */
  async connect(): Promise<void> {
    if (this.closed) throw new EngineError('highs', 'the session is closed')
    if (this.line !== null) return
    try {
      this.line = this.workers.take(this)
    } catch (cause) {
      throw new EngineError('highs', `no worker: ${cause instanceof Error ? cause.message : cause}`, null, cause)
    }
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
    const { line, task } = this
    if (line === null || task !== null) return this.disconnect('the session is closed')
    this.line = null
    await this.workers.giveBack(line)
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
    const { port } = this.line!
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

  receive(line: Line, reply: EngineReply): void {
    const { task } = this
    if (line !== this.line || task === null || reply.task !== task.number) return
    if (reply.kind === 'failed') {
      if (reply.lost) return this.lose(line, reply.reason)
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
