import { describe, InvalidInputError } from '../base/index.ts'
import type { Measures } from './problem.ts'
import type { Criterion, Status } from './result.ts'

/** What a stopping rule may look at, after each iteration. */
export interface Progress {
  readonly iteration: number
  readonly elapsedMs: number
  readonly measures: Measures
  /** Oracle calls so far, by name. */
  readonly evaluations: Readonly<Record<string, number>>
}

/** A rule's decision to stop. */
export interface Verdict {
  readonly status: Status
  /** Why, in words, e.g. `gradientNorm 3.1e-9 <= 1e-8`. */
  readonly reason: string
  /** The inequalities met; a `converged` verdict has at least one, and the driver measures them again. */
  readonly criteria: readonly Criterion[]
}

/**
 * A stopping rule is a value: it says what it means (`status`), what it remembers (`start`, plain data that goes into the
 * checkpoint) and when it holds. Combine rules with `any` and `all`.
 */
export interface StoppingRule<M = unknown> {
  /** The rule in words, e.g. `gradientNorm <= 1e-8`. */
  readonly name: string
  /** What stopping by this rule means. */
  readonly status: Status
  start(): M
  /** The verdict, or null to go on. May update `memory`. */
  test(progress: Progress, memory: M): Verdict | null
}

function checkThreshold(rule: string, value: number, min: number): void {
  if (typeof value !== 'number' || !(value >= min)) {
    throw new InvalidInputError(`${rule}: expected a number >= ${min}, got ${describe(value)}`, {
      argument: rule,
      expected: `a number >= ${min}`,
      received: describe(value),
    })
  }
}

const short = (x: number): string => String(Number(x.toPrecision(3)))

/** Converged when the measure called `measure` is at most `threshold` (>= 0, or any number for the objective). */
export function below(measure: string, threshold: number): StoppingRule<null> {
  checkThreshold(`below('${measure}')`, threshold, measure === 'objective' ? -Infinity : 0)
  return {
    name: `${measure} <= ${threshold}`,
    status: 'converged',
    start: () => null,
    test({ measures }) {
      const value = measures[measure]
      if (!(value <= threshold)) return null
      return {
        status: 'converged',
        reason: `${measure} ${short(value)} <= ${short(threshold)}`,
        criteria: [{ measure, value, threshold }],
      }
    },
  }
}

/** Converged when the infinity norm of the (projected) gradient is at most `tolerance`. */
export function gradientNorm(tolerance: number): StoppingRule<null> {
  return below('gradientNorm', tolerance)
}

/** Converged when the objective is at most `value`: for problems whose optimum is known. */
export function targetValue(value: number): StoppingRule<null> {
  return below('objective', value)
}

/** Stalled when the best objective improved by at most `relative * max(1, |best|)` over `iterations` iterations. */
export function plateau(iterations: number, relative = 0): StoppingRule<{ best: number; since: number }> {
  checkThreshold('plateau', iterations, 1)
  checkThreshold('plateau relative improvement', relative, 0)
  return {
    name: `no progress in ${iterations} iterations`,
    status: 'stalled',
    start: () => ({ best: Infinity, since: 0 }),
    test({ iteration, measures }, memory) {
      const { objective } = measures
      const needed = Number.isFinite(memory.best) ? relative * Math.max(1, Math.abs(memory.best)) : 0
      if (objective < memory.best - needed) {
        memory.best = objective
        memory.since = iteration
      }
      if (iteration - memory.since < iterations) return null
      return {
        status: 'stalled',
        reason: `the best objective has not improved for ${iterations} iterations`,
        criteria: [],
      }
    },
  }
}

/** Stops after `count` iterations. */
export function maxIterations(count: number): StoppingRule<null> {
  checkThreshold('maxIterations', count, 0)
  return {
    name: `${count} iterations`,
    status: 'iteration-limit',
    start: () => null,
    test: ({ iteration }) =>
      iteration >= count ? { status: 'iteration-limit', reason: `${count} iterations done`, criteria: [] } : null,
  }
}

