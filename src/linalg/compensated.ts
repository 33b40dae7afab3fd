import { productError } from '../base/index.ts'
import type { CsrMatrix } from './types.ts'

/** The rounding error of p = fl(a b), exactly; 0 where the halves would overflow. */
function errorOf(a: number, b: number, p: number): number {
  const error = productError(a, b, p)
  return Number.isFinite(error) ? error : 0
}

/**
 * Row `row` of A times x, as if computed with twice the digits and rounded once: relative to the sum of |a_ij x_j| the error is
 * about n^2 eps^2, so that a residual measured with it is the residual, not rounding.
 *
 * @see Ogita, Rump and Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26 (2005), Algorithm 5.3 (Dot2)
 */
export function compensatedRowProduct(a: CsrMatrix, row: number, x: Float64Array): number {
  const { rowPointers, columnIndices, values } = a
  let sum = 0
  let error = 0
  for (let k = rowPointers[row]; k < rowPointers[row + 1]; k++) {
    const v = values[k]
    const y = x[columnIndices[k]]
    const p = v * y
    const s = sum + p
    const z = s - sum
    error += sum - (s - z) + (p - z) + errorOf(v, y, p)
    sum = s
  }
  return sum + error
}

/** initial + sum of a_j b_j, as `compensatedRowProduct`. */
export function compensatedDot(a: Float64Array, b: Float64Array, initial = 0): number {
  let sum = initial
  let error = 0
  for (let j = 0; j < a.length; j++) {
    const p = a[j] * b[j]
    const s = sum + p
    const z = s - sum
    error += sum - (s - z) + (p - z) + errorOf(a[j], b[j], p)
    sum = s
  }
  return sum + error
}
