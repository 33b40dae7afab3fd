import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Chart,
  chartsToSvg,
  chartToSvg,
  chartToText,
  formatNumber,
  tableToMarkdown,
  tableToText,
} from '../../src/drawing/index.ts'

const line: Chart = {
  title: 'A line',
  kind: 'line',
  x: { label: 'iteration' },
  y: { label: 'residual', scale: 'log' },
  series: [
    { label: 'first', x: [0, 1, 2, 3], y: [1, 1e-2, 1e-4, 1e-6] },
    { label: 'second', x: [0, 1, 2, 3], y: [10, 1, 0.1, 0.01] },
  ],
}

const plotRows = (text: string): string[] => text.split('\n').filter((row) => /[│┤|]/.test(row))
const area = (row: string): string => row.slice(row.search(/[│┤|]/) + 1)

describe('text charts', () => {
  it('stays within the width, has the asked number of rows and no trailing spaces', () => {
    for (const width of [30, 60, 80, 120]) {
      const text = chartToText(line, { width, height: 9 })
      for (const row of text.split('\n')) {
        expect(row.length).toBeLessThanOrEqual(width)
        expect(row).toBe(row.trimEnd())
      }
      expect(plotRows(text)).toHaveLength(9)
    }
  })

  it('puts extremes at the corners: a decreasing line starts top left and ends bottom right', () => {
    const rows = plotRows(chartToText({ ...line, series: [line.series[0]] }, { width: 60, height: 11 })).map(area)
    expect(rows[0][0]).toBe('●')
    expect(rows[10].at(-1)).toBe('●')
    expect(rows[10].trimStart()).toHaveLength(rows[10].length - rows[10].indexOf('●'))
  })

  it('is straight on a logarithmic axis for a geometric sequence', () => {
    const text = chartToText({ ...line, series: [line.series[0]] }, { width: 60, height: 7 })
    const starts = plotRows(text).map((row) => area(row).indexOf('●'))
    const steps = starts.slice(2, 6).map((start, i) => start - starts[i + 1])
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1)
  })

  it('gives each series its glyph and names all in the legend', () => {
    const text = chartToText(line)
    expect(text).toContain('● first')
    expect(text).toContain('○ second')
    const asciiText = chartToText(line, { ascii: true })
    expect(asciiText).toContain('* first   o second')
    expect([...asciiText].every((character) => character.charCodeAt(0) < 128)).toBe(true)
  })

  it('draws points over the curve in a mixed chart', () => {
    const x = [0, 1, 2, 3, 4]
    const text = chartToText({
      title: 'fit',
      kind: 'points',
      x: { label: 'x' },
      y: { label: 'y' },
      series: [
        { label: 'data', x, y: x },
        { label: 'model', mark: 'line', x, y: x },
      ],
    })
    const glyphs = plotRows(text).map(area).join('')
    expect(glyphs.match(/●/g)).toHaveLength(5)
    expect(glyphs).toContain('·')
  })

  it('says so when there is nothing to draw', () => {
    for (const y of [[], [NaN, NaN], [-1, 0]]) {
      const chart: Chart = { ...line, series: [{ label: 'none', x: [1, 2], y }] }
      expect(chartToText(chart)).toContain('(no data to draw)')
      expect(chartToSvg(chart)).toContain('no data to draw')
    }
  })

  it('leaves out what an axis cannot show, and does not stretch the other axis for it', () => {
    const text = chartToText({
      ...line,
      series: [{ label: 'some', x: [0, 1, 2, 1000], y: [1, NaN, 0.1, -5] }],
    })
    expect(text).not.toContain('1000')
    expect(plotRows(text).map(area).join('').match(/●/g)).toHaveLength(2)
  })

  it('colours marks without changing what is printed', () => {
    const painted = chartToText(line, { paint: (text, i) => `<${i}>${text}</>` })
    expect(painted.replace(/<\d>|<\/>/g, '')).toBe(chartToText(line))
  })

  it('copes with any numbers', () => {
    const number = fc.oneof(
      fc.double(),
      fc.constantFrom(
        NaN,
        Infinity,
        -Infinity,
        0,
        -0,
        1e308,
        -1e308,
        5e-324,
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
        1e16 + 2,
      ),
    )
    const series = fc.record({
      label: fc.string(),
      x: fc.array(number, { maxLength: 8 }),
      y: fc.array(number, { maxLength: 8 }),
      mark: fc.constantFrom('line' as const, 'points' as const, undefined),
    })
    const scale = fc.constantFrom('linear' as const, 'log' as const)
    fc.assert(
      fc.property(fc.array(series, { maxLength: 3 }), scale, scale, (list, xScale, yScale) => {
        const chart: Chart = {
          title: 't',
          kind: 'line',
          x: { label: 'x', scale: xScale },
          y: { label: 'y', scale: yScale },
          series: list.map((entry) => ({ ...entry, label: entry.label.replace(/\s/g, ' ') })),
        }
        for (const row of chartToText(chart, { width: 64 }).split('\n')) expect(row.length).toBeLessThanOrEqual(64)
        expect(chartToSvg(chart)).not.toMatch(/NaN|Infinity/)
      }),
      { numRuns: 400 },
    )
  })
})

