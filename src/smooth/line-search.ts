import type { PreparedSmoothProblem } from '../solver/index.ts'
import type { SmoothState } from './smooth-state.ts'

/** What a Wolfe line search needs to know. */
export interface WolfeConditions {
  /** Sufficient-decrease constant c1, 0 < c1 < 1/2. */
  readonly sufficientDecrease: number
  /** Curvature constant c2, c1 < c2 < 1. */
  readonly curvature: number
  /** Most function evaluations of one search, >= 1. */
  readonly maxTrials: number
}

/** A state with room for a trial point, as `commit` takes it. */
export interface SearchState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
}

/** What the last search found. */
export interface LineSearchOutcome {
  /** The accepted step length t; 0 if none was found. */
  step: number
  /** f at `state.trial`. */
  value: number
  /** Trials of this search. */
  trials: number
  /** Whether the strong (or approximate) Wolfe conditions hold, rather than sufficient decrease only. */
  wolfe: boolean
}

/** An outcome object to be reused by every search of a run. */
export function lineSearchOutcome(): LineSearchOutcome {
  return { step: 0, value: NaN, trials: 0, wolfe: false }
}

/** Relative size below which differences of f count as rounding errors: there the slope decides. */
const VALUE_NOISE = 1e-13
/** Growth of the step while the function still falls steeply. */
const LARGEST_GROWTH = 5
/** Factor by which a trial where f is not finite is drawn back towards the last good one. */
const DRAW_BACK = 0.1
/** Share of the bracket that a new trial keeps away from both ends. */
const MARGIN = 0.05

/** Relative size of the very first step; the line search extends it quickly. */
const FIRST_MOVE = 0.01

/**
 * First step along a direction whose length means nothing, such as -g: a hundredth of the size of x, or of what a decrease of
 * |f| would take where x = 0.
 *
 * @see Hager and Zhang (2005), Section 4, step I0
 */
export function firstStep({ x, value }: SearchState, direction: Float64Array, slope: number): number {
  let size = 0
  let largest = 0
  for (let i = 0; i < x.length; i++) {
    size = Math.max(size, Math.abs(x[i]))
    largest = Math.max(largest, Math.abs(direction[i]))
  }
  const step =
    size > 0 ? (FIRST_MOVE * size) / largest : value !== 0 ? (FIRST_MOVE * Math.abs(value)) / -slope : 1 / largest
  return step > 0 && step < Infinity ? step : 1
}

/**
 * The minimizer of the cubic that has the values fa, fb and slopes da, db at a and b; NaN if it has none.
 *
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Eq. (3.59)
 */
export function cubicMinimizer(a: number, fa: number, da: number, b: number, fb: number, db: number): number {
  const d1 = da + db - (3 * (fa - fb)) / (a - b)
  const square = d1 * d1 - da * db
  if (!(square >= 0)) return NaN
  const d2 = (b >= a ? 1 : -1) * Math.sqrt(square)
  return b - ((b - a) * (db + d2 - d1)) / (db - da + 2 * d2)
}

/**
 * Line search for the strong Wolfe conditions along a descent direction p:
 *
 *     f(x + t p) <= f(x) + c1 t <grad f(x), p>,   |<grad f(x + t p), p>| <= c2 |<grad f(x), p>|.
 *
 * Keeps a bracket [low, high] whose lower end satisfies sufficient decrease and slopes downwards, and shrinks it with the
 * minimizer of the cubic through both ends, safeguarded by bisection; while there is no upper end the step grows by
 * extrapolation. Trials where f or its slope is not finite become the upper end, and the next trial is drawn back to a tenth.
 * Where differences of f are rounding error (1e-13 relative) the slope alone decides, which is the approximate Wolfe condition
 * of Hager and Zhang: so searches succeed down to gradients near rounding level.
 *
 * Evaluates value and gradient at each trial; on success `state.trial` and `state.trialGradient` hold the accepted point,
 * which the caller commits. Nothing else of the state is touched, and nothing is allocated.
 *
 * @param slope <grad f(x), p>, negative
 * @param first the first step to try, > 0
 * @param longest no trial is longer (a step to the boundary of a box, say); accepted there if f has decreased enough
 * @returns whether a step was found; its length is in `outcome`
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithms 3.5 and 3.6
 * @see Hager and Zhang, A new conjugate gradient method with guaranteed descent, SIAM J. Optim. 16 (2005), Section 4
 */
