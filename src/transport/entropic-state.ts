import { portableExp } from '../base/index.ts'
import type { Context, Measures, StepOutcome } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { marginalErrorOf } from './entropic-class.ts'
import { hasFeasiblePlan } from './feasibility.ts'
import { distance, dot, rowSumsFrom, total } from './loops.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

/** What every method of entropic transport remembers: a measured iterate, on the supports of a and b. */
export interface EntropicState {
  x: Float64Array
  y: Float64Array
  /** <C, P> + epsilon sum p ln p at the plan of (x, y). */
  objective: number
  /** The dual objective f(x, y). */
  dual: number
  marginalError: number
  /** Whether forbidden pairs leave no plan at all. */
  infeasible: boolean
  /** Lengths of the full vectors and, where points of weight zero are left out, the indices of the others. */
  full: { rows: number; columns: number; rowIndex: Int32Array | null; columnIndex: Int32Array | null }
}

/** An entropic state that already holds the next iterate: the pass that measures one iterate computes the next. */
export interface AheadState extends EntropicState {
  nextX: Float64Array
  nextY: Float64Array
  /** Column residual of the next iterate, ||P' 1 - b||_1, known from its making; 0 without relaxation. */
  nextColumnError: number
  /** Sum of |y| weighted by the column residual: what the objective of the next iterate needs of its columns. */
  nextColumnValue: number
}

/** What `step` returns when no plan exists. */
export const infeasibleOutcome: StepOutcome = {
  outcome: 'infeasible',
  reason: 'the allowed pairs cannot carry all the mass: no plan has finite cost',
}

/** The measures of an entropic state. */
export function entropicMeasures(state: EntropicState): Measures {
  return { objective: state.objective, marginalError: state.marginalError, dual: state.dual }
}

/** The potentials of all points. */
export function entropicSolution(state: EntropicState): Potentials {
  const { rows, columns, rowIndex, columnIndex } = state.full
  return { x: spread(state.x, rowIndex, rows), y: spread(state.y, columnIndex, columns) }
}

function spread(values: Float64Array, index: Int32Array | null, length: number): Float64Array {
  if (index === null) return values
  const out = new Float64Array(length).fill(-Infinity)
  for (let i = 0; i < index.length; i++) out[index[i]] = values[i]
  return out
}

/** The measured start of a run: one pass. With `store`, its plan stays in the engine's slot. */
export function entropicState(
  problem: TransportProblem,
  context: Context<Potentials>,
  engine: TransportEngine,
  store = false,
): EntropicState {
  const x = engine.gather(context.start.x, engine.rowIndex)
  const y = engine.gather(context.start.y, engine.columnIndex)
  problem.onPass()
  engine.plan(x, y, 1 / problem.regularization, store)
  const state: EntropicState = {
    x,
    y,
    objective: 0,
    dual: 0,
    marginalError: 0,
    infeasible: engine.forbidden && !hasFeasiblePlan(engine),
    full: {
      rows: problem.a.length,
      columns: problem.b.length,
      rowIndex: engine.reduced ? engine.rowIndex : null,
      columnIndex: engine.reduced ? engine.columnIndex : null,
    },
  }
  const measured = measureSums(problem, engine, x, y)
  state.objective = Number.isFinite(measured.dual) ? measured.objective : measured.dual
  state.dual = measured.dual
  state.marginalError = measured.marginalError
  return state
}

/** Objective, dual and marginal error of potentials whose plan's sums the engine holds. */
export function measureSums(
  problem: TransportProblem,
  engine: TransportEngine,
  x: Float64Array,
  y: Float64Array,
): { objective: number; dual: number; marginalError: number; planMass: number } {
  const { rowSums, columnSums } = engine
  const planMass = total(rowSums, x.length)
  const objective = dot(rowSums, x) + dot(columnSums, y) - problem.regularization * planMass
  return {
    objective,
    dual: problem.dualObjective(x, y, planMass),
    marginalError: marginalErrorOf(engine, rowSums, columnSums, problem.mass),
    planMass,
  }
}

/** Adds the next iterate to a measured state: one pass. */
export function lookAhead<S extends EntropicState>(
  problem: TransportProblem,
  state: S,
  engine: TransportEngine,
  omega = 1,
): S & AheadState {
  const eta = 1 / problem.regularization
  problem.onPass()
  engine.pass(state.x, state.y, eta, 1, omega)
  const ahead: S & AheadState = {
    ...state,
    nextX: engine.nextX.slice(),
    nextY: engine.nextY.slice(),
    nextColumnError: 0,
    nextColumnValue: 0,
  }
  if (omega !== 1) setColumnResidual(ahead, engine, state.y, eta)
  return ahead
}

/** With relaxation the columns do not fit exactly; their sums follow from those before the step. */
function setColumnResidual(state: AheadState, engine: TransportEngine, before: Float64Array, eta: number): void {
  const { columnSums, b, nextY } = engine
  let error = 0
  let value = 0
  for (let j = 0; j < b.length; j++) {
    const residual = columnSums[j] * portableExp(eta * (nextY[j] - before[j])) - b[j]
    error += Math.abs(residual)
    value += residual * nextY[j]
  }
  state.nextColumnError = error
  state.nextColumnValue = value
}

/**
 * One iteration of log-domain Sinkhorn: makes the iterate ahead the current one, measured by the pass that computes the one
 * after it. One pass, one dual objective.
 *
 * @param omega relaxation of this pass
 */
export function logStep(problem: TransportProblem, state: AheadState, engine: TransportEngine, omega = 1): StepOutcome {
  const { regularization: epsilon, mass } = problem
  const eta = 1 / epsilon
  const { nextX, nextY } = state
  problem.onPass()
  engine.pass(nextX, nextY, eta, 1, omega)
  const { a, b, softmin, rowSums } = engine
  // softmin fits the rows exactly, so the sums under nextX are a_i exp(eta (nextX_i - softmin_i)).
  rowSumsFrom(a, nextX, softmin, eta, rowSums)
  const error = state.nextColumnError + distance(rowSums, a)
  const planMass = total(rowSums, a.length)
  const value = state.nextColumnValue + dot(rowSums, nextX) + dot(b, nextY)
  const dual = problem.dualObjective(nextX, nextY, planMass)
  if (!Number.isFinite(dual) || !Number.isFinite(error)) {
    return { outcome: 'diverged', reason: `the dual objective became ${dual}` }
  }
  state.nextX = state.x
  state.nextY = state.y
  state.x = nextX
  state.y = nextY
  state.nextX.set(engine.nextX)
  state.nextY.set(engine.nextY)
  state.objective = value - epsilon * planMass
  state.dual = dual
  state.marginalError = error / mass
  state.nextColumnError = 0
  state.nextColumnValue = 0
  if (omega !== 1) setColumnResidual(state, engine, nextY, eta)
}
