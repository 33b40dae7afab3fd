import type { Measures } from './problem.ts'

/**
 * What a run looked like, in columns of equal length: `iteration`, `elapsedMs`, each measure (`objective`, ...) and each
 * oracle count (`evaluations.gradient`, ...). When `capacity` rows are full every second one is dropped and the stride
 * doubles, so memory stays bounded and the rows stay evenly spread.
 */
export interface Trace {
  /** Iterations between two rows, now. */
  stride: number
  /** The most rows kept. */
  readonly capacity: number
  readonly columns: Record<string, number[]>
}

/** An empty trace. `every` 0 records nothing. */
export function emptyTrace(every = 1, capacity = 2000): Trace {
  return { stride: every, capacity: Math.max(2, capacity), columns: { iteration: [], elapsedMs: [] } }
}

function put(columns: Record<string, number[]>, name: string, row: number, value: number): void {
  let column = columns[name]
  if (column === undefined) {
    column = new Array(row).fill(NaN)
    columns[name] = column
  }
  column[row] = value
}

/** Names of the columns of oracle counts, so that a row does not build strings. */
const evaluationColumns: Record<string, string> = {}

/** Adds a row if the iteration falls on the stride. */
export function record(
  trace: Trace,
  iteration: number,
  elapsedMs: number,
  measures: Measures,
  evaluations: Readonly<Record<string, number>>,
): void {
  if (trace.stride === 0 || iteration % trace.stride !== 0) return
  const { columns } = trace
  const row = columns.iteration.length
  columns.iteration.push(iteration)
  columns.elapsedMs.push(elapsedMs)
  for (const name in measures) put(columns, name, row, measures[name])
  for (const name in evaluations)
    put(columns, (evaluationColumns[name] ??= `evaluations.${name}`), row, evaluations[name])
  for (const name in columns) if (columns[name].length <= row) columns[name].push(NaN)
  if (row + 1 >= trace.capacity) thin(trace)
}

function thin(trace: Trace): void {
  trace.stride *= 2
  const keep = trace.columns.iteration.map((iteration) => iteration % trace.stride === 0)
  for (const name in trace.columns) trace.columns[name] = trace.columns[name].filter((_, row) => keep[row])
}

/** The trace as comma-separated text with a header line; empty cells for numbers that were not measured. */
export function traceToCsv(trace: Trace): string {
  const names = Object.keys(trace.columns)
  const lines = [names.join(',')]
  for (let row = 0; row < trace.columns.iteration.length; row++) {
    lines.push(
      names
        .map((name) => {
          const value = trace.columns[name][row]
          return Number.isNaN(value) ? '' : String(value)
        })
        .join(','),
    )
  }
  return `${lines.join('\n')}\n`
}
