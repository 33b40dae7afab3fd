import { fixAllBut, type Range } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/** Slack in rounding inwards, so that a bound that is an integer but for its last digits stays. */
const ROUNDING = 1e-9

/**
 * Distance-induced neighbourhood search: a general integer column that lies at least 1/2 from the relaxation may move, but no
 * further from it than now; the other integer columns are fixed.
 *
 * @see Ghosh, DINS, a MIP improvement heuristic, IPCO (2007)
 */
export const dins: NeighbourhoodFamily = {
  name: 'dins',
  summary: 'Lets general integer columns move towards the linear relaxation.',
  sized: false,
  sizeAdapts: false,
  needs: 'general',
  usesRelaxation: true,
  containsCurrent: true,
  firstSolution: false,
  destroy(point, { fixContinuous }) {
    const { relaxation, current, columns } = point
    if (relaxation === null) return null
    const ranges = new Map<number, Range>()
    for (const j of columns.general) {
      const distance = Math.abs(current[j] - relaxation[j])
      if (distance < 0.5) continue
      ranges.set(j, {
        lower: Math.min(current[j], Math.ceil(relaxation[j] - distance - ROUNDING)),
        upper: Math.max(current[j], Math.floor(relaxation[j] + distance + ROUNDING)),
      })
    }
    return ranges.size === 0 ? null : fixAllBut(point, ranges, fixContinuous)
  },
}
