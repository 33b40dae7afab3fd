import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cli, cliJson } from './run-cli.ts'

interface Answer {
  status: string
  residual: number
  iterations: number
  method: string
  message: string
  x?: number[]
}

let folder: string
const at = (name: string): string => join(folder, name)
const file = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}

/** -u'' on n inner points, scaled by h^2: 2 on the diagonal, -1 beside it. */
function poissonText(n: number): string {
  const lines: string[] = []
  for (let i = 1; i <= n; i++) {
    lines.push(`${i} ${i} 2`)
    if (i > 1) lines.push(`${i} ${i - 1} -1`)
  }
  return `%%MatrixMarket matrix coordinate real symmetric\n${n} ${n} ${lines.length}\n${lines.join('\n')}\n`
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-linear-'))
  file('poisson.mtx', poissonText(20))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The solution for a right-hand side of ones: x_i = i (n + 1 - i) / 2. */
const parabola = (n: number): number[] => Array.from({ length: n }, (_, k) => ((k + 1) * (n - k)) / 2)

describe('linear', () => {
  it.each([
    [[]],
    [['--method=sor', '--omega=auto']],
    [['--method=conjugate-gradients']],
    [['--method=sor', '--omega=1.5']],
  ])('solves a Poisson equation in closed form with %j', async (args) => {
    const solution = at('x.csv')
    const { code, value } = await cliJson<Answer>([
      'linear',
      at('poisson.mtx'),
      '--tolerance=1e-12',
      '--solution',
      solution,
      ...args,
    ])
    expect(code).toBe(0)
    expect(value.status).toBe('converged')
    expect(value.residual).toBeLessThanOrEqual(1.001e-12)
    for (const [i, expected] of parabola(20).entries()) expect(value.x?.[i]).toBeCloseTo(expected, 8)
    const [header, ...lines] = readFileSync(solution, 'utf8').trim().split('\n')
    expect(header).toBe('x')
    expect(lines.map(Number)).toEqual(value.x)
  })

  it('reads right-hand sides from both formats', async () => {
    // b = A e_1 = (2, -1, 0, ...), so x = e_1.
    const csv = file('b.csv', `b\n2\n-1\n${'0\n'.repeat(18)}`)
    const mtx = file('b.mtx', '%%MatrixMarket matrix coordinate real general\n20 1 2\n1 1 2\n2 1 -1\n')
    for (const rhs of [csv, mtx]) {
      const { value } = await cliJson<Answer>(['linear', at('poisson.mtx'), '--rhs', rhs])
      for (const [i, xi] of (value.x ?? []).entries()) expect(xi).toBeCloseTo(i === 0 ? 1 : 0, 7)
      expect(value.x).toHaveLength(20)
    }
  })

  it('lists a long x only on demand', async () => {
    const path = file('long.mtx', poissonText(1001))
    expect((await cliJson<Answer>(['linear', path])).value.x).toBeUndefined()
    expect((await cliJson<Answer>(['linear', path, '--full'])).value.x).toHaveLength(1001)
  })

  it('exits with 1 at a limit, and tells people', async () => {
    const { code, value } = await cliJson<Answer>([
      'linear',
      at('poisson.mtx'),
      '--method=jacobi',
      '--max-iterations=3',
    ])
    expect(code).toBe(1)
    expect(value.status).toBe('iteration-limit')
    const { stdout } = await cli(['linear', at('poisson.mtx'), '--method=sor'])
    for (const part of ['Converged', 'residual', 'sor', '┤']) expect(stdout).toContain(part)
  })

  it('interrupted, answers with the solution so far and exits with 1', async () => {
    for (const method of [[], ['--method=jacobi']]) {
      const { code, value } = await cliJson<Answer>(['linear', at('poisson.mtx'), ...method], { interruptAfterMs: 0 })
      expect(code).toBe(1)
      expect(value.status).toBe('aborted')
      expect(value.x).toHaveLength(20)
    }
  })

  it.each([
    ['a missing file', ['linear', 'none.mtx'], 'no such file'],
    ['a matrix that is not square', ['linear', 'wide.mtx'], 'must be square, got 2 x 3'],
    ['another format', ['linear', 'text.mtx'], 'this is no MatrixMarket text'],
    [
      'a short right-hand side',
      ['linear', 'poisson.mtx', '--rhs', 'short.csv'],
      'has 2 entries, but the matrix has 20',
    ],
    ['a right-hand side of two columns', ['linear', 'poisson.mtx', '--rhs', 'two.csv'], 'must be one column'],
    ['a wrong method', ['linear', 'poisson.mtx', '--method=gmrse'], "did you mean 'gmres'?"],
    ['a method for other problems', ['linear', 'poisson.mtx', '--method=lbfgs'], 'use one of'],
    ['omega without SOR', ['linear', 'poisson.mtx', '--omega=1'], '--omega goes together with'],
    ['omega out of range', ['linear', 'poisson.mtx', '--method=sor', '--omega=2'], 'in (0, 2)'],
  ])('exits with 2 on %s', async (_, args, message) => {
    file('wide.mtx', '%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 1\n')
    file('text.mtx', 'hello\n')
    file('short.csv', 'b\n1\n2\n')
    file('two.csv', 'a,b\n1,2\n')
    const paths = args.map((arg) => (/\.(mtx|csv)$/.test(arg) ? at(arg) : arg))
    const { code, stdout, stderr } = await cli([...paths, '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })
})
