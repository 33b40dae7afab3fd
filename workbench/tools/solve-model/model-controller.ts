import { batch, signal } from '@preact/signals'
import { saveText } from '../../components/save.ts'
import type { ArmRow } from '../../stages/scene.ts'
import type { Failure } from '../../worker/failure.ts'
import type {
  FromSolveModelWorker,
  ModelFileKind,
  ModelSource,
  ModelSummary,
  SearchMoment,
  SolutionRow,
  SolveOutcome,
  SolveSettings,
  ToSolveModelWorker,
} from '../../worker/solve-model-protocol.ts'
import { ToolWorker } from '../tool-worker.ts'
import { addMoments } from './moments.ts'

/** Rows of a solution that are shown at once. */
export const SHOWN_ROWS = 100

const fileTypes: Readonly<Record<ModelFileKind, string>> = {
  sol: 'text/plain',
  csv: 'text/csv',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  mps: 'text/plain',
  lp: 'text/plain',
}

/** What the page of models knows, and its line to the worker. */
export class ModelController {
  readonly summary = signal<ModelSummary | null>(null)
  readonly state = signal<'idle' | 'running' | 'ending' | 'finished'>('idle')
  /** What is wrong with the model, or with the solve. */
  readonly failure = signal<Failure | null>(null)
  /** What was reported of the search, thinned. */
  readonly moments = signal<readonly SearchMoment[]>([])
  /** Of a search that chooses among neighbourhoods; empty for others. */
  readonly arms = signal<readonly ArmRow[]>([])
  readonly outcome = signal<SolveOutcome | null>(null)
  readonly found = signal<{ readonly rows: readonly SolutionRow[]; readonly total: number } | null>(null)
  private readonly line: ToolWorker<ToSolveModelWorker, FromSolveModelWorker>
  private id = 0

  constructor() {
    this.line = new ToolWorker<ToSolveModelWorker, FromSolveModelWorker>(
      new Worker(new URL('../../worker/solve-model-worker.ts', import.meta.url), { type: 'module' }),
      (message) => this.receive(message),
      (failure) => this.fail(failure),
    )
  }

  close(): void {
    this.line.close()
  }

  /** Reads a model; null where there is none. */
  read(source: ModelSource | null): void {
    batch(() => {
      this.forget()
      this.summary.value = null
      this.failure.value = null
    })
    this.id++
    if (source !== null) this.line.send({ type: 'read', id: this.id, source })
  }

  solve(settings: SolveSettings): void {
    batch(() => {
      this.forget()
      this.failure.value = null
      this.state.value = 'running'
    })
    this.line.send({ type: 'solve', settings })
  }

  /** Ends the search; its best solution so far is then the outcome. */
  cancel(): void {
    this.state.value = 'ending'
    this.line.send({ type: 'cancel' })
  }

  search(words: string, nonzero: boolean): void {
    this.line.send({ type: 'search', words, nonzero, most: SHOWN_ROWS })
  }

  save(kind: ModelFileKind): void {
    this.line.send({ type: 'save', kind })
  }

  private forget(): void {
    this.state.value = 'idle'
    this.moments.value = []
    this.arms.value = []
    this.outcome.value = null
    this.found.value = null
  }

  private fail(failure: Failure): void {
    batch(() => {
      this.state.value = 'idle'
      this.failure.value = failure
    })
  }

  private receive(message: FromSolveModelWorker): void {
    switch (message.type) {
      case 'read':
        if (message.id === this.id) this.summary.value = message.summary
        return
      case 'unreadable':
        if (message.id === this.id) this.fail(message.failure)
        return
      case 'moments':
        if (this.state.value === 'idle') return
        batch(() => {
          this.moments.value = addMoments(this.moments.value, message.moments)
          this.arms.value = message.arms
        })
        return
      case 'solved':
        if (this.state.value === 'idle') return
        batch(() => {
          this.state.value = 'finished'
          this.outcome.value = message.outcome
        })
        return
      case 'found':
        this.found.value = message
        return
      case 'saved':
        return saveText(message.name, fileTypes[message.kind], message.text)
      case 'failed':
        return this.fail(message.failure)
    }
  }
}
