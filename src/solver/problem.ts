import type { Tally } from './tally.ts'

/**
 * A problem is plain data plus oracles. Oracles write into typed arrays that the caller provides, allocate nothing, and are
 * counted by the driver. `X` is the type of a solution: what a run starts from and what it returns.
 */
export interface Problem<X = unknown> {
  /** The class of problems that this one belongs to: how it is checked, counted and certified. */
  readonly class: ProblemClass<X>
  /** A name for tables, traces and run files. */
  readonly name?: string
  /** Where a run starts when the caller gives no start. Copied, never written. */
  readonly start?: X
  /** Plain data from which the problem can be built again (an expression, a file name): kept in run files. */
  readonly recipe?: unknown
}

/** The solution type of a problem type. */
export type SolutionOf<P> = P extends Problem<infer X> ? X : never

/** Named numbers measured at a point: always the objective, and the residuals of the problem class. */
export interface Measures {
  /** The objective in the sense of the problem (what is minimised). */
  objective: number
  [name: string]: number
}

/** What a method needs of a problem and what it can cope with; the class holds the two against each other. */
export interface Requirements {
  readonly name: string
  /** Oracles that must be there, e.g. `['gradient']`. */
  readonly requires: readonly string[]
  /** Features of the problem that the method respects, e.g. `['bounds']`. */
  readonly handles: readonly string[]
}

/**
 * A class of problems (smooth minimization, transport, mixed-integer programs...): everything that the driver must know about
 * it, and nothing about any method. The parameters are method-bivariant on purpose: a class receives only its own problems.
 */
export interface ProblemClass<X = unknown> {
  /** Stable name, e.g. `smooth`. */
  readonly name: string
  /** The residual that `tolerance` bounds, a key of the certificate's measures, e.g. `gradientNorm`. */
  readonly optimality: string
  /** That residual in words, with its norm. */
  readonly optimalityMeaning: string
  /** Limits used when the caller gives none. */
  readonly defaults: { readonly tolerance: number; readonly maxIterations: number }
  /**
   * For classes whose optimality says little about how good a run is: what its objective is, in words, and the measure that
   * methods are compared by. Charts then show both as they are, on linear scales.
   */
  readonly charted?: { readonly objective: string; readonly measure: string }
  /** The names under which oracle calls are counted. */
  readonly oracles: readonly string[]
  /**
   * Whether a run may be without any solution for a time (no feasible point is known yet): its objective is then NaN, and that is
   * no divergence. Default false.
   */
  readonly solutionMayBeMissing?: boolean

  /**
   * Checks the problem and a method's requirements against each other, counts every oracle in `tally`, and fills in what can
   * be derived from the counted oracles (finite differences, a Hessian product from a Hessian).
   *
   * @returns the problem with every required oracle, and one note for each substitute, for the result's message
   * @throws {ThalwegError} if the problem is malformed or the method cannot run on it; before any evaluation
   */
  prepare(problem: Problem<X>, requirements: Requirements, tally: Tally): { problem: Problem<X>; notes: string[] }

  /** A checked copy of the start: the caller's, else the problem's. `undefined` where the class needs none. */
  startingPoint(problem: Problem<X>, start: X | undefined): X

  /** Measures objective and residuals at `x` from the problem alone, sharing no code with any method. */
  certify(problem: Problem<X>, x: X): Measures
}
