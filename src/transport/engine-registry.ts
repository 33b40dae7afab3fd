import type { Cost } from './cost.ts'
import { type Marginals, TransportEngine } from './engine.ts'

const engines = new WeakMap<Cost, { engine: TransportEngine; a: Float64Array; b: Float64Array }>()

/** The engine of a problem: made once per cost and weights, kept as long as the cost is. */
export function engineFor(problem: Marginals): TransportEngine {
  const { a, b, cost } = problem
  const known = engines.get(cost)
  if (known && known.a === a && known.b === b) return known.engine
  const engine = new TransportEngine(problem)
  engines.set(cost, { engine, a, b })
  return engine
}

/**
 * Gives the memory of a problem's engine to the next problem. The engine must not be used any more; one that is asked for
 * later is made anew.
 */
export function releaseEngine({ cost }: Marginals): void {
  const known = engines.get(cost)
  if (known === undefined) return
  engines.delete(cost)
  known.engine.release()
}
