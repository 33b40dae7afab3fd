import type { Measures, ProblemClass } from '../solver/index.ts'
import { engineFor } from './engine-registry.ts'
import { checkedPotentials, type ExactTransportProblem, type SparseCoupling } from './transport-data.ts'

/**
 * Unregularized transport. Optimality measure: `relativeGap` = (<C, P> - dual) / (total mass * largest |c|), where dual is the
 * value of the potentials (min_j (c_ij - y_j), y), which are feasible whatever y is. The certificate also has `objective`,
 * `gap` and `marginalError`; both a small gap and a small marginal error are needed for optimality, and the basis gives the
 * second to rounding. Default tolerance 1e-10, default limit 10 million iterations.
 */
export const exactTransportClass: ProblemClass<SparseCoupling> & { readonly name: 'exact-transport' } = {
  name: 'exact-transport',
  optimality: 'relativeGap',
  optimalityMeaning: 'primal minus dual value over mass times largest cost',
  defaults: { tolerance: 1e-10, maxIterations: 10_000_000 },
  oracles: ['cost', 'pricing'],

  prepare(given, _requirements, tally) {
    const problem = given as ExactTransportProblem
    const { planCost } = problem
    const prepared: ExactTransportProblem = {
      ...problem,
      planCost(masses, costs) {
        tally.count('cost')
        return tally.value(planCost(masses, costs))
      },
      onPricing() {
        tally.count('pricing')
      },
    }
    return { problem: prepared, notes: [] }
  },

  startingPoint(given, start) {
    const problem = given as ExactTransportProblem
    const potentials = checkedPotentials(problem, start, given.start)
    return { ...potentials, rows: new Int32Array(0), columns: new Int32Array(0), masses: new Float64Array(0) }
  },

  certify(given, solution) {
    const problem = given as ExactTransportProblem
    const { a, b, mass } = problem
    const engine = engineFor(problem)
    const { rows, columns, masses } = solution
    const rowSums = new Float64Array(a.length)
    const columnSums = new Float64Array(b.length)
    let objective = 0
    let negative = 0
    const order = Int32Array.from(rows, (_, k) => k).sort((p, q) => rows[p] - rows[q])
    const position = new Int32Array(a.length).fill(-1)
    const columnPosition = new Int32Array(b.length).fill(-1)
    engine.rowIndex.forEach((i, k) => {
      position[i] = k
    })
    engine.columnIndex.forEach((j, k) => {
      columnPosition[j] = k
    })
    let row = -1
    let costs: Float64Array = new Float64Array(0)
    for (const k of order) {
      if (masses[k] === 0) continue
      if (rows[k] !== row) {
        row = rows[k]
        costs = position[row] < 0 ? new Float64Array(0) : engine.costRow(position[row])
      }
      rowSums[row] += masses[k]
      columnSums[columns[k]] += masses[k]
      if (masses[k] < 0) negative -= masses[k]
      objective += masses[k] * (columnPosition[columns[k]] < 0 ? 0 : costs[columnPosition[columns[k]]])
    }
    let error = negative
    for (let i = 0; i < a.length; i++) error += Math.abs(rowSums[i] - a[i])
    for (let j = 0; j < b.length; j++) error += Math.abs(columnSums[j] - b[j])
    const y = engine.gather(solution.y, engine.columnIndex)
    const x = new Float64Array(engine.rows)
    engine.cheapestRows(y, x)
    let dual = 0
    for (let i = 0; i < x.length; i++) dual += engine.a[i] * x[i]
    for (let j = 0; j < y.length; j++) dual += engine.b[j] * y[j]
    const gap = objective - dual
    const scale = mass * engine.largest
    const marginalError = error / mass
    return {
      objective,
      // A plan that misses the marginals proves nothing, however small the difference looks.
      relativeGap: marginalError > 1e-9 ? Infinity : scale > 0 ? Math.abs(gap) / scale : Math.abs(gap),
      gap,
      marginalError,
      dual,
    } as Measures
  },
}
