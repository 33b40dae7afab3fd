import * as Plot from '@observablehq/plot'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import { drawNoMore, drawSoon } from './draw-soon.ts'
import { extentOf, type LineSeries, seriesColour, seriesDash, visiblePoints } from './series.ts'

export interface LineChartProps {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly logX?: boolean
  readonly logY?: boolean
  readonly series: readonly LineSeries[]
  /** Where the reader has scrubbed to, on the horizontal axis. */
  readonly cursor?: number | null
  /** In pixels; the space is kept also while there is nothing to draw. Default 260. */
  readonly height?: number
}

/** A logarithmic axis over less than this factor has hardly a tick of its own, and looks like a linear one: it is drawn as such. */
const NARROW = 3
/** Over less than this factor, ticks between powers of ten are named too. */
const WIDE = 30

/** Names of ticks of a logarithmic axis: powers of ten as such, and what else there is room for. */
function logTick([low, high]: readonly [number, number]): (value: number) => string {
  return (value) => {
    const power = Math.floor(Math.log10(value) + 1e-9)
    const digit = Math.round(value / 10 ** power)
    if (digit === 1) return power >= -2 && power <= 4 ? String(10 ** power) : `1e${power}`
    return high / low < WIDE && (digit === 2 || digit === 5) ? formatNumber(value, 2) : ''
  }
}

/** The picture of a chart; null where there is nothing to draw. */
function drawChart(
  { title, xLabel, yLabel, logX, logY, series, cursor, height = 260 }: LineChartProps,
  width: number,
): SVGSVGElement | HTMLElement | null {
  const log = { x: logX === true, y: logY === true }
  const lines = series.map((line) => ({ ...line, points: visiblePoints(line, log) }))
  const all = lines.flatMap(({ points }) => points)
  const x = extentOf(
    all.map((point) => point.x),
    log.x,
  )
  const y = extentOf(
    all.map((point) => point.y),
    log.y,
  )
  if (x === null || y === null) {
    return null
  }
  const axis = (asked: boolean, domain: [number, number], pixels: number) => {
    const isLog = asked && domain[1] / domain[0] >= NARROW
    return {
      type: isLog ? ('log' as const) : ('linear' as const),
      domain,
      ...(isLog
        ? { tickFormat: logTick(domain), ticks: Math.min(8, Math.max(2, Math.round(pixels / 70))) }
        : { tickFormat: (value: number) => formatNumber(value, 4), ticks: Math.max(2, Math.round(pixels / 80)) }),
    }
  }
  const chart = Plot.plot({
    width,
    height,
    marginLeft: 54,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 38,
    ariaLabel: `${title}: ${series.map(({ label }) => label).join(', ')}`,
    style: { background: 'none', color: 'var(--ink-soft)', fontSize: '12px', fontFamily: 'var(--sans)' },
    x: { ...axis(log.x, x, width), label: xLabel, labelArrow: 'none' },
    y: { ...axis(log.y, y, height), label: yLabel, labelArrow: 'none', grid: true },
    marks: [
      Plot.ruleX([x[0]], { stroke: 'var(--line-strong)' }),
      ...(cursor == null || (log.x && cursor <= 0)
        ? []
        : [Plot.ruleX([Math.min(x[1], Math.max(x[0], cursor))], { stroke: 'var(--ink)', strokeDasharray: '2 2' })]),
      ...lines.map(({ points, colour, mark }) =>
        mark === 'line'
          ? Plot.line(points, {
              x: 'x',
              y: 'y',
              stroke: seriesColour(colour),
              strokeWidth: 2,
              strokeDasharray: seriesDash(colour),
            })
          : Plot.dot(points, { x: 'x', y: 'y', fill: seriesColour(colour), r: 2.5 }),
      ),
    ],
  })
  // One picture with one name: its parts are told apart by data, not by names that a reader would be read.
  chart.setAttribute('role', 'img')
  for (const part of chart.querySelectorAll('g[aria-label]')) {
    part.setAttribute('data-mark', part.getAttribute('aria-label') ?? '')
    part.removeAttribute('aria-label')
    part.removeAttribute('aria-description')
  }
  return chart
}

let warm = false

/**
 * The browser reads and compiles the code of charts when it draws the first one. That is done before there are data, in a quiet
 * moment: when they come, the processors are busy with the run.
 */
function warmUp(): void {
  if (warm) return
  warm = true
  const x = [1, 2]
  const series: LineSeries[] = [{ label: '', x, y: x, colour: 0, mark: 'line' }]
  drawSoon(waiting, () => drawChart({ title: '', xLabel: '', yLabel: '', logY: true, series }, 300))
}
const waiting = {}

/** A chart of lines or points, as wide as its place. */
export function LineChart({ title, xLabel, yLabel, logX, logY, series, cursor, height = 260 }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = place.current as HTMLDivElement
    warmUp()
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const element = place.current as HTMLDivElement
    if (width === 0) return
    drawSoon(element, () => {
      const chart = drawChart({ title, xLabel, yLabel, logX, logY, series, cursor, height }, width)
      element.replaceChildren(...(chart === null ? [] : [chart]))
    })
  }, [title, xLabel, yLabel, logX, logY, series, cursor, height, width])
  useEffect(() => {
    const element = place.current as HTMLDivElement
    return () => drawNoMore(element)
  }, [])
  return <div class="line-chart" ref={place} style={{ height: `${height}px` }} />
}
