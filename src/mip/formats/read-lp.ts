import { UnsupportedError } from '../../base/index.ts'
import type { ColumnType, MixedIntegerProgram } from '../mixed-integer-program.ts'
import { linearizeLogicalConstraints } from './logical-constraints.ts'
import { type LpSection, type LpToken, LpTokens } from './lp-tokens.ts'
import { ProgramDraft } from './program-draft.ts'

/** The type of a special ordered set. */
const SET_TYPE = /^S[12]$/i
const INFINITY_WORD = /^inf(inity)?$/i

/** A linear expression with a constant, and perhaps quadratic terms. */
interface Expression {
  readonly columns: number[]
  readonly values: number[]
  readonly quadratic: [i: number, j: number, value: number][]
  constant: number
}

/**
 * Reads a model in (CPLEX) LP format: objective with an optional quadratic part `[ ... ] / 2`, constraints with a number on one
 * side, ranges `l <= expression <= u`, bounds, general, binary and semi-continuous sections,
 * indicator constraints `d = 1 -> ...` and special ordered sets, both written as linear rows. A strict comparison
 * means the same as a weak one. Columns come in the order in which they appear. A missing `End` is no error.
 *
 * @param text the whole file
 * @param source what to call it in messages
 * @throws {ParseError} with the line, if the text is not LP format
 * @throws {UnsupportedError} for quadratic constraints, and for indicator constraints and ordered sets of unbounded variables
 */
export function readLp(text: string, source = 'the model'): MixedIntegerProgram {
  return new LpReader(text, source).read()
}

class LpReader {
  private readonly tokens: LpTokens
  private readonly source: string
  private readonly draft = new ProgramDraft()
  private readonly rowNames = new Set<string>()
  private rowsWithoutName = 0

  constructor(text: string, source: string) {
    this.tokens = new LpTokens(text, source)
    this.source = source
  }

  read(): MixedIntegerProgram {
    const { tokens, draft } = this
    const first = tokens.next()
    if (first?.kind !== 'section' || (first.section !== 'maximize' && first.section !== 'minimize')) {
      throw tokens.error(
        first === null ? 'there is no model' : `a model cannot begin with '${first.text}'`,
        'minimize or maximize',
        first?.line,
      )
    }
    draft.sense = first.section
    this.objective()
    for (;;) {
      const token = tokens.next()
      if (token === null) break
      if (token.kind !== 'section') throw this.unexpected(token, 'a section')
      if (token.section === 'end') break
      this.section(token.section, token)
    }
    const rest = tokens.next()
    if (rest !== null) throw tokens.error(`'${rest.text}' comes after End`, 'nothing', rest.line)
    linearizeLogicalConstraints(draft, this.source)
    return draft.finish(this.source)
  }

  private unexpected(token: LpToken | null, expected: string) {
    const what = token === null ? 'the file ends' : `'${token.text}' cannot stand here`
    return this.tokens.error(`${what}; expected ${expected}`, expected, token?.line)
  }

  private unsupported(what: string, line: number): UnsupportedError {
    return new UnsupportedError(`${this.source}, line ${line}: ${what} are not supported`, {
      argument: what,
      received: what,
    })
  }

  private section(section: LpSection, token: LpToken): void {
    switch (section) {
      case 'subject-to':
        while (this.inSection()) this.constraint()
        return
      case 'bounds':
        while (this.inSection()) this.bound()
        return
      case 'general':
        return this.declare((j) => this.setType(j, 'integer'))
      case 'binary':
        return this.declare((j) => {
          this.setType(j, 'integer')
          this.draft.lower[j] = 0
          this.draft.upper[j] = 1
        })
      case 'semi-continuous':
        return this.declare((j) => this.setType(j, 'semi-continuous'))
      case 'sos':
        return this.orderedSets(/^sos2$/i.test(token.text) ? 2 : 1)
      default:
        throw this.tokens.error(`a second objective begins with '${token.text}'`, 'one objective', token.line)
    }
  }

  /** Integer and semi-continuous together make semi-integer. */
  private setType(j: number, type: ColumnType): void {
    const { types } = this.draft
    types[j] = types[j] === 'continuous' || types[j] === type ? type : 'semi-integer'
  }

  private inSection(): boolean {
    const token = this.tokens.peek()
    return token !== null && token.kind !== 'section'
  }

  private declare(act: (j: number) => void): void {
    while (this.inSection()) {
      const token = this.tokens.next()!
      if (token.kind !== 'name') throw this.unexpected(token, 'the name of a variable')
      act(this.columnOf(token.text))
    }
  }

  private columnOf(name: string): number {
    return this.draft.column(name) ?? this.draft.addColumn(name)
  }

  /** A name and a colon, if that is what comes. */
  private label(): string | null {
    const { tokens } = this
    const token = tokens.peek()
    if (token?.kind !== 'name') return null
    tokens.next()
    if (tokens.take(':')) return token.text
    this.pushedBack = token
    return null
  }

