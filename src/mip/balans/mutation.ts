import { drawColumns, freeOnly, share } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * Mutation: floor(size |D|) of the integer columns D, drawn at random without replacement, are free; the others are fixed.
 *
 * @see Rothberg, An evolutionary algorithm for polishing mixed integer programming solutions, INFORMS J. Computing 19 (2007)
 */
export const mutation: NeighbourhoodFamily = {
  name: 'mutation',
  summary: 'Frees a random part of the integer columns.',
  sized: true,
  sizeAdapts: true,
  needs: 'any',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  destroy(point, { size, fixContinuous }, random) {
    const { all } = point.columns
    return freeOnly(point, drawColumns(all, share(size, all.length), random), fixContinuous)
  },
}
