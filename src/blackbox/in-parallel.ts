import type { AsyncMethod, Method, SmoothProblem } from '../solver/index.ts'
import { type SearchState, searchOf, waitingSteps } from './search.ts'

/**
 * The same method, waiting for the problem's batch oracle: whole populations are evaluated at once, in workers or anywhere
 * else, by `valueBatch`. Values arrive in the places of their points, so the run has the bits of the serial one and a snapshot
 * of either continues in the other.
 *
 * @example
 * const pool = parallelEvaluator(new URL('./objective.mjs', import.meta.url), { workers: 4 }) // from 'thalweg/node'
 * const problem = smoothProblem({ dimension: 20, value, valueBatch: pool.valueBatch, lower, upper })
 * const result = await runAsync(problem, inParallel(differentialEvolution()), { maxEvaluations: 1e5 })
 * await pool.close()
 *
 * @throws {UnsupportedError} if the method is not of the blackbox room
 */
export function inParallel<S extends SearchState>(method: Method<SmoothProblem, S>): AsyncMethod<SmoothProblem, S> {
  return { ...method, ...waitingSteps(searchOf(method, 'inParallel')) }
}
