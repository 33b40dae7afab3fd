import { choice, flag, integer, UnsupportedError, within } from '../base/index.ts'
import { defineMethod, type StepOutcome } from '../solver/index.ts'
import { solveByForest } from './coupled-forest.ts'
import { CoupledSolver } from './coupled-solver.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { entropicSolution, infeasibleOutcome } from './entropic-state.ts'
import { total } from './loops.ts'
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
import { sparsify } from './sparsify.ts'
import type { TransportProblem } from './transport-data.ts'

export interface SinkhornNewtonSparseOptions {
  /** Sinkhorn iterations before the first Newton step (N1), >= 0. Default 20; 700 for L1 costs in paper mode. */
  sinkhornIterations?: number
  /** Most Newton steps (N2), >= 0. Default unlimited. */
  newtonIterations?: number
  /** Plan entries kept in the Hessian per row, on average, >= 1. Default 6; 15 for structured costs. */
  keepPerRow?: number
  /** Relative residual at which conjugate gradients stop, in (0, 1). Default 1e-3. */
  cgTolerance?: number
  /** `paper`: exactly the published algorithm. `safeguarded`: back to Sinkhorn iterations when Newton steps do not converge. */
  mode?: 'safeguarded' | 'paper'
  /** Leave the first stage when the mass on the kept entries settles, rather than after a fixed count. Default false. */
  adaptiveSwitch?: boolean
}

interface SparseNewtonState extends NewtonState {
  /** Conjugate-gradient steps in all, and those of the latest Newton step. */
  cgSteps: number
  latestCgSteps: number
  /** Entries kept per row now. */
  keepPerRow: number
  /** Mass on the kept entries over all mass. */
  keptMass: number
  /** The marginal error that has to be halved, and for how many Newton steps it has not been. */
  reference: number
  waiting: number
  /** How often the safeguard has gone back to Sinkhorn iterations. */
  returns: number
  /** Length of the next return. */
  returnLength: number
  /** Whether the latest conjugate gradients ended at their limit of steps, short of their tolerance. */
  capped: boolean
  /** Whether the heaviest spanning forest of the kept entries takes the place of Jacobi's preconditioner. */
  byForest: boolean
}

interface Scratch extends NewtonScratch {
  /** Made when first needed, and again when more entries are to be kept. */
  solver: CoupledSolver | null
}

/** Newton steps within which the marginal error must halve. */
const PATIENCE = 5
/** Sinkhorn iterations between two looks at the kept mass. */
const WINDOW = 10
const SETTLED_MASS = 1e-3
const MOST_KEPT_PER_ROW = 30
const MOST_RETURNS = 12

/**
 * Sinkhorn-Newton-Sparse: a few Sinkhorn iterations, then Newton steps on the concave dual
 *
 *     f(x, y) = <a, x> + <b, y> - epsilon sum_ij p_ij,  p_ij = exp((x_i + y_j - c_ij) / epsilon - 1),
 *
 * whose negative Hessian eta [diag(P 1), P; P', diag(P' 1)] is nearly sparse when epsilon is small: only the largest
 * `keepPerRow` n entries of P are kept beside the exact diagonal, and the system is solved by conjugate gradients with
 * Jacobi's preconditioner. Where plain Sinkhorn takes thousands of iterations, a few dozen steps suffice.
 *
 * Departures from the paper, none of them in `paper` mode: if the marginal error has not halved within 5 Newton steps, or a
 * line search fails, another stage of Sinkhorn iterations follows (twice as long each time) and half as many entries again
 * are kept, up to 30 per row; if conjugate gradients had ended at their limit of steps, the heaviest spanning forest of the kept
 * entries preconditions them for a stage before. The paper states the sparsity as 2/n; read as 2 n entries that converges
 * linearly only, while 6 per row reproduce its step counts.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @throws {UnsupportedError} if the plan does not fit into kernel memory
 * @see Tang, Shavlovsky, Rahmanian, Tardini, Thekumparampil, Xiao, Ying, Accelerating Sinkhorn algorithm with sparse Newton
 *   iterations (ICLR 2024), Algorithm 1
 */
