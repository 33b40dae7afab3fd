import type { Coupling } from './coupled-solver.ts'
import { dot } from './loops.ts'

/** A forest over n + m nodes: parents before children in `order`, and the weight of each node's edge to its parent. */
interface Forest {
  readonly order: Int32Array
  readonly parent: Int32Array
  readonly weight: Float64Array
  /** What each node's diagonal has beyond the edges kept in the coupling, >= 0; then, what elimination makes of it. */
  readonly excess: Float64Array
}

/** An excess of a whole tree below this fraction of its largest diagonal entry may be rounding. */
const ROUNDING = 1e-14
/** Most steps of the preconditioned iteration. */
const MOST_STEPS = 1000

/** The heaviest spanning forest of a coupling (Kruskal's algorithm), rooted, with its factorization. */
function heaviestForest({ offsets, columns, values }: Coupling, r: Float64Array, c: Float64Array): Forest {
  const n = r.length
  const nodes = n + c.length
  const entries = offsets[n]
  const rows = new Int32Array(entries)
  const excess = new Float64Array(nodes)
  excess.set(r)
  excess.set(c, n)
  for (let i = 0; i < n; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      rows[k] = i
      excess[i] -= values[k]
      excess[n + columns[k]] -= values[k]
    }
  }
  for (let v = 0; v < nodes; v++) excess[v] = Math.max(0, excess[v])
  const heaviest = Int32Array.from({ length: entries }, (_, k) => k).sort((p, q) => values[q] - values[p] || p - q)
  const group = Int32Array.from({ length: nodes }, (_, v) => v)
  const find = (v: number): number => {
    let root = v
    while (group[root] !== root) {
      group[root] = group[group[root]]
      root = group[root]
    }
    return root
  }
  const first = new Int32Array(nodes).fill(-1)
  const next = new Int32Array(2 * nodes)
  const other = new Int32Array(2 * nodes)
  const edge = new Float64Array(2 * nodes)
  let ends = 0
  const join = (from: number, to: number, weight: number): void => {
    next[ends] = first[from]
    other[ends] = to
    edge[ends] = weight
    first[from] = ends++
  }
  for (const k of heaviest) {
    if (!(values[k] > 0)) break
    const j = n + columns[k]
    const one = find(rows[k])
    const two = find(j)
    if (one === two) continue
    group[one] = two
    join(rows[k], j, values[k])
    join(j, rows[k], values[k])
  }
  const order = new Int32Array(nodes)
  const parent = new Int32Array(nodes).fill(-2)
  const weight = new Float64Array(nodes)
  let count = 0
  for (let root = 0; root < nodes; root++) {
    if (parent[root] !== -2) continue
    parent[root] = -1
    order[count] = root
    for (let head = count++; head < count; head++) {
      const v = order[head]
      for (let e = first[v]; e >= 0; e = next[e]) {
        if (parent[other[e]] !== -2) continue
        parent[other[e]] = v
        weight[other[e]] = edge[e]
        order[count++] = other[e]
      }
    }
  }
  const largest = new Float64Array(nodes)
  // Leaves first: a leaf hands its excess on through its edge, as conductances in series. Nothing is subtracted.
  for (let k = nodes - 1; k >= 0; k--) {
    const v = order[k]
    const own = v < n ? r[v] : c[v - n]
    if (own > largest[v]) largest[v] = own
    const up = parent[v]
    if (up < 0) {
      // A tree whose whole excess may be rounding is left to be fixed at its root: shifts of it would mean nothing.
      if (excess[v] < ROUNDING * largest[v]) excess[v] = 0
      continue
    }
    excess[up] += (weight[v] * excess[v]) / (weight[v] + excess[v])
    if (largest[v] > largest[up]) largest[up] = largest[v]
  }
  return { order, parent, weight, excess }
}

/** out = T^-1 b for the forest's own matrix; a tree without any excess is fixed at its root. */
function solveForest({ order, parent, weight, excess }: Forest, b: Float64Array, out: Float64Array): void {
  out.set(b)
  for (let k = order.length - 1; k >= 0; k--) {
    const v = order[k]
    if (parent[v] >= 0) out[parent[v]] += (weight[v] / (weight[v] + excess[v])) * out[v]
  }
  for (let k = 0; k < order.length; k++) {
    const v = order[k]
    if (parent[v] >= 0) out[v] = (out[v] + weight[v] * out[parent[v]]) / (weight[v] + excess[v])
    else out[v] = excess[v] > 0 ? out[v] / excess[v] : 0
  }
}

/** out = [diag(r), -S; -S', diag(c)] z. */
function multiply(
  { offsets, columns, values }: Coupling,
  diagonal: Float64Array,
  n: number,
  z: Float64Array,
  out: Float64Array,
): void {
  for (let v = 0; v < z.length; v++) out[v] = diagonal[v] * z[v]
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const j = n + columns[k]
      sum += values[k] * z[j]
      out[j] -= values[k] * z[i]
    }
    out[i] -= sum
  }
}

/**
 * Solves eta [diag(r), S; S', diag(c)] z = g by conjugate gradients preconditioned by the heaviest spanning forest of S, for
 * couplings whose weights differ by so many orders of magnitude that Jacobi's preconditioner gets nowhere: with y negated the
 * matrix is the Laplacian of a weighted graph plus a small diagonal, and its nearly singular directions are those of the
 * forest, whose edges are the strongest connections there are. The forest is solved exactly in O(n + m).
 *
 * @returns the number of steps
 * @see Vaidya (1991), in Bern, Gilbert, Hendrickson, Nguyen and Toledo, Support-graph preconditioners (2006)
 */
export function solveByForest(
  coupling: Coupling,
  r: Float64Array,
  c: Float64Array,
  gx: Float64Array,
  gy: Float64Array,
  eta: number,
  tolerance: number,
  zx: Float64Array,
  zy: Float64Array,
): number {
  const n = r.length
  const nodes = n + c.length
  const forest = heaviestForest(coupling, r, c)
  const diagonal = new Float64Array(nodes)
  diagonal.set(r)
  diagonal.set(c, n)
  const residual = new Float64Array(nodes)
  for (let i = 0; i < n; i++) residual[i] = gx[i] / eta
  for (let j = 0; j < c.length; j++) residual[n + j] = -gy[j] / eta
  const z = new Float64Array(nodes)
  const preconditioned = new Float64Array(nodes)
  solveForest(forest, residual, preconditioned)
  const search = preconditioned.slice()
  const product = new Float64Array(nodes)
  let rho = dot(residual, preconditioned)
  const target = tolerance * tolerance * dot(residual, residual)
  let steps = 0
  while (steps < MOST_STEPS && dot(residual, residual) > target) {
    multiply(coupling, diagonal, n, search, product)
    const curvature = dot(search, product)
    if (!(curvature > 0)) break
    const alpha = rho / curvature
    for (let v = 0; v < nodes; v++) {
      z[v] += alpha * search[v]
      residual[v] -= alpha * product[v]
    }
    solveForest(forest, residual, preconditioned)
    const next = dot(residual, preconditioned)
    const beta = next / rho
    rho = next
    for (let v = 0; v < nodes; v++) search[v] = preconditioned[v] + beta * search[v]
    steps++
  }
  zx.set(z.subarray(0, n))
  for (let j = 0; j < c.length; j++) zy[j] = -z[n + j]
  return steps
}
