import { integer } from '../base/index.ts'
import { lbfgs } from '../smooth/index.ts'
import { type Context, defineMethod, type PreparedSmoothProblem, smoothProblem, Tally } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { entropicMeasures, entropicSolution, infeasibleOutcome, measureSums } from './entropic-state.ts'
import { type ScalingScratch, type ScalingState, scalingOrLogStep, scalingStart } from './scaling-step.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

export interface TransportLbfgsOptions {
  /** Sinkhorn iterations first, >= 0. Default 20. */
  sinkhornIterations?: number
  /** Correction pairs kept, >= 1. Default 10. */
  memory?: number
}

interface InnerState {
  x: Float64Array
  value: number
}

interface DualLbfgsState extends ScalingState {
  sinkhornLeft: number
  /** The state of L-BFGS, once it runs. */
  inner: InnerState | null
}

interface Scratch {
  method: ReturnType<typeof lbfgs>
  problem: PreparedSmoothProblem
  /** The work memory of L-BFGS itself. */
  own: { value: unknown } | null
  /** The mark of the Sinkhorn iterations on the engine's slot. */
  scaling: ScalingScratch
}

/**
 * Limited-memory BFGS on the negative entropic dual -f(x, y), after a few Sinkhorn iterations: the quasi-Newton baseline. The
 * variables are the potentials over epsilon, in which the gradient is (P 1 - a, P' 1 - b) and the Hessian of order one.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithm 7.5; Tang et al. (2024), Section 5, for the setting
 */
export const transportLbfgs = defineMethod<TransportProblem, TransportLbfgsOptions, DualLbfgsState>()({
  slug: 'transport-lbfgs',
  title: 'L-BFGS on the entropic dual',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Quasi-Newton steps on the dual of entropic transport, one pass per trial.',
  formulae: [
    {
      tex: String.raw`\max_{x, y}\ f(x, y) = \langle a, x \rangle + \langle b, y \rangle - \varepsilon \sum_{ij} p_{ij}`,
      meaning: 'The dual, without constraints.',
    },
    {
      tex: String.raw`\nabla f = (a - P \mathbf 1,\ b - P^\top \mathbf 1)`,
      meaning: 'Its gradient is what the marginals miss; L-BFGS does the rest.',
    },
  ],
  source: {
    authors: 'Jorge Nocedal and Stephen J. Wright',
    title: 'Numerical Optimization, 2nd ed.',
    year: 2006,
    venue: 'Algorithm 7.5',
  },
  options: {
    sinkhornIterations: integer(20, 'Sinkhorn iterations first'),
    memory: integer(10, 'correction pairs', { min: 1 }),
  },

  create: ({ sinkhornIterations, memory }) => {
    const scratchOf = (problem: TransportProblem, engine: TransportEngine): Scratch => ({
      method: lbfgs({ memory }),
      problem: negativeDual(problem, engine),
      own: null,
      scaling: { absorptions: 0 },
    })
    /** The context of the run with another start and work memory of its own for L-BFGS. */
    const inside = (context: Context<Potentials>, scratch: Scratch, start: Float64Array): Context<Float64Array> =>
      Object.create(context, {
        start: { value: start },
        scratch: {
          value: <T>(make: () => T): T => {
            scratch.own ??= { value: make() }
            return scratch.own.value as T
          },
        },
      }) as Context<Float64Array>

    return {
      start(problem, context) {
        const engine = engineFor(problem)
        return {
          ...scalingStart(problem, context, context.scratch(() => scratchOf(problem, engine)).scaling),
          sinkhornLeft: sinkhornIterations,
          inner: null,
        }
      },

      step(problem, state, context) {
        if (state.infeasible) return infeasibleOutcome
        const engine = engineFor(problem)
        const scratch = context.scratch(() => scratchOf(problem, engine))
        if (state.sinkhornLeft > 0) {
          const outcome = scalingOrLogStep(problem, state, scratch.scaling)
          if (outcome === undefined) state.sinkhornLeft--
          return outcome
        }
        const { regularization: epsilon } = problem
        const n = state.x.length
        if (state.inner === null) {
          const z = new Float64Array(n + state.y.length)
          for (let i = 0; i < n; i++) z[i] = state.x[i] / epsilon
          for (let j = 0; j < state.y.length; j++) z[n + j] = state.y[j] / epsilon
          state.inner = scratch.method.start(scratch.problem, inside(context, scratch, z)) as InnerState
        }
        const { inner } = state
        const outcome = scratch.method.step(scratch.problem, inner as never, inside(context, scratch, inner.x))
        for (let i = 0; i < n; i++) state.nextX[i] = epsilon * inner.x[i]
        for (let j = 0; j < state.y.length; j++) state.nextY[j] = epsilon * inner.x[n + j]
        problem.onPass()
        engine.plan(state.nextX, state.nextY, 1 / epsilon)
        const measured = measureSums(problem, engine, state.nextX, state.nextY)
        if (!Number.isFinite(measured.dual)) {
          return { outcome: 'diverged', reason: `the dual objective became ${measured.dual}` }
        }
        state.x.set(state.nextX)
        state.y.set(state.nextY)
        state.objective = measured.objective
        state.dual = measured.dual
        state.marginalError = measured.marginalError
        return outcome
      },

      measure: entropicMeasures,
      solution: entropicSolution,
    }
  },
})

/** -f over epsilon as a smooth function of the potentials over epsilon, on the supports. */
function negativeDual(problem: TransportProblem, engine: TransportEngine): PreparedSmoothProblem {
  const { rows: n, columns: m, a, b } = engine
  const { regularization: epsilon } = problem
  const x = new Float64Array(n)
  const y = new Float64Array(m)
  const valueAndGradient = (z: Float64Array, out: Float64Array): number => {
    for (let i = 0; i < n; i++) x[i] = epsilon * z[i]
    for (let j = 0; j < m; j++) y[j] = epsilon * z[n + j]
    problem.onPass()
    engine.plan(x, y, 1 / epsilon)
    let mass = 0
    for (let i = 0; i < n; i++) {
      mass += engine.rowSums[i]
      out[i] = engine.rowSums[i] - a[i]
    }
    for (let j = 0; j < m; j++) out[n + j] = engine.columnSums[j] - b[j]
    return -problem.dualObjective(x, y, mass) / epsilon
  }
  const gradient = new Float64Array(n + m)
  const smooth = smoothProblem({
    dimension: n + m,
    value: (z) => valueAndGradient(z, gradient),
    valueAndGradient,
  })
  const prepared = smooth.class.prepare(
    smooth,
    { name: 'transport-lbfgs', requires: ['gradient'], handles: [] },
    new Tally(smooth.class.oracles),
  )
  return prepared.problem as PreparedSmoothProblem
}
