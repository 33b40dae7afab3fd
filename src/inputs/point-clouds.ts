import { InvalidInputError, ParseError, ShapeError } from '../base/index.ts'
import { type DataTable, numbersOf } from '../data/index.ts'
import type { Points, TransportPlan } from '../transport/index.ts'

/** Columns of a table of points that hold masses instead of coordinates. */
export const weightColumns = ['weight', 'weights', 'mass']

/** Entries of a plan that are written to a file; more would be gigabytes of text. */
export const LARGEST_PLAN = 2e7

/** Points with their masses. */
export interface PointCloud {
  /** What to call it in messages. */
  readonly name: string
  readonly points: Points & { readonly coordinates: Float64Array; readonly dimension: number }
  /** Null where the points weigh the same. */
  readonly weights: Float64Array | null
  readonly count: number
}

/** The masses in a column. @throws {InvalidInputError} naming the line of a negative one */
export function masses(table: DataTable, column: string): Float64Array {
  const values = numbersOf(table, column)
  const bad = values.findIndex((value) => value < 0)
  if (bad >= 0) {
    throw new InvalidInputError(
      `${table.source}, line ${table.lines[bad]}: a weight must be >= 0, got ${values[bad]} in column '${column}'`,
      { argument: column, expected: 'numbers >= 0', received: String(values[bad]) },
    )
  }
  return values
}

/** Columns as rows, one after the other. */
export const rowMajor = (columns: readonly Float64Array[], rows: number): Float64Array => {
  const out = new Float64Array(rows * columns.length)
  columns.forEach((column, j) => {
    for (let i = 0; i < rows; i++) out[i * columns.length + j] = column[i]
  })
  return out
}

/** A cloud: coordinates in all columns but that of the weights, in the order of the file. */
export function pointCloud(table: DataTable, name: string): PointCloud {
  const isWeight = (name: string): boolean => weightColumns.includes(name.toLowerCase())
  const found = table.columns.filter(isWeight)
  if (found.length > 1) {
    throw new ParseError(`${table.source}: more than one column of weights: ${found.join(', ')}`, {
      argument: table.source,
      expected: 'at most one column of weights',
      received: found.join(', '),
    })
  }
  const coordinates = table.columns.filter((name) => !isWeight(name))
  if (coordinates.length === 0) {
    throw new ParseError(`${table.source}: there is no column of coordinates, only '${found[0]}'`, {
      argument: table.source,
      expected: 'at least one column of coordinates',
      received: found.join(', '),
    })
  }
  const count = table.cells.length
  const columns = coordinates.map((name) => numbersOf(table, name))
  return {
    name,
    points: { coordinates: rowMajor(columns, count), dimension: columns.length },
    weights: found.length === 1 ? masses(table, found[0]) : null,
    count,
  }
}

/** The total. */
export const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)

/** Equal masses that sum to `total`. */
const equal = (count: number, total: number): Float64Array => new Float64Array(count).fill(total / count)

/** Points or rows without weights weigh the same, together as much as the other side (1 if neither has weights). */
export function completed(
  a: Float64Array | null,
  b: Float64Array | null,
  n: number,
  m: number,
): { a: Float64Array; b: Float64Array } {
  return { a: a ?? equal(n, b === null ? 1 : sum(b)), b: b ?? equal(m, a === null ? 1 : sum(a)) }
}

/** @throws {ShapeError} if the points of two clouds have different numbers of coordinates */
export function checkDimensions(source: PointCloud, target: PointCloud): void {
  if (source.points.dimension === target.points.dimension) return
  throw new ShapeError(
    `${source.name} has points with ${source.points.dimension} coordinates, ${target.name} with ${target.points.dimension}; a column of weights must be called 'weight'`,
    {
      argument: target.name,
      expected: `${source.points.dimension} coordinates`,
      received: String(target.points.dimension),
    },
  )
}

/** `source,target,mass`, one line for each pair that gets mass; indices count rows of data from 0. */
export function* planToCsv(plan: TransportPlan): Generator<string> {
  yield 'source,target,mass\n'
  if (plan.kind === 'sparse') {
    const { rows, columns, masses: values } = plan.toSparse()
    const lines = Array.from(rows, (row, k) => `${row},${columns[k]},${values[k]}\n`)
    yield lines.join('')
  } else {
    const row = new Float64Array(plan.columns)
    for (let i = 0; i < plan.rows; i++) {
      plan.row(i, row)
      let lines = ''
      for (let j = 0; j < row.length; j++) if (row[j] > 0) lines += `${i},${j},${row[j]}\n`
      yield lines
    }
  }
}
