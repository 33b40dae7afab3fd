import { portableLog, UnsupportedError } from '../base/index.ts'
import type { Measures, ProblemClass } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { distance } from './loops.ts'
import { checkedPotentials, type Potentials, type TransportProblem } from './transport-data.ts'

/**
 * The larger of both sides of the marginal constraints: ||P 1 - a||_1 + ||P' 1 - b||_1 over the total mass.
 */
export function marginalErrorOf(
  engine: TransportEngine,
  rowSums: Float64Array,
  columnSums: Float64Array,
  mass: number,
): number {
  return (distance(rowSums, engine.a) + distance(columnSums, engine.b)) / mass
}

/**
 * An upper bound of the optimal regularized cost minus a lower bound of it: the objective of a feasible plan made from
 * P(x, y), bounded from its sums alone, against the dual objective.
 *
 * With f_i = min(1, a_i / r_i) and g_j = min(1, b_j / c_j), X = diag(f) P diag(g) stays below both marginals, and X + E with
 * E = (a - X 1)(b - X' 1)' / e, e = ||a - X 1||_1, is feasible. The objective of X follows from its sums because
 * epsilon ln p_ij = x_i + y_j - c_ij - epsilon; that of E is at most e (max c + epsilon max(0, 1 + ln max min(a_i, b_j))).
 */
function entropicGap(
  engine: TransportEngine,
  x: Float64Array,
  y: Float64Array,
  epsilon: number,
  mass: number,
  dual: number,
): number {
  const { a, b, rowSums: r, columnSums: c } = engine
  let cutRows = 0
  let cutColumns = 0
  let fromRows = 0
  let kept = 0
  let fromColumns = 0
  let lowestX = Infinity
  let lowestY = Infinity
  let largestA = 0
  let largestB = 0
  let first = 0
  let weightX = 0
  for (let i = 0; i < a.length; i++) {
    const f = r[i] > a[i] ? a[i] / r[i] : 1
    const alpha = x[i] + epsilon * portableLog(f)
    cutRows += (1 - f) * r[i]
    kept += f * r[i]
    fromRows += f * r[i] * alpha
    weightX += f * r[i]
    if (alpha < lowestX) lowestX = alpha
    if (a[i] > largestA) largestA = a[i]
    first += (r[i] - a[i]) * x[i]
  }
  let weightY = 0
  for (let j = 0; j < b.length; j++) {
    const g = c[j] > b[j] ? b[j] / c[j] : 1
    const beta = y[j] + epsilon * portableLog(g)
    cutColumns += (1 - g) * c[j]
    fromColumns += g * c[j] * beta
    weightY += g * c[j]
    if (beta < lowestY) lowestY = beta
    if (b[j] > largestB) largestB = b[j]
    first += (c[j] - b[j]) * y[j]
  }
  // Where pairs are forbidden E may use them; what remains is the difference at the slightly infeasible plan itself.
  if (engine.forbidden) return Math.abs(first)
  // Potentials may be shifted against each other; the shift that makes both minima equal gives the best bound.
  const shift = 0.5 * (lowestX - lowestY)
  const below = Math.max(0, -(lowestX - shift))
  const massLow = kept - cutColumns
  const rest = Math.max(0, mass - massLow)
  const upper =
    fromRows -
    shift * weightX +
    fromColumns +
    shift * weightY +
    (cutColumns + cutRows) * below -
    epsilon * massLow +
    rest * (engine.largest + epsilon * Math.max(0, 1 + portableLog(Math.min(largestA, largestB))))
  return Math.max(0, upper - dual)
}

/**
 * Entropic transport. Optimality measure: `marginalError` = (||P 1 - a||_1 + ||P' 1 - b||_1) / total mass of the plan that the
 * potentials stand for. The certificate also has `objective` (<C, P> + epsilon sum p ln p at that plan), `cost` (<C, P>),
 * `dual` (the dual objective: a lower bound of the optimal value) and `gap` (a rigorous bound of the optimal value from above,
 * minus `dual`; with forbidden pairs the difference of primal and dual at the plan). Default tolerance 1e-9, default limit
 * 10,000 iterations.
 */
export const transportClass: ProblemClass<Potentials> & { readonly name: 'transport' } = {
  name: 'transport',
  optimality: 'marginalError',
  optimalityMeaning: 'L1 norm of the marginal residuals over the total mass',
  defaults: { tolerance: 1e-9, maxIterations: 10_000 },
  oracles: ['dual', 'pass'],

  prepare(given, requirements, tally) {
    const problem = given as TransportProblem
    if (!(problem.regularization > 0)) {
      throw new UnsupportedError(
        `${requirements.name}: needs a regularization > 0; use the network simplex for exact transport`,
        {
          argument: 'regularization',
          expected: '> 0',
          received: String(problem.regularization),
        },
      )
    }
    const { dualObjective } = problem
    const prepared: TransportProblem = {
      ...problem,
      dualObjective(x, y, planMass) {
        tally.count('dual')
        return tally.value(dualObjective(x, y, planMass))
      },
      onPass() {
        tally.count('pass')
      },
    }
    return { problem: prepared, notes: [] }
  },

  startingPoint: (given, start) => checkedPotentials(given as TransportProblem, start, given.start),

  certify(given, potentials) {
    const problem = given as TransportProblem
    const { regularization: epsilon, mass } = problem
    const engine = engineFor(problem)
    const x = engine.gather(potentials.x, engine.rowIndex)
    const y = engine.gather(potentials.y, engine.columnIndex)
    const cost = engine.plan(x, y, 1 / epsilon, false, true)
    const { rowSums, columnSums, a, b } = engine
    let planMass = 0
    let objective = 0
    let dual = 0
    for (let i = 0; i < a.length; i++) {
      planMass += rowSums[i]
      objective += rowSums[i] * x[i]
      dual += a[i] * x[i]
    }
    for (let j = 0; j < b.length; j++) {
      objective += columnSums[j] * y[j]
      dual += b[j] * y[j]
    }
    objective -= epsilon * planMass
    dual -= epsilon * planMass
    return {
      objective,
      marginalError: marginalErrorOf(engine, rowSums, columnSums, mass),
      gap: entropicGap(engine, x, y, epsilon, mass, dual),
      cost,
      dual,
    } as Measures
  },
}
