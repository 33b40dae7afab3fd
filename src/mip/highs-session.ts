import type { Highs, HighsCallbackMap, Model, ModelStatusCode, UserSolutionCallbackEvent } from 'highs'
import { InvalidInputError } from '../base/index.ts'
import type {
  AddedRow,
  EngineAnswer,
  EngineStatus,
  InfeasibleSubsystem,
  ProgramChange,
  SearchProgress,
  SolveRequest,
} from './engine.ts'
import { EngineError } from './engine-error.ts'
import { hasDiscreteColumns, highsModelData, lowerTriangle, type ProgramNumbers } from './highs-model-data.ts'

/** What may happen while HiGHS holds the thread. */
export interface SolveControl {
  /** Asked at every callback, some hundred times a second: whether to end. */
  interrupted(): boolean
  progress?(progress: SearchProgress): void
  /** Asked at every callback as well, with how far the search is: holds the thread for as long as the search should pause. */
  pause?(progress: SearchProgress): void
  /** A solution found elsewhere since the last question, length n; null if there is none. */
  offered?(): Float64Array | null
}

/** Milliseconds between two reports without a new incumbent. */
const REPORT_EVERY_MS = 50

/** HiGHS's codes of model statuses (HConst.h) as ours; those left out mean that it failed. */
const statuses: Partial<Record<ModelStatusCode, EngineStatus>> = {
  7: 'optimal',
  8: 'infeasible',
  9: 'unbounded-or-infeasible',
  10: 'unbounded',
  13: 'time-limit',
  16: 'solution-limit',
  17: 'interrupted',
}

/** HiGHS's own default share of the work for heuristics. */
const HEURISTIC_EFFORT = 0.05

/** Options must be finite, seconds. */
const FOREVER = 1e15

const OPTIMAL = 7
const FEASIBLE_POINT = 2

/** Bits of `iis_strategy`: begin with the linear program (2), go on until irreducible (4). */
const IRREDUCIBLE = 6

/**
 * One program in the memory of HiGHS, in this thread: every call blocks until it is done. A request changes the model in
 * place, and all changes are undone after it, so that each solve has the bits it would have alone.
 */
export class HighsSession {
  private readonly highs: Highs
  private readonly program: ProgramNumbers
  private readonly n: number
  private readonly m: number
  private readonly discrete: boolean
  private model: Model

  /** @throws {EngineError} if HiGHS refuses the program */
  constructor(highs: Highs, program: ProgramNumbers) {
    this.highs = highs
    this.program = program
    this.n = program.objective.length
    this.m = program.matrix.rows
    this.discrete = hasDiscreteColumns(program)
    this.model = this.load()
  }

  private load(): Model {
    try {
      return this.highs.createModel(highsModelData(this.program))
    } catch (cause) {
      throw isRefusal(cause) ? refused(cause) : lost('reading', this.program, cause)
    }
  }

  /**
   * Solves the program as the request changes it.
   *
   * @throws {InvalidInputError} if the request does not fit the program
   * @throws {EngineError} if HiGHS crashes; the session cannot be used any more
   */
  solve(request: SolveRequest, control: SolveControl): EngineAnswer {
    const { change } = request
    const crossing = change?.bounds?.lower.some((lower, k) => lower > change.bounds!.upper[k]) ?? false
    if (crossing || this.n + (change?.columns?.length ?? 0) === 0) return this.trivial(crossing)
    try {
      if (change !== undefined) this.apply(change)
      return this.run(request, control)
    } catch (cause) {
      if (cause instanceof EngineError) throw cause
      if (!isRefusal(cause)) throw lost('solving', this.program, cause)
      throw new InvalidInputError(`highs: the request cannot be carried out: ${cause.message}`, {
        argument: 'request',
        received: cause.message,
        cause,
      })
    } finally {
      if (change !== undefined) this.undo(change)
    }
  }

  /** Crossing bounds, or no columns at all: nothing to search. */
  private trivial(crossing: boolean): EngineAnswer {
    const { rowLower, rowUpper, offset, sense } = this.program
    const empty = !crossing && rowLower.every((lower) => lower <= 0) && rowUpper.every((upper) => upper >= 0)
    if (empty) {
      const duals = { rows: new Float64Array(this.m), columns: new Float64Array(0) }
      return {
        status: 'optimal',
        x: new Float64Array(0),
        objective: offset,
        bound: offset,
        nodes: 0,
        elapsedMs: 0,
        duals,
      }
    }
    const bound = sense === 'maximize' ? -Infinity : Infinity
    return { status: 'infeasible', x: null, objective: null, bound, nodes: 0, elapsedMs: 0 }
  }

