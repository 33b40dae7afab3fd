import {
  callback,
  checked,
  InvalidInputError,
  integer,
  OptionError,
  portableExp,
  positive,
  ShapeError,
  structured,
} from '../base/index.ts'
import type { Status } from '../solver/index.ts'
import { type CostInput, checkedCost } from './cost.ts'
import { TransportEngine } from './engine.ts'
import { checkedWeights } from './transport-data.ts'

export interface BarycenterOptions {
  /** epsilon > 0; required. */
  regularization?: number
  /** Weights of the measures, >= 0; scaled to sum 1. Default: equal. */
  weights?: readonly number[]
  /** Weighted L1 difference between the barycenter and the row sums of the plans, at which to stop, > 0. Default 1e-8. */
  tolerance?: number
  /** Most iterations, >= 1. Default 2000. */
  maxIterations?: number
  /** Ends the computation with status `aborted`. */
  signal?: AbortSignal
  /** Called after each iteration with the residual. */
  onIteration?: (iteration: number, residual: number) => void
}

/** An entropic barycenter on a fixed support. */
export interface Barycenter {
  /** Masses on the support, length n, sum 1. */
  readonly weights: Float64Array
  readonly status: Status
  readonly converged: boolean
  readonly message: string
  readonly iterations: number
  /** sum_k lambda_k ||P_k 1 - w||_1. */
  readonly residual: number
  /** sum_k lambda_k (<C_k, P_k> + epsilon sum p ln p). */
  readonly objective: number
}

/**
 * The barycenter w of measures b_1, ..., b_K on a fixed support of n points,
 *
 *     min over w >= 0, sum w = 1 of  sum_k lambda_k OT_epsilon(w, b_k),
 *
 * by iterative Bregman projections in the log domain: each iteration fits every plan to its b_k and then all of them to their
 * common row sums, the weighted geometric mean. Two passes per measure and iteration; the costs of all measures are kept.
 *
 * @param measures K lists of masses, each scaled to sum 1; their lengths m_k may differ
 * @param cost one cost [n, m] for all of them, or a list of K costs [n, m_k]
 * @param n number of support points; default: the length of the first measure
 * @throws {OptionError} if the regularization is missing
 * @throws {ShapeError} if sizes do not fit
 * @see Benamou, Carlier, Cuturi, Nenna and Peyre, Iterative Bregman projections for regularized transportation problems (2015),
 *   Section 3.2
 */
