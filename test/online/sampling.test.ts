import { describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream } from '../../src/base/index.ts'
import { betaSample, categoricalSample, dirichletSample, gammaSample } from '../../src/online/index.ts'

const N = 20_000

/** Sample mean and variance of N draws. */
function moments(draw: () => number): { mean: number; variance: number } {
  let sum = 0
  let squares = 0
  for (let k = 0; k < N; k++) {
    const x = draw()
    sum += x
    squares += x * x
  }
  const mean = sum / N
  return { mean, variance: squares / N - mean * mean }
}

describe('gammaSample', () => {
  it.each([0.2, 0.5, 1, 2.5, 30])('shape %d has mean and variance equal to the shape', (shape) => {
    const random = RandomStream.fromSeed(3)
    const { mean, variance } = moments(() => gammaSample(random, shape))
    // Four standard errors of the mean; the variance of a gamma sample variance is (6/a + 2) a^2 / N.
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / N))
    expect(Math.abs(variance - shape)).toBeLessThan(4 * shape * Math.sqrt((6 / shape + 2) / N))
  })

  it('shape 1 is the exponential distribution', () => {
    const random = RandomStream.fromSeed(4)
    let beyond = 0
    for (let k = 0; k < N; k++) if (gammaSample(random, 1) > 1) beyond++
    const p = Math.exp(-1)
    expect(Math.abs(beyond / N - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / N))
  })

  it('refuses shapes that are not positive', () => {
    const random = RandomStream.fromSeed(0)
    for (const shape of [0, -1, NaN, Infinity]) expect(() => gammaSample(random, shape)).toThrow(InvalidInputError)
  })

  it('remembers nothing outside the stream', () => {
    const random = RandomStream.fromSeed(5)
    gammaSample(random, 2)
    const saved = JSON.parse(JSON.stringify(random.state()))
    const next = [gammaSample(random, 2), betaSample(random, 0.5, 1.5)]
    const again = RandomStream.fromState(saved)
    expect([gammaSample(again, 2), betaSample(again, 0.5, 1.5)]).toEqual(next)
  })
})

describe('betaSample', () => {
  it.each([
    [2, 6],
    [0.5, 1.5],
    [1, 1],
    [40, 10],
  ])('Beta(%d, %d) has its mean and variance and stays in [0, 1]', (a, b) => {
    const random = RandomStream.fromSeed(6)
    const { mean, variance } = moments(() => {
      const x = betaSample(random, a, b)
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(1)
      return x
    })
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1))
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(4 * Math.sqrt(expected / N))
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.06)
  })
})

describe('dirichletSample', () => {
  it('lies in the simplex, has its means, and leaves zero components at zero', () => {
    const random = RandomStream.fromSeed(7)
    const alpha = [0.5, 0.3, 0, 0.2]
    const mean = new Float64Array(4)
    for (let k = 0; k < N; k++) {
      const w = dirichletSample(random, alpha)
      expect(w[0] + w[1] + w[2] + w[3]).toBeCloseTo(1, 12)
      for (let i = 0; i < 4; i++) mean[i] += w[i] / N
    }
    expect(mean[2]).toBe(0)
    for (let i = 0; i < 4; i++) expect(Math.abs(mean[i] - alpha[i])).toBeLessThan(4 * Math.sqrt(0.125 / N))
  })

  it('refuses a zero vector', () => {
    expect(() => dirichletSample(RandomStream.fromSeed(0), [0, 0])).toThrow(InvalidInputError)
  })
})

describe('categoricalSample', () => {
  it('draws with the given probabilities and never an index with probability 0', () => {
    const random = RandomStream.fromSeed(8)
    const p = [0, 0.5, 0.3, 0, 0.2, 0]
    const count = new Float64Array(6)
    for (let k = 0; k < N; k++) count[categoricalSample(random, p)]++
    for (let i = 0; i < 6; i++) {
      expect(Math.abs(count[i] / N - p[i])).toBeLessThanOrEqual(4 * Math.sqrt((p[i] * (1 - p[i])) / N))
    }
  })
})
