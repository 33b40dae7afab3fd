import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cli, cliJson } from './run-cli.ts'

interface Answer {
  status: string
  cost: number
  objective: number
  marginalError: number
  iterations: number
  method: string
  message: string
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-transport-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const at = (name: string): string => join(folder, name)

/** The entries of a written plan as [source, target, mass]. */
function planOf(path: string): number[][] {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  expect(header).toBe('source,target,mass')
  return lines.map((line) => line.split(',').map(Number))
}

describe('transport', () => {
  beforeEach(() => {
    // Shifting each point by (1, 2) costs 5 per unit of mass, and no matching of a shifted cloud costs less.
    file('source.csv', 'x,y\n0,0\n4,0\n0,7\n')
    file('target.csv', 'x,y\n1,9\n1,2\n5,2\n')
    file('costs.csv', '4,1,3\n2,0,5\n3,2,2\n')
  })

  it('finds the known assignment of a shifted cloud, exactly', async () => {
    const plan = at('plan.csv')
    const { code, value } = await cliJson<Answer>(['transport', at('source.csv'), at('target.csv'), '--plan', plan])
    expect(code).toBe(0)
    expect(value.status).toBe('converged')
    expect(value.method).toBe('network-simplex')
    expect(value.cost).toBeCloseTo(5, 12)
    expect(value.objective).toBeCloseTo(5, 12)
    expect(value.marginalError).toBeLessThan(1e-12)
    expect(planOf(plan).map(([i, j]) => [i, j])).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
    ])
  })

  it.each([
    ['sqeuclidean', 5],
    ['squared-euclidean', 5],
    ['euclidean', Math.sqrt(5)],
    ['l1', 3],
  ])('measures distances by %s', async (metric, expected) => {
    const args = ['transport', at('source.csv'), at('target.csv'), '--metric', metric, '--exact']
    const { value } = await cliJson<Answer>(args)
    expect(value.cost).toBeCloseTo(expected, 12)
  })

  it('solves the assignment of a cost matrix', async () => {
    // Of the six permutations, 1 + 2 + 2 = 5 costs least.
    const { code, value } = await cliJson<Answer>(['transport', '--cost-matrix', at('costs.csv')])
    expect(code).toBe(0)
    expect(value.cost).toBeCloseTo(5 / 3, 12)
  })

  it('reports cost and objective of the regularized plan that it writes', async () => {
    const plan = at('plan.csv')
    const epsilon = 0.5
    const { code, value } = await cliJson<Answer>([
      'transport',
      '--cost-matrix',
      at('costs.csv'),
      `--regularization=${epsilon}`,
      '--source-weights',
      file('a.csv', 'weight\n0.5\n0.25\n0.25\n'),
      '--target-weights',
      file('b.csv', '0.2\n0.2\n0.6\n'),
      '--plan',
      plan,
    ])
    expect(code).toBe(0)
    const costs = [4, 1, 3, 2, 0, 5, 3, 2, 2]
    const entries = planOf(plan)
    const cost = entries.reduce((total, [i, j, p]) => total + p * costs[3 * i + j], 0)
    const entropy = entries.reduce((total, [, , p]) => total + p * Math.log(p), 0)
    expect(value.cost).toBeCloseTo(cost, 8)
    expect(value.objective).toBeCloseTo(cost + epsilon * entropy, 8)
    const sums = [0, 0, 0]
    for (const [i, , p] of entries) sums[i] += p
    expect(sums[0]).toBeCloseTo(0.5, 8)
    expect(sums[1]).toBeCloseTo(0.25, 8)
    expect(value.marginalError).toBeLessThanOrEqual(1e-9)
  })

  it('takes masses from a column, and gives a side without them equal shares of the same total', async () => {
    const weighted = file('weighted.csv', 'Mass,x\n3,0\n1,1\n')
    // Two targets with mass 2 each: 2 stay at 0, 1 travels from 0 to 1 and 1 stays.
    const { value } = await cliJson<Answer>(['transport', weighted, file('line.csv', '0\n1\n')])
    expect(value.method).toBe('line')
    expect(value.cost).toBeCloseTo(1, 12)
  })

  it('refuses unequal masses with advice, unless it may scale them or create mass', async () => {
    const heavy = file('heavy.csv', 'x,weight\n0,3\n1,1\n')
    const light = file('light.csv', 'x,weight\n0,1\n1,1\n')
    const refused = await cli(['transport', heavy, light, '--json'])
    expect(refused.code).toBe(2)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain('sum to 4')
    expect(refused.stderr).toContain('--normalize')
    expect(refused.stderr).toContain('--unbalanced')
    const scaled = await cliJson<Answer>(['transport', heavy, light, '--normalize'])
    expect(scaled.value.cost).toBeCloseTo(0.25, 12)
    const unbalanced = await cliJson<Answer>(['transport', heavy, light, '--unbalanced=1', '--regularization=0.1'])
    expect(unbalanced.code).toBe(0)
    expect(unbalanced.value.method).toBe('unbalanced-sinkhorn')
    expect(unbalanced.value.marginalError).toBeGreaterThan(0.01)
  })

