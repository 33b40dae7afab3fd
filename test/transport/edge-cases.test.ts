import { describe, expect, it } from 'vitest'
import { InvalidInputError, ThalwegError } from '../../src/base/index.ts'
import { run, verify } from '../../src/solver/index.ts'
import {
  entropicPlan,
  greenkhorn,
  roundedPlan,
  roundToMarginals,
  sinkhorn,
  sinkhornEpsilonScaling,
  sinkhornLog,
  sinkhornNewton,
  sinkhornNewtonSparse,
  transport,
  transportProblem,
} from '../../src/transport/index.ts'
import { largestDifference, normalized, randomData, randomPoints, uniform } from './data.ts'

const all = [
  ['sinkhorn', sinkhorn],
  ['sinkhorn-log', sinkhornLog],
  ['sinkhorn-epsilon-scaling', sinkhornEpsilonScaling],
  ['greenkhorn', greenkhorn],
  ['sinkhorn-newton', sinkhornNewton],
  ['sinkhorn-newton-sparse', sinkhornNewtonSparse],
] as const

describe('points of mass zero', () => {
  const { cost } = randomData(6, 5, 1)
  const a = normalized([1, 0, 2, 0, 3, 1])
  const b = normalized([2, 1, 0, 1, 1])
  const keepRows = [0, 2, 4, 5]
  const keepColumns = [0, 1, 3, 4]
  const reduced = keepRows.map((i) => keepColumns.map((j) => cost[i * 5 + j]))

  it.each(all)('%s: get nothing, and the others what they get without them', (_, method) => {
    const problem = transportProblem({ a, b, cost, regularization: 0.05 })
    const result = run(problem, (method as typeof sinkhorn)())
    expect(result.converged).toBe(true)
    expect(result.x.x[1]).toBe(-Infinity)
    expect(verify(problem, result).confirmed).toBe(true)
    const plan = entropicPlan(problem, result.x).toDense()
    const smaller = transport(
      keepRows.map((i) => a[i]),
      keepColumns.map((j) => b[j]),
      reduced,
      { regularization: 0.05, tolerance: 1e-12 },
    )
    const small = smaller.plan.toDense()
    keepRows.forEach((i, p) => {
      keepColumns.forEach((j, q) => {
        expect(plan[i * 5 + j]).toBeCloseTo(small[p * 4 + q], 8)
      })
    })
    for (let j = 0; j < 5; j++) expect(plan[1 * 5 + j]).toBe(0)
    for (let i = 0; i < 6; i++) expect(plan[i * 5 + 2]).toBe(0)
    // A result is a start for the next run, its infinite potentials included.
    expect(run(problem, (method as typeof sinkhorn)(), { start: result.x }).iterations).toBe(0)
  })

  it('exact transport leaves them out too', () => {
    const full = transport(a, b, cost)
    const small = transport(
      keepRows.map((i) => a[i]),
      keepColumns.map((j) => b[j]),
      reduced,
    )
    expect(full.cost).toBeCloseTo(small.cost, 13)
    expect(full.plan.rowSums()[1]).toBe(0)
  })
})

describe('duplicates and single points', () => {
  it('splitting a point into two halves does not change the transport of its mass', () => {
    const source = randomPoints(6, 2, 3)
    const target = randomPoints(7, 2, 4)
    const a = uniform(6)
    const once = transport(a, uniform(7), { source, target }, { regularization: 0.05, tolerance: 1e-11 })
    const twice = transport(
      [...a.slice(0, 5), a[5] / 2, a[5] / 2],
      uniform(7),
      { source: [...source, source[5]], target },
      { regularization: 0.05, tolerance: 1e-11 },
    )
    const p = once.plan.toDense()
    const q = twice.plan.toDense()
    for (let j = 0; j < 7; j++) expect(q[5 * 7 + j] + q[6 * 7 + j]).toBeCloseTo(p[5 * 7 + j], 9)
    expect(transport(a, uniform(6), { source }).cost).toBeCloseTo(0, 15)
  })

  it('n = 1 and m = 1', () => {
    for (const options of [{}, { regularization: 0.01 }, { regularization: 5e-6 }]) {
      const split = transport([2], [0.5, 1.5], [[3, 5]], options)
      expect(split.converged).toBe(true)
      expect(split.cost).toBeCloseTo(1.5 + 7.5, 8)
      expect(Array.from(split.plan.toDense(), (v) => v.toFixed(7))).toEqual(['0.5000000', '1.5000000'])
      expect(transport([0.5, 1.5], [2], [[3], [5]], options).cost).toBeCloseTo(9, 8)
      expect(transport([1], [1], [[-4]], options).cost).toBeCloseTo(-4, 8)
    }
  })

  it('masses need not sum to one', () => {
    const { a, b, cost } = randomData(8, 9, 12)
    const small = transport(a, b, cost, { regularization: 0.02, tolerance: 1e-11 })
    const large = transport(
      a.map((w) => 1000 * w),
      b.map((w) => 1000 * w),
      cost,
      { regularization: 0.02, tolerance: 1e-11 },
    )
    expect(large.cost).toBeCloseTo(1000 * small.cost, 6)
    expect(
      largestDifference(
        large.plan.toDense().map((p) => p / 1000),
        small.plan.toDense(),
      ),
    ).toBeLessThan(1e-10)
  })
})

