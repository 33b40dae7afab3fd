import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RandomStream, ThalwegError } from '../../src/base/index.ts'
import { logSumExp, randomLogSumExp } from '../../src/smooth/log-sum-exp.ts'
import { logisticRegression } from '../../src/smooth/logistic-regression.ts'
import {
  affineMap,
  chebyshevMap,
  poweredNorm,
  type ResidualMap,
  residualMap,
  rosenbrockMap,
} from '../../src/smooth/powered-norm.ts'
import { softmaxRegression } from '../../src/smooth/softmax-regression.ts'
import { type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'

const random = RandomStream.fromSeed(11)
const uniform = (name: string, length: number): Float64Array =>
  random.split(name).fillUniform(new Float64Array(length), -1, 1)

const labels = (name: string, length: number): Float64Array => uniform(name, length).map((v) => (v < 0 ? -1 : 1))

const maps: readonly ResidualMap[] = [affineMap(uniform('A', 5 * 3), uniform('b', 5)), rosenbrockMap(), chebyshevMap(4)]

const problems: readonly SmoothProblem[] = [
  ...maps.flatMap((residuals) => [2, 2.5, 3, 4, 5].map((power) => poweredNorm({ residuals, power }))),
  logSumExp({ matrix: uniform('L', 7 * 4), offsets: uniform('l', 7), smoothing: 1 }),
  logSumExp({ matrix: uniform('M', 7 * 4), offsets: uniform('m', 7), smoothing: 0.3 }),
  logisticRegression({ features: uniform('F', 9 * 4), labels: labels('f', 9) }),
  logisticRegression({ features: uniform('G', 9 * 4), labels: labels('g', 9), regularization: 0.2 }),
  logisticRegression({ features: uniform('H', 3 * 4), labels: labels('h', 3) }),
  softmaxRegression({ features: uniform('S', 8 * 3), labels: [0, 1, 2, 2, 1, 0, 0, 2], classes: 3 }),
  softmaxRegression({ features: uniform('T', 6 * 2), labels: [1, 1, 0, 2, 1, 0], classes: 3, regularization: 0.1 }),
]

const h = 1e-5

function differenceGradient(problem: SmoothProblem, x: Float64Array): number[] {
  return Array.from(x, (_, i) => {
    const forward = x.slice()
    const backward = x.slice()
    forward[i] += h
    backward[i] -= h
    return (problem.value(forward) - problem.value(backward)) / (2 * h)
  })
}

function gradient(problem: SmoothProblem, x: Float64Array): Float64Array {
  const out = new Float64Array(problem.dimension)
  problem.gradient?.(x, out)
  return out
}

/** Any approximation as a matrix. */
function asMatrix(problem: SmoothProblem, name: string, x: Float64Array): Float64Array {
  const n = problem.dimension
  const out = new Float64Array(n * n)
  const given = problem.hessianApproximations?.[name]
  if (given?.kind === 'dense') given.evaluate(x, out)
  else if (given?.kind === 'diagonal') {
    const d = new Float64Array(n)
    given.evaluate(x, d)
    for (let i = 0; i < n; i++) out[i * n + i] = d[i]
  } else if (given?.kind === 'rank-one') {
    const v = new Float64Array(n)
    const a = given.evaluate(x, v)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i * n + j] = a * v[i] * v[j]
  } else if (given?.kind === 'low-rank') {
    const V = new Float64Array(given.rank * n)
    const w = new Float64Array(given.rank)
    given.evaluate(x, V, w)
    for (let k = 0; k < given.rank; k++) {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i * n + j] += w[k] * V[k * n + i] * V[k * n + j]
    }
  } else throw new Error(`no approximation ${name}`)
  return out
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  let scale = 1
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]))
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i]), `entry ${i}: ${actual[i]} against ${expected[i]}`).toBeLessThan(
      tolerance * scale,
    )
  }
}

const pointOf = (problem: SmoothProblem): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), {
      minLength: problem.dimension,
      maxLength: problem.dimension,
    })
    .map((values) => Float64Array.from(values))

