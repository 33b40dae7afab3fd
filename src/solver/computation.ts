import type { Method } from './method.ts'
import { pacer } from './pacer.ts'
import type { Problem, SolutionOf } from './problem.ts'
import type { Result } from './result.ts'
import { type RunOptions, run, runAsync } from './run.ts'

/** A run that a computation asks for, or a moment in which timers, input and signals may be served. */
type Request = { readonly problem: Problem; readonly method: Method<Problem>; readonly options: RunOptions } | 'breath'

/**
 * A computation made of one or more runs, written once for those who wait and for those who must not: it asks for each run
 * (`yield* runWithin(...)`), goes on with the result, and returns what it made of them. `finish` drives it without waiting,
 * `finishAsync` lets the event loop in; both take the same steps, to the same bits.
 */
export type Computation<R> = Generator<Request, R, Result<unknown> | undefined>

/** Asks for a run, inside a computation. */
export function* runWithin<P extends Problem, S>(
  problem: P,
  method: Method<P, S>,
  options: RunOptions<SolutionOf<P>>,
): Computation<Result<SolutionOf<P>>> {
  const request = { problem, method: method as unknown as Method<Problem>, options: options as unknown as RunOptions }
  return (yield request) as Result<SolutionOf<P>>
}

/** Lets the event loop in, inside a computation between two pieces of work that are not runs; free of charge if it was just now. */
export function* breath(): Computation<void> {
  yield 'breath'
}

/** The result of a computation, computed without a pause. */
export function finish<R>(computation: Computation<R>): R {
  let next = computation.next()
  while (!next.done) {
    const request = next.value
    next = computation.next(request === 'breath' ? undefined : run(request.problem, request.method, request.options))
  }
  return next.value
}

/** The result of a computation that returns to the event loop every few milliseconds, so that timers, input and signals are served. */
export async function finishAsync<R>(computation: Computation<R>): Promise<R> {
  const pause = pacer()
  let next = computation.next()
  while (!next.done) {
    const request = next.value
    await pause()
    next =
      request === 'breath'
        ? computation.next()
        : computation.next(await runAsync(request.problem, request.method, request.options))
  }
  return next.value
}
