import type { CsrMatrix } from '../../linalg/index.ts'
import type { Context, StepOutcome } from '../../solver/index.ts'
import { relativeGap } from '../certificate.ts'
import type { EngineSession } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { PreparedMixedIntegerProgram } from '../mixed-integer-class.ts'
import { accepts, cooled, firstTemperature } from './acceptance.ts'
import { type Exhaustion, isEasy, nextLimit, nextPace, nextSize, rateReward, roundsOf } from './adaptation.ts'
import { type Arm, actingArms, parseArm } from './arms.ts'
import { isImprovement, outcomeOf, outcomes } from './outcome.ts'
import type { DiscreteColumns, SearchPoint } from './search-point.ts'
import type { Configuration } from './settings.ts'
import type { BalansState } from './state.ts'
import { type Limit, type Trial, tryArm } from './trial.ts'
import type { WholeSearch } from './whole-search.ts'

/** What a run holds besides its state. */
export interface Workplace {
  readonly program: PreparedMixedIntegerProgram
  readonly columns: DiscreteColumns
  readonly rowsOfColumns: CsrMatrix
  readonly sessions: readonly EngineSession[]
  /** The search of the whole program that goes on whenever its arm is chosen; null where it begins anew each time. */
  whole: WholeSearch | null
  /** Replaces a session that was lost. */
  reopen(k: number): Promise<void>
}

/** Limits in nodes, for the deterministic mode; null where seconds are the limit. */
export type NodeLimits = { readonly first: number; readonly iteration: number } | null

/** Where limits adapt, the first one in seconds is this share of what the linear relaxation took... */
const LIMIT_OF_RELAXATION = 0.25
/** ... and at least this long. */
const SMALLEST_SECONDS = 0.1
/** A turn of the search that goes on is this many times as long as the limit of the others. */
const TURN_OF_LIMIT = 2
/** Earlier solutions that are kept to cross with. */
const KEPT = 10
/** The engine may be lost this often in a row. */
const MOST_FAILURES = 3

/** Enters the search phase around the first solution. */
export function beginSearch(
  { columns }: Workplace,
  state: BalansState,
  configuration: Configuration,
  nodes: NodeLimits,
  relaxationSeconds: number,
): void {
  const arms = actingArms(configuration.arms, columns, state.relaxation !== null)
  state.phase = 'search'
  state.arms = arms.map(({ name }) => name)
  state.bandit = configuration.bandit(arms.length).start()
  state.sizes = Float64Array.from(arms, ({ size }) => size)
  state.counts = new Float64Array(arms.length * outcomes.length)
  state.rewards = new Float64Array(arms.length)
  state.seconds = new Float64Array(arms.length)
  state.nodes = new Float64Array(arms.length)
  const { temperature, step } = firstTemperature(configuration.acceptance, state.currentValue)
  state.temperature = temperature
  state.coolingStep = step
  const largest = nodes?.iteration ?? configuration.iterationSeconds
  const smallest =
    nodes === null ? Math.min(largest, Math.max(SMALLEST_SECONDS, LIMIT_OF_RELAXATION * relaxationSeconds)) : largest
  state.smallestLimit = configuration.adaptLimit ? smallest : largest
  state.limit = state.smallestLimit
  state.wholeLimit = 2 * state.limit
}

interface Planned {
  readonly arm: number
  readonly probability: number | null
  readonly size: number
  readonly limit: number
  /** Whether it is a turn of the search that goes on. */
  readonly goesOn: boolean
  readonly trial: Promise<Trial>
}

