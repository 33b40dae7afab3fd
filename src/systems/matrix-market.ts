import { ParseError } from '../base/index.ts'
import { type CsrMatrix, csrFromTriplets } from '../linalg/index.ts'

/** What the header of a MatrixMarket text says. */
export interface MatrixMarketHeader {
  readonly format: 'coordinate' | 'array'
  readonly field: 'real' | 'integer' | 'pattern'
  readonly symmetry: 'general' | 'symmetric' | 'skew-symmetric'
}

/** A matrix read from MatrixMarket text: both triangles are filled in. */
export interface MatrixMarketMatrix {
  readonly matrix: CsrMatrix
  readonly header: MatrixMarketHeader
  /** Comment lines without their `%`. */
  readonly comments: readonly string[]
}

function fail(line: number, message: string, expected: string, received: string): never {
  throw new ParseError(`MatrixMarket, line ${line}: ${message}; expected ${expected}, got ${received}`, {
    argument: `line ${line}`,
    expected,
    received,
  })
}

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)

function word<const W extends readonly string[]>(line: number, given: string | undefined, known: W): W[number] {
  const lower = (given ?? '').toLowerCase()
  if (known.includes(lower)) return lower
  return fail(line, 'the header cannot be read', `one of ${known.join(', ')}`, quote(given ?? ''))
}

const INTEGER = /^[+-]?\d+$/
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/

function size(line: number, text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= 2147483647) return value
  return fail(line, 'a size cannot be read', 'an integer in [0, 2^31)', quote(text))
}

/**
 * Reads a matrix in MatrixMarket exchange format: `coordinate` or `array`; `real`, `integer` or `pattern` (entries become 1);
 * `general`, `symmetric` or `skew-symmetric` (the other triangle is filled in). Duplicate coordinates add up. Explicit zeros of
 * coordinate files are kept, those of arrays dropped.
 *
 * @param text the whole file
 * @throws {ParseError} naming the line, what was expected and what came: unknown or complex headers, entries outside the shape
 *   or on the wrong side of the diagonal, numbers that are not, too few or too many entries
 * @see Boisvert, Pozo and Remington, The Matrix Market exchange formats: initial design, NISTIR 5935 (1996)
 */
export function parseMatrixMarket(text: string): MatrixMarketMatrix {
  const comments: string[] = []
  let position = 0
  let line = 0
  /** The next line, or null at the end. */
  const nextLine = (): string | null => {
    if (position >= text.length) return null
    let end = text.indexOf('\n', position)
    if (end < 0) end = text.length
    const content = text.slice(position, end)
    position = end + 1
    line++
    return content.endsWith('\r') ? content.slice(0, -1) : content
  }
  /** The words of the next line that is neither blank nor a comment. */
  const nextWords = (): string[] | null => {
    for (;;) {
      const content = nextLine()
      if (content === null) return null
      const trimmed = content.trim()
      if (trimmed === '') continue
      if (trimmed.startsWith('%')) comments.push(trimmed.slice(1).trim())
      else return trimmed.split(/\s+/)
    }
  }

  const banner = (nextLine() ?? '').trim().split(/\s+/)
  if (banner[0]?.toLowerCase() !== '%%matrixmarket') {
    fail(1, 'this is no MatrixMarket text', "'%%MatrixMarket matrix ...'", quote(banner.join(' ')))
  }
  word(1, banner[1], ['matrix'])
  const format = word(1, banner[2], ['coordinate', 'array'])
  const field = word(1, banner[3], ['real', 'integer', 'pattern'])
  const symmetry = word(1, banner[4], ['general', 'symmetric', 'skew-symmetric'])
  if (format === 'array' && field === 'pattern') {
    fail(1, 'the header cannot be read', 'real or integer for an array', "'pattern'")
  }

  const shape = nextWords()
  const wanted = format === 'coordinate' ? 3 : 2
  if (shape === null || shape.length !== wanted) {
    fail(
      line,
      'the sizes cannot be read',
      format === 'coordinate' ? "'rows columns entries'" : "'rows columns'",
      shape === null ? 'the end of the text' : quote(shape.join(' ')),
    )
  }
  const rows = size(line, shape[0])
  const cols = size(line, shape[1])
  if (symmetry !== 'general' && rows !== cols) {
    fail(line, `a ${symmetry} matrix must be square`, 'rows = columns', `${rows} x ${cols}`)
  }
  const skew = symmetry === 'skew-symmetric'
  const triangle = skew ? (rows * (rows - 1)) / 2 : (rows * (rows + 1)) / 2
  const expectedEntries =
    format === 'coordinate' ? size(line, shape[2]) : symmetry === 'general' ? rows * cols : triangle

  const number = (given: string): number => {
    if (!(field === 'integer' ? INTEGER : NUMBER).test(given)) {
      fail(line, 'an entry cannot be read', field === 'integer' ? 'an integer' : 'a real number', quote(given))
    }
    return Number(given.replace(/[dD]/, 'e'))
  }

  const rowIndices: number[] = []
  const columns: number[] = []
  const values: number[] = []
  const put = (i: number, j: number, value: number): void => {
    rowIndices.push(i)
    columns.push(j)
    values.push(value)
    if (symmetry === 'general' || i === j) return
    rowIndices.push(j)
    columns.push(i)
    values.push(skew ? -value : value)
  }
  // Arrays go down the columns; of a symmetric matrix only the lower triangle is there, of a skew one without the diagonal.
  const firstRow = (j: number): number => (symmetry === 'general' ? 0 : skew ? j + 1 : j)
  let count = 0
  let j = 0
  let i = firstRow(0)
  for (;;) {
    const words = nextWords()
    if (words === null) break
    if (format === 'array') {
      for (const given of words) {
        if (count === expectedEntries) fail(line, 'there are too many entries', `${expectedEntries}`, 'more')
        while (i >= rows) i = firstRow(++j)
        const value = number(given)
        if (value !== 0) put(i, j, value)
        i++
        count++
      }
      continue
    }
    if (count === expectedEntries) fail(line, 'there are too many entries', `${expectedEntries}`, 'more')
    const parts = field === 'pattern' ? 2 : 3
    if (words.length !== parts) {
      fail(
        line,
        'an entry cannot be read',
        field === 'pattern' ? "'row column'" : "'row column value'",
        quote(words.join(' ')),
      )
    }
    const row = size(line, words[0])
    const column = size(line, words[1])
    if (row < 1 || row > rows || column < 1 || column > cols) {
      fail(line, 'an entry lies outside the matrix', `1..${rows}, 1..${cols}`, `${row}, ${column}`)
    }
    if (symmetry !== 'general' && (row < column || (skew && row === column))) {
      fail(
        line,
        `an entry is not in the stored triangle of a ${symmetry} matrix`,
        skew ? 'row > column' : 'row >= column',
        `${row}, ${column}`,
      )
    }
    put(row - 1, column - 1, field === 'pattern' ? 1 : number(words[2]))
    count++
  }
  if (count < expectedEntries) fail(line, 'entries are missing', `${expectedEntries}`, `${count}`)
  return {
    matrix: csrFromTriplets(rows, cols, rowIndices, columns, values),
    header: { format, field, symmetry },
    comments,
  }
}
