import { portableLog } from '../base/index.ts'
import type { Workspace } from '../linalg/index.ts'
import type { Cost } from './cost.ts'
import type { TransportKernels } from './kernels.ts'
import { divide, multiply } from './loops.ts'
import { keepSpare, workspaceFor } from './spare-memory.ts'
import { matrixFits, StoredCosts, storedBytes } from './stored-costs.ts'

/** What the engine needs of a problem. */
export interface Marginals {
  /** Length n, >= 0. */
  readonly a: Float64Array
  /** Length m, >= 0. */
  readonly b: Float64Array
  readonly cost: Cost
}

const tableBytes = 8320

function support(weights: Float64Array): Int32Array {
  let count = 0
  for (let i = 0; i < weights.length; i++) if (weights[i] > 0) count++
  const index = new Int32Array(count)
  count = 0
  for (let i = 0; i < weights.length; i++) if (weights[i] > 0) index[count++] = i
  return index
}

/**
 * Passes over the n x m pairs of a transport problem. Points of weight zero are left out: all vectors here have the lengths
 * `rows` and `columns` of the supports (`gather` and `spread` translate). Costs stay in kernel memory if they fit, otherwise
 * they are made anew in every pass, a block of rows at a time.
 *
 * Nothing in an engine is state: each call depends on its arguments alone, but for the matrix slot, whose owner is recorded.
 */
export class TransportEngine {
  readonly rows: number
  readonly columns: number
  /** Row stride of stored matrices: `columns` rounded up to even. */
  readonly stride: number
  /** Weights on the support, and their sums. */
  readonly a: Float64Array
  readonly b: Float64Array
  readonly rowIndex: Int32Array
  readonly columnIndex: Int32Array
  /** Whether points have weight zero, so that vectors differ in length from the problem's. */
  readonly reduced: boolean
  /** The largest finite |c_ij| on the support, or an upper bound of it. */
  readonly largest: number
  /** Whether some c_ij on the support is Infinity. */
  readonly forbidden: boolean
  /** The stored matrix [rows, stride], where it fits; see `claim`. */
  readonly slot: Float64Array | null
  /** Sums that the latest `pass` or `plan` left: rows and columns of the plan. */
  readonly rowSums: Float64Array
  readonly columnSums: Float64Array
  /** What the latest `pass` proposed. */
  readonly nextX: Float64Array
  readonly nextY: Float64Array
  readonly softmin: Float64Array

  private readonly work: Workspace
  /** Where allocation in it began. */
  private readonly start: number
  private readonly kernels: TransportKernels
  private readonly table: number
  private readonly costs: StoredCosts
  private readonly x: Float64Array
  private readonly y: Float64Array
  private readonly u: Float64Array
  private readonly v: Float64Array
  private readonly weightsA: Float64Array
  private readonly weightsB: Float64Array
  private readonly logA: Float64Array
  private readonly logB: Float64Array
  private readonly line: Float64Array
  private readonly most: Float64Array
  private readonly where: Int32Array
  private owner: object | null = null

  constructor({ a, b, cost }: Marginals) {
    this.rowIndex = support(a)
    this.columnIndex = support(b)
    const n = this.rowIndex.length
    const m = this.columnIndex.length
    const stride = m + (m & 1)
    this.rows = n
    this.columns = m
    this.stride = stride
    this.reduced = n < a.length || m < b.length
    const matrixBytes = matrixFits(n, stride) ? 8 * n * stride : 0
    const vectors = 8 * n + 17 * (stride + 2)
    const { work, start } = workspaceFor(
      tableBytes + 8 * vectors + storedBytes(cost, n, stride) + matrixBytes + 64 * 32,
    )
    this.work = work
    this.start = start
    this.kernels = work.kernels as unknown as TransportKernels
    this.table = work.allocate(tableBytes)
    this.kernels.transport_prepare(this.table)
    const even = n + (n & 1)
    const vector = (length: number): Float64Array => work.float64(length).fill(0)
    this.rowSums = vector(even)
    this.nextX = vector(even).subarray(0, n)
    this.softmin = vector(even).subarray(0, n)
    this.x = vector(even)
    this.u = vector(even)
    this.weightsA = vector(even)
    this.logA = vector(even)
    this.columnSums = vector(stride)
    this.nextY = vector(stride).subarray(0, m)
    this.y = vector(stride)
    this.v = vector(stride)
    this.logB = vector(stride)
    this.weightsB = vector(stride)
    this.line = vector(4 * stride)
    this.most = vector(stride)
    this.where = work.int32(2)
    const { rowIndex, columnIndex, reduced } = this
    this.costs = new StoredCosts(work, this.kernels, {
      cost,
      rowIndex,
      columnIndex,
      fullColumns: b.length,
      stride,
      reduced,
    })
    this.largest = this.costs.largest
    this.forbidden = this.costs.forbidden
    this.slot = matrixBytes > 0 ? work.float64(n * stride) : null
    this.a = Float64Array.from(this.rowIndex, (i) => a[i])
    this.b = Float64Array.from(this.columnIndex, (j) => b[j])
    this.weightsA.set(this.a)
    this.weightsB.set(this.b)
    for (let i = 0; i < n; i++) this.logA[i] = portableLog(this.a[i])
    for (let j = 0; j < m; j++) this.logB[j] = portableLog(this.b[j])
  }

