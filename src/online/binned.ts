import { describe, InvalidInputError, OptionError } from '../base/index.ts'
import type { Bandit } from './bandit.ts'

/** How an interval of contexts is cut into bins. */
export interface BinningOptions {
  /** Lower end of the contexts. */
  from: number
  /** Upper end of the contexts, > from. */
  to: number
  /** m, the number of bins of equal width, an integer >= 1. */
  bins: number
}

/** @throws {OptionError} if the ends are not finite or not in order */
export function checkInterval(where: string, from: number, to: number): void {
  if (Number.isFinite(from) && Number.isFinite(to) && from < to) return
  throw new OptionError(`${where}: contexts must lie in [from, to] with from < to, got [${from}, ${to}]`, {
    argument: 'from, to',
    expected: 'finite numbers with from < to',
    received: `[${from}, ${to}]`,
  })
}

/** @throws {InvalidInputError} if a context is missing or not a finite number */
export function checkContext(where: string, context: number | undefined): number {
  if (typeof context === 'number' && Number.isFinite(context)) return context
  throw new InvalidInputError(`${where}: needs a context, a finite number, got ${describe(context)}`, {
    argument: 'context',
    expected: 'a finite number',
    received: describe(context),
  })
}

/**
 * A contextual policy from one without contexts: the interval is cut into m bins, each with a state of its own; a context goes
 * to the bin with the nearest midpoint, from + (to - from) (j - 1/2) / m. Contexts outside the interval go to the outer bins.
 *
 * @example
 * const bandit = binned(tsallisInf({ arms: 20, scale: 'running', lossFloor: 1 }), { from: -0.15, to: 0.65, bins: 5 })
 * @throws {OptionError} if the interval is empty or `bins` is not an integer >= 1
 */
export function binned<S>(
  policy: Bandit<S, undefined>,
  { from, to, bins }: BinningOptions,
): Bandit<{ bins: S[] }, number> {
  const where = `binned ${policy.name}`
  checkInterval(where, from, to)
  if (!Number.isInteger(bins) || bins < 1) {
    throw new OptionError(`${where}: bins must be an integer >= 1, got ${describe(bins)}`, {
      argument: 'bins',
      expected: 'an integer >= 1',
      received: describe(bins),
    })
  }
  const bin = (context: number | undefined): number => {
    const position = Math.floor((bins * (checkContext(where, context) - from)) / (to - from))
    return Math.min(Math.max(position, 0), bins - 1)
  }
  const { probabilities } = policy
  return {
    name: `${policy.name}-binned`,
    arms: policy.arms,
    feedback: policy.feedback,
    options: { ...policy.options, from, to, bins },
    start: () => ({ bins: Array.from({ length: bins }, () => policy.start()) }),
    select: (state, random, context) => policy.select(state.bins[bin(context)], random),
    update: (state, arm, outcome, probability, context) =>
      policy.update(state.bins[bin(context)], arm, outcome, probability),
    ...(probabilities && {
      probabilities: (state: { bins: S[] }, context?: number, out?: Float64Array) =>
        probabilities(state.bins[bin(context)], undefined, out),
    }),
  }
}
