import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

describe('the examples', () => {
  let lines: string[]
  beforeEach(() => {
    lines = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  })
  afterEach(() => {
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.join('\n')).not.toMatch(/undefined|NaN/)
    vi.restoreAllMocks()
  })

  it('facility location serves every city once, within capacity', async () => {
    const { plan, solution } = await import('../../examples/facility-location.ts')
    expect(solution.converged).toBe(true)
    expect(Object.values(plan).flat().length).toBe(9)
    expect(new Set(Object.values(plan).flat()).size).toBe(9)
    // 11356 thousand people need at least three warehouses of 5000.
    expect(Object.keys(plan).length).toBeGreaterThanOrEqual(3)
  })

  it('shift scheduling needs 23 people, as the book says', async () => {
    const { solution } = await import('../../examples/shift-scheduling.ts')
    expect(solution).toMatchObject({ converged: true, objective: 23 })
  })

  it('cutting stock meets the bound of its linear program, 453 rolls', async () => {
    const { bound, patterns, solution } = await import('../../examples/cutting-stock.ts')
    expect(solution.converged).toBe(true)
    expect(bound).toBe(453)
    expect(solution.objective).toBe(453)
    for (const pattern of patterns) {
      const used = Object.entries(pattern).reduce(
        (total, [order, count]) => total + count * Number.parseInt(order, 10),
        0,
      )
      expect(used).toBeLessThanOrEqual(100)
    }
  })

  it('the project portfolio is the best of all 256', async () => {
    const { chosen, solution } = await import('../../examples/knapsack-portfolio.ts')
    const value = [34, 41, 28, 52, 46, 17, 22, 19]
    const spending = [
      [8, 11, 5, 14, 9, 4, 6, 2],
      [7, 9, 9, 12, 15, 3, 4, 4],
      [4, 8, 3, 10, 11, 3, 5, 6],
    ]
    let best = 0
    for (let set = 0; set < 256; set++) {
      const has = (k: number): number => (set >> k) & 1
      const total = (numbers: readonly number[]): number => numbers.reduce((sum, number, k) => sum + number * has(k), 0)
      const within = [32, 34, 28].every((budget, year) => total(spending[year]) <= budget)
      if (within && has(0) + has(1) <= 1 && has(7) <= has(3)) best = Math.max(best, total(value))
    }
    expect(solution.objective).toBe(best)
    expect(chosen.length).toBeGreaterThan(2)
  })

  it('the frontier of portfolios is convex, and its duals are its slopes', async () => {
    const { frontier } = await import('../../examples/quadratic-portfolio.ts')
    for (const { solution, shares } of frontier) {
      expect(solution.converged).toBe(true)
      expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6)
    }
    const variance = frontier.map(({ solution }) => solution.objective)
    for (let k = 1; k < variance.length; k++) {
      const slope = variance[k] - variance[k - 1]
      expect(slope).toBeGreaterThanOrEqual(frontier[k - 1].price - 1e-4)
      expect(slope).toBeLessThanOrEqual(frontier[k].price + 1e-4)
    }
  })
})
