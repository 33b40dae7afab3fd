import { describe, expect, it } from 'vitest'
import { OptionError, RandomStream, UnsupportedError } from '../../src/base/index.ts'
import { adaptiveGradientMethod } from '../../src/smooth/adaptive-gradient-method.ts'
import { cubicRegularizedNewton } from '../../src/smooth/cubic-regularized-newton.ts'
import { fastGradientMethod } from '../../src/smooth/fast-gradient-method.ts'
import { randomLogSumExp } from '../../src/smooth/log-sum-exp.ts'
import { poweredNorm, rosenbrockMap } from '../../src/smooth/powered-norm.ts'
import { superUniversalNewton } from '../../src/smooth/super-universal-newton.ts'
import {
  type Measures,
  type Method,
  run,
  type SmoothProblem,
  smoothProblem,
  targetValue,
} from '../../src/solver/index.ts'

interface Row {
  x: Float64Array
  measures: Measures
}

function path<S>(problem: SmoothProblem, method: Method<never, S>, maxIterations: number): Row[] {
  const rows: Row[] = []
  run(problem, method as unknown as Method<SmoothProblem, S>, {
    tolerance: 0,
    maxIterations,
    onIteration: ({ x, measures }) => rows.push({ x: x.slice(), measures: { ...measures } }),
  })
  return rows
}

/** f = sum d_i x_i^2 / 2. */
function quadratic(d: readonly number[], start: readonly number[]): SmoothProblem {
  const n = d.length
  return smoothProblem({
    dimension: n,
    value: (x) => x.reduce((sum, xi, i) => sum + 0.5 * d[i] * xi * xi, 0),
    gradient(x, out) {
      for (let i = 0; i < n; i++) out[i] = d[i] * x[i]
    },
    hessian(_x, out) {
      out.fill(0)
      for (let i = 0; i < n; i++) out[i * n + i] = d[i]
    },
    metric: d,
    start,
    minimum: 0,
  })
}

const softMaximum = randomLogSumExp(40, 20, 0.5, RandomStream.fromSeed(8))
const target = (softMaximum.minimum as number) + 1e-9

/** g, H and B at a point of the soft maximum. */
function model(x: Float64Array) {
  const n = softMaximum.dimension
  const g = new Float64Array(n)
  const H = new Float64Array(n * n)
  softMaximum.gradient?.(x, g)
  softMaximum.hessian?.(x, H)
  const times = (M: Float64Array, v: Float64Array): Float64Array =>
    v.map((_, i) => v.reduce((sum, vj, j) => sum + M[i * n + j] * vj, 0))
  const B = softMaximum.metric as Float64Array
  const norm = (h: Float64Array): number => Math.sqrt(times(B, h).reduce((sum, b, i) => sum + b * h[i], 0))
  return { g, H, B, times, norm }
}

describe('cubic-regularized Newton', () => {
  it('steps to the minimizer of the cubic model: g + H h + lambda B h = 0 with lambda = (M/2) ||h||', () => {
    const rows = path(softMaximum, cubicRegularizedNewton({ metric: 'problem' }), 12)
    let factor = 1
    for (let k = 1; k < rows.length; k++) {
      const { g, H, B, times, norm } = model(rows[k - 1].x)
      const h = rows[k].x.map((xi, i) => xi - rows[k - 1].x[i])
      const { regularization, stepNorm, trials } = rows[k].measures
      factor *= 2 ** (trials - 1)
      expect(norm(h) / stepNorm).toBeCloseTo(1, 6)
      expect(regularization / (0.5 * factor * stepNorm)).toBeCloseTo(1, 9)
      const Hh = times(H, h)
      const Bh = times(B, h)
      const size = Math.hypot(...g)
      for (let i = 0; i < g.length; i++) {
        // Cancellation in x+ - x limits the accuracy of h.
        expect(Math.abs(g[i] + Hh[i] + regularization * Bh[i])).toBeLessThan(1e-8 * size + 1e-13)
      }
      factor = Math.max(factor / 2, 1e-5)
    }
  })

  it('solves x^3-like growth where the Newton step is undefined, and an indefinite Hessian', () => {
    const problem = smoothProblem({
      dimension: 2,
      value: ([x, y]) => x ** 4 / 4 - (x * x) / 2 + (y * y) / 2,
      gradient([x, y], out) {
        out[0] = x ** 3 - x
        out[1] = y
      },
      hessian([x], out) {
        out.set([3 * x * x - 1, 0, 0, 1])
      },
      start: [0.1, 1],
    })
    const result = run(problem, cubicRegularizedNewton(), { tolerance: 1e-9 })
    expect(result.converged).toBe(true)
    expect(result.objective).toBeCloseTo(-0.25, 12)
    expect(result.iterations).toBeLessThan(30)
  })

  it('on a quadratic takes nearly the Newton step once M is small', () => {
    const rows = path(quadratic([1, 5], [1, 1]), cubicRegularizedNewton({ initialRegularization: 1e-4 }), 2)
    expect(rows[1].measures.objective).toBeLessThan(1e-7)
  })

  it('decreases f on a nonconvex function', () => {
    const problem = poweredNorm({ residuals: rosenbrockMap(), start: [-2, 2] })
    const rows = path(problem, cubicRegularizedNewton(), 60)
    for (let k = 1; k < rows.length; k++) {
      // Below 1e-28 the residuals themselves are rounding errors.
      expect(rows[k].measures.objective).toBeLessThanOrEqual(rows[k - 1].measures.objective + 1e-28)
    }
    expect(rows.at(-1)?.measures.objective).toBeLessThan(1e-10)
  })
})

