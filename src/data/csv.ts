import { dsvFormat } from 'd3-dsv'
import { checkNames, describe, InvalidInputError, ParseError } from '../base/index.ts'
import { type DataTable, numberFromText, parseErrorAt } from './table.ts'

export interface CsvOptions {
  /** What the text was read from, for error messages. Default `CSV`. */
  source?: string
  /** One character. Default: whichever of comma, semicolon and tab the first line has most of. */
  delimiter?: string
}

/**
 * Reads delimited text (RFC 4180: quoted fields, doubled quotes, line breaks inside quotes). The first row names the columns;
 * if it consists of numbers only, it is data and the columns are called `column1`, `column2`... Empty lines are skipped.
 *
 * @throws {ParseError} naming the line if a row has another number of fields than the header, a quote stays open, a column has
 *   no name, or there are no rows
 */
export function parseCsv(text: string, options: CsvOptions = {}): DataTable {
  checkNames(options, ['source', 'delimiter'], 'parseCsv')
  const { source = 'CSV' } = options
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  refuseBinary(plain, source)
  const delimiter = options.delimiter ?? likelyDelimiter(plain)
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new InvalidInputError(`parseCsv: delimiter must be one character, got ${describe(delimiter)}`, {
      argument: 'delimiter',
      expected: 'one character other than a quote or a line break',
      received: describe(delimiter),
    })
  }
  refuseOpenQuote(plain, delimiter, source)

  const cells: string[][] = []
  const lines: number[] = []
  let line = 1
  for (const row of dsvFormat(delimiter).parseRows(plain)) {
    if (row.length > 1 || row[0].trim() !== '') {
      cells.push(row)
      lines.push(line)
    }
    line += 1 + row.reduce((breaks, field) => breaks + (field.match(/\r\n|\r|\n/g)?.length ?? 0), 0)
  }
  if (cells.length === 0) {
    throw new ParseError(`${source}: the file is empty; expected a header and rows`, {
      argument: source,
      expected: 'a header and rows',
      received: 'nothing',
    })
  }

  const headless = cells[0].every((field) => numberFromText(field) !== null)
  const columns = headless ? cells[0].map((_, j) => `column${j + 1}`) : cells[0].map((name) => name.trim())
  const unnamed = columns.indexOf('')
  if (unnamed >= 0) {
    throw parseErrorAt(source, lines[0], `column ${unnamed + 1} has no name`, {
      expected: 'a name for every column',
      received: 'an empty field',
    })
  }
  const first = headless ? 0 : 1
  for (let i = first; i < cells.length; i++) {
    if (cells[i].length === columns.length) continue
    const fields = (count: number): string => `${count} field${count === 1 ? '' : 's'}`
    throw parseErrorAt(
      source,
      lines[i],
      `expected ${fields(columns.length)} as in line ${lines[0]}, got ${fields(cells[i].length)}`,
      { expected: fields(columns.length), received: fields(cells[i].length) },
    )
  }
  if (cells.length === first) {
    throw new ParseError(`${source}: there is a header but no row of data`, {
      argument: source,
      expected: 'at least one row',
      received: 'a header only',
    })
  }
  return { source, columns, cells: cells.slice(first), lines: lines.slice(first) }
}

/** Text files have no NUL characters and decode from UTF-8 without replacement at the start. */
export function refuseBinary(text: string, source: string): void {
  const head = text.slice(0, 4096)
  if (!head.includes('\u0000') && !/^.?\ufffd/.test(head)) return
  throw new ParseError(`${source}: this is not a text file`, {
    argument: source,
    expected: 'a text file',
    received: 'binary data',
  })
}

function likelyDelimiter(text: string): string {
  const head = text.split(/\r?\n/).find((line) => line.trim() !== '') ?? ''
  const count = (character: string): number => head.split(character).length - 1
  return [',', ';', '\t'].reduce((best, character) => (count(character) > count(best) ? character : best))
}

/** The reader would take everything after an open quote as one field. */
function refuseOpenQuote(text: string, delimiter: string, source: string): void {
  let line = 1
  let opened = 0
  let fieldStart = true
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (opened > 0) {
      if (character === '"') {
        if (text[i + 1] === '"') i++
        else opened = 0
      }
      if (character === '\n') line++
    } else if (character === '"' && fieldStart) {
      opened = line
      fieldStart = false
    } else {
      if (character === '\n') line++
      fieldStart = character === delimiter || character === '\n' || character === '\r'
    }
  }
  if (opened > 0) {
    throw parseErrorAt(source, opened, 'a quote is opened and never closed', {
      expected: 'a closing quote',
      received: 'the end of the file',
    })
  }
}
