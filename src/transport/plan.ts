import { describe, portableLog, ShapeError } from '../base/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import type { Potentials, SparseCoupling, TransportProblem } from './transport-data.ts'

/** Pairs with their masses. */
export interface PlanEntries {
  rows: Int32Array
  columns: Int32Array
  masses: Float64Array
}

/**
 * A transport plan P, [n, m], however it is stored: `lazy` plans compute their entries from potentials, row by row, and need
 * O(n + m) memory; `sparse` ones hold their few entries.
 */
export interface TransportPlan {
  readonly kind: 'lazy' | 'sparse'
  /** n and m. */
  readonly rows: number
  readonly columns: number
  /** Row i into `out` (length m, a new array by default). */
  row(i: number, out?: Float64Array): Float64Array
  /** P 1, length n. */
  rowSums(): Float64Array
  /** P' 1, length m. */
  columnSums(): Float64Array
  /** P v for v of length m. */
  apply(v: ArrayLike<number>): Float64Array
  /** P' u for u of length n. */
  applyTransposed(u: ArrayLike<number>): Float64Array
  /**
   * The barycentric projection: where the plan sends each source point on average, sum_j p_ij t_j / sum_j p_ij, for targets
   * [m, dimension] row-major. NaN for points that send nothing.
   */
  project(targets: ArrayLike<number>, dimension: number): Float64Array
  /** The n m entries, row-major. */
  toDense(): Float64Array
  /** The entries larger than `threshold` (default 0), by rows. */
  toSparse(threshold?: number): PlanEntries
}

function checkLength(name: string, given: ArrayLike<number>, length: number): void {
  if (typeof given === 'object' && given !== null && given.length === length) return
  const received = typeof given === 'object' && given !== null ? `length ${given.length}` : describe(given)
  throw new ShapeError(`transport plan: ${name} must have length ${length}, got ${received}`, {
    argument: name,
    expected: `length ${length}`,
    received,
  })
}

abstract class BasePlan implements TransportPlan {
  abstract readonly kind: 'lazy' | 'sparse'
  abstract readonly rows: number
  abstract readonly columns: number
  abstract row(i: number, out?: Float64Array): Float64Array

  protected abstract forEachRow(visit: (i: number, row: Float64Array) => void): void

  rowSums(): Float64Array {
    return this.apply(new Float64Array(this.columns).fill(1))
  }

  columnSums(): Float64Array {
    return this.applyTransposed(new Float64Array(this.rows).fill(1))
  }

  apply(v: ArrayLike<number>): Float64Array {
    checkLength('v', v, this.columns)
    const out = new Float64Array(this.rows)
    this.forEachRow((i, row) => {
      let sum = 0
      for (let j = 0; j < row.length; j++) sum += row[j] * v[j]
      out[i] = sum
    })
    return out
  }

  applyTransposed(u: ArrayLike<number>): Float64Array {
    checkLength('u', u, this.rows)
    const out = new Float64Array(this.columns)
    this.forEachRow((i, row) => {
      const w = u[i]
      for (let j = 0; j < row.length; j++) out[j] += w * row[j]
    })
    return out
  }

  project(targets: ArrayLike<number>, dimension: number): Float64Array {
    checkLength('targets', targets, this.columns * dimension)
    const out = new Float64Array(this.rows * dimension).fill(NaN)
    this.forEachRow((i, row) => {
      let sum = 0
      for (let j = 0; j < row.length; j++) sum += row[j]
      for (let k = 0; k < dimension; k++) {
        let weighted = 0
        for (let j = 0; j < row.length; j++) weighted += row[j] * targets[j * dimension + k]
        out[i * dimension + k] = weighted / sum
      }
    })
    return out
  }

  toDense(): Float64Array {
    const out = new Float64Array(this.rows * this.columns)
    this.forEachRow((i, row) => {
      out.set(row, i * this.columns)
    })
    return out
  }

  toSparse(threshold = 0): PlanEntries {
    const rows: number[] = []
    const columns: number[] = []
    const masses: number[] = []
    this.forEachRow((i, row) => {
      for (let j = 0; j < row.length; j++) {
        if (!(row[j] > threshold)) continue
        rows.push(i)
        columns.push(j)
        masses.push(row[j])
      }
    })
    return { rows: Int32Array.from(rows), columns: Int32Array.from(columns), masses: Float64Array.from(masses) }
  }
}

