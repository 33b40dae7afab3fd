import { checkNames, describe, InvalidInputError, ShapeError } from '../base/index.ts'
import type { Measures, Problem, ProblemClass } from '../solver/index.ts'

/** The oracle and data of `f(x) = 0` for one unknown between two points. */
export interface ScalarEquationOracles {
  /** f, continuous on [lower, upper]. */
  value(x: number): number
  /** One end of the bracket. f has opposite signs at the ends, or is 0 at one of them. */
  readonly lower: number
  /** The other end, > lower. */
  readonly upper: number
  /** A guess inside the bracket, which a run evaluates first. */
  readonly start?: number
  readonly name?: string
}

/** An equation in one unknown, made by `scalarEquation`. A solution is an array of one number. */
export interface ScalarEquation extends Problem<Float64Array>, Omit<ScalarEquationOracles, 'start' | 'name'> {}

const knownNames = ['class', 'value', 'lower', 'upper', 'start', 'name']

/** How far apart points are told apart, relative to max(1, |x|). */
const scaleOf = (x: number): number => Math.max(1, Math.abs(x))

const opposite = (a: number, b: number): boolean => a === 0 || b === 0 || a > 0 !== b > 0

/**
 * The distance from x within which f changes its sign, found by looking ever farther to both sides.
 *
 * @param value f(x)
 * @returns relative to max(1, |x|); at most about twice the distance of the nearest change; Infinity if there is none
 */
function signChangeNear({ value: f, lower, upper }: ScalarEquation, x: number, value: number): number {
  if (value === 0) return 0
  const scale = scaleOf(x)
  for (let distance = Number.EPSILON * scale; ; distance *= 2) {
    const [left, right] = [Math.max(lower, x - distance), Math.min(upper, x + distance)]
    if (opposite(f(left), value) || opposite(f(right), value)) return distance / scale
    if (left === lower && right === upper) return Infinity
  }
}

/** What a method knows of where the sign changes. */
export interface Bracket {
  /** The end with the smaller |f|: the solution so far, length 1. */
  x: Float64Array
  /** f there. */
  value: number
  /** The end on the other side of the change. */
  other: number
  otherValue: number
  /** The larger |f| at the ends of the problem: where |f| grows beyond it, the sign changes at a pole. */
  largest: number
}

/** `objective` |f(x)| and `distance`, an upper bound on what `certify` will measure. */
export function bracketMeasures({ x, value, other, largest }: Bracket): Measures {
  const size = Math.abs(value)
  // The certificate looks at distances that double, so it may see the change at up to twice its distance.
  const distance = value === 0 ? 0 : (2 * Math.abs(other - x[0])) / scaleOf(x[0])
  return { objective: size, distance: size > largest || Number.isNaN(size) ? Infinity : distance }
}

/** Takes f at a point inside the bracket: the half in which the sign still changes stays. */
export function narrow(bracket: Bracket, x: number, value: number): void {
  if (opposite(value, bracket.value)) {
    bracket.other = bracket.x[0]
    bracket.otherValue = bracket.value
  }
  bracket.x[0] = x
  bracket.value = value
  if (Math.abs(bracket.otherValue) < Math.abs(bracket.value)) {
    ;[bracket.x[0], bracket.other] = [bracket.other, bracket.x[0]]
    ;[bracket.value, bracket.otherValue] = [bracket.otherValue, bracket.value]
  }
}

/**
 * The bracket of a problem before the first iteration: two values, and one more at a start inside.
 *
 * @throws {InvalidInputError} if f has the same sign at both ends
 */
export function firstBracket({ value, lower, upper }: ScalarEquation, start: number): Bracket {
  const [low, high] = [value(lower), value(upper)]
  if (Number.isFinite(low) && Number.isFinite(high) && !opposite(low, high)) {
    throw new InvalidInputError(
      `scalar equation: f must have opposite signs at the ends of the bracket, but f(${lower}) = ${low} and f(${upper}) = ${high}`,
      { argument: 'lower, upper', expected: 'a change of sign between them', received: `${low} and ${high}` },
    )
  }
  const lowIsBest = !(Math.abs(high) < Math.abs(low))
  const bracket: Bracket = {
    x: Float64Array.of(lowIsBest ? lower : upper),
    value: lowIsBest ? low : high,
    other: lowIsBest ? upper : lower,
    otherValue: lowIsBest ? high : low,
    largest: Math.max(Math.abs(low), Math.abs(high)),
  }
  if (start > lower && start < upper && bracket.value !== 0) {
    const middle = value(start)
    if (Number.isFinite(middle)) narrow(bracket, start, middle)
  }
  return bracket
}

