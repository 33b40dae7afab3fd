import type { Control } from '../catalogue/catalogue.ts'

/** How a slider's position, an integer from 0 to `STEPS`, stands for a number. */
export interface SliderScale {
  valueAt(position: number): number
  positionOf(value: number): number
}

export const STEPS = 400

/** Bounds beyond this are "unbounded" to a person. */
const HUGE = 1e9

/**
 * The scale of a number's slider: over its interval if that is of human size, else around its default. The field beside the
 * slider takes every allowed number.
 *
 * @returns null where there is no sensible range (no default, or an infinite one)
 */
export function sliderScale(control: Control): SliderScale | null {
  const { type, fallback, min = -Infinity, max = Infinity } = control
  if (type !== 'number' && type !== 'integer') return null
  if (typeof fallback !== 'number' || !Number.isFinite(fallback)) return null
  const size = Math.abs(fallback)
  let high = max < HUGE ? max : Math.max(fallback * 20, size > 0 ? size * 20 : 10)
  let low = min > -HUGE ? min : size > 0 ? -20 * size : -10
  const wide = low >= 0 && high / Math.max(low, size, Number.MIN_VALUE) > 15 && fallback > 0
  const log = control.scale === 'log' || wide
  if (log && fallback > 0 && high > 0) {
    if (low <= 0) low = type === 'integer' ? 1 : Math.min(fallback / 100, high / 1e4)
    if (max >= HUGE) high = fallback * 100
    const ratio = Math.log(high / low)
    return {
      valueAt: (position) => tidy(low * Math.exp((ratio * position) / STEPS), control, low, high),
      positionOf: (value) => clampPosition((STEPS * Math.log(Math.max(value, low) / low)) / ratio),
    }
  }
  // Open ends are left out.
  const gap = (high - low) / STEPS
  if (control.minExcluded) low += gap
  if (control.maxExcluded) high -= gap
  return {
    valueAt: (position) => tidy(low + ((high - low) * position) / STEPS, control, low, high),
    positionOf: (value) => clampPosition((STEPS * (value - low)) / (high - low)),
  }
}

function clampPosition(position: number): number {
  return Math.round(Math.min(STEPS, Math.max(0, position)))
}

/** A number that a person would have typed: an integer, or three digits. */
function tidy(value: number, { type }: Control, low: number, high: number): number {
  if (type === 'integer') return Math.min(high, Math.max(low, Math.round(value)))
  const short = Number(value.toPrecision(3))
  return short < low ? low : short > high ? high : short
}
