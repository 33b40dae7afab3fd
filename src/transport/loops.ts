import { portableExp } from '../base/index.ts'
// The inner loops, on typed arrays alone: engines compile a small function of one kind of argument once and for all, while a
// loop inside a function that also meets changing objects is thrown away and compiled again and again.

/** sum_i x_i y_i over the length of y. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < y.length; i++) sum += x[i] * y[i]
  return sum
}

/** sum_i x_i over the first `count`. */
export function total(x: Float64Array, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += x[i]
  return sum
}

/** sum_i |x_i - y_i| over the length of y. */
export function distance(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < y.length; i++) sum += Math.abs(x[i] - y[i])
  return sum
}

/**
 * Row sums of the plan under `x`, where `softmin` holds the potentials that fit the rows to `a` exactly: a_i exp(eta (x_i -
 * softmin_i)), into `out`.
 */
export function rowSumsFrom(
  a: Float64Array,
  x: Float64Array,
  softmin: Float64Array,
  eta: number,
  out: Float64Array,
): void {
  for (let i = 0; i < a.length; i++) out[i] = a[i] * portableExp(eta * (x[i] - softmin[i]))
}

/** out_i = x_i - y_i over the length of x. */
export function subtract(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] - y[i]
}

/** out_i = x_i + alpha d_i. */
export function addScaled(x: Float64Array, alpha: number, d: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] + alpha * d[i]
}

/** out_i = x_i y_i over the length of y. */
export function multiply(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < y.length; i++) out[i] = x[i] * y[i]
}

/** out_i = x_i / y_i over the length of x. */
export function divide(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] / y[i]
}

/** Whether all of x lies in (low, high); false for NaN. */
export function liesWithin(x: Float64Array, low: number, high: number, count = x.length): boolean {
  for (let i = 0; i < count; i++) if (!(x[i] < high && x[i] > low)) return false
  return true
}

/** Whether |x_i - y_i| < limit for all i; false for NaN. */
export function closerThan(x: Float64Array, y: Float64Array, limit: number): boolean {
  for (let i = 0; i < x.length; i++) if (!(Math.abs(x[i] - y[i]) < limit)) return false
  return true
}

/** How many of the `words` (leading 16 bits of each double) fall into each bucket. */
export function countLeading(words: Uint16Array, counts: Int32Array): void {
  counts.fill(0)
  for (let p = 3; p < words.length; p += 4) counts[words[p] & 0x7fff]++
}

/** Collects the doubles of one bucket. @returns how many */
export function collectLeading(words: Uint16Array, values: Float64Array, bucket: number, out: Float64Array): number {
  let found = 0
  for (let p = 3, q = 0; p < words.length; p += 4, q++) if ((words[p] & 0x7fff) === bucket) out[found++] = values[q]
  return found
}

/** Compressed rows of the entries >= threshold, at most the capacity of `values`. @returns how many */
export function collectLarge(
  plan: Float64Array,
  rows: number,
  columns: number,
  stride: number,
  threshold: number,
  offsets: Int32Array,
  index: Int32Array,
  values: Float64Array,
): number {
  const capacity = values.length
  let count = 0
  for (let i = 0; i < rows; i++) {
    offsets[i] = count
    const at = i * stride
    for (let j = 0; j < columns; j++) {
      const p = plan[at + j]
      if (p >= threshold && count < capacity) {
        index[count] = j
        values[count++] = p
      }
    }
  }
  offsets[rows] = count
  return count
}

/** The highest bucket with at least k entries in it and above; 0 if there is none. */
export function findBucket(counts: Int32Array, k: number): number {
  let bucket = counts.length - 1
  let above = 0
  while (bucket > 0 && above + counts[bucket] < k) above += counts[bucket--]
  return bucket
}

/** The element at index k of the array sorted downwards; reorders the array. Median of three, Hoare's partition. */
export function quickselect(values: Float64Array, k: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const p = values[low]
    const q = values[(low + high) >> 1]
    const r = values[high]
    const pivot = Math.max(Math.min(p, q), Math.min(Math.max(p, q), r))
    let i = low
    let j = high
    while (i <= j) {
      while (values[i] > pivot) i++
      while (values[j] < pivot) j--
      if (i <= j) {
        const swap = values[i]
        values[i] = values[j]
        values[j] = swap
        i++
        j--
      }
    }
    if (k <= j) high = j
    else if (k >= i) low = i
    else return values[k]
  }
  return values[k]
}

/** max_k |v_k|: NaN or Infinity if some entry is; 0 for none. */
export function largestMagnitude(values: Float64Array): number {
  const n = values.length
  let largest = 0
  for (let k = 0; k < n; k++) {
    // Hardly ever is there more among the next four: comparisons then cost a third of what Math.max does, which waits for the
    // one before it and watches for NaN.
    while (k + 4 <= n && within(values, k, largest)) k += 4
    if (k === n) break
    const size = Math.abs(values[k])
    if (size <= largest) continue
    if (Number.isNaN(size)) return size
    largest = size
  }
  return largest
}

/** Whether four entries from k on are at most `bound` in size; false for NaN. */
function within(values: Float64Array, k: number, bound: number): boolean {
  return (
    Math.abs(values[k]) <= bound &&
    Math.abs(values[k + 1]) <= bound &&
    Math.abs(values[k + 2]) <= bound &&
    Math.abs(values[k + 3]) <= bound
  )
}
