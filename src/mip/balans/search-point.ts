import type { CsrMatrix } from '../../linalg/index.ts'
import { objectiveAt, polished } from '../certificate.ts'
import { signOf } from '../mixed-integer-class.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'

/** The integer columns of a program, by kind; strictly increasing indices. */
export interface DiscreteColumns {
  /** Integer columns with bounds [0, 1]. */
  readonly binary: Int32Array
  /** All other integer columns. */
  readonly general: Int32Array
  /** Both together. */
  readonly all: Int32Array
}

/** Sorts out the integer columns. Semi-continuous and semi-integer columns count as continuous: fixing them is not a bound. */
export function discreteColumns({ types, lower, upper }: MixedIntegerProgram): DiscreteColumns {
  const binary: number[] = []
  const general: number[] = []
  const all: number[] = []
  for (let j = 0; j < types.length; j++) {
    if (types[j] !== 'integer') continue
    all.push(j)
    if (lower[j] === 0 && upper[j] === 1) binary.push(j)
    else general.push(j)
  }
  return { binary: Int32Array.from(binary), general: Int32Array.from(general), all: Int32Array.from(all) }
}

/** What a neighbourhood is built from; nothing of it is written. */
export interface SearchPoint {
  readonly program: MixedIntegerProgram
  readonly columns: DiscreteColumns
  /** The transposed matrix [n, m]: in which rows each column stands. */
  readonly rowsOfColumns: CsrMatrix
  /** A solution of the linear relaxation, length n; null if it could not be had in time. */
  readonly relaxation: Float64Array | null
  /** The current solution, length n, integer columns rounded. */
  readonly current: Float64Array
  /** Its objective as minimized: f, or -f for a program that maximizes. */
  readonly value: number
  /** Other solutions found on the way, the latest first. */
  readonly others: readonly Float64Array[]
}

/** The objective of `x` [n] as minimized, offset included. */
export function minimizedObjective(program: MixedIntegerProgram, x: Float64Array): number {
  return signOf(program) * objectiveAt(program, x)
}

/**
 * A point of an engine as a solution of the program: without added columns, integer columns rounded, all within their bounds.
 * Where rounding would break a row (a large coefficient on an integer column), the engine's own digits are kept.
 */
export function settled(program: MixedIntegerProgram, x: Float64Array): Float64Array {
  return polished(program, x.slice(0, program.objective.length))
}
