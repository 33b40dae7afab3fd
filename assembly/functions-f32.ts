// Functions of four f32 lanes; the rules of functions-f64.ts hold here too. The hot ones are computed in single precision,
// the rarer ones through doubles, which rounds them almost always to the nearest single.

import { cos_f64x2, expm1_f64x2, log1p_f64x2, sin_f64x2, softplus_f64x2 } from './functions-f64'

// @ts-ignore: decorator
@inline
function s(x: f32): v128 {
  return f32x4.splat(x)
}
/** x y + c. */
// @ts-ignore: decorator
@inline
function mad(x: v128, y: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(x, y), f32x4.splat(c))
}
// @ts-ignore: decorator
@inline
function signOf(x: v128): v128 {
  return v128.and(x, s(-0.0))
}
// @ts-ignore: decorator
@inline
function select(condition: v128, yes: v128, no: v128): v128 {
  return v128.bitselect(yes, no, condition)
}

/** 1.5 * 2^23: adding it leaves the rounded integer in the low bits. */
const SHIFT: f32 = 12582912.0

/** exp; `careful` as in functions-f64.ts. */
// @ts-ignore: decorator
@inline
function exponential(careful: bool, x: v128): v128 {
  const y = f32x4.pmax(f32x4.pmin(x, s(89)), s(-104))
  const t = mad(y, s(1.44269504), SHIFT)
  const k = f32x4.sub(t, s(SHIFT))
  const high = f32x4.sub(y, f32x4.mul(k, s(0.693359375)))
  const low = f32x4.mul(k, s(-2.12194440e-4))
  const r = f32x4.sub(high, low)
  const r2 = f32x4.mul(r, r)
  // (e^r - 1 - r) / r^2 on |r| <= ln(2)/2: minimax polynomial of degree 4, error 3e-9.
  const q = mad(r, mad(r, mad(r, mad(r, s(0.001394979888573289), 0.008368589915335178), 0.041666220873594284), 0.1666652262210846), 0.5)
  let p: v128
  if (careful) {
    const lead = f32x4.add(s(1), r)
    const lost = f32x4.add(f32x4.sub(r, f32x4.sub(lead, s(1))), f32x4.sub(f32x4.sub(high, r), low))
    p = f32x4.add(lead, f32x4.add(lost, f32x4.mul(r2, q)))
  } else p = f32x4.add(s(1), f32x4.add(r, f32x4.mul(r2, q)))
  const n = i32x4.sub(t, s(SHIFT))
  const half = i32x4.shr_s(n, 1)
  const rest = i32x4.sub(n, half)
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23)
  const second = i32x4.shl(i32x4.add(rest, i32x4.splat(127)), 23)
  return f32x4.mul(f32x4.mul(p, first), second)
}

// @ts-ignore: decorator
@inline
function expQuad(x: v128): v128 {
  return exponential(false, x)
}

// @ts-ignore: decorator
@inline
function logQuad(x: v128): v128 {
  const tiny = f32x4.lt(x, s(1.17549435e-38))
  const y = select(tiny, f32x4.mul(x, s(8388608)), x)
  const biased = i32x4.shr_u(i32x4.add(y, i32x4.splat(0x4afb0d)), 23)
  const exponent = i32x4.sub(biased, i32x4.splat(127))
  const k = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(tiny, s(23)))
  const f = f32x4.sub(i32x4.sub(y, i32x4.shl(exponent, 23)), s(1))
  // log(1 + f) = f - f^2/2 + f^3 P(f): minimax polynomial of degree 7, error 7e-9.
  const z = f32x4.mul(f, f)
  const p = mad(f, mad(f, mad(f, mad(f, mad(f, mad(f, mad(f, s(-0.07886379212141037), 0.12869174778461456), -0.13112476468086243), 0.14182470738887787), -0.16626515984535217), 0.20002253353595734), -0.2500074505805969), 0.33333316445350647)
  const tail = f32x4.sub(
    f32x4.add(f32x4.mul(f32x4.mul(z, f), p), f32x4.mul(k, s(-2.12194440e-4))),
    f32x4.mul(z, s(0.5)),
  )
  let result = f32x4.add(f32x4.add(f, tail), f32x4.mul(k, s(0.693359375)))
  result = select(f32x4.eq(x, s(f32.POSITIVE_INFINITY)), x, result)
  result = select(f32x4.eq(x, s(0)), s(f32.NEGATIVE_INFINITY), result)
  return select(f32x4.ge(x, s(0)), result, s(f32.NaN))
}

