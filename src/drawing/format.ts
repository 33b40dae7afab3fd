import { formatNumber, shortExponential } from '../base/format-number.ts'

export { formatNumber }

/** Labels for equally spaced ticks: all with as many decimals as the spacing needs. */
export function formatLinearTicks(ticks: readonly number[]): string[] {
  const largest = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0)
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : largest
  if (largest === 0 || step === 0) return ticks.map((tick) => formatNumber(tick))
  if (largest >= 1e6 || largest < 1e-3) {
    const digits = Math.max(1, Math.ceil(Math.log10(largest / step)) + 1)
    return ticks.map((tick) => (tick === 0 ? '0' : shortExponential(tick, Math.min(15, digits))))
  }
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
  return ticks.map((tick) => tick.toFixed(decimals).replace(/^-(0(\.0*)?)$/, '$1'))
}

/** Labels for ticks of a logarithmic axis: all plain where that is short, else all as powers like `1e-8`. */
export function formatLogTicks(ticks: readonly number[]): string[] {
  const plain = ticks.every((tick) => tick >= 0.001 && tick < 1e5)
  return ticks.map((tick) => {
    const rounded = Number(tick.toPrecision(3))
    return plain || rounded === 1 ? String(rounded) : shortExponential(tick, 3)
  })
}
