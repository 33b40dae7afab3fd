// Functions of two f64 lanes, from additions, multiplications, divisions and selections alone. Every lane is computed on its
// own by the same operations wherever it stands, so a number has one value of each function: in a vector, in an array, in its
// tail, or alone, and in every engine. Measured errors are in docs of src/linalg/functions.ts.
//
// Reductions are those of Cody and Waite, "Software Manual for the Elementary Functions" (1980); the coefficients of log,
// sin, cos and erf are the minimax fits of FreeBSD's msun (e_log.c, k_sin.c, k_cos.c, s_erf.c), those of exp our own.

// @ts-ignore: decorator
@inline
function s(x: f64): v128 {
  return f64x2.splat(x)
}
/** x y + c. */
// @ts-ignore: decorator
@inline
function mad(x: v128, y: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(x, y), f64x2.splat(c))
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

const LOG2E: f64 = 1.4426950408889634
/** ln 2 in two parts; the first ends in 32 zero bits, so that its product with an exponent is exact. */
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

/** exp; with `careful`, in a few more operations, within 0.53 instead of 0.9 ulp, for functions that build on it. */
// @ts-ignore: decorator
@inline
function exponential(careful: bool, x: v128): v128 {
  // In this argument order pmin and pmax keep NaN.
  const y = f64x2.pmax(f64x2.pmin(x, s(710)), s(-746))
  const t = mad(y, s(LOG2E), SHIFT)
  const k = f64x2.sub(t, s(SHIFT))
  const high = f64x2.sub(y, f64x2.mul(k, s(LN2_HIGH)))
  const low = f64x2.mul(k, s(LN2_LOW))
  const r = f64x2.sub(high, low)
  const r2 = f64x2.mul(r, r)
  const q = f64x2.mul(r2, expTail(r, r2))
  let p: v128
  if (careful) {
    const lead = f64x2.add(s(1), r)
    const lost = f64x2.add(f64x2.sub(r, f64x2.sub(lead, s(1))), f64x2.sub(f64x2.sub(high, r), low))
    p = f64x2.add(lead, f64x2.add(lost, q))
  } else p = f64x2.add(s(1), f64x2.add(r, q))
  // Two factors: k reaches from -1076 (results below the normal numbers) to 1024.
  const half = i32x4.shr_s(t, 1)
  return f64x2.mul(f64x2.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(t, half)))
}

// @ts-ignore: decorator
@inline
function expPair(x: v128): v128 {
  return exponential(false, x)
}

/** exp with the bits of `exponential(false, x)`, in fewer operations where no lane is beyond 708 in absolute value or NaN. */
// @ts-ignore: decorator
@inline
export function expQuick(x: v128): v128 {
  if (i64x2.bitmask(f64x2.le(f64x2.abs(x), s(708))) != 3) return exp_f64x2(x)
  const t = mad(x, s(LOG2E), SHIFT)
  const k = f64x2.sub(t, s(SHIFT))
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, s(LN2_HIGH))), f64x2.mul(k, s(LN2_LOW)))
  const r2 = f64x2.mul(r, r)
  const p = f64x2.add(s(1), f64x2.add(r, f64x2.mul(r2, expTail(r, r2))))
  return i64x2.add(p, i64x2.shl(t, 52))
}

