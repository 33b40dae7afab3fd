import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readRunFile } from '../../src/solver/index.ts'
import { nistExample } from '../data/nist-example.ts'
import { chromiumPath, openWorkbench, violations, type Workbench } from './browser.ts'

const shared = fileURLToPath(new URL('../../../shared/data/mip/flugpl.mps', import.meta.url))

/** Two kinds of bread from flour and time; best is 4 of x and 0 of y. */
const breads = `NAME          breads
OBJSENSE
    MAX
ROWS
 N  profit
 L  flour
 L  hours
COLUMNS
    MARKER    MARKER    'MARKER'  'INTORG'
    x         profit    5         flour     6
    x         hours     1
    y         profit    4         flour     4
    y         hours     2
    MARKER    MARKER    'MARKER'  'INTEND'
RHS
    RHS       flour     24        hours     6
BOUNDS
 UP BND       x         10
 UP BND       y         10
ENDATA
`

const file = (name: string, content: string | Uint8Array) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(content),
})

/** Waits until the text of an element contains some words, and returns it. */
async function textOf(page: Page, selector: string, words: string): Promise<string> {
  const element = page.locator(selector, { hasText: words }).first()
  await element.waitFor()
  return (await element.textContent()) as string
}

/** The text of the file that a button saves. */
async function savedText(page: Page, name: string): Promise<string> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ])
  return readFileSync(await saved.path(), 'utf8')
}

