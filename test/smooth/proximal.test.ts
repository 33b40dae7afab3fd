import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream, ShapeError } from '../../src/base/index.ts'
import { compositeProblem } from '../../src/smooth/composite-problem.ts'
import { nuclearNorm } from '../../src/smooth/nuclear-norm.ts'
import {
  affineConstraint,
  ballConstraint,
  boxConstraint,
  elasticNet,
  groupNorm,
  l1BallConstraint,
  l1Norm,
  nothing,
  type ProximalFunction,
  secondOrderConeConstraint,
  simplexConstraint,
  squaredNorm,
} from '../../src/smooth/proximal-functions.ts'
import { proximalGradient } from '../../src/smooth/proximal-gradient.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'

const n = 6
const sets: ProximalFunction[] = [
  boxConstraint([-1, -1, -1, -Infinity, 0, 0], [1, 1, Infinity, 0, 0, 2]),
  ballConstraint(1.5, [1, 0, 0, 0, 0, -1]),
  simplexConstraint(2),
  l1BallConstraint(1),
  secondOrderConeConstraint(),
  affineConstraint([1, 1, 1, 1, 1, 1, 1, -1, 0, 0, 2, 0], [3, 1]),
]
const norms: ProximalFunction[] = [
  nothing(),
  l1Norm(0.7),
  l1Norm([0, 0.5, 1, 1.5, 2, 0.1]),
  squaredNorm(2),
  elasticNet(0.5, 1),
  groupNorm(0.8, [
    [0, 3],
    [1, 2, 5],
  ]),
  nuclearNorm(0.6, 2, 3),
]
const point = fc
  .array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: n, maxLength: n })
  .map((values) => Float64Array.from(values))

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0)
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i])

function prox(g: ProximalFunction, x: Float64Array, t = 1): Float64Array {
  const out = new Float64Array(x.length)
  g.proximal(x, t, out)
  return out
}

describe.each(sets.map((set) => [set.name, set] as const))('projection onto the %s', (_, set) => {
  it('lands in the set, and stays there', () => {
    fc.assert(
      fc.property(point, (x) => {
        const p = prox(set, x)
        expect(set.value(p)).toBe(0)
        for (const d of minus(prox(set, p), p)) expect(Math.abs(d)).toBeLessThan(1e-12)
      }),
    )
  })

  it('is the nearest point: <x - p, u - p> <= 0 for every u in the set', () => {
    fc.assert(
      fc.property(point, point, (x, other) => {
        const p = prox(set, x)
        const u = prox(set, other)
        expect(dot(minus(x, p), minus(u, p))).toBeLessThan(1e-9)
      }),
    )
  })

  it('gives the value Infinity outside', () => {
    expect(set.value(new Float64Array(n).fill(-50))).toBe(Infinity)
  })
})

