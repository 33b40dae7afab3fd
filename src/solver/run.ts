import { checkNames, describe, InvalidInputError, OptionError, RandomStream } from '../base/index.ts'
import type { AsyncMethod, Context, Method, StepOutcome } from './method.ts'
import { pacer } from './pacer.ts'
import { clonePlain } from './plain-data.ts'
import type { Measures, Problem, SolutionOf } from './problem.ts'
import type { Certificate, Result, Snapshot, Status } from './result.ts'
import { below, type Progress, type StoppingRule, type Verdict } from './stopping.ts'
import { BudgetSpent, Tally } from './tally.ts'
import { emptyTrace, record, type Trace } from './trace.ts'

/** One iterate, as observers and `for (const iterate of iterate(...))` see it. Valid until the next step. */
export interface Iterate<X = unknown> extends Progress {
  /** The best solution so far: the method's own arrays, do not write. */
  readonly x: X
  /** A copy of the run at this point: plain data, ready to be stored and resumed. */
  snapshot(): Snapshot
}

/** Watches a run. Order: `onStart`, `onIteration` for iterates 0, 1, 2..., `onEnd`. */
export interface Observer<X = unknown> {
  onStart?(run: RunInfo): void
  onIteration?(iterate: Iterate<X>): void
  onEnd?(result: Result<X>): void
}

/** What is known of a run before its first iteration. */
export interface RunInfo {
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  readonly problem: { readonly class: string; readonly name?: string; readonly recipe?: unknown }
  readonly seed: number
  readonly tolerance: number
  readonly maxIterations: number
  readonly maxSeconds: number
  /** The iteration that a resumed run continues from, else 0. */
  readonly resumedFrom: number
}

/** Where and how often snapshots go. */
export interface CheckpointOptions {
  /** Receives each snapshot; may be asynchronous under `runAsync` (awaited there, not under `run`). */
  save(snapshot: Snapshot): void | Promise<void>
  /** Iterations between snapshots. Default: none by count. */
  everyIterations?: number
  /** Seconds between snapshots. Default 10 if `everyIterations` is not given. */
  everySeconds?: number
}

/** Limits and habits of one run; all optional. */
export interface RunOptions<X = unknown> {
  /** Where to start. Default: the problem's own start. Copied, never written. */
  start?: X
  /** Seed of every random draw, an integer in [0, 2^53). Default 0. */
  seed?: number
  /** Bound on the optimality measure (see the problem class), >= 0. Default: the class's. */
  tolerance?: number
  /** Most iterations, >= 0. Default: the class's. */
  maxIterations?: number
  /** Most seconds of running time, checked between iterations. Default none. */
  maxSeconds?: number
  /** Most calls of each oracle (a number), or of the named oracles. Never exceeded. Default none. */
  maxEvaluations?: number | Readonly<Record<string, number>>
  /** A further stopping rule. */
  stop?: StoppingRule
  /** Ends the run with status `aborted`. */
  signal?: AbortSignal
  /** Called with every iterate, the start included. */
  onIteration?: (iterate: Iterate<X>) => void
  observers?: readonly Observer<X>[]
  /** Iterations between rows of the trace; 0 for none. Default 1. */
  traceEvery?: number
  /** Rows kept in the trace before it is thinned, >= 2. Default 2000. */
  traceCapacity?: number
  checkpoint?: CheckpointOptions
  /** Continue this run instead of starting one; `start` and `seed` are then taken from it. */
  resume?: Snapshot
  /** Milliseconds on some monotone clock; replaceable in tests. Default `performance.now`. */
  clock?: () => number
}

const optionNames = [
  'start',
  'seed',
  'tolerance',
  'maxIterations',
  'maxSeconds',
  'maxEvaluations',
  'stop',
  'signal',
  'onIteration',
  'observers',
  'traceEvery',
  'traceCapacity',
  'checkpoint',
  'resume',
  'clock',
]

function checkLimit(name: string, value: number | undefined, integer = false): void {
  if (value === undefined) return
  if (typeof value === 'number' && value >= 0 && (!integer || Number.isInteger(value) || value === Infinity)) return
  const expected = integer ? 'an integer >= 0' : 'a number >= 0'
  throw new OptionError(`run: ${name} must be ${expected}, got ${describe(value)}`, {
    argument: name,
    expected,
    received: describe(value),
  })
}

