import { formatNumber } from '../base/index.ts'
import type { Table } from './chart.ts'

const cellText = (cell: string | number): string =>
  typeof cell === 'number' ? formatNumber(cell) : cell.replace(/\s+/g, ' ')

/** Numbers that came formatted are aligned as numbers too. */
const looksNumeric = (cell: string | number): boolean =>
  typeof cell === 'number' || /^(?:[-+]?[\d.]+(?:e[-+]?\d+)?|NaN|-?Infinity|-|)$/.test(cell)

/** A table as aligned text: numbers to the right, words to the left, the widest column cut to fit `width` (default 80). */
export function tableToText(table: Table, width = 80): string {
  const rows = table.rows.map((row) => row.map(cellText))
  const sizes = table.columns.map((name, j) => Math.max(name.length, ...rows.map((row) => (row[j] ?? '').length)))
  const gaps = 2 * (sizes.length + 1) - 2
  let excess = sizes.reduce((a, b) => a + b, 0) + gaps - width
  while (excess > 0) {
    const widest = sizes.indexOf(Math.max(...sizes))
    if (sizes[widest] <= 8) break
    sizes[widest]--
    excess--
  }
  const numeric = table.columns.map(
    (_, j) => table.rows.length > 0 && table.rows.every((row) => looksNumeric(row[j] ?? '')),
  )
  const padded = (text: string, j: number): string => {
    const cut = text.length > sizes[j] ? `${text.slice(0, sizes[j] - 3)}...` : text
    return numeric[j] ? cut.padStart(sizes[j]) : cut.padEnd(sizes[j])
  }
  const line = (cells: readonly string[]): string =>
    `  ${sizes.map((_, j) => padded(cells[j] ?? '', j)).join('  ')}`.trimEnd()
  const rule = `  ${sizes.map((size) => '-'.repeat(size)).join('  ')}`
  const head = table.title ? [`  ${table.title}`] : []
  return `${[...head, line([...table.columns]), rule, ...rows.map(line)].join('\n')}\n`
}

/** A table in GitHub-flavoured Markdown, without its title. */
export function tableToMarkdown(table: Table): string {
  const escaped = (text: string): string => text.replace(/\|/g, '\\|').replace(/</g, '&lt;')
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`
  const aligned = table.columns.map((_, j) =>
    table.rows.length > 0 && table.rows.every((row) => looksNumeric(row[j] ?? '')) ? '---:' : '---',
  )
  return `${[
    line([...table.columns]),
    `| ${aligned.join(' | ')} |`,
    ...table.rows.map((row) => line(table.columns.map((_, j) => cellText(row[j] ?? '')))),
  ].join('\n')}\n`
}
