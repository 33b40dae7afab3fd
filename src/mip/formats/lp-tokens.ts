import type { ParseError } from '../../base/index.ts'
import { parseError } from './program-draft.ts'

/** The sections of an LP file, as the words that open them are told apart. */
export type LpSection =
  | 'maximize'
  | 'minimize'
  | 'subject-to'
  | 'bounds'
  | 'general'
  | 'binary'
  | 'semi-continuous'
  | 'sos'
  | 'end'

export type LpToken =
  | { readonly kind: 'number'; readonly value: number; readonly line: number; readonly text: string }
  | { readonly kind: 'name'; readonly line: number; readonly text: string }
  | { readonly kind: 'section'; readonly section: LpSection; readonly line: number; readonly text: string }
  /** One of + - * / ^ : [ ] -> and the comparisons <= >= =, whose strict forms mean the same. */
  | { readonly kind: 'symbol'; readonly line: number; readonly text: string }

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
/** A bracket is part of a name only where it closes one that was opened in it: x[1,2]. */
const NAME = /[\p{L}!"#$%&(),;?@_`'{}~|](?:[\p{L}\d!"#$%&(),.;?@_`'{}~|]|\[[^\]\s]*\])*/uy
const COMPARISON = /[<>]=?|=[<>]?/y
const SECTION =
  /(?:(maxi?m?i?[sz]e|maximum|max)|(mini?m?i?[sz]e|minimum|min)|(subject\s+to|such\s+that|st\.|s\.t\.|st)|(bounds?)|(generals?|gen|integers?|int)|(binar(?:y|ies)|bin)|(semi-continuous|semis?)|(sos[12]?)|(end))(?=\s|$)(?!\s*[:<>=])/iy

const sectionNames: readonly LpSection[] = [
  'maximize',
  'minimize',
  'subject-to',
  'bounds',
  'general',
  'binary',
  'semi-continuous',
  'sos',
  'end',
]

/** Cuts the text of an LP file into words, one at a time, so that long files need no second copy. */
export class LpTokens {
  private readonly text: string
  private readonly source: string
  private at = 0
  private line = 1
  private atLineStart = true
  private ahead: LpToken | null | undefined

  constructor(text: string, source: string) {
    this.text = text
    this.source = source
  }

  error(message: string, expected?: string, line = this.line): ParseError {
    return parseError(this.source, line, message, expected)
  }

  /** The next word, not taken; null at the end. */
  peek(): LpToken | null {
    if (this.ahead === undefined) this.ahead = this.scan()
    return this.ahead
  }

  next(): LpToken | null {
    const token = this.peek()
    this.ahead = undefined
    return token
  }

  /** Takes the next word if it is this symbol. */
  take(symbol: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'symbol' || token.text !== symbol) return false
    this.next()
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found !== null) this.at += found[0].length
    return found
  }

  private skipBlanks(): void {
    const { text } = this
    for (; this.at < text.length; this.at++) {
      const c = text[this.at]
      if (c === '\n') {
        this.line++
        this.atLineStart = true
      } else if (c === '\\') {
        const end = text.indexOf('\n', this.at)
        this.at = (end < 0 ? text.length : end) - 1
      } else if (c !== ' ' && c !== '\t' && c !== '\r' && c !== '\uFEFF') return
    }
  }

  private scan(): LpToken | null {
    this.skipBlanks()
    if (this.at >= this.text.length) return null
    const { line } = this
    const fresh = this.atLineStart
    this.atLineStart = false
    const section = fresh ? this.match(SECTION) : null
    if (section !== null) {
      this.line += section[0].split('\n').length - 1
      const which = section.slice(1).findIndex((group) => group !== undefined)
      return { kind: 'section', section: sectionNames[which], line, text: section[0] }
    }
    const number = this.match(NUMBER)
    if (number !== null) return { kind: 'number', value: Number(number[0]), line, text: number[0] }
    const name = this.match(NAME)
    if (name !== null) return { kind: 'name', line, text: name[0] }
    const comparison = this.match(COMPARISON)
    if (comparison !== null) {
      const [text] = comparison
      return { kind: 'symbol', line, text: text.includes('<') ? '<=' : text.includes('>') ? '>=' : '=' }
    }
    const symbol = this.text[this.at++]
    if (symbol === '-' && this.text[this.at] === '>') {
      this.at++
      return { kind: 'symbol', line, text: '->' }
    }
    if ('+-*/^:[]'.includes(symbol)) return { kind: 'symbol', line, text: symbol }
    throw this.error(`'${symbol}' has no meaning here`)
  }
}
