import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lbfgsb } from '../../src/smooth/lbfgsb.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'

function chained(n: number, bounds: { lower?: ArrayLike<number>; upper?: ArrayLike<number> } = {}) {
  return smoothProblem({
    dimension: n,
    value(x) {
      let f = 0
      for (let i = 0; i < n - 1; i++) f += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
      return f
    },
    gradient(x, out) {
      out.fill(0)
      for (let i = 0; i < n - 1; i++) {
        const t = x[i + 1] - x[i] ** 2
        out[i] += -400 * x[i] * t - 2 * (1 - x[i])
        out[i + 1] += 200 * t
      }
    },
    start: Float64Array.from({ length: n }, (_, i) => (i % 2 ? 1 : -1.2)),
    ...bounds,
  })
}

/** A convex quadratic 1/2 (x - c)'A(x - c) with A = D + v v'. */
function quadratic(diagonal: number[], v: number[], c: number[], lower: number[], upper: number[]) {
  const n = diagonal.length
  return smoothProblem({
    dimension: n,
    value(x) {
      let f = 0
      let along = 0
      for (let i = 0; i < n; i++) {
        f += 0.5 * diagonal[i] * (x[i] - c[i]) ** 2
        along += v[i] * (x[i] - c[i])
      }
      return f + 0.5 * along * along
    },
    gradient(x, out) {
      let along = 0
      for (let i = 0; i < n; i++) along += v[i] * (x[i] - c[i])
      for (let i = 0; i < n; i++) out[i] = diagonal[i] * (x[i] - c[i]) + along * v[i]
    },
    lower,
    upper,
    start: new Float64Array(n),
  })
}

describe('L-BFGS-B', () => {
  it('reaches the constrained minimum that SciPy 1.10 reports for a bounded chained Rosenbrock function', () => {
    // scipy.optimize.minimize(rosen, method='L-BFGS-B', options={'gtol': 1e-8, 'ftol': 0}): 87.18320140400941
    const n = 100
    const lower = Float64Array.from({ length: n }, (_, i) => (i % 3 ? -2 : 1.1))
    const result = run(chained(n, { lower, upper: new Float64Array(n).fill(2) }), lbfgsb(), { tolerance: 1e-8 })
    expect(result.status).toBe('converged')
    expect(result.objective).toBeCloseTo(87.18320140400941, 9)
    expect(result.iterations).toBeLessThan(80)
  })

  it('without bounds it needs about as many iterations as L-BFGS', () => {
    const result = run(chained(100), lbfgsb(), { tolerance: 1e-8 })
    expect(result.objective).toBeLessThan(1e-15)
    expect(result.iterations).toBeLessThan(800)
  })

  it('never evaluates outside the box, and satisfies the optimality conditions at the end', () => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }).chain((n) => {
          const numbers = fc.array(entry, { minLength: n, maxLength: n })
          return fc.tuple(numbers, numbers, numbers, numbers)
        }),
        ([spread, v, c, corner]) => {
          const diagonal = spread.map((s) => 10 ** (s / 1.5))
          const lower = corner.map((x) => x - 1)
          const upper = corner.map((x, i) => (i % 3 === 0 ? x - 1 : i % 3 === 1 ? x + 1 : Infinity))
          const problem = quadratic(diagonal, v, c, lower, upper)
          const guarded = {
            ...problem,
            value(x: Float64Array) {
              for (let i = 0; i < x.length; i++) {
                if (x[i] < lower[i] || x[i] > upper[i]) throw new Error(`outside the box at ${i}: ${x[i]}`)
              }
              return problem.value(x)
            },
          }
          const result = run(guarded, lbfgsb(), { tolerance: 1e-7, maxIterations: 2000 })
          expect(result.message).toMatch(/^Converged/)
          const g = new Float64Array(c.length)
          problem.gradient?.(result.x, g)
          for (let i = 0; i < g.length; i++) {
            // Either the slope vanishes or the wall towards which it falls is reached.
            const wall = g[i] > 0 ? result.x[i] - lower[i] : upper[i] - result.x[i]
            expect(Math.min(Math.abs(g[i]), wall)).toBeLessThan(2e-7)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('identifies the active bounds of a linear function in one iteration', () => {
    const slope = [1, -2, 3]
    const problem = smoothProblem({
      dimension: 3,
      value: (x) => x.reduce((sum, xi, i) => sum + slope[i] * xi, 0),
      gradient: (_, out) => out.set(slope),
      lower: [-1, -1, -1],
      upper: [2, 2, 2],
      start: [0, 0, 0],
    })
    const result = run(problem, lbfgsb())
    expect(result.status).toBe('converged')
    expect([...result.x]).toEqual([-1, 2, -1])
    expect(result.iterations).toBeLessThanOrEqual(2)
  })

  it('keeps fixed variables fixed', () => {
    const result = run(chained(2, { lower: [0.5, -9], upper: [0.5, 9] }), lbfgsb())
    expect(result.x[0]).toBe(0.5)
    expect(result.x[1]).toBeCloseTo(0.25, 8)
  })
})