/** One iteration: as many arms as there are sessions, tried at once and taken in order. */
export async function searchStep(
  place: Workplace,
  state: BalansState,
  configuration: Configuration,
  nodes: NodeLimits,
  context: Context<Float64Array>,
  onSolution: (x: Float64Array, value: number) => void,
): Promise<StepOutcome> {
  const { program, columns, rowsOfColumns, sessions } = place
  // It can take one turn in an iteration.
  let { whole } = place
  const arms = state.arms.map(parseArm)
  const bandit = configuration.bandit(arms.length)
  const point: SearchPoint = {
    program,
    columns,
    rowsOfColumns,
    relaxation: state.relaxation,
    current: state.current as Float64Array,
    value: state.currentValue,
    others: state.others,
  }
  const before = { best: state.bestValue }
  const first = state.counts.every((count) => count === 0)
  const wholeArm = arms.findIndex(({ family }) => family.name === 'whole-program')
  const choose = (): { arm: number; probability: number | null } => {
    if (first) return { arm: context.random.integer(arms.length), probability: 1 / arms.length }
    if (whole === null) return bandit.select(state.bandit, context.random)
    const stalled = state.fruitless >= arms.length
    if (stalled && isStarved(state, wholeArm, configuration.wholeProgramShare))
      return { arm: wholeArm, probability: null }
    return selectBut(stalled ? -1 : wholeArm, () => bandit.select(state.bandit, context.random))
  }
  const planned = sessions.map((session, k): Planned => {
    const { arm, probability } = choose()
    const size = state.sizes[arm]
    const goesOn = arm === wholeArm && whole !== null
    const limit = limitOf(arms[arm], state, configuration, nodes, goesOn)
    if (whole !== null && goesOn) {
      const turn = whole.trial({
        seconds: limit,
        secondsLeft: context.secondsLeft(),
        best: { x: state.best as Float64Array, value: state.bestValue },
        signal: context.signal,
        onSolution,
      })
      whole = null
      return { arm, probability, size, limit, goesOn, trial: turn }
    }
    const trial = tryArm(
      session,
      point,
      arms[arm],
      {
        size,
        limit: withinRun(limit, nodes, context),
        auxiliaryLimit: withinRun(nodes?.iteration ?? configuration.auxiliarySeconds, nodes, context),
        fixContinuous: configuration.fixContinuous,
        withReplacement: configuration.withReplacement,
        warmStart: configuration.warmStart,
        relativeGap: context.tolerance,
        crossWith: configuration.crossWith,
        bigM: configuration.bigM,
        signal: context.signal,
        onSolve: () => program.onSolve(),
        onSolution,
      },
      context.random.split(context.iteration).split(k),
    )
    return { arm, probability, size, limit, goesOn, trial }
  })
  const trials = await Promise.all(planned.map(({ trial }) => trial))

  state.trials = []
  // Solutions that came in the middle of a solve are the best already; here they are weighed against the best before.
  let best = before.best
  let solvedWhole = false
  for (const [k, trial] of trials.entries()) {
    const { arm, probability, size, limit, goesOn } = planned[k]
    const candidate = trial.x === null ? state.currentValue : trial.value
    const accepted = accepts(
      configuration.acceptance,
      { candidate, current: state.currentValue, best, temperature: state.temperature },
      context.random,
    )
    state.temperature = cooled(configuration.acceptance, state.temperature, state.coolingStep)
    const outcome = outcomeOf(candidate, state.currentValue, best, accepted)
    const cost = nodes === null ? Math.max(trial.elapsedMs / 1000, 1e-3) : trial.nodes + 1
    const gain = isImprovement(candidate, best) ? best - candidate : 0
    const reward =
      configuration.reward === 'rate'
        ? rateReward(gain, cost, state.pace)
        : configuration.scores[outcomes.indexOf(outcome)]
    const grown = state.sizes[arm]
    const improved = outcome === 'best' || outcome === 'better'
    adapt(state, arms, arm, configuration, nodes, { trial, improved, cost, limit, goesOn, columns })
    // What cost next to nothing and will be larger the next time says nothing of the arm.
    const probe = configuration.reward === 'rate' && !improved && isEasy(cost, limit) && state.sizes[arm] > grown
    if (!probe) bandit.update(state.bandit, arm, reward, probability)
    if (configuration.reward === 'rate' && !probe) {
      const rounds = roundsOf(cost, state.smallestLimit)
      for (let round = 1; round < rounds; round++) bandit.update(state.bandit, arm, 0, probability)
    }
    state.pace = nextPace(state.pace, gain, cost)
    if (outcome !== 'reject' && trial.x !== null) {
      if (isImprovement(Math.min(candidate, state.currentValue), Math.max(candidate, state.currentValue))) {
        state.others = [state.current as Float64Array, ...state.others].slice(0, KEPT)
      }
      state.current = trial.x
      state.currentValue = trial.value
    } else if (trial.x !== null && isImprovement(state.currentValue, candidate)) {
      state.others = [trial.x, ...state.others].slice(0, KEPT)
    }
    best = Math.min(best, candidate)
    state.counts[arm * outcomes.length + outcomes.indexOf(outcome)]++
    state.rewards[arm] += reward
    state.seconds[arm] += trial.elapsedMs / 1000
    state.nodes[arm] += trial.nodes
    state.trials.push({
      arm,
      status: trial.status,
      outcome,
      reward,
      candidate: trial.x === null ? null : trial.value,
      nodes: trial.nodes,
      seconds: trial.elapsedMs / 1000,
      size,
    })
    if (arms[arm].family.name === 'whole-program') {
      raiseBound(state, state.sign * trial.bound)
      solvedWhole ||= trial.status === 'optimal'
    }
  }
  await recover(place, state, planned, trials)
  if (solvedWhole) return finished(state)
}

