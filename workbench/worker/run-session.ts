import { buildExample, type ExampleCode, findExample } from '../../experiments/example-problems.ts'
import { checked, type OptionSpec } from '../../src/base/index.ts'
import type { MipEngine, SearchProgress } from '../../src/mip/index.ts'
import { createMethod, findMethod } from '../../src/registry.ts'
import {
  type Iterate,
  iterate,
  iterateAsync,
  type Method,
  type Problem,
  type Result,
  type SmoothProblem,
  Tally,
} from '../../src/solver/index.ts'
import { stageFor } from '../stages/index.ts'
import { frameOfProgress } from '../stages/mixed-integer.ts'
import type { Scene } from '../stages/scene.ts'
import type { Setting, Stage } from '../stages/stage.ts'
import { failureOf } from './failure.ts'
import type { Complaints, Contestant, Ending, FromRunWorker, RunRequest } from './protocol.ts'
import { Recorder } from './recorder.ts'

/** Longest stretch of computing before messages are looked at, in milliseconds. */
const SLICE_MS = 7
/** Shortest time between two updates of the page: one frame of its screen. */
const UPDATE_MS = 15

/** Time that passes only while its contestant computes, so that contestants do not pay for one another or for pauses. */
class Stopwatch {
  private total = 0
  private since: number | null = null

  readonly read = (): number => this.total + (this.since === null ? 0 : performance.now() - this.since)

  start(): void {
    this.since = performance.now()
  }

  stop(): void {
    if (this.since !== null) this.total += performance.now() - this.since
    this.since = null
  }
}

/** What the session's surroundings give to methods besides their plain options. */
export interface Surroundings {
  /** Solves the programs that a method of this name has to solve; undefined where it needs none. */
  engineFor?(slug: string): MipEngine | undefined
}

/** Shortest time between two moments that an engine reports, in milliseconds. */
const PROGRESS_MS = 100

/** One method of a run. */
interface Lane {
  readonly index: number
  readonly recorder: Recorder
  readonly watch: Stopwatch
  readonly iterates: Iterator<Iterate, Result<unknown>> | AsyncIterator<Iterate, Result<unknown>>
  done: boolean
}

/** Adds what is wrong with some values. */
function complaintsOf(
  place: string,
  specs: Readonly<Record<string, OptionSpec<unknown>>>,
  given: Readonly<Record<string, unknown>>,
  into: Record<string, string>,
): void {
  for (const [name, value] of Object.entries(given)) {
    const spec = specs[name]
    if (spec === undefined || value === undefined || spec.accepts(value)) continue
    into[`${place}.${name}`] = `must be ${spec.expected}`
  }
}

/** What is wrong with a request, without running anything. Empty if it can be run. */
export function complaintsAbout(request: RunRequest): Complaints {
  const complaints: Record<string, string> = {}
  const { problem, contestants, seed, maxIterations, tolerance } = request
  const example = findExample(problem.problemClass, problem.slug)
  complaintsOf('parameters', example.parameters, problem.parameters, complaints)
  complaintsOf('options', findMethod(contestants[0].method).description.options, contestants[0].options, complaints)
  if (!Number.isSafeInteger(seed) || seed < 0) complaints.seed = 'must be an integer in [0, 2^53)'
  if (!(Number.isInteger(maxIterations) && maxIterations >= 1 && maxIterations <= 1e7)) {
    complaints.maxIterations = 'must be an integer in [1, 10000000]'
  }
  if (tolerance !== undefined && !(tolerance >= 0)) complaints.tolerance = 'must be a number >= 0'
  if (Object.keys(complaints).length > 0) return complaints
  const built = buildExample(problem.problemClass, problem.slug, problem.parameters, seed)
  contestants.forEach(({ method, options }, i) => {
    try {
      built.class.prepare(built, createMethod(method, options), new Tally(built.class.oracles))
    } catch (error) {
      complaints[`contestants.${i}`] = failureOf(error).message
    }
  })
  return complaints
}

/** The TypeScript that makes the problem of a request. */
export function problemCode({ problem, seed }: RunRequest): ExampleCode {
  const example = findExample(problem.problemClass, problem.slug)
  return example.code(checked(problem.slug, problem.parameters, example.parameters) as never, seed)
}

/**
 * One run of a method and its baselines on the same problem, with pause, step and cancel. Contestants take turns of a few
 * milliseconds; each has its own clock and its own random stream, so that its numbers are those that it has alone.
 */
