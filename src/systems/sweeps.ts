import type { SweepStructure } from './sparse.ts'

/**
 * One forward SOR step in defect form, with its new residual, in the work of one product with A. Given r = b - A x:
 *
 *     delta = (D / omega + L)^-1 r,      r <- r - A delta = ((1 / omega - 1) D - U) delta,
 *
 * for A = L + D + U. The step itself is x += delta, which the caller makes. The lower half of A is read for delta, the upper
 * half for the residual: (D / omega + L) delta cancels against the old residual.
 *
 * In most matrices each row needs the step of the row just before it. That one is kept in a register and multiplied in last, so
 * that rows wait for each other by one multiplication and one subtraction only.
 *
 * @param residual r, length n; becomes the residual after the step
 * @param delta receives the step, length n
 * @returns the squared 2-norm of the new residual
 */
export function forwardSweep(
  { matrix, diagonal, inverseDiagonal }: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const { rows, rowPointers, columnIndices, values } = matrix
  let previous = 0
  let p = 0
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    const factor = omega * inverseDiagonal[i]
    let sum = residual[i]
    p = rowPointers[i]
    const near = d - 1
    for (; p < near; p++) sum -= values[p] * delta[columnIndices[p]]
    if (p === d) previous = factor * sum
    else if (columnIndices[near] === i - 1) previous = factor * sum - factor * values[near] * previous
    else previous = factor * (sum - values[near] * delta[columnIndices[near]])
    delta[i] = previous
  }
  const rest = 1 / omega - 1
  let squared = 0
  for (let i = 0; i < rows; i++) {
    p = diagonal[i]
    const end = rowPointers[i + 1]
    let sum = rest * values[p] * delta[i]
    for (p++; p < end; p++) sum -= values[p] * delta[columnIndices[p]]
    residual[i] = sum
    squared += sum * sum
  }
  return squared
}

/** As `forwardSweep`, through the rows from the last to the first: delta = (D / omega + U)^-1 r. */
export function backwardSweep(
  { matrix, diagonal, inverseDiagonal }: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const { rows, rowPointers, columnIndices, values } = matrix
  let previous = 0
  for (let i = rows - 1; i >= 0; i--) {
    const factor = omega * inverseDiagonal[i]
    let sum = residual[i]
    const near = diagonal[i] + 1
    let p = rowPointers[i + 1] - 1
    for (; p > near; p--) sum -= values[p] * delta[columnIndices[p]]
    if (p < near) previous = factor * sum
    else if (columnIndices[near] === i + 1) previous = factor * sum - factor * values[near] * previous
    else previous = factor * (sum - values[near] * delta[columnIndices[near]])
    delta[i] = previous
  }
  const rest = 1 / omega - 1
  let squared = 0
  let p = 0
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    p = rowPointers[i]
    let sum = rest * values[d] * delta[i]
    for (; p < d; p++) sum -= values[p] * delta[columnIndices[p]]
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
  { matrix, diagonal, inverseDiagonal }: SweepStructure,
  omega: number,
  r: Float64Array,
  out: Float64Array,
): void {
  const { rows, rowPointers, columnIndices, values } = matrix
  const scale = omega * (2 - omega)
  // y = scale (D + omega L)^-1 r
  let previous = 0
  let p = 0
  for (let i = 0; i < rows; i++) {
    const d = diagonal[i]
    const inverse = inverseDiagonal[i]
    const factor = omega * inverse
    let sum = 0
    p = rowPointers[i]
    const near = d - 1
    for (; p < near; p++) sum += values[p] * out[columnIndices[p]]
    const own = scale * inverse * r[i] - factor * sum
    if (p === d) previous = own
    else if (columnIndices[near] === i - 1) previous = own - factor * values[near] * previous
    else previous = own - factor * values[near] * out[columnIndices[near]]
    out[i] = previous
  }
  // z = (D + omega U)^-1 D y
  for (let i = rows - 1; i >= 0; i--) {
    const factor = omega * inverseDiagonal[i]
    let sum = 0
    const near = diagonal[i] + 1
    let q = rowPointers[i + 1] - 1
    for (; q > near; q--) sum += values[q] * out[columnIndices[q]]
    const own = out[i] - factor * sum
    if (q < near) previous = own
    else if (columnIndices[near] === i + 1) previous = own - factor * values[near] * previous
    else previous = own - factor * values[near] * out[columnIndices[near]]
    out[i] = previous
  }
}
