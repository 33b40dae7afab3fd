import { checkNames, describe, OptionError, portableExpm1, UnsupportedError } from '../base/index.ts'
import { type Computation, type Method, type Result, type RunOptions, runWithin } from '../solver/index.ts'
import type { CostInput } from './cost.ts'
import { engineFor, releaseEngine } from './engine-registry.ts'
import { transportClass } from './entropic-class.ts'
import { transportGradient } from './gradients.ts'
import { greenkhorn } from './greenkhorn.ts'
import { networkSimplex } from './network-simplex.ts'
import { entropicPlan, roundedPlan, sparsePlanOf, type TransportPlan } from './plan.ts'
import { sinkhorn } from './sinkhorn.ts'
import { sinkhornEpsilonScaling } from './sinkhorn-epsilon-scaling.ts'
import { sinkhornLog } from './sinkhorn-log.ts'
import { sinkhornNewton } from './sinkhorn-newton.ts'
import { sinkhornNewtonSparse } from './sinkhorn-newton-sparse.ts'
import { sinkhornOverrelaxed } from './sinkhorn-overrelaxed.ts'
import type { ExactTransportProblem, Potentials, SparseCoupling, TransportProblem } from './transport-data.ts'
import { transportLbfgs } from './transport-lbfgs.ts'
import { transportOnLine } from './transport-on-line.ts'
import { exactTransportProblem, transportProblem, withRegularization } from './transport-problem.ts'
import type { EntropicMethodName, TransportOptions, TransportResult } from './transport-result.ts'
import { unbalancedTransportProblem } from './unbalanced-problem.ts'
import { unbalancedSinkhorn } from './unbalanced-sinkhorn.ts'

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