export const sinkhornNewtonSparse = defineMethod<TransportProblem, SinkhornNewtonSparseOptions, SparseNewtonState>()({
  slug: 'sinkhorn-newton-sparse',
  title: 'Sinkhorn-Newton-Sparse',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Solves nearly unregularized transport in a few dozen steps by Newton steps on a sparse Hessian.',
  formulae: [
    {
      tex: String.raw`f(x, y) = \langle a, x \rangle + \langle b, y \rangle - \varepsilon \sum_{ij} e^{(x_i + y_j - c_{ij}) / \varepsilon - 1}`,
      meaning: 'The concave dual of transport with a little blur.',
    },
    {
      tex: String.raw`-\nabla^2 f = \frac1\varepsilon \begin{pmatrix} \operatorname{diag}(P \mathbf 1) & P \\ P^\top & \operatorname{diag}(P^\top \mathbf 1) \end{pmatrix}`,
      meaning: 'Its Hessian is nearly sparse when the blur is small: almost all of P is nearly zero.',
    },
    {
      tex: String.raw`P \approx P_{\text{kept}}, \qquad \#\{\text{kept}\} = k\, n`,
      meaning: 'After a few Sinkhorn iterations only the largest entries are kept, and Newton steps become cheap.',
    },
  ],
  source: {
    authors:
      'Xun Tang, Michael Shavlovsky, Holakou Rahmanian, Elisa Tardini, Kiran Koshy Thekumparampil, Tesi Xiao, Lexing Ying',
    title: 'Accelerating Sinkhorn Algorithm with Sparse Newton Iterations',
    year: 2024,
    venue: 'ICLR',
    arxiv: '2401.12253',
  },
  options: {
    sinkhornIterations: integer(20, 'Sinkhorn iterations first'),
    newtonIterations: integer(Infinity, 'most Newton steps'),
    keepPerRow: within(0, 1e9, 6, 'plan entries kept per row'),
    cgTolerance: within(0, 1, 1e-3, 'tolerance of conjugate gradients'),
    mode: choice(['safeguarded', 'paper'], 'safeguarded', 'mode'),
    adaptiveSwitch: flag(false, 'switch when the kept mass settles'),
  },

  create: (options) => {
    const { sinkhornIterations, newtonIterations, keepPerRow, cgTolerance, mode, adaptiveSwitch } = options
    const scratchOf = ({ rows, columns }: TransportEngine): Scratch => ({
      ...newtonScratch(rows, columns),
      solver: null,
    })

    /** Puts the largest entries of the plan in the slot into the solver. @returns their share of the mass */
    const keepLargest = (engine: TransportEngine, state: SparseNewtonState, scratch: Scratch): number => {
      const { rows: n, columns: m, stride, slot } = engine
      const keep = Math.min(n * m, Math.round(state.keepPerRow * Math.max(n, m)))
      // Room for ties.
      const capacity = Math.min(n * m, Math.max(4 * keep, 64))
      if (scratch.solver === null || scratch.solver.coupling.values.length < capacity) {
        scratch.solver = new CoupledSolver(n, m, capacity)
      }
      const { coupling } = scratch.solver
      const kept = sparsify(slot as Float64Array, n, m, stride, keep, coupling)
      return total(coupling.values, kept) / total(state.rowSums, n)
    }

    /** Whether the mass on the kept entries has changed by less than 1e-3 since the last look. */
    const massSettled = (
      problem: TransportProblem,
      state: SparseNewtonState,
      engine: TransportEngine,
      scratch: Scratch,
    ): boolean => {
      const before = state.keptMass
      enterNewton(problem, state, engine, scratch)
      state.phase = 'sinkhorn'
      state.keptMass = keepLargest(engine, state, scratch)
      return Math.abs(state.keptMass - before) < SETTLED_MASS
    }

    const goBack = (problem: TransportProblem, state: SparseNewtonState, engine: TransportEngine): void => {
      state.returns++
      state.phase = 'sinkhorn'
      state.sinkhornLeft = state.returnLength
      state.returnLength *= 2
      state.keepPerRow = Math.max(state.keepPerRow, Math.min(MOST_KEPT_PER_ROW, 1.5 * state.keepPerRow))
      state.waiting = 0
      problem.onPass()
      engine.pass(state.x, state.y, 1 / problem.regularization)
      state.nextX.set(engine.nextX)
      state.nextY.set(engine.nextY)
      state.nextColumnError = 0
      state.nextColumnValue = 0
      state.mode = 'log'
    }

    /**
     * The Newton direction for the kept entries. The diagonal is that of the full plan: with the kept entries' own sums the matrix
     * would be singular.
     *
     * @returns conjugate-gradient steps
     */
    const solveKept = (problem: TransportProblem, state: SparseNewtonState, scratch: Scratch): number => {
      const { rowSums, columnSums } = state
      const { gradientX, gradientY, directionX, directionY } = scratch
      const solver = scratch.solver as CoupledSolver
      const eta = 1 / problem.regularization
      if (state.byForest) {
        const { coupling } = solver
        return solveByForest(
          coupling,
          rowSums,
          columnSums,
          gradientX,
          gradientY,
          eta,
          cgTolerance,
          directionX,
          directionY,
        )
      }
      const steps = solver.solve(rowSums, columnSums, gradientX, gradientY, eta, cgTolerance, directionX, directionY)
      state.capped = steps >= solver.mostSteps
      return steps
    }

    const newtonStep = (
      problem: TransportProblem,
      state: SparseNewtonState,
      engine: TransportEngine,
      scratch: Scratch,
    ): StepOutcome => {
      ensurePlan(problem, state, engine, scratch)
      dualGradient(state, engine, scratch)
      const keptMass = keepLargest(engine, state, scratch)
      const cg = solveKept(problem, state, scratch)
      const outcome = newtonLineSearch(problem, state, engine, scratch)
      state.cgSteps += cg
      state.latestCgSteps = cg
      state.keptMass = keptMass
      if (mode === 'paper') return outcome
      if (outcome === undefined) {
        if (state.marginalError <= 0.5 * state.reference) {
          state.reference = state.marginalError
          state.waiting = 0
        } else state.waiting++
        if (state.waiting < PATIENCE) return
      }
      // At rounding level there is nothing left to gain.
      if (state.returns >= MOST_RETURNS || state.marginalError < 1e-13) {
        return outcome ?? { outcome: 'stalled', reason: 'Newton steps no longer reduce the marginal error' }
      }
      // Unfinished directions may have been the reason: better ones, before anything else.
      if (state.capped && !state.byForest) {
        state.byForest = true
        state.reference = state.marginalError
        state.waiting = 0
        return
      }
      state.byForest = false
      goBack(problem, state, engine)
    }

    return {
      start(problem, context) {
        const engine = engineFor(problem)
        if (engine.slot === null) {
          throw new UnsupportedError(
            `sinkhorn-newton-sparse: a plan of ${engine.rows} x ${engine.columns} does not fit into memory; use sinkhornLog or sinkhornEpsilonScaling`,
            { argument: 'problem', expected: 'a smaller problem', received: `${engine.rows} x ${engine.columns}` },
          )
        }
        const scratch = context.scratch(() => scratchOf(engine))
        const ahead = scalingStart(problem, context, scratch.scaling)
        return {
          ...ahead,
          phase: 'sinkhorn',
          sinkhornDone: 0,
          sinkhornLeft: sinkhornIterations,
          newtonSteps: 0,
          stepLength: 1,
          rowSums: new Float64Array(engine.rows),
          columnSums: new Float64Array(engine.columns),
          cgSteps: 0,
          latestCgSteps: 0,
          keepPerRow,
          keptMass: 0,
          reference: ahead.marginalError,
          waiting: 0,
          returns: 0,
          returnLength: Math.max(20, sinkhornIterations),
          capped: false,
          byForest: false,
        }
      },

      step(problem, state, context) {
        if (state.infeasible) return infeasibleOutcome
        const engine = engineFor(problem)
        const scratch = context.scratch(() => scratchOf(engine))
        if (state.phase === 'sinkhorn' && state.sinkhornLeft > 0) {
          const outcome = scalingOrLogStep(problem, state, scratch.scaling)
          if (outcome !== undefined) return outcome
          state.sinkhornDone++
          const look = adaptiveSwitch && state.returns === 0 && state.sinkhornDone % WINDOW === 0
          if (look) state.sinkhornLeft = massSettled(problem, state, engine, scratch) ? 0 : WINDOW
          else state.sinkhornLeft--
          return
        }
        if (state.newtonSteps >= newtonIterations) {
          return { outcome: 'stalled', reason: `${newtonIterations} Newton steps done` }
        }
        if (state.phase === 'sinkhorn') {
          enterNewton(problem, state, engine, scratch)
          state.reference = state.marginalError
          state.waiting = 0
        }
        return newtonStep(problem, state, engine, scratch)
      },

      measure: (state) => ({
        objective: state.objective,
        marginalError: state.marginalError,
        dual: state.dual,
        keptMass: state.keptMass,
        cgSteps: state.cgSteps,
        newtonSteps: state.newtonSteps,
        sinkhornSteps: state.sinkhornDone,
      }),
      solution: entropicSolution,
    }
  },
})