// @ts-ignore: decorator
@inline
function tanhQuad(x: v128): v128 {
  const a = f32x4.abs(x)
  const z = f32x4.mul(x, x)
  // tanh x = x + x^3 q(x^2) below 0.63: minimax, error 2e-10.
  const q = mad(z, mad(z, mad(z, mad(z, mad(z, s(0.002122745616361499), -0.008156280033290386), 0.021692607551813126), -0.053945377469062805), 0.13333195447921753), -0.3333333134651184)
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, z), q))
  const e = expQuad(f32x4.pmin(f32x4.add(a, a), s(40)))
  const far = f32x4.sub(s(1), f32x4.div(s(2), f32x4.add(e, s(1))))
  return v128.or(select(f32x4.lt(a, s(0.625)), near, far), signOf(x))
}

// @ts-ignore: decorator
@inline
function sigmoidQuad(x: v128): v128 {
  const e = exponential(true, f32x4.neg(f32x4.abs(x)))
  const positive = f32x4.ge(x, s(0))
  const d = f32x4.add(e, s(1))
  const lost = f32x4.sub(e, f32x4.sub(d, s(1)))
  const y = f32x4.div(select(positive, s(1), e), d)
  // What rounding d lost: y - y lost / d, and 1 / d is y or 1 - y.
  return f32x4.sub(y, f32x4.mul(f32x4.mul(y, lost), select(positive, y, f32x4.sub(s(1), y))))
}

// @ts-ignore: decorator
@inline
function erfQuad(x: v128): v128 {
  const a = f32x4.abs(x)
  const z = f32x4.mul(x, x)
  // erf x = x + x p(x^2) below 1 (minimax, error 1e-9), 1 - e^(-x^2) q(x) above (minimax, error 1e-8).
  const p = mad(z, mad(z, mad(z, mad(z, mad(z, mad(z, s(7.853864372009411e-5), -0.0008010194287635386), 0.005188327748328447), -0.026853812858462334), 0.1128358542919159), -0.3761262595653534), 0.12837916612625122)
  const near = f32x4.add(x, f32x4.mul(x, p))
  const b = f32x4.pmin(a, s(4))
  const q = mad(b, mad(b, mad(b, mad(b, mad(b, mad(b, mad(b, s(-0.0003888809005729854), 0.006005089730024338), -0.04099799692630768), 0.1641331911087036), -0.4316789209842682), 0.7925941348075867), -1.0482102632522583), 0.9861271977424622)
  const far = f32x4.sub(s(1), f32x4.mul(expQuad(f32x4.neg(f32x4.mul(b, b))), q))
  return select(f32x4.lt(a, s(1)), near, v128.or(far, signOf(x)))
}

// @ts-ignore: decorator
@inline
function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x)
}
// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1))
}
// @ts-ignore: decorator
@inline
function join(low: v128, high: v128): v128 {
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
}

// ---- the same function for vectors, numbers and arrays ----

const EXP: i32 = 0
const LOG: i32 = 1
const EXPM1: i32 = 2
const LOG1P: i32 = 3
const TANH: i32 = 4
const SIGMOID: i32 = 5
const SOFTPLUS: i32 = 6
const ERF: i32 = 7
const SIN: i32 = 8
const COS: i32 = 9

// @ts-ignore: decorator
@inline
function apply(f: i32, x: v128): v128 {
  if (f == EXP) return expQuad(x)
  if (f == LOG) return logQuad(x)
  if (f == EXPM1) return expm1_f32x4(x)
  if (f == LOG1P) return log1p_f32x4(x)
  if (f == TANH) return tanhQuad(x)
  if (f == SIGMOID) return sigmoidQuad(x)
  if (f == SOFTPLUS) return softplus_f32x4(x)
  if (f == ERF) return erfQuad(x)
  if (f == SIN) return sin_f32x4(x)
  return cos_f32x4(x)
}

