import { type Kernels, workspaceOf } from '../linalg/index.ts'
import type { SweepStructure } from './sparse.ts'

type Sweep = (
  n: number,
  reach: number,
  rowPointers: number,
  columns: number,
  values: number,
  diagonal: number,
  inverseDiagonal: number,
  omega: number,
  r: number,
  out: number,
) => number

/** The kernels of assembly/sweeps.ts. */
interface SweepKernels extends Kernels {
  readonly sor_forward_f64: Sweep
  readonly sor_backward_f64: Sweep
  readonly ssor_apply_f64: Sweep
}

/** The kernels, if the matrix, its structure and both vectors lie in one workspace. The loops below give the same bits. */
function kernelsFor(structure: SweepStructure, r: Float64Array, out: Float64Array): SweepKernels | undefined {
  const { matrix, diagonal, inverseDiagonal } = structure
  const { rowPointers, columnIndices, values } = matrix
  const { buffer } = r
  if (buffer !== out.buffer || buffer !== values.buffer || buffer !== inverseDiagonal.buffer) return undefined
  if (buffer !== rowPointers.buffer || buffer !== columnIndices.buffer || buffer !== diagonal.buffer) return undefined
  return workspaceOf(r)?.kernels as SweepKernels | undefined
}

function sweepBy(
  kernel: Sweep,
  { matrix, diagonal, inverseDiagonal, reach }: SweepStructure,
  omega: number,
  r: Float64Array,
  out: Float64Array,
): number {
  return kernel(
    matrix.rows,
    reach,
    matrix.rowPointers.byteOffset,
    matrix.columnIndices.byteOffset,
    matrix.values.byteOffset,
    diagonal.byteOffset,
    inverseDiagonal.byteOffset,
    omega,
    r.byteOffset,
    out.byteOffset,
  )
}

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
  structure: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const kernels = kernelsFor(structure, residual, delta)
  if (kernels !== undefined) return sweepBy(kernels.sor_forward_f64, structure, omega, residual, delta)
  const { matrix, diagonal, inverseDiagonal } = structure
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
  structure: SweepStructure,
  omega: number,
  residual: Float64Array,
  delta: Float64Array,
): number {
  const kernels = kernelsFor(structure, residual, delta)
  if (kernels !== undefined) return sweepBy(kernels.sor_backward_f64, structure, omega, residual, delta)
  const { matrix, diagonal, inverseDiagonal } = structure
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
  for (let i = rows - 1; i >= 0; i--) {
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
export function applySsor(structure: SweepStructure, omega: number, r: Float64Array, out: Float64Array): void {
  const kernels = kernelsFor(structure, r, out)
  if (kernels !== undefined) {
    sweepBy(kernels.ssor_apply_f64, structure, omega, r, out)
    return
  }
  const { matrix, diagonal, inverseDiagonal } = structure
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
