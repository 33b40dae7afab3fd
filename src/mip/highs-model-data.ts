import type { ModelData, VariableType } from 'highs'
import { csrTranspose } from '../linalg/index.ts'
import type { ColumnType, MixedIntegerProgram, QuadraticTerms } from './mixed-integer-program.ts'

/** What an engine needs of a program: its numbers, without class and start. Can be sent to a worker. */
export type ProgramNumbers = Omit<MixedIntegerProgram, 'class' | 'start' | 'recipe'>

/** The numbers of a program alone, whatever functions a prepared one carries. */
export function programNumbers(program: MixedIntegerProgram): ProgramNumbers {
  const { sense, objective, offset, quadratic, matrix, rowLower, rowUpper, lower, upper } = program
  const { types, columnNames, rowNames, name } = program
  return {
    sense,
    objective,
    offset,
    ...(quadratic !== undefined && { quadratic }),
    matrix,
    rowLower,
    rowUpper,
    lower,
    upper,
    types,
    columnNames,
    rowNames,
    ...(name !== undefined && { name }),
  }
}

/** The codes that HiGHS has for what values a column may take. */
export const variableTypes: Readonly<Record<ColumnType, VariableType>> = {
  continuous: 0,
  integer: 1,
  'semi-continuous': 2,
  'semi-integer': 3,
}

/** Whether some column may not take all values between its bounds. */
export function hasDiscreteColumns(program: Pick<MixedIntegerProgram, 'types'>): boolean {
  return program.types.some((type) => type !== 'continuous')
}

/** Q as HiGHS takes it: the lower triangle by columns, which is the upper one by rows. */
export function lowerTriangle(quadratic: QuadraticTerms, n: number): NonNullable<ModelData['hessian']> {
  const rows = csrTranspose({
    rows: n,
    cols: n,
    rowPointers: quadratic.columnPointers,
    columnIndices: quadratic.rowIndices,
    values: quadratic.values,
  })
  return {
    format: 'triangular',
    dimension: n,
    starts: rows.rowPointers,
    indices: rows.columnIndices,
    values: rows.values,
  }
}

/** The program as HiGHS takes it. Names only where they are wanted: an engine works with indices. */
export function highsModelData(program: ProgramNumbers, withNames = false): ModelData {
  const n = program.objective.length
  const { rows, rowPointers, columnIndices, values } = program.matrix
  return {
    numCols: n,
    numRows: rows,
    sense: (program.sense === 'maximize' ? -1 : 1) as ModelData['sense'],
    offset: program.offset,
    colCost: program.objective,
    colLower: program.lower,
    colUpper: program.upper,
    rowLower: program.rowLower,
    rowUpper: program.rowUpper,
    matrix: { format: 'csr', numRows: rows, numCols: n, starts: rowPointers, indices: columnIndices, values },
    ...(hasDiscreteColumns(program) && { integrality: program.types.map((type) => variableTypes[type]) }),
    ...(program.quadratic && { hessian: lowerTriangle(program.quadratic, n) }),
    ...(withNames && {
      colNames: program.columnNames,
      rowNames: program.rowNames,
      ...(program.name !== undefined && { modelName: program.name }),
    }),
  }
}
