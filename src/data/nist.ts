import { checkNames, ParseError } from '../base/index.ts'
import { refuseBinary } from './csv.ts'
import { type DataTable, numberFromText, parseErrorAt } from './table.ts'

/** A nonlinear regression problem of the NIST Statistical Reference Datasets, with its certified solution. */
export interface NistDataset {
  readonly name: string
  /** The left side of the model, e.g. `y` or `log(y)`; null if the file's model could not be read. */
  readonly response: string | null
  /** The right side in the notation of this library, e.g. `b1*(1-exp(-b2*x))`; null if it could not be read. */
  readonly model: string | null
  /** Parameter names, in the order of the file. */
  readonly parameters: readonly string[]
  /** The file's starting values, start 1 first; each as long as `parameters`. */
  readonly starts: readonly Float64Array[]
  readonly certified: {
    readonly parameters: Float64Array
    readonly standardDeviations: Float64Array
    readonly residualSumOfSquares: number
    readonly residualStandardDeviation: number
    readonly degreesOfFreedom: number
  }
  /** The observations; the first column is the response. */
  readonly table: DataTable
}

/** Whether a text is a NIST dataset of nonlinear regression, by its first lines. */
export function isNistDataset(text: string): boolean {
  return /^\s*NIST\/ITL StRD\b/.test(text)
}

/**
 * Reads a nonlinear-regression file of the NIST Statistical Reference Datasets as it is distributed.
 *
 * @throws {ParseError} naming the line (or the missing part) if the text is not such a file
 * @see https://www.itl.nist.gov/div898/strd/nls/nls_info.shtml
 */
export function parseNistDataset(text: string, options: { source?: string } = {}): NistDataset {
  checkNames(options, ['source'], 'parseNistDataset')
  const { source = 'NIST data' } = options
  refuseBinary(text, source)
  const lines = text.split(/\r?\n/)
  const missing = (what: string): ParseError =>
    new ParseError(`${source}: not a NIST nonlinear-regression file: ${what}`, { argument: source, expected: what })
  if (!isNistDataset(text)) throw missing("the first line is not 'NIST/ITL StRD'")

  const name = /Dataset Name:\s*(\S+)/.exec(text)?.[1] ?? source
  const valuesAt = lines.findIndex((line) => /^\s*Starting values\s+Certified Values/i.test(line))
  if (valuesAt < 0) throw missing("no table of 'Starting Values' and 'Certified Values'")
  const parameters: string[] = []
  const columns: number[][] = []
  for (let i = valuesAt + 1; i < lines.length && !/^\s*Residual Sum of Squares/i.test(lines[i]); i++) {
    const [, parameter, rest] = /^\s*([A-Za-z]\w*)\s*=\s*(.*)$/.exec(lines[i]) ?? []
    if (parameter === undefined) continue
    const numbers = rest.trim().split(/\s+/).map(numberFromText)
    if (numbers.length !== 4 || numbers.includes(null)) {
      throw parseErrorAt(source, i + 1, `expected two starts, a certified value and its deviation for ${parameter}`, {
        expected: 'four numbers',
        received: rest.trim(),
      })
    }
    parameters.push(parameter)
    columns.push(numbers as number[])
  }
  if (parameters.length === 0) throw missing('no parameters under the certified values')

  const labelled = (label: string): number => {
    const found = new RegExp(`^\\s*${label}:\\s*(\\S+)`, 'im').exec(text)
    const value = found === null ? null : numberFromText(found[1])
    if (value === null) throw missing(`no number after '${label}:'`)
    return value
  }
  const column = (j: number): Float64Array => Float64Array.from(columns, (row) => row[j])
  return {
    name,
    ...modelOf(lines, valuesAt),
    parameters,
    starts: [column(0), column(1)],
    certified: {
      parameters: column(2),
      standardDeviations: column(3),
      residualSumOfSquares: labelled('Residual Sum of Squares'),
      residualStandardDeviation: labelled('Residual Standard Deviation'),
      degreesOfFreedom: labelled('Degrees of Freedom'),
    },
    table: observations(lines, labelled('Number of Observations'), source, missing),
  }
}

/** The formula stands between `Model:` and the starting values, over one or more lines, and ends with `+ e`. */
function modelOf(lines: readonly string[], to: number): { response: string | null; model: string | null } {
  const from = lines.findIndex((line) => /^\s*Model:/.test(line))
  const block = lines.slice(from + 1, to).join('\n')
  const [, left, right] = /^[ \t]*(y|\w+[[(]y[\])])\s*=([\s\S]*?)\+\s*e[ \t]*$/m.exec(block) ?? []
  if (from < 0 || left === undefined) return { response: null, model: null }
  const translate = (formula: string): string =>
    formula
      .replace(/\[/g, '(')
      .replace(/\]/g, ')')
      .replace(/\*\*/g, '^')
      .replace(/\barctan\b/g, 'atan')
      .replace(/\s+/g, ' ')
      .trim()
  return { response: translate(left), model: translate(right) }
}

function observations(
  lines: readonly string[],
  expectedCount: number,
  source: string,
  missing: (what: string) => ParseError,
): DataTable {
  let header = lines.length - 1
  while (header >= 0 && !/^\s*Data:/.test(lines[header])) header--
  const columns = (lines[header] ?? '')
    .replace(/^\s*Data:/, '')
    .trim()
    .split(/\s+/)
  // The head of the file has a 'Data:' too: it says how many variables there are.
  if (header < 0 || !columns.every((name) => /^[A-Za-z]\w*$/.test(name))) {
    throw missing("no line 'Data: y x' with the names of the columns")
  }
  const cells: string[][] = []
  const at: number[] = []
  for (let i = header + 1; i < lines.length; i++) {
    if (lines[i].trim() === '') continue
    const row = lines[i].trim().split(/\s+/)
    if (row.length !== columns.length) {
      throw parseErrorAt(source, i + 1, `expected ${columns.length} numbers, got ${row.length}`, {
        expected: `${columns.length} numbers`,
        received: String(row.length),
      })
    }
    cells.push(row)
    at.push(i + 1)
  }
  if (cells.length !== expectedCount) {
    throw new ParseError(
      `${source}: the head promises ${expectedCount} observations, but there are ${cells.length}; the file is cut off or changed`,
      { argument: source, expected: `${expectedCount} observations`, received: `${cells.length} observations` },
    )
  }
  return { source, columns, cells, lines: at }
}
