import { describe, InvalidInputError, ShapeError } from '../base/index.ts'
import { checkLength, checkMatrix } from './shapes.ts'
import type { CsrMatrix, DenseMatrix, LinearOperator } from './types.ts'
import { workspaceOf } from './workspace.ts'

/**
 * A sparse matrix from entries (i, j, v) in any order. Entries at the same place are added up; zeros that are given stay.
 *
 * @param rowIndices, columnIndices integers in [0, rows) and [0, cols), as long as `values`
 * @throws {ShapeError} if the three lengths differ
 * @throws {InvalidInputError} if an index is out of range
 */
export function csrFromTriplets(
  rows: number,
  cols: number,
  rowIndices: ArrayLike<number>,
  columnIndices: ArrayLike<number>,
  values: ArrayLike<number>,
): CsrMatrix {
  const count = values.length
  if (rowIndices.length !== count || columnIndices.length !== count) {
    throw new ShapeError(
      `csrFromTriplets: ${rowIndices.length} row indices, ${columnIndices.length} column indices, ${count} values`,
      {
        argument: 'rowIndices, columnIndices, values',
        expected: 'three arrays of one length',
        received: `lengths ${rowIndices.length}, ${columnIndices.length}, ${count}`,
      },
    )
  }
  const checkIndex = (name: string, index: number, end: number): void => {
    if (Number.isInteger(index) && index >= 0 && index < end) return
    throw new InvalidInputError(`csrFromTriplets: ${name} must lie in [0, ${end}), got ${describe(index)}`, {
      argument: name,
      expected: `integers in [0, ${end})`,
      received: describe(index),
    })
  }
  // Sorted by columns first, then, stably, by rows: two counting sorts.
  const byColumn = new Int32Array(count)
  const columnStarts = new Int32Array(cols + 1)
  for (let p = 0; p < count; p++) {
    checkIndex('rowIndices', rowIndices[p], rows)
    checkIndex('columnIndices', columnIndices[p], cols)
    columnStarts[columnIndices[p] + 1]++
  }
  for (let j = 0; j < cols; j++) columnStarts[j + 1] += columnStarts[j]
  for (let p = 0; p < count; p++) byColumn[columnStarts[columnIndices[p]]++] = p
  const starts = new Int32Array(rows + 1)
  for (let p = 0; p < count; p++) starts[rowIndices[p] + 1]++
  for (let i = 0; i < rows; i++) starts[i + 1] += starts[i]
  const next = starts.slice()
  const sortedColumns = new Int32Array(count)
  const sortedValues = new Float64Array(count)
  for (let q = 0; q < count; q++) {
    const p = byColumn[q]
    const to = next[rowIndices[p]]++
    sortedColumns[to] = columnIndices[p]
    sortedValues[to] = values[p]
  }
  const rowPointers = new Int32Array(rows + 1)
  let top = 0
  for (let i = 0; i < rows; i++) {
    const first = top
    for (let p = starts[i]; p < starts[i + 1]; p++) {
      if (top > first && sortedColumns[top - 1] === sortedColumns[p]) sortedValues[top - 1] += sortedValues[p]
      else {
        sortedColumns[top] = sortedColumns[p]
        sortedValues[top] = sortedValues[p]
        top++
      }
    }
    rowPointers[i + 1] = top
  }
  return {
    rows,
    cols,
    rowPointers,
    columnIndices: top === count ? sortedColumns : sortedColumns.slice(0, top),
    values: top === count ? sortedValues : sortedValues.slice(0, top),
  }
}

/** The entries of A with |a_ij| > `dropTolerance` (default 0). */
export function csrFromDense(a: DenseMatrix, dropTolerance = 0): CsrMatrix {
  checkMatrix('csrFromDense', 'a', a)
  const { rows, cols, data } = a
  const rowPointers = new Int32Array(rows + 1)
  let count = 0
  // A NaN is kept: it must not vanish silently.
  for (let p = 0; p < data.length; p++) if (!(Math.abs(data[p]) <= dropTolerance)) count++
  const columnIndices = new Int32Array(count)
  const values = new Float64Array(count)
  let top = 0
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const v = data[i * cols + j]
      if (Math.abs(v) <= dropTolerance) continue
      columnIndices[top] = j
      values[top++] = v
    }
    rowPointers[i + 1] = top
  }
  return { rows, cols, rowPointers, columnIndices, values }
}

/** The diagonal matrix of the given entries. */
export function csrDiagonal(diagonal: Float64Array): CsrMatrix {
  const n = diagonal.length
  return {
    rows: n,
    cols: n,
    rowPointers: Int32Array.from({ length: n + 1 }, (_, i) => i),
    columnIndices: Int32Array.from({ length: n }, (_, i) => i),
    values: diagonal.slice(),
  }
}

