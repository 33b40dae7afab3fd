import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnsupportedError } from '../base/index.ts'
import {
  changedProgram,
  type EngineAnswer,
  EngineError,
  type EngineSession,
  type EngineStatus,
  type MipEngine,
  type MixedIntegerProgram,
  type SearchProgress,
  type SolveEvents,
  type SolveRequest,
  signOf,
  writeModel,
} from '../mip/index.ts'

/** How long CBC may take to end after it was told to, milliseconds; then it is killed, and its point is lost. */
const GRACE_MS = 2000

/** Half of the last digit that CBC prints of a bound. */
const BOUND_ROUNDING = 5e-4

/** What CBC prints at the end, and what it means; the first that fits counts. */
const results: readonly (readonly [RegExp, EngineStatus])[] = [
  [/^Result - Optimal solution found/m, 'optimal'],
  [/^Result - Stopped on time/m, 'time-limit'],
  [/^Result - Stopped on node/m, 'node-limit'],
  [/^Result - Stopped on solution/m, 'solution-limit'],
  [/^Result - .*(?:ctrl-c|event)/im, 'interrupted'],
  [/^Result - .*unbounded|^Problem is unbounded|dual infeasible|^Unbounded/im, 'unbounded-or-infeasible'],
  [/^Result - .*infeasible|^Problem is infeasible|^(?:Primal)?Infeasible|infeasible - objective value/im, 'infeasible'],
  [/^Optimal - objective value/m, 'optimal'],
  [/^Stopped on time/m, 'time-limit'],
]

/**
 * COIN-OR CBC through its command line, where it is installed (Debian's package coinor-cbc): for linear and mixed-integer programs.
 * Every solve writes the program to a temporary file, runs the command, and reads the solution back in binary, so that all digits
 * are kept.
 *
 * @param command how it is called. Default `cbc`
 * @see Forrest and Lougee-Heimer, CBC User Guide, INFORMS TutORials (2005)
 */
export function cbcEngine(command = 'cbc'): MipEngine {
  return {
    name: 'cbc',
    deterministic: true,
    async available() {
      const { output, code, error } = await execute(command, ['-exit'])
      if (error === undefined && code === 0 && /CBC/i.test(output)) return { available: true }
      const reason =
        error === undefined ? `'${command} -exit' ended with code ${code}` : `the command ${command} is not installed`
      return { available: false, reason }
    },
    async open(program) {
      if (program.quadratic !== undefined || program.types.some((type) => type.startsWith('semi'))) {
        throw new UnsupportedError(
          'cbc: quadratic objectives and semi-continuous columns are not supported; use highs',
          {
            argument: 'engine',
            expected: 'highs',
            received: 'cbc',
          },
        )
      }
      return new CbcSession(command, program)
    },
  }
}

interface Execution {
  readonly output: string
  readonly code: number | null
  readonly error?: Error
}

function execute(
  command: string,
  args: readonly string[],
  started?: (child: ChildProcess) => void,
  onLine?: (line: string) => void,
): Promise<Execution> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let rest = ''
    const take = (chunk: Buffer): void => {
      const text = chunk.toString('latin1')
      output += text
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine?.(line)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => resolve({ output, code: null, error }))
    child.on('close', (code) => resolve({ output, code }))
    started?.(child)
  })
}

class CbcSession implements EngineSession {
  private readonly command: string
  private readonly program: MixedIntegerProgram
  private readonly folder = mkdtempSync(join(tmpdir(), 'thalweg-cbc-'))
  private child: ChildProcess | null = null

  constructor(command: string, program: MixedIntegerProgram) {
    this.command = command
    this.program = program
  }

  async solve(request: SolveRequest, { signal, onProgress }: SolveEvents = {}): Promise<EngineAnswer> {
    const changed = changedProgram(this.program, request.change ?? {}, request.relaxed)
    const sign = signOf(changed)
    const began = performance.now()
    const none = { x: null, objective: null, nodes: 0 }
    const answer = (status: EngineStatus, found: Partial<EngineAnswer> = {}): EngineAnswer => ({
      ...none,
      bound: sign * (status === 'infeasible' ? Infinity : -Infinity),
      elapsedMs: performance.now() - began,
      ...found,
      status,
    })
    if (signal?.aborted) return answer('interrupted')
    if (changed.lower.some((lower, j) => lower > changed.upper[j])) return answer('infeasible')

    const solution = join(this.folder, 'solution')
    rmSync(solution, { force: true })
    const last: { progress: SearchProgress | null } = { progress: null }
    const watch = (line: string): void => {
      const progress = progressIn(line, sign, performance.now() - began, last.progress)
      if (progress === null) return
      last.progress = progress
      onProgress?.(progress)
    }
    const timers: ReturnType<typeof setTimeout>[] = []
    const end = (): void => {
      // CBC ends at SIGINT with the best point it has.
      this.child?.kill('SIGINT')
      timers.push(setTimeout(() => this.child?.kill('SIGKILL'), GRACE_MS))
    }
    signal?.addEventListener('abort', end, { once: true })
    if (request.maxSeconds !== undefined)
      timers.push(setTimeout(end, Math.min(2 ** 31 - 1, 1000 * request.maxSeconds + GRACE_MS)))
    const { output, error } = await execute(
      this.command,
      this.arguments(changed, request, solution),
      (child) => {
        this.child = child
      },
      watch,
    )
    this.child = null
    signal?.removeEventListener('abort', end)
    for (const timer of timers) clearTimeout(timer)
    if (error !== undefined) throw new EngineError('cbc', `cannot be run: ${error.message}`, null, error)

    const status = results.find(([pattern]) => pattern.test(output))?.[1]
    if (status === undefined) {
      if (signal?.aborted) return answer('interrupted')
      throw new EngineError('cbc', `ended without a result: ${output.trim().split('\n').at(-1)}`)
    }
    return this.read(changed, status, output, solution, answer)
  }

