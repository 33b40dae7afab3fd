import { scaleLinear, scaleLog } from 'd3-scale'
import type { Chart, ChartAxis } from './chart.ts'
import { formatLinearTicks, formatLogTicks } from './format.ts'

/** An axis laid out over its data. */
export interface AxisScale {
  /** Where a value lies, 0 at the low end and 1 at the high end; NaN if the axis cannot show it. */
  position(value: number): number
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

/** Smallest and largest number of a coordinate that the axis can show; null if there is none. */
function extent(chart: Chart, coordinate: 'x' | 'y'): [number, number] | null {
  const log = chart[coordinate].scale === 'log'
  let low = Infinity
  let high = -Infinity
  for (const series of chart.series) {
    const count = Math.min(series.x.length, series.y.length)
    for (let i = 0; i < count; i++) {
      // A point that one axis cannot show must not stretch the other.
      if (!shows(chart.x, series.x[i]) || !shows(chart.y, series.y[i])) continue
      const value = series[coordinate][i]
      if (log && value <= 0) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low <= high ? [low, high] : null
}

function shows(axis: ChartAxis, value: number): boolean {
  return Number.isFinite(value) && (axis.scale !== 'log' || value > 0)
}

/**
 * Lays out one axis of a chart.
 *
 * @param tickCount about how many ticks
 * @param margin part of the axis left free at both ends, so that points do not sit on the frame
 * @returns null if the chart has no point that can be shown
 */
export function axisScale(chart: Chart, coordinate: 'x' | 'y', tickCount: number, margin = 0): AxisScale | null {
  const found = extent(chart, coordinate)
  if (found === null) return null
  return chart[coordinate].scale === 'log' ? logScale(found, tickCount, margin) : linearScale(found, tickCount, margin)
}

/** Beyond these sizes the arithmetic of ticks itself overflows or underflows; such values are drawn at the limit. */
const LARGEST = 1e300
const SMALLEST = 1e-300
const limited = (value: number): number => (Number.isFinite(value) ? Math.max(-LARGEST, Math.min(LARGEST, value)) : NaN)

function linearScale(found: [number, number], tickCount: number, margin: number): AxisScale {
  const [low, high] = found.map(limited)
  const largest = Math.max(Math.abs(low), Math.abs(high))
  const flat = high - low <= Math.max(SMALLEST, 1e-14 * largest)
  const pad = flat ? (largest <= SMALLEST ? 1 : 0.1 * largest) : (high - low) * margin
  const from = low - pad
  const to = high + pad
  const ticks = scaleLinear().domain([from, to]).ticks(tickCount)
  const labels = formatLinearTicks(ticks)
  const position = (value: number): number => (limited(value) - from) / (to - from)
  return { position, ticks: ticks.map((tick, i) => ({ at: position(tick), label: labels[i] })) }
}

function logScale(found: [number, number], tickCount: number, margin: number): AxisScale {
  const exponent = (value: number): number => Math.log10(Math.max(SMALLEST, Math.min(LARGEST, value)))
  const [low, high] = found.map(exponent)
  const pad = high - low < 1e-12 ? 0.5 : (high - low) * margin
  const from = low - pad
  const to = high + pad
  const position = (value: number): number =>
    value > 0 && value < Infinity ? (exponent(value) - from) / (to - from) : NaN
  const ticks = logTicks(10 ** from, 10 ** to, tickCount)
  const labels = formatLogTicks(ticks)
  return { position, ticks: ticks.map((tick, i) => ({ at: position(tick), label: labels[i] })) }
}

function logTicks(from: number, to: number, tickCount: number): number[] {
  const all = scaleLog().domain([from, to]).ticks(tickCount)
  if (all.length <= tickCount + 2) return all
  const mantissa = (tick: number): number => Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9))
  for (const kept of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = all.filter((tick) => kept.includes(mantissa(tick)))
    if (ticks.length <= tickCount + 2 && ticks.length >= 2) return ticks
  }
  // Too many decades for one tick each (or a narrow range without a round number): every second, third...
  const stride = Math.ceil(all.length / tickCount)
  return all.filter((_, i) => i % stride === 0)
}
