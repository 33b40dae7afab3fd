import { describe, expect, it } from 'vitest'
import { pageOf, runModule, textOf } from '../../bench/run.ts'

const row = { name: 'product', size: 'n = 512', peer: 'plain loops', oursMs: 1.23456, peerMs: 12.3456, ratio: 10 }

describe('benchmarks', () => {
  it('gathers the rows of all functions that a module exports', async () => {
    const rows = await runModule({ first: () => [row], sizes: [1, 2], second: async () => [{ ...row, name: 'solve' }] })
    expect(rows.map((found) => found.name)).toEqual(['product', 'solve'])
  })

  it('writes bars that are not met, notes and failures as plainly as the rest', () => {
    const modules = [
      { module: 'linalg/products', rows: [{ ...row, bar: '>= 20', holds: false, note: 'memory-bound' }] },
      { module: 'smooth/runs', rows: [], failure: 'exit code 1' },
    ]
    const page = pageOf(modules, 'One machine.')
    expect(page).toContain('| product | n = 512 | plain loops | 1.23 | 12.3 | 10 | >= 20 | NO |')
    expect(page).toContain('- product (n = 512): memory-bound')
    expect(page).toContain('**Did not finish:** exit code 1')
    expect(page).toContain('One machine.')
    expect(textOf(modules[0])).toContain('NO')
    expect(textOf(modules[1])).toContain('FAILED: exit code 1')
  })
})
