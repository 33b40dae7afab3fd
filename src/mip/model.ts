import { closest } from 'fastest-levenshtein'
import { checkNames, describe, InvalidInputError } from '../base/index.ts'
import { csrFromTriplets, csrTranspose } from '../linalg/index.ts'
import { Comparison, Expression, type Term, Variable } from './algebra.ts'
import { mixedIntegerProgram } from './mixed-integer-class.ts'
import type { ColumnType, MixedIntegerProgram, QuadraticTerms, Sense } from './mixed-integer-program.ts'

/** A member of an index set. */
export type Index = string | number

/** One V for each member of an index set: `open.Lyon`, `open[site]`. An unknown member is an error. */
export type Indexed<K extends Index, V> = { readonly [P in K]: V }

/** Bounds of variables: numbers, or functions of the indices. */
export interface VariableOptions<I extends readonly Index[] = []> {
  /** Default 0. */
  lower?: number | ((...indices: I) => number)
  /** Default Infinity. */
  upper?: number | ((...indices: I) => number)
}

/** One row of a model. */
export interface Constraint {
  /** The whole name, indices included: `capacity[Lyon]`. */
  readonly name: string
  /** Its place among the rows. */
  readonly index: number
}

type Sets = readonly (readonly Index[])[]

/** Declares variables of one type: one, or one for each member of up to three index sets. */
export interface Declaration<Options extends boolean> {
  (name: string, ...options: Options extends true ? [VariableOptions?] : []): Variable
  <I extends Index>(
    name: string,
    first: readonly I[],
    ...options: Options extends true ? [VariableOptions<[I]>?] : []
  ): Indexed<I, Variable>
  <I extends Index, J extends Index>(
    name: string,
    first: readonly I[],
    second: readonly J[],
    ...options: Options extends true ? [VariableOptions<[I, J]>?] : []
  ): Indexed<I, Indexed<J, Variable>>
  <I extends Index, J extends Index, K extends Index>(
    name: string,
    first: readonly I[],
    second: readonly J[],
    third: readonly K[],
    ...options: Options extends true ? [VariableOptions<[I, J, K]>?] : []
  ): Indexed<I, Indexed<J, Indexed<K, Variable>>>
}

/**
 * A model of a mixed-integer, linear or convex quadratic program, built from algebra.
 *
 * @example
 * const model = mipModel('two products')
 * const x = model.integer('x', ['chairs', 'tables'])
 * model.subjectTo('carpentry', x.chairs.plus(x.tables.times(2)).lessEqual(40))
 * model.subjectTo('finishing', x.chairs.times(2).plus(x.tables).lessEqual(50))
 * model.maximize(x.chairs.times(30).plus(x.tables.times(50)))
 * const { objective, value } = await solveMip(model) // 1100, value(x.tables) === 10
 */
export class MipModel {
  readonly name: string
  private readonly variables: Variable[] = []
  private readonly lower: number[] = []
  private readonly upper: number[] = []
  private readonly types: ColumnType[] = []
  private readonly constraints: { readonly name: string; readonly comparison: Comparison }[] = []
  private readonly names = { variable: new Set<string>(), constraint: new Set<string>() }
  private sense: Sense = 'minimize'
  private objective = new Expression()

  /** Variables that are 0 or 1. */
  readonly binary: Declaration<false>
  /** Variables that are integers between their bounds. */
  readonly integer: Declaration<true>
  /** Variables that are numbers between their bounds. */
  readonly continuous: Declaration<true>
  /** Variables that are 0 or numbers between their bounds: an amount that is worth a minimum, or nothing. */
  readonly semiContinuous: Declaration<true>

  constructor(name: string) {
    this.name = name
    const declaration = (type: ColumnType, binary = false) =>
      ((variable: string, ...rest: unknown[]) => this.declare(type, binary, variable, rest)) as Declaration<true>
    this.binary = declaration('integer', true) as Declaration<false>
    this.integer = declaration('integer')
    this.continuous = declaration('continuous')
    this.semiContinuous = declaration('semi-continuous')
  }

  /** What is to be made small. The last objective given counts. */
  minimize(objective: Term): void {
    this.setObjective('minimize', objective)
  }