describe.skipIf(chromiumPath === undefined)('the tools, in Chromium', () => {
  let workbench: Workbench
  let page: Page
  beforeAll(async () => {
    workbench = await openWorkbench()
  }, 120_000)
  afterEach(async () => {
    // With whatever the test has made the page show.
    const found = await violations(page)
    await page.close()
    expect(found).toEqual([])
    expect(workbench.errors).toEqual([])
  })
  afterAll(() => workbench?.close())

  it('solves a model that was dropped on the overview, and finds its variables by name', async () => {
    page = await workbench.open('#/tools')
    const data = await page.evaluateHandle(
      ([name, bytes]) => {
        const transfer = new DataTransfer()
        transfer.items.add(new File([new Uint8Array(bytes as number[])], name as string))
        return transfer
      },
      ['breads.mps.gz', [...gzipSync(breads)]] as const,
    )
    await page.dispatchEvent('h1', 'drop', { dataTransfer: data })
    expect(await textOf(page, '.summary', '2 variables')).toContain('To maximize')
    await page.click('.button.primary')
    // 6 x + 4 y <= 24 and x + 2 y <= 6: of the integer points (4, 0), (3, 1), (2, 2), (0, 3) at the border the first is best.
    expect(await textOf(page, '.headline', 'converged')).toBe('converged20')
    await page.fill('input[type=search]', 'X')
    expect(await textOf(page, '.solution .help', '1 variable')).toBe('1 variable.')
    expect(await page.locator('.solution tbody tr').allTextContents()).toEqual(['x4integer010'])
    const [saved] = await Promise.all([page.waitForEvent('download'), page.click('.solution .link')])
    expect(saved.suggestedFilename()).toBe('breads.sol')
    expect(readFileSync(await saved.path(), 'utf8')).toBe('=obj= 20\nx 4\n')
    const { header, end } = readRunFile(await savedText(page, 'run file'))
    expect([header.method, end?.status]).toEqual(['highs', 'converged'])
    expect(await savedText(page, 'SVG')).toMatch(/^<svg /)
  })

  it('says what is wrong with a file, as the command line does, and which constraints contradict each other', async () => {
    page = await workbench.open('#/tools/solve')
    await page.setInputFiles('input[type=file]', file('bad.mps', 'NAME x\nROWS\n Q  c1\nENDATA\n'))
    expect(await textOf(page, '.error-message', 'bad.mps')).toContain('bad.mps, line 3: ')
    await page.getByRole('button', { name: 'a contradiction' }).click()
    await textOf(page, '.summary', '3 variables')
    await page.click('.button.primary')
    const reason = await textOf(page, '.subsystem', 'constraint')
    for (const name of ['enough', 'budget']) expect(reason).toContain(name)
  })

  it('cancels a search with the best solution so far, and shows the arms of Balans', async () => {
    page = await workbench.open('#/tools/solve')
    await page.getByRole('button', { name: 'a knapsack that takes seconds' }).click()
    await textOf(page, '.summary', '42 variables')
    await page.click('.button.primary')
    await textOf(page, 'details summary', 'improving')
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await textOf(page, '.headline', '')).toMatch(/^(?:aborted|converged)\d/)
    await page.selectOption('#solve-method', 'balans')
    await page.click('.button.primary')
    expect(await textOf(page, '.arms tbody', 'rins')).toMatch(/[1-9]/)
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await textOf(page, '.headline', '')).toMatch(/^(?:aborted|converged)\d/)
  })

  it.skipIf(!existsSync(shared))('solves a model of MIPLIB to its known optimum', async () => {
    page = await workbench.open('#/tools/solve')
    await page.setInputFiles('input[type=file]', shared)
    await textOf(page, '.summary', '18 variables')
    await page.click('.button.primary')
    expect(await textOf(page, '.headline', '1201500')).toBe('converged1201500')
  })

  it('fits a NIST file to its certified values', async () => {
    page = await workbench.open('#/tools/fit')
    await page.setInputFiles('input[type=file]', file('Decay.dat', nistExample()))
    await textOf(page, '.lab-controls .help', 'rows; columns: y, x')
    await page.click('.button.primary')
    await textOf(page, '.fit-parameters', 'certified')
    const digits = await page.locator('.fit-parameters tbody td:last-child').allTextContents()
    expect(digits.length).toBe(2)
    for (const text of digits) expect(Number(text)).toBeGreaterThan(8)
    const dots = page.locator('.chart-figure svg [data-mark=dot] circle')
    // The charts are drawn by code that loads when it is needed.
    await dots.first().waitFor()
    await expect.poll(() => dots.count()).toBe(2 * 5)
  })

  it('minimizes an expression from where the picture is clicked, and replays the run file', async () => {
    page = await workbench.open('#/tools/minimize?f=(x-1)^2%2B10*(y%2B2)^2&start=0,0&method=lbfgs')
    await textOf(page, '.lab-controls', 'expression of x, y')
    await page.locator('.picture-canvas').click({ position: { x: 40, y: 40 } })
    await page.waitForFunction(() => new URLSearchParams(location.hash.split('?')[1]).get('start') !== '0,0')
    await page.click('.button.primary')
    const result = await textOf(page, '.tool-result', 'converged')
    expect(result).toMatch(/x1(?:\.0+\d*)?y-2/)
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'run file' }).click(),
    ])
    const text = readFileSync(await saved.path(), 'utf8')
    const { header, end } = readRunFile(text)
    expect([header.method, end?.status]).toEqual(['lbfgs', 'converged'])
    expect(await savedText(page, 'SVG')).toMatch(/^<svg /)

    await page.getByRole('link', { name: 'Your data' }).click()
    await page.setInputFiles('input[type=file]', file('run.jsonl', text))
    expect(await textOf(page, '.run-header', 'lbfgs')).toContain('Converged')
    await page.locator('.scrubber input').fill('0')
    const start = new URLSearchParams(new URL(page.url()).hash.split('?')[1])
    expect(start.toString()).toBe('')
    await textOf(page, '.tool-result h2', 'Iterate 0')
    await page.selectOption('#fork-method', 'newton')
    await page.getByRole('button', { name: 'Go on' }).click()
    expect(await textOf(page, '.run-header', 'forked from')).toContain('lbfgs, iteration 0 of run.jsonl')
  })

  it('shows a mistake in an expression with a caret', async () => {
    page = await workbench.open('#/tools/minimize?f=x^2%2B(')
    expect(await textOf(page, '.error-message', '^')).toContain("expected a number, a name or '('")
  })

  it('transports points exactly, and pictures', async () => {
    page = await workbench.open('#/tools/transport?source=x,y%0A0,0%0A1,0&target=x,y%0A1,0%0A2,0')
    // Both move by 1, or one by 2 and one stays: (1 + 1) / 2 < (4 + 0) / 2 in squared distance.
    await textOf(page, '.headline', 'converged1')
    const picture = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(8, 8)
      const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
      context.fillStyle = '#204060'
      context.fillRect(0, 0, 8, 8)
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
    })
    const inputs = page.locator('.colours input[type=file]')
    await inputs.nth(0).setInputFiles(file('a.png', Uint8Array.from(picture)))
    await inputs.nth(1).setInputFiles(file('b.png', 'no picture'))
    await page.getByRole('button', { name: 'Give colours' }).click()
    expect(await textOf(page, '.error-message', 'b.png')).toBe('b.png: this picture cannot be read')
    await inputs.nth(1).setInputFiles(file('b.png', Uint8Array.from(picture)))
    await page.getByRole('button', { name: 'Give colours' }).click()
    expect(await textOf(page, '.colours .message', 'Colours travel')).toContain('Colours travel 0 ')
  })

  it.each(['solve', 'minimize', 'fit', 'transport', 'replay'])(
    'lets the keyboard reach everything in order on the page %s',
    async (slug) => {
      page = await workbench.open(`#/tools/${slug}`)
      await page.locator('h1').waitFor()
      await page.waitForTimeout(500)
      const reached: string[] = []
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        const name = await page.evaluate(() => {
          const element = document.activeElement as HTMLElement
          const box = element.getBoundingClientRect()
          const { outlineStyle } = getComputedStyle(element)
          const seen = outlineStyle !== 'none' || element.matches('input[type=file]')
          return element === document.body ? '' : `${element.tagName} ${seen && box.width > 0 ? 'seen' : 'unseen'}`
        })
        if (name === '') break
        reached.push(name)
      }
      // Whatever can be used gets the focus, a group of radio buttons once, and one sees where it is.
      const inputs = 'input:not([type=radio]):not(:disabled), input[type=radio]:checked'
      const others = 'a[href], button:not(:disabled), select:not(:disabled), textarea, summary, [tabindex="0"]'
      const usable = await page.locator(`${inputs}, ${others}`).filter({ visible: true }).count()
      expect(reached.length).toBe(usable)
      expect(reached.filter((name) => name.endsWith('unseen'))).toEqual([])
    },
  )

  it('sends unknown files nowhere, and says so', async () => {
    page = await workbench.open('#/tools')
    await page.setInputFiles('input[type=file]', file('photo.heic', 'x'))
    expect(await textOf(page, '.error-message', 'photo.heic')).toContain('no tool here reads such a file')
  })
})
