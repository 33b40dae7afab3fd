import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile, square } from '../../src/autodiff/index.ts'
import { RandomStream } from '../../src/base/index.ts'
import {
  curveFit,
  leastSquares,
  leastSquaresFromGraph,
  leastSquaresProblem,
  levenbergMarquardt,
  parameterUncertainty,
  relativeOffset,
  studentQuantile,
} from '../../src/smooth/index.ts'
import { run } from '../../src/solver/index.ts'

/** Residuals A x - b with a random A [m, n]. */
function linear(m: number, n: number, seed: number) {
  const random = RandomStream.fromSeed(seed)
  const A = random.fillNormal(new Float64Array(m * n))
  const b = random.fillNormal(new Float64Array(m))
  const residuals = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < m; i++) {
      out[i] = -b[i]
      for (let j = 0; j < n; j++) out[i] += A[i * n + j] * x[j]
    }
  }
  const problem = leastSquaresProblem({
    dimension: n,
    residualCount: m,
    residuals,
    jacobian: (_, out) => out.set(A),
    start: new Float64Array(n).fill(1),
  })
  return { A, b, problem }
}

/** A (1 - exp(-B t)) through noisy points; u = x / scale. */
function saturating(scale: [number, number], jacobian: boolean) {
  const times = [1, 2, 3, 5, 8, 13]
  const data = [0.9, 1.4, 1.9, 2.1, 2.4, 2.3]
  return leastSquaresProblem({
    dimension: 2,
    residualCount: 6,
    residuals(u, out) {
      for (let i = 0; i < 6; i++) out[i] = data[i] - u[0] * scale[0] * (1 - Math.exp(-u[1] * scale[1] * times[i]))
    },
    ...(jacobian && {
      jacobian(u: Float64Array, out: Float64Array) {
        for (let i = 0; i < 6; i++) {
          const e = Math.exp(-u[1] * scale[1] * times[i])
          out[2 * i] = (e - 1) * scale[0]
          out[2 * i + 1] = -u[0] * scale[0] * times[i] * e * scale[1]
        }
      },
    }),
    start: [10 / scale[0], 0.01 / scale[1]],
  })
}

