import { ParseError, ThalwegError, UnsupportedError } from '../../src/base/index.ts'
import {
  lastIteration,
  namedMethod,
  problemFromRecipe,
  type RecordedRun,
  resultAt,
  variablesOf,
} from '../../src/inputs/index.ts'
import { createMethod, methodsFor } from '../../src/registry.ts'
import {
  emptyTrace,
  fork,
  type Problem,
  type RunFile,
  readRunFile,
  record,
  recordRun,
  runAsync,
  type SmoothProblem,
} from '../../src/solver/index.ts'
import { frameWithin, landscapeOver } from '../stages/landscape.ts'
import type { Frame } from '../stages/scene.ts'
import { failureOf } from './failure.ts'
import type { FromReplayRunWorker, RecordedPoint, RecordedSummary, ToReplayRunWorker } from './replay-run-protocol.ts'
import { textOfFile } from './text-of-file.ts'

/** Iterations that are computed again for the picture of a path. */
const LONGEST_PATH = 5000

const post = (message: FromReplayRunWorker): void => self.postMessage(message)
let run: RunFile | null = null
let name = ''
let recorded: RecordedRun | null = null
let controller = new AbortController()
/** Of the picture of the path, which only another file ends. */
let drawing = new AbortController()

/** Ends what is computed, and begins anew. */
function fresh(): AbortSignal {
  controller.abort()
  controller = new AbortController()
  return controller.signal
}

/** The problem and the method of the run. @throws {ThalwegError} if they cannot be built here */
function rebuilt(file: RunFile): RecordedRun {
  const { header } = file
  const problem = problemFromRecipe(header.problem.recipe, name)
  if ('path' in problem) {
    throw new UnsupportedError(
      `${name}: its problem is the module ${problem.path}, which a page cannot load; use thalweg replay and thalweg fork`,
      { argument: name, expected: 'an expression, a test function or an example', received: 'a module' },
    )
  }
  return { run: file, problem, method: createMethod(header.method, header.options) }
}

function summaryOf(file: RunFile, obstacle: string | null): RecordedSummary {
  const { header, rows, snapshots, end, truncated } = file
  const trace = emptyTrace()
  for (const { iteration, elapsedMs, measures, evaluations } of rows) {
    record(trace, iteration, elapsedMs, measures, evaluations)
  }
  const { forkedFrom } = header
  return {
    name,
    method: header.method,
    options: header.options,
    problem: header.problem.name ?? `a problem of class ${header.problem.class}`,
    problemClass: header.problem.class,
    seed: header.seed,
    tolerance: header.tolerance,
    forkedFrom:
      forkedFrom === undefined ? null : `${forkedFrom.method}, iteration ${forkedFrom.iteration} of ${forkedFrom.file}`,
    last: lastIteration(file),
    snapshots: snapshots.map(({ iteration }) => iteration),
    truncated,
    columns: trace.columns,
    end: end && { status: end.status, message: end.message, objective: end.objective },
    obstacle,
    methods: methodsFor(header.problem.class).map(({ description: { slug, title } }) => ({ slug, title })),
  }
}

async function read(id: number, file: File): Promise<void> {
  fresh()
  drawing.abort()
  drawing = new AbortController()
  const { signal } = drawing
  run = null
  recorded = null
  name = file.name
  const text = await textOfFile(file, file.name)
  try {
    run = readRunFile(text)
  } catch (cause) {
    if (!(cause instanceof ThalwegError)) throw cause
    throw new ParseError(`${name}: ${cause.message}`, { argument: name, expected: cause.expected, cause })
  }
  let obstacle: string | null = null
  try {
    recorded = rebuilt(run)
  } catch (error) {
    obstacle = failureOf(error).message
  }
  post({ type: 'read', id, summary: summaryOf(run, obstacle) })
  if (recorded !== null) await drawPath(id, recorded, signal)
}

