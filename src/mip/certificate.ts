import { type CsrMatrix, compensatedDot, compensatedRowProduct, csrTranspose } from '../linalg/index.ts'
import type { MixedIntegerProgram, QuadraticTerms } from './mixed-integer-program.ts'

/** How far a point is from satisfying a program. */
export interface Violations {
  /** Largest distance of a row from its bounds, relative to max(1, |bound|). */
  readonly rows: number
  /** Largest distance of a column from its bounds (of a semi-continuous one: from them and from 0), relative to max(1, |bound|). */
  readonly bounds: number
  /** Largest distance of an integer column from an integer. */
  readonly integrality: number
}

/** Up to this, a point counts as feasible: the tolerance of HiGHS for mixed-integer programs. */
export const FEASIBILITY_TOLERANCE = 1e-6

/** What the objective is where it is not 1 in size: gaps are relative to at least this. */
const SMALLEST_SCALE = 1e-2

/** Gaps up to this are rounding: objective and bound are computed in different ways. */
const ROUNDING = 1e-12

function below(value: number, bound: number): number {
  return value >= bound ? 0 : (bound - value) / Math.max(1, Math.abs(bound))
}

function above(value: number, bound: number): number {
  return value <= bound ? 0 : (value - bound) / Math.max(1, Math.abs(bound))
}

/** The symmetric matrix of which the upper triangle is given. */
export function symmetricMatrix({ columnPointers, rowIndices, values }: QuadraticTerms): CsrMatrix {
  const n = columnPointers.length - 1
  // The upper triangle by columns is the lower one by rows.
  const lower = { rows: n, cols: n, rowPointers: columnPointers, columnIndices: rowIndices, values }
  const upper = csrTranspose(lower)
  const rowPointers = new Int32Array(n + 1)
  const columns: number[] = []
  const entries: number[] = []
  for (let i = 0; i < n; i++) {
    for (let k = columnPointers[i]; k < columnPointers[i + 1]; k++) {
      columns.push(rowIndices[k])
      entries.push(values[k])
    }
    for (let k = upper.rowPointers[i]; k < upper.rowPointers[i + 1]; k++) {
      if (upper.columnIndices[k] === i) continue
      columns.push(upper.columnIndices[k])
      entries.push(upper.values[k])
    }
    rowPointers[i + 1] = columns.length
  }
  return { rows: n, cols: n, rowPointers, columnIndices: Int32Array.from(columns), values: Float64Array.from(entries) }
}

/** The objective at x [n], in the sense of the program, in compensated arithmetic. */
export function objectiveAt(program: MixedIntegerProgram, x: Float64Array): number {
  const linear = compensatedDot(program.objective, x, program.offset)
  if (program.quadratic === undefined) return linear
  const q = symmetricMatrix(program.quadratic)
  const half = Float64Array.from({ length: x.length }, (_, i) => 0.5 * compensatedRowProduct(q, i, x))
  return compensatedDot(half, x, linear)
}

/** How far x [n] is from satisfying the program; rows in compensated arithmetic. NaN where x has a NaN. */
export function violationsAt(program: MixedIntegerProgram, x: Float64Array): Violations {
  const { matrix, rowLower, rowUpper, lower, upper, types } = program
  let rows = 0
  for (let i = 0; i < matrix.rows; i++) {
    const activity = compensatedRowProduct(matrix, i, x)
    rows = Math.max(rows, below(activity, rowLower[i]), above(activity, rowUpper[i]))
  }
  let bounds = 0
  let integrality = 0
  for (let j = 0; j < x.length; j++) {
    const outside = Math.max(below(x[j], lower[j]), above(x[j], upper[j]))
    const type = types[j]
    bounds = Math.max(bounds, type.startsWith('semi') ? Math.min(outside, Math.abs(x[j])) : outside)
    if (type.endsWith('integer')) integrality = Math.max(integrality, Math.abs(x[j] - Math.round(x[j])))
  }
  return { rows, bounds, integrality }
}

/** Whether x [n] satisfies the program within the tolerance. False where x has a NaN. */
export function isFeasible(program: MixedIntegerProgram, x: Float64Array, tolerance = FEASIBILITY_TOLERANCE): boolean {
  const { rows, bounds, integrality } = violationsAt(program, x)
  return rows <= tolerance && bounds <= tolerance && integrality <= tolerance
}

/**
 * The same point with integer columns exactly integral and all columns within their bounds, if that is feasible too; engines return
 * 0.9999999999 for 1. Else the point as it is.
 */
export function polished(program: MixedIntegerProgram, x: Float64Array): Float64Array {
  const { lower, upper, types } = program
  const exact = x.map((value, j) => {
    const inside = types[j].startsWith('semi') ? value : Math.min(Math.max(value, lower[j]), upper[j])
    // Adding 0 turns -0 into 0.
    return (types[j].endsWith('integer') ? Math.round(inside) : inside) + 0
  })
  return isFeasible(program, exact) || !isFeasible(program, x) ? exact : x
}

/**
 * (objective - bound) / max(|objective|, 0.01) for a minimized objective, at least 0; Infinity where there is no objective or no
 * bound. The floor makes an absolute gap of 1e-6, at which engines end too, a relative one of at most 1e-4.
 */
export function relativeGap(objective: number, bound: number): number {
  const gap = (objective - bound) / Math.max(Math.abs(objective), SMALLEST_SCALE)
  return Number.isNaN(gap) ? Infinity : gap > ROUNDING ? gap : 0
}
