import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cubicMinimizer, lineSearchOutcome, wolfeSearch } from '../../src/smooth/index.ts'
import { type PreparedSmoothProblem, smoothProblem } from '../../src/solver/index.ts'

/** A search along the first axis of a one-dimensional function, from x. */
function search(
  f: (x: number) => number,
  df: (x: number) => number,
  x: number,
  first: number,
  conditions = { sufficientDecrease: 1e-4, curvature: 0.9, maxTrials: 60 },
) {
  let calls = 0
  const problem = smoothProblem({
    dimension: 1,
    value: (v) => f(v[0]),
    valueAndGradient(v, out) {
      calls++
      out[0] = df(v[0])
      return f(v[0])
    },
  }) as PreparedSmoothProblem
  const slope = df(x)
  const state = {
    x: Float64Array.of(x),
    value: f(x),
    gradient: Float64Array.of(slope),
    gradientNorm: Math.abs(slope),
    trial: new Float64Array(1),
    trialGradient: new Float64Array(1),
  }
  const direction = Float64Array.of(-Math.sign(slope))
  const outcome = lineSearchOutcome()
  const found = wolfeSearch(problem, state, direction, -Math.abs(slope), first, conditions, outcome)
  return { found, outcome, state, slope: -Math.abs(slope), calls, conditions }
}

describe('wolfeSearch', () => {
  it('meets the strong Wolfe conditions on smooth functions, whatever the first step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        fc.integer({ min: 0, max: 3 }),
        (start, exponent, curvature, kind) => {
          const [f, df] = [
            [(x: number) => Math.cosh(x - 1), (x: number) => Math.sinh(x - 1)],
            [(x: number) => (x - 0.3) ** 4 + x, (x: number) => 4 * (x - 0.3) ** 3 + 1],
            [(x: number) => x * x + 3 * Math.sin(2 * x), (x: number) => 2 * x + 6 * Math.cos(2 * x)],
            [(x: number) => Math.log1p(x * x), (x: number) => (2 * x) / (1 + x * x)],
          ][kind]
          if (Math.abs(df(start)) < 1e-3) return
          const { found, outcome, state, slope, conditions } = search(f, df, start, 10 ** exponent, {
            sufficientDecrease: 1e-4,
            curvature,
            maxTrials: 60,
          })
          expect(found).toBe(true)
          expect(outcome.wolfe).toBe(true)
          expect(Math.abs(state.trial[0] - start)).toBeCloseTo(outcome.step, 10)
          expect(outcome.value).toBe(f(state.trial[0]))
          expect(outcome.value).toBeLessThanOrEqual(state.value + conditions.sufficientDecrease * outcome.step * slope)
          expect(Math.abs(df(state.trial[0]))).toBeLessThanOrEqual(curvature * Math.abs(slope))
        },
      ),
    )
  })

  it('finds the minimizer of a parabola with its second trial: the interpolating cubic is exact', () => {
    const { outcome, state, calls } = search(
      (x) => 3 * (x - 2) ** 2,
      (x) => 6 * (x - 2),
      0,
      0.1,
      { sufficientDecrease: 1e-4, curvature: 1e-6, maxTrials: 20 },
    )
    // Growth is limited to five times the step, so the first trials are 0.1 and 0.5.
    expect(state.trial[0]).toBeCloseTo(2, 12)
    expect(outcome.trials).toBe(calls)
    const near = search(
      (x) => 3 * (x - 2) ** 2,
      (x) => 6 * (x - 2),
      0,
      3,
      { sufficientDecrease: 1e-4, curvature: 1e-6, maxTrials: 20 },
    )
    expect(near.outcome.trials).toBe(2)
    expect(near.state.trial[0]).toBeCloseTo(2, 12)
  })

  it('draws back from where the function is not finite', () => {
    // -log(x) + x lives on x > 0; walking left from 3 the first steps leave the domain.
    const barrier = (x: number): number => (x > 0 ? x - Math.log(x) : NaN)
    const { found, state, outcome } = search(barrier, (x) => (x > 0 ? 1 - 1 / x : NaN), 3, 1000)
    expect(found).toBe(true)
    expect(outcome.wolfe).toBe(true)
    expect(state.trial[0]).toBeGreaterThan(0)
    expect(outcome.value).toBeLessThan(barrier(3))
  })

  it('accepts by slopes where values are only rounding error', () => {
    // f = 1 + x^2 / 2 at x = 1e-9: the decrease of 5e-19 cannot be seen in f.
    const f = (x: number): number => 1 + 0.5 * x * x
    const { found, state } = search(f, (x) => x, 1e-9, 0.4e-9, {
      sufficientDecrease: 1e-4,
      curvature: 0.5,
      maxTrials: 30,
    })
    expect(f(1e-9)).toBe(1)
    expect(found).toBe(true)
    expect(Math.abs(state.trial[0])).toBeLessThanOrEqual(0.5e-9)
  })

  it('fails, and says so, where nothing decreases', () => {
    const { found, outcome } = search(
      () => 1,
      () => -1e-3,
      0,
      1,
      { sufficientDecrease: 1e-4, curvature: 0.9, maxTrials: 5 },
    )
    // The slope promises a decrease that never comes.
    expect(outcome.trials).toBe(5)
    expect(outcome.wolfe).toBe(false)
    expect(found).toBe(false)
  })
})

describe('cubicMinimizer', () => {
  it('is exact for cubics that have a minimizer', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        (c, m, width, a, gap) => {
          // c ((x - m)^3 / 3 + width (x - m)^2) has its minimizer at m and its maximizer at m - 2 width.
          const f = (x: number): number => c * ((x - m) ** 3 / 3 + width * (x - m) ** 2)
          const df = (x: number): number => c * ((x - m) ** 2 + 2 * width * (x - m))
          expect(cubicMinimizer(a, f(a), df(a), a + gap, f(a + gap), df(a + gap))).toBeCloseTo(m, 5)
          expect(cubicMinimizer(a + gap, f(a + gap), df(a + gap), a, f(a), df(a))).toBeCloseTo(m, 5)
        },
      ),
    )
  })

  it('is NaN for a cubic without one', () => {
    const f = (x: number): number => -x - x ** 3
    const df = (x: number): number => -1 - 3 * x * x
    expect(cubicMinimizer(0, f(0), df(0), 1, f(1), df(1))).toBeNaN()
  })
})
