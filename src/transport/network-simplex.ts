import { integer } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import type { TransportEngine } from './engine.ts'
import { engineFor } from './engine-registry.ts'
import { infeasibleOutcome } from './entropic-state.ts'
import { attach, emptyTree, pivot, refreshFlows, refreshPotentials, type SpanningTree } from './spanning-tree.ts'
import type { ExactTransportProblem, SparseCoupling } from './transport-data.ts'

export interface NetworkSimplexOptions {
  /** Pivots in one iteration of the run, >= 1. Default (n + m) / 16: enough that the driver costs nothing. */
  pivotsPerIteration?: number
  /** Rows of the cost matrix searched for one pivot, >= 1. Default 2 ceil(sqrt(n / m)): about 2 sqrt(n m) entries. */
  blockRows?: number
}

interface NetworkSimplexState {
  tree: SpanningTree
  /** The row at which the next search begins. */
  nextRow: number
  pivots: number
  objective: number
  relativeGap: number
  marginalError: number
  phase: 'pivoting' | 'optimal' | 'infeasible'
  full: { rows: number; columns: number; rowIndex: Int32Array; columnIndex: Int32Array }
}

/** Reduced costs above -1e-13 times the largest cost are rounding. */
const PRICE_SLACK = 1e-13
/** Mass left on artificial arcs, over all mass, from which a problem counts as infeasible. */
const FLOW_SLACK = 1e-12

/**
 * The network simplex method for unregularized transport: pivots between spanning trees of the bipartite graph, each a basic
 * solution with at most n + m - 1 pairs, until no pair has a negative reduced cost c_ij - x_i - y_j.
 *
 * The entering pair is the best of a block of rows, searched cyclically; the leaving one is chosen so that trees stay strongly
 * feasible. The first tree comes from a greedy plan on reduced costs. Memory n m for the costs (made anew for point clouds that
 * do not fit), O(n + m) otherwise.
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Cunningham, A network simplex method (1976); Kiraly and Kovacs, Efficient implementations of minimum-cost flow
 *   algorithms (2012), Section 4 for block search
 */
