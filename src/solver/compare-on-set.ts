import { checkNames, describe, InvalidInputError, OptionError, ThalwegError } from '../base/index.ts'
import { labelled, type MethodList } from './compare.ts'
import type { AsyncMethod, Method } from './method.ts'
import { type CostTable, dataProfile, type Profile, performanceProfile } from './performance-profile.ts'
import type { Problem, SolutionOf } from './problem.ts'
import { type CostMeasure, costToReach, type ProgressHistory, recordProgress } from './progress-history.ts'
import type { Result } from './result.ts'
import { type RunOptions, run, runAsync } from './run.ts'

/** How a set of methods is compared on a set of problems; all limits apply to each run alone. */
export interface SetComparisonOptions<X = unknown>
  extends Pick<
    RunOptions<X>,
    'tolerance' | 'maxIterations' | 'maxSeconds' | 'maxEvaluations' | 'signal' | 'traceEvery'
  > {
  /** One run of each method on each problem for each of these seeds; each counts as a problem of its own. Default [0]. */
  seeds?: readonly number[]
  /** A run has solved a problem once `f(x) <= f_best + accuracy (f(start) - f_best)`, in (0, 1). Default 1e-6. */
  accuracy?: number
  /** What runs are charged for. Default evaluations (calls of all oracles together). */
  cost?: CostMeasure
  /** Called before each run. */
  onRun?: (next: { problem: string; method: string; seed: number; done: number; total: number }) => void
}

/** One run of a comparison on a set. */
export interface SetRun<X> {
  /** Null if the method refused the problem. */
  readonly result: Result<X> | null
  /** Why the method refused the problem (it has bounds, the method needs a gradient...), or null. */
  readonly refusal: string | null
  readonly history: ProgressHistory
  /** What the run had spent when it had solved the problem; Infinity if it did not. */
  readonly cost: number
}

/** One problem (with one seed) of a comparison on a set. */
export interface SetRow<X> {
  readonly problem: string
  readonly dimension: number
  readonly seed: number
  /** f(start). */
  readonly initialObjective: number
  /** The known minimum, else the smallest objective that any method found. */
  readonly bestObjective: number
  /** What counts as solved. */
  readonly target: number
  /** One for each method, in order. */
  readonly runs: readonly SetRun<X>[]
}

/** Several methods on several problems under the same limits. */
export interface SetComparison<X> {
  readonly methods: readonly string[]
  readonly rows: readonly SetRow<X>[]
  readonly accuracy: number
  readonly cost: CostMeasure
  /** Problems solved by each method. */
  readonly solved: readonly number[]
  /** Dolan and More. */
  readonly performance: Profile
  /** More and Wild. */
  readonly data: Profile
}

interface Job<P extends Problem> {
  readonly problem: P
  readonly name: string
  readonly seed: number
}

const optionNames = [
  'tolerance',
  'maxIterations',
  'maxSeconds',
  'maxEvaluations',
  'signal',
  'traceEvery',
  'seeds',
  'accuracy',
  'cost',
  'onRun',
]

function plan<P extends Problem>(
  problems: readonly P[],
  options: SetComparisonOptions<SolutionOf<P>>,
): { jobs: Job<P>[]; accuracy: number; cost: CostMeasure; limits: RunOptions<SolutionOf<P>> } {
  checkNames(options, optionNames, 'compareOnSet')
  const { seeds = [0], accuracy = 1e-6, cost = 'evaluations', onRun: _, ...limits } = options
  if (problems.length === 0 || seeds.length === 0) {
    throw new InvalidInputError('compareOnSet: expected at least one problem and one seed', {
      argument: problems.length === 0 ? 'problems' : 'seeds',
      expected: 'at least one',
      received: 'none',
    })
  }
  if (!(accuracy > 0 && accuracy < 1)) {
    throw new OptionError(`compareOnSet: accuracy must be a number in (0, 1), got ${describe(accuracy)}`, {
      argument: 'accuracy',
      expected: 'a number in (0, 1)',
      received: describe(accuracy),
    })
  }
  const jobs = problems.flatMap((problem) =>
    seeds.map((seed) => ({ problem, name: problem.name ?? problem.class.name, seed })),
  )
  return { jobs, accuracy, cost, limits }
}

type Measured<X> = Omit<SetRun<X>, 'cost'>

/** Bad options of the comparison itself are errors; a method that cannot run on one problem of the set is a finding. */
function refused<X>(error: unknown, history: ProgressHistory): Measured<X> {
  if (!(error instanceof ThalwegError) || error.code === 'invalid-option') throw error
  return { result: null, refusal: error.message, history }
}

