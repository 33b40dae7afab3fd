// Kernels of optimal transport. Matrices are row-major with an even row stride, padded with cost Infinity (which gives plan
// entries 0), so that every row is a whole number of two-lane vectors. Potentials x, y enter as
// P_ij = exp(eta (x_i + y_j - c_ij) - 1). All pointers are byte addresses of float64 arrays; `table` is 8320 bytes filled
// by `transport_prepare`.

const SHIFT: f64 = 6755399441055744.0 // 1.5 * 2^52: adding it leaves the rounded integer in the low bits
const PARTS_PER_E: f64 = 1477.3197218702985291 // 1024 / ln 2
const LN2_HIGH: f64 = 6.93147180369123816490e-1
const LN2_LOW: f64 = 1.90821492927058770002e-10
/** Bytes of the powers in a table; the constants of `power` follow. */
const POWERS: usize = 8192

/** Writes 2^(k/1024), k = 0..1023, and the constants of `power`, each twice. Constants read from memory beat constants in code. */
export function transport_prepare(table: usize): void {
  for (let k = 0; k < 1024; k++) store<f64>(table + (<usize>k << 3), k < 512 ? smallPower(k) : 2 * smallPower(k - 1024))
  constant(table, 0, SHIFT)
  constant(table, 1, -650 * PARTS_PER_E)
  constant(table, 2, 709.7 * PARTS_PER_E)
  // exp(r) - 1 = r + r^2 (1/2 + e) + r^3/6 for r = f ln(2) / 1024, |f| <= 1/2, within 9.4e-17, where e = (2 sqrt(2) - 2) R^2 / 24
  // with R = ln(2) / 2048 stands for the fourth power as well as a square can.
  constant(table, 3, 0.00067690154351557159)
  constant(table, 4, 2.2909785161857667e-7)
  constant(table, 5, 5.1692229383458924e-11)
}

/** 2^(k / 1024) for |k| <= 512 by Horner's rule; the library's own pow keeps tables in memory, which is not ours to use. */
function smallPower(k: i32): f64 {
  const r = <f64>k * 0.00067690154351557159
  let sum: f64 = 1
  for (let d: f64 = 16; d > 0; d--) sum = 1 + (sum * r) / d
  return sum
}

function constant(table: usize, k: usize, value: f64): void {
  const at = table + POWERS + (k << 4)
  store<f64>(at, value)
  store<f64>(at, value, 8)
}

/**
 * 2^(t / 1024) of two lanes: 0 below exp(-650) (so that products with scalings down to exp(-50) are no subnormal numbers) and
 * for NaN, at most exp(709.7). Relative error 2e-16; t is a product whose own rounding (1e-16 |t ln(2) / 1024|) dominates.
 */
// @ts-ignore: decorator
@inline
function power(table: usize, given: v128): v128 {
  // pmin is one instruction where min is six.
  const t = f64x2.pmin(given, v128.load(table, POWERS + 32))
  const b = f64x2.add(t, v128.load(table, POWERS))
  const f = f64x2.sub(t, f64x2.sub(b, v128.load(table, POWERS)))
  const high = f64x2.add(v128.load(table, POWERS + 64), f64x2.mul(f, v128.load(table, POWERS + 80)))
  const p = f64x2.mul(f, f64x2.add(v128.load(table, POWERS + 48), f64x2.mul(f, high)))
  const k0 = <usize>(i32x4.extract_lane(b, 0) & 1023) << 3
  const k1 = <usize>(i32x4.extract_lane(b, 2) & 1023) << 3
  const entry = v128.load_lane<f64>(table + k1, v128.load_zero<f64>(table + k0), 1)
  const scaled = i64x2.add(entry, i64x2.shl(v128.and(b, i64x2.splat(-1024)), 42))
  return v128.and(f64x2.add(scaled, f64x2.mul(scaled, p)), f64x2.ge(t, v128.load(table, POWERS + 16)))
}

