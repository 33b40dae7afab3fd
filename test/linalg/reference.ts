/**
 * Reference values of elementary functions to about 100 bits, in double-double arithmetic (an unevaluated sum of two doubles),
 * from Taylor series and exact products alone: nothing here shares a coefficient or a reduction with the kernels.
 *
 * @see Dekker, A Floating-Point Technique for Extending the Available Precision (1971)
 */

/** [high, low] with |low| <= ulp(high) / 2. */
export type Pair = readonly [number, number]

function twoSum(a: number, b: number): Pair {
  const s = a + b
  const t = s - a
  return [s, a - (s - t) + (b - t)]
}

function split(a: number): Pair {
  const c = 134217729 * a
  const high = c - (c - a)
  return [high, a - high]
}

function twoProduct(a: number, b: number): Pair {
  const p = a * b
  const [ah, al] = split(a)
  const [bh, bl] = split(b)
  return [p, ah * bh - p + ah * bl + al * bh + al * bl]
}

export function add([a, c]: Pair, [b, d]: Pair): Pair {
  const [s, e] = twoSum(a, b)
  const [t, f] = twoSum(c, d)
  const [u, v] = twoSum(s, e + t)
  return twoSum(u, v + f)
}

export function times([a, c]: Pair, [b, d]: Pair): Pair {
  const [p, e] = twoProduct(a, b)
  return twoSum(p, e + (a * d + c * b))
}

export function over(x: Pair, y: Pair): Pair {
  const q = x[0] / y[0]
  const r = add(x, times([-q, 0], y))
  const q2 = r[0] / y[0]
  const r2 = add(r, times([-q2, 0], y))
  return add(twoSum(q, q2), [r2[0] / y[0], 0])
}

const scaled = ([a, b]: Pair, factor: number): Pair => [a * factor, b * factor]
const negated = ([a, b]: Pair): Pair => [-a, -b]

// ln 2 = 0.693147180559945309417232121458176568075500134360255254120680...
const LN2: readonly [Pair, number] = [[0.6931471805599453, 2.3190468138462996e-17], 5.707708438416212e-34]

const inverse: Pair[] = [[1, 0]]
for (let k = 1; k < 200; k++) inverse.push(over([1, 0], [k, 0]))

/** e^x - 1 as 2^k (1 + p) - 1: p and k. |p| < 0.42. */
function expm1Parts(x: Pair): { k: number; p: Pair } {
  const k = Math.round(x[0] / LN2[0][0])
  const reduced = add(add(x, times([-k, 0], LN2[0])), [-k * LN2[1], 0])
  const r = scaled(reduced, 1 / 64)
  // (((r/12 + 1) r/11 + 1) ...) r: Taylor's polynomial of expm1.
  let p: Pair = [0, 0]
  for (let n = 13; n >= 1; n--) p = times(times(add(p, [1, 0]), r), inverse[n])
  for (let i = 0; i < 6; i++) p = add(scaled(p, 2), times(p, p))
  return { k, p }
}

function power(k: number): number {
  return 2 ** k
}

/** In two steps: 2^k alone may leave the range. */
function timesPower(x: Pair, k: number): Pair {
  const half = Math.trunc(k / 2)
  return scaled(scaled(x, power(half)), power(k - half))
}

/** e^x as m 2^k, so that results below the normal numbers keep their bits. */
export function expScaled(x: Pair): { m: Pair; k: number } {
  const { k, p } = expm1Parts(x)
  return { m: add([1, 0], p), k }
}

export function expm1(x: Pair): Pair {
  if (x[0] === 0) return x
  const { k, p } = expm1Parts(x)
  if (k === 0) return p
  if (k > 120) return timesPower(add([1, 0], p), k)
  if (k < -200) return [-1, 0]
  return add(scaled(p, power(k)), add([power(k), 0], [-1, 0]))
}

/** log(1 + u) for a pair u: one Newton step y + ((1 + u) e^-y - 1) from the engine's value. */
export function log1p(u: Pair): Pair {
  const y = Math.log1p(u[0])
  const e = expm1([-y, 0])
  const correction = add(u, times(add([1, 0], u), e))
  return add([y, 0], correction)
}

export function log(x: number): Pair {
  // x = 2^k m with m near 1.
  let k = Math.floor(Math.log2(x))
  let m = timesPower([x, 0], -k)[0]
  if (m > 1.42) {
    m /= 2
    k++
  }
  const fraction = log1p([m - 1, 0])
  return add(add(times([k, 0], LN2[0]), [k * LN2[1], 0]), fraction)
}

export function tanh(x: number): Pair {
  const e = expm1([2 * x, 0])
  return over(e, add(e, [2, 0]))
}

/** As m 2^k. */
export function sigmoid(x: number): { m: Pair; k: number } {
  const { m, k } = expScaled([x, 0])
  return x > 0
    ? { m: over([1, 0], add([1, 0], expScaledPair(-x))), k: 0 }
    : { m: over(m, add([1, 0], timesPower(m, k))), k }
}

function expScaledPair(x: number): Pair {
  const { m, k } = expScaled([x, 0])
  return timesPower(m, k)
}

