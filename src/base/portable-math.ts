// Elementary functions from IEEE additions, multiplications, divisions and square roots alone. The results of `Math.exp`,
// `Math.pow` and their kin are left to the engine by ECMAScript (section 21.3.2) and differ between Node and browsers in the
// last place; these have the same bits everywhere. Where a WebAssembly kernel of the same name exists (assembly/functions-f64.ts),
// the operations are the same, and so are the bits.
//
// Reductions are those of Cody and Waite, "Software Manual for the Elementary Functions" (1980) and of Payne and Hanek, "Radian
// Reduction for Trigonometric Functions" (1983); the coefficients of log, sin, cos and atan are the minimax fits of FreeBSD's
// msun (e_log.c, k_sin.c, k_cos.c, s_atan.c).

import { productError } from './product-error.ts'

const words = new DataView(new ArrayBuffer(8))
/** Its low word stays 0. */
const scaleWords = new DataView(new ArrayBuffer(8))

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  scaleWords.setUint32(0, (k + 1023) << 20)
  return scaleWords.getFloat64(0)
}

/** p 2^k for p near 1, rounded once. */
function scaleByPower(p: number, k: number): number {
  if (k >= -1022 && k <= 1022) return p * powerOfTwo(k)
  const half = k >> 1
  return p * powerOfTwo(half) * powerOfTwo(k - half)
}

const LOG2E = 1.4426950408889634
/** ln 2 in two parts; the first ends in 32 zero bits, so that its product with an exponent is exact. */
const LN2_HIGH = 6.9314718036912381649e-1
const LN2_LOW = 1.90821492927058770002e-10
/** 1.5 * 2^52: adding and subtracting it rounds to an integer, ties to even. */
const SHIFT = 6755399441055744

/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2: minimax polynomial of degree 9, error 4e-18. */
function expTail(r: number, r2: number): number {
  const a = 0.5000000000000009 + r * 0.16666666666666693
  const b = 0.04166666666654582 + r * 0.00833333333331025
  const c = 0.0013888888940114148 + r * 0.00019841269911797748
  const d = 2.48014962974235e-5 + r * 2.7557220637712153e-6
  const e = 2.7629227753097017e-7 + r * 2.5116645080243863e-8
  return a + r2 * b + r2 * r2 * (c + r2 * d + r2 * r2 * e)
}

/** e^x. Error below 1.01 ulp. */
export function portableExp(x: number): number {
  const y = x > 710 ? 710 : x < -746 ? -746 : x
  const k = y * LOG2E + SHIFT - SHIFT
  const r = y - k * LN2_HIGH - k * LN2_LOW
  const r2 = r * r
  return scaleByPower(1 + (r + r2 * expTail(r, r2)), k)
}

/** e^x - 1. Error below 1.2 ulp. */
export function portableExpm1(x: number): number {
  if (Math.abs(x) < 1e-300) return x
  const y = x > 710 ? 710 : x < -40 ? -40 : x
  const k = y * LOG2E + SHIFT - SHIFT
  const high = y - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  // What rounding r lost: it counts where the 1 cancels.
  const lost = high - r - low
  const r2 = r * r
  const rest = lost + r2 * expTail(r, r2)
  // 2 (2^(k-1) (1 + r + rest) - 1/2): 2^k itself overflows for k = 1024. The sum of the leading terms is kept in two parts.
  const scale = powerOfTwo(k - 1)
  const first = scale - 0.5
  const second = scale * r
  const lead = first + second
  const half = lead + (second - (lead - first) + scale * rest)
  return half + half
}

/** k ln 2 + log(1 + f) + c for f in [sqrt(1/2) - 1, sqrt(2) - 1] and a small correction c. */
function logReduced(k: number, f: number, c: number): number {
  const q = f / (f + 2)
  const z = q * q
  const w = z * z
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1))
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)))
  const half = f * f * 0.5
  const tail = q * (half + (even + odd)) + (k * LN2_LOW + c)
  return k * LN2_HIGH - (half - tail - f)
}

/** The exponent k that `split` leaves. An element of an array, as numbers in variables of a module live on the heap. */
const exponent = new Int32Array(1)

/** The significand m of x = 2^k m in [sqrt(1/2), sqrt(2)), for positive finite x. */
function split(x: number): number {
  const tiny = x < 2.2250738585072014e-308
  words.setFloat64(0, tiny ? x * 18014398509481984 : x)
  const high = words.getUint32(0)
  const k = (high >>> 20) - (tiny ? 1077 : 1023)
  words.setUint32(0, (high & 0xfffff) | 0x3ff00000)
  const m = words.getFloat64(0)
  const upper = m >= Math.SQRT2
  exponent[0] = upper ? k + 1 : k
  return upper ? m * 0.5 : m
}

