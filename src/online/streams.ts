import { checked, choice, integer, nonNegative, positive, RandomStream, structured } from '../base/index.ts'
import { norm } from '../linalg/index.ts'
import { ballSet, boxSet } from './decision-set.ts'
import { type OnlineProblem, onlineProblem } from './online-problem.ts'

/**
 * What is random in the rounds of a stream: `draw` fills `data` for one round from that round's own random stream. The latest
 * round is kept, since its value and its gradient are asked for in turn; nothing depends on what was asked before.
 */
function roundData(
  seed: number,
  length: number,
  draw: (random: RandomStream, data: Float64Array, round: number) => void,
): (round: number) => Float64Array {
  const root = RandomStream.fromSeed(seed).split('rounds')
  const data = new Float64Array(length)
  let latest = -1
  return (round) => {
    if (round !== latest) draw(root.split(round), data, round)
    latest = round
    return data
  }
}

/** Uniform on the sphere of `radius`. */
function fillSphere(random: RandomStream, out: Float64Array, radius: number): void {
  if (radius === 0) {
    out.fill(0)
    return
  }
  random.fillNormal(out)
  const scale = radius / norm(out)
  for (let i = 0; i < out.length; i++) out[i] *= scale
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

const dimension = (fallback: number) => integer<number>(fallback, 'dimension', { min: 1, max: 10_000 })
const rounds = integer<number>(1000, 'rounds', { min: 1, max: 10_000_000 })
const seed = integer<number>(0, 'seed', { max: 2 ** 53 - 1 })

export interface QuadraticStreamOptions {
  /** n. Default 10. */
  dimension?: number
  /** T. Default 1000. */
  rounds?: number
  /** Radius of the ball of decisions. Default 0.5. */
  radius?: number
  /** c, length n, inside the ball. Default: a random direction times 0.6 of the radius. */
  centre?: ArrayLike<number>
  /** J in [1, T]: the centre is c and -c by turns, in J blocks of equal length. Default 1: it stays. */
  blocks?: number
  /** sigma: the gradients are off by a vector that is uniform on the sphere of this radius. Default 0.1. */
  noise?: number
  /** Regret against the best fixed point, or against the moving centre. Default 'fixed'. */
  comparator?: 'fixed' | 'moving'
  /** Default 0. */
  seed?: number
}

/**
 * Noisy quadratics around a centre that may switch: F_t(x) = 1/2 ||x - c_t||^2, f_t(x) = F_t(x) + <xi_t, x> on a ball, with
 * L = lambda = 1, G = radius + ||c|| + sigma and alpha = 1/G^2. Noise alone is a stochastic problem, switching alone an adversarial one.
 *
 * @throws {OptionError} if an option is outside its interval
 * @throws {InvalidInputError} if the centre lies outside the ball
 */
export function quadraticStream(options: QuadraticStreamOptions = {}): OnlineProblem {
  const given = checked('quadratic stream', options, {
    dimension: dimension(10),
    rounds,
    radius: positive(0.5, 'radius'),
    centre: structured<ArrayLike<number> | undefined>(undefined, 'centre', 'numbers', (value) => value !== undefined),
    blocks: integer<number>(1, 'blocks', { min: 1, max: 10_000_000 }),
    noise: nonNegative(0.1, 'noise sigma'),
    comparator: choice(['fixed', 'moving'], 'fixed', 'comparator'),
    seed,
  })
  const { dimension: n, rounds: T, radius, blocks, noise } = given
  const c = new Float64Array(n)
  if (given.centre === undefined) fillSphere(RandomStream.fromSeed(given.seed).split('centre'), c, 0.6 * radius)
  else c.set(Array.from(given.centre).slice(0, n))
  const size = norm(c)
  const signOf = (round: number): number => (Math.floor((round * blocks) / T) % 2 === 0 ? 1 : -1)
  const noiseOf = roundData(given.seed, n, (random, data) => fillSphere(random, data, noise))
  function expectedValue(round: number, x: Float64Array): number {
    const sign = signOf(round)
    let sum = 0
    for (let i = 0; i < n; i++) sum += (x[i] - sign * c[i]) ** 2
    return 0.5 * sum
  }
  const G = radius + size + noise
  let balance = 0
  for (let t = 0; t < T; t++) balance += signOf(t)
  const set = ballSet(n, radius)
  return onlineProblem({
    name: `quadratics, ${T} rounds`,
    set,
    rounds: T,
    constants: { gradientBound: G, smoothness: 1, strongConvexity: 1, expConcavity: 1 / G ** 2 },
    expectedValue,
    value: (round, x) => expectedValue(round, x) + dot(noiseOf(round), x),
    gradient(round, x, out) {
      const sign = signOf(round)
      const xi = noiseOf(round)
      for (let i = 0; i < n; i++) out[i] = x[i] - sign * c[i] + xi[i]
    },
    // 1/2 ||u - c||^2 + <xi, u> + ||u - x||^2 / (2 eta) is round, so its minimizer over the ball is the projected one.
    proximal(round, x, step, out) {
      const sign = signOf(round)
      const xi = noiseOf(round)
      for (let i = 0; i < n; i++) out[i] = (x[i] + step * (sign * c[i] - xi[i])) / (1 + step)
      set.project(out, out)
    },
    comparator:
      given.comparator === 'moving'
        ? (round, out) => {
            for (let i = 0; i < n; i++) out[i] = signOf(round) * c[i]
          }
        : c.map((v) => (v * balance) / T),
  })
}

export interface BlockLinearStreamOptions {
  /** n. Default 5. */
  dimension?: number
  /** T. Default 1000. */
  rounds?: number
  /** Radius of the ball of decisions. Default 0.5. */
  radius?: number
  /** Rounds between changes of sign, >= 1. Default: round(sqrt(T) / 2). */
  blockLength?: number
  /** Radius of the sphere of the noise. Default 0.05. */
  noise?: number
  /** Default 0. */
  seed?: number
}

/**
 * Linear losses <c_t, x> on a ball, c_t = +-e_1 plus noise, whose sign changes from block to block: adversarial for whoever looks at
 * the past, and easy for whoever expects the next loss to be like the last. G = 1 + noise, L = 0. The comparator is the
 * best fixed point.
 */
export function blockLinearStream(options: BlockLinearStreamOptions = {}): OnlineProblem {
  const given = checked('block linear stream', options, {
    dimension: dimension(5),
    rounds,
    radius: positive(0.5, 'radius'),
    blockLength: integer<number | undefined>(undefined, 'rounds in a block', { min: 1 }),
    noise: nonNegative(0.05, 'noise'),
    seed,
  })
  const { dimension: n, rounds: T, radius, noise } = given
  const length = given.blockLength ?? Math.max(1, Math.round(Math.sqrt(T) / 2))
  const costOf = roundData(given.seed, n, (random, data, round) => {
    fillSphere(random, data, noise)
    data[0] += Math.floor(round / length) % 2 === 0 ? 1 : -1
  })
  const best = new Float64Array(n)
  for (let t = 0; t < T; t++) {
    const cost = costOf(t)
    for (let i = 0; i < n; i++) best[i] -= cost[i]
  }
  const scale = radius / (norm(best) || 1)
  const set = ballSet(n, radius)
  return onlineProblem({
    name: `linear losses in blocks of ${length}, ${T} rounds`,
    set,
    rounds: T,
    constants: { gradientBound: 1 + noise, smoothness: 0 },
    value: (round, x) => dot(costOf(round), x),
    gradient: (round, _, out) => out.set(costOf(round)),
    proximal(round, x, step, out) {
      const cost = costOf(round)
      for (let i = 0; i < n; i++) out[i] = x[i] - step * cost[i]
      set.project(out, out)
    },
    comparator: best.map((v) => v * scale),
  })
}

export interface RegressionStreamOptions {
  /** n. Default 3. */
  dimension?: number
  /** T. Default 1000. */
  rounds?: number
  /** Radius of the ball of decisions. Default 0.25. */
  radius?: number
  /** ||w||, the length of the true coefficients, at most the radius. Default 0.6 of the radius. */
  coefficientNorm?: number
  /** Size of the errors, which are + or - this. Default 0.2. */
  noise?: number
  /** Default 0. */
  seed?: number
}

/**
 * Least squares, row by row: f_t(x) = 1/2 (a_t' x - b_t)^2 on a ball, a_t uniform on the unit sphere, b_t = a_t' w +- noise.
 * G = radius + ||w|| + noise, alpha = 1/G^2, L = 1. The comparator is w.
 */
export function regressionStream(options: RegressionStreamOptions = {}): OnlineProblem {
  const given = checked('regression stream', options, {
    dimension: dimension(3),
    rounds,
    radius: positive(0.25, 'radius'),
    coefficientNorm: nonNegative<number | undefined>(undefined, 'length of the coefficients'),
    noise: nonNegative(0.2, 'noise'),
    seed,
  })
  const { dimension: n, rounds: T, radius, noise } = given
  const size = given.coefficientNorm ?? 0.6 * radius
  const w = new Float64Array(n)
  fillSphere(RandomStream.fromSeed(given.seed).split('coefficients'), w, size)
  // a_t and, last, b_t.
  const rowOf = roundData(given.seed, n + 1, (random, data) => {
    const a = data.subarray(0, n)
    fillSphere(random, a, 1)
    data[n] = dot(a, w) + (random.uniform() < 0.5 ? -noise : noise)
  })
  const residual = (round: number, x: Float64Array): number => dot(x, rowOf(round)) - rowOf(round)[n]
  const G = radius + size + noise
  return onlineProblem({
    name: `regression, ${T} rounds`,
    set: ballSet(n, radius),
    rounds: T,
    constants: { gradientBound: G, smoothness: 1, expConcavity: 1 / G ** 2 },
    value: (round, x) => 0.5 * residual(round, x) ** 2,
    gradient(round, x, out) {
      const r = residual(round, x)
      const row = rowOf(round)
      for (let i = 0; i < n; i++) out[i] = r * row[i]
    },
    comparator: w,
  })
}

export interface AbsoluteStreamOptions {
  /** T. Default 1000. */
  rounds?: number
  /** The middle of the targets, in [-1, 1]. Default 0.3. */
  middle?: number
  /** Targets are uniform within this distance of the middle. Default 0.1. */
  spread?: number
  /** Default 0. */
  seed?: number
}

/** argmin over [low, high] of |a u - b| + (u - x)^2 / (2 step), a != 0: slide towards the kink at b/a, stop there, and clamp. */
export function absoluteProximal(a: number, b: number, x: number, step: number, low: number, high: number): number {
  const kink = b / a
  const slide = step * Math.abs(a)
  const u = x - slide > kink ? x - slide : x + slide < kink ? x + slide : kink
  return Math.min(high, Math.max(low, u))
}

/**
 * Tracking a median: f_t(x) = |x - b_t| on [-1, 1], b_t uniform within `spread` of `middle`. Convex, with a kink; G = 1. The
 * comparator is the middle.
 */
export function absoluteStream(options: AbsoluteStreamOptions = {}): OnlineProblem {
  const given = checked('absolute stream', options, {
    rounds,
    middle: structured(0.3, 'middle', 'a number in [-1, 1]', (v) => typeof v === 'number' && Math.abs(v) <= 1),
    spread: nonNegative(0.1, 'spread'),
    seed,
  })
  const targetOf = roundData(given.seed, 1, (random, data) => {
    data[0] = given.middle + given.spread * random.uniformBetween(-1, 1)
  })
  return onlineProblem({
    name: `absolute losses, ${given.rounds} rounds`,
    set: boxSet([-1], [1]),
    rounds: given.rounds,
    constants: { gradientBound: 1 },
    value: (round, x) => Math.abs(x[0] - targetOf(round)[0]),
    gradient(round, x, out) {
      out[0] = Math.sign(x[0] - targetOf(round)[0])
    },
    proximal(round, x, step, out) {
      out[0] = absoluteProximal(1, targetOf(round)[0], x[0], step, -1, 1)
    },
    comparator: [given.middle],
  })
}
