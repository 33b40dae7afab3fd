import { flag, integer, positive, structured } from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import {
  checkLength,
  comparable,
  nothingFinite,
  type Search,
  type SearchState,
  searchMethod,
  searchState,
} from './search.ts'
import { clipRow, isFiniteSide, type SearchSpace } from './search-space.ts'

export interface NelderMeadOptions {
  /**
   * Edge of the first simplex relative to the width of a finite box, or else to `max(1, |x_i|)`, > 0. Default 0.1.
   */
  initialStep?: number
  /** All n + 1 vertices of the first simplex, row-major; the start is then not used. Default: axis-parallel edges. */
  initialSimplex?: ArrayLike<number>
  /** Coefficients that depend on the dimension (Gao and Han), better for n > 5; false for the classical ones. Default true. */
  adaptive?: boolean
  /** Rebuild a simplex that has become flat, oriented down the slope that its values show (Kelley). Default true. */
  orientedRestart?: boolean
  /** Fresh simplices of the first size, started from the best point once the last has shrunk, >= 0. Default 0. */
  restarts?: number
  /** Simplex size at which a fresh simplex is started while `restarts` are left, > 0. Default 1e-6. */
  restartSize?: number
}

type Phase = 'initial' | 'reflect' | 'expand' | 'contract-outside' | 'contract-inside' | 'shrink' | 'restart'

/** State of the Nelder-Mead method. */
export interface NelderMeadState extends SearchState {
  /** The n + 1 vertices, row-major. */
  vertices: Float64Array
  /** Their values; Infinity where not finite. */
  values: Float64Array
  /** Rows of `vertices` from best to worst. */
  order: Int32Array
  phase: Phase
  centroid: Float64Array
  reflected: Float64Array
  reflectedValue: number
  /** Edges of a fresh simplex, signed, length n. */
  edges: Float64Array
  firstEdges: Float64Array
  size: number
  restartsLeft: number
  sinceCheck: number
}

/** A simplex counts as flat when an edge is this much shorter across the others than along them. */
const FLAT = 1e-8

interface Coefficients {
  readonly expansion: number
  readonly contraction: number
  readonly shrinkage: number
}

function coefficients(n: number, adaptive: boolean): Coefficients {
  // In one dimension the adaptive formulas degenerate (contraction 1/4, shrinkage 0).
  return adaptive && n >= 2
    ? { expansion: 1 + 2 / n, contraction: 0.75 - 1 / (2 * n), shrinkage: 1 - 1 / n }
    : { expansion: 2, contraction: 0.5, shrinkage: 0.5 }
}