/** e^x - 1, or, with `ratio`, (e^x - 1) / (e^x + 1) for 0 <= x <= 44: the hyperbolic tangent of x / 2. */
// @ts-ignore: decorator
@inline
function expm1Or(ratio: bool, x: v128): v128 {
  const y = f64x2.pmax(f64x2.pmin(x, s(710)), s(-40))
  const t = mad(y, s(LOG2E), SHIFT)
  const k = f64x2.sub(t, s(SHIFT))
  const high = f64x2.sub(y, f64x2.mul(k, s(LN2_HIGH)))
  const low = f64x2.mul(k, s(LN2_LOW))
  const r = f64x2.sub(high, low)
  // What rounding r lost: it counts where the 1 cancels.
  const c = f64x2.sub(f64x2.sub(high, r), low)
  const r2 = f64x2.mul(r, r)
  const rest = f64x2.add(c, f64x2.mul(r2, expTail(r, r2)))
  // 2 (2^(k-1) (1 + r + rest) - 1/2): 2^k itself overflows for k = 1024. The sum of the leading terms is kept in two parts.
  const scale = i64x2.shl(i64x2.add(t, i64x2.splat(1022)), 52)
  const first = f64x2.sub(scale, s(0.5))
  const second = f64x2.mul(scale, r)
  const lead = f64x2.add(first, second)
  const tail = f64x2.add(f64x2.sub(second, f64x2.sub(lead, first)), f64x2.mul(scale, rest))
  const half = f64x2.add(lead, tail)
  if (!ratio) {
    // Keeps -0 and the numbers whose half is subnormal.
    return select(f64x2.lt(f64x2.abs(x), s(1e-300)), x, f64x2.add(half, half))
  }
  // half / (half + 1), corrected, where that counts, by what rounding lost in both: 1 / (half + 1) is 1 - q.
  const d = f64x2.add(half, s(1))
  const q = f64x2.div(half, d)
  const above = f64x2.sub(tail, f64x2.sub(half, lead))
  const below = f64x2.add(f64x2.sub(half, f64x2.sub(d, s(1))), above)
  const correction = f64x2.mul(f64x2.sub(above, f64x2.mul(q, below)), f64x2.sub(s(1), q))
  const exact = f64x2.add(q, v128.and(correction, f64x2.lt(x, s(2))))
  return select(f64x2.lt(x, s(1e-300)), f64x2.mul(x, s(0.5)), exact)
}

// @ts-ignore: decorator
@inline
function expm1Pair(x: v128): v128 {
  return expm1Or(false, x)
}

/** k ln 2 + log(1 + f) + c for f in [sqrt(1/2) - 1, sqrt(2) - 1] and a small correction c. */
// @ts-ignore: decorator
@inline
function logReduced(k: v128, f: v128, c: v128): v128 {
  const q = f64x2.div(f, f64x2.add(f, s(2)))
  const z = f64x2.mul(q, q)
  const w = f64x2.mul(z, z)
  const even = f64x2.mul(w, mad(w, mad(w, s(1.531383769920937332e-1), 2.222219843214978396e-1), 3.999999999940941908e-1))
  const odd = f64x2.mul(
    z,
    mad(w, mad(w, mad(w, s(1.479819860511658591e-1), 1.818357216161805012e-1), 2.857142874366239149e-1), 6.66666666666673513e-1),
  )
  const half = f64x2.mul(f64x2.mul(f, f), s(0.5))
  const tail = f64x2.add(
    f64x2.mul(q, f64x2.add(half, f64x2.add(even, odd))),
    f64x2.add(f64x2.mul(k, s(LN2_LOW)), c),
  )
  return f64x2.sub(f64x2.mul(k, s(LN2_HIGH)), f64x2.sub(f64x2.sub(half, tail), f))
}

/** x = 2^k m with m in [sqrt(1/2), sqrt(2)), for positive normal x: k in the low 12 bits of each lane, above it zeros. */
// @ts-ignore: decorator
@inline
function biasedExponent(x: v128): v128 {
  // The distance from the bits of sqrt(2) to those of 2 carries into the exponent where m would exceed sqrt(2).
  return i64x2.shr_u(i64x2.add(x, i64x2.splat(0x95f619980c433)), 52)
}
// @ts-ignore: decorator
@inline
function mantissa(x: v128, biased: v128): v128 {
  return i64x2.sub(x, i64x2.shl(i64x2.sub(biased, i64x2.splat(1023)), 52))
}
// @ts-ignore: decorator
@inline
function exponentOf(biased: v128): v128 {
  return f64x2.sub(i64x2.add(biased, s(SHIFT)), s(SHIFT + 1023))
}