describe('levenberg-marquardt', () => {
  it.each([
    [5, 3],
    [20, 7],
    [4, 4],
  ])('solves a linear problem [%i, %i] in one step', (m, n) => {
    const { A, problem } = linear(m, n, m)
    const result = run(problem, levenbergMarquardt(), { tolerance: 1e-9 })
    expect(result.iterations).toBe(1)
    expect(result.status).toBe('converged')
    const r = new Float64Array(m)
    problem.residuals(result.x, r)
    for (let j = 0; j < n; j++) {
      let normal = 0
      for (let i = 0; i < m; i++) normal += A[i * n + j] * r[i]
      expect(Math.abs(normal)).toBeLessThan(1e-12)
    }
  })

  it('does not depend on the units of the parameters, bit for bit', () => {
    const reference = run(saturating([1, 1], true), levenbergMarquardt(), { tolerance: 1e-10 })
    expect(reference.iterations).toBeGreaterThan(4)
    for (const scale of [
      [2 ** 40, 2 ** -30],
      [2 ** -20, 2 ** 10],
    ] as [number, number][]) {
      const result = run(saturating(scale, true), levenbergMarquardt(), { tolerance: 1e-10 })
      expect(result.iterations).toBe(reference.iterations)
      expect(result.x[0] * scale[0]).toBe(reference.x[0])
      expect(result.x[1] * scale[1]).toBe(reference.x[1])
      expect(result.certificate?.measures.relativeOffset).toBe(reference.certificate?.measures.relativeOffset)
    }
  })

  it('finds the same minimizer with differences as with the exact Jacobian', () => {
    const exact = run(saturating([1, 1], true), levenbergMarquardt())
    const differences = run(saturating([1, 1], false), levenbergMarquardt())
    expect(differences.status).toBe('converged')
    expect(differences.message).toMatch(/differences of the residuals/)
    differences.x.forEach((v, j) => {
      expect(v / exact.x[j]).toBeCloseTo(1, 9)
    })
  })

  it('decreases the sum of squares in every iteration, by steps inside the trust region', () => {
    const { trace } = run(saturating([1, 1], true), levenbergMarquardt({ initialRadius: 0.01 }), { tolerance: 1e-6 })
    const { objective, stepNorm, radius } = trace.columns
    for (let k = 1; k < objective.length; k++) {
      expect(objective[k]).toBeLessThanOrEqual(objective[k - 1])
      expect(stepNorm[k]).toBeLessThanOrEqual(1.1 * radius[k - 1] * (1 + 1e-12))
    }
  })

  it('does not jump to where an exponential has died out', () => {
    // From here the Gauss-Newton step makes the rate so large that its column of the Jacobian vanishes, though the sum of
    // squares falls: a stationary point of no use.
    const times = [1, 2, 3, 5, 7, 10]
    const data = [109, 149, 149, 191, 213, 224]
    const fit = curveFit((t, [a, b]) => a * (1 - Math.exp(-b * t)), times, data, [1, 1])
    expect(fit.status).toBe('converged')
    expect(fit.parameters[0]).toBeCloseTo(213.80940889, 5)
    expect(fit.parameters[1]).toBeCloseTo(0.54723748542, 8)
  })

  it('steps back from where the model is not defined', () => {
    let undefinedValues = 0
    const model = (t: number, [a, b]: Float64Array): number => {
      const value = a * Math.log(b + t)
      if (!Number.isFinite(value)) undefinedValues++
      return value
    }
    const near = curveFit(model, [1, 2, 3, 4], [1.2, 2.1, 2.7, 3.2], [3, 0])
    expect(undefinedValues).toBe(0)
    for (const start of [
      [1, 50],
      [0.1, 100],
    ]) {
      const far = curveFit(model, [1, 2, 3, 4], [1.2, 2.1, 2.7, 3.2], start)
      expect(far.status).toBe('converged')
      expect(far.parameters[0] / near.parameters[0]).toBeCloseTo(1, 8)
    }
    expect(undefinedValues).toBeGreaterThan(10)
  })

  it('converges for exact fits, also at zero and with a singular Jacobian', () => {
    const exact = leastSquares((x) => [x[0] - 3, x[1] * x[0] - 6, x[1] ** 2 - 4], [1, 1])
    expect(exact.status).toBe('converged')
    expect(exact.x[1]).toBeCloseTo(2, 12)
    const zero = leastSquares((x) => [x[0] + 10 * x[1], (x[0] - x[1]) ** 2], [3, -1])
    expect(zero.status).toBe('converged')
    expect(zero.objective).toBeLessThan(1e-40)
  })

  it('fits more parameters than residuals', () => {
    const result = leastSquares((x) => [x[0] + x[1] * x[2] - 4], [1, 1, 1])
    expect(result.status).toBe('converged')
    expect(result.objective).toBeLessThan(1e-25)
  })

  it('says why it failed', () => {
    const result = leastSquares((x) => [Number.isFinite(x[0]) && x[0] === 1 ? 1 : NaN, 2], [1])
    expect(result.status).not.toBe('converged')
    expect(result.message).toMatch(/Not converged/)
    expect(result.x[0]).toBe(1)
  })

  it('runs on a compiled function', () => {
    const f = compile(
      (x) => [
        x
          .at(1)
          .sub(square(x.at(0)))
          .mul(10),
        x.at(0).sub(1),
      ],
      [{ shape: [2] }],
    )
    for (const result of [
      leastSquares(f, [-1.2, 1]),
      run(leastSquaresFromGraph(f, { start: [-1.2, 1] }), levenbergMarquardt()),
    ]) {
      expect(result.status).toBe('converged')
      expect(result.x[1]).toBeCloseTo(1, 10)
      expect(result.evaluations.jacobian).toBeGreaterThan(0)
    }
  })
})

