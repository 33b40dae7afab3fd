import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { barzilaiBorwein, chainedRosenbrock, lbfgs, quadraticBowl, rosenbrock } from '../../src/smooth/index.ts'
import { iterate, run, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'

/** (1/2) x^T A x - b^T x with a random symmetric positive definite A. */
function randomQuadratic(n: number, seed: number): SmoothProblem & { A: Float64Array } {
  const random = RandomStream.fromSeed(seed)
  const root = random.fillNormal(new Float64Array(n * n))
  const A = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) A[i * n + j] += root[i * n + k] * root[j * n + k]
      if (i === j) A[i * n + j] += 1
    }
  }
  const b = random.fillNormal(new Float64Array(n))
  const problem = smoothProblem({
    dimension: n,
    value(x) {
      let value = 0
      for (let i = 0; i < n; i++) {
        let row = 0
        for (let j = 0; j < n; j++) row += A[i * n + j] * x[j]
        value += x[i] * (0.5 * row - b[i])
      }
      return value
    },
    gradient(x, out) {
      for (let i = 0; i < n; i++) {
        out[i] = -b[i]
        for (let j = 0; j < n; j++) out[i] += A[i * n + j] * x[j]
      }
    },
    start: random.fillNormal(new Float64Array(n)),
  })
  return { ...problem, A }
}

describe('lbfgs', () => {
  it.each([2, 5, 10])('with nearly exact searches ends on a quadratic of %i variables within n + 1 steps', (n) => {
    const problem = randomQuadratic(n, n)
    const { A: _, ...quadratic } = problem
    const result = run(quadratic, lbfgs({ curvature: 1e-9, sufficientDecrease: 1e-10, memory: 20 }), {
      tolerance: 1e-6,
      maxIterations: n + 1,
    })
    expect(result.status).toBe('converged')
  })

  it('visits the same points with any memory of at least two on a quadratic with exact searches: they are conjugate', () => {
    const { A: _, ...quadratic } = randomQuadratic(6, 3)
    const path = (memory: number): Float64Array =>
      run(quadratic, lbfgs({ memory, curvature: 1e-10, sufficientDecrease: 1e-11 }), { maxIterations: 4, tolerance: 0 })
        .x
    const full = path(50)
    path(2).forEach((v, i) => {
      expect(v).toBeCloseTo(full[i], 6)
    })
  })

  it('makes steps that are conjugate on a quadratic', () => {
    const problem = randomQuadratic(6, 9)
    const { A, ...quadratic } = problem
    const points: Float64Array[] = []
    for (const { x } of iterate(quadratic, lbfgs({ curvature: 1e-10, sufficientDecrease: 1e-11 }), {
      maxIterations: 4,
    })) {
      points.push(x.slice())
    }
    const steps = points.slice(1).map((p, k) => p.map((v, i) => v - points[k][i]))
    const inner = (u: Float64Array, v: Float64Array): number => {
      let sum = 0
      for (let i = 0; i < 6; i++) for (let j = 0; j < 6; j++) sum += u[i] * A[i * 6 + j] * v[j]
      return sum
    }
    for (let a = 0; a < steps.length; a++) {
      for (let b = 0; b < a; b++) {
        const cosine = inner(steps[a], steps[b]) / Math.sqrt(inner(steps[a], steps[a]) * inner(steps[b], steps[b]))
        expect(Math.abs(cosine)).toBeLessThan(1e-5)
      }
    }
  })

  it('reaches gradients near rounding level', () => {
    const result = run(rosenbrock(100), lbfgs(), { tolerance: 1e-10 })
    expect(result.status).toBe('converged')
    // A large constant hides the decrease of f long before the gradient vanishes.
    const bowl = quadraticBowl(20, 100)
    const lifted = { ...bowl, value: (x: Float64Array) => 1e6 + bowl.value(x) } as SmoothProblem
    const high = run(lifted, lbfgs(), { tolerance: 1e-8 })
    expect(high.status).toBe('converged')
  })

  it('keeps runs apart that take turns, or that run inside one another', () => {
    // Long vectors are multiplied in memory that all runs share.
    const options = { tolerance: 1e-6, maxIterations: 30 }
    const problems = [rosenbrock(40), rosenbrock(64), chainedRosenbrock(40)]
    const alone = problems.map((p) => run(p, lbfgs(), options).x)
    const paths = problems.map((p) => iterate(p, lbfgs(), options))
    const results: (Float64Array | null)[] = problems.map(() => null)
    while (results.some((x) => x === null)) {
      paths.forEach((path, k) => {
        if (results[k] !== null) return
        const next = path.next()
        if (next.done) results[k] = next.value.x
      })
    }
    results.forEach((x, k) => {
      expect(x).toEqual(alone[k])
    })
    const nesting = rosenbrock(40)
    const outer: SmoothProblem = {
      ...nesting,
      valueAndGradient(x, out) {
        run(chainedRosenbrock(40), lbfgs(), { maxIterations: 3 })
        return nesting.valueAndGradient?.(x, out) as number
      },
    }
    const nested = run(outer, lbfgs(), options)
    expect(nested.x).toEqual(alone[0])
  })

  it('takes the same directions on kernels as in plain loops', () => {
    // A separable function repeated: 40 variables run on kernels, 2 in plain loops, and the iterates are copies.
    const small = run(rosenbrock(2), lbfgs(), { maxIterations: 12, tolerance: 0 })
    const large = run(rosenbrock(40), lbfgs(), { maxIterations: 12, tolerance: 0 })
    large.x.forEach((v, i) => {
      expect(v).toBeCloseTo(small.x[i % 2], 6)
    })
  })

  it('decreases f at every step, and its steps satisfy the Wolfe conditions', () => {
    const problem = rosenbrock(10)
    let before: { x: Float64Array; value: number; gradient: Float64Array } | null = null
    let steps = 0
    for (const { x, measures } of iterate(problem, lbfgs(), { tolerance: 1e-6 })) {
      const gradient = new Float64Array(10)
      problem.valueAndGradient?.(x, gradient)
      if (before !== null) {
        let slope = 0
        let next = 0
        for (let i = 0; i < 10; i++) {
          slope += before.gradient[i] * (x[i] - before.x[i])
          next += gradient[i] * (x[i] - before.x[i])
        }
        expect(slope).toBeLessThan(0)
        expect(measures.objective).toBeLessThanOrEqual(before.value + 1e-4 * slope + 1e-13 * before.value)
        expect(Math.abs(next)).toBeLessThanOrEqual(0.9 * Math.abs(slope) * (1 + 1e-9))
        steps++
      }
      before = { x: x.slice(), value: measures.objective, gradient }
    }
    expect(steps).toBeGreaterThan(20)
  })

  it('uses about one evaluation an iteration', () => {
    const { evaluations, iterations } = run(rosenbrock(100), lbfgs(), { tolerance: 1e-8 })
    expect(evaluations.gradient).toBeLessThan(1.5 * iterations)
    expect(evaluations.gradient).toBe(evaluations.value)
  })

  it('steps back from where f is not finite', () => {
    // Analytic centre of the interval (0, 1): value NaN outside.
    const problem = smoothProblem({
      dimension: 1,
      value: (x) => -Math.log(x[0]) - Math.log(1 - x[0]),
      gradient: (x, out) => {
        out[0] = -1 / x[0] + 1 / (1 - x[0])
      },
      start: [1e-6],
    })
    const result = run(problem, lbfgs(), { tolerance: 1e-10 })
    expect(result.status).toBe('converged')
    expect(result.x[0]).toBeCloseTo(0.5, 9)
  })
})

