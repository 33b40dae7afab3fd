import { describe, expect, it } from 'vitest'
import { logGamma, visitingWidth } from '../../src/blackbox/dual-annealing.ts'
import { type DualAnnealingState, dualAnnealing } from '../../src/blackbox/index.ts'
import { gradientDescent } from '../../src/smooth/index.ts'
import { handOver, plateau, run, smoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

const stateOf = (result: { snapshot: { state: unknown } | null }): DualAnnealingState =>
  result.snapshot?.state as DualAnnealingState

describe('dual annealing', () => {
  it('has the gamma function right: factorials, the reflection at 1/2, the recurrence', () => {
    let factorial = 0
    for (let n = 1; n < 30; n++) {
      expect(logGamma(n)).toBeCloseTo(factorial, 11)
      factorial += Math.log(n)
    }
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 13)
    for (const x of [0.117, 0.9, 3.3, 14.2]) expect(logGamma(x + 1) - logGamma(x)).toBeCloseTo(Math.log(x), 12)
  })

  it('visits at scale T^(1 / (3 - q_v)), for q_v = 2 with a Cauchy distribution of width T', () => {
    // q = 2: sigma_x N / |N| is a Cauchy variable of scale sigma_x.
    for (const T of [0.1, 1, 50]) expect(visitingWidth(2, T) / T).toBeCloseTo(1, 10)
    for (const q of [1.3, 2, 2.62, 2.9]) {
      for (const T of [1e-3, 7, 5230]) {
        expect(Math.log(visitingWidth(q, T) / visitingWidth(q, 1)) * (3 - q)).toBeCloseTo(Math.log(T), 10)
      }
    }
  })

  it('cools by the formula, down from T_0', () => {
    const method = dualAnnealing({ localSearch: 'none', visiting: 2 })
    const { temperatureRatio } = run(testProblem('sphere', 2), method, { maxIterations: 30, tolerance: 0 }).trace
      .columns
    // q_v = 2: T(t) = T_0 / t with t = 1, 2, ...
    temperatureRatio.forEach((ratio, sweep) => {
      expect(ratio).toBeCloseTo(1 / (sweep + 1), 12)
    })
  })

  it('makes 2n visits a sweep without local search, all in the box', () => {
    const problem = testProblem('rastrigin', 3)
    const outside: boolean[] = []
    const watched = {
      ...problem,
      value(x: Float64Array) {
        outside.push(x.some((v) => Math.abs(v) > 5.12))
        return problem.value(x)
      },
    }
    const result = run(watched, dualAnnealing({ localSearch: 'none' }), { maxIterations: 50, tolerance: 0 })
    expect(result.evaluations.value).toBe(1 + 50 * 6)
    expect(outside.slice(0, result.evaluations.value)).not.toContain(true)
    const refined = run(watched, dualAnnealing(), { maxIterations: 50, tolerance: 0 })
    expect(outside.slice(-refined.evaluations.value)).not.toContain(true)
  })

  it('the second half of a sweep moves one coordinate at a time', () => {
    const n = 3
    const problem = testProblem('rastrigin', n)
    const seen: Float64Array[] = []
    const watched = {
      ...problem,
      value(x: Float64Array) {
        seen.push(x.slice())
        return 1e9 // never accepted: every visit starts from the start
      },
    }
    run(watched, dualAnnealing({ localSearch: 'none', acceptance: -1000 }), { maxIterations: 1, tolerance: 0 })
    const moved = seen.slice(1, 1 + 2 * n).map((x) => x.reduce((count, v, j) => count + (v !== seen[0][j] ? 1 : 0), 0))
    expect(moved.slice(0, n)).toEqual([n, n, n])
    // Equal values are accepted, so the later visits start from the third; each moves exactly one coordinate.
    const single = seen.slice(1 + n, 1 + 2 * n)
    single.forEach((x, k) => {
      const from = k === 0 ? seen[n] : single[k - 1]
      expect(x.reduce((count, v, j) => count + (v !== from[j] ? 1 : 0), 0)).toBeLessThanOrEqual(1)
    })
  })

  it('refines a new best point before it goes on', () => {
    const problem = testProblem('ackley', 4)
    const state = stateOf(run(problem, dualAnnealing(), { maxIterations: 3, tolerance: 0, seed: 2 }))
    const gradient = new Float64Array(4)
    problem.gradient?.(state.best, gradient)
    // The best point lies in the bottom of some basin of Ackley.
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-3)
  })

  it.each(['schwefel', 'rastrigin', 'ackley', 'levy'])('solves %s in four dimensions', (slug) => {
    const problem = testProblem(slug, 4)
    const result = run(problem, dualAnnealing(), { tolerance: 0, maxEvaluations: 30_000, maxIterations: 1e6, seed: 1 })
    expect(result.objective).toBeLessThan(1e-7)
  })

  it('hands over to a gradient method', () => {
    const problem = testProblem('styblinski-tang', 3)
    const free = smoothProblem({
      dimension: 3,
      value: problem.value,
      gradient: (x, out) => problem.gradient?.(x, out),
      start: problem.start,
    })
    const method = handOver(dualAnnealing({ localSearch: 'none' }), plateau(60), gradientDescent())
    const result = run(free, method, { tolerance: 1e-6, seed: 3 })
    expect(result.converged).toBe(true)
    expect(result.certificate?.measures.gradientNorm).toBeLessThan(1e-5)
    expect(result.objective).toBeCloseTo(problem.minimum, 6)
  })
})
