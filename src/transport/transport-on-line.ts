import { describe, InvalidInputError } from '../base/index.ts'
import { checkedWeights, type SparseCoupling } from './transport-data.ts'

/** A cost h(s - t) on the line, h convex. */
export type LineCost = 'squared-euclidean' | 'euclidean' | 'l1' | ((difference: number) => number)

function positions(name: string, given: ArrayLike<number>, length: number): Float64Array {
  const out = Float64Array.from(given)
  if (out.length !== length) {
    throw new InvalidInputError(`transport on a line: ${name} has ${out.length} positions for ${length} masses`, {
      argument: name,
      expected: `length ${length}`,
      received: `length ${out.length}`,
    })
  }
  for (let i = 0; i < length; i++) {
    if (Number.isFinite(out[i])) continue
    throw new InvalidInputError(`transport on a line: ${name}[${i}] must be finite, got ${describe(given[i])}`, {
      argument: `${name}[${i}]`,
      expected: 'a finite number',
      received: describe(given[i]),
    })
  }
  return out
}

/** The indices of the positive masses in the order of their positions. */
function order(weights: Float64Array, at: Float64Array): number[] {
  const index: number[] = []
  for (let i = 0; i < weights.length; i++) if (weights[i] > 0) index.push(i)
  return index.sort((p, q) => at[p] - at[q] || p - q)
}

/**
 * Exact transport between masses on a line under a convex cost of the difference: the monotone plan, by sorting both sides and
 * filling from the left (the north-west corner rule). O(n log n + m log m); no iterations.
 *
 * @param a masses at `source`, >= 0
 * @param b masses at `target`, >= 0, scaled to the sum of `a`
 * @param cost `squared-euclidean` (default), `euclidean` (= `l1`), or any convex function of s - t
 * @returns the plan's at most n + m - 1 pairs and dual potentials that prove it optimal
 * @throws {InvalidInputError} for positions that are not finite or masses that cannot be moved
 * @see Peyre and Cuturi, Computational Optimal Transport (2019), Section 2.6
 */
export function transportOnLine(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  cost: LineCost = 'squared-euclidean',
): SparseCoupling & { readonly objective: number } {
  const masses = checkedWeights('a', a)
  const wanted = checkedWeights('b', b)
  const s = positions('source', source, masses.length)
  const t = positions('target', target, wanted.length)
  const h =
    typeof cost === 'function'
      ? cost
      : cost === 'squared-euclidean'
        ? (d: number): number => d * d
        : (d: number): number => Math.abs(d)
  const left = order(masses, s)
  const right = order(wanted, t)
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
  const total = sum(masses)
  const scale = total / sum(wanted)
  const rows: number[] = []
  const columns: number[] = []
  const amounts: number[] = []
  const x = new Float64Array(masses.length).fill(-Infinity)
  const y = new Float64Array(wanted.length).fill(-Infinity)
  let p = 0
  let q = 0
  let supply = masses[left[0]]
  let demand = wanted[right[0]] * scale
  let objective = 0
  x[left[0]] = 0
  y[right[0]] = h(s[left[0]] - t[right[0]])
  // Masses that differ by rounding only count as equal, so that rounding makes no pairs.
  const dust = 1e-14 * total
  for (;;) {
    const i = left[p]
    const j = right[q]
    const atEnd = p === left.length - 1 && q === right.length - 1
    const amount = atEnd ? Math.max(supply, demand) : Math.min(supply, demand)
    const c = h(s[i] - t[j])
    if (amount > 0) {
      rows.push(i)
      columns.push(j)
      amounts.push(amount)
      objective += amount * c
    }
    if (atEnd) break
    supply -= amount
    demand -= amount
    if ((supply <= dust && p < left.length - 1) || q === right.length - 1) {
      // A side that is used up moves on (what rounding left of it goes along); where both are, the pair in between carries
      // nothing but links the potentials.
      p++
      supply = masses[left[p]] + Math.max(0, supply)
      x[left[p]] = h(s[left[p]] - t[j]) - y[j]
    } else {
      q++
      demand = wanted[right[q]] * scale + Math.max(0, demand)
      y[right[q]] = h(s[i] - t[right[q]]) - x[i]
    }
  }
  return {
    rows: Int32Array.from(rows),
    columns: Int32Array.from(columns),
    masses: Float64Array.from(amounts),
    x,
    y,
    objective,
  }
}