// @ts-ignore: decorator
@inline
export function logPair(x: v128): v128 {
  const tiny = f64x2.lt(x, s(2.2250738585072014e-308))
  const y = select(tiny, f64x2.mul(x, s(18014398509481984)), x)
  const biased = biasedExponent(y)
  const k = f64x2.sub(exponentOf(biased), v128.and(tiny, s(54)))
  let result = logReduced(k, f64x2.sub(mantissa(y, biased), s(1)), s(0))
  result = select(f64x2.eq(x, s(Infinity)), x, result)
  result = select(f64x2.eq(x, s(0)), s(-Infinity), result)
  // False for negative numbers and for NaN.
  return select(f64x2.ge(x, s(0)), result, s(NaN))
}

// @ts-ignore: decorator
@inline
function log1pPair(x: v128): v128 {
  const small = v128.and(f64x2.gt(x, s(-0.29)), f64x2.lt(x, s(0.41)))
  const u = f64x2.add(x, s(1))
  const biased = biasedExponent(u)
  const k = v128.andnot(exponentOf(biased), small)
  const f = select(small, x, f64x2.sub(mantissa(u, biased), s(1)))
  // What rounding 1 + x lost, relative to it.
  const lost = select(
    f64x2.gt(x, s(1)),
    f64x2.sub(s(1), f64x2.sub(u, x)),
    f64x2.sub(x, f64x2.sub(u, s(1))),
  )
  let result = logReduced(k, f, v128.andnot(f64x2.div(lost, u), small))
  result = select(f64x2.eq(x, s(Infinity)), x, result)
  result = select(f64x2.eq(x, s(-1)), s(-Infinity), result)
  result = select(f64x2.ge(x, s(-1)), result, s(NaN))
  return select(f64x2.lt(f64x2.abs(x), s(1e-300)), x, result)
}

// @ts-ignore: decorator
@inline
function tanhPair(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), s(22))
  return v128.or(expm1Or(true, f64x2.add(a, a)), signOf(x))
}

// @ts-ignore: decorator
@inline
function sigmoidPair(x: v128): v128 {
  const e = exponential(true, f64x2.neg(f64x2.abs(x)))
  const positive = f64x2.ge(x, s(0))
  const d = f64x2.add(e, s(1))
  const lost = f64x2.sub(e, f64x2.sub(d, s(1)))
  const y = f64x2.div(select(positive, s(1), e), d)
  // What rounding d lost: y - y lost / d, and 1 / d is y or 1 - y.
  return f64x2.sub(y, f64x2.mul(f64x2.mul(y, lost), select(positive, y, f64x2.sub(s(1), y))))
}

// @ts-ignore: decorator
@inline
function softplusPair(x: v128): v128 {
  return f64x2.add(f64x2.pmax(x, s(0)), log1pPair(exponential(true, f64x2.neg(f64x2.abs(x)))))
}

/** erf on |x| < 0.84375. */
// @ts-ignore: decorator
@inline
function erfNear(x: v128): v128 {
  const z = f64x2.mul(x, x)
  const p = mad(z, mad(z, mad(z, mad(z, s(-2.37630166566501626084e-5), -5.77027029648944159157e-3), -2.84817495755985104766e-2), -3.25042107247001499370e-1), 1.28379167095512558561e-1)
  const q = mad(z, mad(z, mad(z, mad(z, mad(z, s(-3.96022827877536812320e-6), 1.32494738004321644526e-4), 5.08130628187576562776e-3), 6.50222499887672944485e-2), 3.97917223959155352819e-1), 1.0)
  return f64x2.add(x, f64x2.mul(x, f64x2.div(p, q)))
}

