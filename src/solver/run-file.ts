import { ParseError } from '../base/index.ts'
import { parsePlain, stringifyPlain } from './plain-data.ts'
import type { Measures } from './problem.ts'
import type { Certificate, Snapshot, Status } from './result.ts'
import type { Observer, RunInfo } from './run.ts'

/** First line of a run file. */
export interface RunHeader extends RunInfo {
  readonly type: 'run'
  readonly format: 'thalweg-run'
  readonly version: 1
  /** Where a forked run comes from. */
  readonly forkedFrom?: ForkOrigin
}

/** The run and the iteration that a fork began at. */
export interface ForkOrigin {
  /** The run file, as it was named. */
  readonly file: string
  readonly method: string
  readonly iteration: number
}

/** One line per recorded iterate. */
export interface RunRow {
  readonly type: 'iterate'
  readonly iteration: number
  readonly elapsedMs: number
  readonly measures: Measures
  readonly evaluations: Readonly<Record<string, number>>
}

/** A line from which the run can be resumed or forked. */
export interface RunSnapshotLine {
  readonly type: 'snapshot'
  readonly snapshot: Snapshot
}

/** Last line of a run that ended by itself. */
export interface RunEnd {
  readonly type: 'end'
  readonly status: Status
  readonly message: string
  readonly objective: number
  readonly x: unknown
  readonly certificate: Certificate | null
  readonly iterations: number
  readonly evaluations: Readonly<Record<string, number>>
  readonly elapsedMs: number
}

/** A run file, read back. */
export interface RunFile {
  readonly header: RunHeader
  /** By iteration, each once: a resumed run repeats the iterate that it went on from. */
  readonly rows: readonly RunRow[]
  /** In order of iteration; the last one is where a resumed run continues. */
  readonly snapshots: readonly Snapshot[]
  /** Null if the run was cut off. */
  readonly end: RunEnd | null
  /** Whether the last line was incomplete and left out: the writer was cut off while writing. */
  readonly truncated: boolean
}

/** How densely a run file is written. */
export interface RunFileOptions {
  /** Iterations between recorded iterates, >= 1. Default 1. */
  every?: number
  /** Iterations between snapshots, >= 1. Default 100. */
  snapshotEvery?: number
  /** Noted in the header of a forked run. */
  forkedFrom?: ForkOrigin
}

/**
 * An observer that writes a run as JSON lines: one header, one line per iterate, a snapshot now and then, one end. Each call
 * of `write` receives one whole line with its newline, so a file that is appended to stays readable whatever happens.
 */
export function recordRun<X>(write: (line: string) => void, options: RunFileOptions = {}): Observer<X> {
  const { every = 1, snapshotEvery = 100, forkedFrom } = options
  const put = (line: RunHeader | RunRow | RunSnapshotLine | RunEnd): void => write(`${stringifyPlain(line)}\n`)
  let snapshotAt = -1
  return {
    onStart(info) {
      put({
        type: 'run',
        format: 'thalweg-run',
        version: 1,
        ...info,
        options: describable(info.options),
        ...(forkedFrom && { forkedFrom }),
      })
      snapshotAt = -1
    },
    onIteration(iterate) {
      const { iteration, elapsedMs, measures, evaluations } = iterate
      if (iteration % every === 0) put({ type: 'iterate', iteration, elapsedMs, measures, evaluations })
      // The first one too, wherever a resumed run begins: from then on the file can be continued.
      if (snapshotAt < 0 || iteration % snapshotEvery === 0) {
        put({ type: 'snapshot', snapshot: iterate.snapshot() })
        snapshotAt = iteration
      }
    },
    onEnd(result) {
      const { status, message, objective, x, certificate, iterations, evaluations, elapsedMs, snapshot } = result
      if (snapshot !== null && snapshot.iteration > snapshotAt) put({ type: 'snapshot', snapshot })
      put({ type: 'end', status, message, objective, x, certificate, iterations, evaluations, elapsedMs })
    },
  }
}

/** Options as plain data: a function becomes a note that one was given (such a run cannot be rebuilt from the file alone). */
function describable(value: unknown): Record<string, unknown> {
  const convert = (v: unknown): unknown => {
    if (typeof v === 'function') return { function: v.name || 'anonymous' }
    if (Array.isArray(v)) return v.map(convert)
    if (typeof v === 'object' && v !== null && !ArrayBuffer.isView(v)) {
      return Object.fromEntries(Object.entries(v).map(([key, entry]) => [key, convert(entry)]))
    }
    return v
  }
  return convert(value) as Record<string, unknown>
}

/**
 * Reads a run file. A last line cut off in the middle is left out and reported as `truncated`; damage anywhere else is an
 * error that names the line.
 *
 * @throws {ParseError} if the text is not a run file
 */
export function readRunFile(text: string): RunFile {
  const lines = text.split('\n')
  const complete = text.endsWith('\n')
  const last = lines.pop() ?? ''
  let truncated = !complete && last !== ''
  let header: RunHeader | null = null
  const rows: RunRow[] = []
  const snapshots: Snapshot[] = []
  let end: RunEnd | null = null
  const takeLine = (line: string, number: number): void => {
    let entry: RunHeader | RunRow | RunSnapshotLine | RunEnd
    try {
      entry = parsePlain(line) as typeof entry
    } catch (cause) {
      throw new ParseError(`run file: line ${number} is damaged: ${(cause as Error).message}`, { cause })
    }
    if (header === null) {
      if (entry?.type !== 'run' || entry.format !== 'thalweg-run') {
        throw new ParseError('run file: the first line is not the header of a run file', {
          expected: "format 'thalweg-run'",
        })
      }
      if (entry.version !== 1) throw new ParseError(`run file: version ${entry.version} is not supported; expected 1`)
      header = entry
    } else if (entry.type === 'iterate') {
      while (rows.length > 0 && rows[rows.length - 1].iteration >= entry.iteration) rows.pop()
      rows.push(entry)
    } else if (entry.type === 'snapshot') snapshots.push(entry.snapshot)
    else if (entry.type === 'end') end = entry
    // A resumed run appends its own header to the same file; its rows follow on.
  }
  lines.forEach((line, i) => {
    if (line !== '') takeLine(line, i + 1)
  })
  if (truncated) {
    try {
      takeLine(last, lines.length + 1)
      truncated = false
    } catch {
      // Cut off while it was written; everything before it stands.
    }
  }
  if (header === null) throw new ParseError('run file: empty; expected a header line', { expected: 'a header line' })
  return { header, rows, snapshots, end, truncated }
}
