import { checkNames, describe, InvalidInputError, portableLog, ShapeError, UnsupportedError } from '../base/index.ts'
import type { Measures, Problem, ProblemClass } from '../solver/index.ts'
import { type Cost, type CostInput, checkedCost } from './cost.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { distance, dot } from './loops.ts'

/**
 * Dual potentials: x of the source points, length n, and y of the target points, length m. They stand for the plan
 * P_ij = exp((x_i + y_j - c_ij) / epsilon - 1). Points of weight zero have potential -Infinity.
 */
export interface Potentials {
  x: Float64Array
  y: Float64Array
}

/** A basic solution of unregularized transport: k <= n + m - 1 pairs with their masses, and dual potentials. */
export interface SparseCoupling extends Potentials {
  /** Source index, target index and mass of each pair, length k. */
  rows: Int32Array
  columns: Int32Array
  masses: Float64Array
}

/** The data of a transport problem. */
export interface TransportInput {
  /** Masses of the n source points, >= 0, not all 0. */
  readonly a: ArrayLike<number>
  /** Masses of the m target points, >= 0, with the same sum. */
  readonly b: ArrayLike<number>
  /** c_ij >= -MAX; Infinity forbids a pair. A flat Float64Array is used in place, not copied. */
  readonly cost: CostInput
  /** epsilon = 1 / eta >= 0; 0 for unregularized transport. Default 0. */
  readonly regularization?: number
  /** Potentials from which a run starts by default; 0 if absent. */
  readonly start?: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }
  readonly name?: string
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

interface TransportData {
  /** Length n. */
  readonly a: Float64Array
  /** Length m; scaled to the exact sum of `a`. */
  readonly b: Float64Array
  readonly cost: Cost
  /** epsilon. */
  readonly regularization: number
  /** sum a = sum b. */
  readonly mass: number
}

/** min over P >= 0, P 1 = a, P' 1 = b of <C, P> + epsilon sum p ln p, epsilon > 0. */
export interface TransportProblem extends Problem<Potentials>, TransportData {
  /**
   * The dual objective f(x, y) = <a, x> + <b, y> - epsilon * mass(P(x, y)); x and y on the supports, of the lengths that the
   * engine uses. Counted as `dual`.
   */
  dualObjective(x: Float64Array, y: Float64Array, planMass: number): number
  /** Called before every pass over the n m pairs. Counted as `pass`. */
  onPass(): void
}

/** min over P >= 0, P 1 = a, P' 1 = b of <C, P>. */
export interface ExactTransportProblem extends Problem<SparseCoupling>, TransportData {
  /** The cost of a basic solution whose pairs cost `costs`. Counted as `cost`. */
  planCost(masses: Float64Array, costs: Float64Array): number
  /** Called before every group of pivots. Counted as `pricing`. */
  onPricing(): void
}

const inputNames = ['a', 'b', 'cost', 'regularization', 'start', 'name', 'recipe']

/** Relative difference of the two sums that counts as rounding (of single-precision inputs, say) and is scaled away. */
const SUM_SLACK = 1e-6

/** Checks one vector of masses. @throws {InvalidInputError} naming the entry; @throws {ShapeError} if it is empty */
export function checkedWeights(name: string, given: ArrayLike<number>): Float64Array {
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw new InvalidInputError(`transport: ${name} must be an array of masses, got ${describe(given)}`, {
      argument: name,
      expected: 'an array of numbers >= 0',
      received: describe(given),
    })
  }
  if (given.length === 0) {
    throw new ShapeError(`transport: ${name} is empty; expected at least one mass`, {
      argument: name,
      expected: 'length >= 1',
      received: 'length 0',
    })
  }
  const out = new Float64Array(given.length)
  let sum = 0
  for (let i = 0; i < given.length; i++) {
    const w = given[i]
    if (typeof w !== 'number' || !(w >= 0 && w < Infinity)) {
      throw new InvalidInputError(`transport: ${name}[${i}] must be a finite number >= 0, got ${describe(w)}`, {
        argument: `${name}[${i}]`,
        expected: 'a finite number >= 0',
        received: describe(w),
      })
    }
    out[i] = w
    sum += w
  }
  if (!(sum > 0 && sum < 1e150)) {
    throw new InvalidInputError(`transport: ${name} must have a positive finite sum, got ${sum}`, {
      argument: name,
      expected: 'a positive finite sum',
      received: String(sum),
    })
  }
  return out
}