/** Stops once `seconds` of running time have passed (resumed runs count the time before). */
export function maxSeconds(seconds: number): StoppingRule<null> {
  checkThreshold('maxSeconds', seconds, 0)
  return {
    name: `${seconds} seconds`,
    status: 'time-limit',
    start: () => null,
    test: ({ elapsedMs }) =>
      elapsedMs >= 1000 * seconds ? { status: 'time-limit', reason: `${seconds} s have passed`, criteria: [] } : null,
  }
}

/** Stops once `oracle` has been called `count` times. */
export function maxEvaluations(oracle: string, count: number): StoppingRule<null> {
  checkThreshold('maxEvaluations', count, 0)
  return {
    name: `${count} evaluations of ${oracle}`,
    status: 'evaluation-limit',
    start: () => null,
    test: ({ evaluations }) =>
      (evaluations[oracle] ?? 0) >= count
        ? { status: 'evaluation-limit', reason: `${count} evaluations of ${oracle} done`, criteria: [] }
        : null,
  }
}

/** A rule of your own: stops with `status` when `holds` says so. `converged` is refused: that needs a measure, see `below`. */
export function when(
  name: string,
  holds: (progress: Progress) => boolean,
  status: Exclude<Status, 'converged'> = 'stalled',
): StoppingRule<null> {
  if ((status as Status) === 'converged') {
    throw new InvalidInputError(
      "when: a rule that means 'converged' must name its measure; use below(measure, threshold)",
      {
        argument: 'status',
        received: 'converged',
      },
    )
  }
  return {
    name,
    status,
    start: () => null,
    test: (progress) => (holds(progress) ? { status, reason: name, criteria: [] } : null),
  }
}

/**
 * Stops when `rule` has held at `iterations` iterates in a row: for measures that are small now and then by chance.
 *
 * @example
 * run(problem, consensusBasedOptimization(), { stop: sustained(below('consensusMovement', 1e-6), 100) })
 */
export function sustained<M>(rule: StoppingRule<M>, iterations: number): StoppingRule<{ inner: M; held: number }> {
  checkThreshold('sustained', iterations, 1)
  return {
    name: `${rule.name} for ${iterations} iterations`,
    status: rule.status,
    start: () => ({ inner: rule.start(), held: 0 }),
    test(progress, memory) {
      const verdict = rule.test(progress, memory.inner)
      memory.held = verdict === null ? 0 : memory.held + 1
      if (verdict === null || memory.held < iterations) return null
      return { ...verdict, reason: `${verdict.reason}, for ${iterations} iterations` }
    },
  }
}

/** Stops as soon as one of the rules holds; the first in order gives the reason. */
export function any(...rules: StoppingRule[]): StoppingRule<unknown[]> {
  return {
    name: rules.map((rule) => rule.name).join(' or '),
    status: rules.length > 0 ? rules[0].status : 'stalled',
    start: () => rules.map((rule) => rule.start()),
    test(progress, memory) {
      let verdict: Verdict | null = null
      // Every rule looks at every iteration, so that rules with a memory see the whole history.
      for (let i = 0; i < rules.length; i++) {
        const own = rules[i].test(progress, memory[i])
        verdict ??= own
      }
      return verdict
    },
  }
}

/** Stops when all rules hold at the same iteration. Means convergence if one of them does. */
export function all(...rules: StoppingRule[]): StoppingRule<unknown[]> {
  const status = rules.some((rule) => rule.status === 'converged') ? 'converged' : (rules[0]?.status ?? 'stalled')
  return {
    name: rules.map((rule) => rule.name).join(' and '),
    status,
    start: () => rules.map((rule) => rule.start()),
    test(progress, memory) {
      const verdicts = rules.map((rule, i) => rule.test(progress, memory[i]))
      if (verdicts.length === 0 || verdicts.some((verdict) => verdict === null)) return null
      return {
        status,
        reason: verdicts.map((verdict) => verdict!.reason).join(' and '),
        criteria: verdicts.flatMap((verdict) => [...verdict!.criteria]),
      }
    },
  }
}
