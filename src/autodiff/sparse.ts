import { describe, ShapeError } from '../base/errors.ts'
import type { Vector } from './engine.ts'
import { axisSplit, forEachIndex, limited, operandView, reducedView } from './interpret.ts'
import { type Node, topological } from './node.ts'

/** Positions of the entries of a sparse matrix, row by row (compressed rows). */
export interface SparsityPattern {
  readonly rows: number
  readonly columns: number
  /** Entries of row i are numbered from rowStarts[i] up to but not including rowStarts[i + 1]; length rows + 1. */
  readonly rowStarts: Int32Array
  /** The column of each entry, ascending within a row. */
  readonly columnIndices: Int32Array
}

/** A sparse Jacobian or Hessian: a fixed pattern, and values at any point. */
export interface SparseDerivative extends SparsityPattern {
  /** How many products with the derivative one evaluation takes. */
  readonly colors: number
  /**
   * Writes the values of all entries at `x` [n] into `values` [entries] and returns it.
   *
   * @throws {ShapeError} if a length is wrong
   */
  evaluate<V extends Vector>(x: Vector, values: V): V
}

/** Products with a derivative, at a point that is set before. */
export interface ProductRunner {
  at(point: Vector): void
  direction(): Vector
  run(): void
  result(): Vector
}

/**
 * The columns of x on which each element of `output` depends in the derivative by x, found by passing sets of columns
 * through the graph. Contains every entry that can be different from zero, and possibly some that cannot.
 */
export function sparsityOf(output: Node, x: Node): SparsityPattern {
  const sets = dependencies(output, x)
  const rowStarts = new Int32Array(output.size + 1)
  for (let i = 0; i < output.size; i++) rowStarts[i + 1] = rowStarts[i] + (sets?.[i].length ?? 0)
  const columnIndices = new Int32Array(rowStarts[output.size])
  sets?.forEach((set, i) => {
    columnIndices.set(set, rowStarts[i])
  })
  return { rows: output.size, columns: x.size, rowStarts, columnIndices }
}

const empty: Int32Array = new Int32Array(0)

function dependencies(output: Node, x: Node): Int32Array[] | undefined {
  const known = new Map<Node, Int32Array[]>()
  const union = new Union(x.size)
  for (const node of topological([output])) {
    if (node === x) {
      known.set(
        x,
        Array.from({ length: x.size }, (_, i) => Int32Array.of(i)),
      )
      continue
    }
    if (!node.inputs.some((input) => known.has(input))) continue
    const sets = propagate(node, known, union)
    if (sets !== undefined) known.set(node, sets)
  }
  return known.get(output)
}

/** Unions of sets of integers below n, with an early way out for the frequent case of equal or empty sets. */
class Union {
  private readonly stamps: Int32Array
  private stamp = 0
  private members: number[] = []
  private single: Int32Array = empty
  private count = 0

  constructor(n: number) {
    this.stamps = new Int32Array(n)
  }

  begin(): void {
    this.stamp++
    this.members = []
    this.single = empty
    this.count = 0
  }

  add(set: Int32Array | undefined): void {
    if (set === undefined || set.length === 0 || set === this.single) return
    if (this.count++ === 0) {
      this.single = set
      return
    }
    if (this.count === 2) this.collect(this.single)
    this.collect(set)
  }

  private collect(set: Int32Array): void {
    for (const i of set) {
      if (this.stamps[i] === this.stamp) continue
      this.stamps[i] = this.stamp
      this.members.push(i)
    }
  }

  end(): Int32Array {
    return this.count < 2 ? this.single : Int32Array.from(this.members).sort()
  }
}