  /** Puts the source points elsewhere: [rows, dimension] row-major. Only for engines of one's own, with costs between points. */
  moveSource(coordinates: Float64Array): void {
    this.costs.moveSource(coordinates)
  }

  /** Keeps all costs in kernel memory from now on, if they fit. For methods that will ask often. */
  keepCosts(): void {
    this.costs.keep()
  }

  /** Gives the memory to the next engine; this one must not be used any more. */
  release(): void {
    keepSpare(this.work, this.start)
  }

  /** The costs of row `i` of the support: a view, valid until the next call. */
  costRow(i: number): Float64Array {
    return this.costs.row(i)
  }

  /** Values at the points of the support. */
  gather(full: Float64Array, index: Int32Array): Float64Array {
    const out = new Float64Array(index.length)
    for (let i = 0; i < index.length; i++) out[i] = full[index[i]]
    return out
  }

  /** Potentials of all points; those of weight zero have potential -Infinity, which makes their plan entries 0. */
  spread(values: Float64Array, index: Int32Array, length: number): Float64Array {
    if (index.length === length) return values
    const out = new Float64Array(length).fill(-Infinity)
    for (let i = 0; i < index.length; i++) out[index[i]] = values[i]
    return out
  }

  /**
   * One fused pass of log-domain Sinkhorn from (x, y): `softmin` gets the row potentials that fit the rows exactly, `nextX` the
   * relaxed and damped step towards them, `columnSums` the column sums of the plan (nextX, y), `nextY` the step of the columns.
   * One exponential per pair.
   *
   * @param damping lambda in (0, 1]: 1 for fixed row marginals, rho / (rho + epsilon) for Kullback-Leibler ones
   * @param omega relaxation of the rows, 1 for plain Sinkhorn, 0 to leave them
   */
  pass(
    x: Float64Array,
    y: Float64Array,
    eta: number,
    damping = 1,
    omega = 1,
    columnDamping = damping,
    columnOmega = omega,
  ): void {
    this.costs.beginPass()
    const { kernels, table, rows, columns, stride, columnSums } = this
    this.x.set(x)
    this.y.set(y)
    columnSums.fill(0)
    for (let i = 0; i < rows; i += this.costs.blockRows) {
      const count = Math.min(this.costs.blockRows, rows - i)
      kernels.transport_softmin_rows(
        table,
        this.costs.at(i, count),
        count,
        stride,
        this.y.byteOffset,
        eta,
        this.logA.byteOffset + 8 * i,
        this.x.byteOffset + 8 * i,
        this.nextX.byteOffset + 8 * i,
        this.softmin.byteOffset + 8 * i,
        damping,
        omega,
        this.line.byteOffset,
        columnSums.byteOffset,
      )
    }
    const bad = kernels.transport_column_update(
      columnSums.byteOffset,
      this.y.byteOffset,
      this.logB.byteOffset,
      eta,
      columnDamping,
      columnOmega,
      this.nextY.byteOffset,
      columns,
    )
    if (bad > 0) this.repairColumns(eta, columnDamping, columnOmega)
  }

  /** Column updates where sums of unshifted entries underflow or overflow: two more passes, shifted by the column maxima. */
  private repairColumns(eta: number, damping: number, omega: number): void {
    const { kernels, table, rows, columns, stride, most, line, columnSums } = this
    most.fill(-Infinity)
    for (let i = 0; i < rows; i += this.costs.blockRows) {
      const count = Math.min(this.costs.blockRows, rows - i)
      const x = this.nextX.byteOffset + 8 * i
      kernels.transport_column_maxima(this.costs.at(i, count), count, stride, x, most.byteOffset)
    }
    line.fill(0, 0, stride)
    for (let i = 0; i < rows; i += this.costs.blockRows) {
      const count = Math.min(this.costs.blockRows, rows - i)
      const x = this.nextX.byteOffset + 8 * i
      const cost = this.costs.at(i, count)
      kernels.transport_column_sums(table, cost, count, stride, x, most.byteOffset, eta, line.byteOffset)
    }
    for (let j = 0; j < columns; j++) {
      if (columnSums[j] > 1e-280 && columnSums[j] < 1e280) continue
      const before = this.y[j]
      const soft = (this.logB[j] + 1 - portableLog(line[j])) / eta - most[j]
      this.nextY[j] = before + omega * (damping * soft - before)
    }
  }

