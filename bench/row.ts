/**
 * One measurement against a named peer, taken in one process with both sides warm. A module `bench/<room>/<name>.bench.ts` exports
 * functions that return (or promise) rows; `npm run bench` runs them all.
 */
export interface BenchmarkRow {
  /** What is measured. */
  readonly name: string
  /** The size of the problem, e.g. `n = 512`. */
  readonly size: string | number
  /** The library measured against, or the plain code. */
  readonly peer: string
  /** Median of at least five runs after warming up, in milliseconds. */
  readonly oursMs: number
  readonly peerMs: number
  /** How many times faster than the peer, unless `note` says what else: peerMs / oursMs. */
  readonly ratio: number
  /** What the ratio should be, in words, e.g. `>= 0.5`. */
  readonly bar?: string | number
  /** Whether the bar is met. */
  readonly holds?: boolean
  readonly note?: string
}
