import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileError, InvalidInputError } from '../base/index.ts'
import { fileError } from './files.ts'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/**
 * Sent with every answer. No script but the page's own runs, WebAssembly may be compiled, nothing is fetched from elsewhere, and
 * the page is isolated from others, so that workers may share memory. Styles may be inline: charts and formulae set them.
 */
const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

interface ServedFile {
  readonly bytes: Buffer
  /** Made when first asked for. */
  compressed: Buffer | null
  readonly type: string
  /** Whether its name changes with its content. */
  readonly immutable: boolean
}

/**
 * All files below a folder, by the path of their address. They are read once, so what is not in this table cannot be asked for,
 * whatever the path looks like, and a build that replaces the files meanwhile does no harm.
 */
function readFolder(folder: string): Map<string, ServedFile> {
  const files = new Map<string, ServedFile>()
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const address = path.slice(folder.length).replaceAll('\\', '/')
      const type = types[extname(entry.name)] ?? 'application/octet-stream'
      files.set(address, {
        bytes: readFileSync(path),
        compressed: null,
        type,
        immutable: address.startsWith('/assets/'),
      })
    }
  } catch (cause) {
    throw fileError('read', folder, cause)
  }
  return files
}

function answer(files: ReadonlyMap<string, ServedFile>, request: IncomingMessage, response: ServerResponse): void {
  const refuse = (status: number, text: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8', ...headers })
    response.end(`${text}\n`)
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'only GET and HEAD', { Allow: 'GET, HEAD' })
  }
  let path: string
  try {
    path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
  } catch {
    return refuse(400, 'malformed address')
  }
  const file = files.get(path.endsWith('/') ? `${path}index.html` : path)
  if (file === undefined) return refuse(404, 'not found')
  const compress = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) && /text|json|svg/.test(file.type)
  if (compress) file.compressed ??= gzipSync(file.bytes)
  const body = compress && file.compressed !== null ? file.compressed : file.bytes
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Type': file.type,
    'Content-Length': body.length,
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
    ...(compress && { 'Content-Encoding': 'gzip' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** A server that is running. */
export interface StaticServer {
  /** Where it is reached, e.g. `http://localhost:4180/`. */
  readonly address: string
  close(): Promise<void>
}

/** Where a server listens. */
export interface ServeOptions {
  /** An address of this machine. Default `localhost`: reached from this machine only. */
  readonly host?: string
  /** 0 for any that is free. */
  readonly port: number
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): unknown {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new InvalidInputError(
        `port ${port} is in use; give another one with --port, or --port 0 for any free one`,
        {
          argument: '--port',
          expected: 'a free port',
          received: String(port),
          cause,
        },
      )
    case 'EACCES':
      return new InvalidInputError(`port ${port} is not open to you; give one above 1023 with --port`, {
        argument: '--port',
        expected: 'a port above 1023',
        received: String(port),
        cause,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new InvalidInputError(`${host} is not an address of this machine`, {
        argument: '--host',
        expected: 'localhost, 0.0.0.0 or an address of this machine',
        received: host,
        cause,
      })
    default:
      return cause
  }
}

/**
 * Serves the files of a folder over HTTP, read-only, with security headers.
 *
 * @param folder must hold an `index.html`
 * @throws {FileError} if the folder cannot be read
 * @throws {InvalidInputError} if the port is in use or the address is not one of this machine
 */
export async function serveFolder(folder: string, { host = 'localhost', port }: ServeOptions): Promise<StaticServer> {
  const files = readFolder(folder)
  if (!files.has('/index.html')) {
    throw new FileError(`cannot serve ${folder}: there is no index.html in it`, { argument: folder })
  }
  const server = createServer((request, response) => answer(files, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port)))
    server.listen(port, host, resolve)
  })
  const bound = server.address() as AddressInfo
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
