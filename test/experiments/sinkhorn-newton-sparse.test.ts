import { describe, expect, it } from 'vitest'
import experiment from '../../experiments/sinkhorn-newton-sparse.ts'
import { expectLoadable, reproduce } from './support.ts'

describe('the experiment on sparse Newton steps', () => {
  it('is loaded by its slug, with defaults and quick values that its specs accept', async () => {
    await expectLoadable('sinkhorn-newton-sparse', experiment)
  })

  it('reports claims, charts and tables, and the claims on iterations and values hold', async () => {
    const { claims, charts, tables, fractions } = await reproduce(
      experiment,
      { size: 120, eta: 400, plainIterations: 4000, pictureSize: 10 },
      0,
    )
    expect([...fractions].sort((p, q) => p - q)).toEqual(fractions)
    expect(fractions.at(-1)).toBe(1)
    for (const chart of charts) {
      for (const { x, y } of chart.series) {
        expect(x.length).toBe(y.length)
        for (let k = 0; k < x.length; k++) expect(x[k] > 0 && y[k] > 0).toBe(true)
      }
    }
    expect(tables.length).toBe(6)
    const ids = claims.map((claim) => claim.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of [
      'random-assignment-newton-steps',
      'small-assignment',
      'sparse-as-good-as-dense',
      'rectangular',
      'pictures-small',
      'entropic-bound',
    ]) {
      const claim = claims.find((candidate) => candidate.id === id)
      expect(claim?.holds, `${id}: ${claim?.measured}`).toBe(true)
    }
  })

  it('stops between parts when told to', async () => {
    const defaults = Object.fromEntries(
      Object.entries(experiment.parameters).map(([name, spec]) => [name, spec.fallback]),
    )
    const controller = new AbortController()
    controller.abort()
    const claims = await experiment.run(
      { ...defaults, size: 60, plainIterations: 100 },
      { progress() {}, chart() {}, table() {}, signal: controller.signal },
      0,
    )
    expect(claims.length).toBeLessThan(8)
  })
})
