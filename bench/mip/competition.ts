import { existsSync, readFileSync } from 'node:fs'
import { mulberry32 } from '../../src/base/index.ts'
import type { Table } from '../../src/drawing/index.ts'
import {
  type BalansOptions,
  balans,
  generalizedIndependentSetProblem,
  highs,
  highsThreads,
  type Incumbent,
  independentSetProblem,
  knapsackProblem,
  type MipEngine,
  type MixedIntegerProgram,
  presets,
  primalGap,
  primalIntegral,
  readModel,
  setCoverProblem,
  signOf,
} from '../../src/mip/index.ts'
import { runAsync } from '../../src/solver/index.ts'

/** One run of the competition. */
export interface Cell {
  readonly instance: string
  readonly method: string
  readonly seed: number
  /** Budget, seconds of wall time. */
  readonly seconds: number
}

/** What it came to: one line of the results file. Objectives are as minimized. */
export interface CellResult extends Cell {
  readonly objective: number | null
  readonly status: string
  readonly iterations: number
  readonly elapsedSeconds: number
  /** Every incumbent, with its time since the run began. */
  readonly incumbents: readonly Incumbent[]
}

const fromFile = (file: string) => (data: string) => {
  const format = file.endsWith('.lp') ? 'lp' : 'mps'
  return readModel(readFileSync(`${data}/${file}`, 'utf8'), format, file)
}

/** The instances: how each is made, given the folder of model files, and the best objective known from elsewhere (minimized). */
export const instances: Readonly<
  Record<string, { readonly program: (data: string) => MixedIntegerProgram; readonly best?: number }>
> = {
  '50v-10': { program: fromFile('50v-10.mps'), best: 3311.1799841 },
  'neos-5140963-mincio': { program: fromFile('neos-5140963-mincio.mps') },
  pk1: { program: fromFile('pk1.mps'), best: 11 },
  'gen-ip054': { program: fromFile('gen-ip054.mps'), best: 6840.9656418 },
  gisp_102: { program: fromFile('correctness_gisp_102.lp'), best: -2322 },
  mk_5: { program: fromFile('correctness_mk_5.lp'), best: -3752 },
  MIS: { program: () => independentSetProblem(mulberry32(1)) },
  SC: { program: () => setCoverProblem(mulberry32(1)) },
  GISP: { program: () => generalizedIndependentSetProblem(mulberry32(1)) },
  MK: { program: () => knapsackProblem(mulberry32(1)) },
}

/** The paper's limits are for runs of an hour; here they are a share of the budget. */
const scaled = (seconds: number): BalansOptions => ({
  firstSeconds: seconds / 7.5,
  iterationSeconds: seconds / 15,
  auxiliarySeconds: seconds / 30,
  familySeconds: { 'local-branching': seconds / 6 },
})

/** Configurations by name, given the budget; null is HiGHS by itself. */
export const methods: Readonly<Record<string, ((seconds: number) => BalansOptions) | null>> = {
  highs: null,
  balans: () => ({}),
  ...Object.fromEntries(
    presets.adaptive.arms.map((arm) => [`only ${arm}`, (): BalansOptions => ({ arms: [arm] })] as const),
  ),
  'random arm': () => ({ policy: 'random-arm' }),
  'roulette wheel': () => ({ policy: 'roulette-wheel' }),
  paper: (seconds) => ({ preset: 'paper', ...scaled(seconds) }),
  'paper-thompson': (seconds) => ({ preset: 'paper-thompson', ...scaled(seconds) }),
  'lb-relax': (seconds) => ({ preset: 'paper', arms: ['lb-relax-25'], ...scaled(seconds) }),
}

/** Compiling WebAssembly is nobody's merit, and V8 compiles what a solve uses while it runs: seconds of processor time. */
async function warmUp(engine: MipEngine): Promise<void> {
  const session = await engine.open(setCoverProblem(mulberry32(2), { rows: 60, columns: 120 }))
  for (let k = 0; k < WARMING_SOLVES; k++) await session.solve({ seed: k, maxSeconds: 1 })
  await session.close()
}

