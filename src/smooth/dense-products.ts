import { Workspace } from '../linalg/index.ts'

/** out = A x for A [m, n] row-major. */
export function multiply(A: Float64Array, m: number, n: number, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < m; i++) {
    let s = 0
    for (let j = 0; j < n; j++) s += A[i * n + j] * x[j]
    out[i] = s
  }
}
export function multiplyTransposed(A: Float64Array, m: number, n: number, w: Float64Array, out: Float64Array): void {
  out.fill(0)
  for (let i = 0; i < m; i++) {
    const wi = w[i]
    for (let j = 0; j < n; j++) out[j] += wi * A[i * n + j]
  }
}
/** Rows scaled at a time: with a hundred columns they stay in the cache. */
const GRAM_ROWS = 512
let gramStage: { workspace: Workspace; rows: Float64Array; gram: Float64Array; columns: number } | undefined

/** out = sum_i w_i a_i a_i^T for the rows a_i of A [m, n] (w_i = 1 without weights), full symmetric. */
export function gramian(A: Float64Array, m: number, n: number, weights: Float64Array | null, out: Float64Array): void {
  if (m * n * n >= 100_000 && (weights === null || weights.every((w) => w >= 0)))
    return gramianBlocked(A, m, n, weights, out)
  out.fill(0)
  for (let i = 0; i < m; i++) {
    const wi = weights ? weights[i] : 1
    for (let a = 0; a < n; a++) {
      const va = wi * A[i * n + a]
      for (let b = 0; b < n; b++) out[a * n + b] += va * A[i * n + b]
    }
  }
}

/** The same by the symmetric kernel, on rows scaled with the roots of their weights. */
function gramianBlocked(A: Float64Array, m: number, n: number, weights: Float64Array | null, out: Float64Array): void {
  if (gramStage?.columns !== n) {
    const workspace = new Workspace(8 * (GRAM_ROWS * n + n * n) + 128)
    gramStage = { workspace, rows: workspace.float64(GRAM_ROWS * n), gram: workspace.float64(n * n), columns: n }
  }
  const { workspace, rows, gram } = gramStage
  const { syrk_f64 } = workspace.kernels
  for (let from = 0; from < m; from += GRAM_ROWS) {
    const count = Math.min(GRAM_ROWS, m - from)
    for (let i = 0; i < count; i++) {
      const root = weights ? Math.sqrt(weights[from + i]) : 1
      const at = (from + i) * n
      for (let j = 0; j < n; j++) rows[i * n + j] = root * A[at + j]
    }
    const beta = from === 0 ? 0 : 1
    syrk_f64(1, 1, n, count, 1, rows.byteOffset, n, beta, gram.byteOffset, n, workspace.scratch)
  }
  out.set(gram)
}
// TEMPORARY until linalg is there.
export function factorInPlace(A: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    let d = A[j * n + j]
    for (let k = 0; k < j; k++) d -= A[j * n + k] * A[j * n + k]
    if (!(d > 0) || d === Infinity) return false
    d = Math.sqrt(d)
    A[j * n + j] = d
    for (let i = j + 1; i < n; i++) {
      let s = A[i * n + j]
      for (let k = 0; k < j; k++) s -= A[i * n + k] * A[j * n + k]
      A[i * n + j] = s / d
    }
  }
  return true
}
export function solveFactored(L: Float64Array, n: number, b: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let s = b[i]
    for (let k = 0; k < i; k++) s -= L[i * n + k] * out[k]
    out[i] = s / L[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let s = out[i]
    for (let k = i + 1; k < n; k++) s -= L[k * n + i] * out[k]
    out[i] = s / L[i * n + i]
  }
}
