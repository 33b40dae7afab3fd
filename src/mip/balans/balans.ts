import { between, callback, choice, flag, integer, type OptionSpec, positive, structured } from '../../base/index.ts'
import { csrTranspose } from '../../linalg/index.ts'
import { type Context, defineAsyncMethod, type StepOutcome } from '../../solver/index.ts'
import { isFeasible, polished, relativeGap } from '../certificate.ts'
import type { EngineSession, MipEngine } from '../engine.ts'
import { defaultEngine } from '../highs-workers.ts'
import { type PreparedMixedIntegerProgram, signOf } from '../mixed-integer-class.ts'
import type { Acceptance } from './acceptance.ts'
import type { Exchange } from './exchange.ts'
import { firstSolution } from './first-solution.ts'
import type { FamilyName } from './neighbourhood.ts'
import { outcomes, type Scores } from './outcome.ts'
import { beginSearch, finished, goOnFrom, type NodeLimits, raiseBound, searchStep, type Workplace } from './search.ts'
import { discreteColumns, minimizedObjective } from './search-point.ts'
import { type Configuration, configure, type PolicyChoice, type PresetName, presets } from './settings.ts'
import type { BalansState } from './state.ts'
import type { Limit } from './trial.ts'
import { WholeSearch } from './whole-search.ts'

export interface BalansOptions {
  /**
   * Where everything that is not given comes from. `adaptive`: ours; sizes and limits follow what the solves cost, rewards are
   * improvements per time. `paper`, `paper-thompson`: the paper's for distributional instances and for MIPLIB. `reference`: the later
   * default of the reference code. Default adaptive.
   */
  preset?: PresetName
  /** The arms, e.g. `['mutation-50', 'rins-25', 'crossover']`: a family, and the decimals of its size in (0, 1]. */
  arms?: readonly string[]
  /** The bandit policy: a name, or a name with options, e.g. `{ name: 'softmax', temperature: 2 }`. */
  policy?: string | PolicyChoice
  /** What the bandit is told: the score of the outcome, or in [0, 1) the improvement per cost against the usual one. */
  reward?: 'scores' | 'rate'
  /** Rewards of [best, better, accept, reject], each >= 0. For reward `scores`. */
  scores?: Scores
  /** Which candidates take the place of the current solution: a rule by name or with its options. */
  acceptance?: Acceptance | Acceptance['rule']
  /** Seconds for the first solution, > 0; with `adaptLimit` the most, and the search goes on as soon as there is one. */
  firstSeconds?: number
  /** Seconds for each neighbourhood, > 0; with `adaptLimit` the most. */
  iterationSeconds?: number
  /** Seconds for the neighbourhoods of single families, e.g. `{ 'local-branching': 150 }`. */
  familySeconds?: Readonly<Partial<Record<FamilyName, number>>>
  /** Seconds for a solve that a neighbourhood needs first (crossover, lb-relax), > 0. */
  auxiliarySeconds?: number
  /** Nodes for the first solution, >= 1. Default: 10 times `iterationNodes`. */
  firstNodes?: number
  /**
   * Nodes for each neighbourhood, >= 1: the deterministic mode. No limit in seconds then binds but that of the run, and the same seed
   * gives the same bits. Default: none, seconds are the limit.
   */
  iterationNodes?: number
  /** Whether the sizes of arms follow what their solves cost. */
  adaptSize?: boolean
  /** Whether the limit of a solve starts small and grows while nothing is found. */
  adaptLimit?: boolean
  /** Whether continuous columns outside a neighbourhood are fixed too. */
  fixContinuous?: boolean
  /** Whether RINS and RENS draw with replacement. */
  withReplacement?: boolean
  /** Whether a solve starts from the current solution, where that lies in the neighbourhood. */
  warmStart?: boolean
  /** What crossover crosses with: a random feasible point, or an earlier solution where there is one. */
  crossWith?: 'random' | 'earlier'
  /** M of proximity search, > 0. Default 1000. */
  bigM?: number
  /**
   * Least share of the time for the arm `whole-program`, in [0, 1], where its search can pause and go on, while the neighbourhoods
   * bring nothing; the bandit may give it more.
   */
  wholeProgramShare?: number
  /** Neighbourhoods solved at once, each in a session of its own, >= 1. Default 1. */
  workers?: number
  /** What solves the programs. Default: HiGHS, in threads of their own where that can be. */
  engine?: MipEngine
  /** Shares best solutions with other runs, which then depend on time. Default: none. */
  exchange?: Exchange
  /** Called at once with each new best solution and its objective, also in the middle of a solve. */
  onIncumbent?: (x: Float64Array, objective: number) => void
}

