import type { Coupling } from './coupled-solver.ts'
import { collectLarge, collectLeading, countLeading, findBucket, quickselect } from './loops.ts'

/** Counts by leading 16 bits; one of the sign bit clear is enough for non-negative numbers. */
const counts = new Int32Array(32768)

/**
 * The k-th largest entry of non-negative numbers, exactly: a histogram over the leading 16 bits (which order non-negative
 * doubles) finds its bucket, quickselect its place there. Padding zeros sort last.
 */
export function kthLargest(values: Float64Array, k: number): number {
  const words = new Uint16Array(values.buffer, values.byteOffset, 4 * values.length)
  countLeading(words, counts)
  const bucket = findBucket(counts, k)
  if (bucket === 0) return 0
  let above = 0
  for (let b = bucket + 1; b < counts.length; b++) above += counts[b]
  const inside = new Float64Array(counts[bucket])
  collectLeading(words, values, bucket, inside)
  return quickselect(inside, k - above - 1)
}

/**
 * Keeps the `keep` largest entries of the plan [rows, stride], and all that tie with the smallest of them, up to the capacity
 * of `out` (integer costs make thousands of equal entries).
 *
 * @returns how many
 */
export function sparsify(
  plan: Float64Array,
  rows: number,
  columns: number,
  stride: number,
  keep: number,
  out: Coupling,
): number {
  const threshold = Math.max(keep >= rows * columns ? 0 : kthLargest(plan, keep), Number.MIN_VALUE)
  return collectLarge(plan, rows, columns, stride, threshold, out.offsets, out.columns, out.values)
}