/** Natural logarithm of two positive normal lanes (reduction and odd polynomial of FreeBSD's e_log.c). */
// @ts-ignore: decorator
@inline
function logPair(x: v128): v128 {
  const bits = i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd))
  const exponent = i64x2.shr_s(bits, 52)
  const f = f64x2.sub(i64x2.sub(x, i64x2.shl(exponent, 52)), f64x2.splat(1))
  const k = f64x2.sub(i64x2.add(exponent, i64x2.splat(0x4338000000000000)), f64x2.splat(SHIFT))
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)))
  const z = f64x2.mul(s, s)
  const w = f64x2.mul(z, z)
  const even = f64x2.mul(
    w,
    f64x2.add(
      f64x2.splat(3.999999999940941908e-1),
      f64x2.mul(w, f64x2.add(f64x2.splat(2.222219843214978396e-1), f64x2.mul(w, f64x2.splat(1.531383769920937332e-1)))),
    ),
  )
  const odd = f64x2.mul(
    z,
    f64x2.add(
      f64x2.splat(6.66666666666673513e-1),
      f64x2.mul(
        w,
        f64x2.add(
          f64x2.splat(2.857142874366239149e-1),
          f64x2.mul(w, f64x2.add(f64x2.splat(1.818357216161805012e-1), f64x2.mul(w, f64x2.splat(1.479819860511658591e-1)))),
        ),
      ),
    ),
  )
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5))
  const tail = f64x2.add(f64x2.mul(s, f64x2.add(half, f64x2.add(even, odd))), f64x2.mul(k, f64x2.splat(LN2_LOW)))
  return f64x2.sub(f64x2.mul(k, f64x2.splat(LN2_HIGH)), f64x2.sub(f64x2.sub(half, tail), f))
}

// @ts-ignore: decorator
@inline
function logOf(x: f64): f64 {
  return f64x2.extract_lane(logPair(f64x2.splat(x)), 0)
}

// @ts-ignore: decorator
@inline
function expOf(table: usize, x: f64): f64 {
  return f64x2.extract_lane(power(table, f64x2.splat(x * PARTS_PER_E)), 0)
}

// @ts-ignore: decorator
@inline
function sumLanes(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1)
}

/** out[i] = base[i] + factor * ln(x[i]) for `count` (even) positive normal numbers. */
export function transport_add_log(base: usize, factor: f64, x: usize, out: usize, count: i32): void {
  const end = x + (<usize>count << 3)
  const f = f64x2.splat(factor)
  for (; x < end; x += 16, out += 16, base += 16) {
    v128.store(out, f64x2.add(v128.load(base), f64x2.mul(f, logPair(v128.load(x)))))
  }
}

/** max_j (y_j - c_j) of a padded row. */
function largestDifference(cost: usize, y: usize, bytes: usize): f64 {
  let most = f64x2.splat(-Infinity)
  for (let j: usize = 0; j < bytes; j += 16) {
    most = f64x2.pmax(most, f64x2.sub(v128.load(y + j), v128.load(cost + j)))
  }
  return max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1))
}

/** Writes the plan row of potential `reference` to `out` and returns its sum. */
function planRow(table: usize, cost: usize, bytes: usize, reference: f64, y: usize, scale: v128, out: usize): f64 {
  const xi = f64x2.splat(reference)
  let s0 = f64x2.splat(0)
  let s1 = s0
  const end = out + (bytes & ~31)
  for (; out < end; out += 32, y += 32, cost += 32) {
    const p0 = power(table, f64x2.mul(scale, f64x2.sub(f64x2.add(xi, v128.load(y)), v128.load(cost))))
    const p1 = power(table, f64x2.mul(scale, f64x2.sub(f64x2.add(xi, v128.load(y, 16)), v128.load(cost, 16))))
    v128.store(out, p0)
    v128.store(out, p1, 16)
    s0 = f64x2.add(s0, p0)
    s1 = f64x2.add(s1, p1)
  }
  if (bytes & 16) {
    const p0 = power(table, f64x2.mul(scale, f64x2.sub(f64x2.add(xi, v128.load(y)), v128.load(cost))))
    v128.store(out, p0)
    s0 = f64x2.add(s0, p0)
  }
  return sumLanes(f64x2.add(s0, s1))
}

/**
 * The fused log-domain pass over `rows` rows. For each row: the soft minimum s_i, that is the potential with which
 * sum_j exp(eta (s_i + y_j - c_ij) - 1) = a_i; the new potential x_i = old_i + omega (damping s_i - old_i); and the row's
 * plan entries under x_i, added to `columns`: one exponential per entry serves both marginals. `logA` holds ln a_i; `scratch`
 * is room for four rows.
 */
