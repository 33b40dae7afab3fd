import { ParseError } from '../../base/index.ts'
import { csrFromTriplets, csrTranspose } from '../../linalg/index.ts'
import { mixedIntegerProgram } from '../mixed-integer-class.ts'
import type { ColumnType, MixedIntegerProgram, QuadraticTerms, Sense } from '../mixed-integer-program.ts'

/** Where an error was found: the text's name and a line, counted from 1. */
export function parseError(source: string, line: number, message: string, expected?: string): ParseError {
  const where = `${source}, line ${line}`
  return new ParseError(`${where}: ${message}`, { argument: where, ...(expected !== undefined && { expected }) })
}

/** A row that must hold only where a binary column has a value. */
export interface Indicator {
  readonly row: number
  readonly column: number
  readonly value: 0 | 1
  /** Of the file, for messages. */
  readonly line: number
}

/**
 * A special ordered set: at most one member is not zero (type 1), or at most two that are neighbours in the order of the weights
 * (type 2).
 */
export interface OrderedSet {
  readonly type: 1 | 2
  readonly name: string
  readonly members: { readonly column: number; readonly weight: number }[]
  readonly line: number
}

/** A program while it is read, entry by entry. */
export class ProgramDraft {
  name = ''
  sense: Sense = 'minimize'
  offset = 0
  readonly columnNames: string[] = []
  readonly objective: number[] = []
  readonly lower: number[] = []
  readonly upper: number[] = []
  readonly types: ColumnType[] = []
  readonly rowNames: string[] = []
  readonly rowLower: number[] = []
  readonly rowUpper: number[] = []
  private readonly columnsByName = new Map<string, number>()
  private readonly rowIndices: number[] = []
  private readonly columnIndices: number[] = []
  private readonly values: number[] = []
  private readonly quadraticRows: number[] = []
  private readonly quadraticColumns: number[] = []
  private readonly quadraticValues: number[] = []

  /** Rows that hold only where a binary column has a value. */
  readonly indicators: Indicator[] = []
  readonly orderedSets: OrderedSet[] = []

  column(name: string): number | undefined {
    return this.columnsByName.get(name)
  }

  addColumn(name: string, type: ColumnType = 'continuous', upper = Infinity): number {
    const j = this.columnNames.push(name) - 1
    this.columnsByName.set(name, j)
    this.objective.push(0)
    this.lower.push(0)
    this.upper.push(upper)
    this.types.push(type)
    return j
  }

  addRow(name: string, lower: number, upper: number): number {
    this.rowLower.push(lower)
    this.rowUpper.push(upper)
    return this.rowNames.push(name) - 1
  }

  /** Entries at the same place are added up. */
  addEntry(row: number, column: number, value: number): void {
    this.rowIndices.push(row)
    this.columnIndices.push(column)
    this.values.push(value)
  }

  /** Adds to an entry of the upper triangle of Q; entries at the same place are added up. */
  addQuadratic(i: number, j: number, value: number): void {
    this.quadraticRows.push(Math.min(i, j))
    this.quadraticColumns.push(Math.max(i, j))
    this.quadraticValues.push(value)
  }

  /** The entries of some rows; those at the same place are not added up. */
  entriesOf(rows: ReadonlySet<number>): Map<number, { column: number; value: number }[]> {
    const found = new Map<number, { column: number; value: number }[]>()
    this.rowIndices.forEach((row, k) => {
      if (!rows.has(row)) return
      const entry = { column: this.columnIndices[k], value: this.values[k] }
      const entries = found.get(row)
      if (entries === undefined) found.set(row, [entry])
      else entries.push(entry)
    })
    return found
  }

  /** @throws {ParseError} for what is no program */
  finish(source: string): MixedIntegerProgram {
    const n = this.columnNames.length
    const { rowIndices, columnIndices, values } = this
    try {
      return mixedIntegerProgram({
        name: this.name || source,
        sense: this.sense,
        objective: this.objective,
        offset: this.offset,
        matrix: csrFromTriplets(this.rowNames.length, n, rowIndices, columnIndices, values),
        rowLower: this.rowLower,
        rowUpper: this.rowUpper,
        lower: this.lower,
        upper: this.upper,
        types: this.types,
        columnNames: this.columnNames,
        rowNames: this.rowNames,
        ...(this.quadraticValues.length > 0 && { quadratic: this.quadratic(n) }),
      })
    } catch (cause) {
      throw new ParseError(`${source}: ${(cause as Error).message}`, { argument: source, cause })
    }
  }

  private quadratic(n: number): QuadraticTerms {
    const upper = csrTranspose(csrFromTriplets(n, n, this.quadraticRows, this.quadraticColumns, this.quadraticValues))
    return { columnPointers: upper.rowPointers, rowIndices: upper.columnIndices, values: upper.values }
  }
}
