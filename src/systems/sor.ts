import type { OptionSpec } from '../base/index.ts'
import { type Context, defineMethod, type StepOutcome } from '../solver/index.ts'
import { type PreparedLinearSystem, settle } from './linear-system.ts'
import { jacobiRadius, optimalRelaxation } from './spectra.ts'
import { advance, type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface SorOptions {
  /**
   * Relaxation in (0, 2), or 'auto': the spectral radius of Jacobi's method is estimated by up to 300 products, and Young's
   * formula gives omega; 1 if that radius is not below 1. Default 'auto'.
   */
  omega?: number | 'auto'
}

interface SorState extends SystemState {
  omega: number
  /** How omega was chosen, in words; empty if it was given. */
  remark: string
  delta: Float64Array
}

interface SymmetricSorState extends SorState {
  backward: Float64Array
}

/** A relaxation parameter or the word `auto`. */
export const omegaSpec: OptionSpec<number | 'auto'> = {
  type: 'object',
  fallback: 'auto',
  label: 'relaxation',
  min: 0,
  max: 2,
  expected: "'auto' or a number in (0, 2)",
  accepts: (value): value is number | 'auto' =>
    value === 'auto' || (typeof value === 'number' && value > 0 && value < 2),
}

/** Sets omega from an estimate of the Jacobi radius, or to 1 where the formula does not hold. */
function estimateOmega(problem: PreparedLinearSystem, state: SorState, formula: (beta: number) => number): void {
  const beta = jacobiRadius(problem)
  state.omega = beta < 1 ? formula(beta) : 1
  const radius = Number(beta.toPrecision(6))
  state.remark =
    beta < 1
      ? `omega = ${Number(state.omega.toPrecision(6))} from an estimated Jacobi radius of ${radius}`
      : `the Jacobi radius is ${radius}, not below 1, so omega = 1 is used`
}

function relax(problem: PreparedLinearSystem, state: SorState, context: Context<Float64Array>): StepOutcome {
  if (state.remark !== '') context.note(state.remark)
  const home = context.scratch(() => settle(problem, state, 3))
  const squared = home.forwardSweep(state.omega, state.residual, state.delta)
  if (!advance(problem, state, state.delta, 1, Math.sqrt(squared))) return 'diverged'
}

function relaxedState(problem: PreparedLinearSystem, omega: number, start: Float64Array): SorState {
  return { ...systemState(problem, start), omega, remark: '', delta: new Float64Array(start.length) }
}

/**
 * Successive over-relaxation for A x = b: x <- x + (D / omega + L)^-1 (b - A x) for A = L + D + L^T or any A with nonzero
 * diagonal. Converges for 0 < omega < 2 if A is symmetric positive definite. The residual is updated along with the sweep, so
 * that an iteration costs one product.
 *
 * @throws {OptionError} if `omega` is neither 'auto' nor in (0, 2)
 * @throws {UnsupportedError} if a diagonal entry is 0 or the problem has no matrix
 * @see Young, Iterative Solution of Large Linear Systems (1971), Chapters 3 and 6
 */
export const sor = defineMethod<PreparedLinearSystem, SorOptions, SorState>()({
  slug: 'sor',
  title: 'Successive over-relaxation (SOR)',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'Gauss-Seidel with longer steps; fast when its relaxation parameter is right.',
  formulae: [
    {
      tex: String.raw`x \leftarrow x + \left( \tfrac1\omega D + L \right)^{-1} (b - A x)`,
      meaning: 'Gauss-Seidel, each step omega times as long.',
    },
    {
      tex: String.raw`\omega^* = \frac{2}{1 + \sqrt{1 - \beta^2}}`,
      meaning: "Young's best omega, from the spectral radius beta of Jacobi's iteration.",
    },
  ],
  source: { authors: 'Young', title: 'Iterative Solution of Large Linear Systems', year: 1971 },
  requires: ['matrix', 'diagonal'],
  options: { omega: omegaSpec },

  create: ({ omega }) => ({
    start(problem, context) {
      const state = relaxedState(problem, 1, context.start)
      if (omega === 'auto') estimateOmega(problem, state, optimalRelaxation)
      else state.omega = omega
      return state
    },
    step: relax,
    measure: systemMeasures,
    solution: (state) => state.x,
  }),
})

/**
 * Gauss-Seidel: SOR with omega = 1. Each unknown is set so that its equation holds, one after the other. Converges if A is
 * symmetric positive definite or strictly diagonally dominant.
 *
 * @throws {UnsupportedError} if a diagonal entry is 0 or the problem has no matrix
 * @see Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), Section 4.1
 */
export const gaussSeidel = defineMethod<PreparedLinearSystem, Record<never, never>, SorState>()({
  slug: 'gauss-seidel',
  title: 'Gauss-Seidel iteration',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'Corrects one unknown after the other, each with the newest values.',
  formulae: [
    {
      tex: String.raw`x_i \leftarrow \frac{1}{a_{ii}} \Bigl( b_i - \sum_{j \ne i} a_{ij} x_j \Bigr)`,
      meaning: 'Each equation is solved for its own unknown, with the newest values of the others.',
    },
  ],
  source: {
    authors: 'Saad',
    title: 'Iterative Methods for Sparse Linear Systems, 2nd ed.',
    year: 2003,
    venue: 'Section 4.1',
  },
  requires: ['matrix', 'diagonal'],
  options: {},

  create: () => ({
    start: (problem, { start }) => relaxedState(problem, 1, start),
    step: relax,
    measure: systemMeasures,
    solution: (state) => state.x,
  }),
})

/** Near-optimal omega of symmetric SOR, 2 / (1 + sqrt(2 (1 - beta))). */
const symmetricRelaxation = (beta: number): number => 2 / (1 + Math.sqrt(2 * (1 - beta)))

/**
 * Symmetric SOR as an iteration: a forward sweep, then a backward sweep, x <- x + W^-1 (b - A x) with W = omega / (2 - omega) (D
 * / omega + L) D^-1 (D / omega + L)^T. Less sensitive to omega than SOR and about as fast per sweep at omega = 1; two sweeps per
 * iteration.
 *
 * 'auto' takes omega = 2 / (1 + sqrt(2 (1 - beta))) from the Jacobi radius beta, which is close to optimal when the spectral
 * radius of L D^-1 U is at most 1/4, as for five-point Laplacians.
 *
 * @throws {UnsupportedError} if A is not symmetric, a diagonal entry is 0, or the problem has no matrix
 * @see Young, Iterative Solution of Large Linear Systems (1971), Chapter 15
 */
export const symmetricSor = defineMethod<PreparedLinearSystem, SorOptions, SymmetricSorState>()({
  slug: 'symmetric-sor',
  title: 'Symmetric SOR',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'A forward and a backward SOR sweep per iteration: not picky about its parameter.',
  formulae: [
    {
      tex: String.raw`x \leftarrow x + \omega (2 - \omega)\,(D + \omega L^\top)^{-1} D\, (D + \omega L)^{-1} (b - A x)`,
      meaning: 'A sweep forwards and one backwards, which keeps the iteration symmetric.',
    },
  ],
  source: { authors: 'Young', title: 'Iterative Solution of Large Linear Systems', year: 1971, venue: 'Chapter 15' },
  requires: ['matrix', 'diagonal', 'symmetric'],
  options: { omega: omegaSpec },

  create: ({ omega }) => ({
    start(problem, context) {
      const n = context.start.length
      const state = { ...relaxedState(problem, 1, context.start), backward: new Float64Array(n) }
      if (omega === 'auto') estimateOmega(problem, state, symmetricRelaxation)
      else state.omega = omega
      return state
    },

    step(problem, state, context) {
      if (state.remark !== '') context.note(state.remark)
      const home = context.scratch(() => settle(problem, state, 4))
      const { delta, backward, residual } = state
      home.forwardSweep(state.omega, residual, delta)
      const squared = home.backwardSweep(state.omega, residual, backward)
      // x moves only when both sweeps are done, so that a budget spent between them leaves a whole iterate.
      for (let i = 0; i < delta.length; i++) delta[i] += backward[i]
      if (!advance(problem, state, delta, 1, Math.sqrt(squared))) return 'diverged'
    },

    measure: systemMeasures,
    solution: (state) => state.x,
  }),
})
