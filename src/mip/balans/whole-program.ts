import type { NeighbourhoodFamily } from './neighbourhood.ts'

/**
 * The program itself, from the current solution: the engine's own search as one of the arms. Not in the paper. It is what
 * keeps the search no worse than the engine where that improves fast, and the only arm that can prove optimality.
 */
export const wholeProgram: NeighbourhoodFamily = {
  name: 'whole-program',
  summary: 'Lets the engine search the whole program from the current solution.',
  sized: false,
  sizeAdapts: false,
  needs: 'any',
  usesRelaxation: false,
  containsCurrent: true,
  firstSolution: false,
  destroy: () => ({}),
}
