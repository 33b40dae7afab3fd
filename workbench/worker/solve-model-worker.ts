import { InvalidInputError } from '../../src/base/index.ts'
import {
  type BalansState,
  balans,
  highs,
  highsWorkers,
  type InfeasibleSubsystem,
  type MixedIntegerProgram,
  mipSolution,
  modelFormat,
  readModel,
  relativeGap,
  type SearchProgress,
  signOf,
  writeModel,
  writeSolution,
} from '../../src/mip/index.ts'
import {
  type AsyncMethod,
  type Iterate,
  type Problem,
  type Result,
  recordRun,
  runAsync,
} from '../../src/solver/index.ts'
import { armsOf } from '../stages/mixed-integer.ts'
import type { ArmRow } from '../stages/scene.ts'
import { failureOf } from './failure.ts'
import { searchSolution, solutionToCsv } from './solution-files.ts'
import type {
  FromSolveModelWorker,
  ModelFileKind,
  ModelSource,
  ModelSummary,
  SearchMoment,
  SolveOutcome,
  SolveSettings,
  ToSolveModelWorker,
} from './solve-model-protocol.ts'
import { textOfFile } from './text-of-file.ts'

/** Time between two reports to the page, milliseconds. */
const REPORT_EVERY_MS = 250

const post = (message: FromSolveModelWorker): void => self.postMessage(message)
const engine = highsWorkers(() => new Worker(new URL('./highs-worker.ts', import.meta.url), { type: 'module' }))

let program: MixedIntegerProgram | null = null
/** The newest reading; one that took longer must not replace its model. */
let newest = 0
let solved: { readonly x: Float64Array; readonly outcome: SolveOutcome } | null = null
let controller: AbortController | null = null
/** The last search as a run file. */
let runFile = ''

async function read(source: ModelSource): Promise<MixedIntegerProgram> {
  if (source.kind === 'text') return readModel(source.text, 'lp', 'the text')
  const { file } = source
  // The name is looked at first: a file of another kind may be large.
  const format = modelFormat(file.name)
  return readModel(await textOfFile(file, file.name), format, file.name)
}

