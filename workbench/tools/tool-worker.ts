import { useEffect, useMemo, useRef } from 'preact/hooks'
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

/** A line to a worker of its own for a page, closed with the page. `receive` may be another function every time. */
export function useToolWorker<To, From>(
  make: () => Worker,
  receive: (message: From) => void,
  lost: (failure: Failure) => void,
): ToolWorker<To, From> {
  const handlers = useRef({ receive, lost })
  handlers.current = { receive, lost }
  // Made once: the page has one worker for as long as it is open.
  const line = useMemo(
    () =>
      new ToolWorker<To, From>(
        make(),
        (message) => handlers.current.receive(message),
        (failure) => handlers.current.lost(failure),
      ),
    [],
  )
  useEffect(() => () => line.close(), [line])
  return line
}
