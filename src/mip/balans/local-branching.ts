import type { AddedRow } from '../engine.ts'
import { share } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'
import type { SearchPoint } from './search-point.ts'

/** The smallest radius drawn is this share of the binary columns. */
const SMALLEST_RADIUS = 0.05

/** The linear part and the constant of the Hamming distance from the current solution over the binary columns. */
export function hammingDistance({ columns, current }: SearchPoint): { values: Float64Array; constant: number } {
  const values = new Float64Array(columns.binary.length)
  let constant = 0
  columns.binary.forEach((j, k) => {
    const one = current[j] > 0.5
    values[k] = one ? -1 : 1
    if (one) constant++
  })
  return { values, constant }
}

/** The row `Hamming distance <= radius`. */
export function localBranchingRow(point: SearchPoint, radius: number): AddedRow {
  const { values, constant } = hammingDistance(point)
  return { columns: point.columns.binary, values, lower: -Infinity, upper: radius - constant }
}

/**
 * Local branching: at most k binary columns B change, k drawn uniformly from floor(0.05 |B|), ..., floor(size |B|); nothing is
 * fixed.
 *
 * @see Fischetti and Lodi, Local branching, Mathematical Programming 98 (2003)
 */
export const localBranching: NeighbourhoodFamily = {
  name: 'local-branching',
  summary: 'Lets at most a given number of binary columns change.',
  sized: true,
  sizeAdapts: true,
  needs: 'binary',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  destroy(point, { size }, random) {
    const count = point.columns.binary.length
    const largest = share(size, count)
    const smallest = Math.min(largest, share(SMALLEST_RADIUS, count))
    const radius = smallest + random.integer(largest - smallest + 1)
    return radius === 0 ? null : { rows: [localBranchingRow(point, radius)] }
  },
}
