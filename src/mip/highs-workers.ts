import { type Thread, threadPort, threadScope, UnsupportedError, webWorkerPort, webWorkerScope } from '../base/index.ts'
import type { MipEngine } from './engine.ts'
import { type EngineReply, type EngineRequest, serveRequests } from './engine-protocol.ts'
import { highsInProcess } from './highs-in-process.ts'
import type { HighsLocation } from './highs-runtime.ts'
import { workerEngine } from './worker-engine.ts'

// Threads of Node are asked for at run time, so that browsers and bundlers never see them.
interface Threads {
  readonly Worker: new (url: URL) => Thread
  readonly parentPort: Parameters<typeof threadScope<EngineRequest, EngineReply>>[0] | null
}

function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as {
    process?: { readonly versions?: { node?: string }; getBuiltinModule?(name: string): unknown }
  }
  if (process?.versions?.node === undefined) return undefined
  return process.getBuiltinModule?.(name) as T | undefined
}

const threads = (): Threads | undefined => builtin<Threads>('node:worker_threads')

/** HiGHS compiled from the file beside its module, for all threads: they share also what is optimized later. */
async function compiledHighs(): Promise<WebAssembly.Module | undefined> {
  const modules = builtin<{ createRequire(from: string): { resolve(name: string): string } }>('node:module')
  const files = builtin<{ readonly promises: { readFile(path: string): Promise<Uint8Array<ArrayBuffer>> } }>('node:fs')
  const file = modules?.createRequire(import.meta.url).resolve('highs/runtime')
  return file === undefined ? undefined : WebAssembly.compile(await files!.promises.readFile(file))
}

/**
 * In a worker: answers the requests of `highsWorkers` from now on.
 *
 * @example
 * // solver.worker.ts
 * import { serveHighs } from 'thalweg/mip'
 * serveHighs()
 */
export function serveHighs(location: HighsLocation = {}): void {
  const parent = threads()?.parentPort
  serveRequests(parent ? threadScope(parent) : webWorkerScope(), location)
}

/**
 * HiGHS in Web Workers, for pages: the page stays responsive.
 *
 * @param start starts one worker whose module calls `serveHighs`
 * @example
 * const engine = highsWorkers(() => new Worker(new URL('./solver.worker.ts', import.meta.url), { type: 'module' }))
 */
export function highsWorkers(start: () => Worker): MipEngine {
  return workerEngine(() => webWorkerPort(start()))
}

/**
 * HiGHS in threads of Node.
 *
 * @param module the module that calls `serveHighs`. Default: the one that comes with this package
 */
export function highsThreads(module: URL = new URL(/* @vite-ignore */ `./${WORKER_FILE}`, import.meta.url)): MipEngine {
  return workerEngine(() => threadPort(new (threads() as Threads).Worker(module)), compiledHighs)
}

const WORKER_FILE = 'mip-worker.js'

/** Why a page must say where its worker is. */
const pageAdvice =
  "a page needs a worker for HiGHS: make a module that calls serveHighs() from 'thalweg/mip', and pass { engine: highsWorkers(() => new Worker(new URL('./solver.worker.js', import.meta.url), { type: 'module' })) }; or pass { engine: highsInProcess() } to let the page wait"

/** One for all, so that its idle workers are used again. */
let ours: MipEngine | undefined

/**
 * HiGHS where this code runs: in a thread of its own in Node; in this thread inside a worker.
 *
 * On a page nothing can be chosen, because only the page's own build knows where its workers are: `open` rejects with
 * {UnsupportedError}, which says what to write.
 */
export function defaultEngine(): MipEngine {
  const node = threads()
  // Run from its own sources, the package has no worker module that Node could load.
  if (node !== undefined) return (ours ??= import.meta.url.endsWith('.ts') ? highsInProcess() : highsThreads())
  if ('WorkerGlobalScope' in globalThis) return highsInProcess()
  return {
    name: 'highs',
    deterministic: true,
    available: async () => ({ available: false, reason: pageAdvice }),
    open: () =>
      Promise.reject(
        new UnsupportedError(pageAdvice, { argument: 'engine', expected: 'highsWorkers or highsInProcess' }),
      ),
  }
}