function propagate(node: Node, known: ReadonlyMap<Node, Int32Array[]>, union: Union): Int32Array[] | undefined {
  const { operation, shape } = node
  const [x, y] = node.inputs
  const from = known.get(x)
  const size = node.size
  const out = new Array<Int32Array>(size).fill(empty)
  switch (operation.kind) {
    case 'input':
    case 'constant':
    case 'stopGradient':
      return undefined
    case 'copy':
    case 'reshape':
      return from
    case 'elementwise': {
      const { name } = operation
      if (['sign', 'floor', 'ceil', 'lt', 'le', 'eq'].includes(name)) return undefined
      const views = node.inputs.map((input) => operandView(input.shape, shape))
      const sets = node.inputs.map((input, i) => (name === 'where' && i === 0 ? undefined : known.get(input)))
      const zeros = node.inputs.map((input) =>
        name === 'mul' && input.operation.kind === 'constant' ? input.operation.data : undefined,
      )
      forEachIndex(shape, views, (position, at) => {
        union.begin()
        for (let i = 0; i < sets.length; i++) {
          if (zeros[i]?.[at[i]] === 0) return
        }
        for (let i = 0; i < sets.length; i++) union.add(sets[i]?.[at[i]])
        out[position] = union.end()
      })
      return out
    }
    case 'reduce': {
      const gathered: Int32Array[][] = Array.from({ length: size }, () => [])
      forEachIndex(x.shape, [reducedView(x.shape, operation.axes)], (position, [to]) => {
        const set = from?.[position] ?? empty
        if (set.length > 0) gathered[to].push(set)
      })
      return gathered.map((sets) => {
        union.begin()
        for (const set of sets) union.add(set)
        return union.end()
      })
    }
    case 'matmul': {
      const other = known.get(y)
      const [m, n] = shape.slice(-2)
      const k = x.shape[x.shape.length - 1]
      const left = x.operation.kind === 'constant' ? x.operation.data : undefined
      const right = y.operation.kind === 'constant' ? y.operation.data : undefined
      for (let at = 0; at < size; at++) {
        const row = Math.floor(at / n)
        const batch = Math.floor(row / m)
        union.begin()
        for (let l = 0; l < k; l++) {
          const a = row * k + l
          const b = (batch * k + l) * n + (at % n)
          if (left?.[a] === 0 || right?.[b] === 0) continue
          union.add(from?.[a])
          union.add(other?.[b])
        }
        out[at] = union.end()
      }
      return out
    }
    case 'view':
      forEachIndex(shape, [operation.view], (position, [at]) => {
        out[position] = from?.[at] ?? empty
      })
      return out
    case 'scatter':
      node.inputs.forEach((term, t) => {
        const sets = known.get(term)
        if (sets === undefined) return
        forEachIndex(term.shape, [operation.views[t]], (position, [at]) => {
          union.begin()
          union.add(out[at])
          union.add(sets[position])
          out[at] = union.end()
        })
      })
      return out
    case 'gather':
    case 'scatterAdd': {
      if (from === undefined) return undefined
      const scattering = operation.kind === 'scatterAdd'
      const { outer, length, inner } = axisSplit(scattering ? shape : x.shape, operation.axis)
      const indices = y.operation.kind === 'constant' ? y.operation.data : undefined
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < y.size; i++) {
          for (let r = 0; r < inner; r++) {
            const one = (o * y.size + i) * inner + r
            // Indices that are data may point anywhere.
            const first = indices === undefined ? 0 : limited(indices[i], length)
            const last = indices === undefined ? length - 1 : first
            for (let to = first; to <= last; to++) {
              const many = (o * length + to) * inner + r
              const [target, source] = scattering ? [many, one] : [one, many]
              union.begin()
              union.add(out[target])
              union.add(from[source])
              out[target] = union.end()
            }
          }
        }
      }
      return out
    }
    case 'cumulativeSum': {
      if (from === undefined) return undefined
      const { outer, length, inner } = axisSplit(shape, operation.axis)
      for (let o = 0; o < outer; o++) {
        for (let r = 0; r < inner; r++) {
          let before: Int32Array = empty
          for (let i = 0; i < length; i++) {
            const at = (o * length + (operation.reverse ? length - 1 - i : i)) * inner + r
            union.begin()
            union.add(before)
            union.add(from[at])
            out[at] = before = union.end()
          }
        }
      }
      return out
    }
    case 'oracle': {
      union.begin()
      for (const input of node.inputs) for (const set of known.get(input) ?? []) union.add(set)
      return out.fill(union.end())
    }
  }
}

/** The transpose of a pattern; `entry[e]` is the number in the original pattern of entry e of the transpose. */
function transposed(pattern: SparsityPattern): SparsityPattern & { entry: Int32Array } {
  const { rows, columns, rowStarts, columnIndices } = pattern
  const starts = new Int32Array(columns + 1)
  for (const j of columnIndices) starts[j + 1]++
  for (let j = 0; j < columns; j++) starts[j + 1] += starts[j]
  const next = starts.slice()
  const indices = new Int32Array(columnIndices.length)
  const entry = new Int32Array(columnIndices.length)
  for (let i = 0; i < rows; i++) {
    for (let e = rowStarts[i]; e < rowStarts[i + 1]; e++) {
      const to = next[columnIndices[e]]++
      indices[to] = i
      entry[to] = e
    }
  }
  return { rows: columns, columns: rows, rowStarts: starts, columnIndices: indices, entry }
}

