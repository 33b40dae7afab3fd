import { cholesky, gemv, solveTriangular, syrk } from '../linalg/index.ts'

/** out = A x for A [m, n] row-major. */
export function multiply(A: Float64Array, m: number, n: number, x: Float64Array, out: Float64Array): void {
  gemv(false, 1, { rows: m, cols: n, data: A }, x, 0, out)
}

/** out = A^T w for A [m, n] row-major. */
export function multiplyTransposed(A: Float64Array, m: number, n: number, w: Float64Array, out: Float64Array): void {
  gemv(true, 1, { rows: m, cols: n, data: A }, w, 0, out)
}

/** Rows scaled at a time: enough for the product to run at full speed, few enough to need little memory. */
const GRAM_ROWS = 2048
/** From this many multiplications on, the symmetric product pays for scaling a copy of the rows. */
const LARGE_PRODUCT = 100_000
/** Room for those rows, kept between calls; holds nothing that outlives a call. */
let scaledRows = new Float64Array(0)

/** out = sum_i w_i a_i a_i^T for the rows a_i of A [m, n] (w_i = 1 without weights), full and exactly symmetric. */
export function gramian(A: Float64Array, m: number, n: number, weights: Float64Array | null, out: Float64Array): void {
  if (weights === null) {
    syrk(true, 1, { rows: m, cols: n, data: A }, 0, { rows: n, cols: n, data: out })
  } else if (m * n * n >= LARGE_PRODUCT && nonNegative(weights)) {
    blockedGramian(A, m, n, weights, out)
  } else {
    out.fill(0)
    for (let i = 0; i < m; i++) {
      const row = i * n
      for (let a = 0; a < n; a++) {
        const scaled = weights[i] * A[row + a]
        for (let b = 0; b <= a; b++) out[a * n + b] += scaled * A[row + b]
      }
    }
    for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) out[b * n + a] = out[a * n + b]
  }
}

function nonNegative(weights: Float64Array): boolean {
  for (let i = 0; i < weights.length; i++) if (!(weights[i] >= 0)) return false
  return true
}

/** The same as symmetric products of rows scaled with the roots of their weights. */
function blockedGramian(A: Float64Array, m: number, n: number, weights: Float64Array, out: Float64Array): void {
  const block = Math.min(m, GRAM_ROWS)
  if (scaledRows.length < block * n) scaledRows = new Float64Array(block * n)
  const gram = { rows: n, cols: n, data: out }
  for (let from = 0; from < m; from += block) {
    const count = Math.min(block, m - from)
    for (let i = 0; i < count; i++) {
      const root = Math.sqrt(weights[from + i])
      const at = (from + i) * n
      for (let j = 0; j < n; j++) scaledRows[i * n + j] = root * A[at + j]
    }
    syrk(true, 1, { rows: count, cols: n, data: scaledRows.subarray(0, count * n) }, from === 0 ? 0 : 1, gram)
  }
}

/** Replaces symmetric A [n, n] by its Cholesky factor L (lower triangle); false if A is not positive definite. */
export function factorInPlace(A: Float64Array, n: number): boolean {
  return cholesky({ rows: n, cols: n, data: A }, A).ok
}

/** out = (L L^T)^-1 b for the factor L [n, n] that `factorInPlace` left. */
export function solveFactored(L: Float64Array, n: number, b: Float64Array, out: Float64Array): void {
  const factor = { rows: n, cols: n, data: L }
  out.set(b)
  solveTriangular(factor, out)
  solveTriangular(factor, out, { transposed: true })
}
