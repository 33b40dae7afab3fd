import { describe, InvalidInputError, portableExp, portableLog, type RandomStream } from '../base/index.ts'

function checkShape(where: string, name: string, value: number): void {
  if (value > 0 && value < Infinity) return
  throw new InvalidInputError(`${where}: ${name} must be a finite number > 0, got ${describe(value)}`, {
    argument: name,
    expected: 'a finite number > 0',
    received: describe(value),
  })
}

/**
 * A draw from the gamma distribution with shape a > 0 and scale 1 (mean a), by rejection from a cubed normal; the stream's
 * state is all the state there is.
 *
 * Shapes below 1 use Gamma(a + 1) U^(1/a), and shape 1/2 the identity Z^2 / 2.
 *
 * @see Marsaglia and Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000)
 */
export function gammaSample(random: RandomStream, shape: number): number {
  checkShape('gammaSample', 'shape', shape)
  if (shape === 0.5) {
    const z = random.normal()
    return 0.5 * z * z
  }
  if (shape < 1) return gammaSample(random, shape + 1) * portableExp(portableLog(1 - random.uniform()) / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = random.normal()
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    const u = 1 - random.uniform()
    const x2 = x * x
    // The first test is a cheap squeeze of the second, which is exact.
    if (u < 1 - 0.0331 * x2 * x2 || portableLog(u) < 0.5 * x2 + d * (1 - v + portableLog(v))) return d * v
  }
}

/** A draw from Beta(a, b) with a, b > 0: X / (X + Y) for X ~ Gamma(a), Y ~ Gamma(b). */
export function betaSample(random: RandomStream, a: number, b: number): number {
  checkShape('betaSample', 'a', a)
  checkShape('betaSample', 'b', b)
  for (;;) {
    const x = gammaSample(random, a)
    const y = gammaSample(random, b)
    // Both can underflow to 0 for shapes below about 1/1000.
    if (x + y > 0) return x / (x + y)
  }
}

/**
 * A draw from the Dirichlet distribution with parameters `alpha` (>= 0; components with 0 are 0): gamma draws over their sum.
 *
 * @param out receives the draw, length of `alpha`
 */
export function dirichletSample(
  random: RandomStream,
  alpha: ArrayLike<number>,
  out: Float64Array = new Float64Array(alpha.length),
): Float64Array {
  for (;;) {
    let sum = 0
    let mass = 0
    for (let i = 0; i < alpha.length; i++) {
      mass += alpha[i]
      out[i] = alpha[i] === 0 ? 0 : gammaSample(random, alpha[i])
      sum += out[i]
    }
    if (!(mass > 0)) checkShape('dirichletSample', 'the sum of alpha', mass)
    if (sum > 0) {
      for (let i = 0; i < alpha.length; i++) out[i] /= sum
      return out
    }
  }
}

/**
 * An index drawn with the given probabilities (they should sum to 1; a rounding remainder goes to the last index with a
 * positive probability).
 */
export function categoricalSample(random: RandomStream, probabilities: ArrayLike<number>): number {
  let left = random.uniform()
  let last = 0
  for (let i = 0; i < probabilities.length; i++) {
    if (!(probabilities[i] > 0)) continue
    last = i
    left -= probabilities[i]
    if (left < 0) return i
  }
  return last
}
