import { positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { OnlineProblem } from './online-problem.ts'
import { type OnlineState, onlineMeasures, onlineState, playRound, projectedStep } from './online-state.ts'

export interface AdagradNormOptions {
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
}

interface AdagradNormState extends OnlineState {
  /** sum ||g_s||^2. */
  squares: number
}

/**
 * Online gradient descent with steps D / sqrt(2 sum_{s<=t} ||g_s||^2): needs no constant but D, and its regret is at most
 * sqrt(2) D sqrt(sum ||g_s||^2). One value, one gradient and one projection a round; memory 4n.
 *
 * @see Streeter and McMahan, arXiv:1002.4862 (2010); Orabona, arXiv:1912.13213, Theorem 4.14
 */
export const adagradNorm = defineMethod<OnlineProblem, AdagradNormOptions, AdagradNormState>()({
  slug: 'adagrad-norm',
  title: 'AdaGrad-Norm',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Online gradient steps whose length follows the gradients seen: nothing to know but the diameter.',
  formulae: [
    {
      tex: String.raw`\eta_t = \frac{D}{\sqrt{2 \sum_{s \le t} \|g_s\|^2}}`,
      meaning: 'Small gradients keep the steps long.',
    },
  ],
  source: {
    authors: 'Matthew Streeter, H. Brendan McMahan',
    title: 'Less Regret via Online Conditioning',
    year: 2010,
    venue: 'arXiv',
    arxiv: '1002.4862',
  },
  requires: ['gradient'],
  options: { diameter: positive<number | undefined>(undefined, 'diameter D') },

  create: ({ diameter }) => ({
    start: (problem, { start }) => ({ ...onlineState(problem, start), squares: 0 }),
    step: (problem, state, context) =>
      playRound(problem, state, context, (given, own) => {
        const { x, gradient, next } = own
        for (const g of gradient) own.squares += g * g
        // No gradient so far: stay.
        const step = own.squares > 0 ? (diameter ?? given.set.diameter) / Math.sqrt(2 * own.squares) : 0
        projectedStep(given, x, step, gradient, next)
      }),
    measure: onlineMeasures,
    solution: (state) => state.x,
  }),
})
