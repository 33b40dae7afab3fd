import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/index.ts'
import { run, verify } from '../../src/solver/index.ts'
import {
  entropicPlan,
  type Metric,
  metrics,
  sinkhornDivergence,
  transferColors,
  transport,
  transportBarycenter,
  unbalancedSinkhorn,
  unbalancedTransportProblem,
} from '../../src/transport/index.ts'
import { largestDifference, normalized, randomData, randomPoints, uniform } from './data.ts'

describe('unbalanced transport', () => {
  const { a, b, cost } = randomData(12, 15, 4)

  it('has a gap of zero at the solution, and a gradient of zero in closed form', () => {
    const problem = unbalancedTransportProblem({
      a,
      b: b.map((w) => 2 * w),
      cost,
      regularization: 0.05,
      marginalPenalty: [0.3, 0.8],
    })
    const result = run(problem, unbalancedSinkhorn(), { tolerance: 1e-12 })
    expect(result.converged).toBe(true)
    expect(verify(problem, result).confirmed).toBe(true)
    expect(Math.abs(result.certificate!.measures.gap)).toBeLessThan(1e-12)
    const plan = entropicPlan(problem, result.x)
    plan.rowSums().forEach((r, i) => {
      expect(r).toBeCloseTo(a[i] * Math.exp(-result.x.x[i] / 0.3), 11)
    })
    plan.columnSums().forEach((c, j) => {
      expect(c).toBeCloseTo(2 * b[j] * Math.exp(-result.x.y[j] / 0.8), 11)
    })
  })

  it('one pair in closed form: p minimises c p + eps p ln p + rho (KL(p | a) + KL(p | b))', () => {
    const [epsilon, rho, c, massA, massB] = [0.1, 0.7, 0.4, 1.3, 0.6]
    const { plan, objective } = transport([massA], [massB], [[c]], {
      regularization: epsilon,
      unbalanced: rho,
      tolerance: 1e-13,
    })
    // Derivative: c + eps (ln p + 1) + rho ln(p / a) + rho ln(p / b) = 0.
    const p = Math.exp((rho * Math.log(massA * massB) - c - epsilon) / (epsilon + 2 * rho))
    expect(plan.toDense()[0]).toBeCloseTo(p, 12)
    const kl = (r: number, w: number): number => r * Math.log(r / w) - r + w
    expect(objective).toBeCloseTo(c * p + epsilon * p * Math.log(p) + rho * (kl(p, massA) + kl(p, massB)), 12)
  })

  it('tends to balanced transport as mass becomes dear, and to nothing as it becomes free', () => {
    const balanced = transport(a, b, cost, { regularization: 0.05, tolerance: 1e-12 })
    const dear = transport(a, b, cost, { regularization: 0.05, unbalanced: 1e5, tolerance: 1e-12 })
    expect(dear.converged).toBe(true)
    expect(dear.iterations).toBeLessThan(500)
    expect(largestDifference(dear.plan.toDense(), balanced.plan.toDense())).toBeLessThan(1e-5)
    const free = transport(
      a,
      b,
      cost.map((c) => c + 2),
      { regularization: 0.05, unbalanced: 1e-3 },
    )
    expect(free.plan.rowSums().reduce((sum, r) => sum + r, 0)).toBeLessThan(1e-10)
  })

  it('the best shift changes the speed, not the solution', () => {
    const problem = unbalancedTransportProblem({
      a,
      b: b.map((w) => 1.3 * w),
      cost,
      regularization: 0.05,
      marginalPenalty: 20,
    })
    const plain = run(problem, unbalancedSinkhorn({ translate: false }), { tolerance: 1e-10, maxIterations: 100_000 })
    const shifted = run(problem, unbalancedSinkhorn(), { tolerance: 1e-10 })
    expect(plain.converged && shifted.converged).toBe(true)
    expect(shifted.iterations).toBeLessThan(0.2 * plain.iterations)
    expect(largestDifference(plain.x.x, shifted.x.x)).toBeLessThan(1e-7)
  })
})

