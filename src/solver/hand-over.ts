import type { Context, Method, StepOutcome } from './method.ts'
import { contextWith } from './nested-context.ts'
import { clonePlain } from './plain-data.ts'
import type { Measures, Problem, SolutionOf } from './problem.ts'
import type { StoppingRule } from './stopping.ts'

interface HandOverState<S1, S2> {
  phase: 'first' | 'second'
  first: S1 | null
  second: S2 | null
  /** What the switching rule remembers. */
  memory: unknown
}

/**
 * Runs `first` until `rule` holds (or `first` can do no more) and then `second` from its solution, as one method with one
 * state: it is traced, limited, checkpointed and resumed like any other. If `second` cannot start there (the objective is not
 * finite any more) the run ends as `diverged` with the solution of `first`.
 *
 * @example
 * run(problem, handOver(gradientDescent(), gradientNorm(1e-2), newton()))
 */
export function handOver<P extends Problem, S1, S2>(
  first: Method<P, S1>,
  rule: StoppingRule,
  second: Method<P, S2>,
): Method<P, HandOverState<S1, S2>> {
  const beginSecond = (problem: P, state: HandOverState<S1, S2>, context: Context<SolutionOf<P>>): StepOutcome => {
    const start = clonePlain(first.solution(state.first as S1))
    const begun = second.start(problem, contextWith(context, { start }))
    const { objective } = second.measure(begun)
    if (!Number.isFinite(objective)) {
      return { outcome: 'diverged', reason: `${second.name} cannot start: the objective became ${objective}` }
    }
    state.second = begun
    state.phase = 'second'
    state.first = null
  }

  return {
    name: `${first.name}>${second.name}`,
    options: { first: first.options, rule: rule.name, second: second.options },
    requires: [...new Set([...first.requires, ...second.requires])],
    handles: first.handles.filter((feature) => second.handles.includes(feature)),
    ...(second.optimality && { optimality: second.optimality }),

    start: (problem, context) => ({
      phase: 'first',
      first: first.start(problem, phaseContext(context, 0)),
      second: null,
      memory: rule.start(),
    }),

    step(problem, state, context): StepOutcome {
      if (state.phase === 'second') return second.step(problem, state.second as S2, phaseContext(context, 1))
      const outcome = first.step(problem, state.first as S1, phaseContext(context, 0))
      if (outcome === 'infeasible' || outcome === 'unbounded') return outcome
      const verdict = rule.test(
        {
          iteration: context.iteration + 1,
          elapsedMs: context.elapsedMs(),
          measures: first.measure(state.first as S1),
          evaluations: context.evaluations,
        },
        state.memory,
      )
      if (verdict !== null || outcome !== undefined) return beginSecond(problem, state, phaseContext(context, 1))
    },

    measure: (state): Measures =>
      state.phase === 'first' ? first.measure(state.first as S1) : second.measure(state.second as S2),

    solution: (state) =>
      state.phase === 'first' ? first.solution(state.first as S1) : second.solution(state.second as S2),
  }
}

/** A context in which each of the two methods has scratch memory of its own. */
function phaseContext<X>(context: Context<X>, phase: 0 | 1): Context<X> {
  const own = context.scratch<[Context<X> | null, Context<X> | null]>(() => [null, null])
  if (own[phase] === null) {
    let scratch: { value: unknown } | undefined
    own[phase] = contextWith(context, {
      scratch: <T>(make: () => T): T => {
        scratch ??= { value: make() }
        return scratch.value as T
      },
    })
  }
  return own[phase] as Context<X>
}