export const networkSimplex = defineMethod<ExactTransportProblem, NetworkSimplexOptions, NetworkSimplexState>()({
  slug: 'network-simplex',
  title: 'Network simplex',
  room: 'transport',
  problemClass: 'exact-transport',
  summary: 'Exact transport without regularization: a sparse optimal plan with dual potentials that prove it.',
  formulae: [
    {
      tex: String.raw`\min_{P \ge 0}\ \langle C, P \rangle \quad \text{s.t.} \quad P \mathbf 1 = a,\ P^\top \mathbf 1 = b`,
      meaning: 'Transport as a linear program.',
    },
    {
      tex: 'c_{ij} - x_i - y_j < 0',
      meaning: 'A pair with negative reduced cost enters the spanning tree; the pair that blocks its cycle leaves.',
    },
  ],
  source: {
    authors: 'William H. Cunningham',
    title: 'A Network Simplex Method',
    year: 1976,
    venue: 'Mathematical Programming',
  },
  options: {
    pivotsPerIteration: integer<number | undefined>(undefined, 'pivots per iteration', { min: 1 }),
    blockRows: integer<number | undefined>(undefined, 'rows per search', { min: 1 }),
  },

  create: ({ pivotsPerIteration, blockRows }) => ({
    start(problem, context) {
      const engine = engineFor(problem)
      const y = engine.gather(context.start.y, engine.columnIndex)
      const tree = greedyTree(engine, y)
      const state: NetworkSimplexState = {
        tree,
        nextRow: 0,
        pivots: 0,
        objective: 0,
        relativeGap: Infinity,
        marginalError: artificialMass(tree) / problem.mass,
        phase: 'pivoting',
        full: {
          rows: problem.a.length,
          columns: problem.b.length,
          rowIndex: engine.rowIndex,
          columnIndex: engine.columnIndex,
        },
      }
      problem.onPricing()
      state.objective = problem.planCost(tree.flow, tree.arcCost)
      return state
    },

    step(problem, state, context) {
      if (state.phase === 'infeasible') return infeasibleOutcome
      if (state.phase === 'optimal') return 'finished'
      const engine = engineFor(problem)
      const { rows: n, columns: m } = engine
      const { tree } = state
      problem.onPricing()
      const wanted = pivotsPerIteration ?? Math.max(1, Math.floor((n + m) / 16))
      const block = Math.min(n, blockRows ?? 2 * Math.ceil(Math.sqrt(n * m) / m))
      const optimal = pivotOn(engine, state, wanted, block, () => context.interrupted())
      const objective = problem.planCost(tree.flow, tree.arcCost)
      if (!Number.isFinite(objective)) {
        return { outcome: 'diverged', reason: `the cost of the plan became ${objective}` }
      }
      state.objective = objective
      state.marginalError = artificialMass(tree) / problem.mass
      if (!optimal) return
      if (state.marginalError > FLOW_SLACK) {
        state.phase = 'infeasible'
        return infeasibleOutcome
      }
      state.phase = 'optimal'
      let dual = 0
      for (let i = 0; i < n; i++) dual += engine.a[i] * tree.x[i]
      for (let j = 0; j < m; j++) dual += engine.b[j] * tree.y[j]
      const scale = problem.mass * engine.largest
      state.relativeGap = Math.abs(objective - dual) / (scale > 0 ? scale : 1)
    },

    measure: (state) => ({
      objective: state.objective,
      relativeGap: state.relativeGap,
      marginalError: state.marginalError,
      pivots: state.pivots,
    }),

    solution(state): SparseCoupling {
      const { tree, full } = state
      const { parent, flow } = tree
      const n = tree.x.length
      const root = n + tree.y.length
      let count = 0
      for (let v = 0; v < root; v++) if (parent[v] !== root && flow[v] > 0) count++
      const rows = new Int32Array(count)
      const columns = new Int32Array(count)
      const masses = new Float64Array(count)
      count = 0
      for (let v = 0; v < root; v++) {
        if (parent[v] === root || !(flow[v] > 0)) continue
        const i = v < n ? v : parent[v]
        const j = (v < n ? parent[v] : v) - n
        rows[count] = full.rowIndex[i]
        columns[count] = full.columnIndex[j]
        masses[count++] = flow[v]
      }
      const x = new Float64Array(full.rows).fill(-Infinity)
      const y = new Float64Array(full.columns).fill(-Infinity)
      for (let i = 0; i < n; i++) x[full.rowIndex[i]] = tree.x[i]
      for (let j = 0; j < tree.y.length; j++) y[full.columnIndex[j]] = tree.y[j]
      return { rows, columns, masses, x, y }
    },
  }),
})

function artificialMass(tree: SpanningTree): number {
  const root = tree.x.length + tree.y.length
  let mass = 0
  for (let v = tree.firstChild[root]; v >= 0; v = tree.nextSibling[v]) mass += tree.flow[v]
  return mass
}

/**
 * At most `wanted` pivots.
 *
 * @returns whether the tree is optimal: a search of all rows with freshly computed potentials found nothing
 */
function pivotOn(
  engine: TransportEngine,
  state: NetworkSimplexState,
  wanted: number,
  block: number,
  interrupted: () => boolean,
): boolean {
  const { rows: n } = engine
  const { tree } = state
  const slack = -PRICE_SLACK * engine.largest
  // Potentials of targets live in kernel memory while pivoting, where the search reads them.
  const own = tree.y
  const priced = engine.pricing(own)
  tree.y = priced.subarray(0, own.length)
  let { nextRow } = state
  let quiet = 0
  let fresh = false
  let optimal = false
  let pivots = 0
  while (pivots < wanted) {
    let best = slack
    let bestRow = -1
    let bestColumn = -1
    for (let r = 0; r < block && quiet < n; r++) {
      const reduced = engine.cheapest(nextRow, tree.x[nextRow])
      if (reduced < best) {
        best = reduced
        bestRow = nextRow
        bestColumn = engine.cheapestColumn
      }
      if (++nextRow === n) nextRow = 0
      quiet++
    }
    if (bestRow >= 0) {
      pivot(tree, bestRow, bestColumn, engine.costRow(bestRow)[bestColumn], best)
      pivots++
      quiet = 0
      fresh = false
      if ((pivots & 63) === 0 && interrupted()) break
    } else if (quiet >= n) {
      if (fresh) {
        optimal = true
        break
      }
      // Shifts have added up rounding errors: decide with potentials straight from the tree.
      refreshPotentials(tree)
      fresh = true
      quiet = 0
    }
  }
  own.set(tree.y)
  tree.y = own
  state.nextRow = nextRow
  state.pivots += pivots
  if (optimal) refreshFlows(tree, engine.a, engine.b)
  return optimal
}