describe('forbidden pairs', () => {
  const I = Infinity
  it.each(all)('%s: keep plan entries at zero', (_, method) => {
    const cost = [
      [0.2, I, 0.5],
      [0.1, 0.3, I],
      [I, 0.4, 0.6],
    ]
    const problem = transportProblem({ a: [0.3, 0.3, 0.4], b: [0.2, 0.5, 0.3], cost, regularization: 0.1 })
    const result = run(problem, (method as typeof sinkhorn)(), { tolerance: 1e-10 })
    expect(result.status).toBe('converged')
    const plan = entropicPlan(problem, result.x)
    const dense = plan.toDense()
    expect([dense[1], dense[5], dense[6]]).toEqual([0, 0, 0])
    expect(largestDifference(plan.rowSums(), [0.3, 0.3, 0.4])).toBeLessThan(1e-9)
    expect(result.certificate?.measures.cost).toBeCloseTo(
      dense.reduce((sum, p, k) => sum + (p > 0 ? p * cost.flat()[k] : 0), 0),
      12,
    )
  })

  it.each(all)('%s: infeasible is detected', (_, method) => {
    const blocked = [
      [1, I, I],
      [1, I, I],
      [1, 2, 3],
    ]
    const problem = transportProblem({ a: [0.3, 0.3, 0.4], b: [0.2, 0.5, 0.3], cost: blocked, regularization: 0.1 })
    const result = run(problem, (method as typeof sinkhorn)())
    expect(result.status).toBe('infeasible')
    // A whole row forbidden, too.
    const isolated = transportProblem({ a: [0.5, 0.5], b: [0.5, 0.5], cost: [I, I, 1, 2], regularization: 0.1 })
    expect(run(isolated, (method as typeof sinkhorn)()).status).toBe('infeasible')
  })
})

