import { choice, type OptionSpec, within } from '../base/index.ts'
import type { CsrMatrix } from '../linalg/index.ts'
import { incompleteCholesky } from './incomplete-cholesky.ts'
import { incompleteLu } from './incomplete-lu.ts'
import type { Preconditioner } from './preconditioner.ts'
import { diagonalOf, sweepStructure } from './sparse.ts'
import { applySsor } from './sweeps.ts'

/** M = D, the diagonal of A. @throws {UnsupportedError} if a diagonal entry is 0 */
export function jacobiPreconditioner(matrix: CsrMatrix): Preconditioner {
  sweepStructure(matrix)
  const inverse = diagonalOf(matrix)
  for (let i = 0; i < inverse.length; i++) inverse[i] = 1 / inverse[i]
  return {
    name: 'jacobi',
    apply(r, out) {
      for (let i = 0; i < inverse.length; i++) out[i] = inverse[i] * r[i]
    },
  }
}

/**
 * M = (D + omega L) D^-1 (D + omega L)^T / (omega (2 - omega)) for symmetric A = L + D + L^T: positive definite if A is and 0 <
 * omega < 2. Applying its inverse costs one product; there is no set-up.
 */
export function ssorPreconditioner(matrix: CsrMatrix, omega = 1): Preconditioner {
  const structure = sweepStructure(matrix)
  return { name: 'ssor', apply: (r, out) => applySsor(structure, omega, r, out) }
}

/** Words for the preconditioners of symmetric positive definite systems. */
export const symmetricPreconditioners = ['none', 'jacobi', 'ssor', 'incomplete-cholesky'] as const
/** Words for the preconditioners of general systems. */
export const generalPreconditioners = ['none', 'jacobi', 'incomplete-lu'] as const

export type PreconditionerName = (typeof symmetricPreconditioners)[number] | (typeof generalPreconditioners)[number]

/** Builds the preconditioner called `name`; null for 'none'. */
export function preconditionerOf(name: PreconditionerName, matrix: CsrMatrix, omega: number): Preconditioner | null {
  switch (name) {
    case 'none':
      return null
    case 'jacobi':
      return jacobiPreconditioner(matrix)
    case 'ssor':
      return ssorPreconditioner(matrix, omega)
    case 'incomplete-cholesky':
      return incompleteCholesky(matrix)
    case 'incomplete-lu':
      return incompleteLu(matrix)
  }
}

export const symmetricPreconditionerSpec: OptionSpec<(typeof symmetricPreconditioners)[number]> = choice(
  symmetricPreconditioners,
  'none',
  'preconditioner',
)
export const generalPreconditionerSpec: OptionSpec<(typeof generalPreconditioners)[number]> = choice(
  generalPreconditioners,
  'none',
  'preconditioner',
)
export const ssorOmegaSpec: OptionSpec<number> = within(0, 2, 1, 'relaxation of the SSOR preconditioner')

/** A breakdown as the reason why a method cannot go on. */
export function breakdownReason({ name, breakdown }: Preconditioner): string {
  return `the ${name} factorization broke down in row ${breakdown?.row} (pivot ${breakdown?.pivot}); use another preconditioner`
}