/** out[i] = f(x[i]); `out` may be `x`. */
// @ts-ignore: decorator
@inline
function map(f: i32, n: i32, x: usize, out: usize): void {
  let i = 0
  for (; i <= n - 4; i += 4) {
    v128.store(out, apply(f, v128.load(x)))
    x += 16
    out += 16
  }
  if (i < n) {
    // The last one to three numbers as one vector, filled up with zeros.
    let v = f32x4.splat(0)
    v = f32x4.replace_lane(v, 0, load<f32>(x))
    if (i + 1 < n) v = f32x4.replace_lane(v, 1, load<f32>(x, 4))
    if (i + 2 < n) v = f32x4.replace_lane(v, 2, load<f32>(x, 8))
    v = apply(f, v)
    store<f32>(out, f32x4.extract_lane(v, 0))
    if (i + 1 < n) store<f32>(out, f32x4.extract_lane(v, 1), 4)
    if (i + 2 < n) store<f32>(out, f32x4.extract_lane(v, 2), 8)
  }
}

export function exp_f32x4(x: v128): v128 {
  return expQuad(x)
}
export function exp_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(exp_f32x4(f32x4.splat(x)), 0)
}
export function exp_f32(n: i32, x: usize, out: usize): void {
  map(EXP, n, x, out)
}
export function log_f32x4(x: v128): v128 {
  return logQuad(x)
}
export function log_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(log_f32x4(f32x4.splat(x)), 0)
}
export function log_f32(n: i32, x: usize, out: usize): void {
  map(LOG, n, x, out)
}
export function expm1_f32x4(x: v128): v128 {
  return join(expm1_f64x2(low(x)), expm1_f64x2(high(x)))
}
export function expm1_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(expm1_f32x4(f32x4.splat(x)), 0)
}
export function expm1_f32(n: i32, x: usize, out: usize): void {
  map(EXPM1, n, x, out)
}
export function log1p_f32x4(x: v128): v128 {
  return join(log1p_f64x2(low(x)), log1p_f64x2(high(x)))
}
export function log1p_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(log1p_f32x4(f32x4.splat(x)), 0)
}
export function log1p_f32(n: i32, x: usize, out: usize): void {
  map(LOG1P, n, x, out)
}
export function tanh_f32x4(x: v128): v128 {
  return tanhQuad(x)
}
export function tanh_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(tanh_f32x4(f32x4.splat(x)), 0)
}
export function tanh_f32(n: i32, x: usize, out: usize): void {
  map(TANH, n, x, out)
}
export function sigmoid_f32x4(x: v128): v128 {
  return sigmoidQuad(x)
}
export function sigmoid_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(sigmoid_f32x4(f32x4.splat(x)), 0)
}
export function sigmoid_f32(n: i32, x: usize, out: usize): void {
  map(SIGMOID, n, x, out)
}
export function softplus_f32x4(x: v128): v128 {
  return join(softplus_f64x2(low(x)), softplus_f64x2(high(x)))
}
export function softplus_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(softplus_f32x4(f32x4.splat(x)), 0)
}
export function softplus_f32(n: i32, x: usize, out: usize): void {
  map(SOFTPLUS, n, x, out)
}
export function erf_f32x4(x: v128): v128 {
  return erfQuad(x)
}
export function erf_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(erf_f32x4(f32x4.splat(x)), 0)
}
export function erf_f32(n: i32, x: usize, out: usize): void {
  map(ERF, n, x, out)
}
export function sin_f32x4(x: v128): v128 {
  return join(sin_f64x2(low(x)), sin_f64x2(high(x)))
}
export function sin_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(sin_f32x4(f32x4.splat(x)), 0)
}
export function sin_f32(n: i32, x: usize, out: usize): void {
  map(SIN, n, x, out)
}
export function cos_f32x4(x: v128): v128 {
  return join(cos_f64x2(low(x)), cos_f64x2(high(x)))
}
export function cos_f32_scalar(x: f32): f32 {
  return f32x4.extract_lane(cos_f32x4(f32x4.splat(x)), 0)
}
export function cos_f32(n: i32, x: usize, out: usize): void {
  map(COS, n, x, out)
}
