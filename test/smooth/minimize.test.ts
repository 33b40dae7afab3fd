import { describe, expect, it } from 'vitest'
import { compile, exp, sum } from '../../src/autodiff/index.ts'
import { parseLibsvm } from '../../src/data/index.ts'
import { csrToDense } from '../../src/linalg/index.ts'
import {
  barzilaiBorwein,
  lbfgs,
  logisticRegression,
  minimize,
  newton,
  quadraticBowl,
  rosenbrock,
  softmaxRegression,
  trustRegionNewton,
} from '../../src/smooth/index.ts'
import { type Method, type Result, run, type SmoothProblem, verify } from '../../src/solver/index.ts'
import { hasData, readData, readLabelled, standardize } from './shared-data.ts'

const value = (x: Float64Array): number => (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
const gradient = (x: Float64Array, out: Float64Array): void => {
  out[0] = -2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2)
  out[1] = 200 * (x[1] - x[0] ** 2)
}
const hessian = (x: Float64Array, out: Float64Array): void => {
  out.set([2 + 1200 * x[0] ** 2 - 400 * x[1], -400 * x[0], -400 * x[0], 200])
}

describe('minimize', () => {
  it('takes a plain function, and says that the gradient comes from differences', () => {
    const result = minimize(value, [-1.2, 1])
    expect(result.status).toBe('converged')
    expect(result.method).toBe('lbfgs')
    expect(result.message).toMatch(/differences/)
    expect(result.message).toMatch(/Method: lbfgs, since there are values only/)
    expect(result.x[0]).toBeCloseTo(1, 6)
    expect(result.certificate?.criteria[0].threshold).toBe(1e-6)
  })

  it.each([
    ['a gradient', { gradient }, 'lbfgs', /a gradient and no Hessian/],
    ['a small Hessian', { gradient, hessian }, 'newton', /a Hessian of 2 variables/],
    [
      'Hessian products',
      {
        gradient,
        hessianProduct: (x: Float64Array, v: Float64Array, out: Float64Array) => {
          const H = new Float64Array(4)
          hessian(x, H)
          out[0] = H[0] * v[0] + H[1] * v[1]
          out[1] = H[2] * v[0] + H[3] * v[1]
        },
      },
      'trust-region-newton',
      /Hessian products/,
    ],
    ['bounds', { gradient, lower: [-2, -2], upper: [0.5, 2] }, 'lbfgsb', /bounds/],
  ] as const)('chooses by what is offered: %s', (_, options, method, why) => {
    const result = minimize(value, [-1.2, 1], options)
    expect(result.status).toBe('converged')
    expect(result.method).toBe(method)
    expect(result.message).toMatch(why)
    expect(result.x[0]).toBeCloseTo(method === 'lbfgsb' ? 0.5 : 1, 7)
  })

  it('chooses by size', () => {
    expect(minimize(rosenbrock(1000)).method).toBe('trust-region-newton')
    expect(minimize(rosenbrock(100)).method).toBe('newton')
    expect(minimize({ ...quadraticBowl(1200, 10), hessianProduct: undefined }).message).toMatch(
      /trust-region-newton, since there is a Hessian of 1200 variables/,
    )
  })

  it('takes a compiled function with its exact derivatives', () => {
    const f = compile((x) => sum(exp(x).sub(x)), [{ shape: [3] }])
    const result = minimize(f, [1, 2, 3])
    expect(result.method).toBe('newton')
    expect(result.message).not.toMatch(/differences/)
    for (const v of result.x) expect(v).toBeCloseTo(0, 8)
    const two = compile((x) => [x.at(0), x.at(1)], [{ shape: [2] }])
    expect(() => minimize(two, [1, 1])).toThrow(/must return one number/)
  })

  it('takes a method by name or as an object, and all limits', () => {
    expect(minimize(value, [-1.2, 1], { gradient, method: 'barzilai-borwein' }).method).toBe('barzilai-borwein')
    const result = minimize(value, [-1.2, 1], {
      gradient,
      method: lbfgs({ memory: 3 }) as Method<SmoothProblem, never>,
      maxIterations: 3,
    })
    expect(result.status).toBe('iteration-limit')
    expect(result.iterations).toBe(3)
    expect(() => minimize(value, [-1.2, 1], { method: 'lbgfs' as never })).toThrow(/did you mean 'lbfgs'/)
  })

  it('does not change the start, nor the problem', () => {
    const start = [-1.2, 1]
    minimize(value, start)
    expect(start).toEqual([-1.2, 1])
    const problem = rosenbrock(2)
    minimize(problem, [5, 5])
    expect(Array.from(problem.start as Float64Array)).toEqual([-1.2, 1])
  })

  it.each([
    ['no start', () => minimize(value), /x0 must be an array/],
    ['an empty start', () => minimize(value, []), /x0 must be an array of at least one number/],
    ['NaN in the start', () => minimize(value, [NaN, 1]), /start\[0\]/],
    ['something that is no function', () => minimize(7 as never, [1]), /expected a function of x/],
    ['an unknown option', () => minimize(value, [1, 1], { tolerence: 1 } as never), /did you mean 'tolerance'/],
  ])('refuses %s', (_, attempt, message) => {
    expect(attempt).toThrow(message)
  })
})

