import { drawColumns, freeOnly, share } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'
import type { SearchPoint } from './search-point.ts'

/** The integer columns in which `x` and the current solution differ by more than the tolerance for their values. */
export function differingColumns(
  { columns, current }: SearchPoint,
  x: Float64Array,
  tolerance: (a: number, b: number) => number,
): number[] {
  const out: number[] = []
  for (const j of columns.all) if (Math.abs(x[j] - current[j]) > tolerance(x[j], current[j])) out.push(j)
  return out
}

const relative = (a: number, b: number): number => 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

/**
 * Relaxation-induced neighbourhood search: of the integer columns in which the relaxation and the current solution differ,
 * floor(size |S|) drawn at random are free; the other integer columns are fixed.
 *
 * @see Danna, Rothberg and Le Pape, Exploring relaxation induced neighborhoods to improve MIP solutions, Mathematical
 *   Programming 102 (2005)
 */
export const rins: NeighbourhoodFamily = {
  name: 'rins',
  summary: 'Frees columns in which the linear relaxation disagrees with the current solution.',
  sized: true,
  sizeAdapts: true,
  needs: 'any',
  usesRelaxation: true,
  containsCurrent: true,
  firstSolution: false,
  destroy(point, { size, fixContinuous, withReplacement }, random) {
    if (point.relaxation === null) return null
    const differing = differingColumns(point, point.relaxation, relative)
    return freeOnly(
      point,
      drawColumns(differing, share(size, differing.length), random, withReplacement),
      fixContinuous,
    )
  },
}
