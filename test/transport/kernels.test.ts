import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/index.ts'
import { run } from '../../src/solver/index.ts'
import { checkedCost } from '../../src/transport/cost.ts'
import { solveByForest } from '../../src/transport/coupled-forest.ts'
import { CoupledSolver } from '../../src/transport/coupled-solver.ts'
import { TransportEngine } from '../../src/transport/engine.ts'
import {
  sinkhornLog,
  sinkhornNewtonSparse,
  sinkhornOverrelaxed,
  transport,
  transportProblem,
} from '../../src/transport/index.ts'
import { kthLargest, sparsify } from '../../src/transport/sparsify.ts'
import { largestDifference, naivePlan, normalized, randomData, randomPoints } from './data.ts'

function engineOf(
  n: number,
  m: number,
  seed: number,
): { engine: TransportEngine; a: Float64Array; b: Float64Array; cost: Float64Array } {
  const data = randomData(n, m, seed)
  return { ...data, engine: new TransportEngine({ a: data.a, b: data.b, cost: checkedCost(data.cost, n, m) }) }
}

const sizes = fc.tuple(
  fc.integer({ min: 1, max: 23 }),
  fc.integer({ min: 1, max: 23 }),
  fc.integer({ min: 1, max: 999 }),
)

describe('passes over the pairs, against plain loops', () => {
  it('plans: entries, sums and cost', () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.5, max: 300, noNaN: true }), ([n, m, seed], eta) => {
        const { engine, cost } = engineOf(n, m, seed)
        const draw = mulberry32(seed + 1)
        const x = Float64Array.from({ length: n }, () => draw() - 0.5)
        const y = Float64Array.from({ length: m }, () => draw() - 0.5)
        const expected = naivePlan(cost, x, y, 1 / eta)
        // Twice streamed, then from memory.
        for (let pass = 0; pass < 4; pass++) {
          const paid = engine.plan(x, y, eta, true, true)
          let cheap = 0
          for (let i = 0; i < n; i++) {
            expect(Math.abs(engine.rowSums[i] / expected.rows[i] - 1)).toBeLessThan(1e-11)
            for (let j = 0; j < m; j++) {
              const p = expected.plan[i * m + j]
              cheap += p * cost[i * m + j]
              // The argument eta (x + y - c) has a rounding error of its own, relative to its size.
              expect(Math.abs(engine.slot![i * engine.stride + j] - p)).toBeLessThanOrEqual(1e-12 * p)
            }
          }
          for (let j = 0; j < m; j++)
            expect(Math.abs(engine.columnSums[j] / expected.columns[j] - 1)).toBeLessThan(1e-11)
          expect(Math.abs(paid / cheap - 1)).toBeLessThan(1e-11)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('soft minima fit the rows, column steps the columns, for any start', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(1, 30, 1000, 50_000),
        fc.constantFrom(0, 5, -300),
        ([n, m, seed], eta, offset) => {
          const { engine, a, b, cost } = engineOf(n, m, seed)
          const draw = mulberry32(seed + 2)
          const x = Float64Array.from({ length: n }, () => draw() + offset)
          const y = Float64Array.from({ length: m }, () => draw() - offset / 2)
          engine.pass(x, y, eta)
          const fitted = naivePlan(cost, engine.softmin, y, 1 / eta)
          // x + y - c may be as large as the offset: its rounding error times eta is the accuracy that can be had.
          const accuracy = 1e-12 + 1e-15 * eta * (2 + Math.abs(offset))
          for (let i = 0; i < n; i++) expect(Math.abs(fitted.rows[i] / a[i] - 1)).toBeLessThan(accuracy)
          expect(largestDifference(engine.nextX, engine.softmin)).toBeLessThan(1e-12 * (1 + Math.abs(offset)))
          const next = naivePlan(cost, engine.nextX, engine.nextY, 1 / eta)
          for (let j = 0; j < m; j++) expect(Math.abs(next.columns[j] / b[j] - 1)).toBeLessThan(2 * accuracy)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('relaxation and damping act on the step, rows and columns apart', () => {
    const { engine } = engineOf(9, 8, 5)
    const x = new Float64Array(9).fill(0.1)
    const y = new Float64Array(8).fill(0.2)
    engine.pass(x, y, 20)
    const soft = engine.softmin.slice()
    engine.pass(x, y, 20, 0.7, 1.5, 1, 0)
    for (let i = 0; i < 9; i++) expect(engine.nextX[i]).toBeCloseTo(x[i] + 1.5 * (0.7 * soft[i] - x[i]), 14)
    expect(Array.from(engine.nextY)).toEqual(Array.from(y))
  })

  it("scalings: u o K v, (a / K v) and K' u, with and without relaxation", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, 1.6), ([n, m, seed], omega) => {
        const { engine, a, b, cost } = engineOf(n, m, seed)
        const zero = [new Float64Array(n), new Float64Array(m)]
        engine.plan(zero[0], zero[1], 3, true)
        const { plan } = naivePlan(cost, zero[0], zero[1], 1 / 3)
        const draw = mulberry32(seed + 3)
        const u = Float64Array.from({ length: n }, () => 0.5 + draw())
        const v = Float64Array.from({ length: m }, () => 0.5 + draw())
        engine.scale(u, v, omega)
        const columns = new Float64Array(m)
        for (let i = 0; i < n; i++) {
          let sum = 0
          for (let j = 0; j < m; j++) sum += plan[i * m + j] * v[j]
          expect(Math.abs(engine.rowSums[i] / (u[i] * sum) - 1)).toBeLessThan(1e-13)
          const next = u[i] * (a[i] / (u[i] * sum)) ** omega
          expect(Math.abs(engine.nextX[i] / next - 1)).toBeLessThan(1e-13)
          for (let j = 0; j < m; j++) columns[j] += next * plan[i * m + j]
        }
        for (let j = 0; j < m; j++) {
          expect(Math.abs(engine.nextY[j] / (v[j] * (b[j] / (v[j] * columns[j])) ** omega) - 1)).toBeLessThan(1e-13)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('the cheapest reduced cost of a row and where it is', () => {
    fc.assert(
      fc.property(sizes, ([n, m, seed]) => {
        const { engine, cost } = engineOf(n, m, seed)
        const draw = mulberry32(seed + 4)
        const y = Float64Array.from({ length: m }, draw)
        engine.pricing(y)
        for (let i = 0; i < n; i++) {
          let best = Infinity
          let where = -1
          for (let j = 0; j < m; j++) {
            if (cost[i * m + j] - y[j] < best) {
              best = cost[i * m + j] - y[j]
              where = j
            }
          }
          expect(engine.cheapest(i, 0.25)).toBe(best - 0.25)
          expect(engine.cheapestColumn).toBe(where)
        }
      }),
    )
  })
})

describe('the sparse Newton system', () => {
  it('selects exactly the k-th largest entry', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0, max: 1e300, noNaN: true }), fc.constantFrom(0, 1, 1e-300, 0.25)), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.nat(),
        (values, pick) => {
          const k = 1 + (pick % values.length)
          const sorted = Float64Array.from(values).sort().reverse()
          // Entries below the normal numbers count as 0, as the passes never make any.
          const expected = sorted[k - 1] < 2.3e-308 ? 0 : sorted[k - 1]
          const found = kthLargest(Float64Array.from(values), k)
          expect(found < 2.3e-308 ? 0 : found).toBe(expected)
        },
      ),
    )
  })

  it('keeps the largest entries in their rows', () => {
    const { engine, a, b } = engineOf(12, 9, 3)
    engine.plan(new Float64Array(12), new Float64Array(9), 10, true)
    const solver = new CoupledSolver(12, 9, 100)
    const kept = sparsify(engine.slot!, 12, 9, engine.stride, 40, solver.coupling)
    expect(kept).toBe(40)
    const { offsets, columns, values } = solver.coupling
    const all: number[] = []
    for (let i = 0; i < 12; i++) for (let j = 0; j < 9; j++) all.push(engine.slot![i * engine.stride + j])
    const threshold = all.sort((p, q) => q - p)[39]
    for (let i = 0; i < 12; i++) {
      for (let k = offsets[i]; k < offsets[i + 1]; k++) {
        expect(values[k]).toBe(engine.slot![i * engine.stride + columns[k]])
        expect(values[k]).toBeGreaterThanOrEqual(threshold)
      }
    }
    expect(a.length + b.length).toBe(21)
  })

  it('is solved by conjugate gradients', () => {
    fc.assert(
      fc.property(sizes, ([n, m, seed]) => {
        const draw = mulberry32(seed)
        const solver = new CoupledSolver(n, m, n * m)
        const { offsets, columns, values } = solver.coupling
        const r = new Float64Array(n)
        const c = new Float64Array(m)
        let count = 0
        for (let i = 0; i < n; i++) {
          offsets[i] = count
          for (let j = 0; j < m; j++) {
            if (draw() < 0.5) continue
            columns[count] = j
            values[count] = draw()
            r[i] += values[count]
            c[j] += values[count++]
          }
        }
        offsets[n] = count
        // A full plan has more mass than its kept entries.
        for (let i = 0; i < n; i++) r[i] += 0.1 + draw()
        for (let j = 0; j < m; j++) c[j] += 0.1 + draw()
        const gx = Float64Array.from({ length: n }, () => draw() - 0.5)
        const gy = Float64Array.from({ length: m }, () => draw() - 0.5)
        const zx = new Float64Array(n)
        const zy = new Float64Array(m)
        const steps = solver.solve(r, c, gx, gy, 7, 1e-12, zx, zy)
        expect(steps).toBeLessThanOrEqual(5 * (n + m + 2))
        for (let i = 0; i < n; i++) {
          let sum = r[i] * zx[i]
          for (let k = offsets[i]; k < offsets[i + 1]; k++) sum += values[k] * zy[columns[k]]
          expect(7 * sum).toBeCloseTo(gx[i], 9)
        }
        const columnProducts = c.map((value, j) => value * zy[j])
        for (let i = 0; i < n; i++)
          for (let k = offsets[i]; k < offsets[i + 1]; k++) columnProducts[columns[k]] += values[k] * zx[i]
        for (let j = 0; j < m; j++) expect(7 * columnProducts[j]).toBeCloseTo(gy[j], 9)
      }),
      { numRuns: 60 },
    )
  })
})

