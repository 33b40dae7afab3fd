import {
  type CompiledFunction,
  compile,
  constant,
  interpret,
  type ParsedExpression,
  parseExpression,
} from '../autodiff/index.ts'
import { describe, InvalidInputError, ParseError } from '../base/index.ts'
import { type DataTable, numbersOf } from '../data/index.ts'

/** What the flags of `fit` say about model and columns. */
export interface ModelFlags {
  readonly model: string
  readonly x?: string
  readonly y?: string
}

/** A model bound to the columns of a table. */
export interface BoundModel {
  /** The right side, as given. */
  readonly formula: string
  /** What is fitted: the response column, or an expression of it. */
  readonly responseName: string
  readonly response: Float64Array
  /** Names in the model that stand for columns, with the numbers of those columns. */
  readonly predictors: ReadonlyMap<string, Float64Array>
  /** All other names, in natural order. */
  readonly parameters: readonly string[]
  /** The model's values: at the data, or at other values of the predictors. */
  evaluate(parameters: Float64Array, predictors?: ReadonlyMap<string, Float64Array>): Float64Array
  /** The residuals, response - model, as a compiled function of the parameters. */
  readonly residuals: CompiledFunction
}

/** Splits `log(y) = a + b*x` at its equals sign. */
function sides(text: string): { left: string | null; right: string } {
  const at = text.indexOf('=')
  if (at < 0) return { left: null, right: text }
  if (text.indexOf('=', at + 1) >= 0) {
    throw new ParseError(`the model has more than one equals sign: ${describe(text)}`, {
      argument: '--model',
      expected: 'one side, or response = model',
      received: text,
    })
  }
  return { left: text.slice(0, at).trim(), right: text.slice(at + 1).trim() }
}

/**
 * Finds out which names of a model are columns and which are parameters, and compiles it.
 *
 * @throws {ParseError} if the model or a cell of a used column is malformed
 * @throws {InvalidInputError} if a named column does not exist, or no parameter is left
 */
export function bindModel(table: DataTable, flags: ModelFlags): BoundModel {
  const { left, right } = sides(flags.model)
  const parsed = parseExpression(right)
  const leftSide = left === null ? null : parseExpression(left)
  const y = responseColumn(table, flags, parsed, leftSide)
  const predictors = predictorColumns(table, flags, parsed, y)
  const parameters = parsed.variables.filter((name) => !predictors.has(name))
  if (parameters.length === 0) {
    throw new InvalidInputError(
      `the model ${describe(right)} has no parameter: all its names are columns (${table.columns.join(', ')})`,
      { argument: '--model', expected: 'at least one name that is not a column', received: right },
    )
  }

  const observed = numbersOf(table, y)
  const response = leftSide === null ? observed : transformed(leftSide, y, observed, left ?? '')
  const rows = observed.length
  const { build } = parsed
  const residuals = compile(
    (b) =>
      constant(response).sub(
        build({
          ...Object.fromEntries(parameters.map((name, j) => [name, b.at(j)])),
          ...Object.fromEntries([...predictors].map(([name, values]) => [name, constant(values)])),
        }),
      ),
    [{ shape: [parameters.length] }],
  )
  return {
    formula: right,
    responseName: left ?? y,
    response,
    predictors,
    parameters,
    evaluate(values, at = predictors) {
      const node = build({
        ...Object.fromEntries(parameters.map((name, j) => [name, constant(values[j])])),
        ...Object.fromEntries([...at].map(([name, column]) => [name, constant(column)])),
      })
      const [result] = interpret([node], new Map())
      const count = at.values().next().value?.length ?? rows
      return result.length === 1 ? new Float64Array(count).fill(result[0]) : Float64Array.from(result)
    },
    residuals,
  }
}

function transformed(side: ParsedExpression, y: string, observed: Float64Array, text: string): Float64Array {
  const other = side.variables.find((name) => name !== y && name !== 'y')
  if (other !== undefined) {
    throw new InvalidInputError(
      `the left side of the model, ${describe(text)}, may only use the response '${y}', not '${other}'`,
      {
        argument: '--model',
        expected: y,
        received: other,
      },
    )
  }
  const [values] = interpret([side.build({ [y]: constant(observed), y: constant(observed) })], new Map())
  return Float64Array.from(values)
}

function responseColumn(
  table: DataTable,
  flags: ModelFlags,
  right: ParsedExpression,
  left: ParsedExpression | null,
): string {
  if (flags.y !== undefined) {
    numbersOf(table, flags.y)
    if (right.variables.includes(flags.y)) {
      throw new InvalidInputError(`the model predicts column '${flags.y}' and also uses it`, {
        argument: '--y',
        expected: 'a column that the model does not use',
        received: flags.y,
      })
    }
    return flags.y
  }
  const named = left?.variables.find((name) => table.columns.includes(name))
  if (named !== undefined) return named
  // Without a word about it: a column called y, else the second column, else whichever the model does not use.
  const free = table.columns.filter((name) => !right.variables.includes(name) && name !== flags.x)
  const usual = ['y', table.columns[1], ...free].find((name) => free.includes(name))
  if (usual !== undefined) return usual
  throw new InvalidInputError('say which column is the response: --y', {
    argument: '--y',
    expected: table.columns.join(', '),
    received: 'nothing',
  })
}

function predictorColumns(
  table: DataTable,
  flags: ModelFlags,
  right: ParsedExpression,
  y: string,
): Map<string, Float64Array> {
  const found = new Map<string, Float64Array>()
  const use = (name: string, column: string): void => {
    if (right.variables.includes(name)) found.set(name, numbersOf(table, column))
  }
  const asked = flags.x?.split(',').map((name) => name.trim())
  const columns = asked ?? table.columns.filter((name) => name !== y)
  for (const column of columns) {
    if (asked) numbersOf(table, column)
    use(column, column)
  }
  // x stands for the first of them, or x1, x2... for several, unless columns have these names themselves.
  if (!found.has('x') && columns.length > 0 && (asked === undefined || asked.length === 1)) use('x', columns[0])
  if (asked !== undefined && asked.length > 1) {
    asked.forEach((column, i) => {
      if (!found.has(`x${i + 1}`)) use(`x${i + 1}`, column)
    })
  }
  return found
}
