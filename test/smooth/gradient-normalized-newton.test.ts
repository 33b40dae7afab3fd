import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, OptionError, RandomStream, ShapeError, UnsupportedError } from '../../src/base/index.ts'
import { gradientNormalizedNewton } from '../../src/smooth/gradient-normalized-newton.ts'
import { randomLogSumExp } from '../../src/smooth/log-sum-exp.ts'
import { logisticRegression } from '../../src/smooth/logistic-regression.ts'
import { affineMap, chebyshevMap, poweredNorm, rosenbrockMap } from '../../src/smooth/powered-norm.ts'
import {
  type HessianApproximation,
  type Measures,
  type RunOptions,
  run,
  type SmoothProblem,
  smoothProblem,
  targetValue,
} from '../../src/solver/index.ts'

type Options = Parameters<typeof gradientNormalizedNewton>[0]

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
    hessianProduct(_x, v, out) {
      for (let i = 0; i < n; i++) out[i] = d[i] * v[i]
    },
    start,
  })
}

/** f = |x|^3 / 3. */
const cubic = (start: number): SmoothProblem =>
  smoothProblem({
    dimension: 1,
    value: (x) => Math.abs(x[0]) ** 3 / 3,
    gradient(x, out) {
      out[0] = Math.abs(x[0]) * x[0]
    },
    hessian(x, out) {
      out[0] = 2 * Math.abs(x[0])
    },
    start: [start],
  })

interface Row {
  x: Float64Array
  measures: Measures
}

/** All iterates of a run. */
function path(problem: SmoothProblem, options: Options, limits: RunOptions<Float64Array> = {}): Row[] {
  const rows: Row[] = []
  run(problem, gradientNormalizedNewton(options), {
    tolerance: 0,
    maxIterations: 30,
    ...limits,
    onIteration: ({ x, measures }) => rows.push({ x: x.slice(), measures: { ...measures } }),
  })
  return rows
}

function solve(problem: SmoothProblem, options: Options, target: number, maxIterations = 500) {
  const result = run(problem, gradientNormalizedNewton(options), {
    tolerance: 0,
    maxIterations,
    stop: targetValue(target),
  })
  return { ...result, trials: result.trace.columns.totalTrials.at(-1) as number }
}

const stream = RandomStream.fromSeed(3)
const uniform = (name: string, length: number): Float64Array =>
  stream.split(name).fillUniform(new Float64Array(length), -1, 1)

function gram(A: Float64Array, m: number, n: number, shift = 0): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < m; k++) out[i * n + j] += A[k * n + i] * A[k * n + j]
    }
    out[i * n + i] += shift
  }
  return out
}

function logistic(m: number, n: number): SmoothProblem {
  const features = uniform(`features ${m} ${n}`, m * n)
  const noise = uniform(`noise ${m}`, m)
  const labels = Float64Array.from({ length: m }, (_, i) => (features[i * n] + 0.7 * noise[i] < 0 ? -1 : 1))
  return logisticRegression({ features, labels, metric: gram(features, m, n, 1e-3) })
}

const softMaximum = randomLogSumExp(40, 20, 0.5, RandomStream.fromSeed(8))
const rosenbrock = (power: number): SmoothProblem => poweredNorm({ residuals: rosenbrockMap(), power, start: [-2, 2] })

