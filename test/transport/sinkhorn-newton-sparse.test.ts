import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulberry32, RandomStream } from '../../src/base/index.ts'
import { type Method, type Result, run } from '../../src/solver/index.ts'
import {
  entropicPlan,
  exactTransportProblem,
  greenkhorn,
  networkSimplex,
  type Potentials,
  roundedPlan,
  sinkhorn,
  sinkhornEpsilonScaling,
  sinkhornLog,
  sinkhornNewton,
  sinkhornNewtonSparse,
  sinkhornOverrelaxed,
  type TransportProblem,
  transport,
  transportLbfgs,
  transportProblem,
} from '../../src/transport/index.ts'
import { largestDifference, naiveDual, naivePlan, normalized, pictures, randomData, uniform } from './data.ts'

type Solved = Result<Potentials>
type AnyMethod = Method<TransportProblem>

const methods: readonly [string, () => AnyMethod][] = [
  ['sinkhorn', () => sinkhorn()],
  ['sinkhorn-log', () => sinkhornLog()],
  ['sinkhorn-overrelaxed', () => sinkhornOverrelaxed()],
  ['sinkhorn-epsilon-scaling', () => sinkhornEpsilonScaling()],
  ['greenkhorn', () => greenkhorn()],
  ['sinkhorn-newton', () => sinkhornNewton({ sinkhornIterations: 5 })],
  ['transport-lbfgs', () => transportLbfgs({ sinkhornIterations: 5 })],
  ['sinkhorn-newton-sparse', () => sinkhornNewtonSparse()],
  ['sinkhorn-newton-sparse in paper mode', () => sinkhornNewtonSparse({ mode: 'paper' })],
  ['sinkhorn-newton-sparse with adaptive switch', () => sinkhornNewtonSparse({ adaptiveSwitch: true })],
]

function newtonSteps(result: Solved): number {
  return result.trace.columns.newtonSteps.at(-1) as number
}

function sinkhornSteps(result: Solved): number {
  return result.trace.columns.sinkhornSteps.at(-1) as number
}

describe('the dual function', () => {
  const { a, b, cost } = randomData(7, 5, 3)
  const epsilon = 0.2
  const problem = transportProblem({ a, b, cost, regularization: epsilon })
  const draw = mulberry32(11)
  const x = Float64Array.from({ length: 7 }, () => 0.2 * draw())
  const y = Float64Array.from({ length: 5 }, () => 0.2 * draw())

  it("has gradient (a - P 1, b - P' 1), by central differences", () => {
    const { rows, columns } = naivePlan(cost, x, y, epsilon)
    const h = 1e-6
    for (let i = 0; i < 7; i++) {
      const up = x.slice()
      const down = x.slice()
      up[i] += h
      down[i] -= h
      const slope = (naiveDual(a, b, cost, up, y, epsilon) - naiveDual(a, b, cost, down, y, epsilon)) / (2 * h)
      expect(slope).toBeCloseTo(a[i] - rows[i], 6)
    }
    for (let j = 0; j < 5; j++) {
      const up = y.slice()
      const down = y.slice()
      up[j] += h
      down[j] -= h
      const slope = (naiveDual(a, b, cost, x, up, epsilon) - naiveDual(a, b, cost, x, down, epsilon)) / (2 * h)
      expect(slope).toBeCloseTo(b[j] - columns[j], 6)
    }
  })

  it('has a negative Hessian that is positive semidefinite with null vector (1, -1)', () => {
    const { plan, rows, columns } = naivePlan(cost, x, y, epsilon)
    const quadratic = (u: ArrayLike<number>, v: ArrayLike<number>): number => {
      let sum = 0
      for (let i = 0; i < 7; i++) sum += rows[i] * u[i] * u[i]
      for (let j = 0; j < 5; j++) sum += columns[j] * v[j] * v[j]
      for (let i = 0; i < 7; i++) for (let j = 0; j < 5; j++) sum += 2 * plan[i * 5 + j] * u[i] * v[j]
      return sum / epsilon
    }
    expect(Math.abs(quadratic(new Array(7).fill(1), new Array(5).fill(-1)))).toBeLessThan(1e-12)
    const directions = fc.tuple(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
    )
    fc.assert(fc.property(directions, ([u, v]) => quadratic(u, v) >= -1e-12))
    // The second difference of f along (u, v) is minus that form.
    const u = Float64Array.from({ length: 7 }, draw)
    const v = Float64Array.from({ length: 5 }, draw)
    const h = 1e-4
    const along = (t: number): number =>
      naiveDual(
        a,
        b,
        cost,
        x.map((value, i) => value + t * u[i]),
        y.map((value, j) => value + t * v[j]),
        epsilon,
      )
    const second = (along(h) - 2 * along(0) + along(-h)) / (h * h)
    expect(second / -quadratic(u, v)).toBeCloseTo(1, 5)
  })

  it('is invariant under (x + t, y - t), and is what a run reports', () => {
    const shifted = naiveDual(
      a,
      b,
      cost,
      x.map((value) => value + 3),
      y.map((value) => value - 3),
      epsilon,
    )
    expect(shifted).toBeCloseTo(naiveDual(a, b, cost, x, y, epsilon), 12)
    const result = run(problem, sinkhornLog(), { start: { x, y }, maxIterations: 0 })
    expect(result.certificate?.measures.dual).toBeCloseTo(naiveDual(a, b, cost, x, y, epsilon), 13)
    const { rows, columns } = naivePlan(cost, x, y, epsilon)
    const error =
      rows.reduce((sum, r, i) => sum + Math.abs(r - a[i]), 0) +
      columns.reduce((sum, c, j) => sum + Math.abs(c - b[j]), 0)
    expect(result.certificate?.measures.marginalError).toBeCloseTo(error, 12)
    expect(result.trace.columns.marginalError[0]).toBeCloseTo(error, 12)
  })
})

