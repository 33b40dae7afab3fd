import { checkNames, describe, InvalidInputError, type RandomState, RandomStream, ShapeError } from '../base/index.ts'
import { clonePlain } from '../solver/index.ts'
import { fixedParameter, type ParameterChooser } from './choosers.ts'
import { checkParameter, type ParametricSolver, type SystemInstance } from './sequence-solvers.ts'

/** Many related systems, one after the other; each may depend on the solution of the one before. */
export interface SystemSequence {
  readonly length: number
  /** System `index` in 0 .. length - 1; `previous` is the solution of the one before, null for the first. Not kept. */
  system(index: number, previous: Float64Array | null): SystemInstance
}

/** What a sequence remembers between systems: plain data. */
export interface SequenceState {
  /** The next system. */
  index: number
  chooser: unknown
  random: RandomState
  previous: Float64Array | null
  parameters: number[]
  costs: number[]
  probabilities: (number | null)[]
  failures: number[]
}

/** One solved system, for observers. */
export interface SequenceRound {
  readonly index: number
  readonly parameter: number
  readonly probability: number | null
  /** Iterations, at least 1. */
  readonly cost: number
  readonly converged: boolean
  /** Total cost so far. */
  readonly total: number
  /** The solution; not to be written. */
  readonly solution: Float64Array
}

/** Limits and habits of one call of `solveSequence`. */
export interface SequenceOptions {
  /** Seed of the chooser's draws, an integer in [0, 2^53). Default 0. */
  seed?: number
  /** Continue from here; the seed is then taken from it. */
  resume?: SequenceState
  /** Systems to solve in this call at most. Default: all. */
  maxRounds?: number
  /** Called after each system. */
  onRound?: (round: SequenceRound) => void
  /** Ends the call early. */
  signal?: AbortSignal
}

/** What came out of a sequence. */
export interface SequenceResult {
  /** Whether the last system was reached. */
  readonly status: 'completed' | 'partial' | 'aborted'
  /** Sum of the costs. */
  readonly total: number
  /** Mean cost per system. */
  readonly mean: number
  /** Parameter used for each system solved so far. */
  readonly parameters: Float64Array
  /** Cost of each: iterations, at least 1, the limit where the solve failed. */
  readonly costs: Float64Array
  /** Probability of each choice, NaN where it is not known. */
  readonly probabilities: Float64Array
  /** Indices of the systems that did not converge. */
  readonly failures: readonly number[]
  /** The last solution. */
  readonly solution: Float64Array | null
  readonly warnings: readonly string[]
  /** Hand it back as `resume` to go on. */
  readonly state: SequenceState
}

function asSequence(systems: SystemSequence | readonly SystemInstance[]): SystemSequence {
  if (Array.isArray(systems)) return { length: systems.length, system: (index) => systems[index] }
  return systems as SystemSequence
}

function checkInstance(instance: SystemInstance, index: number): void {
  const n = instance?.matrix?.rows
  if (instance?.rightHandSide?.length === n && (instance.start === undefined || instance.start.length === n)) return
  throw new ShapeError(
    `solveSequence: system ${index} needs a matrix with n rows, a rightHandSide and a start of length n; got ${describe(instance)} with n = ${n}, ${instance?.rightHandSide?.length}, ${instance?.start?.length ?? 'no start'}`,
    { argument: `systems[${index}]`, expected: 'fitting lengths', received: describe(instance) },
  )
}

/**
 * Solves many related systems, one after the other, with a solver whose parameter a chooser sets before each solve; the chooser
 * sees only the number of iterations afterwards. All that it remembers is in the state, so that a run may stop anywhere and go
 * on bit for bit.
 *
 * @example
 * const result = solveSequence(heatEquation(), ssorCgSolver(), learnedParameter({ policy: 'cheb-cb', contexts: [0, 10] }))
 * @throws {InvalidInputError} if there are no systems, or a parameter lies outside the solver's domain
 * @throws {UnsupportedError} if a matrix has a zero on its diagonal, or is not symmetric where the solver needs that
 * @see Khodak, Chow, Balcan and Talwalkar, Learning to Relax, ICLR 2024
 */