export function transport_softmin_rows(
  table: usize, cost: usize, rows: i32, stride: i32, y: usize, eta: f64, logA: usize, old: usize, x: usize,
  softmin: usize, damping: f64, omega: f64, scratch: usize, columns: usize,
): void {
  const bytes = <usize>stride << 3
  const scale = f64x2.splat(eta * PARTS_PER_E)
  const scratch1 = scratch + bytes
  const scratch2 = scratch1 + bytes
  const scratch3 = scratch2 + bytes
  let i = 0
  // Four rows share the loads and stores of the column sums.
  for (; i + 4 <= rows; i += 4) {
    const w0 = softminRow(table, cost, bytes, y, eta, scale, logA, old, x, softmin, damping, omega, scratch)
    cost += bytes
    const w1 = softminRow(table, cost, bytes, y, eta, scale, logA + 8, old + 8, x + 8, softmin + 8, damping, omega, scratch1)
    cost += bytes
    const w2 = softminRow(table, cost, bytes, y, eta, scale, logA + 16, old + 16, x + 16, softmin + 16, damping, omega, scratch2)
    cost += bytes
    const w3 = softminRow(table, cost, bytes, y, eta, scale, logA + 24, old + 24, x + 24, softmin + 24, damping, omega, scratch3)
    cost += bytes
    const v0 = f64x2.splat(w0)
    const v1 = f64x2.splat(w1)
    const v2 = f64x2.splat(w2)
    const v3 = f64x2.splat(w3)
    for (let j: usize = 0; j < bytes; j += 16) {
      const left = f64x2.add(f64x2.mul(v0, v128.load(scratch + j)), f64x2.mul(v1, v128.load(scratch1 + j)))
      const right = f64x2.add(f64x2.mul(v2, v128.load(scratch2 + j)), f64x2.mul(v3, v128.load(scratch3 + j)))
      v128.store(columns + j, f64x2.add(v128.load(columns + j), f64x2.add(left, right)))
    }
    logA += 32
    old += 32
    x += 32
    softmin += 32
  }
  for (; i < rows; i++) {
    const weight = f64x2.splat(
      softminRow(table, cost, bytes, y, eta, scale, logA, old, x, softmin, damping, omega, scratch),
    )
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(columns + j, f64x2.add(v128.load(columns + j), f64x2.mul(weight, v128.load(scratch + j))))
    }
    cost += bytes
    logA += 8
    old += 8
    x += 8
    softmin += 8
  }
}

/** One row of it; returns the factor that turns the entries in `scratch` into plan entries under the new potential. */
function softminRow(
  table: usize, cost: usize, bytes: usize, y: usize, eta: f64, scale: v128, logA: usize, old: usize, x: usize,
  softmin: usize, damping: f64, omega: f64, scratch: usize,
): f64 {
  const unit = 1 / eta
  const before = load<f64>(old)
  // The old potential is nearly right but in the first iterations: shifting by it instead of by the largest entry saves a
  // sweep. Sums near the limits of the number range ask for the largest entry after all.
  let reference = before
  let s = planRow(table, cost, bytes, reference - unit, y, scale, scratch)
  if (!(s > 1e-200 && s < 1e200)) {
    reference = unit - largestDifference(cost, y, bytes)
    s = planRow(table, cost, bytes, reference - unit, y, scale, scratch)
  }
  const soft = reference + (load<f64>(logA) - logOf(s)) * unit
  const next = before + omega * (damping * soft - before)
  store<f64>(softmin, soft)
  store<f64>(x, next)
  return expOf(table, eta * (next - reference))
}

/**
 * y_j -> out_j = y_j + omega (damping t_j - y_j), with t_j = y_j + (logB_j - ln columns_j) / eta the soft minimum.
 *
 * @returns how many of the `columns` are too close to 0 or Infinity to be used
 */
export function transport_column_update(
  columns: usize, y: usize, logB: usize, eta: f64, damping: f64, omega: f64, out: usize, count: i32,
): i32 {
  let bad = 0
  const unit = 1 / eta
  for (let j = 0; j < count; j++) {
    const at = <usize>j << 3
    const sum = load<f64>(columns + at)
    const before = load<f64>(y + at)
    if (!(sum > 1e-280 && sum < 1e280)) bad++
    const soft = before + (load<f64>(logB + at) - logOf(sum)) * unit
    store<f64>(out + at, before + omega * (damping * soft - before))
  }
  return bad
}

