import { checkNames, describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import { type CsrMatrix, cholesky, csrToDense } from '../linalg/index.ts'
import type { Measures, ProblemClass, Requirements } from '../solver/index.ts'
import { FEASIBILITY_TOLERANCE, objectiveAt, symmetricMatrix, violationsAt } from './certificate.ts'
import { hasDiscreteColumns } from './highs-model-data.ts'
import type { ColumnType, MixedIntegerProgram, QuadraticTerms, Sense } from './mixed-integer-program.ts'

/** The data of a program of n columns and m rows. */
export interface MixedIntegerParts {
  /** Default `minimize`. */
  readonly sense?: Sense
  /** c, length n, finite. */
  readonly objective: ArrayLike<number>
  /** The constant in the objective. Default 0. */
  readonly offset?: number
  /** Q of 1/2 x'Qx. Default none. */
  readonly quadratic?: QuadraticTerms
  /** A [m, n], finite, columns ascending in each row. */
  readonly matrix: CsrMatrix
  /** Length m. Default -Infinity. */
  readonly rowLower?: ArrayLike<number>
  /** Length m. Default Infinity. */
  readonly rowUpper?: ArrayLike<number>
  /** Length n. Default 0. */
  readonly lower?: ArrayLike<number>
  /** Length n. Default Infinity. */
  readonly upper?: ArrayLike<number>
  /** Length n. Default all continuous. */
  readonly types?: readonly ColumnType[]
  /** Length n, all different. Default x1, x2, ... */
  readonly columnNames?: readonly string[]
  /** Length m, all different. Default r1, r2, ... */
  readonly rowNames?: readonly string[]
  readonly name?: string
  /** A point to start from, length n, NaN where it is free. */
  readonly start?: ArrayLike<number>
  /** Plain data from which the program can be built again. */
  readonly recipe?: unknown
}

/** A program after `prepare`. */
export interface PreparedMixedIntegerProgram extends MixedIntegerProgram {
  /** To be called before every solve of an engine. Counted as `solve`. */
  onSolve(): void
}

const partNames = [
  'sense',
  'objective',
  'offset',
  'quadratic',
  'matrix',
  'rowLower',
  'rowUpper',
  'lower',
  'upper',
  'types',
  'columnNames',
  'rowNames',
  'name',
  'start',
  'recipe',
]

/** From here on solvers take a bound for infinite. */
const INFINITE_BOUND = 1e20

/** Orders up to which the convexity of a quadratic objective is checked, by a dense factorization. */
const LARGEST_CHECKED_ORDER = 3000

/** What may be lacking for Q to count as positive semidefinite, relative to its largest diagonal entry. */
const SEMIDEFINITE_SLACK = 1e-8

const columnTypes: readonly ColumnType[] = ['continuous', 'integer', 'semi-continuous', 'semi-integer']

function invalid(argument: string, expected: string, received: unknown): InvalidInputError {
  const got = describe(received)
  return new InvalidInputError(`mixed-integer program: ${argument} must be ${expected}, got ${got}`, {
    argument,
    expected,
    received: got,
  })
}

function checkedLength(argument: string, given: ArrayLike<unknown>, length: number): void {
  if (typeof given === 'object' && given !== null && given.length === length) return
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw invalid(argument, `an array of length ${length}`, given)
  }
  throw new ShapeError(
    `mixed-integer program: ${argument} has length ${given.length}; expected ${argument}.length === ${length}`,
    { argument, expected: `length ${length}`, received: `length ${given.length}` },
  )
}

/** A checked copy. `label` names what entry j belongs to, for messages. */
function numbers(
  argument: string,
  given: ArrayLike<number> | undefined,
  length: number,
  fallback: number,
  accepts: (value: number) => boolean,
  expected: string,
): Float64Array {
  if (given === undefined) return new Float64Array(length).fill(fallback)
  checkedLength(argument, given, length)
  const out = new Float64Array(length)
  for (let j = 0; j < length; j++) {
    const value = given[j]
    if (typeof value !== 'number' || !accepts(value)) throw invalid(`${argument}[${j}]`, expected, value)
    // A bound beyond what solvers call infinite is infinite; -0 becomes 0.
    out[j] = value >= INFINITE_BOUND ? Infinity : value <= -INFINITE_BOUND ? -Infinity : value + 0
  }
  return out
}

const isNumber = (value: number): boolean => !Number.isNaN(value)
const isCoefficient = (value: number): boolean => Math.abs(value) < INFINITE_BOUND
const COEFFICIENT = 'a finite number below 1e20 in size'

function names(
  argument: string,
  given: readonly string[] | undefined,
  length: number,
  prefix: string,
): readonly string[] {
  if (given === undefined) return Array.from({ length }, (_, j) => `${prefix}${j + 1}`)
  checkedLength(argument, given, length)
  const seen = new Set<string>()
  for (let j = 0; j < length; j++) {
    if (typeof given[j] !== 'string' || given[j] === '') throw invalid(`${argument}[${j}]`, 'a name', given[j])
    if (seen.has(given[j])) throw invalid(`${argument}[${j}]`, 'a name that is not taken yet', given[j])
    seen.add(given[j])
  }
  return [...given]
}

