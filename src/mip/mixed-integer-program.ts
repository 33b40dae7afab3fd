import type { CsrMatrix } from '../linalg/index.ts'
import type { Problem } from '../solver/index.ts'

/** Whether smaller or larger values of the objective are better. */
export type Sense = 'minimize' | 'maximize'

/**
 * What values a column may take: any number between its bounds; integers only; zero or a number between its bounds
 * (semi-continuous); zero or an integer between its bounds.
 */
export type ColumnType = 'continuous' | 'integer' | 'semi-continuous' | 'semi-integer'

/** The upper triangle, diagonal included, of the symmetric matrix Q of a quadratic objective, by columns. */
export interface QuadraticTerms {
  /** Start of each column in `rowIndices` and `values`, length n + 1. */
  readonly columnPointers: Int32Array
  /** Row of each entry, at most its column. */
  readonly rowIndices: Int32Array
  readonly values: Float64Array
}

/**
 * A linear, mixed-integer or convex quadratic program of n columns (variables) and m rows (constraints):
 *
 *   minimize or maximize  offset + c'x + 1/2 x'Qx   subject to  rowLower <= A x <= rowUpper,  lower <= x <= upper,
 *
 * with some columns integral. Plain data, never written after it is made; a missing bound is -Infinity or Infinity, an
 * equality row has two equal bounds. A solution is the vector x of length n.
 */
export interface MixedIntegerProgram extends Problem<Float64Array> {
  readonly sense: Sense
  /** c, length n. */
  readonly objective: Float64Array
  /** The constant in the objective. */
  readonly offset: number
  /** Q, where the objective is quadratic. */
  readonly quadratic?: QuadraticTerms
  /** A [m, n]. */
  readonly matrix: CsrMatrix
  /** Length m. */
  readonly rowLower: Float64Array
  /** Length m. */
  readonly rowUpper: Float64Array
  /** Length n. */
  readonly lower: Float64Array
  /** Length n. */
  readonly upper: Float64Array
  /** Length n. */
  readonly types: readonly ColumnType[]
  /** Length n, all different. */
  readonly columnNames: readonly string[]
  /** Length m, all different. */
  readonly rowNames: readonly string[]
}