describe('Sinkhorn divergence', () => {
  it('is zero for equal measures, positive otherwise, and symmetric', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 999 }),
        (n, m, seed) => {
          const source = randomPoints(n, 2, seed)
          const target = randomPoints(m, 2, seed + 1)
          const { a, b } = randomData(n, m, seed)
          const options = { regularization: 0.1, tolerance: 1e-10 }
          const there = sinkhornDivergence(a, b, { source, target }, options)
          const back = sinkhornDivergence(b, a, { source: target, target: source }, options)
          expect(there.converged).toBe(true)
          expect(there.value).toBeGreaterThan(1e-6)
          expect(back.value).toBeCloseTo(there.value, 9)
          const same = sinkhornDivergence(a, a, { source }, options)
          expect(Math.abs(same.value)).toBeLessThan(1e-9)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('of two Diracs is their cost, for any regularization', () => {
    for (const regularization of [0.01, 1, 100]) {
      const { value } = sinkhornDivergence(
        [1],
        [1],
        { source: [[0, 0]], target: [[3, 4]], metric: 'euclidean' },
        { regularization },
      )
      expect(value).toBeCloseTo(5, 10)
    }
  })

  it('tends to the transport cost for a small regularization', () => {
    const source = randomPoints(15, 2, 8)
    const target = randomPoints(15, 2, 9)
    const exact = transport(uniform(15), uniform(15), { source, target })
    const { value } = sinkhornDivergence(
      uniform(15),
      uniform(15),
      { source, target },
      { regularization: 0.002, maxIterations: 50_000, tolerance: 1e-7 },
    )
    expect(Math.abs(value - exact.cost)).toBeLessThan(0.004)
  })

  it('takes three matrices', () => {
    const source = randomPoints(5, 2, 1)
    const target = randomPoints(6, 2, 2)
    const d = (s: number[], t: number[]): number => s.reduce((sum, v, k) => sum + (v - t[k]) ** 2, 0)
    const table = (p: number[][], q: number[][]): number[][] => p.map((s) => q.map((t) => d(s, t)))
    const byPoints = sinkhornDivergence(uniform(5), uniform(6), { source, target }, { regularization: 0.1 })
    const byTables = sinkhornDivergence(
      uniform(5),
      uniform(6),
      { between: table(source, target), withinA: table(source, source), withinB: table(target, target) },
      { regularization: 0.1 },
    )
    expect(byTables.value).toBeCloseTo(byPoints.value, 12)
    expect(byTables.gradient.source).toBeUndefined()
  })
})