/** The plan of potentials, plus a rank-one term: exp((x_i + y_j - c_ij) / epsilon - 1) + extraRows_i extraColumns_j. */
class LazyPlan extends BasePlan {
  readonly kind = 'lazy'
  readonly rows: number
  readonly columns: number
  private readonly problem: Pick<TransportProblem, 'a' | 'b' | 'cost' | 'regularization'>
  private readonly potentials: Potentials
  private readonly extra: { rows: Float64Array; columns: Float64Array } | null
  /** Potentials on the supports and places there, made with the first row. */
  private packed: { x: Float64Array; y: Float64Array; position: Int32Array } | null = null

  constructor(
    problem: Pick<TransportProblem, 'a' | 'b' | 'cost' | 'regularization'>,
    potentials: Potentials,
    extra: { rows: Float64Array; columns: Float64Array } | null,
  ) {
    super()
    this.rows = problem.a.length
    this.columns = problem.b.length
    this.problem = problem
    this.potentials = potentials
    this.extra = extra
  }

  private pack(engine: TransportEngine): { x: Float64Array; y: Float64Array; position: Int32Array } {
    const { potentials } = this
    const position = new Int32Array(this.rows).fill(-1)
    engine.rowIndex.forEach((i, k) => {
      position[i] = k
    })
    return {
      x: engine.gather(potentials.x, engine.rowIndex),
      y: engine.gather(potentials.y, engine.columnIndex),
      position,
    }
  }

  row(i: number, out = new Float64Array(this.columns)): Float64Array {
    checkLength('out', out, this.columns)
    const { extra, problem } = this
    // Asked for every time: the engine may have been released in between.
    const engine = engineFor(problem)
    this.packed ??= this.pack(engine)
    const { x, y, position } = this.packed
    const k = position[i] ?? -1
    out.fill(0)
    if (k < 0) return out
    const row = engine.planRow(k, x[k], y, 1 / problem.regularization)
    const { columnIndex } = engine
    if (extra === null || extra.rows[k] === 0) {
      for (let j = 0; j < row.length; j++) out[columnIndex[j]] = row[j]
    } else {
      const w = extra.rows[k]
      for (let j = 0; j < row.length; j++) out[columnIndex[j]] = row[j] + w * extra.columns[j]
    }
    return out
  }

  protected forEachRow(visit: (i: number, row: Float64Array) => void): void {
    const row = new Float64Array(this.columns)
    for (let i = 0; i < this.rows; i++) visit(i, this.row(i, row))
  }
}

class SparsePlanOf extends BasePlan {
  readonly kind = 'sparse'
  readonly rows: number
  readonly columns: number
  private readonly offsets: Int32Array
  private readonly index: Int32Array
  private readonly masses: Float64Array

  constructor(n: number, m: number, entries: PlanEntries) {
    super()
    this.rows = n
    this.columns = m
    const count = entries.rows.length
    this.offsets = new Int32Array(n + 1)
    for (let k = 0; k < count; k++) this.offsets[entries.rows[k] + 1]++
    for (let i = 0; i < n; i++) this.offsets[i + 1] += this.offsets[i]
    const at = this.offsets.slice()
    this.index = new Int32Array(count)
    this.masses = new Float64Array(count)
    for (let k = 0; k < count; k++) {
      const to = at[entries.rows[k]]++
      this.index[to] = entries.columns[k]
      this.masses[to] = entries.masses[k]
    }
  }

  row(i: number, out = new Float64Array(this.columns)): Float64Array {
    checkLength('out', out, this.columns)
    out.fill(0)
    for (let k = this.offsets[i]; k < this.offsets[i + 1]; k++) out[this.index[k]] += this.masses[k]
    return out
  }

  protected forEachRow(visit: (i: number, row: Float64Array) => void): void {
    const row = new Float64Array(this.columns)
    for (let i = 0; i < this.rows; i++) visit(i, this.row(i, row))
  }

  override apply(v: ArrayLike<number>): Float64Array {
    checkLength('v', v, this.columns)
    const out = new Float64Array(this.rows)
    for (let i = 0; i < this.rows; i++) {
      let sum = 0
      for (let k = this.offsets[i]; k < this.offsets[i + 1]; k++) sum += this.masses[k] * v[this.index[k]]
      out[i] = sum
    }
    return out
  }

  override applyTransposed(u: ArrayLike<number>): Float64Array {
    checkLength('u', u, this.rows)
    const out = new Float64Array(this.columns)
    for (let i = 0; i < this.rows; i++) {
      for (let k = this.offsets[i]; k < this.offsets[i + 1]; k++) out[this.index[k]] += this.masses[k] * u[i]
    }
    return out
  }

