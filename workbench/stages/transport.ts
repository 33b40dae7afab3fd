import {
  type Cost,
  entropicPlan,
  type Potentials,
  type SparseCoupling,
  sparsePlanOf,
  type TransportPlan,
  type TransportProblem,
} from '../../src/transport/index.ts'
import type { Stage } from './stage.ts'

function points(cost: Cost): { source: Float64Array; target: Float64Array } | null {
  return cost.kind === 'points' && cost.dimension === 2 ? cost : null
}

function planOf(problem: TransportProblem, solution: unknown): TransportPlan {
  return problem.class.name === 'exact-transport'
    ? sparsePlanOf(problem.a.length, problem.b.length, solution as SparseCoupling)
    : entropicPlan(problem, solution as Potentials)
}

/** The smallest of the `count` largest entries. */
function threshold(entries: Float64Array, count: number): number {
  const sorted = entries.slice().sort()
  return sorted[Math.max(0, sorted.length - count)]
}

/** The plan as a matrix, and the source points on their way; for sparse Newton methods, what is kept of the plan. */
export const transportStage: Stage = {
  scene({ problem }) {
    const clouds = points((problem as TransportProblem).cost)
    return clouds === null ? { kind: 'none' } : { kind: 'transport', source: clouds.source, target: clouds.target }
  },

  frame({ problem }, scene, iterate, main) {
    if (scene.kind !== 'transport' || !main) return null
    const { a, b } = problem as TransportProblem
    const plan = planOf(problem as TransportProblem, iterate.x)
    const dense = plan.toDense()
    const largest = dense.reduce((most, mass) => Math.max(most, mass), 0)
    const scale = largest > 0 ? 1 / largest : 1
    const moved = Float32Array.from(plan.project(scene.target, 2))
    const { keepPerRow, phase } = iterate.snapshot().state as { keepPerRow?: number; phase?: string }
    const kept =
      keepPerRow === undefined || phase === 'sinkhorn'
        ? undefined
        : scale * threshold(dense, Math.round(keepPerRow * Math.max(a.length, b.length)))
    return {
      plan: Float32Array.from(dense, (mass) => mass * scale),
      moved,
      ...(kept !== undefined && { threshold: kept }),
    }
  },
}