describe('gradients, by central differences', () => {
  const h = 1e-5
  const n = 5
  const m = 6
  const source = randomPoints(n, 3, 31)
  const target = randomPoints(m, 3, 32)
  const { a, b } = randomData(n, m, 33)

  function moved(points: number[][], i: number, k: number, step: number): number[][] {
    return points.map((point, p) => (p === i ? point.map((v, q) => (q === k ? v + step : v)) : point))
  }

  it.each(metrics)('of regularized transport with respect to points, %s', (metric: Metric) => {
    const options = { regularization: 0.1, tolerance: 1e-13 }
    const { source: gs, target: gt } = transport(a, b, { source, target, metric }, options).gradient()
    for (const [i, k] of [
      [0, 0],
      [3, 2],
    ]) {
      const value = (step: number): number =>
        transport(a, b, { source: moved(source, i, k, step), target, metric }, options).objective
      expect(gs![3 * i + k]).toBeCloseTo((value(h) - value(-h)) / (2 * h), 7)
      const other = (step: number): number =>
        transport(a, b, { source, target: moved(target, i, k, step), metric }, options).objective
      expect(gt![3 * i + k]).toBeCloseTo((other(h) - other(-h)) / (2 * h), 7)
    }
  })

  it('of exact transport with respect to points, where the optimal plan is unique', () => {
    const { source: gs } = transport(a, b, { source, target }).gradient()
    const value = (step: number): number => transport(a, b, { source: moved(source, 2, 1, step), target }).objective
    expect(gs![7]).toBeCloseTo((value(h) - value(-h)) / (2 * h), 7)
  })

  it('with respect to masses, along directions that keep the sum', () => {
    for (const options of [{ regularization: 0.1, tolerance: 1e-13 }, {}]) {
      const { a: ga, b: gb } = transport(a, b, { source, target }, options).gradient()
      const shift = (w: Float64Array, step: number): Float64Array =>
        w.map((v, i) => v + (i === 0 ? step : i === 2 ? -step : 0))
      const overA = (step: number): number => transport(shift(a, step), b, { source, target }, options).objective
      const overB = (step: number): number => transport(a, shift(b, step), { source, target }, options).objective
      expect(ga[0] - ga[2]).toBeCloseTo((overA(h) - overA(-h)) / (2 * h), 6)
      expect(gb[0] - gb[2]).toBeCloseTo((overB(h) - overB(-h)) / (2 * h), 6)
    }
  })

  it('of unbalanced transport with respect to masses and points', () => {
    const options = { regularization: 0.1, unbalanced: 0.5, tolerance: 1e-13 }
    const { a: ga, source: gs } = transport(a, b, { source, target }, options).gradient()
    const overA = (step: number): number =>
      transport(
        a.map((v, i) => v + (i === 1 ? step : 0)),
        b,
        { source, target },
        options,
      ).objective
    expect(ga[1]).toBeCloseTo((overA(h) - overA(-h)) / (2 * h), 7)
    const value = (step: number): number =>
      transport(a, b, { source: moved(source, 1, 1, step), target }, options).objective
    expect(gs![4]).toBeCloseTo((value(h) - value(-h)) / (2 * h), 7)
  })

  it('of the Sinkhorn divergence with respect to points and masses', () => {
    const options = { regularization: 0.1, tolerance: 1e-13 }
    const { gradient } = sinkhornDivergence(a, b, { source, target }, options)
    const value = (step: number): number =>
      sinkhornDivergence(a, b, { source: moved(source, 1, 2, step), target }, options).value
    expect(gradient.source![5]).toBeCloseTo((value(h) - value(-h)) / (2 * h), 7)
    const other = (step: number): number =>
      sinkhornDivergence(a, b, { source, target: moved(target, 0, 1, step) }, options).value
    expect(gradient.target![1]).toBeCloseTo((other(h) - other(-h)) / (2 * h), 7)
    const shift = (step: number): Float64Array => a.map((v, i) => v + (i === 0 ? step : i === 1 ? -step : 0))
    const overA = (step: number): number => sinkhornDivergence(shift(step), b, { source, target }, options).value
    expect(gradient.a[0] - gradient.a[1]).toBeCloseTo((overA(h) - overA(-h)) / (2 * h), 6)
  })
})

