import { checkNames, describe, OptionError, UnsupportedError } from '../base/index.ts'
import {
  type Certificate,
  type Iterate,
  type Method,
  type Result,
  type RunOptions,
  run,
  type Status,
  type Trace,
} from '../solver/index.ts'
import type { CostInput } from './cost.ts'
import { engineFor, releaseEngine } from './engine.ts'
import { type TransportGradient, transportGradient } from './gradients.ts'
import { greenkhorn } from './greenkhorn.ts'
import { networkSimplex } from './network-simplex.ts'
import { entropicPlan, roundedPlan, sparsePlanOf, type TransportPlan } from './plan.ts'
import { sinkhorn } from './sinkhorn.ts'
import { sinkhornEpsilonScaling } from './sinkhorn-epsilon-scaling.ts'
import { sinkhornLog } from './sinkhorn-log.ts'
import { sinkhornNewton } from './sinkhorn-newton.ts'
import { sinkhornNewtonSparse } from './sinkhorn-newton-sparse.ts'
import { sinkhornOverrelaxed } from './sinkhorn-overrelaxed.ts'
import { transportLbfgs } from './transport-lbfgs.ts'
import { transportOnLine } from './transport-on-line.ts'
import {
  type ExactTransportProblem,
  exactTransportProblem,
  type Potentials,
  type SparseCoupling,
  type TransportProblem,
  transportProblem,
  withRegularization,
} from './transport-problem.ts'
import { unbalancedTransportProblem } from './unbalanced-problem.ts'
import { unbalancedSinkhorn } from './unbalanced-sinkhorn.ts'

type EntropicMethodName =
  | 'sinkhorn'
  | 'sinkhorn-log'
  | 'sinkhorn-overrelaxed'
  | 'sinkhorn-epsilon-scaling'
  | 'greenkhorn'
  | 'sinkhorn-newton-sparse'
  | 'sinkhorn-newton'
  | 'transport-lbfgs'

const entropicMethods: Readonly<Record<EntropicMethodName, () => Method<TransportProblem>>> = {
  sinkhorn,
  'sinkhorn-log': sinkhornLog,
  'sinkhorn-overrelaxed': sinkhornOverrelaxed,
  'sinkhorn-epsilon-scaling': sinkhornEpsilonScaling,
  greenkhorn,
  'sinkhorn-newton-sparse': sinkhornNewtonSparse,
  'sinkhorn-newton': sinkhornNewton,
  'transport-lbfgs': transportLbfgs,
}

/** Names of methods that `transport` knows. */
export type TransportMethodName = EntropicMethodName | 'network-simplex' | 'line' | 'unbalanced-sinkhorn'

/** What to solve, and how; all optional. */
export interface TransportOptions {
  /**
   * epsilon > 0 in the objective <C, P> + epsilon sum p ln p, in units of the cost. Default: none (exact transport) up to
   * n m = 4e6 pairs, beyond that 0.01 times the largest cost.
   */
  regularization?: number
  /** Exact transport, whatever the size. Excludes `regularization`. */
  exact?: boolean
  /**
   * rho > 0 (or [rho_a, rho_b]): masses need not agree; the price of creating and destroying mass is rho times the
   * Kullback-Leibler divergence of the plan's marginals from a and b. Needs `regularization`.
   */
  unbalanced?: number | readonly [number, number]
  /** A method by name, or one made by its factory. Default: chosen from the problem, and named in the result. */
  method?: 'auto' | TransportMethodName | Method<TransportProblem>
  /** Marginal error (relative to the mass), for exact transport the relative gap. Defaults 1e-9 and 1e-10. */
  tolerance?: number
  maxIterations?: number
  maxSeconds?: number
  signal?: AbortSignal
  onIteration?: (iterate: Iterate) => void
  /** Potentials to start from, such as those of an earlier result. */
  start?: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }
}

/** The solution of a transport problem. */
export interface TransportResult {
  readonly status: Status
  readonly converged: boolean
  /** What happened, which method was chosen and why. */
  readonly message: string
  /** Slug of the method that computed the result. */
  readonly method: string
  /** epsilon; 0 for exact transport. */
  readonly regularization: number
  /** <C, P>: the transport cost. */
  readonly cost: number
  /** <C, P> + epsilon sum p ln p (+ the marginal penalties): what was minimised. */
  readonly objective: number
  /** (||P 1 - a||_1 + ||P' 1 - b||_1) / mass. For unbalanced transport, how much mass was created and destroyed. */
  readonly marginalError: number
  /** A bound of the optimal objective from above minus one from below: how far from optimal this can be. */
  readonly gap: number
  /** Dual potentials: also the derivatives of the objective with respect to a and b, up to a constant. */
  readonly potentials: Potentials
  /** The plan: lazy for regularized, sparse for exact transport. */
  readonly plan: TransportPlan
  /** The plan rounded to the marginals exactly (regularized transport); the plan itself otherwise. */
  roundedPlan(): TransportPlan
  /** Derivatives of the objective with respect to masses and points. */
  gradient(): TransportGradient
  readonly iterations: number
  readonly elapsedMs: number
  readonly certificate: Certificate | null
  readonly trace: Trace | null
}

