/** The places of a landscape above one height. */
export interface ContourLevel {
  /** Corners of the rings around these places, [count, 2], in [0, 1] from the left and from the top. */
  readonly points: Float32Array
  /** The index in `points` where each ring begins, and the count at the end. */
  readonly rings: Int32Array
}

/** What a picture stands on, sent once when a run starts. Plain data; arrays are row-major. */
export type Scene =
  /** A function of two variables. */
  | {
      readonly kind: 'plane'
      /** From the lowest to the highest; heights between which equally much of the landscape lies. */
      readonly levels: readonly ContourLevel[]
      /** left, right, bottom, top. */
      readonly frame: readonly [number, number, number, number]
      readonly minimizer: readonly [number, number] | null
    }
  /** The entries of a vector. */
  | { readonly kind: 'vector'; readonly length: number; readonly target: Float64Array | null }
  /** Observations and the model's curve through them. */
  | { readonly kind: 'fit'; readonly x: Float64Array; readonly y: Float64Array }
  /** A function of one variable between the ends of a bracket. */
  | {
      readonly kind: 'bracket'
      readonly x: Float64Array
      readonly y: Float64Array
    }
  /** A residual on a grid. */
  | {
      readonly kind: 'grid'
      readonly rows: number
      readonly columns: number
      /** The cell of each unknown. */
      readonly cells: Int32Array
      /** Whether frames also hold the residual by frequency. */
      readonly modes: boolean
    }
  /** A transport plan, and the points that it moves. */
  | {
      readonly kind: 'transport'
      /** [n, 2] */
      readonly source: Float64Array
      /** [m, 2] */
      readonly target: Float64Array
    }
  /** The search of a mixed-integer program. */
  | { readonly kind: 'search'; readonly sense: 'minimize' | 'maximize' }
  | { readonly kind: 'none' }

/** One moment of a picture. */
export interface Frame {
  readonly iteration: number
  /** The current point: in the plane, the vector itself, or both ends of a bracket, the better one first. */
  readonly point?: Float64Array
  /** Particles in the plane, [count, 2]. */
  readonly particles?: Float32Array
  /** The model at the observations. */
  readonly curve?: Float64Array
  /** The residual by unknown. */
  readonly residual?: Float32Array
  /** The residual by frequency, [rows, columns]: absolute values. */
  readonly modes?: Float32Array
  /** The plan relative to its largest entry, [n, m]. */
  readonly plan?: Float32Array
  /** Where the plan sends each source point on average, [n, 2]. */
  readonly moved?: Float32Array
  /** Entries of the plan at least this large (relative to the largest) are kept in the Newton matrix. */
  readonly threshold?: number
  /** What a search of a mixed-integer program knows. */
  readonly search?: SearchMoment
}

/** A moment of the search; numbers are in the sense of the program. */
export interface SearchMoment {
  readonly seconds: number
  /** Of the incumbent; null before the first. */
  readonly objective: number | null
  /** Null where nothing is proved. */
  readonly bound: number | null
  /** The neighbourhoods that the search chooses among; empty in a search without. */
  readonly arms: readonly ArmRow[]
  /** The arms tried since the moment before, by name, and what became of them: 0 new best, 1 better, 2 accepted, 3 rejected. */
  readonly tried: readonly { readonly arm: string; readonly outcome: number }[]
}

/** What became of one kind of neighbourhood so far. */
export interface ArmRow {
  readonly name: string
  readonly pulls: number
  /** How often its solution was a new best one, better than the current one, accepted, rejected. */
  readonly outcomes: readonly number[]
  readonly meanReward: number
  readonly seconds: number
  readonly nodes: number
  /** The part of the variables that it frees now. */
  readonly size: number
}
