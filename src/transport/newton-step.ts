import type { StepOutcome } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { measureSums } from './entropic-state.ts'
import { addScaled, dot, subtract, total } from './loops.ts'
import type { ScalingScratch, ScalingState } from './scaling-step.ts'
import type { TransportProblem } from './transport-data.ts'

/** Newton's method on the dual: what it remembers beyond the potentials. */
export interface NewtonState extends ScalingState {
  phase: 'sinkhorn' | 'newton'
  /** Sinkhorn iterations done in all, and those still to be done in this stage. */
  sinkhornDone: number
  sinkhornLeft: number
  newtonSteps: number
  /** The latest accepted step length. */
  stepLength: number
  /** Sums of the plan of (x, y), in the Newton phase. */
  rowSums: Float64Array
  columnSums: Float64Array
}

/** Work memory of a Newton step. */
export interface NewtonScratch {
  /** Which plan the slot holds: the number of Newton plans made so far. */
  plans: number
  /** The mark of the Sinkhorn iterations on the slot. */
  scaling: ScalingScratch
  gradientX: Float64Array
  gradientY: Float64Array
  directionX: Float64Array
  directionY: Float64Array
  trialX: Float64Array
  trialY: Float64Array
}

export function newtonScratch(n: number, m: number): NewtonScratch {
  return {
    plans: -1,
    scaling: { absorptions: 0 },
    gradientX: new Float64Array(n),
    gradientY: new Float64Array(m),
    directionX: new Float64Array(n),
    directionY: new Float64Array(m),
    trialX: new Float64Array(n),
    trialY: new Float64Array(m),
  }
}

/** Armijo's constant c1. */
const SUFFICIENT_INCREASE = 1e-4
const MOST_HALVINGS = 50
/** Slopes below this fraction of mass times largest cost are rounding. */
const DROWNED = 1e-16

/** Writes g = (a - P 1, b - P' 1) from the sums in the state. */
export function dualGradient(state: NewtonState, engine: TransportEngine, scratch: NewtonScratch): void {
  subtract(engine.a, state.rowSums, scratch.gradientX)
  subtract(engine.b, state.columnSums, scratch.gradientY)
}

/** Puts the plan of the current potentials into the slot, if it is not there already. Not counted: it restores memory. */
export function ensurePlan(
  problem: TransportProblem,
  state: NewtonState,
  engine: TransportEngine,
  scratch: NewtonScratch,
): void {
  if (engine.holds(scratch) && scratch.plans === state.newtonSteps) return
  engine.plan(state.x, state.y, 1 / problem.regularization, true)
  engine.claim(scratch)
  scratch.plans = state.newtonSteps
}

/** Enters the Newton phase at the current potentials: one pass for their plan and its sums. */
export function enterNewton(
  problem: TransportProblem,
  state: NewtonState,
  engine: TransportEngine,
  scratch: NewtonScratch,
): void {
  problem.onPass()
  engine.plan(state.x, state.y, 1 / problem.regularization, true)
  engine.claim(scratch)
  scratch.plans = state.newtonSteps
  state.rowSums.set(engine.rowSums.subarray(0, engine.rows))
  state.columnSums.set(engine.columnSums.subarray(0, engine.columns))
  state.phase = 'newton'
}

/**
 * Line search along the direction: alpha = 1, 1/2, 1/4, ... until f rises by c1 alpha <g, dz>; where <g, dz> is so small that
 * differences of f drown in rounding, until the marginal error falls. Commits the accepted point; its plan is then in the slot.
 * One pass and one dual objective per trial.
 *
 * @returns `stalled` if no trial was accepted
 */
export function newtonLineSearch(
  problem: TransportProblem,
  state: NewtonState,
  engine: TransportEngine,
  scratch: NewtonScratch,
): StepOutcome {
  const { gradientX, gradientY, directionX, directionY, trialX, trialY } = scratch
  const slope = dot(gradientX, directionX) + dot(gradientY, directionY)
  const drowned = slope < DROWNED * problem.mass * (engine.largest || problem.regularization)
  // Differences of f from those of its terms: its value is much larger than what a step gains near the solution.
  const linear = dot(engine.a, directionX) + dot(engine.b, directionY)
  const planMass = total(state.rowSums, state.x.length)
  const eta = 1 / problem.regularization
  let alpha = 1
  for (let k = 0; k <= MOST_HALVINGS; k++, alpha *= 0.5) {
    addScaled(state.x, alpha, directionX, trialX)
    addScaled(state.y, alpha, directionY, trialY)
    problem.onPass()
    engine.plan(trialX, trialY, eta, true)
    const measured = measureSums(problem, engine, trialX, trialY)
    if (!Number.isFinite(measured.dual) || !Number.isFinite(measured.marginalError)) continue
    const better = drowned
      ? measured.marginalError < state.marginalError
      : alpha * linear - problem.regularization * (measured.planMass - planMass) >= SUFFICIENT_INCREASE * alpha * slope
    if (!better) continue
    state.x.set(trialX)
    state.y.set(trialY)
    state.rowSums.set(engine.rowSums.subarray(0, engine.rows))
    state.columnSums.set(engine.columnSums.subarray(0, engine.columns))
    state.objective = measured.objective
    state.dual = measured.dual
    state.marginalError = measured.marginalError
    state.stepLength = alpha
    state.newtonSteps++
    engine.claim(scratch)
    scratch.plans = state.newtonSteps
    return
  }
  return { outcome: 'stalled', reason: `no step length down to 2^-${MOST_HALVINGS} improves the dual objective` }
}
