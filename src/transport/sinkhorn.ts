import { defineMethod, type StepOutcome } from '../solver/index.ts'
import { engineFor, type TransportEngine } from './engine.ts'
import {
  type AheadState,
  entropicMeasures,
  entropicSolution,
  entropicState,
  infeasibleOutcome,
  logStep,
  lookAhead,
} from './entropic-state.ts'
import type { TransportProblem } from './transport-problem.ts'

export type SinkhornOptions = Record<never, never>

interface SinkhornState extends AheadState {
  /** In the log domain while potentials move far, else scaling a stored kernel. */
  mode: 'log' | 'scaling'
  /** The potentials absorbed into the kernel, K = P(baseX, baseY), and the scalings of the next iterate. */
  baseX: Float64Array
  baseY: Float64Array
  nextU: Float64Array
  nextV: Float64Array
  /** How often potentials have been absorbed. */
  absorptions: number
}

/** Which absorption the slot of the engine holds. */
interface Scratch {
  absorptions: number
}

/** Scalings beyond exp(+-50) are absorbed: far from overflow, and no entry that matters has underflowed. */
const LARGEST_SCALING = Math.exp(50)
/** Potentials that move by more than this many regularizations in an iteration stay in the log domain. */
const SETTLED = 10

/**
 * Sinkhorn's iteration on a stored kernel,
 *
 *     u <- a / (K v),  v <- b / (K' u),  P = diag(u) K diag(v),
 *
 * with K = exp((x + y - C) / epsilon - 1) for potentials x, y that absorb ln u and ln v whenever these leave [-50, 50]. While
 * potentials move too far for that (the first iterations under a small regularization), and where the kernel does not fit
 * into memory, it iterates in the log domain: the same iterates, one exponential per pair. A scaling iteration reads each row
 * of K once for both half-steps: 4 n m flops, no exponentials.
 *
 * @see Cuturi, Sinkhorn distances: lightspeed computation of optimal transport (2013), Algorithm 1
 * @see Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport problems (2019), Algorithm 2
 */
export const sinkhorn = defineMethod<TransportProblem, SinkhornOptions, SinkhornState>()({
  slug: 'sinkhorn',
  title: 'Sinkhorn',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Entropic transport by alternating scalings; the fastest choice for moderate regularization.',
  source: {
    authors: 'Marco Cuturi',
    title: 'Sinkhorn Distances: Lightspeed Computation of Optimal Transport',
    year: 2013,
    venue: 'NIPS',
    arxiv: '1306.0895',
  },
  options: {},
  create: () => ({
    start(problem, context) {
      const engine = engineFor(problem)
      const measured = entropicState(problem, context, engine, engine.slot !== null)
      const scalings = {
        nextU: new Float64Array(engine.rows).fill(1),
        nextV: new Float64Array(engine.columns).fill(1),
      }
      if (engine.slot === null) {
        context.note('the kernel does not fit into memory: every iteration is in the log domain')
      } else if (healthy(engine.rowSums) && healthy(engine.columnSums)) {
        // The kernel of the start can be scaled at once.
        const scratch = context.scratch<Scratch>(() => ({ absorptions: 1 }))
        engine.claim(scratch)
        problem.onPass()
        engine.scale(scalings.nextU, scalings.nextV)
        if (inRange(engine.nextX) && inRange(engine.nextY)) {
          scalings.nextU.set(engine.nextX)
          scalings.nextV.set(engine.nextY)
          return {
            ...measured,
            ...scalings,
            nextX: new Float64Array(engine.rows),
            nextY: new Float64Array(engine.columns),
            nextColumnError: 0,
            nextColumnValue: 0,
            mode: 'scaling',
            baseX: measured.x.slice(),
            baseY: measured.y.slice(),
            absorptions: 1,
          } as SinkhornState
        }
      }
      return {
        ...lookAhead(problem, measured, engine),
        ...scalings,
        mode: 'log',
        baseX: new Float64Array(engine.rows),
        baseY: new Float64Array(engine.columns),
        absorptions: 0,
      } as SinkhornState
    },

    step(problem, state, context) {
      if (state.infeasible) return infeasibleOutcome
      const engine = engineFor(problem)
      const scratch = context.scratch<Scratch>(() => ({ absorptions: 0 }))
      if (state.mode === 'scaling') return scalingStep(problem, state, engine, scratch)
      const outcome = logStep(problem, state, engine)
      if (outcome !== undefined || engine.slot === null) return outcome
      if (settled(state, problem.regularization)) absorb(problem, state, engine, scratch)
    },

    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})

function healthy(sums: Float64Array): boolean {
  for (let i = 0; i < sums.length; i++) if (sums[i] !== 0 && !(sums[i] > 1e-200 && sums[i] < 1e200)) return false
  return true
}

function inRange(scalings: Float64Array): boolean {
  for (let i = 0; i < scalings.length; i++) {
    if (!(scalings[i] < LARGEST_SCALING && scalings[i] > 1 / LARGEST_SCALING)) return false
  }
  return true
}

function settled(state: AheadState, epsilon: number): boolean {
  const { x, y, nextX, nextY } = state
  for (let i = 0; i < x.length; i++) if (!(Math.abs(nextX[i] - x[i]) < SETTLED * epsilon)) return false
  for (let j = 0; j < y.length; j++) if (!(Math.abs(nextY[j] - y[j]) < SETTLED * epsilon)) return false
  return true
}

/** Makes the potentials of the next iterate those of the kernel. One pass. */
function absorb(problem: TransportProblem, state: SinkhornState, engine: TransportEngine, scratch: Scratch): void {
  problem.onPass()
  state.baseX.set(state.nextX)
  state.baseY.set(state.nextY)
  state.nextU.fill(1)
  state.nextV.fill(1)
  state.absorptions++
  state.mode = 'scaling'
  fillSlot(problem, state, engine, scratch)
}

function fillSlot(problem: TransportProblem, state: SinkhornState, engine: TransportEngine, scratch: Scratch): void {
  engine.plan(state.baseX, state.baseY, 1 / problem.regularization, true)
  engine.claim(scratch)
  scratch.absorptions = state.absorptions
}

function scalingStep(
  problem: TransportProblem,
  state: SinkhornState,
  engine: TransportEngine,
  scratch: Scratch,
): StepOutcome {
  // After a resume, or when another run used the slot, the kernel is made again from the same potentials: the same bits.
  if (!engine.holds(scratch) || scratch.absorptions !== state.absorptions) fillSlot(problem, state, engine, scratch)
  const { regularization: epsilon, mass } = problem
  const { nextU, nextV, nextX, nextY, baseX, baseY } = state
  problem.onPass()
  engine.scale(nextU, nextV)
  const { rowSums, a, b } = engine
  // The arrays nextX, nextY of the log domain hold the potentials of the iterate being measured.
  engine.addLog(baseX, epsilon, nextU, nextX)
  engine.addLog(baseY, epsilon, nextV, nextY)
  let error = 0
  let planMass = 0
  let value = 0
  for (let i = 0; i < a.length; i++) {
    error += Math.abs(rowSums[i] - a[i])
    planMass += rowSums[i]
    value += rowSums[i] * nextX[i]
  }
  for (let j = 0; j < b.length; j++) value += b[j] * nextY[j]
  // addLog and the dual use none of the engine's proposals, so they are still there to be taken.
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
    return
  }
  problem.onPass()
  engine.pass(state.x, state.y, 1 / epsilon)
  state.nextX.set(engine.nextX)
  state.nextY.set(engine.nextY)
  state.mode = 'log'
}
