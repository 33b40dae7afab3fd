import type { CsrMatrix } from '../linalg/index.ts'
import type { ProgramChange } from './engine.ts'
import type { ColumnType, MixedIntegerProgram } from './mixed-integer-program.ts'

function extended(values: Float64Array, more: readonly number[]): Float64Array {
  const all = new Float64Array(values.length + more.length)
  all.set(values)
  all.set(more, values.length)
  return all
}

function withRows(matrix: CsrMatrix, cols: number, rows: NonNullable<ProgramChange['rows']>): CsrMatrix {
  const count = matrix.values.length + rows.reduce((sum, { columns }) => sum + columns.length, 0)
  const rowPointers = new Int32Array(matrix.rows + rows.length + 1)
  const columnIndices = new Int32Array(count)
  const values = new Float64Array(count)
  rowPointers.set(matrix.rowPointers)
  columnIndices.set(matrix.columnIndices)
  values.set(matrix.values)
  let at = matrix.values.length
  rows.forEach((row, k) => {
    columnIndices.set(row.columns, at)
    values.set(row.values, at)
    at += row.columns.length
    rowPointers[matrix.rows + k + 1] = at
  })
  return { rows: matrix.rows + rows.length, cols, rowPointers, columnIndices, values }
}

/**
 * The program as a change makes it, as a program of its own: for engines that cannot change one in place. The original is not
 * touched.
 *
 * @param relaxed whether integrality is dropped (semi-continuous columns then range from 0 to their upper bound)
 */
export function changedProgram(
  program: MixedIntegerProgram,
  change: ProgramChange,
  relaxed = false,
): MixedIntegerProgram {
  const { bounds, columns = [], rows = [], objective } = change
  const n = program.objective.length
  const lower = extended(
    program.lower,
    columns.map((column) => column.lower),
  )
  const upper = extended(
    program.upper,
    columns.map((column) => column.upper),
  )
  bounds?.columns.forEach((j, k) => {
    lower[j] = bounds.lower[k]
    upper[j] = bounds.upper[k]
  })
  if (relaxed) {
    program.types.forEach((type, j) => {
      if (type.startsWith('semi')) lower[j] = Math.min(lower[j], 0)
    })
  }
  const types: ColumnType[] = [...program.types, ...columns.map((): ColumnType => 'continuous')]
  const { quadratic, ...rest } = program
  return {
    ...rest,
    ...(objective === undefined ? quadratic && { quadratic } : { sense: 'minimize' as const, offset: 0 }),
    objective: extended(
      objective ?? program.objective,
      columns.map((column) => column.cost),
    ),
    matrix: withRows(program.matrix, n + columns.length, rows),
    rowLower: extended(
      program.rowLower,
      rows.map((row) => row.lower),
    ),
    rowUpper: extended(
      program.rowUpper,
      rows.map((row) => row.upper),
    ),
    lower,
    upper,
    types: relaxed ? types.map((): ColumnType => 'continuous') : types,
    columnNames: [...program.columnNames, ...columns.map((_, k) => `added column ${k + 1}`)],
    rowNames: [...program.rowNames, ...rows.map((_, k) => `added row ${k + 1}`)],
  }
}
