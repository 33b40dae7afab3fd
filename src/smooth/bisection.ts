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

/**
 * Bisection for f(x) = 0 between two points at which f has opposite signs.
 *
 * One value of f in each iteration; the bracket is halved whatever f is like, so that the number of iterations is known
 * beforehand. Ends as `stalled` when no number lies between the ends. Measure: `distance`.
 *
 * @see Burden and Faires, Numerical Analysis (9th ed., 2011), Algorithm 2.1
 */
export const bisection = defineMethod<ScalarEquation, object, Bracket>()({
  slug: 'bisection',
  title: 'Bisection',
  room: 'smooth',
  problemClass: 'scalar-equation',
  summary: 'Halves the interval in which a function of one variable changes its sign.',
  formulae: [
    {
      tex: String.raw`m = \tfrac{1}{2}(a + b), \qquad f(a)\, f(b) \le 0`,
      meaning: 'Of the two halves that one is kept in which the sign changes.',
    },
  ],
  source: { authors: 'Bernard Bolzano', title: 'Rein analytischer Beweis', year: 1817 },
  options: {},

  create: () => ({
    start: (problem, { start }) => firstBracket(problem, start[0]),

    step(problem, bracket) {
      // Half of each first: their sum may be too large for a number.
      const middle = bracket.x[0] / 2 + bracket.other / 2
      const outcome = outcomeOf(bracket, middle)
      if (outcome !== undefined) return outcome
      const value = problem.value(middle)
      if (!Number.isFinite(value)) return notFinite(value, middle)
      narrow(bracket, middle, value)
    },

    measure: bracketMeasures,
    solution: ({ x }) => x,
  }),
})
