import { csvFormatRows } from 'd3-dsv'
import type { MixedIntegerProgram } from '../../src/mip/index.ts'
import type { SolutionRow } from './solve-model-protocol.ts'

/** A solution as a table of all variables. */
export function solutionToCsv({ columnNames, types, lower, upper }: MixedIntegerProgram, x: Float64Array): string {
  const rows = Array.from(x, (value, j) => [columnNames[j], value, types[j], lower[j], upper[j]].map(String))
  return `${csvFormatRows([['name', 'value', 'type', 'lower', 'upper'], ...rows])}\n`
}

/** The first `most` variables whose names contain the words, and how many there are. Capitals do not matter. */
export function searchSolution(
  { columnNames, types, lower, upper }: MixedIntegerProgram,
  x: Float64Array,
  { words, nonzero, most }: { readonly words: string; readonly nonzero: boolean; readonly most: number },
): { rows: SolutionRow[]; total: number } {
  const wanted = words.trim().toLowerCase()
  const rows: SolutionRow[] = []
  let total = 0
  for (let j = 0; j < x.length; j++) {
    if ((nonzero && x[j] === 0) || !columnNames[j].toLowerCase().includes(wanted)) continue
    total++
    if (rows.length >= most) continue
    rows.push({ name: columnNames[j], value: x[j], type: types[j], lower: lower[j], upper: upper[j] })
  }
  return { rows, total }
}
