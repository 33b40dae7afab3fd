import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildExample } from '../../experiments/example-problems.ts'
import { createMethod } from '../../src/registry.ts'
import { type Method, type Problem, readRunFile, run } from '../../src/solver/index.ts'
import type { PageEntry } from '../../workbench/catalogue/catalogue.ts'
import { galleryEntries, pageEntry } from '../../workbench/catalogue/describe-library.ts'
import { defaultSettings, requestOf } from '../../workbench/method/settings.ts'
import { FrameStore } from '../../workbench/worker/frame-store.ts'
import type { Ending, FromRunWorker, RunRequest } from '../../workbench/worker/protocol.ts'
import { complaintsAbout, RunSession } from '../../workbench/worker/run-session.ts'
import { cli } from '../cli/run-cli.ts'

const request: RunRequest = {
  problem: { problemClass: 'smooth', slug: 'rosenbrock', parameters: { dimension: 4 } },
  contestants: [
    { method: 'lbfgs', options: { memory: 3 } },
    { method: 'gradient-descent', options: {} },
  ],
  seed: 5,
  maxIterations: 300,
  pace: 0,
}

/** A session whose messages are kept, and that behaves like a page that draws at once. */
function recorded(given: RunRequest, paused = false) {
  const messages: FromRunWorker[] = []
  const session: RunSession = new RunSession(1, given, paused, (message) => {
    messages.push(structuredClone(message))
    if (message.type === 'update') queueMicrotask(() => session.drawn())
  })
  const endings = (): Ending[] => messages.flatMap((message) => (message.type === 'ended' ? [message.ending] : []))
  /** The trace as the page would have put it together. */
  const columns = (contestant: number): Record<string, number[]> => {
    let whole: Record<string, number[]> = {}
    for (const message of messages) {
      if (message.type !== 'update') continue
      for (const update of message.updates) {
        if (update.contestant !== contestant) continue
        if (update.replaces) whole = structuredClone(update.columns) as typeof whole
        else for (const [name, column] of Object.entries(update.columns)) (whole[name] ??= []).push(...column)
      }
    }
    return whole
  }
  return { session, messages, endings, columns }
}

