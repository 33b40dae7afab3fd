import { describe, expect, it } from 'vitest'
import {
  type TransportOptions,
  type TransportResult,
  transferColors,
  transferColorsAsync,
  transport,
  transportAsync,
} from '../../src/transport/index.ts'
import { randomData, randomPoints } from './data.ts'

const bits = ({ status, cost, objective, gap, potentials, iterations, plan, method }: TransportResult) => ({
  status,
  cost,
  objective,
  gap,
  potentials,
  iterations,
  entries: plan.toSparse(),
  method,
})

describe('transportAsync', () => {
  const { a, b, cost } = randomData(40, 50, 3)
  const options: [string, TransportOptions][] = [
    ['network simplex', {}],
    ['scalings', { regularization: 0.05 }],
    ['falling regularizations', { regularization: 1e-4 }],
    ['a method by name', { regularization: 0.02, method: 'greenkhorn' }],
    ['unbalanced', { regularization: 0.05, unbalanced: 0.5 }],
  ]
  for (const [name, given] of options) {
    it(`gives the bits of transport: ${name}`, async () => {
      expect(bits(await transportAsync(a, b, cost, given))).toEqual(bits(transport(a, b, cost, given)))
    })
  }

  it('gives the bits of transport on a line', async () => {
    const points = { source: randomPoints(40, 1, 1), target: randomPoints(50, 1, 2) }
    expect(bits(await transportAsync(a, b, points))).toEqual(bits(transport(a, b, points)))
  })

  it('keeps two solutions at the same time apart', async () => {
    const other = randomData(30, 60, 4)
    const both = await Promise.all([
      transportAsync(a, b, cost, { regularization: 1e-3 }),
      transportAsync(other.a, other.b, other.cost, { regularization: 1e-3 }),
    ])
    expect(bits(both[0])).toEqual(bits(transport(a, b, cost, { regularization: 1e-3 })))
    expect(bits(both[1])).toEqual(bits(transport(other.a, other.b, other.cost, { regularization: 1e-3 })))
  })

  it('lets a timer in, whose signal ends a run that would never end by itself', async () => {
    const controller = new AbortController()
    const result = await transportAsync(a, b, cost, {
      regularization: 0.01,
      method: 'sinkhorn',
      tolerance: 0,
      maxIterations: Number.MAX_SAFE_INTEGER,
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 0) setTimeout(() => controller.abort(), 0)
      },
    })
    expect(result.status).toBe('aborted')
    expect(result.converged).toBe(false)
    expect(result.marginalError).toBeLessThan(1)
  })

  it('stopped between pivots, returns a feasible plan with a certificate of its gap', async () => {
    const controller = new AbortController()
    const { cost: best } = transport(a, b, cost)
    const result = await transportAsync(a, b, cost, {
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 2) controller.abort()
      },
    })
    expect(result.status).toBe('aborted')
    expect(result.iterations).toBe(2)
    expect(result.marginalError).toBeLessThan(1e-12)
    expect(result.cost).toBeGreaterThanOrEqual(best)
    expect(result.cost - result.gap).toBeLessThanOrEqual(best + 1e-12)
  })

  it('stopped on the way to a tiny regularization, returns a plan that fits the targets and a finite cost', async () => {
    const controller = new AbortController()
    const result = await transportAsync(a, b, cost, {
      regularization: 1e-6,
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 3) controller.abort()
      },
    })
    expect(result.status).toBe('aborted')
    expect(result.regularization).toBe(1e-6)
    expect(result.iterations).toBeGreaterThanOrEqual(3)
    expect(Number.isFinite(result.cost)).toBe(true)
    result.plan.columnSums().forEach((sum, j) => {
      expect(Math.abs(sum - b[j])).toBeLessThan(1e-8)
    })
  })

  it('does the same at a time limit and an iteration limit, without waiting', () => {
    for (const limit of [{ maxSeconds: 0 }, { maxIterations: 2 }]) {
      const result = transport(a, b, cost, { regularization: 1e-6, ...limit })
      expect(result.status).toBe('maxSeconds' in limit ? 'time-limit' : 'iteration-limit')
      expect(Number.isFinite(result.cost)).toBe(true)
      expect(result.marginalError).toBeLessThan(2)
    }
  })
})

describe('transferColorsAsync', () => {
  const source = randomPoints(5000, 3, 1)
    .flat()
    .map((value) => 255 * value)
  const target = randomPoints(400, 3, 2)
    .flat()
    .map((value) => 255 * value)

  it('gives the bits of transferColors', async () => {
    for (const given of [{ samples: 50 }, { samples: 50, regularization: 0 }]) {
      expect(await transferColorsAsync(source, target, given)).toEqual(transferColors(source, target, given))
    }
  })

  it('stopped while it plans, maps all pixels by the plan so far', async () => {
    const controller = new AbortController()
    const { status, pixels } = await transferColorsAsync(source, target, {
      samples: 50,
      signal: controller.signal,
      onIteration: () => controller.abort(),
    })
    expect(status).toBe('aborted')
    for (let k = 0; k < source.length; k += 3) expect(pixels[k]).not.toBe(source[k])
  })

  it('stopped while it maps, leaves the other pixels as they were, and says so', async () => {
    const controller = new AbortController()
    const { status, pixels, message } = await transferColorsAsync(source, target, {
      samples: 50,
      signal: controller.signal,
      onPixels: () => controller.abort(),
    })
    expect(status).toBe('aborted')
    expect(message).toContain('pixels keep their colours')
    expect(pixels[0]).not.toBe(source[0])
    expect(pixels.at(-1)).toBe(source.at(-1))
  })
})
