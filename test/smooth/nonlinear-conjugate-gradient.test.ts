import { describe, expect, it } from 'vitest'
import { nonlinearConjugateGradient } from '../../src/smooth/nonlinear-conjugate-gradient.ts'
import { iterate, run, smoothProblem } from '../../src/solver/index.ts'

const eigenvalues = [1, 2, 5, 10, 30, 100]
const quadratic = smoothProblem({
  dimension: 6,
  value: (x) => x.reduce((sum, xi, i) => sum + 0.5 * eigenvalues[i] * xi * xi, 0),
  gradient(x, out) {
    for (let i = 0; i < 6; i++) out[i] = eigenvalues[i] * x[i]
  },
  start: [1, -1, 1, -1, 1, -1],
})

describe('nonlinear conjugate gradients', () => {
  it('ends on a quadratic in about n steps when the line search is exact', () => {
    const result = run(quadratic, nonlinearConjugateGradient({ curvature: 1e-6, truncation: 0 }), { tolerance: 1e-7 })
    expect(result.status).toBe('converged')
    expect(result.iterations).toBeLessThanOrEqual(9)
  })

  it('always searches along directions of descent, <g, d> <= -(7/8) ||g||^2, where beta is not truncated', () => {
    for (const { snapshot } of iterate(quadratic, nonlinearConjugateGradient({ truncation: 1e9 }), {
      tolerance: 1e-9,
    })) {
      const { gradient, direction } = snapshot().state as { gradient: Float64Array; direction: Float64Array }
      let slope = 0
      let square = 0
      for (let i = 0; i < 6; i++) {
        slope += gradient[i] * direction[i]
        square += gradient[i] * gradient[i]
      }
      expect(slope).toBeLessThanOrEqual(-(7 / 8) * square * (1 - 1e-12))
    }
  })

  it('solves a Rosenbrock function of 100 variables', () => {
    const n = 100
    const problem = smoothProblem({
      dimension: n,
      value(x) {
        let f = 0
        for (let i = 0; i < n; i += 2) f += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
        return f
      },
      gradient(x, out) {
        for (let i = 0; i < n; i += 2) {
          const t = x[i + 1] - x[i] ** 2
          out[i] = -400 * x[i] * t - 2 * (1 - x[i])
          out[i + 1] = 200 * t
        }
      },
      start: Float64Array.from({ length: n }, (_, i) => (i % 2 ? 1 : -1.2)),
    })
    const result = run(problem, nonlinearConjugateGradient(), { tolerance: 1e-7 })
    expect(result.status).toBe('converged')
    for (const xi of result.x) expect(xi).toBeCloseTo(1, 5)
  })
})
