import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { methods } from '../../src/registry.ts'
import { chromiumPath, openWorkbench, type Workbench } from '../../test/workbench/browser.ts'
import type { BenchmarkRow } from '../row.ts'

// What a reader feels of the workbench, in headless Chromium: how long until the first page can be used, how smoothly runs are
// drawn, and how long the page is ever deaf. The bars are limits, so that the ratio is the limit over what was measured.

const RUNS = 5

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function limitRow(name: string, size: string, measured: number, limit: number, unit = 'ms', note = ''): BenchmarkRow {
  return {
    name,
    size,
    peer: `limit of ${limit.toLocaleString('en')} ${unit}`,
    oursMs: unit === 'ms' ? measured : NaN,
    peerMs: unit === 'ms' ? limit : NaN,
    ratio: limit / measured,
    bar: '>= 1',
    holds: measured <= limit,
    ...(note === '' ? {} : { note }),
  }
}

async function withWorkbench(measure: (workbench: Workbench) => Promise<BenchmarkRow[]>): Promise<BenchmarkRow[]> {
  if (chromiumPath === undefined) {
    console.error('no Chromium here: the workbench is not measured')
    return []
  }
  const workbench = await openWorkbench()
  try {
    return await measure(workbench)
  } finally {
    await workbench.close()
  }
}

/** Longer than this, a reader notices that the page is deaf; browsers report such tasks. */
const TASK_MS = 50

/** Has the page note its long tasks from its beginning on. */
function noteLongTasks(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const noted: number[] = []
    Object.assign(window, { longTasks: noted })
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) noted.push(duration)
    }).observe({ type: 'longtask', buffered: true })
  })
}

/** The long tasks of a page since this was asked last, in milliseconds. */
function longTasks(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.splice(0))
}

/** A page that notes its long tasks. */
async function openNoting({ browser, address }: Workbench, fragment = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await noteLongTasks(page)
  await page.goto(address + fragment, { waitUntil: 'commit' })
  return page
}

/** @param runs the long tasks of each run */
function taskRow(name: string, size: string, runs: readonly (readonly number[])[]): BenchmarkRow {
  const all = runs.flat()
  const deaf = runs.filter((tasks) => tasks.length > 0).length
  if (all.length === 0) {
    const row = limitRow(name, size, NaN, TASK_MS)
    return { ...row, holds: true, note: `none over ${TASK_MS} ms in ${runs.length} runs` }
  }
  return limitRow(name, size, Math.max(...all), TASK_MS, 'ms', `in ${deaf} of ${runs.length} runs`)
}

/** In the page: waits until the cards are painted and the page has nothing left to do. */
const usable = (selector: string): Promise<number> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (document.querySelector(selector) === null) requestAnimationFrame(look)
      else requestAnimationFrame(() => setTimeout(() => requestIdleCallback(() => resolve(performance.now()))))
    }
    look()
  })

/** The first page, with nothing of it kept from before. */
export function firstPage(): Promise<BenchmarkRow[]> {
  return withWorkbench(async ({ browser, address }) => {
    const times: number[] = []
    const tasks: number[][] = []
    let bytes = 0
    for (let run = 0; run < RUNS; run++) {
      // A context of its own has a cache of its own.
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
      const page = await context.newPage()
      await noteLongTasks(page)
      bytes = 0
      const arrivals: Promise<void>[] = []
      page.on('response', (response) => {
        const compressed = /woff2$/.test(response.url())
        arrivals.push(
          response.body().then((body) => {
            bytes += compressed ? body.length : gzipSync(body).length
          }),
        )
      })
      await page.goto(address, { waitUntil: 'commit' })
      times.push(await page.evaluate(usable, '.card'))
      await page.waitForLoadState('networkidle')
      await Promise.all(arrivals)
      tasks.push(await longTasks(page))
      await context.close()
    }
    return [
      limitRow('first page, until it can be used', 'cold cache', median(times), 1500),
      taskRow('first page, longest task', 'cold cache', tasks),
      limitRow('first page, size', 'gzipped', bytes, 250_000, 'bytes', `${bytes.toLocaleString('en')} bytes`),
    ]
  })
}

/** Methods with pictures of all kinds. */
const streamed = ['gradient-descent', 'consensus-based-optimization', 'chebyshev-iteration', 'sinkhorn']

/** Runs that send a thousand iterations a second, drawn for three seconds. */
export function streaming(): Promise<BenchmarkRow[]> {
  return withWorkbench(async (workbench) => {
    const rows: BenchmarkRow[] = []
    const tasks: number[][] = []
    for (const slug of streamed) {
      const page = await openNoting(workbench, `#/method/${slug}?pace=1000&maxIterations=1000000&tolerance=0&seed=1`)
      await page.locator('.run-count', { hasText: /iteration [1-9]/ }).waitFor()
      await longTasks(page)
      const { iterations, seconds, frames } = await page.evaluate(async () => {
        const iteration = (): number =>
          Number(/iteration (\d+)/.exec(document.querySelector('.run-count')?.textContent ?? '')?.[1])
        const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve))
        const [first, began] = [iteration(), await nextFrame()]
        let frames = 0
        let now = began
        for (; now - began < 3000; frames++) now = await nextFrame()
        return { iterations: iteration() - first, seconds: (now - began) / 1000, frames }
      })
      tasks.push(await longTasks(page))
      await page.close()
      const rate = `${Math.round(iterations / seconds)} iterations a second`
      rows.push({
        ...limitRow('frames while a run streams', slug, (1000 * seconds) / frames, 1000 / 60),
        peer: '60 frames a second',
        bar: '>= 0.98',
        holds: frames / seconds >= 0.98 * 60,
        note: `${(frames / seconds).toFixed(1)} frames, ${rate}`,
      })
    }
    return [...rows, taskRow('longest task while a run streams', `${streamed.length} methods`, tasks)]
  })
}

/** What the page does when a method is opened, and its run is drawn. */
export function opening(): Promise<BenchmarkRow[]> {
  return withWorkbench(async (workbench) => {
    const tasks: number[][] = []
    for (const { description } of methods) {
      const page = await openNoting(workbench)
      await page.evaluate(usable, '.card')
      // A reader looks before the first click.
      await page.waitForTimeout(500)
      await longTasks(page)
      await page.evaluate((fragment) => {
        location.hash = fragment
      }, `#/method/${description.slug}`)
      await page.waitForTimeout(1500)
      tasks.push(await longTasks(page))
      await page.close()
    }
    return [taskRow('opening a method, longest task', `${tasks.length} pages`, tasks)]
  })
}

/** A model is solved for some seconds, with what is known of it drawn. */
export function solving(): Promise<BenchmarkRow[]> {
  return withWorkbench(async (workbench) => {
    const rows: BenchmarkRow[] = []
    for (const method of ['highs', 'balans']) {
      const page = await openNoting(workbench, '#/tools/solve')
      await page.getByRole('button', { name: 'a knapsack that takes seconds' }).click()
      await page.locator('.summary', { hasText: '42 variables' }).waitFor()
      await page.selectOption('#solve-method', method)
      await longTasks(page)
      await page.click('.button.primary')
      await page.waitForTimeout(6000)
      rows.push(taskRow('solving a model, longest task', method, [await longTasks(page)]))
      await page.close()
    }
    return rows
  })
}