describe('barycenters on a fixed support', () => {
  const grid = Array.from({ length: 41 }, (_, i) => [i / 40])
  const dirac = (i: number): Float64Array => Float64Array.from({ length: 41 }, (_, k) => (k === i ? 1 : 0))

  it('of two Diracs lies in the middle, or where the weights put it', () => {
    for (const [weights, centre] of [
      [[1, 1], 20],
      [[3, 1], 15],
    ] as const) {
      const result = transportBarycenter([dirac(10), dirac(30)], { source: grid }, { regularization: 1e-4, weights })
      expect(result.converged).toBe(true)
      const mean = result.weights.reduce((sum, w, i) => sum + w * i, 0)
      expect(mean).toBeCloseTo(centre, 6)
      expect(result.weights[centre]).toBeGreaterThan(0.9)
    }
  })

  it('of one measure is that measure, up to the blur of the entropy', () => {
    const draw = mulberry32(6)
    const b = normalized(Array.from({ length: 41 }, () => 0.5 + draw()))
    const { weights, converged } = transportBarycenter([b], { source: grid }, { regularization: 1e-5 })
    expect(converged).toBe(true)
    expect(largestDifference(weights, b)).toBeLessThan(1e-6)
  })

  it('minimises the weighted sum of transport costs', () => {
    const draw = mulberry32(16)
    const measures = [0, 1, 2].map(() => normalized(Array.from({ length: 10 }, () => 0.1 + draw())))
    const support = grid.slice(0, 10)
    const lambda = [0.5, 0.3, 0.2]
    const options = { regularization: 0.01, tolerance: 1e-11 }
    const best = transportBarycenter(measures, { source: support }, { ...options, weights: lambda })
    expect(best.converged).toBe(true)
    const total = (w: Float64Array): number =>
      measures.reduce((sum, b, k) => sum + lambda[k] * transport(w, b, { source: support }, options).objective, 0)
    const value = total(best.weights)
    expect(best.objective).toBeCloseTo(value, 9)
    for (let trial = 0; trial < 10; trial++) {
      const other = normalized(best.weights.map((w) => w * (1 + 0.1 * (draw() - 0.5))))
      expect(total(other)).toBeGreaterThan(value)
    }
  })

  it('refuses bad input', () => {
    expect(() => transportBarycenter([], { source: grid }, { regularization: 1 })).toThrow(/at least one measure/)
    expect(() => transportBarycenter([dirac(1)], { source: grid }, {})).toThrow(/regularization must be given/)
    expect(() => transportBarycenter([dirac(1)], { source: grid }, { regularization: 1, weights: [1, 2] })).toThrow(
      /2 weights for 1/,
    )
  })
})

describe('colour transfer', () => {
  const draw = mulberry32(77)
  const source = Float64Array.from({ length: 3 * 400 }, () => 100 * draw())
  /** The same picture, brighter and with less red: a monotone map of the colours, which transport recovers. */
  const target = source.map((v, k) => (k % 3 === 0 ? 0.5 * v : v + 80))

  it.each(['entropic', 'nearest'] as const)('recovers a monotone map of the colours, %s', (extension) => {
    const options = { samples: 400, regularization: extension === 'entropic' ? 0.0005 : 0, extension }
    const { pixels, status } = transferColors(source, target, options)
    expect(status).toBe('converged')
    let error = 0
    for (let k = 0; k < pixels.length; k++) error += Math.abs(pixels[k] - target[k]) / pixels.length
    expect(error).toBeLessThan(extension === 'entropic' ? 4 : 1e-9)
  })

  it('maps pixels outside the sample, stays in range, and repeats itself for a seed', () => {
    const options = { samples: 60, seed: 3 }
    const one = transferColors(source, target, options)
    expect(one.pixels).toHaveLength(source.length)
    expect(Math.min(...one.pixels)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...one.pixels)).toBeLessThanOrEqual(255)
    expect(transferColors(source, target, options).pixels).toEqual(one.pixels)
    expect(transferColors(source, target, { samples: 60, seed: 4 }).pixels).not.toEqual(one.pixels)
    const mean = (p: ArrayLike<number>, c: number): number => {
      let sum = 0
      for (let k = c; k < p.length; k += 3) sum += p[k]
      return (3 * sum) / p.length
    }
    for (const channel of [0, 1, 2])
      expect(Math.abs(mean(one.pixels, channel) - mean(target, channel))).toBeLessThan(10)
  })

  it('refuses what is no picture', () => {
    expect(() => transferColors([1, 2], target)).toThrow(/three numbers per pixel, got length 2/)
    expect(() => transferColors(source, target, { regularization: 0, extension: 'entropic' })).toThrow(/nearest/)
  })
})