/** Solves with several methods; all must find the same strictly convex minimum. */
function agree(problem: SmoothProblem, tolerance: number, methods: unknown[]): Result<Float64Array>[] {
  const results = methods.map((m) =>
    run(problem, m as Method<SmoothProblem, never>, { tolerance, maxIterations: 5000 }),
  )
  for (const result of results) {
    expect(result.message).toMatch(/^Converged/)
    expect(verify(problem, result).confirmed).toBe(true)
    expect(Math.abs(result.objective - results[0].objective)).toBeLessThan(1e-10)
    result.x.forEach((v, i) => {
      expect(Math.abs(v - results[0].x[i])).toBeLessThan(2e-4)
    })
  }
  return results
}

/** Share of rows whose sign is predicted. */
function accuracy(features: Float64Array, labels: Float64Array, x: Float64Array): number {
  const n = x.length
  let right = 0
  for (let i = 0; i < labels.length; i++) {
    let margin = 0
    for (let j = 0; j < n; j++) margin += features[i * n + j] * x[j]
    if (margin * labels[i] > 0) right++
  }
  return right / labels.length
}

describe.skipIf(!hasData('libsvm/heart_scale'))('on real data (skips without ../shared/data)', () => {
  it('logistic regression on heart_scale', () => {
    const data = parseLibsvm(readData('libsvm/heart_scale'))
    const features = csrToDense(data.features).data
    expect(features.length).toBe(270 * 13)
    const problem = logisticRegression({ features, labels: data.labels, regularization: 1e-3 })
    const [best] = agree(problem, 1e-8, [newton(), trustRegionNewton(), lbfgs(), barzilaiBorwein()])
    expect(accuracy(features, data.labels, best.x)).toBeGreaterThan(0.8)
  })

  it('logistic regression on the breast-cancer table', () => {
    const { features, labels, columns } = readLabelled('tabular/breast_cancer.csv')
    expect(features.length).toBe(569 * 30)
    standardize(features, columns)
    const signs = labels.map((label) => (label === 1 ? 1 : -1))
    const problem = logisticRegression({ features, labels: signs, regularization: 1e-3 })
    const [best] = agree(problem, 1e-8, [newton(), trustRegionNewton(), lbfgs(), barzilaiBorwein()])
    expect(accuracy(features, signs, best.x)).toBeGreaterThan(0.95)
  })

  it('softmax regression on the first 300 handwritten digits', () => {
    const { features, labels, columns } = readLabelled('tabular/digits.csv.gz')
    expect(features.length).toBe(1797 * 64)
    const problem = softmaxRegression({
      features: standardize(features.slice(0, 300 * columns), columns),
      labels: labels.slice(0, 300),
      classes: 10,
      regularization: 1e-2,
    })
    agree(problem, 1e-6, [trustRegionNewton(), lbfgs()])
  })
})