function checkMatrix(matrix: CsrMatrix, n: number): void {
  if (!(matrix?.values instanceof Float64Array) || matrix.rowPointers?.length !== matrix.rows + 1) {
    throw invalid('matrix', 'a sparse matrix (csrFromTriplets, csrFromDense)', matrix)
  }
  if (matrix.cols !== n) {
    throw new ShapeError(
      `mixed-integer program: matrix has shape [${matrix.rows}, ${matrix.cols}], but objective has length ${n}; expected matrix.cols === ${n}`,
      { argument: 'matrix', expected: `${n} columns`, received: `${matrix.cols} columns` },
    )
  }
  const { rowPointers, columnIndices, values } = matrix
  for (let i = 0; i < matrix.rows; i++) {
    let last = -1
    for (let k = rowPointers[i]; k < rowPointers[i + 1]; k++) {
      const j = columnIndices[k]
      if (!(j > last && j < n)) throw invalid(`matrix.columnIndices[${k}]`, `ascending in row ${i}, below ${n}`, j)
      if (!isCoefficient(values[k]))
        throw invalid(`matrix.values[${k}] (row ${i}, column ${j})`, COEFFICIENT, values[k])
      last = j
    }
  }
}

function checkQuadratic({ columnPointers, rowIndices, values }: QuadraticTerms, n: number): void {
  checkedLength('quadratic.columnPointers', columnPointers, n + 1)
  for (let j = 0; j < n; j++) {
    let last = -1
    for (let k = columnPointers[j]; k < columnPointers[j + 1]; k++) {
      const i = rowIndices[k]
      if (!(i > last && i <= j))
        throw invalid(`quadratic.rowIndices[${k}]`, `ascending in column ${j}, at most ${j}`, i)
      if (!isCoefficient(values[k])) throw invalid(`quadratic.values[${k}]`, COEFFICIENT, values[k])
      last = i
    }
  }
}

/**
 * Makes a program from its numbers; `mipModel` builds one from algebra, `readModel` from a file. Bounds that cross make it
 * infeasible, not invalid.
 *
 * @example
 * const program = mixedIntegerProgram({
 *   sense: 'maximize',
 *   objective: [5, 4],
 *   matrix: csrFromDense(denseFromRows([[6, 4], [1, 2]])),
 *   rowUpper: [24, 6],
 *   types: ['integer', 'integer'],
 * })
 * @throws {InvalidInputError} if a number is NaN, a coefficient infinite, or a name is empty or taken
 * @throws {ShapeError} if lengths do not fit
 */
export function mixedIntegerProgram(parts: MixedIntegerParts): MixedIntegerProgram {
  checkNames(parts, partNames, 'mixed-integer program')
  const { sense = 'minimize', offset = 0, matrix, quadratic, name, start, recipe } = parts
  if (sense !== 'minimize' && sense !== 'maximize') throw invalid('sense', "'minimize' or 'maximize'", sense)
  if (typeof offset !== 'number' || !isCoefficient(offset)) throw invalid('offset', COEFFICIENT, offset)
  if (typeof parts.objective?.length !== 'number') throw invalid('objective', 'an array of numbers', parts.objective)
  const n = parts.objective.length
  checkMatrix(matrix, n)
  if (quadratic !== undefined) checkQuadratic(quadratic, n)
  const m = matrix.rows
  const types = parts.types ?? new Array<ColumnType>(n).fill('continuous')
  checkedLength('types', types, n)
  const odd = types.findIndex((type) => !columnTypes.includes(type))
  if (odd >= 0) throw invalid(`types[${odd}]`, `one of ${columnTypes.join(', ')}`, types[odd])
  const bound = (argument: string, given: ArrayLike<number> | undefined, length: number, fallback: number) =>
    numbers(argument, given, length, fallback, isNumber, 'a number or an infinity')
  return {
    class: mixedIntegerClass,
    sense,
    objective: numbers('objective', parts.objective, n, 0, isCoefficient, COEFFICIENT),
    offset,
    ...(quadratic?.values.some((value) => value !== 0) && { quadratic }),
    matrix,
    rowLower: bound('rowLower', parts.rowLower, m, -Infinity),
    rowUpper: bound('rowUpper', parts.rowUpper, m, Infinity),
    lower: bound('lower', parts.lower, n, 0),
    upper: bound('upper', parts.upper, n, Infinity),
    types: [...types],
    columnNames: names('columnNames', parts.columnNames, n, 'x'),
    rowNames: names('rowNames', parts.rowNames, m, 'r'),
    ...(name !== undefined && { name }),
    ...(start !== undefined && { start: startOf(start, n) }),
    ...(recipe !== undefined && { recipe }),
  }
}

function startOf(start: ArrayLike<number> | undefined, n: number): Float64Array {
  return numbers(
    'start',
    start,
    n,
    NaN,
    (value) => Number.isNaN(value) || isCoefficient(value),
    `${COEFFICIENT}, or NaN where it is free`,
  )
}

