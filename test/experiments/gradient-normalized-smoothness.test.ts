import { describe, expect, it } from 'vitest'
import experiment from '../../experiments/gradient-normalized-smoothness.ts'
import { expectLoadable, reproduce } from './support.ts'

const small = { size: 40, paperSize: 50, chebyshevDimension: 10, samples: 150 }

describe('the experiment on gradient-normalized smoothness', () => {
  it('is loaded by its slug and has a default for every parameter that its spec accepts', async () => {
    await expectLoadable('gradient-normalized-smoothness', experiment)
  })

  it('reports every claim with numbers, and the claims that do not depend on the size hold', async () => {
    const { claims, charts, tables, fractions } = await reproduce(experiment, small, 0)
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length)
    expect(claims.length).toBeGreaterThanOrEqual(15)
    for (const { id, statement, measured, threshold, holds, note } of claims) {
      expect(statement.length, id).toBeGreaterThan(10)
      expect(String(measured), id).toMatch(/\d/)
      expect(threshold.length, id).toBeGreaterThan(3)
      // A claim that fails at the default parameters explains itself.
      if (!holds && id === 'gamma-above-fixed-rules-nonconvex') expect(note).toBeDefined()
    }
    const holding = claims.filter(({ holds }) => holds).map(({ id }) => id)
    for (const id of ['log-sum-exp-exact', 'quartic-fisher', 'rosenbrock-powers', 'rosenbrock-fifth-power-precision']) {
      expect(holding, id).toContain(id)
    }
    expect(tables.length).toBeGreaterThan(8)
    for (const { columns, rows } of tables) for (const row of rows) expect(row.length).toBe(columns.length)
    for (const { title, series, y } of charts) {
      expect(series.length, title).toBeGreaterThan(1)
      for (const { label, x, y: values } of series) {
        expect(x.length, `${title}: ${label}`).toBe(values.length)
        expect(x.length, `${title}: ${label}`).toBeGreaterThan(1)
        for (let k = 0; k < values.length; k++) {
          expect(Number.isFinite(values[k]), `${title}: ${label}[${k}]`).toBe(true)
          if (y.scale === 'log') expect(values[k]).toBeGreaterThan(0)
        }
      }
    }
    for (let k = 1; k < fractions.length; k++) expect(fractions[k]).toBeGreaterThanOrEqual(fractions[k - 1])
    expect(fractions.at(-1)).toBe(1)
  }, 60_000)
})
