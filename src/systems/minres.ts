import { choice } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { LinearSystemProblem, PreparedLinearSystem } from './linear-system.ts'
import { type Preconditioner, preconditionerOf } from './preconditioners.ts'
import { advance, type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface MinresOptions {
  /** 'none' or 'jacobi' (the diagonal must then be positive). Default 'none'. */
  preconditioner?: 'none' | 'jacobi'
}

interface MinresState extends SystemState {
  /** The last two Lanczos vectors before normalisation, in the space of residuals: beta_k q_k and beta_{k-1} q_{k-1}. */
  lanczos: Float64Array
  previous: Float64Array
  /** M^-1 lanczos. */
  preconditioned: Float64Array
  /** v_k = M^-1 q_k and A v_k. */
  v: Float64Array
  product: Float64Array
  /** The last two search directions. */
  w: Float64Array
  wPrevious: Float64Array
  beta: number
  betaPrevious: number
  /** Entries of the QR factorization of the tridiagonal matrix, as Paige and Saunders name them. */
  deltaBar: number
  epsilon: number
  phiBar: number
  cosine: number
  sine: number
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function applied(preconditioner: Preconditioner | null, r: Float64Array, out: Float64Array): void {
  if (preconditioner === null) out.set(r)
  else preconditioner.apply(r, out)
}

/**
 * MINRES for A x = b, A symmetric, definite or not: the iterate minimises ||b - A x|| (in the norm of M^-1) over the Krylov space.
 * One product per iteration, memory 8n. For a singular but consistent system it finds a solution.
 *
 * The residual is updated by r_k = s_k^2 r_{k-1} - phibar_k c_k q_{k+1}, so that its 2-norm is known with any M.
 *
 * @throws {UnsupportedError} if A is not symmetric
 * @see Paige and Saunders, Solution of sparse indefinite systems of linear equations, SIAM Journal on Numerical Analysis 12
 *   (1975)
 */
export const minres = defineMethod<PreparedLinearSystem, MinresOptions, MinresState>()({
  slug: 'minres',
  title: 'MINRES',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'For symmetric systems that are not positive definite.',
  source: {
    authors: 'Paige and Saunders',
    title: 'Solution of sparse indefinite systems of linear equations',
    year: 1975,
    venue: 'SIAM Journal on Numerical Analysis 12',
  },
  requires: ['symmetric'],
  options: { preconditioner: choice(['none', 'jacobi'], 'none', 'preconditioner') },

  create({ preconditioner: name }) {
    const build = (problem: LinearSystemProblem) => (): Preconditioner | null =>
      name === 'none' || problem.matrix === undefined ? null : preconditionerOf(name, problem.matrix, 1)
    return {
      requires: name === 'none' ? [] : ['matrix', 'diagonal', 'positive-diagonal'],

      start(problem, context) {
        const base = systemState(problem, context.start)
        const n = context.start.length
        const lanczos = base.residual.slice()
        const preconditioned = new Float64Array(n)
        applied(context.scratch(build(problem)), lanczos, preconditioned)
        const beta = Math.sqrt(dot(lanczos, preconditioned))
        const zeros = (): Float64Array => new Float64Array(n)
        return {
          ...base,
          lanczos,
          preconditioned,
          beta,
          previous: zeros(),
          v: zeros(),
          product: zeros(),
          w: zeros(),
          wPrevious: zeros(),
          betaPrevious: 0,
          deltaBar: 0,
          epsilon: 0,
          phiBar: beta,
          cosine: -1,
          sine: 0,
        }
      },

      step(problem, state, context) {
        const { lanczos, previous, preconditioned, v, product, residual, beta } = state
        const n = v.length
        if (beta === 0) return { outcome: 'finished', reason: 'the Krylov space is exhausted' }
        for (let i = 0; i < n; i++) v[i] = preconditioned[i] / beta
        problem.multiply(v, product)
        const alpha = dot(v, product)
        if (!Number.isFinite(alpha)) return 'diverged'
        const fromPrevious = state.betaPrevious > 0 ? beta / state.betaPrevious : 0
        for (let i = 0; i < n; i++) product[i] -= (alpha / beta) * lanczos[i] + fromPrevious * previous[i]
        applied(context.scratch(build(problem)), product, preconditioned)
        const betaNext = Math.sqrt(Math.max(dot(product, preconditioned), 0))

        const oldEpsilon = state.epsilon
        const delta = state.cosine * state.deltaBar + state.sine * alpha
        const gammaBar = state.sine * state.deltaBar - state.cosine * alpha
        const gamma = Math.hypot(gammaBar, betaNext)
        if (gamma === 0) return { outcome: 'stalled', reason: 'the system is singular and inconsistent' }
        const cosine = gammaBar / gamma
        const sine = betaNext / gamma
        const phi = cosine * state.phiBar
        const phiBar = sine * state.phiBar

        // The direction replaces the older of the two kept.
        const w = state.wPrevious
        for (let i = 0; i < n; i++) w[i] = (v[i] - oldEpsilon * w[i] - delta * state.w[i]) / gamma
        const along = betaNext > 0 ? (phiBar * cosine) / betaNext : 0
        let squared = 0
        for (let i = 0; i < n; i++) {
          residual[i] = sine * sine * residual[i] - along * product[i]
          squared += residual[i] * residual[i]
        }
        if (!advance(problem, state, w, phi, Math.sqrt(squared))) return 'diverged'
        state.wPrevious = state.w
        state.w = w
        state.product = previous
        state.previous = lanczos
        state.lanczos = product
        state.betaPrevious = beta
        state.beta = betaNext
        state.epsilon = state.sine * betaNext
        state.deltaBar = -state.cosine * betaNext
        state.phiBar = phiBar
        state.cosine = cosine
        state.sine = sine
      },

      measure: systemMeasures,
      solution: (state) => state.x,
    }
  },
})