describe('Sinkhorn iterations', () => {
  it.each([
    ['sinkhorn', sinkhorn()],
    ['sinkhorn-log', sinkhornLog()],
  ] as const)('%s fits the columns exactly, and raises f', (_, method) => {
    const { a, b, cost } = randomData(23, 31, 7)
    const problem = transportProblem({ a, b, cost, regularization: 0.02 })
    let last = -Infinity
    run(problem, method as AnyMethod, {
      maxIterations: 60,
      tolerance: 0,
      onIteration({ iteration, x: { x, y }, measures }) {
        if (iteration === 0) return
        const { rows, columns } = naivePlan(cost, x, y, 0.02)
        for (let j = 0; j < b.length; j++) expect(Math.abs(columns[j] / b[j] - 1)).toBeLessThan(2e-13)
        const error = rows.reduce((sum, r, i) => sum + Math.abs(r - a[i]), 0)
        expect(measures.marginalError).toBeCloseTo(error, 11)
        expect(measures.dual).toBeGreaterThanOrEqual(last - 1e-15)
        expect(measures.dual).toBeCloseTo(naiveDual(a, b, cost, x, y, 0.02), 12)
        last = measures.dual
      },
    })
    expect(last).toBeGreaterThan(-0.01)
  })

  it('gives the same iterates in scaling form and in the log domain', () => {
    const { a, b, cost } = randomData(40, 30, 2)
    for (const regularization of [0.5, 0.05, 0.003]) {
      const problem = transportProblem({ a, b, cost, regularization })
      const scaled = run(problem, sinkhorn(), { maxIterations: 37, tolerance: 0 })
      const logged = run(problem, sinkhornLog(), { maxIterations: 37, tolerance: 0 })
      expect(largestDifference(scaled.x.x, logged.x.x)).toBeLessThan(1e-12)
      expect(largestDifference(scaled.x.y, logged.x.y)).toBeLessThan(1e-12)
    }
  })

  it('takes the published number of iterations on 120 x 120 random costs: 15020', () => {
    const draw = mulberry32(9)
    const cost = Float64Array.from({ length: 120 * 120 }, draw)
    const problem = transportProblem({ a: uniform(120), b: uniform(120), cost, regularization: 1 / 400 })
    const result = run(problem, sinkhorn(), { maxIterations: 20_000, traceEvery: 0 })
    expect(result.converged).toBe(true)
    expect(Math.abs(result.iterations - 15020)).toBeLessThanOrEqual(5)
  })

  it('needs fewer iterations when over-relaxed: as many as the best omega promises', () => {
    const { a, b, cost } = randomData(50, 50, 4)
    const problem = transportProblem({ a, b, cost, regularization: 0.01 })
    const plain = run(problem, sinkhornOverrelaxed({ relaxation: 1 }), { tolerance: 1e-12 })
    expect(Math.abs(plain.iterations - run(problem, sinkhornLog(), { tolerance: 1e-12 }).iterations)).toBeLessThan(2)
    const { marginalError } = plain.trace.columns
    const theta = (marginalError[plain.iterations] / marginalError[plain.iterations - 50]) ** (1 / 50)
    const omega = 2 / (1 + Math.sqrt(1 - theta))
    const best = run(problem, sinkhornOverrelaxed({ relaxation: omega }), { tolerance: 1e-12 })
    const adapted = run(problem, sinkhornOverrelaxed(), { tolerance: 1e-12 })
    expect(best.converged && adapted.converged).toBe(true)
    expect(best.iterations).toBeLessThan(0.25 * plain.iterations)
    expect(adapted.iterations).toBeLessThan(0.4 * plain.iterations)
    // The rate reached is omega - 1, up to the polynomial factor of a double eigenvalue.
    const relaxed = best.trace.columns.marginalError
    const rate = (relaxed[best.iterations] / relaxed[best.iterations - 30]) ** (1 / 30)
    expect(rate).toBeGreaterThan(omega - 1 - 0.05)
    expect(rate).toBeLessThan(omega - 1 + 0.08)
  })
})