/** most_j = max(most_j, x_i - c_ij) over the rows given. */
export function transport_column_maxima(cost: usize, rows: i32, stride: i32, x: usize, most: usize): void {
  const bytes = <usize>stride << 3
  for (let i = 0; i < rows; i++) {
    const xi = f64x2.splat(load<f64>(x))
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(most + j, f64x2.pmax(v128.load(most + j), f64x2.sub(xi, v128.load(cost + j))))
    }
    cost += bytes
    x += 8
  }
}

/** sums_j += exp(eta (x_i - c_ij - most_j)) over the rows given. */
export function transport_column_sums(
  table: usize, cost: usize, rows: i32, stride: i32, x: usize, most: usize, eta: f64, sums: usize,
): void {
  const bytes = <usize>stride << 3
  const scale = f64x2.splat(eta * PARTS_PER_E)
  for (let i = 0; i < rows; i++) {
    const xi = f64x2.splat(load<f64>(x))
    for (let j: usize = 0; j < bytes; j += 16) {
      const t = f64x2.sub(f64x2.sub(xi, v128.load(cost + j)), v128.load(most + j))
      v128.store(sums + j, f64x2.add(v128.load(sums + j), power(table, f64x2.mul(scale, t))))
    }
    cost += bytes
    x += 8
  }
}

/**
 * Plan entries exp(eta (x_i + y_j - c_ij) - 1) of `rows` rows: stored from `plan` on (`planStep` bytes a row, 0 to overwrite
 * one row), summed over rows and added to `columns`.
 *
 * @returns sum_ij p_ij c_ij with `withCost`, else 0
 */
export function transport_plan_rows(
  table: usize, cost: usize, rows: i32, stride: i32, x: usize, y: usize, eta: f64, plan: usize, planStep: usize,
  rowSums: usize, columns: usize, withCost: i32,
): f64 {
  const bytes = <usize>stride << 3
  const scale = f64x2.splat(eta * PARTS_PER_E)
  const unit = 1 / eta
  const zero = f64x2.splat(0)
  let total: f64 = 0
  for (let i = 0; i < rows; i++) {
    store<f64>(rowSums, planRow(table, cost, bytes, load<f64>(x) - unit, y, scale, plan))
    let j: usize = 0
    for (; j + 32 <= bytes; j += 32) {
      v128.store(columns + j, f64x2.add(v128.load(columns + j), v128.load(plan + j)))
      v128.store(columns + j, f64x2.add(v128.load(columns + j, 16), v128.load(plan + j, 16)), 16)
    }
    if (j < bytes) v128.store(columns + j, f64x2.add(v128.load(columns + j), v128.load(plan + j)))
    if (withCost) {
      let paid = zero
      for (j = 0; j < bytes; j += 16) {
        // A forbidden pair has c = Infinity and p = 0; their product must count as 0.
        const p = v128.load(plan + j)
        paid = f64x2.add(paid, v128.and(f64x2.mul(p, v128.load(cost + j)), f64x2.ne(p, zero)))
      }
      total += sumLanes(paid)
    }
    cost += bytes
    plan += planStep
    x += 8
    rowSums += 8
  }
  return total
}

/** old (target / (old sum))^omega in two lanes. */
// @ts-ignore: decorator
@inline
function relaxed(table: usize, target: v128, sum: v128, old: v128, omega: f64): v128 {
  const ratio = f64x2.div(target, f64x2.mul(old, sum))
  return f64x2.mul(old, power(table, f64x2.mul(f64x2.splat(omega * PARTS_PER_E), logPair(ratio))))
}

/** out = old (weights / (old sums))^omega for `count` (even) numbers. */
export function transport_relax(
  table: usize, sums: usize, weights: usize, old: usize, omega: f64, out: usize, count: i32,
): void {
  for (let at: usize = 0; at < <usize>count << 3; at += 16) {
    v128.store(out + at, relaxed(table, v128.load(weights + at), v128.load(sums + at), v128.load(old + at), omega))
  }
}

/**
 * The fused scaling pass: s = K v, u = old (a / (old s))^omega, which is a / s for omega 1, and columns += K' u, touching each
 * row of K once. Vectors of rows have even length.
 */
