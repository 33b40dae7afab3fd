import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compile, parseExpression } from '../../src/autodiff/index.ts'
import { minimize } from '../../src/index.ts'
import { createMethod } from '../../src/registry.ts'
import { frameWithin, landscapeOver } from '../../workbench/stages/landscape.ts'
import { queryOf } from '../../workbench/tools/address.ts'
import { commandOf, numbersFor, programOf } from '../../workbench/tools/minimize/program.ts'
import { numberIn } from '../../workbench/tools/number-field.tsx'
import { headOfFile, routeFiles } from '../../workbench/tools/route-files.ts'
import { frameOf } from '../../workbench/tools/transport/frame.ts'
import { shapes, shapeText, withPoint } from '../../workbench/tools/transport/point-text.ts'

describe('files dropped on the overview', () => {
  const route = (...names: string[]) => routeFiles(names.map((name) => ({ name, head: '' })))

  it('go to the tool for their kind, by name', () => {
    expect(route('a.MPS.gz')).toEqual({ slug: 'solve' })
    expect(route('a.lp')).toEqual({ slug: 'solve' })
    expect(route('run.jsonl')).toEqual({ slug: 'replay' })
    expect(route('Misra1a.dat')).toEqual({ slug: 'fit' })
    expect(route('a.csv')).toEqual({ slug: 'fit' })
    expect(route('a.csv', 'b.tsv')).toEqual({ slug: 'transport' })
    expect(route('a.png')).toEqual({ slug: 'transport' })
    expect(route('a.png', 'b.jpeg')).toEqual({ slug: 'transport' })
  })

  it('go by their beginning where the name says nothing', () => {
    const by = (head: string) => routeFiles([{ name: 'download', head }])
    expect(by('* a comment\nNAME   x\nROWS\n')).toEqual({ slug: 'solve' })
    expect(by('\\ a comment\nMaximize\n obj: x\n')).toEqual({ slug: 'solve' })
    expect(by('{"type":"run","format":"thalweg-run","version":1')).toEqual({ slug: 'replay' })
    expect(by('NIST/ITL StRD\nDataset Name:')).toEqual({ slug: 'fit' })
  })

  it('are tables where a text without a telling name has columns', () => {
    const by = (name: string, head: string) => routeFiles([{ name, head }])
    expect(by('measured.txt', 'x,y\n1,2\n3,4\n5')).toEqual({ slug: 'fit' })
    expect(by('measured', 'x;y\n1;2\n')).toEqual({ slug: 'fit' })
    expect(by('measured.txt.gz', 'x\ty\n1\t2\n')).toEqual({ slug: 'fit' })
    expect(by('letter.txt', 'Dear reader, how are you?\nWell.\n')).toHaveProperty('problem')
    expect(by('letter.doc', 'x,y\n1,2\n')).toHaveProperty('problem')
  })

  it('are looked into also where they are packed', async () => {
    const packed = new Blob([new Uint8Array(gzipSync('x,y\n1,2\n3,4\n'))])
    expect(await headOfFile(packed)).toBe('x,y\n1,2\n3,4\n')
    expect(await headOfFile(new Blob(['x,y\n']))).toBe('x,y\n')
    expect(await headOfFile(new Blob([Uint8Array.of(0x1f, 0x8b, 1, 2)]))).toBe('')
  })

  it('are refused by name where no tool can read them, or not together', () => {
    expect(route('a.mps', 'b.heic')).toMatchObject({ problem: expect.stringContaining('b.heic: no tool') })
    expect(route('a.mps', 'b.csv')).toMatchObject({ problem: expect.stringContaining('a.mps, b.csv') })
    expect(route('a.csv', 'b.csv', 'c.csv')).toHaveProperty('problem')
  })
})

describe('the program and the command for an expression', () => {
  const request = { expression: 'x^2 + 3*y^2', start: '', lower: '', upper: '', method: '', seed: 0 }

  it('read starts and bounds as the command line does', () => {
    expect(numbersFor(['x', 'y'], '-1.2, 1')).toEqual([-1.2, 1])
    expect(numbersFor(['x', 'y'], 'y=2,x=1')).toEqual([1, 2])
    expect(numbersFor(['x', 'y'], '-inf', -Infinity)).toEqual([-Infinity, -Infinity])
    expect(numbersFor(['x', 'y'], 'y=2', -Infinity)).toEqual([-Infinity, 2])
    expect(numbersFor(['x', 'y'], '1')).toBeNull()
    expect(numbersFor(['x', 'y'], '1,b')).toBeNull()
  })

  it('quote what was typed, and keep a leading minus from being a flag', () => {
    expect(commandOf({ ...request, start: '1, 2', method: 'lbfgs' })).toBe(
      'npx thalweg minimize "x^2 + 3*y^2" --start=1,2 --method=lbfgs',
    )
    expect(commandOf({ ...request, expression: '-x*exp(-x)', start: '0' })).toBe(
      'npx thalweg minimize --start=0 -- "-x*exp(-x)"',
    )
  })

  it('is a program that finds the minimum', () => {
    const text = programOf({ ...request, start: 'y=1,x=2', lower: 'x=0.5', method: 'lbfgsb' }, ['x', 'y'])
    const body = text
      .split('\n')
      .filter((line) => !line.startsWith('import') && !line.startsWith('console'))
      .join('\n')
    const run = new Function('minimize', 'compile', 'parseExpression', 'createMethod', `${body}\nreturn result`)
    const { status, x } = run(minimize, compile, parseExpression, createMethod)
    expect(status).toBe('converged')
    expect([...x]).toEqual([0.5, expect.closeTo(0, 8)])
  })
})

