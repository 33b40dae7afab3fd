import { finish, finishAsync } from '../solver/index.ts'
import type { CostInput } from './cost.ts'
import type { TransportOptions, TransportResult } from './transport-result.ts'
import { transportSolution } from './transport-solution.ts'

/**
 * Optimal transport between masses a (length n) and b (length m):
 *
 *     min over P >= 0 with P 1 = a, P' 1 = b of  <C, P>  [ + regularization * sum p ln p ].
 *
 * Picks a method and says which: a sort for clouds on a line, the network simplex for exact transport, scalings for a moderate
 * regularization, sparse Newton steps along falling regularizations for a small one, log-domain iterations for clouds whose
 * matrix does not fit into memory.
 *
 * @param a masses of the source points, >= 0
 * @param b masses of the target points, >= 0, with the same sum (unless `unbalanced`)
 * @param cost matrix (flat row-major or rows), `{ source, target, metric }` point clouds, or a function of (i, j); Infinity
 *   forbids a pair
 * @returns plan, cost, potentials, and how far from optimal they are; not converged and infeasible are statuses
 * @throws {InvalidInputError | ShapeError | OptionError} on bad input, naming the argument
 *
 * @example
 * const { cost, plan } = transport([0.5, 0.5], [0.25, 0.75], [[0, 1], [1, 0]])
 * cost // 0.25
 */
export function transport(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions = {},
): TransportResult {
  return finish(transportSolution(a, b, cost, options))
}

/**
 * As `transport`, to the same bits, for pages and servers that must stay responsive: returns to the event loop between
 * iterations, so that timers, input and `signal` are served. Stopped by the signal, it resolves to the plan of the last iterate, with
 * status `aborted`.
 *
 * @example
 * const { cost } = await transportAsync([0.5, 0.5], [0.25, 0.75], [[0, 1], [1, 0]], { signal: AbortSignal.timeout(5000) })
 * cost // 0.25
 */
export async function transportAsync(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: CostInput,
  options: TransportOptions = {},
): Promise<TransportResult> {
  return finishAsync(transportSolution(a, b, cost, options))
}
