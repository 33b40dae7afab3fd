import { freeOnly, share } from './fixing.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * Constraint graph: floor(size |D|) of the integer columns D that hang together are free; the others are fixed. The search goes
 * outwards from a random column, over the rows it stands in to the other columns there, in random order. Not in the paper: columns
 * drawn at random seldom share rows, and can then only change where each could change alone.
 *
 * @see Perron, Shaw and Furnon, Propagation guided large neighborhood search, CP (2004), for the idea
 */
export const constraintGraph: NeighbourhoodFamily = {
  name: 'constraint-graph',
  summary: 'Frees integer columns that share rows.',
  sized: true,
  sizeAdapts: true,
  needs: 'any',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  destroy(point, { size, fixContinuous }, random) {
    const { program, columns, rowsOfColumns } = point
    const { matrix, types } = program
    const wanted = share(size, columns.all.length)
    const free: number[] = []
    const reached = new Uint8Array(types.length)
    const rowSeen = new Uint8Array(matrix.rows)
    const queue: number[] = []
    let head = 0
    const reach = (j: number): void => {
      if (reached[j] === 1) return
      reached[j] = 1
      queue.push(j)
      if (types[j] === 'integer') free.push(j)
    }
    // Where a component is used up, the search starts again from another column.
    const starts = random.shuffle(columns.all.slice())
    let next = 0
    while (free.length < wanted) {
      if (head === queue.length) {
        reach(starts[next++])
        continue
      }
      const j = queue[head++]
      const rows = rowsOfColumns.columnIndices.slice(rowsOfColumns.rowPointers[j], rowsOfColumns.rowPointers[j + 1])
      for (const i of random.shuffle(rows)) {
        if (rowSeen[i] === 1) continue
        rowSeen[i] = 1
        const others = matrix.columnIndices.slice(matrix.rowPointers[i], matrix.rowPointers[i + 1])
        for (const other of random.shuffle(others)) {
          if (free.length >= wanted) break
          reach(other)
        }
        if (free.length >= wanted) break
      }
    }
    return freeOnly(point, free, fixContinuous)
  },
}
