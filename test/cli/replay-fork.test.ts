import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRunFileFrom } from '../../src/node/index.ts'
import { lbfgs } from '../../src/smooth/index.ts'
import { iterate, recordRun, run, smoothProblem } from '../../src/solver/index.ts'
import { cli, cliJson } from './run-cli.ts'

interface Answer {
  status: string
  x: number[]
  objective: number
  iterations: number
  evaluations: Record<string, number>
}
interface Replay {
  iterations: { iteration: number; measures: Record<string, number> }[]
  snapshots: number[]
  forkedFrom: { iteration: number; method: string; file: string } | null
  end: { status: string } | null
  truncated: boolean
}
interface At {
  iteration: number
  x: number[]
  measures: Record<string, number>
}

const rosenbrock = ['100*(x2-x1^2)^2+(1-x1)^2', '--start=-1.2,1']
const descent = ['--method=gradient-descent', '--tolerance=1e-3']

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-replay-'))
  path = join(folder, 'run.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const record = (args: readonly string[]) => cliJson<Answer>(['minimize', ...args, '--run-file', path])

describe('replay', () => {
  it('shows the run that was recorded, in any range', async () => {
    const { value: result } = await record([...rosenbrock, ...descent])
    const { code, value } = await cliJson<Replay>(['replay', path])
    expect(code).toBe(0)
    expect(value.iterations.map(({ iteration }) => iteration)).toEqual(
      Array.from({ length: result.iterations + 1 }, (_, k) => k),
    )
    expect(value.end?.status).toBe('converged')
    expect(value.snapshots[0]).toBe(0)
    const part = await cliJson<Replay>(['replay', path, '--from=10', '--to=20', '--every=4'])
    expect(part.value.iterations.map(({ iteration }) => iteration)).toEqual([10, 14, 18, 20])
    const { stdout } = await cli(['replay', path])
    for (const text of ['gradient-descent', 'iteration', 'gradientNorm', 'Converged after', '┤', 'th of']) {
      expect(stdout).toContain(text)
    }
    const svg = join(folder, 'plot.svg')
    await cli(['replay', path, '--svg', svg, '--no-plot'])
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>\n$/)
  })

  it('shows the point of any iteration, the one that the run had there', async () => {
    await record(['rosenbrock-4', '--method=cma-es', '--seed=3', '--max-iterations=130'])
    for (const k of [0, 7, 100, 130]) {
      const whole = await cliJson<Answer>([
        'minimize',
        'rosenbrock-4',
        '--method=cma-es',
        '--seed=3',
        `--max-iterations=${k}`,
      ])
      const { value } = await cliJson<At>(['replay', path, `--at=${k}`])
      expect(value.iteration).toBe(k)
      expect(value.x).toEqual(whole.value.x)
      expect(value.measures.objective).toBe(whole.value.objective)
    }
    expect((await cli(['replay', path, '--at=7'])).stdout).toMatch(/iteration +7\n +x +-?\d/)
  })

  it('reads a run that was cut off, and one recorded from code', async () => {
    await record([...rosenbrock, ...descent, '--max-iterations=50'])
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.slice(0, text.length - 700))
    const { stdout } = await cli(['replay', path])
    expect(stdout).toContain('cut off')

    const bowl = smoothProblem({ dimension: 2, value: (x) => x[0] ** 2 + x[1] ** 4, start: [1, 1] })
    let lines = ''
    run(bowl, lbfgs(), { observers: [recordRun((line) => void (lines += line), { snapshotEvery: 2 })] })
    writeFileSync(path, lines)
    expect((await cliJson<Replay>(['replay', path])).value.iterations.length).toBeGreaterThan(2)
    const iterates = [...iterate(bowl, lbfgs())].length
    expect(iterates).toBeGreaterThan(2)
    const at = await cliJson<At>(['replay', path, '--at=2'])
    expect(at.value.x).toHaveLength(2)
    expect((await cli(['replay', path, '--at=1'])).stderr).toContain('how to build its problem again')
  })

  it.each([
    ['a file that is not there', ['replay', '/nowhere/run'], 'no such file'],
    ['an iteration beyond the end', ['replay', 'PATH', '--at=5000000'], 'has the iterations 0 to 20'],
    ['an empty range', ['replay', 'PATH', '--from=50'], 'nothing is recorded in that range'],
    ['a range turned around', ['replay', 'PATH', '--from=9', '--to=3'], 'nothing is recorded in that range'],
    ['a fraction', ['replay', 'PATH', '--at=1.5'], '--at must be an integer'],
    ['every 0th', ['replay', 'PATH', '--every=0'], '--every must be an integer in [1'],
    ['an iteration to fork that is not there', ['fork', 'PATH', '--at=30'], 'has the iterations 0 to 20'],
    ['a fork into the same file', ['fork', 'PATH', '--run-file=PATH'], 'a file of its own'],
    ['an unknown method', ['fork', 'PATH', '--method=lbgfs'], "did you mean 'lbfgs'?"],
    ['an unknown option', ['fork', 'PATH', '--set=stepsize=3'], "did you mean 'stepSize'?"],
    ['a fork that cannot be written', ['fork', 'PATH', '--run-file=/nowhere/run'], 'cannot write /nowhere/run'],
  ])('exits with 2 on %s', async (_, args, message) => {
    await record([...rosenbrock, ...descent, '--max-iterations=20'])
    const before = readFileSync(path, 'utf8')
    const { code, stdout, stderr } = await cli([...args.map((arg) => arg.replace('PATH', path)), '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('fork', () => {
  it('repeats the run where nothing is changed, to the same bits, into a new file', async () => {
    const { value: whole } = await record(['ackley-3', '--method=differential-evolution', '--seed=2'])
    const before = readFileSync(path, 'utf8')
    const { code, value } = await cliJson<Answer>(['fork', path, '--at=37'])
    expect(code).toBe(0)
    expect(value.x).toEqual(whole.x)
    expect(value.iterations).toBe(whole.iterations)
    expect(value.evaluations).toEqual(whole.evaluations)
    expect(readFileSync(path, 'utf8')).toBe(before)

    const forked = readRunFileFrom(join(folder, 'run.fork-37.jsonl'))
    expect(forked.header.forkedFrom).toEqual({ file: path, method: 'differential-evolution', iteration: 37 })
    expect(forked.rows.map(({ iteration }) => iteration)).toEqual(
      Array.from({ length: whole.iterations - 36 }, (_, k) => 37 + k),
    )
    expect(forked.snapshots[0].iteration).toBe(37)
    // Nobody named that file, so it is not written over.
    expect((await cli(['fork', path, '--at=37'])).stderr).toContain('exists; name another file')
  })

  it('keeps a state of the same form under other options, and another future under another seed', async () => {
    const { value: whole } = await record([
      'rastrigin-2',
      '--method=consensus-based-optimization',
      '--max-iterations=60',
    ])
    const target = join(folder, 'fork.jsonl')
    const fork = (...args: string[]) =>
      cliJson<Answer>(['fork', path, '--at=20', '--run-file', target, '--max-iterations=60', ...args])
    expect((await fork()).value.x).toEqual(whole.x)
    expect((await fork('--seed=9')).value.x).not.toEqual(whole.x)
    const { value } = await fork('--set=diffusion=0.3')
    expect(value.x).not.toEqual(whole.x)
    expect(value.evaluations.value).toBe(whole.evaluations.value)
    const { header, rows } = readRunFileFrom(target)
    expect(header.options.diffusion).toBe(0.3)
    expect(rows[0].iteration).toBe(20)
    // It can itself be resumed and forked.
    expect((await cliJson<Answer>(['resume', target, '--max-iterations=70'])).value.iterations).toBe(70)
    expect((await cliJson<At>(['replay', target, '--at=25'])).value.iteration).toBe(25)
  })

  it('starts anew from the best point with another method, or where the state has another form', async () => {
    await record([...rosenbrock, '--method=nelder-mead', '--max-iterations=60'])
    const { value: at } = await cliJson<At>(['replay', path, '--at=40'])
    const target = join(folder, 'fork.jsonl')
    const other = await cliJson<Answer>(['fork', path, '--at=40', '--method=newton', '--run-file', target])
    expect(other.code).toBe(0)
    expect(other.value.x[0]).toBeCloseTo(1, 8)
    const { rows, header } = readRunFileFrom(target)
    expect(header.method).toBe('newton')
    expect(rows[0]).toMatchObject({ iteration: 0, measures: { objective: at.measures.objective } })

    await record([...rosenbrock, '--method=lbfgs', '--max-iterations=20'])
    const text = await cli(['fork', path, '--at=10', '--set=memory=4', '--run-file', target])
    expect(text.stdout).toContain('its state is of another form')
    expect(text.stdout).toContain('Converged')
  })
})
