import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, portableLog, RandomStream } from '../../src/base/index.ts'

function draws(stream: RandomStream, count: number, draw: (s: RandomStream) => number): Float64Array {
  return Float64Array.from({ length: count }, () => draw(stream))
}

function moments(sample: Float64Array): { mean: number; variance: number } {
  let mean = 0
  for (const v of sample) mean += v
  mean /= sample.length
  let variance = 0
  for (const v of sample) variance += (v - mean) ** 2
  return { mean, variance: variance / sample.length }
}

describe('RandomStream', () => {
  it('keeps its bits for ever: the first draws of seed 1', () => {
    const stream = RandomStream.fromSeed(1)
    const bits = [stream.int32(), stream.int32(), stream.uniform(), stream.normal()]
    expect(bits).toMatchInlineSnapshot(`
      [
        -301403246,
        561009237,
        0.7543431253236293,
        -0.28270298378766284,
      ]
    `)
  })

  it('continues exactly from a saved state, normals in pairs included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), (seed, skipped) => {
        const stream = RandomStream.fromSeed(seed)
        for (let i = 0; i < skipped; i++) stream.normal()
        const copy = RandomStream.fromState(JSON.parse(JSON.stringify(stream.state())))
        for (let i = 0; i < 5; i++) {
          expect(copy.normal()).toBe(stream.normal())
          expect(copy.uniform()).toBe(stream.uniform())
        }
        expect(copy.split('a').uniform()).toBe(stream.split('a').uniform())
      }),
    )
  })

  it('splits by label only: draws of the parent do not matter, labels and seeds do', () => {
    const fresh = RandomStream.fromSeed(3)
    const used = RandomStream.fromSeed(3)
    used.normal()
    expect(used.split('worker').uniform()).toBe(fresh.split('worker').uniform())
    const firsts = new Set<number>()
    for (let i = 0; i < 1000; i++) firsts.add(fresh.split(i).int32())
    for (let i = 0; i < 1000; i++) firsts.add(RandomStream.fromSeed(i).int32())
    firsts.add(fresh.split('0').int32())
    expect(firsts.size).toBeGreaterThan(1995)
  })

  it('has uniform and normal draws with the right moments', () => {
    const n = 200_000
    const uniform = moments(draws(RandomStream.fromSeed(5), n, (s) => s.uniform()))
    expect(Math.abs(uniform.mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(0.001)
    const sample = draws(RandomStream.fromSeed(6), n, (s) => s.normal())
    const normal = moments(sample)
    expect(Math.abs(normal.mean)).toBeLessThan(5 / Math.sqrt(n))
    expect(Math.abs(normal.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    const beyond = sample.filter((z) => Math.abs(z) > 1.959963984540054).length / n
    expect(Math.abs(beyond - 0.05)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / n))
    const exponential = moments(draws(RandomStream.fromSeed(7), n, (s) => s.exponential()))
    expect(Math.abs(exponential.mean - 1)).toBeLessThan(5 / Math.sqrt(n))
  })

  it('streams of neighbouring seeds and of siblings are uncorrelated', () => {
    const n = 20_000
    const root = RandomStream.fromSeed(0)
    const pairs: [RandomStream, RandomStream][] = [
      [RandomStream.fromSeed(1), RandomStream.fromSeed(2)],
      [root.split(0), root.split(1)],
      [root, root.split(0)],
    ]
    for (const [a, b] of pairs) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += a.normal() * b.normal()
      expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(n))
    }
  })

  it('integer(n) is uniform on 0..n-1', () => {
    const counts = new Array(7).fill(0)
    const stream = RandomStream.fromSeed(11)
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]++
    let chiSquare = 0
    for (const count of counts) chiSquare += (count - 10_000) ** 2 / 10_000
    expect(chiSquare).toBeLessThan(22.46) // 99.9 % quantile at 6 degrees of freedom
  })

  it('shuffle is a permutation, and every order is equally likely', () => {
    const stream = RandomStream.fromSeed(12)
    const seen = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = stream.shuffle([0, 1, 2]).join('')
      seen.set(order, (seen.get(order) ?? 0) + 1)
    }
    expect(seen.size).toBe(6)
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000))
  })

  it.each([-1, 0.5, NaN, 2 ** 53, '1' as unknown as number])('refuses the seed %s', (seed) => {
    expect(() => RandomStream.fromSeed(seed)).toThrow(InvalidInputError)
  })
})

describe('portableLog', () => {
  it('agrees with Math.log to the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: 2.2250738585072014e-308, noNaN: true, noDefaultInfinity: true }), (x) => {
        const exact = Math.log(x)
        expect(Math.abs(portableLog(x) - exact)).toBeLessThanOrEqual(2.3e-16 * Math.abs(exact))
      }),
      { numRuns: 2000 },
    )
    expect(portableLog(1)).toBe(0)
  })
})
