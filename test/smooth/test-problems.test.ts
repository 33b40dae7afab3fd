import { describe, expect, it } from 'vitest'
import {
  asLeastSquaresProblem,
  asSmoothProblem,
  barzilaiBorwein,
  gradientDescent,
  lbfgs,
  levenbergMarquardt,
  newton,
  smoothTestProblems,
  sumsOfSquares,
  testProblems,
  trustRegionNewton,
} from '../../src/smooth/index.ts'
import { type Method, run, type SmoothProblem, verify } from '../../src/solver/index.ts'

const problems = smoothTestProblems()
type AnySmoothMethod = Method<SmoothProblem, never>

/** Points around the start at which derivatives are checked, no component of which is special. */
function points(problem: SmoothProblem): Float64Array[] {
  const start = problem.start as Float64Array
  return [0.1, -0.23].map((shift) => start.map((v, i) => v + shift * (1 + 0.1 * Math.cos(i + 1))))
}

describe('the test problems', () => {
  it.each(problems.map((p) => [p.name as string, p] as const))('%s: the gradient agrees with differences', (_, p) => {
    const n = p.dimension
    const gradient = new Float64Array(n)
    for (const x of points(p)) {
      p.gradient?.(x, gradient)
      const value = p.valueAndGradient?.(x, gradient) ?? p.value(x)
      expect(value).toBeCloseTo(p.value(x), 12 - Math.ceil(Math.log10(1 + Math.abs(value))))
      let scale = 0
      for (const g of gradient) scale = Math.max(scale, Math.abs(g))
      for (let i = 0; i < Math.min(n, 12); i++) {
        const xi = x[i]
        const h = 1e-4 * Math.max(1, Math.abs(xi))
        // Fourth order: exact for polynomials of degree four.
        const at = (t: number): number => {
          x[i] = xi + t * h
          const f = p.value(x)
          x[i] = xi
          return f
        }
        const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
        expect(Math.abs(slope - gradient[i])).toBeLessThan(1e-6 * scale + (1e-10 * Math.abs(value)) / h)
      }
    }
  })

  it.each(problems.filter((p) => p.hessian && p.dimension <= 100).map((p) => [p.name as string, p] as const))(
    '%s: the Hessian agrees with differences of gradients, and with its products',
    (_, p) => {
      const n = p.dimension
      const H = new Float64Array(n * n)
      const above = new Float64Array(n)
      const below = new Float64Array(n)
      const product = new Float64Array(n)
      const unit = new Float64Array(n)
      const gradient = (x: Float64Array, out: Float64Array): void => {
        if (p.gradient) p.gradient(x, out)
        else p.valueAndGradient?.(x, out)
      }
      for (const x of points(p)) {
        p.hessian?.(x, H)
        for (let j = 0; j < Math.min(n, 8); j++) {
          const xj = x[j]
          x[j] = xj + 1e-5
          gradient(x, above)
          x[j] = xj - 1e-5
          gradient(x, below)
          x[j] = xj
          unit.fill(0)
          unit[j] = 1
          p.hessianProduct?.(x, unit, product)
          for (let i = 0; i < n; i++) {
            expect(H[i * n + j]).toBe(H[j * n + i])
            expect(product[i] + 0).toBe(H[i * n + j] + 0)
            expect(Math.abs((above[i] - below[i]) / 2e-5 - H[i * n + j])).toBeLessThan(1e-4)
          }
        }
      }
    },
  )

  it.each(problems.filter((p) => p.minimizer).map((p) => [p.name as string, p] as const))(
    '%s: the minimizer has the stated minimum and a vanishing gradient',
    (_, p) => {
      const x = p.minimizer as Float64Array
      const gradient = new Float64Array(p.dimension)
      expect(p.value(x)).toBeCloseTo(p.minimum as number, 14)
      if (p.valueAndGradient) p.valueAndGradient(x, gradient)
      else p.gradient?.(x, gradient)
      // Brown badly scaled: x1 x2 - 2 is a rounding error times 1e6.
      for (const g of gradient) expect(Math.abs(g)).toBeLessThan(1e-8)
    },
  )

  it.each(sumsOfSquares.map((s) => [s.name, s] as const))('%s: both readings have the same minimum', (_, s) => {
    const smooth = asSmoothProblem(s)
    const least = asLeastSquaresProblem(s)
    const residuals = new Float64Array(s.residualCount)
    const x = Float64Array.from(s.start)
    least.residuals(x, residuals)
    expect(residuals.reduce((sum, r) => sum + r * r, 0)).toBeCloseTo(smooth.value(x), 8)
    expect(least.minimum).toBe(0.5 * (smooth.minimum as number))
  })

  it('offers them by name', () => {
    expect(testProblems.rosenbrock(100).dimension).toBe(100)
    expect(() => testProblems.rosenbrock(3)).toThrow(/dimension must be an integer >= 2 divisible by 2, got 3/)
    expect(() => testProblems.quadraticBowl(3, 0.5)).toThrow(/condition/)
  })
})

