import { integer, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import { type LineSearchOutcome, lineSearchOutcome, type SearchState, wolfeSearch } from './line-search.ts'
import { commit, smoothMeasures, smoothState } from './smooth-state.ts'

export interface LbfgsOptions {
  /** Number of correction pairs kept, >= 1. Default 10. */
  memory?: number
  /** Sufficient-decrease constant c1 of the line search, in (0, 1/2). Default 1e-4. */
  sufficientDecrease?: number
  /** Curvature constant c2 of the line search, in (0, 1), larger than c1. Default 0.9; smaller is a more exact search. */
  curvature?: number
  /** Most trials in one line search, >= 1. Default 40. */
  maxTrials?: number
}

interface LbfgsState extends SearchState {
  direction: Float64Array
  /** The pairs s_i = x_{i+1} - x_i and y_i = g_{i+1} - g_i as rows [memory, n] of a ring, and 1 / <s_i, y_i>. */
  steps: Float64Array
  changes: Float64Array
  curvatures: Float64Array
  /** <s, y> / <y, y> of the latest pair. */
  initialScale: number
  /** Coefficients of the two-loop recursion. */
  coefficients: Float64Array
  /** Row of the next pair, and number of pairs. */
  next: number
  count: number
  /** The accepted step length. */
  step: number
  trials: number
}

/** Below this cosine between s and y the pair says nothing reliable about the curvature. */
const SMALLEST_COSINE = 1e-12
/** Relative size of the very first step; the line search extends it quickly. */
const FIRST_MOVE = 0.01

/** <row of a starting at `at`, v>, in four partial sums: a single one waits for each addition. */
function rowDot(a: Float64Array, at: number, v: Float64Array): number {
  const n = v.length
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let i = 0
  for (; i + 3 < n; i += 4) {
    s0 += a[at + i] * v[i]
    s1 += a[at + i + 1] * v[i + 1]
    s2 += a[at + i + 2] * v[i + 2]
    s3 += a[at + i + 3] * v[i + 3]
  }
  for (; i < n; i++) s0 += a[at + i] * v[i]
  return s0 + s1 + (s2 + s3)
}

/** v += factor * row of a starting at `at`. */
function addRow(factor: number, a: Float64Array, at: number, v: Float64Array): void {
  const n = v.length
  for (let i = 0; i < n; i++) v[i] += factor * a[at + i]
}

/** direction = -H g by the two-loop recursion; returns <g, direction>. */
function twoLoop(state: LbfgsState, memory: number): number {
  const { gradient, direction, steps, changes, curvatures, coefficients, next, count } = state
  const n = gradient.length
  for (let i = 0; i < n; i++) direction[i] = -gradient[i]
  let row = next
  for (let k = 0; k < count; k++) {
    row = row === 0 ? memory - 1 : row - 1
    const a = curvatures[row] * rowDot(steps, row * n, direction)
    coefficients[row] = a
    addRow(-a, changes, row * n, direction)
  }
  if (count > 0) {
    // Initial matrix gamma I with gamma = <s, y> / <y, y> of the latest pair, Eq. (7.20).
    const gamma = state.initialScale
    for (let i = 0; i < n; i++) direction[i] *= gamma
  }
  for (let k = 0; k < count; k++) {
    const b = curvatures[row] * rowDot(changes, row * n, direction)
    addRow(coefficients[row] - b, steps, row * n, direction)
    row = row === memory - 1 ? 0 : row + 1
  }
  return rowDot(gradient, 0, direction)
}

/** Stores the pair of the trial point, if its curvature is reliably positive. Called before `commit`. */
function remember(state: LbfgsState, memory: number): void {
  const { x, gradient, trial, trialGradient, steps, changes } = state
  const n = x.length
  const at = state.next * n
  let sy = 0
  let ss = 0
  let yy = 0
  for (let i = 0; i < n; i++) {
    const s = trial[i] - x[i]
    const y = trialGradient[i] - gradient[i]
    steps[at + i] = s
    changes[at + i] = y
    sy += s * y
    ss += s * s
    yy += y * y
  }
  const inverse = 1 / sy
  if (!(sy > SMALLEST_COSINE * Math.sqrt(ss) * Math.sqrt(yy)) || !Number.isFinite(inverse)) {
    // The oldest pair of a full ring has been overwritten by the unusable one; it leaves.
    if (state.count === memory) state.count--
    return
  }
  state.curvatures[state.next] = inverse
  state.initialScale = sy / yy
  state.next = (state.next + 1) % memory
  state.count = Math.min(state.count + 1, memory)
}

/** First step along -g: a hundredth of the size of x, or of what a decrease of |f| would take where x = 0. */
function firstStep({ x, gradient, value }: LbfgsState): number {
  let size = 0
  let largest = 0
  let square = 0
  for (let i = 0; i < x.length; i++) {
    size = Math.max(size, Math.abs(x[i]))
    largest = Math.max(largest, Math.abs(gradient[i]))
    square += gradient[i] * gradient[i]
  }
  const step =
    size > 0 ? (FIRST_MOVE * size) / largest : value !== 0 ? (FIRST_MOVE * Math.abs(value)) / square : 1 / largest
  return step > 0 && step < Infinity ? step : 1
}

/**
 * Limited-memory BFGS for smooth f: R^n -> R with a strong-Wolfe line search.
 *
 * x+ = x - t H g, where H is the BFGS matrix of the last `memory` pairs (s, y) applied by the two-loop recursion to the initial
 * matrix <s, y> / <y, y> I. Pairs without positive curvature are skipped; when no step along -H g can be found the memory is
 * dropped and -g tried. Per iteration 4 n memory flops, about one value and gradient; memory (2 memory + 5) n numbers.
 *
 * Measures: `step` (accepted step length), `trials` (of the last line search).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithms 7.4 and 7.5
 */
export const lbfgs = defineMethod<PreparedSmoothProblem, LbfgsOptions, LbfgsState>()({
  slug: 'lbfgs',
  title: 'L-BFGS',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'The usual choice for smooth functions of many variables: needs gradients only.',
  source: {
    authors: 'Jorge Nocedal',
    title: 'Updating quasi-Newton matrices with limited storage',
    year: 1980,
    venue: 'Mathematics of Computation 35',
  },
  requires: ['gradient'],
  options: {
    memory: integer(10, 'correction pairs', { min: 1, max: 10_000 }),
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
        steps: new Float64Array(memory * n),
        changes: new Float64Array(memory * n),
        curvatures: new Float64Array(memory),
        initialScale: 1,
        coefficients: new Float64Array(memory),
        next: 0,
        count: 0,
        step: NaN,
        trials: 0,
      }
    },

    step(problem, state, context) {
      const outcome = context.scratch<LineSearchOutcome>(lineSearchOutcome)
      let slope = twoLoop(state, memory)
      let found =
        slope < 0 &&
        wolfeSearch(problem, state, state.direction, slope, state.count > 0 ? 1 : firstStep(state), conditions, outcome)
      if (!found && state.count > 0) {
        state.count = 0
        slope = twoLoop(state, memory)
        found = slope < 0 && wolfeSearch(problem, state, state.direction, slope, firstStep(state), conditions, outcome)
      }
      if (!found) return { outcome: 'stalled', reason: 'no step along the negative gradient decreases the objective' }
      remember(state, memory)
      if (!commit(problem, state, outcome.value)) return 'stalled'
      state.step = outcome.step
      state.trials = outcome.trials
    },

    measure: (state) => ({ ...smoothMeasures(state), step: state.step, trials: state.trials }),
    solution: (state) => state.x,
  }),
})
