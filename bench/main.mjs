// Runs the benchmarks of all rooms (or of those named), each module in a process of its own, and writes docs/benchmarks.md.
//   node bench/main.mjs [room or room/module ...] [--json] [--output file] [--max-seconds per module]
import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const built = join(root, '.tmp', 'bench')

if (process.env.THALWEG_BENCH_MODULE !== undefined) await measure(process.env.THALWEG_BENCH_MODULE)
else process.exitCode = await main()

/** In the process of one module. */
async function measure(name) {
  const { runModule } = await import(pathToFileURL(join(built, 'run.mjs')).href)
  const rows = await runModule(await import(pathToFileURL(join(built, `${name}.mjs`)).href))
  process.send(rows, () => process.disconnect())
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, output: { type: 'string' }, 'max-seconds': { type: 'string' } },
  })
  const all = readdirSync(join(root, 'bench'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: room }) =>
      readdirSync(join(root, 'bench', room))
        .filter((file) => file.endsWith('.bench.ts'))
        .map((file) => `${room}/${file.slice(0, -'.bench.ts'.length)}`),
    )
    .sort()
  const wanted = (name) => positionals.length === 0 || positionals.some((given) => `${name}/`.startsWith(`${given}/`))
  const names = all.filter(wanted)
  if (names.length === 0) {
    console.error(`thalweg: there is no benchmark ${positionals.join(', ')}; there are ${all.join(', ') || 'none'}`)
    return 2
  }

  const { build } = await import('tsdown')
  await build({
    config: false,
    cwd: root,
    entry: { run: 'bench/run.ts', ...Object.fromEntries(names.map((name) => [name, `bench/${name}.bench.ts`])) },
    outDir: '.tmp/bench',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    skipNodeModulesBundle: true,
    logLevel: 'error',
  })
  const { textOf, pageOf } = await import(pathToFileURL(join(built, 'run.mjs')).href)

  const done = []
  for (const name of names) {
    if (!values.json) console.error(`measuring ${name}`)
    const rows = await inOwnProcess(name, Number(values['max-seconds'] ?? Infinity))
    done.push(rows)
    if (!values.json) console.log(textOf(rows))
  }
  if (values.json) console.log(JSON.stringify(done))
  const output = values.output ?? (positionals.length === 0 ? 'docs/benchmarks.md' : undefined)
  if (output !== undefined) {
    const { writeFileSync } = await import('node:fs')
    writeFileSync(resolve(root, output), pageOf(done, machine()))
    console.error(`written to ${output}`)
  }
  return done.some(({ failure }) => failure !== undefined) ? 1 : 0
}

function inOwnProcess(name, maxSeconds) {
  return new Promise((settle) => {
    const child = fork(fileURLToPath(import.meta.url), {
      env: { ...process.env, THALWEG_BENCH_MODULE: name },
      stdio: ['ignore', 2, 2, 'ipc'],
      cwd: root,
    })
    let rows
    child.on('message', (message) => {
      rows = message
    })
    const timer = maxSeconds < Infinity ? setTimeout(() => child.kill(), 1000 * maxSeconds) : undefined
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      settle(
        rows === undefined
          ? { module: name, rows: [], failure: signal ? `ended by ${signal}` : `exit code ${code}` }
          : { module: name, rows },
      )
    })
  })
}

function machine() {
  const { version, devDependencies, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const peers = Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name]) => /fmin|matrix|optimization|numeric|tape|tinybench/.test(name))
    .map(([name, range]) => `${name} ${range}`)
  const date = new Date().toISOString().slice(0, 10)
  return `Thalweg ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus()[0]?.model.trim()} (${cpus().length} threads), ${date}.${peers.length > 0 ? ` Among the packages: ${peers.join(', ')}.` : ''}`
}
