import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { type AnnealedLangevinState, annealedLangevin, randomSearch } from '../../src/blackbox/index.ts'
import { run, type Snapshot, smoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

describe('random search', () => {
  it('evaluates the start first, then uniform points of the box', () => {
    const problem = testProblem('sphere', 2)
    const seen: Float64Array[] = []
    const watched = {
      ...problem,
      value(x: Float64Array) {
        seen.push(x.slice())
        return problem.value(x)
      },
    }
    const { evaluations } = run(watched, randomSearch({ samples: 1000 }), { maxIterations: 19, tolerance: 0 })
    const points = seen.slice(0, evaluations.value)
    expect(points).toHaveLength(20_000)
    expect(points[0]).toEqual(problem.start)
    for (let j = 0; j < 2; j++) {
      const xs = points.map((x) => (x[j] + 5.12) / 10.24)
      const mean = xs.reduce((a, b) => a + b) / xs.length
      const square = xs.reduce((a, b) => a + b * b, 0) / xs.length
      expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / 20_000))
      expect(Math.abs(square - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / 20_000))
    }
  })

  it('improves with the probability that it reports: records are rare as 1/m', () => {
    // The expected number of records after the first among m exchangeable draws is H_m - 1.
    const random = RandomStream.fromSeed(6)
    const problem = smoothProblem({ dimension: 1, value: () => random.uniform(), start: [0] })
    let records = 0
    const runs = 300
    let expected = 0
    for (let seed = 0; seed < runs; seed++) {
      let best = Infinity
      expected = 0
      run(problem, randomSearch({ samples: 1 }), {
        seed,
        tolerance: 0,
        maxIterations: 60,
        onIteration({ measures, iteration }) {
          if (iteration > 0 && measures.objective < best) records++
          if (iteration > 0) expected += 1 / (iteration + 1)
          best = measures.objective
          expect(measures.improvementProbability).toBeCloseTo(1 / (iteration + 1), 14)
        },
      })
    }
    expect(Math.abs(records / runs - expected)).toBeLessThan(4 * Math.sqrt(expected / runs))
  })
})

describe('annealed Langevin dynamics', () => {
  it('without noise is gradient descent with a fixed step', () => {
    const problem = smoothProblem({ dimension: 2, value: (x) => x[0] ** 2 + 3 * x[1] ** 2, start: [1, 1] })
    const withGradient = {
      ...problem,
      gradient(x: Float64Array, out: Float64Array) {
        out[0] = 2 * x[0]
        out[1] = 6 * x[1]
      },
    }
    const { x } = run(withGradient, annealedLangevin({ noise: 0, stepSize: 0.1 }), { maxIterations: 20, tolerance: 0 })
    expect(x[0]).toBeCloseTo(0.8 ** 20, 14)
    expect(x[1]).toBeCloseTo(0.4 ** 20, 14)
  })

  it('spreads by the law of its noise where the function is flat', () => {
    // Not quite flat, or the start would be stationary.
    const flat = smoothProblem({
      dimension: 1,
      value: (x) => 1e-9 * x[0],
      gradient(_, out) {
        out[0] = 1e-9
      },
      start: [0],
    })
    const [noise, stepSize, K] = [2, 0.01, 30]
    // Var x_K = h sum_k (sigma / log(k + 1))^2.
    let variance = 0
    for (let k = 1; k <= K; k++) variance += stepSize * (noise / Math.log(k + 1)) ** 2
    let squares = 0
    const runs = 2000
    const method = annealedLangevin({ noise, stepSize, cooling: 'logarithmic' })
    for (let seed = 0; seed < runs; seed++) {
      const { snapshot } = run(flat, method, { seed, maxIterations: K, tolerance: 0, traceEvery: 0 })
      squares += ((snapshot as Snapshot).state as AnnealedLangevinState).x[0] ** 2
    }
    expect(Math.abs(squares / runs / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / runs))
  })
})
