import { checkNames, describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import type { Measures, Problem, ProblemClass, Requirements, Tally } from '../solver/index.ts'
import type { DecisionSet } from './decision-set.ts'

/** What is known of the losses; methods ask for those that their step sizes need. All are > 0. */
export interface OnlineConstants {
  /** G >= ||grad f_t(x)|| for all rounds and points. */
  readonly gradientBound?: number
  /** L: the expected losses have L-Lipschitz gradients. 0 for linear losses. */
  readonly smoothness?: number
  /** lambda: the expected losses minus lambda/2 ||x||^2 are convex. */
  readonly strongConvexity?: number
  /** alpha: exp(-alpha f_t) is concave in every round. */
  readonly expConcavity?: number
}

/** The data and oracles of a stream of losses. Rounds count from 0. */
export interface OnlineParts {
  readonly set: DecisionSet
  /** T >= 1, the number of rounds; Infinity for a stream without end. */
  readonly rounds: number
  /** f_t(x), x in the set. What is random in a round must depend on the round alone, never on what was asked before. */
  value(round: number, x: Float64Array): number
  /** Writes grad f_t(x), or a subgradient, length n. */
  gradient(round: number, x: Float64Array, out: Float64Array): void
  /** Writes argmin over the set of f_t(u) + ||u - x||^2 / (2 step); `out` is not x. */
  proximal?(round: number, x: Float64Array, step: number, out: Float64Array): void
  /** F_t(x) = E f_t(x), where it is known: regret is then measured in it. */
  expectedValue?(round: number, x: Float64Array): number
  /** What regret is measured against: a fixed point of the set, or a function that writes the point of a round. */
  readonly comparator?: ArrayLike<number> | ((round: number, out: Float64Array) => void)
  readonly constants?: OnlineConstants
  /** The point played first. Default: the centre of the set. */
  readonly start?: ArrayLike<number>
  readonly name?: string
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

/** An online convex optimization problem, made by `onlineProblem`. */
export interface OnlineProblem extends Problem<Float64Array>, Omit<OnlineParts, 'start' | 'name' | 'recipe'> {
  readonly dimension: number
  /** Loss of the comparator in a round, in the sense in which regret is measured; absent without a comparator. */
  comparatorValue?(round: number): number
}

/** A problem after `prepare`, for methods that require `proximal`. */
export interface PreparedOnlineProblem extends OnlineProblem {
  proximal(round: number, x: Float64Array, step: number, out: Float64Array): void
}

const knownNames = [
  'set',
  'rounds',
  'value',
  'gradient',
  'proximal',
  'expectedValue',
  'comparator',
  'constants',
  'start',
  'name',
  'recipe',
]
const constantNames = ['gradientBound', 'smoothness', 'strongConvexity', 'expConcavity'] as const

/** How far outside the set a start or comparator may lie, relative to the diameter: projections round. */
const FEASIBILITY = 1e-9

function refuse(argument: string, message: string, expected: string, received: unknown): never {
  throw new InvalidInputError(`online problem: ${message}`, { argument, expected, received: describe(received) })
}

function pointOf(name: string, given: ArrayLike<number>, set: DecisionSet): Float64Array {
  const n = set.dimension
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    refuse(name, `${name} must be an array of ${n} numbers, got ${describe(given)}`, `${n} numbers`, given)
  }
  if (given.length !== n) {
    throw new ShapeError(`online problem: ${name} has length ${given.length}, but the set has dimension ${n}`, {
      argument: name,
      expected: `length ${n}`,
      received: `length ${given.length}`,
    })
  }
  const point = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    if (typeof given[i] !== 'number' || !Number.isFinite(given[i])) {
      refuse(
        `${name}[${i}]`,
        `${name}[${i}] must be a finite number, got ${describe(given[i])}`,
        'a finite number',
        given[i],
      )
    }
    point[i] = given[i]
  }
  const outside = set.violation(point)
  if (outside > FEASIBILITY * set.diameter) {
    refuse(name, `${name} lies outside the ${set.kind} by ${outside}; project it first`, 'a point of the set', outside)
  }
  return point
}

function checkConstants(constants: OnlineConstants): void {
  checkNames(constants, constantNames, 'online problem: constants')
  for (const name of constantNames) {
    const value = constants[name]
    if (value === undefined) continue
    const fits = name === 'smoothness' ? value >= 0 : value > 0
    if (typeof value === 'number' && fits && value < Infinity) continue
    const expected = `a finite number ${name === 'smoothness' ? '>= 0' : '> 0'}`
    refuse(name, `${name} must be ${expected}, got ${describe(value)}`, expected, value)
  }
}

