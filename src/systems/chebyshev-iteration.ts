import { InvalidInputError, positive } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { type LinearSystemProblem, settle } from './linear-system.ts'
import { spectrumOf } from './spectra.ts'
import { advance, type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface ChebyshevIterationOptions {
  /** a, a lower bound on the eigenvalues, > 0. Default: estimated by Lanczos. */
  smallest?: number
  /** b, an upper bound on the eigenvalues, > smallest. Default: estimated by Lanczos, with its error bound added. */
  largest?: number
}

interface ChebyshevState extends SystemState {
  direction: Float64Array
  product: Float64Array
  /** a and b. */
  smallest: number
  largest: number
  /** rho_k of the three-term recurrence. */
  rho: number
}

/**
 * Chebyshev iteration for A x = b, A symmetric positive definite with eigenvalues in [a, b]: the residual polynomial is the
 * Chebyshev polynomial scaled to [a, b], so that ||r_k|| <= ||r_0|| / T_k((b + a) / (b - a)), and no inner products are needed.
 * One product per iteration, memory 4n. Diverges if an eigenvalue exceeds b noticeably.
 *
 * @throws {OptionError} if a bound is not > 0
 * @throws {InvalidInputError} from the run if smallest >= largest
 * @see Golub and Varga, Numerische Mathematik 3 (1961); Saad (2003), Algorithm 12.1
 */
export const chebyshevIteration = defineMethod<LinearSystemProblem, ChebyshevIterationOptions, ChebyshevState>()({
  slug: 'chebyshev-iteration',
  title: 'Chebyshev iteration',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'Needs bounds on the spectrum instead of inner products; good where those are expensive.',
  formulae: [
    {
      tex: String.raw`\|r_k\| \le \frac{\|r_0\|}{T_k\!\left( \frac{b + a}{b - a} \right)}`,
      meaning: "The residual polynomial is Chebyshev's, scaled to the interval [a, b] of the eigenvalues.",
    },
  ],
  source: {
    authors: 'Golub and Varga',
    title:
      'Chebyshev semi-iterative methods, successive overrelaxation iterative methods, and second order Richardson iterative methods',
    year: 1961,
    venue: 'Numerische Mathematik 3',
  },
  requires: ['symmetric', 'positive-definite'],
  options: {
    smallest: positive<number | undefined>(undefined, 'smallest eigenvalue'),
    largest: positive<number | undefined>(undefined, 'largest eigenvalue'),
  },

  create: ({ smallest: givenSmallest, largest: givenLargest }) => ({
    start(problem, context) {
      const { start } = context
      const base = systemState(problem, start)
      let smallest = givenSmallest
      let largest = givenLargest
      if (smallest === undefined || largest === undefined) {
        const estimate = spectrumOf(problem)
        smallest ??= estimate.smallest
        // No eigenvalue exceeds the largest absolute row sum.
        const bound = problem.matrixNorm > 0 ? problem.matrixNorm : Infinity
        largest ??= Math.min(estimate.largest + estimate.uncertainty, bound)
      }
      if (smallest >= largest && givenSmallest !== undefined && givenLargest !== undefined) {
        throw new InvalidInputError(`chebyshev-iteration: smallest = ${smallest} must be below largest = ${largest}`, {
          argument: 'smallest',
          expected: `a number < ${largest}`,
          received: String(smallest),
        })
      }
      const middle = 0.5 * (smallest + largest)
      const direction = base.residual.map((r) => r / middle)
      const rho = (largest - smallest) / (largest + smallest)
      return { ...base, direction, product: new Float64Array(start.length), smallest, largest, rho }
    },

    step(problem, state, context) {
      const home = context.scratch(() => settle(problem, state, 4))
      const { residual, direction, product, smallest, largest } = state
      if (!Number.isFinite(largest - smallest)) return 'diverged'
      const short = (x: number): string => String(Number(x.toPrecision(4)))
      if (givenSmallest === undefined || givenLargest === undefined) {
        context.note(`eigenvalues taken to lie in [${short(smallest)}, ${short(largest)}]`)
      }
      if (smallest <= 0) {
        return {
          outcome: 'stalled',
          reason: `the spectrum seems to reach ${short(smallest)}: the matrix is not positive definite; use minres`,
        }
      }
      const n = residual.length
      home.multiply(direction, product)
      let squared = 0
      for (let i = 0; i < n; i++) {
        const r = residual[i] - product[i]
        squared += r * r
        product[i] = r
      }
      if (!advance(problem, state, direction, 1, Math.sqrt(squared))) return 'diverged'
      state.residual = product
      state.product = residual
      const middle = 0.5 * (largest + smallest)
      const half = 0.5 * (largest - smallest)
      // rho_{k+1} = 1 / (2 sigma - rho_k), sigma = middle / half, written so that half = 0 is Richardson's method.
      const next = half / (2 * middle - half * state.rho)
      const fresh = 2 / (2 * middle - half * state.rho)
      for (let i = 0; i < n; i++) direction[i] = next * state.rho * direction[i] + fresh * product[i]
      state.rho = next
    },

    measure: systemMeasures,
    solution: (state) => state.x,
  }),
})