const optionNames = [
  'regularization',
  'exact',
  'unbalanced',
  'method',
  'tolerance',
  'maxIterations',
  'maxSeconds',
  'signal',
  'onIteration',
  'start',
]

/** Most pairs that are solved exactly when nothing else is asked for. */
const EXACT_PAIRS = 4e6
/** Regularization over largest cost from which scalings are the fastest method. */
const MODERATE = 0.002
/** Where the path of falling regularizations begins, and its ratio. */
const PATH_START = 0.01
const PATH_RATIO = 0.25

/**
 * Optimal transport between masses a (length n) and b (length m):
 *
 *     min over P >= 0 with P 1 = a, P' 1 = b of  <C, P>  [ + regularization * sum p ln p ].
 *
 * Picks a method and says which: a sort for clouds on a line, the network simplex for exact transport, scalings for a moderate
 * regularization, sparse Newton steps along falling regularizations for a small one, log-domain iterations for clouds whose
 * matrix does not fit into memory.
 *
 * @param a masses of the source points, >= 0
 * @param b masses of the target points, >= 0, with the same sum (unless `unbalanced`)
 * @param cost matrix (flat row-major or rows), `{ source, target, metric }` point clouds, or a function of (i, j); Infinity
 *   forbids a pair
 * @returns plan, cost, potentials, and how far from optimal they are; not converged and infeasible are statuses
 * @throws {InvalidInputError | ShapeError | OptionError} on bad input, naming the argument
 *
 * @example
 * const { cost, plan } = transport([0.5, 0.5], [0.25, 0.75], [[0, 1], [1, 0]])
 * cost // 0.25
 */
export function transport(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions = {},
): TransportResult {
  checkNames(options, optionNames, 'transport')
  const { regularization, exact, unbalanced, method, start } = options
  if (exact === true && regularization !== undefined && regularization !== 0) {
    throw new OptionError('transport: exact and regularization exclude each other; give one of them', {
      argument: 'exact',
      expected: 'no regularization',
      received: `regularization ${describe(regularization)}`,
    })
  }
  if (unbalanced !== undefined) return solveUnbalanced(a, b, cost, options)
  const pairs = a.length * b.length
  const isExactMethod = method === 'network-simplex' || method === 'line'
  const wantsExact =
    exact === true || regularization === 0 || isExactMethod || (regularization === undefined && pairs <= EXACT_PAIRS)
  if (wantsExact) return solveExact(exactTransportProblem({ a, b, cost, ...(start && { start }) }), options)
  if (regularization !== undefined) {
    return solveEntropic(transportProblem({ a, b, cost, regularization, ...(start && { start }) }), options, '')
  }
  const sized = transportProblem({ a, b, cost, regularization: 1, ...(start && { start }) })
  const chosen = withRegularization(sized, PATH_START * (engineFor(sized).largest || 1))
  return solveEntropic(
    chosen,
    options,
    `No regularization was given and ${pairs} pairs are many for exact transport, so it is ${chosen.regularization}, 0.01 times the largest cost.`,
  )
}

function limits<X>(options: TransportOptions): RunOptions<X> {
  const { tolerance, maxIterations, maxSeconds, signal, onIteration } = options
  return {
    ...(tolerance !== undefined && { tolerance }),
    ...(maxIterations !== undefined && { maxIterations }),
    ...(maxSeconds !== undefined && { maxSeconds }),
    ...(signal !== undefined && { signal }),
    ...(onIteration !== undefined && { onIteration: onIteration as RunOptions<X>['onIteration'] }),
  }
}

