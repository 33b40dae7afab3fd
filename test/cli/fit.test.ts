import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { agreeingDigits } from '../../src/inputs/index.ts'
import { nistExample } from '../data/nist-example.ts'
import { cli, cliJson } from './run-cli.ts'

interface FitAnswer {
  status: string
  parameters: { name: string; value: number; standardError: number | null }[]
  residualSumOfSquares: number
  degreesOfFreedom: number
  residualStandardDeviation: number | null
  message: string
  model: string
  certified?: { agreeingDigits: number; parameters: { standardDeviation: number }[] }
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-fit-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const random = RandomStream.fromSeed(7)
const xs = Array.from({ length: 12 }, (_, i) => i + 1)
const noisy = xs.map((x) => 3 + 0.5 * x + 0.1 * random.normal())
const line = (): string => file('line.csv', `x,y\n${xs.map((x, i) => `${x},${noisy[i]}`).join('\n')}\n`)

describe('fit', () => {
  it('agrees with the closed form of a straight line, standard errors included', async () => {
    const { code, value, stderr } = await cliJson<FitAnswer>(['fit', line(), '--model', 'a + b*x', '--start=0,0'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const n = xs.length
    const mean = (v: number[]): number => v.reduce((s, e) => s + e, 0) / n
    const mx = mean(xs)
    const my = mean(noisy)
    const sxx = xs.reduce((s, x) => s + (x - mx) ** 2, 0)
    const slope = xs.reduce((s, x, i) => s + (x - mx) * (noisy[i] - my), 0) / sxx
    const intercept = my - slope * mx
    const rss = xs.reduce((s, x, i) => s + (noisy[i] - intercept - slope * x) ** 2, 0)
    const variance = rss / (n - 2)
    const [a, b] = value.parameters
    expect(a.name).toBe('a')
    expect(a.value).toBeCloseTo(intercept, 7)
    expect(b.value).toBeCloseTo(slope, 8)
    expect(a.standardError).toBeCloseTo(Math.sqrt(variance * (1 / n + mx ** 2 / sxx)), 8)
    expect(b.standardError).toBeCloseTo(Math.sqrt(variance / sxx), 8)
    expect(value.residualSumOfSquares).toBeCloseTo(rss, 10)
    expect(value.degreesOfFreedom).toBe(n - 2)
    expect(value.residualStandardDeviation).toBeCloseTo(Math.sqrt(variance), 8)
    expect(value.status).toBe('converged')
    expect(value.message).toContain('Converged')
  })

  it('chooses columns by flag or by the names in the model', async () => {
    const path = file(
      'plane.csv',
      `id,dose,age,response\n${xs.map((x) => `${x},${x},${(x * x) % 7},${2 + 3 * x - ((x * x) % 7)}`).join('\n')}\n`,
    )
    const byName = await cliJson<FitAnswer>([
      'fit',
      path,
      '--model',
      'c0 + c1*dose + c2*age',
      '--y=response',
      '--start=0,0,0',
    ])
    expect(byName.value.parameters.map((p) => Math.round(p.value * 1e6) / 1e6)).toEqual([2, 3, -1])
    const byFlag = await cliJson<FitAnswer>([
      'fit',
      path,
      '--model',
      'c0 + c1*x1 + c2*x2',
      '--x=dose,age',
      '--y=response',
      '--start=0,0,0',
    ])
    expect(byFlag.value.parameters).toEqual(byName.value.parameters)
    const bySide = await cliJson<FitAnswer>([
      'fit',
      path,
      '--model',
      'response = c0 + c1*dose + c2*age',
      '--start=c2=0,c1=0,c0=0',
    ])
    expect(bySide.value.parameters).toEqual(byName.value.parameters)
    expect(
      (await cli(['fit', path, '--model', 'c0 + c1*dose + c2*age', '--y=response', '--start=0,0,0'])).stdout,
    ).toContain('observed')
  })

  it('takes the first two columns where nothing is said', async () => {
    const path = file('pairs.csv', '1,2\n2,4\n3,6\n')
    const { value } = await cliJson<FitAnswer>(['fit', path, '--model', 'k*x', '--start=1'])
    expect(value.parameters[0].value).toBeCloseTo(2, 9)
    expect(value.model).toBe('column2 = k*x')
  })

  it('fits a transformed response', async () => {
    const path = file('growth.csv', `t,size\n${xs.map((x) => `${x},${Math.exp(1 + 0.25 * x)}`).join('\n')}\n`)
    const { value } = await cliJson<FitAnswer>(['fit', path, '--model', 'log(size) = a + b*t', '--start=0,0'])
    expect(value.parameters[0].value).toBeCloseTo(1, 9)
    expect(value.parameters[1].value).toBeCloseTo(0.25, 9)
  })

  it('prints a table and a plot for people, and draws SVG', async () => {
    const svg = join(folder, 'fit.svg')
    const { code, stdout } = await cli(['fit', line(), '--model', 'a + b*x', '--start=0,0', '--svg', svg])
    expect(code).toBe(0)
    for (const part of ['standard error', 'residual sum of squares', '10 degrees of freedom', '● data   · a + b*x']) {
      expect(stdout).toContain(part)
    }
    expect(readFileSync(svg, 'utf8')).toContain('<circle')
  })

  it('says when the data do not determine the parameters', async () => {
    const args = ['fit', line(), '--model', '(a + b)*x', '--start=1,1']
    const { value } = await cliJson<FitAnswer>(args)
    expect(value.parameters.every((p) => p.standardError === null)).toBe(true)
    expect((await cli(args)).stdout).toContain('do not determine')
  })

  it('exits with 1 when a limit comes first', async () => {
    const path = file('curve.csv', `x,y\n${xs.map((x) => `${x},${5 * (1 - Math.exp(-0.3 * x))}`).join('\n')}\n`)
    const { code, value } = await cliJson<FitAnswer>([
      'fit',
      path,
      '--model',
      'b1*(1-exp(-b2*x))',
      '--start=100,3',
      '--max-iterations=2',
    ])
    expect(code).toBe(1)
    expect(value.status).toBe('iteration-limit')
  })

  it.each([
    ['no model', ['--start=1'], ['say what to fit', 'x, y']],
    ['no start', ['--model', 'a+b*x'], ['--start=1,1', 'a, b']],
    ['a model with an error', ['--model', 'a+*x', '--start=1'], ['position 2', '^']],
    ['a model without parameters', ['--model', 'x', '--start=1'], ['no parameter']],
    ['two equals signs', ['--model', 'y = a = x', '--start=1'], ['more than one equals sign']],
    ['an unknown column', ['--model', 'a*x', '--start=1', '--y=z'], ["no column 'z'", 'did you mean']],
    ['an unknown predictor', ['--model', 'a*x', '--start=1', '--x=xx'], ["no column 'xx'; did you mean 'x'?"]],
    [
      'a response that the model uses',
      ['--model', 'a*y', '--start=1', '--y=y'],
      ["predicts column 'y' and also uses it"],
    ],
    ['a left side with a parameter', ['--model', 'y*c = a*x', '--start=1'], ["may only use the response 'y', not 'c'"]],
    ['a start too few', ['--model', 'a+b*x', '--start=1'], ['2 numbers']],
    ['too few rows', ['--model', 'a+b*x+c*x^2+d*x^3', '--start=1,1,1,1'], ['3 rows cannot determine 4 parameters']],
    ['a response outside its domain', ['--model', 'log(y) = a+b*x', '--start=1,1'], ['line 4: log(y) is NaN']],
  ])('exits with 2 on %s', async (_, args, messages) => {
    const { code, stdout, stderr } = await cli(['fit', file('small.csv', 'x,y\n1,2\n2,3\n3,-1\n'), ...args, '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    for (const message of messages) expect(stderr).toContain(message)
  })

  it.each([
    ['a ragged row', 'x,y\n1,2\n3\n', 'data.csv, line 3: expected 2 fields'],
    ['a word among numbers', 'x,y\n1,2\n3,four\n', 'data.csv, line 3: expected a number in column \'y\', got "four"'],
    ['an empty file', '', 'the file is empty'],
    ['a header alone', 'x,y\n', 'no row of data'],
    ['a binary file', '\u0000\u0001\u0002', 'not a text file'],
  ])('exits with 2 on %s', async (_, text, message) => {
    const { code, stdout, stderr } = await cli(['fit', file('data.csv', text), '--model', 'a*x', '--start=1', '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('exits with 2 on a missing file and on a folder', async () => {
    expect((await cli(['fit', join(folder, 'none.csv'), '--model', 'a*x'])).stderr).toContain('no such file')
    expect((await cli(['fit', folder, '--model', 'a*x'])).stderr).toContain('it is a folder')
  })
})

describe('NIST files', () => {
  it('finds model, starts and certified values in the file', async () => {
    const path = file('Decay.dat', nistExample())
    for (const start of [[], ['--start=1'], ['--start=2'], ['--start=1.5,0.7']]) {
      const { code, value } = await cliJson<FitAnswer>(['fit', path, ...start])
      expect(code).toBe(0)
      expect(value.parameters[0].value).toBeCloseTo(2, 8)
      expect(value.parameters[1].value).toBeCloseTo(0.5, 8)
      expect(value.certified?.agreeingDigits).toBeGreaterThan(8)
    }
    const { stdout } = await cli(['fit', path])
    expect(stdout).toContain('certified')
    expect(stdout).toContain('agreeing digits')
  })

  it('takes another model, and then compares with nothing', async () => {
    const path = file('Decay.dat', nistExample())
    const { value } = await cliJson<FitAnswer>(['fit', path, '--model', 'a + b*x', '--start=1,0'])
    expect(value.parameters.map((p) => p.name)).toEqual(['a', 'b'])
    expect(value.certified).toBeUndefined()
  })

  it('asks for the model where the file has none that can be read, and refuses a cut-off file', async () => {
    const prose = await cli(['fit', file('a.dat', nistExample({ model: '               see the text' }))])
    expect(prose.code).toBe(2)
    expect(prose.stderr).toContain('--model')
    const cut = await cli(['fit', file('b.dat', nistExample().slice(0, -40))])
    expect(cut.code).toBe(2)
    expect(cut.stderr).toContain('b.dat, line 33: expected 2 numbers')
  })

  it('counts agreeing digits', () => {
    expect(agreeingDigits(1.0001, 1)).toBeCloseTo(4, 6)
    expect(agreeingDigits(5, 5)).toBe(11)
    expect(agreeingDigits(NaN, 1)).toBe(0)
    expect(agreeingDigits(3, 1)).toBe(0)
  })

  const distributed = '../shared/data/nist-strd'
  it.skipIf(!existsSync(distributed))(
    'agrees with every certified value to at least six digits, from both starts',
    async () => {
      for (const name of readdirSync(distributed).filter((entry) => entry.endsWith('.dat'))) {
        for (const start of ['1', '2']) {
          const { code, value } = await cliJson<FitAnswer>(['fit', join(distributed, name), '--start', start])
          expect(code, `${name} from start ${start}`).toBe(0)
          expect(value.certified?.agreeingDigits, `${name} from start ${start}`).toBeGreaterThanOrEqual(6)
          value.parameters.forEach((parameter, j) => {
            const certified = value.certified?.parameters[j].standardDeviation ?? NaN
            expect(
              Math.abs((parameter.standardError ?? NaN) / certified - 1),
              `${name} ${parameter.name}`,
            ).toBeLessThan(1e-6)
          })
        }
      }
    },
  )
})
