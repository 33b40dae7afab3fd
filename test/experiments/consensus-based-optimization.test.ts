import { describe, expect, it } from 'vitest'
import experiment from '../../experiments/consensus-based-optimization.ts'
import { expectLoadable, reproduce } from './support.ts'

const few = { runs: 6 }

describe('the experiment on consensus-based optimization', () => {
  it('is loaded by its slug, with parameters that its specs accept', async () => {
    await expectLoadable('consensus-based-optimization', experiment)
  })

  it('reports every claim with numbers, and with six seeds those hold that do not hang on a percentage', async () => {
    const { claims, charts, tables, fractions } = await reproduce(experiment, few, 0)
    expect(claims).toHaveLength(10)
    expect(new Set(claims.map(({ id }) => id)).size).toBe(10)
    for (const { id, statement, measured, threshold, holds, note } of claims) {
      expect(statement.length, id).toBeGreaterThan(10)
      expect(String(measured), id).toMatch(/\d/)
      expect(threshold.length, id).toBeGreaterThan(3)
      if (!holds) expect(note ?? measured, id).toBeDefined()
    }
    for (const id of [
      'crosses-barriers',
      'values-only',
      'gradient-descent-is-stuck',
      'hops-follow-the-gradient',
      'hops-are-proximal-steps',
      'contraction-law',
    ]) {
      expect(claims.find((claim) => claim.id === id)?.holds, id).toBe(true)
    }
    for (const { columns, rows } of tables) for (const row of rows) expect(row).toHaveLength(columns.length)
    for (const { series } of charts) {
      expect(series.length).toBeGreaterThan(0)
      for (const { x, y } of series) expect(x.length).toBe(y.length)
    }
    expect(fractions.every((fraction, k) => k === 0 || fraction >= fractions[k - 1])).toBe(true)
    expect(fractions.at(-1)).toBe(1)
  })

  it('ends early when told to', async () => {
    const { claims } = await reproduce(experiment, few, 0, AbortSignal.abort())
    expect(claims.find(({ id }) => id === 'crosses-barriers')?.holds).toBe(false)
  })
})