describe('all methods of entropic transport', () => {
  const { a, b, cost } = randomData(30, 24, 21)
  const epsilon = 0.02
  const problem = transportProblem({ a, b, cost, regularization: epsilon })
  const reference = run(problem, sinkhornLog(), { tolerance: 1e-13, maxIterations: 50_000 })
  const plan = entropicPlan(problem, reference.x).toDense()

  it.each(methods)('%s: the same value to 1e-10 and the same plan to 1e-7', (_, method) => {
    const result = run(problem, method(), { tolerance: 1e-9, maxIterations: 50_000 })
    expect(result.status).toBe('converged')
    expect(
      Math.abs((result.certificate?.measures.dual as number) - (reference.certificate?.measures.dual as number)),
    ).toBeLessThan(1e-10)
    expect(largestDifference(entropicPlan(problem, result.x).toDense(), plan)).toBeLessThan(1e-7)
  })

  it.each(methods)('%s: 2 x 2 in closed form', (_, method) => {
    for (const eta of [1, 10, 40]) {
      const two = transportProblem({ a: [0.5, 0.5], b: [0.5, 0.5], cost: [0, 1, 1, 0], regularization: 1 / eta })
      const result = run(two, method(), { tolerance: 1e-12 })
      expect(result.converged).toBe(true)
      const p = entropicPlan(two, result.x).toDense()
      const stay = 0.5 / (1 + Math.exp(-eta))
      const go = (0.5 * Math.exp(-eta)) / (1 + Math.exp(-eta))
      expect(largestDifference(p, [stay, go, go, stay])).toBeLessThan(1e-12)
    }
  })

  it.each(methods)('%s: costs shifted by u_i + v_j shift the potentials and keep the plan', (_, method) => {
    const draw = mulberry32(5)
    const u = Array.from({ length: 30 }, draw)
    const v = Array.from({ length: 24 }, draw)
    const shifted = transportProblem({
      a,
      b,
      cost: cost.map((c, k) => c + u[Math.floor(k / 24)] + v[k % 24]),
      regularization: epsilon,
    })
    const result = run(shifted, method(), { tolerance: 1e-11, maxIterations: 50_000 })
    expect(largestDifference(entropicPlan(shifted, result.x).toDense(), plan)).toBeLessThan(1e-9)
    const shift = result.x.x[0] - reference.x.x[0] - u[0]
    for (let i = 0; i < 30; i++) expect(result.x.x[i] - reference.x.x[i] - u[i]).toBeCloseTo(shift, 8)
    for (let j = 0; j < 24; j++) expect(result.x.y[j] - reference.x.y[j] - v[j]).toBeCloseTo(-shift, 8)
  })

  it.each(methods)('%s: costs zero give the product in one iteration, one pair gives mass 1', (_, method) => {
    const free = transportProblem({ a, b, cost: new Float64Array(30 * 24), regularization: 1 })
    const result = run(free, method(), { tolerance: 1e-13 })
    expect(result.converged).toBe(true)
    expect(result.iterations).toBeLessThanOrEqual(1)
    const p = entropicPlan(free, result.x).toDense()
    for (let i = 0; i < 30; i++) for (let j = 0; j < 24; j++) expect(p[i * 24 + j]).toBeCloseTo(a[i] * b[j], 14)
    const one = transportProblem({ a: [1], b: [1], cost: [0.7], regularization: 0.01 })
    const single = run(one, method(), { tolerance: 1e-13 })
    expect(single.converged).toBe(true)
    expect(entropicPlan(one, single.x).toDense()[0]).toBeCloseTo(1, 13)
  })

  it('tends to the product for a large regularization', () => {
    const loose = transportProblem({ a, b, cost, regularization: 1e6 })
    const p = entropicPlan(loose, run(loose, sinkhorn()).x).toDense()
    for (let i = 0; i < 30; i++) for (let j = 0; j < 24; j++) expect(p[i * 24 + j]).toBeCloseTo(a[i] * b[j], 8)
  })

  it('has a symmetric plan for symmetric costs and equal masses', () => {
    const n = 20
    const draw = mulberry32(8)
    const symmetric = new Float64Array(n * n)
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) symmetric[i * n + j] = symmetric[j * n + i] = draw()
    const masses = normalized(Array.from({ length: n }, () => 0.5 + draw()))
    const same = transportProblem({ a: masses, b: masses, cost: symmetric, regularization: 0.01 })
    const p = entropicPlan(same, run(same, sinkhornNewtonSparse(), { tolerance: 1e-12 }).x).toDense()
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(p[i * n + j]).toBeCloseTo(p[j * n + i], 11)
  })

  it('closes the duality gap: f = <C, P> + epsilon sum p ln p at tolerance 1e-12', () => {
    const result = run(problem, sinkhornNewtonSparse({ keepPerRow: 24 }), { tolerance: 1e-12 })
    expect(result.converged).toBe(true)
    const p = entropicPlan(problem, result.x).toDense()
    let primal = 0
    for (let k = 0; k < p.length; k++) primal += p[k] * cost[k] + epsilon * p[k] * Math.log(p[k])
    const { dual, objective, gap, cost: paid } = result.certificate!.measures
    expect(primal).toBeCloseTo(dual, 11)
    expect(objective).toBeCloseTo(primal, 13)
    expect(gap).toBeLessThan(1e-11)
    expect(paid).toBeCloseTo(
      p.reduce((sum, mass, k) => sum + mass * cost[k], 0),
      13,
    )
  })

  it('bounds the distance to the optimum by the gap, at every iterate', () => {
    const best = reference.certificate!.measures.dual
    run(problem, sinkhorn(), {
      maxIterations: 200,
      onIteration({ iteration, x }) {
        if (iteration % 10 !== 3) return
        const { gap, dual } = problem.class.certify(problem, x)
        expect(dual).toBeLessThanOrEqual(best + 1e-13)
        expect(dual + gap).toBeGreaterThanOrEqual(best - 1e-13)
        // The bound is worth having: of the order of the marginal error.
        const { marginalError } = problem.class.certify(problem, x)
        expect(gap).toBeLessThan(5 * marginalError + 1e-13)
      },
    })
  })
})

