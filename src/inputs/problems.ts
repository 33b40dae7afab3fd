import * as v from 'valibot'
import { buildExample } from '../../experiments/example-problems.ts'
import { compile, parseExpression } from '../autodiff/index.ts'
import { describe, InvalidInputError, ParseError } from '../base/index.ts'
import { problemFromGraph } from '../smooth/index.ts'
import { type Problem, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { moreGarbowHillstromProblem, testFunctionNamed, testProblem } from '../test-functions/index.ts'
import { namedNumbers } from './values.ts'

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

/** A problem that a module exports. */
export type ModuleRecipe = Extract<Recipe, { kind: 'module' }>

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
 * The problem that words describe: the name of a test function (`rastrigin`, `rastrigin-10`, `mgh:meyer`), or an expression.
 *
 * @throws {ParseError} with a caret under the place that is wrong
 * @throws {ThalwegError} if flags and problem do not fit together
 */
export function problemFromWords(what: string, flags: ProblemFlags): SmoothProblem {
  // As an expression such a name would be a lonely variable, which has no minimum.
  const known = testProblemNamed(what, flags)
  if (known !== null) return known
  refuseFlags(what, flags)
  return problemFromExpression(what, flags)
}

/** Refuses flags that only test functions take. @throws {InvalidInputError} */
export function refuseFlags(what: string, { dimension, unbounded }: ProblemFlags): void {
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
export function domainOf(problem: Pick<SmoothProblem, 'dimension'>, flags: ProblemFlags): Domain {
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
export function withDomain<P extends SmoothProblem>(problem: P, { start, lower, upper }: Domain, recipe: Recipe): P {
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
  return problemOfExpression(recipe)
}

type ExpressionRecipe = Extract<Recipe, { kind: 'expression' }>

function problemOfExpression(recipe: ExpressionRecipe): SmoothProblem {
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

/**
 * The problem that a run file's recipe describes, where that needs no file.
 *
 * @param path what to call the run file in messages
 * @returns the recipe alone for a module, which only some programs can load
 * @throws {InvalidInputError} if the file has no recipe, or one of a kind that this program does not know
 */
export function problemFromRecipe(recipe: unknown, path: string): Problem | ModuleRecipe {
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
      return problemOfExpression(output)
    case 'test-function':
      return withDomain(testFunctionProblem(output.slug, output.dimension, output.unbounded), output, output)
    case 'more-garbow-hillstrom':
      return withDomain(moreGarbowHillstromProblem(output.slug, output.dimension), output, output)
    case 'example':
      return buildExample(output.problemClass, output.slug, output.parameters, output.seed)
    default:
      return output
  }
}
