import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRunFileFrom } from '../../src/node/index.ts'
import { statuses } from '../../src/solver/index.ts'
import { cli, cliJson } from './run-cli.ts'

const rosenbrock = '100*(x2-x1^2)^2+(1-x1)^2'

interface Answer {
  status: string
  x: number[]
  objective: number | null
  certificate: {
    measures: Record<string, number>
    criteria: { measure: string; value: number; threshold: number }[]
  } | null
  iterations: number
  evaluations: Record<string, number>
  method: string
  message: string
  variables?: string[]
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('minimize', () => {
  it('answers with the result of the run, certified', async () => {
    const { code, value, stderr } = await cliJson<Answer>(['minimize', rosenbrock, '--start=-1.2,1'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(value.status).toBe('converged')
    expect(value.x[0]).toBeCloseTo(1, 6)
    expect(value.x[1]).toBeCloseTo(1, 6)
    expect(value.objective).toBeLessThan(1e-12)
    expect(value.certificate?.measures.gradientNorm).toBeLessThanOrEqual(1e-8)
    expect(value.certificate?.criteria[0]).toMatchObject({ measure: 'gradientNorm', threshold: 1e-8 })
    expect(value.iterations).toBeGreaterThan(0)
    expect(value.evaluations.value).toBeGreaterThan(0)
    expect(value.message).toContain('Converged')
    expect(value.variables).toEqual(['x1', 'x2'])
    expect(typeof value.method).toBe('string')
  })

  it('tells people the same, with a plot', async () => {
    const { code, stdout, stderr } = await cli(['minimize', rosenbrock, '--start', '-1.2,1'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    for (const part of ['Converged after', 'x1 = 1', 'x2 = 1', 'gradientNorm', 'method', '┤'])
      expect(stdout).toContain(part)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect((await cli(['minimize', rosenbrock, '--start=-1.2,1', '--no-plot'])).stdout).not.toContain('┤')
  })

  it('exits with 1 when a limit comes first, and still answers', async () => {
    for (const limit of ['--max-iterations=3', '--max-evaluations=5']) {
      const { code, value } = await cliJson<Answer>(['minimize', rosenbrock, '--start=-1.2,1', limit])
      expect(code).toBe(1)
      expect(value.status).toMatch(/limit$/)
      expect(statuses).toContain(value.status)
      expect(value.x).toHaveLength(2)
    }
    const { code, value } = await cliJson<Answer>(['minimize', rosenbrock, '--start=-1.2,1', '--max-seconds=0'])
    expect(code).toBe(1)
    expect(value.status).toBe('time-limit')
  })

  it('respects the tolerance', async () => {
    const loose = await cliJson<Answer>([
      'minimize',
      rosenbrock,
      '--start=-1.2,1',
      '--tolerance=1',
      '--method=gradient-descent',
    ])
    const tight = await cliJson<Answer>([
      'minimize',
      rosenbrock,
      '--start=-1.2,1',
      '--tolerance=0.01',
      '--method=gradient-descent',
    ])
    expect(loose.value.status).toBe('converged')
    expect(loose.value.certificate?.measures.gradientNorm).toBeGreaterThan(0.01)
    expect(tight.value.iterations).toBeGreaterThan(loose.value.iterations)
  })

  it('takes starts and bounds by name, and stays within bounds', async () => {
    const { code, value } = await cliJson<Answer>(['minimize', '(x-2)^2 + y^2 + x*y', '--start=y=1,x=0', '--upper=x=1'])
    expect(code).toBe(0)
    expect(value.variables).toEqual(['x', 'y'])
    // On the face x = 1 the minimum over y of 1 + y^2 + y is at y = -1/2.
    expect(value.x[0]).toBe(1)
    expect(value.x[1]).toBeCloseTo(-0.5, 7)
  })

  it('runs a named method with its options', async () => {
    const { value } = await cliJson<Answer>([
      'minimize',
      'x^2',
      '--start=1',
      '--method=gradient-descent',
      '--set=stepSize=0.25',
      '--tolerance=1e-3',
    ])
    // x <- x - 0.25 * 2x halves x: |2x| <= 1e-3 first after 11 steps.
    expect(value.method).toBe('gradient-descent')
    expect(value.iterations).toBe(11)
    expect(value.x[0]).toBe(2 ** -11)
  })

  it('prints numbers that are not finite as null', async () => {
    const { code, stdout } = await cli(['minimize', 'log(x)', '--start=-1', '--json'])
    expect(code).toBe(1)
    const value = JSON.parse(stdout) as Answer
    expect(value.status).toBe('diverged')
    expect(value.objective).toBeNull()
    expect(value.certificate?.measures.objective).toBeNull()
  })

  it('stops at Ctrl-C with the best so far', async () => {
    const { code, value, stderr } = await cliJson<Answer>(
      [
        'minimize',
        rosenbrock,
        '--start=-1.2,1',
        '--method=gradient-descent',
        '--tolerance=0',
        '--max-iterations=9007199254740991',
      ],
      { interruptAfterMs: 100 },
    )
    expect(code).toBe(1)
    expect(value.status).toBe('aborted')
    expect(value.objective).toBeLessThan(24.2)
    expect(stderr).toContain('Ctrl-C again')
  })

  it('shows a progress bar on a terminal and nowhere else', async () => {
    const endless = ['minimize', 'x^2', '--start=1', '--method=gradient-descent', '--set=stepSize=1e-12']
    const args = [...endless, '--max-seconds=0.8', '--max-iterations=9007199254740991']
    const watched = await cli(args, { ttyError: true })
    expect(watched.stderr).toContain('iteration')
    expect(watched.stdout).not.toContain('█')
    const unwatched = await cli(args)
    expect(unwatched.stderr).toBe('')
  })

  it('colours only for terminals, and not where NO_COLOR is set', async () => {
    const args = ['minimize', 'x^2 + y^4', '--start=1,1']
    expect((await cli(args, { tty: true })).stdout).toContain('\u001b[')
    expect((await cli(args, { tty: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b[')
    expect((await cli(args)).stdout).not.toContain('\u001b[')
  })

  it('draws the plot as SVG', async () => {
    const path = join(folder, 'plot.svg')
    expect((await cli(['minimize', rosenbrock, '--start=-1.2,1', '--svg', path, '--json'])).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toMatch(/^<svg[\s\S]*gradientNorm[\s\S]*<\/svg>\n$/)
  })

  it.each([
    ['an expression with an error', ['minimize', '100*(x2-x1^)^2', '--start=1,1'], ['position 11', '\n             ^']],
    ['an unknown function', ['minimize', 'sine(x)', '--start=1'], ["did you mean 'sin'?"]],
    ['no variable', ['minimize', '1+1', '--start=1'], ['no variable']],
    ['no start', ['minimize', rosenbrock], ['--start=0,0', 'x1, x2']],
    ['too few starts', ['minimize', rosenbrock, '--start=1'], ['--start must be 2 numbers', 'got "1"']],
    ['a start that is no number', ['minimize', rosenbrock, '--start=a,b'], ['--start must be numbers']],
    ['a name that is no variable', ['minimize', 'x^2', '--start=y=1'], ['once for each of x']],
    ['a variable without a start', ['minimize', 'x^2+y^2', '--start=y=1'], ['a value for x too']],
    [
      'crossing bounds',
      ['minimize', 'x^2', '--start=1', '--lower=2', '--upper=1'],
      ['lower[0] = 2 exceeds upper[0] = 1'],
    ],
    ['an unknown method', ['minimize', 'x^2', '--start=1', '--method=lbgfs'], ["did you mean 'lbfgs'?"]],
    [
      'a method of another class',
      ['minimize', 'x^2', '--start=1', '--method=levenberg-marquardt'],
      ["class 'least-squares'"],
    ],
    [
      'an unknown option',
      ['minimize', 'x^2', '--start=1', '--method=lbfgs', '--set=memori=3'],
      ["did you mean 'memory'?"],
    ],
    [
      'an option outside its interval',
      ['minimize', 'x^2', '--start=1', '--method=gradient-descent', '--set=stepSize=-1'],
      ['> 0'],
    ],
    [
      'an option that is no number',
      ['minimize', 'x^2', '--start=1', '--method=gradient-descent', '--set=stepSize=abc'],
      ['--set stepSize'],
    ],
    ['options without a method', ['minimize', 'x^2', '--start=1', '--set=memory=3'], ['--method']],
    ['a setting without value', ['minimize', 'x^2', '--start=1', '--method=lbfgs', '--set=memory'], ['name=value']],
    ['a negative tolerance', ['minimize', 'x^2', '--start=1', '--tolerance=-1'], ['--tolerance must be a number >= 0']],
    ['a fractional seed', ['minimize', 'x^2', '--start=1', '--seed=0.5'], ['--seed must be an integer']],
    ['an unknown flag', ['minimize', 'x^2', '--strat=1'], ['unknown option', 'Did you mean --start']],
    ['an expression that looks like a flag', ['minimize', '-x^2', '--start=1'], ['goes last, after --']],
    ['no problem', ['minimize'], ['missing required argument']],
    ['too many arguments', ['minimize', 'x^2', 'y^2', '--start=1'], ['too many arguments']],
    ['a file that is not there', ['minimize', 'nowhere.mjs'], ['cannot read nowhere.mjs: no such file']],
    [
      'a run file that cannot be written',
      ['minimize', 'x^2', '--start=1', '--run-file=/nowhere/run'],
      ['cannot write /nowhere/run'],
    ],
    [
      'a plot that cannot be written',
      ['minimize', 'x^2', '--start=1', '--svg=/nowhere/a.svg'],
      ['cannot write /nowhere/a.svg'],
    ],
  ])('exits with 2 on %s', async (_, args, messages) => {
    const { code, stdout, stderr } = await cli([...args, '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    for (const message of messages) expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('global search', () => {
  const wells = '(x^2-1)^2 + 0.2*x + y^2'

  it('finds the lowest of several minima in a box, without a start', async () => {
    const { value } = await cliJson<Answer>(['minimize', wells, '--lower=-2', '--upper=2', '--global'])
    expect(value.method).toBe('global-search')
    expect(value.x[0]).toBeCloseTo(-1.0241, 3)
    expect(value.message).toContain('cannot be certified')
    const several = await cliJson<Answer>([
      'minimize',
      wells,
      '--start=1.2,0',
      '--lower=-2',
      '--upper=2',
      '--multi-start=9',
    ])
    expect(several.value.method).toBe('multi-start')
    expect(several.value.x[0]).toBeCloseTo(-1.0241, 3)
  })

  it('is recorded and resumed as any run', async () => {
    const path = join(folder, 'run.jsonl')
    const args = ['minimize', 'rastrigin-3', '--global', '--seed=3']
    const whole = await cliJson<Answer>(args)
    await cliJson<Answer>([...args, '--max-iterations=250', '--run-file', path])
    const resumed = await cliJson<Answer>(['resume', path])
    expect(resumed.value.x).toEqual(whole.value.x)
    expect(resumed.value.message).toBe(whole.value.message)
  })

  it.each([
    ['no box', ['minimize', 'x^2', '--start=1', '--global'], 'needs finite bounds for every variable, and lower[0] is'],
    [
      'half a box',
      ['minimize', 'x^2+y^2', '--start=1,1', '--lower=-1', '--upper=x=1', '--multi-start=3'],
      'upper[1] is Infinity',
    ],
    ['two wishes', ['minimize', 'branin', '--global', '--multi-start=3'], 'exclude each other'],
    ['a method too', ['minimize', 'branin', '--global', '--method=lbfgsb'], 'exclude each other'],
    ['no start', ['minimize', 'branin', '--multi-start=0'], '--multi-start must be an integer in [1'],
  ])('exits with 2 on %s', async (_, args, message) => {
    const { code, stderr } = await cli(args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('test functions', () => {
  it('are meant by their names, with box and start', async () => {
    const { value } = await cliJson<Answer>(['minimize', 'rosenbrock-4', '--method=projected-newton'])
    expect(value.x).toHaveLength(4)
    const other = await cliJson<Answer>(['minimize', 'sphere', '--dimension=3', '--unbounded', '--start=1,2,3'])
    expect(other.value.method).not.toBe('lbfgsb')
    expect(other.value.x.every((x) => Math.abs(x) < 1e-6)).toBe(true)
    const bounded = await cliJson<Answer>(['minimize', 'sphere-2', '--lower=1'])
    expect(bounded.value.x).toEqual([1, 1])
    expect((await cliJson<Answer>(['minimize', 'mgh:beale'])).value.objective).toBeLessThan(1e-12)
  })

  it('are resumed with what the flags changed', async () => {
    const path = join(folder, 'run.jsonl')
    const args = ['minimize', 'rastrigin-2', '--lower=0.5', '--method=cma-es']
    const whole = await cliJson<Answer>(args)
    await cliJson<Answer>([...args, '--max-iterations=20', '--run-file', path])
    expect((await cliJson<Answer>(['resume', path])).value.x).toEqual(whole.value.x)
    expect(whole.value.x.every((x) => x >= 0.5)).toBe(true)
  })
})

describe('modules', () => {
  it('take bounds from flags', async () => {
    const path = file('problem.mjs', 'export default (x) => (x[0] - 3) ** 2 + x[1] ** 2')
    const { value } = await cliJson<Answer>(['minimize', path, '--start=0,0', '--upper=1', '--lower=-4,0.5'])
    expect(value.x[0]).toBe(1)
    expect(value.x[1]).toBe(0.5)
  })

  it.each([
    [
      'a function and a start',
      'export const start = [3, -1]\nexport default (x) => (x[0] - 1) ** 2 + (x[1] - 2) ** 2',
      [],
    ],
    ['a function of x', 'export default (x) => (x[0] - 1) ** 2 + (x[1] - 2) ** 2', ['--start=0,0']],
    [
      'oracles',
      'export default { value: (x) => (x[0] - 1) ** 2 + (x[1] - 2) ** 2, gradient(x, g) { g[0] = 2 * (x[0] - 1); g[1] = 2 * (x[1] - 2) }, start: [5, 5] }',
      [],
    ],
    [
      'a function that makes oracles',
      'export default async () => ({ value: (x) => (x[0] - 1) ** 2 + (x[1] - 2) ** 2, start: [5, 5] })',
      [],
    ],
  ])('solves %s', async (_, source, args) => {
    const { code, value } = await cliJson<Answer>(['minimize', file('problem.mjs', source), ...args])
    expect(code).toBe(0)
    expect(value.x[0]).toBeCloseTo(1, 5)
    expect(value.x[1]).toBeCloseTo(2, 5)
  })

  it('asks of differences of values only what they can give, unless told otherwise', async () => {
    const path = file('values.mjs', 'export default (x) => 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2')
    const usual = await cliJson<Answer>(['minimize', path, '--start=-1.2,1'])
    expect(usual.code).toBe(0)
    expect(usual.value.certificate?.criteria[0].threshold).toBe(1e-6)
    expect(usual.value.message).toContain('differences of the values')
    const loose = await cliJson<Answer>(['minimize', path, '--start=-1.2,1', '--tolerance=1e-3'])
    expect(loose.value.certificate?.criteria[0].threshold).toBe(1e-3)
  })

  it.each([
    ['no default export', 'export const f = 1', 'no default export'],
    ['a number', 'export default 3', 'must be a problem or a function'],
    ['no start', 'export default (x) => x[0] ** 2', 'say where to start'],
    ['an error while it loads', "throw new Error('broken')", 'cannot be loaded: broken'],
    ['a misspelled oracle', 'export default { valeu: (x) => 0, start: [1] }', "did you mean 'value'?"],
    ['a syntax error', 'export default (', 'cannot be loaded'],
  ])('exits with 2 on %s', async (_, source, message) => {
    const { code, stdout, stderr } = await cli(['minimize', file('problem.mjs', source), '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('loads TypeScript where Node does, and says what to do where it does not', async () => {
    const path = file(
      'problem.ts',
      'export const start: number[] = [3]\nexport default (x: Float64Array): number => x[0] ** 2',
    )
    const features = process.features as unknown as { typescript?: string | false }
    const { code, stderr } = await cli(['minimize', path, '--json'])
    if (features.typescript) expect(code).toBe(0)
    else {
      expect(code).toBe(2)
      expect(stderr).toContain('Node 22.18')
      expect(stderr).toContain('esbuild')
    }
  })
})

describe('run files', () => {
  const descent = ['--method=gradient-descent', '--tolerance=1e-3']

  it('records the run, and resumes it to the same bits', async () => {
    const path = join(folder, 'run.jsonl')
    const whole = await cliJson<Answer>(['minimize', rosenbrock, '--start=-1.2,1', ...descent])
    const part = await cliJson<Answer>([
      'minimize',
      rosenbrock,
      '--start=-1.2,1',
      ...descent,
      '--max-iterations=150',
      '--run-file',
      path,
    ])
    expect(part.code).toBe(1)
    const run = readRunFileFrom(path)
    expect(run.header.problem.recipe).toMatchObject({ kind: 'expression', expression: rosenbrock, start: [-1.2, 1] })
    expect(run.rows.map((row) => row.iteration)).toEqual(Array.from({ length: 151 }, (_, k) => k))
    expect(run.end?.status).toBe('iteration-limit')

    const resumed = await cliJson<Answer>(['resume', path])
    expect(resumed.code).toBe(0)
    expect(resumed.value.x).toEqual(whole.value.x)
    expect(resumed.value.iterations).toBe(whole.value.iterations)
    expect(resumed.value.evaluations.value).toBe(whole.value.evaluations.value)
    expect(readRunFileFrom(path).end?.status).toBe('converged')

    const again = await cliJson<Answer>(['resume', path])
    expect(again.code).toBe(0)
    expect(again.value.x).toEqual(whole.value.x)
  })

  it('resumes a module', async () => {
    const problem = file('bowl.mjs', 'export default (x) => x[0] ** 2 + 50 * x[1] ** 2')
    const path = join(folder, 'run.jsonl')
    await cli(['minimize', problem, '--start=1,1', ...descent, '--max-iterations=4', '--run-file', path])
    const { header } = readRunFileFrom(path)
    expect(header.problem.recipe).toMatchObject({ kind: 'module', path: resolve(problem), start: [1, 1] })
    const { code, value } = await cliJson<Answer>(['resume', path])
    expect(code).toBe(0)
    expect(value.x.every((xi) => Math.abs(xi) < 1e-3)).toBe(true)
  })

  it('exits with 2 on what is not a run', async () => {
    expect((await cli(['resume', join(folder, 'none')])).stderr).toContain('no such file')
    const other = await cli(['resume', file('other', '{"type":"x"}\n')])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('not the header of a run file')
    const path = join(folder, 'run.jsonl')
    await cli(['minimize', 'x^2', '--start=1', ...descent, '--run-file', path])
    for (const [from, to] of [
      ['"kind":"expression"', '"kind":"something"'],
      ['"variables":["x"]', '"variables":3'],
    ]) {
      const text = readFileSync(path, 'utf8')
      expect(text).toContain(from)
      const refused = await cli(['resume', file('foreign', text.replace(from, to))])
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain('how to build its problem again')
    }
  })
})
