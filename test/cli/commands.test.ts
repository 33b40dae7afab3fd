import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as experiments from '../../experiments/index.ts'
import { backend } from '../../src/linalg/index.ts'
import { methods } from '../../src/registry.ts'
import { cli, cliJson } from './run-cli.ts'

// One experiment that is quick and whose outcome is known, in the place of those that are built.
const claims = vi.hoisted(() => ({ secondHolds: true, waits: false }))
vi.mock('../../experiments/index.ts', async (original) => {
  const actual = await original<typeof experiments>()
  const { integer, positive } = await import('../../src/base/index.ts')
  const slug = 'convex-relu'
  const experiment = {
    slug,
    parameters: { size: integer(100, 'size', { min: 1 }), scale: positive(2, 'scale') },
    quick: { size: 10 },
    async run(parameters: { size: number; scale: number }, report: experiments.Report, seed: number) {
      report.progress(0.5, 'half way')
      while (claims.waits && !report.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5))
      report.table({ title: 'Runs | all', columns: ['method', 'iterations'], rows: [['ours', parameters.size]] })
      report.chart({
        title: 'Decay',
        kind: 'line',
        x: { label: 'iteration' },
        y: { label: 'gap', scale: 'log' },
        series: [{ label: 'ours', x: [0, 1, 2], y: [1, 0.1, 0.01] }],
      })
      return [
        {
          id: 'first',
          statement: 'It works.',
          paper: 'yes',
          measured: parameters.size * parameters.scale,
          threshold: '> 0',
          holds: true,
        },
        {
          id: 'second',
          statement: 'It is fast.',
          paper: 1,
          measured: seed,
          threshold: '<= 1',
          holds: claims.secondHolds,
          note: 'It was a slow day.',
        },
      ]
    },
  } as unknown as experiments.Experiment
  return {
    ...actual,
    isBuilt: (name: string) => name === slug,
    builtSlugs: () => [slug],
    loadExperiment: async (name: string) => (name === slug ? experiment : actual.loadExperiment(name)),
  }
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-cli-'))
  claims.secondHolds = true
  claims.waits = false
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('usage', () => {
  it.each([
    ['an unknown command', ['minimise', 'x'], "unknown command 'minimise'"],
    ['an unknown command, with a suggestion', ['reprodcue'], 'Did you mean reproduce'],
    ['an unknown flag', ['list', '--jsno'], 'Did you mean --json'],
    ['a flag without its value', ['minimize', 'x^2', '--start'], 'argument missing'],
    ['nothing', [], 'Usage: thalweg'],
  ])('exits with 2 on %s, and writes to standard error only', async (_, args, message) => {
    const { code, stdout, stderr } = await cli(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('helps with 0', async () => {
    for (const args of [['--help'], ['help', 'fit'], ['minimize', '--help'], ['--version']]) {
      const { code, stdout, stderr } = await cli(args)
      expect(code).toBe(0)
      expect(stdout).not.toBe('')
      expect(stderr).toBe('')
    }
  })

  it('gives every command the common flags', async () => {
    for (const command of ['list', 'info', 'tour', 'minimize', 'resume', 'fit', 'reproduce', 'bench']) {
      const { stdout } = await cli([command, '--help'])
      for (const flag of ['--json', '--seed', '--max-seconds', '--tolerance']) expect(stdout).toContain(flag)
    }
  })
})

describe('list', () => {
  interface Entry {
    slug: string
    title: string
    room: string
    paper: { title: string; authors: string; year: number; arxiv: string } | null
    source: string
    built: boolean
  }

  it('lists all papers and all methods, each slug once', async () => {
    const { code, value } = await cliJson<Entry[]>(['list'])
    expect(code).toBe(0)
    const slugs = value.map((entry) => entry.slug)
    expect(new Set(slugs).size).toBe(slugs.length)
    for (const paper of experiments.papers) {
      const entry = value.find((candidate) => candidate.slug === paper.slug)
      expect(entry).toMatchObject({ room: paper.room, title: paper.title })
      expect(entry?.paper?.arxiv).toBe(paper.arxiv)
    }
    expect(value.filter((entry) => entry.paper !== null)).toHaveLength(31)
    for (const method of methods) expect(slugs).toContain(method.description.slug)
    for (const entry of value) {
      expect(entry.title).not.toBe('')
      expect(entry.source).toMatch(/\(\d{4}\)/)
      expect(entry.built).toBe(entry.paper === null || entry.slug === 'convex-relu')
    }
  })

  it('filters by room, by what is built, and by words', async () => {
    const inRoom = await cliJson<Entry[]>(['list', '--room=smooth'])
    expect(inRoom.value.every((entry) => entry.room === 'smooth')).toBe(true)
    expect(inRoom.value.length).toBeGreaterThan(1)
    const built = await cliJson<Entry[]>(['list', '--built'])
    expect(built.value.every((entry) => entry.built)).toBe(true)
    const words = await cliJson<Entry[]>(['list', 'Sinkhorn', 'newton'])
    expect(words.value.map((entry) => entry.slug)).toContain('sinkhorn-newton-sparse')
    const wrong = await cli(['list', '--room=nowhere'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('the rooms are')
  })

  it('is readable in 80 columns', async () => {
    const { stdout } = await cli(['list'])
    expect(stdout).toContain('gradient-descent')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(90)
  })
})

describe('info', () => {
  it('says what is installed', async () => {
    const { code, value } = await cliJson<{ version: string; engine: string; kernels: string }>(['info'])
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(code).toBe(0)
    expect(value.version).toBe(version)
    expect(value.engine).toBe(backend())
    expect(value.kernels).not.toBe('')
    expect((await cli(['info'])).stdout).toContain(version)
  })

  it('tells more about one method or paper', async () => {
    const { value } = await cliJson<{ slug: string; options: { name: string }[] }>(['info', 'gradient-descent'])
    expect(value.options.map((option) => option.name)).toContain('stepSize')
    expect((await cli(['info', 'gradient-descent'])).stdout).toContain('stepSize')
    expect((await cli(['info', 'dadao'])).stdout).toContain('Not built yet')
    const wrong = await cli(['info', 'gradient-decent'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain("did you mean 'gradient-descent'?")
  })
})

describe('reproduce', () => {
  interface Answer {
    method: string
    seed: number
    seconds: number
    claims: { id: string; statement: string; paper: unknown; measured: unknown; threshold: string; holds: boolean }[]
  }

  it('answers with one object', async () => {
    const { code, value } = await cliJson<Answer>(['reproduce', 'convex-relu', '--seed=3'])
    expect(code).toBe(0)
    expect(Object.keys(value)).toEqual(['method', 'seed', 'seconds', 'claims'])
    expect(value.method).toBe('convex-relu')
    expect(value.seed).toBe(3)
    expect(value.seconds).toBeGreaterThanOrEqual(0)
    expect(value.claims[0]).toEqual({
      id: 'first',
      statement: 'It works.',
      paper: 'yes',
      measured: 200,
      threshold: '> 0',
      holds: true,
    })
    expect(value.claims[1].measured).toBe(3)
  })

  it('takes quick sizes and parameters', async () => {
    const quick = await cliJson<Answer>(['reproduce', 'convex-relu', '--quick'])
    expect(quick.value.claims[0].measured).toBe(20)
    const set = await cliJson<Answer>(['reproduce', 'convex-relu', '--quick', '--set', 'size=7', '--set=scale=0.5'])
    expect(set.value.claims[0].measured).toBe(3.5)
    const wrong = await cli(['reproduce', 'convex-relu', '--set=size=1.5'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('size must be an integer')
    expect((await cli(['reproduce', 'convex-relu', '--set=sise=1'])).stderr).toContain("did you mean 'size'?")
  })

  it('fails on a failed claim only under --strict', async () => {
    claims.secondHolds = false
    expect((await cli(['reproduce', 'convex-relu', '--json'])).code).toBe(0)
    expect((await cli(['reproduce', 'convex-relu', '--json', '--strict'])).code).toBe(1)
    const { stdout } = await cli(['reproduce', 'convex-relu'])
    expect(stdout).toContain('DOES NOT HOLD')
    expect(stdout).toContain('It was a slow day.')
    expect(stdout).toContain('1 of 2 claims hold')
    claims.secondHolds = true
    expect((await cli(['reproduce', 'convex-relu', '--strict'])).code).toBe(0)
  })

  it('shows tables and charts, and writes SVG', async () => {
    const svg = join(folder, 'charts.svg')
    const { stdout } = await cli(['reproduce', 'convex-relu', '--svg', svg])
    for (const part of ['Runs | all', 'Decay', '┤', 'arXiv:2201.01965']) expect(stdout).toContain(part)
    expect(readFileSync(svg, 'utf8')).toContain('Decay')
  })

  it('stops early at Ctrl-C and at the time limit, with exit code 1', async () => {
    claims.waits = true
    const interrupted = await cliJson<Answer>(['reproduce', 'convex-relu'], { interruptAfterMs: 20 })
    expect(interrupted.code).toBe(1)
    expect(interrupted.value).toMatchObject({ method: 'convex-relu', claims: [] })
    expect(interrupted.stderr).toContain('cut short')
    const limited = await cliJson<Answer>(['reproduce', 'convex-relu', '--max-seconds=0.02'])
    expect(limited.code).toBe(1)
  })

  it('remarks that a tolerance is not used where the experiment has none', async () => {
    const { code, stderr } = await cliJson<Answer>(['reproduce', 'convex-relu', '--tolerance=1e-3'])
    expect(code).toBe(0)
    expect(stderr).toContain("no parameter 'tolerance'")
  })

  it.each([
    ['a misspelled paper', ['convex-relo'], "did you mean 'convex-relu'?"],
    ['a method without a paper', ['gradient-descent'], 'without a paper'],
    ['nothing', [], 'say which paper, or --all'],
    ['one and all', ['convex-relu', '--all'], 'not both'],
    ['settings for all', ['--all', '--set=size=3'], 'one paper at a time'],
  ])('exits with 2 on %s', async (_, args, message) => {
    const { code, stdout, stderr } = await cli(['reproduce', ...args, '--json'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('writes the page of evidence with its charts', async () => {
    claims.secondHolds = false
    const page = join(folder, 'docs', 'evidence.md')
    const { code, value } = await cliJson<Answer[]>(['reproduce', '--all', '--quick', '--output', page])
    expect(code).toBe(0)
    expect(value).toHaveLength(1)
    const text = readFileSync(page, 'utf8')
    expect(text).toContain('1 of 2 claims hold. 1 of 31 papers are built.')
    expect(text).toContain('| **no** | It is fast. | 1 | 0 | <= 1 |')
    expect(text).toContain('It was a slow day.')
    expect(text).toContain('![convex-relu](evidence/convex-relu.svg)')
    expect(existsSync(join(folder, 'docs', 'evidence', 'convex-relu.svg'))).toBe(true)
  })

  it('leaves the page alone when interrupted', async () => {
    claims.waits = true
    const page = join(folder, 'evidence.md')
    writeFileSync(page, 'old')
    const { code } = await cli(['reproduce', '--all', '--output', page], { interruptAfterMs: 20 })
    expect(code).toBe(1)
    expect(readFileSync(page, 'utf8')).toBe('old')
  })
})

describe('tour', () => {
  it('solves everything it shows and says where to go next', async () => {
    const { code, stdout } = await cli(['tour'])
    expect(code).toBe(0)
    for (const part of [
      '1. A narrow valley',
      '238.942129',
      '99.96 %',
      'The chain at rest',
      'thalweg list',
      '6. A claim of a paper',
    ]) {
      expect(stdout).toContain(part)
    }
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('answers with the stops', async () => {
    const { code, value } = await cliJson<{ stop: string; status: string; method: string; objective: number }[]>([
      'tour',
    ])
    expect(code).toBe(0)
    expect(value.filter((stop) => stop.status === 'converged').length).toBeGreaterThanOrEqual(5)
  })

  it('finds the published estimate for the O-rings', async () => {
    // Intercept 15.0429, slope -0.2322: Dalal, Fowlkes and Hoadley (1989), section 3.
    expect((await cli(['tour'])).stdout).toContain('log-odds = 15.043 - 0.23216 * temperature')
  })

  it('ends early at its time limit', async () => {
    const { code, value } = await cliJson<unknown[]>(['tour', '--max-seconds=0'])
    expect(code).toBe(1)
    expect(value).toEqual([])
  })
})