function solveExact(problem: ExactTransportProblem, options: TransportOptions): TransportResult {
  const { method = 'auto' } = options
  if (method !== 'auto' && method !== 'network-simplex' && method !== 'line') {
    throw new UnsupportedError(
      `transport: ${typeof method === 'string' ? method : method.name} needs a regularization > 0; exact transport is solved by 'network-simplex' or 'line'`,
      { argument: 'method', expected: "'network-simplex' or 'line'", received: describe(method) },
    )
  }
  const { cost } = problem
  const onLine = cost.kind === 'points' && cost.dimension === 1 && cost.metric !== 'cosine'
  if (method === 'line' && !onLine) {
    throw new UnsupportedError(
      "transport: method 'line' needs points with one coordinate and a metric other than cosine",
      {
        argument: 'method',
        expected: 'one-dimensional points',
        received:
          cost.kind === 'points' ? `${cost.dimension} coordinates, ${cost.metric}` : `a cost given by a ${cost.kind}`,
      },
    )
  }
  if (onLine && method !== 'network-simplex') return solveOnLine(problem)
  const result = run(problem, networkSimplex(), limits<SparseCoupling>(options))
  const plan = sparsePlanOf(problem.a.length, problem.b.length, result.x)
  return assemble(problem, result, result.x, plan, result.objective, `${result.message} Method: network simplex.`)
}

function solveOnLine(problem: ExactTransportProblem): TransportResult {
  const { a, b, cost } = problem
  if (cost.kind !== 'points' || cost.metric === 'cosine') throw new UnsupportedError('transport: not a line')
  const began = performance.now()
  const solution = transportOnLine(a, b, cost.source, cost.target, cost.metric)
  const measures = problem.class.certify(problem, solution)
  const { objective, gap, marginalError } = measures
  releaseEngine(problem)
  const elapsedMs = performance.now() - began
  const plan = sparsePlanOf(a.length, b.length, solution)
  return {
    status: 'converged',
    converged: true,
    message: 'Solved in closed form: the points lie on a line, where the monotone plan is optimal.',
    method: 'line',
    regularization: 0,
    cost: objective,
    objective,
    marginalError,
    gap,
    potentials: { x: solution.x, y: solution.y },
    plan,
    roundedPlan: () => plan,
    gradient: () => transportGradient(problem, solution, plan),
    iterations: 0,
    elapsedMs,
    certificate: { measures, criteria: [{ measure: 'relativeGap', value: measures.relativeGap, threshold: 1e-10 }] },
    trace: null,
  }
}

function solveEntropic(problem: TransportProblem, options: TransportOptions, remark: string): TransportResult {
  const { method = 'auto' } = options
  let result: Result<Potentials>
  let why: string
  if (typeof method !== 'string') {
    result = run(problem, method, limits<Potentials>(options))
    why = `Method: ${method.name}.`
  } else if (method !== 'auto') {
    const factory = entropicMethods[method as EntropicMethodName]
    if (factory === undefined) {
      throw new OptionError(
        `transport: unknown method ${describe(method)} for regularized transport; expected one of ${Object.keys(entropicMethods).join(', ')}`,
        { argument: 'method', expected: Object.keys(entropicMethods).join(', '), received: describe(method) },
      )
    }
    result = run(problem, factory() as Method<TransportProblem>, limits<Potentials>(options))
    why = `Method: ${method}.`
  } else {
    const engine = engineFor(problem)
    const ratio = problem.regularization / (engine.largest || problem.regularization)
    if (ratio >= MODERATE || problem.mass === 0) {
      result = run(problem, sinkhornOverrelaxed(), limits<Potentials>(options))
      why = 'Method: sinkhorn-overrelaxed, as the regularization is moderate.'
    } else if (engine.slot === null) {
      result = run(problem, sinkhornEpsilonScaling(), limits<Potentials>(options))
      why =
        'Method: sinkhorn-epsilon-scaling, as the regularization is small and the matrix of costs does not fit into memory.'
    } else {
      const path = followPath(problem, engine.largest, options)
      result = path.result
      why = `Method: sinkhorn-newton-sparse along ${path.stages} falling regularizations, as the regularization is small; ${path.iterations} iterations in all.`
    }
  }
  const cost = result.certificate?.measures.cost ?? NaN
  const plan = entropicPlan(problem, result.x)
  return assemble(problem, result, result.x, plan, cost, [result.message, why, remark].filter(Boolean).join(' '))
}

