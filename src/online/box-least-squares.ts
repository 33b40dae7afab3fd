/** Eigenvalues below this fraction of the largest count as zero: the normal equations square the condition number. */
const RANK_TOLERANCE = 1e-13

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix by cyclic Jacobi rotations.
 *
 * @param a m*m row-major; becomes diagonal, with the eigenvalues on it
 * @param v m*m; receives the eigenvectors as columns
 */
function jacobiEigen(a: Float64Array, v: Float64Array, m: number): void {
  v.fill(0)
  for (let i = 0; i < m; i++) v[i * m + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    let diagonal = 0
    for (let i = 0; i < m; i++) {
      diagonal += a[i * m + i] * a[i * m + i]
      for (let j = 0; j < i; j++) off += a[i * m + j] * a[i * m + j]
    }
    if (off <= 1e-34 * diagonal) return
    for (let p = 0; p < m; p++) {
      for (let q = p + 1; q < m; q++) {
        const apq = a[p * m + q]
        if (apq === 0) continue
        const theta = (a[q * m + q] - a[p * m + p]) / (2 * apq)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < m; k++) {
          const kp = a[k * m + p]
          const kq = a[k * m + q]
          a[k * m + p] = c * kp - s * kq
          a[k * m + q] = s * kp + c * kq
        }
        for (let k = 0; k < m; k++) {
          const pk = a[p * m + k]
          const qk = a[q * m + k]
          a[p * m + k] = c * pk - s * qk
          a[q * m + k] = s * pk + c * qk
          const vp = v[k * m + p]
          const vq = v[k * m + q]
          v[k * m + p] = c * vp - s * vq
          v[k * m + q] = s * vp + c * vq
        }
      }
    }
  }
}

/**
 * Makes a solver of min ||F theta - y||^2 for a few unknowns (at most a few dozen), from F^T F and F^T y alone, so that rounds
 * need not be stored: the solution of minimum norm if it obeys |theta_j| <= bound_j for all j, else the minimum over that box.
 *
 * The box is handled by coordinate descent from the clipped solution, to a change below 1e-10 of the largest bound (at most
 * 4000 sweeps).
 *
 * @param m the number of unknowns
 * @returns a function that writes theta (length m) and returns whether a bound was active
 */
export function boxLeastSquares(
  m: number,
): (gram: Float64Array, moments: Float64Array, bounds: Float64Array, theta: Float64Array) => boolean {
  const a = new Float64Array(m * m)
  const v = new Float64Array(m * m)
  return (gram, moments, bounds, theta) => {
    a.set(gram)
    jacobiEigen(a, v, m)
    let largest = 0
    for (let j = 0; j < m; j++) largest = Math.max(largest, a[j * m + j])
    theta.fill(0)
    for (let j = 0; j < m; j++) {
      const lambda = a[j * m + j]
      if (lambda <= RANK_TOLERANCE * largest) continue
      let along = 0
      for (let k = 0; k < m; k++) along += v[k * m + j] * moments[k]
      for (let k = 0; k < m; k++) theta[k] += (along / lambda) * v[k * m + j]
    }
    let inside = true
    let widest = 0
    for (let j = 0; j < m; j++) {
      widest = Math.max(widest, bounds[j])
      if (Math.abs(theta[j]) <= bounds[j]) continue
      inside = false
      theta[j] = Math.sign(theta[j]) * bounds[j]
    }
    if (inside) return false
    for (let sweep = 0; sweep < 4000; sweep++) {
      let change = 0
      for (let j = 0; j < m; j++) {
        const curvature = gram[j * m + j]
        if (!(curvature > 0)) continue
        let residual = moments[j]
        for (let k = 0; k < m; k++) residual -= gram[j * m + k] * theta[k]
        const next = Math.min(Math.max(theta[j] + residual / curvature, -bounds[j]), bounds[j])
        change = Math.max(change, Math.abs(next - theta[j]))
        theta[j] = next
      }
      if (change <= 1e-10 * widest) break
    }
    return true
  }
}