describe('SVG charts', () => {
  it('is one self-contained document with title, ticks, legend and both themes', () => {
    const svg = chartToSvg(line)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg.trimEnd().endsWith('</svg>')).toBe(true)
    for (const part of ['<title>A line</title>', 'prefers-color-scheme: dark', '>first<', '>iteration<', '>1e-6<']) {
      expect(svg).toContain(part)
    }
    expect(svg.match(/<path class="line/g)).toHaveLength(4) // two lines, two legend samples
    expect(svg).not.toMatch(/href|<script|url\(/)
  })

  it('escapes text', () => {
    const svg = chartToSvg({
      ...line,
      title: 'a < b & "c"\u0001',
      series: [{ ...line.series[0], label: '<i>' }, line.series[1]],
    })
    expect(svg).toContain('<title>a &lt; b &amp; &quot;c&quot;</title>')
    expect(svg).toContain('&lt;i&gt;')
    expect(svg).not.toContain('\u0001')
  })

  it('interrupts a line at a gap', () => {
    const svg = chartToSvg({
      ...line,
      y: { label: 'y' },
      series: [{ label: 'gap', x: [0, 1, 2, 3], y: [1, NaN, 2, 3] }],
    })
    const path = svg.match(/<path class="line s0" d="([^"]*)"/)?.[1] ?? ''
    expect(path.match(/M/g)).toHaveLength(2)
    expect(path.match(/L/g)).toHaveLength(1)
  })

  it('draws a long series with no more points than can be seen, and all of its range', () => {
    const x = Array.from({ length: 100_000 }, (_, i) => i)
    const svg = chartToSvg({
      ...line,
      y: { label: 'y' },
      series: [{ label: 'long', x, y: x.map((v) => Math.sin(v / 16_000)) }],
    })
    expect(svg.length).toBeLessThan(40_000)
    const points = [...svg.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((match) => [Number(match[1]), Number(match[2])])
    expect(points.length).toBeGreaterThan(600)
    expect(points.at(-1)?.[0]).toBeGreaterThan(680)
  })

  it('stacks several charts', () => {
    const svg = chartsToSvg([line, line], { height: 300 })
    expect(svg).toContain('viewBox="0 0 720 600"')
    expect(svg).toContain('translate(0 300)')
  })
})

describe('tables and numbers', () => {
  const table = {
    title: 'Runs',
    columns: ['method', 'iterations', 'objective'],
    rows: [
      ['lbfgs', 12, 1.25e-9],
      ['a|b', 3400, 0.5],
    ],
  }

  it('aligns numbers to the right and words to the left', () => {
    expect(tableToText(table).split('\n')).toEqual([
      '  Runs',
      '  method  iterations  objective',
      '  ------  ----------  ---------',
      '  lbfgs           12    1.25e-9',
      '  a|b           3400        0.5',
      '',
    ])
  })

  it('fits the width by cutting the widest column', () => {
    const wide = { title: '', columns: ['a', 'b'], rows: [['x'.repeat(200), 'short']] }
    const rows = tableToText(wide, 60).trimEnd().split('\n')
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(60)
    expect(rows[2]).toContain('...')
    expect(rows[2]).toContain('short')
  })

  it('writes Markdown with escaped bars', () => {
    expect(tableToMarkdown(table).split('\n')).toEqual([
      '| method | iterations | objective |',
      '| --- | ---: | ---: |',
      '| lbfgs | 12 | 1.25e-9 |',
      '| a\\|b | 3400 | 0.5 |',
      '',
    ])
  })

  it.each([
    [0, '0'],
    [-0, '0'],
    [1 / 3, '0.333333'],
    [123456, '123456'],
    [1234567, '1.23457e6'],
    [1.5e-9, '1.5e-9'],
    [-1e100, '-1e100'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('formats %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('formats to a number within the digits asked for', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const back = Number(formatNumber(value, 6))
        if (Math.abs(value) < 1e-300) expect(Math.abs(back)).toBeLessThan(1e-299)
        else if (Number.isFinite(back)) expect(Math.abs(back - value)).toBeLessThanOrEqual(5.1e-6 * Math.abs(value))
      }),
    )
  })
})
