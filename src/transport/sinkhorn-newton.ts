import { integer, UnsupportedError } from '../base/index.ts'
import { cholesky, type DenseMatrix, denseMatrix, syrk } from '../linalg/index.ts'
import { type Context, defineMethod, type StepOutcome } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { entropicMeasures, entropicSolution, infeasibleOutcome } from './entropic-state.ts'
import {
  dualGradient,
  ensurePlan,
  enterNewton,
  type NewtonScratch,
  type NewtonState,
  newtonLineSearch,
  newtonScratch,
} from './newton-step.ts'
import { scalingOrLogStep, scalingStart } from './scaling-step.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

export interface SinkhornNewtonOptions {
  /** Sinkhorn iterations before the first Newton step, >= 0. Default 20. */
  sinkhornIterations?: number
}

interface Scratch extends NewtonScratch {
  /** diag(P 1)^(-1/2) P without its last column, and the Schur complement [m - 1, m - 1], later its factor. */
  scaled: DenseMatrix | null
  schur: DenseMatrix | null
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
  formulae: [
    {
      tex: String.raw`-\nabla^2 f = \frac1\varepsilon \begin{pmatrix} \operatorname{diag}(P \mathbf 1) & P \\ P^\top & \operatorname{diag}(P^\top \mathbf 1) \end{pmatrix}`,
      meaning: 'The Hessian of the dual, in full.',
    },
    {
      tex: String.raw`\bigl( \operatorname{diag}(P^\top \mathbf 1) - P^\top \operatorname{diag}(P \mathbf 1)^{-1} P \bigr)\, \Delta y = \varepsilon\, \bigl( g_y - P^\top \operatorname{diag}(P \mathbf 1)^{-1} g_x \bigr)`,
      meaning: 'Its Newton system with the rows eliminated.',
    },
  ],
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
        ...scalingStart(problem, context, scratchOf(context, engine).scaling),
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
      const scratch = scratchOf(context, engine)
      if (state.sinkhornLeft > 0) {
        const outcome = scalingOrLogStep(problem, state, scratch.scaling)
        if (outcome !== undefined) return outcome
        state.sinkhornDone++
        state.sinkhornLeft--
        return
      }
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

function scratchOf(context: Context<Potentials>, { rows, columns }: TransportEngine): Scratch {
  return context.scratch<Scratch>(() => ({
    ...newtonScratch(rows, columns),
    scaled: null,
    schur: null,
    right: new Float64Array(columns - 1),
  }))
}

function denseDirection(
  problem: TransportProblem,
  state: NewtonState,
  engine: TransportEngine,
  scratch: Scratch,
): StepOutcome {
  const { rows: n, columns: m, stride } = engine
  const plan = engine.slot as Float64Array
  const { rowSums, columnSums } = state
  const { gradientX, gradientY, directionX, directionY } = scratch
  const { regularization: epsilon } = problem
  // In multiples of 1 / eta: the fixed last potential leaves m - 1 unknowns.
  scratch.scaled ??= denseMatrix(n, m - 1)
  scratch.schur ??= denseMatrix(m - 1, m - 1)
  const { scaled, schur, right } = scratch
  scaleRows(plan, n, stride, rowSums, scaled.data, m - 1)
  schur.data.fill(0)
  for (let j = 0; j < m - 1; j++) schur.data[j * (m - 1) + j] = columnSums[j]
  syrk(true, -1, scaled, 1, schur)
  reducedRight(scaled.data, rowSums, gradientX, gradientY, right)
  if (m > 1) {
    const factor = cholesky(schur, schur.data)
    if (!factor.ok) {
      return {
        outcome: 'stalled',
        reason: 'the Hessian is singular to rounding; try more Sinkhorn iterations or a larger regularization',
      }
    }
    directionY.set(factor.solve(right))
  }
  directionY[m - 1] = 0
  for (let j = 0; j < m; j++) directionY[j] *= epsilon
  backSubstitute(plan, stride, rowSums, gradientX, directionY, epsilon, directionX)
}

/** out = diag(rowSums)^(-1/2) P without its last columns. */
function scaleRows(
  plan: Float64Array,
  n: number,
  stride: number,
  rowSums: Float64Array,
  out: Float64Array,
  columns: number,
): void {
  for (let i = 0; i < n; i++) {
    const factor = 1 / Math.sqrt(rowSums[i])
    for (let j = 0; j < columns; j++) out[i * columns + j] = factor * plan[i * stride + j]
  }
}

/** out = g_y - P' diag(rowSums)^-1 g_x. */
function reducedRight(
  scaled: Float64Array,
  rowSums: Float64Array,
  gradientX: Float64Array,
  gradientY: Float64Array,
  out: Float64Array,
): void {
  const columns = out.length
  for (let j = 0; j < columns; j++) out[j] = gradientY[j]
  for (let i = 0; i < rowSums.length; i++) {
    const factor = gradientX[i] / Math.sqrt(rowSums[i])
    for (let j = 0; j < columns; j++) out[j] -= factor * scaled[i * columns + j]
  }
}

/** dx = diag(rowSums)^-1 (epsilon g_x - P dy). */
function backSubstitute(
  plan: Float64Array,
  stride: number,
  rowSums: Float64Array,
  gradientX: Float64Array,
  dy: Float64Array,
  epsilon: number,
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    for (let j = 0; j < dy.length; j++) sum += plan[i * stride + j] * dy[j]
    out[i] = (epsilon * gradientX[i] - sum) / rowSums[i]
  }
}
