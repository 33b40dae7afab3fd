import { drawColumns, fixAllBut, share } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'
import type { SearchPoint } from './search-point.ts'

/** Values closer to an integer than this count as integers. */
const INTEGRALITY = 1e-6

/** R: the integer columns that are fractional in the relaxation. */
export function fractionalColumns({ columns, relaxation }: SearchPoint): number[] {
  if (relaxation === null) return []
  return Array.from(columns.all).filter((j) => Math.abs(relaxation[j] - Math.round(relaxation[j])) > INTEGRALITY)
}

/**
 * Relaxation-enforced neighbourhood search: floor(size |R|) of the integer columns R that are fractional in the relaxation, drawn
 * at random, may take either integer next to it; the other integer columns are fixed at the current solution. Where the
 * current value of a drawn column is neither, the sub-program does not contain the current solution and may be infeasible.
 *
 * @see Berthold, RENS: the optimal rounding, Mathematical Programming Computation 6 (2014)
 */
export const rens: NeighbourhoodFamily = {
  name: 'rens',
  summary: 'Rounds fractional columns of the linear relaxation as well as possible.',
  sized: true,
  sizeAdapts: true,
  needs: 'any',
  usesRelaxation: true,
  containsCurrent: false,
  firstSolution: false,
  destroy(point, { size, fixContinuous, withReplacement }, random) {
    const { relaxation } = point
    const fractional = fractionalColumns(point)
    const drawn = drawColumns(fractional, share(size, fractional.length), random, withReplacement)
    if (relaxation === null || drawn.length === 0) return null
    const ranges = new Map(drawn.map((j) => [j, { lower: Math.floor(relaxation[j]), upper: Math.ceil(relaxation[j]) }]))
    return fixAllBut(point, ranges, fixContinuous)
  },
}