describe('couplings whose weights differ by many orders of magnitude', () => {
  const problem = fc.record({
    n: fc.integer({ min: 1, max: 25 }),
    m: fc.integer({ min: 1, max: 25 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    extra: fc.integer({ min: 0, max: 30 }),
    excess: fc.constantFrom(0, 1e-14, 1e-3),
  })

  it('are solved by the heaviest spanning forest: in one step if they are one, else to the tolerance', () => {
    fc.assert(
      fc.property(problem, ({ n, m, seed, extra, excess }) => {
        const draw = mulberry32(seed)
        const weights = new Map<number, number>()
        // A random tree: every node after the first of its side hangs on one of the other side that is there already.
        const put = (i: number, j: number): void => {
          weights.set(i * m + j, 10 ** (-12 * draw()))
        }
        for (let k = 0; k < Math.max(n, m); k++) {
          if (k < n) put(k, Math.floor(draw() * Math.min(k + 1, m)))
          if (k < m && k > 0) put(Math.floor(draw() * Math.min(k, n)), k)
        }
        const edges = weights.size
        for (let k = 0; k < extra; k++) put(Math.floor(draw() * n), Math.floor(draw() * m))
        const { coupling } = new CoupledSolver(n, m, weights.size)
        const { offsets, columns, values } = coupling
        const r = new Float64Array(n)
        const c = new Float64Array(m)
        let count = 0
        for (let i = 0; i < n; i++) {
          offsets[i] = count
          for (let j = 0; j < m; j++) {
            const w = weights.get(i * m + j)
            if (w === undefined) continue
            columns[count] = j
            values[count++] = w
            r[i] += w
            c[j] += w
          }
        }
        offsets[n] = count
        // The right-hand side of a solution of moderate size: without any excess it is orthogonal to (1, -1).
        for (let i = 0; i < n; i++) r[i] *= 1 + excess
        for (let j = 0; j < m; j++) c[j] *= 1 + excess
        const apply = (zx: Float64Array, zy: Float64Array): { gx: Float64Array; gy: Float64Array } => {
          const gx = r.map((value, i) => value * zx[i])
          const gy = c.map((value, j) => value * zy[j])
          for (let i = 0; i < n; i++) {
            for (let k = offsets[i]; k < offsets[i + 1]; k++) {
              gx[i] += values[k] * zy[columns[k]]
              gy[columns[k]] += values[k] * zx[i]
            }
          }
          return { gx, gy }
        }
        const { gx, gy } = apply(Float64Array.from({ length: n }, draw), Float64Array.from({ length: m }, draw))
        const zx = new Float64Array(n)
        const zy = new Float64Array(m)
        const steps = solveByForest(coupling, r, c, gx, gy, 1, 1e-9, zx, zy)
        const found = apply(zx, zy)
        let squares = 0
        let error = 0
        for (let i = 0; i < n; i++) {
          squares += gx[i] ** 2
          error += (gx[i] - found.gx[i]) ** 2
        }
        for (let j = 0; j < m; j++) {
          squares += gy[j] ** 2
          error += (gy[j] - found.gy[j]) ** 2
        }
        // Without any excess the matrix is singular, and what rounding leaves in its place limits the residual.
        expect(Math.sqrt(error)).toBeLessThanOrEqual((excess > 0 ? 2e-9 : 1e-6) * Math.sqrt(squares) + 1e-15)
        if (weights.size === edges && edges === n + m - 1) expect(steps).toBeLessThanOrEqual(excess > 1e-4 ? 12 : 2)
      }),
      { numRuns: 200 },
    )
  })
})

describe('memory', () => {
  it('clouds too large for a matrix: the same iterates, costs made anew in every pass', () => {
    // Every point of a small problem stands for 100 points of a large one, 8200 x 8000.
    const [n, m, copies] = [82, 80, 100]
    const source = randomPoints(n, 2, 1)
    const target = randomPoints(m, 2, 2)
    const draw = mulberry32(3)
    const a = normalized(Array.from({ length: n }, () => 0.5 + draw()))
    const b = normalized(Array.from({ length: m }, () => 0.5 + draw()))
    const many = <T>(list: ArrayLike<T>): T[] =>
      Array.from({ length: list.length * copies }, (_, k) => list[Math.floor(k / copies)])
    const epsilon = 0.2
    const small = run(transportProblem({ a, b, cost: { source, target }, regularization: epsilon }), sinkhornLog(), {
      maxIterations: 1,
      tolerance: 0,
    })
    const large = transportProblem({
      a: many(a).map((w) => w / copies),
      b: many(b).map((w) => w / copies),
      cost: { source: many(source), target: many(target) },
      regularization: epsilon,
    })
    const result = run(large, sinkhornLog(), { maxIterations: 1, tolerance: 0 })
    // One pair's mass is spread over copies^2 pairs: x + y falls by 2 epsilon ln(copies).
    const shift = result.x.x[0] - small.x.x[0]
    for (let k = 0; k < n * copies; k += 37)
      expect(result.x.x[k] - small.x.x[Math.floor(k / copies)]).toBeCloseTo(shift, 11)
    const other = -2 * epsilon * Math.log(copies) - shift
    for (let k = 0; k < m * copies; k += 37)
      expect(result.x.y[k] - small.x.y[Math.floor(k / copies)]).toBeCloseTo(other, 11)
    expect(result.certificate?.measures.marginalError).toBeCloseTo(
      small.certificate?.measures.marginalError as number,
      11,
    )
    expect(result.certificate?.measures.cost).toBeCloseTo(small.certificate?.measures.cost as number, 11)
    // Methods that need the matrix say so.
    expect(() => run(large, sinkhornNewtonSparse())).toThrow(/does not fit into memory; use sinkhornLog/)
  })

  it('memory that was used before changes nothing', () => {
    const { a, b, cost } = randomData(31, 27, 6)
    const solve = (): number[] => {
      const { potentials, cost: paid, gap } = transport(a, b, cost, { regularization: 0.05 })
      return [...potentials.x, ...potentials.y, paid, gap]
    }
    const first = solve()
    // A smaller and an exact problem in between, in the same memory.
    transport(
      a,
      b.slice(0, 20).map((w, _, list) => w / list.reduce((s, v) => s + v, 0)),
      cost.slice(0, 31 * 20),
      { regularization: 0.01 },
    )
    transport(a, b, cost)
    expect(solve()).toEqual(first)
    const plan = transport(a, b, cost, { regularization: 0.05 }).plan
    const before = plan.toDense()
    transport(
      a,
      b,
      cost.map((c) => 1 - c),
      { regularization: 0.3 },
    )
    expect(plan.toDense()).toEqual(before)
  })

  it('two runs on one problem at the same time do not disturb each other', () => {
    const { a, b, cost } = randomData(20, 20, 8)
    const problem = transportProblem({ a, b, cost, regularization: 0.02 })
    const alone = run(problem, sinkhornOverrelaxed(), { maxIterations: 60, tolerance: 0 })
    let inside = 0
    const disturbed = run(problem, sinkhornOverrelaxed(), {
      maxIterations: 60,
      tolerance: 0,
      onIteration: ({ iteration }) => {
        if (iteration % 7 === 3)
          inside += run({ ...problem, regularization: 0.02 }, sinkhornOverrelaxed(), {
            maxIterations: 5,
            tolerance: 0,
          }).iterations
      },
    })
    expect(inside).toBeGreaterThan(20)
    expect(Array.from(disturbed.x.x)).toEqual(Array.from(alone.x.x))
  })
})
