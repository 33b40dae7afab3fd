import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { buildExample } from '../../experiments/example-problems.ts'
import { compile, parseExpression } from '../autodiff/index.ts'
import { describe, InvalidInputError, ParseError, ThalwegError, UnsupportedError } from '../base/index.ts'
import { fileError } from '../node/files.ts'
import { problemFromGraph } from '../smooth/index.ts'
import { type Problem, type SmoothOracles, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { moreGarbowHillstromProblem, testFunctionNamed, testProblem } from '../test-functions/index.ts'
import { namedNumbers, numberList } from './values.ts'

const numbers = v.array(v.number())
const domain = { start: v.optional(numbers), lower: v.optional(numbers), upper: v.optional(numbers) }

// Run files come from anywhere: what they say is checked before it is used.
const recipeSchema = v.variant('kind', [
  v.object({ kind: v.literal('expression'), expression: v.string(), variables: v.array(v.string()), ...domain }),
  v.object({ kind: v.literal('module'), path: v.string(), ...domain }),
  v.object({
    kind: v.literal('test-function'),
    slug: v.string(),
    dimension: v.number(),
    unbounded: v.optional(v.boolean()),
    ...domain,
  }),
  v.object({ kind: v.literal('more-garbow-hillstrom'), slug: v.string(), dimension: v.number(), ...domain }),
  // Of the workbench.
  v.object({
    kind: v.literal('example'),
    problemClass: v.string(),
    slug: v.string(),
    parameters: v.record(v.string(), v.unknown()),
    seed: v.number(),
  }),
])

/** How to build a problem of the command line again: kept in run files. */
export type Recipe = v.InferOutput<typeof recipeSchema>

/** What the flags of `minimize` say about the problem. */
export interface ProblemFlags {
  readonly start?: string
  readonly lower?: string
  readonly upper?: string
  /** The dimension of a test function that is defined for several. */
  readonly dimension?: number
  /** A test function without its box. */
  readonly unbounded?: boolean
}

/** Where a problem is looked at: what the flags replace. */
interface Domain {
  start?: number[]
  lower?: number[]
  upper?: number[]
}

/** The names of a problem's variables, where it has any. */
export function variablesOf(problem: Problem): readonly string[] | undefined {
  const recipe = problem.recipe as Recipe | undefined
  return recipe?.kind === 'expression' ? recipe.variables : undefined
}

/**
 * The problem that the first argument of `minimize` describes: a module, the name of a test function (`rastrigin`,
 * `rastrigin-10`, `mgh:meyer`), or an expression.
 */
export async function problemFrom(what: string, flags: ProblemFlags): Promise<Problem> {
  if (isModulePath(what)) {
    refuseFlags(what, flags)
    return problemFromModule(what, flags)
  }
  // As an expression such a name would be a lonely variable, which has no minimum.
  const known = testProblemNamed(what, flags)
  if (known !== null) return known
  refuseFlags(what, flags)
  return problemFromExpression(what, flags)
}

function refuseFlags(what: string, { dimension, unbounded }: ProblemFlags): void {
  const flag = dimension !== undefined ? '--dimension' : unbounded ? '--unbounded' : undefined
  if (flag === undefined) return
  throw new InvalidInputError(`${flag} is for test functions (see thalweg functions), and '${what}' is none`, {
    argument: flag,
    expected: 'a test function',
    received: what,
  })
}

/** The test function called `what` with the flags applied, or null if there is none of that name. */
function testProblemNamed(what: string, flags: ProblemFlags): SmoothProblem | null {
  const collected = /^mgh:(.+)$/.exec(what)
  if (collected) {
    const problem = moreGarbowHillstromProblem(collected[1], flags.dimension)
    const changes = domainOf(problem, flags)
    return withDomain(problem, changes, {
      kind: 'more-garbow-hillstrom',
      slug: collected[1],
      dimension: problem.dimension,
      ...changes,
    })
  }
  const named = testFunctionNamed(what)
  if (named === null) return null
  const { f, dimension = flags.dimension } = named
  if (flags.unbounded && f.boxOnly) {
    throw new InvalidInputError(`--unbounded: outside its box ${f.slug} has lower values or none`, {
      argument: '--unbounded',
      expected: 'a test function that is defined everywhere',
      received: f.slug,
    })
  }
  const problem = testFunctionProblem(f.slug, dimension, flags.unbounded)
  const changes = domainOf(problem, flags)
  return withDomain(problem, changes, {
    kind: 'test-function',
    slug: f.slug,
    dimension: problem.dimension,
    ...(flags.unbounded && { unbounded: true }),
    ...changes,
  })
}

function testFunctionProblem(slug: string, dimension?: number, unbounded?: boolean): SmoothProblem {
  const problem = testProblem(slug, dimension)
  if (!unbounded) return problem
  const { lower: _, upper: __, ...rest } = problem
  return rest
}

/** What --start, --lower and --upper say of a problem whose variables are numbered. */
function domainOf(problem: Pick<SmoothProblem, 'dimension'>, flags: ProblemFlags): Domain {
  const names = Array.from({ length: problem.dimension }, (_, i) => `x${i + 1}`)
  return domainFor(names, flags)
}

function domainFor(names: readonly string[], { start, lower, upper }: ProblemFlags): Domain {
  const bound = (flag: '--lower' | '--upper', text: string, fallback: number) =>
    Array.from(namedNumbers(flag, text, names, { infinite: true, fallback, forAll: true }))
  return {
    ...(start !== undefined && { start: Array.from(namedNumbers('--start', start, names)) }),
    ...(lower !== undefined && { lower: bound('--lower', lower, -Infinity) }),
    ...(upper !== undefined && { upper: bound('--upper', upper, Infinity) }),
  }
}

/** The problem with another start or other bounds. Under other bounds its known minimum need not be one. */
function withDomain<P extends SmoothProblem>(problem: P, { start, lower, upper }: Domain, recipe: Recipe): P {
  const { dimension, value } = problem
  const checked = smoothProblem({
    dimension,
    value,
    ...((lower ?? problem.lower) && { lower: lower ?? problem.lower }),
    ...((upper ?? problem.upper) && { upper: upper ?? problem.upper }),
    ...((start ?? problem.start) && { start: start ?? problem.start }),
  })
  const { minimum, minimizer, ...rest } = problem
  return {
    ...rest,
    ...(lower === undefined && upper === undefined && { minimum, minimizer }),
    ...(checked.lower && { lower: checked.lower }),
    ...(checked.upper && { upper: checked.upper }),
    ...(checked.start && { start: checked.start }),
    recipe,
  } as P
}

/** Whether the argument of `minimize` names a module rather than an expression. */
function isModulePath(text: string): boolean {
  return /\.(?:[cm]?[jt]s)$/.test(text)
}

/** The problem that an expression and flags describe. @throws {ParseError} with a caret under the place that is wrong */
function problemFromExpression(expression: string, flags: ProblemFlags): SmoothProblem {
  const { variables } = parseExpression(expression)
  if (variables.length === 0) {
    throw new ParseError(`the expression has no variable: ${describe(expression)}`, {
      argument: 'expression',
      expected: 'at least one variable, such as x',
      received: expression,
    })
  }
  const recipe: ExpressionRecipe = {
    kind: 'expression',
    expression,
    variables: [...variables],
    ...domainFor(variables, flags),
  }
  const { start, lower, upper } = recipe
  // The middle of a box is a start.
  if (start === undefined && !(lower?.every(Number.isFinite) && upper?.every(Number.isFinite))) {
    throw new InvalidInputError(
      `say where to start: --start=${variables.map(() => '0').join(',')} (one number for each of ${variables.join(', ')})`,
      { argument: '--start', expected: `${variables.length} numbers`, received: 'nothing' },
    )
  }
  return problemFromRecipe(recipe)
}

type ExpressionRecipe = Extract<Recipe, { kind: 'expression' }>

function problemFromRecipe(recipe: ExpressionRecipe): SmoothProblem {
  const { expression, variables, start, lower, upper } = recipe
  const { build } = parseExpression(expression, { variables })
  const f = compile(
    (x) => build(Object.fromEntries(variables.map((name, i) => [name, x.at(i)]))),
    [{ shape: [variables.length] }],
  )
  return problemFromGraph(f, {
    name: expression,
    ...(start && { start }),
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
      { argument: path, expected: 'a run written by thalweg minimize or by the workbench', received: describe(recipe) },
    )
  }
  const { output } = checked
  switch (output.kind) {
    case 'expression':
      return problemFromRecipe(output)
    case 'test-function':
      return withDomain(testFunctionProblem(output.slug, output.dimension, output.unbounded), output, output)
    case 'more-garbow-hillstrom':
      return withDomain(moreGarbowHillstromProblem(output.slug, output.dimension), output, output)
    case 'example':
      return buildExample(output.problemClass, output.slug, output.parameters, output.seed)
    default: {
      const { start, lower, upper } = output
      return problemFromModule(output.path, {
        ...(start && { start: start.join(',') }),
        ...(lower && { lower: lower.join(',') }),
        ...(upper && { upper: upper.join(',') }),
      })
    }
  }
}

/**
 * The problem that a module exports by default: a problem (`smoothProblem(...)` and the like), oracles (`{ value, gradient?,
 * start, ... }`), an objective function of x, or a function without parameters that returns one of these.
 */
async function problemFromModule(path: string, flags: ProblemFlags): Promise<Problem> {
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
  if (typeof (given as Problem).class?.prepare === 'function') {
    const problem = given as Problem
    if (problem.class.name === 'smooth') {
      const changes = domainOf(problem as SmoothProblem, flags)
      return withDomain(problem as SmoothProblem, changes, { kind: 'module', path: absolute, ...changes })
    }
    if (flags.lower !== undefined || flags.upper !== undefined) {
      throw new InvalidInputError(
        `--lower and --upper are for smooth problems, and this one is '${problem.class.name}'`,
        {
          argument: '--lower',
          expected: 'a smooth problem',
          received: problem.class.name,
        },
      )
    }
    const start = flags.start === undefined ? undefined : numberList('--start', flags.start)
    const recipe: Recipe = { kind: 'module', path: absolute, ...(start && { start: Array.from(start) }) }
    return { ...problem, recipe, ...(start && { start }) }
  }
  const oracles = given as Partial<SmoothOracles>
  const dimension =
    oracles.dimension ??
    (flags.start === undefined ? undefined : numberList('--start', flags.start).length) ??
    oracles.start?.length ??
    (exported.start as ArrayLike<number> | undefined)?.length ??
    oracles.lower?.length
  if (dimension === undefined) {
    throw new InvalidInputError(`${path}: say where to start: --start=..., or export a start`, {
      argument: '--start',
      expected: 'a start',
      received: 'nothing',
    })
  }
  const changes = domainOf({ dimension }, flags)
  const problem = smoothProblem({
    name: path,
    ...(exported.start !== undefined && { start: exported.start as ArrayLike<number> }),
    ...oracles,
    dimension,
  } as SmoothOracles)
  return withDomain(problem, changes, { kind: 'module', path: absolute, ...changes })
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
