/** A line to one worker, of whatever kind: Web Worker, thread of Node, or a pair of functions in a test. */
export interface WorkerPort<Request, Reply> {
  send(request: Request): void
  /** Calls `reply` with every answer, and `failed` if the worker is lost. Called once. */
  listen(reply: (reply: Reply) => void, failed: (reason: string) => void): void
  /** Whether an answer is awaited: an idle worker must not keep the process alive. */
  hold(busy: boolean): void
  /** Ends the worker at once, whatever it does. */
  close(): void | Promise<unknown>
}

/** A worker's own end of the line. */
export interface WorkerScope<Request, Reply> {
  reply(reply: Reply, transfer?: ArrayBuffer[]): void
  listen(request: (request: Request) => void): void
}

interface WebScope<Request, Reply> {
  onmessage: ((event: { readonly data: Request }) => void) | null
  postMessage(reply: Reply, transfer?: ArrayBuffer[]): void
}

interface ThreadScope<Request, Reply> {
  postMessage(reply: Reply, transfer?: ArrayBuffer[]): void
  on(event: 'message', listener: (request: Request) => void): void
}

/** The scope of the Web Worker that this code runs in. */
export function webWorkerScope<Request, Reply>(): WorkerScope<Request, Reply> {
  const scope = globalThis as unknown as WebScope<Request, Reply>
  return {
    reply: (reply, transfer = []) => scope.postMessage(reply, transfer),
    listen(request) {
      scope.onmessage = ({ data }) => request(data)
    },
  }
}

/** The scope of the thread of Node that this code runs in, from its `parentPort`. */
export function threadScope<Request, Reply>(parent: ThreadScope<Request, Reply>): WorkerScope<Request, Reply> {
  return {
    reply: (reply, transfer = []) => parent.postMessage(reply, transfer),
    listen: (request) => parent.on('message', request),
  }
}

/** The port of a Web Worker. */
export function webWorkerPort<Request, Reply>(worker: Worker): WorkerPort<Request, Reply> {
  return {
    send: (request) => worker.postMessage(request),
    listen(reply, failed) {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => reply(data)
      worker.onerror = (event) => failed(`a worker failed: ${event.message || 'it could not be started'}`)
      worker.onmessageerror = () => failed('a worker sent what cannot be read')
    },
    hold: () => undefined,
    close: () => worker.terminate(),
  }
}

/** What is used of a thread of Node (`Worker` of `node:worker_threads`), so that this file needs no Node. */
export interface Thread {
  postMessage(message: unknown): void
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown
  ref(): void
  unref(): void
  terminate(): Promise<unknown>
}

/** The port of a thread of Node. */
export function threadPort<Request, Reply>(thread: Thread): WorkerPort<Request, Reply> {
  thread.unref()
  return {
    send: (request) => thread.postMessage(request),
    listen(reply, failed) {
      thread.on('message', (message) => reply(message as Reply))
      thread.on('error', (error) => failed(`a worker failed: ${(error as Error).message}`))
      thread.on('exit', (code) => {
        if (code !== 0) failed(`a worker ended with code ${code}`)
      })
    },
    hold: (busy) => (busy ? thread.ref() : thread.unref()),
    close: () => thread.terminate(),
  }
}
