import { RandomStream } from '../base/index.ts'
import type { AsyncMethod } from './method.ts'
import { stringifyPlain } from './plain-data.ts'
import type { Problem, SolutionOf } from './problem.ts'
import type { Snapshot } from './result.ts'
import { type RunOptions, runAsync } from './run.ts'

/** How a forked run begins. */
export interface Fork<X> {
  /** To be given to `run`: either `resume`, or `start` and `seed`. */
  readonly options: Pick<RunOptions<X>, 'resume' | 'start' | 'seed'>
  /** Whether the method's state is carried over, or only the best solution as a start. */
  readonly keepsState: boolean
}

/** Type and length of every entry of plain data, without the numbers. */
function structure(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as unknown as ArrayLike<number>).length})`
  if (Array.isArray(value)) return `[${value.map(structure).join()}]`
  return `{${Object.entries(value)
    .map(([name, entry]) => `${name}:${structure(entry)}`)
    .sort()
    .join()}}`
}

async function freshState<P extends Problem>(problem: P, method: AsyncMethod<P>): Promise<unknown> {
  const { snapshot } = await runAsync(problem, method, { maxIterations: 0, traceEvery: 0 })
  return snapshot?.state
}

/**
 * How to go on from a snapshot under other options: with the state of the run if the method is the same and its state looks the same
 * under the new options (sizes and names of all arrays), so that a swarm, a simplex or a memory is kept; else from the best
 * solution as a start. What the state already holds stays: an option that only sets its beginning has no effect.
 *
 * To compare the states both methods are started once; their starts cost evaluations that nobody counts.
 *
 * @param before the method of the run that the snapshot is from
 * @param after the same method with other options, or another one for the same class of problems
 * @param seed of all further random draws. Default: the stream of the run goes on
 */
export async function fork<P extends Problem>(
  problem: P,
  snapshot: Snapshot,
  before: AsyncMethod<P>,
  after: AsyncMethod<P>,
  seed?: number,
): Promise<Fork<SolutionOf<P>>> {
  const sameOptions = (): boolean => stringifyPlain(before.options) === stringifyPlain(after.options)
  const sameStructure = async (): Promise<boolean> =>
    structure(await freshState(problem, before)) === structure(await freshState(problem, after))
  if (before.name === after.name && (sameOptions() || (await sameStructure()))) {
    const random =
      seed === undefined
        ? { random: snapshot.random, seed: snapshot.seed }
        : { random: RandomStream.fromSeed(seed).split(after.name).state(), seed }
    return { options: { resume: { ...snapshot, ...random } }, keepsState: true }
  }
  const start = before.solution(snapshot.state)
  return { options: { start, seed: seed ?? snapshot.seed }, keepsState: false }
}
