import type { EngineAnswer, PausableSearch } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { BestSolution, type SolutionListener } from './best-solution.ts'
import type { Trial } from './trial.ts'

/** What one turn of the search of the whole program may use. */
export interface WholeTurn {
  /** Seconds after which it pauses, > 0. */
  readonly seconds: number
  /** Seconds that the run has left. */
  readonly secondsLeft: number
  /** The best solution so far and its objective as minimized: the search goes on with it. */
  readonly best: { readonly x: Float64Array; readonly value: number }
  readonly signal: AbortSignal
  readonly onSolution?: SolutionListener
}

/**
 * The engine's own search of the whole program, which pauses while neighbourhoods are searched and goes on where it was, with
 * what they have found. It is opened at its first turn.
 */
export class WholeSearch {
  private readonly open: (start: Float64Array) => Promise<PausableSearch>
  private readonly program: MixedIntegerProgram
  private search: PausableSearch | null = null
  /** Best objective that the search knows of. */
  private known = Infinity
  private nodes = 0

  /** @param open opens the search from a solution */
  constructor(open: (start: Float64Array) => Promise<PausableSearch>, program: MixedIntegerProgram) {
    this.open = open
    this.program = program
  }

  /** One turn as a trial of the arm `whole-program`. A search that is lost gives `lost`, and cannot go on. */
  async trial(turn: WholeTurn): Promise<Trial> {
    const found = new BestSolution(this.program, turn.onSolution)
    const before = this.nodes
    try {
      const { status, bound, elapsedMs } = await this.advance(turn, found)
      return { status, x: found.x, value: found.value, bound, nodes: this.nodes - before, elapsedMs }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      found.consider(error.incumbent?.x)
      return { status: 'lost', x: found.x, value: found.value, bound: NaN, nodes: 0, elapsedMs: 0 }
    }
  }

  private async advance(turn: WholeTurn, found: BestSolution): Promise<EngineAnswer> {
    const { seconds, secondsLeft, best, signal } = turn
    const began = performance.now()
    this.search ??= await this.open(best.x)
    const openingMs = performance.now() - began
    const answer = await this.search.advance(Math.max(1e-3, Math.min(seconds, secondsLeft)), {
      signal,
      endSeconds: secondsLeft,
      onProgress: ({ x }) => found.consider(x),
      ...(best.value < this.known && { offered: best.x }),
    })
    found.consider(answer.x)
    this.known = Math.min(this.known, best.value, found.value)
    this.nodes = Math.max(this.nodes, answer.nodes)
    return { ...answer, elapsedMs: openingMs + answer.elapsedMs }
  }

  async close(): Promise<void> {
    await this.search?.close()
  }
}