describe('relativeOffset', () => {
  it('is 1 where the residual lies in the range of J, 0 where it is orthogonal, and the sine between', () => {
    const J = Float64Array.of(1, 0, 0, 2, 0, 0)
    const x = Float64Array.of(1e-3, 1e-3)
    expect(relativeOffset(x, Float64Array.of(3, 4, 0), J)).toBeCloseTo(1, 6)
    expect(relativeOffset(x, Float64Array.of(0, 0, 5), J)).toBe(0)
    expect(relativeOffset(x, Float64Array.of(3, 0, 4), J)).toBeCloseTo(0.6, 6)
  })

  it('does not depend on the scale of parameters or residuals, nor on their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: -8, max: 20 }), (seed, exponent) => {
        const random = RandomStream.fromSeed(seed)
        const J = random.fillNormal(new Float64Array(12))
        const r = random.fillNormal(new Float64Array(4))
        const x = random.fillNormal(new Float64Array(3))
        const one = relativeOffset(x, r, J)
        const s = 10 ** exponent
        const scaledJ = J.map((v, k) => (k % 3 === 1 ? v * s : v))
        const scaledX = x.map((v, j) => (j === 1 ? v / s : v))
        expect(relativeOffset(scaledX, r, scaledJ)).toBeCloseTo(one, 10)
        expect(
          relativeOffset(
            x,
            r.map((v) => v * s),
            J.map((v) => v * s),
          ),
        ).toBeCloseTo(one, 10)
        const swapped = J.map((_, k) => J[3 * Math.floor(k / 3) + [2, 0, 1][k % 3]])
        expect(relativeOffset(Float64Array.of(x[2], x[0], x[1]), r, swapped)).toBeCloseTo(one, 10)
      }),
    )
  })

  it('copes with dependent and vanishing columns', () => {
    const J = Float64Array.of(1, 2, 0, 1, 2, 0, 1, 2, 0)
    expect(relativeOffset(Float64Array.of(1, 1, 1), Float64Array.of(1, 1, 1), J)).toBeCloseTo(1, 5)
    expect(relativeOffset(Float64Array.of(1, 1, 1), Float64Array.of(1, -1, 0), J)).toBeCloseTo(0, 12)
  })
})