describe('closed forms', () => {
  it('on a quadratic with its Hessian accepts every trial, doubles gamma, and shrinks x_i by lambda / (lambda + d_i)', () => {
    const d = [1, 10, 0.1]
    const rows = path(quadratic(d, [1, -2, 3]), { initialRadius: 0.25 }, { maxIterations: 10 })
    for (let k = 1; k < rows.length; k++) {
      const { radius, nextRadius, regularization, trials } = rows[k].measures
      expect(trials).toBe(1)
      expect(radius).toBe(0.25 * 2 ** (k - 1))
      expect(nextRadius).toBe(2 * radius)
      const before = rows[k - 1].measures.dualGradientNorm
      expect(regularization).toBeCloseTo(before / (radius + 1e-8), 12)
      for (let i = 0; i < 3; i++) {
        const expected = (rows[k - 1].x[i] * regularization) / (regularization + d[i])
        expect(Math.abs(rows[k].x[i] - expected)).toBeLessThan(1e-14)
      }
    }
  })

  it('with H = 0 and gamma = ||x|| reaches the minimizer of (L/2)||x||^2 in one step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1000, noNaN: true }),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (L, x0) => {
          const size = Math.hypot(...x0)
          fc.pre(size > 0.01)
          const [, { x }] = path(
            quadratic([L, L, L], x0),
            { approximation: 'none', initialRadius: size },
            { maxIterations: 1 },
          )
          // Up to the shift of 1e-8 that keeps lambda finite.
          expect(Math.hypot(...x)).toBeLessThan(1.01e-8)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('on |x|^3/3 with gamma = |x| steps to 2x/3', () => {
    for (const x0 of [0.3, 3, 70]) {
      const [, { x }] = path(cubic(x0), { initialRadius: x0 }, { maxIterations: 1 })
      expect(x[0] / x0).toBeCloseTo(2 / 3, 7)
    }
  })

  it('on |x|^3/3 from 3 gives the sequence of an independent implementation', () => {
    // Prototype in Python with numpy, written from the algorithm.
    const rows = path(cubic(3), {}, { maxIterations: 4 })
    const f = [9, 4.608, 1.4974, 0.30053, 0.044356]
    const g = [9, 5.76, 2.7225, 0.93328]
    f.forEach((value, k) => void expect(rows[k].measures.objective / value).toBeCloseTo(1, 4))
    g.forEach((value, k) => void expect(rows[k].measures.dualGradientNorm / value).toBeCloseTo(1, 4))
    expect(rows.slice(1).map((row) => row.measures.radius)).toEqual([1, 2, 4, 8])
    expect(rows[4].measures.totalTrials).toBe(4)
  })
})

describe('invariants on every kind of problem', () => {
  const cases: readonly (readonly [string, SmoothProblem, Options])[] = [
    ['log-sum-exp, exact', softMaximum, {}],
    ['log-sum-exp, exact, metric', softMaximum, { metric: 'problem' }],
    ['log-sum-exp, weighted Gauss-Newton', softMaximum, { approximation: 'weighted-gauss-newton', metric: 'problem' }],
    ['log-sum-exp, conjugate gradients', softMaximum, { linearSolver: 'conjugate-gradients', metric: 'problem' }],
    ['log-sum-exp, gradient', softMaximum, { approximation: 'none', metric: 'problem' }],
    ['logistic, Fisher', logistic(60, 6), { approximation: 'fisher', metric: 'problem' }],
    ['logistic, low-rank Fisher', logistic(5, 9), { approximation: 'fisher', metric: 'problem' }],
    ['logistic, diagonal', logistic(60, 6), { approximation: 'diagonal' }],
    ['Rosenbrock^5, exact', rosenbrock(5), {}],
    ['Rosenbrock^4, Fisher', rosenbrock(4), { approximation: 'fisher' }],
    [
      'Chebyshev^4, inexact',
      poweredNorm({ residuals: chebyshevMap(6), power: 4, start: uniform('chebyshev', 6) }),
      { approximation: 'inexact' },
    ],
    ['Rosenbrock, constant rule', rosenbrock(2), { radiusRule: 'constant' }],
    ['Rosenbrock, square-root rule', rosenbrock(2), { radiusRule: 'square-root' }],
    ['Rosenbrock, proportional rule', rosenbrock(2), { radiusRule: 'proportional' }],
  ]

  it.each(cases)('%s: ||h|| <= gamma, f decreases, accepted steps pass the 1/8 test', (_, problem, options) => {
    const rows = path(problem, options, { maxIterations: 40 })
    expect(rows.length).toBeGreaterThan(10)
    for (let k = 1; k < rows.length; k++) {
      const { objective, dualGradientNorm, radius, regularization, stepNorm } = rows[k].measures
      const before = rows[k - 1].measures
      // Conjugate gradients solve the system to a relative residual of at most 0.1.
      const slack = options?.linearSolver === 'conjugate-gradients' ? 1.1 : 1 + 1e-9
      expect(stepNorm).toBeLessThanOrEqual((radius + 1e-8) * slack)
      const decrease = before.objective - objective
      if (Math.abs(decrease) <= 1e-12 * Math.abs(objective) + 1e-15) continue
      expect(decrease).toBeGreaterThan(0)
      expect(decrease).toBeGreaterThanOrEqual(dualGradientNorm ** 2 / (8 * regularization))
    }
  })

  it('needs about two trials an iteration: trials <= 2 iterations + log2(first gamma / smallest gamma)', () => {
    for (const [, problem, options] of cases) {
      if (options?.radiusRule !== undefined) continue
      const rows = path(problem, options, { maxIterations: 60 })
      const smallest = Math.min(...rows.slice(1).map((row) => row.measures.radius))
      const { totalTrials } = rows[rows.length - 1].measures
      expect(totalTrials).toBeLessThanOrEqual(2 * (rows.length - 1) + Math.max(0, Math.log2(1 / smallest)))
    }
  })

  it('accepts every gamma up to gamma(x): on |x|^3/3 no trial with gamma <= |x| fails', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        (x0, part) => {
          const [, first] = path(cubic(x0), { initialRadius: part * x0 }, { maxIterations: 1 })
          expect(first.measures.trials).toBe(1)
        },
      ),
    )
  })
})

