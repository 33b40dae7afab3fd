import type { Workspace } from '../linalg/index.ts'
import { type Cost, checkCost, metrics } from './cost.ts'
import type { TransportKernels } from './kernels.ts'

/** Up to this size a matrix of costs is kept in kernel memory; beyond it rows are computed or copied block by block. */
const cachedBytes = 512e6
/** Size of the blocks otherwise: they stay in the processor's cache. */
const blockBytes = 256e3
/** Passes after which costs that fit are kept: a run that only needs a kernel once never fills megabytes for them. */
const streamedPasses = 2

/** What is to be stored: the costs between the points of two supports, rows `stride` apart. */
interface Extent {
  readonly cost: Cost
  readonly rowIndex: Int32Array
  readonly columnIndex: Int32Array
  /** Length of a row of the cost matrix as given. */
  readonly fullColumns: number
  readonly stride: number
  /** Whether the supports leave points out. */
  readonly reduced: boolean
}

/** Whether a matrix of this size is kept. */
export function matrixFits(rows: number, stride: number): boolean {
  return 8 * rows * stride <= cachedBytes
}

/** Kernels take four rows at a time: only with whole fours do sums have the same bits from blocks as from the whole matrix. */
function rowsOfBlock(rows: number, stride: number): number {
  return Math.min(rows, Math.max(4, 4 * Math.floor(blockBytes / (32 * stride))))
}

/** Bytes of kernel memory that `StoredCosts` takes. */
export function storedBytes(cost: Cost, rows: number, stride: number): number {
  const dimension = cost.kind === 'points' ? cost.dimension : 0
  const stored = matrixFits(rows, stride) ? rows : rowsOfBlock(rows, stride)
  return 8 * (rows * dimension + stride * dimension + stored * stride)
}

/**
 * The costs on the supports in kernel memory: all of them if they fit and are asked for often, otherwise a block of rows at a
 * time, made anew in every pass.
 */
export class StoredCosts {
  /** The largest finite |c_ij| on the support, or an upper bound of it. */
  readonly largest: number
  /** Whether some c_ij on the support is Infinity. */
  readonly forbidden: boolean
  /** Rows that `at` takes at once, at most. */
  blockRows: number

  private readonly rows: number
  private readonly columns: number
  private readonly fits: boolean
  /** Whether all costs are in the block. */
  private filled = false
  private passes = 0
  private readonly block: Float64Array
  private readonly points: Float64Array | null
  private readonly targets: Float64Array | null

  private readonly work: Workspace
  private readonly kernels: TransportKernels
  private readonly extent: Extent

  constructor(work: Workspace, kernels: TransportKernels, extent: Extent) {
    this.work = work
    this.kernels = kernels
    this.extent = extent
    const { cost, rowIndex, columnIndex, stride } = extent
    const n = rowIndex.length
    const m = columnIndex.length
    this.rows = n
    this.columns = m
    this.fits = matrixFits(n, stride)
    this.blockRows = rowsOfBlock(n, stride)
    this.block = work.float64((this.fits ? n : this.blockRows) * stride)
    if (cost.kind === 'points') {
      const { dimension } = cost
      this.points = work.float64(n * dimension)
      this.targets = work.float64(stride * dimension)
      for (let i = 0; i < n; i++) {
        const at = rowIndex[i] * dimension
        this.points.set(cost.source.subarray(at, at + dimension), i * dimension)
      }
      for (let j = 0; j < m; j++) {
        const at = columnIndex[j] * dimension
        for (let k = 0; k < dimension; k++) this.targets[k * stride + j] = cost.target[at + k]
      }
    } else {
      this.points = null
      this.targets = null
    }
    if (cost.kind === 'function') this.keep()
    if (cost.kind === 'function' || extent.reduced) {
      const { largest, forbidden } = this.survey()
      this.largest = largest
      this.forbidden = forbidden
    } else {
      this.largest = cost.largest
      this.forbidden = cost.forbidden
    }
  }

  /** The largest finite cost on the support and whether there are infinite ones. */
  private survey(): { largest: number; forbidden: boolean } {
    const { block, rows, columns, extent, blockRows } = this
    let largest = 0
    let forbidden = false
    for (let i = 0; i < rows; i += blockRows) {
      const count = Math.min(blockRows, rows - i)
      this.at(i, count)
      const base = this.filled ? i : 0
      for (let r = 0; r < count; r++) {
        for (let j = 0; j < columns; j++) {
          const c = block[(base + r) * extent.stride + j]
          if (c === Infinity) forbidden = true
          else if (Math.abs(c) > largest) largest = Math.abs(c)
        }
      }
    }
    return { largest, forbidden }
  }

  /** Writes the costs of `count` rows from row `i` on into the block. */
  private fill(i: number, count: number): void {
    const { block, columns: m } = this
    const { cost, rowIndex, columnIndex, fullColumns, stride, reduced } = this.extent
    if (cost.kind === 'points') {
      this.kernels.transport_point_costs(
        metrics.indexOf(cost.metric),
        this.points!.byteOffset + 8 * i * cost.dimension,
        count,
        cost.dimension,
        this.targets!.byteOffset,
        m,
        stride,
        block.byteOffset,
      )
      return
    }
    if (cost.kind === 'matrix' && !reduced && m === stride) {
      block.set(cost.values.subarray(i * m, (i + count) * m))
      return
    }
    for (let r = 0; r < count; r++) {
      const from = rowIndex[i + r]
      const at = r * stride
      if (cost.kind === 'function') {
        for (let j = 0; j < m; j++) {
          const c = cost.at(from, columnIndex[j])
          checkCost(c, from, columnIndex[j])
          block[at + j] = c
        }
      } else if (m === fullColumns) block.set(cost.values.subarray(from * m, from * m + m), at)
      else {
        const base = from * fullColumns
        for (let j = 0; j < m; j++) block[at + j] = cost.values[base + columnIndex[j]]
      }
      for (let j = m; j < stride; j++) block[at + j] = Infinity
    }
  }

  /** Puts the source points elsewhere: [rows, dimension] row-major. */
  moveSource(coordinates: Float64Array): void {
    this.points!.set(coordinates)
    if (this.filled) this.fill(0, this.rows)
  }

  /** Keeps all costs from now on, if they fit. */
  keep(): void {
    if (!this.fits || this.filled) return
    this.fill(0, this.rows)
    this.filled = true
    this.blockRows = this.rows
  }

  /** To be called before every pass over all pairs. */
  beginPass(): void {
    if (this.fits && !this.filled && this.passes++ >= streamedPasses) this.keep()
  }

  /** Address of the costs of `count` rows from row `i` on, at most a block. */
  at(i: number, count: number): number {
    if (this.filled) return this.block.byteOffset + 8 * i * this.extent.stride
    this.fill(i, count)
    return this.block.byteOffset
  }

  /** The costs of row `i`: a view, valid until the next call. */
  row(i: number): Float64Array {
    return new Float64Array(this.work.memory.buffer, this.at(i, 1), this.columns)
  }
}
