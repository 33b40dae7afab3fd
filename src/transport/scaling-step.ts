import { portableExp } from '../base/index.ts'
import type { Context, StepOutcome } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { type AheadState, entropicState, infeasibleOutcome, logStep, lookAhead } from './entropic-state.ts'
import { closerThan, distance, dot, liesWithin, multiply, total } from './loops.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

/** Sinkhorn on a stored kernel where that is safe, in the log domain where it is not. */
export interface ScalingState extends AheadState {
  /** In the log domain while potentials move far, else scaling a stored kernel. */
  mode: 'log' | 'scaling'
  /** The potentials absorbed into the kernel, K = P(baseX, baseY), and the scalings of the next iterate. */
  baseX: Float64Array
  baseY: Float64Array
  nextU: Float64Array
  nextV: Float64Array
  /** Column sums of the next iterate, where relaxation makes them differ from b; else not in use. */
  nextColumns: Float64Array
  nextRelaxed: boolean
  /** How often potentials have been absorbed. */
  absorptions: number
}

/** Which absorption the slot of the engine holds. */
export interface ScalingScratch {
  absorptions: number
}

/** Scalings beyond exp(+-50) are absorbed: far from overflow, and no entry that matters has underflowed. */
const LARGEST_SCALING = portableExp(50)
/** Potentials that move by more than this many regularizations in an iteration stay in the log domain. */
const SETTLED = 10

/**
 * The measured start with the next iterate: on the kernel of the start if that can be scaled at once (and is to be).
 *
 * @param scratch the mark of this run on the engine's slot
 */
export function scalingStart(
  problem: TransportProblem,
  context: Context<Potentials>,
  scratch: ScalingScratch,
  logOnly = false,
): ScalingState {
  const engine = engineFor(problem)
  const measured = entropicState(problem, context, engine, engine.slot !== null && !logOnly)
  const state = {
    ...measured,
    nextX: new Float64Array(engine.rows),
    nextY: new Float64Array(engine.columns),
    nextColumnError: 0,
    nextColumnValue: 0,
    mode: 'scaling' as const,
    baseX: measured.x.slice(),
    baseY: measured.y.slice(),
    nextU: new Float64Array(engine.rows).fill(1),
    nextV: new Float64Array(engine.columns).fill(1),
    nextColumns: new Float64Array(engine.columns),
    nextRelaxed: false,
    absorptions: 1,
  }
  if (logOnly) return lookAhead(problem, { ...state, mode: 'log', absorptions: 0 }, engine)
  if (engine.slot === null) {
    context.note('the kernel does not fit into memory: every iteration is in the log domain')
  } else if (healthy(engine.rowSums, engine.rows) && healthy(engine.columnSums, engine.columns)) {
    scratch.absorptions = 1
    engine.claim(scratch)
    problem.onPass()
    engine.scale(state.nextU, state.nextV)
    if (inRange(engine.nextX) && inRange(engine.nextY)) {
      state.nextU.set(engine.nextX)
      state.nextV.set(engine.nextY)
      return state
    }
  }
  return lookAhead(problem, { ...state, mode: 'log', absorptions: 0 }, engine)
}

/**
 * One iteration: measures the iterate ahead, makes it the current one and computes the one after it, in one pass.
 *
 * @param omega relaxation of the iterate that is computed
 * @param logOnly never to scale a stored kernel
 */
export function scalingOrLogStep(
  problem: TransportProblem,
  state: ScalingState,
  scratch: ScalingScratch,
  omega = 1,
  logOnly = false,
): StepOutcome {
  if (state.infeasible) return infeasibleOutcome
  const engine = engineFor(problem)
  if (state.mode === 'scaling') return scalingStep(problem, state, engine, scratch, omega)
  const outcome = logStep(problem, state, engine, omega)
  if (outcome !== undefined || engine.slot === null || logOnly) return outcome
  if (settled(state, problem.regularization)) absorb(problem, state, engine, scratch)
}