/** All entries, zeros included. Entries stored twice are added up. */
export function csrToDense(a: CsrMatrix): DenseMatrix {
  const data = new Float64Array(a.rows * a.cols)
  for (let i = 0; i < a.rows; i++) {
    for (let p = a.rowPointers[i]; p < a.rowPointers[i + 1]; p++) data[i * a.cols + a.columnIndices[p]] += a.values[p]
  }
  return { rows: a.rows, cols: a.cols, data }
}

/** A', with ascending columns. */
export function csrTranspose(a: CsrMatrix): CsrMatrix {
  const count = a.rowPointers[a.rows]
  const rowPointers = new Int32Array(a.cols + 1)
  for (let p = 0; p < count; p++) rowPointers[a.columnIndices[p] + 1]++
  for (let j = 0; j < a.cols; j++) rowPointers[j + 1] += rowPointers[j]
  const next = rowPointers.slice()
  const columnIndices = new Int32Array(count)
  const values = new Float64Array(count)
  for (let i = 0; i < a.rows; i++) {
    for (let p = a.rowPointers[i]; p < a.rowPointers[i + 1]; p++) {
      const to = next[a.columnIndices[p]]++
      columnIndices[to] = i
      values[to] = a.values[p]
    }
  }
  return { rows: a.cols, cols: a.rows, rowPointers, columnIndices, values }
}

function sharedBuffer(a: CsrMatrix, x: Float64Array, y: Float64Array): boolean {
  const { buffer } = a.values
  return (
    buffer === x.buffer && buffer === y.buffer && buffer === a.rowPointers.buffer && buffer === a.columnIndices.buffer
  )
}

/**
 * y = alpha A x + beta y, in place of y; with beta 0 (default), y is not read. If the three arrays of A, x and y lie in one
 * workspace, by the kernel, else in plain loops with the same bits.
 *
 * @throws {ShapeError} if the lengths do not fit
 */
export function csrMultiply(a: CsrMatrix, x: Float64Array, y: Float64Array, alpha = 1, beta = 0): void {
  checkLength('csrMultiply', 'x', x, a.cols)
  checkLength('csrMultiply', 'y', y, a.rows)
  const { rowPointers, columnIndices, values } = a
  const work = sharedBuffer(a, x, y) ? workspaceOf(y) : undefined
  if (work !== undefined) {
    const { spmv_f64 } = work.kernels
    const [rowsAt, columnsAt] = [rowPointers.byteOffset, columnIndices.byteOffset]
    spmv_f64(a.rows, rowsAt, columnsAt, values.byteOffset, alpha, x.byteOffset, beta, y.byteOffset)
    return
  }
  let p = rowPointers[0]
  for (let i = 0; i < a.rows; i++) {
    const end = rowPointers[i + 1]
    let s = 0
    let t = 0
    for (; p < end - 1; p += 2) {
      s += values[p] * x[columnIndices[p]]
      t += values[p + 1] * x[columnIndices[p + 1]]
    }
    if (p < end) {
      s += values[p] * x[columnIndices[p]]
      p++
    }
    const r = alpha * (s + t)
    y[i] = beta === 0 ? r : beta * y[i] + r
  }
}

/**
 * y = alpha A'x + beta y, in place of y [cols].
 *
 * @throws {ShapeError} if the lengths do not fit
 */
export function csrMultiplyTransposed(a: CsrMatrix, x: Float64Array, y: Float64Array, alpha = 1, beta = 0): void {
  checkLength('csrMultiplyTransposed', 'x', x, a.rows)
  checkLength('csrMultiplyTransposed', 'y', y, a.cols)
  const { rowPointers, columnIndices, values } = a
  const work = sharedBuffer(a, x, y) ? workspaceOf(y) : undefined
  if (work !== undefined) {
    const { spmv_t_f64 } = work.kernels
    const [rowsAt, columnsAt] = [rowPointers.byteOffset, columnIndices.byteOffset]
    spmv_t_f64(a.rows, a.cols, rowsAt, columnsAt, values.byteOffset, alpha, x.byteOffset, beta, y.byteOffset)
    return
  }
  if (beta === 0) y.fill(0)
  else if (beta !== 1) for (let j = 0; j < y.length; j++) y[j] *= beta
  let p = rowPointers[0]
  for (let i = 0; i < a.rows; i++) {
    const c = alpha * x[i]
    for (const end = rowPointers[i + 1]; p < end; p++) y[columnIndices[p]] += c * values[p]
  }
}

