import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import {
  asSmoothProblem,
  logisticRegression,
  newton,
  rosenbrock,
  type SteihaugOutcome,
  steihaug,
  trustRegionNewton,
  wood,
} from '../../src/smooth/index.ts'
import { run, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'

/** A strictly convex function of three coupled variables whose minimizer has no closed form. */
function convex(): SmoothProblem {
  const rows = [
    [1, 2, -1],
    [0.5, -1, 1],
    [-2, 0.3, 0.7],
    [1, 1, 1],
    [-1, -1, -0.5],
  ]
  return smoothProblem({
    dimension: 3,
    value: (x) => rows.reduce((sum, a) => sum + Math.exp(a[0] * x[0] + a[1] * x[1] + a[2] * x[2]), 0),
    gradient(x, out) {
      out.fill(0)
      for (const a of rows) {
        const e = Math.exp(a[0] * x[0] + a[1] * x[1] + a[2] * x[2])
        for (let i = 0; i < 3; i++) out[i] += e * a[i]
      }
    },
    hessian(x, out) {
      out.fill(0)
      for (const a of rows) {
        const e = Math.exp(a[0] * x[0] + a[1] * x[1] + a[2] * x[2])
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out[3 * i + j] += e * a[i] * a[j]
      }
    },
    start: [0.5, -0.5, 0.5],
  })
}

/** x^2 - y^2 + y^4 / 4 (a saddle at 0, minima -1 at y = +-sqrt 2). */
function saddle(start: number[]): SmoothProblem {
  return smoothProblem({
    dimension: 2,
    value: ([x, y]) => x * x - y * y + 0.25 * y ** 4,
    gradient: ([x, y], out) => {
      out[0] = 2 * x
      out[1] = -2 * y + y ** 3
    },
    hessian: ([, y], out) => {
      out.set([2, 0, 0, -2 + 3 * y * y])
    },
    start,
  })
}

/** Gradient norms of a run, largest first, until rounding level. */
function gradientNorms(norms: readonly number[]): number[] {
  return norms.filter((g) => g > 1e-13)
}

describe('newton', () => {
  it('ends on a quadratic after one iteration', () => {
    const result = run(
      smoothProblem({
        dimension: 2,
        value: ([x, y]) => 2 * x * x + x * y + 3 * y * y - x,
        gradient: ([x, y], out) => {
          out[0] = 4 * x + y - 1
          out[1] = x + 6 * y
        },
        hessian: (_, out) => out.set([4, 1, 1, 6]),
        start: [30, -7],
      }),
      newton(),
    )
    expect(result.iterations).toBe(1)
    expect(result.x[0]).toBeCloseTo(6 / 23, 13)
    expect(result.x[1]).toBeCloseTo(-1 / 23, 13)
  })

  it('converges quadratically, with unit steps and no shift in the end', () => {
    const result = run(convex(), newton(), { tolerance: 1e-13 })
    const norms = gradientNorms(result.trace.columns.gradientNorm)
    const last = norms.slice(-3)
    for (let k = 1; k < last.length; k++) expect(last[k]).toBeLessThan(10 * last[k - 1] ** 2)
    expect(result.trace.columns.step.at(-1)).toBe(1)
    expect(result.trace.columns.shift.at(-1)).toBe(0)
  })

  it('leaves a region of negative curvature for a minimizer', () => {
    for (const start of [
      [1, 0.1],
      [3, -0.01],
      [0, 0.5],
    ]) {
      const result = run(saddle(start), newton())
      expect(result.status).toBe('converged')
      expect(result.objective).toBeCloseTo(-1, 12)
      expect(Math.abs(result.x[1])).toBeCloseTo(Math.SQRT2, 8)
    }
  })

  it('takes the same path in any linear coordinates where no shift is needed', () => {
    // x = T u with T of powers of two: the arithmetic is the same bit for bit.
    const base = convex()
    const scale = [0.25, 8, 2]
    const scaled = smoothProblem({
      dimension: 3,
      value: (u) => base.value(u.map((v, i) => v * scale[i])),
      gradient(u, out) {
        base.gradient?.(
          u.map((v, i) => v * scale[i]),
          out,
        )
        for (let i = 0; i < 3; i++) out[i] *= scale[i]
      },
      hessian(u, out) {
        base.hessian?.(
          u.map((v, i) => v * scale[i]),
          out,
        )
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out[3 * i + j] *= scale[i] * scale[j]
      },
      start: [0.5, -0.5, 0.5].map((v, i) => v / scale[i]),
    })
    const one = run(base, newton(), { tolerance: 0, maxIterations: 5 })
    const two = run(scaled, newton(), { tolerance: 0, maxIterations: 5 })
    for (let i = 0; i < 3; i++) expect(two.x[i] * scale[i]).toBe(one.x[i])
  })
})

describe('steihaug', () => {
  const random = RandomStream.fromSeed(4)
  const n = 8
  const root = random.fillNormal(new Float64Array(n * n))
  const gradient = random.fillNormal(new Float64Array(n))
  const matrix = (shift: number): Float64Array => {
    const A = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) A[i * n + j] += root[i * n + k] * root[j * n + k]
      A[i * n + i] += shift
    }
    return A
  }
  const times =
    (A: Float64Array) =>
    (v: Float64Array, out: Float64Array): void => {
      for (let i = 0; i < n; i++) {
        out[i] = 0
        for (let j = 0; j < n; j++) out[i] += A[i * n + j] * v[j]
      }
    }
  const solve = (A: Float64Array, radius: number, tolerance = 1e-10, limit = 100) => {
    const step = new Float64Array(n)
    const outcome: SteihaugOutcome = { end: 'limit', iterations: 0, predicted: 0 }
    const work = [new Float64Array(n), new Float64Array(n), new Float64Array(n)] as const
    steihaug(times(A), gradient, radius, tolerance, limit, step, work, outcome)
    const image = new Float64Array(n)
    times(A)(step, image)
    let model = 0
    let norm = 0
    let residual = 0
    for (let i = 0; i < n; i++) {
      model += gradient[i] * step[i] + 0.5 * step[i] * image[i]
      norm += step[i] * step[i]
      residual = Math.max(residual, Math.abs(image[i] + gradient[i]))
    }
    return { step, outcome, model, norm: Math.sqrt(norm), residual }
  }

  it('solves the Newton system inside a large ball, in at most n steps', () => {
    const { outcome, residual, model } = solve(matrix(1), 1e6)
    expect(outcome.end).toBe('interior')
    expect(outcome.iterations).toBeLessThanOrEqual(n + 1)
    expect(residual).toBeLessThan(1e-9)
    expect(outcome.predicted).toBeCloseTo(-model, 9)
  })

  it('stops on the boundary of a small ball, no worse than the Cauchy point', () => {
    for (const radius of [1e-6, 1e-3, 0.1]) {
      const A = matrix(1)
      const { outcome, norm, model } = solve(A, radius)
      expect(outcome.end).toBe('boundary')
      expect(norm).toBeCloseTo(radius, 12)
      expect(outcome.predicted / -model).toBeCloseTo(1, 8)
      const image = new Float64Array(n)
      times(A)(gradient, image)
      let gg = 0
      let gAg = 0
      for (let i = 0; i < n; i++) {
        gg += gradient[i] ** 2
        gAg += gradient[i] * image[i]
      }
      const t = Math.min(gg / gAg, radius / Math.sqrt(gg))
      expect(outcome.predicted).toBeGreaterThanOrEqual(t * gg - 0.5 * t * t * gAg - 1e-15)
    }
  })

  it('follows negative curvature to the boundary of an indefinite model', () => {
    const { outcome, norm, model } = solve(matrix(-4), 1e4)
    expect(outcome.end).toBe('negative-curvature')
    expect(norm).toBeCloseTo(1e4, 6)
    expect(outcome.predicted / -model).toBeCloseTo(1, 8)
    expect(outcome.predicted).toBeGreaterThan(0)
  })

  it('decreases the model and lengthens the step in every iteration', () => {
    let predicted = 0
    let length = 0
    for (let limit = 1; limit <= 6; limit++) {
      const { outcome, norm } = solve(matrix(1), 1e6, 1e-12, limit)
      expect(outcome.predicted).toBeGreaterThan(predicted)
      expect(norm).toBeGreaterThan(length)
      predicted = outcome.predicted
      length = norm
    }
  })
})