describe.each(norms.map((g, i) => [`${g.name} (${i})`, g] as const))('proximal operator of %s', (_, g) => {
  it('minimises g(u) + ||u - x||^2 / 2t', () => {
    const stream = RandomStream.fromSeed(1)
    fc.assert(
      fc.property(point, fc.double({ min: 0.1, max: 3, noNaN: true }), (x, t) => {
        const p = prox(g, x, t)
        const cost = (u: Float64Array): number => g.value(u) + dot(minus(u, x), minus(u, x)) / (2 * t)
        const best = cost(p)
        for (let k = 0; k < 8; k++) {
          const size = 10 ** -(k % 4)
          const u = p.map((v) => v + size * stream.normal())
          expect(cost(u)).toBeGreaterThanOrEqual(best - 1e-10)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('does not expand distances, and may be done in place', () => {
    fc.assert(
      fc.property(point, point, (x, y) => {
        const px = prox(g, x)
        const distance = minus(px, prox(g, y))
        expect(dot(distance, distance)).toBeLessThanOrEqual(dot(minus(x, y), minus(x, y)) * (1 + 1e-9) + 1e-12)
        const inPlace = x.slice()
        g.proximal(inPlace, 1, inPlace)
        expect(inPlace).toEqual(px)
      }),
      { numRuns: 40 },
    )
  })
})

describe('proximal functions', () => {
  it('Moreau: the L1 norm and the box of its dual norm split every vector', () => {
    fc.assert(
      fc.property(point, (x) => {
        const shrunk = prox(l1Norm(0.7), x)
        const clamped = prox(boxConstraint(new Float64Array(n).fill(-0.7), new Float64Array(n).fill(0.7)), x)
        for (let i = 0; i < n; i++) expect(shrunk[i] + clamped[i]).toBeCloseTo(x[i], 12)
      }),
    )
  })

  it.each([
    [() => ballConstraint(0), /radius must be a finite number > 0, got 0/],
    [() => l1Norm(-1), /weight must be a finite number >= 0, got -1/],
    [() => simplexConstraint(NaN), /total/],
    [
      () =>
        groupNorm(1, [
          [0, 1],
          [1, 2],
        ]),
      /index 1 is in two groups/,
    ],
    [() => affineConstraint([1, 2, 2, 4], [1, 2]), /row 1 .* depends linearly/],
  ])('refuses nonsense', (build, message) => {
    expect(build).toThrow(InvalidInputError)
    expect(build).toThrow(message)
  })

  it('refuses shapes that do not fit', () => {
    expect(() => affineConstraint([1, 2, 3], [1, 2])).toThrow(ShapeError)
    expect(() => prox(nuclearNorm(1, 2, 2), new Float64Array(6))).toThrow(ShapeError)
  })
})

/** Least squares 1/2 ||A x - b||^2 with m rows. */
function leastSquares(a: Float64Array, b: Float64Array, columns: number) {
  const m = b.length
  const residual = new Float64Array(m)
  const evaluate = (x: Float64Array): number => {
    let f = 0
    for (let i = 0; i < m; i++) {
      let r = -b[i]
      for (let j = 0; j < columns; j++) r += a[i * columns + j] * x[j]
      residual[i] = r
      f += 0.5 * r * r
    }
    return f
  }
  return smoothProblem({
    dimension: columns,
    value: evaluate,
    gradient(x, out) {
      evaluate(x)
      for (let j = 0; j < columns; j++) {
        out[j] = 0
        for (let i = 0; i < m; i++) out[j] += a[i * columns + j] * residual[i]
      }
    },
    start: new Float64Array(columns),
  })
}

describe('proximal gradient', () => {
  it('with orthonormal columns the lasso is soft thresholding, found in a few steps', () => {
    const b = Float64Array.of(3, -0.5, 0.2, -2)
    const identity = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0))
    const result = run(compositeProblem(leastSquares(identity, b, 4), l1Norm(0.7)), proximalGradient())
    expect(result.status).toBe('converged')
    expect([...result.x]).toEqual([2.3, 0, 0, -1.3].map((v) => expect.closeTo(v, 8)))
  })

  const random = RandomStream.fromSeed(4)
  const m = 40
  const columns = 60
  const a = random.fillNormal(new Float64Array(m * columns))
  const truth = new Float64Array(columns)
  for (let j = 0; j < 5; j++) truth[7 * j] = j % 2 ? -2 : 3
  const b = new Float64Array(m)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < columns; j++) b[i] += a[i * columns + j] * truth[j]
    b[i] += 0.01 * random.normal()
  }
  const lasso = compositeProblem(leastSquares(a, b, columns), l1Norm(2))

  it('solves the lasso to its subgradient conditions and finds the right support', () => {
    const result = run(lasso, proximalGradient(), { tolerance: 1e-9 })
    expect(result.status).toBe('converged')
    const gradient = new Float64Array(columns)
    lasso.smooth.gradient?.(result.x, gradient)
    for (let j = 0; j < columns; j++) {
      if (result.x[j] !== 0) expect(gradient[j] + 2 * Math.sign(result.x[j])).toBeCloseTo(0, 6)
      else expect(Math.abs(gradient[j])).toBeLessThanOrEqual(2 + 1e-6)
      if (truth[j] !== 0) expect(Math.sign(result.x[j])).toBe(Math.sign(truth[j]))
    }
  })

  it('acceleration turns a condition number into its square root', () => {
    const curvatures = [1, 10, 100, 1000, 3000]
    const stiff = smoothProblem({
      dimension: 5,
      value: (x) => x.reduce((sum, v, i) => sum + 0.5 * curvatures[i] * v * v, 0),
      gradient: (x, out) => {
        for (let i = 0; i < 5; i++) out[i] = curvatures[i] * x[i]
      },
      start: [1, 1, 1, 1, 1],
    })
    const problem = compositeProblem(stiff, boxConstraint(new Float64Array(5).fill(-1)))
    const fast = run(problem, proximalGradient(), { tolerance: 1e-8 })
    const slow = run(problem, proximalGradient({ acceleration: 'none' }), { tolerance: 1e-8 })
    expect(fast.status).toBe('converged')
    expect(slow.objective - fast.objective).toBeLessThan(1e-6)
    expect(fast.iterations).toBeLessThan(0.3 * slow.iterations)
  })

  it('keeps to the 1/k^2 bound 2 L ||x0 - x*||^2 / (k + 1)^2 without restarts in its way', () => {
    const optimum = run(lasso, proximalGradient(), { tolerance: 1e-10 })
    let lipschitz = 0
    for (let i = 0; i < a.length; i++) lipschitz += a[i] * a[i]
    const distance = dot(optimum.x, optimum.x)
    run(lasso, proximalGradient({ initialStep: 1e-4 }), {
      maxIterations: 60,
      tolerance: 0,
      onIteration({ iteration, measures }) {
        // The Frobenius norm bounds the Lipschitz constant, the backtracked one is at most twice it.
        const bound = (4 * lipschitz * distance) / (iteration + 1) ** 2
        expect(measures.objective - optimum.objective).toBeLessThanOrEqual(bound)
      },
    })
  })

  it('refuses parts that do not belong', () => {
    expect(() => compositeProblem({} as never, l1Norm(1))).toThrow(/smooth must be a smooth problem/)
    expect(() => compositeProblem(lasso.smooth, {} as never)).toThrow(/value and proximal/)
    const boxed = smoothProblem({ dimension: 1, value: () => 0, lower: [0], start: [1] })
    expect(() => compositeProblem(boxed, l1Norm(1))).toThrow(/boxConstraint/)
  })
})