/** 1 for a program that minimizes, -1 for one that maximizes: what its objective is multiplied with to be minimized. */
export function signOf({ sense }: Pick<MixedIntegerProgram, 'sense'>): 1 | -1 {
  return sense === 'maximize' ? -1 : 1
}

/** Refuses an objective whose minimum (or maximum) is no convex problem. */
function checkConvex(method: string, program: MixedIntegerProgram, notes: string[]): void {
  const q = symmetricMatrix(program.quadratic!)
  // Only columns that occur in Q matter.
  const used = Array.from({ length: q.rows }, (_, i) => i).filter((i) => q.rowPointers[i + 1] > q.rowPointers[i])
  if (used.length > LARGEST_CHECKED_ORDER) {
    notes.push(`the quadratic objective is too large for a check of convexity (${used.length} columns)`)
    return
  }
  const place = new Map(used.map((i, k) => [i, k]))
  const sign = signOf(program)
  const dense = csrToDense({
    rows: used.length,
    cols: used.length,
    rowPointers: Int32Array.from([...used.map((i) => q.rowPointers[i]), q.values.length]),
    columnIndices: q.columnIndices.map((j) => place.get(j)!),
    values: q.values.map((value) => sign * value),
  })
  const order = used.length
  let scale = 0
  for (let i = 0; i < order; i++) scale = Math.max(scale, Math.abs(dense.data[i * order + i]))
  for (let i = 0; i < order; i++) dense.data[i * order + i] += SEMIDEFINITE_SLACK * scale
  const { ok, failedPivot } = cholesky(dense)
  if (ok) return
  const column = program.columnNames[used[failedPivot]]
  const shape = sign > 0 ? 'convex' : 'concave'
  throw new UnsupportedError(
    `${method}: the quadratic objective is not ${shape} (its matrix is not ${sign > 0 ? 'positive' : 'negative'} semidefinite, seen at ${column}), so a local optimum may not be the best; only ${shape} objectives can be ${program.sense}d`,
    {
      argument: 'quadratic',
      expected: `a ${shape} objective`,
      received: `an objective that is not, seen at ${column}`,
    },
  )
}

function refuse(method: string, what: string, received: string): never {
  throw new UnsupportedError(`${method}: ${what}`, {
    argument: 'problem',
    expected: 'a problem it can solve',
    received,
  })
}

function checkRequirements(
  program: MixedIntegerProgram,
  { name, requires, handles }: Requirements,
  notes: string[],
): void {
  const discrete = hasDiscreteColumns(program)
  if (requires.includes('integers') && !program.types.includes('integer')) {
    refuse(name, 'needs integer columns, but there are none; use highs', 'no integer columns')
  }
  if (program.quadratic === undefined) return
  if (!handles.includes('quadratic'))
    refuse(name, 'cannot minimize a quadratic objective; use highs', 'a quadratic objective')
  if (discrete && !handles.includes('mixed-integer-quadratic')) {
    refuse(
      name,
      'a quadratic objective together with integer columns is not supported; linearize the products (for binaries x y = z with z <= x, z <= y, z >= x + y - 1), or relax the integers',
      'a quadratic objective with integer columns',
    )
  }
  checkConvex(name, program, notes)
}

/**
 * The class of mixed-integer programs. Everything the driver sees is minimized: `objective` and `bound` are negated for a program
 * that maximizes. `gap` is (objective - bound) / max(|objective|, 0.01), known to the method only, and the certificate
 * measures how far the point is from satisfying rows, bounds and integrality, in compensated arithmetic; a point that violates
 * them by more than 1e-6 has no gap, so that it can never be called converged. A run without a point yet has objective NaN.
 */
export const mixedIntegerClass: ProblemClass<Float64Array> & { readonly name: 'mixed-integer' } = {
  name: 'mixed-integer',
  optimality: 'gap',
  optimalityMeaning: '(objective - bound) / max(|objective|, 0.01), at a point that satisfies all constraints',
  defaults: { tolerance: 1e-4, maxIterations: 1_000_000 },
  oracles: ['solve'],
  solutionMayBeMissing: true,

  prepare(given, requirements, tally) {
    const program = given as MixedIntegerProgram
    const notes: string[] = []
    checkRequirements(program, requirements, notes)
    const prepared: PreparedMixedIntegerProgram = { ...program, onSolve: () => tally.count('solve') }
    return { problem: prepared, notes }
  },

  startingPoint(given, start) {
    const program = given as MixedIntegerProgram
    return startOf(start ?? program.start, program.objective.length)
  },

  certify(given, x) {
    const program = given as MixedIntegerProgram
    const { rows, bounds, integrality } = violationsAt(program, x)
    const measures: Measures = {
      objective: signOf(program) * objectiveAt(program, x),
      rowViolation: rows,
      boundViolation: bounds,
      integralityViolation: integrality,
    }
    const feasible = Math.max(rows, bounds, integrality) <= FEASIBILITY_TOLERANCE
    return feasible ? measures : { ...measures, gap: Infinity }
  },
}
