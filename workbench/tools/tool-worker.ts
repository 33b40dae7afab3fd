import type { Failure } from '../worker/failure.ts'

/**
 * The page's end of a line to the worker of a tool.
 *
 * @param worker made by the page with `new Worker(new URL(...))`, so that the build finds its module
 * @param lost hears that the worker could not be loaded, or met an error that nobody caught
 */
export class ToolWorker<To, From> {
  private readonly worker: Worker

  constructor(worker: Worker, receive: (message: From) => void, lost: (failure: Failure) => void) {
    this.worker = worker
    worker.onmessage = ({ data }: MessageEvent<From>) => receive(data)
    worker.onerror = ({ message }) => lost({ name: 'Error', message: message || 'the worker could not be started' })
  }

  send(message: To, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer)
  }

  close(): void {
    this.worker.terminate()
  }
}