  /** What is to be made large. The last objective given counts. */
  maximize(objective: Term): void {
    this.setObjective('maximize', objective)
  }

  /**
   * Adds a constraint, or one for each member of an index set.
   *
   * @param name all names of constraints differ; members of a set are put behind in brackets
   * @returns the constraint, to ask for its dual
   * @throws {InvalidInputError} if the name is taken, the constraint is quadratic, or has a variable of another model
   */
  subjectTo(name: string, constraint: Comparison): Constraint
  subjectTo<I extends Index>(
    name: string,
    indices: readonly I[],
    constraint: (index: I) => Comparison,
  ): Indexed<I, Constraint>
  subjectTo<I extends Index>(
    name: string,
    given: Comparison | readonly I[],
    make?: (index: I) => Comparison,
  ): Constraint | Indexed<I, Constraint> {
    if (make === undefined) return this.addConstraint(name, given as Comparison)
    const indices = given as readonly I[]
    checkSet(name, indices)
    return indexed(name, indices, (index) => this.addConstraint(`${name}[${index}]`, make(index)))
  }

  /** The program in numbers. What is added to the model afterwards does not change it. */
  program(): MixedIntegerProgram {
    const n = this.variables.length
    const objective = new Float64Array(n)
    for (const [variable, coefficient] of linearTerms(this.objective)) objective[variable.index] += coefficient
    const rows: number[] = []
    const columns: number[] = []
    const values: number[] = []
    this.constraints.forEach(({ comparison }, i) => {
      for (const [variable, coefficient] of linearTerms(comparison.expression)) {
        if (coefficient === 0) continue
        rows.push(i)
        columns.push(variable.index)
        values.push(coefficient)
      }
    })
    const bound = (side: 'lower' | 'upper') =>
      this.constraints.map(({ comparison }) => comparison[side] - comparison.expression.constant)
    return mixedIntegerProgram({
      name: this.name,
      sense: this.sense,
      objective,
      offset: this.objective.constant,
      matrix: csrFromTriplets(this.constraints.length, n, rows, columns, values),
      rowLower: bound('lower'),
      rowUpper: bound('upper'),
      lower: this.lower,
      upper: this.upper,
      types: this.types,
      columnNames: this.variables.map(({ name }) => name),
      rowNames: this.constraints.map(({ name }) => name),
      ...(this.objective.quadratic.length > 0 && { quadratic: quadraticTerms(this.objective, n) }),
    })
  }

  private declare(type: ColumnType, binary: boolean, name: string, rest: readonly unknown[]): unknown {
    if (typeof name !== 'string' || name === '') throw invalid('the name of a variable', 'a text', name)
    const sets = rest.filter(Array.isArray) as Sets
    const options = (rest.find((item) => item !== undefined && !Array.isArray(item)) ?? {}) as VariableOptions<Index[]>
    checkNames(options, binary ? [] : ['lower', 'upper'], `${this.name}: ${name}`)
    for (const set of sets) checkSet(name, set)
    const build = (level: number, indices: readonly Index[]): unknown =>
      level === sets.length
        ? this.addVariable(type, binary, name, indices, options)
        : indexed(name, sets[level], (index) => build(level + 1, [...indices, index]))
    return build(0, [])
  }

  private addVariable(
    type: ColumnType,
    binary: boolean,
    name: string,
    indices: readonly Index[],
    options: VariableOptions<Index[]>,
  ): Variable {
    const whole = indices.length > 0 ? `${name}[${indices.join(',')}]` : name
    const bound = (side: 'lower' | 'upper', fallback: number): number => {
      const given = options[side]
      const value = typeof given === 'function' ? given(...indices) : (given ?? fallback)
      if (typeof value === 'number' && !Number.isNaN(value)) return value
      throw invalid(`the ${side} bound of ${whole}`, 'a number', value)
    }
    const lower = bound('lower', 0)
    const upper = bound('upper', binary ? 1 : Infinity)
    if (lower > upper) throw invalid(`the lower bound of ${whole}`, `at most its upper bound ${upper}`, lower)
    this.take('variable', whole)
    this.lower.push(lower)
    this.upper.push(upper)
    this.types.push(type)
    const variable = new Variable(whole, this.variables.length, this)
    this.variables.push(variable)
    return variable
  }

