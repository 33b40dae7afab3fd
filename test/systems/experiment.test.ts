import { describe, expect, it } from 'vitest'
import experiment from '../../experiments/learning-to-relax.ts'
import { expectLoadable, reproduce } from '../experiments/support.ts'

const small = { rounds: 120, cells: 8, steps: 60, repeats: 2 }

describe('the experiment on learning to relax', () => {
  it('is loaded by its slug, and its specs accept its defaults and its quick values', async () => {
    await expectLoadable('learning-to-relax', experiment)
  })

  it('reports claims with numbers, explains those that fail on a short run, and repeats itself', async () => {
    const { claims, charts, tables, fractions } = await reproduce(experiment, small, 3)
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length)
    for (const { id, measured, holds, note } of claims) {
      expect(String(measured), id).toMatch(/\d/)
      if (!holds) expect(note, id).toMatch(/the thresholds are for/)
    }
    // These two do not depend on how long the run is.
    for (const id of ['bound-follows-cost', 'constant-of-the-bound']) {
      expect(claims.find((claim) => claim.id === id)?.holds, id).toBe(true)
    }
    for (const { columns, rows } of tables) for (const row of rows) expect(row.length).toBe(columns.length)
    for (const { series, title } of charts) {
      for (const { x, y } of series) {
        expect(x.length, title).toBe(y.length)
        for (let i = 0; i < y.length; i++) expect(Number.isFinite(y[i])).toBe(true)
      }
    }
    for (let i = 1; i < fractions.length; i++) expect(fractions[i]).toBeGreaterThanOrEqual(fractions[i - 1] - 1e-12)
    expect(fractions[fractions.length - 1]).toBe(1)
    expect((await reproduce(experiment, small, 3)).claims).toEqual(claims)
  })

  it('ends early when aborted', async () => {
    const run = experiment.run(
      { rounds: 5000, cells: 25, steps: 1000, repeats: 3 },
      { progress: () => undefined, chart: () => undefined, table: () => undefined, signal: AbortSignal.abort() },
      0,
    )
    await expect(run).rejects.toThrow(/abort/i)
  })
})