describe('curveFit', () => {
  const t = [0, 1, 2, 3, 4, 6]
  const y = [1.1, 2.9, 5.2, 7.1, 8.8, 13.2]
  const line = (x: number, [a, b]: Float64Array): number => a + b * x

  it('has the closed forms of linear regression', () => {
    const fit = curveFit(line, t, y, [0, 0])
    const m = t.length
    const meanT = t.reduce((s, v) => s + v, 0) / m
    const meanY = y.reduce((s, v) => s + v, 0) / m
    const Stt = t.reduce((s, v) => s + (v - meanT) ** 2, 0)
    const slope = t.reduce((s, v, i) => s + (v - meanT) * (y[i] - meanY), 0) / Stt
    const intercept = meanY - slope * meanT
    expect(fit.parameters[1]).toBeCloseTo(slope, 10)
    expect(fit.parameters[0]).toBeCloseTo(intercept, 10)
    const rss = t.reduce((s, v, i) => s + (y[i] - intercept - slope * v) ** 2, 0)
    expect(fit.residualSumOfSquares).toBeCloseTo(rss, 10)
    expect(fit.objective).toBeCloseTo(rss / 2, 10)
    const s2 = rss / (m - 2)
    expect(fit.residualStandardDeviation).toBeCloseTo(Math.sqrt(s2), 10)
    expect(fit.covariance[3]).toBeCloseTo(s2 / Stt, 10)
    expect(fit.covariance[0]).toBeCloseTo(s2 * (1 / m + meanT ** 2 / Stt), 10)
    expect(fit.covariance[1]).toBeCloseTo((-s2 * meanT) / Stt, 10)
    expect(fit.covariance[2]).toBe(fit.covariance[1])
    expect(fit.rSquared).toBeCloseTo((slope * slope * Stt) / y.reduce((s, v) => s + (v - meanY) ** 2, 0), 10)
    expect(fit.predict(10)).toBeCloseTo(intercept + 10 * slope, 10)
    const [[low, high]] = fit.confidenceIntervals(0.95)
    // t with 4 degrees of freedom at 95 %: 2.776445105 (any table of Student's distribution).
    expect(high - low).toBeCloseTo(2 * 2.776445105 * fit.standardErrors[0], 7)
    fit.residuals.forEach((r, i) => {
      expect(r).toBeCloseTo(y[i] - fit.predict(t[i]), 12)
    })
  })

  it('weighs observations like repeated ones', () => {
    const weighted = curveFit(line, t, y, [0, 0], { weights: [1, 2, 1, 3, 1, 1] })
    const repeated = curveFit(line, [0, 1, 1, 2, 3, 3, 3, 4, 6], [1.1, 2.9, 2.9, 5.2, 7.1, 7.1, 7.1, 8.8, 13.2], [0, 0])
    expect(weighted.parameters[0]).toBeCloseTo(repeated.parameters[0], 10)
    expect(weighted.parameters[1]).toBeCloseTo(repeated.parameters[1], 10)
    expect(weighted.residualSumOfSquares).toBeCloseTo(repeated.residualSumOfSquares, 10)
  })

  it('ignores observations of weight zero', () => {
    const without = curveFit(line, t.slice(1), y.slice(1), [0, 0])
    const zero = curveFit((x, p) => (x === 0 ? NaN : line(x, p)), t, y, [0, 0], { weights: [0, 1, 1, 1, 1, 1] })
    expect(zero.parameters[1]).toBeCloseTo(without.parameters[1], 12)
    expect(zero.degreesOfFreedom).toBe(without.degreesOfFreedom)
    expect(zero.standardErrors[0]).toBeCloseTo(without.standardErrors[0], 12)
  })

  it('takes sigma as relative weights, or as absolute errors', () => {
    const sigma = [0.1, 0.2, 0.1, 0.2, 0.1, 0.2]
    const relative = curveFit(line, t, y, [0, 0], { sigma })
    const doubled = curveFit(line, t, y, [0, 0], { sigma: sigma.map((s) => 2 * s) })
    expect(doubled.standardErrors[0]).toBeCloseTo(relative.standardErrors[0], 10)
    const absolute = curveFit(line, t, y, [0, 0], { sigma, absoluteSigma: true })
    const absoluteDoubled = curveFit(line, t, y, [0, 0], { sigma: sigma.map((s) => 2 * s), absoluteSigma: true })
    expect(absoluteDoubled.standardErrors[0]).toBeCloseTo(2 * absolute.standardErrors[0], 10)
    expect(relative.standardErrors[1]).toBeCloseTo(absolute.standardErrors[1] * relative.residualStandardDeviation, 10)
  })

  it('uses the derivatives that are given', () => {
    const fit = curveFit((x, [a, b]) => a * Math.exp(-b * x), t, [5, 3.1, 1.8, 1.2, 0.6, 0.3], [1, 1], {
      gradient: (x, [a, b], out) => {
        out[0] = Math.exp(-b * x)
        out[1] = -a * x * Math.exp(-b * x)
      },
    })
    expect(fit.status).toBe('converged')
    expect(fit.evaluations.jacobian).toBeGreaterThan(0)
    const differences = curveFit((x, [a, b]) => a * Math.exp(-b * x), t, [5, 3.1, 1.8, 1.2, 0.6, 0.3], [1, 1])
    fit.standardErrors.forEach((s, j) => {
      expect(s / differences.standardErrors[j]).toBeCloseTo(1, 8)
    })
  })

  it('fits several predictors', () => {
    const rows: [number, number][] = [
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 1],
      [1, 3],
    ]
    const fit = curveFit(([u, v], [a, b, c]) => a + b * u + c * v, rows, [4, 3, 6, 8, 12], [0, 0, 0])
    expect(Array.from(fit.parameters, (p) => Math.round(p * 1e9) / 1e9)).toEqual([1, 2, 3])
  })

  it('says when the data do not determine the parameters', () => {
    const fit = curveFit((x, [a, b]) => (a + b) * x, [1, 2, 3], [2, 4, 6.1], [1, 2])
    expect(fit.message).toMatch(/do not determine all parameters: the Jacobian has rank 1 of 2/)
    expect(fit.standardErrors[0]).toBeNaN()
    const exact = curveFit(line, [0, 1], [1, 3], [0, 0])
    expect(exact.message).toMatch(/no more observations than parameters/)
    expect(exact.parameters[1]).toBeCloseTo(2, 10)
    expect(exact.confidenceIntervals()[0][0]).toBeNaN()
  })

  it.each([
    ['data of different lengths', () => curveFit(line, [1, 2], [1, 2, 3], [0, 0]), /expected xdata.length === 3/],
    ['NaN in the data', () => curveFit(line, [1, 2], [1, NaN], [0, 0]), /ydata\[1\] must be a finite number/],
    ['an empty start', () => curveFit(line, [1, 2], [1, 2], []), /start must be an array/],
    ['a model that is none', () => curveFit(3 as never, [1], [1], [1]), /model must be a function/],
    [
      'negative weights',
      () => curveFit(line, [1, 2], [1, 2], [0, 0], { weights: [1, -1] }),
      /weights\[1\] must be >= 0/,
    ],
    ['both weights and sigma', () => curveFit(line, [1], [1], [0], { weights: [1], sigma: [1] }), /not both/],
    ['an unknown option', () => curveFit(line, [1], [1], [0], { wieghts: [1] } as never), /unknown option 'wieghts'/],
    ['a level outside (0, 1)', () => curveFit(line, t, y, [0, 0]).confidenceIntervals(95), /level must be a number in/],
    ['residuals that return nothing', () => leastSquares(() => undefined as never, [1]), /must return an array/],
    ['bounds', () => leastSquaresProblem({ lower: [0] } as never), /bounds are not supported/],
  ])('refuses %s', (_, attempt, message) => {
    expect(attempt).toThrow(message)
  })
})

