import { batch, signal } from '@preact/signals'
import type { ExampleCode } from '../../experiments/example-problems/example-problem.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import type { Failure } from '../worker/failure.ts'
import type { Complaints, Ending, FromRunWorker, RunRequest, ToRunWorker, TraceUpdate } from '../worker/protocol.ts'

export type RunState = 'idle' | 'running' | 'paused' | 'finished' | 'cancelled' | 'failed'

/** What has been received of one contestant. Mutable on purpose: a run may send thousands of rows. */
export interface Lane {
  readonly method: string
  columns: Record<string, number[]>
  frames: Frame[]
  ending: Ending | null
  failure: Failure | null
}

/** Shortest time between two drawings of the charts; pictures are drawn with every frame of the screen. */
const CHART_MS = 90

/** A worker that has nothing to do is kept for the next page: starting one reads the whole library. */
let spareWorker: Worker | null = null

function takeWorker(): Worker {
  const worker = spareWorker ?? new Worker(new URL('../worker/run-worker.ts', import.meta.url), { type: 'module' })
  spareWorker = null
  return worker
}

/** Numbers of requests, over all pages: what a kept worker still sends about an earlier page is not mistaken for an answer. */
let lastRequest = 0

/**
 * The page's side of a run: starts the worker, takes its updates once per frame of the screen, and tells it when it may send
 * more, so that nothing piles up.
 */
export class RunController {
  readonly state = signal<RunState>('idle')
  /** Goes up when the charts should be drawn again. */
  readonly chartVersion = signal(0)
  /** Goes up with every update. */
  readonly version = signal(0)
  readonly complaints = signal<Complaints>({})
  readonly failure = signal<Failure | null>(null)
  /** Iterations per second of the page's own method, lately; null before it is known. */
  readonly rate = signal<number | null>(null)
  /** The iteration looked at; null for the newest. */
  readonly cursor = signal<number | null>(null)
  /** The TypeScript that makes the problem of the request checked last; null if something is wrong with it. */
  readonly problemCode = signal<ExampleCode | null>(null)
  scene: Scene = { kind: 'none' }
  /** The known minimum of the objective. */
  minimum: number | null = null
  lanes: Lane[] = []
  request: RunRequest | null = null

  private readonly worker: Worker
  private id = ++lastRequest
  private pending: TraceUpdate[] = []
  private finishing: RunState | null = null
  private frameRequest = 0
  private chartsDrawn = 0
  private rateSince = { time: 0, iteration: 0 }
  private checkId = 0
  private runFileArrived: ((text: string) => void) | null = null

  constructor() {
    this.worker = takeWorker()
    this.worker.onmessage = ({ data }: MessageEvent<FromRunWorker>) => this.receive(data)
    this.worker.onerror = (event) => {
      this.failure.value = { name: 'Error', message: event.message || 'the worker could not be started' }
      this.state.value = 'failed'
    }
  }

  /** Lets go of the worker; one that computes is ended. */
  close(): void {
    cancelAnimationFrame(this.frameRequest)
    this.worker.onmessage = null
    const idle = this.state.value === 'idle' || this.state.value === 'finished' || this.state.value === 'cancelled'
    if (idle && spareWorker === null) spareWorker = this.worker
    else this.worker.terminate()
  }

  /** Asks what is wrong with a request; the answer arrives in `complaints`. */
  check(request: RunRequest): void {
    this.checkId = ++lastRequest
    this.send({ type: 'check', id: this.checkId, request })
  }

  start(request: RunRequest, paused = false): void {
    this.reset()
    this.request = request
    this.lanes = request.contestants.map(({ method }) => ({
      method,
      columns: {},
      frames: [],
      ending: null,
      failure: null,
    }))
    this.state.value = paused ? 'paused' : 'running'
    this.rateSince = { time: performance.now(), iteration: 0 }
    this.send({ type: 'start', id: this.id, request, paused })
  }

  pause(): void {
    if (this.state.value !== 'running') return
    this.send({ type: 'pause' })
    this.state.value = 'paused'
  }

