import { describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import type { CsrMatrix } from '../linalg/index.ts'

/** Where each row of a square matrix has its diagonal entry, for sweeps that go through a row from both ends. */
export interface SweepStructure {
  readonly matrix: CsrMatrix
  /** Position of a_ii in `values`, length n. */
  readonly diagonal: Int32Array
  /** 1 / a_ii, length n. */
  readonly inverseDiagonal: Float64Array
}

/**
 * Finds the diagonal of a square matrix whose columns ascend within each row.
 *
 * @throws {ShapeError} if the matrix is not square
 * @throws {InvalidInputError} if columns do not ascend
 * @throws {UnsupportedError} if a diagonal entry is missing or 0
 */
export function sweepStructure(matrix: CsrMatrix): SweepStructure {
  const { rows, cols, rowPointers, columnIndices, values } = matrix
  if (rows !== cols) {
    throw new ShapeError(`sweeps need a square matrix, got shape [${rows}, ${cols}]`, {
      argument: 'matrix',
      expected: 'a square matrix',
      received: `[${rows}, ${cols}]`,
    })
  }
  const diagonal = new Int32Array(rows).fill(-1)
  const inverseDiagonal = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) {
      if (p > rowPointers[i] && columnIndices[p] <= columnIndices[p - 1]) {
        throw new InvalidInputError(`matrix: the columns of row ${i} must ascend`, {
          argument: 'matrix.columnIndices',
          expected: 'ascending columns in each row',
          received: `${columnIndices[p - 1]} before ${columnIndices[p]}`,
        })
      }
      if (columnIndices[p] === i) diagonal[i] = p
    }
    if (diagonal[i] >= 0 && values[diagonal[i]] !== 0) {
      inverseDiagonal[i] = 1 / values[diagonal[i]]
      continue
    }
    throw new UnsupportedError(`sweeps and factorizations need a nonzero diagonal, but a[${i}][${i}] is 0`, {
      argument: 'matrix',
      expected: 'a nonzero diagonal',
      received: `a[${i}][${i}] = 0`,
    })
  }
  return { matrix, diagonal, inverseDiagonal }
}

/** The diagonal entries, 0 where there is none. */
export function diagonalOf({ rows, rowPointers, columnIndices, values }: CsrMatrix): Float64Array {
  const out = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) if (columnIndices[p] === i) out[i] += values[p]
  }
  return out
}

/** Writes A x, length rows. The plain kernel: for tests, for small matrices, and where no workspace is at hand. */
export function multiplyCsr(matrix: CsrMatrix, x: Float64Array, out: Float64Array): void {
  const { rows, rowPointers, columnIndices, values } = matrix
  let p = 0
  for (let i = 0; i < rows; i++) {
    const end = rowPointers[i + 1]
    let sum = 0
    for (; p < end; p++) sum += values[p] * x[columnIndices[p]]
    out[i] = sum
  }
}

/**
 * Whether |a_ij - a_ji| <= tolerance * (|a_ij| + |a_ji|) for all entries: O(entries), by one pass over the transpose.
 *
 * @param tolerance relative, per entry. Default 1e-12.
 */
export function isSymmetric(matrix: CsrMatrix, tolerance = 1e-12): boolean {
  const { rows, cols, rowPointers, columnIndices, values } = matrix
  if (rows !== cols) return false
  const transpose = transposeCsr(matrix)
  // Structural zeros may be stored on one side only, so rows are merged by column instead of compared by position.
  for (let i = 0; i < rows; i++) {
    let p = rowPointers[i]
    let q = transpose.rowPointers[i]
    const pEnd = rowPointers[i + 1]
    const qEnd = transpose.rowPointers[i + 1]
    while (p < pEnd || q < qEnd) {
      const j = p < pEnd ? columnIndices[p] : cols
      const k = q < qEnd ? transpose.columnIndices[q] : cols
      const a = j <= k ? values[p++] : 0
      const b = k <= j ? transpose.values[q++] : 0
      if (!(Math.abs(a - b) <= tolerance * (Math.abs(a) + Math.abs(b)))) return false
    }
  }
  return true
}

/** The transpose, with ascending columns. */
export function transposeCsr({ rows, cols, rowPointers, columnIndices, values }: CsrMatrix): CsrMatrix {
  const count = new Int32Array(cols + 1)
  const entries = rowPointers[rows]
  for (let p = 0; p < entries; p++) count[columnIndices[p] + 1]++
  for (let j = 0; j < cols; j++) count[j + 1] += count[j]
  const next = count.slice()
  const outColumns = new Int32Array(entries)
  const outValues = new Float64Array(entries)
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) {
      const q = next[columnIndices[p]]++
      outColumns[q] = i
      outValues[q] = values[p]
    }
  }
  return { rows: cols, cols: rows, rowPointers: count, columnIndices: outColumns, values: outValues }
}

/**
 * A sparse matrix from entries in any order; entries at the same place are added.
 *
 * @param entries triples (row, column, value), indices from 0
 * @throws {InvalidInputError} if an index is outside the shape
 */
export function csrFromTriplets(
  rows: number,
  cols: number,
  rowIndices: ArrayLike<number>,
  columns: ArrayLike<number>,
  values: ArrayLike<number>,
): CsrMatrix {
  const count = new Int32Array(rows + 1)
  for (let k = 0; k < rowIndices.length; k++) {
    const i = rowIndices[k]
    const j = columns[k]
    if (!(Number.isInteger(i) && i >= 0 && i < rows && Number.isInteger(j) && j >= 0 && j < cols)) {
      throw new InvalidInputError(`entry ${k} lies at (${i}, ${j}), outside the shape [${rows}, ${cols}]`, {
        argument: `entries[${k}]`,
        expected: `indices in [0, ${rows}) x [0, ${cols})`,
        received: describe([i, j]),
      })
    }
    count[i + 1]++
  }
  for (let i = 0; i < rows; i++) count[i + 1] += count[i]
  const next = count.slice()
  const byRowColumns = new Int32Array(rowIndices.length)
  const byRowValues = new Float64Array(rowIndices.length)
  for (let k = 0; k < rowIndices.length; k++) {
    const q = next[rowIndices[k]]++
    byRowColumns[q] = columns[k]
    byRowValues[q] = values[k]
  }
  // Transposing twice sorts the columns of every row in linear time.
  const sorted = transposeCsr(
    transposeCsr({ rows, cols, rowPointers: count, columnIndices: byRowColumns, values: byRowValues }),
  )
  const { rowPointers, columnIndices } = sorted
  const outPointers = new Int32Array(rows + 1)
  let q = 0
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) {
      if (p > rowPointers[i] && columnIndices[p] === columnIndices[p - 1]) sorted.values[q - 1] += sorted.values[p]
      else {
        columnIndices[q] = columnIndices[p]
        sorted.values[q] = sorted.values[p]
        q++
      }
    }
    outPointers[i + 1] = q
  }
  return {
    rows,
    cols,
    rowPointers: outPointers,
    columnIndices: columnIndices.slice(0, q),
    values: sorted.values.slice(0, q),
  }
}
