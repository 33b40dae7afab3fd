import { mulberry32 } from '../../src/base/index.ts'

export function normalized(values: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(values)
  let sum = 0
  for (const value of out) sum += value
  return out.map((value) => value / sum)
}

export function uniform(n: number): Float64Array {
  return new Float64Array(n).fill(1 / n)
}

/** Random data: costs uniform on [0, 1), masses uniform on [0.5, 1.5) normalized. */
export function randomData(
  n: number,
  m: number,
  seed: number,
): { a: Float64Array; b: Float64Array; cost: Float64Array } {
  const draw = mulberry32(seed)
  const cost = Float64Array.from({ length: n * m }, draw)
  const a = normalized(Array.from({ length: n }, () => 0.5 + draw()))
  const b = normalized(Array.from({ length: m }, () => 0.5 + draw()))
  return { a, b, cost }
}

export function randomPoints(count: number, dimension: number, seed: number): number[][] {
  const draw = mulberry32(seed)
  return Array.from({ length: count }, () => Array.from({ length: dimension }, draw))
}

/** The plan of potentials, the sums and the objective, written out plainly. */
export function naivePlan(
  cost: ArrayLike<number>,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  epsilon: number,
): { plan: Float64Array; rows: Float64Array; columns: Float64Array; mass: number } {
  const n = x.length
  const m = y.length
  const plan = new Float64Array(n * m)
  const rows = new Float64Array(n)
  const columns = new Float64Array(m)
  let mass = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const p = Math.exp((x[i] + y[j] - cost[i * m + j]) / epsilon - 1)
      plan[i * m + j] = p
      rows[i] += p
      columns[j] += p
      mass += p
    }
  }
  return { plan, rows, columns, mass }
}

/** f(x, y) = <a, x> + <b, y> - epsilon * mass, written out plainly. */
export function naiveDual(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  cost: ArrayLike<number>,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  epsilon: number,
): number {
  let sum = -epsilon * naivePlan(cost, x, y, epsilon).mass
  for (let i = 0; i < x.length; i++) sum += a[i] * x[i]
  for (let j = 0; j < y.length; j++) sum += b[j] * y[j]
  return sum
}

export function largestDifference(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let most = 0
  for (let k = 0; k < p.length; k++) most = Math.max(most, Math.abs(p[k] - q[k]))
  return most
}

/** The smallest sum of n entries, one in each row and column, over all permutations. */
export function bruteForceAssignment(cost: ArrayLike<number>, n: number): number {
  const used = new Array<boolean>(n).fill(false)
  let best = Infinity
  const descend = (i: number, sum: number): void => {
    if (sum >= best) return
    if (i === n) {
      best = sum
      return
    }
    for (let j = 0; j < n; j++) {
      if (used[j]) continue
      used[j] = true
      descend(i + 1, sum + cost[i * n + j])
      used[j] = false
    }
  }
  // Costs may be negative: shift them so that partial sums bound from below.
  let low = 0
  for (let k = 0; k < n * n; k++) low = Math.min(low, cost[k])
  const shifted = Float64Array.from(cost, (c) => c - low)
  const run = (list: ArrayLike<number>): number => {
    best = Infinity
    cost = list
    descend(0, 0)
    return best
  }
  return run(shifted) + n * low
}

/** The two pictures of the published experiments on a size x size grid: two blobs, and a ring; with the squared or L1 distance. */
export function pictures(
  size: number,
  metric: 'squared' | 'l1',
): { a: Float64Array; b: Float64Array; cost: Float64Array } {
  const s = 1 / (size - 1)
  const first: number[] = []
  const second: number[] = []
  for (let p = 0; p < size; p++) {
    for (let q = 0; q < size; q++) {
      const u = p * s
      const v = q * s
      const blobs =
        Math.exp(-((u - 0.3) ** 2 + (v - 0.35) ** 2) / (2 * 0.08 ** 2)) +
        0.7 * Math.exp(-((u - 0.7) ** 2 + (v - 0.4) ** 2) / (2 * 0.1 ** 2))
      const ring = Math.exp(-((Math.sqrt((u - 0.5) ** 2 + (v - 0.55) ** 2) - 0.25) ** 2) / (2 * 0.05 ** 2))
      first.push((blobs < 0.05 ? 0 : blobs) + 1e-3)
      second.push((ring < 0.05 ? 0 : ring) + 1e-3)
    }
  }
  const n = size * size
  const cost = new Float64Array(n * n)
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const dp = Math.abs(Math.floor(i / size) - Math.floor(j / size))
      const dq = Math.abs((i % size) - (j % size))
      const c = metric === 'l1' ? dp + dq : dp * dp + dq * dq
      cost[i * n + j] = c
      if (c > largest) largest = c
    }
  }
  return { a: normalized(first), b: normalized(second), cost: cost.map((c) => c / largest) }
}