export function transportBarycenter(
  measures: readonly ArrayLike<number>[],
  cost: CostInput | { readonly each: readonly CostInput[] },
  options: BarycenterOptions,
  n = measures[0]?.length ?? 0,
): Barycenter {
  const { regularization, weights, tolerance, maxIterations, signal, onIteration } = checked('barycenter', options, {
    regularization: positive<number | undefined>(undefined, 'regularization'),
    weights: structured<readonly number[] | undefined>(undefined, 'weights', 'an array of numbers', Array.isArray),
    tolerance: positive(1e-8, 'tolerance'),
    maxIterations: integer(2000, 'most iterations', { min: 1 }),
    signal: structured<AbortSignal | undefined>(
      undefined,
      'signal',
      'an AbortSignal',
      (value) => typeof value === 'object' && value !== null && 'aborted' in value,
    ),
    onIteration: callback<(iteration: number, residual: number) => void>('after each iteration'),
  })
  if (regularization === undefined) {
    throw new OptionError('barycenter: regularization must be given, a finite number > 0', {
      argument: 'regularization',
      expected: 'a finite number > 0',
      received: 'undefined',
    })
  }
  if (measures.length === 0) {
    throw new InvalidInputError('barycenter: expected at least one measure', {
      argument: 'measures',
      expected: 'at least one',
    })
  }
  const count = measures.length
  const lambda = weights === undefined ? new Float64Array(count).fill(1) : checkedWeights('weights', weights)
  if (lambda.length !== count) {
    throw new ShapeError(`barycenter: ${lambda.length} weights for ${count} measures`, {
      argument: 'weights',
      expected: `length ${count}`,
      received: `length ${lambda.length}`,
    })
  }
  const lambdaSum = lambda.reduce((sum, value) => sum + value, 0)
  for (let k = 0; k < count; k++) lambda[k] /= lambdaSum
  const costs = typeof cost === 'object' && 'each' in cost ? cost.each : measures.map(() => cost)
  if (costs.length !== count) {
    throw new ShapeError(`barycenter: ${costs.length} costs for ${count} measures`, {
      argument: 'cost',
      expected: `${count} costs`,
      received: String(costs.length),
    })
  }
  const ones = new Float64Array(n).fill(1)
  // A measure of weight zero has no say; a shared cost is checked once but kept per measure, for the plans' sums.
  const used = Array.from({ length: count }, (_, k) => k).filter((k) => lambda[k] > 0)
  const engines = used.map((k) => {
    const b = checkedWeights(`measures[${k}]`, measures[k])
    const sum = b.reduce((total, value) => total + value, 0)
    for (let j = 0; j < b.length; j++) b[j] /= sum
    return new TransportEngine({ a: ones, b, cost: checkedCost(costs[k], n, b.length) })
  })
  const eta = 1 / regularization
  const xs = engines.map(() => new Float64Array(n))
  const ys = engines.map((engine) => new Float64Array(engine.columns))
  const softs = engines.map(() => new Float64Array(n))
  const w = new Float64Array(n).fill(1 / n)
  let residual = Infinity
  let iterations = 0
  let status: Status = 'iteration-limit'
  for (;;) {
    residual = 0
    for (let e = 0; e < engines.length; e++) {
      const engine = engines[e]
      // Columns to b_k under the present x, rows left alone; then the soft minima of the rows.
      engine.pass(xs[e], ys[e], eta, 1, 0, 1, 1)
      ys[e].set(engine.nextY)
      engine.pass(xs[e], ys[e], eta, 1, 0, 1, 0)
      softs[e].set(engine.softmin)
      let difference = 0
      for (let i = 0; i < n; i++) difference += Math.abs(portableExp(eta * (xs[e][i] - softs[e][i])) - w[i])
      residual += lambda[used[e]] * difference
    }
    onIteration?.(iterations, residual)
    if (!Number.isFinite(residual)) {
      status = 'diverged'
      break
    }
    if (iterations > 0 && residual <= tolerance) {
      status = 'converged'
      break
    }
    if (signal?.aborted) {
      status = 'aborted'
      break
    }
    if (iterations >= maxIterations) break
    // ln w = sum_k lambda_k ln(row sums of plan k): the projection onto equal row sums.
    for (let i = 0; i < n; i++) {
      let log = 0
      for (let e = 0; e < engines.length; e++) log += lambda[used[e]] * (xs[e][i] - softs[e][i])
      for (let e = 0; e < engines.length; e++) xs[e][i] = softs[e][i] + log
      w[i] = portableExp(eta * log)
    }
    iterations++
  }
  let objective = 0
  for (let e = 0; e < engines.length; e++) {
    const engine = engines[e]
    engine.plan(xs[e], ys[e], eta)
    let value = 0
    let mass = 0
    for (let i = 0; i < n; i++) {
      value += engine.rowSums[i] * xs[e][i]
      mass += engine.rowSums[i]
    }
    for (let j = 0; j < engine.columns; j++) value += engine.columnSums[j] * ys[e][j]
    objective += lambda[used[e]] * (value - regularization * mass)
  }
  const total = w.reduce((sum, value) => sum + value, 0)
  for (let i = 0; i < n; i++) w[i] /= total
  const short = residual.toExponential(2)
  return {
    weights: w,
    status,
    converged: status === 'converged',
    message:
      status === 'converged'
        ? `Converged after ${iterations} iterations: residual ${short} <= ${tolerance}.`
        : `Not converged (${status}) after ${iterations} iterations: residual ${short}. Raise maxIterations or the regularization.`,
    iterations,
    residual,
    objective,
  }
}