/** The computation behind `transport` and `transportAsync`: picks the method, runs it, and makes the result. */
export function* transportSolution(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions,
): Computation<TransportResult> {
  checkNames(options, optionNames, 'transport')
  const { regularization, exact, unbalanced, method, start } = options
  if (exact === true && regularization !== undefined && regularization !== 0) {
    throw new OptionError('transport: exact and regularization exclude each other; give one of them', {
      argument: 'exact',
      expected: 'no regularization',
      received: `regularization ${describe(regularization)}`,
    })
  }
  if (unbalanced !== undefined) return yield* solveUnbalanced(a, b, cost, options)
  const pairs = (a?.length ?? 0) * (b?.length ?? 0)
  const isExactMethod = method === 'network-simplex' || method === 'line'
  const wantsExact =
    exact === true || regularization === 0 || isExactMethod || (regularization === undefined && pairs <= EXACT_PAIRS)
  if (wantsExact) return yield* solveExact(exactTransportProblem({ a, b, cost, ...(start && { start }) }), options)
  if (regularization !== undefined) {
    return yield* solveEntropic(transportProblem({ a, b, cost, regularization, ...(start && { start }) }), options, '')
  }
  const sized = transportProblem({ a, b, cost, regularization: 1, ...(start && { start }) })
  const chosen = withRegularization(sized, PATH_START * (engineFor(sized).largest || 1))
  return yield* solveEntropic(
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

function* solveExact(problem: ExactTransportProblem, options: TransportOptions): Computation<TransportResult> {
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
  const result = yield* runWithin(problem, networkSimplex(), limits<SparseCoupling>(options))
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

function* solveEntropic(
  problem: TransportProblem,
  options: TransportOptions,
  remark: string,
): Computation<TransportResult> {
  const { method = 'auto' } = options
  let result: Result<Potentials>
  let why: string
  let work: Work | undefined
  if (typeof method !== 'string') {
    result = yield* runWithin(problem, method, limits<Potentials>(options))
    why = `Method: ${method.name}.`
  } else if (method !== 'auto') {
    const factory = entropicMethods[method as EntropicMethodName]
    if (factory === undefined) {
      throw new OptionError(
        `transport: unknown method ${describe(method)} for regularized transport; expected one of ${Object.keys(entropicMethods).join(', ')}`,
        { argument: 'method', expected: Object.keys(entropicMethods).join(', '), received: describe(method) },
      )
    }
    result = yield* runWithin(problem, factory() as Method<TransportProblem>, limits<Potentials>(options))
    why = `Method: ${method}.`
  } else {
    const engine = engineFor(problem)
    const ratio = problem.regularization / (engine.largest || problem.regularization)
    if (ratio >= MODERATE || problem.mass === 0) {
      const moderate = yield* scaleThenNewton(problem, engine.slot !== null, options)
      result = moderate.result
      why = moderate.why
      work = moderate.work
    } else if (engine.slot === null) {
      result = yield* runWithin(problem, sinkhornEpsilonScaling(), limits<Potentials>(options))
      why =
        'Method: sinkhorn-epsilon-scaling, as the regularization is small and the matrix of costs does not fit into memory.'
    } else {
      const path = yield* followPath(problem, engine.largest, options)
      result = path.result
      why = `Method: sinkhorn-newton-sparse along ${path.stages} falling regularizations, as the regularization is small; ${path.work.iterations} iterations in all.`
      work = path.work
    }
  }
  const cost = result.certificate?.measures.cost ?? NaN
  const plan = entropicPlan(problem, result.x)
  return assemble(problem, result, result.x, plan, cost, [result.message, why, remark].filter(Boolean).join(' '), work)
}

/** Iterations after which over-relaxed scalings count as slow. */
const PATIENCE = 200

/** Over-relaxed scalings; where they are slow (points in groups far apart, say), sparse Newton steps from where they got to. */
function* scaleThenNewton(
  problem: TransportProblem,
  fits: boolean,
  options: TransportOptions,
): Computation<{ result: Result<Potentials>; why: string; work?: Work }> {
  const { maxIterations = transportClass.defaults.maxIterations, maxSeconds } = options
  const given = limits<Potentials>(options)
  const first = yield* runWithin(problem, sinkhornOverrelaxed(), {
    ...given,
    ...(fits && { maxIterations: Math.min(PATIENCE, maxIterations) }),
  })
  if (first.status !== 'iteration-limit' || !fits || maxIterations <= PATIENCE) {
    return { result: first, why: 'Method: sinkhorn-overrelaxed, as the regularization is moderate.' }
  }
  const second = yield* runWithin(problem, newtonSteps(), {
    ...given,
    start: first.x,
    maxIterations: maxIterations - first.iterations,
    ...(maxSeconds !== undefined && { maxSeconds: Math.max(0, maxSeconds - first.elapsedMs / 1000) }),
  })
  const work = {
    iterations: first.iterations + second.iterations,
    elapsedMs: first.elapsedMs + second.elapsedMs,
  }
  const why = `Method: sinkhorn-newton-sparse, after ${first.iterations} iterations of sinkhorn-overrelaxed made slow progress; ${work.iterations} iterations in all.`
  return { result: second, why, work }
}

const newtonSteps = () => sinkhornNewtonSparse({ keepPerRow: 15, sinkhornIterations: 5 })

/** What a result took, over all its runs. */
type Work = Pick<TransportResult, 'iterations' | 'elapsedMs'>

/** Sparse Newton steps for a falling sequence of regularizations, each from the potentials of the one before. */
function* followPath(
  problem: TransportProblem,
  largest: number,
  options: TransportOptions,
): Computation<{ result: Result<Potentials>; stages: number; work: Work }> {
  const method = newtonSteps()
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
    const result = yield* runWithin(withRegularization(problem, epsilon), method, {
      ...given,
      ...(start !== undefined && { start }),
      ...(maxSeconds !== undefined && { maxSeconds: Math.max(0, maxSeconds - (performance.now() - began) / 1000) }),
      maxIterations: Math.max(0, (maxIterations ?? transportClass.defaults.maxIterations) - iterations),
      ...(last ? {} : { tolerance: Math.max(1e-4, options.tolerance ?? 0), traceEvery: 0 }),
    })
    stages++
    iterations += result.iterations
    if (last) return { result, stages, work: { iterations, elapsedMs: performance.now() - began } }
    const spent = iterations >= (maxIterations ?? transportClass.defaults.maxIterations)
    const over = spent || ['aborted', 'infeasible', 'time-limit', 'diverged'].includes(result.status)
    const next = over ? problem.regularization : Math.max(epsilon * PATH_RATIO, problem.regularization)
    // P = exp((x + y - c) / epsilon - 1): x + y - epsilon is what carries over.
    start = { x: result.x.x.map((value) => value + next - epsilon), y: result.x.y }
    // The run ends here; under a much smaller regularization the plan of these potentials may overflow unless it is fitted.
    if (over && result.status !== 'infeasible') start = fitted(problem, start)
    epsilon = next
  }
}

/**
 * Potentials whose plan has the right column sums, and the row potentials that belong to them: one iteration of Sinkhorn. Those
 * given, where a point without allowed pairs leaves none.
 */
function fitted(problem: TransportProblem, given: Potentials): Potentials {
  const engine = engineFor(problem)
  const { rowIndex, columnIndex } = engine
  engine.pass(engine.gather(given.x, rowIndex), engine.gather(given.y, columnIndex), 1 / problem.regularization)
  if (!engine.nextX.every(Number.isFinite) || !engine.nextY.every(Number.isFinite)) return given
  return {
    x: engine.spread(engine.nextX.slice(), rowIndex, given.x.length),
    y: engine.spread(engine.nextY.slice(), columnIndex, given.y.length),
  }
}

function* solveUnbalanced(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions,
): Computation<TransportResult> {
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
  const result = yield* runWithin(problem, unbalancedSinkhorn(), limits<Potentials>(options))
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
        a: result.x.x.map((value) => -rhoA * portableExpm1(-value / rhoA)),
        b: result.x.y.map((value) => -rhoB * portableExpm1(-value / rhoB)),
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
  { iterations, elapsedMs }: Work = result,
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
    // Without any plan there is no optimum to be near to.
    gap: result.status === 'infeasible' ? Infinity : (measures?.gap ?? NaN),
    potentials: { x: potentials.x, y: potentials.y },
    plan,
    roundedPlan: () =>
      plan.kind === 'lazy' && 'mass' in problem ? roundedPlan(problem as TransportProblem, potentials) : plan,
    gradient: () => transportGradient(problem, potentials, plan),
    iterations,
    elapsedMs,
    certificate: result.certificate,
    trace: result.trace,
  }
}