/** Runs one cell in this process, with HiGHS in threads that take turns, for the plain solver and for Balans alike. */
export async function runCell(cell: Cell, data: string): Promise<CellResult> {
  const { instance, method, seed, seconds } = cell
  const program = instances[instance].program(data)
  const sign = signOf(program)
  const incumbents: Incumbent[] = []
  const engine = highsThreads(new URL('./mip-worker.mjs', import.meta.url))
  await warmUp(engine)
  const began = performance.now()
  const heard = (objective: number): void => {
    const found = sign * objective
    const last = incumbents.at(-1)
    if (last === undefined || found < last.objective) {
      incumbents.push({ seconds: (performance.now() - began) / 1000, objective: found })
    }
  }
  const configuration = methods[method]
  const limits = { maxSeconds: seconds, seed, tolerance: 1e-6, traceEvery: 0 }
  const result =
    configuration === null
      ? await runAsync(
          program,
          highs({
            engine,
            engineSeed: seed,
            onProgress: ({ x, objective }) => x !== undefined && objective !== null && heard(objective),
          }),
          limits,
        )
      : await runAsync(
          program,
          balans({ engine, ...configuration(seconds), onIncumbent: (_, objective) => heard(objective) }),
          limits,
        )
  return {
    ...cell,
    objective: Number.isFinite(result.objective) ? result.objective : null,
    status: result.status,
    iterations: result.iterations,
    elapsedSeconds: result.elapsedMs / 1000,
    incumbents,
  }
}

/** The results that a file of JSON lines holds; a last line that was cut off is left out. */
export function readResults(file: string): CellResult[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as CellResult]
      } catch {
        return []
      }
    })
}

/** The best objective known for each instance: from elsewhere, or found in any run. */
function bestKnown(results: readonly CellResult[]): Map<string, number> {
  const best = new Map<string, number>()
  for (const { instance, objective } of results) {
    const known = best.get(instance) ?? instances[instance].best ?? Number.POSITIVE_INFINITY
    best.set(instance, Math.min(known, objective ?? Number.POSITIVE_INFINITY))
  }
  return best
}

const WARMING_SOLVES = 3

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** The best objective within the budget: a solve that overruns it earns nothing. */
function finalObjective({ incumbents, seconds }: CellResult): number | null {
  return incumbents.findLast((incumbent) => incumbent.seconds <= seconds)?.objective ?? null
}

/** What a method came to on an instance, or on all of them, within a budget. */
export interface Score {
  readonly method: string
  /** Mean primal integral, as a share of the budget, and mean final gap, both in [0, 1]. */
  readonly integral: number
  readonly gap: number
  readonly runs: number
}

/** Means over instances and seeds for each method; only cells that `counts` says count. */
export function scoresOf(
  results: readonly CellResult[],
  seconds: number,
  counts: (cell: Cell) => boolean = () => true,
): Score[] {
  const best = bestKnown(results)
  return Object.keys(methods).flatMap((method) => {
    const own = results.filter((cell) => cell.method === method && cell.seconds === seconds && counts(cell))
    if (own.length === 0) return []
    const known = (instance: string): number => best.get(instance) as number
    return {
      method,
      integral: mean(own.map((cell) => primalIntegral(cell.incumbents, known(cell.instance), seconds))),
      gap: mean(own.map((cell) => primalGap(finalObjective(cell), known(cell.instance)))),
      runs: own.length,
    }
  })
}

/** For each budget one table: integral / final gap in percent, means over seeds, one column for each method. */
export function tablesOf(results: readonly CellResult[]): Table[] {
  const budgets = [...new Set(results.map(({ seconds }) => seconds))].sort((a, b) => a - b)
  const percent = (value: number): string => (100 * value).toFixed(2)
  return budgets.flatMap((seconds) => {
    const all = scoresOf(results, seconds)
    const present = Object.keys(instances).filter((instance) => results.some((cell) => cell.instance === instance))
    const table = (what: 'integral' | 'gap', title: string): Table => ({
      title: `${seconds} s: ${title}, percent`,
      columns: ['method', ...present, 'mean', 'runs'],
      rows: all.map((score) => {
        const cells = present.map((instance) => {
          const [own] = scoresOf(results, seconds, (c) => c.instance === instance && c.method === score.method)
          return own === undefined ? '-' : percent(own[what])
        })
        return [score.method, ...cells, percent(score[what]), score.runs]
      }),
    })
    return [table('integral', 'mean primal integral'), table('gap', 'final gap')]
  })
}

export { tableToText } from '../../src/drawing/index.ts'
