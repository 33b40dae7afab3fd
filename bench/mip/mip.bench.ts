import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { highsModelData } from '../../src/mip/highs-model-data.ts'
import { highsRuntime } from '../../src/mip/highs-runtime.ts'
import {
  highsInProcess,
  highsThreads,
  type MixedIntegerProgram,
  modelFormat,
  readModel,
  solveMip,
  writeModel,
} from '../../src/mip/index.ts'
import type { BenchmarkRow } from '../row.ts'

const folder = '../shared/data/mip'
/** Solved in about a second by HiGHS; their optima. */
const models: Readonly<Record<string, number>> = {
  'afiro.mps': -464.753142857,
  'adlittle.mps': 225494.963162,
  'egout.mps': 568.1007,
  'gt2.mps': 21166,
  'rgn.mps': 82.19999924,
  'sp150x300d.mps': 69,
  'flugpl.mps': 1201500,
}
const GAP = 1e-4
const RUNS = 7

const read = (file: string): MixedIntegerProgram =>
  readModel(readFileSync(join(folder, file), 'utf8'), modelFormat(file), file)

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function check(what: string, objective: number, optimum: number): void {
  if (!(Math.abs(objective - optimum) <= 2 * GAP * Math.abs(optimum) + 1e-6)) {
    throw new Error(`${what} found ${objective}, but the optimum is ${optimum}`)
  }
}

const size = (program: MixedIntegerProgram): string =>
  `${program.columnNames.length} columns, ${program.rowNames.length} rows`

/** The worker's module, built for Node 20. */
async function builtWorker(): Promise<URL> {
  const { build } = await import('tsdown')
  await build({
    config: false,
    entry: { 'mip-worker': 'src/mip/worker.ts' },
    outDir: '.tmp/bench-mip',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    skipNodeModulesBundle: true,
    logLevel: 'error',
  })
  return pathToFileURL(join('.tmp', 'bench-mip', 'mip-worker.mjs'))
}

/** What our checks, names and messages cost over the calls of the package, in the same thread and with the same options. */
export async function overhead(): Promise<BenchmarkRow[]> {
  if (!existsSync(folder)) return []
  const highs = await highsRuntime()
  const threads = highsThreads(await builtWorker())
  const rows: BenchmarkRow[] = []
  for (const [file, optimum] of Object.entries(models)) {
    const program = read(file)
    const direct = (): number => {
      const model = highs.createModel(highsModelData(program))
      model.options.set({ output_flag: false, mip_rel_gap: GAP })
      model.run()
      model.getSolution()
      const objective = model.getObjectiveValue()
      model.dispose()
      return objective
    }
    const times = { direct: [] as number[], inProcess: [] as number[], threads: [] as number[] }
    // Processor time of all threads: what is compared differs by little, and the wall clock also counts what others do.
    const timed = async (into: number[], solve: () => number | Promise<number>): Promise<void> => {
      const began = process.cpuUsage()
      const objective = await solve()
      const { user, system } = process.cpuUsage(began)
      into.push((user + system) / 1000)
      check(file, objective, optimum)
    }
    for (let k = 0; k <= RUNS; k++) {
      await timed(times.direct, direct)
      await timed(times.inProcess, async () => (await solveMip(program, { engine: highsInProcess() })).objective)
      await timed(times.threads, async () => (await solveMip(program, { engine: threads })).objective)
      // The first round warms up.
      if (k === 0) for (const list of Object.values(times)) list.length = 0
    }
    const peerMs = median(times.direct)
    for (const where of ['inProcess', 'threads'] as const) {
      const oursMs = median(times[where])
      // Opening, checking and naming cost about a millisecond: a bar in percent says nothing below a twentieth of a second.
      const counts = peerMs >= 50
      rows.push({
        name: `${where === 'threads' ? 'solveMip, in a thread' : 'solveMip, in this thread'}: ${file}`,
        size: size(program),
        peer: 'the package highs, called directly',
        oursMs,
        peerMs,
        ratio: peerMs / oursMs,
        ...(counts && { bar: '>= 0.952 (5 % overhead)', holds: peerMs / oursMs >= 1 / 1.05 }),
        note: `processor time; ${(oursMs - peerMs).toFixed(2)} ms more`,
      })
    }
  }
  return rows
}

