import type { RandomStream } from '../../base/index.ts'
import type { ProgramChange, SolveRequest } from '../engine.ts'
import type { SearchPoint } from './search-point.ts'

/** What shapes a neighbourhood besides the point it is around. */
export interface DestroyOptions {
  /** delta in (0, 1]: how much is freed, or how far the search may go; see each family. */
  readonly size: number
  /** Whether continuous columns outside the freed set are fixed too, as the reference code does. */
  readonly fixContinuous: boolean
  /** Whether columns are drawn with replacement, as the reference code draws: fewer distinct ones. */
  readonly withReplacement: boolean
  /** M, the price of missing the proximity cut-off, > 0. */
  readonly bigM: number
  /** What crossover crosses with: a random feasible point, or an earlier solution where there is one. */
  readonly crossWith: 'random' | 'earlier'
}

/** The families of neighbourhoods. */
export type FamilyName =
  | 'mutation'
  | 'crossover'
  | 'rins'
  | 'rens'
  | 'dins'
  | 'local-branching'
  | 'proximity'
  | 'random-objective'
  | 'lb-relax'
  | 'constraint-graph'
  | 'whole-program'

/**
 * A destroy operator: it turns the current solution into a smaller program around it, as a pure function of the point and a
 * random stream. To repair is always to solve that program.
 */
export interface NeighbourhoodFamily {
  readonly name: FamilyName
  /** What it frees, in one plain sentence. */
  readonly summary: string
  /** Whether an arm of this family has a size. */
  readonly sized: boolean
  /** Whether a greater size makes the sub-program larger, so that it can follow what the solves cost. */
  readonly sizeAdapts: boolean
  /** Which integer columns there must be for it to act at all. */
  readonly needs: 'any' | 'binary' | 'general'
  /** Whether it reads the solution of the linear relaxation. */
  readonly usesRelaxation: boolean
  /** Whether the current solution is feasible in it, so that it can be the start of the solve. */
  readonly containsCurrent: boolean
  /** Whether the solve ends at the first solution. */
  readonly firstSolution: boolean
  /** A solve that has to come before; null if none is needed at this point. Limits are added by the caller. */
  auxiliary?(point: SearchPoint, options: DestroyOptions, random: RandomStream): SolveRequest | null
  /**
   * The change of the program; null if there is nothing to free.
   *
   * @param auxiliary the point that the auxiliary solve found; null if it found none, or there was none
   */
  destroy(
    point: SearchPoint,
    options: DestroyOptions,
    random: RandomStream,
    auxiliary: Float64Array | null,
  ): ProgramChange | null
}
