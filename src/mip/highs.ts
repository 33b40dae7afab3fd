import { callback, flag, integer, structured } from '../base/index.ts'
import { type Context, defineAsyncMethod, type Measures, type StepOutcome } from '../solver/index.ts'
import { isFeasible, objectiveAt, polished, relativeGap } from './certificate.ts'
import type { EngineAnswer, EngineSession, InfeasibleSubsystem, MipEngine, SearchProgress } from './engine.ts'
import { EngineError } from './engine-error.ts'
import { defaultEngine } from './highs-workers.ts'
import { type PreparedMixedIntegerProgram, signOf } from './mixed-integer-class.ts'

export interface HighsOptions {
  /** The engine that solves. Default: HiGHS, in a thread of its own where that is possible. */
  engine?: MipEngine
  /** Nodes of the search tree, >= 1; with it alone a run is deterministic. Default: no limit. */
  maxNodes?: number
  /** Seed of the engine's own random choices, an integer in [0, 2^31). Default 0. */
  engineSeed?: number
  /** Whether to look for an irreducible infeasible subsystem if the program is infeasible. Default true. */
  explain?: boolean
  /** Called with the incumbent and the bound, in the sense of the program, while the engine searches. */
  onProgress?: (progress: SearchProgress) => void
}

/** What the search knows; numbers are of the minimized objective. */
export interface HighsState {
  /** The best point, length n; NaN where there is none. */
  x: Float64Array
  objective: number
  bound: number
  /** Infinity unless x satisfies the program, checked in compensated arithmetic. */
  gap: number
  nodes: number
  finished: boolean
  /** Duals of rows and reduced costs, in the sense of the program; null where there are integers. */
  duals: { readonly rows: Float64Array; readonly columns: Float64Array } | null
  /** Why the program is infeasible. */
  subsystem: InfeasibleSubsystem | null
}

/** Reads an answer into the state, after its point was checked anew. */
function take(program: PreparedMixedIntegerProgram, state: HighsState, answer: Partial<EngineAnswer>): void {
  const sign = signOf(program)
  if (answer.bound !== undefined) state.bound = sign * answer.bound
  state.nodes = answer.nodes ?? state.nodes
  state.duals = answer.duals ?? null
  if (answer.x) {
    const x = polished(program, answer.x)
    const objective = sign * objectiveAt(program, x)
    if (!(objective >= state.objective)) {
      state.x = x
      state.objective = objective
    }
  }
  state.gap = isFeasible(program, state.x) ? relativeGap(state.objective, state.bound) : Infinity
}

function subsystemInWords({ rows, columns }: InfeasibleSubsystem): string {
  const listed = (kind: string, items: InfeasibleSubsystem['rows']): string => {
    const shown = items.slice(0, 8).map(({ name }) => name)
    return `${kind} ${shown.join(', ')}${items.length > shown.length ? ` and ${items.length - shown.length} more` : ''}`
  }
  const parts = [
    ...(rows.length > 0 ? [listed(rows.length === 1 ? 'constraint' : 'constraints', rows)] : []),
    ...(columns.length > 0 ? [listed('bounds of', columns)] : []),
  ]
  return `${parts.join(' and ')} contradict each other; without any one of them the rest can hold`
}

/** Presolve may leave open which it is: the program without its objective tells. */
async function isInfeasible(
  program: PreparedMixedIntegerProgram,
  session: EngineSession,
  { signal, secondsLeft }: Context<Float64Array>,
): Promise<boolean> {
  program.onSolve()
  const objective = new Float64Array(program.objective.length)
  const { status } = await session.solve(
    { change: { objective }, maxSolutions: 1, maxSeconds: finite(secondsLeft()) },
    { signal },
  )
  return status === 'infeasible' || status === 'unbounded-or-infeasible'
}

/** A limit that does not bind is left out. */
function finite(limit: number): number | undefined {
  return limit < Infinity ? limit : undefined
}

async function judge(
  program: PreparedMixedIntegerProgram,
  state: HighsState,
  session: EngineSession,
  answer: EngineAnswer,
  explain: boolean,
  context: Context<Float64Array>,
): Promise<StepOutcome> {
  let { status } = answer
  if (status === 'unbounded-or-infeasible') {
    status = (await isInfeasible(program, session, context)) ? 'infeasible' : 'unbounded'
  }
  switch (status) {
    case 'optimal': {
      const flaw = state.gap < Infinity ? 'has a larger gap' : 'does not satisfy the constraints within 1e-6'
      return { outcome: 'finished', reason: `the point that the engine calls optimal ${flaw}, measured again` }
    }
    case 'unbounded':
      return { outcome: 'unbounded', reason: 'the objective improves without limit' }
    case 'infeasible': {
      if (explain) state.subsystem = (await session.explainInfeasibility?.()) ?? null
      return {
        outcome: 'infeasible',
        reason: state.subsystem ? subsystemInWords(state.subsystem) : 'the constraints contradict each other',
      }
    }
    case 'node-limit':
    case 'solution-limit':
      return { outcome: 'finished', reason: `${answer.nodes} nodes are explored` }
    case 'failed':
      return { outcome: 'stalled', reason: `the engine failed: ${answer.message ?? 'no reason given'}` }
    default:
      // The driver knows better why the engine was told to end.
      return { outcome: 'finished', reason: 'the engine ended early' }
  }
}

