import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, InvalidInputError, ThalwegError, UnsupportedError } from '../base/index.ts'
import {
  domainOf,
  numberList,
  type ProblemFlags,
  problemFromRecipe,
  problemFromWords,
  type Recipe,
  refuseFlags,
  withDomain,
} from '../inputs/index.ts'
import { fileError } from '../node/files.ts'
import { type Problem, type SmoothOracles, type SmoothProblem, smoothProblem } from '../solver/index.ts'

/**
 * The problem that the first argument of `minimize` describes: a module, the name of a test function (`rastrigin`,
 * `rastrigin-10`, `mgh:meyer`), or an expression.
 */
export async function problemFrom(what: string, flags: ProblemFlags): Promise<Problem> {
  if (!isModulePath(what)) return problemFromWords(what, flags)
  refuseFlags(what, flags)
  return problemFromModule(what, flags)
}

/** Whether the argument of `minimize` names a module rather than an expression. */
function isModulePath(text: string): boolean {
  return /\.(?:[cm]?[jt]s)$/.test(text)
}

/** The problem that a run file's recipe describes. @throws {InvalidInputError} if the file has none that this program knows */
export async function problemFromRunFile(recipe: unknown, path: string): Promise<Problem> {
  const found = problemFromRecipe(recipe, path)
  if (!('path' in found)) return found
  const { start, lower, upper } = found
  return problemFromModule(found.path, {
    ...(start && { start: start.join(',') }),
    ...(lower && { lower: lower.join(',') }),
    ...(upper && { upper: upper.join(',') }),
  })
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
