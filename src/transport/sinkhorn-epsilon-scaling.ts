import { integer, portableExpm1, positive, within } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { engineFor } from './engine-registry.ts'
import {
  type AheadState,
  entropicMeasures,
  entropicSolution,
  entropicState,
  infeasibleOutcome,
  logStep,
  lookAhead,
  measureSums,
} from './entropic-state.ts'
import type { TransportProblem } from './transport-data.ts'

export interface SinkhornEpsilonScalingOptions {
  /** The first regularization, > 0. Default: the largest cost. */
  initialRegularization?: number
  /** Ratio of successive regularizations, in (0, 1). Default 0.25. */
  factor?: number
  /** Most Sinkhorn iterations at each intermediate regularization, >= 1. Default 30. */
  phaseIterations?: number
  /** Row residual over total mass at which an intermediate regularization is left, > 0. Default 0.01. */
  phaseTolerance?: number
}

interface ScalingState extends AheadState {
  /** The regularization at hand; 0 once the problem's own has been reached. */
  epsilon: number
  /** Potentials under that regularization. */
  workX: Float64Array
  workY: Float64Array
}

/**
 * Log-domain Sinkhorn under a falling regularization, epsilon_0, epsilon_0 r, epsilon_0 r^2, ... down to the problem's own: each
 * phase starts from the potentials of the one before. An iteration before the last phase is a whole phase; every iteration
 * is measured under the problem's own regularization.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport problems (2019), Section 3.2
 */
export const sinkhornEpsilonScaling = defineMethod<TransportProblem, SinkhornEpsilonScalingOptions, ScalingState>()({
  slug: 'sinkhorn-epsilon-scaling',
  title: 'Sinkhorn with epsilon scaling',
  room: 'transport',
  problemClass: 'transport',
  summary:
    'Sinkhorn warm-started through larger regularizations: for small regularization where Newton steps do not fit.',
  formulae: [
    {
      tex: String.raw`\varepsilon_0 > \varepsilon_0 r > \varepsilon_0 r^2 > \dots > \varepsilon`,
      meaning: 'The blur is reduced in stages; each starts from the potentials of the one before.',
    },
  ],
  source: {
    authors: 'Bernhard Schmitzer',
    title: 'Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport Problems',
    year: 2019,
    venue: 'SIAM Journal on Scientific Computing',
    arxiv: '1610.06519',
  },
  options: {
    initialRegularization: positive<number | undefined>(undefined, 'first regularization'),
    factor: within(0, 1, 0.25, 'ratio of regularizations'),
    phaseIterations: integer(30, 'iterations per phase', { min: 1 }),
    phaseTolerance: positive(0.01, 'tolerance of a phase'),
  },
  create: ({ initialRegularization, factor, phaseIterations, phaseTolerance }) => ({
    start(problem, context) {
      const engine = engineFor(problem)
      const measured = entropicState(problem, context, engine)
      const first = initialRegularization ?? engine.largest
      const epsilon = first > problem.regularization ? first : 0
      const workX = measured.x.slice()
      for (let i = 0; i < workX.length; i++) workX[i] += epsilon > 0 ? epsilon - problem.regularization : 0
      const state = {
        ...measured,
        epsilon,
        workX,
        workY: measured.y.slice(),
        nextX: new Float64Array(engine.rows),
        nextY: new Float64Array(engine.columns),
        nextColumnError: 0,
        nextColumnValue: 0,
      }
      return epsilon > 0 ? state : lookAhead(problem, state, engine)
    },

    step(problem, state, context) {
      if (state.infeasible) return infeasibleOutcome
      const engine = engineFor(problem)
      if (state.epsilon === 0) return logStep(problem, state, engine)
      const { epsilon, workX, workY } = state
      for (let k = 0; k < phaseIterations; k++) {
        problem.onPass()
        engine.pass(workX, workY, 1 / epsilon)
        let error = 0
        for (let i = 0; i < workX.length; i++) {
          error += engine.a[i] * Math.abs(portableExpm1((workX[i] - engine.softmin[i]) / epsilon))
        }
        workX.set(engine.nextX)
        workY.set(engine.nextY)
        if (k > 0 && error <= phaseTolerance * problem.mass) break
        if (context.interrupted()) break
      }
      // P = exp((x + y - c) / epsilon - 1): keeping x + y - epsilon keeps the soft minima of another regularization.
      const { nextX, nextY } = state
      for (let i = 0; i < workX.length; i++) nextX[i] = workX[i] + problem.regularization - epsilon
      nextY.set(workY)
      problem.onPass()
      engine.plan(nextX, nextY, 1 / problem.regularization)
      const measured = measureSums(problem, engine, nextX, nextY)
      if (!Number.isFinite(measured.dual) && !Number.isFinite(measured.planMass)) {
        // The plan of intermediate potentials may overflow under the small regularization: nothing worth showing yet.
        measured.dual = state.dual
      } else {
        if (!Number.isFinite(measured.dual)) {
          return { outcome: 'diverged', reason: `the dual objective became ${measured.dual}` }
        }
        state.x.set(nextX)
        state.y.set(nextY)
        state.objective = measured.objective
        state.dual = measured.dual
        state.marginalError = measured.marginalError
      }
      const next = epsilon * factor
      if (next > problem.regularization) {
        for (let i = 0; i < workX.length; i++) workX[i] += next - epsilon
        state.epsilon = next
        return
      }
      state.epsilon = 0
      problem.onPass()
      engine.pass(nextX, nextY, 1 / problem.regularization)
      nextX.set(engine.nextX)
      nextY.set(engine.nextY)
    },

    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})