function checkRunOptions<X>(options: RunOptions<X>, oracles: readonly string[]): void {
  checkNames(options, optionNames, 'run')
  checkLimit('tolerance', options.tolerance)
  checkLimit('maxIterations', options.maxIterations, true)
  checkLimit('maxSeconds', options.maxSeconds)
  checkLimit('traceEvery', options.traceEvery, true)
  checkLimit('traceCapacity', options.traceCapacity, true)
  if (typeof options.maxEvaluations === 'number') checkLimit('maxEvaluations', options.maxEvaluations)
  else if (options.maxEvaluations !== undefined) {
    checkNames(options.maxEvaluations, oracles, 'run: maxEvaluations')
    for (const oracle of oracles) checkLimit(`maxEvaluations.${oracle}`, options.maxEvaluations[oracle])
  }
}

const short = (x: number): string => String(Number(x.toPrecision(3)))

/** How much worse than its threshold a residual may come out when measured again: rounding, not optimism. */
const REMEASURE_SLACK = 1e-6

const advice: Record<Exclude<Status, 'converged'>, string> = {
  'iteration-limit': 'Raise maxIterations, or resume from the result.',
  'time-limit': 'Raise maxSeconds, or resume from the result.',
  'evaluation-limit': 'Raise maxEvaluations, or resume from the result.',
  stalled:
    'The tolerance may be below what rounding allows; check the derivatives, rescale the variables, or try another method.',
  diverged: 'The last finite solution is returned; check the objective there, start elsewhere, or take smaller steps.',
  infeasible: 'No point satisfies the constraints.',
  unbounded: 'The objective has no lower bound on the feasible set.',
  aborted: 'Resume from the result to go on.',
}

/** The state machine behind the four drivers: everything about a run except how it waits. */
class Session<P extends Problem, S> {
  readonly info: RunInfo
  readonly tally: Tally
  readonly trace: Trace
  readonly context: Context<SolutionOf<P>>
  iteration = 0
  state!: S
  measures!: Measures
  result: Result<SolutionOf<P>> | null = null

  private readonly original: P
  private readonly problem: P
  private readonly method: AsyncMethod<P, S>
  private readonly options: RunOptions<SolutionOf<P>>
  private readonly clock: () => number
  private readonly began: number
  private readonly elapsedBefore: number
  private readonly random: RandomStream
  private readonly rules: StoppingRule[]
  private memory: unknown[]
  private readonly notes: string[]
  private lastCheckpoint = { iteration: 0, elapsedMs: 0 }
  /** Oracle calls of the most expensive step so far. */
  private largestStep = 0
  private callsBeforeStep = 0
  private boundary: Snapshot | null = null
  private midStep = false
  private readonly releases: (() => void | Promise<void>)[] = []

