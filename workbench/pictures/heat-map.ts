import type { Surface } from './canvas.tsx'
import { type Rgb, ramp, rgb } from './colours.ts'

/** How a matrix is turned into colours. */
export interface HeatMapStyle {
  /** Where a value lies, in [0, 1]; NaN for no colour. */
  readonly position: (value: number, index: number) => number
  /** Low, middle and high end: names of colours of the theme. */
  readonly ramp: readonly [string, string, string]
}

/**
 * Draws a matrix [rows, columns] into a rectangle, one flat cell for each entry.
 */
export function drawHeatMap(
  { context, colour }: Surface,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  [left, top, width, height]: readonly [number, number, number, number],
  style: HeatMapStyle,
): void {
  const [low, middle, high] = style.ramp.map((name) => rgb(colour(name))) as [Rgb, Rgb, Rgb]
  const image = new ImageData(columns, rows)
  for (let i = 0; i < rows * columns; i++) {
    const at = style.position(values[i], i)
    if (Number.isNaN(at)) continue
    const [r, g, b] = ramp(low, middle, high, Math.min(1, Math.max(0, at)))
    image.data.set([r, g, b, 255], 4 * i)
  }
  const cells = new OffscreenCanvas(columns, rows)
  cells.getContext('2d')?.putImageData(image, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(cells, left, top, width, height)
  context.strokeStyle = colour('--line-strong')
  context.lineWidth = 1
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1)
}
