import { integer, within } from '../base/index.ts'
import { normInfinity } from '../linalg/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { firstStep, type LineSearchOutcome, lineSearchOutcome, type SearchState, wolfeSearch } from './line-search.ts'
import { commit, smoothMeasures, smoothState } from './smooth-state.ts'
import { addPair, type CorrectionPairs, correctionPairs, pairRow, twoLoop } from './two-loop.ts'

export interface LbfgsbOptions {
  /** Number of correction pairs kept, >= 1. Default 10. */
  memory?: number
  /** Sufficient-decrease constant c1 of the line search, in (0, 1/2). Default 1e-4. */
  sufficientDecrease?: number
  /** Curvature constant c2 of the line search, in (0, 1), larger than c1. Default 0.9. */
  curvature?: number
  /** Most trials in one line search, >= 1. Default 40. */
  maxTrials?: number
}

interface LbfgsbState extends SearchState {
  direction: Float64Array
  pairs: CorrectionPairs
  /** Inner products s_i . s_j and s_i . y_j of the pairs, oldest first, [memory, memory]. */
  stepProducts: Float64Array
  crossProducts: Float64Array
  step: number
  trials: number
  freeVariables: number
}

/** Work memory of one iteration; nothing in it outlives the iteration. */
interface Work {
  outcome: LineSearchOutcome
  cauchy: Float64Array
  breakpoints: Float64Array
  order: Int32Array
  free: Int32Array
  /** The 2m x 2m middle matrix and another system of that size, as LU factors with their pivots. */
  middle: Float64Array
  middlePivots: Int32Array
  small: Float64Array
  smallPivots: Int32Array
  p: Float64Array
  c: Float64Array
  w: Float64Array
  v: Float64Array
  u: Float64Array
}

/** LU with partial pivoting of the leading [k, k] of a [size, size] array; false if singular. */
function factorize(a: Float64Array, pivots: Int32Array, k: number, size: number): boolean {
  for (let j = 0; j < k; j++) {
    let best = j
    for (let i = j + 1; i < k; i++) if (Math.abs(a[i * size + j]) > Math.abs(a[best * size + j])) best = i
    pivots[j] = best
    if (!(Math.abs(a[best * size + j]) > 0)) return false
    if (best !== j) {
      for (let c = 0; c < k; c++) {
        const swap = a[j * size + c]
        a[j * size + c] = a[best * size + c]
        a[best * size + c] = swap
      }
    }
    for (let i = j + 1; i < k; i++) {
      const l = a[i * size + j] / a[j * size + j]
      a[i * size + j] = l
      for (let c = j + 1; c < k; c++) a[i * size + c] -= l * a[j * size + c]
    }
  }
  return true
}

/** x = A^-1 b from the factors; x may be b. */
function solveFactored(
  a: Float64Array,
  pivots: Int32Array,
  k: number,
  size: number,
  b: Float64Array,
  x: Float64Array,
): void {
  for (let i = 0; i < k; i++) x[i] = b[i]
  for (let i = 0; i < k; i++) {
    const swap = x[pivots[i]]
    x[pivots[i]] = x[i]
    x[i] = swap
  }
  for (let i = 0; i < k; i++) for (let c = 0; c < i; c++) x[i] -= a[i * size + c] * x[c]
  for (let i = k - 1; i >= 0; i--) {
    for (let c = i + 1; c < k; c++) x[i] -= a[i * size + c] * x[c]
    x[i] /= a[i * size + i]
  }
}

/** theta = <y, y> / <s, y> of the latest pair; 1 without pairs. */
function theta({ pairs }: LbfgsbState): number {
  return pairs.count > 0 ? 1 / pairs.initialScale : 1
}

