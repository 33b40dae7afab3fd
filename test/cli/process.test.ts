import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readRunFileFrom } from '../../src/node/index.ts'
import { cliJson } from './run-cli.ts'

// Below the checkout, so that the program finds the packages it needs.
let home: string
let program: string
let folder: string
let children: ChildProcess[] = []

beforeAll(async () => {
  mkdirSync('.tmp', { recursive: true })
  home = mkdtempSync(resolve('.tmp', 'process-'))
  await build({
    config: false,
    entry: { main: 'src/cli/main.ts' },
    outDir: home,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    clean: false,
    skipNodeModulesBundle: true,
    logLevel: 'error',
  })
  program = join(home, 'main.mjs')
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  folder = mkdtempSync(join(home, 'case-'))
  children = []
})

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder })
  children.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += chunk))
  child.stderr.on('data', (chunk) => (output.stderr += chunk))
  return { child, output, ended: once(child, 'close') as Promise<[number | null, string | null]> }
}

/** Waits until the file has grown to so many bytes. */
async function grown(path: string, bytes: number): Promise<void> {
  while (!existsSync(path) || statSync(path).size < bytes) await new Promise((done) => setTimeout(done, 5))
}

const problem = ['100*(x2-x1^2)^2+(1-x1)^2', '--start=-1.2,1']
// A step so small that the run never ends by itself.
const endless = [
  '--method=gradient-descent',
  '--set=stepSize=1e-9',
  '--tolerance=0',
  '--max-iterations=9007199254740991',
]

describe('the program in a process of its own', () => {
  it('leaves a run file that can be read and resumed to the same bits when it is killed', async () => {
    const path = join(folder, 'run.jsonl')
    const { child, ended } = start(['minimize', ...problem, ...endless, '--run-file', path])
    await grown(path, 150_000)
    child.kill('SIGKILL')
    expect((await ended)[1]).toBe('SIGKILL')

    const { rows, snapshots, end } = readRunFileFrom(path)
    expect(end).toBeNull()
    expect(rows.map((row) => row.iteration)).toEqual(Array.from(rows, (_, k) => k))
    expect(snapshots.length).toBeGreaterThan(0)

    const total = rows.length + 50
    interface Answer {
      x: number[]
      iterations: number
      evaluations: object
    }
    const resumed = await cliJson<Answer>(['resume', path, `--max-iterations=${total}`])
    const whole = await cliJson<Answer>(['minimize', ...problem, ...endless, `--max-iterations=${total}`])
    expect(resumed.value.iterations).toBe(total)
    expect(resumed.value.x).toEqual(whole.value.x)
    expect(resumed.value.evaluations).toEqual(whole.value.evaluations)
    expect(readRunFileFrom(path).end?.status).toBe('iteration-limit')
  })

  it('answers with the best so far at Ctrl-C', async () => {
    const path = join(folder, 'run.jsonl')
    const { child, output, ended } = start(['minimize', ...problem, ...endless, '--run-file', path, '--json'])
    await grown(path, 10_000)
    child.kill('SIGINT')
    expect(await ended).toEqual([1, null])
    expect(JSON.parse(output.stdout)).toMatchObject({ status: 'aborted', method: 'gradient-descent' })
    expect(readRunFileFrom(path).end?.status).toBe('aborted')
  })

  it('ends at once at the second Ctrl-C', async () => {
    const module = join(folder, 'stubborn.mjs')
    // An experiment or module may be deaf for a while: here a start that never comes.
    writeFileSync(
      module,
      'console.error("loading"); setInterval(() => {}, 1000); await new Promise(() => {}); export default 1',
    )
    const { child, output, ended } = start(['minimize', module])
    while (!output.stderr.includes('loading')) await new Promise((done) => setTimeout(done, 5))
    child.kill('SIGINT')
    while (!output.stderr.includes('Ctrl-C again')) await new Promise((done) => setTimeout(done, 5))
    child.kill('SIGINT')
    expect((await ended)[0]).toBe(130)
  })

  it('is content when its reader has seen enough', () => {
    const pipe = `"${process.execPath}" "${program}" list | head -n 2; echo "\${PIPESTATUS[0]}"`
    const lines = execFileSync('bash', ['-c', pipe], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      .trimEnd()
      .split('\n')
    expect(lines.at(-1)).toBe('0')
  })

  it('says from an installed package that the benchmarks are in the repository', async () => {
    const installed = mkdtempSync(join(tmpdir(), 'thalweg-installed-'))
    try {
      writeFileSync(join(installed, 'package.json'), '{"name":"thalweg","version":"9.8.7","type":"module"}')
      symlinkSync(resolve('node_modules'), join(installed, 'node_modules'))
      cpSync(home, join(installed, 'dist'), { recursive: true })
      const run = (...args: string[]) =>
        spawnSync(process.execPath, [join(installed, 'dist', 'main.mjs'), ...args], { encoding: 'utf8' })
      const bench = run('bench')
      expect(bench.status).toBe(2)
      expect(bench.stderr).toContain('the benchmarks live in the repository')
      expect(run('--version').stdout.trim()).toBe('9.8.7')
    } finally {
      rmSync(installed, { recursive: true, force: true })
    }
  })

  it('writes no progress and no colours into pipes', async () => {
    const { output, ended } = start(['minimize', ...problem])
    expect(await ended).toEqual([0, null])
    expect(output.stderr).toBe('')
    expect(output.stdout).not.toContain('\u001b')
  })
})
