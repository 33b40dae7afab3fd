import { describe, expect, it } from 'vitest'
import { gradientByDifferences } from '../../src/autodiff/index.ts'
import { InvalidInputError, RandomStream, UnsupportedError } from '../../src/base/index.ts'
import {
  problemOf,
  randomRotation,
  shiftedRotated,
  testFunction,
  testFunctions,
  testProblem,
} from '../../src/test-functions/index.ts'

const dimensionsOf = (f: (typeof testFunctions)[number]): number[] => {
  if (f.dimensions === undefined) return [f.dimension]
  const { min, multipleOf = 1 } = f.dimensions
  return [...new Set([min, f.dimension, Math.ceil(17 / multipleOf) * multipleOf])]
}

describe('test functions', () => {
  it('are at least forty, each with a name of its own', () => {
    expect(testFunctions.length).toBeGreaterThanOrEqual(40)
    expect(new Set(testFunctions.map((f) => f.slug)).size).toBe(testFunctions.length)
  })

  it.each(testFunctions.map((f) => [f.slug, f] as const))('%s attains its minimum where it says', (_, f) => {
    for (const n of dimensionsOf(f)) {
      const problem = problemOf(f, n)
      const scale = Math.max(1, Math.abs(problem.minimum))
      for (const given of f.minimizers(n)) {
        const x = Float64Array.from(given)
        expect(x.length).toBe(n)
        for (let i = 0; i < n; i++) {
          expect(x[i]).toBeGreaterThanOrEqual(problem.lower[i])
          expect(x[i]).toBeLessThanOrEqual(problem.upper[i])
        }
        expect(Math.abs(f.value(x) - problem.minimum)).toBeLessThanOrEqual(1e-9 * scale)
      }
    }
  })

  it.each(testFunctions.map((f) => [f.slug, f] as const))('%s has no lower value at ten thousand points', (_, f) => {
    const problem = problemOf(f)
    const random = RandomStream.fromSeed(3).split(f.slug)
    const { lower, upper, minimizer, minimum } = problem
    const x = new Float64Array(problem.dimension)
    let lowest = Infinity
    for (let k = 0; k < 10_000; k++) {
      // Half of the points anywhere, half around the minimizer at all scales.
      const radius = 10 ** (-8 * random.uniform())
      for (let i = 0; i < x.length; i++) {
        const anywhere = random.uniformBetween(lower[i], upper[i])
        x[i] =
          k % 2 === 0
            ? anywhere
            : Math.min(upper[i], Math.max(lower[i], minimizer[i] + radius * (upper[i] - lower[i]) * random.normal()))
      }
      lowest = Math.min(lowest, f.value(x))
    }
    expect(lowest).toBeGreaterThanOrEqual(minimum - 1e-9 * Math.max(1, Math.abs(minimum)))
  })

  it.each(testFunctions.filter((f) => f.gradient).map((f) => [f.slug, f] as const))(
    '%s has the gradient of its values',
    (_, f) => {
      const random = RandomStream.fromSeed(5).split(f.slug)
      const { lower, upper, dimension } = problemOf(f)
      const x = new Float64Array(dimension)
      const gradient = new Float64Array(dimension)
      const differences = new Float64Array(dimension)
      for (let k = 0; k < 20; k++) {
        for (let i = 0; i < dimension; i++)
          x[i] = 0.5 * (lower[i] + upper[i]) + 0.4 * (upper[i] - lower[i]) * (random.uniform() - 0.5)
        f.gradient?.(x, gradient)
        gradientByDifferences((y) => f.value(y), x, differences)
        const scale = Math.max(1, Math.abs(f.value(x)), ...gradient.map(Math.abs))
        for (let i = 0; i < dimension; i++) expect(Math.abs(gradient[i] - differences[i]) / scale).toBeLessThan(2e-6)
      }
    },
  )

  it('separable functions are sums: mixed differences vanish', () => {
    for (const f of testFunctions) {
      if (!f.tags.includes('separable')) continue
      const { lower, upper, dimension } = problemOf(f)
      const random = RandomStream.fromSeed(6).split(f.slug)
      const a = lower.map((low, i) => random.uniformBetween(low, upper[i]))
      const b = lower.map((low, i) => random.uniformBetween(low, upper[i]))
      const both = a.slice()
      const first = a.slice()
      const second = a.slice()
      both[0] = first[0] = b[0]
      both[dimension - 1] = second[dimension - 1] = b[dimension - 1]
      const scale = Math.max(1, ...[a, b, both, first, second].map((x) => Math.abs(f.value(x))))
      expect(Math.abs(f.value(both) - f.value(first) - f.value(second) + f.value(a)) / scale, f.slug).toBeLessThan(
        1e-12,
      )
    }
  })

  it('start where nothing is solved yet', () => {
    for (const f of testFunctions) {
      const problem = problemOf(f)
      expect(f.value(problem.start), f.slug).toBeGreaterThan(problem.minimum + 1e-6)
    }
  })

  // Values of the canyon computed independently (specification of the experiment, 8 digits).
  it.each([
    [1, 2, 4.34701163, 1.8767767],
    [4, 2, 10.6875, 7.95],
    [-1, 1, 29.56902327, 26.45355339],
    [6, 6, 29.17734298, 27.35234298],
    [3, -1, 31.12491364, 29.29991364],
    [0.5, 0.25, 19.58652974, 18.86944439],
  ])('the canyon at (%d, %d) is %d rippled and %d plain', (x, y, rippled, plain) => {
    const at = Float64Array.of(x, y)
    expect(testFunction('canyon-noisy').value(at)).toBeCloseTo(rippled, 7)
    expect(testFunction('canyon').value(at)).toBeCloseTo(plain, 7)
    expect(testFunction('canyon-noisy').value(Float64Array.of(8, 8))).toBeCloseTo(39.01253664, 7)
  })

  it('has the published values of Ackley and of the milder Rastrigin', () => {
    expect(testFunction('rastrigin-mild').value(Float64Array.of(0.3, -1.2))).toBeCloseTo(6.53, 10)
    expect(testFunction('ackley').value(Float64Array.of(0.3, -1.2))).toBeCloseTo(4.9279419, 7)
  })

  it('refuses what does not exist', () => {
    expect(() => testFunction('rastrigan')).toThrow(InvalidInputError)
    expect(() => testProblem('branin', 3)).toThrow(/dimension must be 2, got 3/)
    expect(() => testProblem('powell-singular', 6)).toThrow(/multiple of 4/)
    expect(() => testProblem('rastrigin', 1.5)).toThrow(InvalidInputError)
  })
})

