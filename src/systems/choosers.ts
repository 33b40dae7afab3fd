import {
  checkNames,
  describe,
  InvalidInputError,
  OptionError,
  portableCbrt,
  portableLog,
  type RandomStream,
} from '../base/index.ts'
import { type Bandit, binned, chebCb, tsallisInf } from '../online/index.ts'
import type { SystemInstance } from './sequence-solvers.ts'

/** What a chooser may look at before it chooses. */
export interface Trial {
  /** Index of the system in its sequence, from 0. */
  readonly index: number
  /** What is known about the system beforehand. */
  readonly context: number | undefined
  readonly system: SystemInstance
  /** Solves the system with a parameter, without charge: for references that need to know more than a user can. */
  cost(parameter: number): number
}

/** A chosen parameter. */
export interface ParameterChoice {
  readonly parameter: number
  /** Its index in the grid, or null for choosers without a grid. */
  readonly arm: number | null
  /** How likely the choice was; null where that is not known. */
  readonly probability: number | null
}

/** A rule that chooses the solver's parameter for each system of a sequence; what it learns is a state of plain data. */
export interface ParameterChooser<S = unknown> {
  readonly name: string
  /** Every parameter that it may choose, if known beforehand: checked against the solver's domain before the first solve. */
  readonly parameters?: readonly number[]
  start(): S
  choose(state: S, trial: Trial, random: RandomStream): ParameterChoice
  /** Learns the cost (iterations, at least 1) of the choice. */
  learn(state: S, choice: ParameterChoice, cost: number, context: number | undefined): void
  /** Remarks on what happened so far (contexts outside their bounds). */
  warnings?(state: S): string[]
}

/** `count` equally spaced numbers from `from` to `to`, both included. */
export function gridOf(from: number, to: number, count: number): number[] {
  if (!(Number.isInteger(count) && count >= 1 && Number.isFinite(from) && Number.isFinite(to))) {
    throw new InvalidInputError(`gridOf: expected finite ends and a count >= 1, got ${from}, ${to}, ${count}`, {
      argument: 'count',
      expected: 'an integer >= 1 and finite ends',
      received: `${from}, ${to}, ${count}`,
    })
  }
  // Rounded to 14 digits, so that 1..1.95 in 20 steps has the decimals that one expects.
  return Array.from({ length: count }, (_, i) => {
    const share = count === 1 ? 0 : i / (count - 1)
    return Number((from + (to - from) * share).toPrecision(14))
  })
}

/** The relaxation parameters of the experiments: 1, 1.05, ..., 1.95. */
export const relaxationGrid: readonly number[] = gridOf(1, 1.95, 20)

/**
 * The grid for which the regret bound of Tsallis-INF is proved: g_i = 1 + (omega_max - 1) i / d, i = 1..d, with d the cube root of
 * (T / 2) / ln^2 alpha_max, rounded up.
 *
 * @param rounds T, the number of systems
 * @param largestRadius the largest Jacobi radius beta, in [0, 1)
 * @param tau the asymptotic-regime constant of the surrogate, in [0, 1). Default 0.
 * @see Khodak et al., Learning to Relax, ICLR 2024, Theorem 2.2
 */
export function theoreticalGrid(rounds: number, largestRadius: number, tau = 0): number[] {
  if (!(rounds >= 1 && largestRadius >= 0 && largestRadius < 1 && tau >= 0 && tau < 1)) {
    throw new InvalidInputError(
      `theoreticalGrid: needs rounds >= 1, largestRadius and tau in [0, 1), got ${rounds}, ${largestRadius}, ${tau}`,
      { argument: 'rounds, largestRadius, tau', received: `${rounds}, ${largestRadius}, ${tau}` },
    )
  }
  const mu = largestRadius / (1 + Math.sqrt(1 - largestRadius * largestRadius))
  const omegaMax = 1 + mu * mu
  const alpha = tau + (1 - tau) * Math.max(largestRadius * largestRadius, omegaMax - 1)
  const d = alpha > 0 ? Math.max(1, Math.ceil(portableCbrt(rounds / 2 / portableLog(alpha) ** 2))) : 1
  return Array.from({ length: d }, (_, i) => 1 + ((omegaMax - 1) * (i + 1)) / d)
}