  private run(request: SolveRequest, control: SolveControl): EngineAnswer {
    const { model } = this
    const search = this.discrete && request.relaxed !== true
    model.clearSolver()
    // The time limit counts from this clock.
    model.zeroAllClocks()
    model.options.set({
      output_flag: false,
      time_limit: Math.min(request.maxSeconds ?? Infinity, FOREVER),
      mip_max_nodes: clipped(request.maxNodes),
      mip_max_improving_sols: clipped(request.maxSolutions),
      mip_heuristic_effort: request.heuristics === false ? 0 : HEURISTIC_EFFORT,
      mip_rel_gap: request.relativeGap ?? 1e-4,
      random_seed: clipped(request.seed ?? 0),
      solve_relaxation: request.relaxed === true,
    })
    if (search && request.start !== undefined) this.setStart(request.start)
    const began = performance.now()
    const elapsed = (): number => performance.now() - began
    let code: ModelStatusCode
    try {
      code = model.run(this.callbacks(control, elapsed)).modelStatus
    } catch (cause) {
      if (!isRefusal(cause)) throw lost('solving', this.program, cause)
      const bound = this.unbounded(request)
      return {
        status: 'failed',
        x: null,
        objective: null,
        bound,
        nodes: 0,
        elapsedMs: elapsed(),
        message: cause.message,
      }
    }
    return this.answer(request, search, code, elapsed())
  }

  private answer(request: SolveRequest, search: boolean, code: ModelStatusCode, elapsedMs: number): EngineAnswer {
    const { model } = this
    const found = model.info.get('primal_solution_status') === FEASIBLE_POINT
    const solution = found ? model.getSolution() : null
    const objective = found ? Number(model.info.get('objective_function_value')) : null
    const nodes = Math.max(0, search ? Number(model.info.get('mip_node_count')) : 0)
    let status = statuses[code] ?? 'failed'
    if (status === 'solution-limit' && nodes >= (request.maxNodes ?? Infinity)) status = 'node-limit'
    const none = this.unbounded(request)
    const bound = search ? Number(model.info.get('mip_dual_bound')) : code === OPTIMAL ? objective! : none
    const duals = code === OPTIMAL && !search && solution !== null
    return {
      status,
      x: solution?.colValue ?? null,
      objective,
      bound: status === 'infeasible' ? -none : bound,
      nodes,
      elapsedMs,
      ...(duals && {
        duals: { rows: solution.rowDual.slice(0, this.m), columns: solution.colDual.slice(0, this.n) },
      }),
      ...(status === 'failed' && { message: `HiGHS ended with model status ${code}` }),
    }
  }

  /** The bound that says nothing. */
  private unbounded(request: SolveRequest): number {
    return this.program.sense === 'maximize' && request.change?.objective === undefined ? Infinity : -Infinity
  }

  private setStart(start: Float64Array): void {
    const indices: number[] = []
    const values: number[] = []
    for (let j = 0; j < this.n; j++) {
      if (Number.isNaN(start[j])) continue
      indices.push(j)
      values.push(start[j])
    }
    if (indices.length > 0) this.model.setSolution({ indices, values })
  }

  private callbacks(control: SolveControl, elapsed: () => number): HighsCallbackMap {
    const { n } = this
    const { callbackType } = this.highs.constants
    let reported = -Infinity
    let last: SearchProgress = { elapsedMs: 0, objective: null, bound: NaN, nodes: 0 }
    const poll = (event: { interrupt(): void }): undefined => {
      control.pause?.(last)
      if (control.interrupted()) event.interrupt()
    }
    return {
      [callbackType.simplexInterrupt]: poll,
      [callbackType.ipmInterrupt]: poll,
      [callbackType.mipInterrupt]: (event) => {
        const { mip_primal_bound, mip_dual_bound, mip_node_count } = event.data
        const now = elapsed()
        if (control.progress !== undefined && now - reported >= REPORT_EVERY_MS) {
          reported = now
          last = {
            elapsedMs: now,
            objective: Number.isFinite(mip_primal_bound) ? mip_primal_bound! : null,
            bound: mip_dual_bound ?? NaN,
            nodes: Number(mip_node_count ?? 0),
          }
          control.progress(last)
        }
        return poll(event)
      },
      [callbackType.mipImprovingSolution]: ({ data }) => {
        control.progress?.({
          elapsedMs: elapsed(),
          objective: data.objective_function_value!,
          bound: data.mip_dual_bound!,
          nodes: Number(data.mip_node_count ?? 0),
          x: data.mip_solution!.length > n ? data.mip_solution!.slice(0, n) : data.mip_solution!,
        })
        return undefined
      },
      ...(control.offered && {
        [callbackType.mipUserSolution]: (event: UserSolutionCallbackEvent): undefined => {
          const x = control.offered?.() ?? null
          if (x !== null) event.setSolution(x)
        },
      }),
    }
  }

