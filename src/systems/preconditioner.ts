/** Where a factorization met a pivot that it cannot use. */
export interface Breakdown {
  /** Row of the pivot, from 0. */
  readonly row: number
  readonly pivot: number
}

/** A cheap approximate inverse of a matrix. */
export interface Preconditioner {
  readonly name: string
  /** Writes M^-1 r, length n; `r` and `out` may be the same array. */
  apply(r: Float64Array, out: Float64Array): void
  /** Set if the factorization failed; `apply` must then not be used. */
  readonly breakdown?: Breakdown
  /** What was added to the diagonal, relative to it, to avoid a breakdown. */
  readonly shift?: number
}