export class RunSession {
  private readonly id: number
  private readonly request: RunRequest
  private readonly post: (message: FromRunWorker) => void
  private readonly stage: Stage
  private readonly surroundings: Surroundings
  private readonly controller = new AbortController()
  private setting!: Setting
  private scene!: Scene
  private lanes: Lane[] = []
  private pace: number
  private paused: boolean
  private stepsAllowed = 0
  private wake: (() => void) | null = null
  private pageReady = true
  private lastUpdate = 0

  constructor(
    id: number,
    request: RunRequest,
    paused: boolean,
    post: (message: FromRunWorker) => void,
    surroundings: Surroundings = {},
  ) {
    this.id = id
    this.request = request
    this.post = post
    this.surroundings = surroundings
    this.pace = request.pace
    this.paused = paused
    this.stage = stageFor(request.problem.problemClass)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.wake?.()
  }

  /** One iteration of every contestant. */
  step(): void {
    this.paused = true
    this.stepsAllowed++
    this.wake?.()
  }

  cancel(): void {
    this.controller.abort()
    this.wake?.()
  }

  setPace(pace: number): void {
    this.pace = pace
    this.wake?.()
  }

  /** The page has drawn the last update. */
  drawn(): void {
    this.pageReady = true
    // A paused run has nothing else that would make it look again.
    if (this.paused) this.sendUpdate(true)
  }

  /** The run file of the page's own method; empty while it runs. */
  runFile(): string {
    return this.lanes[0]?.recorder.runFile() ?? ''
  }

  async run(): Promise<void> {
    try {
      this.prepare()
      await this.race()
      this.sendUpdate(true)
      this.post({ type: 'finished', id: this.id })
    } catch (error) {
      this.fail(null, error)
    }
  }

  private fail(contestant: number | null, error: unknown): void {
    this.post({ type: 'failed', id: this.id, contestant, failure: failureOf(error) })
  }

  private prepare(): void {
    const { problem: given, contestants, seed } = this.request
    const { problemClass, slug, parameters } = given
    const example = findExample(problemClass, slug)
    const problem = buildExample(problemClass, slug, parameters, seed)
    const whole = checked(slug, parameters, example.parameters) as Record<string, unknown>
    this.setting = { problem, example, parameters: whole, seed }
    this.scene = this.stage.scene(this.setting)
    const { minimum = null } = problem as Partial<SmoothProblem>
    this.post({ type: 'scene', id: this.id, scene: this.scene, minimum })
    this.lanes = contestants.flatMap((contestant, index) => {
      try {
        return [this.lane(problem, contestant, index)]
      } catch (error) {
        // The page's own method must run; a baseline that cannot run on this problem is left out.
        if (index === 0) throw error
        this.fail(index, error)
        return []
      }
    })
  }

  private lane(problem: Problem, { method: slug, options }: Contestant, index: number): Lane {
    const { seed, start, tolerance, maxIterations } = this.request
    const recorder = new Recorder(index)
    const watch = new Stopwatch()
    const method = createMethod(slug, { ...options, ...this.engineOptions(slug, recorder) })
    const run = findMethod(slug).description.waits ? iterateAsync : iterate
    const iterates = run(problem, method as Method<Problem>, {
      seed,
      maxIterations,
      traceEvery: 0,
      signal: this.controller.signal,
      clock: watch.read,
      observers: [
        {
          onStart: (info) => {
            recorder.info = info
          },
        },
      ],
      ...(start !== undefined && { start: Float64Array.from(start) }),
      ...(tolerance !== undefined && { tolerance }),
    })
    return { index, recorder, watch, iterates, done: false }
  }

  /** An engine outside of this thread, and an ear for what it reports, where the method has a place for them. */
  private engineOptions(slug: string, recorder: Recorder): Record<string, unknown> {
    const engine = this.surroundings.engineFor?.(slug)
    if (engine === undefined) return {}
    if (!('onProgress' in findMethod(slug).description.options)) return { engine }
    let last = -Infinity
    const onProgress = (progress: SearchProgress): void => {
      if (progress.elapsedMs - last < PROGRESS_MS) return
      last = progress.elapsedMs
      recorder.addFrame({ ...frameOfProgress(progress), iteration: 0 })
      this.sendUpdate(false)
    }
    return { engine, onProgress }
  }