export function solveSequence<S>(
  systems: SystemSequence | readonly SystemInstance[],
  solver: ParametricSolver,
  chooser: ParameterChooser<S>,
  options: SequenceOptions = {},
): SequenceResult {
  checkNames(options, ['seed', 'resume', 'maxRounds', 'onRound', 'signal'], 'solveSequence')
  const sequence = asSequence(systems)
  const { seed = 0, resume, maxRounds = Infinity, onRound, signal } = options
  if (!(Number.isInteger(sequence.length) && sequence.length >= 1)) {
    throw new InvalidInputError(`solveSequence: needs at least one system, got ${describe(sequence.length)}`, {
      argument: 'systems',
      expected: 'at least one system',
      received: describe(sequence.length),
    })
  }
  for (const parameter of chooser.parameters ?? []) checkParameter(solver, parameter)
  const random = resume ? RandomStream.fromState(resume.random) : RandomStream.fromSeed(seed).split('solve-sequence')
  const state: SequenceState = resume
    ? clonePlain(resume)
    : {
        index: 0,
        chooser: chooser.start(),
        random: random.state(),
        previous: null,
        parameters: [],
        costs: [],
        probabilities: [],
        failures: [],
      }
  const learner = state.chooser as S
  let total = state.costs.reduce((sum, cost) => sum + cost, 0)
  let status: SequenceResult['status'] = 'completed'
  for (let rounds = 0; state.index < sequence.length; rounds++) {
    if (signal?.aborted || rounds >= maxRounds) {
      status = signal?.aborted ? 'aborted' : 'partial'
      break
    }
    const { index } = state
    const system = sequence.system(index, state.previous)
    checkInstance(system, index)
    const startingPoint = (): Float64Array => system.start?.slice() ?? new Float64Array(system.matrix.rows)
    const trial = {
      index,
      context: system.context,
      system,
      cost: (parameter: number) => Math.max(solver.solve(system, parameter, startingPoint()).iterations, 1),
    }
    const choice = chooser.choose(learner, trial, random)
    checkParameter(solver, choice.parameter)
    const x = startingPoint()
    const { iterations, converged } = solver.solve(system, choice.parameter, x)
    const cost = Math.max(iterations, 1)
    chooser.learn(learner, choice, cost, system.context)
    total += cost
    state.parameters.push(choice.parameter)
    state.costs.push(cost)
    state.probabilities.push(choice.probability)
    if (!converged) state.failures.push(index)
    state.previous = x
    state.index++
    state.random = random.state()
    onRound?.({
      index,
      parameter: choice.parameter,
      probability: choice.probability,
      cost,
      converged,
      total,
      solution: x,
    })
  }
  const warnings = chooser.warnings?.(learner) ?? []
  if (state.failures.length > 0) {
    warnings.push(
      `${state.failures.length} ${state.failures.length === 1 ? 'system' : 'systems'} did not converge within ${solver.maxIterations} iterations`,
    )
  }
  return {
    status,
    total,
    mean: state.costs.length > 0 ? total / state.costs.length : Number.NaN,
    parameters: Float64Array.from(state.parameters),
    costs: Float64Array.from(state.costs),
    probabilities: Float64Array.from(state.probabilities, (p) => p ?? Number.NaN),
    failures: [...state.failures],
    solution: state.previous?.slice() ?? null,
    warnings,
    state: clonePlain(state),
  }
}

/** What each parameter of a grid costs over whole sequences. */
export interface BestFixedParameter {
  /** The parameter with the smallest total cost; the first of several. */
  readonly parameter: number
  readonly total: number
  /** Total cost of each parameter of the grid. */
  readonly totals: Float64Array
  /** Systems that did not converge, for each parameter. */
  readonly failures: Float64Array
}

/**
 * The parameter of a grid with the smallest total cost on the given systems: empirical risk minimisation when they are a sample
 * of what comes later, the best fixed parameter in hindsight when they are all there is. Solves everything once per parameter.
 */
export function bestFixedParameter(
  systems: SystemSequence | readonly SystemInstance[],
  solver: ParametricSolver,
  grid: readonly number[],
): BestFixedParameter {
  if (grid.length === 0) {
    throw new InvalidInputError('bestFixedParameter: grid must not be empty', { argument: 'grid' })
  }
  const totals = new Float64Array(grid.length)
  const failures = new Float64Array(grid.length)
  let best = 0
  grid.forEach((parameter, i) => {
    const result = solveSequence(systems, solver, fixedParameter(parameter))
    totals[i] = result.total
    failures[i] = result.failures.length
    if (totals[i] < totals[best]) best = i
  })
  return { parameter: grid[best], total: totals[best], totals, failures }
}