/** erf on 0.84375 <= a < 1.25. */
// @ts-ignore: decorator
@inline
function erfMiddle(a: v128): v128 {
  const t = f64x2.sub(a, s(1))
  const p = mad(t, mad(t, mad(t, mad(t, mad(t, mad(t, s(-2.16637559486879084300e-3), 3.54783043256182359371e-2), -1.10894694282396677476e-1), 3.18346619901161753674e-1), -3.72207876035701323847e-1), 4.14856118683748331666e-1), -2.36211856075265944077e-3)
  const q = mad(t, mad(t, mad(t, mad(t, mad(t, mad(t, s(1.19844998467991074170e-2), 1.36370839120290507362e-2), 1.26171219808761642112e-1), 7.18286544141962662868e-2), 5.40397917702171048937e-1), 1.06420880400844228286e-1), 1.0)
  return f64x2.add(s(8.45062911510467529297e-1), f64x2.div(p, q))
}

/** 1 - erf on 1.25 <= a <= 6, relative error about 2^-52. */
// @ts-ignore: decorator
@inline
function erfFar(a: v128): v128 {
  const i = f64x2.div(s(1), f64x2.mul(a, a))
  const ra = mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, s(-9.81432934416914548592), -8.12874355063065934246e1), -1.84605092906711035994e2), -1.62396669462573470355e2), -6.23753324503260060396e1), -1.05586262253232909814e1), -6.93858572707181764372e-1), -9.86494403484714822705e-3)
  const sa = mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, s(-6.04244152148580987438e-2), 6.57024977031928170135), 1.08635005541779435134e2), 4.29008140027567833386e2), 6.45387271733267880336e2), 4.34565877475229228821e2), 1.37657754143519042600e2), 1.96512716674392571292e1), 1.0)
  const rb = mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, s(-4.83519191608651397019e2), -1.02509513161107724954e3), -6.37566443368389627722e2), -1.60636384855818916062e2), -1.77579549177547519889e1), -7.99283237680523006574e-1), -9.86494292470009928597e-3)
  const sb = mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, mad(i, s(-2.24409524465858183362e1), 4.74528541206955367215e2), 2.55305040643316442583e3), 3.19985821950859553908e3), 1.53672958608443695994e3), 3.25792512996573918826e2), 3.03380607434824582924e1), 1.0)
  const nearer = f64x2.lt(a, s(2.857142857142857))
  const ratio = f64x2.div(select(nearer, ra, rb), select(nearer, sa, sb))
  // a^2 = head^2 + (a - head)(a + head) with head^2 exact, so that exp(-a^2) keeps its relative accuracy.
  const head = v128.and(a, i64x2.splat(0xffffffff00000000))
  const e = f64x2.mul(
    expPair(f64x2.sub(f64x2.neg(f64x2.mul(head, head)), s(0.5625))),
    expPair(f64x2.add(f64x2.mul(f64x2.sub(head, a), f64x2.add(head, a)), ratio)),
  )
  return f64x2.div(e, a)
}

// @ts-ignore: decorator
@inline
function erfPair(x: v128): v128 {
  const a = f64x2.abs(x)
  const near = f64x2.lt(a, s(0.84375))
  let y = erfNear(a)
  if (!i64x2.all_true(near)) {
    const far = f64x2.sub(s(1), erfFar(f64x2.pmax(f64x2.pmin(a, s(6)), s(1.25))))
    y = select(near, y, select(f64x2.lt(a, s(1.25)), erfMiddle(a), far))
  }
  return select(f64x2.eq(x, x), v128.or(y, signOf(x)), x)
}

// ---- sine and cosine ----

const TWO_OVER_PI: f64 = 6.36619772367581382433e-1
/** pi/2 in three parts of 33 bits and a tail: products with integers below 2^20 are exact. */
const HALF_PI_1: f64 = 1.57079632673412561417
const HALF_PI_2: f64 = 6.07710050630396597660e-11
const HALF_PI_3: f64 = 2.02226624871116645580e-21
const HALF_PI_TAIL: f64 = 8.47842766036889956997e-32
/** Arguments up to here, 2^20 pi/2, are reduced in vectors. */
const LARGEST_SIMPLE: f64 = 1647099.0

// What `reduceLarge` returns beside its value.
let reducedTail: f64 = 0
let reducedQuadrant: i64 = 0

