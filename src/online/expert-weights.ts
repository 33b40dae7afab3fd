import { portableExp } from '../base/index.ts'

/**
 * Writes p_i proportional to exp(-rate * losses_i), rate >= 0. The smallest loss is taken off first, so that nothing overflows
 * and adding a number to all losses changes nothing but rounding.
 */
export function exponentialWeights(losses: Float64Array, rate: number, out: Float64Array): void {
  let least = Infinity
  for (const loss of losses) least = Math.min(least, loss)
  let sum = 0
  for (let i = 0; i < losses.length; i++) {
    // Weights below 1e-300 count for nothing, and subnormal numbers are slow.
    out[i] = portableExp(-Math.min(rate * (losses[i] - least), 690))
    sum += out[i]
  }
  for (let i = 0; i < losses.length; i++) out[i] /= sum
}

/** Writes sum_i weights_i row_i of `rows` [weights.length, n]. */
export function mixture(weights: Float64Array, rows: Float64Array, out: Float64Array): void {
  const n = out.length
  out.fill(0)
  for (let i = 0; i < weights.length; i++) for (let j = 0; j < n; j++) out[j] += weights[i] * rows[i * n + j]
}
