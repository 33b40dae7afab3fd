import { integer } from '../base/index.ts'
import { cmaEs, dualAnnealing } from '../blackbox/index.ts'
import { defineMethod, handOver, type Method, maxEvaluations, type SmoothProblem } from '../solver/index.ts'
import { lbfgsb } from './lbfgsb.ts'

export interface GlobalSearchOptions {
  /** Values that the global stage uses before it hands over, >= 1. Default 2000 (n + 1). */
  globalEvaluations?: number
  /** Samples per generation of CMA-ES, >= 4. Default 4 + floor(3 ln n). */
  populationSize?: number
}

type Stages = Method<SmoothProblem, GlobalSearchState>

/** The state of the stages: each is handed over to the next. */
interface GlobalSearchState {
  phase: 'first' | 'second'
  first: unknown
  second: unknown
  memory: unknown
}

/**
 * Global search in three stages for `min f(x)` over a box: CMA-ES with restarts (BIPOP) for the first half of `globalEvaluations`, dual
 * annealing from the best point for the second half, then L-BFGS-B from the best point to full accuracy.
 *
 * The first two need values only and are strong on different functions: CMA-ES where variables interact or scales differ, dual
 * annealing where many deep basins lie along the axes. Together they find more minima than either with the whole budget. The
 * last makes a certificate possible: `tolerance` bounds the projected gradient, by differences where there is no gradient. That no
 * lower minimum exists elsewhere cannot be certified. In a box that is finite on all sides restarts begin anywhere; without one
 * the search stays around the start.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see `cmaEs`, `dualAnnealing`, `lbfgsb`; Gomes and Selman, Algorithm portfolios, Artificial Intelligence 126 (2001)
 */
export const globalSearch = defineMethod<SmoothProblem, GlobalSearchOptions, GlobalSearchState>()({
  slug: 'global-search',
  title: 'Global search',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Looks for the global minimum in a box: CMA-ES, then dual annealing, then L-BFGS-B to full accuracy.',
  source: {
    authors: 'Carla P. Gomes and Bart Selman',
    title: 'Algorithm portfolios',
    year: 2001,
    venue: 'Artificial Intelligence 126',
  },
  requires: ['gradient'],
  handles: ['bounds'],
  random: true,
  options: {
    globalEvaluations: integer<number | undefined>(undefined, 'values of the global stage', { min: 1 }),
    populationSize: integer<number | undefined>(undefined, 'samples per generation', { min: 4, max: 1e6 }),
  },

  create: ({ globalEvaluations, populationSize }) => {
    const stages = new Map<number, Stages>()
    const stagesFor = ({ dimension }: Pick<SmoothProblem, 'dimension'>): Stages => {
      const known = stages.get(dimension)
      if (known !== undefined) return known
      const budget = globalEvaluations ?? 2000 * (dimension + 1)
      const evolution = cmaEs({ restarts: Infinity, ...(populationSize !== undefined && { populationSize }) })
      const search = handOver(evolution, maxEvaluations('value', Math.ceil(budget / 2)), dualAnnealing())
      const made = handOver(search, maxEvaluations('value', budget), lbfgsb() as unknown as Stages) as unknown as Stages
      stages.set(dimension, made)
      return made
    }
    // Measures and solutions do not depend on the budget.
    const { measure, solution } = stagesFor({ dimension: 0 })
    return {
      start: (problem, context) => stagesFor(problem).start(problem, context),
      step(problem, state, context) {
        context.note('the smallest value found; that it is the global minimum cannot be certified')
        return stagesFor(problem).step(problem, state, context)
      },
      measure,
      solution,
    }
  },
})
