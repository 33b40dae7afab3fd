// Balans against HiGHS and against its own arms, at equal wall time on one thread each: one process for each run, and one line of
// JSON for each finished run, so that it can be stopped and started again.
//   node bench/mip/competition.mjs [--budgets 20,60] [--seeds 11,12,13] [--methods highs,balans] [--instances pk1,MIS]
//     [--jobs 1] [--data ../shared/data/mip] [--output .tmp/competition.jsonl] [--table]
// Without --methods all are run, the ones named first in bench/mip/competition.ts first. --table prints what there is and runs nothing.
import { fork } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const built = pathToFileURL(join(root, '.tmp', 'competition', 'competition.mjs')).href

if (process.env.THALWEG_COMPETITION !== undefined) await runOne(JSON.parse(process.env.THALWEG_COMPETITION))
else process.exitCode = await main()

async function runOne({ cell, data }) {
  const { runCell } = await import(built)
  const result = await runCell(cell, data)
  process.send(result, () => process.disconnect())
}

async function main() {
  const { values } = parseArgs({
    options: {
      budgets: { type: 'string', default: '20,60' },
      seeds: { type: 'string', default: '11,12,13' },
      methods: { type: 'string' },
      instances: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'mip') },
      output: { type: 'string', default: join(root, '.tmp', 'competition.jsonl') },
      table: { type: 'boolean' },
    },
  })
  const { build } = await import('tsdown')
  await build({
    config: false,
    cwd: root,
    entry: { competition: 'bench/mip/competition.ts', 'mip-worker': 'src/mip/worker.ts' },
    outDir: '.tmp/competition',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    skipNodeModulesBundle: true,
    logLevel: 'error',
  })
  const competition = await import(built)
  const chosen = (text, known, what) => {
    const names = text === undefined ? Object.keys(known) : text.split(',')
    const wrong = names.find((name) => !(name in known))
    if (wrong === undefined) return names
    console.error(`there is no ${what} '${wrong}'; there are ${Object.keys(known).join(', ')}`)
    process.exit(2)
  }
  const methods = chosen(values.methods, competition.methods, 'method')
  const instances = chosen(values.instances, competition.instances, 'instance')
  const numbers = (text) => text.split(',').map(Number)
  const output = resolve(values.output)
  mkdirSync(dirname(output), { recursive: true })
  const results = competition.readResults(output)
  const keyOf = ({ instance, method, seed, seconds }) => JSON.stringify([instance, method, seed, seconds])
  const done = new Set(results.map(keyOf))
  const left = []
  // Seeds run outermost, and methods innermost, so that whatever else the machine does weighs on all methods alike.
  for (const seconds of numbers(values.budgets)) {
    for (const seed of numbers(values.seeds)) {
      for (const instance of instances) {
        for (const method of methods) left.push({ instance, method, seed, seconds })
      }
    }
  }
  const queue = values.table ? [] : left.filter((cell) => !done.has(keyOf(cell)))
  if (queue.length > 0 && !existsSync(values.data))
    console.error(`no folder ${values.data}: model files will be missing`)
  let failures = 0
  let finished = 0
  const worker = async () => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      const result = await inOwnProcess(cell, values.data)
      finished++
      if (result === undefined) {
        failures++
        console.error(`FAILED: ${keyOf(cell)}`)
        continue
      }
      results.push(result)
      appendFileSync(output, `${JSON.stringify(result)}\n`)
      console.error(
        `${result.instance}, ${result.method}, seed ${result.seed}, ${result.seconds} s: ${result.objective} (${finished} done, ${queue.length} left)`,
      )
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, worker))
  for (const table of competition.tablesOf(results)) console.log(competition.tableToText(table, 200))
  return failures > 0 ? 1 : 0
}

function inOwnProcess(cell, data) {
  return new Promise((settle) => {
    const child = fork(fileURLToPath(import.meta.url), {
      env: { ...process.env, THALWEG_COMPETITION: JSON.stringify({ cell, data }) },
      stdio: ['ignore', 2, 2, 'ipc'],
      cwd: root,
    })
    let result
    child.on('message', (message) => {
      result = message
    })
    // Twice the budget and a minute more is a process that hangs.
    const timer = setTimeout(() => child.kill(), 1000 * (2 * cell.seconds + 60))
    child.on('exit', () => {
      clearTimeout(timer)
      settle(result)
    })
  })
}
