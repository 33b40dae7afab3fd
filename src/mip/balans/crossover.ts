import type { RandomStream } from '../../base/index.ts'
import { freeOnly } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'
import { differingColumns } from './rins.ts'
import type { SearchPoint } from './search-point.ts'

/** Two integer values closer than this are the same. */
const SAME = 1e-6

/** Coefficients uniform on (-1, 1) for all columns. */
export function randomObjectiveOf(point: SearchPoint, random: RandomStream): Float64Array {
  return random.fillUniform(new Float64Array(point.program.objective.length), -1, 1)
}

/** The earlier solutions that differ from the current one. */
function partners({ others, columns, current }: SearchPoint): Float64Array[] {
  return others.filter((x) => columns.all.some((j) => Math.abs(x[j] - current[j]) > SAME))
}

/**
 * Crossover: the integer columns in which the current solution and another one differ are free; the others are fixed. The
 * other solution is the first feasible point under a random objective (an auxiliary solve), or with `crossWith: 'earlier'` one
 * of those found on the way, where there are any.
 *
 * @see Rothberg, An evolutionary algorithm for polishing mixed integer programming solutions, INFORMS J. Computing 19 (2007)
 */
export const crossover: NeighbourhoodFamily = {
  name: 'crossover',
  summary: 'Frees the integer columns in which two solutions differ.',
  sized: false,
  sizeAdapts: false,
  needs: 'any',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  auxiliary(point, { crossWith }, random) {
    if (crossWith === 'earlier' && partners(point).length > 0) return null
    return { change: { objective: randomObjectiveOf(point, random) }, maxSolutions: 1 }
  },
  destroy(point, { crossWith, fixContinuous }, random, auxiliary) {
    const candidates = crossWith === 'earlier' ? partners(point) : []
    const other = candidates.length > 0 ? candidates[random.integer(candidates.length)] : auxiliary
    if (other === null) return null
    return freeOnly(
      point,
      differingColumns(point, other, () => SAME),
      fixContinuous,
    )
  },
}