describe('barzilai-borwein', () => {
  it('is exact on a multiple of the identity: the second step ends', () => {
    const problem = smoothProblem({
      dimension: 3,
      value: (x) => 3.5 * (x[0] ** 2 + x[1] ** 2 + x[2] ** 2),
      gradient: (x, out) => {
        for (let i = 0; i < 3; i++) out[i] = 7 * x[i]
      },
      start: [1, -2, 3],
    })
    for (const stepRule of ['long', 'short', 'alternating'] as const) {
      const result = run(problem, barzilaiBorwein({ stepRule }), { tolerance: 1e-10 })
      expect(result.iterations).toBeLessThanOrEqual(3)
    }
  })

  it('lets f rise on the way and returns the best point', () => {
    const values: number[] = []
    const best: number[] = []
    const problem = quadraticBowl(30, 1000)
    const result = run(problem, barzilaiBorwein(), {
      tolerance: 1e-8,
      onIteration: ({ measures }) => {
        values.push(measures.currentObjective)
        best.push(measures.objective)
      },
    })
    const rises = values.filter((v, k) => k > 0 && v > values[k - 1]).length
    expect(rises).toBeGreaterThan(5)
    best.forEach((b, k) => {
      expect(b).toBeLessThanOrEqual(values[k] * (1 + 1e-13))
      if (k > 0) expect(b).toBeLessThanOrEqual(best[k - 1] * (1 + 1e-13))
    })
    expect(problem.value(result.x)).toBe(result.objective)
  })

  it('never exceeds the largest of the last values, and decreases with a window of 1', () => {
    const problem = rosenbrock(2)
    for (const window of [1, 4]) {
      const values: number[] = []
      run(problem, barzilaiBorwein({ window }), {
        tolerance: 1e-6,
        onIteration: ({ measures }) => values.push(measures.currentObjective),
      })
      for (let k = 1; k < values.length; k++) {
        const reference = Math.max(...values.slice(Math.max(0, k - window), k))
        expect(values[k]).toBeLessThanOrEqual(reference * (1 + 1e-15))
      }
    }
  })

  it('solves box-constrained problems: the projection of the centre for a bowl', () => {
    const centre = [2, -3, 0.5, 10]
    const lower = [0, -1, -Infinity, 0]
    const upper = [1, 1, 0.75, Infinity]
    const result = run(
      smoothProblem({
        dimension: 4,
        value: (x) => x.reduce((sum, v, i) => sum + (i + 1) * (v - centre[i]) ** 2, 0),
        gradient: (x, out) => {
          for (let i = 0; i < 4; i++) out[i] = 2 * (i + 1) * (x[i] - centre[i])
        },
        lower,
        upper,
        start: [0.5, 0.5, 0.5, 0.5],
      }),
      barzilaiBorwein(),
      {
        onIteration: ({ x }) => {
          x.forEach((v, i) => {
            expect(v).toBeGreaterThanOrEqual(lower[i])
            expect(v).toBeLessThanOrEqual(upper[i])
          })
        },
      },
    )
    expect(result.status).toBe('converged')
    ;[1, -1, 0.5, 10].forEach((expected, i) => {
      expect(result.x[i]).toBeCloseTo(expected, 8)
    })
  })
})