/** As m 2^k. */
export function softplus(x: number): { m: Pair; k: number } {
  if (x < -300) return expScaled([x, 0])
  const tail = log1p(expScaledPair(-Math.abs(x)))
  return { m: x > 0 ? add([x, 0], tail) : tail, k: 0 }
}

// 2 / sqrt(pi) = 1.12837916709551257389615890312154517168810125865799771368817...
const TWO_OVER_SQRT_PI: Pair = [1.1283791670955126, 1.533545961316588e-17]

/** erf by 2 x e^{-x^2} / sqrt(pi) sum_n (2 x^2)^n / (2n + 1)!!: all terms of one sign. |x| < 6. */
export function erf(x: number): Pair {
  const square = twoProduct(x, x)
  const { m, k } = expScaled(negated(square))
  let term: Pair = [x, 0]
  let sum = term
  for (let n = 1; n < 250; n++) {
    term = over(times(term, scaled(square, 2)), [2 * n + 1, 0])
    sum = add(sum, term)
    if (Math.abs(term[0]) < 1e-34 * Math.abs(sum[0])) break
  }
  return timesPower(times(times(sum, m), TWO_OVER_SQRT_PI), k)
}

// pi to 1300 bits by Machin's formula, for exact reductions.
const bits = 1300n
function arctanOfInverse(n: bigint): bigint {
  let term = (1n << (bits + 20n)) / n
  let sum = term
  for (let k = 3n, sign = -1n; term !== 0n; k += 2n, sign = -sign) {
    term /= n * n
    sum += (sign * term) / k
  }
  return sum
}
const halfPi = (2n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) >> 20n

const view = new DataView(new ArrayBuffer(8))

/** A number as m 2^e with an integer m. */
function exactly(x: number): { m: bigint; e: number } {
  view.setFloat64(0, x)
  const word = view.getBigUint64(0)
  const biased = Number((word >> 52n) & 0x7ffn)
  const m = (word & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n)
  return { m: x < 0 ? -m : m, e: Math.max(biased, 1) - 1075 }
}

/** The fraction f 2^-bits as a pair. */
function toPair(f: bigint): Pair {
  const magnitude = f < 0n ? -f : f
  if (magnitude === 0n) return [0, 0]
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - 53))
  const high = magnitude >> shift
  const rest = magnitude - (high << shift)
  const restShift = BigInt(Math.max(0, rest.toString(2).length - 53))
  const place = (n: bigint, s: bigint): number => {
    const exponent = Number(s - bits)
    return timesPower([Number(n), 0], exponent)[0]
  }
  const sign = f < 0n ? -1 : 1
  return [sign * place(high, shift), sign * place(rest >> restShift, restShift)]
}

/** x - q pi/2 in [-pi/4, pi/4], exactly, and q modulo 4. */
function reduce(x: number): { r: Pair; q: number } {
  const { m, e } = exactly(x)
  if (e < -1000) return { r: [x, 0], q: 0 }
  const fixed = e >= 0 ? m << (BigInt(e) + bits) : (m << bits) >> BigInt(-e)
  let q = fixed / halfPi
  let r = fixed - q * halfPi
  if (2n * r > halfPi) {
    q++
    r -= halfPi
  } else if (2n * r < -halfPi) {
    q--
    r += halfPi
  }
  return { r: toPair(r), q: Number(((q % 4n) + 4n) % 4n) }
}

function sineSeries(r: Pair): Pair {
  const z = negated(times(r, r))
  let s: Pair = [0, 0]
  for (let n = 29; n >= 3; n -= 2) s = times(times(add(s, [1, 0]), z), times(inverse[n], inverse[n - 1]))
  return times(r, add(s, [1, 0]))
}

function cosineSeries(r: Pair): Pair {
  const z = negated(times(r, r))
  let s: Pair = [0, 0]
  for (let n = 28; n >= 2; n -= 2) s = times(times(add(s, [1, 0]), z), times(inverse[n], inverse[n - 1]))
  return add(s, [1, 0])
}

/** sin(x), or with `quarter` 1 cos(x). */
export function sine(x: number, quarter = 0): Pair {
  const { r, q } = reduce(x)
  const turn = (q + quarter) % 4
  const value = turn % 2 === 0 ? sineSeries(r) : cosineSeries(r)
  return turn >= 2 ? negated(value) : value
}

/** Distance of y from m 2^k in units in the last place of a number with `digits` bits and least exponent `least`. */
export function ulps(y: number, m: Pair, k: number, digits: number, least: number): number {
  if (m[0] === 0) return y === 0 ? 0 : Infinity
  // Exponent of the leading bit of m; a pair just below a power of two belongs below.
  let exponent = Math.floor(Math.log2(Math.abs(m[0])))
  if (2 ** exponent > Math.abs(m[0])) exponent--
  if (2 ** (exponent + 1) <= Math.abs(m[0])) exponent++
  if (Math.abs(m[0]) === 2 ** exponent && Math.sign(m[0]) * m[1] < 0) exponent--
  const place = Math.max(exponent + k - digits + 1, least)
  // (y - m 2^k) / 2^place, the scaling split so that no factor leaves the range.
  const shifted = timesPower([y, 0], -k)
  const difference = add(shifted, negated(m))
  const shift = k - place
  return Math.abs(timesPower(difference, shift)[0])
}
