import { defineMethod } from '../solver/index.ts'
import { engineFor } from './engine-registry.ts'
import {
  type AheadState,
  entropicMeasures,
  entropicSolution,
  entropicState,
  infeasibleOutcome,
  logStep,
  lookAhead,
} from './entropic-state.ts'
import type { TransportProblem } from './transport-data.ts'

export type SinkhornLogOptions = Record<never, never>

/**
 * Sinkhorn's iteration in the log domain: alternately fits the rows and the columns of the plan,
 *
 *     x_i <- epsilon (ln a_i + 1) - epsilon LSE_j((y_j - c_ij) / epsilon),  y_j <- epsilon (ln b_j + 1) - epsilon LSE_i((x_i - c_ij) / epsilon),
 *
 * with shifted log-sum-exps, so that no regularization is too small for the number range. Both half-steps come from one
 * exponential per pair: the entries of a fitted row are already those whose column sums the second half-step needs. Memory
 * n m if the costs fit into kernel memory, else O(n + m) and a block of rows.
 *
 * @see Peyre and Cuturi, Computational Optimal Transport (2019), Section 4.4
 */
export const sinkhornLog = defineMethod<TransportProblem, SinkhornLogOptions, AheadState>()({
  slug: 'sinkhorn-log',
  title: 'Sinkhorn in the log domain',
  room: 'transport',
  problemClass: 'transport',
  summary:
    'Entropic transport by alternating soft minima; works for every regularization and for clouds that fit no matrix.',
  formulae: [
    {
      tex: String.raw`x_i \leftarrow -\varepsilon \ln \sum_j e^{(y_j - c_{ij}) / \varepsilon} + \varepsilon (1 + \ln a_i)`,
      meaning: 'Sinkhorn on the potentials: soft minima, which never overflow.',
    },
    {
      tex: String.raw`p_{ij} = e^{(x_i + y_j - c_{ij}) / \varepsilon - 1}`,
      meaning: 'The plan that potentials stand for.',
    },
  ],
  source: {
    authors: 'Gabriel Peyré and Marco Cuturi',
    title: 'Computational Optimal Transport',
    year: 2019,
    venue: 'Foundations and Trends in Machine Learning',
    arxiv: '1803.00567',
  },
  options: {},
  create: () => ({
    start(problem, context) {
      const engine = engineFor(problem)
      engine.keepCosts()
      return lookAhead(problem, entropicState(problem, context, engine), engine)
    },
    step(problem, state) {
      if (state.infeasible) return infeasibleOutcome
      return logStep(problem, state, engineFor(problem))
    },
    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})