/** Factors M^-1 = [-D, L'; L, theta S'S], Eq. (3.4); false if it is singular. */
function factorizeMiddle(state: LbfgsbState, work: Work, memory: number): boolean {
  const { stepProducts, crossProducts } = state
  const { count: m } = state.pairs
  const scale = theta(state)
  const size = 2 * memory
  const { middle } = work
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      middle[i * size + j] = i === j ? -crossProducts[i * memory + i] : 0
      middle[(m + i) * size + j] = i > j ? crossProducts[i * memory + j] : 0
      middle[j * size + m + i] = middle[(m + i) * size + j]
      middle[(m + i) * size + m + j] = scale * stepProducts[i * memory + j]
    }
  }
  return factorize(middle, work.middlePivots, 2 * m, size)
}

/** Row b of W = [Y, theta S] into `out`. */
function rowOfW(state: LbfgsbState, b: number, out: Float64Array): void {
  const { pairs } = state
  const { count: m, steps, changes } = pairs
  const n = state.x.length
  const scale = theta(state)
  for (let i = 0; i < m; i++) {
    const at = pairRow(pairs, i) * n + b
    out[i] = changes[at]
    out[m + i] = scale * steps[at]
  }
}

function dot(a: Float64Array, b: Float64Array, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += a[i] * b[i]
  return sum
}

/**
 * The generalized Cauchy point: the first local minimizer of the quadratic model along the projected gradient path (Algorithm
 * CP). Leaves it in `work.cauchy`, and W'(x_cauchy - x) in `work.c`.
 */
function cauchyPoint(problem: PreparedSmoothProblem, state: LbfgsbState, work: Work, memory: number): void {
  const { x, gradient: g, direction: d, pairs } = state
  const { count: m } = pairs
  const scale = theta(state)
  const { lower, upper } = problem
  const { cauchy, breakpoints, order, p, c, w, v } = work
  const n = x.length
  const size = 2 * memory
  const k = 2 * m
  const solve = (b: Float64Array): void => solveFactored(work.middle, work.middlePivots, k, size, b, v)
  let finite = 0
  let slope = 0
  p.fill(0, 0, k)
  c.fill(0, 0, k)
  for (let i = 0; i < n; i++) {
    cauchy[i] = x[i]
    const room = g[i] < 0 ? (upper?.[i] ?? Infinity) - x[i] : x[i] - (lower?.[i] ?? -Infinity)
    const t = g[i] === 0 ? Infinity : room / Math.abs(g[i])
    breakpoints[i] = t
    d[i] = t > 0 ? -g[i] : 0
    if (t > 0 && t < Infinity) order[finite++] = i
    slope -= d[i] * d[i]
  }
  for (let j = 0; j < m; j++) {
    const at = pairRow(pairs, j) * n
    let y = 0
    let s = 0
    for (let i = 0; i < n; i++) {
      y += pairs.changes[at + i] * d[i]
      s += pairs.steps[at + i] * d[i]
    }
    p[j] = y
    p[m + j] = scale * s
  }
  if (slope === 0) return
  const sorted = order.subarray(0, finite).sort((a, b) => breakpoints[a] - breakpoints[b])
  let curvature = -scale * slope
  const initialCurvature = curvature
  if (k > 0) {
    solve(p)
    curvature -= dot(p, v, k)
  }
  let told = 0
  let next = 0
  for (;;) {
    const step = curvature > 0 ? -slope / curvature : Infinity
    const t = next < finite ? breakpoints[sorted[next]] : Infinity
    if (told + step < t || next >= finite) {
      const last = Number.isFinite(step) ? Math.max(step, 0) : 0
      told += last
      for (let i = 0; i < k; i++) c[i] += last * p[i]
      break
    }
    const b = sorted[next++]
    const dt = t - told
    told = t
    cauchy[b] = (d[b] > 0 ? upper?.[b] : lower?.[b]) ?? cauchy[b]
    const z = cauchy[b] - x[b]
    for (let i = 0; i < k; i++) c[i] += dt * p[i]
    const gb = g[b]
    slope += dt * curvature + gb * gb + scale * gb * z
    curvature -= scale * gb * gb
    if (k > 0) {
      rowOfW(state, b, w)
      solve(w)
      slope -= gb * dot(v, c, k)
      curvature -= 2 * gb * dot(v, p, k) + gb * gb * dot(v, w, k)
      for (let i = 0; i < k; i++) p[i] += gb * w[i]
    }
    // Rounding may take away what curvature there is; the model is convex.
    curvature = Math.max(curvature, Number.EPSILON * initialCurvature)
    d[b] = 0
    if (slope >= 0) break
  }
  for (let i = 0; i < n; i++) {
    if (breakpoints[i] > told || breakpoints[i] === Infinity) cauchy[i] = x[i] + told * d[i]
  }
}

