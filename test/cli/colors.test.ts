import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, encode } from 'fast-png'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cli, cliJson } from './run-cli.ts'

let folder: string
const at = (name: string): string => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-colors-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A 4 x 2 picture of two halves. */
function halves(name: string, left: number[], right: number[], depth: 8 | 16 = 8): string {
  const data = Array.from({ length: 8 }, (_, i) => (i % 4 < 2 ? left : right)).flat()
  const pixels = depth === 16 ? Uint16Array.from(data) : Uint8Array.from(data)
  writeFileSync(at(name), encode({ width: 4, height: 2, data: pixels, depth, channels: left.length }))
  return at(name)
}

describe('colors', () => {
  it('gives each half the nearer colour of the other picture', async () => {
    const source = halves('source.png', [10, 10, 10], [240, 240, 240])
    const target = halves('target.png', [0, 0, 60], [255, 200, 255])
    const out = at('out.png')
    const { code, value } = await cliJson<Record<string, unknown>>(['colors', source, target, '--out', out])
    expect(code).toBe(0)
    expect(value).toMatchObject({ status: 'converged', width: 4, height: 2, method: 'sinkhorn-newton-sparse' })
    // Squared distances of the two halves in [0, 1], each with mass 1/2.
    const cost = (100 + 100 + 2500 + 225 + 1600 + 225) / 2 / 255 ** 2
    expect(value.cost).toBeCloseTo(cost, 6)
    expect(value.iterations).toBeGreaterThan(0)
    const image = decode(readFileSync(out))
    expect(Array.from(image.data.slice(0, 3))).toEqual([0, 0, 60])
    expect(Array.from(image.data.slice(6, 9))).toEqual([255, 200, 255])
  })

  it('keeps 16 bits and opacity, and leaves unseen pixels out', async () => {
    const source = halves('source.png', [0, 0, 0, 0], [50000, 50000, 50000, 30000], 16)
    const target = halves('target.png', [100, 20, 30], [100, 20, 30])
    const { code } = await cliJson(['colors', source, target, '--out', at('out.png')])
    expect(code).toBe(0)
    const { data, depth, channels } = decode(readFileSync(at('out.png')))
    expect([depth, channels]).toEqual([16, 4])
    expect(data[3]).toBe(0)
    expect(Array.from(data.slice(8, 12))).toEqual([100 * 257, 20 * 257, 30 * 257, 30000])
  })

  it('interrupted, finishes the picture with the plan so far and exits with 1', async () => {
    const source = halves('source.png', [10, 10, 10], [240, 240, 240])
    const target = halves('target.png', [0, 0, 60], [255, 200, 255])
    const args = ['colors', source, target, '--out', at('out.png')]
    const { code, value } = await cliJson<Record<string, unknown>>(args, { interruptAfterMs: 0 })
    expect(code).toBe(1)
    expect(value.status).toBe('aborted')
    expect(decode(readFileSync(at('out.png'))).width).toBe(4)
  })

  it('exits with 2 on what is no picture', async () => {
    const source = halves('source.png', [1, 2, 3], [4, 5, 6])
    writeFileSync(at('text.png'), 'no picture')
    for (const [args, message] of [
      [[source, at('none.png'), '--out', at('out.png')], 'no such file'],
      [[source, at('text.png'), '--out', at('out.png')], 'this PNG cannot be read'],
      [[source, source], '--out'],
      [[source, source, '--out', '/nowhere/out.png'], 'cannot write'],
    ] as const) {
      const { code, stdout, stderr } = await cli(['colors', ...args, '--json'])
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toContain(message)
    }
  })
})