describe('equivalences', () => {
  const n = 5
  const x0 = [1, -1, 0.5, 2, -0.3]
  const V = uniform('V', 2 * n)
  const metric = gram(uniform('metric', 8 * n), 8, n, 0.1)
  const base = poweredNorm({
    residuals: affineMap(uniform('rows', 7 * n), uniform('offsets', 7)),
    power: 4,
    start: x0,
  })
  const withApproximations = (hessianApproximations: Record<string, HessianApproximation>): SmoothProblem => ({
    ...base,
    hessianApproximations,
  })

  const same = (a: Row[], b: Row[], tolerance: number): void => {
    expect(b.length).toBe(a.length)
    a.forEach((row, k) => {
      row.x.forEach((xi, i) => {
        expect(Math.abs(xi - b[k].x[i]), `iterate ${k}`).toBeLessThan(tolerance)
      })
    })
  }

  const problem = withApproximations({
    'rank-one': {
      kind: 'rank-one',
      evaluate(x, out) {
        for (let i = 0; i < n; i++) out[i] = V[i] * Math.cos(x[i])
        return 3
      },
    },
    'rank-one, dense': {
      kind: 'dense',
      evaluate(x, out) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) out[i * n + j] = 3 * V[i] * V[j] * Math.cos(x[i]) * Math.cos(x[j])
        }
      },
    },
    'low-rank': {
      kind: 'low-rank',
      rank: 2,
      evaluate(_x, vectors, weights) {
        vectors.set(V)
        weights.set([2, 0.5])
      },
    },
    'low-rank, dense': {
      kind: 'dense',
      evaluate(_x, out) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) out[i * n + j] = 2 * V[i] * V[j] + 0.5 * V[n + i] * V[n + j]
        }
      },
    },
    diagonal: {
      kind: 'diagonal',
      evaluate(x, out) {
        for (let i = 0; i < n; i++) out[i] = 1 + x[i] * x[i]
      },
    },
    'diagonal, dense': {
      kind: 'dense',
      evaluate(x, out) {
        out.fill(0)
        for (let i = 0; i < n; i++) out[i * n + i] = 1 + x[i] * x[i]
      },
    },
  })

  it.each(['rank-one', 'low-rank', 'diagonal'])(
    'the %s formula and the Cholesky route give the same iterates',
    (name) => {
      for (const chosen of ['identity', metric, Float64Array.of(1, 2, 3, 0.5, 1)] as const) {
        const structured = path(problem, { approximation: name, metric: chosen })
        const dense = path(problem, { approximation: `${name}, dense`, metric: chosen })
        same(dense, structured, 1e-9)
        expect(dense.at(-1)?.measures.factorizations).toBeGreaterThan(0)
      }
      expect(path(problem, { approximation: 'rank-one', metric }).at(-1)?.measures.factorizations).toBe(0)
    },
  )

  it('the step of the rank-one formula agrees with the dense one to 1e-10', () => {
    for (const initialRadius of [1e-3, 1, 1e3]) {
      const options = { initialRadius, metric }
      const one = path(problem, { ...options, approximation: 'rank-one' }, { maxIterations: 1 })
      const two = path(problem, { ...options, approximation: 'rank-one, dense' }, { maxIterations: 1 })
      same(one, two, 1e-10)
    }
  })

  it('conjugate gradients solve to their tolerance, whatever form the approximation has', () => {
    for (const approximation of ['rank-one', 'low-rank', 'diagonal', 'rank-one, dense']) {
      const exact = path(problem, { approximation, metric }, { maxIterations: 1 })
      const iterative = path(
        problem,
        { approximation, metric, linearSolver: 'conjugate-gradients' },
        { maxIterations: 1 },
      )
      // ||(H + lambda B)(h - h*)||_* <= 0.1 ||g||_* and H >= 0 give ||h - h*|| <= 0.1 ||g||_* / lambda <= 0.1 gamma.
      same(exact, iterative, 0.1 * exact[1].measures.radius * 10)
      expect(iterative[1].measures.objective).toBeLessThan(iterative[0].measures.objective)
    }
  })

  it('an operator of the Hessian converges like its matrix', () => {
    const operator: SmoothProblem = {
      ...softMaximum,
      hessianApproximations: { product: { kind: 'operator', product: softMaximum.hessianProduct as never } },
    }
    const target = (softMaximum.minimum as number) + 1e-9
    const direct = solve(softMaximum, { metric: 'problem' }, target)
    const matrixFree = solve(operator, { approximation: 'product', metric: 'problem' }, target)
    expect(matrixFree.converged).toBe(true)
    expect(matrixFree.iterations).toBeLessThanOrEqual(2 * direct.iterations + 5)
    expect(matrixFree.evaluations.hessianProduct).toBeGreaterThan(0)
    expect(matrixFree.evaluations.hessian).toBe(0)
  })

  it('a change of variables x = T z with the metric T^T B T gives the same values', () => {
    const T = gram(uniform('T', 6 * n), 6, n, 0.5)
    const image = new Float64Array(n)
    const inner = new Float64Array(n)
    const times = (M: Float64Array, v: ArrayLike<number>, out: Float64Array): Float64Array => {
      for (let i = 0; i < n; i++) {
        out[i] = 0
        for (let j = 0; j < n; j++) out[i] += M[i * n + j] * v[j]
      }
      return out
    }
    const H = new Float64Array(n * n)
    const sandwich = (M: Float64Array, out: Float64Array): void => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          out[i * n + j] = 0
          for (let k = 0; k < n; k++) {
            for (let l = 0; l < n; l++) out[i * n + j] += T[k * n + i] * M[k * n + l] * T[l * n + j]
          }
        }
      }
    }
    const transformedMetric = new Float64Array(n * n)
    sandwich(metric, transformedMetric)
    const z0 = uniform('z', n)
    const original: SmoothProblem = { ...base, start: times(T, z0, new Float64Array(n)) }
    const transformed = smoothProblem({
      dimension: n,
      value: (z) => base.value(times(T, z, image)),
      gradient(z, out) {
        base.gradient?.(times(T, z, image), inner)
        times(T, inner, out)
      },
      hessian(z, out) {
        base.hessian?.(times(T, z, image), H)
        sandwich(H, out)
      },
      start: z0,
    })
    const one = path(original, { metric }, { maxIterations: 10 })
    const two = path(transformed, { metric: transformedMetric }, { maxIterations: 10 })
    expect(two.length).toBe(one.length)
    one.forEach((row, k) => {
      expect(two[k].measures.objective / row.measures.objective).toBeCloseTo(1, 6)
      expect(two[k].measures.radius).toBe(row.measures.radius)
    })
  })

  it('f and c f have the same iterates', () => {
    const scaled = (c: number): SmoothProblem => ({
      ...rosenbrock(3),
      value: (x) => c * rosenbrock(3).value(x),
      valueAndGradient: undefined,
      gradient(x, out) {
        rosenbrock(3).gradient?.(x, out)
        for (let i = 0; i < 2; i++) out[i] *= c
      },
      hessian(x, out) {
        rosenbrock(3).hessian?.(x, out)
        for (let i = 0; i < 4; i++) out[i] *= c
      },
    })
    const reference = path(scaled(1), {}, { maxIterations: 25 })
    for (const c of [4, 1 / 16, 1024]) {
      // Powers of four commute with every rounding, square roots included.
      path(scaled(c), {}, { maxIterations: 25 }).forEach((row, k) => void expect(row.x).toEqual(reference[k].x))
    }
    path(scaled(3), {}, { maxIterations: 12 }).forEach((row, k) => {
      row.x.forEach((xi, i) => void expect(xi).toBeCloseTo(reference[k].x[i], 9))
    })
  })

  it('a preconditioned gradient step with P = Hessian of a quadratic reaches the minimizer at once', () => {
    const d = [1, 100, 0.01]
    const offered: SmoothProblem = {
      ...quadratic(d, [1, -1, 1]),
      hessianApproximations: {
        curvature: {
          kind: 'diagonal',
          evaluate: (_x, out) => out.set(d),
        },
      },
    }
    const size = Math.hypot(1, 100, 0.01)
    // lambda = ||g|| / gamma = 1 for gamma = ||g||.
    const [, { x }] = path(
      offered,
      { approximation: 'none', preconditioner: 'curvature', initialRadius: size },
      { maxIterations: 1 },
    )
    for (const xi of x) expect(Math.abs(xi)).toBeLessThan(2e-6)
  })
})