/**
 * Minimizes the model over the variables that are free at the Cauchy point (direct primal method, Section 5.1), backtracks
 * into the box, and writes direction = xbar - x. Returns the number of free variables.
 *
 * Where all variables are free the minimizer is x - H g, which the two-loop recursion computes without the 2m x 2m systems,
 * whose condition is the square of the problem's.
 */
function subspaceStep(problem: PreparedSmoothProblem, state: LbfgsbState, work: Work, memory: number): number {
  const { x, gradient: g, direction: d, pairs } = state
  const { count: m } = pairs
  const scale = theta(state)
  const { lower, upper } = problem
  const { cauchy, free, c, w, v, u, small } = work
  const n = x.length
  const size = 2 * memory
  const k = 2 * m
  let count = 0
  for (let i = 0; i < n; i++) {
    const inside = cauchy[i] > (lower?.[i] ?? -Infinity) && cauchy[i] < (upper?.[i] ?? Infinity)
    if (inside) free[count++] = i
    d[i] = cauchy[i] - x[i]
  }
  if (count === 0 || k === 0) return count
  if (count === n) {
    twoLoop(pairs, g, d)
    const beyond = work.breakpoints
    for (let i = 0; i < n; i++) beyond[i] = x[i] + d[i] - cauchy[i]
    const alpha = Math.min(1, room(problem, cauchy, beyond))
    if (alpha < 1) for (let i = 0; i < n; i++) d[i] = cauchy[i] - x[i] + alpha * beyond[i]
    return count
  }
  // v = M c; the reduced gradient of the model at the Cauchy point is r = g + theta (xc - x) - W M c on the free variables.
  solveFactored(work.middle, work.middlePivots, k, size, c, v)
  const reduced = work.breakpoints
  u.fill(0, 0, k)
  small.fill(0)
  for (let f = 0; f < count; f++) {
    const i = free[f]
    rowOfW(state, i, w)
    const r = g[i] + scale * (cauchy[i] - x[i]) - dot(w, v, k)
    reduced[f] = r
    for (let a = 0; a < k; a++) {
      u[a] += w[a] * r
      const wa = w[a]
      for (let b = 0; b <= a; b++) small[a * size + b] += wa * w[b]
    }
  }
  for (let a = 0; a < k; a++) for (let b = 0; b < a; b++) small[b * size + a] = small[a * size + b]
  // Sherman-Morrison-Woodbury: (I - M W'W / theta) q = M W' r. Multiplied by M^-1 on the left it needs no explicit M.
  rebuildMiddle(state, work, memory)
  if (!factorize(small, work.smallPivots, k, size)) return count
  solveFactored(small, work.smallPivots, k, size, u, u)
  let alpha = 1
  for (let f = 0; f < count; f++) {
    const i = free[f]
    rowOfW(state, i, w)
    const move = -(reduced[f] + dot(w, u, k) / scale) / scale
    reduced[f] = move
    if (move > 0) alpha = Math.min(alpha, ((upper?.[i] ?? Infinity) - cauchy[i]) / move)
    else if (move < 0) alpha = Math.min(alpha, ((lower?.[i] ?? -Infinity) - cauchy[i]) / move)
  }
  for (let f = 0; f < count; f++) d[free[f]] += alpha * reduced[f]
  return count
}

