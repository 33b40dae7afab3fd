/** Thrown by a counted oracle when the evaluation budget is spent; caught by the driver, never seen by users. */
export class BudgetSpent extends Error {
  readonly oracle: string

  constructor(oracle: string) {
    super(`evaluation budget of ${oracle} spent`)
    this.name = 'BudgetSpent'
    this.oracle = oracle
  }
}

/** Counts oracle calls, stops at the budget, and remembers whether the last value was finite. */
export class Tally {
  /** Calls so far by oracle. */
  readonly counts: Record<string, number> = {}
  /** Whether the latest value an oracle returned was NaN or infinite. */
  lastValueFinite = true
  /** Whether any oracle has a budget. */
  readonly limited: boolean
  private readonly limits: Record<string, number> = {}

  constructor(oracles: readonly string[], limits: number | Readonly<Record<string, number>> = Infinity) {
    for (const oracle of oracles) {
      this.counts[oracle] = 0
      this.limits[oracle] = typeof limits === 'number' ? limits : (limits[oracle] ?? Infinity)
    }
    this.limited = Object.values(this.limits).some((limit) => limit < Infinity)
  }

  /** Counts `calls` calls of `oracle`, before they are made. @throws {BudgetSpent} if they would exceed the budget */
  count(oracle: string, calls = 1): void {
    const next = this.counts[oracle] + calls
    if (next > this.limits[oracle]) throw new BudgetSpent(oracle)
    this.counts[oracle] = next
  }

  /** Notes whether a returned value is finite, and returns it. */
  value(value: number): number {
    this.lastValueFinite = Number.isFinite(value)
    return value
  }

  /** The smallest number of calls left over all oracles. */
  left(): number {
    let left = Infinity
    for (const oracle in this.counts) left = Math.min(left, this.limits[oracle] - this.counts[oracle])
    return left
  }

  /** The sum of all counts. */
  total(): number {
    let total = 0
    for (const oracle in this.counts) total += this.counts[oracle]
    return total
  }

  /** Sets the counts, when a run is resumed. */
  restore(counts: Readonly<Record<string, number>>): void {
    for (const oracle in this.counts) this.counts[oracle] = counts[oracle] ?? 0
  }
}