/** Sparse Newton steps for a falling sequence of regularizations, each from the potentials of the one before. */
function followPath(
  problem: TransportProblem,
  largest: number,
  options: TransportOptions,
): { result: Result<Potentials>; stages: number; iterations: number } {
  const method = sinkhornNewtonSparse({ keepPerRow: 15, sinkhornIterations: 5 })
  const began = performance.now()
  let epsilon = problem.start === undefined ? PATH_START * largest : problem.regularization
  let start: Potentials | undefined
  let stages = 0
  let iterations = 0
  for (;;) {
    epsilon = Math.max(epsilon, problem.regularization)
    const last = epsilon === problem.regularization
    const { maxSeconds, maxIterations, ...others } = options
    const given = limits<Potentials>(others)
    const result = run(withRegularization(problem, epsilon), method, {
      ...given,
      ...(start !== undefined && { start }),
      ...(maxSeconds !== undefined && { maxSeconds: Math.max(0, maxSeconds - (performance.now() - began) / 1000) }),
      maxIterations: Math.max(0, (maxIterations ?? 10_000) - iterations),
      ...(last ? {} : { tolerance: Math.max(1e-4, options.tolerance ?? 0), traceEvery: 0 }),
    })
    stages++
    iterations += result.iterations
    const over = result.status === 'aborted' || result.status === 'infeasible' || result.status === 'time-limit'
    if (last) return { result, stages, iterations }
    const next = over ? problem.regularization : Math.max(epsilon * PATH_RATIO, problem.regularization)
    // P = exp((x + y - c) / epsilon - 1): x + y - epsilon is what carries over.
    start = { x: result.x.x.map((value) => value + next - epsilon), y: result.x.y }
    epsilon = next
  }
}

function solveUnbalanced(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions,
): TransportResult {
  const { regularization, unbalanced, method = 'auto', start } = options
  if (regularization === undefined) {
    throw new OptionError('transport: unbalanced transport needs a regularization, a finite number > 0', {
      argument: 'regularization',
      expected: 'a finite number > 0',
      received: 'undefined',
    })
  }
  if (method !== 'auto' && method !== 'unbalanced-sinkhorn') {
    throw new UnsupportedError("transport: unbalanced transport is solved by 'unbalanced-sinkhorn' only", {
      argument: 'method',
      expected: "'unbalanced-sinkhorn'",
      received: describe(method),
    })
  }
  const problem = unbalancedTransportProblem({
    a,
    b,
    cost,
    regularization,
    marginalPenalty: unbalanced as number,
    ...(start && { start }),
  })
  const result = run(problem, unbalancedSinkhorn(), limits<Potentials>(options))
  const plan = entropicPlan(problem, result.x)
  const engine = engineFor(problem)
  engine.plan(
    engine.gather(result.x.x, engine.rowIndex),
    engine.gather(result.x.y, engine.columnIndex),
    1 / problem.regularization,
  )
  let error = 0
  let mass = 0
  for (let i = 0; i < engine.rows; i++) {
    error += Math.abs(engine.rowSums[i] - engine.a[i])
    mass += engine.a[i]
  }
  for (let j = 0; j < engine.columns; j++) error += Math.abs(engine.columnSums[j] - engine.b[j])
  const message = `${result.message} Method: unbalanced-sinkhorn.`
  return {
    ...assemble(problem, result, result.x, plan, result.certificate?.measures.cost ?? NaN, message),
    marginalError: error / mass,
    // Here the derivative is that of the penalties: rho (1 - exp(-x / rho)).
    gradient: () => {
      const [rhoA, rhoB] = problem.penalties
      const points = transportGradient(problem, result.x, plan)
      return {
        ...points,
        a: result.x.x.map((value) => -rhoA * Math.expm1(-value / rhoA)),
        b: result.x.y.map((value) => -rhoB * Math.expm1(-value / rhoB)),
      }
    },
  }
}

function assemble(
  problem: Pick<TransportProblem, 'a' | 'b' | 'cost' | 'regularization'>,
  result: Result<Potentials>,
  potentials: Potentials,
  plan: TransportPlan,
  cost: number,
  message: string,
): TransportResult {
  const measures = result.certificate?.measures
  // What the result still needs of the costs (a lazy plan, a gradient) is made anew when asked for.
  releaseEngine(problem)
  return {
    status: result.status,
    converged: result.converged,
    message,
    method: result.method,
    regularization: problem.regularization,
    cost,
    objective: result.objective,
    marginalError: measures?.marginalError ?? NaN,
    gap: measures?.gap ?? NaN,
    potentials: { x: potentials.x, y: potentials.y },
    plan,
    roundedPlan: () =>
      plan.kind === 'lazy' && 'mass' in problem ? roundedPlan(problem as TransportProblem, potentials) : plan,
    gradient: () => transportGradient(problem, potentials, plan),
    iterations: result.iterations,
    elapsedMs: result.elapsedMs,
    certificate: result.certificate,
    trace: result.trace,
  }
}
