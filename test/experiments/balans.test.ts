import { describe, expect, it } from 'vitest'
import experiment from '../../experiments/balans.ts'
import { expectLoadable, reproduce } from './support.ts'

describe('the experiment on adaptive large-neighbourhood search', () => {
  it('is loaded by its slug, with defaults and quick values that its specs accept', async () => {
    await expectLoadable('balans', experiment)
  })

  it('reports every claim, whole tables, and curves that can be drawn', async () => {
    const { claims, charts, tables, fractions } = await reproduce(
      experiment,
      { ...experiment.quick, shrink: 0.1, iterations: 4 },
      0,
    )
    expect([...fractions].sort((p, q) => p - q)).toEqual(fractions)
    expect(fractions.at(-1)).toBe(1)
    expect(charts).toHaveLength(4)
    for (const { series } of charts) {
      for (const { x, y } of series) {
        expect(x.length).toBe(y.length)
        for (let k = 0; k < x.length; k++) expect(x[k] > 0 && y[k] > 0).toBe(true)
      }
    }
    expect(tables[0].rows.length).toBeGreaterThanOrEqual(9)
    for (const row of tables[0].rows) expect(row).toHaveLength(tables[0].columns.length)
    const held = new Map(claims.map(({ id, holds }) => [id, holds]))
    expect([...held.keys()]).toEqual([
      'independent-set',
      'set-cover',
      'paper-configuration',
      'adaptive-configuration',
      'better-than-engine',
      'better-than-one-neighbourhood',
      'bandits',
      'easy-programs',
    ])
    // These two do not depend on how long the runs are.
    expect(held.get('bandits')).toBe(true)
    expect(held.get('easy-programs')).toBe(true)
  })
})
