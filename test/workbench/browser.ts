import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { type StaticServer, serveFolder } from '../../src/node/index.ts'

/** Chromium on this machine; undefined where there is none. */
export const chromiumPath: string | undefined = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path))

/** The built workbench, served, and a browser to look at it. */
export interface Workbench {
  readonly folder: string
  readonly address: string
  readonly browser: Browser
  /** What pages have written on their consoles as errors, and what they have thrown. */
  readonly errors: string[]
  /** A fresh page in a profile of its own. */
  open(fragment?: string, options?: Parameters<Browser['newPage']>[0]): Promise<Page>
  close(): Promise<void>
}

// Tests and benchmarks run from there.
const root = process.cwd()

/** What a build of the workbench is made from. */
const ingredients = ['workbench', 'src', 'experiments', 'docs/evidence.md', 'package-lock.json']

/** A name for everything that the build reads: the same bytes, the same name. */
function contentKey(): string {
  const hash = createHash('sha256')
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name))
      return
    }
    hash.update(path).update(readFileSync(path))
  }
  for (const name of ingredients) if (existsSync(join(root, name))) add(join(root, name))
  return hash.digest('hex').slice(0, 16)
}

/** A lock that is older was left by a process that was ended. */
const LOCK_MS = 300_000

/**
 * The folder of the built workbench. All test files share one build, which is made anew only when something changed; earlier ones
 * are removed.
 */
async function builtWorkbench(): Promise<string> {
  const cache = join(root, 'node_modules', '.cache', 'thalweg-workbench')
  const folder = join(cache, contentKey())
  const lock = join(cache, 'lock')
  mkdirSync(cache, { recursive: true })
  while (!existsSync(folder)) {
    try {
      mkdirSync(lock)
    } catch {
      // Another file builds it; or one did, until it was ended.
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > LOCK_MS) rmSync(lock, { recursive: true })
      await delay(200)
      continue
    }
    try {
      if (existsSync(folder)) break
      for (const name of readdirSync(cache)) if (name !== 'lock') rmSync(join(cache, name), { recursive: true })
      const fresh = mkdtempSync(join(cache, 'building-'))
      await build({
        configFile: join(root, 'workbench', 'vite.config.ts'),
        logLevel: 'error',
        build: { outDir: fresh, emptyOutDir: true, minify: 'esbuild' },
      })
      renameSync(fresh, folder)
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
  return folder
}

/** Serves the built workbench and opens a browser. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = await builtWorkbench()
  const server: StaticServer = await serveFolder(folder, { port: 0 })
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
    ],
  })
  const errors: string[] = []
  return {
    folder,
    address: server.address,
    browser,
    errors,
    async open(fragment = '', options = {}) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options })
      page.setDefaultTimeout(20_000)
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${page.url()}: ${message.text()}`)
      })
      page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
      await page.goto(server.address + fragment)
      return page
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeViolation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** The serious and critical violations on a page. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }
    const found = (await axe.run()).violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
  })
}
