import { describe, InvalidInputError } from '../../base/index.ts'

/**
 * What became of a candidate, in the order of the scores: a new best solution; better than the current one and accepted;
 * accepted; rejected.
 */
export const outcomes = ['best', 'better', 'accept', 'reject'] as const

export type Outcome = (typeof outcomes)[number]

/** Rewards of the outcomes [best, better, accept, reject], each >= 0. */
export type Scores = readonly [best: number, better: number, accept: number, reject: number]

/** Improvements smaller than this, relative to max(1, |f|), are rounding. */
const IMPROVEMENT = 1e-9

/** Whether `value` is better (smaller) than `reference` by more than rounding. */
export function isImprovement(value: number, reference: number): boolean {
  return value < reference - IMPROVEMENT * Math.max(1, Math.abs(reference))
}

/** The outcome of a candidate; a new best counts as `best` even where the acceptance rule would not have taken it. */
export function outcomeOf(candidate: number, current: number, best: number, accepted: boolean): Outcome {
  if (isImprovement(candidate, best)) return 'best'
  if (!accepted) return 'reject'
  return isImprovement(candidate, current) ? 'better' : 'accept'
}

/** Whether `value` is a list of scores. */
export function areScores(value: unknown): value is Scores {
  return (
    Array.isArray(value) &&
    value.length === outcomes.length &&
    value.every((score) => typeof score === 'number' && score >= 0 && score < Infinity)
  )
}

/** Throws unless a policy that wants rewards in [0, 1] gets such scores. */
export function checkUnitScores(scores: Scores): void {
  if (scores.every((score) => score <= 1)) return
  throw new InvalidInputError(
    `balans: thompson-sampling needs scores in [0, 1], got ${describe(scores)}; use [1, 1, 0, 0], or give its binarize option`,
    { argument: 'scores', expected: 'four numbers in [0, 1]', received: describe(scores) },
  )
}
