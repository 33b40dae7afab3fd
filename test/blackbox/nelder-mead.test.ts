import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/base/index.ts'
import { type NelderMeadState, nelderMead } from '../../src/blackbox/index.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'
import { shiftedRotated, testFunction, testProblem } from '../../src/test-functions/index.ts'

const stateOf = (result: { snapshot: { state: unknown } | null }): NelderMeadState =>
  result.snapshot?.state as NelderMeadState

/** McKinnon's function (tau = 2, theta = 6, phi = 60): strictly convex, minimum -0.25 at (0, -0.5). */
const mckinnon = (x: Float64Array): number => (x[0] <= 0 ? 360 : 6) * x[0] * x[0] + x[1] + x[1] * x[1]
const root = Math.sqrt(33)
const mckinnonSimplex = [0, 0, (1 + root) / 8, (1 - root) / 8, 1, 1]

describe('Nelder-Mead', () => {
  it('reflects, expands and contracts as the 1965 paper says (one step by hand)', () => {
    // f = x + y on the simplex (0,0), (1,0), (0,1): best 0, the others tie at 1; the reflection of (0,1) through (0.5, 0) is
    // (1, -1) with value 0, not better than the best and better than the second worst: accepted.
    const linear = smoothProblem({ dimension: 2, value: (x) => x[0] + x[1], start: [0, 0] })
    const first = run(linear, nelderMead({ initialSimplex: [0, 0, 1, 0, 0, 1], adaptive: false }), {
      maxIterations: 1,
      tolerance: 0,
    })
    const { vertices, order } = stateOf(first)
    expect([...vertices]).toEqual([0, 0, 1, 0, 1, -1])
    expect([...order]).toEqual([0, 2, 1])
    expect(first.evaluations.value).toBe(4)
    // Next: (1,0) is worst; centroid of (0,0), (1,-1) is (0.5,-0.5); reflection (0,-1) is new best, expansion (-0.5,-1.5) better still.
    const second = run(linear, nelderMead({ initialSimplex: [0, 0, 1, 0, 0, 1], adaptive: false }), {
      maxIterations: 2,
      tolerance: 0,
    })
    expect([...second.x]).toEqual([-0.5, -1.5])
    expect(second.evaluations.value).toBe(6)
  })

  it('with adaptive coefficients expands by 1 + 2/n', () => {
    // f = -sum x from 0 with unit edges: the start is worst, the centroid of the others is (1/4, ..., 1/4), its reflection
    // (1/2, ..., 1/2) is best, and the expansion with 1 + 2/4 is at 1/4 + 1.5 / 4.
    const value = (x: Float64Array): number => -x.reduce((a, b) => a + b, 0)
    const problem = smoothProblem({ dimension: 4, value, start: [0, 0, 0, 0] })
    const adaptive = run(problem, nelderMead({ initialStep: 1 }), { maxIterations: 1, tolerance: 0 })
    expect([...adaptive.x]).toEqual([0.625, 0.625, 0.625, 0.625])
    const classical = run(problem, nelderMead({ initialStep: 1, adaptive: false }), { maxIterations: 1, tolerance: 0 })
    expect([...classical.x]).toEqual([0.75, 0.75, 0.75, 0.75])
  })

  it('finds the minimizer of random convex quadratics', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 2, max: 5 }), (seed, n) => {
        const problem = shiftedRotated(
          { ...testFunction('sphere'), value: (x) => x.reduce((f, v, i) => f + (1 + i) ** 2 * v * v, 0) },
          n,
          { seed },
        )
        const result = run(problem, nelderMead(), { tolerance: 1e-10, maxIterations: 5000 })
        expect(result.converged).toBe(true)
        for (let i = 0; i < n; i++) expect(Math.abs(result.x[i] - problem.minimizer[i])).toBeLessThan(1e-7)
      }),
      { numRuns: 25 },
    )
  })

  it('is equivariant under translation and scaling by powers of two, bit for bit', () => {
    const f = (x: Float64Array): number => 100 * (x[1] - x[0] * x[0]) ** 2 + (1 - x[0]) ** 2
    const simplex = [-1.25, 1, -1, 1, -1.25, 1.25]
    const plain = smoothProblem({ dimension: 2, value: f, start: [0, 0] })
    const scaled = smoothProblem({
      dimension: 2,
      value: (x) => 8 * f(Float64Array.of(x[0] / 4, x[1] / 4)),
      start: [0, 0],
    })
    const a = run(plain, nelderMead({ initialSimplex: simplex }), { maxIterations: 80, tolerance: 0 })
    const b = run(scaled, nelderMead({ initialSimplex: simplex.map((v) => 4 * v) }), {
      maxIterations: 80,
      tolerance: 0,
    })
    expect([...b.x]).toEqual([...a.x].map((v) => 4 * v))
    expect(b.objective).toBe(8 * a.objective)
  })

  it("collapses to a point that is not stationary on McKinnon's function, and the oriented restart repairs that", () => {
    const problem = smoothProblem({ dimension: 2, value: mckinnon, start: [0, 0] })
    const options = { initialSimplex: mckinnonSimplex, adaptive: false }
    const plain = run(problem, nelderMead({ ...options, orientedRestart: false }), { tolerance: 1e-9 })
    expect(plain.converged).toBe(true)
    expect(Math.hypot(plain.x[0], plain.x[1])).toBeLessThan(1e-6)
    expect(plain.certificate?.measures.gradientNorm).toBeCloseTo(1, 5)
    const repaired = run(problem, nelderMead(options), { tolerance: 1e-9 })
    expect(repaired.converged).toBe(true)
    expect(repaired.objective).toBeCloseTo(-0.25, 12)
    expect(repaired.x[1]).toBeCloseTo(-0.5, 6)
  })

  it('stays in the box and finds a minimizer on its face', () => {
    const problem = smoothProblem({
      dimension: 3,
      value: (x) => (x[0] - 2) ** 2 + (x[1] + 3) ** 2 + (x[2] - 0.5) ** 2 + 0.5 * x[0] * x[2],
      lower: [-1, -1, -1],
      upper: [1, 1, 1],
      start: [0, 0, 0],
    })
    const outside: boolean[] = []
    const watched = {
      ...problem,
      value(x: Float64Array) {
        outside.push(x.some((v) => Math.abs(v) > 1))
        return problem.value(x)
      },
    }
    const result = run(watched, nelderMead(), { tolerance: 1e-9, maxIterations: 5000 })
    // The calls after the run are the certificate's, which takes differences across the border.
    expect(outside.slice(0, result.evaluations.value)).not.toContain(true)
    expect(result.converged).toBe(true)
    expect(result.x[0]).toBeCloseTo(1, 7)
    expect(result.x[1]).toBeCloseTo(-1, 7)
    expect(result.x[2]).toBeCloseTo(0.25, 6)
    expect(result.certificate?.measures.gradientNorm).toBeLessThan(1e-5)
  })

  it('restarts as often as told before it may call itself converged', () => {
    const problem = testProblem('rosenbrock', 4)
    const plain = run(problem, nelderMead(), { tolerance: 1e-8 })
    const restarted = run(problem, nelderMead({ restarts: 3 }), { tolerance: 1e-8 })
    expect(plain.converged && restarted.converged).toBe(true)
    expect(restarted.evaluations.value).toBeGreaterThan(plain.evaluations.value)
    expect(stateOf(restarted).restartsLeft).toBe(0)
    expect(restarted.objective).toBeLessThan(1e-14)
    expect(restarted.certificate?.criteria[0].measure).toBe('finalSimplexSize')
  })

  it('takes partial domains in its stride', () => {
    const problem = smoothProblem({
      dimension: 2,
      value: (x) => x[0] - Math.log(x[0]) + (x[1] - 1) ** 2,
      start: [0.05, 3],
    })
    const result = run(problem, nelderMead(), { tolerance: 1e-9 })
    expect(result.x[0]).toBeCloseTo(1, 6)
  })

  it('solves the problems of one variable', () => {
    const problem = smoothProblem({ dimension: 1, value: (x) => Math.cosh(x[0] - 3), start: [0] })
    expect(run(problem, nelderMead(), { tolerance: 1e-8 }).x[0]).toBeCloseTo(3, 7)
  })

  it('refuses a first simplex of the wrong size', () => {
    const problem = testProblem('booth')
    expect(() => run(problem, nelderMead({ initialSimplex: [0, 0, 1, 0] }))).toThrow(ShapeError)
  })
})
