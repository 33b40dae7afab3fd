import type { Context, Measures, StepOutcome } from '../solver/index.ts'
import type { OnlineConstants, OnlineProblem } from './online-problem.ts'

/** What every online method remembers. */
export interface OnlineState {
  /** x_t, the point to play next, length n. */
  x: Float64Array
  /** Work: the point after it. */
  next: Float64Array
  /** grad f_t(x_t), length n. */
  gradient: Float64Array
  /** The gradient one round before; 0 at first. */
  previousGradient: Float64Array
  /** t, the rounds played. */
  round: number
  roundsLeft: number
  /** sum of f_s(x_s) over the rounds played. */
  loss: number
  /** The same minus the comparator's, in expected losses where they are known; null without a comparator. */
  regret: number | null
  /** The largest norm of a gradient so far. */
  largestGradient: number
}

export function onlineState(problem: OnlineProblem, start: Float64Array): OnlineState {
  const n = start.length
  return {
    x: start,
    next: new Float64Array(n),
    gradient: new Float64Array(n),
    previousGradient: new Float64Array(n),
    round: 0,
    roundsLeft: problem.rounds,
    loss: 0,
    regret: problem.comparatorValue === undefined ? null : 0,
    largestGradient: 0,
  }
}

/** Loss, regret and rounds left, for `measure`. */
export function onlineMeasures({ loss, regret, roundsLeft }: OnlineState): Measures {
  return { objective: loss, ...(regret !== null && { regret }), roundsLeft }
}

/** The option if it was given, else the problem's constant: `requires` has seen to it that there is one. */
export function constantOf(problem: OnlineProblem, name: keyof OnlineConstants, given: number | undefined): number {
  return given ?? (problem.constants?.[name] as number)
}

/** beta = 1/2 min(1 / (4 G D), alpha): how much curvature a Newton-like method may count on, by Hazan, Agarwal and Kale (2007), Lemma 3. */
export function safeCurvature(
  problem: OnlineProblem,
  given: Readonly<{ diameter?: number; gradientBound?: number; expConcavity?: number }>,
): number {
  const G = constantOf(problem, 'gradientBound', given.gradientBound)
  const alpha = constantOf(problem, 'expConcavity', given.expConcavity)
  return 0.5 * Math.min(1 / (4 * G * (given.diameter ?? problem.set.diameter)), alpha)
}

/** The names of the constants that were not given as options: what the problem must then know. */
export function missing(given: Readonly<Record<string, number | undefined>>): string[] {
  return Object.keys(given).filter((name) => given[name] === undefined)
}

/** ||a - b||^2. */
export function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return sum
}

/** Writes `from` - step * `direction`, projected onto the set. */
export function projectedStep(
  { set }: OnlineProblem,
  from: Float64Array,
  step: number,
  direction: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = from[i] - step * direction[i]
  set.project(out, out)
}

/**
 * One round: plays x_t, sees the loss and its gradient there, lets `update` write `state.next` from them, and goes on to it.
 *
 * @param gradientBound G, if the method relies on it: a larger gradient is remarked upon
 */
export function playRound<S extends OnlineState>(
  problem: OnlineProblem,
  state: S,
  context: Context<Float64Array>,
  update: (problem: OnlineProblem, state: S) => void,
  gradientBound = Infinity,
): StepOutcome {
  const { x, round, gradient } = state
  const loss = problem.value(round, x)
  problem.gradient(round, x, gradient)
  let squared = 0
  for (const g of gradient) squared += g * g
  if (!Number.isFinite(loss)) return { outcome: 'diverged', reason: `the loss of round ${round} became ${loss}` }
  if (!Number.isFinite(squared)) {
    return { outcome: 'diverged', reason: `the gradient of round ${round} is not finite` }
  }
  update(problem, state)
  let sum = 0
  for (const v of state.next) sum += v
  if (!Number.isFinite(sum)) return { outcome: 'diverged', reason: `the point after round ${round} is not finite` }
  const excess = problem.comparatorValue
    ? (problem.expectedValue?.(round, x) ?? loss) - problem.comparatorValue(round)
    : 0

  state.largestGradient = Math.max(state.largestGradient, Math.sqrt(squared))
  if (state.largestGradient > gradientBound * (1 + 1e-9)) {
    context.note(`gradients exceed gradientBound = ${gradientBound}, so the bounds on the regret do not hold`)
  }
  state.loss += loss
  if (state.regret !== null) state.regret += excess
  state.x = state.next
  state.next = x
  state.gradient = state.previousGradient
  state.previousGradient = gradient
  state.round++
  state.roundsLeft = problem.rounds - state.round
}
