import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { MipProgress } from '../../src/cli/mip-progress.ts'
import { cli, cliJson } from './run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'thalweg-solve-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const workshop = `maximize
 profit: 30 chairs + 50 tables
subject to
 carpentry: chairs + 2 tables <= 40
 finishing: 2 chairs + tables <= 50
general
 chairs tables
end
`
const lp = file('workshop.lp', workshop)
const infeasible = file('impossible.lp', workshop.replace('general', ' many: tables >= 30\n few: chairs >= 1\ngeneral'))

interface Answer {
  status: string
  objective: number | null
  bound: number | null
  gap: number | null
  variables: Record<string, number>
  seconds: number
  message: string
  nodes: number
  method: string
  duals?: Record<string, number>
  infeasibleSubsystem?: { rows: { name: string }[]; columns: { name: string }[] }
}

describe('thalweg solve', () => {
  it('answers in JSON with the names of the model', async () => {
    const { code, value } = await cliJson<Answer>(['solve', lp])
    expect(code).toBe(0)
    expect(value).toMatchObject({
      status: 'converged',
      objective: 1100,
      bound: 1100,
      gap: 0,
      variables: { chairs: 20, tables: 10 },
      method: 'highs',
    })
    expect(value.seconds).toBeGreaterThan(0)
    expect(value.message).toMatch(/^Converged/)
  })

  it('reads compressed files, writes models and solutions, and starts from a solution', async () => {
    const packed = file('workshop.lp.gz', gzipSync(workshop))
    const solution = join(folder, 'out.sol')
    const model = join(folder, 'copy.mps')
    const { code, stdout } = await cli(['solve', packed, '--solution', solution, '--write', model, '--no-plot'])
    expect(code).toBe(0)
    expect(stdout).toContain('objective   1100 (maximized; checked at the point)')
    expect(stdout).toContain('chairs = 20, tables = 10')
    expect(readFileSync(solution, 'utf8')).toBe('=obj= 1100\nchairs 20\ntables 10\n')
    const again = await cliJson<Answer>(['solve', model, '--start', solution])
    expect(again.value.variables).toEqual({ chairs: 20, tables: 10 })
  })

  it('gives duals of a linear program', async () => {
    const linear = file('linear.lp', workshop.replace(/general[\s\S]*end/, 'end'))
    const { value } = await cliJson<Answer>(['solve', linear])
    expect(value.duals!.carpentry).toBeCloseTo(70 / 3, 8)
  })

  it('says what contradicts what, with exit code 1', async () => {
    const { code, value } = await cliJson<Answer>(['solve', infeasible])
    expect(code).toBe(1)
    expect(value).toMatchObject({ status: 'infeasible', objective: null, variables: {} })
    expect(value.infeasibleSubsystem!.rows.map(({ name }) => name)).toEqual(['carpentry', 'many'])
    const { stdout } = await cli(['solve', infeasible, '--solution', join(folder, 'none.sol')])
    expect(stdout).toContain('These cannot hold together')
    expect(stdout).toContain('No solution to write')
  })

  it('solves with Balans, for as long as it is told', async () => {
    const { value } = await cliJson<Answer>([
      'solve',
      lp,
      '--method',
      'balans',
      '--max-iterations',
      '3',
      '--set',
      'iterationNodes=10',
    ])
    expect(value).toMatchObject({ objective: 1100, method: 'balans', variables: { chairs: 20, tables: 10 } })
  })

  it('shows time, incumbent, bound, gap and arm while it searches', () => {
    const shown: [number, string][] = []
    const session = { progress: { update: (part: number, words: string) => shown.push([part, words]) } }
    const progress = new MipProgress(session as never, -1, 1e-4, 20)
    progress.take({ seconds: 1, objective: null, bound: 1200 })
    progress.take({ seconds: 2, objective: 800, bound: 1200 })
    progress.take({ seconds: 10, objective: 1100, bound: 1100.5, arm: 'mutation-50' })
    expect(shown.map(([, words]) => words)).toEqual([
      '1 s, best none, bound 1200',
      '2 s, best 800, bound 1200, 50 %',
      '10 s, best 1100, bound 1100.5, 0.0455 %, mutation-50',
    ])
    expect(shown[2][0]).toBeGreaterThan(0.8)
    expect(progress.chart('t', { seconds: 11, objective: 1100, bound: 1100 }).series[0].y).toEqual([
      NaN,
      800,
      1100,
      1100,
    ])
  })

  it.each([
    [['solve', join(folder, 'none.mps')], /no such file/],
    [['solve', join(folder, 'model.txt')], /must end in .mps, .lp/],
    [['solve', file('bad.mps', 'NAME x\nROWS\n N c\n L r\nCOLUMNS\n x c nan\nENDATA\n')], /bad.mps, line 6: 'nan'/],
    [['solve', file('empty.lp', '')], /there is no model/],
    [['solve', lp, '--method', 'simplex'], /unknown method 'simplex'/],
    [['solve', lp, '--method', 'lbfgs'], /use one of highs, balans/],
    [['solve', lp, '--method', 'balans', '--max-nodes', '3'], /--max-nodes cannot be used with --method balans/],
    [['solve', lp, '--engine', 'gurobi'], /--engine must be one of highs/],
    [['solve', lp, '--gap=-1'], /--gap must be a number >= 0/],
    [['solve', lp, '--write', 'x.json'], /must end in .mps, .lp/],
    [['solve', lp, '--start', file('bad.sol', 'stools 3\n')], /bad.sol, line 1: the model has no variable 'stools'/],
    [
      ['solve', file('q.lp', 'min\n [ x ^ 2 ]\nst\n c: x >= 1\ngeneral\n x\nend')],
      /quadratic objective together with integer/,
    ],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await cli(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
  })
})
