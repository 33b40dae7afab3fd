import { InvalidInputError, OptionError, UnsupportedError } from '../base/index.ts'
import { createMethod, findMethod, methodsFor } from '../registry.ts'
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

/** A method that suits the problem. */
export function chooseMethod(problem: Problem, set?: Readonly<Record<string, string>>): AsyncMethod<Problem> {
  if (set !== undefined && Object.keys(set).length > 0) {
    throw new OptionError('--set goes together with --method', {
      argument: '--set',
      expected: '--method',
      received: 'none',
    })
  }
  const candidates = methodsFor(problem.class.name)
  if (candidates.length === 0) {
    throw new InvalidInputError(`there is no method for problems of class '${problem.class.name}'`, {
      argument: 'problem',
      received: problem.class.name,
    })
  }
  const bounded = (problem as SmoothProblem).lower !== undefined || (problem as SmoothProblem).upper !== undefined
  const suits = candidates.find(({ description }) => !bounded || description.handles.includes('bounds'))
  return createMethod((suits ?? candidates[0]).description.slug)
}