/**
 * A B for sparse A [m, n] and dense B [n, k], as a new matrix.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function csrTimesDense(a: CsrMatrix, b: DenseMatrix): DenseMatrix {
  checkMatrix('csrTimesDense', 'b', b)
  checkInner('csrTimesDense', a, b.rows)
  const k = b.cols
  const data = new Float64Array(a.rows * k)
  for (let i = 0; i < a.rows; i++) {
    for (let p = a.rowPointers[i]; p < a.rowPointers[i + 1]; p++) {
      const v = a.values[p]
      const from = a.columnIndices[p] * k
      for (let j = 0; j < k; j++) data[i * k + j] += v * b.data[from + j]
    }
  }
  return { rows: a.rows, cols: k, data }
}

function checkInner(where: string, a: CsrMatrix, rows: number): void {
  if (a.cols === rows) return
  throw new ShapeError(`${where}: a has ${a.cols} columns, but b has ${rows} rows`, {
    argument: 'b',
    expected: `${a.cols} rows`,
    received: `${rows} rows`,
  })
}

/**
 * A B for sparse A and B, with ascending columns; entries that cancel to 0 stay.
 *
 * Row by row with a dense accumulator: Gustavson, "Two Fast Algorithms for Sparse Matrices" (1978).
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function csrProduct(a: CsrMatrix, b: CsrMatrix): CsrMatrix {
  checkInner('csrProduct', a, b.rows)
  const seen = new Int32Array(b.cols).fill(-1)
  const rowPointers = new Int32Array(a.rows + 1)
  for (let i = 0; i < a.rows; i++) {
    let count = 0
    for (let p = a.rowPointers[i]; p < a.rowPointers[i + 1]; p++) {
      const k = a.columnIndices[p]
      for (let q = b.rowPointers[k]; q < b.rowPointers[k + 1]; q++) {
        if (seen[b.columnIndices[q]] === i) continue
        seen[b.columnIndices[q]] = i
        count++
      }
    }
    rowPointers[i + 1] = rowPointers[i] + count
  }
  seen.fill(-1)
  const sums = new Float64Array(b.cols)
  const columnIndices = new Int32Array(rowPointers[a.rows])
  const values = new Float64Array(rowPointers[a.rows])
  for (let i = 0; i < a.rows; i++) {
    let top = rowPointers[i]
    for (let p = a.rowPointers[i]; p < a.rowPointers[i + 1]; p++) {
      const k = a.columnIndices[p]
      const v = a.values[p]
      for (let q = b.rowPointers[k]; q < b.rowPointers[k + 1]; q++) {
        const j = b.columnIndices[q]
        if (seen[j] !== i) {
          seen[j] = i
          columnIndices[top++] = j
          sums[j] = 0
        }
        sums[j] += v * b.values[q]
      }
    }
    columnIndices.subarray(rowPointers[i], top).sort()
    for (let p = rowPointers[i]; p < top; p++) values[p] = sums[columnIndices[p]]
  }
  return { rows: a.rows, cols: b.cols, rowPointers, columnIndices, values }
}

/**
 * alpha A + beta B, with ascending columns; both must have ascending columns.
 *
 * @throws {ShapeError} if the shapes differ
 */
export function csrAdd(alpha: number, a: CsrMatrix, beta: number, b: CsrMatrix): CsrMatrix {
  if (a.rows !== b.rows || a.cols !== b.cols) {
    throw new ShapeError(`csrAdd: a has shape [${a.rows}, ${a.cols}], but b has shape [${b.rows}, ${b.cols}]`, {
      argument: 'b',
      expected: `shape [${a.rows}, ${a.cols}]`,
      received: `shape [${b.rows}, ${b.cols}]`,
    })
  }
  const most = a.rowPointers[a.rows] + b.rowPointers[b.rows]
  const rowPointers = new Int32Array(a.rows + 1)
  const columnIndices = new Int32Array(most)
  const values = new Float64Array(most)
  let top = 0
  for (let i = 0; i < a.rows; i++) {
    let p = a.rowPointers[i]
    let q = b.rowPointers[i]
    const [endP, endQ] = [a.rowPointers[i + 1], b.rowPointers[i + 1]]
    while (p < endP || q < endQ) {
      const j = p < endP ? a.columnIndices[p] : a.cols
      const k = q < endQ ? b.columnIndices[q] : a.cols
      let v = 0
      if (j <= k) v += alpha * a.values[p++]
      if (k <= j) v += beta * b.values[q++]
      columnIndices[top] = Math.min(j, k)
      values[top++] = v
    }
    rowPointers[i + 1] = top
  }
  return {
    rows: a.rows,
    cols: a.cols,
    rowPointers,
    columnIndices: columnIndices.slice(0, top),
    values: values.slice(0, top),
  }
}

/** The operator of a sparse matrix; it keeps the matrix, not a copy. */
export function csrOperator(a: CsrMatrix): LinearOperator {
  return {
    rows: a.rows,
    cols: a.cols,
    apply: (x, out) => csrMultiply(a, x, out),
    applyTranspose: (x, out) => csrMultiplyTransposed(a, x, out),
  }
}
