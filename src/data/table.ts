import { closest } from 'fastest-levenshtein'
import { describe, InvalidInputError, ParseError } from '../base/index.ts'

/** Rows of named text cells, and where they stood: numbers are read column by column, when they are asked for. */
export interface DataTable {
  /** What the table was read from, for error messages. */
  readonly source: string
  readonly columns: readonly string[]
  /** One entry per row, each as long as `columns`. */
  readonly cells: readonly (readonly string[])[]
  /** The line of the text, from 1, on which each row begins. */
  readonly lines: readonly number[]
}

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?$/

/** A finite decimal number, Fortran's `1.5D+3` included; null if the text is not one. */
export function numberFromText(text: string): number | null {
  const trimmed = text.trim()
  if (!numberPattern.test(trimmed)) return null
  const value = Number(trimmed.replace(/[dD]/, 'e'))
  return Number.isFinite(value) ? value : null
}

/** An error about a place in a text, e.g. `data.csv, line 7: expected a number, got "abc"`. */
export function parseErrorAt(
  source: string,
  line: number,
  what: string,
  details: { expected?: string; received?: string } = {},
): ParseError {
  return new ParseError(`${source}, line ${line}: ${what}`, { argument: `${source}:${line}`, ...details })
}

/**
 * The numbers of one column.
 *
 * @throws {InvalidInputError} if there is no such column (with the nearest name), or more than one
 * @throws {ParseError} if a cell is not a finite number, naming line and column
 */
export function numbersOf(table: DataTable, column: string): Float64Array {
  const index = table.columns.indexOf(column)
  if (index < 0) {
    const near = table.columns.length > 0 ? closest(column, table.columns as string[]) : undefined
    throw new InvalidInputError(
      `${table.source}: there is no column '${column}'${near === undefined ? '' : `; did you mean '${near}'?`} The columns are ${table.columns.join(', ')}`,
      { argument: column, expected: table.columns.join(', '), received: column },
    )
  }
  if (table.columns.indexOf(column, index + 1) >= 0) {
    throw new InvalidInputError(`${table.source}: there is more than one column '${column}'`, {
      argument: column,
      expected: 'one column of this name',
    })
  }
  const numbers = new Float64Array(table.cells.length)
  for (let row = 0; row < numbers.length; row++) {
    const text = table.cells[row][index]
    const value = numberFromText(text)
    if (value === null) {
      const received = text.trim() === '' ? 'an empty cell' : describe(text)
      throw parseErrorAt(table.source, table.lines[row], `expected a number in column '${column}', got ${received}`, {
        expected: 'a finite number',
        received,
      })
    }
    numbers[row] = value
  }
  return numbers
}

/** The columns in which every cell is a finite number. */
export function numericColumns(table: DataTable): string[] {
  return table.columns.filter(
    (name, j) =>
      table.columns.indexOf(name) === table.columns.lastIndexOf(name) &&
      table.cells.every((row) => numberFromText(row[j]) !== null),
  )
}