export function wolfeSearch(
  problem: PreparedSmoothProblem,
  state: SearchState,
  direction: Float64Array,
  slope: number,
  first: number,
  { sufficientDecrease: c1, curvature: c2, maxTrials }: WolfeConditions,
  outcome: LineSearchOutcome,
  longest = Infinity,
): boolean {
  const { value: f0, trial, trialGradient } = state
  const n = trial.length
  const noise = VALUE_NOISE * Math.abs(f0)
  let low = 0
  let fLow = f0
  let dLow = slope
  // No upper end yet.
  let high = Infinity
  let fHigh = NaN
  let dHigh = NaN
  let width = Infinity
  let t = Math.min(first, longest)
  outcome.step = 0
  outcome.wolfe = false

  for (let trials = 1; trials <= maxTrials; trials++) {
    if (!place(problem, state, direction, t)) break
    const f = problem.valueAndGradient(trial, trialGradient)
    let d = 0
    for (let i = 0; i < n; i++) d += trialGradient[i] * direction[i]
    outcome.trials = trials

    if (!Number.isFinite(f) || !Number.isFinite(d)) {
      high = t
      fHigh = NaN
      width = high - low
      t = low + DRAW_BACK * width
      continue
    }
    const decreased = f <= f0 + c1 * t * slope
    const flat = Math.abs(f - f0) <= noise
    const atEnd = t >= longest && decreased && d < 0
    if (atEnd || (decreased ? Math.abs(d) <= -c2 * slope : flat && d <= (2 * c1 - 1) * slope && d >= c2 * slope)) {
      outcome.step = t
      outcome.value = f
      outcome.wolfe = !atEnd
      return true
    }

    // Where f cannot tell, only the slope says on which side of the minimizer the trial lies.
    const tooHigh = flat ? false : !decreased || f >= fLow + noise
    if (tooHigh || d >= 0) {
      high = t
      fHigh = f
      dHigh = d
    } else {
      const previous = low
      const fPrevious = fLow
      const dPrevious = dLow
      low = t
      fLow = f
      dLow = d
      if (high === Infinity) {
        const minimizer = cubicMinimizer(previous, fPrevious, dPrevious, t, f, d)
        const growth = t - previous
        t = minimizer > t ? Math.min(Math.max(minimizer, t + 0.1 * growth), LARGEST_GROWTH * t) : LARGEST_GROWTH * t
        if (t === Infinity) break
        t = Math.min(t, longest)
        continue
      }
    }
    const narrowed = high - low
    let next = Number.isFinite(fHigh) ? cubicMinimizer(low, fLow, dLow, high, fHigh, dHigh) : low + DRAW_BACK * narrowed
    // Bisect when interpolation fails or no longer narrows the bracket.
    if (!(next > low && next < high) || narrowed > 0.66 * width) next = low + 0.5 * narrowed
    const margin = MARGIN * narrowed
    t = Math.min(Math.max(next, low + margin), high - margin)
    width = narrowed
  }

  if (low === 0 || !(fLow <= f0 + c1 * low * slope)) return false
  // The best point with sufficient decrease stands in for one with the Wolfe conditions.
  place(problem, state, direction, low)
  const f = problem.valueAndGradient(trial, trialGradient)
  outcome.step = low
  outcome.value = f
  return true
}

/** Writes the trial point x + t p, inside the box whatever the rounding; returns whether it differs from x. */
function place(
  { lower, upper }: PreparedSmoothProblem,
  state: SearchState,
  direction: Float64Array,
  t: number,
): boolean {
  const { x, trial } = state
  let moved = false
  if (lower === undefined && upper === undefined) {
    for (let i = 0; i < x.length; i++) {
      const xi = x[i] + t * direction[i]
      trial[i] = xi
      if (xi !== x[i]) moved = true
    }
    return moved
  }
  for (let i = 0; i < x.length; i++) {
    let xi = x[i] + t * direction[i]
    if (lower !== undefined && xi < lower[i]) xi = lower[i]
    if (upper !== undefined && xi > upper[i]) xi = upper[i]
    trial[i] = xi
    if (xi !== x[i]) moved = true
  }
  return moved
}
