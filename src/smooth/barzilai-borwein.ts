import { choice, integer, within } from '../base/index.ts'
import { defineMethod, type PreparedSmoothProblem } from '../solver/index.ts'
import type { SearchState } from './line-search.ts'
import { commit, smoothState } from './smooth-state.ts'

export interface BarzilaiBorweinOptions {
  /** Which step: `'long'` <s,s>/<s,y>, `'short'` <s,y>/<y,y>, `'alternating'` one after the other. Default `'alternating'`. */
  stepRule?: 'long' | 'short' | 'alternating'
  /** A step must improve on the largest of this many last values, >= 1; 1 makes f decrease monotonically. Default 10. */
  window?: number
  /** Sufficient-decrease constant c1 in (0, 1). Default 1e-4. */
  sufficientDecrease?: number
}

interface BarzilaiBorweinState extends SearchState {
  direction: Float64Array
  /** The step for the next first trial. */
  step: number
  /** The last values of f as a ring, and how many there are. */
  values: Float64Array
  count: number
  best: Float64Array
  bestValue: number
  bestGradientNorm: number
}

const FIRST_MOVE = 0.01
const SMALLEST_STEP = 1e-30
const LARGEST_STEP = 1e30
/** Values within this relative distance count as equal: then the smaller gradient is the better point. */
const VALUE_NOISE = 1e-14

/**
 * Barzilai-Borwein gradient method with the nonmonotone line search of Grippo, Lampariello and Lucidi, for smooth f: R^n -> R,
 * optionally over a box (then known as the spectral projected gradient method).
 *
 * x+ = x + t d with d = P(x - a g) - x, where P projects onto the box (d = -a g without one), a fits a multiple of the identity to
 * the last change of the gradient, and t starts at 1 and is shortened by quadratic interpolation until
 * f(x+) <= max of the last `window` values + c1 t <g, d>. f goes up and down on the way; the solution is the best point so far
 * (of equal values, up to rounding, the one with the smallest gradient). About one value and gradient per iteration, memory 6n.
 *
 * Measures: those of the best point, `currentObjective` (f of the last iterate), `step`.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Raydan, The Barzilai and Borwein gradient method for the large scale unconstrained minimization problem, SIAM J. Optim. 7
 *   (1997); Birgin, Martinez and Raydan, Nonmonotone spectral projected gradient methods on convex sets, SIAM J. Optim. 10
 *   (2000), Algorithm 2.2 (SPG2)
 */
