import { describe, expect, it } from 'vitest'
import { globalSearch, minimize, multiStart } from '../../src/smooth/index.ts'
import { type Iterate, run, type Snapshot, smoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

/** A tilted double well on [-2, 2]: minima near -1 (global) and +1. */
const doubleWell = smoothProblem({
  dimension: 1,
  value: (x) => (x[0] ** 2 - 1) ** 2 + 0.2 * x[0],
  gradient: (x, out) => void (out[0] = 4 * x[0] * (x[0] ** 2 - 1) + 0.2),
  lower: [-2],
  upper: [2],
  start: [1.2],
})

describe('multi-start', () => {
  const solve = (options: Parameters<typeof multiStart>[0], seed = 1) =>
    run(doubleWell, multiStart(options) as never, { seed, tolerance: 1e-9 })

  it('leaves the well that the start lies in', () => {
    expect(solve({ starts: 1 }).x[0]).toBeCloseTo(0.974, 3)
    for (const localMethod of ['lbfgsb', 'projected-newton'] as const) {
      const result = solve({ starts: 8, localMethod })
      expect(result.status).toBe('converged')
      // The root of 4 x (x^2 - 1) + 0.2 near -1.
      expect(result.x[0]).toBeCloseTo(-1.0241, 3)
      expect(result.certificate?.measures.gradientNorm).toBeLessThanOrEqual(1e-9)
    }
  })

  it('begins with the given start, then covers each coordinate evenly', () => {
    const starts = 9
    const problem = testProblem('rastrigin', 3)
    const result = run(problem, multiStart({ starts }) as never, { maxIterations: 0, seed: 5 })
    const { points } = (result.snapshot as Snapshot).state as { points: Float64Array }
    expect(points.slice(0, 3)).toEqual(problem.start)
    for (let j = 0; j < 3; j++) {
      const strata = Array.from({ length: starts - 1 }, (_, i) => {
        const share = (points[(i + 1) * 3 + j] - problem.lower[j]) / (problem.upper[j] - problem.lower[j])
        return Math.floor(share * (starts - 1))
      })
      expect(strata.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    }
  })

  it('says how many searches arrived at the best value, also after a resume', () => {
    const whole = solve({ starts: 8 })
    expect(whole.message).toMatch(/[1-8] of 8 local searches ended at about the best value/)
    const part = run(doubleWell, multiStart({ starts: 8 }) as never, { seed: 1, tolerance: 1e-9, maxIterations: 20 })
    const resumed = run(doubleWell, multiStart({ starts: 8 }) as never, {
      tolerance: 1e-9,
      ...(part.snapshot && { resume: part.snapshot }),
    })
    expect(resumed.message).toBe(whole.message)
    expect(resumed.x).toEqual(whole.x)
  })

  it('is not done before all starts are, and never gets worse', () => {
    let last = Infinity
    let searches = 0
    run(doubleWell, multiStart({ starts: 5 }) as never, {
      tolerance: 1,
      onIteration: ({ measures }: Iterate) => {
        expect(measures.objective).toBeLessThanOrEqual(last)
        last = measures.objective
        searches = measures.search
      },
    })
    expect(searches).toBe(5)
  })

  it('gives up searches that break down, not the whole', () => {
    const holes = smoothProblem({
      dimension: 2,
      value: (x) => (x[0] < 0 ? NaN : (x[0] - 1) ** 2 + x[1] ** 2),
      lower: [-5, -5],
      upper: [5, 5],
      start: [3, 3],
    })
    const result = run(holes, multiStart({ starts: 12 }) as never, { tolerance: 1e-5 })
    expect(result.status).toBe('converged')
    expect(result.x[0]).toBeCloseTo(1, 5)
  })
})

describe('global search', () => {
  it.each([
    ['rastrigin', 4],
    ['ackley', 4],
    ['shekel-10', 4],
    ['six-hump-camel', 2],
    ['goldstein-price', 2],
    ['rosenbrock', 4],
  ])('finds the minimum of %s, and its gradient is certified', (slug, dimension) => {
    const problem = testProblem(slug, dimension)
    const result = run(problem, globalSearch() as never, { seed: 2, tolerance: 1e-4 })
    expect(result.objective - problem.minimum).toBeLessThan(1e-6 * Math.max(1, Math.abs(problem.minimum)))
    expect(result.status).toBe('converged')
    expect(result.message).toContain('cannot be certified')
  })

  it('goes through its stages in order: values alone, then gradients', () => {
    const problem = testProblem('ackley', 3)
    const gradients: number[] = []
    const values: number[] = []
    run(problem, globalSearch({ globalEvaluations: 600 }) as never, {
      onIteration: ({ evaluations }: Iterate) => {
        gradients.push(evaluations.gradient)
        values.push(evaluations.value)
      },
    })
    const first = gradients.findIndex((count) => count > 0)
    expect(values[first - 1]).toBeGreaterThan(300)
    expect(values[first]).toBeGreaterThanOrEqual(600)
  })
})

describe('minimize', () => {
  const f = (x: Float64Array): number => (x[0] ** 2 - 1) ** 2 + 0.2 * x[0] + x[1] ** 2
  const box = { lower: [-2, -2], upper: [2, 2] }

  it('looks for the global minimum when asked to, and needs no start then', () => {
    expect(minimize(f, [1.2, 0], box).x[0]).toBeCloseTo(0.974, 2)
    const found = minimize(f, undefined, { ...box, global: true })
    expect(found.x[0]).toBeCloseTo(-1.0241, 3)
    expect(found.message).toContain('Method: global-search, since the global minimum was asked for.')
    expect(minimize(f, [1.2, 0], { ...box, multiStart: 8 }).x[0]).toBeCloseTo(-1.0241, 3)
  })

  it('keeps to a budget and leaves a part of it for the last stage', () => {
    const { evaluations, x } = minimize(f, [1.2, 0], { ...box, global: true, maxEvaluations: 500 })
    expect(evaluations.value).toBeLessThanOrEqual(500)
    expect(x[0]).toBeCloseTo(-1.0241, 3)
  })

  it.each([
    ['no bounds', { global: true }, /global needs finite bounds for every variable, and lower\[0\] is -Infinity/],
    ['a bound that is missing', { lower: [-1, -1], upper: [1, Infinity], global: true }, /upper\[1\] is Infinity/],
    ['no bounds for multi-start', { multiStart: 3 }, /multiStart needs finite bounds/],
    ['both', { ...box, global: true, multiStart: 3 }, /exclude each other/],
    ['a method as well', { ...box, global: true, method: 'lbfgsb' as const }, /global and method exclude each other/],
    ['no start at all', { ...box, multiStart: 0 }, /starts must be an integer >= 1|in \[1/],
  ])('refuses %s', (_, options, message) => expect(() => minimize(f, [0, 0], options)).toThrow(message))

  it('knows the black-box methods by name', () => {
    for (const method of [
      'nelder-mead',
      'cma-es',
      'differential-evolution',
      'dual-annealing',
      'projected-newton',
    ] as const) {
      expect(minimize(f, [1.2, 0.5], { ...box, method, maxEvaluations: 3000 }).objective).toBeLessThan(0.25)
    }
  })
})
