import { describe, expect, it } from 'vitest'
import { consensusHopping, type HoppingState } from '../../src/blackbox/index.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'

const stateOf = (result: { snapshot: { state: unknown } | null }): HoppingState =>
  result.snapshot?.state as HoppingState

/** The first hop point: what the start's sample gives. */
const firstHop = (
  options: Parameters<typeof consensusHopping>[0],
  value: (x: Float64Array) => number,
  start: number[],
  seed: number,
) =>
  stateOf(
    run(smoothProblem({ dimension: start.length, value, start }), consensusHopping({ annealing: 'none', ...options }), {
      maxIterations: 0,
      tolerance: 0,
      seed,
    }),
  ).consensus

describe('consensus hopping', () => {
  it('on a quadratic hops to x / (1 + alpha a s^2) on average: the proximal step', () => {
    const [a, alpha, width, N] = [1, 4, 0.5, 2000]
    const mean = [0, 0]
    const runs = 60
    for (let seed = 0; seed < runs; seed++) {
      const x = firstHop({ samples: N, width, alpha }, (y) => (a / 2) * (y[0] ** 2 + y[1] ** 2), [1, -2], seed)
      mean[0] += x[0] / runs
      mean[1] += x[1] / runs
    }
    const factor = 1 / (1 + alpha * a * width * width)
    expect(factor).toBe(0.5)
    expect(mean[0]).toBeCloseTo(factor, 1.7)
    expect(Math.abs(mean[0] - factor)).toBeLessThan(0.01)
    expect(Math.abs(mean[1] + 2 * factor)).toBeLessThan(0.012)
  })

  it('hops along the negative gradient by about alpha s^2 |grad E|', () => {
    const [alpha, width] = [2, 0.1]
    const start = [1, -0.7]
    const gradient = [start[0], 4 * start[1]]
    const size = Math.hypot(...gradient)
    let cosine = 0
    let ratio = 0
    const runs = 20
    for (let seed = 0; seed < runs; seed++) {
      const x = firstHop({ samples: 20_000, width, alpha }, (y) => (y[0] ** 2 + 4 * y[1] ** 2) / 2, start, seed)
      const hop = [x[0] - start[0], x[1] - start[1]]
      const length = Math.hypot(...hop)
      cosine += -(hop[0] * gradient[0] + hop[1] * gradient[1]) / (length * size) / runs
      ratio += length / (alpha * width ** 2 * size) / runs
    }
    expect(cosine).toBeGreaterThan(0.98)
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1)
  })

  it('cannot hop farther than its samples reach: a large alpha falls short of the asymptotic step', () => {
    const [alpha, width, N] = [400, 0.05, 2000]
    const value = (y: Float64Array): number => (y[0] ** 2 + y[1] ** 2) / 2
    for (let seed = 0; seed < 10; seed++) {
      const x = firstHop({ samples: N, width, alpha }, value, [1, -2], seed)
      const hop = Math.hypot(x[0] - 1, x[1] + 2)
      // The proximal point (0.5, -1) is at distance 1.118.
      expect(hop).toBeLessThan(1.3 * width * Math.sqrt(2 * Math.log(N)))
      expect(hop).toBeGreaterThan(0.5 * width)
    }
  })

  it('the step is exact gradient descent on a smoothed potential (Stein identity, by quadrature)', () => {
    // x_1 - x_0 = -s^2 Phi'(x_0), Phi(x) = -log E exp(-alpha E(x + sZ)), in one dimension.
    const [alpha, s, x0] = [3, 0.4, 0.7]
    const E = (x: number): number => x ** 4 - x ** 2 + 0.3 * Math.cos(5 * x)
    const moment = (x: number, g: (v: number) => number): number => {
      let sum = 0
      for (let z = -9; z <= 9; z += 1e-3) sum += g(x + s * z) * Math.exp(-alpha * E(x + s * z) - (z * z) / 2)
      return sum * 1e-3
    }
    const Phi = (x: number): number => -Math.log(moment(x, () => 1))
    const expected = -s * s * ((Phi(x0 + 1e-4) - Phi(x0 - 1e-4)) / 2e-4)
    const hop = moment(x0, (v) => v) / moment(x0, () => 1) - x0
    expect(hop).toBeCloseTo(expected, 6)
    let mean = 0
    for (let seed = 0; seed < 20; seed++) {
      mean += firstHop({ samples: 20_000, width: s, alpha }, (y) => E(y[0]), [x0], seed)[0] / 20
    }
    expect(Math.abs(mean - x0 - expected)).toBeLessThan(0.005)
  })

  it('anneals as told', () => {
    const problem = smoothProblem({ dimension: 1, value: (x) => x[0] ** 2, start: [3] })
    const annealed = (annealing: 'none' | 'width' | 'proximal') =>
      stateOf(
        run(problem, consensusHopping({ annealing, annealEvery: 5, annealFactor: 0.9, width: 1, alpha: 10 }), {
          maxIterations: 9,
          tolerance: 0,
        }),
      )
    // The start counts as the first of ten samples: two annealings.
    expect(annealed('none').width).toBe(1)
    expect(annealed('width').width).toBeCloseTo(0.81, 12)
    expect(annealed('width').alpha).toBe(10)
    const proximal = annealed('proximal')
    expect(proximal.alpha * proximal.width ** 2).toBeCloseTo(10, 10)
  })

  it('with annealing ends at the minimizer', () => {
    const problem = smoothProblem({ dimension: 2, value: (x) => (x[0] - 1) ** 2 + 5 * (x[1] + 2) ** 2, start: [0, 0] })
    const result = run(problem, consensusHopping(), { tolerance: 1e-7, maxIterations: 20_000 })
    expect(result.converged).toBe(true)
    expect(result.x[0]).toBeCloseTo(1, 6)
    expect(result.x[1]).toBeCloseTo(-2, 6)
  })
})
