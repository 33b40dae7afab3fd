import { describe, InvalidInputError, portableLog, portableLog1p, portablePow, RandomStream } from '../base/index.ts'
import { type CsrMatrix, csrMultiply } from '../linalg/index.ts'
import { sweepStructure } from './sparse.ts'
import { relaxationRadius } from './spectra.ts'
import { backwardSweep, forwardSweep } from './sweeps.ts'

/**
 * The norm ||C^k||_2 of a power of SOR's defect matrix C = I - A (D / omega + L)^-1, by the power method on C^kT C^k. For
 * symmetric A.
 *
 * @param k the power, an integer >= 1
 * @param rounds of the power method, each of 2 k sweeps. Default 30.
 */
function powerNorm(matrix: CsrMatrix, omega: number, k: number, rounds = 30): number {
  const structure = sweepStructure(matrix)
  const n = matrix.rows
  const random = RandomStream.fromSeed(1).split('power-norm')
  const r = random.fillNormal(new Float64Array(n))
  const delta = new Float64Array(n)
  const product = new Float64Array(n)
  let norm = 0
  for (let round = 0; round < rounds; round++) {
    let squared = 0
    for (let i = 0; i < n; i++) squared += r[i] * r[i]
    const scale = 1 / Math.sqrt(squared)
    for (let i = 0; i < n; i++) r[i] *= scale
    let after = 0
    for (let step = 0; step < k; step++) after = forwardSweep(structure, omega, r, delta)
    norm = Math.sqrt(after)
    if (norm === 0) return 0
    // C^T r = r - (D / omega + U)^-1 A r: the step, not the residual, of a backward sweep on A r.
    for (let step = 0; step < k; step++) {
      csrMultiply(matrix, r, product)
      backwardSweep(structure, omega, product, delta)
      for (let i = 0; i < n; i++) r[i] -= delta[i]
    }
  }
  return norm
}

/**
 * tau of the near-asymptotic bound: the smallest value >= 0 with ||C^k||^(1/k) <= rho + tau (1 - rho), where C is SOR's defect
 * matrix with spectral radius rho, for symmetric, consistently ordered A with Jacobi radius beta.
 *
 * @param k the number of iterations minus 1, an integer >= 1
 */
export function asymptoticTau(matrix: CsrMatrix, omega: number, beta: number, k: number): number {
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new InvalidInputError(`asymptoticTau: k must be an integer >= 1, got ${describe(k)}`, {
      argument: 'k',
      expected: 'an integer >= 1',
      received: describe(k),
    })
  }
  const rho = relaxationRadius(omega, beta)
  return Math.max((portablePow(powerNorm(matrix, omega, k), 1 / k) - rho) / (1 - rho), 0)
}

/**
 * U(omega) = 1 + ln eps / ln(rho + tau (1 - rho)): an upper bound on SOR's iterations to reduce the residual by eps.
 *
 * @param beta Jacobi radius in [0, 1), of a consistently ordered matrix
 * @param tau how far from asymptotic the convergence is, in [0, 1); see `asymptoticTau`
 * @see Khodak, Chow, Balcan and Talwalkar, Learning to Relax, ICLR 2024, Section 2.1
 */
export function relaxationBound(omega: number, beta: number, tau: number, tolerance = 1e-8): number {
  const rho = relaxationRadius(omega, beta)
  return 1 + portableLog(tolerance) / portableLog(rho + tau * (1 - rho))
}

/**
 * An upper bound on the iterations of SSOR-preconditioned conjugate gradients: 1 + tau ln(sqrt(kappa) / eps + sqrt(kappa / eps^2 -
 * 1)) / -ln(1 - 2 / (1 + sqrt(1 / I(omega)))) with I(omega) = (2 - omega) / (1 + (2 - omega)^2 / (4 omega) mu + omega nu), the
 * bound on the inverse condition number of the preconditioned matrix.
 *
 * @param parts.mu the largest eigenvalue of D A^-1
 * @param parts.nu the largest eigenvalue of (L D^-1 L^T - D / 4) A^-1
 * @param parts.kappa the condition number of A
 * @param parts.tau in (0, 1], fitted. Default 1.
 * @see Khodak et al., Learning to Relax, ICLR 2024, Section 3; Axelsson, Iterative Solution Methods (1994), Theorem 7.17
 */
export function ssorCgBound(
  omega: number,
  {
    mu,
    nu,
    kappa,
    tau = 1,
    tolerance = 1e-8,
  }: { mu: number; nu: number; kappa: number; tau?: number; tolerance?: number },
): number {
  const inverse = (2 - omega) / (1 + ((2 - omega) ** 2 / (4 * omega)) * mu + omega * nu)
  const ratio = Math.sqrt(kappa) / tolerance
  const rate = -portableLog1p(-2 / (1 + Math.sqrt(1 / inverse)))
  return 1 + (tau * portableLog(ratio + Math.sqrt(ratio * ratio - 1))) / rate
}
