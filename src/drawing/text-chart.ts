import { type Chart, type ChartSeries, isLine } from './chart.ts'
import { type AxisScale, axisScale } from './scale.ts'

/** How a chart is drawn as text. */
export interface TextChartOptions {
  /** Characters per line, >= 30. Default 80. */
  width?: number
  /** Lines of the plotting area, >= 4. Default 16. */
  height?: number
  /** Draw with ASCII characters only. Default false. */
  ascii?: boolean
  /** Colours the marks of series number `index`; must add no visible character. Default: no colour. */
  paint?: (text: string, index: number) => string
}

const unicode = {
  points: ['●', '○', '▲', '△', '◆', '◇', '■', '□'],
  curve: ['·', '˙', '-', '='],
  corner: '└',
  side: '│',
  sideTick: '┤',
  bottom: '─',
  bottomTick: '┬',
}
const ascii: typeof unicode = {
  points: ['*', 'o', '+', 'x', '#', '@', '%', '&'],
  curve: ['.', ',', '-', '='],
  corner: '+',
  side: '|',
  sideTick: '+',
  bottom: '-',
  bottomTick: '+',
}

/**
 * A chart as lines of text: title, frame with ticks, one glyph per series and, for several series, a legend.
 * No line is longer than `width`, and none ends with spaces.
 */
export function chartToText(chart: Chart, options: TextChartOptions = {}): string {
  const width = Math.max(30, Math.floor(options.width ?? 80))
  const height = Math.max(4, Math.floor(options.height ?? 16))
  const marks = options.ascii ? ascii : unicode
  const paint = options.paint ?? ((text: string) => text)
  const title = `  ${clip(chart.title, width - 2)}`
  const y = axisScale(chart, 'y', Math.max(3, Math.round(height / 3)))
  if (y === null) return `${title}\n  (no data to draw)\n`
  const gutter = Math.min(14, Math.max(...y.ticks.map((tick) => tick.label.length), 1)) + 1
  const columns = width - gutter - 3
  const x = axisScale(chart, 'x', Math.max(3, Math.round(columns / 12))) as AxisScale

  const cells = new Int16Array(columns * height).fill(-1)
  // The first series is drawn last and so lies on top; points lie on top of lines.
  const order = chart.series.map((_, i) => i).reverse()
  for (const wanted of [true, false]) {
    for (const i of order) {
      if (isLine(chart, chart.series[i]) === wanted) plot(chart.series[i], i, wanted, x, y, cells, columns, height)
    }
  }

  const glyphs = seriesGlyphs(chart, marks)
  const labels = rowLabels(y, height)
  const lines = [title]
  if (chart.y.label) lines.push(`  ${clip(chart.y.label, width - 2)}`)
  for (let row = 0; row < height; row++) {
    const label = labels.get(row)
    let line = `${(label ?? '').slice(0, gutter - 1).padStart(gutter - 1)} ${label === undefined ? marks.side : marks.sideTick}`
    for (let column = 0; column < columns; column++) {
      const series = cells[row * columns + column]
      line += series < 0 ? ' ' : paint(glyphs[series], series)
    }
    lines.push(line)
  }
  lines.push(...bottomAxis(x, columns, gutter, marks))
  if (chart.x.label) {
    const label = clip(chart.x.label, columns)
    lines.push(' '.repeat(gutter + 1 + Math.floor((columns - label.length) / 2)) + label)
  }
  if (chart.series.length > 1) lines.push(...legend(chart, glyphs, width, gutter, paint))
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 3))}...`
}

/** Curves through points are dotted; where there are only lines, each has a glyph of its own. */
function seriesGlyphs(chart: Chart, marks: typeof unicode): string[] {
  const mixed =
    chart.series.some((series) => isLine(chart, series)) && chart.series.some((series) => !isLine(chart, series))
  let curves = 0
  let others = 0
  return chart.series.map((series) =>
    mixed && isLine(chart, series)
      ? marks.curve[curves++ % marks.curve.length]
      : marks.points[others++ % marks.points.length],
  )
}

function plot(
  series: ChartSeries,
  index: number,
  line: boolean,
  x: AxisScale,
  y: AxisScale,
  cells: Int16Array,
  columns: number,
  height: number,
): void {
  const put = (column: number, row: number): void => {
    if (column >= 0 && column < columns && row >= 0 && row < height) cells[row * columns + column] = index
  }
  let beforeColumn = NaN
  let beforeRow = NaN
  const count = Math.min(series.x.length, series.y.length)
  for (let i = 0; i < count; i++) {
    const column = x.position(series.x[i]) * (columns - 1)
    const row = (1 - y.position(series.y[i])) * (height - 1)
    if (!Number.isFinite(column) || !Number.isFinite(row)) {
      beforeColumn = NaN
      continue
    }
    if (line && Number.isFinite(beforeColumn)) {
      const steps = Math.ceil(Math.max(Math.abs(column - beforeColumn), Math.abs(row - beforeRow)))
      for (let k = 0; k <= steps; k++) {
        const t = steps === 0 ? 1 : k / steps
        put(Math.round(beforeColumn + t * (column - beforeColumn)), Math.round(beforeRow + t * (row - beforeRow)))
      }
    } else put(Math.round(column), Math.round(row))
    beforeColumn = column
    beforeRow = row
  }
}

function rowLabels(y: AxisScale, height: number): Map<number, string> {
  const labels = new Map<number, string>()
  for (const { at, label } of y.ticks) {
    const row = Math.round((1 - at) * (height - 1))
    if (row >= 0 && row < height && !labels.has(row)) labels.set(row, label)
  }
  return labels
}

function bottomAxis(x: AxisScale, columns: number, gutter: number, marks: typeof unicode): string[] {
  const frame = new Array<string>(columns).fill(marks.bottom)
  const total = gutter + 1 + columns + 1
  const text = new Array<string>(total).fill(' ')
  let free = 0
  for (const { at, label } of x.ticks) {
    const column = Math.round(at * (columns - 1))
    if (column < 0 || column >= columns) continue
    const centred = gutter + 1 + column - Math.floor(label.length / 2)
    const begin = Math.max(0, Math.min(centred, total - label.length))
    if (begin < free) continue
    frame[column] = marks.bottomTick
    for (let i = 0; i < label.length; i++) text[begin + i] = label[i]
    free = begin + label.length + 2
  }
  return [' '.repeat(gutter) + marks.corner + frame.join(''), text.join('')]
}

function legend(
  chart: Chart,
  glyphs: string[],
  width: number,
  gutter: number,
  paint: (text: string, index: number) => string,
): string[] {
  const lines: string[] = []
  let line = ''
  let length = 0
  chart.series.forEach((series, i) => {
    const label = clip(series.label, width - gutter - 3)
    const size = label.length + 2
    if (length > 0 && gutter + 1 + length + 3 + size > width) {
      lines.push(line)
      line = ''
      length = 0
    }
    if (length > 0) {
      line += '   '
      length += 3
    }
    line += `${paint(glyphs[i], i)} ${label}`
    length += size
  })
  if (length > 0) lines.push(line)
  return lines.map((entry) => ' '.repeat(gutter + 1) + entry)
}
