import { type Chart, type ChartSeries, isLine } from './chart.ts'
import { type AxisScale, axisScale } from './scale.ts'

/** How a chart is drawn as SVG. */
export interface SvgChartOptions {
  /** Width in pixels, >= 240. Default 720. */
  width?: number
  /** Height of each chart in pixels, >= 180. Default 440. */
  height?: number
}

/** Categorical colours that are told apart on their ground, also by people who see fewer colours. */
const onLight = ['#3557c4', '#c87a00', '#d03f32', '#23866e', '#8f4fe0', '#7a5c2e', '#c24a8b', '#4a6fa8']
const onDark = ['#7f9bff', '#f0a73a', '#ff7a6b', '#56c9ae', '#c196ff', '#c9a877', '#f08cc0', '#9db9e8']
const dashes = ['', '7 3', '2 3', '9 3 2 3', '4 2', '1 2']

const style = `
.ground { fill: #ffffff }
.text { fill: #1d2330; font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif }
.title { font-size: 15px; font-weight: 600 }
.tick { fill: #566072; font-size: 12px; font-variant-numeric: tabular-nums }
.grid { stroke: #e4e7ee; stroke-width: 1 }
.frame { stroke: #98a1b3; stroke-width: 1; fill: none }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
${rules(onLight)}@media (prefers-color-scheme: dark) {
  .ground { fill: #14171f }
  .text { fill: #e6e9f0 }
  .tick { fill: #a3acbd }
  .grid { stroke: #272c38 }
  .frame { stroke: #5a6373 }
${rules(onDark)}}
`

/** Strokes `.s0`, `.s1`... of lines and fills `.p0`, `.p1`... of points. */
function rules(colours: readonly string[]): string {
  return colours.map((colour, i) => `.s${i} { stroke: ${colour} } .p${i} { fill: ${colour} }\n`).join('')
}

/** Characters that XML does not allow even as references. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to remove
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function escapeXml(text: string): string {
  return text
    .replace(forbidden, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}

const round = (value: number): string => String(Math.round(value * 100) / 100)

/** About how wide a text is, in pixels: fonts are not measured, so that the same chart is the same file everywhere. */
function textWidth(text: string, fontSize = 13): number {
  return text.length * fontSize * 0.56
}

/**
 * A chart as a self-contained SVG document: title, axes with ticks and grid, legend; colours follow the reader's light or dark
 * theme.
 */
export function chartToSvg(chart: Chart, options: SvgChartOptions = {}): string {
  return chartsToSvg([chart], options)
}

