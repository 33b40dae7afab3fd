import { InvalidInputError } from '../base/index.ts'
import type { AsyncMethod, Method } from './method.ts'
import type { Problem, SolutionOf } from './problem.ts'
import type { Result } from './result.ts'
import { type RunOptions, run, runAsync } from './run.ts'

/** One method's line of a comparison. */
export interface ComparisonRow<X> {
  /** The method's name, numbered if it appears more than once. */
  readonly label: string
  readonly result: Result<X>
}

/** What `compare` returns: all methods on one problem under the same limits. */
export interface Comparison<X> {
  readonly problem: string
  /** In the order given. */
  readonly rows: readonly ComparisonRow<X>[]
  /** The smallest objective among all results. */
  readonly bestObjective: number
}

/** Methods to compare: a list, or an object whose keys become the labels. */
export type MethodList<M> = readonly M[] | Readonly<Record<string, M>>

/** Methods with their labels: names that appear more than once are numbered. @throws {InvalidInputError} if there is none */
export function labelled<M extends { readonly name: string }>(methods: MethodList<M>): [string, M][] {
  const entries: [string, M][] = Array.isArray(methods)
    ? (methods as M[]).map((method) => [method.name, method])
    : Object.entries(methods)
  if (entries.length === 0) {
    throw new InvalidInputError('compare: expected at least one method', {
      argument: 'methods',
      expected: 'at least one',
    })
  }
  const seen = new Map<string, number>()
  return entries.map(([name, method]) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return [count === 1 ? name : `${name} (${count})`, method]
  })
}

/**
 * Runs several methods on one problem under the same limits, one after the other.
 *
 * @param methods a list, or an object whose keys become the labels
 * @param options limits for each run; budgets such as `maxEvaluations: { gradient: 500 }` make the comparison fair in the
 *   currency that the field counts
 */
export function compare<P extends Problem>(
  problem: P,
  methods: MethodList<Method<P>>,
  options: RunOptions<SolutionOf<P>> = {},
): Comparison<SolutionOf<P>> {
  const rows = labelled(methods).map(([label, method]) => ({ label, result: run(problem, method, options) }))
  return comparisonOf(problem, rows)
}

/** `compare` for methods that wait for workers or engines, such as `balans` and `highs`: still one after the other. */
export async function compareAsync<P extends Problem>(
  problem: P,
  methods: MethodList<AsyncMethod<P>>,
  options: RunOptions<SolutionOf<P>> = {},
): Promise<Comparison<SolutionOf<P>>> {
  const rows: ComparisonRow<SolutionOf<P>>[] = []
  for (const [label, method] of labelled(methods)) {
    rows.push({ label, result: await runAsync(problem, method, options) })
  }
  return comparisonOf(problem, rows)
}

function comparisonOf<P extends Problem>(
  problem: P,
  rows: readonly ComparisonRow<SolutionOf<P>>[],
): Comparison<SolutionOf<P>> {
  return {
    problem: problem.name ?? problem.class.name,
    rows,
    bestObjective: rows.reduce((best, { result }) => (result.objective < best ? result.objective : best), Infinity),
  }
}