  constructor(problem: P, method: AsyncMethod<P, S>, options: RunOptions<SolutionOf<P>>) {
    if (problem?.class?.prepare === undefined) {
      throw new InvalidInputError(
        `run: expected a problem (made by smoothProblem and the like), got ${describe(problem)}`,
        {
          argument: 'problem',
          expected: 'a problem',
          received: describe(problem),
        },
      )
    }
    if (typeof method?.step !== 'function') {
      throw new InvalidInputError(
        `run: expected a method, got ${describe(method)}${typeof method === 'function' ? '; call the factory: method()' : ''}`,
        { argument: 'method', expected: 'a method', received: describe(method) },
      )
    }
    const problemClass = problem.class
    checkRunOptions(options, problemClass.oracles)
    this.tally = new Tally(problemClass.oracles, options.maxEvaluations)
    const prepared = problemClass.prepare(problem, method, this.tally)
    this.original = problem
    this.problem = prepared.problem as P
    this.notes = [...prepared.notes]
    this.method = method
    this.options = options
    const { resume } = options
    if (resume !== undefined) this.checkResume(resume)
    this.trace = emptyTrace(options.traceEvery, options.traceCapacity)

    const seed = resume?.seed ?? options.seed ?? 0
    const tolerance = options.tolerance ?? problemClass.defaults.tolerance
    const maxIterations = options.maxIterations ?? problemClass.defaults.maxIterations
    this.info = {
      method: method.name,
      options: method.options,
      problem: {
        class: problemClass.name,
        ...(problem.name !== undefined && { name: problem.name }),
        ...(problem.recipe !== undefined && { recipe: problem.recipe }),
      },
      seed,
      tolerance,
      maxIterations,
      maxSeconds: options.maxSeconds ?? Infinity,
      resumedFrom: resume?.iteration ?? 0,
    }
    const optimality = method.optimality?.measure ?? problemClass.optimality
    this.rules = [below(optimality, tolerance), ...(options.stop ? [options.stop] : [])]
    this.memory = resume ? (clonePlain(resume.stopping) as unknown[]) : this.rules.map((rule) => rule.start())
    this.random = resume ? RandomStream.fromState(resume.random) : RandomStream.fromSeed(seed).split(method.name)

    const start = problemClass.startingPoint(problem, options.start) as SolutionOf<P>
    this.clock = options.clock ?? (() => performance.now())
    this.began = this.clock()
    this.elapsedBefore = resume?.elapsedMs ?? 0
    this.context = this.makeContext(start)
    if (resume) {
      this.iteration = resume.iteration
      this.state = clonePlain(resume.state) as S
      this.tally.restore(resume.evaluations)
      this.lastCheckpoint = { iteration: resume.iteration, elapsedMs: resume.elapsedMs }
    }
  }

  private checkResume(snapshot: Snapshot): void {
    const complain = (what: string, expected: string, received: unknown): never => {
      throw new InvalidInputError(
        `run: cannot resume: the snapshot ${what}, expected ${expected}, got ${describe(received)}`,
        {
          argument: 'resume',
          expected,
          received: describe(received),
        },
      )
    }
    if (snapshot?.format !== 'thalweg-snapshot' || snapshot.version !== 1) {
      complain('has another format', "format 'thalweg-snapshot', version 1", snapshot?.format)
    }
    if (snapshot.method !== this.method.name) complain('is of another method', `'${this.method.name}'`, snapshot.method)
    if (snapshot.problem.class !== this.original.class.name) {
      complain('is of another problem class', `'${this.original.class.name}'`, snapshot.problem.class)
    }
  }

  private makeContext(start: SolutionOf<P>): Context<SolutionOf<P>> {
    const session = this
    let scratch: { value: unknown } | undefined
    const limit = this.options.maxSeconds === undefined ? Infinity : 1000 * this.options.maxSeconds
    return {
      start,
      random: this.random,
      get iteration() {
        return session.iteration
      },
      evaluations: this.tally.counts,
      elapsedMs: () => this.elapsedMs(),
      signal: this.options.signal ?? neverAborted,
      tolerance: this.info.tolerance,
      secondsLeft: () => (limit < Infinity ? Math.max(0, limit - this.elapsedMs()) / 1000 : Infinity),
      interrupted: () => this.options.signal?.aborted === true || (limit < Infinity && this.elapsedMs() >= limit),
      note: (remark) => {
        if (!this.notes.includes(remark)) this.notes.push(remark)
      },
      scratch: <T>(make: () => T): T => {
        scratch ??= { value: make() }
        return scratch.value as T
      },
      atEnd: (release) => {
        this.releases.push(release)
      },
    }
  }

  /** Calls what the method has asked for at the end, the latest first. */
  async release(): Promise<void> {
    for (const release of this.releases.splice(0).reverse()) await release()
  }

  elapsedMs(): number {
    return this.elapsedBefore + (this.clock() - this.began)
  }

  /** Runs `start`, or nothing for a resumed run. */
  begin(): S | Promise<S> | undefined {
    for (const observer of this.options.observers ?? []) observer.onStart?.(this.info)
    if (this.options.resume) return undefined
    return this.method.start(this.problem, this.context)
  }

  started(state: S | undefined): void {
    if (state !== undefined) this.state = state
    this.arrive(undefined)
  }