/** @throws {OptionError} if the grid is empty or has an entry that is not finite */
function checkGrid(where: string, grid: readonly number[]): readonly number[] {
  if (!Array.isArray(grid) || grid.length === 0 || !grid.every((g) => typeof g === 'number' && Number.isFinite(g))) {
    throw new OptionError(`${where}: grid must be a nonempty array of finite numbers, got ${describe(grid)}`, {
      argument: 'grid',
      expected: 'a nonempty array of finite numbers',
      received: describe(grid),
    })
  }
  return [...grid]
}

/** Always the same parameter. */
export function fixedParameter(parameter: number): ParameterChooser<null> {
  const [value] = checkGrid('fixedParameter', [parameter])
  return {
    name: `fixed ${Number(value.toPrecision(6))}`,
    parameters: [value],
    start: () => null,
    choose: () => ({ parameter: value, arm: 0, probability: 1 }),
    learn: () => undefined,
  }
}

/** A parameter from a formula, e.g. Young's omega for a known Jacobi radius. */
export function formulaParameter(name: string, formula: (trial: Trial) => number): ParameterChooser<null> {
  return {
    name,
    start: () => null,
    choose: (_state, trial) => ({ parameter: formula(trial), arm: null, probability: 1 }),
    learn: () => undefined,
  }
}

/** The best parameter of a grid for each system, found by solving it with all of them: a reference, not a method. */
export function bestOnGrid(grid: readonly number[]): ParameterChooser<null> {
  const values = checkGrid('bestOnGrid', grid)
  return {
    name: 'best on the grid for each system',
    parameters: values,
    start: () => null,
    choose(_state, trial) {
      let arm = 0
      let least = Infinity
      values.forEach((parameter, i) => {
        const cost = trial.cost(parameter)
        if (cost < least) {
          least = cost
          arm = i
        }
      })
      return { parameter: values[arm], arm, probability: 1 }
    },
    learn: () => undefined,
  }
}

/** The golden ratio's inverse: how much of the bracket each step keeps. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * Minimises an integer-valued cost with one valley: the best point of a coarse grid is bracketed by its neighbours, then golden
 * section narrows the bracket. Not an exact minimum: iteration counts have plateaus.
 *
 * @param grid coarse points, ascending, at least 2
 * @param evaluations calls of `cost` in total, the grid included
 * @returns the best point seen
 */
export function goldenSection(
  cost: (parameter: number) => number,
  grid: readonly number[],
  evaluations = 12,
): { parameter: number; cost: number } {
  let best = { parameter: grid[0], cost: Infinity, index: 0 }
  grid.forEach((parameter, index) => {
    const value = cost(parameter)
    if (value < best.cost) best = { parameter, cost: value, index }
  })
  let low = grid[Math.max(best.index - 1, 0)]
  let high = grid[Math.min(best.index + 1, grid.length - 1)]
  let left = high - GOLDEN * (high - low)
  let right = low + GOLDEN * (high - low)
  let used = grid.length
  const evaluate = (parameter: number): number => {
    used++
    const value = cost(parameter)
    if (value < best.cost) best = { parameter, cost: value, index: -1 }
    return value
  }
  if (used + 2 > evaluations) return { parameter: best.parameter, cost: best.cost }
  let atLeft = evaluate(left)
  let atRight = evaluate(right)
  while (used < evaluations) {
    if (atLeft <= atRight) {
      high = right
      right = left
      atRight = atLeft
      left = high - GOLDEN * (high - low)
      atLeft = evaluate(left)
    } else {
      low = left
      left = right
      atLeft = atRight
      right = low + GOLDEN * (high - low)
      atRight = evaluate(right)
    }
  }
  return { parameter: best.parameter, cost: best.cost }
}

