import { type CsrMatrix, Workspace } from '../linalg/index.ts'
import { type SweepStructure, sweepStructure } from './sparse.ts'

/** Below this many rows, plain loops are as fast as kernels. */
export const smallestPlaced = 256

/** A matrix in a workspace of its own, with room for vectors beside it, so that products and sweeps run as kernels. */
export interface Placement {
  readonly matrix: CsrMatrix
  /** For sweeps; null if the matrix has a zero on its diagonal or its columns do not ascend. */
  readonly structure: SweepStructure | null
  /** A fresh vector of length n beside the matrix. */
  vector(): Float64Array
  /** Takes over the values of a matrix with the same pattern, and hands out all vectors anew. */
  refill(matrix: CsrMatrix): void
}

function structureOf(matrix: CsrMatrix): SweepStructure | null {
  try {
    return sweepStructure(matrix)
  } catch {
    // Whoever needs sweeps has been told before; products need no structure.
    return null
  }
}

/**
 * Copies a square matrix into a new workspace.
 *
 * @param vectors how many vectors there must be room for
 */
export function placeMatrix(matrix: CsrMatrix, vectors: number): Placement {
  const { rows: n, cols, rowPointers, columnIndices, values } = matrix
  const entries = rowPointers[n]
  const work = new Workspace(12 * entries + 8 * n * (vectors + 2) + 64 * (vectors + 8))
  const placed = {
    rows: n,
    cols,
    rowPointers: work.int32(n + 1),
    columnIndices: work.int32(entries),
    values: work.float64(entries),
  }
  placed.rowPointers.set(rowPointers)
  placed.columnIndices.set(columnIndices.subarray(0, entries))
  const found = structureOf(matrix)
  const diagonal = work.int32(n)
  const inverseDiagonal = work.float64(n)
  if (found !== null) diagonal.set(found.diagonal)
  const top = work.mark()
  const refill = (from: CsrMatrix): void => {
    placed.values.set(from.values.subarray(0, entries))
    if (found !== null) {
      for (let i = 0; i < n; i++) {
        // Says which row it is.
        if (from.values[diagonal[i]] === 0) sweepStructure(from)
        inverseDiagonal[i] = 1 / from.values[diagonal[i]]
      }
    }
    work.release(top)
  }
  refill({ rows: n, cols, rowPointers, columnIndices, values })
  return {
    matrix: placed,
    structure: found === null ? null : { matrix: placed, diagonal, inverseDiagonal, reach: found.reach },
    vector: () => work.float64(n).fill(0),
    refill,
  }
}

/** Copies every vector of length n in a state to a place beside the matrix; the bits stay the same. */
export function moveVectors(state: object, n: number, vector: () => Float64Array): void {
  const fields = state as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (value instanceof Float64Array) {
      if (value.length !== n) continue
      const view = vector()
      view.set(value)
      fields[name] = view
    } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) moveVectors(value, n, vector)
  }
}
