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
export function gramian(A: Float64Array, m: number, n: number, weights: Float64Array | null, out: Float64Array): void {
  out.fill(0)
  for (let i = 0; i < m; i++) {
    const wi = weights ? weights[i] : 1
    for (let a = 0; a < n; a++) {
      const va = wi * A[i * n + a]
      for (let b = 0; b < n; b++) out[a * n + b] += va * A[i * n + b]
    }
  }
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