function evaluateRow<P extends Problem>(
  { problem, name, seed }: Job<P>,
  measured: readonly Measured<SolutionOf<P>>[],
  accuracy: number,
  cost: CostMeasure,
): SetRow<SolutionOf<P>> {
  const known = (problem as { minimum?: unknown }).minimum
  const found = measured.reduce(
    (best, { history }) => Math.min(best, history.objective.at(-1) ?? Infinity),
    typeof known === 'number' ? known : Infinity,
  )
  const start = problem.class.startingPoint(problem, undefined) as SolutionOf<P>
  const initialObjective = problem.class.certify(problem, start).objective
  const { dimension } = problem as { dimension?: unknown }
  // A start that is optimal, or where f is not finite, leaves no decrease to take a share of.
  const decrease = initialObjective - found
  const scale = Number.isFinite(decrease) && decrease > 0 ? decrease : Math.max(1, Math.abs(found))
  const target = found + accuracy * scale
  return {
    problem: name,
    dimension: typeof dimension === 'number' ? dimension : 1,
    seed,
    initialObjective,
    bestObjective: found,
    target,
    runs: measured.map((one) => ({ ...one, cost: costToReach(one.history, target, cost) })),
  }
}

function conclude<X>(
  methods: readonly string[],
  rows: readonly SetRow<X>[],
  accuracy: number,
  cost: CostMeasure,
): SetComparison<X> {
  const table: CostTable = { methods, costs: rows.map(({ runs }) => runs.map((one) => one.cost)) }
  return {
    methods,
    rows,
    accuracy,
    cost,
    solved: methods.map((_, s) => table.costs.filter((costs) => costs[s] < Infinity).length),
    performance: performanceProfile(table),
    data: dataProfile(
      table,
      rows.map(({ dimension }) => dimension),
    ),
  }
}

/**
 * Runs several methods on a set of problems under the same limits and says which solved what at what cost: the convergence test
 * of More and Wild, `f(x) <= f_best + accuracy (f(start) - f_best)`, where f_best is the known minimum or the best value that any
 * of the methods found. A method that refuses a problem has not solved it.
 *
 * @example
 * const problems = ['rosenbrock', 'rastrigin'].map((slug) => testProblem(slug, 5)) // from 'thalweg/test-functions'
 * const { solved, performance } = compareOnSet(problems, [cmaEs(), nelderMead()], { maxEvaluations: 5000, seeds: [1, 2, 3] })
 *
 * @param methods a list, or an object whose keys become the labels
 * @throws {ThalwegError} on bad options, or if there is no problem or no method
 * @see More and Wild, Benchmarking derivative-free optimization algorithms, SIAM J. Optim. 20 (2009), Eq. (2.2)
 */
export function compareOnSet<P extends Problem>(
  problems: readonly P[],
  methods: MethodList<Method<P>>,
  options: SetComparisonOptions<SolutionOf<P>> = {},
): SetComparison<SolutionOf<P>> {
  const entries = labelled(methods)
  const { jobs, accuracy, cost, limits } = plan(problems, options)
  let done = 0
  const rows = jobs.map((job) => {
    const measured = entries.map(([method, make]): Measured<SolutionOf<P>> => {
      options.onRun?.({ problem: job.name, method, seed: job.seed, done: done++, total: jobs.length * entries.length })
      const watch = recordProgress<SolutionOf<P>>()
      try {
        const result = run(job.problem, make, { ...limits, seed: job.seed, observers: [watch] })
        return { result, refusal: null, history: watch.history }
      } catch (error) {
        return refused(error, watch.history)
      }
    })
    return evaluateRow(job, measured, accuracy, cost)
  })
  const names = entries.map(([label]) => label)
  return conclude(names, rows, accuracy, cost)
}

/**
 * As `compareOnSet`, for methods that wait and for pages that must stay responsive. Once `signal` has fired no further run is
 * started, and problems that not all methods had their turn on are left out, except the first.
 */
export async function compareOnSetAsync<P extends Problem>(
  problems: readonly P[],
  methods: MethodList<AsyncMethod<P>>,
  options: SetComparisonOptions<SolutionOf<P>> = {},
): Promise<SetComparison<SolutionOf<P>>> {
  const entries = labelled(methods)
  const { jobs, accuracy, cost, limits } = plan(problems, options)
  const rows: SetRow<SolutionOf<P>>[] = []
  let done = 0
  for (const job of jobs) {
    const measured: Measured<SolutionOf<P>>[] = []
    for (const [method, make] of entries) {
      const watch = recordProgress<SolutionOf<P>>()
      if (options.signal?.aborted) {
        measured.push({ result: null, refusal: 'not run: stopped by the caller', history: watch.history })
        continue
      }
      options.onRun?.({ problem: job.name, method, seed: job.seed, done: done++, total: jobs.length * entries.length })
      try {
        const result = await runAsync(job.problem, make, { ...limits, seed: job.seed, observers: [watch] })
        measured.push({ result, refusal: null, history: watch.history })
      } catch (error) {
        measured.push(refused(error, watch.history))
      }
    }
    if (options.signal?.aborted && rows.length > 0) break
    rows.push(evaluateRow(job, measured, accuracy, cost))
  }
  const names = entries.map(([label]) => label)
  return conclude(names, rows, accuracy, cost)
}