/** An option that the preset settles where it is absent. */
function optional<T>(spec: OptionSpec<T>): OptionSpec<T | undefined> {
  return { ...spec, fallback: undefined } as OptionSpec<T | undefined>
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a run holds besides its state: the sessions, opened when first needed and closed when the run ends. */
async function workplaceOf(
  program: PreparedMixedIntegerProgram,
  engine: MipEngine,
  { workers, pausing }: { workers: number; pausing: boolean },
  context: Context<Float64Array>,
): Promise<Workplace> {
  return context.scratch(async () => {
    const sessions: EngineSession[] = []
    let whole: WholeSearch | null = null
    context.atEnd(async () => {
      await Promise.all([...sessions, ...(whole === null ? [] : [whole])].map((open) => open.close()))
    })
    for (let k = 0; k < workers; k++) sessions.push(await engine.open(program))
    if (pausing && engine.openSearch !== undefined) {
      const request = {
        relativeGap: context.tolerance,
        seed: context.random.split('whole').integer(2 ** 31),
        // The neighbourhoods are its heuristics.
        heuristics: false,
      }
      whole = new WholeSearch((start) => engine.openSearch!(program, { ...request, start }), program)
    }
    return {
      program,
      sessions,
      whole,
      columns: discreteColumns(program),
      rowsOfColumns: csrTranspose(program.matrix),
      reopen: async (k: number) => {
        await sessions[k].close()
        sessions[k] = await engine.open(program)
      },
    }
  })
}

/** Where limits adapt, the first solve is this many times as long as the linear relaxation took, and at least so many seconds. */
const FIRST_OF_RELAXATION = 5
const FIRST_SECONDS = 0.5

/** The seconds of the attempts at a first solution: all at once, or little first and then twice as much each time. */
function firstSeconds(
  { adaptLimit, firstSeconds: most }: Configuration,
  nodes: NodeLimits,
  relaxationSeconds: number,
): number[] {
  if (!adaptLimit || nodes !== null) return [most]
  const attempts: number[] = []
  for (let s = Math.max(FIRST_SECONDS, FIRST_OF_RELAXATION * relaxationSeconds); s < most; s *= 2) attempts.push(s)
  return [...attempts, most]
}

/**
 * Balans: adaptive large-neighbourhood search for mixed-integer linear programs, steered by a bandit.
 *
 * A first solution comes from the engine. Each iteration then chooses an arm (a family of neighbourhoods and a size), builds the
 * sub-program of that neighbourhood around the current solution, lets the engine solve it within a limit, accepts or rejects
 * what it finds, and tells the bandit what it was worth. With `workers` > 1 an iteration tries as many arms at once, all around
 * the same solution, and takes their results in the order in which they were chosen.
 *
 * Anytime: the best solution is returned whenever the run ends. Nothing is proven, unless the engine solves the whole program on
 * the way. The first iteration is the first solution; memory is about ten vectors of length n.
 *
 * @throws {UnsupportedError} if the program has no integer column, or a quadratic objective
 * @throws {InvalidInputError} if no arm can act on the integer columns that it has
 * @see Cai, Kadioglu and Dilkina, Balans: Multi-armed bandits-based adaptive large neighborhood search for mixed-integer
 *   programming problem, IJCAI (2025), arXiv 2412.14382, Algorithm 1
 */
export const balans = defineAsyncMethod<PreparedMixedIntegerProgram, BalansOptions, BalansState>()({
  slug: 'balans',
  title: 'Balans',
  room: 'mip',
  problemClass: 'mixed-integer',
  summary: 'Improves solutions of hard integer programs by freeing parts of them, with a bandit choosing which parts.',
  formulae: [
    {
      tex: String.raw`x^{+} \in \operatorname*{arg\,min}_x\ c^\top x \quad \text{s.t. } A x \le b,\ \ x_j = x^{\text{inc}}_j \text{ for } j \notin N_a`,
      meaning: 'A neighbourhood N of the incumbent is freed, the rest held, and the small program solved.',
    },
    {
      tex: String.raw`a_t = \operatorname{bandit}(r_1, \dots, r_{t-1}), \qquad r_t \in \{ r_{\text{best}}, r_{\text{better}}, r_{\text{accepted}}, r_{\text{rejected}} \}`,
      meaning: 'A bandit learns which neighbourhoods pay.',
    },
  ],
  source: {
    authors: 'Cai, Kadioglu and Dilkina',
    title: 'Balans: Multi-Armed Bandits-based Adaptive Large Neighborhood Search for Mixed-Integer Programming Problem',
    year: 2025,
    venue: 'IJCAI',
    arxiv: '2412.14382',
  },
  requires: ['integers'],
  random: true,
  options: {
    preset: choice(Object.keys(presets) as PresetName[], 'adaptive', 'preset'),
    arms: structured<readonly string[] | undefined>(
      undefined,
      'arms',
      "a list of names such as 'mutation-50'",
      (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    ),
    policy: structured<string | PolicyChoice | undefined>(
      undefined,
      'bandit policy',
      'a name, or an object with a name and options',
      (value) => typeof value === 'string' || (isObject(value) && typeof (value as PolicyChoice).name === 'string'),
    ),
    reward: optional(choice(['scores', 'rate'], 'rate', 'reward')) as OptionSpec<'scores' | 'rate' | undefined>,
    scores: structured<Scores | undefined>(undefined, 'scores', 'a list of four numbers >= 0', Array.isArray),
    acceptance: structured<BalansOptions['acceptance']>(
      undefined,
      'acceptance rule',
      "'hill-climbing', 'simulated-annealing', 'always', or an object with one of these as its rule",
      (value) => {
        const rule = isObject(value) ? (value as Acceptance).rule : value
        return rule === 'hill-climbing' || rule === 'simulated-annealing' || rule === 'always'
      },
    ),
    firstSeconds: positive<number | undefined>(undefined, 'seconds for the first solution'),
    iterationSeconds: positive<number | undefined>(undefined, 'seconds for a neighbourhood'),
    familySeconds: structured<BalansOptions['familySeconds']>(
      undefined,
      'seconds by family',
      'an object of numbers > 0 by family',
      (value) => isObject(value) && Object.values(value as object).every((s) => typeof s === 'number' && s > 0),
    ),
    auxiliarySeconds: positive<number | undefined>(undefined, 'seconds for an auxiliary solve'),
    firstNodes: integer<number | undefined>(undefined, 'nodes for the first solution', { min: 1 }),
    iterationNodes: integer<number | undefined>(undefined, 'nodes for a neighbourhood', { min: 1 }),
    adaptSize: optional(flag(true, 'sizes adapt')),
    adaptLimit: optional(flag(true, 'limits adapt')),
    fixContinuous: optional(flag(false, 'fix continuous columns')),
    withReplacement: optional(flag(false, 'draw with replacement')),
    warmStart: optional(flag(true, 'start from the current solution')),
    crossWith: optional(choice(['random', 'earlier'], 'earlier', 'partner of crossover')) as OptionSpec<
      'random' | 'earlier' | undefined
    >,
    bigM: positive<number | undefined>(undefined, 'M of proximity search'),
    wholeProgramShare: between<number | undefined>(0, 1, undefined, 'share of the whole program'),
    workers: integer<number>(1, 'neighbourhoods at once', { min: 1, max: 1024 }),
    engine: structured<MipEngine | undefined>(
      undefined,
      'engine',
      'an engine such as highsInProcess()',
      (value) => isObject(value) && typeof (value as MipEngine).open === 'function',
    ),
    exchange: structured<Exchange | undefined>(
      undefined,
      'exchange of solutions',
      'an exchange (sharedIncumbent())',
      (value) => isObject(value) && typeof (value as Exchange).take === 'function',
    ),
    onIncumbent: callback<(x: Float64Array, objective: number) => void>('hears of each new best solution'),
  },

  create(options) {
    const { preset, workers, engine, iterationNodes, exchange, onIncumbent, ...given } = options
    const { firstNodes = 10 * (iterationNodes ?? 0), ...settings } = given
    const configuration = configure(preset, settings)
    const nodes = iterationNodes === undefined ? null : { first: firstNodes, iteration: iterationNodes }

    // Where nodes are the limit, the search begins anew each time, so that the same seed gives the same bits.
    const pausing = nodes === null && configuration.arms.some(({ family }) => family.name === 'whole-program')
    const workplace = (program: PreparedMixedIntegerProgram, context: Context<Float64Array>): Promise<Workplace> =>
      workplaceOf(program, engine ?? defaultEngine(), { workers, pausing }, context)

    /** Takes a new best solution at once, so that whatever happens next does not lose it. */
    const listener = (state: BalansState) => (x: Float64Array, value: number) => {
      if (!(value < state.bestValue)) return
      state.best = x
      state.bestValue = value
      exchange?.offer(x, value)
      onIncumbent?.(x, state.sign * value)
    }

    return {
      start: (program, { start }) => {
        const given = isFeasible(program, start) ? polished(program, start) : null
        const value = given === null ? NaN : minimizedObjective(program, given)
        return {
          phase: 'first',
          arms: [],
          bandit: null,
          sizes: new Float64Array(0),
          counts: new Float64Array(0),
          rewards: new Float64Array(0),
          seconds: new Float64Array(0),
          nodes: new Float64Array(0),
          relaxation: null,
          current: given,
          currentValue: value,
          best: given,
          bestValue: given === null ? Infinity : value,
          bound: -Infinity,
          others: [],
          temperature: 0,
          coolingStep: 0,
          limit: 0,
          smallestLimit: 0,
          wholeLimit: 0,
          fruitless: 0,
          pace: 0,
          trials: [],
          failures: 0,
          finished: false,
          dimension: program.objective.length,
          sign: signOf(program),
        }
      },

      async step(program, state, context): Promise<StepOutcome> {
        const place = await workplace(program, context)
        if (state.finished) return finished(state)
        const better = state.phase === 'search' ? (exchange?.take(state.bestValue) ?? null) : null
        if (better !== null) goOnFrom(state, better.x, better.value)
        if (state.phase === 'search') return searchStep(place, state, configuration, nodes, context, listener(state))
        const [session] = place.sessions
        const { signal } = context
        const limit = (seconds: number): Limit => {
          const maxSeconds = Math.min(nodes === null ? seconds : Infinity, context.secondsLeft())
          return {
            ...(maxSeconds < Infinity && { maxSeconds: Math.max(maxSeconds, 1e-3) }),
            ...(nodes !== null && { maxNodes: nodes.first }),
          }
        }
        program.onSolve()
        const relaxed = await session.solve({ relaxed: true, ...limit(configuration.firstSeconds) }, { signal })
        if (relaxed.status === 'infeasible')
          return { outcome: 'infeasible', reason: 'the linear relaxation has no point' }
        if (relaxed.status === 'optimal') state.relaxation = relaxed.x

        const { start } = context
        const partial = state.current === null && start.some((value) => !Number.isNaN(value)) ? start : null
        const first = await firstSolution(session, program, partial, {
          incumbent: state.current,
          attempts: firstSeconds(configuration, nodes, relaxed.elapsedMs / 1000),
          limit,
          relativeGap: context.tolerance,
          seed: context.random.split('first').integer(2 ** 31),
          signal,
          onSolution: listener(state),
        })
        if (first.x === null) {
          if (context.interrupted()) return
          if (first.status === 'infeasible')
            return { outcome: 'infeasible', reason: 'the program has no feasible point' }
          if (first.status === 'unbounded' || first.status === 'unbounded-or-infeasible') {
            return { outcome: 'unbounded', reason: `the engine says: ${first.status}` }
          }
          return { outcome: 'stalled', reason: 'no feasible solution was found within the limits' }
        }
        raiseBound(state, first.bound)
        state.current = first.x
        state.currentValue = first.value
        beginSearch(place, state, configuration, nodes, relaxed.elapsedMs / 1000)
        if (first.status === 'optimal') return finished(state)
      },

      measure(state) {
        const { best, bestValue, bound, currentValue, trials } = state
        // Of several trials at once, the most rewarding one.
        const last = trials.reduce((a, b) => (b.reward > a.reward ? b : a), trials[0])
        return {
          objective: best === null ? NaN : bestValue,
          gap: best === null ? Infinity : relativeGap(bestValue, bound),
          bound,
          current: currentValue,
          candidate: last?.candidate ?? NaN,
          arm: last?.arm ?? NaN,
          outcome: last === undefined ? NaN : outcomes.indexOf(last.outcome),
          reward: last?.reward ?? NaN,
          size: last?.size ?? NaN,
          seconds: last?.seconds ?? NaN,
        }
      },

      solution: ({ best, dimension }) => best ?? new Float64Array(dimension).fill(NaN),
    }
  },
})
