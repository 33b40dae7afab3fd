import { checked, integer, OptionError, portableExp, positive, ShapeError } from '../base/index.ts'
import { run, type Status } from '../solver/index.ts'
import type { CostInput } from './cost.ts'
import { engineFor } from './engine-registry.ts'
import { centred, pointGradients, type TransportGradient } from './gradients.ts'
import { entropicPlan } from './plan.ts'
import { sinkhornOverrelaxed } from './sinkhorn-overrelaxed.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'
import { transportProblem } from './transport-problem.ts'

export interface SinkhornDivergenceOptions {
  /** epsilon > 0; required. */
  regularization?: number
  /** Marginal error at which each of the three problems counts as solved, > 0. Default 1e-9. */
  tolerance?: number
  /** Most iterations for each of the three problems, >= 1. Default 10,000. */
  maxIterations?: number
}

/** A Sinkhorn divergence and its gradient. */
export interface SinkhornDivergence {
  /** S(a, b) >= 0, up to the tolerance. */
  readonly value: number
  readonly status: Status
  readonly converged: boolean
  readonly message: string
  /** Iterations of the three problems: a to b, a to a, b to b. */
  readonly iterations: readonly [number, number, number]
  /** The gradient with respect to masses and, for point costs, points. */
  readonly gradient: TransportGradient
}

/** Solves the symmetric problem of one measure with itself by averaged soft minima: x <- (x + softmin(x)) / 2. */
function selfTransport(
  problem: TransportProblem,
  tolerance: number,
  maxIterations: number,
): { x: Float64Array; value: number; error: number; iterations: number } {
  const engine = engineFor(problem)
  const { a } = engine
  const epsilon = problem.regularization
  let x: Float64Array = new Float64Array(engine.rows)
  let error = Infinity
  let iterations = 0
  let planMass = 0
  for (;;) {
    engine.pass(x, x, 1 / epsilon, 1, 0.5)
    error = 0
    planMass = 0
    for (let i = 0; i < a.length; i++) {
      const sum = a[i] * portableExp((x[i] - engine.softmin[i]) / epsilon)
      error += 2 * Math.abs(sum - a[i])
      planMass += sum
    }
    error /= problem.mass
    if (error <= tolerance || iterations >= maxIterations) break
    x = engine.nextX.slice()
    iterations++
  }
  let value = -epsilon * planMass
  for (let i = 0; i < a.length; i++) value += 2 * a[i] * x[i]
  return { x: engine.spread(x, engine.rowIndex, problem.a.length), value, error, iterations }
}

/**
 * The Sinkhorn divergence S(a, b) = OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2 of entropic transport costs: without the entropic
 * bias, so that S >= 0, and S = 0 only for a = b, for the costs |s - t| and |s - t|^2. (The value does not depend on whether the
 * entropy is taken relative to a x b or not.)
 *
 * @param cost point clouds, or three matrices: from a's points to b's, among a's, and among b's
 * @returns value and gradient; not converged is a status
 * @throws {OptionError} if the regularization is missing
 * @throws {ShapeError} if sizes do not fit
 * @see Feydy, Sejourne, Vialard, Amari, Trouve and Peyre, Interpolating between optimal transport and MMD using Sinkhorn
 *   divergences (2019), Eq. (3) and Theorem 1
 */
export function sinkhornDivergence(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost:
    | Extract<CostInput, { source: unknown }>
    | { readonly between: CostInput; readonly withinA: CostInput; readonly withinB: CostInput },
  options: SinkhornDivergenceOptions,
): SinkhornDivergence {
  const { regularization, tolerance, maxIterations } = checked('sinkhorn divergence', options, {
    regularization: positive<number | undefined>(undefined, 'regularization'),
    tolerance: positive(1e-9, 'tolerance'),
    maxIterations: integer(10_000, 'most iterations', { min: 1 }),
  })
  if (regularization === undefined) {
    throw new OptionError('sinkhorn divergence: regularization must be given, a finite number > 0', {
      argument: 'regularization',
      expected: 'a finite number > 0',
      received: 'undefined',
    })
  }
  const costs =
    'source' in cost
      ? {
          between: cost,
          withinA: { ...cost, target: cost.source },
          withinB: { ...cost, source: cost.target ?? cost.source, target: cost.target ?? cost.source },
        }
      : cost
  if (costs.between === undefined || costs.withinA === undefined || costs.withinB === undefined) {
    throw new ShapeError('sinkhorn divergence: cost must be { source, target } or { between, withinA, withinB }', {
      argument: 'cost',
    })
  }
  const between = transportProblem({ a, b, cost: costs.between, regularization })
  const selfA = transportProblem({ a, b: a, cost: costs.withinA, regularization })
  const selfB = transportProblem({ a: between.b, b: between.b, cost: costs.withinB, regularization })
  const solved = run(between, sinkhornOverrelaxed(), { tolerance, maxIterations, traceEvery: 0 })
  const first = selfTransport(selfA, tolerance, maxIterations)
  const second = selfTransport(selfB, tolerance, maxIterations)
  const dual = solved.certificate?.measures.dual ?? NaN
  const converged = solved.converged && first.error <= tolerance && second.error <= tolerance
  const status: Status = converged ? 'converged' : solved.converged ? 'iteration-limit' : solved.status
  const difference = (x: Float64Array, y: Float64Array, masses: Float64Array): Float64Array =>
    centred(
      x.map((value, i) => (masses[i] > 0 ? value - y[i] : 0)),
      masses,
    )
  const gradient: TransportGradient = {
    a: difference(solved.x.x, first.x, between.a),
    b: difference(solved.x.y, second.x, between.b),
  }
  if (between.cost.kind === 'points') {
    const cross = pointGradients(between, entropicPlan(between, solved.x))
    const itself = (problem: TransportProblem, potentials: Potentials): Float64Array =>
      pointGradients(problem, entropicPlan(problem, potentials)).source
    const fromA = itself(selfA, { x: first.x, y: first.x })
    const fromB = itself(selfB, { x: second.x, y: second.x })
    gradient.source = cross.source.map((value, k) => value - fromA[k])
    gradient.target = cross.target.map((value, k) => value - fromB[k])
  }
  return {
    value: dual - 0.5 * first.value - 0.5 * second.value,
    status,
    converged,
    message: converged ? 'All three problems are solved to the tolerance.' : `Not converged: ${solved.message}`,
    iterations: [solved.iterations, first.iterations, second.iterations],
    gradient,
  }
}
