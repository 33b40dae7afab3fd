/** Cube root of the rounding unit: balances truncation and rounding error of a central difference. */
const STEP = Number.EPSILON ** (1 / 3)

/** A step of about `STEP * max(1, |x|)` for which x + h and x - h are exactly 2h apart. */
function centralStep(x: number): number {
  const h = STEP * Math.max(1, Math.abs(x))
  return x + h - x
}

/**
 * Gradient of f: R^n -> R by central differences, `out_i = (f(x + h e_i) - f(x - h e_i)) / 2h` with
 * `h = eps^(1/3) max(1, |x_i|)`. Error O(h^2) plus rounding, about 1e-10 relative for a well-scaled f. Costs 2n values.
 *
 * @param x length n; changed during the call and restored bit for bit
 * @param out length n, written
 */
export function gradientByDifferences(f: (x: Float64Array) => number, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const xi = x[i]
    const h = centralStep(xi)
    x[i] = xi + h
    const above = f(x)
    x[i] = xi - h
    const below = f(x)
    x[i] = xi
    out[i] = (above - below) / (2 * h)
  }
}

/**
 * Jacobian of r: R^n -> R^m by central differences, row-major [m, n]. Costs 2n evaluations.
 *
 * @param x length n; changed during the call and restored bit for bit
 * @param out length m*n, written
 * @param work two arrays of length m to write residuals into, to avoid an allocation
 */
export function jacobianByDifferences(
  residuals: (x: Float64Array, out: Float64Array) => void,
  x: Float64Array,
  m: number,
  out: Float64Array,
  work: readonly [Float64Array, Float64Array] = [new Float64Array(m), new Float64Array(m)],
): void {
  const n = x.length
  const [above, below] = work
  for (let j = 0; j < n; j++) {
    const xj = x[j]
    const h = centralStep(xj)
    x[j] = xj + h
    residuals(x, above)
    x[j] = xj - h
    residuals(x, below)
    x[j] = xj
    for (let i = 0; i < m; i++) out[i * n + j] = (above[i] - below[i]) / (2 * h)
  }
}

/**
 * Hessian times vector by a central difference of gradients along v, step `eps^(1/3) max(1, |x|_inf) / |v|_inf`. Costs two
 * gradients.
 *
 * @param x length n; not changed
 * @param v length n; the zero vector gives zero
 * @param out length n, written
 * @param work two arrays of length n, to avoid an allocation
 */
export function hessianProductByDifferences(
  gradient: (x: Float64Array, out: Float64Array) => void,
  x: Float64Array,
  v: Float64Array,
  out: Float64Array,
  work: readonly [Float64Array, Float64Array] = [new Float64Array(x.length), new Float64Array(x.length)],
): void {
  let size = 1
  let length = 0
  for (let i = 0; i < x.length; i++) {
    size = Math.max(size, Math.abs(x[i]))
    length = Math.max(length, Math.abs(v[i]))
  }
  if (length === 0) {
    out.fill(0)
    return
  }
  const h = (STEP * size) / length
  const [point, forward] = work
  for (let i = 0; i < x.length; i++) point[i] = x[i] + h * v[i]
  gradient(point, forward)
  for (let i = 0; i < x.length; i++) point[i] = x[i] - h * v[i]
  gradient(point, out)
  for (let i = 0; i < x.length; i++) out[i] = (forward[i] - out[i]) / (2 * h)
}
