import { csrTranspose } from '../../linalg/index.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { exportedNames } from './exported-names.ts'

/**
 * A program as text in free MPS format. Numbers have all their digits, so that reading it gives the same program; blanks in names
 * become underscores. A row without bounds is written as one with an infinite bound.
 */
export function writeMps(program: MixedIntegerProgram): string {
  const { objective, offset, matrix, rowLower, rowUpper, lower, upper, types, quadratic, sense } = program
  const notSpecial = (name: string): boolean => name !== '' && !/^[$*]/.test(name)
  const columns = exportedNames(program.columnNames, 'C', /\s/g, notSpecial)
  const rows = exportedNames(program.rowNames, 'R', /\s/g, notSpecial)
  let cost = 'OBJ'
  while (rows.includes(cost)) cost += '_'

  const lines = [`NAME ${program.name ?? ''}`.trimEnd()]
  if (sense === 'maximize') lines.push('OBJSENSE', '    MAX')
  lines.push('ROWS', ` N ${cost}`)
  const rightHandSides = offset !== 0 ? [`    RHS ${cost} ${-offset}`] : []
  const ranges: string[] = []
  rows.forEach((name, i) => {
    const [low, high] = [rowLower[i], rowUpper[i]]
    const size = high - low
    // A range is a size, which rounds: the side is chosen from which the other bound comes back exactly, where there is one.
    const fromBelow = low > -Infinity && (high === Infinity || low + size === high || high - size !== low)
    const type = low === high ? 'E' : fromBelow ? 'G' : 'L'
    lines.push(` ${type} ${name}`)
    const value = type === 'L' ? high : low
    if (value !== 0) rightHandSides.push(`    RHS ${name} ${finite(value)}`)
    if (type !== 'E' && Number.isFinite(size)) ranges.push(`    RNG ${name} ${size}`)
  })

  lines.push('COLUMNS')
  const byColumn = csrTranspose(matrix)
  let marked = false
  columns.forEach((name, j) => {
    const integer = types[j].endsWith('integer')
    if (integer !== marked) lines.push(`    MARKER 'MARKER' '${integer ? 'INTORG' : 'INTEND'}'`)
    marked = integer
    const from = byColumn.rowPointers[j]
    const to = byColumn.rowPointers[j + 1]
    if (objective[j] !== 0 || from === to) lines.push(`    ${name} ${cost} ${objective[j]}`)
    for (let k = from; k < to; k++) lines.push(`    ${name} ${rows[byColumn.columnIndices[k]]} ${byColumn.values[k]}`)
  })
  if (marked) lines.push("    MARKER 'MARKER' 'INTEND'")
  if (rightHandSides.length > 0) lines.push('RHS', ...rightHandSides)
  if (ranges.length > 0) lines.push('RANGES', ...ranges)
  const bounds = columns.flatMap((name, j) => boundLines(name, types[j], lower[j], upper[j]))
  if (bounds.length > 0) lines.push('BOUNDS', ...bounds)
  if (quadratic !== undefined) {
    lines.push('QUADOBJ')
    columns.forEach((name, j) => {
      for (let k = quadratic.columnPointers[j]; k < quadratic.columnPointers[j + 1]; k++) {
        lines.push(`    ${columns[quadratic.rowIndices[k]]} ${name} ${quadratic.values[k]}`)
      }
    })
  }
  lines.push('ENDATA', '')
  return lines.join('\n')
}

/** Infinity as files have it. */
function finite(value: number): number {
  return value === Infinity ? 1e30 : value === -Infinity ? -1e30 : value
}

function boundLines(name: string, type: string, low: number, high: number): string[] {
  if (type.startsWith('semi')) {
    const upper = ` ${type === 'semi-integer' ? 'SI' : 'SC'} BND ${name} ${finite(high)}`
    return low === 0 ? [upper] : [upper, ` LO BND ${name} ${finite(low)}`]
  }
  if (low === -Infinity && high === Infinity) return [` FR BND ${name}`]
  if (low === high) return [` FX BND ${name} ${low}`]
  if (type === 'integer' && low === 0 && high === 1) return [` BV BND ${name}`]
  const lines: string[] = []
  if (low === -Infinity) lines.push(` MI BND ${name}`)
  else if (low !== 0 || high < 0 || (type === 'integer' && high === Infinity))
    lines.push(` LO BND ${name} ${finite(low)}`)
  if (high < Infinity) lines.push(` UP BND ${name} ${finite(high)}`)
  return lines
}