  private addConstraint(name: string, comparison: Comparison): Constraint {
    if (!(comparison instanceof Comparison)) {
      throw invalid(`constraint ${name}`, 'a comparison (lessEqual, greaterEqual, equals, between)', comparison)
    }
    if (comparison.expression.quadratic.length > 0) {
      throw invalid(`constraint ${name}`, 'linear: only the objective may be quadratic', 'a quadratic one')
    }
    this.checkOwner(`constraint ${name}`, comparison.expression)
    this.take('constraint', name)
    return { name, index: this.constraints.push({ name, comparison }) - 1 }
  }

  private setObjective(sense: Sense, given: Term): void {
    const objective = typeof given === 'number' ? new Expression([], [], given) : given
    if (!(objective instanceof Expression)) throw invalid('the objective', 'an expression', given)
    this.checkOwner('the objective', objective)
    this.sense = sense
    this.objective = objective
  }

  private take(kind: 'variable' | 'constraint', name: string): void {
    if (this.names[kind].has(name)) throw invalid(`the name of a ${kind}`, 'one that is not taken yet', name)
    this.names[kind].add(name)
  }

  private checkOwner(where: string, expression: Expression): void {
    const check = ({ owner, name }: Variable): void => {
      if (owner === this) return
      throw invalid(where, `made of variables of '${this.name}'`, `${name} of another model`)
    }
    for (const [variable] of linearTerms(expression)) check(variable)
    for (const { left, right } of expression.quadratic) {
      check(left)
      check(right)
    }
  }
}

/** A new model without variables and constraints. */
export function mipModel(name = 'model'): MipModel {
  return new MipModel(name)
}

function invalid(argument: string, expected: string, received: unknown): InvalidInputError {
  const got = typeof received === 'string' ? `'${received}'` : describe(received)
  return new InvalidInputError(`${argument} must be ${expected}, got ${got}`, { argument, expected, received: got })
}

function checkSet(name: string, set: readonly Index[]): void {
  const seen = new Set<string>()
  for (const index of set) {
    if (typeof index !== 'string' && typeof index !== 'number') {
      throw invalid(`an index of ${name}`, 'a text or a number', index)
    }
    if (seen.has(String(index))) throw invalid(`the index set of ${name}`, 'without repetition', `${index} twice`)
    seen.add(String(index))
  }
}

/** A record that does not answer `undefined` for what it does not have. */
function indexed<K extends Index, V>(name: string, indices: readonly K[], make: (index: K) => V): Indexed<K, V> {
  const record = Object.fromEntries(indices.map((index) => [index, make(index)])) as Indexed<K, V>
  return new Proxy(record, {
    get(target, key, receiver) {
      // Symbols and `then` are asked for by the language, not by the modeller.
      if (typeof key === 'symbol' || key in target || key === 'then' || key === 'toJSON') {
        return Reflect.get(target, key, receiver)
      }
      const known = Object.keys(target)
      const hint = known.length > 0 ? `; did you mean '${closest(key, known)}'?` : ''
      throw new InvalidInputError(`${name} has no index '${key}'${hint}`, {
        argument: name,
        expected: known.slice(0, 20).join(', '),
        received: key,
      })
    },
  })
}

function linearTerms(expression: Expression): [Variable, number][] {
  const variables: Variable[] = []
  const coefficients: number[] = []
  expression.collect(variables, coefficients, 1)
  return variables.map((variable, k) => [variable, coefficients[k]])
}

/** The upper triangle of Q: a x_i x_j is 1/2 (Q_ij + Q_ji) x_i x_j with Q_ij = Q_ji = a, and a x_i^2 has Q_ii = 2 a. */
function quadraticTerms({ quadratic }: Expression, n: number): QuadraticTerms {
  const places = quadratic.map(({ left, right }) => [left.index, right.index].sort((a, b) => a - b))
  const upper = csrTranspose(
    csrFromTriplets(
      n,
      n,
      places.map(([i]) => i),
      places.map(([, j]) => j),
      quadratic.map(({ coefficient }, k) => (places[k][0] === places[k][1] ? 2 : 1) * coefficient),
    ),
  )
  return { columnPointers: upper.rowPointers, rowIndices: upper.columnIndices, values: upper.values }
}
