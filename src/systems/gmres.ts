import { integer, portableHypot } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { PreparedLinearSystem } from './linear-system.ts'
import { residualOf } from './linear-system.ts'
import type { Preconditioner } from './preconditioner.ts'
import {
  breakdownReason,
  generalPreconditionerSpec,
  type generalPreconditioners,
  preconditionerOf,
} from './preconditioners.ts'
import { type SystemState, systemMeasures, systemState } from './system-state.ts'

export interface GmresOptions {
  /** m: steps before a restart, an integer in [1, 1000]. Default 30. */
  restart?: number
  /** 'none', 'jacobi' or 'incomplete-lu', applied from the right. Default 'none'. */
  preconditioner?: (typeof generalPreconditioners)[number]
}

interface GmresState extends SystemState {
  /** Orthonormal basis v_0 .. v_k of the Krylov space, m + 1 rows of n. */
  basis: Float64Array
  /** M^-1 v_0 .. M^-1 v_{k-1}, m rows of n; empty without a preconditioner. */
  directions: Float64Array
  /** R of the QR factorization of the Hessenberg matrix: column j in entries j*m .. j*m + j. */
  triangle: Float64Array
  cosines: Float64Array
  sines: Float64Array
  /** The rotated right-hand side, length m + 1. */
  rotated: Float64Array
  /** k, steps since the restart. */
  steps: number
  /** Writable copy for the iterate of a restart. */
  trial: Float64Array
  work: Float64Array
}

/** Writes x + M^-1 V y with R y = g, the iterate of the current cycle. */
function assemble(state: GmresState, out: Float64Array): Float64Array {
  const { x, basis, directions, triangle, rotated, steps } = state
  const n = x.length
  const m = state.cosines.length
  const y = rotated.slice(0, steps)
  for (let i = steps - 1; i >= 0; i--) {
    for (let j = i + 1; j < steps; j++) y[i] -= triangle[j * m + i] * y[j]
    y[i] /= triangle[i * m + i]
  }
  const space = directions.length > 0 ? directions : basis
  out.set(x)
  for (let j = 0; j < steps; j++) for (let i = 0; i < n; i++) out[i] += y[j] * space[j * n + i]
  return out
}

/** Begins a cycle at x with the residual that the state holds. */
function beginCycle(state: GmresState): void {
  const { residual, residualNorm, basis, rotated } = state
  for (let i = 0; i < residual.length; i++) basis[i] = residual[i] / residualNorm
  rotated.fill(0)
  rotated[0] = residualNorm
  state.steps = 0
}

/**
 * GMRES(m) for A x = b with any invertible A: the iterate minimises ||b - A x||_2 over the Krylov space of A M^-1 since the last
 * restart. One product and, on average, m/2 inner products per iteration; memory (2 m + 5) n with a preconditioner, (m + 5) n
 * without. The preconditioner stands on the right, so that the norm minimised is that of the true residual.
 *
 * @throws {UnsupportedError} if the problem is an operator while M needs entries, or a diagonal entry is 0
 * @see Saad and Schultz, GMRES: a generalized minimal residual algorithm for solving nonsymmetric linear systems, SIAM Journal on
 *   Scientific and Statistical Computing 7 (1986); Saad (2003), Algorithm 9.5
 */
