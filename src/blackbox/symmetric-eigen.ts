/**
 * Eigendecomposition `A = V diag(values) V^T` of a symmetric matrix by cyclic Jacobi rotations, started from the `vectors` given:
 * close to the decomposition of a slowly changing matrix two or three sweeps suffice.
 *
 * @param A [n, n], symmetric; not changed
 * @param values length n, written, in no particular order
 * @param vectors [n, n] with an orthogonal matrix in columns, overwritten with the eigenvectors in columns
 * @param work two arrays of length n*n, to avoid an allocation
 * @see Golub and Van Loan, Matrix Computations, 4th ed., Algorithm 8.5.3
 */
export function symmetricEigen(
  A: Float64Array,
  n: number,
  values: Float64Array,
  vectors: Float64Array,
  work: readonly [Float64Array, Float64Array] = [new Float64Array(n * n), new Float64Array(n * n)],
): void {
  const [half, M] = work
  // M = V^T A V, almost diagonal if V is almost right.
  half.fill(0)
  M.fill(0)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const a = A[i * n + k]
      for (let j = 0; j < n; j++) half[i * n + j] += a * vectors[k * n + j]
    }
  }
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const v = vectors[k * n + i]
      for (let j = 0; j < n; j++) M[i * n + j] += v * half[k * n + j]
    }
  }
  for (let sweep = 0; sweep < 40; sweep++) {
    let rotated = false
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = M[p * n + q]
        const gap = Math.sqrt(Math.abs(M[p * n + p] * M[q * n + q]))
        if (!(Math.abs(off) > 1e-16 * gap) || Math.abs(off) < 1e-300) continue
        rotated = true
        const theta = (M[q * n + q] - M[p * n + p]) / (2 * off)
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const mp = M[k * n + p]
          const mq = M[k * n + q]
          M[k * n + p] = c * mp - s * mq
          M[k * n + q] = s * mp + c * mq
        }
        for (let k = 0; k < n; k++) {
          const mp = M[p * n + k]
          const mq = M[q * n + k]
          M[p * n + k] = c * mp - s * mq
          M[q * n + k] = s * mp + c * mq
        }
        // Exactly symmetric and zero, or rounding would ask for the same rotation again.
        M[p * n + q] = 0
        M[q * n + p] = 0
        for (let k = 0; k < n; k++) {
          const vp = vectors[k * n + p]
          const vq = vectors[k * n + q]
          vectors[k * n + p] = c * vp - s * vq
          vectors[k * n + q] = s * vp + c * vq
        }
      }
    }
    if (!rotated) break
  }
  for (let i = 0; i < n; i++) values[i] = M[i * n + i]
}
