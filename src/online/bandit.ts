import {
  checked,
  describe,
  InvalidInputError,
  integer,
  OptionError,
  type OptionSpec,
  type RandomStream,
  type Resolved,
} from '../base/index.ts'
import type { Source } from '../solver/index.ts'

/** An arm that a policy chose, and how likely it was to choose it. */
export interface Choice {
  /** Index in 0 .. arms - 1. */
  readonly arm: number
  /**
   * The probability with which this arm was chosen, in (0, 1]; 1 for deterministic policies, null where it has no closed form
   * (Thompson sampling). Hand it back to `update`.
   */
  readonly probability: number | null
}

/** Whether outcomes are gains (greater is better) or costs (smaller is better). */
export type Feedback = 'reward' | 'loss'

/**
 * A bandit policy: it chooses one of d arms, is told the outcome of that arm alone, and chooses again.
 *
 * The policy itself never changes; all that it learns is in a state of plain data, which `start` makes, `update` changes in
 * place, and a checkpoint can hold: with the state and the random stream a run continues bit for bit.
 *
 * `S` is the type of the state, `C` that of the context (`undefined` for policies that use none). Each policy takes outcomes
 * in the sense of its `feedback`, the natural one of its theory; `withFeedback` turns one into the other.
 */
export interface Bandit<S = unknown, C = unknown> {
  readonly name: string
  /** d, the number of arms. */
  readonly arms: number
  readonly feedback: Feedback
  /** The options in use, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  /** What is known before the first round. */
  start(): S
  /** The arm to play. Changes nothing but the random stream. */
  select(state: S, random: RandomStream, context?: C): Choice
  /**
   * Learns from one round: `arm` was played, had `outcome` (a reward or a loss, see `feedback`), and had been chosen with
   * `probability`.
   *
   * @throws {InvalidInputError} if the arm does not exist, the outcome is outside what the policy can use, or a policy that
   *   weighs by importance gets no probability
   */
  update(state: S, arm: number, outcome: number, probability: number | null, context?: C): void
  /** The distribution over arms that `select` draws from, length d, into `out` if given; absent where it has no closed form. */
  probabilities?(state: S, context?: C, out?: Float64Array): Float64Array
}

/** What a person or a program must know of a policy. */
export interface BanditDescription {
  /** Stable name. */
  readonly slug: string
  readonly title: string
  /** One plain sentence: what it is good for. */
  readonly summary: string
  readonly source: Source
  readonly feedback: Feedback
  /** What `select` and `update` need besides: nothing, a number, or a vector of features. */
  readonly context: 'none' | 'number' | 'vector'
  readonly options: Readonly<Record<string, OptionSpec<unknown>>>
}

/** Options that every policy has. */
export interface BanditOptions {
  /** d, the number of arms, an integer >= 1. */
  arms: number
}

/** A factory of policies with its description: `tsallisInf({ arms: 20 })`, `tsallisInf.description`. */
export interface BanditFactory<O extends BanditOptions, S, C> {
  (options: O): Bandit<S, C>
  readonly description: BanditDescription
}

type OwnSpecs<O> = { readonly [K in Exclude<keyof O, 'arms'>]-?: OptionSpec<unknown> }
type ArmsSpec = { readonly arms: OptionSpec<number> }

interface BanditDefinition<O extends BanditOptions, Sp extends OwnSpecs<O>, S, C>
  extends Omit<BanditDescription, 'options' | 'context'> {
  readonly context?: 'none' | 'number' | 'vector'
  readonly options: Sp
  create(options: Resolved<O, Sp & ArmsSpec>): Omit<Bandit<S, C>, 'name' | 'arms' | 'feedback' | 'options'>
}

/**
 * Makes a policy factory from its description and its functions; checks options, arms, outcomes and probabilities once for
 * all policies.
 */
