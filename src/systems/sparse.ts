import { InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import { type CsrMatrix, csrTranspose } from '../linalg/index.ts'

/** Where each row of a square matrix has its diagonal entry, for sweeps that go through a row from both ends. */
export interface SweepStructure {
  readonly matrix: CsrMatrix
  /** Position of a_ii in `values`, length n. */
  readonly diagonal: Int32Array
  /** 1 / a_ii, length n. */
  readonly inverseDiagonal: Float64Array
  /** max |i - j| over the entries: how far a row reaches to both sides. */
  readonly reach: number
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
  let reach = 0
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
      reach = Math.max(reach, i - columnIndices[rowPointers[i]], columnIndices[rowPointers[i + 1] - 1] - i)
      continue
    }
    throw new UnsupportedError(`sweeps and factorizations need a nonzero diagonal, but a[${i}][${i}] is 0`, {
      argument: 'matrix',
      expected: 'a nonzero diagonal',
      received: `a[${i}][${i}] = 0`,
    })
  }
  return { matrix, diagonal, inverseDiagonal, reach }
}

/** The diagonal entries, 0 where there is none. */
export function diagonalOf({ rows, rowPointers, columnIndices, values }: CsrMatrix): Float64Array {
  const out = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) if (columnIndices[p] === i) out[i] += values[p]
  }
  return out
}

/**
 * Whether |a_ij - a_ji| <= tolerance * (|a_ij| + |a_ji|) for all entries: O(entries), by one pass over the transpose.
 *
 * @param tolerance relative, per entry. Default 1e-12.
 */
export function isSymmetric(matrix: CsrMatrix, tolerance = 1e-12): boolean {
  const { rows, cols, rowPointers, columnIndices, values } = matrix
  if (rows !== cols) return false
  const transpose = csrTranspose(matrix)
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