export function transport_scaling_rows(
  table: usize, kernel: usize, rows: i32, stride: i32, v: usize, a: usize, old: usize, omega: f64, s: usize, u: usize,
  columns: usize,
): void {
  const bytes = <usize>stride << 3
  let i = 0
  for (; i + 4 <= rows; i += 4) {
    const k0 = kernel
    const k1 = k0 + bytes
    const k2 = k1 + bytes
    const k3 = k2 + bytes
    let s0 = f64x2.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let t0 = s0
    let t1 = s0
    let t2 = s0
    let t3 = s0
    let j: usize = 0
    for (; j + 32 <= bytes; j += 32) {
      const v0 = v128.load(v + j)
      const v1 = v128.load(v + j, 16)
      s0 = f64x2.add(s0, f64x2.mul(v0, v128.load(k0 + j)))
      s1 = f64x2.add(s1, f64x2.mul(v0, v128.load(k1 + j)))
      s2 = f64x2.add(s2, f64x2.mul(v0, v128.load(k2 + j)))
      s3 = f64x2.add(s3, f64x2.mul(v0, v128.load(k3 + j)))
      t0 = f64x2.add(t0, f64x2.mul(v1, v128.load(k0 + j, 16)))
      t1 = f64x2.add(t1, f64x2.mul(v1, v128.load(k1 + j, 16)))
      t2 = f64x2.add(t2, f64x2.mul(v1, v128.load(k2 + j, 16)))
      t3 = f64x2.add(t3, f64x2.mul(v1, v128.load(k3 + j, 16)))
    }
    if (j < bytes) {
      const v0 = v128.load(v + j)
      s0 = f64x2.add(s0, f64x2.mul(v0, v128.load(k0 + j)))
      s1 = f64x2.add(s1, f64x2.mul(v0, v128.load(k1 + j)))
      s2 = f64x2.add(s2, f64x2.mul(v0, v128.load(k2 + j)))
      s3 = f64x2.add(s3, f64x2.mul(v0, v128.load(k3 + j)))
    }
    s0 = f64x2.add(s0, t0)
    s1 = f64x2.add(s1, t1)
    s2 = f64x2.add(s2, t2)
    s3 = f64x2.add(s3, t3)
    const d01 = f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3))
    const d23 = f64x2.add(v128.shuffle<f64>(s2, s3, 0, 2), v128.shuffle<f64>(s2, s3, 1, 3))
    v128.store(s, d01)
    v128.store(s, d23, 16)
    let u01: v128
    let u23: v128
    if (omega == 1) {
      u01 = f64x2.div(v128.load(a), d01)
      u23 = f64x2.div(v128.load(a, 16), d23)
    } else {
      u01 = relaxed(table, v128.load(a), d01, v128.load(old), omega)
      u23 = relaxed(table, v128.load(a, 16), d23, v128.load(old, 16), omega)
    }
    v128.store(u, u01)
    v128.store(u, u23, 16)
    const w0 = v128.shuffle<f64>(u01, u01, 0, 0)
    const w1 = v128.shuffle<f64>(u01, u01, 1, 1)
    const w2 = v128.shuffle<f64>(u23, u23, 0, 0)
    const w3 = v128.shuffle<f64>(u23, u23, 1, 1)
    for (j = 0; j + 32 <= bytes; j += 32) {
      const c0 = f64x2.add(f64x2.mul(w0, v128.load(k0 + j)), f64x2.mul(w1, v128.load(k1 + j)))
      const c1 = f64x2.add(f64x2.mul(w2, v128.load(k2 + j)), f64x2.mul(w3, v128.load(k3 + j)))
      const e0 = f64x2.add(f64x2.mul(w0, v128.load(k0 + j, 16)), f64x2.mul(w1, v128.load(k1 + j, 16)))
      const e1 = f64x2.add(f64x2.mul(w2, v128.load(k2 + j, 16)), f64x2.mul(w3, v128.load(k3 + j, 16)))
      v128.store(columns + j, f64x2.add(v128.load(columns + j), f64x2.add(c0, c1)))
      v128.store(columns + j, f64x2.add(v128.load(columns + j, 16), f64x2.add(e0, e1)), 16)
    }
    if (j < bytes) {
      const c0 = f64x2.add(f64x2.mul(w0, v128.load(k0 + j)), f64x2.mul(w1, v128.load(k1 + j)))
      const c1 = f64x2.add(f64x2.mul(w2, v128.load(k2 + j)), f64x2.mul(w3, v128.load(k3 + j)))
      v128.store(columns + j, f64x2.add(v128.load(columns + j), f64x2.add(c0, c1)))
    }
    kernel = k3 + bytes
    s += 32
    u += 32
    a += 32
    old += 32
  }
  for (; i < rows; i++) {
    let s0 = f64x2.splat(0)
    for (let j: usize = 0; j < bytes; j += 16) s0 = f64x2.add(s0, f64x2.mul(v128.load(v + j), v128.load(kernel + j)))
    const d = sumLanes(s0)
    store<f64>(s, d)
    const ratio = f64x2.splat(load<f64>(a))
    const w =
      omega == 1
        ? f64x2.div(ratio, f64x2.splat(d))
        : relaxed(table, ratio, f64x2.splat(d), f64x2.splat(load<f64>(old)), omega)
    store<f64>(u, f64x2.extract_lane(w, 0))
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(columns + j, f64x2.add(v128.load(columns + j), f64x2.mul(w, v128.load(kernel + j))))
    }
    kernel += bytes
    s += 8
    u += 8
    a += 8
    old += 8
  }
}

