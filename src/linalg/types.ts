/** A dense matrix, row-major: entry (i, j) is `data[i * cols + j]`. */
export interface DenseMatrix {
  readonly rows: number
  readonly cols: number
  /** Length rows * cols. */
  readonly data: Float64Array
}

/**
 * A sparse matrix in compressed rows: the entries of row i are `values[p]` in columns `columnIndices[p]` for p from
 * `rowPointers[i]` up to, not including, `rowPointers[i + 1]`. Functions of this library make columns ascend within each row.
 */
export interface CsrMatrix {
  readonly rows: number
  readonly cols: number
  /** Length rows + 1, from 0 to the number of stored entries. */
  readonly rowPointers: Int32Array
  readonly columnIndices: Int32Array
  readonly values: Float64Array
}

/** A linear map R^cols -> R^rows that is known by its products. */
export interface LinearOperator {
  readonly rows: number
  readonly cols: number
  /** out = A x; `x` has length cols, `out` length rows, and they do not overlap. */
  apply(x: Float64Array, out: Float64Array): void
  /** out = A'x; `x` has length rows, `out` length cols. */
  applyTranspose?(x: Float64Array, out: Float64Array): void
}