/** small <- M^-1 - small / theta, where small held W_F' W_F. */
function rebuildMiddle(state: LbfgsbState, { small }: Work, memory: number): void {
  const { stepProducts, crossProducts } = state
  const { count: m } = state.pairs
  const scale = theta(state)
  const size = 2 * memory
  for (let i = 0; i < 2 * m; i++) for (let j = 0; j < 2 * m; j++) small[i * size + j] /= -scale
  for (let i = 0; i < m; i++) {
    small[i * size + i] -= crossProducts[i * memory + i]
    for (let j = 0; j < m; j++) {
      if (i > j) {
        small[(m + i) * size + j] += crossProducts[i * memory + j]
        small[j * size + m + i] += crossProducts[i * memory + j]
      }
      small[(m + i) * size + m + j] += scale * stepProducts[i * memory + j]
    }
  }
}

/** Stores the pair of the trial point with its inner products, if its curvature is reliably positive. */
function remember(state: LbfgsbState, memory: number): void {
  const { x, gradient, trial, trialGradient, pairs, stepProducts, crossProducts } = state
  const n = x.length
  const before = pairs.count
  const stored = addPair(pairs, x, gradient, trial, trialGradient)
  // A full memory has lost its oldest pair, whether or not the new one could be used.
  if (before === memory) {
    for (let i = 1; i < memory; i++) {
      for (let j = 1; j < memory; j++) {
        stepProducts[(i - 1) * memory + j - 1] = stepProducts[i * memory + j]
        crossProducts[(i - 1) * memory + j - 1] = crossProducts[i * memory + j]
      }
    }
  }
  if (!stored) return
  const { steps, changes } = pairs
  const last = pairs.count - 1
  const newest = pairRow(pairs, last) * n
  for (let j = 0; j <= last; j++) {
    const at = pairRow(pairs, j) * n
    let sjs = 0
    let sjy = 0
    let syj = 0
    for (let i = 0; i < n; i++) {
      const s = steps[newest + i]
      const y = changes[newest + i]
      sjs += steps[at + i] * s
      sjy += steps[at + i] * y
      syj += s * changes[at + i]
    }
    stepProducts[j * memory + last] = sjs
    stepProducts[last * memory + j] = sjs
    crossProducts[j * memory + last] = sjy
    crossProducts[last * memory + j] = syj
  }
}

/** The largest t with x + t d in the box. */
function room(
  { lower, upper }: Pick<PreparedSmoothProblem, 'lower' | 'upper'>,
  x: Float64Array,
  d: Float64Array,
): number {
  let longest = Infinity
  for (let i = 0; i < x.length; i++) {
    if (d[i] > 0 && upper !== undefined) longest = Math.min(longest, (upper[i] - x[i]) / d[i])
    else if (d[i] < 0 && lower !== undefined) longest = Math.min(longest, (lower[i] - x[i]) / d[i])
  }
  return longest
}

/**
 * L-BFGS-B: smooth f over a box `lower <= x <= upper`, any bound may be infinite.
 *
 * Each iteration models f by the compact L-BFGS matrix B = theta I - W M W', follows the projected gradient to the generalized
 * Cauchy point, which decides what bounds are active, minimizes the model over the other variables, and searches along the
 * way to that point with a strong-Wolfe search that stays in the box. Never evaluates f outside the box. Per iteration
 * O(memory n) plus O(memory^2) for each bound that the path meets; memory (2 memory + 8) n numbers. Measures: `step`, `trials`,
 * `freeVariables` (not at a bound at the Cauchy point).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Byrd, Lu, Nocedal and Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci. Comput. 16 (1995),
 *   Algorithm CP, Section 5.1 (direct primal method) and Algorithm L-BFGS-B
 */