/** The search behind `nelderMead`, for methods that refine with it. */
export function nelderMeadSearch(
  options: Required<Omit<NelderMeadOptions, 'initialSimplex'>> & NelderMeadOptions,
): Search<NelderMeadState> {
  const { initialStep, initialSimplex, adaptive, orientedRestart, restarts, restartSize } = options
  return {
    begin(space, start) {
      const n = space.dimension
      if (initialSimplex !== undefined) checkLength('nelder-mead', 'initialSimplex', initialSimplex, n * (n + 1))
      const firstEdges = new Float64Array(n)
      for (let j = 0; j < n; j++) {
        const scale = isFiniteSide(space, j)
          ? (space.upper as Float64Array)[j] - (space.lower as Float64Array)[j]
          : Math.max(1, Math.abs(start[j]))
        firstEdges[j] = initialStep * scale
      }
      return {
        ...searchState(n + 1, start),
        vertices: new Float64Array((n + 1) * n),
        values: new Float64Array(n + 1).fill(Infinity),
        order: Int32Array.from({ length: n + 1 }, (_, i) => i),
        phase: 'initial',
        centroid: new Float64Array(n),
        reflected: new Float64Array(n),
        reflectedValue: Infinity,
        edges: firstEdges.slice(),
        firstEdges,
        size: Infinity,
        restartsLeft: restarts,
        sinceCheck: 0,
      }
    },

    propose(state, space) {
      const { round, vertices, order, phase, centroid, reflected } = state
      const { points } = round
      const n = space.dimension
      const c = coefficients(n, adaptive)
      const worst = order[n] * n
      if (phase === 'initial') {
        if (initialSimplex !== undefined) {
          for (let at = 0; at < points.length; at++) points[at] = initialSimplex[at]
          for (let i = 0; i <= n; i++) clipRow(space, points, i)
        } else {
          points.set(state.best)
          freshVertices(state, space, state.best, 0, points, n)
        }
        round.count = n + 1
        return
      }
      if (phase === 'restart') {
        freshVertices(state, space, vertices, order[0], points, 0)
        round.count = n
        return
      }
      if (phase === 'shrink') {
        const best = order[0] * n
        for (let k = 1; k <= n; k++) {
          const from = order[k] * n
          for (let j = 0; j < n; j++) {
            points[(k - 1) * n + j] = vertices[best + j] + c.shrinkage * (vertices[from + j] - vertices[best + j])
          }
        }
        round.count = n
        return
      }
      if (phase === 'reflect') {
        centroid.fill(0)
        for (let k = 0; k < n; k++) {
          const from = order[k] * n
          for (let j = 0; j < n; j++) centroid[j] += vertices[from + j]
        }
        for (let j = 0; j < n; j++) {
          centroid[j] /= n
          points[j] = centroid[j] + (centroid[j] - vertices[worst + j])
        }
      } else if (phase === 'expand') {
        for (let j = 0; j < n; j++) points[j] = centroid[j] + c.expansion * (centroid[j] - vertices[worst + j])
      } else if (phase === 'contract-outside') {
        for (let j = 0; j < n; j++) points[j] = centroid[j] + c.contraction * (reflected[j] - centroid[j])
      } else {
        for (let j = 0; j < n; j++) points[j] = centroid[j] + c.contraction * (vertices[worst + j] - centroid[j])
      }
      clipRow(space, points, 0)
      round.count = 1
    },

    absorb(state, space, _, finite) {
      const { round, vertices, values, order, reflected } = state
      const n = space.dimension
      const value = comparable(round.values[0])
      switch (state.phase) {
        case 'initial':
          if (finite === 0) return nothingFinite(n + 1)
          vertices.set(round.points)
          for (let i = 0; i <= n; i++) values[i] = comparable(round.values[i])
          sortVertices(state)
          break
        case 'restart':
        case 'shrink':
          // Order matters in a shrink: row k - 1 of the round replaces the k-th best vertex.
          for (let k = 1; k <= n; k++) {
            for (let j = 0; j < n; j++) vertices[order[k] * n + j] = round.points[(k - 1) * n + j]
            values[order[k]] = comparable(round.values[k - 1])
          }
          sortVertices(state)
          break
        case 'reflect':
          for (let j = 0; j < n; j++) reflected[j] = round.points[j]
          state.reflectedValue = value
          if (value < values[order[0]]) {
            state.phase = 'expand'
            return 'more'
          }
          if (value < values[order[n - 1]]) {
            replaceWorst(state, reflected, value)
            break
          }
          state.phase = value < values[order[n]] ? 'contract-outside' : 'contract-inside'
          return 'more'
        case 'expand':
          if (value < state.reflectedValue) replaceWorst(state, round.points, value)
          else replaceWorst(state, reflected, state.reflectedValue)
          break
        case 'contract-outside':
          if (!(value <= state.reflectedValue)) {
            state.phase = 'shrink'
            return 'more'
          }
          replaceWorst(state, round.points, value)
          break
        default:
          if (!(value < values[order[n]])) {
            state.phase = 'shrink'
            return 'more'
          }
          replaceWorst(state, round.points, value)
      }
      state.phase = 'reflect'
      let largest = 1
      const best = order[0] * n
      state.size = 0
      for (let j = 0; j < n; j++) {
        largest = Math.max(largest, Math.abs(vertices[best + j]))
        for (let i = 0; i <= n; i++) {
          state.size = Math.max(state.size, Math.abs(vertices[i * n + j] - vertices[best + j]))
        }
      }
      if (state.restartsLeft > 0 && state.size <= restartSize) {
        state.restartsLeft--
        // Turned over, so that a second restart from the same point does not see the same simplex.
        for (let j = 0; j < n; j++) state.firstEdges[j] = -state.firstEdges[j]
        state.edges.set(state.firstEdges)
        state.phase = 'restart'
        return
      }
      if (state.size <= Number.EPSILON * largest) {
        return { outcome: 'stalled', reason: 'the simplex has shrunk to the rounding error of its vertices' }
      }
      if (orientedRestart && n >= 2 && ++state.sinceCheck >= 2 * n) {
        state.sinceCheck = 0
        if (isFlat(state)) {
          orientEdges(state)
          state.phase = 'restart'
        }
      }
    },

    measure: ({ bestValue, size, restartsLeft }) => ({
      objective: bestValue,
      simplexSize: size,
      ...(restarts > 0 && { finalSimplexSize: restartsLeft === 0 ? size : NaN }),
    }),
  }
}