  resume(): void {
    if (this.state.value !== 'paused') return
    this.cursor.value = null
    this.rateSince = { time: performance.now(), iteration: this.newest() }
    this.send({ type: 'resume' })
    this.state.value = 'running'
  }

  step(): void {
    if (this.state.value !== 'paused') return
    this.cursor.value = null
    this.send({ type: 'step' })
  }

  cancel(): void {
    if (this.state.value !== 'running' && this.state.value !== 'paused') return
    this.send({ type: 'cancel' })
  }

  setPace(pace: number): void {
    this.send({ type: 'pace', pace })
  }

  /** Forgets the run but for what its picture stands on; messages of it that are still on their way are ignored. */
  reset(): void {
    this.cancel()
    this.id = ++lastRequest
    this.pending = []
    this.finishing = null
    this.lanes = []
    this.request = null
    batch(() => {
      this.state.value = 'idle'
      this.failure.value = null
      this.cursor.value = null
      this.rate.value = null
      this.chartVersion.value++
      this.version.value++
    })
  }

  /** The run file of the page's own method. */
  runFile(): Promise<string> {
    return new Promise((resolve) => {
      this.runFileArrived = resolve
      this.send({ type: 'run-file' })
    })
  }

  /** The newest iteration of the page's own method. */
  newest(): number {
    return this.lanes[0]?.columns.iteration?.at(-1) ?? 0
  }

  private send(message: ToRunWorker): void {
    this.worker.postMessage(message)
  }

  private receive(message: FromRunWorker): void {
    if (message.type === 'checked') {
      if (message.id !== this.checkId) return
      batch(() => {
        this.complaints.value = message.complaints
        this.problemCode.value = message.code
      })
      return
    }
    if (message.type === 'run-file') {
      this.runFileArrived?.(message.text)
      return
    }
    if (message.id !== this.id) return
    switch (message.type) {
      case 'scene':
        this.scene = message.scene
        this.minimum = message.minimum
        this.version.value++
        return
      case 'update':
        this.pending.push(...message.updates)
        break
      case 'ended':
        this.lanes[message.ending.contestant].ending = message.ending
        break
      case 'finished':
        this.finishing = this.lanes[0]?.ending?.status === 'aborted' ? 'cancelled' : 'finished'
        break
      case 'failed':
        if (message.contestant === null) {
          this.failure.value = message.failure
          this.finishing = 'failed'
        } else this.lanes[message.contestant].failure = message.failure
    }
    this.frameRequest ||= requestAnimationFrame((time) => this.draw(time))
  }

  /** Takes what has arrived since the last frame of the screen. */
  private draw(time: number): void {
    this.frameRequest = 0
    const updates = this.pending
    this.pending = []
    for (const update of updates) apply(this.lanes[update.contestant], update)
    batch(() => {
      if (this.finishing !== null) this.state.value = this.finishing
      this.version.value++
      if (this.finishing !== null || this.state.value === 'paused' || time - this.chartsDrawn > CHART_MS) {
        this.chartsDrawn = time
        this.chartVersion.value++
        this.measureRate()
      }
    })
    this.finishing = null
    if (updates.length > 0) this.send({ type: 'drawn' })
  }

  private measureRate(): void {
    const { time, iteration } = this.rateSince
    const now = performance.now()
    if (this.state.value !== 'running' || now - time < 500) return
    this.rate.value = (1000 * (this.newest() - iteration)) / (now - time)
    this.rateSince = { time: now, iteration: this.newest() }
  }
}

function apply(lane: Lane, { replaces, columns, frames, framesReplace }: TraceUpdate): void {
  if (replaces) lane.columns = columns as Record<string, number[]>
  else {
    const rows = lane.columns.iteration?.length ?? 0
    for (const [name, column] of Object.entries(columns)) {
      // A measure that was not there from the beginning starts late.
      lane.columns[name] ??= new Array(rows).fill(NaN)
      for (const value of column) lane.columns[name].push(value)
    }
  }
  if (framesReplace) lane.frames = [...frames]
  else lane.frames.push(...frames)
}