export function defineBandit<O extends BanditOptions, S, C = undefined>() {
  return <Sp extends OwnSpecs<O>>(definition: BanditDefinition<O, Sp, S, C>): BanditFactory<O, S, C> => {
    const { create, ...described } = definition
    const { slug, feedback } = described
    const specs = { arms: integer<number | undefined>(undefined, 'number of arms', { min: 1 }), ...definition.options }
    const description: BanditDescription = {
      ...described,
      context: definition.context ?? 'none',
      options: specs as BanditDescription['options'],
    }
    const factory = (given: O): Bandit<S, C> => {
      const options = checked(
        slug,
        (given ?? {}) as Record<string, unknown>,
        specs as Record<string, OptionSpec<unknown>>,
      )
      const arms = options.arms as number | undefined
      if (arms === undefined || !Number.isFinite(arms)) {
        throw new OptionError(`${slug}: arms must be an integer >= 1, got ${describe(arms)}`, {
          argument: 'arms',
          expected: 'an integer >= 1',
          received: describe(arms),
        })
      }
      const body = create(options as never)
      return {
        ...body,
        name: slug,
        arms,
        feedback,
        options,
        update(state, arm, outcome, probability, context) {
          checkArm(slug, arm, arms)
          if (typeof outcome !== 'number' || !Number.isFinite(outcome)) {
            throw new InvalidInputError(`${slug}: the ${feedback} must be a finite number, got ${describe(outcome)}`, {
              argument: feedback,
              expected: 'a finite number',
              received: describe(outcome),
            })
          }
          body.update(state, arm, outcome, probability, context)
        },
      }
    }
    return Object.assign(factory, { description })
  }
}

function checkArm(where: string, arm: number, arms: number): void {
  if (Number.isInteger(arm) && arm >= 0 && arm < arms) return
  throw new InvalidInputError(`${where}: arm must be an integer in [0, ${arms - 1}], got ${describe(arm)}`, {
    argument: 'arm',
    expected: `an integer in [0, ${arms - 1}]`,
    received: describe(arm),
  })
}

/** The probability of a choice, for policies that divide by it. */
export function importance(where: string, probability: number | null): number {
  if (typeof probability === 'number' && probability > 0 && probability <= 1) return probability
  throw new InvalidInputError(
    `${where}: update needs the probability in (0, 1] that select returned, got ${describe(probability)}`,
    { argument: 'probability', expected: 'a number in (0, 1]', received: describe(probability) },
  )
}

/** How often each arm was played, and the sum of its outcomes: all that the simple policies remember. */
export interface ArmStatistics {
  /** Plays n_i. */
  pulls: Float64Array
  /** Sums of outcomes; the mean mu_i = sums_i / n_i is 0 when n_i = 0. */
  sums: Float64Array
}

export function armStatistics(arms: number): ArmStatistics {
  return { pulls: new Float64Array(arms), sums: new Float64Array(arms) }
}

export function countPull(state: ArmStatistics, arm: number, outcome: number): void {
  state.pulls[arm] += 1
  state.sums[arm] += outcome
}

/** mu_i of a state, 0 for an arm that was never played. */
export function meanOutcome(state: ArmStatistics, arm: number): number {
  return state.pulls[arm] > 0 ? state.sums[arm] / state.pulls[arm] : 0
}

/** The first arm with the largest score. */
export function bestArm(arms: number, score: (arm: number) => number): number {
  let best = 0
  let value = score(0)
  for (let i = 1; i < arms; i++) {
    const next = score(i)
    if (next > value) {
      best = i
      value = next
    }
  }
  return best
}

/**
 * A policy for losses used with rewards, or the other way round: an outcome y is handed on as `from + to - y`, which turns
 * the interval [from, to] over and keeps its ends. A policy that already has the wanted feedback is returned as it is.
 *
 * @example
 * const bandit = withFeedback(tsallisInf({ arms: 16 }), 'reward', { from: 0, to: 1 })
 * @param interval the outcomes' interval. Default [0, 1].
 */
export function withFeedback<S, C>(
  bandit: Bandit<S, C>,
  feedback: Feedback,
  { from = 0, to = 1 }: { from?: number; to?: number } = {},
): Bandit<S, C> {
  if (bandit.feedback === feedback) return bandit
  return {
    ...bandit,
    feedback,
    update: (state, arm, outcome, probability, context) =>
      bandit.update(state, arm, from + to - outcome, probability, context),
  }
}