  override toSparse(threshold = 0): PlanEntries {
    const rows: number[] = []
    const columns: number[] = []
    const masses: number[] = []
    for (let i = 0; i < this.rows; i++) {
      for (let k = this.offsets[i]; k < this.offsets[i + 1]; k++) {
        if (!(this.masses[k] > threshold)) continue
        rows.push(i)
        columns.push(this.index[k])
        masses.push(this.masses[k])
      }
    }
    return { rows: Int32Array.from(rows), columns: Int32Array.from(columns), masses: Float64Array.from(masses) }
  }
}

/** The plan that potentials stand for, P_ij = exp((x_i + y_j - c_ij) / epsilon - 1): entries are computed when asked for. */
export function entropicPlan(
  problem: Pick<TransportProblem, 'a' | 'b' | 'cost' | 'regularization'>,
  potentials: Potentials,
): TransportPlan {
  return new LazyPlan(problem, potentials, null)
}

/** A plan of given entries; entries of the same pair add up. */
export function sparsePlanOf(n: number, m: number, entries: PlanEntries | SparseCoupling): TransportPlan {
  return new SparsePlanOf(n, m, entries)
}

/**
 * The plan of potentials, rounded to the marginals exactly: rows and then columns that carry too much are scaled down, and
 * what is missing is added as a rank-one plan. <C, P> of the result is an upper bound of the exact transport cost. Two passes;
 * the result is lazy.
 *
 * @see Altschuler, Weed and Rigollet (2017), Algorithm 2
 */
export function roundedPlan(problem: TransportProblem, potentials: Potentials): TransportPlan {
  const engine = engineFor(problem)
  const { regularization: epsilon } = problem
  const eta = 1 / epsilon
  const { a, b } = engine
  const x = engine.gather(potentials.x, engine.rowIndex)
  const y = engine.gather(potentials.y, engine.columnIndex)
  engine.plan(x, y, eta)
  for (let i = 0; i < a.length; i++)
    if (engine.rowSums[i] > a[i]) x[i] += epsilon * portableLog(a[i] / engine.rowSums[i])
  engine.plan(x, y, eta)
  for (let j = 0; j < b.length; j++) {
    if (engine.columnSums[j] > b[j]) y[j] += epsilon * portableLog(b[j] / engine.columnSums[j])
  }
  engine.plan(x, y, eta)
  const rows = new Float64Array(a.length)
  const columns = new Float64Array(b.length)
  let missing = 0
  let missingColumns = 0
  for (let i = 0; i < a.length; i++) missing += rows[i] = Math.max(0, a[i] - engine.rowSums[i])
  for (let j = 0; j < b.length; j++) missingColumns += columns[j] = Math.max(0, b[j] - engine.columnSums[j])
  if (missing > 0 && missingColumns > 0) for (let j = 0; j < b.length; j++) columns[j] /= missingColumns
  else rows.fill(0)
  const full = {
    x: engine.spread(x, engine.rowIndex, problem.a.length),
    y: engine.spread(y, engine.columnIndex, problem.b.length),
  }
  return new LazyPlan(problem, full, { rows, columns })
}

/**
 * Rounds any non-negative matrix [n, m] to the plans with marginals a and b, as `roundedPlan` does.
 *
 * @returns a new matrix
 * @throws {ShapeError} if sizes do not fit
 */
export function roundToMarginals(plan: Float64Array, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const n = a.length
  const m = b.length
  checkLength('plan', plan, n * m)
  const out = plan.slice()
  const missingRows = new Float64Array(n)
  const missingColumns = new Float64Array(m)
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < m; j++) sum += out[i * m + j]
    if (sum > a[i]) for (let j = 0; j < m; j++) out[i * m + j] *= a[i] / sum
  }
  for (let j = 0; j < m; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += out[i * m + j]
    if (sum > b[j]) for (let i = 0; i < n; i++) out[i * m + j] *= b[j] / sum
  }
  let missing = 0
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < m; j++) {
      sum += out[i * m + j]
      missingColumns[j] += out[i * m + j]
    }
    missing += missingRows[i] = Math.max(0, a[i] - sum)
  }
  if (missing === 0) return out
  let total = 0
  for (let j = 0; j < m; j++) total += missingColumns[j] = Math.max(0, b[j] - missingColumns[j])
  if (total === 0) return out
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[i * m + j] += (missingRows[i] * missingColumns[j]) / total
  return out
}
