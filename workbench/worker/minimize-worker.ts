import { parseExpression } from '../../src/autodiff/index.ts'
import { methodFrom, problemFromWords, variablesOf } from '../../src/inputs/index.ts'
import { methodsFor } from '../../src/registry.ts'
import {
  type AsyncMethod,
  type Iterate,
  type Observer,
  type Problem,
  recordRun,
  runAsync,
  type SmoothProblem,
} from '../../src/solver/index.ts'
import { frameWithin, landscapeOver } from '../stages/landscape.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import { failureOf } from './failure.ts'
import { FrameStore } from './frame-store.ts'
import type { FromMinimizeWorker, MinimizeRequest, ToMinimizeWorker } from './minimize-protocol.ts'

/** Time between two reports of a run, milliseconds. */
const REPORT_EVERY_MS = 200
/** Half the width of a landscape about which nothing is known. */
const USUAL_HALF_WIDTH = 3

const post = (message: FromMinimizeWorker): void => self.postMessage(message)
let controller: AbortController | null = null
let runFile = ''

/** The problem of a request; a start where none was given yet is the origin, to have something to look at. */
function problemOf({ expression, start, lower, upper }: MinimizeRequest, needsStart: boolean): SmoothProblem {
  const flags = {
    ...(start.trim() !== '' && { start }),
    ...(lower.trim() !== '' && { lower }),
    ...(upper.trim() !== '' && { upper }),
  }
  if (needsStart || flags.start !== undefined) return problemFromWords(expression, flags)
  try {
    return problemFromWords(expression, flags)
  } catch (error) {
    const { variables } = parseExpression(expression)
    if (variables.length === 0) throw error
    return problemFromWords(expression, { ...flags, start: variables.map(() => '0').join(',') })
  }
}

/** The names of the variables, in order. */
function namesOf(problem: SmoothProblem): readonly string[] {
  return variablesOf(problem) ?? Array.from({ length: problem.dimension }, (_, i) => `x${i + 1}`)
}

function sceneOf(problem: SmoothProblem, path: readonly Frame[]): Scene {
  if (problem.dimension !== 2) return { kind: 'none' }
  const { minimizer, start } = problem
  const points = path.flatMap(({ point }) => (point === undefined ? [] : [[point[0], point[1]] as const]))
  if (start !== undefined) points.push([start[0], start[1]])
  return landscapeOver(
    problem.value,
    frameWithin(problem, points, USUAL_HALF_WIDTH),
    minimizer === undefined ? null : [minimizer[0], minimizer[1]],
  )
}

async function run(id: number, request: MinimizeRequest): Promise<void> {
  controller?.abort()
  const own = new AbortController()
  controller = own
  const problem = problemOf(request, true)
  const { method, why = null } = methodFrom(problem, request.method === '' ? {} : { method: request.method })
  const store = new FrameStore()
  let sent = performance.now()
  const onIteration = ({ iteration, x }: Iterate): void => {
    if (!store.due(iteration)) return
    store.add({ iteration, point: Float64Array.from(x as Float64Array) })
    if (performance.now() - sent < REPORT_EVERY_MS) return
    sent = performance.now()
    post({ type: 'path', id, frames: store.frames, scene: null })
  }
  let file = ''
  const record: Observer<unknown> = recordRun((line) => {
    file += line
  })
  const result = await runAsync(problem as Problem, method as AsyncMethod<Problem>, {
    seed: request.seed,
    signal: own.signal,
    onIteration,
    observers: [record],
  })
  if (controller !== own) return
  controller = null
  runFile = file
  const { status, message, objective, iterations, evaluations, certificate, elapsedMs, trace } = result
  const x = Array.from(result.x as Float64Array)
  store.add({ iteration: iterations, point: Float64Array.from(x) })
  post({ type: 'path', id, frames: store.frames, scene: sceneOf(problem, store.frames) })
  post({
    type: 'done',
    id,
    outcome: {
      status,
      message,
      method: result.method,
      variables: namesOf(problem),
      x,
      objective,
      iterations,
      evaluations,
      measures: certificate?.measures ?? null,
      elapsedMs,
      why,
      trace: trace.columns,
      measure: method.optimality?.measure ?? problem.class.optimality,
    },
  })
}

self.addEventListener('message', ({ data }: MessageEvent<ToMinimizeWorker>) => {
  switch (data.type) {
    case 'look':
      try {
        const problem = problemOf(data.request, false)
        const methods = methodsFor(problem.class.name).map(({ description: { slug, title } }) => ({ slug, title }))
        const given = data.request.start.trim() === '' && problem.recipe !== undefined ? null : problem.start
        const summary = {
          variables: namesOf(problem),
          methods,
          start: given == null ? null : Array.from(given as ArrayLike<number>),
        }
        post({ type: 'looked', id: data.id, summary, scene: sceneOf(problem, []) })
      } catch (error) {
        post({ type: 'failed', id: data.id, failure: failureOf(error) })
      }
      return
    case 'run':
      run(data.id, data.request).catch((error: unknown) =>
        post({ type: 'failed', id: data.id, failure: failureOf(error) }),
      )
      return
    case 'cancel':
      return controller?.abort()
    case 'run-file':
      return post({ type: 'run-file', text: runFile })
  }
})