for (const problem of problems) {
  describe(problem.name as string, () => {
    const check = (property: (x: Float64Array) => void): void => {
      fc.assert(fc.property(pointOf(problem), property), { numRuns: 25 })
    }

    it('has the gradient that differences of the value show', () => {
      check((x) => close(gradient(problem, x), differenceGradient(problem, x), 1e-6))
    })

    it('returns the same value and gradient together', () => {
      check((x) => {
        const out = new Float64Array(problem.dimension)
        expect(problem.valueAndGradient?.(x, out)).toBe(problem.value(x))
        expect(out).toEqual(gradient(problem, x))
      })
    })

    it('has the Hessian that differences of the gradient show, and is symmetric', () => {
      check((x) => {
        const n = problem.dimension
        const H = new Float64Array(n * n)
        problem.hessian?.(x, H)
        const expected = new Float64Array(n * n)
        for (let j = 0; j < n; j++) {
          const forward = x.slice()
          const backward = x.slice()
          forward[j] += h
          backward[j] -= h
          const up = gradient(problem, forward)
          const down = gradient(problem, backward)
          for (let i = 0; i < n; i++) expected[i * n + j] = (up[i] - down[i]) / (2 * h)
        }
        // Where ||u|| is small and p < 3, third derivatives are large and the differences less exact.
        close(H, expected, 2e-5)
        for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(H[i * n + j]).toBeCloseTo(H[j * n + i], 12)
      })
    })

    it('has products that agree with the matrices', () => {
      const n = problem.dimension
      const v = uniform(`v${n}`, n)
      const times = (M: Float64Array): number[] =>
        Array.from({ length: n }, (_, i) => v.reduce((sum, vj, j) => sum + M[i * n + j] * vj, 0))
      check((x) => {
        const out = new Float64Array(n)
        if (problem.hessianProduct) {
          const H = new Float64Array(n * n)
          problem.hessian?.(x, H)
          problem.hessianProduct(x, v, out)
          close(out, times(H), 1e-12)
        }
        for (const [name, given] of Object.entries(problem.hessianApproximations ?? {})) {
          if (given.kind !== 'dense' || given.product === undefined) continue
          given.product(x, v, out)
          close(out, times(asMatrix(problem, name, x)), 1e-12)
        }
      })
    })

    it('has positive semidefinite approximations', () => {
      const n = problem.dimension
      check((x) => {
        for (const name of Object.keys(problem.hessianApproximations ?? {})) {
          const M = asMatrix(problem, name, x)
          const v = uniform(`w${x[0]}`, n)
          let quadratic = 0
          for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) quadratic += v[i] * M[i * n + j] * v[j]
          expect(quadratic, name).toBeGreaterThanOrEqual(-1e-12)
        }
      })
    })
  })
}