describe('shifted and rotated functions', () => {
  it('keep minimum and gradient, and move the minimizer', () => {
    for (const slug of ['rastrigin', 'ackley', 'rosenbrock', 'griewank', 'ellipsoid']) {
      for (const seed of [0, 1, 2]) {
        const problem = shiftedRotated(testFunction(slug), 7, { seed })
        expect(problem.value(problem.minimizer)).toBeLessThan(1e-12)
        expect(problem.minimizer.every((s, i) => s > problem.lower[i] && s < problem.upper[i])).toBe(true)
        const gradient = new Float64Array(7)
        const differences = new Float64Array(7)
        problem.gradient?.(problem.start, gradient)
        gradientByDifferences((x) => problem.value(x), problem.start.slice(), differences)
        const scale = Math.max(1, ...gradient.map(Math.abs))
        for (let i = 0; i < 7; i++) expect(Math.abs(gradient[i] - differences[i]) / scale).toBeLessThan(1e-6)
      }
    }
  })

  it('a rotation preserves lengths, and the sphere is unchanged by it', () => {
    const n = 6
    const Q = randomRotation(n, RandomStream.fromSeed(1))
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0
        for (let k = 0; k < n; k++) dot += Q[i * n + k] * Q[j * n + k]
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 14)
      }
    }
    const rotated = shiftedRotated(testFunction('sphere'), n, { shift: false })
    const x = Float64Array.of(1, -2, 0.5, 3, 0, 1)
    expect(rotated.value(x)).toBeCloseTo(testFunction('sphere').value(x), 12)
    expect(rotated.tags).not.toContain('separable')
  })

  it('refuses functions that have lower values outside their box', () => {
    expect(() => shiftedRotated(testFunction('schwefel'), 5)).toThrow(UnsupportedError)
  })
})
