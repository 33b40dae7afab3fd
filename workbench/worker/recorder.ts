import {
  emptyTrace,
  type Iterate,
  type Result,
  type RunInfo,
  record,
  recordRun,
  type Snapshot,
  type Trace,
} from '../../src/solver/index.ts'
import type { Frame } from '../stages/scene.ts'
import { FrameStore } from './frame-store.ts'
import type { TraceUpdate } from './protocol.ts'

/** What is kept of one contestant's run, and what of it the page has not been sent yet. */
export class Recorder {
  readonly frames = new FrameStore()
  info: RunInfo | null = null
  result: Result<unknown> | null = null
  private readonly trace: Trace = emptyTrace()
  private first: Snapshot | null = null
  private sentRows = 0
  private sentFrames = 0
  private traceReplaced = false
  private framesReplaced = false
  private readonly contestant: number

  constructor(contestant: number) {
    this.contestant = contestant
  }

  /** Notes an iterate; `last` of a run is noted wherever it falls. */
  note({ iteration, elapsedMs, measures, evaluations }: Iterate): void {
    const { stride } = this.trace
    record(this.trace, iteration, elapsedMs, measures, evaluations)
    if (this.trace.stride !== stride) this.traceReplaced = true
  }

  /** Keeps the start, from which a run file can be replayed. */
  keepStart(iterate: Iterate): void {
    this.first = iterate.snapshot()
  }

  addFrame(frame: Frame): void {
    if (this.frames.add(frame)) this.framesReplaced = true
  }

  /** What is new since the last call; null if nothing is. */
  takeUpdate(): TraceUpdate | null {
    const { columns } = this.trace
    const rows = columns.iteration.length
    const { frames } = this.frames
    const replaces = this.traceReplaced
    const framesReplace = this.framesReplaced
    if (!replaces && !framesReplace && rows === this.sentRows && frames.length === this.sentFrames) return null
    const from = replaces ? 0 : this.sentRows
    const update: TraceUpdate = {
      contestant: this.contestant,
      replaces,
      columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.slice(from)])),
      frames: framesReplace ? frames : frames.slice(this.sentFrames),
      framesReplace,
    }
    this.sentRows = rows
    this.sentFrames = frames.length
    this.traceReplaced = false
    this.framesReplaced = false
    return update
  }

  /** The run as a run file: header, the rows of the trace, snapshots of start and end, and the end. */
  runFile(): string {
    const { info, result, first } = this
    if (info === null || result === null) return ''
    let text = ''
    const observer = recordRun<unknown>(
      (line) => {
        text += line
      },
      { snapshotEvery: Number.MAX_SAFE_INTEGER },
    )
    observer.onStart?.(info)
    const { iteration, elapsedMs, ...rest } = this.trace.columns
    iteration.forEach((k, row) => {
      const named = (counts: boolean): Record<string, number> =>
        Object.fromEntries(
          Object.entries(rest)
            .filter(([name]) => name.startsWith('evaluations.') === counts)
            .map(([name, column]) => [name.replace('evaluations.', ''), column[row]]),
        )
      observer.onIteration?.({
        iteration: k,
        elapsedMs: elapsedMs[row],
        measures: named(false) as Iterate['measures'],
        evaluations: named(true),
        x: null,
        snapshot: () => first as Snapshot,
      })
    })
    observer.onEnd?.(result)
    return text
  }
}