function healthy(sums: Float64Array, count: number): boolean {
  return liesWithin(sums, 1e-200, 1e200, count)
}

function inRange(scalings: Float64Array): boolean {
  return liesWithin(scalings, 1 / LARGEST_SCALING, LARGEST_SCALING)
}

function settled({ x, y, nextX, nextY }: AheadState, epsilon: number): boolean {
  return closerThan(x, nextX, SETTLED * epsilon) && closerThan(y, nextY, SETTLED * epsilon)
}

/** Makes the potentials of the next iterate those of the kernel. One pass. */
function absorb(
  problem: TransportProblem,
  state: ScalingState,
  engine: TransportEngine,
  scratch: ScalingScratch,
): void {
  problem.onPass()
  state.baseX.set(state.nextX)
  state.baseY.set(state.nextY)
  state.nextU.fill(1)
  state.nextV.fill(1)
  state.nextRelaxed = true
  state.absorptions++
  state.mode = 'scaling'
  fillSlot(problem, state, engine, scratch)
  state.nextColumns.set(engine.columnSums.subarray(0, engine.columns))
}

function fillSlot(
  problem: TransportProblem,
  state: ScalingState,
  engine: TransportEngine,
  scratch: ScalingScratch,
): void {
  engine.plan(state.baseX, state.baseY, 1 / problem.regularization, true)
  engine.claim(scratch)
  scratch.absorptions = state.absorptions
}

function scalingStep(
  problem: TransportProblem,
  state: ScalingState,
  engine: TransportEngine,
  scratch: ScalingScratch,
  omega: number,
): StepOutcome {
  // After a resume, or when another run used the slot, the kernel is made again from the same potentials: the same bits.
  if (!engine.holds(scratch) || scratch.absorptions !== state.absorptions) fillSlot(problem, state, engine, scratch)
  const { regularization: epsilon, mass } = problem
  const { nextU, nextV, nextX, nextY, nextColumns, baseX, baseY } = state
  problem.onPass()
  engine.scale(nextU, nextV, omega)
  const { rowSums, columnSums, a, b } = engine
  // The arrays nextX, nextY of the log domain hold the potentials of the iterate being measured.
  engine.addLog(baseX, epsilon, nextU, nextX)
  engine.addLog(baseY, epsilon, nextV, nextY)
  const columns = state.nextRelaxed ? nextColumns : b
  const error = distance(rowSums, a) + distance(columns, b)
  const planMass = total(rowSums, a.length)
  const value = dot(rowSums, nextX) + dot(columns, nextY)
  const dual = problem.dualObjective(nextX, nextY, planMass)
  if (!Number.isFinite(dual) || !Number.isFinite(error)) {
    return { outcome: 'diverged', reason: `the dual objective became ${dual}` }
  }
  state.nextX = state.x
  state.nextY = state.y
  state.x = nextX
  state.y = nextY
  state.objective = value - epsilon * planMass
  state.dual = dual
  state.marginalError = error / mass
  if (inRange(engine.nextX) && inRange(engine.nextY)) {
    nextU.set(engine.nextX)
    nextV.set(engine.nextY)
    state.nextRelaxed = omega !== 1
    // With relaxation the new columns do not fit exactly; their sums are known from the making.
    if (state.nextRelaxed) multiply(columnSums, nextV, nextColumns)
    return
  }
  problem.onPass()
  engine.pass(state.x, state.y, 1 / epsilon)
  state.nextX.set(engine.nextX)
  state.nextY.set(engine.nextY)
  state.nextColumnError = 0
  state.nextColumnValue = 0
  state.mode = 'log'
}

/** The mark of a method whose work memory is nothing else. */
export function scalingScratch(context: Context<Potentials>): ScalingScratch {
  return context.scratch<ScalingScratch>(() => ({ absorptions: 0 }))
}
