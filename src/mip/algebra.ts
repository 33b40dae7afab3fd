import { describe, InvalidInputError } from '../base/index.ts'

/** What can stand in a sum or on either side of a comparison. */
export type Term = Expression | number

function coefficient(where: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new InvalidInputError(`${where} must be a finite number, got ${describe(value)}`, {
    argument: where,
    expected: 'a finite number',
    received: describe(value),
  })
}

/** A product of two variables with its coefficient. */
export interface QuadraticTerm {
  readonly left: Variable
  readonly right: Variable
  readonly coefficient: number
}

/**
 * A linear or quadratic expression in the variables of a model. Immutable: every operation gives a new one. Terms of the same
 * variable are added up when the model is put together.
 */
export class Expression {
  /** The variables, in the order in which they were added; one may appear more than once. */
  readonly variables: readonly Variable[]
  /** The coefficient of each. */
  readonly coefficients: readonly number[]
  readonly constant: number
  readonly quadratic: readonly QuadraticTerm[]

  constructor(
    variables: readonly Variable[] = [],
    coefficients: readonly number[] = [],
    constant = 0,
    quadratic: readonly QuadraticTerm[] = [],
  ) {
    this.variables = variables
    this.coefficients = coefficients
    this.constant = constant
    this.quadratic = quadratic
  }

  plus(...terms: Term[]): Expression {
    return sum([this, ...terms])
  }

  minus(...terms: Term[]): Expression {
    return sum([this, ...terms.map((term) => negative(term))])
  }

  /** The product with a number, or with another linear expression, which makes it quadratic. */
  times(factor: Term): Expression {
    if (factor instanceof Expression) return product(this, factor)
    const a = coefficient('times: the factor', factor)
    return new Expression(
      this.terms(),
      this.terms().map((_, k) => a * this.factors()[k]),
      a * this.constant,
      this.quadratic.map((term) => ({ ...term, coefficient: a * term.coefficient })),
    )
  }

  /** The product with itself. */
  squared(): Expression {
    return product(this, this)
  }

  lessEqual(right: Term): Comparison {
    return new Comparison(this.minus(right), -Infinity, 0)
  }

  greaterEqual(right: Term): Comparison {
    return new Comparison(this.minus(right), 0, Infinity)
  }

  equals(right: Term): Comparison {
    return new Comparison(this.minus(right), 0, 0)
  }

  /** lower <= this <= upper; both numbers, infinities included. */
  between(lower: number, upper: number): Comparison {
    for (const [name, bound] of Object.entries({ lower, upper })) {
      if (typeof bound === 'number' && !Number.isNaN(bound)) continue
      throw new InvalidInputError(`between: ${name} must be a number, got ${describe(bound)}`, {
        argument: name,
        expected: 'a number',
        received: describe(bound),
      })
    }
    return new Comparison(this, lower, upper)
  }

  /** Variables of the linear part. A variable is its own. */
  protected terms(): readonly Variable[] {
    return this.variables
  }

  protected factors(): readonly number[] {
    return this.coefficients
  }

  /** @internal Appends the linear part to two lists. */
  collect(variables: Variable[], coefficients: number[], sign: number): void {
    const terms = this.terms()
    const factors = this.factors()
    for (let k = 0; k < terms.length; k++) {
      variables.push(terms[k])
      coefficients.push(sign * factors[k])
    }
  }
}

/** One column of a model: made by `model.binary`, `model.integer`, `model.continuous`. */
export class Variable extends Expression {
  /** The whole name, indices included: `ship[Lyon,2]`. */
  readonly name: string
  /** Its place among the columns. */
  readonly index: number
  /** The model that made it. */
  readonly owner: object

  constructor(name: string, index: number, owner: object) {
    super()
    this.name = name
    this.index = index
    this.owner = owner
  }

  protected override terms(): readonly Variable[] {
    return [this]
  }

  protected override factors(): readonly number[] {
    return [1]
  }
}

/** lower <= expression <= upper: what `model.subjectTo` takes. */
export class Comparison {
  readonly expression: Expression
  readonly lower: number
  readonly upper: number

  constructor(expression: Expression, lower: number, upper: number) {
    this.expression = expression
    this.lower = lower
    this.upper = upper
  }
}

function checkTerm(term: Term): Term {
  if (term instanceof Expression) return term
  if (typeof term === 'number') return coefficient('sum: a term', term)
  throw new InvalidInputError(`sum: a term must be an expression or a finite number, got ${describe(term)}`, {
    argument: 'terms',
    expected: 'expressions and finite numbers',
    received: describe(term),
  })
}

function negative(term: Term): Term {
  return typeof term === 'number' ? -term : checkTerm(term) && (term as Expression).times(-1)
}

/**
 * A sum: of a list of terms, or of one term for each member of an index set.
 *
 * @example
 * sum(sites, (site) => open[site].times(cost[site]))
 * @throws {InvalidInputError} if a term is NaN, infinite, or no expression
 */
export function sum(terms: Iterable<Term>): Expression
export function sum<K>(indices: Iterable<K>, term: (index: K) => Term): Expression
export function sum<K>(given: Iterable<Term> | Iterable<K>, term?: (index: K) => Term): Expression {
  const variables: Variable[] = []
  const coefficients: number[] = []
  const quadratic: QuadraticTerm[] = []
  let constant = 0
  for (const item of given) {
    const next = checkTerm(term === undefined ? (item as Term) : term(item as K))
    if (typeof next === 'number') constant += next
    else {
      next.collect(variables, coefficients, 1)
      constant += next.constant
      if (next.quadratic.length > 0) quadratic.push(...next.quadratic)
    }
  }
  return new Expression(variables, coefficients, constant, quadratic)
}

function product(left: Expression, right: Expression): Expression {
  if (left.quadratic.length + right.quadratic.length > 0) {
    throw new InvalidInputError('times: the product would be of degree 3; objectives are at most quadratic', {
      argument: 'factor',
      expected: 'linear factors',
      received: 'a quadratic factor',
    })
  }
  const [a, b] = [left, right].map((expression) => {
    const variables: Variable[] = []
    const coefficients: number[] = []
    expression.collect(variables, coefficients, 1)
    return { variables, coefficients, constant: expression.constant }
  })
  const quadratic = a.variables.flatMap((variable, i) =>
    b.variables.map((other, j) => ({
      left: variable,
      right: other,
      coefficient: a.coefficients[i] * b.coefficients[j],
    })),
  )
  return new Expression(
    [...a.variables, ...b.variables],
    [...a.coefficients.map((c) => c * b.constant), ...b.coefficients.map((c) => c * a.constant)],
    a.constant * b.constant,
    quadratic,
  )
}
