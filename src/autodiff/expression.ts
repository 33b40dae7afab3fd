import { closest, distance } from 'fastest-levenshtein'
import { InvalidInputError, ParseError } from '../base/errors.ts'
import type { Node } from './node.ts'
import * as op from './operations.ts'

/** A text that is not an expression, and where. The message shows the text with a caret under the place. */
export class ExpressionError extends ParseError {
  /** Where in the text, from 0. */
  readonly position: number

  constructor(reason: string, text: string, position: number, received: string) {
    const line = text.replaceAll(/\s/g, ' ')
    super(`${reason} (position ${position})\n  ${line}\n  ${' '.repeat(position)}^`, {
      argument: 'expression',
      expected: 'an arithmetic expression',
      received,
    })
    this.position = position
  }
}

/** A parsed expression, ready to be built from expressions for its variables. */
export interface ParsedExpression {
  /** The names of the variables: in the order given, or in natural order (x1, x2, ..., x10). */
  readonly variables: readonly string[]
  /**
   * The expression with a node for each variable; arrays work element by element.
   *
   * @throws {InvalidInputError} if a variable has no value
   */
  build(values: Readonly<Record<string, Node>>): Node
}

/** Options of `parseExpression`. */
export interface ParseExpressionOptions {
  /** The allowed variables, in their order. By default every name that is not a constant is a variable. */
  variables?: readonly string[]
}

type Tree =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly apply: (...args: Node[]) => Node; readonly args: readonly Tree[] }

interface KnownFunction {
  readonly arity: number | 'one or more'
  readonly apply: (...args: Node[]) => Node
}

const one = (apply: (x: Node) => Node): KnownFunction => ({ arity: 1, apply })

const functions: ReadonlyMap<string, KnownFunction> = new Map<string, KnownFunction>([
  ['abs', one(op.abs)],
  ['sign', one(op.sign)],
  ['sqrt', one(op.sqrt)],
  ['square', one(op.square)],
  ['exp', one(op.exp)],
  ['expm1', one(op.expm1)],
  ['log', one(op.log)],
  ['ln', one(op.log)],
  ['log2', one(op.log2)],
  ['log10', one(op.log10)],
  ['log1p', one(op.log1p)],
  ['sin', one(op.sin)],
  ['cos', one(op.cos)],
  ['tan', one(op.tan)],
  ['asin', one(op.asin)],
  ['acos', one(op.acos)],
  ['atan', one(op.atan)],
  ['arcsin', one(op.asin)],
  ['arccos', one(op.acos)],
  ['arctan', one(op.atan)],
  ['sinh', one(op.sinh)],
  ['cosh', one(op.cosh)],
  ['tanh', one(op.tanh)],
  ['sigmoid', one(op.sigmoid)],
  ['softplus', one(op.softplus)],
  ['erf', one(op.erf)],
  ['relu', one(op.relu)],
  ['floor', one(op.floor)],
  ['ceil', one(op.ceil)],
  ['pow', { arity: 2, apply: op.pow }],
  ['clamp', { arity: 3, apply: op.clamp }],
  ['min', { arity: 'one or more', apply: (...args) => args.reduce((a, b) => op.minimum(a, b)) }],
  ['max', { arity: 'one or more', apply: (...args) => args.reduce((a, b) => op.maximum(a, b)) }],
])

const constants: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
])

/**
 * Parses an arithmetic expression such as `100*(x2 - x1^2)^2 + (1 - x1)^2`.
 *
 * Operators, weakest first: `+ -`, `* /`, sign, `^` (also `**`; right-associative, and stronger than a sign before it:
 * -x^2 = -(x^2), 2^-x = 2^(-x)). Functions: abs sign sqrt square exp expm1 log (= ln) log2 log10 log1p sin cos tan asin acos
 * atan sinh cosh tanh sigmoid softplus erf relu floor ceil pow clamp min max. Constants: pi, e, unless variables have these
 * names. The text is parsed, never evaluated as code.
 *
 * @throws {ExpressionError} (a ParseError) with the position, a caret line, and the nearest known name for an unknown one
 */
export function parseExpression(text: string, options: ParseExpressionOptions = {}): ParsedExpression {
  const parser = new Parser(text, options.variables)
  const tree = parser.whole()
  const variables = options.variables ?? [...parser.names].sort(naturally)
  return {
    variables,
    build: (values) => {
      for (const name of parser.names) {
        if (values[name] !== undefined) continue
        throw new InvalidInputError(`expression: there is no value for the variable ${name}`, {
          argument: name,
          expected: 'an expression',
          received: 'nothing',
        })
      }
      return built(tree, values)
    },
  }
}

function built(tree: Tree, values: Readonly<Record<string, Node>>): Node {
  // Long sums and products lean to the left: that side is walked without recursion.
  const chain: Extract<Tree, { kind: 'call' }>[] = []
  let at = tree
  while (at.kind === 'call') {
    chain.push(at)
    at = at.args[0]
  }
  let result = at.kind === 'number' ? op.constant(at.value) : values[at.name]
  for (let link = chain.pop(); link !== undefined; link = chain.pop()) {
    const others = link.args.slice(1).map((arg) => built(arg, values))
    result = link.apply(result, ...others)
  }
  return result
}

/** x2 before x10: runs of digits compare as numbers. */
function naturally(a: string, b: string): number {
  const [p, q] = [a, b].map((name) => name.match(/\d+|\D+/g) ?? [])
  for (let i = 0; i < Math.min(p.length, q.length); i++) {
    const [m, n] = [Number(p[i]), Number(q[i])]
    if (m === n || p[i] === q[i]) continue
    if (Number.isNaN(m) || Number.isNaN(n)) return p[i] < q[i] ? -1 : 1
    return m - n
  }
  return p.length - q.length || (a < b ? -1 : 1)
}

interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'end'
  readonly text: string
  readonly position: number
}

const tokenPattern =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|(\*\*|[-+*/^(),]))/uy

// Deeper nesting than this is no expression that somebody wrote, and would overflow the stack.
const deepest = 500

class Parser {
  /** Names of the variables that occur. */
  readonly names = new Set<string>()
  private readonly text: string
  private readonly allowed: readonly string[] | undefined
  private readonly tokens: Token[] = []
  private next = 0
  private depth = 0

  constructor(text: string, allowed: readonly string[] | undefined) {
    this.text = text
    this.allowed = allowed
    tokenPattern.lastIndex = 0
    for (;;) {
      const start = tokenPattern.lastIndex
      const match = tokenPattern.exec(text)
      if (match === null) {
        const rest = text.slice(start)
        const position = start + rest.length - rest.trimStart().length
        if (position < text.length) {
          const character = String.fromCodePoint(text.codePointAt(position) as number)
          throw new ExpressionError(`unexpected character '${character}'`, text, position, character)
        }
        this.tokens.push({ kind: 'end', text: '', position })
        return
      }
      const [all, number, name, symbol] = match
      const found = number ?? name ?? symbol
      this.tokens.push({
        kind: number !== undefined ? 'number' : name !== undefined ? 'name' : 'symbol',
        text: found,
        position: start + all.length - found.length,
      })
    }
  }

  whole(): Tree {
    const tree = this.sum()
    const rest = this.tokens[this.next]
    if (rest.kind === 'end') return tree
    if (rest.text === ')') this.fail("there is no '(' for this ')'")
    if (rest.kind === 'symbol') this.fail(`unexpected '${rest.text}'`)
    return this.fail(`expected an operator before '${rest.text}'; write a product with *`)
  }

  private fail(reason: string, token: Token = this.tokens[this.next]): never {
    throw new ExpressionError(reason, this.text, token.position, token.text === '' ? 'the end' : token.text)
  }

  private take(...symbols: string[]): Token | undefined {
    const token = this.tokens[this.next]
    if (token.kind !== 'symbol' || !symbols.includes(token.text)) return undefined
    this.next++
    return token
  }

  private sum(): Tree {
    if (++this.depth > deepest) this.fail('the expression is nested too deeply')
    let left = this.term()
    for (let token = this.take('+', '-'); token !== undefined; token = this.take('+', '-')) {
      left = call(token.text === '+' ? op.add : op.sub, left, this.term())
    }
    this.depth--
    return left
  }

  private term(): Tree {
    let left = this.signed()
    for (let token = this.take('*', '/'); token !== undefined; token = this.take('*', '/')) {
      left = call(token.text === '*' ? op.mul : op.div, left, this.signed())
    }
    return left
  }

  private signed(): Tree {
    const token = this.take('-', '+')
    if (token === undefined) return this.power()
    if (++this.depth > deepest) this.fail('the expression is nested too deeply')
    const operand = this.signed()
    this.depth--
    return token.text === '-' ? call(op.neg, operand) : operand
  }

  private power(): Tree {
    const base = this.primary()
    return this.take('^', '**') === undefined ? base : call(op.pow, base, this.signed())
  }

  private primary(): Tree {
    const token = this.tokens[this.next]
    if (token.kind === 'number') {
      this.next++
      return { kind: 'number', value: Number(token.text) }
    }
    if (token.kind === 'name') {
      this.next++
      return this.take('(') !== undefined ? this.call(token) : this.name(token)
    }
    if (this.take('(') !== undefined) {
      const inner = this.sum()
      if (this.take(')') === undefined) this.fail("expected ')'")
      return inner
    }
    const what = this.next === 0 ? 'the expression is empty; expected' : 'expected'
    return this.fail(`${token.kind === 'end' ? what : 'expected'} a number, a name or '('`)
  }

  private name(token: Token): Tree {
    const { text } = token
    if (this.allowed?.includes(text)) {
      this.names.add(text)
      return { kind: 'variable', name: text }
    }
    const value = constants.get(text)
    if (value !== undefined) return { kind: 'number', value }
    if (functions.has(text)) this.fail(`the function ${text} needs arguments: ${text}(...)`, token)
    if (this.allowed !== undefined) {
      const known = [...this.allowed, ...constants.keys()]
      this.fail(`unknown variable '${text}'; ${nearest(text, known) ?? `known: ${known.join(', ')}`}`, token)
    }
    this.names.add(text)
    return { kind: 'variable', name: text }
  }

  private call(token: Token): Tree {
    const known = functions.get(token.text)
    if (known === undefined) {
      const names = [...functions.keys()]
      this.fail(
        `unknown function '${token.text}'; ${nearest(token.text, names) ?? `known: ${names.join(', ')}`}`,
        token,
      )
    }
    const args: Tree[] = []
    if (this.take(')') === undefined) {
      do args.push(this.sum())
      while (this.take(',') !== undefined)
      if (this.take(')') === undefined) this.fail("expected ',' or ')'")
    }
    const { arity, apply } = known
    if (arity === 'one or more' ? args.length === 0 : args.length !== arity) {
      const needs = arity === 1 ? '1 argument' : `${arity} arguments`
      this.fail(`${token.text} takes ${needs}, got ${args.length}`, token)
    }
    return { kind: 'call', apply, args }
  }
}

function call(apply: (...args: Node[]) => Node, ...args: Tree[]): Tree {
  return { kind: 'call', apply, args }
}

function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const candidate = closest(name, known as string[])
  return distance(name, candidate) <= Math.max(2, Math.ceil(candidate.length / 2))
    ? `did you mean '${candidate}'?`
    : undefined
}
