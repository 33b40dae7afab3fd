import { closest } from 'fastest-levenshtein'
import { InvalidInputError } from './base/index.ts'
import {
  annealedLangevin,
  cmaEs,
  consensusBasedOptimization,
  consensusHopping,
  differentialEvolution,
  dualAnnealing,
  nelderMead,
  randomSearch,
} from './blackbox/index.ts'
import { balans, highs } from './mip/index.ts'
import {
  adagradNorm,
  implicitEnsemble,
  onlineGradientDescent,
  onlineNewtonStep,
  optimisticEnsemble,
  optimisticFtrl,
  optimisticMirrorDescent,
} from './online/index.ts'
import {
  adaptiveGradientMethod,
  barzilaiBorwein,
  bisection,
  brent,
  cubicRegularizedNewton,
  fastGradientMethod,
  globalSearch,
  gradientDescent,
  gradientNormalizedNewton,
  lbfgs,
  lbfgsb,
  levenbergMarquardt,
  multiStart,
  newton,
  nonlinearConjugateGradient,
  powellHybrid,
  projectedNewton,
  proximalGradient,
  superUniversalNewton,
  trustRegionNewton,
} from './smooth/index.ts'
import type { AsyncMethod, MethodDescription, Problem } from './solver/index.ts'
import {
  chebyshevIteration,
  conjugateGradients,
  gaussSeidel,
  gmres,
  jacobi,
  minres,
  sor,
  symmetricSor,
} from './systems/index.ts'
import {
  greenkhorn,
  networkSimplex,
  sinkhorn,
  sinkhornEpsilonScaling,
  sinkhornLog,
  sinkhornNewton,
  sinkhornNewtonSparse,
  sinkhornOverrelaxed,
  transportLbfgs,
  unbalancedSinkhorn,
} from './transport/index.ts'

/** A method factory of any problem class, for lists. */
export type AnyMethodFactory = ((options?: never) => { readonly name: string }) & {
  readonly description: MethodDescription
}

/** Every method of the library, in the order of the documentation. The one list to add a method to. */
export const methods: readonly AnyMethodFactory[] = [
  gradientDescent,
  barzilaiBorwein,
  nonlinearConjugateGradient,
  lbfgs,
  lbfgsb,
  newton,
  projectedNewton,
  trustRegionNewton,
  levenbergMarquardt,
  brent,
  bisection,
  powellHybrid,
  proximalGradient,
  gradientNormalizedNewton,
  superUniversalNewton,
  cubicRegularizedNewton,
  adaptiveGradientMethod,
  fastGradientMethod,
  multiStart,
  globalSearch,
  nelderMead,
  cmaEs,
  differentialEvolution,
  dualAnnealing,
  consensusBasedOptimization,
  consensusHopping,
  randomSearch,
  annealedLangevin,
  conjugateGradients,
  minres,
  gmres,
  chebyshevIteration,
  sor,
  symmetricSor,
  gaussSeidel,
  jacobi,
  sinkhorn,
  sinkhornLog,
  sinkhornOverrelaxed,
  sinkhornEpsilonScaling,
  greenkhorn,
  sinkhornNewton,
  transportLbfgs,
  sinkhornNewtonSparse,
  unbalancedSinkhorn,
  networkSimplex,
  highs,
  balans,
  onlineGradientDescent,
  adagradNorm,
  onlineNewtonStep,
  optimisticFtrl,
  optimisticMirrorDescent,
  optimisticEnsemble,
  implicitEnsemble,
]

/** All methods for a problem class, e.g. `smooth`. */
export function methodsFor(problemClass: Problem['class']['name']): readonly AnyMethodFactory[] {
  return methods.filter((method) => method.description.problemClass === problemClass)
}

/** The method called `slug`. @throws {InvalidInputError} with the nearest name, if there is none */
export function findMethod(slug: string): AnyMethodFactory {
  const found = methods.find((method) => method.description.slug === slug)
  if (found) return found
  const slugs = methods.map((method) => method.description.slug)
  throw new InvalidInputError(`unknown method '${slug}'; did you mean '${closest(slug, slugs)}'?`, {
    argument: 'method',
    expected: slugs.join(', '),
    received: slug,
  })
}

/**
 * The method called `slug` with options that came from outside (a command line, a form, a run file).
 *
 * @throws {InvalidInputError} if there is no such method
 * @throws {OptionError} if an option is unknown or outside its interval
 */
export function createMethod(slug: string, options: Readonly<Record<string, unknown>> = {}): AsyncMethod<Problem> {
  const factory = findMethod(slug) as unknown as (options: object) => AsyncMethod<Problem>
  return factory(options)
}
