import { signOf } from '../mixed-integer-class.ts'
import { hammingDistance } from './local-branching.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * Proximity search: the objective becomes the Hamming distance from the current solution over the binary columns, under the
 * cut-off f(x) - z <= f_cur - size |f_cur| with a slack z >= 0 that costs M each; nothing is fixed. For f_cur = 0 the cut-off is
 * -size. The better solution that lies nearest is found first.
 *
 * @see Fischetti and Monaci, Proximity search for 0-1 mixed-integer convex programming, J. Heuristics 20 (2014)
 */
export const proximity: NeighbourhoodFamily = {
  name: 'proximity',
  summary: 'Looks for the nearest solution that is better by a given share.',
  sized: true,
  sizeAdapts: false,
  needs: 'binary',
  usesRelaxation: false,
  containsCurrent: false,
  firstSolution: false,
  destroy(point, { size, bigM }) {
    const { program, value, columns } = point
    const n = program.objective.length
    const sign = signOf(program)
    const objective = new Float64Array(n)
    const { values } = hammingDistance(point)
    columns.binary.forEach((j, k) => {
      objective[j] = values[k]
    })
    const rowColumns: number[] = []
    const rowValues: number[] = []
    for (let j = 0; j < n; j++) {
      if (program.objective[j] === 0) continue
      rowColumns.push(j)
      rowValues.push(sign * program.objective[j])
    }
    // Nothing to improve.
    if (rowColumns.length === 0) return null
    rowColumns.push(n)
    rowValues.push(-1)
    const cutoff = value - size * (value === 0 ? 1 : Math.abs(value)) - sign * program.offset
    return {
      objective,
      columns: [{ cost: bigM, lower: 0, upper: Infinity }],
      rows: [
        {
          columns: Int32Array.from(rowColumns),
          values: Float64Array.from(rowValues),
          lower: -Infinity,
          upper: cutoff,
        },
      ],
    }
  },
}