  private arguments(changed: MixedIntegerProgram, request: SolveRequest, solution: string): string[] {
    const { maxSeconds, maxNodes, maxSolutions, relativeGap = 1e-4, start, seed = 0 } = request
    const n = changed.objective.length
    const sign = signOf(changed)
    const model = join(this.folder, 'model.mps')
    // Its reader knows neither OBJSENSE nor names with odd characters.
    const plain: MixedIntegerProgram = {
      ...changed,
      name: 'model FREE',
      sense: 'minimize',
      objective: changed.objective.map((cost) => sign * cost),
      offset: sign * changed.offset,
      columnNames: Array.from({ length: n }, (_, j) => `c${j}`),
      rowNames: Array.from({ length: changed.matrix.rows }, (_, i) => `r${i}`),
    }
    writeFileSync(model, writeModel(plain, 'mps'))
    const options: string[] = [model, '-ratioGap', String(relativeGap), '-randomCbcSeed', String(seed)]
    if (maxSeconds !== undefined) options.push('-timeMode', 'elapsed', '-seconds', String(Math.max(maxSeconds, 0.01)))
    if (maxNodes !== undefined) options.push('-maxNodes', String(Math.min(maxNodes, 2147483647)))
    if (maxSolutions !== undefined) options.push('-maxSolutions', String(maxSolutions))
    if (start !== undefined && changed.types.includes('integer')) {
      const given = join(this.folder, 'start')
      const lines = Array.from(start, (value, j) => (Number.isNaN(value) ? '' : `${j} c${j} ${value}`)).filter(Boolean)
      writeFileSync(given, `Stopped on iterations - objective value 0\n${lines.join('\n')}\n`)
      options.push('-mipstart', given)
    }
    return [...options, '-solve', '-saveSolution', solution]
  }

  private read(
    changed: MixedIntegerProgram,
    status: EngineStatus,
    output: string,
    solution: string,
    answer: (status: EngineStatus, found?: Partial<EngineAnswer>) => EngineAnswer,
  ): EngineAnswer {
    const sign = signOf(changed)
    const number = (label: string): number => Number(new RegExp(`^${label}:\\s+(\\S+)`, 'm').exec(output)?.[1] ?? NaN)
    const nodes = number('Enumerated nodes') || 0
    const discrete = changed.types.includes('integer')
    const found = discrete ? !Number.isNaN(number('Objective value')) : status === 'optimal'
    const proven = number('Lower bound') - BOUND_ROUNDING
    const noPoint = status === 'infeasible' ? {} : { bound: sign * (Number.isNaN(proven) ? -Infinity : proven), nodes }
    if (!found) return answer(status, noPoint)
    const { x, rows, columns, objective } = readBinary(solution, changed)
    const value = sign * objective
    const bound = status === 'optimal' && (!discrete || Number.isNaN(proven)) ? objective : proven
    return answer(status, {
      x,
      objective: value,
      bound: sign * (Number.isNaN(bound) ? -Infinity : Math.min(bound, objective)),
      nodes,
      ...(!discrete && {
        duals: {
          rows: rows.slice(0, this.program.matrix.rows).map((dual) => sign * dual),
          columns: columns.slice(0, this.program.objective.length).map((cost) => sign * cost),
        },
      }),
    })
  }

  async close(): Promise<void> {
    this.child?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What a line of the log says about the search, if anything. */
function progressIn(line: string, sign: number, elapsedMs: number, last: SearchProgress | null): SearchProgress | null {
  const bound = last?.bound ?? sign * -Infinity
  const found = /^Cbc00(?:12|16|04)I Integer solution of (\S+) found/.exec(line)
  if (found !== null) return { elapsedMs, objective: sign * Number(found[1]), bound, nodes: last?.nodes ?? 0 }
  const state = /^Cbc0010I After (\d+) nodes, .* (\S+) best solution, best possible (\S+) /.exec(line)
  if (state === null) return null
  const best = Number(state[2])
  return {
    elapsedMs,
    // 1e50 stands for none.
    objective: Math.abs(best) < 1e49 ? sign * best : null,
    bound: sign * Number(state[3]),
    nodes: Number(state[1]),
  }
}

/** The binary solution file: two counts, the objective, then activities and duals of rows, values and reduced costs of columns. */
function readBinary(path: string, { matrix, objective }: MixedIntegerProgram) {
  const [m, n] = [matrix.rows, objective.length]
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new EngineError('cbc', 'wrote no solution', null, cause)
  }
  if (bytes.length !== 16 + 16 * (m + n) || bytes.readInt32LE(0) !== m || bytes.readInt32LE(4) !== n) {
    throw new EngineError('cbc', 'wrote a solution of another size')
  }
  const vector = (from: number, length: number): Float64Array =>
    Float64Array.from({ length }, (_, k) => bytes.readDoubleLE(16 + 8 * (from + k)))
  return { objective: bytes.readDoubleLE(8), rows: vector(m, m), x: vector(2 * m, n), columns: vector(2 * m + n, n) }
}
