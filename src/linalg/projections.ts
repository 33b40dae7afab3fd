import { norm } from './vectors.ts'

/** Clamps x to the box `lower <= x <= upper`, either side possibly infinite or absent. `out` may be x. */
export function projectOntoBox(
  x: Float64Array,
  lower: ArrayLike<number> | undefined,
  upper: ArrayLike<number> | undefined,
  out: Float64Array,
): void {
  for (let i = 0; i < x.length; i++) {
    let xi = x[i]
    if (lower !== undefined && xi < lower[i]) xi = lower[i]
    if (upper !== undefined && xi > upper[i]) xi = upper[i]
    out[i] = xi
  }
}

/** The nearest point of the ball of `radius` around `centre` (default 0). `out` may be x. */
export function projectOntoBall(x: Float64Array, radius: number, out: Float64Array, centre?: ArrayLike<number>): void {
  let square = 0
  for (let i = 0; i < x.length; i++) square += (x[i] - (centre?.[i] ?? 0)) ** 2
  const scale = square > radius * radius ? radius / Math.sqrt(square) : 1
  for (let i = 0; i < x.length; i++) {
    const c = centre?.[i] ?? 0
    out[i] = scale === 1 ? x[i] : c + scale * (x[i] - c)
  }
}

/**
 * The threshold theta for which sum_i max(v_i - theta, 0) = total, for v = x or |x|: by sorting, O(n log n).
 *
 * @see Duchi, Shalev-Shwartz, Singer and Chandra, Efficient projections onto the l1-ball, ICML 2008, Figure 1
 */
function simplexThreshold(x: Float64Array, total: number, absolute: boolean): number {
  const sorted = absolute ? x.map(Math.abs).sort() : x.slice().sort()
  let sum = 0
  let theta = 0
  for (let k = 1; k <= sorted.length; k++) {
    const v = sorted[sorted.length - k]
    sum += v
    const candidate = (sum - total) / k
    if (v <= candidate) break
    theta = candidate
  }
  return theta
}

/** The nearest point of the simplex `{ u >= 0, sum u = total }`, total > 0 (default 1). `out` may be x. */
export function projectOntoSimplex(x: Float64Array, out: Float64Array, total = 1): void {
  const theta = simplexThreshold(x, total, false)
  for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i] - theta, 0)
}

/** The nearest point of the L1 ball `sum |u_i| <= radius`. `out` may be x. */
export function projectOntoL1Ball(x: Float64Array, radius: number, out: Float64Array): void {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i])
  const theta = sum <= radius ? 0 : simplexThreshold(x, radius, true)
  for (let i = 0; i < x.length; i++) out[i] = Math.sign(x[i]) * Math.max(Math.abs(x[i]) - theta, 0)
}

/** The nearest point of the second-order cone `{ (u, s): ||u|| <= s }`, s the last element of x. `out` may be x. */
export function projectOntoSecondOrderCone(x: Float64Array, out: Float64Array): void {
  const n = x.length - 1
  const s = x[n]
  const length = norm(x.subarray(0, n))
  if (length <= s) {
    out.set(x)
    return
  }
  const keep = length <= -s ? 0 : 0.5 * (1 + s / length)
  for (let i = 0; i < n; i++) out[i] = keep * x[i]
  out[n] = keep * length
}
