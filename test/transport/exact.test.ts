import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/index.ts'
import { run, verify } from '../../src/solver/index.ts'
import {
  exactTransportProblem,
  networkSimplex,
  sparsePlanOf,
  transport,
  transportOnLine,
} from '../../src/transport/index.ts'
import { bruteForceAssignment, normalized, randomData, randomPoints, uniform } from './data.ts'

function solve(a: ArrayLike<number>, b: ArrayLike<number>, cost: Parameters<typeof exactTransportProblem>[0]['cost']) {
  const problem = exactTransportProblem({ a, b, cost })
  return { problem, result: run(problem, networkSimplex()) }
}

describe('network simplex', () => {
  it('solves assignment problems: the best of all permutations', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.boolean(),
        (n, seed, ties) => {
          const draw = mulberry32(seed)
          // Small integers make many ties and degenerate pivots.
          const cost = Float64Array.from({ length: n * n }, () => (ties ? Math.floor(4 * draw()) : draw() - 0.3))
          const { problem, result } = solve(uniform(n), uniform(n), cost)
          expect(result.status).toBe('converged')
          expect(result.objective * n).toBeCloseTo(bruteForceAssignment(cost, n), 10)
          expect(verify(problem, result).confirmed).toBe(true)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('returns a basic plan with feasible potentials and complementary slackness', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 999 }),
        (n, m, seed) => {
          const { a, b, cost } = randomData(n, m, seed)
          const { result } = solve(a, b, cost)
          const { rows, columns, masses, x, y } = result.x
          expect(result.status).toBe('converged')
          expect(masses.length).toBeLessThanOrEqual(n + m - 1)
          for (let i = 0; i < n; i++)
            for (let j = 0; j < m; j++) expect(cost[i * m + j] - x[i] - y[j]).toBeGreaterThan(-1e-12)
          masses.forEach((mass, k) => {
            expect(mass).toBeGreaterThan(0)
            expect(Math.abs(cost[rows[k] * m + columns[k]] - x[rows[k]] - y[columns[k]])).toBeLessThan(1e-12)
          })
          const plan = sparsePlanOf(n, m, result.x)
          plan.rowSums().forEach((sum, i) => {
            expect(sum).toBeCloseTo(a[i], 14)
          })
          plan.columnSums().forEach((sum, j) => {
            expect(sum).toBeCloseTo(b[j], 14)
          })
          const dual =
            x.reduce((sum, value, i) => sum + a[i] * value, 0) + y.reduce((sum, value, j) => sum + b[j] * value, 0)
          expect(result.objective).toBeCloseTo(dual, 12)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('agrees with the closed form on a line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 999 }),
        (n, m, seed) => {
          const draw = mulberry32(seed)
          const a = normalized(Array.from({ length: n }, () => 0.1 + draw()))
          const b = normalized(Array.from({ length: m }, () => 0.1 + draw()))
          // Rounded positions repeat: duplicates on the line.
          const s = Array.from({ length: n }, () => Math.round(20 * draw()) / 4)
          const t = Array.from({ length: m }, () => Math.round(20 * draw()) / 4)
          for (const metric of ['squared-euclidean', 'euclidean', 'l1'] as const) {
            const points = { source: s.map((p) => [p]), target: t.map((p) => [p]), metric }
            const { problem, result } = solve(a, b, points)
            const line = transportOnLine(a, b, s, t, metric)
            expect(line.objective).toBeCloseTo(result.objective, 11)
            const measures = problem.class.certify(problem, line)
            expect(measures.relativeGap).toBeLessThan(1e-12)
            expect(measures.marginalError).toBeLessThan(1e-12)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('finds the published optimum of 60 x 90 random costs: 0.0250756472', () => {
    const { a, b, cost } = randomData(60, 90, 5)
    expect(solve(a, b, cost).result.objective).toBeCloseTo(0.0250756472, 10)
  })

  it('keeps to the pivots per iteration, with the same optimum', () => {
    const { a, b, cost } = randomData(40, 50, 3)
    const problem = exactTransportProblem({ a, b, cost })
    const slow = run(problem, networkSimplex({ pivotsPerIteration: 1, blockRows: 1 }))
    const fast = run(problem, networkSimplex({ pivotsPerIteration: 1000, blockRows: 40 }))
    expect(slow.objective).toBeCloseTo(fast.objective, 13)
    expect(slow.trace.columns.pivots.at(-1)).toBeGreaterThan(slow.iterations - 3)
    expect(fast.iterations).toBeLessThan(3)
    // The cost never rises, and the marginals hold all along.
    const { objective, marginalError } = slow.trace.columns
    for (let k = 1; k < objective.length; k++) expect(objective[k]).toBeLessThanOrEqual(objective[k - 1] + 1e-15)
    expect(Math.max(...marginalError)).toBeLessThan(1e-14)
  })

  it('respects forbidden pairs, and says so when they leave no plan', () => {
    const I = Infinity
    const { result } = solve(
      [0.5, 0.3, 0.2],
      [0.4, 0.6],
      [
        [1, I],
        [2, 1],
        [I, 3],
      ],
    )
    // Source 0 fills 0.4 at most of target 0.
    expect(result.status).toBe('infeasible')
    expect(result.message).toMatch(/no plan has finite cost/)
    const possible = solve(
      [0.4, 0.3, 0.3],
      [0.5, 0.5],
      [
        [1, I],
        [2, 1],
        [I, 3],
      ],
    ).result
    expect(possible.status).toBe('converged')
    expect(possible.objective).toBeCloseTo(0.4 + 0.1 * 2 + 0.2 * 1 + 0.3 * 3, 13)
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 500 }), (n, seed) => {
        const draw = mulberry32(seed)
        const cost = Float64Array.from({ length: n * n }, () => (draw() < 0.45 ? Infinity : draw()))
        const best = bruteForceAssignment(
          cost.map((c) => (c === Infinity ? 1000 : c)),
          n,
        )
        const { result: found } = solve(uniform(n), uniform(n), cost)
        if (best >= 1000) expect(found.status).toBe('infeasible')
        else {
          expect(found.status).toBe('converged')
          expect(found.objective * n).toBeCloseTo(best, 10)
        }
      }),
      { numRuns: 80 },
    )
  })

  it('finds the same optimum whatever potentials guide the first plan', () => {
    const { a, b, cost } = randomData(30, 30, 17)
    const problem = exactTransportProblem({ a, b, cost })
    const cold = run(problem, networkSimplex())
    const draw = mulberry32(1)
    const anywhere = { ...cold.x, y: cold.x.y.map(() => 3 * draw()) }
    for (const start of [cold.x, anywhere]) {
      const guided = run(problem, networkSimplex(), { start })
      expect(guided.converged).toBe(true)
      expect(guided.objective).toBeCloseTo(cold.objective, 13)
    }
  })
})

describe('transport on a line', () => {
  it('matches equal masses in order', () => {
    const { rows, columns, masses, objective } = transportOnLine([1, 1, 1], [1, 1, 1], [3, 1, 2], [10, 30, 20])
    const pairs = Array.from(rows, (i, k) => [i, columns[k], masses[k]]).sort((p, q) => p[0] - q[0])
    expect(pairs).toEqual([
      [0, 1, 1],
      [1, 0, 1],
      [2, 2, 1],
    ])
    expect(objective).toBe(27 ** 2 + 9 ** 2 + 18 ** 2)
  })

  it('gives the L1 distance of the distribution functions under |s - t|', () => {
    const a = [0.2, 0.5, 0.3]
    const b = [0.6, 0.1, 0.3]
    // Positions 0, 1, 2 on both sides: W1 = |0.2 - 0.6| + |0.7 - 0.7|.
    expect(transportOnLine(a, b, [0, 1, 2], [0, 1, 2], 'l1').objective).toBeCloseTo(0.4, 14)
  })

  it('takes any convex cost', () => {
    const quartic = transportOnLine([1], [0.5, 0.5], [0], [1, -2], (d) => d ** 4)
    expect(quartic.objective).toBeCloseTo(0.5 + 8, 14)
  })

  it('is what `transport` uses for points with one coordinate', () => {
    const result = transport([0.5, 0.5], [0.25, 0.75], { source: [[0], [1]], target: [[0], [1]] })
    expect(result.method).toBe('line')
    expect(result.cost).toBeCloseTo(0.25, 15)
    expect(result.converged).toBe(true)
    expect(result.gap).toBeCloseTo(0, 14)
  })
})

describe('metrics', () => {
  it('agree with their formulas in kernels, through the exact cost of one pair', () => {
    const [s] = randomPoints(1, 4, 1)
    const [t] = randomPoints(1, 4, 2)
    const squared = s.reduce((sum, v, k) => sum + (v - t[k]) ** 2, 0)
    const inner = s.reduce((sum, v, k) => sum + v * t[k], 0)
    const expected = {
      'squared-euclidean': squared,
      euclidean: Math.sqrt(squared),
      l1: s.reduce((sum, v, k) => sum + Math.abs(v - t[k]), 0),
      cosine: 1 - inner / Math.hypot(...s) / Math.hypot(...t),
    }
    for (const [metric, value] of Object.entries(expected)) {
      const cost = { source: [s], target: [t], metric: metric as keyof typeof expected }
      expect(transport([1], [1], cost, { method: 'network-simplex' }).cost).toBeCloseTo(value, 13)
      expect(transport([1], [1], cost, { regularization: 0.1 }).cost).toBeCloseTo(value, 13)
    }
  })
})