describe('landscapes', () => {
  it('cover the box where there is one, else all points with a margin', () => {
    const box = { lower: Float64Array.of(-1, -2), upper: Float64Array.of(3, 4) }
    expect(frameWithin(box, [[9, 9]], 1)).toEqual([-1, 3, -2, 4])
    const [left, right, bottom, top] = frameWithin(
      {},
      [
        [0, 0],
        [10, 2],
        [NaN, 0],
      ],
      1,
    )
    expect(right - left).toBeCloseTo(top - bottom, 12)
    expect([left < 0, right > 10, bottom < 0, top > 2]).toEqual([true, true, true, true])
    expect(frameWithin({}, [], 3)).toEqual([-3, 3, -3, 3])
  })

  it('have rings of one height each, higher from level to level, the first row at the bottom', () => {
    const height = (x: number, y: number): number => x + 10 * y
    const { levels } = landscapeOver((x) => height(x[0], x[1]), [0, 1, 0, 2], null)
    const means = levels.slice(1).map(({ points, rings }) => {
      expect(rings.at(-1)).toBe(points.length / 2)
      const inside: number[] = []
      for (let i = 0; i < points.length; i += 2) {
        const [x, y] = [points[i], points[i + 1]]
        // The border closes the rings.
        if (x > 0 && x < 1 && y > 0 && y < 1) inside.push(height(x, 2 * (1 - y)))
      }
      expect(Math.max(...inside) - Math.min(...inside)).toBeLessThan(1e-4)
      return inside[0]
    })
    expect(means).toEqual([...means].sort((a, b) => a - b))
    expect(means.length).toBeGreaterThan(10)
  })

  it('are empty where nothing is finite', () => {
    expect(landscapeOver(() => NaN, [0, 1, 0, 1], null).levels).toEqual([])
  })
})

describe('fields and addresses', () => {
  it('take numbers within their interval only', () => {
    expect([numberIn('0.5', 0), numberIn('-1', 0), numberIn('', 0), numberIn('x', 0), numberIn('3', 0, 2)]).toEqual([
      0.5,
      null,
      null,
      null,
      null,
    ])
  })

  it('leave out what is too long for a link', () => {
    expect(queryOf({ f: 'x^2', start: undefined }).toString()).toBe('f=x%5E2')
    expect(queryOf({ lp: 'x'.repeat(5000) }).toString()).toBe('')
  })
})

describe('clouds that are drawn', () => {
  const points = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').map(Number))

  it('lie within the unit square, as many points as wanted, all different', () => {
    for (const shape of shapes) {
      const found = points(shapeText(shape, 60))
      expect(found).toHaveLength(60)
      expect(new Set(found.map(String)).size).toBe(60)
      for (const [x, y] of found) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
        expect(Math.max(x, y)).toBeLessThanOrEqual(1)
      }
    }
    expect(points(shapeText('grid', 1))).toEqual([[0.12, 0.12]])
  })

  it('grow by a line for each point, from nothing too', () => {
    expect(withPoint('', 0.25, 0.5)).toBe('x,y\n0.2500,0.5000\n')
    expect(withPoint('x,y\n0,0', 1, 1)).toBe('x,y\n0,0\n1.0000,1.0000\n')
  })

  it('stay in the unit square while they are within it, else in a square around them', () => {
    const cloud = (...flat: number[]) => ({ points: Float64Array.from(flat), dimension: 2, count: flat.length / 2 })
    expect(frameOf([cloud(0.2, 0.3), cloud()])).toEqual({ left: 0, bottom: 0, size: 1 })
    const { left, bottom, size } = frameOf([cloud(-10, 0), cloud(10, 5)])
    expect([left < -10, left + size > 10, bottom < 0, bottom + size > 5]).toEqual([true, true, true, true])
  })
})
