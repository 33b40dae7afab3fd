import { describe, OptionError } from '../base/index.ts'
import type { CsrMatrix } from '../linalg/index.ts'
import type { Breakdown, Preconditioner } from './preconditioner.ts'
import { type SweepStructure, sweepStructure } from './sparse.ts'

/** An incomplete Cholesky factorization. */
export interface IncompleteCholesky extends Preconditioner {
  /** L, lower triangular with the diagonal last in each row. */
  readonly factor: CsrMatrix
  readonly shift: number
}

/** Fills in the values of L for A + shift D; returns the first bad pivot, or null. */
function factorize({ matrix, diagonal }: SweepStructure, shift: number, factor: CsrMatrix): Breakdown | null {
  const { rowPointers: pointers, columnIndices: columns, values: l } = factor
  for (let i = 0; i < matrix.rows; i++) {
    const begin = pointers[i]
    const end = pointers[i + 1] - 1
    const from = matrix.rowPointers[i]
    let squares = 0
    for (let p = begin; p < end; p++) {
      const k = columns[p]
      let sum = matrix.values[from + p - begin]
      // sum -= l_ij l_kj over the columns j < k that rows i and k share.
      const kEnd = pointers[k + 1] - 1
      let a = begin
      let b = pointers[k]
      while (a < p && b < kEnd) {
        if (columns[a] === columns[b]) sum -= l[a++] * l[b++]
        else if (columns[a] < columns[b]) a++
        else b++
      }
      l[p] = sum / l[kEnd]
      squares += l[p] * l[p]
    }
    const pivot = matrix.values[diagonal[i]] * (1 + shift) - squares
    if (!(pivot > 0 && pivot < Infinity)) return { row: i, pivot }
    l[end] = Math.sqrt(pivot)
  }
  return null
}

/**
 * Incomplete Cholesky factorization without fill, IC(0): L with the pattern of the lower triangle of A and (L L^T)_ij = a_ij on
 * that pattern. Equal to Cholesky's factor where that has no fill, e.g. for full and for tridiagonal matrices. Exists for
 * M-matrices; for others a pivot may not be positive.
 *
 * @param matrix symmetric positive definite; the upper triangle is not read
 * @param options.shift A + shift D is factorized. A number >= 0, or 'auto': 0, and after a breakdown 1e-3, 2e-3, 4e-3... up to 1.
 *   Default 'auto'.
 * @returns the factor, with `breakdown` set if a pivot was not positive (for the last shift tried)
 * @throws {UnsupportedError} if a diagonal entry is 0
 * @see Meijerink and van der Vorst, An iterative solution method for linear systems of which the coefficient matrix is a symmetric
 *   M-matrix, Mathematics of Computation 31 (1977); shifts: Manteuffel, Mathematics of Computation 34 (1980)
 */
export function incompleteCholesky(
  matrix: CsrMatrix,
  { shift = 'auto' }: { shift?: number | 'auto' } = {},
): IncompleteCholesky {
  if (shift !== 'auto' && !(shift >= 0 && shift < Infinity)) {
    throw new OptionError(`incompleteCholesky: shift must be 'auto' or a finite number >= 0, got ${describe(shift)}`, {
      argument: 'shift',
      expected: "'auto' or a finite number >= 0",
      received: describe(shift),
    })
  }
  const structure = sweepStructure(matrix)
  const { diagonal } = structure
  const n = matrix.rows
  const rowPointers = new Int32Array(n + 1)
  for (let i = 0; i < n; i++) rowPointers[i + 1] = rowPointers[i] + diagonal[i] - matrix.rowPointers[i] + 1
  const columnIndices = new Int32Array(rowPointers[n])
  for (let i = 0; i < n; i++) {
    columnIndices.set(matrix.columnIndices.subarray(matrix.rowPointers[i], diagonal[i] + 1), rowPointers[i])
  }
  const values = new Float64Array(rowPointers[n])
  const factor: CsrMatrix = { rows: n, cols: n, rowPointers, columnIndices, values }

  let used = shift === 'auto' ? 0 : shift
  let breakdown = factorize(structure, used, factor)
  while (breakdown !== null && shift === 'auto' && used < 1) {
    used = used === 0 ? 1e-3 : 2 * used
    breakdown = factorize(structure, used, factor)
  }
  return {
    name: 'incomplete-cholesky',
    factor,
    shift: used,
    ...(breakdown !== null && { breakdown }),
    apply(r, out) {
      for (let i = 0; i < n; i++) {
        const end = rowPointers[i + 1] - 1
        let sum = r[i]
        for (let p = rowPointers[i]; p < end; p++) sum -= values[p] * out[columnIndices[p]]
        out[i] = sum / values[end]
      }
      for (let i = n - 1; i >= 0; i--) {
        const end = rowPointers[i + 1] - 1
        const z = out[i] / values[end]
        out[i] = z
        for (let p = rowPointers[i]; p < end; p++) out[columnIndices[p]] -= values[p] * z
      }
    },
  }
}
