export type Backend = 'wasm' | 'openblas'

/**
 * Dense kernels on ordinary arrays. Matrices are row-major and contiguous; all arguments have been checked. Factorizations work
 * in place and return 0, or 1 + the index of the pivot that failed.
 */
export interface DenseEngine {
  readonly name: Backend
  /** C = alpha op(A) op(B) + beta C; leading dimensions are the column counts of A, B and C as stored. */
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Float64Array,
    b: Float64Array,
    beta: number,
    c: Float64Array,
  ): void
  /** C = alpha A A' + beta C, or alpha A'A + beta C with `trans`; C [n, n] is filled on both sides of the diagonal. */
  syrk(trans: boolean, n: number, k: number, alpha: number, a: Float64Array, beta: number, c: Float64Array): void
  /** op(T) X = B or X op(T) = B, X in place of B [m, n]. */
  trsm(
    right: boolean,
    lower: boolean,
    trans: boolean,
    unit: boolean,
    m: number,
    n: number,
    t: Float64Array,
    b: Float64Array,
  ): void
  potrf(n: number, a: Float64Array): number
  /** pivots[i] is the row that row i was swapped with, counted from 0. */
  getrf(n: number, a: Float64Array, pivots: Int32Array): number
}
