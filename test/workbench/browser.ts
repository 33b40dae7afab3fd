import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/** Builds the workbench into a folder of its own and opens a browser. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'thalweg-workbench-'))
  await build({
    configFile: resolve(import.meta.dirname, '..', '..', 'workbench', 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true, minify: 'esbuild' },
  })
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
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