function sumOf(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

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

function checkedPotentials(
  problem: TransportData,
  start: Potentials | undefined,
  given: Potentials | undefined,
): Potentials {
  const from = start ?? given
  const take = (name: 'x' | 'y', weights: Float64Array): Float64Array => {
    if (from === undefined) return new Float64Array(weights.length)
    const values = from[name]
    if (typeof values !== 'object' || values === null || values.length !== weights.length) {
      const received = typeof values === 'object' && values !== null ? `length ${values.length}` : describe(values)
      throw new ShapeError(`transport: start.${name} must be an array of length ${weights.length}, got ${received}`, {
        argument: `start.${name}`,
        expected: `length ${weights.length}`,
        received,
      })
    }
    const copy = Float64Array.from(values)
    for (let i = 0; i < copy.length; i++) {
      if (Number.isFinite(copy[i]) || (weights[i] === 0 && copy[i] === -Infinity)) continue
      throw new InvalidInputError(
        `transport: start.${name}[${i}] must be a finite number, got ${describe(values[i])}`,
        {
          argument: `start.${name}[${i}]`,
          expected: 'a finite number',
          received: describe(values[i]),
        },
      )
    }
    return copy
  }
  return { x: take('x', problem.a), y: take('y', problem.b) }
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

/** @internal The dual objective as used by every entropic problem. */
function dualOf(epsilon: number, a: Float64Array, b: Float64Array): TransportProblem['dualObjective'] {
  const positiveA = a.filter((w) => w > 0)
  const positiveB = b.filter((w) => w > 0)
  return (x, y, planMass) => dot(positiveA, x) + dot(positiveB, y) - epsilon * planMass
}

function costOf(masses: Float64Array, costs: Float64Array): number {
  let sum = 0
  for (let k = 0; k < masses.length; k++) if (masses[k] > 0) sum += masses[k] * costs[k]
  return sum
}

/**
 * Makes a problem of regularized transport
 *
 *     min over P >= 0 with P 1 = a, P' 1 = b of  <C, P> + epsilon sum_ij p_ij ln p_ij.
 *
 * Sums of a and b that differ by less than 1e-6 relative are taken as equal, and b is scaled.
 *
 * @example
 * const problem = transportProblem({ a: [0.5, 0.5], b: [0.5, 0.5], cost: [0, 1, 1, 0], regularization: 0.1 })
 *
 * @throws {InvalidInputError} for negative or non-finite masses, costs that are NaN or -Infinity, different sums
 * @throws {ShapeError} if sizes do not fit together
 */
export function transportProblem(input: TransportInput & { readonly regularization: number }): TransportProblem {
  const data = checkedData(input)
  if (!(data.regularization > 0)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number > 0, got ${describe(input.regularization)}; for 0 make an exactTransportProblem`,
      { argument: 'regularization', expected: 'a finite number > 0', received: describe(input.regularization) },
    )
  }
  return {
    ...data,
    class: transportClass,
    dualObjective: dualOf(data.regularization, data.a, data.b),
    onPass() {},
    ...labels(input),
  }
}

/**
 * Makes a problem of unregularized transport, min over P >= 0 with P 1 = a, P' 1 = b of <C, P>.
 *
 * @throws as `transportProblem`
 */
export function exactTransportProblem(input: TransportInput): ExactTransportProblem {
  const data = checkedData({ ...input, regularization: 0 })
  const { start, ...rest } = labels(input)
  return {
    ...data,
    class: exactTransportClass,
    planCost: costOf,
    onPricing() {},
    ...rest,
    ...(start && {
      start: { ...start, rows: new Int32Array(0), columns: new Int32Array(0), masses: new Float64Array(0) },
    }),
  }
}

/** The same problem with another regularization, sharing its data (and its kernels' memory). */
export function withRegularization(problem: TransportProblem, regularization: number): TransportProblem {
  if (!(regularization > 0 && regularization < Infinity)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number > 0, got ${describe(regularization)}`,
      {
        argument: 'regularization',
        expected: 'a finite number > 0',
        received: describe(regularization),
      },
    )
  }
  return { ...problem, regularization, dualObjective: dualOf(regularization, problem.a, problem.b) }
}

function labels(input: TransportInput): { start?: Potentials; name?: string; recipe?: unknown } {
  return {
    ...(input.start !== undefined && {
      start: { x: Float64Array.from(input.start.x), y: Float64Array.from(input.start.y) },
    }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.recipe !== undefined && { recipe: input.recipe }),
  }
}

function checkedData(input: TransportInput): TransportData {
  checkNames(input, inputNames, 'transport problem')
  const a = checkedWeights('a', input.a)
  const b = checkedWeights('b', input.b)
  const cost = checkedCost(input.cost, a.length, b.length)
  const regularization = input.regularization ?? 0
  if (typeof regularization !== 'number' || !(regularization >= 0 && regularization < Infinity)) {
    throw new InvalidInputError(
      `transport: regularization must be a finite number >= 0, got ${describe(regularization)}`,
      {
        argument: 'regularization',
        expected: 'a finite number >= 0',
        received: describe(regularization),
      },
    )
  }
  const mass = sumOf(a)
  const massB = sumOf(b)
  if (Math.abs(mass - massB) > SUM_SLACK * Math.max(mass, massB)) {
    throw new InvalidInputError(
      `transport: a sums to ${mass}, b to ${massB}; scale them to equal sums, or use unbalanced transport ({ unbalanced: rho })`,
      { argument: 'b', expected: `sum ${mass}`, received: `sum ${massB}` },
    )
  }
  if (mass !== massB) for (let j = 0; j < b.length; j++) b[j] *= mass / massB
  return { a, b, cost, regularization, mass }
}