/**
 * Costs between `rows` points and all target points. `source` is [rows, dimension]; `target` is dimension-major,
 * [dimension, stride]. Metric 0: squared Euclidean; 1: Euclidean; 2: L1; 3: cosine (1 - inner product of unit vectors).
 * Columns from `columns` to `stride` become Infinity.
 */
export function transport_point_costs(
  metric: i32, source: usize, rows: i32, dimension: i32, target: usize, columns: i32, stride: i32, out: usize,
): void {
  const bytes = <usize>stride << 3
  for (let i = 0; i < rows; i++) {
    const start = metric == 3 ? f64x2.splat(-1) : f64x2.splat(0)
    for (let j: usize = 0; j < bytes; j += 16) {
      let sum = start
      let t = target + j
      for (let k = 0; k < dimension; k++) {
        const s = f64x2.splat(load<f64>(source + (<usize>k << 3)))
        const c = v128.load(t)
        if (metric < 2) {
          const d = f64x2.sub(s, c)
          sum = f64x2.add(sum, f64x2.mul(d, d))
        } else if (metric == 2) sum = f64x2.add(sum, f64x2.abs(f64x2.sub(s, c)))
        else sum = f64x2.add(sum, f64x2.mul(s, c))
        t += bytes
      }
      if (metric == 1) sum = f64x2.sqrt(sum)
      else if (metric == 3) sum = f64x2.pmax(f64x2.splat(0), f64x2.neg(sum))
      v128.store(out + j, sum)
    }
    for (let j = columns; j < stride; j++) store<f64>(out + (<usize>j << 3), Infinity)
    source += <usize>dimension << 3
    out += bytes
  }
}

/**
 * The smallest reduced cost c_ij - x_i - y_j of one row; its column goes to the 32-bit integer at `where`, unless that is 0.
 */
export function transport_cheapest(cost: usize, stride: i32, x: f64, y: usize, where: usize): f64 {
  const bytes = <usize>stride << 3
  let b0 = f64x2.splat(Infinity)
  let b1 = b0
  let j: usize = 0
  for (; j + 32 <= bytes; j += 32) {
    b0 = f64x2.pmin(b0, f64x2.sub(v128.load(cost + j), v128.load(y + j)))
    b1 = f64x2.pmin(b1, f64x2.sub(v128.load(cost + j, 16), v128.load(y + j, 16)))
  }
  if (j < bytes) b0 = f64x2.pmin(b0, f64x2.sub(v128.load(cost + j), v128.load(y + j)))
  b0 = f64x2.pmin(b0, b1)
  const best = min(f64x2.extract_lane(b0, 0), f64x2.extract_lane(b0, 1))
  if (where != 0) {
    const target = f64x2.splat(best)
    for (j = 0; j < bytes; j += 16) {
      const mask = i64x2.bitmask(f64x2.eq(f64x2.sub(v128.load(cost + j), v128.load(y + j)), target))
      if (mask) {
        store<i32>(where, <i32>(j >> 3) + (mask & 1 ? 0 : 1))
        break
      }
    }
  }
  return best - x
}