/** Natural logarithm. Error below 0.85 ulp. */
export function portableLog(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x === Infinity ? x : Number.NaN
  const f = split(x) - 1
  return logReduced(exponent[0], f, 0)
}

/** log(1 + x). Error below 0.85 ulp. */
export function portableLog1p(x: number): number {
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x === Infinity ? x : Number.NaN
  if (Math.abs(x) < 1e-300) return x
  if (x > -0.29 && x < 0.41) return logReduced(0, x, 0)
  const u = x + 1
  const f = split(u) - 1
  // What rounding 1 + x lost, relative to it.
  const lost = x > 1 ? 1 - (u - x) : x - (u - 1)
  return logReduced(exponent[0], f, lost / u)
}

/** The low parts of what `logInTwoParts` and the reductions of an angle return. */
const lowPart = new Float64Array(1)

const THIRD_LOW = 1.850371707708594e-17
const FIFTH_LOW = -1.1102230246251566e-17

/**
 * log x in two numbers, relative error about 2^-68, for positive finite x: 2 (s + s^3 / 3 + s^5 / 5 + ...) with s = f / (2 + f),
 * the first three terms in double length.
 */
function logInTwoParts(x: number): number {
  const f = split(x) - 1
  const k = exponent[0]
  const d = 2 + f
  const s = f / d
  const sd = s * d
  const sLow = (f - sd - productError(s, d, sd) - s * (f - (d - 2))) / d
  const z = s * s
  const zLow = productError(s, s, z) + 2 * s * sLow
  // s^7 / 7 + ..., over s^7: |s| <= 0.172.
  const rest =
    1 / 7 +
    z *
      (1 / 9 +
        z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23 + z / 25))))))))
  // 1/5 + z rest, then 1/3 + z (...), then z (...).
  const c5 = 0.2 + z * rest
  const c5Low = 0.2 - c5 + z * rest + FIFTH_LOW
  const t = z * c5
  const tLow = productError(z, c5, t) + (z * c5Low + zLow * c5)
  const c3 = 1 / 3 + t
  const c3Low = 1 / 3 - c3 + t + (tLow + THIRD_LOW)
  const u = z * c3
  const uLow = productError(z, c3, u) + (z * c3Low + zLow * c3)
  const v = s * u
  const vLow = productError(s, u, v) + (s * uLow + sLow * u)
  const log = s + v
  const logTail = s - log + v + (sLow + vLow)
  // k ln 2 + 2 (log + logTail), the larger first where k is not 0.
  const base = k * LN2_HIGH
  const twice = 2 * log
  const sum = base + twice
  const error = k === 0 ? 0 : base - sum + twice
  const low = error + (k * LN2_LOW + 2 * logTail)
  const high = sum + low
  lowPart[0] = sum - high + low
  return high
}

/**
 * x^y, with the special cases of `Math.pow`: NaN for a negative base with an exponent that is no integer, and for |x| = 1 with
 * y infinite. Error below 0.75 ulp, and 0.8 below the normal numbers; powers that a double can hold are exact.
 */
export function portablePow(x: number, y: number): number {
  if (y === 0) return 1
  if (y === 1 || Number.isNaN(x)) return x
  if (y === 2) return x * x
  if (y === -1) return 1 / x
  if (Number.isNaN(y)) return y
  const size = Math.abs(x)
  if ((y === 3 || y === 4) && size > 1e-60 && size < 1e60) return smallPower(x, y)
  const integer = Number.isInteger(y)
  const sign = (x < 0 || Object.is(x, -0)) && integer && Math.abs(y % 2) === 1 ? -1 : 1
  if (size === 1 && !Number.isFinite(y)) return Number.NaN
  if (size === 0 || size === Infinity) return sign * ((size === 0) === y > 0 ? 0 : Infinity)
  if (x < 0 && !integer && Number.isFinite(y)) return Number.NaN
  if (size === 1) return sign
  // Then |y log x| > 2^11.
  if (Math.abs(y) >= 2 ** 64) return sign * (size > 1 === y > 0 ? Infinity : 0)
  const log = logInTwoParts(size)
  const high = y * log
  if (high > 710 || high < -746) return sign * (high > 0 ? Infinity : 0)
  const low = productError(y, log, high) + y * lowPart[0]
  return sign * expOfTwoParts(high, low)
}

