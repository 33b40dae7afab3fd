import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { threadPort } from '../base/index.ts'
import { checkWorkers, type EvaluationPort, type EvaluatorPool, evaluatorPool } from '../blackbox/index.ts'

export interface ParallelEvaluatorOptions {
  /** Number of worker threads, >= 1. Default: the number of processors. */
  workers?: number
  /** Name under which the module exports the objective `(x: Float64Array) => number`. Default `value`. */
  exportName?: string
}

/** What runs in a worker thread: imports the objective, then answers requests one after the other. */
const workerProgram = `
import { parentPort, workerData } from 'node:worker_threads'
const objective = import(workerData.module).then((module) => {
  const value = module[workerData.exportName]
  if (typeof value !== 'function') throw new Error('the module exports no function ' + workerData.exportName)
  return value
})
objective.catch(() => {})
parentPort.on('message', async ({ task, points, count }) => {
  try {
    const value = await objective
    const n = points.length / count
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = value(points.slice(i * n, (i + 1) * n))
    parentPort.postMessage({ task, values }, [values.buffer])
  } catch (error) {
    parentPort.postMessage({ task, error: String(error?.message ?? error) })
  }
})
`

/**
 * Evaluates batches of points in worker threads of Node, for `smoothProblem({ valueBatch })` with `inParallel(method)`. Pays off
 * when one evaluation takes longer than about 50 microseconds. The same bits as serial evaluation of the same module.
 *
 * @param module the URL or path of an ES module that exports the objective
 * @throws {OptionError} if `workers` is not an integer >= 1; a batch rejects with {InvalidInputError} if the module cannot be
 *   imported, exports no such function, or the objective throws
 */
export function parallelEvaluator(
  module: URL | string,
  { workers = availableParallelism(), exportName = 'value' }: ParallelEvaluatorOptions = {},
): EvaluatorPool {
  checkWorkers('parallelEvaluator', workers)
  const isUrl = module instanceof URL || /^[a-z]+:\/\//i.test(module)
  const url = String(isUrl ? module : pathToFileURL(String(module)))
  const program = new URL(`data:text/javascript,${encodeURIComponent(workerProgram)}`)
  return evaluatorPool(
    Array.from(
      { length: workers },
      (): EvaluationPort => threadPort(new Worker(program, { workerData: { module: url, exportName } })),
    ),
  )
}