/** The path of a run in the plane, computed again from its first snapshot. */
async function drawPath(id: number, { run: file, problem, method }: RecordedRun, signal: AbortSignal): Promise<void> {
  const last = lastIteration(file)
  const resume = file.snapshots[0]
  const { dimension, value, minimizer } = problem as SmoothProblem
  if (problem.class.name !== 'smooth' || dimension !== 2 || resume === undefined || last > LONGEST_PATH) return
  const frames: Frame[] = []
  await runAsync(problem, method, {
    resume,
    tolerance: 0,
    maxIterations: last,
    traceEvery: 0,
    signal,
    onIteration: ({ iteration, x }) => {
      frames.push({ iteration, point: Float64Array.from(x as Float64Array) })
    },
  })
  if (signal.aborted) return
  const points = frames.map(({ point }) => [(point as Float64Array)[0], (point as Float64Array)[1]] as const)
  const frame = frameWithin(problem as SmoothProblem, points, 1e-3)
  const scene = landscapeOver(value, frame, minimizer === undefined ? null : [minimizer[0], minimizer[1]])
  post({ type: 'path', id, scene, frames })
}

function checkedRun(): RecordedRun {
  if (run === null) throw new ParseError('there is no run file yet', { argument: 'run file' })
  recorded ??= rebuilt(run)
  return recorded
}

async function pointAt(iteration: number): Promise<RecordedPoint | null> {
  const signal = fresh()
  const given = checkedRun()
  const { x, certificate } = await resultAt(signal, given, name, iteration)
  const row = given.run.rows.find((candidate) => candidate.iteration === iteration)
  const values = ArrayBuffer.isView(x) || Array.isArray(x) ? Array.from(x as ArrayLike<number>) : []
  return {
    iteration,
    names: variablesOf(given.problem) ?? values.map((_, i) => `x${i + 1}`),
    x: values,
    measures: { ...row?.measures, ...certificate?.measures },
  }
}

async function forkAt({ id, iteration, method, moreIterations, seed }: Extract<ToReplayRunWorker, { type: 'fork' }>) {
  const signal = fresh()
  const { problem, method: before, run: file } = checkedRun()
  const after = method === '' || method === file.header.method ? before : namedMethod(method, undefined, problem)
  const { snapshot } = await resultAt(signal, { run: file, problem, method: before }, name, iteration)
  const forked = await fork(problem, snapshot as NonNullable<typeof snapshot>, before, after, seed ?? undefined)
  let text = ''
  const observer = recordRun<unknown>(
    (line) => {
      text += line
    },
    { forkedFrom: { file: name, method: file.header.method, iteration } },
  )
  const result = await runAsync(problem as Problem, after, {
    ...(after.optimality?.measure === before.optimality?.measure && { tolerance: file.header.tolerance }),
    ...forked.options,
    maxIterations: (forked.keepsState ? iteration : 0) + moreIterations,
    signal,
    observers: [observer],
  })
  const beginning = forked.keepsState ? '' : `${after.name} started from the best point there. `
  post({
    type: 'forked',
    id,
    name: `${name.replace(/(?:\.fork-\d+)?\.jsonl?$/, '')}.fork-${iteration}.jsonl`,
    text,
    message: `${beginning}${result.message}`,
  })
}

self.addEventListener('message', ({ data }: MessageEvent<ToReplayRunWorker>) => {
  if (data.type === 'cancel') return void fresh()
  const { id } = data
  const { signal } = controller
  const fail = (error: unknown): void => {
    // What was asked for since then has ended it.
    if (data.type === 'at' && signal !== controller.signal && controller.signal.aborted) return
    post({ type: 'failed', id, failure: failureOf(error) })
  }
  if (data.type === 'read') read(id, data.file).catch(fail)
  else if (data.type === 'fork') forkAt(data).catch(fail)
  else pointAt(data.iteration).then((point) => point && post({ type: 'point', id, point }), fail)
})
