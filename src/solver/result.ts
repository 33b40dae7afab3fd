import type { RandomState } from '../base/index.ts'
import type { Measures } from './problem.ts'
import type { Trace } from './trace.ts'

/** How a run ended. Only `converged` claims optimality; every status returns the best solution found. */
export type Status =
  | 'converged'
  | 'iteration-limit'
  | 'time-limit'
  | 'evaluation-limit'
  | 'stalled'
  | 'diverged'
  | 'infeasible'
  | 'unbounded'
  | 'aborted'

/** All statuses, for checks and documentation. */
export const statuses: readonly Status[] = [
  'converged',
  'iteration-limit',
  'time-limit',
  'evaluation-limit',
  'stalled',
  'diverged',
  'infeasible',
  'unbounded',
  'aborted',
]

/** One inequality that was met: `measure = value <= threshold`. */
export interface Criterion {
  readonly measure: string
  readonly value: number
  readonly threshold: number
}

/** The optimality residuals measured at the returned point by the problem class, after and apart from the method. */
export interface Certificate {
  /** Objective and residuals, e.g. `{ objective, gradientNorm }`. */
  readonly measures: Measures
  /** The inequalities that justify `converged`; empty for other statuses. */
  readonly criteria: readonly Criterion[]
}

/** A run frozen between two iterations: plain data, from which it continues bit for bit. */
export interface Snapshot {
  readonly format: 'thalweg-snapshot'
  readonly version: 1
  readonly method: string
  readonly problem: { readonly class: string; readonly name?: string }
  readonly seed: number
  readonly iteration: number
  readonly elapsedMs: number
  readonly evaluations: Readonly<Record<string, number>>
  readonly random: RandomState
  /** What the stopping rules remember. */
  readonly stopping: unknown
  /** The method's state. */
  readonly state: unknown
}

interface Outcome<X> {
  /** The best solution found. */
  readonly x: X
  /** The objective at `x`. */
  readonly objective: number
  /** One sentence: what happened, and what to try. */
  readonly message: string
  /** The method's name. */
  readonly method: string
  readonly seed: number
  readonly iterations: number
  /** Oracle calls by name. */
  readonly evaluations: Readonly<Record<string, number>>
  readonly elapsedMs: number
  /** The measures along the way, thinned to bounded memory. */
  readonly trace: Trace
  /** The last whole iteration, to resume from; null if the run ended before one. */
  readonly snapshot: Snapshot | null
}

/** The result of a run. `converged` exists only together with a certificate. */
export type Result<X> =
  | (Outcome<X> & { readonly status: 'converged'; readonly converged: true; readonly certificate: Certificate })
  | (Outcome<X> & {
      readonly status: Exclude<Status, 'converged'>
      readonly converged: false
      /** The residuals at `x`; null where they cannot be measured (no finite point was ever found). */
      readonly certificate: Certificate | null
    })
