/**
 * How sizes, limits and rewards follow what the solves cost. None of it is in the paper, whose sizes and limits stay as they are
 * given. The cost of a solve is its seconds in timed runs and its nodes plus one in runs limited by nodes, which therefore
 * stay deterministic.
 */

/** How a sub-program's search ended: searched to its end; cut off by its limit; or not run at all. */
export type Exhaustion = 'exhausted' | 'cut' | 'none'

const GROW = 1.25
const GROW_FAST = 2
const SHRINK = 0.6

/** A solve that took less than this share of its limit was much too easy. */
const EASY = 0.1

/** Whether a solve took next to nothing of its limit. */
export function isEasy(cost: number, limit: number): boolean {
  return cost < EASY * limit
}

/** Columns that a neighbourhood should free at least. */
const FEWEST = 5

/**
 * The size for the next neighbourhood of an arm: greater where this one was searched to its end without success, smaller where
 * the limit cut it off without success, the same where it improved the solution.
 *
 * @param columns how many columns the size is a share of
 * @see Hendel, Adaptive large neighborhood search for mixed integer programming, Mathematical Programming Computation 14 (2022),
 *   Section 4, for the idea
 */
export function nextSize(
  size: number,
  {
    improved,
    exhaustion,
    cost,
    limit,
    columns,
  }: {
    improved: boolean
    exhaustion: Exhaustion
    cost: number
    limit: number
    columns: number
  },
): number {
  if (improved) return size
  let factor = SHRINK
  if (exhaustion === 'none') factor = GROW_FAST
  else if (exhaustion === 'exhausted') factor = isEasy(cost, limit) ? GROW_FAST : GROW
  const smallest = Math.min(1, FEWEST / Math.max(1, columns))
  return Math.min(1, Math.max(smallest, size * factor))
}

/** How much of the old pace stays after an improvement, and after a trial without one. */
const PACE_MEMORY = 0.5
const PACE_DECAY = 0.95

/**
 * A reward in [0, 1) for an improvement by `gain` at a cost: its rate over the sum of its rate and the usual one, so that 1/2 is
 * an improvement at the pace of late. 0 without an improvement.
 *
 * @param pace the usual gain per cost, 0 if none is known
 */
export function rateReward(gain: number, cost: number, pace: number): number {
  if (!(gain > 0)) return 0
  const rate = gain / cost
  return rate / (rate + (pace > 0 ? pace : rate))
}

/** A trial counts as at most so many rounds. */
const MOST_ROUNDS = 20

/**
 * How many rounds of the bandit a trial counts as: one for each `unit` of its cost. The rounds after the first have reward 0, so
 * that means are rewards per cost and not per trial, and slow arms have to bring more.
 */
export function roundsOf(cost: number, unit: number): number {
  return Math.min(MOST_ROUNDS, Math.max(1, Math.round(cost / unit)))
}

/**
 * The pace after a trial: a geometric mean of rates that forgets, since improvements shrink by orders of magnitude as a search
 * goes on.
 */
export function nextPace(pace: number, gain: number, cost: number): number {
  if (!(gain > 0)) return PACE_DECAY * pace
  const rate = gain / cost
  return pace > 0 ? pace ** PACE_MEMORY * rate ** (1 - PACE_MEMORY) : rate
}

/** Limits grow by this factor after a round of the arms without an improvement. */
const LIMIT_GROWTH = 1.5

/** The limit of the next solves: greater after every `patience` of them in a row that have brought nothing. */
export function nextLimit(
  limit: number,
  { fruitless, patience, largest }: { fruitless: number; patience: number; largest: number },
): number {
  if (fruitless === 0 || fruitless % patience !== 0) return limit
  return Math.min(largest, limit * LIMIT_GROWTH)
}