export const lbfgsb = defineMethod<PreparedSmoothProblem, LbfgsbOptions, LbfgsbState>()({
  slug: 'lbfgsb',
  title: 'L-BFGS-B',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'The usual choice for smooth functions of many variables with bounds.',
  formulae: [
    {
      tex: String.raw`\min_x f(x) \quad \text{subject to} \quad \ell \le x \le u`,
      meaning: 'Bounds on every variable.',
    },
    {
      tex: String.raw`m_k(x) = f_k + g_k^\top (x - x_k) + \tfrac12 (x - x_k)^\top B_k (x - x_k)`,
      meaning:
        'A quadratic model with a limited-memory matrix B is minimised along the projected gradient path, then over the variables that are free there.',
    },
  ],
  source: {
    authors: 'Richard H. Byrd, Peihuang Lu, Jorge Nocedal and Ciyou Zhu',
    title: 'A limited memory algorithm for bound constrained optimization',
    year: 1995,
    venue: 'SIAM Journal on Scientific Computing 16',
  },
  requires: ['gradient'],
  handles: ['bounds'],
  options: {
    memory: integer(10, 'correction pairs', { min: 1, max: 1000 }),
    sufficientDecrease: within(0, 0.5, 1e-4, 'sufficient decrease c1'),
    curvature: within(0, 1, 0.9, 'curvature c2'),
    maxTrials: integer(40, 'most trials in a line search', { min: 1 }),
  },

  create: ({ memory, ...conditions }) => ({
    start: (problem, { start }) => {
      const n = start.length
      return {
        ...smoothState(problem, start),
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        direction: new Float64Array(n),
        pairs: correctionPairs(memory, n),
        stepProducts: new Float64Array(memory * memory),
        crossProducts: new Float64Array(memory * memory),
        step: NaN,
        trials: 0,
        freeVariables: n,
      }
    },

    step(problem, state, context) {
      const n = state.x.length
      const size = 2 * memory
      const bounded = problem.lower !== undefined || problem.upper !== undefined
      const work = context.scratch<Work>(() => ({
        outcome: lineSearchOutcome(),
        cauchy: new Float64Array(n),
        breakpoints: new Float64Array(n),
        order: new Int32Array(n),
        free: new Int32Array(n),
        middle: new Float64Array(size * size),
        middlePivots: new Int32Array(size),
        small: new Float64Array(size * size),
        smallPivots: new Int32Array(size),
        p: new Float64Array(size),
        c: new Float64Array(size),
        w: new Float64Array(size),
        v: new Float64Array(size),
        u: new Float64Array(size),
      }))
      for (let attempt = 0; ; attempt++) {
        const { pairs } = state
        if (pairs.count > 0 && bounded && !factorizeMiddle(state, work, memory)) pairs.count = 0
        const { direction, gradient } = state
        let freeVariables = n
        if (bounded) {
          cauchyPoint(problem, state, work, memory)
          freeVariables = subspaceStep(problem, state, work, memory)
        } else twoLoop(pairs, gradient, direction)
        let slope = 0
        for (let i = 0; i < n; i++) slope += gradient[i] * direction[i]
        // Without curvature information the model's step is -g itself, whose length means nothing. With bounds no variable
        // moves by more than 1 at first: a longer move may run into bounds that the minimum does not touch.
        const longest = room(problem, state.x, direction)
        const first =
          pairs.count > 0 ? 1 : bounded ? Math.min(1, 1 / normInfinity(direction)) : firstStep(state, direction, slope)
        const found =
          slope < 0 &&
          wolfeSearch(problem, state, direction, slope, first, conditions, work.outcome, Math.max(first, longest))
        if (found) {
          remember(state, memory)
          if (!commit(problem, state, work.outcome.value)) return 'stalled'
          state.step = work.outcome.step
          state.trials = work.outcome.trials
          state.freeVariables = freeVariables
          return
        }
        if (pairs.count === 0 || attempt > 0) {
          return { outcome: 'stalled', reason: 'no step into the box decreases the objective' }
        }
        pairs.count = 0
      }
    },

    measure: (state) => ({
      ...smoothMeasures(state),
      step: state.step,
      trials: state.trials,
      freeVariables: state.freeVariables,
    }),
    solution: (state) => state.x,
  }),
})