/**
 * The downhill simplex method of Nelder and Mead for `min f(x)` from values alone: n + 1 points of which the worst is
 * reflected through the others, and expanded, contracted or shrunk as its value says.
 *
 * Good for a handful of variables and rough or slightly noisy functions; no convergence theory in general. Coefficients
 * that adapt to n (Gao and Han), simplices that have become flat are rebuilt along the slope (Kelley), trial points are
 * projected onto the box. One or two values per iteration, n for a shrink; O(n^2) arithmetic. `tolerance` bounds `simplexSize`,
 * the largest coordinate difference to the best vertex; with `restarts` that of the last simplex.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nelder and Mead (1965); Lagarias, Reeds, Wright and Wright (1998) for the order of ties; Gao and Han, Implementing the
 *   Nelder-Mead simplex algorithm with adaptive parameters (2012); Kelley, Detection and remediation of stagnation (1999)
 */
export const nelderMead = defineMethod<SmoothProblem, NelderMeadOptions, NelderMeadState>()({
  slug: 'nelder-mead',
  title: 'Nelder-Mead',
  room: 'blackbox',
  problemClass: 'smooth',
  summary:
    'Walks a simplex downhill by reflecting its worst corner: the local method for a few variables and values only.',
  formulae: [
    {
      tex: String.raw`x_r = \bar x + \rho\,(\bar x - x_{\text{worst}})`,
      meaning:
        'The worst corner of a simplex is reflected through the middle of the others; then the simplex expands, contracts or shrinks.',
    },
  ],
  source: {
    authors: 'Nelder and Mead',
    title: 'A simplex method for function minimization',
    year: 1965,
    venue: 'The Computer Journal 7(4)',
  },
  handles: ['bounds'],
  optimality: { measure: 'simplexSize', meaning: 'largest coordinate difference of a vertex to the best vertex' },
  options: {
    initialStep: positive(0.1, 'relative edge of the first simplex'),
    initialSimplex: structured<ArrayLike<number> | undefined>(
      undefined,
      'first simplex',
      'an array of n (n + 1) finite numbers',
      (value) =>
        (Array.isArray(value) || value instanceof Float64Array) && Array.from(value).every((x) => Number.isFinite(x)),
    ),
    adaptive: flag(true, 'coefficients that depend on the dimension'),
    orientedRestart: flag(true, 'rebuild flat simplices'),
    restarts: integer(0, 'fresh simplices', { min: 0, max: 1e6 }),
    restartSize: positive(1e-6, 'simplex size that triggers a fresh simplex'),
  },

  create: (options) => ({
    ...(options.restarts > 0 && {
      optimality: { measure: 'finalSimplexSize', meaning: 'size of the simplex after the last restart' },
    }),
    ...searchMethod(nelderMeadSearch(options)),
  }),
})

/** Writes n vertices `base + edge_i e_i` into `out` from row `skip / n` on, turned around where the box ends. */
function freshVertices(
  { edges }: NelderMeadState,
  { lower, upper, dimension: n }: SearchSpace,
  from: Float64Array,
  row: number,
  out: Float64Array,
  skip: number,
): void {
  for (let i = 0; i < n; i++) {
    const at = skip + i * n
    for (let j = 0; j < n; j++) out[at + j] = from[row * n + j]
    const x = out[at + i]
    const low = lower?.[i] ?? -Infinity
    const high = upper?.[i] ?? Infinity
    let moved = x + edges[i]
    if (moved < low || moved > high) {
      const back = x - edges[i]
      // Where neither side has room, the farther bound.
      moved = back >= low && back <= high ? back : x - low > high - x ? low : high
    }
    out[at + i] = moved
  }
}