describe('Sinkhorn-Newton-Sparse', () => {
  it('R1 (published sizes, n = 500): 20 Sinkhorn and at most 12 Newton steps', () => {
    const draw = mulberry32(1)
    const cost = Float64Array.from({ length: 500 * 500 }, draw)
    const problem = transportProblem({ a: uniform(500), b: uniform(500), cost, regularization: 1 / 1200 })
    const result = run(problem, sinkhornNewtonSparse({ mode: 'paper' }))
    expect(result.converged).toBe(true)
    expect(sinkhornSteps(result)).toBe(20)
    expect(newtonSteps(result)).toBeLessThanOrEqual(12)
    expect(result.certificate!.measures.dual).toBeCloseTo(-0.002149360488, 9)
    expect(result.certificate!.measures.cost).toBeCloseTo(0.0036676755, 9)
    const exact = run(exactTransportProblem({ a: uniform(500), b: uniform(500), cost }), networkSimplex())
    expect(exact.objective).toBeCloseTo(0.0034218243, 9)
    // Warm start at the solution: nothing left to do.
    const again = run(problem, sinkhornNewtonSparse(), { start: result.x })
    expect(again.iterations).toBe(0)
    expect(again.converged).toBe(true)
  })

  it('smaller version: 20 + 8, at least 300 times fewer iterations than Sinkhorn', () => {
    const draw = mulberry32(9)
    const cost = Float64Array.from({ length: 120 * 120 }, draw)
    const problem = transportProblem({ a: uniform(120), b: uniform(120), cost, regularization: 1 / 400 })
    const result = run(problem, sinkhornNewtonSparse({ mode: 'paper' }))
    expect(newtonSteps(result)).toBeLessThanOrEqual(10)
    expect(result.certificate!.measures.dual).toBeCloseTo(0.000170379308, 10)
    expect(result.certificate!.measures.cost).toBeCloseTo(0.013891509, 9)
    expect(15020 / result.iterations).toBeGreaterThan(300)
    const exact = run(exactTransportProblem({ a: uniform(120), b: uniform(120), cost }), networkSimplex())
    expect(exact.objective).toBeCloseTo(0.0132239433, 9)
  })

  it('R4: pictures of 14 x 14, squared distance: 20 + 15 (6 or 15 per row), Sinkhorn 1250', () => {
    const { a, b, cost } = pictures(14, 'squared')
    const problem = transportProblem({ a, b, cost, regularization: 1 / 1200 })
    for (const keepPerRow of [6, 15]) {
      const result = run(problem, sinkhornNewtonSparse({ keepPerRow, mode: 'paper' }))
      expect(result.converged).toBe(true)
      expect(newtonSteps(result)).toBeLessThanOrEqual(18)
    }
    const plain = run(problem, sinkhorn(), { traceEvery: 0 })
    expect(Math.abs(plain.iterations - 1250)).toBeLessThanOrEqual(10)
  })

  it('safeguarded mode solves the 14 x 14 pictures under the L1 distance from 20 iterations', () => {
    const { a, b, cost } = pictures(14, 'l1')
    const problem = transportProblem({ a, b, cost, regularization: 1 / 1200 })
    const result = run(problem, sinkhornNewtonSparse({ keepPerRow: 15 }), { maxIterations: 1000 })
    expect(result.converged).toBe(true)
    expect(newtonSteps(result)).toBeLessThanOrEqual(60)
    expect(sinkhornSteps(result)).toBeLessThanOrEqual(700)
  })

  it('R5: 60 x 90, eta = 500', () => {
    const { a, b, cost } = randomData(60, 90, 5)
    const problem = transportProblem({ a, b, cost, regularization: 1 / 500 })
    const result = run(problem, sinkhornNewtonSparse({ mode: 'paper' }))
    expect(result.converged).toBe(true)
    expect(newtonSteps(result)).toBeLessThanOrEqual(18)
    expect(result.certificate!.measures.dual).toBeCloseTo(0.015367591473, 9)
    expect(result.certificate!.measures.cost).toBeCloseTo(0.0251702116, 8)
    const plain = run(problem, sinkhorn(), { traceEvery: 0 })
    expect(Math.abs(plain.iterations - 2950)).toBeLessThanOrEqual(10)
    const lp = run(exactTransportProblem({ a, b, cost }), networkSimplex())
    expect(lp.objective).toBeCloseTo(0.0250756472, 9)
    // LP <= <C, P> of the rounded plan <= LP + ln(n m) / eta plus what rounding moves.
    const rounded = roundedPlan(problem, result.x)
    const dense = rounded.toDense()
    const paid = dense.reduce((sum, mass, k) => sum + mass * cost[k], 0)
    expect(paid).toBeGreaterThanOrEqual(lp.objective - 1e-14)
    expect(paid).toBeLessThanOrEqual(lp.objective + Math.log(60 * 90) / 500 + 2 * 1e-9)
  })

  it('raises f in both stages, while differences of f are above rounding', () => {
    const { a, b, cost } = randomData(60, 90, 5)
    const problem = transportProblem({ a, b, cost, regularization: 1 / 500 })
    let last = -Infinity
    run(problem, sinkhornNewtonSparse(), {
      onIteration({ measures }) {
        expect(measures.dual).toBeGreaterThanOrEqual(last - 1e-15)
        last = measures.dual
      },
    })
  })

  it('with all entries kept and tight conjugate gradients takes the dense Newton step', () => {
    const { a, b, cost } = randomData(25, 20, 6)
    const problem = transportProblem({ a, b, cost, regularization: 0.01 })
    const start = run(problem, sinkhornLog(), { maxIterations: 30, tolerance: 0 }).x
    const sparse = sinkhornNewtonSparse({ sinkhornIterations: 0, keepPerRow: 25, cgTolerance: 1e-13, mode: 'paper' })
    const dense = sinkhornNewton({ sinkhornIterations: 0 })
    const one = run(problem, sparse, { start, maxIterations: 1, tolerance: 0 }).x
    const two = run(problem, dense, { start, maxIterations: 1, tolerance: 0 }).x
    // Directions agree up to the common shift (1, -1).
    const shift = one.x[0] - two.x[0]
    expect(Math.max(...one.x.map((value, i) => Math.abs(value - two.x[i] - shift)))).toBeLessThan(1e-9)
    expect(Math.max(...one.y.map((value, j) => Math.abs(value - two.y[j] + shift)))).toBeLessThan(1e-9)
  })

  it('converges faster than linearly at the end', () => {
    const { a, b, cost } = randomData(80, 80, 14)
    const problem = transportProblem({ a, b, cost, regularization: 1 / 300 })
    const result = run(problem, sinkhornNewton({ sinkhornIterations: 40 }), { tolerance: 1e-13 })
    const errors = result.trace.columns.marginalError.slice(-4)
    const ratios = errors.slice(1).map((error, k) => error / errors[k])
    expect(ratios[1]).toBeLessThan(0.2 * ratios[0])
    expect(errors.at(-1)).toBeLessThan(1e-12)
  })

  it('stops after the Newton steps asked for, without claiming convergence', () => {
    const { a, b, cost } = randomData(60, 90, 5)
    const problem = transportProblem({ a, b, cost, regularization: 1 / 500 })
    const result = run(problem, sinkhornNewtonSparse({ newtonIterations: 3 }))
    expect(newtonSteps(result)).toBe(3)
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/3 Newton steps done/)
  })

  it('keeps entries that tie with the threshold', () => {
    // Pixel costs give many equal entries; both marginals are uniform, so that whole groups tie.
    const size = 6
    const n = size * size
    const cost = Float64Array.from({ length: n * n }, (_, k) => {
      const i = Math.floor(k / n)
      const j = k % n
      return (Math.floor(i / size) - Math.floor(j / size)) ** 2 + ((i % size) - (j % size)) ** 2
    })
    const problem = transportProblem({ a: uniform(n), b: uniform(n), cost, regularization: 0.2 })
    const result = run(problem, sinkhornNewtonSparse({ keepPerRow: 2, sinkhornIterations: 2 }))
    expect(result.converged).toBe(true)
  })
})

it('reaches 1e-9 where groups of points exchange less mass than their sums miss', () => {
  // Uniform masses under the L1 distance at 1e-4 of the largest cost: nearly a matching, its parts coupled by tiny entries. Gains of
  // the dual are far below the last place of its value.
  const n = 200
  const random = RandomStream.fromSeed(2)
  const points = (): number[][] => Array.from({ length: n }, () => [random.uniform(), random.uniform()])
  const cost = { source: points(), target: points(), metric: 'l1' } as const
  const uniform = new Float64Array(n).fill(1 / n)
  let largest = 0
  for (const s of cost.source) {
    for (const t of cost.target) largest = Math.max(largest, Math.abs(s[0] - t[0]) + Math.abs(s[1] - t[1]))
  }
  const { converged, marginalError } = transport(uniform, uniform, cost, {
    regularization: 1e-4 * largest,
    maxIterations: 400,
  })
  expect(converged).toBe(true)
  expect(marginalError).toBeLessThanOrEqual(1e-9)
})