export const gmres = defineMethod<PreparedLinearSystem, GmresOptions, GmresState>()({
  slug: 'gmres',
  title: 'GMRES',
  room: 'systems',
  problemClass: 'linear-system',
  summary: 'For any invertible matrix, symmetric or not; memory grows until it restarts.',
  formulae: [
    {
      tex: String.raw`x_k = \operatorname*{arg\,min}_{x \in x_0 + \mathcal K_k(A, r_0)} \|b - A x\|`,
      meaning: 'The smallest residual in the Krylov space, for any A.',
    },
    {
      tex: String.raw`A V_k = V_{k+1} \bar H_k`,
      meaning: "From Arnoldi's orthonormal basis, which must be kept.",
    },
  ],
  source: {
    authors: 'Saad and Schultz',
    title: 'GMRES: a generalized minimal residual algorithm for solving nonsymmetric linear systems',
    year: 1986,
    venue: 'SIAM Journal on Scientific and Statistical Computing 7',
  },
  options: {
    restart: integer(30, 'steps before a restart', { min: 1, max: 1000 }),
    preconditioner: generalPreconditionerSpec,
  },

  create({ restart, preconditioner: name }) {
    const build = (problem: PreparedLinearSystem) => (): Preconditioner | null =>
      name === 'none' ? null : preconditionerOf(name, problem.matrix, 1)
    return {
      requires: name === 'none' ? [] : ['matrix', 'diagonal'],

      start(problem, { start }) {
        const base = systemState(problem, start)
        const n = start.length
        const m = Math.min(restart, n)
        const state: GmresState = {
          ...base,
          basis: new Float64Array((m + 1) * n),
          directions: new Float64Array(name === 'none' ? 0 : m * n),
          triangle: new Float64Array(m * m),
          cosines: new Float64Array(m),
          sines: new Float64Array(m),
          rotated: new Float64Array(m + 1),
          steps: 0,
          trial: new Float64Array(n),
          work: new Float64Array(n),
        }
        beginCycle(state)
        return state
      },

      step(problem, state, context) {
        const preconditioner = context.scratch(build(problem))
        if (preconditioner?.breakdown) return { outcome: 'stalled', reason: breakdownReason(preconditioner) }
        const { basis, directions, triangle, cosines, sines, rotated, work } = state
        const n = state.x.length
        const m = cosines.length
        if (state.residualNorm === 0) return { outcome: 'finished', reason: 'the residual is exactly 0' }

        if (state.steps === m || rotated[state.steps] === 0) {
          const trial = assemble(state, state.trial)
          const norm = residualOf(problem, trial, work)
          if (!Number.isFinite(norm)) return 'diverged'
          if (norm === 0 || (m === n && norm >= 0.5 * Math.abs(rotated[0]))) {
            return { outcome: 'stalled', reason: 'a full cycle no longer reduces the residual' }
          }
          state.trial = state.x
          state.x = trial
          state.residual.set(work)
          state.residualNorm = norm
          beginCycle(state)
        }

        const k = state.steps
        const v = basis.subarray(k * n, (k + 1) * n)
        const next = basis.subarray((k + 1) * n, (k + 2) * n)
        let direction = v
        if (preconditioner !== null) {
          direction = directions.subarray(k * n, (k + 1) * n)
          preconditioner.apply(v, direction)
        }
        problem.multiply(direction, work)
        // Modified Gram-Schmidt, twice, so that the basis stays orthogonal to rounding.
        const column = triangle.subarray(k * m, (k + 1) * m)
        column.fill(0)
        for (let pass = 0; pass < 2; pass++) {
          for (let j = 0; j <= k; j++) {
            const offset = j * n
            let inner = 0
            for (let i = 0; i < n; i++) inner += basis[offset + i] * work[i]
            for (let i = 0; i < n; i++) work[i] -= inner * basis[offset + i]
            column[j] += inner
          }
        }
        let squared = 0
        for (let i = 0; i < n; i++) squared += work[i] * work[i]
        const below = Math.sqrt(squared)
        if (!Number.isFinite(below)) return 'diverged'
        for (let i = 0; i < n; i++) next[i] = below > 0 ? work[i] / below : 0
        for (let j = 0; j < k; j++) {
          const a = column[j]
          column[j] = cosines[j] * a + sines[j] * column[j + 1]
          column[j + 1] = -sines[j] * a + cosines[j] * column[j + 1]
        }
        const radius = portableHypot(column[k], below)
        if (radius === 0) return { outcome: 'stalled', reason: 'the matrix is singular' }
        cosines[k] = column[k] / radius
        sines[k] = below / radius
        column[k] = radius
        rotated[k + 1] = -sines[k] * rotated[k]
        rotated[k] *= cosines[k]
        state.steps = k + 1
        state.residualNorm = Math.abs(rotated[k + 1])
        state.rounding = 4 * Number.EPSILON * problem.matrixNorm * Math.sqrt(squaredNorm(state.x) + 1)
      },

      measure: systemMeasures,
      solution: (state) => (state.steps === 0 ? state.x : assemble(state, new Float64Array(state.x.length))),
    }
  },
})

function squaredNorm(x: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i]
  return sum
}
