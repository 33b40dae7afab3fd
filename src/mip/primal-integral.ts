import { describe, InvalidInputError } from '../base/index.ts'

/** When an incumbent was found, and its objective. */
export interface Incumbent {
  /** Seconds, or whatever the budget is counted in, >= 0 and ascending. */
  readonly seconds: number
  readonly objective: number
}

/**
 * The primal gap |f - f*| / max(|f|, |f*|), in [0, 1]: 0 if both are 0, 1 without a solution (null) or with opposite signs.
 *
 * @param best f*, the best value that is known
 * @see Berthold, Measuring the impact of primal heuristics, Operations Research Letters 41 (2013)
 */
export function primalGap(objective: number | null, best: number): number {
  if (objective === null || Number.isNaN(objective)) return 1
  if (objective === best) return 0
  if (objective * best < 0) return 1
  return Math.min(1, Math.abs(objective - best) / Math.max(Math.abs(objective), Math.abs(best)))
}

/**
 * The mean primal gap over a budget, in [0, 1]: the primal integral over [0, budget], divided by the budget.
 *
 * @param incumbents in order of time, each better than the one before
 * @throws {InvalidInputError} if the budget is not > 0
 * @see Berthold, Measuring the impact of primal heuristics, Operations Research Letters 41 (2013)
 */
export function primalIntegral(incumbents: readonly Incumbent[], best: number, budget: number): number {
  if (!(budget > 0 && budget < Infinity)) {
    throw new InvalidInputError(`primalIntegral: budget must be a finite number > 0, got ${describe(budget)}`, {
      argument: 'budget',
      expected: 'a finite number > 0',
      received: describe(budget),
    })
  }
  let area = 0
  let since = 0
  let gap = 1
  for (const { seconds, objective } of incumbents) {
    const until = Math.min(Math.max(seconds, since), budget)
    area += gap * (until - since)
    since = until
    gap = primalGap(objective, best)
  }
  return (area + gap * (budget - since)) / budget
}
