/** A line of a chart in the page. */
export interface LineSeries {
  readonly label: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** Which of the palette's colours. */
  readonly colour: number
  readonly mark: 'line' | 'points'
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Series differ in dashes too, for readers who cannot tell the colours. */
export const dashes = ['', '7 3', '2 3', '9 3 2 3', '4 2', '1 2', '12 3', '3 5'] as const

/** The palette's colours, as CSS. */
export function seriesColour(index: number): string {
  return `var(--series-${index % 8})`
}

export function seriesDash(index: number): string {
  return dashes[index % dashes.length]
}

/**
 * The points of a series that an axis can show, thinned to about `most`: the eye does not see more, and drawing them takes
 * time. The last point is always kept.
 *
 * @param log whether the horizontal, the vertical axis is logarithmic
 */
export function visiblePoints(
  { x, y }: Pick<LineSeries, 'x' | 'y'>,
  log: { readonly x: boolean; readonly y: boolean },
  most = 500,
): Point[] {
  const count = Math.min(x.length, y.length)
  const stride = Math.max(1, Math.ceil(count / most))
  const points: Point[] = []
  for (let i = 0; i < count; i += stride) {
    // The last one instead of the one before it.
    const k = i + stride >= count ? count - 1 : i
    if (shows(x[k], log.x) && shows(y[k], log.y)) points.push({ x: x[k], y: y[k] })
  }
  return points
}

function shows(value: number, log: boolean): boolean {
  return Number.isFinite(value) && (!log || value > 0)
}

/**
 * The ends of an axis: those of the data, with room where all values are the same.
 *
 * @returns null if there are no values
 */
export function extentOf(values: readonly number[], log: boolean): [number, number] | null {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return null
  if (log) return low === high ? [low / 3, high * 3] : [low, high]
  return low === high ? [low - Math.max(1, Math.abs(low)) / 10, high + Math.max(1, Math.abs(high)) / 10] : [low, high]
}

/** Every value of a staircase twice: until its end and from its beginning. */
export function staircase(x: readonly number[], y: readonly number[]): { x: number[]; y: number[] } {
  const steps = { x: [] as number[], y: [] as number[] }
  x.forEach((at, i) => {
    if (i > 0) {
      steps.x.push(at)
      steps.y.push(y[i - 1])
    }
    steps.x.push(at)
    steps.y.push(y[i])
  })
  return steps
}