describe('parameterUncertainty', () => {
  it('inverts J^T J without forming it', () => {
    const random = RandomStream.fromSeed(5)
    const J = random.fillNormal(new Float64Array(40)).map((v, k) => v * 10 ** ((k % 4) - 2))
    const { covariance, rank } = parameterUncertainty(J, 4, 1)
    expect(rank).toBe(4)
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        let sum = 0
        for (let k = 0; k < 4; k++) {
          let product = 0
          for (let i = 0; i < 10; i++) product += J[4 * i + a] * J[4 * i + k]
          sum += product * covariance[4 * k + b]
        }
        expect(sum).toBeCloseTo(a === b ? 1 : 0, 8)
      }
    }
  })
})

describe('studentQuantile', () => {
  it('has its closed forms for one and two degrees of freedom', () => {
    for (const level of [0.1, 0.5, 0.9, 0.99]) {
      expect(studentQuantile(level, 1) / Math.tan((Math.PI * level) / 2)).toBeCloseTo(1, 10)
      expect(studentQuantile(level, 2) / (level * Math.sqrt(2 / (1 - level * level)))).toBeCloseTo(1, 10)
    }
  })

  it('tends to the normal quantile', () => {
    expect(studentQuantile(0.95, 1e7)).toBeCloseTo(1.959964, 5)
  })
})
