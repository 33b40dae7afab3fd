import { expect, it } from 'vitest'
import * as solver from '../../src/solver/index.ts'
import * as transport from '../../src/transport/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['transport.md', 'methods/sinkhorn-newton-sparse.md'], { solver, transport })

it('the first example gives what it says', () => {
  const { cost, plan, message } = transport.transport(
    [0.5, 0.5],
    [0.25, 0.75],
    [
      [0, 1],
      [1, 0],
    ],
  )
  expect(cost).toBe(0.25)
  expect(Array.from(plan.toDense())).toEqual([0.25, 0.25, 0, 0.5])
  expect(message).toMatch(/Method: network simplex/)
})

it('partial transport costs what its example says', () => {
  const cost = [
    [0, 1, 0],
    [1, 4, 0],
    [0, 0, Infinity],
  ]
  expect(transport.transport([0.5, 0.5, 0.4], [0.5, 0.5, 0.4], cost).cost).toBeCloseTo(0.2, 12)
})
