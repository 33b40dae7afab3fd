import { ParseError, UnsupportedError } from '../../base/index.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { linearizeLogicalConstraints } from './logical-constraints.ts'
import { ProgramDraft, parseError } from './program-draft.ts'

const OBJECTIVE = -1
/** A row of type N that is not the objective: it constrains nothing and is left out. */
const FREE = -2

/** From here on a bound is infinite, as solvers have it. */
const INFINITE = 1e20

const unsupportedSections: Readonly<Record<string, string>> = {
  QCMATRIX: 'quadratic constraints',
  CSECTION: 'conic constraints',
  GENCONS: 'general constraints',
  PWLOBJ: 'piecewise-linear objectives',
  LAZYCONS: 'lazy constraints',
  USERCUTS: 'user cuts',
}

const sections = [
  'NAME',
  'OBJSENSE',
  'OBJNAME',
  'OBJECT',
  'ROWS',
  'COLUMNS',
  'RHS',
  'RANGES',
  'BOUNDS',
  'QUADOBJ',
  'QMATRIX',
  'QSECTION',
  'SOS',
  'SOS1',
  'SOS2',
  'SETS',
  'INDICATORS',
  'ENDATA',
]

/** The columns of fixed format, as [from, to): type, name, name, number, name, number. */
const fixedFields = [
  [1, 3],
  [4, 12],
  [14, 22],
  [24, 36],
  [39, 47],
  [49, 61],
] as const

/**
 * Reads a model in MPS format, free or fixed: all row and bound types, RANGES, a right-hand side of the objective (minus its
 * constant), integer markers, semi-continuous columns, OBJSENSE, OBJNAME, and a quadratic objective (QUADOBJ, QMATRIX,
 * QSECTION), special ordered sets and indicator constraints, both written as linear rows. Integer columns between markers that have no bounds lie in [0, 1], as CPLEX and HiGHS have it; a negative upper bound
 * without a lower one makes the lower one infinite; a bound of type SC makes a column semi-continuous, between markers too. Further rows of type N are left out.
 *
 * @param text the whole file
 * @param source what to call it in messages
 * @throws {ParseError} with the line, if the text is not MPS
 * @throws {UnsupportedError} for quadratic constraints, and for indicator constraints and ordered sets of unbounded variables
 */
export function readMps(text: string, source = 'the model'): MixedIntegerProgram {
  try {
    return new MpsReader(source, false).read(text)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    // Names with spaces exist in fixed format only.
    try {
      return new MpsReader(source, true).read(text)
    } catch {
      throw error
    }
  }
}

class MpsReader {
  private readonly source: string
  private readonly fixed: boolean
  private readonly draft = new ProgramDraft()
  private readonly rows = new Map<string, number>()
  private readonly rowTypes: string[] = []
  private readonly given: { lower: boolean; upper: boolean }[] = []
  private line = 0
  private section = ''
  private objectiveName: string | null = null
  private integer = false
  private lastName = ''
  private lastColumn = -1
  /** The last column with an entry in each row, to notice entries given twice. */
  private readonly lastInRow = new Map<number, number>()
  private readonly quadraticSeen = new Set<string>()

  constructor(source: string, fixed: boolean) {
    this.source = source
    this.fixed = fixed
  }

  read(text: string): MixedIntegerProgram {
    let at = 0
    while (at < text.length && this.section !== 'ENDATA') {
      let end = text.indexOf('\n', at)
      if (end < 0) end = text.length
      this.line++
      this.readLine(text.slice(at, text.charCodeAt(end - 1) === 13 ? end - 1 : end))
      at = end + 1
    }
    if (this.section !== 'ENDATA') throw this.error('the file ends without ENDATA', 'ENDATA')
    if (this.objectiveName === null) throw this.error('there is no row of type N for the objective', 'a row of type N')
    this.settleBounds()
    linearizeLogicalConstraints(this.draft, this.source)
    return this.draft.finish(this.source)
  }

  private error(message: string, expected?: string): ParseError {
    return parseError(this.source, this.line, message, expected)
  }