/**
 * Makes an online convex optimization problem: in round t = 0, 1, ..., T - 1 a method plays x_t in the set, then sees f_t, and
 * pays f_t(x_t). One iteration of a run is one round, and the run is over (`converged`) when all rounds are played.
 *
 * Measures: `objective` is the loss paid so far; `regret` is the loss (expected loss, where that is known) paid so far minus
 * that of the comparator; `roundsLeft` is what `tolerance` bounds.
 *
 * @example
 * const problem = onlineProblem({
 *   set: boxSet([-1], [1]),
 *   rounds: 100,
 *   value: (t, [x]) => 0.5 * (x - Math.sin(t)) ** 2,
 *   gradient(t, [x], out) { out[0] = x - Math.sin(t) },
 *   constants: { gradientBound: 2, smoothness: 1 },
 * })
 * @throws {InvalidInputError} if an oracle is missing, a constant is not positive, or start or comparator lie outside the set
 * @throws {ShapeError} if start or comparator do not have the dimension of the set
 */
export function onlineProblem(parts: OnlineParts): OnlineProblem {
  checkNames(parts, knownNames, 'online problem')
  const { set, rounds, value, gradient, expectedValue, comparator, constants, start } = parts
  if (typeof set?.project !== 'function') {
    refuse('set', `set must be a decision set (ballSet, boxSet, simplexSet), got ${describe(set)}`, 'a set', set)
  }
  if (!(rounds >= 1) || (rounds !== Infinity && !Number.isInteger(rounds))) {
    refuse('rounds', `rounds must be an integer >= 1 or Infinity, got ${describe(rounds)}`, 'an integer >= 1', rounds)
  }
  if (typeof value !== 'function') refuse('value', 'value must be a function', 'a function', value)
  if (typeof gradient !== 'function') refuse('gradient', 'gradient must be a function', 'a function', gradient)
  if (constants !== undefined) checkConstants(constants)
  const measured = expectedValue ?? value
  const moving = typeof comparator === 'function'
  const reference = moving || comparator === undefined ? set.centre.slice() : pointOf('comparator', comparator, set)
  return {
    ...parts,
    class: onlineClass,
    dimension: set.dimension,
    start: start === undefined ? set.centre.slice() : pointOf('start', start, set),
    ...(comparator !== undefined && {
      comparatorValue(round: number) {
        if (moving) comparator(round, reference)
        return measured(round, reference)
      },
    }),
  }
}

const advice: Readonly<Record<string, string>> = {
  proximal: "the losses offer no proximal step; give the problem one, or choose optimism: 'gradient'",
  gradientBound: 'the bound G on the gradients is not known; give constants.gradientBound or the option',
  smoothness: 'the smoothness L is not known; give constants.smoothness or the option',
  strongConvexity: 'the strong convexity lambda is not known; give constants.strongConvexity or the option',
  expConcavity: 'the exp-concavity alpha is not known; give constants.expConcavity or the option',
  horizon: 'the stream has no end; give the option horizon',
}

function checkRequirements(problem: OnlineProblem, { name, requires }: Requirements): void {
  for (const what of requires) {
    const known =
      what === 'proximal'
        ? problem.proximal !== undefined
        : what === 'horizon'
          ? problem.rounds < Infinity
          : what === 'gradient' || problem.constants?.[what as keyof OnlineConstants] !== undefined
    if (known) continue
    throw new UnsupportedError(`${name}: ${advice[what] ?? `needs ${what}`}`, {
      argument: what,
      expected: `a problem with ${what}`,
      received: 'a problem without',
    })
  }
}

function counted(problem: OnlineProblem, tally: Tally): OnlineProblem {
  const { value, gradient, proximal, set } = problem
  return {
    ...problem,
    value(round, x) {
      tally.count('value')
      return tally.value(value(round, x))
    },
    gradient(round, x, out) {
      tally.count('gradient')
      gradient(round, x, out)
    },
    ...(proximal && {
      proximal(round: number, x: Float64Array, step: number, out: Float64Array) {
        tally.count('proximal')
        proximal(round, x, step, out)
      },
    }),
    set: {
      ...set,
      project(x, out) {
        tally.count('projection')
        set.project(x, out)
      },
    },
  }
}

/** The class of online convex optimization problems. */
export const onlineClass: ProblemClass<Float64Array> & { readonly name: 'online-convex' } = {
  name: 'online-convex',
  optimality: 'roundsLeft',
  optimalityMeaning: 'rounds of the stream that are not played yet',
  charted: { objective: 'loss paid so far', measure: 'regret' },
  defaults: { tolerance: 0, maxIterations: 1_000_000 },
  oracles: ['value', 'gradient', 'proximal', 'projection'],

  prepare(given, requirements, tally) {
    const problem = given as OnlineProblem
    checkRequirements(problem, requirements)
    return { problem: counted(problem, tally), notes: [] }
  },

  startingPoint(given, start) {
    const { set, start: own } = given as OnlineProblem
    return pointOf('start', start ?? (own as Float64Array), set)
  },

  /**
   * The losses of a run belong to the points on its way, so at its last point only feasibility can be measured again; loss and
   * regret stand as they were counted.
   */
  certify: (given, x) => ({ violation: (given as OnlineProblem).set.violation(x) }) as unknown as Measures,
}
