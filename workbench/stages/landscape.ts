import type { SmoothProblem } from '../../src/solver/index.ts'
import type { Scene } from './scene.ts'

/** Grid of a landscape: fine enough for smooth contours, coarse enough to take no time. */
const GRID = 140

/** left, right, bottom, top. */
export type PlaneFrame = readonly [number, number, number, number]

/** The smallest square around some points of the plane [count, 2] and the middle, with a margin; wide enough to see something. */
function frameAround(points: readonly (readonly [number, number])[], widest: number): PlaneFrame {
  const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  const side = (k: 0 | 1): [number, number] => {
    const values = known.map((point) => point[k])
    return values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)]
  }
  const [left, right] = side(0)
  const [bottom, top] = side(1)
  const half = Math.max(0.65 * (right - left), 0.65 * (top - bottom), widest)
  const [x, y] = [(left + right) / 2, (bottom + top) / 2]
  return [x - half, x + half, y - half, y + half]
}

/** The box of a problem in the plane if it is finite, else the square around some points. */
export function frameWithin(
  { lower, upper }: Pick<SmoothProblem, 'lower' | 'upper'>,
  points: readonly (readonly [number, number])[],
  widest: number,
): PlaneFrame {
  if (lower?.every(Number.isFinite) && upper?.every(Number.isFinite)) return [lower[0], upper[0], lower[1], upper[1]]
  return frameAround(points, widest)
}

/** A function of two variables over a frame, as a picture of it needs it. */
export function landscapeOver(
  value: (x: Float64Array) => number,
  frame: PlaneFrame,
  minimizer: readonly [number, number] | null,
): Extract<Scene, { kind: 'plane' }> {
  const [left, right, bottom, top] = frame
  const field = new Float64Array(GRID * GRID)
  const x = new Float64Array(2)
  for (let i = 0; i < GRID; i++) {
    x[1] = bottom + ((top - bottom) * i) / (GRID - 1)
    for (let j = 0; j < GRID; j++) {
      x[0] = left + ((right - left) * j) / (GRID - 1)
      field[i * GRID + j] = value(x)
    }
  }
  return { kind: 'plane', columns: GRID, rows: GRID, field, frame, minimizer }
}
