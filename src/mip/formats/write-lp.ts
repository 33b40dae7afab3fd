import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { exportedNames } from './exported-names.ts'

/** Characters per line; readers of the format accept 510. */
const WIDTH = 100

const NOT_IN_NAMES = /[^\p{L}\d!"#$%&(),.;?@_`'{}~|[\]]/gu

/** A name that begins like a number, or is a word of the format, would be read as that. */
function usable(name: string): boolean {
  return (
    /^\p{L}|^[_!#$%&(),;?@`'"{}~|]/u.test(name) &&
    !/^e\d/i.test(name) &&
    !/^(max|min|st|inf|free|end|sos|bin|gen|int|sem|bound|subject|such|infinity)/i.test(name) &&
    !/[[\]]/.test(name.replace(/\[[^[\]]*\]/g, ''))
  )
}

/**
 * A program as text in LP format, for people to read and for other solvers. Numbers have all their digits; characters that the
 * format has no place for become underscores in names. A row with two bounds is written as `low <= expression <= high`.
 */
export function writeLp(program: MixedIntegerProgram): string {
  const { objective, offset, matrix, rowLower, rowUpper, lower, upper, types, quadratic, sense } = program
  const columns = exportedNames(program.columnNames, 'C', NOT_IN_NAMES, usable)
  const rows = exportedNames(program.rowNames, 'R', NOT_IN_NAMES, usable)
  const n = columns.length
  const out: string[] = [
    `\\ ${(program.name ?? 'model').replace(/\s+/g, ' ')}`,
    sense === 'maximize' ? 'Maximize' : 'Minimize',
  ]

  // Readers number columns by first appearance: where that would change their order, the objective names them all.
  const all = !appearInOrder(program)
  const costs = columns.flatMap((name, j) => (all || objective[j] !== 0 ? [signed(objective[j], name)] : []))
  if (quadratic !== undefined) costs.push('+ [', ...quadraticTerms(columns, quadratic), '] / 2')
  if (offset !== 0 || costs.length === 0) costs.push(signed(offset))
  out.push(...wrapped(' obj:', costs))

  out.push('Subject To')
  rows.forEach((name, i) => {
    const [low, high] = [rowLower[i], rowUpper[i]]
    const terms: string[] = []
    for (let k = matrix.rowPointers[i]; k < matrix.rowPointers[i + 1]; k++) {
      terms.push(signed(matrix.values[k], columns[matrix.columnIndices[k]]))
    }
    if (terms.length === 0) terms.push(n > 0 ? `0 ${columns[0]}` : '0')
    if (low === high) out.push(...wrapped(` ${name}:`, [...terms, `= ${number(low)}`]))
    else if (low > -Infinity && high < Infinity) {
      out.push(...wrapped(` ${name}: ${number(low)} <=`, [...terms, `<= ${number(high)}`]))
    } else out.push(...wrapped(` ${name}:`, [...terms, low > -Infinity ? `>= ${number(low)}` : `<= ${number(high)}`]))
  })

  const isBinary = (j: number): boolean => types[j] === 'integer' && lower[j] === 0 && upper[j] === 1
  const bounds = columns.flatMap((name, j) => {
    const [low, high] = [lower[j], upper[j]]
    if (isBinary(j) || (low === 0 && high === Infinity)) return []
    if (low === -Infinity && high === Infinity) return [` ${name} free`]
    if (low === high) return [` ${name} = ${number(low)}`]
    return [high === Infinity ? ` ${name} >= ${number(low)}` : ` ${number(low)} <= ${name} <= ${number(high)}`]
  })
  if (bounds.length > 0) out.push('Bounds', ...bounds)
  const listed = (title: string, holds: (j: number) => boolean): void => {
    const names = columns.filter((_, j) => holds(j))
    if (names.length > 0) out.push(title, ...wrapped('', names))
  }
  listed('Generals', (j) => types[j].endsWith('integer') && !isBinary(j))
  listed('Binaries', isBinary)
  listed('Semi-continuous', (j) => types[j].startsWith('semi'))
  out.push('End', '')
  return out.join('\n')
}

function appearInOrder({ objective, matrix }: MixedIntegerProgram): boolean {
  const seen = new Set<number>()
  objective.forEach((cost, j) => {
    if (cost !== 0) seen.add(j)
  })
  for (const j of matrix.columnIndices) seen.add(j)
  let next = 0
  for (const j of seen) if (j !== next++) return false
  return seen.size === objective.length
}

function number(value: number): string {
  return value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value)
}

function signed(value: number, name = ''): string {
  const size = Math.abs(value)
  const sign = value < 0 ? '-' : '+'
  return name === '' ? `${sign} ${size}` : size === 1 ? `${sign} ${name}` : `${sign} ${size} ${name}`
}

function quadraticTerms(columns: readonly string[], q: NonNullable<MixedIntegerProgram['quadratic']>): string[] {
  return columns.flatMap((name, j) => {
    const terms: string[] = []
    for (let k = q.columnPointers[j]; k < q.columnPointers[j + 1]; k++) {
      const i = q.rowIndices[k]
      terms.push(i === j ? `${signed(q.values[k], name)} ^ 2` : `${signed(2 * q.values[k], columns[i])} * ${name}`)
    }
    return terms
  })
}

/** Words after a beginning, in lines of bounded length. */
function wrapped(start: string, words: readonly string[]): string[] {
  const lines: string[] = []
  let line = start
  for (const word of words) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== '') {
      lines.push(line)
      line = '  '
    }
    line += ` ${word}`
  }
  lines.push(line)
  return lines
}
