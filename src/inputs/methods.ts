import { InvalidInputError, OptionError, UnsupportedError } from '../base/index.ts'
import { createMethod, findMethod, methodsFor } from '../registry.ts'
import { chooseGlobalMethod, chooseMethod } from '../smooth/index.ts'
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

/** What the flags of `minimize` say about the method. */
export interface MethodFlags {
  readonly method?: string
  readonly set?: Readonly<Record<string, string>>
  readonly global?: boolean
  readonly multiStart?: number
  readonly maxEvaluations?: number
}

/** The method that the flags name or wish for, else one that suits the problem; and why, where there was a choice. */
export function methodFrom(problem: Problem, flags: MethodFlags): { method: AsyncMethod<Problem>; why?: string } {
  const { method: slug, set, global, multiStart } = flags
  if (global || multiStart !== undefined) {
    if (problem.class.name !== 'smooth') {
      throw new UnsupportedError(
        `--global and --multi-start are for smooth problems, and this one is '${problem.class.name}'`,
        { argument: '--global', expected: 'a smooth problem', received: problem.class.name },
      )
    }
    const chosen = chooseGlobalMethod(problem as SmoothProblem, flags)
    if (chosen && !set) return { method: chosen.method as unknown as AsyncMethod<Problem>, why: chosen.why }
  }
  if (slug !== undefined) return { method: namedMethod(slug, set, problem) }
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
