import { contours } from 'd3-contour'
import type { SmoothProblem } from '../../src/solver/index.ts'
import type { ContourLevel, Scene } from './scene.ts'

/** Grid of a landscape: fine enough for smooth contours, coarse enough to take no time. */
const GRID = 140

const LEVELS = 16

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

/** Heights between which equally much of the landscape lies, so that both the bottom of a valley and its slopes show. */
function heightsOf(field: Float64Array): number[] {
  const sorted = field.filter(Number.isFinite).sort()
  const heights = new Set<number>()
  if (sorted.length === 0) return []
  for (let k = 0; k < LEVELS; k++) {
    // Closer together at the bottom, where the path goes.
    const part = (k / LEVELS) ** 1.6
    heights.add(sorted[Math.floor(part * (sorted.length - 1))])
  }
  return [...heights].sort((a, b) => a - b)
}

/**
 * The rings of a field [rows, columns], the first row at the bottom. They are found here, in the worker: it takes longer than a
 * page may be deaf.
 */
export function contourLevels(field: Float64Array, columns: number, rows: number): ContourLevel[] {
  const shapes = contours().size([columns, rows]).thresholds(heightsOf(field))(Array.from(field))
  return shapes.map(({ coordinates }) => {
    const rings = coordinates.flat()
    const starts = Int32Array.from([0, ...rings.map((ring) => ring.length)])
    for (let k = 1; k < starts.length; k++) starts[k] += starts[k - 1]
    const points = new Float32Array(2 * starts[rings.length])
    let at = 0
    for (const ring of rings) {
      for (const [x, y] of ring) {
        // A value sits at the middle of its cell.
        points[at++] = (x - 0.5) / (columns - 1)
        points[at++] = 1 - (y - 0.5) / (rows - 1)
      }
    }
    return { points, rings: starts }
  })
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
  return { kind: 'plane', levels: contourLevels(field, GRID, GRID), frame, minimizer }
}