describe('super-universal Newton', () => {
  it.each([1, 2 / 3, 1 / 2])('with power %f uses lambda = M ||g||_*^power and passes its test', (power) => {
    const rows = path(softMaximum, superUniversalNewton({ power, metric: 'problem' }), 12)
    let factor = 1
    for (let k = 1; k < rows.length; k++) {
      const { dualGradientNorm, regularization, trials } = rows[k].measures
      factor *= 4 ** (trials - 1)
      expect(regularization / (factor * rows[k - 1].measures.dualGradientNorm ** power)).toBeCloseTo(1, 10)
      const next = model(rows[k].x)
      const slope = next.g.reduce((sum, gi, i) => sum + gi * (rows[k - 1].x[i] - rows[k].x[i]), 0)
      expect(slope).toBeGreaterThanOrEqual(dualGradientNorm ** 2 / (4 * regularization) - 1e-14)
      factor = Math.max(factor / 4, 1e-5)
    }
  })

  it('converges on the soft maximum about as fast as with a known constant', () => {
    for (const power of [1, 2 / 3, 1 / 2]) {
      const result = run(softMaximum, superUniversalNewton({ power, metric: 'problem' }), {
        tolerance: 0,
        stop: targetValue(target),
        maxIterations: 60,
      })
      expect(result.converged).toBe(true)
    }
  })

  it('refuses a power outside [0, 1] and an approximation that is not offered', () => {
    expect(() => superUniversalNewton({ power: 2 })).toThrow(OptionError)
    expect(() => run(softMaximum, superUniversalNewton({ approximation: 'fisher' }))).toThrow(UnsupportedError)
  })
})

describe('adaptive gradient method', () => {
  it('steps by B^-1 g / L and satisfies the descent inequality with the L that it reports', () => {
    const rows = path(softMaximum, adaptiveGradientMethod({ metric: 'problem' }), 30)
    for (let k = 1; k < rows.length; k++) {
      const { g, B, times, norm } = model(rows[k - 1].x)
      const h = rows[k].x.map((xi, i) => xi - rows[k - 1].x[i])
      const { lipschitz, objective, stepNorm } = rows[k].measures
      expect(norm(h) / stepNorm).toBeCloseTo(1, 6)
      expect(rows[k - 1].measures.dualGradientNorm / (lipschitz * stepNorm)).toBeCloseTo(1, 12)
      const Bh = times(B, h)
      for (let i = 0; i < g.length; i++) expect(Math.abs(lipschitz * Bh[i] + g[i])).toBeLessThan(1e-9)
      const slope = g.reduce((sum, gi, i) => sum + gi * h[i], 0)
      const bound = rows[k - 1].measures.objective + slope + 0.5 * lipschitz * norm(h) ** 2
      expect(objective).toBeLessThanOrEqual(bound + 1e-12)
    }
  })

  it('with the Hessian of a quadratic as metric and L = 1 needs one step', () => {
    const rows = path(quadratic([1, 100, 0.01], [1, -1, 1]), adaptiveGradientMethod({ metric: 'problem' }), 1)
    for (const xi of rows[1].x) expect(Math.abs(xi)).toBeLessThan(1e-15)
  })

  it('never lets L exceed twice the Lipschitz constant', () => {
    for (const { measures } of path(quadratic([1, 7, 3], [1, 1, 1]), adaptiveGradientMethod(), 60).slice(1)) {
      expect(measures.lipschitz).toBeLessThanOrEqual(14)
    }
  })

  it('reaches tolerances where f is only rounding error', () => {
    const result = run(softMaximum, adaptiveGradientMethod({ metric: 'problem' }), { tolerance: 1e-13 })
    expect(result.message).toMatch(/^Converged/)
  })
})

describe('fast gradient method', () => {
  // f = sum d_i x_i^2 / 2 with L = 1 and eigenvalues down to 1e-4.
  const d = Array.from({ length: 40 }, (_, i) => 10 ** (-4 * (i / 39)))
  const problem = quadratic(d, new Array(40).fill(1))

  it('keeps f_k - f* <= 2 L_max R^2 / k^2 with the searched L at most 2 L', () => {
    // A_k >= k^2 / (4 L_max) and f_k - f* <= R^2 / (2 A_k), Nesterov (2013), Theorem 6.
    const rows = path(problem, fastGradientMethod(), 300)
    for (let k = 1; k < rows.length; k++) {
      expect(rows[k].measures.lipschitz).toBeLessThanOrEqual(2)
      expect(rows[k].measures.objective).toBeLessThanOrEqual((2 * 2 * 40) / (k * k))
    }
  })

  it('is much faster than the gradient method on an ill-conditioned quadratic', () => {
    const limits = { tolerance: 0, stop: targetValue(1e-6), maxIterations: 100_000 }
    const fast = run(problem, fastGradientMethod(), limits)
    const plain = run(problem, adaptiveGradientMethod(), limits)
    expect(fast.converged && plain.converged).toBe(true)
    expect(fast.iterations * 5).toBeLessThan(plain.iterations)
  })

  it('starts with a gradient step', () => {
    const fast = path(softMaximum, fastGradientMethod({ metric: 'problem' }), 1)
    const plain = path(softMaximum, adaptiveGradientMethod({ metric: 'problem' }), 1)
    fast[1].x.forEach((xi, i) => void expect(xi).toBeCloseTo(plain[1].x[i], 13))
  })
})
