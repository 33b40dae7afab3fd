/**
 * A spanning tree of the bipartite graph of n sources, m targets and one root, in flat arrays that are plain data. Node v < n
 * is a source, n <= v < n + m a target, v = n + m the root. Every node but the root has one arc, to its parent; arcs always
 * run from a source to a target, and between a node and the root from a source or to a target: so the arc of a source points
 * up, that of a target down.
 */
export interface SpanningTree {
  parent: Int32Array
  depth: Int32Array
  /** Children as doubly linked lists; -1 ends them. */
  firstChild: Int32Array
  nextSibling: Int32Array
  previousSibling: Int32Array
  /** Mass on the arc of each node, >= 0. */
  flow: Float64Array
  /** Cost of the arc of each node. */
  arcCost: Float64Array
  /** Potentials: c = x_i + y_j on every arc of the tree, 0 at the root. */
  x: Float64Array
  y: Float64Array
}

export function emptyTree(n: number, m: number): SpanningTree {
  const nodes = n + m + 1
  return {
    parent: new Int32Array(nodes).fill(-1),
    depth: new Int32Array(nodes),
    firstChild: new Int32Array(nodes).fill(-1),
    nextSibling: new Int32Array(nodes).fill(-1),
    previousSibling: new Int32Array(nodes).fill(-1),
    flow: new Float64Array(nodes),
    arcCost: new Float64Array(nodes),
    x: new Float64Array(n),
    y: new Float64Array(m),
  }
}

/** Makes `child` a child of `parent`. */
export function attach(tree: SpanningTree, child: number, parent: number): void {
  const { firstChild, nextSibling, previousSibling } = tree
  const first = firstChild[parent]
  tree.parent[child] = parent
  nextSibling[child] = first
  previousSibling[child] = -1
  if (first >= 0) previousSibling[first] = child
  firstChild[parent] = child
}

function detach(tree: SpanningTree, child: number): void {
  const { parent, firstChild, nextSibling, previousSibling } = tree
  const before = previousSibling[child]
  const after = nextSibling[child]
  if (before >= 0) nextSibling[before] = after
  else firstChild[parent[child]] = after
  if (after >= 0) previousSibling[after] = before
}

/** Recomputes depths and potentials of the whole tree from its arcs, from the root down. */
export function refreshPotentials(tree: SpanningTree): void {
  const { parent, depth, firstChild, nextSibling, arcCost, x, y } = tree
  const n = x.length
  const root = n + y.length
  depth[root] = 0
  let v = firstChild[root]
  while (v >= 0) {
    const up = parent[v]
    depth[v] = depth[up] + 1
    if (v < n) x[v] = arcCost[v] - (up === root ? 0 : y[up - n])
    else y[v - n] = arcCost[v] - (up === root ? 0 : x[up])
    if (firstChild[v] >= 0) {
      v = firstChild[v]
      continue
    }
    while (v !== root && nextSibling[v] < 0) v = parent[v]
    v = v === root ? -1 : nextSibling[v]
  }
}

/** Recomputes the flows of the whole tree from the masses: what pivots have added up in rounding errors goes away. */
export function refreshFlows(tree: SpanningTree, a: Float64Array, b: Float64Array): void {
  const { parent, depth, flow } = tree
  const n = a.length
  const root = n + b.length
  const order = Int32Array.from({ length: root }, (_, v) => v).sort((p, q) => depth[q] - depth[p])
  const balance = new Float64Array(root + 1)
  balance.set(a)
  for (let j = 0; j < b.length; j++) balance[n + j] = -b[j]
  for (const v of order) {
    flow[v] = Math.max(0, v < n ? balance[v] : -balance[v])
    balance[parent[v]] += balance[v]
  }
}

/**
 * Brings the arc (i, n + j) of reduced cost `reduced` < 0 into the tree. The arc that leaves is the last that blocks on the
 * cycle in the direction of the new arc, starting at the node nearest to the root: trees whose empty arcs all point to the
 * root (strongly feasible ones) stay so, and degenerate pivots cannot cycle.
 *
 * @see Cunningham, A network simplex method (1976)
 */
export function pivot(tree: SpanningTree, i: number, j: number, cost: number, reduced: number): void {
  const { parent, depth, firstChild, nextSibling, flow, arcCost, x, y } = tree
  const n = x.length
  const tail = i
  const head = n + j
  // Mass goes down from the join to the tail, over the new arc, and up from the head to the join. It lowers the flow of
  // sources on the first path and of targets on the second.
  let p = tail
  let q = head
  let tailAmount = Infinity
  let tailOut = -1
  let headAmount = Infinity
  let headOut = -1
  while (p !== q) {
    if (depth[p] >= depth[q]) {
      if (p < n && flow[p] < tailAmount) {
        tailAmount = flow[p]
        tailOut = p
      }
      p = parent[p]
    } else {
      if (q >= n && flow[q] <= headAmount) {
        headAmount = flow[q]
        headOut = q
      }
      q = parent[q]
    }
  }
  const join = p
  const fromHead = headAmount <= tailAmount
  const amount = fromHead ? headAmount : tailAmount
  const out = fromHead ? headOut : tailOut
  if (amount > 0) {
    for (p = tail; p !== join; p = parent[p]) flow[p] += p < n ? -amount : amount
    for (q = head; q !== join; q = parent[q]) flow[q] += q < n ? amount : -amount
  }
  // The part of the tree below the leaving arc is hung up by the new arc; its path to that arc turns over.
  let child = fromHead ? head : tail
  let above = fromHead ? tail : head
  const top = child
  let arcFlow = amount
  let arcPrice = cost
  for (;;) {
    const nextAbove = parent[child]
    const nextFlow = flow[child]
    const nextPrice = arcCost[child]
    detach(tree, child)
    attach(tree, child, above)
    flow[child] = arcFlow
    arcCost[child] = arcPrice
    if (child === out) break
    above = child
    child = nextAbove
    arcFlow = nextFlow
    arcPrice = nextPrice
  }
  // Potentials below shift so that the new arc has reduced cost 0.
  const shift = top < n ? reduced : -reduced
  let v = top
  depth[v] = depth[parent[v]] + 1
  if (v < n) x[v] += shift
  else y[v - n] -= shift
  for (;;) {
    if (firstChild[v] >= 0) v = firstChild[v]
    else {
      while (v !== top && nextSibling[v] < 0) v = parent[v]
      if (v === top) break
      v = nextSibling[v]
    }
    depth[v] = depth[parent[v]] + 1
    if (v < n) x[v] += shift
    else y[v - n] -= shift
  }
}
