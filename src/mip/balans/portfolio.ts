import { describe, OptionError, RandomStream } from '../../base/index.ts'
import { type Result, type RunOptions, runAsync } from '../../solver/index.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { type BalansOptions, balans } from './balans.ts'
import { sharedIncumbent } from './exchange.ts'
import type { Scores } from './outcome.ts'

/** The sizes that each family of a random configuration may have. */
const randomSizes: Readonly<Record<string, readonly string[]>> = {
  crossover: [''],
  mutation: ['-10', '-25', '-40', '-50', '-75'],
  'local-branching': ['-10', '-20', '-30', '-40', '-50'],
  proximity: ['-005', '-015', '-030', '-05', '-10'],
  rens: ['-10', '-25', '-40', '-50', '-75'],
  rins: ['-10', '-25', '-40', '-50', '-75'],
}
const FEWEST_ARMS = 4
const MOST_ARMS = 18

const randomScores: readonly Scores[] = [
  [3, 2, 1, 0],
  [5, 2, 1, 0],
  [5, 4, 2, 0],
  [8, 3, 1, 0],
  [8, 4, 2, 1],
  [16, 4, 2, 1],
]

/**
 * A random configuration, as the portfolio of the reference code draws them: 4 to 18 arms of six families (each family at least
 * once if there are 6 or more), hill climbing or annealing from 10 to 1, and epsilon-greedy, softmax or Thompson sampling with
 * random parameters.
 */
export function randomConfiguration(random: RandomStream): BalansOptions {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]
  const families = Object.keys(randomSizes)
  const count = FEWEST_ARMS + random.integer(MOST_ARMS - FEWEST_ARMS + 1)
  const arms = new Set<string>()
  if (count >= families.length) for (const family of families) arms.add(family + pick(randomSizes[family]))
  const left = random.shuffle(
    families.flatMap((family) => randomSizes[family].map((size) => family + size)).filter((name) => !arms.has(name)),
  )
  for (const name of left.slice(0, count - arms.size)) arms.add(name)

  const acceptance =
    random.integer(2) === 0
      ? ({ rule: 'hill-climbing' } as const)
      : ({ rule: 'simulated-annealing', start: 10, end: 1, step: random.uniformBetween(0.01, 1) } as const)
  const policy = pick([
    { name: 'epsilon-greedy', epsilon: random.uniformBetween(0.01, 0.5) },
    { name: 'softmax', temperature: random.uniformBetween(1, 3) },
    { name: 'thompson-sampling' },
  ])
  const scores =
    policy.name === 'thompson-sampling'
      ? pick<Scores>([
          [1, 1, 0, 0],
          [1, 1, 1, 0],
        ])
      : pick(randomScores)
  return { preset: 'reference', arms: [...arms], acceptance, policy, scores }
}

export interface PortfolioOptions {
  /** The configurations to run side by side. Default: `members` random ones. */
  configurations?: readonly BalansOptions[]
  /** Number of random configurations, >= 1. Default 4. */
  members?: number
  /** What all of them have in common, e.g. `{ firstSeconds: 4, iterationSeconds: 2 }`; a configuration's own options win. */
  common?: BalansOptions
  /**
   * Whether a member goes on from a better solution of another one, from its next iteration. The runs then depend on time, and cannot
   * be repeated bit for bit. Default false.
   */
  shareBest?: boolean
}

/** What a portfolio comes to. */
export interface PortfolioResult {
  /** The result with the best objective; the first of several. */
  readonly best: Result<Float64Array>
  /** Every member's result, in order. */
  readonly results: readonly Result<Float64Array>[]
  readonly configurations: readonly BalansOptions[]
}

/**
 * ParBalans: independent configurations of Balans side by side, with different seeds; the best is taken. Each has an engine session
 * of its own, so with HiGHS in threads they run in parallel.
 *
 * @param limits of each member; member k has the seed `limits.seed + k`
 * @throws {OptionError} if `members` is not an integer >= 1, or there is no configuration
 */
export async function balansPortfolio(
  program: MixedIntegerProgram,
  { configurations, members = 4, common = {}, shareBest = false }: PortfolioOptions = {},
  limits: Omit<RunOptions<Float64Array>, 'resume' | 'checkpoint'> = {},
): Promise<PortfolioResult> {
  if (!Number.isInteger(members) || members < 1 || configurations?.length === 0) {
    const received = configurations?.length === 0 ? 'no configuration' : describe(members)
    throw new OptionError(`balansPortfolio: members must be an integer >= 1, got ${received}`, {
      argument: configurations?.length === 0 ? 'configurations' : 'members',
      expected: 'at least one',
      received,
    })
  }
  const { seed = 0 } = limits
  const random = RandomStream.fromSeed(seed).split('portfolio')
  const chosen = configurations ?? Array.from({ length: members }, (_, k) => randomConfiguration(random.split(k)))
  const exchange = shareBest ? sharedIncumbent() : undefined
  const results = await Promise.all(
    chosen.map((configuration, k) =>
      runAsync(program, balans({ ...common, ...configuration, ...(exchange && { exchange }) }), {
        ...limits,
        seed: seed + k,
      }),
    ),
  )
  return { best: bestOf(results), results, configurations: chosen }
}

/** Objectives of results are of the minimized problem; NaN where there is no solution. */
function bestOf(results: readonly Result<Float64Array>[]): Result<Float64Array> {
  return results.reduce((best, result) =>
    result.objective < best.objective || Number.isNaN(best.objective) ? result : best,
  )
}