  private readLine(line: string): void {
    if (line.startsWith('*')) return
    const words = line.trim().split(/\s+/)
    if (words[0] === '') return
    const header = words[0].toUpperCase()
    if (!/^\s/.test(line) && (sections.includes(header) || header in unsupportedSections))
      this.open(header, words, line)
    else this.data(this.fixed && words.length > 1 ? this.cut(line) : words)
  }

  /** A line of fixed format. A field of numbers is a mark that the name before it is whole. */
  private cut(line: string): string[] {
    const fields = fixedFields.map(([from, to]) => line.slice(from, to).trim())
    while (fields.length > 0 && fields.at(-1) === '') fields.pop()
    return this.section === 'ROWS' || this.section === 'BOUNDS' ? fields : fields.slice(1)
  }

  private open(header: string, words: readonly string[], line: string): void {
    if (header in unsupportedSections) {
      throw new UnsupportedError(
        `${this.source}, line ${this.line}: ${unsupportedSections[header]} (section ${header}) are not supported`,
        { argument: header, received: header },
      )
    }
    this.section = header
    if (header === 'NAME') this.draft.name = line.slice(4).trim()
    else if (header === 'OBJSENSE' && words.length > 1) this.sense(words[1])
  }

  private data(all: string[]): void {
    const words = this.withoutComment(all)
    switch (this.section) {
      case 'OBJSENSE':
        return this.sense(words[0])
      case 'OBJNAME':
      case 'OBJECT':
        this.objectiveName = words.at(-1)!
        return
      case 'ROWS':
        return this.row(words)
      case 'COLUMNS':
        return this.columnEntries(words)
      case 'RHS':
        return this.pairs(words, (name, value) => this.rightHandSide(name, value))
      case 'RANGES':
        return this.pairs(words, (name, value) => this.range(name, value))
      case 'BOUNDS':
        return this.bound(words)
      case 'QUADOBJ':
      case 'QSECTION':
      case 'QMATRIX':
        return this.quadratic(words)
      case 'SOS':
      case 'SOS1':
      case 'SOS2':
      case 'SETS':
        return this.orderedSet(all)
      case 'INDICATORS':
        return this.indicator(words)
      default:
        throw this.error(`'${words.slice(0, 3).join(' ')}' is in no section`, sections.slice(0, 9).join(', '))
    }
  }

  /** A word beginning with $ or * where a line could end begins a comment. */
  private withoutComment(words: string[]): string[] {
    const first = this.section === 'ROWS' ? 2 : 3
    for (let k = first; k < words.length; k++) {
      if (/^[$*]/.test(words[k]) && !this.rows.has(words[k])) return words.slice(0, k)
    }
    return words
  }

  private sense(word: string): void {
    const sense = word.toUpperCase()
    if (/^MAX(IMI[SZ]E)?$/.test(sense)) this.draft.sense = 'maximize'
    else if (/^MIN(IMI[SZ]E)?$/.test(sense)) this.draft.sense = 'minimize'
    else throw this.error(`the sense of the objective is '${word}'`, 'MIN or MAX')
  }

  private row(words: string[]): void {
    const [type, name] = [words[0].toUpperCase(), words[1]]
    if (!/^[NLGE]$/.test(type) || words.length !== 2) {
      throw this.error(`'${words.slice(0, 4).join(' ')}' is no row`, 'N, L, G or E, and a name')
    }
    if (this.rows.has(name)) throw this.error(`row '${name}' appears twice`)
    if (type === 'N') {
      const isObjective = this.objectiveName === null || this.objectiveName === name
      if (isObjective) this.objectiveName = name
      this.rows.set(name, isObjective ? OBJECTIVE : FREE)
      return
    }
    this.rows.set(name, this.draft.addRow(name, type === 'L' ? -Infinity : 0, type === 'G' ? Infinity : 0))
    this.rowTypes.push(type)
  }

  private rowOf(name: string): number {
    const row = this.rows.get(name)
    if (row === undefined) throw this.error(`there is no row '${name}'`, 'a row of the section ROWS')
    return row
  }