describe('convergence', () => {
  it.each([
    // Iterations and solves of an independent prototype (numpy) from (-2, 2) to f <= 1e-10; for p = 2 ||u||^2 itself.
    [2, 'exact', 52, 106],
    [2, 'gauss-newton', 50, 101],
    [3, 'exact', 56, 117],
    [3, 'inexact', 53, 111],
    [4, 'exact', 59, 121],
    [4, 'inexact', 58, 119],
    [5, 'exact', 60, 123],
    [5, 'inexact', 61, 125],
  ])('(1/%i)||Rosenbrock||^p with the %s Hessian takes %i iterations', (power, approximation, iterations, trials) => {
    const result = solve(rosenbrock(power), { approximation }, power === 2 ? 0.5e-10 : 1e-10)
    expect(result.converged).toBe(true)
    expect(Math.abs(result.iterations - iterations)).toBeLessThanOrEqual(1)
    expect(Math.abs(result.trials - trials)).toBeLessThanOrEqual(3)
  })

  it('the Fisher term alone beats the exact Hessian on ||Ax - b||^4/4 in the metric A^T A, with no factorization', () => {
    const [m, n] = [30, 60]
    const A = uniform('quartic', m * n)
    const problem = poweredNorm({
      residuals: affineMap(A, uniform('right', m)),
      power: 4,
      metric: gram(A, m, n, 1e-8),
      start: new Float64Array(n).fill(1),
    })
    const fisher = solve(problem, { approximation: 'fisher', metric: 'problem' }, 1e-10)
    const exact = solve(problem, { metric: 'problem' }, 1e-10)
    expect(fisher.converged && exact.converged).toBe(true)
    expect(fisher.iterations).toBeLessThanOrEqual(exact.iterations)
    expect(exact.iterations).toBeLessThanOrEqual(45)
    expect(fisher.trace.columns.factorizations.at(-1)).toBe(0)
    // The approximation is evaluated once an iteration, however many trials that takes, and counted as a Hessian.
    expect(fisher.evaluations.hessian).toBe(fisher.iterations)
    expect(fisher.evaluations.gradient).toBe(fisher.trials + 1)
  })

  it('weighted Gauss-Newton on log-sum-exp is linear: the gap falls by a constant factor, and C1 = 0', () => {
    const result = solve(
      softMaximum,
      { approximation: 'weighted-gauss-newton', metric: 'problem' },
      (softMaximum.minimum as number) + 1e-10,
    )
    const gaps = result.trace.columns.objective.map((f) => f - (softMaximum.minimum as number))
    expect(result.converged).toBe(true)
    // In the second half of the run at least a factor of 1.5 every iteration.
    const half = Math.floor(gaps.length / 2)
    const rate = (gaps[gaps.length - 1] / gaps[half]) ** (1 / (gaps.length - 1 - half))
    expect(rate).toBeLessThan(1 / 1.5)
  })

  it('the exact Hessian converges superlinearly near the minimizer', () => {
    const rows = path(logistic(60, 6), {}, { maxIterations: 30, stop: targetValue(-1) })
    const norms = rows.map((row) => row.measures.dualGradientNorm).filter((g) => g > 1e-13)
    const last = norms.slice(-3)
    expect(last[2] / last[1]).toBeLessThan((last[1] / last[0]) * 0.9)
    expect(last[2] / last[1]).toBeLessThan(0.1)
  })

  it('reaches a gradient of 1e-13 where f - f+ is only rounding error, and lambda does not blow up', () => {
    for (const approximation of ['exact', 'fisher']) {
      const features = uniform('precise', 200 * 8)
      const labels = uniform('signs', 200).map((v) => (v < 0 ? -1 : 1))
      const problem = logisticRegression({ features, labels, regularization: 0.1 })
      const result = run(problem, gradientNormalizedNewton({ approximation }), { tolerance: 1e-13, maxIterations: 300 })
      expect(result.message).toMatch(/^Converged/)
      const { nextRadius, regularization } = result.trace.columns
      if (approximation === 'exact') expect(Math.min(...nextRadius)).toBeGreaterThan(0.1)
      // With an error C1 of H that does not vanish, gamma(x) ~ ||g|| / C1 falls with g, and lambda ~ C1 stays.
      else expect(Math.max(...regularization.slice(1))).toBeLessThan(0.1)
    }
  })

  it('says that precision is reached when nothing smaller is possible', () => {
    const result = run(softMaximum, gradientNormalizedNewton({ metric: 'problem' }), {
      tolerance: 0,
      maxIterations: 5000,
    })
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/precision reached|search failed/)
    expect(result.certificate?.measures.gradientNorm).toBeLessThan(1e-13)
  })

  it('keeps gamma and lambda finite through hundreds of successes', () => {
    const rows = path(quadratic([1, 2], [1, 1]), { initialRadius: 1e12 }, { maxIterations: 100 })
    for (const { measures } of rows) expect(measures.nextRadius).toBeLessThanOrEqual(1e15)
  })

  it('comes down from a gamma that is far too large in one iteration', () => {
    const [, first] = path(rosenbrock(2), { initialRadius: 1e15 }, { maxIterations: 1 })
    expect(first.measures.objective).toBeLessThan(rosenbrock(2).value(Float64Array.of(-2, 2)))
  })

  it('raises lambda until H + lambda B is positive definite where the Hessian is indefinite', () => {
    // f = x^4/4 - x^2/2 + y^2/2: Hess f(0.1, 1) has the eigenvalue -0.97.
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
      minimum: -0.25,
    })
    for (const linearSolver of ['factorization', 'conjugate-gradients'] as const) {
      const result = run(problem, gradientNormalizedNewton({ linearSolver, initialRadius: 10 }), { tolerance: 1e-8 })
      expect(result.converged).toBe(true)
      expect(result.objective).toBeCloseTo(-0.25, 12)
    }
  })

  it('works from values alone, and says so', () => {
    const problem = smoothProblem({
      dimension: 2,
      value: ([x, y]) => Math.log(Math.exp(x + y) + Math.exp(-x) + Math.exp(-y)),
      start: [1, -2],
    })
    const result = run(problem, gradientNormalizedNewton(), { tolerance: 1e-6 })
    expect(result.converged).toBe(true)
    expect(result.message).toMatch(/gradient comes from central differences/)
    expect(result.message).toMatch(/Hessian comes from differences/)
  })
})