  /**
   * Sums of the plan of (x, y) into `rowSums` and `columnSums`; with `store`, the plan itself into the slot.
   *
   * @returns sum_ij p_ij c_ij with `withCost`, else 0
   */
  plan(x: Float64Array, y: Float64Array, eta: number, store = false, withCost = false): number {
    this.costs.beginPass()
    const { kernels, table, rows, stride, columnSums } = this
    this.x.set(x)
    this.y.set(y)
    columnSums.fill(0)
    let paid = 0
    if (store) this.owner = null
    for (let i = 0; i < rows; i += this.costs.blockRows) {
      const count = Math.min(this.costs.blockRows, rows - i)
      const to = store ? this.slot!.byteOffset + 8 * i * stride : this.line.byteOffset
      paid += kernels.transport_plan_rows(
        table,
        this.costs.at(i, count),
        count,
        stride,
        this.x.byteOffset + 8 * i,
        this.y.byteOffset,
        eta,
        to,
        store ? 8 * stride : 0,
        this.rowSums.byteOffset + 8 * i,
        columnSums.byteOffset,
        +withCost,
      )
    }
    return paid
  }

  /** One row of the plan: a view, valid until the next call. */
  planRow(i: number, xi: number, y: Float64Array, eta: number): Float64Array {
    this.x[0] = xi
    this.y.set(y)
    this.kernels.transport_plan_rows(
      this.table,
      this.costs.at(i, 1),
      1,
      this.stride,
      this.x.byteOffset,
      this.y.byteOffset,
      eta,
      this.line.byteOffset,
      0,
      this.x.byteOffset,
      this.most.byteOffset,
      0,
    )
    return this.line.subarray(0, this.columns)
  }

  /** Whether the slot still holds what `owner` put there. */
  holds(owner: object): boolean {
    return this.owner === owner
  }

  /** Marks the slot as holding what `owner` names; the next `plan(..., true)` unmarks it. */
  claim(owner: object): void {
    this.owner = owner
  }

  /**
   * One fused scaling pass with the slot as kernel K: `rowSums` = u o (K v), `nextX` = the new row scalings
   * u (a / rowSums)^omega, `columnSums` = K' nextX, `nextY` = the new column scalings v (b / (v o columnSums))^omega.
   */
  scale(u: Float64Array, v: Float64Array, omega = 1): void {
    const { kernels, rows, stride, columnSums, rowSums, b, nextY } = this
    this.u.set(u)
    this.v.set(v)
    columnSums.fill(0)
    kernels.transport_scaling_rows(
      this.table,
      this.slot!.byteOffset,
      rows,
      stride,
      this.v.byteOffset,
      this.weightsA.byteOffset,
      this.u.byteOffset,
      omega,
      rowSums.byteOffset,
      this.nextX.byteOffset,
      columnSums.byteOffset,
    )
    multiply(rowSums, u, rowSums)
    if (omega === 1) divide(b, columnSums, nextY)
    else {
      const sums = columnSums.byteOffset
      kernels.transport_relax(
        this.table,
        sums,
        this.weightsB.byteOffset,
        this.v.byteOffset,
        omega,
        nextY.byteOffset,
        stride,
      )
    }
  }

  /** out = base + factor ln(x), for row or column vectors. */
  addLog(base: Float64Array, factor: number, x: Float64Array, out: Float64Array): void {
    const n = x.length
    const even = n + (n & 1)
    const inBase = n === this.rows ? this.x : this.y
    const inX = n === this.rows ? this.u : this.v
    inBase.set(base)
    inX.set(x)
    for (let k = n; k < even; k++) inX[k] = 1
    this.kernels.transport_add_log(inBase.byteOffset, factor, inX.byteOffset, inBase.byteOffset, even)
    out.set(n === inBase.length ? inBase : inBase.subarray(0, n))
  }

  /** x_i = min_j (c_ij - y_j) for all rows. */
  cheapestRows(y: Float64Array, out: Float64Array): void {
    this.y.set(y)
    for (let i = 0; i < this.rows; i += this.costs.blockRows) {
      const count = Math.min(this.costs.blockRows, this.rows - i)
      const cost = this.costs.at(i, count)
      for (let r = 0; r < count; r++) {
        out[i + r] = this.kernels.transport_cheapest(cost + 8 * r * this.stride, this.stride, 0, this.y.byteOffset, 0)
      }
    }
  }

  /** Makes `y` the potentials for the following calls of `cheapest`; write changes into the returned view. */
  pricing(y: Float64Array): Float64Array {
    this.keepCosts()
    this.y.set(y)
    return this.y
  }

  /** min_j (c_ij - y_j) - xi and its column, with the potentials of `pricing`. */
  cheapest(i: number, xi: number): number {
    const cost = this.costs.at(i, 1)
    return this.kernels.transport_cheapest(cost, this.stride, xi, this.y.byteOffset, this.where.byteOffset)
  }

  /** The column found by `cheapest`. */
  get cheapestColumn(): number {
    return this.where[0]
  }
}
