import { describe, InvalidInputError } from '../../base/index.ts'
import { type Bandit, banditPolicies, createBandit, withFeedback } from '../../online/index.ts'
import { type Acceptance, type ResolvedAcceptance, resolveAcceptance } from './acceptance.ts'
import { type Arm, parseArms } from './arms.ts'
import type { FamilyName } from './neighbourhood.ts'
import { areScores, checkUnitScores, type Scores } from './outcome.ts'

/** A bandit policy by name, with its options but for the number of arms: `{ name: 'softmax', temperature: 2 }`. */
export interface PolicyChoice {
  /** e.g. `softmax`, `thompson-sampling`, `epsilon-greedy`, `roulette-wheel`, `random-arm`; see the bandits of `thalweg/online`. */
  readonly name: string
  readonly [option: string]: unknown
}

/** What a preset settles. Every entry can be given by itself as well. */
export interface Settings {
  readonly arms: readonly string[]
  readonly policy: string | PolicyChoice
  readonly reward: 'scores' | 'rate'
  readonly scores: Scores
  readonly acceptance: Acceptance | Acceptance['rule']
  readonly firstSeconds: number
  readonly iterationSeconds: number
  readonly familySeconds: Readonly<Partial<Record<FamilyName, number>>>
  readonly auxiliarySeconds: number
  readonly adaptSize: boolean
  readonly adaptLimit: boolean
  readonly fixContinuous: boolean
  readonly withReplacement: boolean
  readonly warmStart: boolean
  readonly crossWith: 'random' | 'earlier'
  readonly bigM: number
  readonly wholeProgramShare: number
}

/** The sixteen arms of the paper. */
export const paperArms: readonly string[] = [
  'crossover',
  'mutation-25',
  'mutation-50',
  'mutation-75',
  'local-branching-10',
  'local-branching-25',
  'local-branching-50',
  'proximity-005',
  'proximity-015',
  'proximity-030',
  'rens-25',
  'rens-50',
  'rens-75',
  'rins-25',
  'rins-50',
  'rins-75',
]

const paper: Settings = {
  arms: paperArms,
  policy: { name: 'softmax', temperature: 2 },
  reward: 'scores',
  scores: [3, 2, 1, 0],
  acceptance: { rule: 'simulated-annealing', start: 20, end: 1, step: 0.1, cooling: 'linear' },
  firstSeconds: 20,
  iterationSeconds: 60,
  familySeconds: { 'local-branching': 150 },
  auxiliarySeconds: 20,
  adaptSize: false,
  adaptLimit: false,
  fixContinuous: true,
  withReplacement: true,
  warmStart: false,
  crossWith: 'random',
  bigM: 1000,
  wholeProgramShare: 0,
}

/** Configurations by name. */
export const presets = {
  /** Ours: what is faster in the seconds that a person waits; see the page of the method for every difference. */
  adaptive: {
    ...paper,
    arms: [
      'mutation-10',
      'constraint-graph-10',
      'rins-25',
      'rens-25',
      'crossover',
      'local-branching-10',
      'whole-program',
    ],
    policy: { name: 'thompson-sampling' },
    reward: 'rate',
    scores: [1, 1, 0, 0],
    acceptance: { rule: 'hill-climbing' },
    firstSeconds: 20,
    iterationSeconds: 10,
    familySeconds: {},
    auxiliarySeconds: 2,
    adaptSize: true,
    adaptLimit: true,
    fixContinuous: false,
    withReplacement: false,
    warmStart: true,
    crossWith: 'earlier',
    wholeProgramShare: 0.3,
  },
  /** The paper's configuration for its distributional instances: softmax with temperature 2, simulated annealing. */
  paper,
  /** The paper's configuration for MIPLIB: Thompson sampling on improvements. */
  'paper-thompson': { ...paper, policy: { name: 'thompson-sampling' }, scores: [1, 1, 0, 0] },
  /** The later default of the reference code. */
  reference: {
    ...paper,
    arms: [
      'crossover',
      'mutation-50',
      'rins-40',
      'rens-40',
      'rens-50',
      'proximity-005',
      'local-branching-10',
      'local-branching-20',
      'local-branching-30',
      'local-branching-50',
    ],
    policy: { name: 'softmax', temperature: 1.36 },
    scores: [8, 4, 2, 1],
    acceptance: { rule: 'hill-climbing' },
    firstSeconds: 10,
    iterationSeconds: 12,
    auxiliarySeconds: 6,
    familySeconds: { 'local-branching': 15 },
  },
} as const satisfies Readonly<Record<string, Settings>>

export type PresetName = keyof typeof presets

const policyContext = (name: string): string =>
  banditPolicies.find(({ description }) => description.slug === name)?.description.context ?? 'none'

/** Settings after checking. */
export interface Configuration extends Omit<Settings, 'arms' | 'policy' | 'acceptance'> {
  readonly arms: readonly Arm[]
  readonly acceptance: ResolvedAcceptance
  /** The policy for so many arms. */
  bandit(arms: number): Bandit
}

/**
 * The settings of a preset, with those that are given in their place.
 *
 * @throws {InvalidInputError} if an arm or policy is unknown, scores are not four numbers >= 0 (for Thompson sampling without a
 *   binarizer: in [0, 1]), or a temperature is out of order
 */
export function configure(preset: PresetName, given: Partial<Settings>): Configuration {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const settings: Settings = { ...(presets[preset] as Settings), ...present }
  const { scores, reward } = settings
  if (!areScores(scores)) {
    throw new InvalidInputError(
      `balans: scores must be four numbers >= 0 for [best, better, accept, reject], got ${describe(scores)}`,
      { argument: 'scores', expected: 'four numbers >= 0', received: describe(scores) },
    )
  }
  const { name, ...options } = typeof settings.policy === 'string' ? { name: settings.policy } : settings.policy
  if (name === 'thompson-sampling' && reward === 'scores' && !('binarize' in options)) checkUnitScores(scores)
  const largest = reward === 'rate' ? 1 : Math.max(...scores)
  const bandit = (arms: number): Bandit =>
    withFeedback(createBandit(name, { ...options, arms }), 'reward', { from: 0, to: largest })
  if (policyContext(name) !== 'none') {
    throw new InvalidInputError(`balans: the policy ${name} needs a context at every choice, and there is none here`, {
      argument: 'policy',
      expected: 'a policy without context',
      received: name,
    })
  }
  // A wrong policy should be refused now, not when the first solution is found.
  bandit(1)
  return {
    ...settings,
    arms: parseArms(settings.arms),
    acceptance: resolveAcceptance(settings.acceptance),
    bandit,
  }
}