/** 64 bits of 2/pi; word 0 is the integer part, all zero. */
function wordOfTwoOverPi(i: i32): u64 {
  switch (i) {
    case 1: return 0xa2f9836e4e441529
    case 2: return 0xfc2757d1f534ddc0
    case 3: return 0xdb6295993c439041
    case 4: return 0xfe5163abdebbc561
    case 5: return 0xb7246e3a424dd2e0
    case 6: return 0x06492eea09d1921c
    case 7: return 0xfe1deb1cb129a73e
    case 8: return 0xe88235f52ebb4484
    case 9: return 0xe99c7026b45f7e41
    case 10: return 0x3991d639835339f4
    case 11: return 0x9c845f8bbdf9283b
    case 12: return 0x1ff897ffde05980f
    case 13: return 0xef2f118b5a0a6d1f
    case 14: return 0x6d367ecf27cb09b7
    case 15: return 0x4f463f669e5fea2d
    case 16: return 0x7527bac7ebe5f17b
    case 17: return 0x3d0739f78a5292ea
    case 18: return 0x6bfb5fb11f8d5d08
    case 19: return 0x56033046fc7b6bab
    case 20: return 0xf0cfbc209af4361d
    default: return 0
  }
}

function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const middle = a1 * b0 + ((a0 * b0) >> 32)
  const cross = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >> 32) + (cross >> 32)
}

/** The 64 bits of 2/pi from bit `from` on, counted from the start of word 0. */
// @ts-ignore: decorator
@inline
function bitsOfTwoOverPi(from: i32): u64 {
  const word = from >> 6
  const shift = <u64>(from & 63)
  const first = wordOfTwoOverPi(word)
  return shift == 0 ? first : (first << shift) | (wordOfTwoOverPi(word + 1) >> (64 - shift))
}

/**
 * |x| - q pi/2 with |result| <= pi/4 for finite |x| >= 1, q modulo 4 in `reducedQuadrant` and the result's low part in
 * `reducedTail`: multiplies by the 192 bits of 2/pi that matter (Payne and Hanek, "Radian Reduction for Trigonometric
 * Functions", 1983).
 */
function reduceLarge(x: f64): f64 {
  const bits = reinterpret<u64>(x)
  const exponent = <i32>((bits >> 52) & 0x7ff) - 1075
  const m: u64 = (bits & 0xfffffffffffff) | 0x10000000000000
  // Bits of higher weight contribute multiples of 4.
  const from = exponent + 62
  const w0 = bitsOfTwoOverPi(from)
  const w1 = bitsOfTwoOverPi(from + 64)
  const w2 = bitsOfTwoOverPi(from + 128)
  const p2 = m * w2
  const low = m * w1
  const p1 = low + multiplyHigh(m, w2)
  const p0 = m * w0 + multiplyHigh(m, w1) + <u64>(p1 < low)
  let quadrant: i64 = <i64>(p0 >> 62)
  let f0 = (p0 << 2) | (p1 >> 62)
  let f1 = (p1 << 2) | (p2 >> 62)
  let sign: f64 = 1
  if (f0 >> 63) {
    quadrant++
    sign = -1
    f1 = ~f1 + 1
    f0 = ~f0 + <u64>(f1 == 0)
  }
  reducedQuadrant = quadrant & 3
  if ((f0 | f1) == 0) {
    reducedTail = 0
    return 0
  }
  let zeros: i64 = 0
  if (f0 == 0) {
    f0 = f1
    f1 = 0
    zeros = 64
  }
  const lead = clz<u64>(f0)
  if (lead > 0) {
    f0 = (f0 << lead) | (f1 >> (64 - lead))
    f1 <<= lead
  }
  zeros += <i64>lead
  // Two doubles of 53 bits each: f = high + low.
  const high = <f64>(f0 >> 11) * reinterpret<f64>((1023 - 53 - zeros) << 52)
  const rest = <f64>(((f0 << 53) | (f1 >> 11)) >> 11) * reinterpret<f64>((1023 - 106 - zeros) << 52)
  // (high + rest) pi/2 with the product of the leading parts in full (Dekker's splitting).
  const P: f64 = 1.5707963267948966
  const P_LOW: f64 = 6.123233995736766e-17
  const c = high * 134217729.0
  const hh = c - (c - high)
  const hl = high - hh
  const ph: f64 = 1.5707963407039642
  const pl: f64 = P - ph
  const y = high * P
  const error = hh * ph - y + hh * pl + hl * ph + hl * pl
  const tail = error + (high * P_LOW + rest * P)
  const r = y + tail
  reducedTail = sign * (y - r + tail)
  return sign * r
}