const turn = (milliseconds = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('a run in the worker', () => {
  it('gives each contestant the bits that it has alone', async () => {
    const { session, endings, columns } = recorded(request)
    await session.run()
    const problem = buildExample('smooth', 'rosenbrock', { dimension: 4 }, 5)
    for (const [index, { method, options }] of request.contestants.entries()) {
      const alone = run(problem, createMethod(method, options) as Method<Problem>, { seed: 5, maxIterations: 300 })
      const ending = endings().find(({ contestant }) => contestant === index) as Ending
      expect(ending.x).toEqual(alone.x)
      expect(ending.status).toBe(alone.status)
      expect(ending.evaluations).toEqual(alone.evaluations)
      expect(columns(index).objective).toEqual(alone.trace.columns.objective)
      expect(columns(index).iteration).toEqual(alone.trace.columns.iteration)
    }
  })

  it('stands still while it is paused, goes one iteration at a time, and can be cancelled', async () => {
    const { session, endings, columns } = recorded({ ...request, contestants: [request.contestants[0]] }, true)
    const running = session.run()
    await turn(20)
    expect(columns(0).iteration).toBeUndefined()
    session.step()
    await turn(20)
    expect(columns(0).iteration).toEqual([0])
    session.step()
    session.step()
    await turn(20)
    expect(columns(0).iteration).toEqual([0, 1, 2])
    session.cancel()
    await running
    expect(endings()[0].status).toBe('aborted')
  })

  it('keeps its pace, and takes another one on the way', async () => {
    const slow = { ...request, contestants: [request.contestants[1]], pace: 2 }
    const { session, columns } = recorded(slow)
    const running = session.run()
    await turn(30)
    expect(columns(0).iteration).toEqual([0])
    session.setPace(0)
    await running
    expect(columns(0).iteration).toHaveLength(301)
  })

  it('sends nothing more before the page has drawn', async () => {
    const messages: FromRunWorker[] = []
    const session = new RunSession(1, { ...request, maxIterations: 3000 }, false, (message) => messages.push(message))
    await session.run()
    // The first update, one for the end of each contestant, and one at the end of all.
    expect(messages.filter(({ type }) => type === 'update').length).toBeLessThanOrEqual(4)
  })

  it('leaves out a baseline that cannot run, and says why', async () => {
    const bounded = { ...request, problem: { ...request.problem, parameters: { bounded: true } } }
    const first = { method: 'lbfgsb', options: {} }
    const { session, messages, endings } = recorded({
      ...bounded,
      contestants: [first, { method: 'newton', options: {} }],
    })
    await session.run()
    expect(endings().map(({ contestant }) => contestant)).toEqual([0])
    const failed = messages.find(({ type }) => type === 'failed')
    expect(failed).toMatchObject({ contestant: 1, failure: { name: 'UnsupportedError' } })
    expect(complaintsAbout({ ...bounded, contestants: [first, { method: 'newton', options: {} }] })).toEqual({
      'contestants.1': expect.stringContaining('the problem has bounds'),
    })
  })

  it('complains about every value that is wrong, at its place', () => {
    expect(
      complaintsAbout({
        ...request,
        problem: { ...request.problem, parameters: { dimension: 2.5 } },
        contestants: [{ method: 'lbfgs', options: { memory: 'many', sufficientDecrease: 2 } }],
        seed: -1,
        maxIterations: 0,
      }),
    ).toEqual({
      'parameters.dimension': 'must be an integer in [2, 200]',
      'options.memory': expect.stringContaining('must be an integer'),
      'options.sufficientDecrease': expect.stringContaining('must be a number in (0,'),
      seed: 'must be an integer in [0, 2^53)',
      maxIterations: 'must be an integer in [1, 10000000]',
    })
    expect(complaintsAbout(request)).toEqual({})
  })
})

describe('a run file from the page', () => {
  it('can be read, replayed and resumed on the command line', async () => {
    const { session, endings } = recorded({ ...request, maxIterations: 8 })
    await session.run()
    const text = session.runFile()
    const file = readRunFile(text)
    expect(file.rows.map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(file.end?.x).toEqual(endings().find(({ contestant }) => contestant === 0)?.x)
    const folder = mkdtempSync(join(tmpdir(), 'thalweg-page-'))
    try {
      const path = join(folder, 'lbfgs.jsonl')
      writeFileSync(path, text)
      const replayed = await cli(['replay', path, '--at', '5', '--json'])
      expect(replayed.code).toBe(0)
      expect(JSON.parse(replayed.stdout).iteration).toBe(5)
      const resumed = await cli(['resume', path, '--json'])
      expect(resumed.code).toBe(0)
      const problem = buildExample('smooth', 'rosenbrock', { dimension: 4 }, 5)
      const whole = run(problem, createMethod('lbfgs', { memory: 3 }) as Method<Problem>, { seed: 5 })
      expect(JSON.parse(resumed.stdout).x).toEqual(Array.from(whole.x as Float64Array))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the frames of a run', () => {
  it('stay within their memory and evenly spread, with the last one', () => {
    const store = new FrameStore()
    const plan = new Float32Array(300_000)
    for (let iteration = 0; iteration < 1000; iteration++) {
      if (store.due(iteration)) store.add({ iteration, plan })
    }
    expect(store.frames.length).toBeLessThanOrEqual(20)
    const last = store.frames.at(-1)?.iteration ?? 0
    expect(last).toBeGreaterThan(900)
    for (const { iteration } of store.frames) if (iteration !== last) expect(iteration % store.stride).toBe(0)
  })
})

describe('every method page', () => {
  let pages: PageEntry[] = []
  beforeAll(async () => {
    pages = await Promise.all(galleryEntries().map((entry) => pageEntry(entry, new Map())))
  })

  it('shows its method at work: the first run converges or uses its iterations, and has a picture', async () => {
    for (const page of pages) {
      if (page.method === null || page.problems === null) continue
      const first = requestOf(page, defaultSettings(page))
      expect(complaintsAbout(first), page.entry.slug).toEqual({})
      const { session, messages, endings } = recorded({ ...first, maxIterations: 40 })
      await session.run()
      expect(
        messages.filter(({ type }) => type === 'failed'),
        page.entry.slug,
      ).toEqual([])
      expect(endings()).toHaveLength(first.contestants.length)
      const scene = messages.find((message) => message.type === 'scene')
      if (scene?.scene.kind !== 'none') {
        const frames = messages.flatMap((message) => (message.type === 'update' ? message.updates : []))
        // HiGHS by itself is one iteration.
        const least = page.entry.slug === 'highs' ? 1 : 2
        expect(
          frames.some((update) => update.contestant === 0 && update.frames.length >= least),
          page.entry.slug,
        ).toBe(true)
      }
      expect(['converged', 'iteration-limit'], `${page.entry.slug}: ${endings()[0].message}`).toContain(
        endings()[0].status,
      )
    }
  })
})
