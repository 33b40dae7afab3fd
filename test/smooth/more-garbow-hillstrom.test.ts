import { describe, expect, it } from 'vitest'
import { lbfgsb } from '../../src/smooth/lbfgsb.ts'
import { leastSquaresProblem, preciseJacobianByDifferences } from '../../src/smooth/least-squares-problem.ts'
import { levenbergMarquardt } from '../../src/smooth/levenberg-marquardt.ts'
import { trustRegionNewton } from '../../src/smooth/trust-region-newton.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'
import { type LeastSquaresTestProblem, moreGarbowHillstrom } from '../../src/test-functions/index.ts'

/** The sum of squares as a smooth function with the gradient 2 J'r. */
function asSmooth(problem: LeastSquaresTestProblem) {
  const n = problem.dimension
  const m = problem.residualCount(n)
  const r = new Float64Array(m)
  const jacobian = new Float64Array(m * n)
  const work = Array.from({ length: 4 }, () => new Float64Array(m))
  const value = (x: Float64Array): number => {
    problem.residuals(x, r)
    return r.reduce((sum, v) => sum + v * v, 0)
  }
  return smoothProblem({
    dimension: n,
    start: problem.start(n),
    value,
    valueAndGradient(x, out) {
      preciseJacobianByDifferences(problem.residuals, x.slice(), jacobian, work)
      const f = value(x)
      out.fill(0)
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j] += 2 * jacobian[i * n + j] * r[i]
      return f
    },
  })
}

/** Whether `value` is a published optimum, global or local: 1e-6 for zero, else the six digits in print. */
function published(problem: LeastSquaresTestProblem, value: number): boolean {
  const n = problem.dimension
  const m = problem.residualCount(n)
  return problem.optima.some((optimum) => {
    if ((optimum.dimension ?? n) !== n || (optimum.residualCount ?? m) !== m) return false
    return Math.abs(value - optimum.minimum) <= (optimum.minimum === 0 ? 1e-6 : 5e-6 * Math.abs(optimum.minimum))
  })
}

describe('the 35 problems of More, Garbow and Hillstrom, from their standard starts', () => {
  it('trust-region Newton reaches a published optimum on all of them', () => {
    const missed = moreGarbowHillstrom.filter(
      (problem) => !published(problem, run(asSmooth(problem), trustRegionNewton(), { tolerance: 1e-9 }).objective),
    )
    expect(missed.map(({ slug }) => slug)).toEqual([])
  })

  it('Levenberg-Marquardt reaches a published optimum on all of them', () => {
    const missed = moreGarbowHillstrom.filter((problem) => {
      const fit = leastSquaresProblem({
        dimension: problem.dimension,
        residualCount: problem.residualCount(problem.dimension),
        residuals: problem.residuals,
        start: problem.start(problem.dimension),
      })
      return !published(problem, 2 * run(fit, levenbergMarquardt(), { tolerance: 1e-10 }).objective)
    })
    expect(missed.map(({ slug }) => slug)).toEqual([])
  })

  it('L-BFGS-B reaches a published optimum on all of them', () => {
    const missed = moreGarbowHillstrom.filter(
      (problem) => !published(problem, run(asSmooth(problem), lbfgsb(), { tolerance: 1e-9 }).objective),
    )
    expect(missed.map(({ slug }) => slug)).toEqual([])
  })
})