/**
 * The best parameter for each system by golden section on top of a coarse grid: a reference, not a method.
 *
 * @param grid coarse points, ascending, at least 2. Default [1, 1.3, 1.5, 1.75, 1.95].
 * @param evaluations solves per system, at least the size of the grid. Default 12.
 */
export function goldenSectionParameter(
  grid: readonly number[] = [1, 1.3, 1.5, 1.75, 1.95],
  evaluations = 12,
): ParameterChooser<null> {
  const values = checkGrid('goldenSectionParameter', grid)
  if (values.length < 2 || values.some((g, i) => i > 0 && g <= values[i - 1])) {
    throw new OptionError('goldenSectionParameter: grid must have at least two ascending numbers', { argument: 'grid' })
  }
  return {
    name: 'golden section for each system',
    parameters: values,
    start: () => null,
    choose: (_state, trial) => ({
      parameter: goldenSection(trial.cost, values, evaluations).parameter,
      arm: null,
      probability: 1,
    }),
    learn: () => undefined,
  }
}

/** Options of the learned choosers and of `parameterSelector`. */
export interface LearnedParameterOptions {
  /** The parameters to choose from: any finite numbers. Default 1, 1.05, ..., 1.95. */
  grid?: readonly number[]
  /**
   * 'tsallis-inf' needs no context; 'tsallis-inf-cb' runs one Tsallis-INF per bin of the context; 'cheb-cb' learns each
   * parameter's cost as a curve over the context. Or a function that makes any bandit policy for losses with the given number
   * of arms. Default 'tsallis-inf'.
   */
  policy?: 'tsallis-inf' | 'tsallis-inf-cb' | 'cheb-cb' | ((arms: number) => Bandit<unknown, never>)
  /** Bounds of the context, [from, to]; needed by the contextual policies. Contexts outside count as the nearer end. */
  contexts?: readonly [number, number]
  /** m: bins of 'tsallis-inf-cb', coefficients of 'cheb-cb'. Default 5 and 6. */
  resolution?: number
  /** eta of 'tsallis-inf': 'anytime' (2 / sqrt(t)) or a number > 0. Default 'anytime'. */
  learningRate?: 'anytime' | number
  /** K of 'tsallis-inf': 'running' (the mean of cost - 1 so far) or a number > 0. Default 'running'. */
  scale?: 'running' | number
  /** Costs above this count as this, > 1. Default Infinity. */
  costCap?: number
}

/** What a learned chooser remembers. */
export interface LearnedParameterState {
  bandit: unknown
  /** Contexts that lay outside their bounds. */
  clamped: number
}

const learnedNames = ['grid', 'policy', 'contexts', 'resolution', 'learningRate', 'scale', 'costCap']

function policyOf(
  options: LearnedParameterOptions,
  arms: number,
): { bandit: Bandit<unknown, never>; contextual: boolean } {
  const { policy = 'tsallis-inf', contexts, resolution, learningRate = 'anytime', scale = 'running' } = options
  if (typeof policy === 'function') {
    const bandit = policy(arms)
    if (bandit.arms !== arms || bandit.feedback !== 'loss') {
      throw new OptionError(
        `learned parameter: the policy must take losses and have ${arms} arms, got ${bandit.name} for ${bandit.feedback}s with ${bandit.arms} arms; see withFeedback`,
        { argument: 'policy', expected: `losses, ${arms} arms`, received: `${bandit.feedback}s, ${bandit.arms} arms` },
      )
    }
    return { bandit, contextual: contexts !== undefined }
  }
  const plain = (): Bandit<unknown, never> =>
    tsallisInf({ arms, learningRate, scale, lossFloor: 1 }) as unknown as Bandit<unknown, never>
  if (policy === 'tsallis-inf') return { bandit: plain(), contextual: false }
  if (policy !== 'tsallis-inf-cb' && policy !== 'cheb-cb') {
    throw new OptionError(
      `learned parameter: policy must be one of 'tsallis-inf', 'tsallis-inf-cb', 'cheb-cb' or a function, got ${describe(policy)}`,
      { argument: 'policy', expected: "'tsallis-inf', 'tsallis-inf-cb', 'cheb-cb'", received: describe(policy) },
    )
  }
  if (contexts === undefined) {
    throw new OptionError(`learned parameter: policy '${policy}' needs contexts: [from, to]`, {
      argument: 'contexts',
      expected: '[from, to]',
      received: 'undefined',
    })
  }
  const [from, to] = contexts
  const bandit =
    policy === 'cheb-cb'
      ? chebCb({ arms, from, to, coefficients: resolution ?? 6, lossFloor: 1 })
      : binned(tsallisInf({ arms, learningRate, scale, lossFloor: 1 }), { from, to, bins: resolution ?? 5 })
  return { bandit: bandit as unknown as Bandit<unknown, never>, contextual: true }
}