/**
 * A mixed-integer, linear or convex quadratic program, solved to proven optimality by branch and cut (linear programs by the dual
 * simplex method, quadratic ones by an active-set method).
 *
 * One iteration is the whole solve; the tolerance of the run is the relative gap at which it ends. The point is rounded to exact
 * integers where that keeps it feasible, and checked in compensated arithmetic. Aborted or out of time, the best point so far is
 * returned.
 *
 * @throws {UnsupportedError} before the solve, for an objective that is not convex, or a quadratic one with integers
 * @throws {EngineError} if the engine cannot be started, or is lost before it had any point
 * @see Huangfu and Hall, Parallelizing the dual revised simplex method, Mathematical Programming Computation 10 (2018)
 */
export const highs = defineAsyncMethod<PreparedMixedIntegerProgram, HighsOptions, HighsState>()({
  slug: 'highs',
  title: 'HiGHS: branch and cut',
  room: 'mip',
  problemClass: 'mixed-integer',
  summary: 'Linear, mixed-integer and convex quadratic programs to proven optimality.',
  formulae: [
    {
      tex: String.raw`\min_x\ c^\top x + \tfrac12 x^\top Q x \quad \text{s.t.} \quad \ell_A \le A x \le u_A,\ \ \ell \le x \le u,\ \ x_j \in \mathbb Z \text{ for } j \in I`,
      meaning: 'Linear, quadratic and mixed-integer programs.',
    },
    {
      tex: String.raw`\text{gap} = \frac{|z_{\text{incumbent}} - z_{\text{bound}}|}{|z_{\text{incumbent}}|}`,
      meaning: 'Branch and cut ends when bound and incumbent meet.',
    },
  ],
  source: {
    authors: 'Q. Huangfu, J. A. J. Hall',
    title: 'Parallelizing the dual revised simplex method',
    year: 2018,
    venue: 'Mathematical Programming Computation 10',
  },
  handles: ['quadratic'],
  options: {
    engine: structured<MipEngine | undefined>(
      undefined,
      'engine',
      'an engine (highsInProcess(), highsThreads(), ...)',
      (value) => typeof (value as MipEngine | null)?.open === 'function',
    ),
    maxNodes: integer(Infinity, 'most nodes', { min: 1 }),
    engineSeed: integer(0, "seed of the engine's own choices", { min: 0, max: 2147483647 }),
    explain: flag(true, 'explain infeasibility'),
    onProgress: callback<(progress: SearchProgress) => void>('called while the engine searches'),
  },
  create: ({ engine, maxNodes, engineSeed, explain, onProgress }) => ({
    start(program, { start }) {
      const state: HighsState = {
        x: start.slice().fill(NaN),
        objective: NaN,
        bound: -Infinity,
        gap: Infinity,
        nodes: 0,
        finished: false,
        duals: null,
        subsystem: null,
      }
      // A whole feasible start is a first incumbent.
      if (isFeasible(program, start)) take(program, state, { x: start })
      return state
    },

    async step(program, state, context) {
      if (state.finished) return 'finished'
      const session = await (engine ?? defaultEngine()).open(program)
      try {
        program.onSolve()
        const { signal } = context
        const ender = new AbortController()
        // An engine in this thread hears of the time limit only here.
        const watch = (progress: SearchProgress): void => {
          onProgress?.(progress)
          if (context.interrupted()) ender.abort()
        }
        const abort = (): void => ender.abort()
        signal.addEventListener('abort', abort, { once: true })
        if (signal.aborted) abort()
        const answer = await session.solve(
          {
            start: context.start.some((value) => !Number.isNaN(value)) ? context.start : undefined,
            maxNodes: finite(maxNodes),
            maxSeconds: finite(context.secondsLeft()),
            relativeGap: context.tolerance,
            seed: engineSeed,
          },
          { signal: ender.signal, onProgress: watch },
        )
        signal.removeEventListener('abort', abort)
        take(program, state, answer)
        state.finished = true
        return await judge(program, state, session, answer, explain, context)
      } catch (error) {
        if (!(error instanceof EngineError) || error.incumbent === null) throw error
        take(program, state, error.incumbent)
        state.finished = true
        return { outcome: 'stalled', reason: `the engine was lost (${error.message}), with this incumbent` }
      } finally {
        await session.close()
      }
    },

    measure: ({ objective, bound, gap }): Measures => ({ objective, bound, gap }),
    solution: ({ x }) => x,
  }),
})
