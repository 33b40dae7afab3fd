import { drawColumns, freeOnly, share } from './fixing.ts'
import { localBranchingRow } from './local-branching.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * LB-Relax: the linear relaxation of the program within Hamming distance k = floor(size |B|) of the current solution says which
 * binary columns want to change; the k that want to most are free (random ones are added where fewer do), and the other
 * integer columns are fixed.
 *
 * @see Huang, Ferber, Tian, Dilkina and Steiner, Local branching relaxation heuristics for integer linear programs, CPAIOR
 *   (2023)
 */
export const lbRelax: NeighbourhoodFamily = {
  name: 'lb-relax',
  summary: 'Frees the binary columns that the relaxation near the current solution would change most.',
  sized: true,
  sizeAdapts: true,
  needs: 'binary',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  auxiliary(point, { size }) {
    const radius = share(size, point.columns.binary.length)
    return radius === 0 ? null : { change: { rows: [localBranchingRow(point, radius)] }, relaxed: true }
  },
  destroy(point, { size, fixContinuous }, random, relaxed) {
    const { binary } = point.columns
    const radius = share(size, binary.length)
    if (relaxed === null || radius === 0) return null
    const wish = (j: number): number => Math.abs(relaxed[j] - point.current[j])
    const willing = Array.from(binary)
      .filter((j) => wish(j) > 1e-9)
      .sort((a, b) => wish(b) - wish(a) || a - b)
      .slice(0, radius)
    const chosen = new Set(willing)
    const others = Array.from(binary).filter((j) => !chosen.has(j))
    return freeOnly(point, [...willing, ...drawColumns(others, radius - willing.length, random)], fixContinuous)
  },
}
