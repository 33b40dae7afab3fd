import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StaticServer, serveFolder } from '../../src/node/index.ts'

let parent: string
let folder: string
let server: StaticServer

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'thalweg-serve-'))
  folder = join(parent, 'site')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(parent, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'index.html'), '<p>front</p>')
  writeFileSync(join(folder, 'assets', 'a b.js'), 'export {}')
  server = await serveFolder(folder, { port: 0 })
})

afterAll(async () => {
  await server.close()
  rmSync(parent, { recursive: true, force: true })
})

/** A request whose path is sent as it is, without the tidying that `fetch` does. */
function raw(
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(server.address)
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end()
  })
}

describe('the server of static files', () => {
  it('listens on this machine only unless told otherwise', () => {
    expect(server.address).toMatch(/^http:\/\/localhost:\d+\/$/)
  })

  it('serves files with their type, and the front page for the folder', async () => {
    const front = await fetch(server.address)
    expect(front.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(front.headers.get('cache-control')).toBe('no-cache')
    expect(await front.text()).toBe('<p>front</p>')
    const script = await fetch(`${server.address}assets/a%20b.js`)
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(await script.text()).toBe('export {}')
  })

  it('sends security headers with every answer', async () => {
    for (const path of ['', 'assets/a%20b.js', 'nothing']) {
      const { headers } = await fetch(server.address + path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
      expect(policy).not.toContain("'unsafe-eval'")
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('serves nothing outside its folder', async () => {
    const attempts = [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '//../secret.txt',
      `/${join(parent, 'secret.txt')}`,
      '/secret.txt%00.html',
    ]
    for (const path of attempts) {
      const { status, text } = await raw(path)
      expect(`${path} ${status}`).toBe(`${path} 404`)
      expect(text).not.toContain('secret')
    }
  })

  it('refuses what it does not understand', async () => {
    expect((await raw('/%zz')).status).toBe(400)
    expect((await raw('/', 'POST')).status).toBe(405)
    expect((await raw('/index.html', 'HEAD')).text).toBe('')
    // A range is an offer to send less; the whole file is a correct answer.
    expect(await raw('/', 'GET', { range: 'bytes=9-1' })).toEqual({ status: 200, text: '<p>front</p>' })
  })

  it('goes on when its files are removed', async () => {
    const other = join(parent, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'index.html'), 'here')
    const second = await serveFolder(other, { port: 0 })
    rmSync(other, { recursive: true })
    expect(await (await fetch(second.address)).text()).toBe('here')
    await second.close()
  })

  it('says what is wrong when it cannot start', async () => {
    const { port } = new URL(server.address)
    await expect(serveFolder(folder, { port: Number(port) })).rejects.toThrow(
      `port ${port} is in use; give another one`,
    )
    await expect(serveFolder(join(parent, 'nowhere'), { port: 0 })).rejects.toThrow(/cannot read .*nowhere/)
    await expect(serveFolder(join(folder, 'assets'), { port: 0 })).rejects.toThrow(/no index\.html/)
    await expect(serveFolder(folder, { port: 0, host: '203.0.113.7' })).rejects.toThrow(
      /not an address of this machine/,
    )
  })
})
