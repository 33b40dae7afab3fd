/**
 * Standard errors of least-squares parameters: square roots of the diagonal of s^2 (J^T J)^-1 with s^2 = RSS / (m - n), from a QR
 * factorization of J with scaled columns. NaN where there are no degrees of freedom, or where the data do not determine
 * a parameter.
 *
 * @param jacobian m*n row-major
 * @see Seber and Wild, Nonlinear Regression (1989), Eq. (2.21)
 */
export function standardErrors(jacobian: Float64Array, n: number, residualSumOfSquares: number): Float64Array {
  const m = jacobian.length / n
  const out = new Float64Array(n).fill(NaN)
  if (m <= n) return out
  const norms = new Float64Array(n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) norms[j] = Math.hypot(norms[j], jacobian[i * n + j])
  const q = jacobian.map((entry, k) => entry / norms[k % n])
  const r = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        let along = 0
        for (let i = 0; i < m; i++) along += q[i * n + k] * q[i * n + j]
        for (let i = 0; i < m; i++) q[i * n + j] -= along * q[i * n + k]
        r[k * n + j] += along
      }
    }
    let length = 0
    for (let i = 0; i < m; i++) length = Math.hypot(length, q[i * n + j])
    // A column that is a combination of those before it: no finite standard errors.
    if (!(length > 1e-13)) return out
    for (let i = 0; i < m; i++) q[i * n + j] /= length
    r[j * n + j] = length
  }
  const s = Math.sqrt(residualSumOfSquares / (m - n))
  // Row j of R^-1, whose norm is that of row j of the covariance's square root.
  for (let j = 0; j < n; j++) {
    let squared = 0
    for (let k = j; k < n; k++) {
      const row = new Float64Array(n)
      row[k] = 1 / r[k * n + k]
      for (let i = k - 1; i >= j; i--) {
        let sum = 0
        for (let l = i + 1; l <= k; l++) sum += r[i * n + l] * row[l]
        row[i] = -sum / r[i * n + i]
      }
      squared += row[j] * row[j]
    }
    out[j] = (s * Math.sqrt(squared)) / norms[j]
  }
  return out
}