  it('tells people the same, with a plot', async () => {
    const svg = at('plot.svg')
    const { code, stdout } = await cli([
      'transport',
      at('source.csv'),
      at('target.csv'),
      '--regularization=20',
      '--method=sinkhorn',
      '--svg',
      svg,
    ])
    expect(code).toBe(0)
    for (const part of ['Converged', 'cost', 'objective', 'marginal error', 'sinkhorn', '┤']) {
      expect(stdout).toContain(part)
    }
    expect(readFileSync(svg, 'utf8')).toContain('<svg')
  })

  it('exits with 1 at a limit, and still answers', async () => {
    const args = ['transport', at('source.csv'), at('target.csv'), '--regularization=1', '--max-iterations=1']
    const { code, value } = await cliJson<Answer>([...args, '--method=sinkhorn'])
    expect(code).toBe(1)
    expect(value.status).toBe('iteration-limit')
    expect(value.marginalError).toBeGreaterThan(1e-9)
  })

  it.each([
    ['nothing', [], 'say what to transport'],
    ['one file', ['source.csv'], 'say what to transport'],
    ['a missing file', ['source.csv', 'none.csv'], 'no such file'],
    ['a ragged file', ['source.csv', 'ragged.csv'], 'ragged.csv, line 3: expected 2 fields'],
    ['text among numbers', ['source.csv', 'words.csv'], "words.csv, line 3: expected a number in column 'y'"],
    ['negative weights', ['source.csv', 'negative.csv'], 'negative.csv, line 3: a weight must be >= 0, got -1'],
    ['zero weights', ['source.csv', 'zero.csv'], 'positive finite sum'],
    ['different dimensions', ['source.csv', 'line.csv'], 'target.csv'.replace('target', 'line')],
    ['only weights', ['source.csv', 'weights.csv'], 'no column of coordinates'],
    ['exact and regularized', ['source.csv', 'target.csv', '--exact', '--regularization=1'], 'exclude each other'],
    ['exact and unbalanced', ['source.csv', 'target.csv', '--exact', '--unbalanced=1'], 'exclude each other'],
    ['unbalanced alone', ['source.csv', 'target.csv', '--unbalanced=1'], '--unbalanced needs --regularization'],
    ['a wrong method', ['source.csv', 'target.csv', '--method=sinkhorm'], "did you mean 'sinkhorn'?"],
    ['a wrong metric', ['source.csv', 'target.csv', '--metric=euclidian'], "did you mean 'euclidean'?"],
    [
      'an exact method with a regularization',
      ['source.csv', 'target.csv', '--method=sinkhorn'],
      'needs a regularization',
    ],
    ['a negative regularization', ['source.csv', 'target.csv', '--regularization=-1'], 'a number > 0'],
    ['points and a matrix', ['source.csv', 'target.csv', '--cost-matrix=source.csv'], 'exclude each other'],
    ['weights of points apart', ['source.csv', 'target.csv', '--source-weights=w.csv'], 'needs --cost-matrix'],
  ])('exits with 2 on %s', async (_, args, message) => {
    file('ragged.csv', 'x,y\n1,2\n3\n')
    file('words.csv', 'x,y\n1,2\n3,many\n')
    file('negative.csv', 'x,y,weight\n1,2,1\n3,4,-1\n')
    file('zero.csv', 'x,y,weight\n1,2,0\n3,4,0\n')
    file('line.csv', 'x\n1\n2\n')
    file('weights.csv', 'weight\n1\n2\n')
    const paths = args.map((arg) => (arg.endsWith('.csv') && !arg.startsWith('-') ? at(arg) : arg))
    const { code, stdout, stderr } = await cli(['transport', ...paths, '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('exits with 2 on weights that do not fit the cost matrix', async () => {
    const args = ['transport', '--cost-matrix', at('costs.csv'), '--source-weights', file('w.csv', '1\n2\n'), '--json']
    const { code, stderr } = await cli(args)
    expect(code).toBe(2)
    expect(stderr).toContain('2 weights, but the cost matrix has 3 rows')
  })

  it('interrupted, answers with the plan so far and exits with 1', async () => {
    const points = Array.from({ length: 40 }, (_, i) => `${Math.cos(i)},${Math.sin(3 * i)}`).join('\n')
    file('cloud.csv', `x,y\n${points}\n`)
    const { code, value, stderr } = await cliJson<Answer>(
      [
        'transport',
        at('cloud.csv'),
        at('target.csv'),
        '--regularization=0.01',
        '--method=sinkhorn',
        '--tolerance=0',
        '--max-iterations=9007199254740991',
        '--plan',
        at('plan.csv'),
      ],
      { interruptAfterMs: 100 },
    )
    expect(code).toBe(1)
    expect(value.status).toBe('aborted')
    expect(value.marginalError).toBeLessThan(1)
    expect(stderr).toContain('stopping; press Ctrl-C again')
    expect(planOf(at('plan.csv')).length).toBeGreaterThanOrEqual(40)
  })
})