describe('small regularization', () => {
  it.each([1e-2, 1e-3, 1e-4, 1e-5, 1e-6])('%f of the largest cost: right, with a certificate', (ratio) => {
    const source = randomPoints(40, 2, 5)
    const target = randomPoints(50, 2, 6)
    const { a, b } = randomData(40, 50, 7)
    const exact = transport(a, b, { source, target })
    const result = transport(a, b, { source, target }, { regularization: ratio })
    expect(result.status).toBe('converged')
    expect(result.marginalError).toBeLessThanOrEqual(1e-9)
    expect(result.gap).toBeLessThan(1e-8)
    expect(result.cost).toBeGreaterThan(exact.cost - 1e-8)
    expect(result.cost).toBeLessThanOrEqual(exact.cost + ratio * Math.log(40 * 50) + 1e-8)
    if (ratio <= 1e-4) expect(result.method).toBe('sinkhorn-newton-sparse')
  })

  it('groups of points far apart are no obstacle: sparse Newton steps take over where scalings are slow', () => {
    // Seven points many times over: between them hardly any mass moves, and scalings would need millions of iterations.
    const seven = randomPoints(7, 2, 7)
    const points = Array.from({ length: 60 }, (_, i) => seven[i % 7])
    const result = transport(uniform(60), uniform(60), { source: points, target: points }, { regularization: 0.0055 })
    expect(result.status).toBe('converged')
    expect(result.method).toBe('sinkhorn-newton-sparse')
    expect(result.message).toContain('slow progress')
    expect(result.iterations).toBeGreaterThan(200)
    expect(result.iterations).toBeLessThan(400)
    const slow = transport(
      uniform(60),
      uniform(60),
      { source: points, target: points },
      { regularization: 0.0055, method: 'sinkhorn-overrelaxed', maxIterations: 2000 },
    )
    expect(slow.status).toBe('iteration-limit')
  })

  it('small regularizations of random clouds and costs converge, down to 1e-6 of the largest cost', () => {
    const n = 150
    const { cost } = randomData(n, n, 8)
    const clouds = { source: randomPoints(n, 2, 1), target: randomPoints(n, 2, 2) }
    for (const given of [cost, clouds]) {
      const exact = transport(uniform(n), uniform(n), given)
      for (const regularization of [1e-4, 1e-5, 1e-6]) {
        const result = transport(uniform(n), uniform(n), given, { regularization })
        expect(result.status).toBe('converged')
        expect(result.cost).toBeGreaterThan(exact.cost - 1e-8)
        expect(result.cost).toBeLessThan(exact.cost + 2 * regularization * Math.log(n))
      }
    }
  })

  it('a point without any allowed pair is infeasible under every regularization and limit', () => {
    const cost = [
      [Infinity, Infinity],
      [1, 0],
    ]
    for (const options of [{}, { regularization: 0.1 }, { regularization: 1e-5 }]) {
      for (const limit of [{}, { maxIterations: 0 }, { signal: AbortSignal.abort() }]) {
        const result = transport([0.5, 0.5], [0.5, 0.5], cost, { ...options, ...limit })
        const expected = 'signal' in limit ? 'aborted' : 'maxIterations' in limit ? 'iteration-limit' : 'infeasible'
        expect(result.status).toBe(expected)
        if (expected === 'infeasible') expect(result.gap).toBe(Infinity)
      }
    }
  })

  it('refuses masses that are no arrays', () => {
    for (const bad of [undefined, null, 3, 'ab'] as never[]) {
      expect(() => transport(bad, [1], [[0]])).toThrow(InvalidInputError)
      expect(() => transport([1], bad, [[0]])).toThrow(InvalidInputError)
    }
  })

  it('an unreachable tolerance ends with a status, not a claim', () => {
    const { a, b, cost } = randomData(20, 20, 8)
    const result = transport(a, b, cost, { regularization: 1e-6, tolerance: 1e-15, maxIterations: 300 })
    expect(result.converged).toBe(false)
    expect(['stalled', 'iteration-limit']).toContain(result.status)
    expect(result.marginalError).toBeLessThan(1e-6)
  })

  it('the first iterations from zero survive an underflow of whole rows and columns', () => {
    // All costs far above zero: exp(-C / epsilon) underflows everywhere.
    const { a, b, cost } = randomData(15, 12, 9)
    const high = cost.map((c) => c + 50)
    for (const [, method] of all) {
      const problem = transportProblem({ a, b, cost: high, regularization: 0.02 })
      const result = run(problem, (method as typeof sinkhorn)(), { maxIterations: 20_000 })
      expect(result.converged).toBe(true)
      const shifted = transport(a, b, cost, { regularization: 0.02 })
      expect((result.certificate?.measures.cost as number) - 50).toBeCloseTo(shifted.cost, 7)
    }
  })

  it('columns that no row prefers come back: outliers under a tiny regularization', () => {
    const source = [
      [0, 0],
      [0, 1],
      [1, 0],
    ]
    const target = [
      [0, 0],
      [1, 1],
      [40, 40],
    ]
    const problem = transportProblem({ a: uniform(3), b: uniform(3), cost: { source, target }, regularization: 0.5 })
    const result = run(problem, sinkhornLog(), { maxIterations: 20_000 })
    expect(result.converged).toBe(true)
    expect(largestDifference(entropicPlan(problem, result.x).columnSums(), uniform(3))).toBeLessThan(1e-9)
  })
})

describe('rounding to the marginals', () => {
  it('is exactly feasible, changes nothing that fits, and costs at least the optimum', () => {
    const { a, b, cost } = randomData(20, 30, 10)
    const problem = transportProblem({ a, b, cost, regularization: 0.05 })
    const early = run(problem, sinkhorn(), { maxIterations: 5, tolerance: 0 })
    const exact = transport(a, b, cost)
    for (const plan of [
      roundedPlan(problem, early.x),
      { toDense: () => roundToMarginals(entropicPlan(problem, early.x).toDense(), a, b) },
    ]) {
      const dense = plan.toDense()
      const rows = new Float64Array(20)
      const columns = new Float64Array(30)
      let paid = 0
      dense.forEach((p, k) => {
        expect(p).toBeGreaterThanOrEqual(0)
        rows[Math.floor(k / 30)] += p
        columns[k % 30] += p
        paid += p * cost[k]
      })
      expect(largestDifference(rows, a)).toBeLessThan(1e-15)
      expect(largestDifference(columns, b)).toBeLessThan(1e-15)
      expect(paid).toBeGreaterThanOrEqual(exact.cost)
      expect(paid).toBeLessThanOrEqual(
        exact.cost + 0.05 * Math.log(600) + 2 * (early.certificate?.measures.marginalError as number),
      )
    }
  })
})