/** Relative distance of a value from the minimum. */
function excess(value: number, problem: SmoothProblem): number {
  const minimum = problem.minimum as number
  return (value - minimum) / Math.max(1, Math.abs(minimum))
}

describe('second-order and quasi-Newton methods reach every minimum to the default tolerance', () => {
  const methods: [AnySmoothMethod, number][] = [
    [lbfgs() as AnySmoothMethod, Infinity],
    [trustRegionNewton() as AnySmoothMethod, Infinity],
    [trustRegionNewton({ curvature: 'matrix' }) as AnySmoothMethod, 100],
    [newton() as AnySmoothMethod, 100],
  ]
  for (const [method, largest] of methods) {
    for (const problem of problems.filter((p) => p.dimension <= largest)) {
      it(`${method.name} ${JSON.stringify(method.options.curvature ?? '')}: ${problem.name}`, () => {
        const result = run(problem, method, { maxIterations: 3000 })
        expect(result.message).toMatch(/^Converged/)
        expect(result.status).toBe('converged')
        expect(excess(result.objective, problem)).toBeLessThan(1e-9)
        expect(verify(problem, result).confirmed).toBe(true)
      })
    }
  }
})

describe('first-order methods reach every minimum that their arithmetic can reach', () => {
  // Curvatures of 2 and 2e12 meet at the minimizer of Brown's function: along -g no step moves both variables by more than
  // rounding. It stays out, for every method without curvature.
  const reachable = problems.filter((p) => p.name !== 'Brown badly scaled')

  it.each(reachable.map((p) => [p.name as string, p] as const))('barzilai-borwein: %s', (_, p) => {
    const result = run(p, barzilaiBorwein(), { tolerance: 1e-6, maxIterations: 20_000 })
    expect(result.message).toMatch(/^Converged/)
    // The gradient of Powell's function is flat to third order: f <= 1e-6 is what |g| <= 1e-6 means there.
    expect(excess(result.objective, p)).toBeLessThan(p.name?.startsWith('Powell') ? 1e-6 : 1e-9)
  })

  // Linear convergence with the condition number: several ten thousand iterations where the valley is narrow. The large Powell
  // function is many copies of the small one.
  const small = reachable.filter((p) => p.dimension <= 100 && p.name !== 'Powell singular, n = 100')
  it.each(small.map((p) => [p.name as string, p] as const))('gradient-descent: %s', (_, p) => {
    const result = run(p, gradientDescent(), { tolerance: 1e-6, maxIterations: 50_000, traceEvery: 0 })
    expect(excess(result.objective, p)).toBeLessThan(p.name?.startsWith('Powell') ? 1e-6 : 1e-10)
  })
})

describe('levenberg-marquardt', () => {
  it.each(sumsOfSquares.map((s) => [s.name, s] as const))('%s', (_, s) => {
    const problem = asLeastSquaresProblem(s)
    const result = run(problem, levenbergMarquardt())
    expect(result.message).toMatch(/^Converged/)
    expect(result.objective - 0.5 * s.minimum).toBeLessThan(1e-10 * Math.max(1, s.minimum))
    expect(verify(problem, result).confirmed).toBe(true)
  })
})