  private number(word: string | undefined, bound = false): number {
    // Fortran writes exponents with a D.
    const value = word === undefined ? NaN : toNumber(word)
    if (Number.isNaN(value) || (!bound && Math.abs(value) >= INFINITE)) {
      const what = bound ? 'a number or an infinity' : 'a finite number'
      throw this.error(`'${word ?? ''}' is not ${what}`, what)
    }
    return value >= INFINITE ? Infinity : value <= -INFINITE ? -Infinity : value
  }

  private columnEntries(words: string[]): void {
    if (/^'?MARKER'?$/.test(words[1] ?? '')) {
      const kind = words.at(-1)!.replaceAll("'", '')
      if (kind === 'INTORG' || kind === 'INTEND') this.integer = kind === 'INTORG'
      else throw this.error(`unknown marker '${kind}'`, 'INTORG or INTEND')
      return
    }
    const name = words[0]
    if (words.length !== 3 && words.length !== 5) {
      throw this.error(`a column has ${words.length - 1} words after its name`, 'one or two rows with a number each')
    }
    if (name !== this.lastName) {
      if (this.draft.column(name) !== undefined) throw this.error(`column '${name}' appears in two places`)
      this.lastColumn = this.draft.addColumn(name, this.integer ? 'integer' : 'continuous')
      this.given.push({ lower: false, upper: false })
      this.lastName = name
    }
    const j = this.lastColumn
    for (let k = 1; k < words.length; k += 2) {
      const row = this.rowOf(words[k])
      const value = this.number(words[k + 1])
      if (this.lastInRow.get(row) === j && row !== FREE)
        throw this.error(`'${name}' has two entries in row '${words[k]}'`)
      this.lastInRow.set(row, j)
      if (row === OBJECTIVE) this.draft.objective[j] = value
      else if (row !== FREE && value !== 0) this.draft.addEntry(row, j, value)
    }
  }

  /** Rows with numbers, after the name of a set, which may be left out. */
  private pairs(words: string[], take: (name: string, value: number) => void): void {
    const from = words.length % 2
    if (words.length < 2) throw this.error(`'${words[0]}' has no number`, 'a row and a number')
    for (let k = from; k < words.length; k += 2) {
      this.rowOf(words[k])
      take(words[k], this.number(words[k + 1], true))
    }
  }

  private rightHandSide(name: string, value: number): void {
    const row = this.rowOf(name)
    if (row === OBJECTIVE) this.draft.offset = -value
    if (row < 0) return
    const type = this.rowTypes[row]
    if (type !== 'L') this.draft.rowLower[row] = value
    if (type !== 'G') this.draft.rowUpper[row] = value
  }

  private range(name: string, value: number): void {
    const row = this.rowOf(name)
    if (row < 0) return
    const { rowLower, rowUpper } = this.draft
    const type = this.rowTypes[row]
    const size = Math.abs(value)
    if (type === 'L' || (type === 'E' && value < 0)) rowLower[row] = rowUpper[row] - size
    else if (type === 'G' || value > 0) rowUpper[row] = rowLower[row] + size
  }

  private bound(words: string[]): void {
    const type = words[0].toUpperCase()
    const needsNumber = ['LO', 'UP', 'FX', 'LI', 'UI', 'SC', 'SI'].includes(type)
    if (!needsNumber && !['FR', 'MI', 'PL', 'BV'].includes(type)) {
      throw this.error(`'${words[0]}' is no type of bound`, 'LO, UP, FX, FR, MI, PL, BV, LI, UI, SC or SI')
    }
    // The name of the set may be left out, and so may the number where none is needed.
    const { draft } = this
    const known = (word: string | undefined): boolean => word !== undefined && draft.column(word) !== undefined
    const at =
      words.length === 2 || (words.length === 3 && known(words[1]) && (needsNumber || !known(words[2]))) ? 1 : 2
    const j = draft.column(words[at] ?? '')
    if (j === undefined) throw this.error(`there is no column '${words[at] ?? ''}'`, 'a column of the section COLUMNS')
    const semi = type === 'SC' || type === 'SI'
    const value = needsNumber && !(semi && words[at + 1] === undefined) ? this.number(words[at + 1], true) : Infinity
    this.setBound(type, j, value)
  }

