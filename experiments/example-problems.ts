import { closest } from 'fastest-levenshtein'
import { checked, InvalidInputError } from '../src/base/index.ts'
import type { Problem } from '../src/solver/index.ts'
import type { ExampleProblem, ExampleRecipe } from './example-problems/example-problem.ts'
import { fittingExamples } from './example-problems/fitting.ts'
import { linearSystemExamples } from './example-problems/linear-system.ts'
import { mixedIntegerExamples } from './example-problems/mixed-integer.ts'
import { onlineExamples } from './example-problems/online.ts'
import { smoothExamples } from './example-problems/smooth.ts'
import { transportExamples } from './example-problems/transport.ts'

export * from './example-problems/example-problem.ts'

/** Ready-made problems of all classes; within a class the first is the default. The one list to add an example to. */
export const exampleProblems: readonly ExampleProblem[] = [
  ...smoothExamples,
  ...fittingExamples,
  ...linearSystemExamples,
  ...transportExamples,
  ...mixedIntegerExamples,
  ...onlineExamples,
]

/** The examples of a problem class; empty where there is none yet. */
export function examplesFor(problemClass: string): readonly ExampleProblem[] {
  return exampleProblems.filter((example) => example.problemClass === problemClass)
}

/** The example called `slug` of a problem class. @throws {InvalidInputError} with the nearest name, if there is none */
export function findExample(problemClass: string, slug: string): ExampleProblem {
  const examples = examplesFor(problemClass)
  const found = examples.find((example) => example.slug === slug)
  if (found) return found
  const slugs = examples.map((example) => example.slug)
  const hint = slugs.length > 0 ? `; did you mean '${closest(slug, slugs)}'?` : ''
  throw new InvalidInputError(`there is no example '${slug}' of class '${problemClass}'${hint}`, {
    argument: 'problem',
    expected: slugs.join(', ') || 'a class with examples',
    received: slug,
  })
}

/**
 * Makes the problem of an example, with a recipe from which run files can be resumed.
 *
 * @param given parameter values; absent ones take their defaults
 * @throws {OptionError} if a parameter is unknown or outside its range
 */
export function buildExample(
  problemClass: string,
  slug: string,
  given: Readonly<Record<string, unknown>> = {},
  seed = 0,
): Problem {
  const example = findExample(problemClass, slug)
  const parameters = checked(slug, given, example.parameters) as Record<string, unknown>
  const recipe: ExampleRecipe = { kind: 'example', problemClass, slug, parameters, seed }
  return { ...example.build(parameters, seed), recipe }
}
