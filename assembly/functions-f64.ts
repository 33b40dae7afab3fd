// Functions of two f64 lanes. Every lane is computed on its own, by the same additions and multiplications wherever it
// stands, so a number has one value of each function: in a vector, in an array, in its tail, or alone.

// @ts-ignore: decorator
@inline
function s(x: f64): v128 {
  return f64x2.splat(x)
}
// @ts-ignore: decorator
@inline
function mad(x: v128, y: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(x, y), f64x2.splat(c))
}

const LOG2E: f64 = 1.4426950408889634
/** ln 2 in two parts; the first has 32 trailing zero bits, so that its product with an exponent is exact. */
const LN2_HIGH: f64 = 6.93147180369123816490e-1
const LN2_LOW: f64 = 1.90821492927058770002e-10
/** 1.5 * 2^52: adding it leaves the rounded integer in the low bits. */
const SHIFT: f64 = 6755399441055744.0

/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2: minimax polynomial of degree 9, error 4e-18. */
// @ts-ignore: decorator
@inline
function expTail(r: v128, r2: v128): v128 {
  const a = mad(r, s(0.16666666666666693), 0.5000000000000009)
  const b = mad(r, s(0.00833333333331025), 0.04166666666654582)
  const c = mad(r, s(0.00019841269911797748), 0.0013888888940114148)
  const d = mad(r, s(2.7557220637712153e-6), 2.48014962974235e-5)
  const e = mad(r, s(2.5116645080243863e-8), 2.7629227753097017e-7)
  const r4 = f64x2.mul(r2, r2)
  const ab = f64x2.add(a, f64x2.mul(r2, b))
  const cd = f64x2.add(c, f64x2.mul(r2, d))
  return f64x2.add(ab, f64x2.mul(r4, f64x2.add(cd, f64x2.mul(r4, e))))
}

/** 2^k of each lane for the integer k in the low bits of t, -1022 <= k <= 1023. */
// @ts-ignore: decorator
@inline
function powerOfTwo(t: v128): v128 {
  return i64x2.shl(i64x2.add(t, i64x2.splat(1023)), 52)
}

// @ts-ignore: decorator
@inline
function expPair(x: v128): v128 {
  // In this argument order pmin and pmax keep NaN.
  const y = f64x2.pmax(f64x2.pmin(x, s(710)), s(-746))
  const t = mad(y, s(LOG2E), SHIFT)
  const k = f64x2.sub(t, s(SHIFT))
  const r = f64x2.sub(f64x2.sub(y, f64x2.mul(k, s(LN2_HIGH))), f64x2.mul(k, s(LN2_LOW)))
  const r2 = f64x2.mul(r, r)
  const p = f64x2.add(s(1), f64x2.add(r, f64x2.mul(r2, expTail(r, r2))))
  // Two factors: k reaches from -1076 (results below the normal numbers) to 1024.
  const half = i32x4.shr_s(t, 1)
  return f64x2.mul(f64x2.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(t, half)))
}

const EXP: i32 = 0

// @ts-ignore: decorator
@inline
function apply(f: i32, x: v128): v128 {
  if (f == EXP) return expPair(x)
  return x
}

/** out[i] = f(x[i]); `out` may be `x`. */
// @ts-ignore: decorator
@inline
function map(f: i32, n: i32, x: usize, out: usize): void {
  let i = 0
  for (; i <= n - 2; i += 2) {
    v128.store(out, apply(f, v128.load(x)))
    x += 16
    out += 16
  }
  if (i < n) store<f64>(out, f64x2.extract_lane(apply(f, v128.load64_splat(x)), 0))
}

export function exp_f64x2(x: v128): v128 {
  return expPair(x)
}
export function exp_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(exp_f64x2(f64x2.splat(x)), 0)
}
export function exp_f64(n: i32, x: usize, out: usize): void {
  map(EXP, n, x, out)
}
