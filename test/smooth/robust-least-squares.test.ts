import { describe, expect, it } from 'vitest'
import { checkGradient } from '../../src/autodiff/index.ts'
import { projectedNewton } from '../../src/smooth/projected-newton.ts'
import {
  type RobustLoss,
  robustLeastSquares,
  robustLeastSquaresProblem,
} from '../../src/smooth/robust-least-squares.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'

const t = [0, 1, 2, 3, 4, 5, 6, 7]
const line = t.map((ti) => 1 + 2 * ti)
const spoiled = line.map((y, i) => (i === 3 ? 70 : y + 0.01 * Math.sin(7 * i)))
const residuals = (y: number[]) => (x: Float64Array) => t.map((ti, i) => x[0] + x[1] * ti - y[i])
const every: RobustLoss[] = ['squared', 'soft-l1', 'huber', 'cauchy', 'arctan']

describe('robust least squares', () => {
  it.each(every)('%s: the gradient agrees with differences', (loss) => {
    const write = (x: Float64Array, out: Float64Array): void => out.set(residuals(spoiled)(x))
    const problem = robustLeastSquaresProblem(write, t.length, [0.3, 1.7], { loss, lossScale: 0.7 })
    const oracle = {
      value: problem.value,
      gradient: (x: Float64Array, out: Float64Array) => problem.valueAndGradient?.(x, out),
    }
    const check = checkGradient(oracle, Float64Array.of(0.3, 1.7))
    expect(check.largestError).toBeLessThan(1e-6)
  })

  it.each(every)('%s: without outliers finds the line exactly', (loss) => {
    const result = robustLeastSquares(residuals(line), [0, 0], { loss, lossScale: 10 })
    expect(result.message).toMatch(/^Converged/)
    expect(result.x[0]).toBeCloseTo(1, 6)
    expect(result.x[1]).toBeCloseTo(2, 6)
  })

  it('one wild point moves least squares far, and robust losses hardly', () => {
    const solve = (loss: RobustLoss) => robustLeastSquares(residuals(spoiled), [0, 0], { loss, lossScale: 0.1 })
    expect(Math.abs(solve('squared').x[0] - 1)).toBeGreaterThan(5)
    for (const loss of ['soft-l1', 'huber', 'cauchy'] as const) {
      const result = solve(loss)
      expect(result.converged, result.message).toBe(true)
      expect(Math.abs(result.x[0] - 1)).toBeLessThan(0.2)
      expect(Math.abs(result.x[1] - 2)).toBeLessThan(0.05)
    }
  })

  it('keeps to bounds, and tells by the gradient which of them hold it', () => {
    const result = robustLeastSquares(residuals(line), [0, 0], { loss: 'squared', lower: [-9, 0], upper: [9, 1.5] })
    expect(result.x[1]).toBe(1.5)
    expect(result.x[0]).toBeCloseTo(1 + 0.5 * 3.5, 8)
    expect(result.converged).toBe(true)
  })

  it.each([
    [{ loss: 'l2' as RobustLoss }, /loss must be one of squared, soft-l1/],
    [{ lossScale: 0 }, /lossScale must be a finite number > 0, got 0/],
    [{ lower: [1] }, /lower has length 1/],
  ])('refuses %o', (options, message) => {
    expect(() => robustLeastSquares(residuals(line), [0, 0], options)).toThrow(message)
  })
})

describe('projected Newton', () => {
  it('needs one step for a convex quadratic whose minimizer lies inside', () => {
    const problem = smoothProblem({
      dimension: 2,
      value: (x) => 2 * x[0] ** 2 + x[0] * x[1] + x[1] ** 2 - x[0],
      gradient: (x, out) => out.set([4 * x[0] + x[1] - 1, x[0] + 2 * x[1]]),
      hessian: (_, out) => out.set([4, 1, 1, 2]),
      lower: [-5, -5],
      upper: [5, 5],
      start: [4, -4],
    })
    const result = run(problem, projectedNewton())
    expect(result.iterations).toBe(1)
    expect(result.x[0]).toBeCloseTo(2 / 7, 12)
  })

  it('finds the corner and the wall of Rosenbrock in a box', () => {
    const rosenbrock = (lower: number[], upper: number[]) =>
      smoothProblem({
        dimension: 2,
        value: (x) => 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
        gradient: (x, out) => {
          const d = x[1] - x[0] ** 2
          out.set([-400 * x[0] * d - 2 * (1 - x[0]), 200 * d])
        },
        hessian: (x, out) => {
          out.set([1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0], -400 * x[0], 200])
        },
        lower,
        upper,
        start: [-1.2, 1],
      })
    const wall = run(rosenbrock([-2, -2], [0.5, 2]), projectedNewton())
    expect(wall.converged, wall.message).toBe(true)
    expect(wall.x[0]).toBe(0.5)
    expect(wall.x[1]).toBeCloseTo(0.25, 10)
    const inside = run(rosenbrock([-2, -2], [2, 2]), projectedNewton())
    expect(inside.converged).toBe(true)
    expect(inside.x[0]).toBeCloseTo(1, 8)
  })
})