function summaryOf({ name = '', sense, matrix, types, quadratic }: MixedIntegerProgram): ModelSummary {
  return {
    name,
    sense,
    rows: matrix.rows,
    columns: matrix.cols,
    integers: types.filter((type) => type === 'integer' || type === 'semi-integer').length,
    nonzeros: matrix.values.length,
    quadratic: quadratic !== undefined,
    // Neighbourhoods free some of the integers, and the engine takes no quadratic objective together with those.
    methods: types.includes('integer') && quadratic === undefined ? ['highs', 'balans'] : ['highs'],
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** Sends what the engine reports, gathered, so that the page has few messages to handle. */
class Reporter {
  private moments: SearchMoment[] = []
  private arms: readonly ArmRow[] = []
  private sent = 0
  private readonly sign: number

  constructor(sign: number) {
    this.sign = sign
  }

  readonly note = ({ elapsedMs, objective, bound, nodes }: SearchProgress): void => {
    this.add({ seconds: elapsedMs / 1000, objective, bound: finite(bound), nodes })
  }

  /** An iterate of a neighbourhood search. */
  readonly noteIterate = (iterate: Iterate): void => {
    const { elapsedMs, measures } = iterate
    if (performance.now() - this.sent >= REPORT_EVERY_MS) this.arms = armsOf(iterate.snapshot().state as BalansState)
    const nodes = this.arms.reduce((total, arm) => total + arm.nodes, 0)
    this.add({
      seconds: elapsedMs / 1000,
      objective: finite(this.sign * measures.objective),
      bound: finite(this.sign * measures.bound),
      nodes,
    })
  }

  /** The arms at the end of the search. */
  finish(state: unknown): void {
    if ((state as BalansState | undefined)?.arms !== undefined) this.arms = armsOf(state as BalansState)
    this.send()
  }

  private add(moment: SearchMoment): void {
    this.moments.push(moment)
    if (performance.now() - this.sent >= REPORT_EVERY_MS) this.send()
  }

  private send(): void {
    this.sent = performance.now()
    post({ type: 'moments', moments: this.moments, arms: this.arms })
    this.moments = []
  }
}

function outcomeOf(given: MixedIntegerProgram, run: Result<Float64Array>): SolveOutcome {
  const { status, message, objective, bound, infeasibleSubsystem, seconds } = mipSolution(given, run)
  const sign = signOf(given)
  // A search in neighbourhoods counts the nodes of each kind.
  const { nodes = 0 } = (run.snapshot?.state ?? {}) as { nodes?: number | Float64Array }
  return {
    status,
    message,
    objective: finite(objective),
    bound: finite(bound),
    gap: finite(relativeGap(sign * objective, sign * bound)),
    nodes: typeof nodes === 'number' ? nodes : nodes.reduce((a, b) => a + b, 0),
    seconds,
    measures: run.certificate?.measures ?? null,
    subsystem: infeasibleSubsystem,
  }
}

async function solve({ method: name, maxSeconds, relativeGap: tolerance, seed }: SolveSettings): Promise<void> {
  if (program === null) throw new InvalidInputError('there is no model to solve yet', { argument: 'model' })
  controller?.abort()
  const own = new AbortController()
  controller = own
  const given = program
  solved = null
  let recorded = ''
  const write = (line: string): void => {
    recorded += line
  }
  const reporter = new Reporter(signOf(given))
  const method = name === 'balans' ? balans({ engine }) : highs({ engine, engineSeed: seed, onProgress: reporter.note })
  const result = await runAsync(given as Problem, method as unknown as AsyncMethod<Problem>, {
    ...(name === 'balans' && { onIteration: reporter.noteIterate }),
    observers: [recordRun(write, { snapshotEvery: Number.MAX_SAFE_INTEGER })],
    signal: own.signal,
    tolerance,
    seed,
    ...(maxSeconds !== null && { maxSeconds }),
  })
  if (controller !== own) return
  runFile = recorded
  reporter.finish(result.snapshot?.state)
  const x = result.x as Float64Array
  let outcome = outcomeOf(given, result as Result<Float64Array>)
  if (outcome.status === 'infeasible' && outcome.subsystem === null) {
    // Some methods do not ask why.
    outcome = { ...outcome, subsystem: await subsystemOf(given, own.signal) }
    if (controller !== own) return
  }
  controller = null
  if (outcome.objective !== null) solved = { x, outcome }
  post({ type: 'solved', outcome })
}

/** Null if there is none, or it was not waited for: a session that is closed ends its engine. */
async function subsystemOf(given: MixedIntegerProgram, signal: AbortSignal): Promise<InfeasibleSubsystem | null> {
  if (signal.aborted) return null
  const session = await engine.open(given)
  const close = (): void => void session.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    return signal.aborted ? null : ((await session.explainInfeasibility?.()) ?? null)
  } catch (error) {
    if (signal.aborted) return null
    throw error
  } finally {
    signal.removeEventListener('abort', close)
    await session.close()
  }
}

function save(kind: ModelFileKind): void {
  if (program === null) return
  const name = (program.name ?? 'model').replace(/\.(?:mps|lp)(?:\.gz)?$/i, '').replace(/[^\w.-]+/g, '-') || 'model'
  const text = textOf(kind, program)
  if (text !== null) post({ type: 'saved', kind, name: `${name}.${kind}`, text })
}

function textOf(kind: ModelFileKind, given: MixedIntegerProgram): string | null {
  if (kind === 'mps' || kind === 'lp') return writeModel(given, kind)
  if (kind === 'jsonl') return runFile === '' ? null : runFile
  if (solved === null) return null
  const { x, outcome } = solved
  switch (kind) {
    case 'sol':
      return writeSolution(given, x, outcome.objective ?? NaN)
    case 'csv':
      return solutionToCsv(given, x)
    case 'json': {
      const variables = Object.fromEntries(given.columnNames.map((variable, j) => [variable, x[j]]))
      return `${JSON.stringify({ ...outcome, variables }, null, 1)}\n`
    }
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToSolveModelWorker>) => {
  switch (data.type) {
    case 'read': {
      const { id, source } = data
      newest = id
      controller?.abort()
      controller = null
      program = null
      solved = null
      read(source).then(
        (model) => {
          if (id !== newest) return
          program = model
          post({ type: 'read', id, summary: summaryOf(model) })
        },
        (error: unknown) => post({ type: 'unreadable', id, failure: failureOf(error) }),
      )
      return
    }
    case 'solve':
      solve(data.settings).catch((error: unknown) => {
        controller = null
        post({ type: 'failed', failure: failureOf(error) })
      })
      return
    case 'cancel':
      return controller?.abort()
    case 'search':
      if (program !== null && solved !== null) {
        post({ type: 'found', ...searchSolution(program, solved.x, data) })
      }
      return
    case 'save':
      try {
        save(data.kind)
      } catch (error) {
        post({ type: 'failed', failure: failureOf(error) })
      }
  }
})
