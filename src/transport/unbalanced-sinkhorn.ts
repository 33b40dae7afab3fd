import { flag, portableExp, portableLog } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { type EntropicState, entropicSolution } from './entropic-state.ts'
import { type UnbalancedTransportProblem, unbalancedMeasures } from './unbalanced-problem.ts'

export interface UnbalancedSinkhornOptions {
  /** Shift the two potentials against each other to the best amount after every iteration. Default true. */
  translate?: boolean
}

interface UnbalancedState extends Omit<EntropicState, 'marginalError' | 'infeasible'> {
  stationarity: number
  nextX: Float64Array
  nextY: Float64Array
  /** Column sums of the next iterate's plan. */
  nextColumns: Float64Array
}

/**
 * Sinkhorn's iteration for Kullback-Leibler marginals, in the log domain: soft minima damped by lambda = rho / (rho + epsilon),
 * x <- lambda_a softmin(y), y <- lambda_b softmin(x).
 *
 * Plain iterations contract the common shift (x + t, y - t), which leaves the plan as it is, by lambda_a lambda_b only: hopeless
 * when rho is much larger than epsilon. With `translate` the shift that maximizes the dual,
 * t = rho_a rho_b / (rho_a + rho_b) ln(sum a exp(-x / rho_a) / sum b exp(-y / rho_b)), is applied after each iteration.
 *
 * @see Chizat, Peyre, Schmitzer and Vialard, Scaling algorithms for unbalanced optimal transport problems (2018), Section 4
 * @see Sejourne, Vialard and Peyre, Faster unbalanced optimal transport: translation invariant Sinkhorn (2022)
 */
export const unbalancedSinkhorn = defineMethod<
  UnbalancedTransportProblem,
  UnbalancedSinkhornOptions,
  UnbalancedState
>()({
  slug: 'unbalanced-sinkhorn',
  title: 'Unbalanced Sinkhorn',
  room: 'transport',
  problemClass: 'unbalanced-transport',
  summary: 'Entropic transport between unequal masses, where creating and destroying mass has a price.',
  formulae: [
    {
      tex: String.raw`\min_{P \ge 0}\ \langle C, P \rangle + \varepsilon \sum p \ln p + \rho_a \mathrm{KL}(P \mathbf 1 \,|\, a) + \rho_b \mathrm{KL}(P^\top \mathbf 1 \,|\, b)`,
      meaning: 'Mass may appear and vanish, at a price.',
    },
    {
      tex: String.raw`x \leftarrow \frac{\rho_a}{\rho_a + \varepsilon} \operatorname{softmin}(y)`,
      meaning: 'Sinkhorn with damped soft minima.',
    },
  ],
  source: {
    authors: 'Lénaïc Chizat, Gabriel Peyré, Bernhard Schmitzer, François-Xavier Vialard',
    title: 'Scaling Algorithms for Unbalanced Optimal Transport Problems',
    year: 2018,
    venue: 'Mathematics of Computation',
    arxiv: '1607.05816',
  },
  options: { translate: flag(true, 'best common shift') },

  create: ({ translate }) => {
    /** One pass from (x, y); leaves the next iterate and its column sums in the state's arrays. */
    const advance = (
      problem: UnbalancedTransportProblem,
      engine: TransportEngine,
      x: Float64Array,
      y: Float64Array,
    ): void => {
      const { regularization: epsilon, penalties } = problem
      problem.onPass()
      engine.pass(x, y, 1 / epsilon, damping(penalties[0], epsilon), 1, damping(penalties[1], epsilon), 1)
    }
    const keep = (
      problem: UnbalancedTransportProblem,
      state: UnbalancedState,
      engine: TransportEngine,
      y: Float64Array,
    ): void => {
      const eta = 1 / problem.regularization
      const { nextX, nextY, nextColumns } = state
      nextX.set(engine.nextX)
      nextY.set(engine.nextY)
      for (let j = 0; j < nextY.length; j++) {
        // Where a sum has underflowed the new potential fits the column under the penalty: sum = b exp(-y / rho).
        const sum = engine.columnSums[j] * portableExp(eta * (nextY[j] - y[j]))
        nextColumns[j] =
          Number.isFinite(sum) && sum > 0 ? sum : engine.b[j] * portableExp(-nextY[j] / problem.penalties[1])
      }
      if (!translate) return
      const [rhoA, rhoB] = problem.penalties
      let left = 0
      let right = 0
      for (let i = 0; i < nextX.length; i++) left += engine.a[i] * portableExp(-nextX[i] / rhoA)
      for (let j = 0; j < nextY.length; j++) right += engine.b[j] * portableExp(-nextY[j] / rhoB)
      const t = ((rhoA * rhoB) / (rhoA + rhoB)) * portableLog(left / right)
      if (!Number.isFinite(t)) return
      for (let i = 0; i < nextX.length; i++) nextX[i] += t
      for (let j = 0; j < nextY.length; j++) nextY[j] -= t
    }

    return {
      start(problem, context) {
        const engine = engineFor(problem)
        const { regularization: epsilon, penalties } = problem
        const x = engine.gather(context.start.x, engine.rowIndex)
        const y = engine.gather(context.start.y, engine.columnIndex)
        problem.onPass()
        engine.plan(x, y, 1 / epsilon)
        const measured = unbalancedMeasures(engine, penalties, epsilon, x, y, engine.rowSums, engine.columnSums)
        const dual = problem.dualObjective(x, y, measured.planMass)
        const state: UnbalancedState = {
          x,
          y,
          objective: Number.isFinite(dual) ? measured.objective : dual,
          dual,
          stationarity: measured.stationarity,
          nextX: new Float64Array(x.length),
          nextY: new Float64Array(y.length),
          nextColumns: new Float64Array(y.length),
          full: {
            rows: problem.a.length,
            columns: problem.b.length,
            rowIndex: engine.reduced ? engine.rowIndex : null,
            columnIndex: engine.reduced ? engine.columnIndex : null,
          },
        }
        advance(problem, engine, x, y)
        keep(problem, state, engine, y)
        return state
      },

      step(problem, state) {
        const engine = engineFor(problem)
        const { regularization: epsilon, penalties } = problem
        const { nextX, nextY, nextColumns } = state
        advance(problem, engine, nextX, nextY)
        const { rowSums, softmin, a } = engine
        for (let i = 0; i < a.length; i++) rowSums[i] = a[i] * portableExp((nextX[i] - softmin[i]) / epsilon)
        const measured = unbalancedMeasures(engine, penalties, epsilon, nextX, nextY, rowSums, nextColumns)
        const dual = problem.dualObjective(nextX, nextY, measured.planMass)
        if (!Number.isFinite(dual) || !Number.isFinite(measured.stationarity)) {
          return { outcome: 'diverged', reason: `the dual objective became ${dual}` }
        }
        state.nextX = state.x
        state.nextY = state.y
        state.x = nextX
        state.y = nextY
        state.objective = measured.objective
        state.dual = dual
        state.stationarity = measured.stationarity
        keep(problem, state, engine, nextY)
      },

      measure: ({ objective, stationarity, dual }) => ({ objective, stationarity, dual }),
      solution: (state) => entropicSolution(state as unknown as EntropicState),
    }
  },
})

function damping(rho: number, epsilon: number): number {
  return rho / (rho + epsilon)
}
