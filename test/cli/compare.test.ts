import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testFunctions } from '../../src/test-functions/index.ts'
import { cli, cliJson } from './run-cli.ts'

interface Answer {
  methods: string[]
  accuracy: number
  cost: string
  solved: number[]
  problems: {
    problem: string
    dimension: number
    seed: number
    bestObjective: number
    target: number
    runs: { method: string; status: string; objective: number | null; cost: number | null; message: string }[]
  }[]
  performanceProfile: { curves: { label: string; x: number[]; y: number[] }[] }
  dataProfile: { curves: { label: string; x: number[]; y: number[] }[] }
}

const rosenbrock = ['100*(x2-x1^2)^2+(1-x1)^2', '--start=-1.2,1']

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-compare-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('compare', () => {
  it('runs methods under one budget on one problem, and says what each spent', async () => {
    const { code, value, stderr } = await cliJson<Answer>([
      'compare',
      ...rosenbrock,
      '--methods=newton,lbfgs:memory=3,gradient-descent',
      '--max-evaluations=100',
    ])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(value.methods).toEqual(['newton', 'lbfgs:memory=3', 'gradient-descent'])
    const [{ runs, target, bestObjective }] = value.problems
    expect(bestObjective).toBe(Math.min(...runs.map(({ objective }) => objective as number)))
    expect(target).toBeCloseTo(bestObjective + 1e-6 * (24.2 - bestObjective), 12)
    expect(runs[0].cost).toBeGreaterThan(0)
    expect(runs[2]).toMatchObject({ status: 'evaluation-limit', cost: null })
    expect(value.solved).toEqual([1, 1, 0])
  })

  it('tells people the same, with a chart of the gap', async () => {
    const path = join(folder, 'chart.svg')
    const { code, stdout } = await cli(['compare', ...rosenbrock, '--svg', path])
    expect(code).toBe(0)
    for (const part of ['method', 'solved at', 'newton', 'nelder-mead', 'f - best', '┤']) expect(stdout).toContain(part)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
    expect(readFileSync(path, 'utf8')).toMatch(/^<svg[\s\S]*nelder-mead[\s\S]*<\/svg>\n$/)
    expect((await cli(['compare', ...rosenbrock, '--no-plot'])).stdout).not.toContain('┤')
  })

  it('profiles methods over a set of test functions', async () => {
    const args = ['compare', 'valley', '--dimension=3', '--seeds=2', '--max-evaluations=300']
    const { code, value } = await cliJson<Answer>([...args, '--methods=lbfgsb,cma-es', '--seed=5'])
    expect(code).toBe(0)
    const members = testFunctions.filter(({ tags, dimensions }) => tags.includes('valley') && dimensions !== undefined)
    expect(value.problems).toHaveLength(2 * members.length)
    expect(value.problems.every(({ dimension }) => dimension === 3)).toBe(true)
    expect(new Set(value.problems.map(({ seed }) => seed))).toEqual(new Set([5, 6]))
    for (const profile of [value.performanceProfile, value.dataProfile]) {
      expect(profile.curves.map(({ label }) => label)).toEqual(['lbfgsb', 'cma-es'])
      const ends = profile.curves.map(({ y }) => y.at(-1))
      expect(ends).toEqual(value.solved.map((solved) => solved / value.problems.length))
    }
    const path = join(folder, 'profiles.svg')
    const text = await cli([...args, '--methods=lbfgsb,cma-es', '--svg', path])
    for (const part of ['Performance profile', 'Data profile', 'cheapest on', 'to solve']) {
      expect(text.stdout).toContain(part)
    }
    expect(readFileSync(path, 'utf8')).toMatch(/Performance profile[\s\S]*Data profile/)
  })

  it('charges what --cost says', async () => {
    const { value } = await cliJson<Answer>([
      'compare',
      'x^2 + 3*y^2',
      '--start=1,1',
      '--methods=newton',
      '--cost=iterations',
    ])
    expect(value.problems[0].runs[0].cost).toBe(1)
  })

  it('takes several problems of any kind', async () => {
    const module = join(folder, 'bowl.mjs')
    writeFileSync(module, 'export default { value: (x) => x[0] ** 2 + x[1] ** 4, start: [1, 1] }')
    const { value } = await cliJson<Answer>(['compare', module, 'mgh:beale', 'branin', '--methods=nelder-mead,lbfgsb'])
    expect(value.problems.map(({ problem }) => problem)).toEqual([module, 'mgh:beale', 'branin'])
    expect(value.solved).toEqual([3, 3])
  })

  it('reports a method that refuses, and goes on with the others', async () => {
    const { code, value } = await cliJson<Answer>(['compare', 'sphere-2', '--methods=lbfgs,lbfgsb'])
    expect(code).toBe(0)
    expect(value.problems[0].runs[0]).toMatchObject({ status: 'refused', objective: null, cost: null })
    expect(value.problems[0].runs[0].message).toContain('bounds')
    expect((await cli(['compare', 'sphere-2', '--methods=lbfgs,lbfgsb'])).stdout).toContain('lbfgs refused sphere-2')
    const unbounded = await cliJson<Answer>(['compare', 'sphere-2', '--methods=lbfgs,lbfgsb', '--unbounded'])
    expect(unbounded.value.solved).toEqual([1, 1])
  })

  it('stops at Ctrl-C with what is there', async () => {
    const { code, value } = await cliJson<Answer>(
      [
        'compare',
        'rastrigin-10',
        '--methods=random-search,cma-es',
        '--max-evaluations=900000000',
        '--max-iterations=900000000',
      ],
      { interruptAfterMs: 100 },
    )
    expect(code).toBe(1)
    expect(value.problems[0].runs.map(({ status }) => status)).toEqual(['aborted', 'refused'])
  })

  it.each([
    ['no problem', ['compare'], ['missing required argument']],
    ['an unknown method', ['compare', ...rosenbrock, '--methods=lbgfs'], ["did you mean 'lbfgs'?"]],
    ['an unknown option', ['compare', ...rosenbrock, '--methods=lbfgs:memori=3'], ["did you mean 'memory'?"]],
    ['an option without value', ['compare', ...rosenbrock, '--methods=lbfgs:memory'], ['name=value']],
    ['a method twice', ['compare', ...rosenbrock, '--methods=lbfgs,lbfgs'], ['must be different methods']],
    [
      'methods that all refuse',
      ['compare', 'sphere', '--methods=lbfgs,newton'],
      ['none of the methods can run', 'bounds'],
    ],
    ['a dimension that is too small', ['compare', 'rosenbrock-1'], ['dimension must be an integer >= 2']],
    [
      'a dimension for an expression',
      ['compare', ...rosenbrock, '--dimension=3'],
      ['--dimension is for test functions'],
    ],
    ['a cost that is none', ['compare', ...rosenbrock, '--cost=money'], ['evaluations, iterations, milliseconds']],
    ['no seed', ['compare', ...rosenbrock, '--seeds=0'], ['--seeds must be an integer in [1']],
    ['an accuracy of 1', ['compare', ...rosenbrock, '--accuracy=1'], ['accuracy must be a number in (0, 1)']],
    [
      'a set without such a dimension',
      ['compare', 'ill-conditioned', '--dimension=1'],
      ['no test function of ill-conditioned'],
    ],
    ['no MGH problem', ['compare', 'mgh:nothing'], ['no More-Garbow-Hillstrom problem', 'meyer']],
    ['a box that cannot be left', ['compare', 'michalewicz', '--unbounded'], ['outside its box']],
  ])('exits with 2 on %s', async (_, args, messages) => {
    const { code, stdout, stderr } = await cli([...args, '--json'])
    expect(stderr).not.toBe('')
    for (const message of messages) expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('functions', () => {
  it('lists what minimize knows by name, which it does', async () => {
    const { value } = await cliJson<{ name: string; minimum: number | null; tags: string[] }[]>(['functions'])
    expect(value).toHaveLength(testFunctions.length + 35)
    const { value: found } = await cliJson<{ name: string }[]>(['functions', 'valley', 'nonsmooth'])
    expect(found.length).toBeGreaterThan(0)
    for (const name of ['branin', 'mgh:bard', 'hartmann-6', 'rastrigin-3']) {
      const { value: answer } = await cliJson<{ x: number[] }>(['minimize', name, '--max-iterations=1'])
      expect(answer.x.length).toBeGreaterThan(0)
    }
    expect((await cli(['functions', 'nonsense'])).stderr).toContain('tags are')
  })
})