  step(): StepOutcome | Promise<StepOutcome> {
    // Near the evaluation budget a step may be cut short; keep the whole iterate before it, to resume from.
    if (this.tally.limited) {
      this.boundary = this.tally.left() <= 4 * this.largestStep + 64 ? this.snapshot() : null
      this.callsBeforeStep = this.tally.total()
    }
    this.midStep = true
    return this.method.step(this.problem, this.state, this.context)
  }
  stepped(outcome: StepOutcome): void {
    this.midStep = false
    if (this.tally.limited) {
      this.largestStep = Math.max(this.largestStep, this.tally.total() - this.callsBeforeStep)
    }
    this.iteration++
    this.arrive(outcome)
  }

  /** A start or a step threw: a spent budget ends the run, anything else is the caller's to see. */
  failed(error: unknown): void {
    if (!(error instanceof BudgetSpent)) throw error
    if (this.state === undefined) {
      this.finish('evaluation-limit', `the budget of ${error.oracle} evaluations does not cover the start`, [])
      return
    }
    this.measures = this.method.measure(this.state)
    this.finish('evaluation-limit', `the budget of ${error.oracle} evaluations is spent`, [])
  }

  private arrive(outcome: StepOutcome): void {
    this.measures = this.method.measure(this.state)
    const elapsedMs = this.elapsedMs()
    record(this.trace, this.iteration, elapsedMs, this.measures, this.tally.counts)
    this.observe(elapsedMs)
    this.decide(outcome, elapsedMs)
    if (this.result === null) this.checkpoint(elapsedMs)
  }

  /** The current iterate, for observers and generators. */
  iterate(elapsedMs = this.elapsedMs()): Iterate<SolutionOf<P>> {
    const { method, state } = this
    return {
      iteration: this.iteration,
      elapsedMs,
      measures: this.measures,
      evaluations: this.tally.counts,
      get x() {
        return method.solution(state)
      },
      snapshot: () => this.snapshot(),
    }
  }

  private observe(elapsedMs: number): void {
    const { onIteration, observers } = this.options
    if (onIteration === undefined && observers === undefined) return
    const iterate = this.iterate(elapsedMs)
    onIteration?.(iterate)
    if (observers) for (const observer of observers) observer.onIteration?.(iterate)
  }

  private decide(outcome: StepOutcome, elapsedMs: number): void {
    const { measures, options, info } = this
    // A stop by the user is never called converged, even if the tolerance happens to be met.
    if (options.signal?.aborted) return this.finish('aborted', 'stopped by the caller', [])
    const missing = Number.isNaN(measures.objective) && this.original.class.solutionMayBeMissing === true
    if (!Number.isFinite(measures.objective) && !missing) {
      return this.finish('diverged', `the objective became ${measures.objective}`, [])
    }
    const progress: Progress = {
      iteration: this.iteration,
      elapsedMs,
      measures,
      evaluations: this.tally.counts,
    }
    let verdict: Verdict | null = null
    for (let i = 0; i < this.rules.length; i++) {
      const own = this.rules[i].test(progress, this.memory[i])
      if (verdict === null || (own?.status === 'converged' && verdict.status !== 'converged')) verdict = own ?? verdict
    }
    if (verdict?.status === 'converged') return this.finish('converged', verdict.reason, verdict.criteria)
    if (outcome !== undefined) return this.finishByMethod(outcome)
    if (verdict !== null) return this.finish(verdict.status, verdict.reason, [])
    if (this.iteration >= info.maxIterations) {
      return this.finish('iteration-limit', `${info.maxIterations} iterations done`, [])
    }
    if (elapsedMs >= 1000 * info.maxSeconds) return this.finish('time-limit', `${info.maxSeconds} s have passed`, [])
    if (this.tally.limited && this.tally.left() <= 0)
      return this.finish('evaluation-limit', 'the evaluation budget is spent', [])
  }

  private finishByMethod(outcome: Exclude<StepOutcome, void>): void {
    const kind = typeof outcome === 'string' ? outcome : outcome.outcome
    const given = typeof outcome === 'string' ? undefined : outcome.reason
    if (this.context.interrupted()) {
      return this.options.signal?.aborted
        ? this.finish('aborted', 'stopped by the caller', [])
        : this.finish('time-limit', `${this.info.maxSeconds} s have passed`, [])
    }
    if (kind === 'stalled' && !this.tally.lastValueFinite) {
      return this.finish('diverged', given ?? 'the objective is not finite around the last good point', [])
    }
    if (kind === 'finished') return this.finish('stalled', given ?? 'the method has finished above the tolerance', [])
    this.finish(kind, given ?? 'no further progress was possible', [])
  }