/** Takes a better solution that somebody else has found. */
export function goOnFrom(state: BalansState, x: Float64Array, value: number): void {
  if (state.current !== null) state.others = [state.current, ...state.others].slice(0, KEPT)
  state.current = x
  state.currentValue = value
  state.best = x
  state.bestValue = value
}

/** Gaps below this are rounding of two sums of the same numbers. */
const ROUNDING = 1e-12

/** Takes a proven bound, as minimized, into the state; NaN says nothing. */
export function raiseBound(state: BalansState, bound: number): void {
  if (!(bound > state.bound)) return
  state.bound = relativeGap(state.bestValue, bound) <= ROUNDING ? state.bestValue : bound
}

/** Ends the search because the engine has solved the whole program. */
export function finished(state: BalansState): StepOutcome {
  state.finished = true
  return { outcome: 'finished', reason: 'the engine solved the whole program' }
}

/** So many draws may be thrown away: a greedy policy draws the same arm again and again. */
const MOST_DRAWS = 20

/** Draws until the arm is another one than `excluded`, or no longer likely to be. */
function selectBut<S extends { readonly arm: number }>(excluded: number, select: () => S): S {
  let selected = select()
  for (let draw = 1; draw < MOST_DRAWS && selected.arm === excluded; draw++) selected = select()
  return selected
}

/** Whether the search of the whole program has had less than its share of the time. */
function isStarved({ seconds }: BalansState, wholeArm: number, share: number): boolean {
  const all = seconds.reduce((sum, own) => sum + own, 0)
  return wholeArm >= 0 && seconds[wholeArm] < share * all
}

/** The limit of an arm's solve, in seconds or nodes. */
function limitOf(
  { family }: Arm,
  state: BalansState,
  { adaptLimit, familySeconds, iterationSeconds }: Configuration,
  nodes: NodeLimits,
  goesOn: boolean,
): number {
  if (goesOn) return TURN_OF_LIMIT * state.limit
  if (adaptLimit) return family.name === 'whole-program' ? state.wholeLimit : state.limit
  return nodes?.iteration ?? familySeconds[family.name] ?? iterationSeconds
}

/** A limit in seconds or nodes, cut to the seconds that the run has left. */
function withinRun(limit: number, nodes: NodeLimits, context: Context<Float64Array>): Limit {
  const seconds = Math.min(nodes === null ? limit : Infinity, context.secondsLeft())
  return {
    ...(seconds < Infinity && { maxSeconds: Math.max(seconds, 1e-3) }),
    ...(nodes !== null && { maxNodes: Math.max(1, Math.round(limit)) }),
  }
}

/** Sizes and limits after a trial. */
function adapt(
  state: BalansState,
  arms: readonly Arm[],
  arm: number,
  configuration: Configuration,
  nodes: NodeLimits,
  done: { trial: Trial; improved: boolean; cost: number; limit: number; goesOn: boolean; columns: DiscreteColumns },
): void {
  const { trial, improved, cost, limit, columns } = done
  const { family } = arms[arm]
  state.fruitless = improved ? 0 : state.fruitless + 1
  if (configuration.adaptSize && family.sizeAdapts) {
    state.sizes[arm] = nextSize(state.sizes[arm], {
      improved,
      exhaustion: exhaustionOf(trial),
      cost,
      limit,
      columns: family.needs === 'binary' ? columns.binary.length : columns.all.length,
    })
  }
  if (!configuration.adaptLimit) return
  const largest = nodes === null ? configuration.iterationSeconds : 100 * nodes.iteration
  state.limit = nextLimit(state.limit, { fruitless: state.fruitless, patience: arms.length, largest })
  // Begun anew, the whole program needs longer than the last time to get further.
  if (family.name === 'whole-program' && !done.goesOn && trial.status !== 'optimal') state.wholeLimit *= 2
}

function exhaustionOf({ status }: Trial): Exhaustion {
  if (status === 'nothing') return 'none'
  return status === 'optimal' || status === 'infeasible' ? 'exhausted' : 'cut'
}

/** Opens lost sessions again. @throws {EngineError} if the engine is lost again and again */
async function recover(
  place: Workplace,
  state: BalansState,
  planned: readonly Planned[],
  trials: readonly Trial[],
): Promise<void> {
  const lost = trials.filter(({ status }) => status === 'lost').length
  if (lost === 0) {
    state.failures = 0
    return
  }
  state.failures += lost
  if (state.failures >= MOST_FAILURES * place.sessions.length) {
    throw new EngineError('balans', `the engine was lost ${state.failures} times in a row`, {
      x: state.best as Float64Array,
      objective: state.sign * state.bestValue,
      bound: state.sign * state.bound,
    })
  }
  for (const [k, { status }] of trials.entries()) {
    if (status !== 'lost') continue
    if (planned[k].goesOn) place.whole = null
    else await place.reopen(k)
  }
}