  private pushedBack: LpToken | null = null

  private peek(): LpToken | null {
    return this.pushedBack ?? this.tokens.peek()
  }

  private next(): LpToken | null {
    const token = this.pushedBack
    this.pushedBack = null
    return token ?? this.tokens.next()
  }

  private takes(symbol: string): boolean {
    return this.pushedBack === null && this.tokens.take(symbol)
  }

  private objective(): void {
    const { draft } = this
    this.label()
    const { columns, values, quadratic, constant } = this.expression()
    draft.offset = constant
    columns.forEach((j, k) => {
      draft.objective[j] += values[k]
    })
    for (const [i, j, value] of quadratic) draft.addQuadratic(i, j, value)
  }

  /** Terms up to whatever is no term. */
  private expression(): Expression {
    const out: Expression = { columns: [], values: [], quadratic: [], constant: 0 }
    for (let first = true; ; first = false) {
      let sign = 1
      let signs = 0
      for (; ; signs++) {
        if (this.takes('-')) sign = -sign
        else if (!this.takes('+')) break
      }
      const token = this.peek()
      const isTerm =
        token?.kind === 'number' || token?.kind === 'name' || (token?.kind === 'symbol' && token.text === '[')
      if (!isTerm) {
        if (signs > 0) throw this.unexpected(token, 'a term')
        return out
      }
      if (!first && signs === 0) throw this.unexpected(token, 'a sign or a comparison')
      if (token.kind === 'symbol') this.quadraticPart(sign, out)
      else this.term(sign, out)
    }
  }

  private coefficient(): number | null {
    let value: number | null = null
    while (this.peek()?.kind === 'number') {
      const token = this.next() as Extract<LpToken, { kind: 'number' }>
      value = (value ?? 1) * token.value
      this.takes('*')
    }
    return value
  }

  private term(sign: number, out: Expression): void {
    const coefficient = this.coefficient()
    const token = this.peek()
    if (token?.kind === 'name' && !(coefficient === null && INFINITY_WORD.test(token.text))) {
      this.next()
      out.columns.push(this.columnOf(token.text))
      out.values.push(sign * (coefficient ?? 1))
    } else if (token?.kind === 'name') {
      this.next()
      out.constant += sign * Number.POSITIVE_INFINITY
    } else out.constant += sign * (coefficient ?? 1)
  }

  /** [ 2 x ^ 2 + 3 x * y ] / 2, which is 1/2 x'Qx written out. */
  private quadraticPart(sign: number, out: Expression): void {
    this.next()
    const terms: [number, number, number][] = []
    for (let first = true; !this.takes(']'); first = false) {
      let own = 1
      let signs = 0
      for (; ; signs++) {
        if (this.takes('-')) own = -own
        else if (!this.takes('+')) break
      }
      if (!first && signs === 0) throw this.unexpected(this.peek(), 'a sign or ]')
      const coefficient = own * (this.coefficient() ?? 1)
      const token = this.next()
      if (token?.kind !== 'name') throw this.unexpected(token, 'a variable in the quadratic part')
      const i = this.columnOf(token.text)
      if (this.takes('^')) {
        const power = this.next()
        if (power?.kind !== 'number' || power.value !== 2) throw this.unexpected(power, 'the power 2')
        terms.push([i, i, 2 * coefficient])
      } else if (this.takes('*')) {
        const other = this.next()
        if (other?.kind !== 'name') throw this.unexpected(other, 'a variable after *')
        const j = this.columnOf(other.text)
        terms.push([i, j, (i === j ? 2 : 1) * coefficient])
      } else throw this.unexpected(this.peek(), "'^ 2' or '* another variable'")
    }
    const halved = this.takes('/')
    const two = halved ? this.next() : null
    if (halved && (two?.kind !== 'number' || two.value !== 2)) throw this.unexpected(two, '2')
    for (const [i, j, value] of terms) out.quadratic.push([i, j, sign * (halved ? value / 2 : value)])
  }

  private comparison(): string | null {
    for (const symbol of ['<=', '>=', '=']) if (this.takes(symbol)) return symbol
    return null
  }

  private constraint(): void {
    const line = this.peek()?.line
    this.constraintCalled(this.label() ?? this.freeName(), line, true)
  }

