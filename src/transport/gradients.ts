import { UnsupportedError } from '../base/index.ts'
import type { TransportPlan } from './plan.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

/** Derivatives of an optimal transport cost with respect to its data. */
export interface TransportGradient {
  /** d cost / d a, up to a constant (masses must keep their sum): the potentials, shifted to mean 0 under a. */
  a: Float64Array
  /** d cost / d b, likewise. */
  b: Float64Array
  /** d cost / d source points, [n, dimension]; only for point costs. */
  source?: Float64Array
  /** d cost / d target points, [m, dimension]. */
  target?: Float64Array
}

/**
 * Writes d c(s, t) / d s for one pair, at `out[at..]`, times `factor`, adding. Points are as stored in the cost (of unit length
 * under the cosine metric, with `length` the original one).
 */
function addCostGradient(
  metric: string,
  s: Float64Array,
  sAt: number,
  t: Float64Array,
  tAt: number,
  dimension: number,
  length: number,
  factor: number,
  out: Float64Array,
): void {
  if (metric === 'squared-euclidean') {
    for (let k = 0; k < dimension; k++) out[sAt + k] += 2 * factor * (s[sAt + k] - t[tAt + k])
  } else if (metric === 'l1') {
    for (let k = 0; k < dimension; k++) out[sAt + k] += factor * Math.sign(s[sAt + k] - t[tAt + k])
  } else if (metric === 'euclidean') {
    let squares = 0
    for (let k = 0; k < dimension; k++) squares += (s[sAt + k] - t[tAt + k]) ** 2
    // At distance 0 the norm has no gradient; 0 is a subgradient.
    if (squares > 0) {
      const w = factor / Math.sqrt(squares)
      for (let k = 0; k < dimension; k++) out[sAt + k] += w * (s[sAt + k] - t[tAt + k])
    }
  } else {
    let inner = 0
    for (let k = 0; k < dimension; k++) inner += s[sAt + k] * t[tAt + k]
    for (let k = 0; k < dimension; k++) out[sAt + k] -= (factor * (t[tAt + k] - inner * s[sAt + k])) / length
  }
}

/**
 * sum_j p_ij d c(s_i, t_j) / d s_i and sum_i p_ij d c(s_i, t_j) / d t_j for a plan between point clouds.
 *
 * @throws {UnsupportedError} if the cost is not given by points
 */
export function pointGradients(
  problem: Pick<TransportProblem, 'cost'>,
  plan: TransportPlan,
): { source: Float64Array; target: Float64Array } {
  const { cost } = problem
  if (cost.kind !== 'points') {
    throw new UnsupportedError('transport gradient: points have a gradient only if the cost is given by points', {
      argument: 'cost',
      expected: '{ source, target, metric }',
      received: `a cost given by a ${cost.kind}`,
    })
  }
  const { source, target, dimension, metric, sourceLengths, targetLengths } = cost
  const gradient = { source: new Float64Array(source.length), target: new Float64Array(target.length) }
  const row = new Float64Array(plan.columns)
  for (let i = 0; i < plan.rows; i++) {
    plan.row(i, row)
    for (let j = 0; j < plan.columns; j++) {
      if (row[j] === 0) continue
      const s = i * dimension
      const t = j * dimension
      addCostGradient(metric, source, s, target, t, dimension, sourceLengths?.[i] ?? 1, row[j], gradient.source)
      addCostGradient(metric, target, t, source, s, dimension, targetLengths?.[j] ?? 1, row[j], gradient.target)
    }
  }
  return gradient
}

/** Potentials shifted to mean 0 under the masses; -Infinity (mass 0 under an entropy) stays. */
export function centred(potential: Float64Array, masses: Float64Array): Float64Array {
  let mean = 0
  let total = 0
  for (let i = 0; i < masses.length; i++) {
    if (masses[i] > 0) mean += masses[i] * potential[i]
    total += masses[i]
  }
  return potential.map((value) => value - mean / total)
}

/**
 * The gradient of an optimal transport cost at its solution, by the envelope theorem: the potentials for the masses, and the
 * plan's average of the cost's gradient for the points. Exact for the solution's marginals; as accurate as the solution is.
 *
 * @param problem the problem that was solved, regularized or exact
 * @param solution its potentials
 * @param plan its plan
 */
export function transportGradient(
  problem: Pick<TransportProblem, 'a' | 'b' | 'cost'>,
  solution: Potentials,
  plan: TransportPlan,
): TransportGradient {
  return {
    a: centred(solution.x, problem.a),
    b: centred(solution.y, problem.b),
    ...(problem.cost.kind === 'points' && pointGradients(problem, plan)),
  }
}