/** x^3 or x^4 from x^2 in double length. */
function smallPower(x: number, y: 3 | 4): number {
  const square = x * x
  const low = productError(x, x, square)
  const other = y === 3 ? x : square
  const power = square * other
  return power + (productError(square, other, power) + (y === 3 ? low * x : 2 * low * square))
}

/** e^(x + low) for |x| < 747 and low below the last place of x. */
function expOfTwoParts(x: number, low: number): number {
  const k = x * LOG2E + SHIFT - SHIFT
  const high = x - k * LN2_HIGH
  const rest = k * LN2_LOW - low
  const r = high - rest
  const r2 = r * r
  const lead = 1 + r
  const lost = r - (lead - 1) + (high - r - rest)
  return scaleByPower(lead + (lost + r2 * expTail(r, r2)), k)
}

/** Cube root, with the sign of x. Error below 0.75 ulp. */
export function portableCbrt(x: number): number {
  const size = Math.abs(x)
  if (!(size > 0 && size < Infinity)) return x
  const log = logInTwoParts(size)
  const high = log / 3
  const product = high * 3
  const low = (log - product - productError(high, 3, product) + lowPart[0]) / 3
  return Math.sign(x) * expOfTwoParts(high, low)
}

/** sqrt(x^2 + y^2) without overflow or underflow on the way. Error below 1.2 ulp. */
export function portableHypot(x: number, y: number): number {
  const a = Math.abs(x)
  const b = Math.abs(y)
  if (a === Infinity || b === Infinity) return Infinity
  const larger = a > b ? a : b
  if (larger > 1e150) return 2 ** 520 * Math.sqrt((a * 2 ** -520) ** 2 + (b * 2 ** -520) ** 2)
  if (larger < 1e-130) return 2 ** -600 * Math.sqrt((a * 2 ** 600) ** 2 + (b * 2 ** 600) ** 2)
  return Math.sqrt(a * a + b * b)
}

const TWO_OVER_PI = 6.36619772367581382433e-1
/** pi/2 in three parts of 33 bits and a tail: products with integers below 2^20 are exact. */
const HALF_PI_1 = 1.57079632673412561417
const HALF_PI_2 = 6.0771005063039659766e-11
const HALF_PI_3 = 2.0222662487111664558e-21
const HALF_PI_TAIL = 8.47842766036889956997e-32
/** Arguments up to here, 2^20 pi/2, are reduced by these parts. */
const LARGEST_SIMPLE = 1647099

/** The quadrant that the reductions leave, modulo 4. */
const quadrant = new Int32Array(1)

/** x - quadrant pi/2 for 0 <= x <= 2^20 pi/2, with what each rounding lost in the low part. */
function reduceSmall(x: number): number {
  const n = x * TWO_OVER_PI + SHIFT - SHIFT
  const r0 = x - n * HALF_PI_1
  const w2 = n * HALF_PI_2
  const r1 = r0 - w2
  const b1 = r1 - r0
  const e1 = r0 - (r1 - b1) - (w2 + b1)
  const w3 = n * HALF_PI_3
  const r2 = r1 - w3
  const b2 = r2 - r1
  const e2 = r1 - (r2 - b2) - (w3 + b2)
  const lost = e1 + e2 - n * HALF_PI_TAIL
  const r = r2 + lost
  lowPart[0] = r2 - r + lost
  quadrant[0] = n & 3
  return r
}

/** 1280 bits of 2/pi behind the point. */
const twoOverPi = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484' +
    'e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b' +
    '3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d',
)

/** x - quadrant pi/2 for finite x >= 1: multiplies by the 192 bits of 2/pi that matter. */
function reduceLarge(x: number): number {
  words.setFloat64(0, x)
  const bits = words.getBigUint64(0)
  const binary = Number(bits >> 52n) - 1075
  // Bits of higher weight contribute multiples of 4. The 64 bits before the point are 0.
  const window = BigInt.asUintN(192, twoOverPi >> BigInt(1280 + 64 - (binary + 62) - 192))
  const product = BigInt.asUintN(192, ((bits & 0xfffffffffffffn) | 0x10000000000000n) * window)
  let whole = Number(product >> 190n)
  // 128 bits of the fraction.
  let fraction = BigInt.asUintN(128, product >> 62n)
  let sign = 1
  if (fraction >> 127n) {
    whole++
    sign = -1
    fraction = BigInt.asUintN(128, -fraction)
  }
  quadrant[0] = whole & 3
  lowPart[0] = 0
  if (fraction === 0n) return 0
  const zeros = 128 - fraction.toString(2).length
  const leading = fraction << BigInt(zeros)
  // Two doubles of 53 bits each: f = high + low.
  const high = Number(leading >> 75n) * 2 ** (-53 - zeros)
  const rest = Number(BigInt.asUintN(53, leading >> 22n)) * 2 ** (-106 - zeros)
  // (high + rest) pi/2 with the product of the leading parts in full.
  const P = 1.5707963267948966
  const y = high * P
  const tail = productError(high, P, y) + (high * 6.123233995736766e-17 + rest * P)
  const r = y + tail
  lowPart[0] = sign * (y - r + tail)
  return sign * r
}