describe('trust-region-newton', () => {
  it('converges superlinearly', () => {
    for (const problem of [convex(), rosenbrock(2), asSmoothProblem(wood)]) {
      const result = run(problem, trustRegionNewton(), { tolerance: 1e-9 })
      const norms = gradientNorms(result.trace.columns.gradientNorm)
      const ratios = norms.slice(1).map((g, k) => g / norms[k])
      expect(ratios.at(-1)).toBeLessThan(0.05)
    }
  })

  it('decreases f in every iteration and never leaves the trust region', () => {
    const result = run(rosenbrock(10), trustRegionNewton({ initialRadius: 0.1 }), { tolerance: 1e-9 })
    const { objective, stepNorm, radius } = result.trace.columns
    for (let k = 1; k < objective.length; k++) {
      expect(objective[k]).toBeLessThanOrEqual(objective[k - 1])
      expect(stepNorm[k]).toBeLessThanOrEqual(Math.max(radius[k - 1], radius[k]) * (1 + 1e-12))
    }
    expect(result.status).toBe('converged')
  })

  it('leaves a saddle for a minimizer', () => {
    const result = run(saddle([1, 1e-6]), trustRegionNewton())
    expect(result.status).toBe('converged')
    expect(result.objective).toBeCloseTo(-1, 10)
  })

  it('does the same with products and with the matrix', () => {
    const products = run(rosenbrock(10), trustRegionNewton())
    const matrix = run(rosenbrock(10), trustRegionNewton({ curvature: 'matrix' }))
    expect(matrix.iterations).toBe(products.iterations)
    matrix.x.forEach((v, i) => {
      expect(v).toBeCloseTo(products.x[i], 9)
    })
    expect(matrix.evaluations.hessianProduct).toBe(0)
    expect(products.evaluations.hessian).toBe(0)
  })

  it('agrees with Newton on logistic regression', () => {
    const random = RandomStream.fromSeed(11)
    const features = random.fillNormal(new Float64Array(200 * 10))
    const labels = Float64Array.from({ length: 200 }, (_, i) =>
      features[i * 10] - features[i * 10 + 3] + random.normal() > 0 ? 1 : -1,
    )
    const problem = logisticRegression({ features, labels, regularization: 1e-3 })
    const one = run(problem, newton(), { tolerance: 1e-12 })
    const two = run(problem, trustRegionNewton(), { tolerance: 1e-12 })
    expect(one.status).toBe('converged')
    expect(two.status).toBe('converged')
    one.x.forEach((v, i) => {
      expect(v).toBeCloseTo(two.x[i], 8)
    })
  })
})