/** What is wrong with a bracket that cannot be made smaller, or whose values are no numbers; undefined if nothing is. */
export function outcomeOf(
  bracket: Bracket,
  next: number,
): { outcome: 'stalled' | 'diverged'; reason: string } | undefined {
  const { x, value, other, otherValue, largest } = bracket
  if (!Number.isFinite(value) || !Number.isFinite(otherValue)) {
    return { outcome: 'diverged', reason: 'f is not a finite number at an end of the bracket' }
  }
  if (value === 0) return { outcome: 'stalled', reason: 'f is 0 here' }
  if (next !== x[0] && next !== other) return undefined
  return Math.abs(value) > largest
    ? { outcome: 'diverged', reason: 'the sign changes at a pole: |f| grows towards it' }
    : { outcome: 'stalled', reason: 'no number lies between the ends of the bracket' }
}

/** What is said of a value inside the bracket that is no number. */
export function notFinite(value: number, at: number): { outcome: 'diverged'; reason: string } {
  const pole = value === Infinity || value === -Infinity ? ': a pole, where the sign changes without a root' : ''
  return { outcome: 'diverged', reason: `f is ${value} at ${at}, inside the bracket${pole}` }
}

/**
 * The class of equations f(x) = 0 in one unknown with a bracket: f has opposite signs at `lower` and `upper`. The objective is
 * |f(x)|. Optimality measure: `distance`, how far from x f changes its sign at most, relative to max(1, |x|); Infinity at a pole.
 * It is measured by values of f on both sides of x. Default tolerance 1e-12, default limit 1,000 iterations.
 */
export const scalarEquationClass: ProblemClass<Float64Array> & { readonly name: 'scalar-equation' } = {
  name: 'scalar-equation',
  optimality: 'distance',
  optimalityMeaning: 'distance within which f changes its sign, relative to max(1, |x|)',
  defaults: { tolerance: 1e-12, maxIterations: 1000 },
  oracles: ['value'],

  prepare(given, _, tally) {
    const problem = given as ScalarEquation
    const prepared: ScalarEquation = {
      ...problem,
      value(x) {
        tally.count('value')
        const f = problem.value(x)
        tally.value(f)
        return f
      },
    }
    return { problem: prepared, notes: [] }
  },

  startingPoint(given, start) {
    const problem = given as ScalarEquation
    const from = start ?? problem.start ?? [problem.lower]
    if (typeof from !== 'object' || from === null || from.length !== 1) {
      throw new ShapeError(`scalar equation: start must be an array of one number, got ${describe(from)}`, {
        argument: 'start',
        expected: 'an array of one number',
        received: describe(from),
      })
    }
    checkedGuess(from[0], problem)
    return Float64Array.of(from[0])
  },

  certify(given, x) {
    const problem = given as ScalarEquation
    const value = problem.value(x[0])
    const largest = Math.max(Math.abs(problem.value(problem.lower)), Math.abs(problem.value(problem.upper)))
    const known = Number.isFinite(value) && Math.abs(value) <= largest
    return { objective: Math.abs(value), distance: known ? signChangeNear(problem, x[0], value) : Infinity }
  },
}

function checkedGuess(start: unknown, { lower, upper }: Pick<ScalarEquationOracles, 'lower' | 'upper'>): void {
  if (typeof start === 'number' && start >= lower && start <= upper) return
  throw new InvalidInputError(`scalar equation: start must lie in [${lower}, ${upper}], got ${describe(start)}`, {
    argument: 'start',
    expected: `a number in [${lower}, ${upper}]`,
    received: describe(start),
  })
}

/**
 * Makes an equation f(x) = 0 in one unknown that lies between two points.
 *
 * @example
 * // Kepler's equation: the eccentric anomaly for mean anomaly 1 and eccentricity 0.3.
 * scalarEquation({ value: (E) => E - 0.3 * Math.sin(E) - 1, lower: 0, upper: Math.PI })
 *
 * @throws {InvalidInputError} if `value` is not a function, an end is not a finite number, `lower` is not below `upper`, or `start`
 *   lies outside; that f has opposite signs at the ends is seen when a run evaluates it
 */
export function scalarEquation(oracles: ScalarEquationOracles): ScalarEquation {
  checkNames(oracles, knownNames, 'scalar equation')
  const { value, lower, upper, start, ...rest } = oracles
  const refuse = (argument: string, expected: string, received: unknown): never => {
    throw new InvalidInputError(`scalar equation: ${argument} must be ${expected}, got ${describe(received)}`, {
      argument,
      expected,
      received: describe(received),
    })
  }
  if (typeof value !== 'function') refuse('value', 'a function', value)
  if (!Number.isFinite(lower)) refuse('lower', 'a finite number', lower)
  if (!Number.isFinite(upper)) refuse('upper', 'a finite number', upper)
  if (!(lower < upper)) refuse('upper', `greater than lower, which is ${lower}`, upper)
  if (start !== undefined) checkedGuess(start, oracles)
  return {
    ...rest,
    value,
    lower,
    upper,
    class: scalarEquationClass,
    ...(start !== undefined && { start: Float64Array.of(start) }),
  }
}
