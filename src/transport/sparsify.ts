/** The largest entries of a plan in compressed rows. Grows when asked for more, never shrinks. */
export interface SparsePlan {
  /** rows + 1 offsets. */
  readonly offsets: Int32Array
  columns: Int32Array
  values: Float64Array
  /** Entries in use. */
  count: number
  /** Their sum over the sum of all entries. */
  keptMass: number
}

export function sparsePlan(rows: number, capacity: number): SparsePlan {
  return {
    offsets: new Int32Array(rows + 1),
    columns: new Int32Array(capacity),
    values: new Float64Array(capacity),
    count: 0,
    keptMass: 0,
  }
}

const histogram = new WeakMap<object, Int32Array>()

/**
 * The k-th largest entry of non-negative numbers, exactly: a histogram over the leading 16 bits (which order non-negative
 * doubles) finds its bucket, quickselect its place there.
 *
 * @param keep the array's values that are padding are 0 and sort last
 */
export function kthLargest(values: Float64Array, k: number, owner: object): number {
  let counts = histogram.get(owner)
  if (counts === undefined) {
    counts = new Int32Array(32768)
    histogram.set(owner, counts)
  }
  counts.fill(0)
  const words = new Uint16Array(values.buffer, values.byteOffset, 4 * values.length)
  for (let p = 3; p < words.length; p += 4) counts[words[p] & 0x7fff]++
  let bucket = 32767
  let above = 0
  while (bucket > 0 && above + counts[bucket] < k) above += counts[bucket--]
  if (bucket === 0) return 0
  const inside = new Float64Array(counts[bucket])
  let found = 0
  for (let p = 3, q = 0; p < words.length; p += 4, q++) if ((words[p] & 0x7fff) === bucket) inside[found++] = values[q]
  return quickselect(inside, k - above - 1)
}

/** The element at index k of the array sorted downwards; reorders the array. Median of three, Hoare's partition. */
export function quickselect(values: Float64Array, k: number): number {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    const p = values[low]
    const q = values[middle]
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

/**
 * Keeps the `keep` largest entries of the plan, and all that tie with the smallest of them, up to four times `keep` (integer
 * costs make thousands of equal entries).
 */
export function sparsify(
  plan: Float64Array,
  rows: number,
  columns: number,
  stride: number,
  total: number,
  keep: number,
  out: SparsePlan,
): void {
  const threshold = Math.max(keep >= rows * columns ? 0 : kthLargest(plan, keep, out), Number.MIN_VALUE)
  const capacity = Math.min(rows * columns, Math.max(4 * keep, 64))
  if (out.values.length < capacity) {
    out.columns = new Int32Array(capacity)
    out.values = new Float64Array(capacity)
  }
  const { offsets, columns: index, values } = out
  let count = 0
  let sum = 0
  for (let i = 0; i < rows; i++) {
    offsets[i] = count
    const at = i * stride
    for (let j = 0; j < columns; j++) {
      const p = plan[at + j]
      if (p >= threshold && count < capacity) {
        index[count] = j
        values[count++] = p
        sum += p
      }
    }
  }
  offsets[rows] = count
  out.count = count
  out.keptMass = sum / total
}