describe('costs in three forms', () => {
  const source = randomPoints(30, 3, 1)
  const target = randomPoints(41, 3, 2)
  const matrix = source.map((s) => target.map((t) => s.reduce((sum, v, k) => sum + (v - t[k]) ** 2, 0)))
  it.each([{ regularization: 0.03 }, { exact: true }])('give the same answer %o', (options) => {
    const a = uniform(30)
    const b = uniform(41)
    const results = [
      transport(a, b, { source, target }, options),
      transport(a, b, matrix, options),
      transport(a, b, Float64Array.from(matrix.flat()), options),
      transport(a, b, (i, j) => matrix[i][j], options),
      transport(
        a,
        b,
        { source: { coordinates: source.flat(), dimension: 3 }, target: { coordinates: target.flat(), dimension: 3 } },
        options,
      ),
    ]
    for (const result of results) {
      expect(result.converged).toBe(true)
      expect(result.cost).toBeCloseTo(results[0].cost, 12)
    }
  })

  it('checks what a cost function returns', () => {
    expect(() => transport([1], [1], () => NaN)).toThrow(/cost\[0\]\[0\] must be a number or Infinity/)
  })

  it('gives plans as rows, sums, products and entries that agree', () => {
    const { plan, gradient } = transport(uniform(30), uniform(41), matrix, { regularization: 0.03 })
    const dense = plan.toDense()
    const v = Float64Array.from({ length: 41 }, (_, j) => Math.sin(j))
    const product = plan.apply(v)
    for (let i = 0; i < 30; i++) {
      let sum = 0
      for (let j = 0; j < 41; j++) sum += dense[i * 41 + j] * v[j]
      expect(product[i]).toBeCloseTo(sum, 14)
      expect(largestDifference(plan.row(i), dense.subarray(i * 41, i * 41 + 41))).toBe(0)
    }
    const { rows, columns, masses } = plan.toSparse(1e-4)
    masses.forEach((mass, k) => {
      expect(mass).toBe(dense[rows[k] * 41 + columns[k]])
    })
    expect(masses.length).toBe(dense.filter((p) => p > 1e-4).length)
    expect(() => gradient().source?.length).not.toThrow()
    expect(() => plan.apply([1, 2])).toThrow(/v must have length 41, got length 2/)
  })
})

describe('the front door', () => {
  const { a, b, cost } = randomData(12, 10, 2)
  it('refuses what it cannot do, with typed errors', () => {
    const attempts: [() => unknown, RegExp][] = [
      [
        () => transport(a, b, cost, { regularisation: 1 } as never),
        /unknown option 'regularisation'; did you mean 'regularization'/,
      ],
      [() => transport(a, b, cost, { exact: true, regularization: 0.1 }), /exclude each other/],
      [() => transport(a, b, cost, { method: 'sinkhorn' }), /needs a regularization > 0/],
      [() => transport(a, b, cost, { method: 'sinkhorm' as never, regularization: 0.1 }), /unknown method/],
      [() => transport(a, b, cost, { method: 'line' }), /one coordinate/],
      [() => transport(a, b, cost, { unbalanced: 1 }), /needs a regularization/],
      [() => transport(a, [1, 2], cost), /cost has 120 entries, but a has length 12 and b has length 2/],
      [
        () =>
          transport(
            a,
            b.map((w) => 2 * w),
            cost,
          ),
        /sums to .*unbalanced/,
      ],
      [() => transport(a, b, { source: [[0, 0]], target: [[1]] }), /2 coordinates, target points 1/],
      [() => transport(a, b, { source: [[0], [1]], target: [[1]] }), /2 source and 1 target points/],
      [
        () => transport([1], [1], { source: [[0]], target: [[1]], metric: 'manhattan' as never }),
        /unknown metric "manhattan"/,
      ],
      [() => transport([1], [1], { source: [[0, 0]], target: [[1, 0]], metric: 'cosine' }), /zero vector/],
      [() => transport([1], [1], { source: [[NaN]], target: [[1]] }), /cost.source\[0\]\[0\] must be finite/],
    ]
    for (const [attempt, message] of attempts) {
      expect(attempt).toThrow(message)
      expect(attempt).toThrow(ThalwegError)
    }
  })

  it('says which method it chose, and takes one of your own', () => {
    expect(transport(a, b, cost).message).toMatch(/Method: network simplex/)
    expect(transport(a, b, cost, { regularization: 0.1 }).message).toMatch(/Method: sinkhorn-overrelaxed, as/)
    expect(transport(a, b, cost, { regularization: 1e-4 }).message).toMatch(
      /sinkhorn-newton-sparse along \d+ falling regularizations/,
    )
    const own = transport(a, b, cost, { regularization: 0.1, method: sinkhornNewtonSparse({ keepPerRow: 8 }) })
    expect(own.method).toBe('sinkhorn-newton-sparse')
    expect(transport(a, b, cost, { regularization: 0.1, method: 'greenkhorn' }).method).toBe('greenkhorn')
  })

  it('keeps to limits and the abort signal', () => {
    const capped = transport(a, b, cost, { regularization: 0.005, maxIterations: 3 })
    expect(capped.status).toBe('iteration-limit')
    const stopped = transport(a, b, cost, { regularization: 1e-5, signal: AbortSignal.abort() })
    expect(stopped.status).toBe('aborted')
  })
})