export const barzilaiBorwein = defineMethod<PreparedSmoothProblem, BarzilaiBorweinOptions, BarzilaiBorweinState>()({
  slug: 'barzilai-borwein',
  title: 'Barzilai-Borwein',
  room: 'smooth',
  problemClass: 'smooth',
  summary: 'Gradient steps of a length that imitates Newton, with or without bounds on the variables.',
  formulae: [
    {
      tex: String.raw`x_{k+1} = x_k - \alpha_k \nabla f(x_k), \qquad \alpha_k = \frac{s^\top s}{s^\top y}`,
      meaning: 'The step length comes from the last step s and the change y of the gradient along it.',
    },
    {
      tex: String.raw`f(x_{k+1}) \le \max_{j < M} f(x_{k-j}) - c_1\, \alpha_k \|\nabla f(x_k)\|^2`,
      meaning: 'f need not fall in every step, only below the worst of the last few.',
    },
  ],
  source: {
    authors: 'Jonathan Barzilai, Jonathan M. Borwein',
    title: 'Two-Point Step Size Gradient Methods',
    year: 1988,
    venue: 'IMA Journal of Numerical Analysis 8',
  },
  requires: ['gradient'],
  handles: ['bounds'],
  options: {
    stepRule: choice(['long', 'short', 'alternating'], 'alternating', 'step rule'),
    window: integer(10, 'values looked back on', { min: 1, max: 10_000 }),
    sufficientDecrease: within(0, 1, 1e-4, 'sufficient decrease c1'),
  },

  create: ({ stepRule, window, sufficientDecrease }) => ({
    start: (problem, { start }) => {
      const state = smoothState(problem, start)
      const n = start.length
      const values = new Float64Array(window)
      values[0] = state.value
      let size = 0
      for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(start[i]))
      const move = FIRST_MOVE * (size > 0 ? size : 1)
      return {
        ...state,
        trial: new Float64Array(n),
        trialGradient: new Float64Array(n),
        direction: new Float64Array(n),
        step: state.gradientNorm > 0 ? clamp(move / state.gradientNorm) : 1,
        values,
        count: 1,
        best: start.slice(),
        bestValue: state.value,
        bestGradientNorm: state.gradientNorm,
      }
    },

    step(problem, state) {
      const { x, gradient, trial, value, values, direction } = state
      const { lower, upper } = problem
      const n = x.length
      let slope = 0
      for (let i = 0; i < n; i++) {
        let to = x[i] - state.step * gradient[i]
        if (lower && to < lower[i]) to = lower[i]
        if (upper && to > upper[i]) to = upper[i]
        direction[i] = to - x[i]
        slope += gradient[i] * direction[i]
      }
      let reference = -Infinity
      for (let k = 0; k < Math.min(state.count, window); k++) reference = Math.max(reference, values[k])
      reference += Number.EPSILON * Math.abs(reference)

      let t = 1
      let trialValue: number
      for (;;) {
        let moved = false
        for (let i = 0; i < n; i++) {
          // Rounding must not carry the sum over a bound.
          let to = x[i] + t * direction[i]
          if (lower && to < lower[i]) to = lower[i]
          if (upper && to > upper[i]) to = upper[i]
          trial[i] = to
          moved ||= to !== x[i]
        }
        if (!moved) return { outcome: 'stalled', reason: 'no step along the negative gradient is acceptable' }
        trialValue = problem.valueAndGradient(trial, state.trialGradient)
        if (trialValue <= reference + sufficientDecrease * t * slope && allFinite(state.trialGradient)) break
        // Minimizer of the parabola through f(x), the slope and the trial, safeguarded; NaN falls to the lower guard.
        const parabola = (-0.5 * t * t * slope) / (trialValue - value - t * slope)
        t = parabola > 0.1 * t ? Math.min(parabola, 0.5 * t) : 0.1 * t
      }

      const { trialGradient } = state
      let ss = 0
      let sy = 0
      let yy = 0
      for (let i = 0; i < n; i++) {
        const s = trial[i] - x[i]
        const y = trialGradient[i] - gradient[i]
        ss += s * s
        sy += s * y
        yy += y * y
      }
      if (!commit(problem, state, trialValue)) return 'stalled'
      state.step = clamp(sy > 0 ? chooseStep(stepRule, ss / sy, sy / yy, state.count) : 2 * t * state.step)
      values[state.count % window] = trialValue
      state.count++
      const noise = VALUE_NOISE * Math.abs(trialValue)
      if (
        trialValue < state.bestValue - noise ||
        (trialValue <= state.bestValue + noise && state.gradientNorm < state.bestGradientNorm)
      ) {
        state.best.set(state.x)
        state.bestValue = trialValue
        state.bestGradientNorm = state.gradientNorm
      }
    },

    measure: (state) => ({
      objective: state.bestValue,
      gradientNorm: state.bestGradientNorm,
      currentObjective: state.value,
      step: state.step,
    }),
    solution: (state) => state.best,
  }),
})

function clamp(step: number): number {
  return Math.min(Math.max(step, SMALLEST_STEP), LARGEST_STEP)
}

function allFinite(v: Float64Array): boolean {
  for (let i = 0; i < v.length; i++) if (!Number.isFinite(v[i])) return false
  return true
}

function chooseStep(
  rule: NonNullable<BarzilaiBorweinOptions['stepRule']>,
  long: number,
  short: number,
  count: number,
): number {
  if (rule === 'long') return long
  if (rule === 'short') return short
  return count % 2 === 1 ? long : short
}