interface Native {
  readonly name: string
  readonly version: string
  arguments(model: string): string[]
  objective(output: string): number
}

const natives: readonly Native[] = [
  {
    name: 'cbc',
    version: 'CBC (native)',
    arguments: (model) => [model, '-ratioGap', String(GAP), '-solve'],
    objective: (output) => Number(/(?:Objective value:|Optimal - objective value)\s+(\S+)/.exec(output)?.[1] ?? NaN),
  },
  {
    name: 'glpsol',
    version: 'GLPK (native)',
    arguments: (model) => ['--freemps', model, '--mipgap', String(GAP), '--cuts', '--tmlim', '20', '-o', '/dev/stdout'],
    objective: (output) => Number(/Objective:.* = (\S+)/.exec(output)?.[1] ?? NaN),
  },
]

/** Against native solvers, each a process of its own on one thread; ours counts the whole of `solveMip`, a warm thread. */
export async function nativeSolvers(): Promise<BenchmarkRow[]> {
  if (!existsSync(folder)) return []
  const engine = highsThreads(await builtWorker())
  const temporary = mkdtempSync(join(tmpdir(), 'thalweg-bench-'))
  const rows: BenchmarkRow[] = []
  for (const [file, optimum] of Object.entries(models)) {
    const program = read(file)
    const model = join(temporary, 'model.mps')
    writeFileSync(model, writeModel({ ...program, name: 'model FREE' }, 'mps'))
    const ours: number[] = []
    for (let k = 0; k <= 5; k++) {
      const began = performance.now()
      const { objective } = await solveMip(program, { engine })
      if (k > 0) ours.push(performance.now() - began)
      check(file, objective, optimum)
    }
    for (const native of natives) {
      const times: number[] = []
      let solved = true
      for (let k = 0; k <= 5 && solved; k++) {
        const began = performance.now()
        const { stdout, error } = spawnSync(native.name, native.arguments(model), { encoding: 'utf8', timeout: 25_000 })
        if (k > 0) times.push(performance.now() - began)
        const objective = native.objective(stdout ?? '')
        solved = error === undefined && Math.abs(objective - optimum) <= 2 * GAP * Math.abs(optimum) + 1e-6
      }
      if (times.length < 5) continue
      const [oursMs, peerMs] = [median(ours), median(times)]
      rows.push({
        name: `solveMip: ${file}`,
        size: size(program),
        peer: native.version,
        oursMs,
        peerMs,
        ratio: peerMs / oursMs,
        note: 'native, start of the process included',
      })
    }
  }
  rmSync(temporary, { recursive: true })
  return rows
}

/** What the rest of the program feels while a program is solved, and how long it takes to stop. */
export async function responsiveness(): Promise<BenchmarkRow[]> {
  const file = '50v-10.mps'
  if (!existsSync(join(folder, file))) return []
  const program = read(file)
  const engine = highsThreads(await builtWorker())
  // The first solve compiles what the others use.
  await solveMip(program, { engine, maxSeconds: 1 })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await solveMip(program, { engine, maxSeconds: 8 })
  delay.disable()
  const latencies: number[] = []
  for (const after of [300, 900, 1700, 2600, 4100]) {
    const controller = new AbortController()
    let aborted = 0
    setTimeout(() => {
      aborted = performance.now()
      controller.abort()
    }, after)
    const { status } = await solveMip(program, { engine, signal: controller.signal })
    if (status !== 'aborted') throw new Error(`expected aborted, got ${status}`)
    latencies.push(performance.now() - aborted)
  }
  const row = (name: string, oursMs: number, bar: number, note: string): BenchmarkRow => ({
    name,
    size: size(program),
    peer: `the bar of ${bar} ms`,
    oursMs,
    peerMs: bar,
    ratio: bar / oursMs,
    bar: '>= 1',
    holds: oursMs <= bar,
    note,
  })
  return [
    row('longest wait of the event loop during a solve of 8 s', delay.max / 1e6, 50, 'monitored every millisecond'),
    row(
      'from abort to result, the longest of five',
      Math.max(...latencies),
      500,
      `median ${median(latencies).toFixed(0)} ms`,
    ),
  ]
}