  /** A constraint after its name, and what comes after an indicator. Returns its row. */
  private constraintCalled(name: string, line: number | undefined, mayBeIndicator: boolean): void {
    const { draft, tokens } = this
    let body = this.expression()
    const first = this.comparison()
    if (first === null) throw this.unexpected(this.peek(), '<=, >= or =')
    let lower = -Infinity
    let upper = Infinity
    const bound = (comparison: string, value: number): void => {
      if (comparison !== '<=') lower = value
      if (comparison !== '>=') upper = value
    }
    if (body.columns.length + body.quadratic.length > 0) bound(first, this.number())
    else {
      // l <= expression <= u, or the number alone on the left.
      bound(mirrored(first), body.constant)
      body = this.expression()
      const second = this.comparison()
      if (second !== null) {
        if (second !== first || first === '=') throw this.unexpected(this.peek(), 'two comparisons in one direction')
        bound(second, this.number())
      }
    }
    if (mayBeIndicator && this.takes('->')) {
      const [column, value] = [body.columns[0], lower]
      const isIndicator = body.columns.length === 1 && body.values[0] === 1 && body.constant === 0 && lower === upper
      if (!isIndicator || (value !== 0 && value !== 1)) {
        throw tokens.error("before '->' stands a binary variable = 0 or = 1", 'x = 1 ->', line)
      }
      this.constraintCalled(name, line, false)
      draft.indicators.push({ row: draft.rowNames.length - 1, column, value, line: line! })
      return
    }
    if (body.quadratic.length > 0) throw this.unsupported('quadratic constraints', line!)
    lower -= body.constant
    upper -= body.constant
    if (this.rowNames.has(name)) throw tokens.error(`constraint '${name}' appears twice`, undefined, line)
    this.rowNames.add(name)
    const row = draft.addRow(name, lower, upper)
    body.columns.forEach((j, k) => {
      if (body.values[k] !== 0) draft.addEntry(row, j, body.values[k])
    })
  }

  private orderedSets(usual: 1 | 2): void {
    let name = this.label()
    while (name !== null || this.inSection()) name = this.orderedSet(name, usual)
  }

  /**
   * S1 :: x : 1 y : 2 after the name of the set; the type may be left out where the section says it.
   *
   * @returns the name of the set that follows, which looks like a member until its type comes; null at the end
   */
  private orderedSet(given: string | null, usual: 1 | 2): string | null {
    const { draft, tokens } = this
    const line = this.peek()?.line ?? 0
    let name = given ?? `set${draft.orderedSets.length + 1}`
    let type = usual
    const setType = (word: string): void => {
      type = word.endsWith('2') ? 2 : 1
    }
    const word = this.peek()
    if (SET_TYPE.test(name) && this.takes(':')) {
      setType(name)
      name = `set${draft.orderedSets.length + 1}`
    } else if (word?.kind === 'name' && SET_TYPE.test(word.text)) {
      this.next()
      setType(word.text)
      if (!tokens.take(':') || !tokens.take(':')) throw this.unexpected(tokens.peek(), "'::' after the type of a set")
    }
    const members: { column: number; weight: number }[] = []
    draft.orderedSets.push({ type, name, members, line })
    for (;;) {
      const member = this.peek()
      if (member?.kind !== 'name') break
      this.next()
      if (!tokens.take(':')) throw this.unexpected(tokens.peek(), "':' and a weight")
      if (tokens.peek()?.kind === 'name') return member.text
      members.push({ column: this.columnOf(member.text), weight: this.number() })
    }
    if (this.inSection()) throw this.unexpected(this.peek(), 'a member of a set and its weight')
    return null
  }

  private freeName(): string {
    let name: string
    do name = `R${++this.rowsWithoutName}`
    while (this.rowNames.has(name))
    return name
  }

  /** A number or an infinity, with signs; what comes after it belongs to something else. */
  private number(): number {
    let sign = 1
    for (;;) {
      if (this.takes('-')) sign = -sign
      else if (!this.takes('+')) break
    }
    const token = this.next()
    if (token?.kind === 'number') return sign * token.value
    if (token?.kind === 'name' && INFINITY_WORD.test(token.text)) return sign * Infinity
    throw this.unexpected(token, 'a number: variables belong on the other side')
  }

  private bound(): void {
    const { draft } = this
    const token = this.peek()!
    // x free, x >= 1, 1 <= x, or 1 <= x <= 3.
    const nameFirst = token.kind === 'name' && !INFINITY_WORD.test(token.text)
    const left = nameFirst ? null : { value: this.number(), comparison: this.comparison() }
    if (left?.comparison === null) throw this.unexpected(this.peek(), '<=, >= or =')
    const name = this.next()
    if (name?.kind !== 'name') throw this.unexpected(name, 'the name of a variable')
    const j = this.columnOf(name.text)
    if (left !== null) this.setBound(j, mirrored(left.comparison!), left.value)
    const after = this.peek()
    if (left === null && after?.kind === 'name' && /^free$/i.test(after.text)) {
      this.next()
      draft.lower[j] = -Infinity
      draft.upper[j] = Infinity
      return
    }
    const comparison = this.comparison()
    if (comparison !== null) this.setBound(j, comparison, this.number())
    else if (left === null) throw this.unexpected(after, 'free, <=, >= or =')
  }

  private setBound(j: number, comparison: string, value: number): void {
    if (comparison !== '<=') this.draft.lower[j] = value
    if (comparison !== '>=') this.draft.upper[j] = value
  }
}

/** The comparison read from the other side. */
function mirrored(comparison: string): string {
  return comparison === '<=' ? '>=' : comparison === '>=' ? '<=' : '='
}
