import { portableHypot, RandomStream, UnsupportedError } from '../base/index.ts'
import { smoothProblem } from '../solver/index.ts'
import { problemOf, type TestFunction, type TestProblem } from './test-function.ts'

/** How a test function is disguised. */
export interface Disguise {
  /** Seed of the shift and the rotation, an integer in [0, 2^53). Default 0. */
  seed?: number
  /** Move the minimizer to a random place in the middle 80 % of the box. Default true. */
  shift?: boolean
  /** Rotate the coordinates by a random orthogonal matrix. Default true. */
  rotate?: boolean
}

/** A random orthogonal [n, n] matrix: Gram-Schmidt on normal columns (Haar distributed). */
export function randomRotation(n: number, random: RandomStream): Float64Array {
  const Q = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const row = Q.subarray(i * n, i * n + n)
    random.fillNormal(row)
    // Twice is enough for orthogonality to rounding.
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < i; k++) {
        let dot = 0
        for (let j = 0; j < n; j++) dot += row[j] * Q[k * n + j]
        for (let j = 0; j < n; j++) row[j] -= dot * Q[k * n + j]
      }
    }
    const norm = row.reduce((size, value) => portableHypot(size, value), 0)
    for (let j = 0; j < n; j++) row[j] /= norm
  }
  return Q
}

/**
 * The test function after a random shift and rotation, `g(x) = f(Q (x - s) + x*)` with minimizer s: no method can profit from a
 * minimum at the centre or along the axes. The box stays the same; s keeps a tenth of each side away from its faces.
 *
 * @throws {UnsupportedError} if the function's minimum is one over its box only
 */
export function shiftedRotated(
  f: TestFunction,
  dimension = f.dimension,
  { seed = 0, shift = true, rotate = true }: Disguise = {},
): TestProblem {
  if (f.boxOnly && (shift || rotate)) {
    throw new UnsupportedError(
      `test function '${f.slug}' has lower values outside its box, so it cannot be shifted or rotated`,
      { argument: 'f', expected: 'a function whose minimum over the box is its minimum', received: f.slug },
    )
  }
  const base = problemOf(f, dimension)
  const random = RandomStream.fromSeed(seed).split(`shifted-rotated ${f.slug}`).split(dimension)
  const { lower, upper, minimizer } = base
  const place = lower.map((low, i) => low + (upper[i] - low) * (0.1 + 0.8 * random.uniform()))
  const s = shift ? place : minimizer
  const Q = randomRotation(dimension, random)
  const z = new Float64Array(dimension)
  const inner = new Float64Array(dimension)
  const toOriginal = (x: Float64Array): void => {
    for (let i = 0; i < dimension; i++) {
      let sum = rotate ? 0 : x[i] - s[i]
      if (rotate) for (let j = 0; j < dimension; j++) sum += Q[i * dimension + j] * (x[j] - s[j])
      z[i] = minimizer[i] + sum
    }
  }
  const kind = [shift ? 'shifted' : '', rotate ? 'rotated' : ''].filter((word) => word !== '').join('-')
  const problem = smoothProblem({
    name: `${kind ? `${kind}-` : ''}${base.name}`,
    dimension,
    value(x) {
      toOriginal(x)
      return f.value(z)
    },
    ...(f.gradient && {
      gradient(x: Float64Array, out: Float64Array) {
        toOriginal(x)
        f.gradient?.(z, inner)
        for (let j = 0; j < dimension; j++) {
          let sum = rotate ? 0 : inner[j]
          if (rotate) for (let i = 0; i < dimension; i++) sum += Q[i * dimension + j] * inner[i]
          out[j] = sum
        }
      },
    }),
    lower,
    upper,
    start: base.start,
    minimum: base.minimum,
    minimizer: s,
    recipe: { testFunction: f.slug, dimension, seed, shift, rotate },
  })
  const tags = rotate ? f.tags.filter((tag) => tag !== 'separable') : f.tags
  return { ...problem, tags, ...(rotate && { rotation: Q }) } as TestProblem
}
