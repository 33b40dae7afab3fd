import type { CsrMatrix } from '../linalg/index.ts'
import type { Breakdown, Preconditioner } from './preconditioner.ts'
import { sweepStructure } from './sparse.ts'

/** An incomplete LU factorization. */
export interface IncompleteLu extends Preconditioner {
  /** L (unit diagonal, not stored) and U in one matrix with the pattern of A. */
  readonly factors: CsrMatrix
}

/** A pivot below this fraction of its row counts as zero. */
const SMALLEST_PIVOT = 1e-14

/**
 * Incomplete LU factorization without fill, ILU(0): unit lower L and upper U on the pattern of A with (L U)_ij = a_ij there. No
 * pivoting; exists for M-matrices and strictly diagonally dominant ones.
 *
 * @returns the factors, with `breakdown` set if a pivot was (nearly) zero or not finite
 * @throws {UnsupportedError} if a diagonal entry of A is 0
 * @see Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), Algorithm 10.4
 */
export function incompleteLu(matrix: CsrMatrix): IncompleteLu {
  const { diagonal } = sweepStructure(matrix)
  const { rows: n, rowPointers, columnIndices } = matrix
  const values = matrix.values.slice()
  /** Position of column j in the current row, or -1. */
  const position = new Int32Array(n).fill(-1)
  let breakdown: Breakdown | null = null
  for (let i = 0; i < n && breakdown === null; i++) {
    const begin = rowPointers[i]
    const end = rowPointers[i + 1]
    let size = 0
    for (let p = begin; p < end; p++) {
      position[columnIndices[p]] = p
      size = Math.max(size, Math.abs(values[p]))
    }
    for (let p = begin; p < diagonal[i]; p++) {
      const k = columnIndices[p]
      const factor = values[p] / values[diagonal[k]]
      values[p] = factor
      for (let q = diagonal[k] + 1; q < rowPointers[k + 1]; q++) {
        const target = position[columnIndices[q]]
        if (target >= 0) values[target] -= factor * values[q]
      }
    }
    for (let p = begin; p < end; p++) position[columnIndices[p]] = -1
    const pivot = values[diagonal[i]]
    if (!(Math.abs(pivot) > SMALLEST_PIVOT * size && Math.abs(pivot) < Infinity)) breakdown = { row: i, pivot }
  }
  return {
    name: 'incomplete-lu',
    factors: { rows: n, cols: n, rowPointers, columnIndices, values },
    ...(breakdown !== null && { breakdown }),
    apply(r, out) {
      for (let i = 0; i < n; i++) {
        let sum = r[i]
        for (let p = rowPointers[i]; p < diagonal[i]; p++) sum -= values[p] * out[columnIndices[p]]
        out[i] = sum
      }
      for (let i = n - 1; i >= 0; i--) {
        const end = rowPointers[i + 1]
        let sum = out[i]
        for (let p = diagonal[i] + 1; p < end; p++) sum -= values[p] * out[columnIndices[p]]
        out[i] = sum / values[diagonal[i]]
      }
    },
  }
}
