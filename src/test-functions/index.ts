import { InvalidInputError } from '../base/index.ts'
import { fewVariableFunctions } from './few-variables.ts'
import { multimodalFunctions } from './multimodal.ts'
import { problemOf, type TestFunction, type TestProblem } from './test-function.ts'
import { unimodalFunctions } from './unimodal.ts'

export * from './more-garbow-hillstrom.ts'
export * from './shifted-rotated.ts'
export * from './test-function.ts'

/** All functions with known minimum, easy ones first. */
export const testFunctions: readonly TestFunction[] = [
  ...unimodalFunctions,
  ...multimodalFunctions,
  ...fewVariableFunctions,
]

/** The function called `slug`. @throws {InvalidInputError} listing the names, if there is none */
export function testFunction(slug: string): TestFunction {
  const found = testFunctions.find((f) => f.slug === slug)
  if (found) return found
  throw new InvalidInputError(`no test function '${slug}'; there are ${testFunctions.map((f) => f.slug).join(', ')}`, {
    argument: 'slug',
    expected: 'the slug of a test function',
    received: slug,
  })
}

/** The function that a name such as `rastrigin`, `rastrigin-10` or `hartmann-6` means, or null if there is none. */
export function testFunctionNamed(name: string): { f: TestFunction; dimension?: number } | null {
  const exact = testFunctions.find(({ slug }) => slug === name)
  if (exact) return { f: exact }
  const match = /^(.+)-(\d+)$/.exec(name)
  const f = match && testFunctions.find(({ slug }) => slug === match[1])
  return f ? { f, dimension: Number((match as RegExpExecArray)[2]) } : null
}

/**
 * The problem of minimizing the function called `slug` over its box.
 *
 * @param dimension default: the function's own
 * @throws {InvalidInputError} if there is no such function, or not in that dimension
 */
export function testProblem(slug: string, dimension?: number): TestProblem {
  return problemOf(testFunction(slug), dimension)
}
