import type { RandomStream } from '../base/index.ts'
import type { SmoothProblem } from '../solver/index.ts'

/** Where a derivative-free method may look: R^n or a box. */
export interface SearchSpace {
  /** n >= 1. */
  readonly dimension: number
  /** Lower bounds, length n; undefined for none. */
  readonly lower?: Float64Array
  /** Upper bounds, length n; undefined for none. */
  readonly upper?: Float64Array
  /** The gradient, for the few methods that can use one; absent in ask-and-tell. */
  readonly gradient?: (x: Float64Array, out: Float64Array) => void
}

/** The space of a problem. */
export function spaceOf({ dimension, lower, upper, gradient }: SmoothProblem): SearchSpace {
  return { dimension, ...(lower && { lower }), ...(upper && { upper }), ...(gradient && { gradient }) }
}

/** Whether the space is a box that is finite on all sides. */
export function isFiniteBox({ lower, upper }: SearchSpace): boolean {
  return lower !== undefined && upper !== undefined && lower.every(Number.isFinite) && upper.every(Number.isFinite)
}

/** Whether coordinate i has two finite bounds. */
export function isFiniteSide({ lower, upper }: SearchSpace, i: number): boolean {
  return lower !== undefined && upper !== undefined && Number.isFinite(lower[i]) && Number.isFinite(upper[i])
}

/** Projects row `row` of `points` [*, n] onto the box. */
export function clipRow(space: SearchSpace, points: Float64Array, row: number): void {
  const { dimension: n, lower, upper } = space
  const offset = row * n
  if (lower !== undefined) {
    for (let j = 0; j < n; j++) if (points[offset + j] < lower[j]) points[offset + j] = lower[j]
  }
  if (upper !== undefined) {
    for (let j = 0; j < n; j++) if (points[offset + j] > upper[j]) points[offset + j] = upper[j]
  }
}

/** Whether row `row` of `points` [*, n] lies in the box. */
export function isInside(space: SearchSpace, points: Float64Array, row: number): boolean {
  const { dimension: n, lower, upper } = space
  const offset = row * n
  for (let j = 0; j < n; j++) {
    const x = points[offset + j]
    if ((lower !== undefined && x < lower[j]) || (upper !== undefined && x > upper[j])) return false
  }
  return true
}

/**
 * Draws `count` independent points into the rows of `out`: uniform in the box if it is finite and no spread is given, else
 * normal around `centre` with standard deviation `spread` (default 1), projected onto the box.
 */
export function sampleRows(
  space: SearchSpace,
  centre: Float64Array,
  spread: number | undefined,
  count: number,
  random: RandomStream,
  out: Float64Array,
): void {
  const { dimension: n, lower, upper } = space
  if (spread === undefined && isFiniteBox(space)) {
    const low = lower as Float64Array
    const high = upper as Float64Array
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < n; j++) out[i * n + j] = low[j] + (high[j] - low[j]) * random.uniform()
    }
    return
  }
  const width = spread ?? 1
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = centre[j] + width * random.normal()
    clipRow(space, out, i)
  }
}
