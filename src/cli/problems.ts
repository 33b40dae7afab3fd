import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { compile, parseExpression } from '../autodiff/index.ts'
import { describe, InvalidInputError, ParseError, ThalwegError, UnsupportedError } from '../base/index.ts'
import { fileError } from '../node/files.ts'
import { problemFromGraph } from '../smooth/index.ts'
import { type Problem, type SmoothOracles, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { namedNumbers, numberList } from './values.ts'

const numbers = v.array(v.number())

// Run files come from anywhere: what they say is checked before it is used.
const recipeSchema = v.variant('kind', [
  v.object({
    kind: v.literal('expression'),
    expression: v.string(),
    variables: v.array(v.string()),
    start: numbers,
    lower: v.optional(numbers),
    upper: v.optional(numbers),
  }),
  v.object({ kind: v.literal('module'), path: v.string(), start: v.optional(numbers) }),
])

/** How to build a problem of the command line again: kept in run files. */
export type Recipe = v.InferOutput<typeof recipeSchema>

/** What the flags of `minimize` say about the problem. */
export interface ProblemFlags {
  readonly start?: string
  readonly lower?: string
  readonly upper?: string
}

/** Whether the argument of `minimize` names a module rather than an expression. */
export function isModulePath(text: string): boolean {
  return /\.(?:[cm]?[jt]s)$/.test(text)
}

/** The problem that an expression and flags describe. @throws {ParseError} with a caret under the place that is wrong */
export function problemFromExpression(expression: string, flags: ProblemFlags): SmoothProblem {
  const { variables } = parseExpression(expression)
  if (variables.length === 0) {
    throw new ParseError(`the expression has no variable: ${describe(expression)}`, {
      argument: 'expression',
      expected: 'at least one variable, such as x',
      received: expression,
    })
  }
  if (flags.start === undefined) {
    throw new InvalidInputError(
      `say where to start: --start=${variables.map(() => '0').join(',')} (one number for each of ${variables.join(', ')})`,
      { argument: '--start', expected: `${variables.length} numbers`, received: 'nothing' },
    )
  }
  const start = namedNumbers('--start', flags.start, variables)
  const bound = (flag: '--lower' | '--upper', text: string | undefined, fallback: number) =>
    text === undefined ? undefined : Array.from(namedNumbers(flag, text, variables, { infinite: true, fallback }))
  const lower = bound('--lower', flags.lower, -Infinity)
  const upper = bound('--upper', flags.upper, Infinity)
  return problemFromRecipe({
    kind: 'expression',
    expression,
    variables: [...variables],
    start: Array.from(start),
    ...(lower && { lower }),
    ...(upper && { upper }),
  })
}

function problemFromRecipe(recipe: Extract<Recipe, { kind: 'expression' }>): SmoothProblem {
  const { expression, variables, start, lower, upper } = recipe
  const { build } = parseExpression(expression, { variables })
  const f = compile(
    (x) => build(Object.fromEntries(variables.map((name, i) => [name, x.at(i)]))),
    [{ shape: [variables.length] }],
  )
  return problemFromGraph(f, {
    name: expression,
    start,
    ...(lower && { lower }),
    ...(upper && { upper }),
    recipe,
  })
}

/** The problem that a run file's recipe describes. @throws {InvalidInputError} if the file has none that this program knows */
export async function problemFromRunFile(recipe: unknown, path: string): Promise<Problem> {
  const checked = v.safeParse(recipeSchema, recipe)
  if (!checked.success) {
    throw new InvalidInputError(
      `${path}: the run file does not say how to build its problem again; resume it from code`,
      { argument: path, expected: 'a run written by thalweg minimize', received: describe(recipe) },
    )
  }
  const { output } = checked
  if (output.kind === 'expression') return problemFromRecipe(output)
  return problemFromModule(output.path, output.start === undefined ? {} : { start: output.start.join(',') })
}

/**
 * The problem that a module exports by default: a problem (`smoothProblem(...)` and the like), oracles (`{ value, gradient?,
 * start, ... }`), an objective function of x, or a function without parameters that returns one of these.
 */
export async function problemFromModule(path: string, flags: ProblemFlags): Promise<Problem> {
  const absolute = resolve(path)
  const exported = await importModule(absolute, path)
  let given = exported.default
  if (given === undefined) {
    throw new InvalidInputError(`${path}: the module has no default export`, {
      argument: path,
      expected: 'a default export: a problem, { value, start, ... } or a function of x',
      received: `exports ${Object.keys(exported).join(', ') || '(none)'}`,
    })
  }
  if (typeof given === 'function' && given.length === 0) given = await given()
  if (typeof given === 'function') given = { value: given }
  if (typeof given !== 'object' || given === null) {
    throw new InvalidInputError(
      `${path}: the default export must be a problem or a function of x, got ${describe(given)}`,
      {
        argument: path,
        expected: 'a problem, { value, start, ... } or a function of x',
        received: describe(given),
      },
    )
  }
  const start = flags.start === undefined ? undefined : numberList('--start', flags.start)
  const recipe: Recipe = { kind: 'module', path: absolute, ...(start && { start: Array.from(start) }) }
  if (flags.lower !== undefined || flags.upper !== undefined) {
    throw new InvalidInputError('--lower and --upper are for expressions; give the module bounds of its own', {
      argument: '--lower',
      expected: 'an expression',
      received: path,
    })
  }
  if (typeof (given as Problem).class?.prepare === 'function') {
    return { ...(given as Problem), recipe, ...(start && { start }) }
  }
  const oracles = given as Partial<SmoothOracles>
  const from = start ?? oracles.start ?? (exported.start as ArrayLike<number> | undefined)
  const dimension = oracles.dimension ?? from?.length
  if (dimension === undefined) {
    throw new InvalidInputError(`${path}: say where to start: --start=..., or export a start`, {
      argument: '--start',
      expected: 'a start',
      received: 'nothing',
    })
  }
  return smoothProblem({
    name: path,
    ...oracles,
    dimension,
    recipe,
    ...(from !== undefined && { start: from }),
  } as SmoothOracles)
}

async function importModule(absolute: string, path: string): Promise<Record<string, unknown> & { default?: unknown }> {
  const features = process.features as unknown as { typescript?: string | false }
  if (/\.[cm]?ts$/.test(path) && !features.typescript) {
    throw new UnsupportedError(
      `${path}: this is Node ${process.versions.node}, which cannot load TypeScript; use Node 22.18 or newer, or compile the file to JavaScript first (npx esbuild ${path} --bundle --platform=node --format=esm --outfile=problem.mjs)`,
      { argument: path, expected: 'a JavaScript module, or Node >= 22.18', received: `Node ${process.versions.node}` },
    )
  }
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(absolute).href)) as Record<string, unknown>
  } catch (cause) {
    if (cause instanceof ThalwegError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(absolute)) {
      throw fileError('read', path, Object.assign(new Error(message), { code: 'ENOENT' }))
    }
    throw new InvalidInputError(`${path}: the module cannot be loaded: ${message}`, { argument: path, cause })
  }
}