describe('powers of residual norms', () => {
  it('have a Fisher term that is a multiple of grad f grad f^T', () => {
    const problem = poweredNorm({ residuals: rosenbrockMap(), power: 5 })
    const x = Float64Array.of(-0.3, 0.8)
    const g = gradient(problem, x)
    const factor = 3 / (5 * problem.value(x))
    const expected = Float64Array.of(
      factor * g[0] * g[0],
      factor * g[0] * g[1],
      factor * g[0] * g[1],
      factor * g[1] * g[1],
    )
    close(asMatrix(problem, 'fisher', x), expected, 1e-12)
  })

  it('have an inexact Hessian that is exact for affine residuals', () => {
    const problem = poweredNorm({ residuals: maps[0], power: 4 })
    const x = uniform('x', 3)
    const H = new Float64Array(9)
    problem.hessian?.(x, H)
    close(asMatrix(problem, 'inexact', x), H, 1e-14)
  })

  it('drop exactly sum_i u_i Hess u_i ||u||^(p-2)', () => {
    const problem = poweredNorm({ residuals: rosenbrockMap(), power: 3 })
    const x = Float64Array.of(0.4, -0.7)
    const u = [1 - 0.4, 10 * (-0.7 - 0.16)]
    const H = new Float64Array(4)
    problem.hessian?.(x, H)
    const inexact = asMatrix(problem, 'inexact', x)
    expect(H[0] - inexact[0]).toBeCloseTo(-20 * u[1] * Math.hypot(...u), 9)
    expect(H.slice(1)).toEqual(inexact.slice(1))
  })

  it.each([2, 3, 4, 5])('are finite at u = 0 with p = %i: J^T J for p = 2, else 0', (power) => {
    const problem = poweredNorm({ residuals: rosenbrockMap(), power })
    const x = Float64Array.of(1, 1)
    expect(problem.value(x)).toBe(0)
    close(gradient(problem, x), [0, 0], 1e-300)
    const expected = power === 2 ? [401, -200, -200, 100] : [0, 0, 0, 0]
    const H = new Float64Array(4)
    problem.hessian?.(x, H)
    close(H, expected, 1e-15)
    close(asMatrix(problem, 'inexact', x), expected, 1e-15)
    close(asMatrix(problem, 'fisher', x), [0, 0, 0, 0], 1e-300)
  })

  it('can be made from any residuals with a Jacobian', () => {
    const map = residualMap({
      dimension: 2,
      residualCount: 2,
      residuals: rosenbrockMap().residuals,
      jacobian: (x, out) => out.set([-1, 0, -20 * x[0], 10]),
    })
    const problem = poweredNorm({ residuals: map, power: 3 })
    const reference = poweredNorm({ residuals: rosenbrockMap(), power: 3 })
    const x = Float64Array.of(0.3, -0.4)
    expect(problem.value(x)).toBe(reference.value(x))
    close(gradient(problem, x), gradient(reference, x), 1e-15)
    for (const name of ['fisher', 'gauss-newton', 'inexact']) {
      close(asMatrix(problem, name, x), asMatrix(reference, name, x), 1e-15)
    }
    // Second derivatives of the residuals are not known, so the exact Hessian is left to differences.
    expect(problem.hessian).toBeUndefined()
  })

  it('lose no digits with tiny or huge residuals', () => {
    for (const scale of [1e-200, 1e200]) {
      const problem = poweredNorm({ residuals: affineMap(Float64Array.of(1, 0, 0, 1), new Float64Array(2)) })
      const x = Float64Array.of(3 * scale, 4 * scale)
      expect(problem.value(x) / scale / scale).toBe(scale < 1 ? 0 / scale : Infinity)
      expect(Math.hypot(...gradient(problem, x))).toBeCloseTo(5 * scale, -Math.log10(scale))
    }
  })
})

describe('log-sum-exp', () => {
  it('is safe from overflow and tends to the maximum', () => {
    const problem = logSumExp({ matrix: Float64Array.of(1, -1), offsets: new Float64Array(2), smoothing: 1e-3 })
    expect(problem.value(Float64Array.of(1000))).toBeCloseTo(1000, 10)
    expect(problem.value(Float64Array.of(0))).toBeCloseTo(1e-3 * Math.log(2), 15)
  })

  it('random instances have their minimizer at 0', () => {
    const problem = randomLogSumExp(30, 12, 0.5, RandomStream.fromSeed(5))
    for (const g of gradient(problem, new Float64Array(12))) expect(Math.abs(g)).toBeLessThan(1e-15)
    expect(problem.minimum).toBe(problem.value(new Float64Array(12)))
  })

  it('weighted Gauss-Newton misses the Hessian by grad f grad f^T / mu', () => {
    const mu = 0.5
    const problem = logSumExp({ matrix: uniform('W', 6 * 2), offsets: uniform('w', 6), smoothing: mu })
    const x = Float64Array.of(0.3, -0.2)
    const H = new Float64Array(4)
    problem.hessian?.(x, H)
    const g = gradient(problem, x)
    const M = asMatrix(problem, 'weighted-gauss-newton', x)
    close(
      M.map((entry, k) => entry - H[k]),
      [(g[0] * g[0]) / mu, (g[0] * g[1]) / mu, (g[0] * g[1]) / mu, (g[1] * g[1]) / mu],
      1e-14,
    )
  })
})