  private certify(x: SolutionOf<P>): Certificate | null {
    try {
      const measures = this.original.class.certify(this.original, x)
      return { measures, criteria: [] }
    } catch {
      // A point at which the problem cannot even be evaluated has no certificate; the status says the rest.
      return null
    }
  }

  private finish(status: Status, reason: string, criteria: Verdict['criteria']): void {
    const { method, info } = this
    const x = this.state === undefined ? this.context.start : (clonePlain(method.solution(this.state)) as SolutionOf<P>)
    let certificate = this.certify(x)
    let finalStatus = status
    let finalReason = reason
    if (status === 'converged') {
      const confirmed = criteria.map((criterion) => ({
        ...criterion,
        // A measure that only the method knows (a simplex size, a consensus distance) stands as the method gave it.
        value: certificate?.measures[criterion.measure] ?? criterion.value,
      }))
      const failed = confirmed.find(({ value, threshold }) => {
        return !(value <= threshold + REMEASURE_SLACK * Math.abs(threshold) + Number.MIN_VALUE)
      })
      if (certificate === null || failed !== undefined) {
        finalStatus = 'stalled'
        finalReason = failed
          ? `the method reports ${reason}, but measured again at the returned point ${failed.measure} is ${short(failed.value)}`
          : `the method reports ${reason}, but the returned point could not be measured`
      } else {
        certificate = { measures: certificate.measures, criteria: confirmed }
      }
    }
    const outcome = {
      x,
      objective: this.objectiveAt(certificate),
      message: this.sentence(finalStatus, finalReason),
      method: info.method,
      seed: info.seed,
      iterations: this.iteration,
      evaluations: { ...this.tally.counts },
      elapsedMs: this.elapsedMs(),
      trace: this.trace,
      snapshot: null,
    }
    const result: Result<SolutionOf<P>> =
      finalStatus === 'converged' && certificate !== null
        ? { ...outcome, status: 'converged', converged: true, certificate }
        : { ...outcome, status: finalStatus as Exclude<Status, 'converged'>, converged: false, certificate }
    this.result = result
    if (this.midStep) Object.assign(result, { snapshot: this.boundary })
    else if (this.state !== undefined) this.offerSnapshot(result, outcome.elapsedMs)
    for (const observer of this.options.observers ?? []) observer.onEnd?.(this.result)
  }

  /** Copies the final state only when somebody asks for it: on a small problem the copy would cost as much as the run. */
  private offerSnapshot(result: Result<SolutionOf<P>>, elapsedMs: number): void {
    let snapshot: Snapshot | undefined
    Object.defineProperty(result, 'snapshot', {
      enumerable: true,
      configurable: true,
      get: () => {
        snapshot ??= { ...this.snapshot(), elapsedMs }
        return snapshot
      },
    })
  }

  /** The objective measured again, or where that fails (an objective that broke down) the one that the method reported. */
  private objectiveAt(certificate: Certificate | null): number {
    const measured = certificate?.measures.objective ?? NaN
    return Number.isFinite(measured) ? measured : (this.measures?.objective ?? NaN)
  }

  private sentence(status: Status, reason: string): string {
    const iterations = `${this.iteration} iteration${this.iteration === 1 ? '' : 's'}`
    const head =
      status === 'converged'
        ? `Converged after ${iterations}: ${reason}.`
        : `Not converged (${status}) after ${iterations}: ${reason}. ${advice[status]}`
    return this.notes.length > 0 ? `${head} Note: ${this.notes.join('; ')}.` : head
  }

  snapshot(): Snapshot {
    const { info } = this
    return {
      format: 'thalweg-snapshot',
      version: 1,
      method: info.method,
      problem: { class: info.problem.class, ...(info.problem.name !== undefined && { name: info.problem.name }) },
      seed: info.seed,
      iteration: this.iteration,
      elapsedMs: this.elapsedMs(),
      evaluations: { ...this.tally.counts },
      random: this.random.state(),
      stopping: clonePlain(this.memory),
      state: clonePlain(this.state),
    }
  }

  pendingSave: void | Promise<void> = undefined

