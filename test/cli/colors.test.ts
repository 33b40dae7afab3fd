import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
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

/** A PNG written by hand: samples in rows of whole bytes, no filter; checksums are left 0, which readers may ignore. */
function rawPicture(name: string, header: number[], rows: number[][], chunks: [string, number[]][] = []): string {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
  }
  const size = Buffer.alloc(8)
  size.writeUInt32BE(header[0])
  size.writeUInt32BE(rows.length, 4)
  const parts = [
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', Buffer.concat([size, Buffer.from([header[1], header[2], 0, 0, header[3] ?? 0])])),
    ...chunks.map(([type, data]) => chunk(type, Buffer.from(data))),
    chunk('IDAT', deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
    chunk('IEND', Buffer.alloc(0)),
  ]
  writeFileSync(at(name), Buffer.concat(parts))
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

  it('reads grey pictures of a few bits, one pixel, and one transparent colour', async () => {
    // 5 x 2 pixels of 2 bits: 0 1 2 3 0 and 3 3 2 1 0, exact transport to themselves.
    const grey = rawPicture(
      'grey.png',
      [5, 2, 0],
      [
        [0b00011011, 0],
        [0b11111001, 0],
      ],
    )
    const keep = (path: string) => cliJson(['colors', path, path, '--out', at('out.png'), '--regularization', '0'])
    expect((await keep(grey)).code).toBe(0)
    const levels = [0, 1, 2, 3, 0, 3, 3, 2, 1, 0].flatMap((level) => [85 * level, 85 * level, 85 * level])
    expect(Array.from(decode(readFileSync(at('out.png'))).data)).toEqual(levels)

    const one = rawPicture('one.png', [1, 8, 2], [[7, 8, 9]])
    expect((await cliJson(['colors', one, grey, '--out', at('out.png')])).code).toBe(0)

    const keyed = rawPicture('keyed.png', [3, 8, 2], [[1, 2, 3, 200, 100, 0, 1, 2, 4]], [['tRNS', [0, 1, 0, 2, 0, 3]]])
    expect((await keep(keyed)).code).toBe(0)
    expect(Array.from(decode(readFileSync(at('out.png'))).data)).toEqual([0, 0, 0, 0, 200, 100, 0, 255, 1, 2, 4, 255])
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
    writeFileSync(at('empty.png'), '')
    writeFileSync(at('cut.png'), readFileSync(source).subarray(0, 50))
    const clear = halves('clear.png', [1, 2, 3, 0], [4, 5, 6, 0])
    const laced = rawPicture('laced.png', [2, 1, 0, 1], [[0]])
    for (const [args, message] of [
      [[source, at('none.png'), '--out', at('out.png')], 'no such file'],
      [[source, at('text.png'), '--out', at('out.png')], 'this PNG cannot be read'],
      [[source, at('empty.png'), '--out', at('out.png')], 'this PNG cannot be read'],
      [[at('cut.png'), source, '--out', at('out.png')], 'this PNG cannot be read'],
      [[source, clear, '--out', at('out.png')], 'every pixel is transparent'],
      [[laced, source, '--out', at('out.png')], 'interlaced pictures of 1 bits are not supported'],
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
