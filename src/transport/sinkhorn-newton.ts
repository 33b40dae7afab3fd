import { integer, UnsupportedError } from '../base/index.ts'
import { defineMethod, type StepOutcome } from '../solver/index.ts'
import { engineFor, type TransportEngine } from './engine.ts'
import {
  entropicMeasures,
  entropicSolution,
  entropicState,
  infeasibleOutcome,
  logStep,
  lookAhead,
} from './entropic-state.ts'
import {
  dualGradient,
  ensurePlan,
  enterNewton,
  type NewtonScratch,
  type NewtonState,
  newtonLineSearch,
  newtonScratch,
} from './newton-step.ts'
import type { TransportProblem } from './transport-problem.ts'

export interface SinkhornNewtonOptions {
  /** Sinkhorn iterations before the first Newton step, >= 0. Default 20. */
  sinkhornIterations?: number
}

interface Scratch extends NewtonScratch {
  /** Schur complement, [m - 1, m - 1] row-major, its lower triangle then Cholesky's factor. */
  schur: Float64Array
  right: Float64Array
}

/**
 * Newton's method on the entropic dual with the full Hessian, after a few Sinkhorn iterations. The rows are eliminated,
 * (diag(P' 1) - P' diag(P 1)^-1 P) dy = (g_y - P' diag(P 1)^-1 g_x) / eta, the last dy is fixed to 0 (potentials may be shifted
 * against each other), and the rest is solved by Cholesky's factorization: O(n m^2 + m^3) a step. The baseline that sparse
 * Newton steps are measured against.
 *
 * @throws {UnsupportedError} if the plan does not fit into kernel memory
 * @see Brauer, Clason, Lorenz and Wirth, A Sinkhorn-Newton method for entropic optimal transport (2017)
 */
export const sinkhornNewton = defineMethod<TransportProblem, SinkhornNewtonOptions, NewtonState>()({
  slug: 'sinkhorn-newton',
  title: 'Sinkhorn-Newton',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Newton steps with the full Hessian after a few Sinkhorn iterations: few steps, cubic cost.',
  source: {
    authors: 'Christoph Brauer, Christian Clason, Dirk Lorenz, Benedikt Wirth',
    title: 'A Sinkhorn-Newton method for entropic optimal transport',
    year: 2017,
    arxiv: '1710.06635',
  },
  options: { sinkhornIterations: integer(20, 'Sinkhorn iterations first') },

  create: ({ sinkhornIterations }) => ({
    start(problem, context) {
      const engine = engineFor(problem)
      if (engine.slot === null) {
        throw new UnsupportedError(
          `sinkhorn-newton: a plan of ${engine.rows} x ${engine.columns} does not fit into memory; use sinkhornLog`,
          { argument: 'problem', expected: 'a smaller problem', received: `${engine.rows} x ${engine.columns}` },
        )
      }
      return {
        ...lookAhead(problem, entropicState(problem, context, engine), engine),
        phase: 'sinkhorn',
        sinkhornDone: 0,
        sinkhornLeft: sinkhornIterations,
        newtonSteps: 0,
        stepLength: 1,
        rowSums: new Float64Array(engine.rows),
        columnSums: new Float64Array(engine.columns),
      }
    },

    step(problem, state, context) {
      if (state.infeasible) return infeasibleOutcome
      const engine = engineFor(problem)
      if (state.sinkhornLeft > 0) {
        const outcome = logStep(problem, state, engine)
        if (outcome !== undefined) return outcome
        state.sinkhornDone++
        state.sinkhornLeft--
        return
      }
      const scratch = context.scratch<Scratch>(() => ({
        ...newtonScratch(engine.rows, engine.columns),
        schur: new Float64Array((engine.columns - 1) ** 2),
        right: new Float64Array(engine.columns - 1),
      }))
      if (state.phase === 'sinkhorn') enterNewton(problem, state, engine, scratch)
      ensurePlan(problem, state, engine, scratch)
      dualGradient(state, engine, scratch)
      const solved = denseDirection(problem, state, engine, scratch)
      return solved ?? newtonLineSearch(problem, state, engine, scratch)
    },

    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})

function denseDirection(
  problem: TransportProblem,
  state: NewtonState,
  engine: TransportEngine,
  scratch: Scratch,
): StepOutcome {
  const { rows: n, columns: m, stride } = engine
  const plan = engine.slot as Float64Array
  const { rowSums, columnSums } = state
  const { schur, right, gradientX, gradientY, directionX, directionY } = scratch
  const size = m - 1
  const { regularization: epsilon } = problem
  schur.fill(0)
  for (let j = 0; j < size; j++) {
    schur[j * size + j] = columnSums[j]
    right[j] = gradientY[j]
  }
  for (let i = 0; i < n; i++) {
    const at = i * stride
    const inverse = 1 / rowSums[i]
    for (let j = 0; j < size; j++) {
      const w = plan[at + j] * inverse
      if (w === 0) continue
      right[j] -= w * gradientX[i]
      const to = j * size
      for (let k = 0; k <= j; k++) schur[to + k] -= w * plan[at + k]
    }
  }
  if (!choleskySolve(schur, right, size)) {
    return {
      outcome: 'stalled',
      reason: 'the Hessian is singular to rounding; try more Sinkhorn iterations or a larger regularization',
    }
  }
  for (let j = 0; j < size; j++) directionY[j] = epsilon * right[j]
  directionY[size] = 0
  for (let i = 0; i < n; i++) {
    const at = i * stride
    let sum = 0
    for (let j = 0; j < m; j++) sum += plan[at + j] * directionY[j]
    directionX[i] = (epsilon * gradientX[i] - sum) / rowSums[i]
  }
}

/** Solves A x = b in place by Cholesky's factorization of the lower triangle. @returns false if A is not positive definite */
function choleskySolve(a: Float64Array, b: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const at = i * n
    for (let j = 0; j < i; j++) {
      let sum = a[at + j]
      const other = j * n
      for (let k = 0; k < j; k++) sum -= a[at + k] * a[other + k]
      a[at + j] = sum / a[other + j]
    }
    let pivot = a[at + i]
    for (let k = 0; k < i; k++) pivot -= a[at + k] * a[at + k]
    if (!(pivot > 0)) return false
    a[at + i] = Math.sqrt(pivot)
  }
  for (let i = 0; i < n; i++) {
    let sum = b[i]
    for (let k = 0; k < i; k++) sum -= a[i * n + k] * b[k]
    b[i] = sum / a[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]
    for (let k = i + 1; k < n; k++) sum -= a[k * n + i] * b[k]
    b[i] = sum / a[i * n + i]
  }
  return true
}
