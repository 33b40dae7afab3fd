import { defineMethod } from '../solver/index.ts'
import { entropicMeasures, entropicSolution } from './entropic-state.ts'
import { type ScalingState, scalingOrLogStep, scalingScratch, scalingStart } from './scaling-step.ts'
import type { TransportProblem } from './transport-data.ts'

export type SinkhornOptions = Record<never, never>

/**
 * Sinkhorn's iteration on a stored kernel,
 *
 *     u <- a / (K v),  v <- b / (K' u),  P = diag(u) K diag(v),
 *
 * with K = exp((x + y - C) / epsilon - 1) for potentials x, y that absorb ln u and ln v whenever these leave [-50, 50]. While
 * potentials move too far for that (the first iterations under a small regularization), and where the kernel does not fit
 * into memory, it iterates in the log domain: the same iterates, one exponential per pair. A scaling iteration reads each row
 * of K once for both half-steps: 4 n m flops, no exponentials.
 *
 * @see Cuturi, Sinkhorn distances: lightspeed computation of optimal transport (2013), Algorithm 1
 * @see Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport problems (2019), Algorithm 2
 */
export const sinkhorn = defineMethod<TransportProblem, SinkhornOptions, ScalingState>()({
  slug: 'sinkhorn',
  title: 'Sinkhorn',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Entropic transport by alternating scalings; the fastest choice for moderate regularization.',
  formulae: [
    {
      tex: String.raw`\min_{P \ge 0}\ \langle C, P \rangle + \varepsilon \sum_{ij} p_{ij} \ln p_{ij} \quad \text{s.t.} \quad P \mathbf 1 = a,\ P^\top \mathbf 1 = b`,
      meaning: 'Transport, slightly blurred.',
    },
    {
      tex: String.raw`u \leftarrow \frac{a}{K v}, \qquad v \leftarrow \frac{b}{K^\top u}, \qquad K = e^{-C / \varepsilon}`,
      meaning: 'Rows and columns are scaled in turn until both fit.',
    },
  ],
  source: {
    authors: 'Marco Cuturi',
    title: 'Sinkhorn Distances: Lightspeed Computation of Optimal Transport',
    year: 2013,
    venue: 'NIPS',
    arxiv: '1306.0895',
  },
  options: {},
  create: () => ({
    start: (problem, context) => scalingStart(problem, context, scalingScratch(context)),
    step: (problem, state, context) => scalingOrLogStep(problem, state, scalingScratch(context)),
    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})