/** Sine (which = 0) or cosine (which = 1). */
// @ts-ignore: decorator
@inline
function sineOrCosine(which: i32, x: v128): v128 {
  const a = f64x2.abs(x)
  const t = mad(a, s(TWO_OVER_PI), SHIFT)
  const n = f64x2.sub(t, s(SHIFT))
  // a - n pi/2 by parts, with what each rounding lost in `lost`.
  const r0 = f64x2.sub(a, f64x2.mul(n, s(HALF_PI_1)))
  const w2 = f64x2.mul(n, s(HALF_PI_2))
  const r1 = f64x2.sub(r0, w2)
  const b1 = f64x2.sub(r1, r0)
  const e1 = f64x2.sub(f64x2.sub(r0, f64x2.sub(r1, b1)), f64x2.add(w2, b1))
  const w3 = f64x2.mul(n, s(HALF_PI_3))
  const r2 = f64x2.sub(r1, w3)
  const b2 = f64x2.sub(r2, r1)
  const e2 = f64x2.sub(f64x2.sub(r1, f64x2.sub(r2, b2)), f64x2.add(w3, b2))
  const lost = f64x2.sub(f64x2.add(e1, e2), f64x2.mul(n, s(HALF_PI_TAIL)))
  let r = f64x2.add(r2, lost)
  let tail = f64x2.add(f64x2.sub(r2, r), lost)
  let quadrant = t
  if (!i64x2.all_true(f64x2.le(a, s(LARGEST_SIMPLE)))) {
    const a0 = f64x2.extract_lane(a, 0)
    if (a0 > LARGEST_SIMPLE && a0 < Infinity) {
      r = f64x2.replace_lane(r, 0, reduceLarge(a0))
      tail = f64x2.replace_lane(tail, 0, reducedTail)
      quadrant = i64x2.replace_lane(quadrant, 0, reducedQuadrant)
    }
    const a1 = f64x2.extract_lane(a, 1)
    if (a1 > LARGEST_SIMPLE && a1 < Infinity) {
      r = f64x2.replace_lane(r, 1, reduceLarge(a1))
      tail = f64x2.replace_lane(tail, 1, reducedTail)
      quadrant = i64x2.replace_lane(quadrant, 1, reducedQuadrant)
    }
  }
  const z = f64x2.mul(r, r)
  const v = f64x2.mul(z, r)
  const ps = mad(z, mad(z, mad(z, mad(z, s(1.58969099521155010221e-10), -2.50507602534068634195e-8), 2.75573137070700676789e-6), -1.98412698298579493134e-4), 8.33333333332248946124e-3)
  const sine = f64x2.sub(
    r,
    f64x2.sub(
      f64x2.sub(f64x2.mul(z, f64x2.sub(f64x2.mul(s(0.5), tail), f64x2.mul(v, ps))), tail),
      f64x2.mul(v, s(-1.66666666666666324348e-1)),
    ),
  )
  const pc = f64x2.mul(
    z,
    mad(z, mad(z, mad(z, mad(z, mad(z, s(-1.13596475577881948265e-11), 2.08757232129817482790e-9), -2.75573143513906633035e-7), 2.48015872894767294178e-5), -1.38888888888741095749e-3), 4.16666666666666019037e-2),
  )
  const half = f64x2.mul(z, s(0.5))
  const w = f64x2.sub(s(1), half)
  const cosine = f64x2.add(
    w,
    f64x2.add(f64x2.sub(f64x2.sub(s(1), w), half), f64x2.sub(f64x2.mul(z, pc), f64x2.mul(r, tail))),
  )
  const q = which == 1 ? i64x2.add(quadrant, i64x2.splat(1)) : quadrant
  const odd = i64x2.ne(v128.and(q, i64x2.splat(1)), i64x2.splat(0))
  const negative = i64x2.shl(v128.and(q, i64x2.splat(2)), 62)
  let y = v128.xor(select(odd, cosine, sine), negative)
  // The sine of a small number is that number, with its sign; subnormal numbers would lose bits above.
  if (which == 0) y = select(f64x2.lt(a, s(1e-9)), x, v128.xor(y, signOf(x)))
  return select(f64x2.lt(a, s(Infinity)), y, s(NaN))
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
  if (f == EXP) return expQuick(x)
  if (f == LOG) return logPair(x)
  if (f == EXPM1) return expm1Pair(x)
  if (f == LOG1P) return log1pPair(x)
  if (f == TANH) return tanhPair(x)
  if (f == SIGMOID) return sigmoidPair(x)
  if (f == SOFTPLUS) return softplus_f64x2(x)
  if (f == ERF) return erf_f64x2(x)
  if (f == SIN) return sin_f64x2(x)
  return cos_f64x2(x)
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
export function log_f64x2(x: v128): v128 {
  return logPair(x)
}
export function log_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(log_f64x2(f64x2.splat(x)), 0)
}
export function log_f64(n: i32, x: usize, out: usize): void {
  map(LOG, n, x, out)
}
export function expm1_f64x2(x: v128): v128 {
  return expm1Pair(x)
}
export function expm1_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(expm1_f64x2(f64x2.splat(x)), 0)
}
export function expm1_f64(n: i32, x: usize, out: usize): void {
  map(EXPM1, n, x, out)
}
export function log1p_f64x2(x: v128): v128 {
  return log1pPair(x)
}
export function log1p_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(log1p_f64x2(f64x2.splat(x)), 0)
}
export function log1p_f64(n: i32, x: usize, out: usize): void {
  map(LOG1P, n, x, out)
}
export function tanh_f64x2(x: v128): v128 {
  return tanhPair(x)
}
export function tanh_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(tanh_f64x2(f64x2.splat(x)), 0)
}
export function tanh_f64(n: i32, x: usize, out: usize): void {
  map(TANH, n, x, out)
}
export function sigmoid_f64x2(x: v128): v128 {
  return sigmoidPair(x)
}
export function sigmoid_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(sigmoid_f64x2(f64x2.splat(x)), 0)
}
export function sigmoid_f64(n: i32, x: usize, out: usize): void {
  map(SIGMOID, n, x, out)
}
export function softplus_f64x2(x: v128): v128 {
  return softplusPair(x)
}
export function softplus_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(softplus_f64x2(f64x2.splat(x)), 0)
}
export function softplus_f64(n: i32, x: usize, out: usize): void {
  map(SOFTPLUS, n, x, out)
}
export function erf_f64x2(x: v128): v128 {
  return erfPair(x)
}
export function erf_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(erf_f64x2(f64x2.splat(x)), 0)
}
export function erf_f64(n: i32, x: usize, out: usize): void {
  map(ERF, n, x, out)
}
export function sin_f64x2(x: v128): v128 {
  return sineOrCosine(0, x)
}
export function sin_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(sin_f64x2(f64x2.splat(x)), 0)
}
export function sin_f64(n: i32, x: usize, out: usize): void {
  map(SIN, n, x, out)
}
export function cos_f64x2(x: v128): v128 {
  return sineOrCosine(1, x)
}
export function cos_f64_scalar(x: f64): f64 {
  return f64x2.extract_lane(cos_f64x2(f64x2.splat(x)), 0)
}
export function cos_f64(n: i32, x: usize, out: usize): void {
  map(COS, n, x, out)
}
