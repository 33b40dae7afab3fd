import { InvalidInputError, type RandomState, RandomStream } from '../base/index.ts'
import { clonePlain } from '../solver/index.ts'
import { type LearnedParameterOptions, type LearnedParameterState, learnedParameter } from './choosers.ts'
import type { SystemInstance } from './sequence-solvers.ts'

/** A selector's choice. */
export interface Selection {
  /** Index in the grid. */
  readonly arm: number
  readonly parameter: number
  readonly probability: number | null
}

/** All that a selector remembers: plain data. */
export interface SelectorState {
  learner: LearnedParameterState
  random: RandomState
  /** Rounds done. */
  rounds: number
  total: number
  /** The choice that still waits for its cost, with its context. */
  pending: { selection: Selection; context: number | null } | null
}

/** Options of `parameterSelector`. */
export interface ParameterSelectorOptions extends LearnedParameterOptions {
  /** Seed of the draws, an integer in [0, 2^53). Default 0. */
  seed?: number
}

/** Chooses a parameter, is told what it cost, and chooses better: `select`, then `update`, again and again. */
export interface ParameterSelector {
  /** The parameter to use next. @throws {InvalidInputError} if the last choice has not been given its cost yet */
  select(context?: number): Selection
  /**
   * The cost of the last choice: a finite number >= 0, such as a count of iterations (0 counts as 1).
   *
   * @throws {InvalidInputError} if nothing was selected, or the cost is not such a number; the choice then still waits
   */
  update(cost: number): void
  /** A copy of everything it remembers, to be stored and handed to `parameterSelector` again. */
  state(): SelectorState
  /** Remarks, e.g. on contexts outside their bounds. */
  warnings(): string[]
}

/**
 * A selector for any tuning problem whose cost is a count: relaxation parameters, restart lengths, block sizes, cache sizes. It
 * never sees the problem, only the costs of what it chose.
 *
 * @example
 * const selector = parameterSelector({ grid: [10, 20, 30, 50] })
 * for (const system of systems) {
 *   const { parameter } = selector.select()
 *   selector.update(solveWithRestart(system, parameter).iterations)
 * }
 * @param resume what `state()` of an earlier selector with the same options returned; the seed is then taken from it
 * @throws {OptionError} see `learnedParameter`
 */
export function parameterSelector(
  { seed = 0, ...options }: ParameterSelectorOptions = {},
  resume?: SelectorState,
): ParameterSelector {
  const chooser = learnedParameter(options)
  const random = resume
    ? RandomStream.fromState(resume.random)
    : RandomStream.fromSeed(seed).split('parameter-selector')
  const memory = resume
    ? clonePlain({ learner: resume.learner, rounds: resume.rounds, total: resume.total, pending: resume.pending })
    : { learner: chooser.start(), rounds: 0, total: 0, pending: null as SelectorState['pending'] }

  return {
    select(context) {
      if (memory.pending !== null) {
        throw new InvalidInputError(
          'parameterSelector: select was called twice; call update with the cost of the last choice first',
          { argument: 'select', expected: 'update after every select', received: 'a second select' },
        )
      }
      const choice = chooser.choose(
        memory.learner,
        { index: memory.rounds, context, system: undefined as unknown as SystemInstance, cost: () => Number.NaN },
        random,
      )
      const selection = { ...choice, arm: choice.arm as number }
      memory.pending = { selection, context: context ?? null }
      return selection
    },

    update(cost) {
      if (memory.pending === null) {
        throw new InvalidInputError('parameterSelector: update was called without select', {
          argument: 'update',
          expected: 'select before every update',
          received: 'update',
        })
      }
      const { selection, context } = memory.pending
      chooser.learn(memory.learner, selection, cost, context ?? undefined)
      memory.pending = null
      memory.rounds++
      memory.total += cost
    },

    state: () => clonePlain({ ...memory, random: random.state() }) as SelectorState,
    warnings: () => chooser.warnings?.(memory.learner) ?? [],
  }
}
