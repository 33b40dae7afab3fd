import { checkNames, describe, InvalidInputError } from '../base/index.ts'
import { type AsyncMethod, type Result, type RunOptions, runAsync, type Status } from '../solver/index.ts'
import { type Expression, Variable } from './algebra.ts'
import { relativeGap } from './certificate.ts'
import type { InfeasibleSubsystem, MipEngine, SearchProgress } from './engine.ts'
import { type HighsState, highs } from './highs.ts'
import { type PreparedMixedIntegerProgram, signOf } from './mixed-integer-class.ts'
import type { MixedIntegerProgram } from './mixed-integer-program.ts'
import { type Constraint, type Index, type Indexed, MipModel } from './model.ts'

/** Limits and habits of `solveMip`; all optional. */
export interface SolveMipOptions {
  /** Ends when (objective - bound) / |objective| is at most this, >= 0. Default 1e-4. */
  relativeGap?: number
  /** Ends after so many seconds with the best point so far. Default none. */
  maxSeconds?: number
  /** Ends after so many nodes of the search tree, >= 1: the deterministic limit. Default none. */
  maxNodes?: number
  /** Ends the solve at once with the best point so far. */
  signal?: AbortSignal
  /** Values to start from, by the names of variables, or as a vector with NaN where it is free; need not be complete. */
  start?: Readonly<Record<string, number>> | ArrayLike<number>
  /** Called with the incumbent and the bound while the search goes on, in the sense of the model. */
  onProgress?: (progress: SearchProgress) => void
  /** What solves. Default: HiGHS, in a thread of its own where that is possible. */
  engine?: MipEngine
  /** Seed of the engine's own choices. Default 0. */
  seed?: number
  /** Whether to say which constraints contradict each other if the model is infeasible. Default true. */
  explain?: boolean
}

const optionNames = [
  'relativeGap',
  'maxSeconds',
  'maxNodes',
  'signal',
  'start',
  'onProgress',
  'engine',
  'seed',
  'explain',
]

/** What came out, in the names and the sense of the model. */
export interface MipSolution {
  /** `converged` means optimal within the gap, at a point that was checked. */
  readonly status: Status
  readonly converged: boolean
  /** Whether there is a point that satisfies the model, within 1e-6. */
  readonly feasible: boolean
  /** The objective of the point; NaN without one. */
  readonly objective: number
  /** What no solution can surpass, as far as was proved: below the objective when minimizing, above it when maximizing. */
  readonly bound: number
  /** |objective - bound| / max(|objective|, 0.01); Infinity without a point or a bound. */
  readonly gap: number
  /** The values of all variables by name; empty without a point. */
  readonly variables: Readonly<Record<string, number>>
  /**
   * Duals of rows by name: how much the objective grows per unit of the right-hand side. Null unless the model is linear or
   * quadratic without integers, and solved.
   */
  readonly duals: Readonly<Record<string, number>> | null
  /** Reduced costs of variables by name: how much the objective grows per unit of the variable. As `duals`. */
  readonly reducedCosts: Readonly<Record<string, number>> | null
  /** Constraints and bounds that cannot hold together, if the model is infeasible. */
  readonly infeasibleSubsystem: InfeasibleSubsystem | null
  /** Nodes of the search tree. */
  readonly nodes: number
  readonly seconds: number
  /** One sentence: what happened, and what to try. */
  readonly message: string
  /** The result of the run, whose objective is minimized: negated if the model maximizes. */
  readonly run: Result<Float64Array>
  /** The value of a variable or of an expression at the point; NaN without one. */
  value(expression: Expression): number
  /** The values of a family of variables, by index. */
  values<K extends Index>(family: Indexed<K, Variable>): Record<K, number>
  /** The dual of a constraint; NaN where there are none. */
  dual(constraint: Constraint): number
}

/** The point that a record of names gives, NaN elsewhere. */
function startOf(program: MixedIntegerProgram, start: NonNullable<SolveMipOptions['start']>): ArrayLike<number> {
  if (typeof (start as ArrayLike<number>).length === 'number') return start as ArrayLike<number>
  const places = new Map(program.columnNames.map((name, j) => [name, j]))
  const x = new Float64Array(program.objective.length).fill(NaN)
  for (const [name, value] of Object.entries(start)) {
    const j = places.get(name)
    if (j === undefined || typeof value !== 'number') {
      throw new InvalidInputError(
        j === undefined
          ? `solveMip: start has a value for '${name}', but the model has no such variable`
          : `solveMip: start.${name} must be a number, got ${describe(value)}`,
        { argument: `start.${name}`, expected: 'numbers by the names of variables', received: describe(value) },
      )
    }
    x[j] = value
  }
  return x
}