  private apply(change: ProgramChange): void {
    const { model, n } = this
    const { bounds, columns = [], rows = [], objective } = change
    if (bounds !== undefined && bounds.columns.length > 0) {
      model.changeColsBounds({ kind: 'set', indices: bounds.columns }, bounds.lower, bounds.upper)
    }
    for (const { cost, lower, upper } of columns) model.addCol(cost, lower, upper, { indices: [], values: [] })
    for (const row of rows) this.addRow(row)
    if (objective === undefined || n === 0) return
    const { constants } = this.highs
    model.changeObjectiveSense(constants.objectiveSense.minimize)
    model.changeObjectiveOffset(0)
    model.changeColsCost({ kind: 'range', from: 0, to: n - 1 }, objective)
    if (this.program.quadratic !== undefined) this.passQuadratic(new Float64Array(0), n + columns.length)
  }

  private addRow({ lower, upper, columns, values }: AddedRow): void {
    this.model.addRow(lower, upper, { indices: columns, values })
  }

  private passQuadratic(values: Float64Array, dimension: number): void {
    const none = {
      format: 'triangular',
      dimension,
      starts: new Int32Array(dimension + 1),
      indices: new Int32Array(0),
      values,
    } as const
    this.model.passHessian(values.length === 0 ? none : lowerTriangle(this.program.quadratic!, this.n))
  }

  /** Whatever of the change was made is taken back; if that fails, the program is loaded anew. */
  private undo(change: ProgramChange): void {
    const { model, n, m, program } = this
    try {
      const { numRows, numCols } = model.getDimensions()
      if (numRows > m) model.deleteRows({ kind: 'range', from: m, to: numRows - 1 })
      if (numCols > n) model.deleteCols({ kind: 'range', from: n, to: numCols - 1 })
      const { bounds, objective } = change
      if (bounds !== undefined && bounds.columns.length > 0) {
        const own = (all: Float64Array): Float64Array => Float64Array.from(bounds.columns, (j) => all[j])
        model.changeColsBounds({ kind: 'set', indices: bounds.columns }, own(program.lower), own(program.upper))
      }
      if (objective === undefined || n === 0) return
      model.changeObjectiveSense(this.highs.constants.objectiveSense[program.sense])
      model.changeObjectiveOffset(program.offset)
      model.changeColsCost({ kind: 'range', from: 0, to: n - 1 }, program.objective)
      if (program.quadratic !== undefined) this.passQuadratic(program.quadratic.values, n)
    } catch {
      try {
        model.dispose()
      } catch {
        // It is lost already.
      }
      this.model = this.load()
    }
  }

  /** An irreducible infeasible subsystem of the linear relaxation, or null. */
  explainInfeasibility(): InfeasibleSubsystem | null {
    const { model, program } = this
    model.clearSolver()
    model.zeroAllClocks()
    model.options.set({ output_flag: false, time_limit: FOREVER, iis_strategy: IRREDUCIBLE, solve_relaxation: false })
    const { colIndex, rowIndex, colBound, rowBound } = model.getIis()
    if (colIndex.length === 0 && rowIndex.length === 0) return null
    const side = (code: number) => (code === 2 ? 'lower' : code === 3 ? 'upper' : 'both')
    const items = (indices: Int32Array, bounds: Int32Array, names: readonly string[]) =>
      Array.from(indices, (index, k) => ({ name: names[index], bound: side(bounds[k]) }) as const)
    // A free column takes part through its rows only.
    const kept = Array.from(colBound.keys()).filter((k) => colBound[k] !== 1)
    return {
      rows: items(rowIndex, rowBound, program.rowNames),
      columns: items(
        Int32Array.from(kept, (k) => colIndex[k]),
        Int32Array.from(kept, (k) => colBound[k]),
        program.columnNames,
      ),
    }
  }

  /** The program as HiGHS holds it now, in MPS: for tests of what a change leaves behind. */
  exported(): Uint8Array {
    return this.model.exportModel('mps')
  }

  close(): void {
    try {
      this.model.dispose()
    } catch {
      // It was lost before.
    }
  }
}

/** HiGHS counts in signed 32 bits; what is left out does not bind. */
function clipped(count = Infinity): number {
  return Math.min(count, 2147483647)
}

/** HiGHS said no (its native status -1): it is as usable as before. After a trap it is not. */
function isRefusal(cause: unknown): cause is Error {
  return (cause as { status?: unknown }).status === -1
}

function refused(cause: Error): EngineError {
  return new EngineError('highs', `refuses the program: ${cause.message}`, null, cause)
}

/** A trap says little by itself: running out of memory and a defect of the engine look the same. */
function lost(doing: string, { matrix }: ProgramNumbers, cause: unknown): EngineError {
  const size = `${matrix.cols} columns, ${matrix.rows} rows and ${matrix.values.length} entries`
  const reason = String(cause instanceof Error ? cause.message : cause).split('. Build with')[0]
  return new EngineError(
    'highs',
    `crashed or ran out of memory ${doing} a program of ${size} (as WebAssembly it has at most 4 GB): ${reason}`,
    null,
    cause,
  )
}