/**
 * A first tree from a greedy plan: rows with the largest regret (second-best minus best reduced cost) first, each taking the
 * cheapest targets that are left. A node that is used up hangs on its partner by an arc with positive flow; the rest hangs on
 * the root, sources with what they could not send, targets with what they did not get (only where pairs are forbidden).
 */
function greedyTree(engine: TransportEngine, start: Float64Array): SpanningTree {
  engine.keepCosts()
  const { rows: n, columns: m, a, b } = engine
  const tree = emptyTree(n, m)
  const root = n + m
  const y = start.some((value) => value !== 0) ? start : columnMinima(engine)
  const regret = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const costs = engine.costRow(i)
    let first = Infinity
    let second = Infinity
    for (let j = 0; j < m; j++) {
      const r = costs[j] - y[j]
      if (r < first) {
        second = first
        first = r
      } else if (r < second) second = r
    }
    regret[i] = second - first
  }
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((p, q) => regret[q] - regret[p] || p - q)
  const supply = a.slice()
  const demand = b.slice()
  let mass = 0
  for (let i = 0; i < n; i++) mass += a[i]
  const dust = 1e-14 * mass
  const done = new Uint8Array(n + m)
  let openTargets = m
  let openSources = n
  for (const i of order) {
    const costs = engine.costRow(i)
    while (openTargets > 0) {
      let j = -1
      let best = Infinity
      for (let q = 0; q < m; q++) {
        if (done[n + q]) continue
        const r = costs[q] - y[q]
        if (r < best) {
          best = r
          j = q
        }
      }
      if (j < 0) break
      const last = openTargets === 1 && openSources === 1
      const amount = last ? Math.max(supply[i], demand[j]) : Math.min(supply[i], demand[j])
      supply[i] = Math.max(0, supply[i] - amount)
      demand[j] = Math.max(0, demand[j] - amount)
      // Exactly one of the two hangs on the other; when both are used up it is the target, whose arc must not be empty.
      if (demand[j] <= (last ? dust : 0)) {
        attach(tree, n + j, i)
        tree.flow[n + j] = amount
        tree.arcCost[n + j] = costs[j]
        done[n + j] = 1
        openTargets--
        if (supply[i] === 0) break
      } else {
        attach(tree, i, n + j)
        tree.flow[i] = amount
        tree.arcCost[i] = costs[j]
        done[i] = 1
        break
      }
    }
    openSources--
  }
  let left = 0
  for (let j = 0; j < m; j++) if (!done[n + j]) left += demand[j]
  const artificialCost = left > 0 ? 2 * (Math.min(n, m) + 1) * (engine.largest || 1) : 0
  for (let i = 0; i < n; i++) {
    if (done[i]) continue
    attach(tree, i, root)
    tree.flow[i] = supply[i]
    tree.arcCost[i] = artificialCost
  }
  for (let j = 0; j < m; j++) {
    if (done[n + j]) continue
    attach(tree, n + j, root)
    tree.flow[n + j] = demand[j]
    tree.arcCost[n + j] = artificialCost
  }
  refreshPotentials(tree)
  return tree
}

function columnMinima(engine: TransportEngine): Float64Array {
  const { rows: n, columns: m } = engine
  const y = new Float64Array(m).fill(Infinity)
  for (let i = 0; i < n; i++) {
    const costs = engine.costRow(i)
    for (let j = 0; j < m; j++) if (costs[j] < y[j]) y[j] = costs[j]
  }
  for (let j = 0; j < m; j++) if (y[j] === Infinity) y[j] = 0
  return y
}