/** Adding 0 turns -0 into 0. */
function named(names: readonly string[], values: Float64Array): Record<string, number> {
  const record: Record<string, number> = {}
  for (let j = 0; j < names.length; j++) record[names[j]] = values[j] + 0
  return record
}

const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0)

/** What a state may hold besides the point; methods other than `highs` may lack some. */
type Findings = Partial<Pick<HighsState, 'bound' | 'duals' | 'subsystem'>> & {
  readonly nodes?: number | ArrayLike<number>
}

/** Puts the result of a run on a program, by any method, into the names and the sense of the model. */
export function mipSolution(program: MixedIntegerProgram, run: Result<Float64Array>): MipSolution {
  const findings = (run.snapshot?.state ?? {}) as Findings
  const sign = signOf(program)
  const { x } = run
  const measures = run.certificate?.measures
  const feasible = measures !== undefined && measures.gap === undefined && Number.isFinite(measures.objective)
  const value = (expression: Expression): number => {
    if (!feasible) return NaN
    if (expression instanceof Variable) return x[expression.index]
    const variables: Variable[] = []
    const coefficients: number[] = []
    expression.collect(variables, coefficients, 1)
    let total = expression.constant
    variables.forEach(({ index }, k) => {
      total += coefficients[k] * x[index]
    })
    for (const { left, right, coefficient } of expression.quadratic)
      total += coefficient * x[left.index] * x[right.index]
    return total
  }
  const duals = run.converged ? (findings.duals ?? null) : null
  return {
    status: run.status,
    converged: run.converged,
    feasible,
    objective: feasible ? sign * measures.objective : NaN,
    bound: sign * (findings.bound ?? -Infinity),
    gap: feasible ? relativeGap(measures.objective, findings.bound ?? -Infinity) : Infinity,
    variables: feasible ? named(program.columnNames, x) : {},
    duals: duals && named(program.rowNames, duals.rows),
    reducedCosts: duals && named(program.columnNames, duals.columns),
    infeasibleSubsystem: findings.subsystem ?? null,
    nodes: typeof findings.nodes === 'object' ? total(findings.nodes) : (findings.nodes ?? 0),
    seconds: run.elapsedMs / 1000,
    message: run.message,
    run,
    value,
    values: <K extends Index>(family: Indexed<K, Variable>) =>
      Object.fromEntries(Object.entries<Variable>(family).map(([key, variable]) => [key, value(variable)])) as Record<
        K,
        number
      >,
    dual: ({ index }) => duals?.rows[index] ?? NaN,
  }
}

/**
 * Solves a mixed-integer, linear or convex quadratic program to proven optimality, or as well as the limits allow.
 *
 * In Node the solve runs in a thread of its own, so that this one stays responsive. On a page, say where the worker is:
 * `engine: highsWorkers(() => new Worker(...))`.
 *
 * @param model a model made by `mipModel`, a program made by `mixedIntegerProgram`, or one that `readModel` has read
 * @returns the best point found; infeasibility, limits and aborts are a status
 * @example
 * const { status, objective, variables } = await solveMip(model, { maxSeconds: 60 })
 * @throws {InvalidInputError} if the model or the start is malformed
 * @throws {OptionError} if an option is unknown or out of range
 * @throws {UnsupportedError} for an objective that is not convex, or a quadratic one with integers
 * @throws {EngineError} if the engine cannot be started, or is lost before it had any point
 */
export async function solveMip(
  model: MipModel | MixedIntegerProgram,
  options: SolveMipOptions = {},
): Promise<MipSolution> {
  checkNames(options, optionNames, 'solveMip')
  const { relativeGap, maxSeconds, maxNodes, signal, start, onProgress, engine, seed, explain } = options
  const program = model instanceof MipModel ? model.program() : model
  const method = highs({ engine, maxNodes, engineSeed: seed, explain, onProgress })
  const limits: RunOptions<Float64Array> = {
    tolerance: relativeGap,
    maxSeconds,
    signal,
    ...(start !== undefined && { start: startOf(program, start) as Float64Array }),
  }
  const run = await runAsync(
    program as PreparedMixedIntegerProgram,
    method as AsyncMethod<PreparedMixedIntegerProgram, HighsState>,
    limits,
  )
  return mipSolution(program, run)
}