describe('logistic and softmax regression', () => {
  it('stay finite for huge margins', () => {
    const problem = logisticRegression({ features: Float64Array.of(1, 1), labels: [1, -1] })
    expect(problem.value(Float64Array.of(1e4))).toBeCloseTo(5000, 8)
    expect(gradient(problem, Float64Array.of(1e4))[0]).toBeCloseTo(0.5, 12)
  })

  it('the Fisher matrix is the second moment of the gradients of the terms', () => {
    const features = uniform('P', 4 * 2)
    const own = [1, -1, -1, 1]
    const problem = logisticRegression({ features, labels: own })
    const x = Float64Array.of(0.5, -1)
    const expected = new Float64Array(4)
    for (let i = 0; i < 4; i++) {
      const term = logisticRegression({ features: features.slice(2 * i, 2 * i + 2), labels: [own[i]] })
      const g = gradient(term, x)
      for (let a = 0; a < 2; a++) for (let b = 0; b < 2; b++) expected[2 * a + b] += (g[a] * g[b]) / 4
    }
    close(asMatrix(problem, 'fisher', x), expected, 1e-14)
  })

  it('the softmax Fisher matrix is the second moment of the gradients of the terms', () => {
    const features = uniform('Q', 3 * 2)
    const own = [0, 2, 1]
    const x = uniform('q', 6)
    const expected = new Float64Array(36)
    for (let i = 0; i < 3; i++) {
      const term = softmaxRegression({ features: features.slice(2 * i, 2 * i + 2), labels: [own[i]], classes: 3 })
      const g = gradient(term, x)
      for (let a = 0; a < 6; a++) for (let b = 0; b < 6; b++) expected[6 * a + b] += (g[a] * g[b]) / 3
    }
    close(asMatrix(softmaxRegression({ features, labels: own, classes: 3 }), 'fisher', x), expected, 1e-14)
  })

  it('two classes of softmax are logistic regression in the difference of the weights', () => {
    const features = uniform('R', 6 * 2)
    const signs = [1, -1, 1, 1, -1, -1]
    const w = Float64Array.of(0.7, -0.4)
    const logistic = logisticRegression({ features, labels: signs })
    const softmax = softmaxRegression({ features, labels: signs.map((s) => (s + 1) / 2), classes: 2 })
    expect(softmax.value(Float64Array.of(0, 0, w[0], w[1]))).toBeCloseTo(logistic.value(w), 14)
  })
})

describe('approximations of a smooth problem', () => {
  const quadratic = { dimension: 1, value: (x: Float64Array) => x[0] * x[0] }

  it.each([
    ['an unknown kind', { kind: 'full', evaluate: () => {} }, /kind.*'odd'.*dense, diagonal/],
    ['no oracle', { kind: 'dense' }, /evaluate.*'odd'.*a function.*undefined/],
    ['a bad rank', { kind: 'low-rank', rank: 0, evaluate: () => {} }, /rank.*'odd'.*integer >= 1.*0/],
  ])('refuse %s', (_, approximation, message) => {
    const build = (): unknown => smoothProblem({ ...quadratic, hessianApproximations: { odd: approximation as never } })
    expect(build).toThrow(message)
    expect(build).toThrow(ThalwegError)
  })

  it('refuse a metric of another shape', () => {
    expect(() => smoothProblem({ ...quadratic, dimension: 2, metric: [1, 2, 3] })).toThrow(/metric has length 3/)
  })

  it.each([
    ['log-sum-exp', () => logSumExp({ matrix: new Float64Array(5), offsets: new Float64Array(2) }), /matrix.length/],
    [
      'log-sum-exp smoothing',
      () => logSumExp({ matrix: new Float64Array(4), offsets: new Float64Array(2), smoothing: 0 }),
      /smoothing must be.*> 0, got 0/,
    ],
    ['logistic shape', () => logisticRegression({ features: new Float64Array(5), labels: [1, 1] }), /features.length/],
    [
      'labels',
      () => logisticRegression({ features: new Float64Array(2), labels: [1, 0] }),
      /labels\[1\] must be -1 or 1/,
    ],
    [
      'negative penalty',
      () => logisticRegression({ features: new Float64Array(2), labels: [1, 1], regularization: -1 }),
      /regularization must be >= 0/,
    ],
    [
      'softmax labels',
      () => softmaxRegression({ features: new Float64Array(2), labels: [0, 3], classes: 3 }),
      /labels\[1\].*\[0, 3\)/,
    ],
    [
      'softmax classes',
      () => softmaxRegression({ features: new Float64Array(2), labels: [0, 0], classes: 1 }),
      /classes/,
    ],
    ['power', () => poweredNorm({ residuals: rosenbrockMap(), power: 1.5 }), /power must be.*>= 2, got 1.5/],
    ['affine shape', () => affineMap(new Float64Array(5), new Float64Array(2)), /matrix.length/],
    ['Chebyshev dimension', () => chebyshevMap(0), /dimension must be/],
  ])('refuse bad input: %s', (_, build, message) => {
    expect(build).toThrow(message)
    expect(build).toThrow(ThalwegError)
  })
})