/**
 * Learns the parameter from the costs alone while a sequence is solved: bandit policies over a grid. Only the cost of the
 * parameter that was used is seen; nothing is computed from the matrices.
 *
 * The expected total cost of 'tsallis-inf' exceeds that of the best fixed parameter by O(T^(2/3)); 'tsallis-inf-cb' and 'cheb-cb'
 * compete with the best parameter for each context, with regret O(T^(3/4)) and O(T^(9/11) sqrt(n)).
 *
 * @throws {OptionError} if the grid is empty, a contextual policy has no context bounds, or an option is unknown
 * @see Khodak, Chow, Balcan and Talwalkar, Learning to Relax, ICLR 2024, Algorithms 2 and 3
 */
export function learnedParameter(options: LearnedParameterOptions = {}): ParameterChooser<LearnedParameterState> {
  checkNames(options, learnedNames, 'learned parameter')
  const grid = checkGrid('learned parameter', options.grid ?? relaxationGrid)
  const { bandit, contextual } = policyOf(options, grid.length)
  const { costCap = Infinity, contexts } = options
  if (!(costCap > 1)) {
    throw new OptionError(`learned parameter: costCap must be a number > 1, got ${describe(costCap)}`, {
      argument: 'costCap',
      expected: 'a number > 1',
      received: describe(costCap),
    })
  }
  const inside = (context: number | undefined): number | undefined => {
    if (!contextual) return undefined
    if (typeof context !== 'number' || !Number.isFinite(context)) {
      throw new InvalidInputError(
        `learned parameter: policy '${bandit.name}' needs a context, a finite number, got ${describe(context)}`,
        { argument: 'context', expected: 'a finite number', received: describe(context) },
      )
    }
    return contexts === undefined ? context : Math.min(Math.max(context, contexts[0]), contexts[1])
  }
  return {
    name: bandit.name,
    parameters: grid,
    start: () => ({ bandit: bandit.start(), clamped: 0 }),
    choose(state, trial, random) {
      const context = inside(trial.context)
      if (context !== trial.context && contextual) state.clamped++
      const { arm, probability } = bandit.select(state.bandit, random, context as never)
      return { parameter: grid[arm], arm, probability }
    },
    learn(state, choice, cost, context) {
      if (typeof cost !== 'number' || !Number.isFinite(cost) || cost < 0) {
        throw new InvalidInputError(`learned parameter: the cost must be a finite number >= 0, got ${describe(cost)}`, {
          argument: 'cost',
          expected: 'a finite number >= 0',
          received: describe(cost),
        })
      }
      const charged = Math.min(Math.max(cost, 1), costCap)
      bandit.update(state.bandit, choice.arm as number, charged, choice.probability, inside(context) as never)
    },
    warnings: ({ clamped }) =>
      clamped > 0 && contexts !== undefined
        ? [`${clamped} contexts lay outside [${contexts[0]}, ${contexts[1]}] and counted as the nearer end`]
        : [],
  }
}
