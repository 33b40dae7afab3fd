import { describe, expect, it } from 'vitest'
import { findRoot } from '../../src/smooth/find-root.ts'
import { nonlinearSystem } from '../../src/smooth/nonlinear-system.ts'
import { powellHybrid } from '../../src/smooth/powell-hybrid.ts'
import { run } from '../../src/solver/index.ts'
import { moreGarbowHillstrom } from '../../src/test-functions/index.ts'

const square = moreGarbowHillstrom.filter(
  (problem) =>
    problem.residualCount(problem.dimension) === problem.dimension &&
    problem.optima.some((optimum) => optimum.minimum === 0),
)

/** From their standard starts these two end at a local minimum of ||F||, in MINPACK as well; Chebyquad has no root for n = 8. */
const stuck = ['freudenstein-roth', 'trigonometric', 'chebyquad']

describe('Powell hybrid', () => {
  it.each(square.filter(({ slug }) => !stuck.includes(slug)).map((problem) => [problem.slug, problem] as const))(
    'solves %s of More, Garbow and Hillstrom from its standard start',
    (_, problem) => {
      const { dimension } = problem
      const result = findRoot(problem.residuals, problem.start(dimension), { tolerance: 1e-8, maxIterations: 2000 })
      expect(result.message).toMatch(/^Converged/)
    },
  )

  it('reports the published local minimum of Freudenstein and Roth as no root', () => {
    const problem = moreGarbowHillstrom.find(({ slug }) => slug === 'freudenstein-roth')
    const result = findRoot(problem!.residuals, problem!.start(2))
    expect(result.status).toBe('stalled')
    expect(2 * result.objective).toBeCloseTo(48.98425, 4)
  })

  it('with fresh Jacobians solves the trigonometric system too', () => {
    const problem = moreGarbowHillstrom.find(({ slug }) => slug === 'trigonometric')
    expect(findRoot(problem!.residuals, problem!.start(10), { method: { broyden: false } }).converged).toBe(true)
  })

  it('needs one step for a linear system', () => {
    const result = findRoot(
      (x, out) => {
        out[0] = 2 * x[0] + x[1] - 5
        out[1] = x[0] - 3 * x[1] + 1
      },
      [100, -50],
      { jacobian: (_, out) => out.set([2, 1, 1, -3]), method: { initialRadius: 1e6 } },
    )
    expect(result.iterations).toBe(1)
    expect(result.x[0]).toBeCloseTo(2, 12)
    expect(result.x[1]).toBeCloseTo(1, 12)
  })

  it('converges quadratically with fresh Jacobians', () => {
    const norms: number[] = []
    const system = nonlinearSystem({
      dimension: 2,
      residuals(x, out) {
        out[0] = Math.exp(x[0]) - 1 + 0.1 * x[1] ** 2
        out[1] = x[1] + 0.5 * x[0] ** 2
      },
      start: [0.3, 0.2],
    })
    run(system, powellHybrid({ broyden: false }), {
      tolerance: 1e-14,
      onIteration: ({ measures }) => norms.push(measures.residualNorm),
    })
    const fast = norms.filter((norm) => norm > 1e-7 && norm < 0.1)
    for (let k = 1; k < fast.length; k++) expect(fast[k]).toBeLessThan(5 * fast[k - 1] ** 2 + 1e-9)
    expect(norms.at(-1)).toBeLessThan(1e-14)
  })

  it('does not depend on the units of the unknowns', () => {
    const solve = (unit: number) =>
      findRoot(
        (x, out) => {
          const u = x[0] / unit
          out[0] = u ** 2 + x[1] ** 2 - 4
          out[1] = x[1] - u ** 2
        },
        [unit, 1],
        {
          jacobian: (x, out) => out.set([(2 * x[0]) / unit ** 2, 2 * x[1], (-2 * x[0]) / unit ** 2, 1]),
        },
      )
    const [one, other] = [solve(1), solve(1024)]
    expect(other.iterations).toBe(one.iterations)
    expect(other.x[0] / 1024).toBeCloseTo(one.x[0], 10)
  })

  it('says so when there is no root', () => {
    const result = findRoot((x, out) => void (out[0] = x[0] ** 2 + 1), [3])
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/no root/)
    expect(Math.abs(result.x[0])).toBeLessThan(0.5)
  })
})