/** Sine (turn = 0) or cosine (turn = 1) of a >= 0. */
function sineOrCosine(turn: number, a: number): number {
  if (!(a < Infinity)) return Number.NaN
  const r = a <= LARGEST_SIMPLE ? reduceSmall(a) : reduceLarge(a)
  const tail = lowPart[0]
  const q = quadrant[0] + turn
  const z = r * r
  let result: number
  if (q & 1) {
    const p =
      z *
      (4.16666666666666019037e-2 +
        z *
          (-1.38888888888741095749e-3 +
            z *
              (2.4801587289476729418e-5 +
                z * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11)))))
    const half = z * 0.5
    const w = 1 - half
    result = w + (1 - w - half + (z * p - r * tail))
  } else {
    const v = z * r
    const p =
      8.33333333332248946124e-3 +
      z *
        (-1.98412698298579493134e-4 +
          z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)))
    result = r - (z * (0.5 * tail - v * p) - tail - v * -1.66666666666666324348e-1)
  }
  return q & 2 ? -result : result
}

/** Sine, for all arguments however large. Error below 0.85 ulp. */
export function portableSin(x: number): number {
  const a = Math.abs(x)
  // The sine of a small number is that number, with its sign; subnormal numbers would lose bits below.
  if (a < 1e-9) return x
  return x < 0 ? -sineOrCosine(0, a) : sineOrCosine(0, a)
}

/** Cosine, for all arguments however large. Error below 0.85 ulp. */
export function portableCos(x: number): number {
  return sineOrCosine(1, Math.abs(x))
}

// Coefficients of the odd polynomial for |t| < 7/16, and arctangents of 1/2, 1, 3/2 and infinity in two parts.
const ATAN_EVEN = [
  3.33333333333329318027e-1, 1.42857142725034663711e-1, 9.0908871334365065619e-2, 6.6610731373875312067e-2,
  4.97687799461593236e-2, 1.62858201153657823623e-2,
]
const ATAN_ODD = [
  -1.99999999998764832476e-1, -1.1111110405462355788e-1, -7.69187620504482999495e-2, -5.8335701337905734818e-2,
  -3.6531572744216915527e-2,
]
const ATAN_BOUNDS = [7 / 16, 11 / 16, 19 / 16, 39 / 16]
const ATAN_HIGH = [0, 4.63647609000806093515e-1, Math.PI / 4, 9.82793723247329054082e-1, Math.PI / 2]
const ATAN_LOW = [
  0, 2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, 6.12323399573676603587e-17,
]

function polynomial(z: number, coefficients: readonly number[]): number {
  let value = coefficients[coefficients.length - 1]
  for (let k = coefficients.length - 2; k >= 0; k--) value = value * z + coefficients[k]
  return value
}

/** Arc tangent in [-pi/2, pi/2], by reduction to |t| < 7/16 about 0, 1/2, 1, 3/2 or infinity. Error below 1 ulp. */
export function portableAtan(x: number): number {
  const a = Math.abs(x)
  if (!(a >= 1e-9)) return x
  let k = 0
  while (k < 4 && a >= ATAN_BOUNDS[k]) k++
  const numerator = k === 0 ? a : k === 1 ? a * 2 - 1 : k === 2 ? a - 1 : k === 3 ? a - 1.5 : -1
  const t = numerator / (k === 0 ? 1 : k === 1 ? a + 2 : k === 2 ? a + 1 : k === 3 ? a * 1.5 + 1 : a)
  const z = t * t
  const w = z * z
  const series = z * polynomial(w, ATAN_EVEN) + w * polynomial(w, ATAN_ODD)
  const result = ATAN_HIGH[k] - (t * series - ATAN_LOW[k] - t)
  return x < 0 ? -result : result
}

/** The angle of the point (x, y) in [-pi, pi]. Error below 2 ulp. */
export function portableAtan2(y: number, x: number): number {
  if (x === 0) return y > 0 ? Math.PI / 2 : y < 0 ? -Math.PI / 2 : Math.atan2(y, x)
  const angle = portableAtan(y / x)
  return x > 0 ? angle : y < 0 || Object.is(y, -0) ? angle - Math.PI : angle + Math.PI
}
