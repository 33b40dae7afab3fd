import type { EngineAnswer, PausableSearch, SearchProgress, SolveRequest, TurnEvents } from './engine.ts'
import { GRACE_MS, LONGEST_DELAY, type WorkerSession } from './worker-session.ts'

/** HiGHS's search in a worker that sleeps inside a callback while it is paused. */
export class WorkerSearch implements PausableSearch {
  private readonly session: WorkerSession
  private readonly request: SolveRequest
  private readonly ending = new AbortController()
  private running: Promise<EngineAnswer> | null = null
  private turn: { readonly events: TurnEvents; paused(progress: SearchProgress): void } | null = null
  private last: SearchProgress | null = null

  constructor(session: WorkerSession, request: SolveRequest) {
    this.session = session
    this.request = request
  }

  async advance(seconds: number, events: TurnEvents = {}): Promise<EngineAnswer> {
    const { signal, offered, endSeconds = Infinity } = events
    const began = performance.now()
    const end = (): void => this.ending.abort()
    if (signal?.aborted) end()
    const paused = new Promise<SearchProgress>((resolve) => {
      this.turn = { events, paused: resolve }
    })
    this.setOut(offered)
    const timers: ReturnType<typeof setTimeout>[] = []
    const after = (ms: number, act: () => void): void => {
      if (ms <= LONGEST_DELAY) timers.push(setTimeout(act, ms))
    }
    after(1000 * seconds, () => this.session.pause())
    after(1000 * endSeconds + GRACE_MS, end)
    signal?.addEventListener('abort', end, { once: true })
    try {
      const outcome = await Promise.race([this.running as Promise<EngineAnswer>, paused])
      const elapsedMs = performance.now() - began
      if ('status' in outcome) return { ...outcome, elapsedMs }
      return { status: 'time-limit', x: null, ...this.known(outcome), elapsedMs }
    } finally {
      this.turn = null
      signal?.removeEventListener('abort', end)
      for (const timer of timers) clearTimeout(timer)
    }
  }

  /** Begins, or goes on. */
  private setOut(offered?: Float64Array): void {
    if (this.running !== null) return this.session.goOn(offered)
    this.session.offer(offered)
    this.running = this.session.solve(
      this.request,
      {
        signal: this.ending.signal,
        onProgress: (progress) => {
          this.last = progress
          this.turn?.events.onProgress?.(progress)
        },
      },
      (progress) => this.turn?.paused(progress),
    )
    // Nobody may be waiting when it is closed.
    this.running.catch(() => undefined)
  }

  /** What is known at a pause: the callbacks of linear solves know nothing of bounds. */
  private known(progress: SearchProgress): Pick<EngineAnswer, 'objective' | 'bound' | 'nodes'> {
    const { objective, bound, nodes } = this.last !== null && Number.isNaN(progress.bound) ? this.last : progress
    return { objective, bound, nodes }
  }

  close(): Promise<void> {
    return this.session.close()
  }
}
