import { randomObjectiveOf } from './crossover.ts'
import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * Random objective: the first feasible point under an objective with coefficients uniform on (-1, 1). For diversification:
 * nothing is fixed, and hill climbing rejects nearly all of it.
 *
 * @see Cai, Kadioglu and Dilkina, Balans, IJCAI (2025)
 */
export const randomObjective: NeighbourhoodFamily = {
  name: 'random-objective',
  summary: 'Takes any feasible point, in a random direction.',
  sized: false,
  sizeAdapts: false,
  needs: 'any',
  usesRelaxation: false,
  containsCurrent: false,
  firstSolution: true,
  destroy: (point, _, random) => ({ objective: randomObjectiveOf(point, random) }),
}
