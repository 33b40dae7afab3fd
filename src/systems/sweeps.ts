import type { SweepStructure } from './sparse.ts'

/**
 * One forward SOR step in defect form, with its new residual, in the work of one product with A. Given r = b - A x:
 *
 *     delta = (D / omega + L)^-1 r,      r <- r - A delta = ((1 / omega - 1) D - U) delta,
 *
 * for A = L + D + U. The step itself is x += delta, which the caller makes. The lower half of A is read for delta, the upper
 * half for the residual: (D / omega + L) delta cancels against the old residual.
 *
 * @param residual r, length n; becomes the residual after the step
 * @param delta receives the step, length n
 * @returns the squared 2-norm of the new residual
 */
export function forwardSweep(
  { matrix, diagonal }: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const { rows, rowPointers, columnIndices, values } = matrix
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    let sum = residual[i]
    for (let p = rowPointers[i]; p < d; p++) sum -= values[p] * delta[columnIndices[p]]
    delta[i] = (sum * omega) / values[d]
  }
  const rest = 1 / omega - 1
  let squared = 0
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    const end = rowPointers[i + 1]
    let sum = rest * values[d] * delta[i]
    for (let p = d + 1; p < end; p++) sum -= values[p] * delta[columnIndices[p]]
    residual[i] = sum
    squared += sum * sum
  }
  return squared
}

/** As `forwardSweep`, through the rows from the last to the first: delta = (D / omega + U)^-1 r. */
export function backwardSweep(
  { matrix, diagonal }: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const { rows, rowPointers, columnIndices, values } = matrix
  for (let i = rows - 1; i >= 0; i--) {
    const d = diagonal[i]
    const end = rowPointers[i + 1]
    let sum = residual[i]
    for (let p = d + 1; p < end; p++) sum -= values[p] * delta[columnIndices[p]]
    delta[i] = (sum * omega) / values[d]
  }
  const rest = 1 / omega - 1
  let squared = 0
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    let sum = rest * values[d] * delta[i]
    for (let p = rowPointers[i]; p < d; p++) sum -= values[p] * delta[columnIndices[p]]
    residual[i] = sum
    squared += sum * sum
  }
  return squared
}

/**
 * Writes z = omega (2 - omega) (D + omega L)^-T D (D + omega L)^-1 r, for symmetric A = L + D + L^T: the inverse of the SSOR
 * preconditioner, in the work of one product. `r` and `out` may be the same array.
 */
export function applySsor(
  { matrix, diagonal }: SweepStructure,
  omega: number,
  r: Float64Array,
  out: Float64Array,
): void {
  const { rows, rowPointers, columnIndices, values } = matrix
  const scale = omega * (2 - omega)
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    let sum = r[i]
    for (let p = rowPointers[i]; p < d; p++) sum -= omega * values[p] * out[columnIndices[p]]
    out[i] = sum / values[d]
  }
  for (let i = rows - 1; i >= 0; i--) {
    const d = diagonal[i]
    const end = rowPointers[i + 1]
    let sum = 0
    for (let p = d + 1; p < end; p++) sum += values[p] * out[columnIndices[p]]
    // Entries after i already hold z / scale.
    out[i] -= (omega * sum) / values[d]
  }
  for (let i = 0; i < rows; i++) out[i] *= scale
}
