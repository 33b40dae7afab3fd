import { InvalidInputError, OptionError, UnsupportedError } from '../base/index.ts'
import { createMethod, findMethod, methodsFor } from '../registry.ts'
import { chooseMethod } from '../smooth/index.ts'
import type { AsyncMethod, Problem, SmoothProblem } from '../solver/index.ts'
import { settings } from './values.ts'

/** The method called `slug` with the options of `--set`. @throws {ThalwegError} if it is for another class of problems */
export function namedMethod(
  slug: string,
  set: Readonly<Record<string, string>> | undefined,
  problem: Problem,
): AsyncMethod<Problem> {
  const { description } = findMethod(slug)
  if (description.problemClass !== problem.class.name) {
    const fitting = methodsFor(problem.class.name).map((method) => method.description.slug)
    throw new UnsupportedError(
      `${slug} is for problems of class '${description.problemClass}', and this one is '${problem.class.name}'; use one of ${fitting.join(', ')}`,
      { argument: '--method', expected: fitting.join(', '), received: slug },
    )
  }
  return createMethod(slug, settings(set ?? {}, description.options))
}

/** A method that suits the problem, and why it was chosen where there was a choice. */
export function suitableMethod(
  problem: Problem,
  set?: Readonly<Record<string, string>>,
): { method: AsyncMethod<Problem>; why?: string } {
  if (set !== undefined && Object.keys(set).length > 0) {
    throw new OptionError('--set goes together with --method', {
      argument: '--set',
      expected: '--method',
      received: 'none',
    })
  }
  if (problem.class.name === 'smooth') {
    const { method, why } = chooseMethod(problem as SmoothProblem)
    return { method: method as unknown as AsyncMethod<Problem>, why }
  }
  const [first] = methodsFor(problem.class.name)
  if (first === undefined) {
    throw new InvalidInputError(`there is no method for problems of class '${problem.class.name}'`, {
      argument: 'problem',
      received: problem.class.name,
    })
  }
  return { method: createMethod(first.description.slug) }
}