  private async race(): Promise<void> {
    for (;;) {
      const active = this.lanes.filter((lane) => !lane.done)
      if (active.length === 0) return
      if (this.paused && this.stepsAllowed === 0 && !this.controller.signal.aborted) {
        this.sendUpdate(true)
        await this.sleep(Infinity)
        continue
      }
      const began = performance.now()
      if (this.paused) {
        this.stepsAllowed = Math.max(0, this.stepsAllowed - 1)
        for (const lane of active) await this.advance(lane, 1, Infinity)
      } else if (this.pace > 0) {
        // Beyond a hundred turns a second several iterations share one.
        const together = Math.max(1, Math.round(this.pace / 100))
        for (const lane of active) await this.advance(lane, together, Infinity)
        this.sendUpdate(false)
        await this.sleep((1000 * together) / this.pace - (performance.now() - began))
        continue
      } else {
        for (const lane of active) await this.advance(lane, Infinity, SLICE_MS / active.length)
      }
      this.sendUpdate(this.paused)
      await nextTask()
    }
  }

  /** Takes steps of one contestant until the count or the time is up. */
  private async advance(lane: Lane, count: number, milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds
    for (let i = 0; i < count && !lane.done; i++) {
      let next: IteratorResult<Iterate, Result<unknown>>
      lane.watch.start()
      try {
        const pending = lane.iterates.next()
        next = pending instanceof Promise ? await pending : pending
      } catch (error) {
        lane.done = true
        lane.watch.stop()
        if (lane.index === 0) throw error
        this.fail(lane.index, error)
        return
      }
      lane.watch.stop()
      if (next.done) {
        lane.done = true
        this.end(lane, next.value)
      } else this.observe(lane, next.value)
      if (performance.now() >= until) return
    }
  }

  private observe(lane: Lane, iterate: Iterate): void {
    const { recorder, index } = lane
    recorder.note(iterate)
    if (iterate.iteration === 0 && index === 0) recorder.keepStart(iterate)
    if (!recorder.frames.due(iterate.iteration)) return
    const frame = this.stage.frame(this.setting, this.scene, iterate, index === 0)
    if (frame !== null) recorder.addFrame({ ...frame, iteration: iterate.iteration })
  }

  private end(lane: Lane, result: Result<unknown>): void {
    lane.recorder.result = result
    const { snapshot } = result
    if (snapshot !== null && lane.index === 0) {
      // The last iterate, wherever it falls.
      const { iteration, elapsedMs, evaluations } = snapshot
      const measures = { objective: result.objective }
      const last = { iteration, elapsedMs, evaluations, measures, x: result.x, snapshot: () => snapshot }
      const frame = this.stage.frame(this.setting, this.scene, last, true)
      if (frame !== null && lane.recorder.frames.frames.at(-1)?.iteration !== iteration) {
        lane.recorder.addFrame({ ...frame, iteration })
      }
    }
    this.sendUpdate(true)
    const { status, message, objective, iterations, elapsedMs, evaluations, certificate, x } = result
    const ending: Ending = {
      contestant: lane.index,
      status,
      message,
      objective,
      iterations,
      elapsedMs,
      evaluations,
      measures: certificate?.measures ?? null,
      x,
    }
    this.post({ type: 'ended', id: this.id, ending })
  }

  /** Sends what is new, unless the page is still busy with the last update; `now` for the end of something. */
  private sendUpdate(now: boolean): void {
    const time = performance.now()
    if (!now && (!this.pageReady || time - this.lastUpdate < UPDATE_MS)) return
    const updates = this.lanes.flatMap(({ recorder }) => recorder.takeUpdate() ?? [])
    if (updates.length === 0) return
    this.lastUpdate = time
    this.pageReady = false
    this.post({ type: 'update', id: this.id, updates })
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === Infinity ? undefined : setTimeout(() => this.wake?.(), Math.max(0, milliseconds))
      this.wake = () => {
        clearTimeout(timer)
        this.wake = null
        resolve()
      }
    })
  }
}

let channel: MessageChannel | null = null
const waiting: (() => void)[] = []

/** Returns to the event loop without the four milliseconds that nested timers wait. */
function nextTask(): Promise<void> {
  if (channel === null) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => waiting.shift()?.()
  }
  const { port2 } = channel
  return new Promise((resolve) => {
    waiting.push(resolve)
    port2.postMessage(null)
  })
}
