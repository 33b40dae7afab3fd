import { Workspace } from '../linalg/index.ts'

interface Kernel {
  transport_conjugate_gradients(
    rows: number,
    first: number,
    size: number,
    diagonal: number,
    offsets: number,
    columns: number,
    values: number,
    eta: number,
    tolerance: number,
    residual: number,
    search: number,
    product: number,
    inverse: number,
    solution: number,
  ): number
}

/** A sparse coupling of n rows and m columns, in kernel memory: what a sparse Newton step keeps of a plan. */
export interface Coupling {
  /** n + 1 offsets. */
  readonly offsets: Int32Array
  readonly columns: Int32Array
  readonly values: Float64Array
}

/**
 * Solves eta [diag(r), S; S', diag(c)] z = g by conjugate gradients, again and again with other numbers: memory for up to
 * `capacity` entries of S is reserved once.
 */
export class CoupledSolver {
  readonly coupling: Coupling
  /** Most steps of a solve. */
  readonly mostSteps: number
  private readonly n: number
  private readonly m: number
  private readonly first: number
  private readonly size: number
  private readonly kernel: Kernel
  private readonly vectors: Float64Array[]

  constructor(n: number, m: number, capacity: number) {
    this.n = n
    this.m = m
    this.first = n + (n & 1)
    this.size = this.first + m + (m & 1)
    this.mostSteps = 5 * this.size
    const work = new Workspace(6 * 8 * this.size + 4 * (n + 1) + 12 * capacity + 64 * 16)
    this.kernel = work.kernels as unknown as Kernel
    this.vectors = Array.from({ length: 6 }, () => work.float64(this.size))
    this.coupling = { offsets: work.int32(n + 1), columns: work.int32(capacity), values: work.float64(capacity) }
  }

  /**
   * Writes the solution for the coupling as it is, to the relative residual `tolerance`.
   *
   * @param r row sums, c column sums; (gx, gy) the right-hand side; (zx, zy) the solution
   * @returns the number of steps, at most `mostSteps`, about 5 (n + m)
   */
  solve(
    r: Float64Array,
    c: Float64Array,
    gx: Float64Array,
    gy: Float64Array,
    eta: number,
    tolerance: number,
    zx: Float64Array,
    zy: Float64Array,
  ): number {
    const { n, m, first, size, coupling } = this
    const [diagonal, residual, search, product, inverse, solution] = this.vectors
    diagonal.fill(1)
    diagonal.set(r)
    diagonal.set(c, first)
    residual.fill(0)
    residual.set(gx)
    residual.set(gy, first)
    const steps = this.kernel.transport_conjugate_gradients(
      n,
      first,
      size,
      diagonal.byteOffset,
      coupling.offsets.byteOffset,
      coupling.columns.byteOffset,
      coupling.values.byteOffset,
      eta,
      tolerance,
      residual.byteOffset,
      search.byteOffset,
      product.byteOffset,
      inverse.byteOffset,
      solution.byteOffset,
    )
    zx.set(solution.subarray(0, n))
    zy.set(solution.subarray(first, first + m))
    return steps
  }
}