/** Several charts below one another as one SVG document. */
export function chartsToSvg(charts: readonly Chart[], options: SvgChartOptions = {}): string {
  const width = Math.max(240, Math.round(options.width ?? 720))
  const height = Math.max(180, Math.round(options.height ?? 440))
  const total = Math.max(1, charts.length) * height
  const title = charts.map((chart) => chart.title).join('; ')
  const bodies = charts.map(
    (chart, i) => `<g transform="translate(0 ${i * height})">\n${body(chart, width, height)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<style>${style}</style>
<rect class="ground" width="${width}" height="${total}"/>
${bodies.join('\n')}
</svg>
`
}

function body(chart: Chart, width: number, height: number): string {
  const parts: string[] = []
  const put = (text: string): void => {
    parts.push(`${text}\n`)
  }
  put(`<text class="text title" x="16" y="26">${escapeXml(chart.title)}</text>`)
  const entries = chart.series.length > 1 ? placeLegend(chart, width) : { items: [], height: 0 }
  const top = 44 + entries.height + (chart.y.label ? 14 : 0)
  const bottom = height - 52
  const y = axisScale(chart, 'y', Math.max(3, Math.round((bottom - top) / 50)), 0.03)
  if (y === null) {
    put(`<text class="text" x="16" y="${round(height / 2)}">no data to draw</text>`)
    return parts.join('')
  }
  const left = 24 + Math.max(...y.ticks.map((tick) => textWidth(tick.label, 12)), 10)
  const right = width - 22
  const x = axisScale(chart, 'x', Math.max(3, Math.round((right - left) / 90)), 0.02) as AxisScale
  const toX = (at: number): number => left + at * (right - left)
  const toY = (at: number): number => bottom - at * (bottom - top)

  for (const { at, label } of y.ticks) {
    const py = round(toY(at))
    put(`<line class="grid" x1="${round(left)}" x2="${round(right)}" y1="${py}" y2="${py}"/>`)
    put(`<text class="text tick" x="${round(left - 8)}" y="${py}" dy="4" text-anchor="end">${label}</text>`)
  }
  for (const { at, label } of x.ticks) {
    const px = round(toX(at))
    put(`<line class="grid" x1="${px}" x2="${px}" y1="${round(top)}" y2="${round(bottom)}"/>`)
    put(`<text class="text tick" x="${px}" y="${round(bottom + 18)}" text-anchor="middle">${label}</text>`)
  }
  put(`<path class="frame" d="M${round(left)} ${round(top)}V${round(bottom)}H${round(right)}"/>`)
  put(
    `<text class="text" x="${round((left + right) / 2)}" y="${height - 12}" text-anchor="middle">${escapeXml(chart.x.label)}</text>`,
  )
  if (chart.y.label) put(`<text class="text tick" x="16" y="${round(top - 12)}">${escapeXml(chart.y.label)}</text>`)

  // Lines first, so that points lie on top of them.
  chart.series.forEach((series, i) => {
    if (isLine(chart, series)) put(`<path ${stroke(chart, i)} d="${linePath(series, x, y, toX, toY)}"/>`)
  })
  chart.series.forEach((series, i) => {
    if (!isLine(chart, series)) put(`<g class="${pointClass(i)}">${dots(series, x, y, toX, toY)}</g>`)
  })
  for (const { index, x: px, y: py } of entries.items) {
    const series = chart.series[index]
    put(
      isLine(chart, series)
        ? `<path ${stroke(chart, index)} d="M${px} ${py - 4}h22"/>`
        : `<circle cx="${px + 11}" cy="${py - 4}" r="3.5" class="${pointClass(index)}"/>`,
    )
    put(`<text class="text" x="${px + 28}" y="${py}">${escapeXml(series.label)}</text>`)
  }
  return parts.join('')
}

const pointClass = (index: number): string => `p${index % onLight.length}`

/** Lines differ in dashes too, for readers who cannot tell the colours. */
function stroke(chart: Chart, index: number): string {
  const before = chart.series.slice(0, index).filter((series) => isLine(chart, series)).length
  const dash = dashes[before % dashes.length]
  return `class="line s${index % onLight.length}"${dash ? ` stroke-dasharray="${dash}"` : ''}`
}

function placeLegend(
  chart: Chart,
  width: number,
): { items: { index: number; x: number; y: number }[]; height: number } {
  const items: { index: number; x: number; y: number }[] = []
  let x = 16
  let line = 0
  chart.series.forEach((series, index) => {
    const size = 28 + textWidth(series.label) + 18
    if (x > 16 && x + size > width - 16) {
      line++
      x = 16
    }
    items.push({ index, x: Math.round(x), y: 50 + 20 * line })
    x += size
  })
  return { items, height: 20 * (line + 1) }
}

type Place = (at: number) => number

function linePath(series: ChartSeries, x: AxisScale, y: AxisScale, toX: Place, toY: Place): string {
  let path = ''
  let drawing = false
  let lastX = NaN
  let lastY = NaN
  const count = Math.min(series.x.length, series.y.length)
  for (let i = 0; i < count; i++) {
    const px = toX(x.position(series.x[i]))
    const py = toY(y.position(series.y[i]))
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      drawing = false
      continue
    }
    // Steps of less than half a pixel are not seen, but would fill the file.
    if (drawing && Math.abs(px - lastX) < 0.5 && Math.abs(py - lastY) < 0.5) continue
    path += `${drawing ? 'L' : 'M'}${round(px)} ${round(py)}`
    drawing = true
    lastX = px
    lastY = py
  }
  return path
}

function dots(series: ChartSeries, x: AxisScale, y: AxisScale, toX: Place, toY: Place): string {
  let out = ''
  const count = Math.min(series.x.length, series.y.length)
  for (let i = 0; i < count; i++) {
    const px = toX(x.position(series.x[i]))
    const py = toY(y.position(series.y[i]))
    if (Number.isFinite(px) && Number.isFinite(py)) out += `<circle cx="${round(px)}" cy="${round(py)}" r="3.5"/>`
  }
  return out
}
