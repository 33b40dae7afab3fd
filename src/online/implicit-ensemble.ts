import { integer, portableLog, positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { exponentialWeights, mixture } from './expert-weights.ts'
import type { OnlineProblem, PreparedOnlineProblem } from './online-problem.ts'
import { constantOf, missing, onlineMeasures, playRound, projectedStep } from './online-state.ts'
import { type EnsembleState, ensembleState, favourite } from './optimistic-ensemble.ts'

export interface ImplicitEnsembleOptions {
  /** T, the rounds to be played, >= 1. Default: the problem's. */
  horizon?: number
  /** D > 0. Default: the diameter of the set. */
  diameter?: number
  /** G > 0. Default: the problem's. */
  gradientBound?: number
}

interface ImplicitEnsembleState extends EnsembleState {
  /** f_{t-1}(x_{t-1,i}) - f_{t-1}(x_ref), length N. */
  centred: Float64Array
  /** x_ref, the start. */
  reference: Float64Array
  /** Work: gradients of the base learners. */
  own: Float64Array
}

/**
 * Optimistic mirror descent for a moving comparator and losses that are convex but not smooth. Base learner i has the step size
 * eta_i = D 2^(i-1) / sqrt(1 + 4 T G^2), steps along its own gradient, and then implicitly:
 *
 *     x^_{t+1,i} = P[x^_{t,i} - eta_i grad f_t(x_{t,i})],  x_{t+1,i} = argmin_X f_t(x) + ||x - x^_{t+1,i}||^2 / (2 eta_i);
 *
 * the weights are exp(-eps_t (sum_{s<=t} f_s(x_{s,i}) + f_t(x_{t+1,i}))), with eps_t = 1 / sqrt(1 + sum_s (largest change of a base
 * learner's loss, measured from that of a fixed point)^2). Each round takes N gradients and proximal steps and 2 N + 2 values;
 * memory 3 N n.
 *
 * @throws {UnsupportedError} from the run if a constant or the proximal step is missing, or the horizon of an endless stream
 * @see Chen, Zhang, Tu, Zhao and Zhang, JMLR 25(178), 2024, Algorithm 3, Theorem 9
 */
export const implicitEnsemble = defineMethod<OnlineProblem, ImplicitEnsembleOptions, ImplicitEnsembleState>()({
  slug: 'implicit-ensemble',
  title: 'Ensemble of implicit learners',
  room: 'online',
  problemClass: 'online-convex',
  summary: 'Follows a target that moves when losses have kinks, by proximal steps of many sizes at once.',
  source: {
    authors: 'Sijia Chen, Yu-Jie Zhang, Wei-Wei Tu, Peng Zhao, Lijun Zhang',
    title: 'Optimistic Online Mirror Descent for Bridging Stochastic and Adversarial Online Convex Optimization',
    year: 2024,
    venue: 'JMLR 25(178), Algorithm 3',
    arxiv: '2302.04552',
  },
  requires: ['gradient', 'proximal'],
  options: {
    horizon: integer<number | undefined>(undefined, 'rounds T', { min: 1, max: 2 ** 53 }),
    diameter: positive<number | undefined>(undefined, 'diameter D'),
    gradientBound: positive<number | undefined>(undefined, 'gradient bound G'),
  },

  create({ horizon, diameter, gradientBound }) {
    function update(problem: OnlineProblem, state: ImplicitEnsembleState): void {
      const { points, auxiliaries, losses, expected, steps, weights, next, centred, own, round } = state
      const n = next.length
      const offset = problem.value(round, state.reference)
      let change = 0
      for (let i = 0; i < steps.length; i++) {
        const point = points.subarray(i * n, (i + 1) * n)
        const auxiliary = auxiliaries.subarray(i * n, (i + 1) * n)
        const loss = problem.value(round, point)
        change = Math.max(change, Math.abs(loss - offset - centred[i]))
        centred[i] = loss - offset
        losses[i] += loss
        problem.gradient(round, point, own)
        projectedStep(problem, auxiliary, steps[i], own, auxiliary)
        ;(problem as PreparedOnlineProblem).proximal(round, auxiliary, steps[i], point)
        expected[i] = losses[i] + problem.value(round, point)
      }
      state.variation += change * change
      exponentialWeights(expected, 1 / Math.sqrt(1 + state.variation), weights)
      mixture(weights, points, next)
    }

    return {
      requires: [...missing({ horizon }), ...missing({ gradientBound })],

      start(problem, { start }) {
        const T = horizon ?? problem.rounds
        const G = constantOf(problem, 'gradientBound', gradientBound)
        const width = 1 + 4 * T * G * G
        const count = Math.ceil((0.5 * portableLog((1 + 2 * T) * width)) / Math.LN2 - 1e-12) + 1
        const smallest = (diameter ?? problem.set.diameter) / Math.sqrt(width)
        const steps = Float64Array.from({ length: count }, (_, i) => smallest * 2 ** i)
        return {
          ...ensembleState(problem, start, steps),
          centred: new Float64Array(count),
          reference: start.slice(),
          own: new Float64Array(start.length),
        }
      },

      step: (problem, state, context) =>
        playRound(problem, state, context, update, gradientBound ?? problem.constants?.gradientBound),
      measure: (state) => ({ ...onlineMeasures(state), variation: state.variation, ...favourite(state) }),
      solution: (state) => state.x,
    }
  },
})
