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

/** Multipliers of the wrong sign count only beyond this fraction of the largest moment. */
const MULTIPLIER_TOLERANCE = 1e-7

/**
 * Makes a solver of min ||F theta - y||^2 for a few unknowns (at most a few dozen), from F^T F and F^T y alone, so that rounds
 * need not be stored: the solution of minimum norm if it obeys |theta_j| <= bound_j for all j, else a minimum over that box.
 *
 * The box is handled by a primal active-set method from the clipped solution: the free unknowns go towards their own minimum
 * until one meets its bound, which is then active; at the minimum, the active bound with the worst multiplier is let go.
 *
 * @param m the number of unknowns
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithm 16.3
 * @returns a function that writes theta (length m) and returns whether a bound was active
 */
export function boxLeastSquares(
  m: number,
): (gram: Float64Array, moments: Float64Array, bounds: Float64Array, theta: Float64Array) => boolean {
  const a = new Float64Array(m * m)
  const v = new Float64Array(m * m)
  const free = new Int32Array(m)
  const active = new Uint8Array(m)
  const rhs = new Float64Array(m)
  const solution = new Float64Array(m)

  /** solution = (minimum norm) argmin over the first k unknowns, whose Gram matrix is in `a` (k*k) and moments in `rhs`. */
  const solve = (k: number): void => {
    jacobiEigen(a, v, k)
    let largest = 0
    for (let j = 0; j < k; j++) largest = Math.max(largest, a[j * k + j])
    solution.fill(0)
    for (let j = 0; j < k; j++) {
      const lambda = a[j * k + j]
      if (lambda <= RANK_TOLERANCE * largest) continue
      let along = 0
      for (let i = 0; i < k; i++) along += v[i * k + j] * rhs[i]
      for (let i = 0; i < k; i++) solution[i] += (along / lambda) * v[i * k + j]
    }
  }

  return (gram, moments, bounds, theta) => {
    a.set(gram)
    rhs.set(moments)
    solve(m)
    let inside = true
    for (let j = 0; j < m; j++) {
      theta[j] = Math.min(Math.max(solution[j], -bounds[j]), bounds[j])
      if (theta[j] !== solution[j]) inside = false
    }
    if (inside) return false

    const pull = (j: number): number => {
      let sum = moments[j]
      for (let k = 0; k < m; k++) sum -= gram[j * m + k] * theta[k]
      return sum
    }
    let size = 0
    for (let j = 0; j < m; j++) size = Math.max(size, Math.abs(moments[j]))

    for (let j = 0; j < m; j++) active[j] = Math.abs(theta[j]) >= bounds[j] ? 1 : 0
    for (let round = 0; round < 20 * m; round++) {
      let count = 0
      for (let j = 0; j < m; j++) if (active[j] === 0) free[count++] = j
      for (let r = 0; r < count; r++) {
        rhs[r] = pull(free[r])
        for (let s = 0; s < count; s++) a[r * count + s] = gram[free[r] * m + free[s]]
      }
      solve(count)
      let length = 1
      let blocking = -1
      for (let r = 0; r < count; r++) {
        const j = free[r]
        const step = solution[r]
        const room = step > 0 ? bounds[j] - theta[j] : bounds[j] + theta[j]
        if (Math.abs(step) * length <= room) continue
        length = room / Math.abs(step)
        blocking = j
      }
      for (let r = 0; r < count; r++) theta[free[r]] += length * solution[r]
      if (blocking >= 0) {
        theta[blocking] = theta[blocking] > 0 ? bounds[blocking] : -bounds[blocking]
        active[blocking] = 1
        continue
      }
      // At an active bound the cost may only fall outwards.
      let worst = -MULTIPLIER_TOLERANCE * size
      let release = -1
      for (let j = 0; j < m; j++) {
        if (active[j] === 0) continue
        const multiplier = pull(j) * (theta[j] > 0 ? 1 : -1)
        if (multiplier >= worst) continue
        worst = multiplier
        release = j
      }
      if (release < 0) break
      active[release] = 0
    }
    return true
  }
}
