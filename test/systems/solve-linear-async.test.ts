import { describe, expect, it } from 'vitest'
import { poisson, solveLinear, solveLinearAsync } from '../../src/systems/index.ts'

describe('solveLinearAsync', () => {
  const matrix = poisson(30, 30)
  const b = new Float64Array(900).fill(1)

  it('gives the bits of solveLinear', async () => {
    const { x, iterations, method } = await solveLinearAsync(matrix, b)
    expect({ x, iterations, method }).toMatchObject({ x: solveLinear(matrix, b).x, iterations, method })
  })

  it('stopped by a signal, returns the solution so far', async () => {
    const controller = new AbortController()
    const result = await solveLinearAsync(matrix, b, {
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 2) controller.abort()
      },
    })
    expect(result.status).toBe('aborted')
    expect(result.x).toEqual(solveLinear(matrix, b, { maxIterations: 2 }).x)
  })
})