/**
 * Solves eta [diag(rowSums), S; S', diag(columnSums)] z = g by conjugate gradients from 0 with Jacobi's preconditioner, to the
 * relative residual `tolerance`, in at most 5 (n + m) steps. S has compressed rows (`offsets` of rows + 1, then `columns`, 32-bit
 * integers). Vectors have the padded length `size` (even), the columns beginning at `first`; `diagonal` holds both sums, and 1
 * in between and behind, where everything else is 0. `residual` holds g on entry.
 *
 * @returns the number of steps
 */
export function transport_conjugate_gradients(
  rows: i32, first: i32, size: i32, diagonal: usize, offsets: usize, columns: usize, values: usize, eta: f64,
  tolerance: f64, residual: usize, search: usize, product: usize, inverse: usize, solution: usize,
): i32 {
  const bytes = <usize>size << 3
  const base = <usize>first << 3
  const zero = f64x2.splat(0)
  let rho2 = zero
  let norm2 = zero
  for (let k: usize = 0; k < bytes; k += 16) {
    // A row that the plan has lost entirely (underflow) must not divide by zero.
    const d = f64x2.pmax(v128.load(diagonal + k), f64x2.splat(1e-300))
    const w = f64x2.div(f64x2.splat(1), f64x2.mul(f64x2.splat(eta), d))
    const r = v128.load(residual + k)
    const p = f64x2.mul(w, r)
    v128.store(inverse + k, w)
    v128.store(solution + k, zero)
    v128.store(search + k, p)
    rho2 = f64x2.add(rho2, f64x2.mul(r, p))
    norm2 = f64x2.add(norm2, f64x2.mul(r, r))
  }
  let rho = sumLanes(rho2)
  let norm = sumLanes(norm2)
  const target = tolerance * tolerance * norm
  const most = 5 * size
  let steps = 0
  while (norm > target && steps < most) {
    for (let k: usize = 0; k < bytes; k += 16) {
      v128.store(product + k, f64x2.mul(v128.load(diagonal + k), v128.load(search + k)))
    }
    let at = <usize>load<i32>(offsets)
    for (let i = 0; i < rows; i++) {
      const end = <usize>load<i32>(offsets + (<usize>(i + 1) << 2))
      const p = load<f64>(search + (<usize>i << 3))
      let sum = load<f64>(product + (<usize>i << 3))
      for (; at < end; at++) {
        const j = base + (<usize>load<i32>(columns + (at << 2)) << 3)
        const s = load<f64>(values + (at << 3))
        sum += s * load<f64>(search + j)
        store<f64>(product + j, load<f64>(product + j) + s * p)
      }
      store<f64>(product + (<usize>i << 3), sum)
    }
    let curve = zero
    for (let k: usize = 0; k < bytes; k += 16) {
      curve = f64x2.add(curve, f64x2.mul(v128.load(search + k), v128.load(product + k)))
    }
    const curvature = eta * sumLanes(curve)
    if (!(curvature > 0)) break
    const alpha = rho / curvature
    const alpha2 = f64x2.splat(alpha)
    const etaAlpha = f64x2.splat(eta * alpha)
    rho2 = zero
    norm2 = zero
    for (let k: usize = 0; k < bytes; k += 16) {
      const r = f64x2.sub(v128.load(residual + k), f64x2.mul(etaAlpha, v128.load(product + k)))
      v128.store(residual + k, r)
      v128.store(solution + k, f64x2.add(v128.load(solution + k), f64x2.mul(alpha2, v128.load(search + k))))
      const square = f64x2.mul(r, r)
      rho2 = f64x2.add(rho2, f64x2.mul(square, v128.load(inverse + k)))
      norm2 = f64x2.add(norm2, square)
    }
    const next = sumLanes(rho2)
    norm = sumLanes(norm2)
    const beta = f64x2.splat(next / rho)
    rho = next
    for (let k: usize = 0; k < bytes; k += 16) {
      const p = f64x2.mul(v128.load(inverse + k), v128.load(residual + k))
      v128.store(search + k, f64x2.add(p, f64x2.mul(beta, v128.load(search + k))))
    }
    steps++
  }
  return steps
}