/**
 * Colours of the columns such that no two columns of one colour have an entry in the same row: one product with the sum of
 * the unit vectors of a colour then shows all their entries. Greedy, columns with most conflicts first.
 *
 * @see Curtis, Powell and Reid, On the estimation of sparse Jacobian matrices, J. Inst. Maths. Applics. 13 (1974)
 */
export function colorColumns(pattern: SparsityPattern): Int32Array {
  const byColumn = transposed(pattern)
  const { rows, columns, rowStarts, columnIndices } = pattern
  // The entries of one row all need colors of their own: with a long row there is nothing to be gained.
  for (let i = 0; i < rows; i++) {
    if (3 * (rowStarts[i + 1] - rowStarts[i]) > columns) return Int32Array.from({ length: columns }, (_, j) => j)
  }
  const colors = new Int32Array(columns).fill(-1)
  const forbidden = new Int32Array(columns + 1).fill(-1)
  for (const j of byDegree(byColumn)) {
    for (let a = byColumn.rowStarts[j]; a < byColumn.rowStarts[j + 1]; a++) {
      const i = byColumn.columnIndices[a]
      for (let e = rowStarts[i]; e < rowStarts[i + 1]; e++) {
        const c = colors[columnIndices[e]]
        if (c >= 0) forbidden[c] = j
      }
    }
    let c = 0
    while (forbidden[c] === j) c++
    colors[j] = c
  }
  return colors
}

/**
 * Star colouring of a symmetric pattern: neighbours differ, and no path of four vertices has only two colours. Then every
 * entry, or the one mirrored at the diagonal, can be read off directly. Greedy, vertices with most neighbours first.
 *
 * @see Gebremedhin, Manne and Pothen, What color is your Jacobian?, SIAM Review 47 (2005), Algorithm 4.1
 */
export function colorSymmetric(pattern: SparsityPattern): Int32Array {
  const { rows, rowStarts, columnIndices } = pattern
  const colors = new Int32Array(rows).fill(-1)
  const forbidden = new Int32Array(rows + 1).fill(-1)
  const several = -1
  /** For each vertex and each color among its neighbours: the only such neighbour, or that there are several. */
  const around = Array.from({ length: rows }, () => new Map<number, number>())
  /** For each vertex w: colors of neighbours u that have another neighbour of w's color, so that v - w - u - . is a path. */
  const beyond = Array.from({ length: rows }, () => new Set<number>())
  for (const v of byDegree(pattern)) {
    for (let a = rowStarts[v]; a < rowStarts[v + 1]; a++) {
      const w = columnIndices[a]
      if (w === v) continue
      if (colors[w] < 0) {
        // With w still without color, v and another neighbour of w must differ.
        for (const c of around[w].keys()) forbidden[c] = v
        continue
      }
      forbidden[colors[w]] = v
      for (const c of beyond[w]) forbidden[c] = v
    }
    let color = 0
    while (forbidden[color] === v) color++
    colors[v] = color
    for (let a = rowStarts[v]; a < rowStarts[v + 1]; a++) {
      const u = columnIndices[a]
      if (u === v) continue
      // v is a new neighbour of u with this color ...
      const other = around[u].get(color)
      around[u].set(color, other === undefined ? v : several)
      if (other !== undefined && colors[u] >= 0) {
        beyond[v].add(colors[u])
        if (other !== several) beyond[other].add(colors[u])
      }
      // ... and u one of v, which has a color only now.
      if (colors[u] >= 0 && around[v].get(colors[u]) === several) beyond[u].add(color)
    }
  }
  return colors
}

function byDegree({ rows, rowStarts }: SparsityPattern): Int32Array {
  const degree = (i: number): number => rowStarts[i + 1] - rowStarts[i]
  return Int32Array.from({ length: rows }, (_, i) => i).sort((a, b) => degree(b) - degree(a) || a - b)
}

function symmetrized(pattern: SparsityPattern): SparsityPattern {
  const mirror = transposed(pattern)
  const union = new Union(pattern.columns)
  const rows = Array.from({ length: pattern.rows }, (_, i) => {
    union.begin()
    union.add(pattern.columnIndices.subarray(pattern.rowStarts[i], pattern.rowStarts[i + 1]))
    union.add(mirror.columnIndices.subarray(mirror.rowStarts[i], mirror.rowStarts[i + 1]))
    return union.end()
  })
  const rowStarts = new Int32Array(pattern.rows + 1)
  rows.forEach((row, i) => {
    rowStarts[i + 1] = rowStarts[i] + row.length
  })
  const columnIndices = new Int32Array(rowStarts[pattern.rows])
  rows.forEach((row, i) => {
    columnIndices.set(row, rowStarts[i])
  })
  return { rows: pattern.rows, columns: pattern.columns, rowStarts, columnIndices }
}