describe('fixed rules', () => {
  it.each([
    ['constant', () => 1],
    ['square-root', Math.sqrt],
    ['proportional', (g: number) => g],
  ] as const)('%s: gamma = rule(||g||_*) / M with M only growing, by doubling', (radiusRule, rule) => {
    const rows = path(rosenbrock(2), { radiusRule, smoothness: 0.5 }, { maxIterations: 25 })
    let M = 0.5
    for (let k = 1; k < rows.length; k++) {
      const implied = rule(rows[k - 1].measures.dualGradientNorm) / rows[k].measures.radius
      expect(implied / M).toBeCloseTo(2 ** (rows[k].measures.trials - 1), 9)
      M = implied
    }
    expect(M).toBeGreaterThan(0.5)
  })

  it('the proportional rule with H = 0 is gradient descent with the step 1/M', () => {
    const problem = quadratic([1, 1], [3, 4])
    const rows = path(
      problem,
      { approximation: 'none', radiusRule: 'proportional', smoothness: 4 },
      { maxIterations: 10 },
    )
    for (let k = 0; k < rows.length; k++) expect(rows[k].x[0]).toBeCloseTo(3 * 0.75 ** k, 6)
  })
})

describe('wrong input', () => {
  it('refuses options outside their interval', () => {
    expect(() => gradientNormalizedNewton({ initialRadius: 0 })).toThrow(OptionError)
    expect(() => gradientNormalizedNewton({ metric: [1] as never })).toThrow(/metric must be 'identity', 'problem'/)
    expect(() => gradientNormalizedNewton({ approximation: '' })).toThrow(OptionError)
    expect(() => gradientNormalizedNewton({ maxTrials: 0 })).toThrow(OptionError)
  })

  const attempt = (problem: SmoothProblem, options: Options) => () => run(problem, gradientNormalizedNewton(options))

  it('refuses a metric that is not symmetric positive definite, before any evaluation', () => {
    let calls = 0
    const problem: SmoothProblem = { ...quadratic([1, 1], [1, 1]), value: () => ++calls }
    expect(attempt(problem, { metric: Float64Array.of(1, 2, 2, 1) })).toThrow(InvalidInputError)
    expect(attempt(problem, { metric: Float64Array.of(1, 0.5, 0, 1) })).toThrow(/B\[1\]\[0\] = 0 but B\[0\]\[1\] = 0.5/)
    expect(attempt(problem, { metric: Float64Array.of(1, -1) })).toThrow(/diagonal entry -1/)
    expect(attempt(problem, { metric: Float64Array.of(1, 2, 3) })).toThrow(ShapeError)
    expect(attempt(problem, { metric: 'problem' })).toThrow(/the problem has no metric/)
    expect(calls).toBe(0)
  })

  it('refuses an approximation that the problem does not offer, and names those it does', () => {
    expect(attempt(rosenbrock(3), { approximation: 'fischer' })).toThrow(UnsupportedError)
    expect(attempt(rosenbrock(3), { approximation: 'fischer' })).toThrow(
      /'fischer'; it offers 'fisher', 'gauss-newton', 'inexact'/,
    )
    expect(attempt(quadratic([1], [1]), { approximation: 'fisher' })).toThrow(/it offers none/)
    expect(attempt(rosenbrock(3), { preconditioner: 'inexact' })).toThrow(/preconditioner needs approximation 'none'/)
  })

  it('refuses an approximation with a negative weight', () => {
    const problem: SmoothProblem = {
      ...quadratic([1, 1], [1, 1]),
      hessianApproximations: { odd: { kind: 'rank-one', evaluate: () => -1 } },
    }
    expect(attempt(problem, { approximation: 'odd' })).toThrow(/positive semidefinite.*-1/)
  })

  it('ends as diverged where f(x0) is not finite', () => {
    const problem = smoothProblem({ dimension: 1, value: ([x]) => Math.log(x), start: [-1] })
    expect(run(problem, gradientNormalizedNewton()).status).toBe('diverged')
  })
})
