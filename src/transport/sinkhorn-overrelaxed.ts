import { between, choice, portablePow } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { entropicMeasures, entropicSolution } from './entropic-state.ts'
import { type ScalingState, scalingOrLogStep, scalingScratch, scalingStart } from './scaling-step.ts'
import type { TransportProblem } from './transport-data.ts'

export interface SinkhornOverrelaxedOptions {
  /** Relaxation omega in [1, 1.99]; 1 is plain Sinkhorn. Default: adapted to the rate observed. */
  relaxation?: number
  /** `log`: soft minima in every iteration. `auto`: scale a stored kernel where that is safe. Default `auto`. */
  domain?: 'auto' | 'log'
}

interface OverrelaxedState extends ScalingState {
  /** The relaxation in use. */
  omega: number
  /** Iterations still to be done without relaxation, and how many the next fall of the dual objective asks for. */
  plain: number
  penalty: number
  /** The rate is measured over windows: where the present one began, and the marginal error there. */
  windowStart: number
  windowError: number
  /** Iterations done. */
  count: number
}

/** Plain iterations before the first look at the rate, and iterations between later ones. */
const FIRST_WINDOW = 4
const WINDOW = 8
const LARGEST = 1.98

/**
 * Over-relaxed Sinkhorn: each half-step goes omega times as far as the exact fit, u <- u (a / (u o K v))^omega. Near the
 * solution Sinkhorn is a linear block Gauss-Seidel iteration with some rate theta, and the best omega,
 * 2 / (1 + sqrt(1 - theta)), turns that into the rate omega - 1: about the square root of the iterations.
 *
 * theta is estimated from the rate at which the marginal error falls (with omega in force, by Young's relation
 * (rate + omega - 1)^2 = rate omega^2 theta), every 8 iterations. Far from the solution over-relaxation may lower the dual
 * objective; whenever it does, plain iterations follow (2, then 4, 8, ...), which always raise it. Scales a stored kernel or
 * works in the log domain, as `sinkhorn` does.
 *
 * @throws {OptionError} if `relaxation` lies outside [1, 1.99]
 * @see Thibault, Chizat, Dossal and Papadakis, Overrelaxed Sinkhorn-Knopp algorithm for regularized optimal transport (2021)
 * @see Lehmann, von Renesse, Sambale and Uschmajew, A note on overrelaxation in the Sinkhorn algorithm (2022), for the best omega
 */
export const sinkhornOverrelaxed = defineMethod<TransportProblem, SinkhornOverrelaxedOptions, OverrelaxedState>()({
  slug: 'sinkhorn-overrelaxed',
  title: 'Over-relaxed Sinkhorn',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Sinkhorn with longer half-steps: about the square root of the iterations at the same cost per iteration.',
  formulae: [
    {
      tex: String.raw`u \leftarrow u \left( \frac{a}{u \circ K v} \right)^{\!\omega}`,
      meaning: 'Each half-step goes omega times as far as the exact fit.',
    },
    {
      tex: String.raw`\omega^* = \frac{2}{1 + \sqrt{1 - \theta}}`,
      meaning: 'The best omega, from the rate theta of the plain iteration, estimated on the way.',
    },
  ],
  source: {
    authors: 'Alexis Thibault, Lénaïc Chizat, Charles Dossal, Nicolas Papadakis',
    title: 'Overrelaxed Sinkhorn-Knopp Algorithm for Regularized Optimal Transport',
    year: 2021,
    venue: 'Algorithms',
    arxiv: '1711.01851',
  },
  options: {
    relaxation: between<number | undefined>(1, 1.99, undefined, 'relaxation omega'),
    domain: choice(['auto', 'log'], 'auto', 'domain'),
  },
  create: ({ relaxation, domain }) => ({
    start(problem, context) {
      const state = scalingStart(problem, context, scalingScratch(context), domain === 'log')
      return {
        ...state,
        omega: relaxation ?? 1,
        plain: 1,
        penalty: 2,
        windowStart: 1,
        windowError: NaN,
        count: 0,
      }
    },
    step(problem, state, context) {
      const before = state.dual
      const outcome = scalingOrLogStep(
        problem,
        state,
        scalingScratch(context),
        state.plain > 0 ? 1 : state.omega,
        domain === 'log',
      )
      if (outcome !== undefined) return outcome
      state.count++
      if (state.plain > 0) state.plain--
      else if (state.dual < before - 1e-13 * Math.abs(before)) {
        state.plain = state.penalty
        state.penalty = Math.min(1024, 2 * state.penalty)
        state.windowError = NaN
      }
      if (relaxation === undefined) adapt(state)
    },
    measure: (state) => ({ ...entropicMeasures(state), relaxation: state.omega }),
    solution: entropicSolution,
  }),
})

/** Raises omega to what the rate over the last window asks for. */
function adapt(state: OverrelaxedState): void {
  const { count, omega, marginalError } = state
  if (Number.isNaN(state.windowError)) {
    // A window begins once the relaxation in force is the one to be judged.
    if (state.plain > 0 && omega > 1) return
    state.windowStart = count
    state.windowError = marginalError
    return
  }
  const length = count - state.windowStart
  if (length < (omega === 1 ? FIRST_WINDOW : WINDOW)) return
  const rate = portablePow(marginalError / state.windowError, 1 / length)
  state.windowStart = count
  state.windowError = marginalError
  if (!(rate > 0 && rate < 1)) return
  const theta = Math.min(1 - 1e-6, (rate + omega - 1) ** 2 / (rate * omega * omega))
  // Below the best omega the rate is slower than omega - 1; above it, it is omega - 1 whatever theta is.
  if (rate > omega - 1 + 0.02) {
    const best = Math.min(LARGEST, 2 / (1 + Math.sqrt(1 - theta)))
    if (best > omega) {
      state.omega = best
      state.windowError = NaN
    }
  }
}