/** For one colour: the variables that are set in the direction, and which results are which entries. */
interface Compressed {
  readonly ones: Int32Array
  readonly results: Int32Array
  readonly entries: Int32Array
}

/**
 * Finds the pattern of a derivative and a way to compute its entries from few products.
 *
 * @param of the expression whose derivative by x is wanted
 * @param symmetric whether the derivative is a Hessian
 * @param runner products with the derivative or its adjoint, made when the choice between them has been made
 */
export function sparseDerivative(
  of: Node,
  x: Node,
  symmetric: boolean,
  runner: (kind: 'jvp' | 'vjp') => ProductRunner,
): SparseDerivative {
  const found = sparsityOf(of, x)
  const pattern = symmetric ? symmetrized(found) : found
  const { rowStarts, columnIndices } = pattern
  let compressed: Compressed[]
  let kind: 'jvp' | 'vjp' = 'jvp'
  if (symmetric) compressed = compressSymmetric(pattern)
  else {
    compressed = compressColumns(pattern, (e) => e)
    const mirror = transposed(pattern)
    const byRows = compressColumns(mirror, (e) => mirror.entry[e])
    if (byRows.length < compressed.length) {
      compressed = byRows
      kind = 'vjp'
    }
  }
  let products: ProductRunner | undefined
  return {
    ...pattern,
    colors: compressed.length,
    evaluate(point, values) {
      if (values.length !== columnIndices.length) {
        throw new ShapeError(`values must have length ${columnIndices.length}, got ${describe(values)}`, {
          argument: 'values',
          expected: `length ${columnIndices.length}`,
          received: describe(values),
        })
      }
      if (rowStarts[pattern.rows] === 0) return values
      products ??= runner(kind)
      products.at(point)
      const direction = products.direction()
      direction.fill(0)
      for (const { ones, results, entries } of compressed) {
        for (let k = 0; k < ones.length; k++) direction[ones[k]] = 1
        products.run()
        for (let k = 0; k < ones.length; k++) direction[ones[k]] = 0
        const result = products.result()
        for (let k = 0; k < entries.length; k++) values[entries[k]] = result[results[k]]
      }
      return values
    },
  }
}

function compressColumns(pattern: SparsityPattern, entryOf: (e: number) => number): Compressed[] {
  const colors = colorColumns(pattern)
  const { rows, rowStarts, columnIndices } = pattern
  const groups = makeGroups(colors, pattern)
  for (let i = 0; i < rows; i++) {
    for (let e = rowStarts[i]; e < rowStarts[i + 1]; e++) {
      const group = groups[colors[columnIndices[e]]]
      group.results.push(i)
      group.entries.push(entryOf(e))
    }
  }
  return finished(groups)
}

function compressSymmetric(pattern: SparsityPattern): Compressed[] {
  const colors = colorSymmetric(pattern)
  const { rows, rowStarts, columnIndices } = pattern
  const groups = makeGroups(colors, pattern)
  for (let i = 0; i < rows; i++) {
    for (let e = rowStarts[i]; e < rowStarts[i + 1]; e++) {
      const j = columnIndices[e]
      // Row i of the product for the colour of j shows entry (i, j) if no other entry of row i has that colour.
      let alone = true
      for (let a = rowStarts[i]; a < rowStarts[i + 1] && alone; a++) {
        alone = columnIndices[a] === j || colors[columnIndices[a]] !== colors[j]
      }
      const group = groups[alone ? colors[j] : colors[i]]
      group.results.push(alone ? i : j)
      group.entries.push(e)
    }
  }
  return finished(groups)
}

interface Group {
  ones: number[]
  results: number[]
  entries: number[]
}

function makeGroups(colors: Int32Array, { columnIndices }: SparsityPattern): Group[] {
  const used = new Uint8Array(colors.length)
  for (const j of columnIndices) used[j] = 1
  const count = colors.reduce((most, c) => Math.max(most, c + 1), 0)
  const groups: Group[] = Array.from({ length: count }, () => ({ ones: [], results: [], entries: [] }))
  colors.forEach((c, j) => {
    if (used[j]) groups[c].ones.push(j)
  })
  return groups
}

function finished(groups: readonly Group[]): Compressed[] {
  return groups
    .filter((group) => group.entries.length > 0)
    .map(({ ones, results, entries }) => ({
      ones: Int32Array.from(ones),
      results: Int32Array.from(results),
      entries: Int32Array.from(entries),
    }))
}
