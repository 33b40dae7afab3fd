import { expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { TransportEngine } from '../../src/transport/engine.ts'

it('passes over blocks of costs give the bits of passes over the stored matrix', () => {
  // 301 columns: as many rows as fit into a block are no whole number of the fours that the kernels take.
  const [n, m] = [230, 301]
  const random = RandomStream.fromSeed(4)
  const problem = {
    a: new Float64Array(n).fill(1 / n),
    b: new Float64Array(m).fill(1 / m),
    cost: {
      kind: 'matrix',
      values: random.fillUniform(new Float64Array(n * m)),
      largest: 1,
      forbidden: false,
    },
  } as const
  const x = random.fillUniform(new Float64Array(n))
  const y = random.fillUniform(new Float64Array(m))
  const results = [false, true].map((keep) => {
    const engine = new TransportEngine(problem)
    if (keep) engine.keepCosts()
    engine.pass(x, y, 20)
    const { columnSums, nextX, nextY, softmin } = engine
    return [columnSums, nextX, nextY, softmin].map((values) => Array.from(values))
  })
  expect(results[0]).toEqual(results[1])
})
