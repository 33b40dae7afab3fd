import { ThalwegError } from '../base/index.ts'

/** The best point that was known when an engine was lost. */
export interface LostIncumbent {
  /** Length n. */
  readonly x: Float64Array
  /** Its objective, in the sense of the program. */
  readonly objective: number
  readonly bound: number
}

/** An engine cannot be used here, or was lost while it worked: it crashed, ran out of memory, or could not be started. */
export class EngineError extends ThalwegError {
  /** What it had found until then, if anything. */
  readonly incumbent: LostIncumbent | null

  constructor(engine: string, reason: string, incumbent: LostIncumbent | null = null, cause?: unknown) {
    super('engine-failed', `${engine}: ${reason}`, { argument: 'engine', received: reason, cause })
    this.incumbent = incumbent
  }
}
