import { defineMethod } from '../solver/index.ts'
import {
  type Bracket,
  bracketMeasures,
  firstBracket,
  narrow,
  notFinite,
  outcomeOf,
  type ScalarEquation,
} from './scalar-equation.ts'

interface BrentState extends Bracket {
  /** The solution before this one, and f there. */
  previous: number
  previousValue: number
  /** The last step, and the one before it. */
  step: number
  stepBefore: number
}

/** Smallest step: it crosses the root where interpolation has found it to rounding, and so closes the bracket from both sides. */
function smallestStep(x: number): number {
  return 2 * Number.EPSILON * Math.abs(x) + Number.MIN_VALUE
}

/** The step from the solution: by interpolation where that promises progress, else to the middle of the bracket. */
function nextStep(state: BrentState): { step: number; bisects: boolean } {
  const { x, value, other, otherValue, previous, previousValue, stepBefore } = state
  const middle = other / 2 - x[0] / 2
  const least = smallestStep(x[0])
  if (Math.abs(middle) <= least || Math.abs(stepBefore) < least || Math.abs(previousValue) <= Math.abs(value))
    return { step: middle, bisects: true }
  const s = value / previousValue
  let p: number
  let q: number
  if (previous === other) {
    // Two points: a line.
    p = 2 * middle * s
    q = 1 - s
  } else {
    // Three points: x as a quadratic function of f.
    const t = previousValue / otherValue
    const r = value / otherValue
    p = s * (2 * middle * t * (t - r) - (x[0] - previous) * (r - 1))
    q = (t - 1) * (r - 1) * (s - 1)
  }
  if (p > 0) q = -q
  else p = -p
  const inside = 2 * p < Math.min(3 * middle * q - Math.abs(least * q), Math.abs(stepBefore * q))
  if (!inside) return { step: middle, bisects: true }
  const step = p / q
  return { step: Math.abs(step) > least ? step : Math.sign(middle) * least, bisects: false }
}

/**
 * Brent's method for f(x) = 0 between two points at which f has opposite signs.
 *
 * Inverse quadratic interpolation and secants where they make the bracket smaller fast enough, bisection where not: superlinear
 * for smooth f, and never much slower than bisection (at most about the square of its number of steps). One value of f in each
 * iteration. Ends as `stalled` when no number lies between the ends of the bracket, with a word about poles. Measure: `distance`.
 *
 * @see Brent, Algorithms for Minimization without Derivatives (1973), chapter 4, procedure zero
 */
export const brent = defineMethod<ScalarEquation, object, BrentState>()({
  slug: 'brent',
  title: "Brent's method",
  room: 'smooth',
  problemClass: 'scalar-equation',
  summary: 'Finds where a function of one variable changes its sign: as safe as bisection, and much faster.',
  formulae: [
    {
      tex: String.raw`x = \frac{a\,f_b f_c}{(f_a - f_b)(f_a - f_c)} + \frac{b\,f_a f_c}{(f_b - f_a)(f_b - f_c)} + \frac{c\,f_a f_b}{(f_c - f_a)(f_c - f_b)}`,
      meaning: 'Inverse quadratic interpolation: where the parabola through three points, read sideways, meets zero.',
    },
    {
      tex: String.raw`x = \tfrac{1}{2}(b + c)`,
      meaning: 'Bisection, whenever interpolation does not shrink the bracket fast enough.',
    },
  ],
  source: {
    authors: 'Richard P. Brent',
    title: 'Algorithms for Minimization without Derivatives',
    year: 1973,
  },
  options: {},

  create: () => ({
    start(problem, { start }) {
      const bracket = firstBracket(problem, start[0])
      const width = bracket.x[0] - bracket.other
      return {
        ...bracket,
        previous: bracket.other,
        previousValue: bracket.otherValue,
        step: width,
        stepBefore: width,
      }
    },

    step(problem, state) {
      const outcome = outcomeOf(state, state.x[0] / 2 + state.other / 2)
      if (outcome !== undefined) return outcome
      const last = state.x[0]
      const lastValue = state.value
      const { step, bisects } = nextStep(state)
      const point = last + step
      const value = problem.value(point)
      if (!Number.isFinite(value)) return notFinite(value, point)
      state.stepBefore = bisects ? step : state.step
      state.step = step
      narrow(state, point, value)
      const crossed = state.x[0] === last || state.other === last
      if (crossed) state.step = state.stepBefore = point - last
      // Where the last point is an end of the bracket, or the ends were exchanged, interpolation begins anew with a line.
      const kept = state.x[0] === point && state.other !== last
      state.previous = kept ? last : state.other
      state.previousValue = kept ? lastValue : state.otherValue
    },

    measure: bracketMeasures,
    solution: ({ x }) => x,
  }),
})
