import {
  describe,
  InvalidInputError,
  OptionError,
  type WorkerPort,
  webWorkerPort,
  webWorkerScope,
} from '../base/index.ts'

/** What a worker is asked: the values at the rows of `points` [count, n]. */
export interface EvaluationRequest {
  readonly task: number
  readonly points: Float64Array
  readonly count: number
}

/** What it answers: the values, or why there are none. */
export interface EvaluationReply {
  readonly task: number
  readonly values?: Float64Array
  readonly error?: string
}

/** A line to one worker. */
export type EvaluationPort = WorkerPort<EvaluationRequest, EvaluationReply>

/** A pool of workers as a batch oracle. */
export interface EvaluatorPool {
  /** For `smoothProblem({ valueBatch })`: values in the places of their points, whoever computed them. */
  valueBatch(points: Float64Array, count: number, out: Float64Array): Promise<void>
  /** Ends the workers. */
  close(): Promise<void>
  readonly workers: number
}

/** Pieces per worker in a batch: more balance uneven evaluations, fewer save messages. */
const PIECES_PER_WORKER = 4

/**
 * A batch oracle over workers: each batch is cut into pieces of consecutive points, and a worker gets its next piece when it
 * has answered the last. The values are the worker's own and stand in the places of their points, so they do not depend on
 * the number of workers. One batch at a time.
 *
 * @throws {InvalidInputError} if there is no port; the promise of a batch rejects if the objective throws or a worker is lost
 */
export function evaluatorPool(ports: readonly EvaluationPort[]): EvaluatorPool {
  if (ports.length === 0) {
    throw new InvalidInputError('evaluatorPool: expected at least one worker', {
      argument: 'ports',
      expected: 'at least one',
    })
  }
  let batch: {
    points: Float64Array
    count: number
    out: Float64Array
    dimension: number
    piece: number
    next: number
    /** Where the values of an open task go. */
    open: Map<number, number>
    resolve: () => void
    reject: (error: Error) => void
  } | null = null
  let broken: string | null = null
  let serial = 0
  const complaint = (reason: string): InvalidInputError =>
    new InvalidInputError(`parallel evaluation: ${reason}`, { argument: 'value', received: reason })

  const feed = (port: EvaluationPort): void => {
    if (batch === null || batch.next >= batch.count) return
    const { points, dimension, next } = batch
    const count = Math.min(batch.piece, batch.count - next)
    batch.next += count
    batch.open.set(++serial, next)
    port.hold(true)
    port.send({ task: serial, points: points.slice(next * dimension, (next + count) * dimension), count })
  }
  const fail = (reason: string): void => {
    const current = batch
    batch = null
    current?.reject(complaint(reason))
  }
  for (const port of ports) {
    port.listen(
      ({ task, values, error }) => {
        port.hold(false)
        // A late answer to a batch that failed is nobody's.
        const at = batch?.open.get(task)
        if (batch === null || at === undefined) return
        if (values === undefined) return fail(`the objective threw: ${error ?? 'no reason given'}`)
        batch.out.set(values, at)
        batch.open.delete(task)
        if (batch.next < batch.count) feed(port)
        else if (batch.open.size === 0) {
          const { resolve } = batch
          batch = null
          resolve()
        }
      },
      (reason) => {
        broken ??= reason
        fail(reason)
      },
    )
  }
  return {
    workers: ports.length,
    valueBatch(points, count, out) {
      if (broken !== null) return Promise.reject(complaint(broken))
      if (batch !== null) return Promise.reject(complaint('the last batch is not finished; use one pool per run'))
      if (count === 0) return Promise.resolve()
      return new Promise((resolve, reject) => {
        batch = {
          points,
          count,
          out,
          dimension: points.length / count,
          piece: Math.max(1, Math.ceil(count / (PIECES_PER_WORKER * ports.length))),
          next: 0,
          open: new Map(),
          resolve,
          reject,
        }
        for (const port of ports) feed(port)
      })
    },
    async close() {
      broken ??= 'the pool is closed'
      fail(broken)
      await Promise.all(ports.map((port) => port.close()))
    },
  }
}

/**
 * A pool of Web Workers, for browsers. The worker's module calls `serveObjective(value)`.
 *
 * @example
 * const pool = webWorkerEvaluator(() => new Worker(new URL('./objective.js', import.meta.url), { type: 'module' }), { workers: 4 })
 *
 * @throws {OptionError} if `workers` is not an integer >= 1
 */
export function webWorkerEvaluator(start: () => Worker, { workers }: { workers: number }): EvaluatorPool {
  checkWorkers('webWorkerEvaluator', workers)
  return evaluatorPool(Array.from({ length: workers }, (): EvaluationPort => webWorkerPort(start())))
}

/** In a Web Worker: answers the requests of a `webWorkerEvaluator` with `value`. */
export function serveObjective(value: (x: Float64Array) => number): void {
  const scope = webWorkerScope<EvaluationRequest, EvaluationReply>()
  scope.listen((request) => scope.reply(answer(value, request)))
}

/** The reply to a request. */
export function answer(value: (x: Float64Array) => number, request: EvaluationRequest): EvaluationReply {
  const { task, points, count } = request
  try {
    const n = points.length / count
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = value(points.slice(i * n, (i + 1) * n))
    return { task, values }
  } catch (error) {
    return { task, error: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws unless `workers` is an integer >= 1. */
export function checkWorkers(where: string, workers: number): void {
  if (Number.isInteger(workers) && workers >= 1) return
  throw new OptionError(`${where}: workers must be an integer >= 1, got ${describe(workers)}`, {
    argument: 'workers',
    expected: 'an integer >= 1',
    received: describe(workers),
  })
}
