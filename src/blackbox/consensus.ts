import { portableExp } from '../base/index.ts'
/**
 * The consensus point of an ensemble, `xa = sum_i w_i X^i / sum_i w_i` with `w_i = exp(-alpha (E(X^i) - min E))`.
 *
 * The shift by the minimum changes nothing but keeps the weights from underflowing; the sum is taken relative to the best
 * particle, so that a coordinate that all particles share comes out exactly. Particles whose value is not finite have weight
 * 0. `alpha = 0` gives the mean, `alpha = Infinity` the mean of the best particles.
 *
 * @param points [count, n] row-major, starting at row `first`
 * @param values length at least `first + count`
 * @param alpha in [0, Infinity]
 * @param out length n, written
 * @param rows if given, the rows to use: `rows[first .. first + count - 1]` instead of `first .. first + count - 1`
 * @returns the effective sample size `(sum w)^2 / sum w^2` in [1, count], or 0 (and `out` unchanged) if no value is finite
 * @see Riedl, Klock, Geldhauser and Fornasier (2023), arXiv 2306.09778, Eq. (3); Pinnau, Totzeck, Tse and Martin (2017)
 */
export function consensusPoint(
  points: Float64Array,
  values: Float64Array,
  count: number,
  alpha: number,
  out: Float64Array,
  first = 0,
  rows?: Int32Array,
): number {
  const n = out.length
  let best = -1
  let lowest = Infinity
  for (let k = first; k < first + count; k++) {
    const i = rows === undefined ? k : rows[k]
    const value = values[i]
    if (value < lowest && value !== -Infinity) {
      lowest = value
      best = i
    }
  }
  if (best < 0) return 0
  const origin = best * n
  let total = 0
  let squares = 0
  out.fill(0)
  for (let k = first; k < first + count; k++) {
    const i = rows === undefined ? k : rows[k]
    const gap = values[i] - lowest
    if (!(values[i] < Infinity) || values[i] === -Infinity) continue
    const weight = gap === 0 || alpha === 0 ? 1 : portableExp(-alpha * gap)
    if (weight === 0) continue
    total += weight
    squares += weight * weight
    const offset = i * n
    for (let j = 0; j < n; j++) out[j] += weight * (points[offset + j] - points[origin + j])
  }
  const scale = 1 / total
  for (let j = 0; j < n; j++) out[j] = points[origin + j] + out[j] * scale
  return (total * total) / squares
}

/**
 * Spread of an ensemble: `distance = sqrt(1/N sum |X^i - centre|^2)` and `variance = 1/(nN) sum |X^i - mean|^2`.
 *
 * @param mean length n, work, written with the mean
 */
export function ensembleSpread(
  points: Float64Array,
  count: number,
  centre: Float64Array,
  mean: Float64Array,
): { distance: number; variance: number } {
  const n = centre.length
  mean.fill(0)
  let squares = 0
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = 0; j < n; j++, at++) {
      const d = points[at] - centre[j]
      mean[j] += d
      squares += d * d
    }
  }
  const second = squares / count
  let offset = 0
  for (let j = 0; j < n; j++) {
    mean[j] /= count
    offset += mean[j] * mean[j]
  }
  // Around the consensus point the mean square is smallest at the mean: second moment minus the offset squared.
  let variance = (second - offset) / n
  if (variance < 1e-8 * second) {
    let exact = 0
    for (let i = 0, at = 0; i < count; i++) {
      for (let j = 0; j < n; j++, at++) {
        const d = points[at] - centre[j] - mean[j]
        exact += d * d
      }
    }
    variance = exact / (n * count)
  }
  for (let j = 0; j < n; j++) mean[j] += centre[j]
  return { distance: Math.sqrt(second), variance }
}
