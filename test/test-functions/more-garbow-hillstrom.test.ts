import { describe, expect, it } from 'vitest'
import { jacobianByDifferences } from '../../src/autodiff/index.ts'
import { InvalidInputError } from '../../src/base/index.ts'
import { nelderMead } from '../../src/blackbox/index.ts'
import { run, verify } from '../../src/solver/index.ts'
import { moreGarbowHillstrom, moreGarbowHillstromProblem } from '../../src/test-functions/index.ts'

/** Sum of squares, gradient 2 J^T r, and the sizes by which both are judged. */
function measure(residuals: (x: Float64Array, out: Float64Array) => void, x: Float64Array, m: number) {
  const n = x.length
  const r = new Float64Array(m)
  residuals(x, r)
  const J = jacobianByDifferences(residuals, x, new Float64Array(m * n), m)
  let f = 0
  let largestColumn = 0
  for (let i = 0; i < m; i++) f += r[i] * r[i]
  const relative: number[] = []
  for (let j = 0; j < n; j++) {
    let gradient = 0
    let column = 0
    for (let i = 0; i < m; i++) {
      gradient += J[i * n + j] * r[i]
      column += J[i * n + j] ** 2
    }
    largestColumn = Math.max(largestColumn, Math.sqrt(column))
    // Cosine of the angle between the residual and the column: 0 at a stationary point, whatever the scales.
    relative.push(Math.abs(gradient) / Math.max(Math.sqrt(column * f), 1e-300))
  }
  return { f, cosines: relative, largestColumn }
}

describe('the problems of More, Garbow and Hillstrom', () => {
  it('are 35, in order', () => {
    expect(moreGarbowHillstrom.map((problem) => problem.number)).toEqual(Array.from({ length: 35 }, (_, i) => i + 1))
  })

  it.each(moreGarbowHillstrom.map((p) => [`${p.number} ${p.slug}`, p] as const))('%s attains its optima', (_, p) => {
    for (const { dimension, residualCount, minimum, minimizer } of p.optima) {
      if (minimizer === undefined) continue
      const n = dimension ?? p.dimension
      const m = p.residualCount(n)
      if (residualCount !== undefined) expect(m).toBe(residualCount)
      const { f, cosines } = measure(p.residuals, Float64Array.from(minimizer), m)
      // The published values have six digits, some of them cut off instead of rounded.
      if (minimum === 0) expect(f).toBeLessThan(1e-24)
      else {
        expect(Math.abs(f - minimum) / minimum).toBeLessThan(5e-6)
        for (const cosine of cosines) expect(cosine).toBeLessThan(2e-5)
      }
    }
  })

  it.each(moreGarbowHillstrom.map((p) => [`${p.number} ${p.slug}`, p] as const))(
    '%s starts away from its optima',
    (_, p) => {
      const n = p.dimension
      const { f } = measure(p.residuals, Float64Array.from(p.start(n)), p.residualCount(n))
      const least = Math.min(...p.optima.map((o) => o.minimum))
      expect(f).toBeGreaterThan(least + Math.max(1e-6, 1e-3 * least))
    },
  )

  // Sums of squares at the standard starts, where they are round numbers or known in closed form.
  it.each([
    ['rosenbrock', 24.2],
    ['freudenstein-roth', 400.5],
    ['beale', 14.203125],
    ['helical-valley', 2500],
    ['powell-singular', 215],
    ['wood', 19192],
    ['brown-badly-scaled', (1 - 1e6) ** 2 + (1 - 2e-6) ** 2 + 1],
    ['brown-dennis', 7926693.336997432],
  ])('%s is %d at its start', (slug, expected) => {
    const problem = moreGarbowHillstromProblem(slug)
    expect(problem.value(problem.start as Float64Array) / expected).toBeCloseTo(1, 12)
  })

  it('are smooth problems that the drivers take', () => {
    const problem = moreGarbowHillstromProblem('beale')
    const result = run(problem, nelderMead(), { tolerance: 1e-9 })
    expect(result.converged).toBe(true)
    expect(result.x[0]).toBeCloseTo(3, 6)
    expect(verify(problem, result).confirmed).toBe(true)
  })

  it('refuses what does not exist', () => {
    expect(() => moreGarbowHillstromProblem('bead')).toThrow(InvalidInputError)
    expect(() => moreGarbowHillstromProblem('extended-rosenbrock', 5)).toThrow(InvalidInputError)
    expect(() => moreGarbowHillstromProblem('beale', 3)).toThrow(InvalidInputError)
  })
})