/** Sorts all vertices by value; equal values keep their place. */
function sortVertices({ order, values }: NelderMeadState): void {
  for (let k = 1; k < order.length; k++) {
    const row = order[k]
    let at = k
    while (at > 0 && values[order[at - 1]] > values[row]) {
      order[at] = order[at - 1]
      at--
    }
    order[at] = row
  }
}

/** Puts a new vertex in the place of the worst one; among equal values the new one comes last. */
function replaceWorst({ order, values, vertices }: NelderMeadState, point: Float64Array, value: number): void {
  const n = order.length - 1
  const row = order[n]
  for (let j = 0; j < n; j++) vertices[row * n + j] = point[j]
  values[row] = value
  let at = n
  while (at > 0 && values[order[at - 1]] > value) {
    order[at] = order[at - 1]
    at--
  }
  order[at] = row
}

/** Edges from the best vertex, [n, n] row-major, and the differences of values. */
function simplexEdges({ order, vertices, values }: NelderMeadState): { V: Float64Array; differences: Float64Array } {
  const n = order.length - 1
  const V = new Float64Array(n * n)
  const differences = new Float64Array(n)
  const best = order[0] * n
  for (let k = 1; k <= n; k++) {
    for (let j = 0; j < n; j++) V[(k - 1) * n + j] = vertices[order[k] * n + j] - vertices[best + j]
    differences[k - 1] = values[order[k]] - values[order[0]]
  }
  return { V, differences }
}

/** Whether some edge lies, up to a factor FLAT, in the span of the others before it (Gram-Schmidt). */
function isFlat(state: NelderMeadState): boolean {
  const { V } = simplexEdges(state)
  const n = state.order.length - 1
  for (let i = 0; i < n; i++) {
    const a = V.subarray(i * n, i * n + n)
    let before = 0
    for (let j = 0; j < n; j++) before += a[j] * a[j]
    if (before === 0) return true
    for (let k = 0; k < i; k++) {
      const b = V.subarray(k * n, k * n + n)
      let dot = 0
      for (let j = 0; j < n; j++) dot += a[j] * b[j]
      for (let j = 0; j < n; j++) a[j] -= dot * b[j]
    }
    let after = 0
    for (let j = 0; j < n; j++) after += a[j] * a[j]
    if (!(after > FLAT * FLAT * before)) return true
    const scale = 1 / Math.sqrt(after)
    for (let j = 0; j < n; j++) a[j] *= scale
  }
  return false
}

/** Edges of half the simplex' size, against the slope of a damped least-squares fit to its values. */
function orientEdges(state: NelderMeadState): void {
  const { V, differences } = simplexEdges(state)
  const n = state.order.length - 1
  const A = new Float64Array(n * n)
  const slope = new Float64Array(n)
  let trace = 0
  for (let k = 0; k < n; k++) {
    const weight = Number.isFinite(differences[k]) ? 1 : 0
    for (let i = 0; i < n; i++) {
      if (weight === 1) slope[i] += V[k * n + i] * differences[k]
      for (let j = 0; j < n; j++) A[i * n + j] += weight * V[k * n + i] * V[k * n + j]
    }
  }
  for (let i = 0; i < n; i++) trace += A[i * n + i]
  // Damping decides about directions in which the simplex has no extent, and makes the factorization succeed.
  const damping = Math.max(1e-12 * trace, Number.MIN_VALUE)
  for (let i = 0; i < n; i++) A[i * n + i] += damping
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j]
      for (let k = 0; k < j; k++) sum -= A[i * n + k] * A[j * n + k]
      A[i * n + j] = i === j ? Math.sqrt(Math.max(sum, damping)) : sum / A[j * n + j]
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) slope[i] -= A[i * n + k] * slope[k]
    slope[i] /= A[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) slope[i] -= A[k * n + i] * slope[k]
    slope[i] /= A[i * n + i]
  }
  for (let j = 0; j < n; j++) state.edges[j] = slope[j] > 0 ? -0.5 * state.size : 0.5 * state.size
}
