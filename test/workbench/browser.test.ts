import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildExample } from '../../experiments/example-problems.ts'
import { builtSlugs, papers } from '../../experiments/index.ts'
import { serveFolder } from '../../src/node/index.ts'
import { createMethod, methods } from '../../src/registry.ts'
import { readRunFile, runAsync } from '../../src/solver/index.ts'
import { galleryEntries } from '../../workbench/catalogue/describe-library.ts'
import type { RunRequest } from '../../workbench/worker/protocol.ts'
import { chromiumPath, openWorkbench, violations, type Workbench } from './browser.ts'

// The page has the WebAssembly kernels; the same ones are compared with here.
vi.hoisted(() => {
  process.env.THALWEG_BLAS = 'wasm'
})

if (chromiumPath === undefined) {
  console.warn(
    'no Chromium here (CHROMIUM_PATH, /usr/bin/chromium): the tests of the workbench in a browser are skipped',
  )
}

/** For what is there a few frames later. */
const PATIENCE = { timeout: 5000, interval: 50 }

const button = (page: Page, name: string) => page.locator('.run-bar').getByRole('button', { name, exact: true })

async function waitForStatus(page: Page, text: string): Promise<void> {
  try {
    await page.waitForFunction(
      (wanted) => document.querySelector('.run-status [role=status]')?.textContent === wanted,
      text,
      { polling: 30 },
    )
  } catch (cause) {
    const bar = await page.locator('.run-bar').textContent()
    throw new Error(`waited for '${text}' at ${page.url()}, but the bar says: ${bar?.replace(/\s+/g, ' ')}`, { cause })
  }
}

/** Presses a button of the bar, and waits for what comes of it. */
async function press(page: Page, name: string, status: string): Promise<void> {
  await button(page, name).click()
  await waitForStatus(page, status)
}

async function waitForIteration(page: Page, least: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number(/iteration (\d+)/.exec(document.querySelector('.run-count')?.textContent ?? '')?.[1]) >= wanted,
    least,
    { polling: 30 },
  )
}

/** How many points the lines of the first method have, by chart. */
function pointsDrawn(page: Page, within: string): Promise<number[]> {
  return page.evaluate(
    (place) =>
      [...document.querySelectorAll(`${place} .line-chart`)].map((chart) =>
        [...chart.querySelectorAll('[data-mark=line]')]
          .filter((line) => line.getAttribute('stroke') === 'var(--series-0)')
          .flatMap((line) => [...line.querySelectorAll('path')])
          .reduce((count, path) => count + (path.getAttribute('d') ?? '').split(/[ML]/).length - 1, 0),
      ),
    within,
  )
}

async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.downloads').getByRole('button', { name, exact: true }).click(),
  ])
  return readFileSync(await file.path(), 'utf8')
}

interface RunJson {
  readonly request: RunRequest
  readonly runs: readonly { ending: { x: unknown; objective: number; iterations: number } }[]
}