  private setBound(type: string, j: number, value: number): void {
    const { lower, upper, types } = this.draft
    const given = this.given[j]
    const setLower = (bound: number): void => {
      lower[j] = bound
      given.lower = true
    }
    const setUpper = (bound: number): void => {
      upper[j] = bound
      given.upper = true
    }
    if (type === 'LI' || type === 'UI' || type === 'BV') types[j] = 'integer'
    if (type === 'LO' || type === 'LI') setLower(value)
    else if (type === 'UP' || type === 'UI') setUpper(value)
    else if (type === 'MI') setLower(-Infinity)
    else if (type === 'PL') setUpper(Infinity)
    else if (type === 'SC' || type === 'SI') {
      types[j] = type === 'SI' ? 'semi-integer' : 'semi-continuous'
      setUpper(value === 0 ? Infinity : value)
    } else {
      const [low, high] = type === 'FX' ? [value, value] : type === 'BV' ? [0, 1] : [-Infinity, Infinity]
      setLower(low)
      setUpper(high)
    }
  }

  private settleBounds(): void {
    const { lower, upper, types } = this.draft
    this.given.forEach((given, j) => {
      if (types[j] === 'integer' && !given.lower && !given.upper) upper[j] = 1
      if (given.upper && !given.lower && upper[j] < 0) lower[j] = -Infinity
    })
  }

  /** IF row column value. */
  private indicator(words: string[]): void {
    const at = words[0].toUpperCase() === 'IF' ? 1 : 0
    const row = this.rowOf(words[at] ?? '')
    const column = this.draft.column(words[at + 1] ?? '')
    if (column === undefined)
      throw this.error(`there is no column '${words[at + 1] ?? ''}'`, 'a column of the section COLUMNS')
    const value = this.number(words[at + 2])
    if (value !== 0 && value !== 1) throw this.error(`an indicator is compared with ${value}`, '0 or 1')
    if (row < 0) throw this.error(`row '${words[at]}' is of type N`, 'a constraint')
    this.draft.indicators.push({ row, column, value, line: this.line })
  }

  /** A line that begins with S1 or S2 opens a set, whose members follow with their weights. */
  private orderedSet(words: string[]): void {
    const { orderedSets } = this.draft
    const type = /^S([12])$/i.exec(words[0])
    if (type !== null) {
      // The name, perhaps after the name of all sets, and perhaps before a priority.
      const names = words.slice(1).filter((word) => Number.isNaN(toNumber(word)))
      const name = names.at(-1) ?? `set${orderedSets.length + 1}`
      orderedSets.push({ type: type[1] === '2' ? 2 : 1, name, members: [], line: this.line })
      return
    }
    const column = this.draft.column(words.at(-2) ?? '')
    if (column === undefined)
      throw this.error(`there is no column '${words.at(-2) ?? ''}'`, 'S1 or S2 and a name, or a column and its weight')
    const set = orderedSets.at(-1)
    if (set === undefined) throw this.error('a member comes before its set', 'S1 or S2 and the name of the set')
    set.members.push({ column, weight: this.number(words.at(-1)) })
  }

  private quadratic(words: string[]): void {
    const [i, j] = [words[0], words[1]].map((name) => {
      const column = this.draft.column(name ?? '')
      if (column === undefined)
        throw this.error(`there is no column '${name ?? ''}'`, 'a column of the section COLUMNS')
      return column
    })
    const value = this.number(words[2])
    // QMATRIX lists both triangles, the others one of them.
    if (this.section === 'QMATRIX' && i > j) return
    const place = i < j ? `${i},${j}` : `${j},${i}`
    if (this.quadraticSeen.has(place)) throw this.error(`'${words[0]}' and '${words[1]}' have two quadratic entries`)
    this.quadraticSeen.add(place)
    this.draft.addQuadratic(i, j, value)
  }
}

function toNumber(word: string): number {
  const value = Number(word)
  if (!Number.isNaN(value)) return value
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity
  return Number(word.replace(/^([+-]?[\d.]+)[dD]([+-]?\d+)$/, '$1e$2'))
}
