import { closest } from 'fastest-levenshtein'
import { InvalidInputError } from '../base/index.ts'
import type { Bandit, BanditDescription } from './bandit.ts'
import { chebCb } from './cheb-cb.ts'
import { epsilonGreedy } from './epsilon-greedy.ts'
import { exp3 } from './exp3.ts'
import { linUcb } from './lin-ucb.ts'
import { popularity, randomArm, rouletteWheel } from './proportional.ts'
import { softmax } from './softmax.ts'
import { thompsonSampling } from './thompson-sampling.ts'
import { tsallisInf } from './tsallis-inf.ts'
import { alphaUcb, ucb1 } from './ucb.ts'

/** A policy factory of any kind, for lists. */
export type AnyBanditFactory = ((options: never) => Bandit) & { readonly description: BanditDescription }

/** Every bandit policy of the library, in the order of the documentation. */
export const banditPolicies: readonly AnyBanditFactory[] = [
  tsallisInf,
  thompsonSampling,
  ucb1,
  alphaUcb,
  epsilonGreedy,
  softmax,
  exp3,
  popularity,
  rouletteWheel,
  randomArm,
  linUcb,
  chebCb,
]

/**
 * The policy called `slug` with options that came from outside (a command line, a form, a file).
 *
 * @throws {InvalidInputError} with the nearest name, if there is no such policy
 * @throws {OptionError} if an option is unknown or outside its interval
 */
export function createBandit(slug: string, options: Readonly<Record<string, unknown>>): Bandit {
  const found = banditPolicies.find((policy) => policy.description.slug === slug)
  if (found) return (found as unknown as (options: object) => Bandit)(options)
  const slugs = banditPolicies.map((policy) => policy.description.slug)
  throw new InvalidInputError(`unknown bandit policy '${slug}'; did you mean '${closest(slug, slugs)}'?`, {
    argument: 'policy',
    expected: slugs.join(', '),
    received: slug,
  })
}