describe.skipIf(chromiumPath === undefined)('the workbench in Chromium', () => {
  let workbench: Workbench
  /** One page for all that needs no fresh one. */
  let page: Page

  beforeAll(async () => {
    workbench = await openWorkbench()
    page = await workbench.open()
  }, 180_000)

  afterAll(async () => {
    await workbench?.close()
  })

  const go = async (target: Page, fragment: string): Promise<void> => {
    await target.evaluate((hash) => {
      location.hash = hash
    }, fragment)
  }

  it('shows all papers and methods, and its first page is small', async () => {
    const fresh = await workbench.browser.newPage()
    let bytes = 0
    const arrivals: Promise<void>[] = []
    fresh.on('response', (response) => {
      arrivals.push(
        response.body().then((body) => {
          bytes += /woff2$/.test(response.url()) ? body.length : gzipSync(body).length
        }),
      )
    })
    await fresh.goto(workbench.address)
    await fresh.locator('.card').first().waitFor()
    await fresh.waitForLoadState('networkidle')
    await Promise.all(arrivals)
    expect(bytes).toBeLessThan(250_000)
    expect(await fresh.locator('.card').count()).toBe(galleryEntries().length)
    expect(await fresh.locator('.card.unbuilt').count()).toBe(papers.length - builtSlugs().length)
    await fresh.close()
  })

  it('finds and filters, with the state in the address', async () => {
    await go(page, '#/')
    await page.getByRole('searchbox').fill('sinkhorn newton sparse')
    await page.waitForFunction(() => document.querySelectorAll('.card').length === 1)
    expect(page.url()).toContain('q=sinkhorn')
    await page.getByRole('searchbox').fill('')
    await page
      .getByRole('radio', { name: /linear systems/ })
      .first()
      .check()
    await page.waitForFunction(() => location.hash.includes('problem=linear'))
    const shown = await page.locator('.card .problem').allInnerTexts()
    expect(new Set(shown)).toEqual(new Set(['linear systems']))
    const link = page.url().slice(workbench.address.length)
    const other = await workbench.open(link)
    await other.locator('.card').first().waitFor()
    expect(await other.locator('.card .problem').allInnerTexts()).toEqual(shown)
    await other.getByRole('searchbox').fill('no such thing')
    await other.getByRole('button', { name: 'Show everything' }).click()
    await other.waitForFunction((count) => document.querySelectorAll('.card').length === count, galleryEntries().length)
    await other.close()
  })

  it('comes back to where the reader was', async () => {
    const own = await workbench.open()
    await own.getByRole('heading', { name: 'Everyday methods' }).waitFor()
    const top = (): Promise<number> => own.evaluate(() => window.scrollY)
    await own.evaluate(() => window.scrollTo(0, 1500))
    await own.waitForFunction(() => history.state?.scrolled > 1000)
    const before = await top()
    await go(own, '#/method/newton')
    await own.getByRole('heading', { name: "Newton's method" }).waitFor()
    expect(await top()).toBe(0)
    await own.goBack()
    await own.getByRole('heading', { name: 'Everyday methods' }).waitFor()
    await vi.waitFor(async () => expect(Math.abs((await top()) - before)).toBeLessThan(200), PATIENCE)
    await own.close()
  })

  it('says so where a paper is not built, or there is no page', async () => {
    const unbuilt = papers.find(({ slug }) => !builtSlugs().includes(slug))
    if (unbuilt !== undefined) {
      await go(page, `#/method/${unbuilt.slug}`)
      await page.getByText('This paper is not built yet').waitFor()
    }
    await go(page, '#/method/nothing')
    await page.getByRole('heading', { name: 'No such method' }).waitFor()
    await go(page, '#/nowhere/at/all')
    await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  })

  // Examples whose data come from sines and cosines of the JavaScript engine differ in the last bit already: others are run.
  const sameBits: Readonly<Record<string, string>> = {
    smooth: 'problem=rosenbrock',
    transport: 'p.shape=one+cloud+to+three&p.points=24',
    'exact-transport': 'p.shape=one+cloud+to+three&p.points=24',
    'unbalanced-transport': 'p.shape=one+cloud+to+three&p.points=24',
    'linear-system': 'problem=poisson',
    'mixed-integer': 'problem=knapsack&p.items=30',
  }
  /** Nodes are counted the same everywhere; seconds are not. */
  const ownQuery: Readonly<Record<string, string>> = { balans: 'o.firstNodes=1&o.iterationNodes=5' }

  /** The run that a page saves, made again here. */
  async function compareWithNode(slug: string, { request, runs }: RunJson): Promise<void> {
    const [{ method, options }] = request.contestants
    expect(method).toBe(slug)
    const { problem: given, seed, maxIterations } = request
    const problem = buildExample(given.problemClass, given.slug, given.parameters, seed)
    const { x, objective, iterations } = await runAsync(problem, createMethod(slug, options), { seed, maxIterations })
    const { ending } = runs[0]
    const plain = JSON.stringify(x, (_, value) =>
      ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value,
    )
    expect({ ...ending, x: JSON.stringify(ending.x) }).toMatchObject({ x: plain, objective, iterations })
  }

  it.each(methods.map(({ description }) => description))(
    'the page of $slug runs, steps, pauses, resumes, cancels, draws, and gives the numbers that it gives in Node',
    async ({ slug, problemClass }) => {
      // An iteration of a neighbourhood search is a solve.
      const maxIterations = slug === 'balans' ? 12 : 60
      const query = `seed=11&maxIterations=${maxIterations}&${sameBits[problemClass] ?? ''}&${ownQuery[slug] ?? ''}`
      await go(page, `#/method/${slug}?pace=2&${query}`)
      const entry = galleryEntries().find((one) => one.slug === slug)
      await page.waitForFunction((title) => document.querySelector('h1')?.textContent === title, entry?.title)
      await waitForStatus(page, 'Running')
      await press(page, 'Reset', 'Ready')
      // A step from the beginning starts a run that stands still.
      await press(page, 'Step', 'Paused')
      await waitForIteration(page, 0)
      await press(page, 'Step', 'Paused')
      await waitForIteration(page, 1)
      if (slug === 'highs') {
        // One iteration is the whole solve: there is nothing left to go on with.
        await press(page, 'Resume', 'Finished')
      } else {
        await press(page, 'Resume', 'Running')
        await press(page, 'Pause', 'Paused')
        await press(page, 'Cancel', 'Cancelled')
        expect(await page.locator('.results tbody tr').first().textContent()).toContain('aborted')
      }
      // As fast as it goes.
      await page.locator('.pace select').selectOption('0')
      await press(page, 'Run', 'Finished')
      expect(await page.locator('.message').textContent()).toMatch(/^(Converged|Not converged)/)
      const mixedInteger = problemClass === 'mixed-integer'
      // Some methods know their residual at the end only. Charts are drawn one in each frame.
      const least = mixedInteger ? [2] : [2, slug === 'multi-start' ? 0 : 1]
      await vi.waitFor(async () => {
        const points = await pointsDrawn(page, mixedInteger ? '.search-picture' : '.run-charts')
        for (const [i, count] of least.entries()) expect(points[i]).toBeGreaterThanOrEqual(count)
      }, PATIENCE)
      expect(await page.locator('.code pre').textContent()).toContain("from 'thalweg/")
      await compareWithNode(slug, JSON.parse(await download(page, 'JSON')) as RunJson)
    },
    60_000,
  )

  it('restores a run from its permalink, and offers it as files', async () => {
    await go(page, '#/method/lbfgs')
    await waitForStatus(page, 'Finished')
    await page.locator('.lab-controls select').first().selectOption('himmelblau')
    await page.getByRole('textbox', { name: 'correction pairs' }).fill('3')
    await page.getByRole('textbox', { name: 'seed' }).fill('7')
    await page.getByRole('checkbox', { name: "Newton's method" }).check()
    await page.locator('.stage-picture canvas').click({ position: { x: 60, y: 80 } })
    await page.waitForFunction(() => /start=/.test(location.hash) && /o.memory=3/.test(location.hash))
    await waitForStatus(page, 'Finished')
    const before = JSON.parse(await download(page, 'JSON')) as RunJson
    expect(before.request).toMatchObject({
      problem: { slug: 'himmelblau' },
      contestants: [{ method: 'lbfgs', options: { memory: 3 } }, { method: 'gradient-descent' }, { method: 'newton' }],
      seed: 7,
    })
    const other = await workbench.open(page.url().slice(workbench.address.length))
    await waitForStatus(other, 'Finished')
    const after = JSON.parse(await download(other, 'JSON')) as RunJson
    expect(after.request).toEqual(before.request)
    expect(after.runs.map(({ ending }) => ending.x)).toEqual(before.runs.map(({ ending }) => ending.x))
    expect(await other.getByRole('textbox', { name: 'correction pairs' }).inputValue()).toBe('3')

    const csv = await download(other, 'CSV')
    expect(csv.split('\n')[0]).toMatch(/^method,iteration,elapsedMs,objective,gradientNorm/)
    expect(
      new Set(
        csv
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.split(',')[0]),
      ).size,
    ).toBe(3)
    expect(await download(other, 'SVG')).toMatch(/^<svg /)
    const file = readRunFile(await download(other, 'run file'))
    expect(file.header).toMatchObject({ method: 'lbfgs', seed: 7, problem: { recipe: { kind: 'example' } } })
    expect(Array.from(file.end?.x as Float64Array)).toEqual(before.runs[0].ending.x)
    await other.close()
  })

  it('says what is wrong with a value beside it, and runs again when it is right', async () => {
    await go(page, '#/method/lbfgs?seed=1')
    await waitForStatus(page, 'Finished')
    const field = page.getByRole('textbox', { name: 'correction pairs' })
    await field.fill('2.5')
    await page.locator('.control.wrong .complaint').waitFor()
    expect(await page.locator('.control.wrong .complaint').textContent()).toMatch(/must be an integer/)
    expect(await button(page, 'Run').isDisabled()).toBe(true)
    await field.fill('4')
    await page.locator('.control.wrong').waitFor({ state: 'detached' })
    await waitForStatus(page, 'Finished')
  })

  it('goes back and forth through a run', async () => {
    await go(page, '#/method/newton?seed=2')
    await waitForStatus(page, 'Finished')
    const slider = page.getByRole('slider', { name: 'Iteration', exact: true })
    await slider.focus()
    await slider.press('Home')
    await page.waitForFunction(() => /iteration 0/.test(document.querySelector('.run-count')?.textContent ?? ''))
    await slider.press('ArrowRight')
    await page.waitForFunction(() => /iteration 1\b/.test(document.querySelector('.run-count')?.textContent ?? ''))
    // The charts show where that is.
    expect(await page.locator('.run-charts [data-mark=rule] line').count()).toBeGreaterThanOrEqual(4)
  })

  /** Sizes of experiments that take a second: what they find is tested elsewhere. */
  const smallest: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    balans: { 'size of the instances': 0.08, 'iterations, where nodes are the limit': 2 },
    'consensus-based-optimization': {
      'seeds per setting': 4,
      'iterations on the canyon': 40,
      'gradient steps on the canyon': 200,
      'end time T on Rastrigin': 4,
    },
    'gradient-normalized-smoothness': {
      'n of the soft maximum (m = n and m = 2 n)': 40,
      "m = n of the soft maximum at the paper's size": 60,
      'm of the logistic regression': 60,
      'n of the Chebyshev chain': 10,
    },
    'learning-to-relax': { 'systems in each shifted family': 100, 'cells per side of the heat equation': 6 },
    'optimistic-mirror-descent': { 'rounds (of the quadratics; the others in proportion)': 800, seeds: 1 },
    'sinkhorn-newton-sparse': {
      'n of the random assignment': 30,
      'most iterations of plain Sinkhorn on it': 300,
      'pixels across': 8,
    },
  }

  it.each(builtSlugs())(
    'runs the experiment of %s, with claims and charts',
    async (slug) => {
      await go(page, `#/method/${slug}`)
      await page.waitForFunction((name) => location.hash.includes(name), slug)
      const form = page.locator('.claims-form')
      for (const [label, value] of Object.entries(smallest[slug] ?? {})) {
        await form.getByRole('textbox', { name: label, exact: true }).fill(String(value))
      }
      await form.getByRole('button', { name: 'Run the experiment' }).click()
      await page.locator('.experiment-progress progress').waitFor()
      await page.waitForFunction(
        () => document.querySelector('.experiment-progress [role=status]')?.textContent === 'Finished.',
        undefined,
        { timeout: 150_000 },
      )
      expect(await page.locator('.claim-list .now').count()).toBeGreaterThan(3)
      const drawn = page.locator('.experiment-charts svg [data-mark=line] path, .experiment-charts svg circle')
      await vi.waitFor(async () => expect(await drawn.count()).toBeGreaterThan(1), PATIENCE)
    },
    180_000,
  )

  it('cancels an experiment', async () => {
    await go(page, '#/method/learning-to-relax')
    await page.waitForFunction(() => location.hash.includes('learning-to-relax'))
    await page.getByRole('button', { name: 'Run the experiment' }).click()
    await page.locator('.claims-buttons').getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Cancelled: half a run says nothing').waitFor()
  })

  it.each(['light', 'dark'] as const)('has no serious accessibility violation in the %s theme', async (colorScheme) => {
    const fresh = await workbench.open('', { colorScheme })
    await fresh.locator('.card').first().waitFor()
    expect(await violations(fresh)).toEqual([])
    for (const slug of ['sinkhorn-newton-sparse', 'cma-es']) {
      await go(fresh, `#/method/${slug}`)
      await waitForStatus(fresh, 'Finished')
      expect(await violations(fresh)).toEqual([])
    }
    await fresh.close()
  })

  it('can be used from the keyboard: skip link first, then everything in order', async () => {
    const fresh = await workbench.open()
    await fresh.locator('.card').first().waitFor()
    await fresh.keyboard.press('Tab')
    expect(await fresh.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
    await fresh.keyboard.press('Enter')
    expect(await fresh.evaluate(() => document.activeElement?.id)).toBe('main')
    await fresh.close()
  })

  it('does not scroll sideways, and nothing moves after it is there', async () => {
    for (const width of [390, 1280, 1920]) {
      const fresh = await workbench.open('', { viewport: { width, height: 900 } })
      await fresh.evaluate(() => {
        const counts = window as unknown as { shift: number }
        counts.shift = 0
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[]) {
            if (!entry.hadRecentInput) counts.shift += entry.value
          }
        }).observe({ type: 'layout-shift', buffered: true })
      })
      for (const fragment of ['#/', '#/method/sor', '#/tools']) {
        await go(fresh, fragment)
        if (fragment.includes('method')) await waitForStatus(fresh, 'Finished')
        const overflow = await fresh.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(`${fragment} at ${width}: ${Math.max(0, overflow)}`).toBe(`${fragment} at ${width}: 0`)
      }
      expect(await fresh.evaluate(() => (window as unknown as { shift: number }).shift)).toBeLessThan(0.05)
      await fresh.close()
    }
  })

  it('works below any path', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'thalweg-base-'))
    mkdirSync(join(parent, 'deep', 'down'), { recursive: true })
    cpSync(workbench.folder, join(parent, 'deep', 'down'), { recursive: true })
    writeFileSync(join(parent, 'index.html'), 'elsewhere')
    const server = await serveFolder(parent, { port: 0 })
    try {
      const fresh = await workbench.browser.newPage()
      await fresh.goto(`${server.address}deep/down/#/method/jacobi?maxIterations=20`)
      await waitForStatus(fresh, 'Finished')
      await fresh.close()
    } finally {
      await server.close()
      rmSync(parent, { recursive: true, force: true })
    }
  })

  it('has written no error on any console', () => {
    expect(workbench.errors).toEqual([])
  })
})