  private checkpoint(elapsedMs: number): void {
    const { checkpoint } = this.options
    if (checkpoint === undefined) return
    const { everyIterations } = checkpoint
    const everySeconds = checkpoint.everySeconds ?? (everyIterations === undefined ? 10 : Infinity)
    const due =
      (everyIterations !== undefined && this.iteration - this.lastCheckpoint.iteration >= everyIterations) ||
      elapsedMs - this.lastCheckpoint.elapsedMs >= 1000 * everySeconds
    if (!due) return
    this.lastCheckpoint = { iteration: this.iteration, elapsedMs }
    this.pendingSave = checkpoint.save(this.snapshot())
  }
}

const neverAborted = new AbortController().signal

/**
 * Runs a method on a problem, one iterate at a time: the start, then one after each step. Breaking out of the loop ends the
 * run without a result; drained to its end, the generator returns it.
 *
 * @throws {ThalwegError} on bad input, before any evaluation
 */
export function* iterate<P extends Problem, S>(
  problem: P,
  method: Method<P, S>,
  options: RunOptions<SolutionOf<P>> = {},
): Generator<Iterate<SolutionOf<P>>, Result<SolutionOf<P>>, void> {
  const session = new Session<P, S>(problem, method, options)
  try {
    try {
      session.started(session.begin() as S | undefined)
    } catch (error) {
      session.failed(error)
    }
    let yielded = -1
    for (;;) {
      // A step cut short by the evaluation budget adds no iterate.
      if (session.state !== undefined && session.iteration !== yielded) {
        yielded = session.iteration
        yield session.iterate()
      }
      if (session.result !== null) return session.result
      try {
        session.stepped(session.step() as StepOutcome)
      } catch (error) {
        session.failed(error)
      }
    }
  } finally {
    void session.release()
  }
}

/**
 * Runs a method on a problem until it converges or a limit is reached.
 *
 * @returns the best solution found, with its certificate; numerical trouble is a status, never an exception
 * @throws {ThalwegError} on bad input, before any evaluation
 */
export function run<P extends Problem, S>(
  problem: P,
  method: Method<P, S>,
  options: RunOptions<SolutionOf<P>> = {},
): Result<SolutionOf<P>> {
  const session = new Session<P, S>(problem, method, options)
  try {
    try {
      session.started(session.begin() as S | undefined)
    } catch (error) {
      session.failed(error)
    }
    while (session.result === null) {
      try {
        session.stepped(session.step() as StepOutcome)
      } catch (error) {
        session.failed(error)
      }
    }
  } finally {
    void session.release()
  }
  return session.result
}

/**
 * As `iterate`, for methods that wait and for pages that must stay responsive: returns to the event loop at least every few
 * milliseconds, so that timers, input and `signal` are served.
 */
export async function* iterateAsync<P extends Problem, S>(
  problem: P,
  method: AsyncMethod<P, S>,
  options: RunOptions<SolutionOf<P>> = {},
): AsyncGenerator<Iterate<SolutionOf<P>>, Result<SolutionOf<P>>, void> {
  const session = new Session<P, S>(problem, method, options)
  try {
    try {
      session.started(await session.begin())
    } catch (error) {
      session.failed(error)
    }
    const pause = pacer()
    let yielded = -1
    for (;;) {
      if (session.state !== undefined && session.iteration !== yielded) {
        yielded = session.iteration
        yield session.iterate()
      }
      if (session.result !== null) return session.result
      const pausing = pause()
      if (pausing !== undefined) await pausing
      try {
        const outcome = session.step()
        session.stepped(outcome instanceof Promise ? await outcome : outcome)
      } catch (error) {
        session.failed(error)
      }
      if (session.pendingSave !== undefined) {
        await session.pendingSave
        session.pendingSave = undefined
      }
    }
  } finally {
    await session.release()
  }
}

/** As `run`, for methods that wait and for pages that must stay responsive. */
export async function runAsync<P extends Problem, S>(
  problem: P,
  method: AsyncMethod<P, S>,
  options: RunOptions<SolutionOf<P>> = {},
): Promise<Result<SolutionOf<P>>> {
  const iterates = iterateAsync(problem, method, options)
  for (;;) {
    const next = await iterates.next()
    if (next.done) return next.value
  }
}
