import { describe, InvalidInputError, ShapeError } from '../base/errors.ts'
import {
  type Affine,
  broadcastShapes,
  broadcastStrides,
  checkedAxis,
  checkShape,
  isContiguous,
  rowMajorStrides,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
} from './shape.ts'

/** Element-wise functions of one argument. */
export const unaryNames = [
  'neg',
  'abs',
  'sign',
  'sqrt',
  'square',
  'exp',
  'log',
  'expm1',
  'log1p',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'sigmoid',
  'softplus',
  'erf',
  'relu',
  'floor',
  'ceil',
] as const
/** Element-wise functions of two arguments. Comparisons give 1 for true and 0 for false. */
export const binaryNames = ['add', 'sub', 'mul', 'div', 'pow', 'min', 'max', 'lt', 'le', 'eq'] as const

export type UnaryName = (typeof unaryNames)[number]
export type BinaryName = (typeof binaryNames)[number]
export type ElementwiseName = UnaryName | BinaryName | 'where'

/** Numbers that an array of constants may be given as. */
export type NumericArray = Float64Array | Float32Array | Int32Array | Uint8Array

/**
 * A computation that the graph cannot look into: it runs outside the compiled code, on views of the values of its inputs,
 * and brings its own derivative rules. `implicit` functions are made of it, and users' own oracles.
 */
export interface OracleRule {
  /** For messages. */
  readonly name: string
  /**
   * Writes the value into `out`. `inputs` hold the values row by row; neither may be kept. Must be a function of its inputs
   * alone and allocate nothing.
   */
  evaluate(inputs: readonly Float64Array[], out: Float64Array): void
  /** The product of the cotangent with the derivative by each input; `undefined` for an input without derivative. */
  reverse?(inputs: readonly Node[], output: Node, cotangent: Node): readonly (Node | undefined)[]
  /** The derivative of the output along the given tangents (`undefined` stands for zero). */
  forward?(inputs: readonly Node[], output: Node, tangents: readonly (Node | undefined)[]): Node | undefined
}

/** The primitive operations. Everything in the public language is made of these, and so is every derivative. */
export type Operation =
  | { readonly kind: 'input' }
  | { readonly kind: 'constant'; readonly data: Float64Array }
  | { readonly kind: 'elementwise'; readonly name: ElementwiseName }
  | { readonly kind: 'reduce'; readonly name: 'sum' | 'max'; readonly axes: readonly number[] }
  /** [..., m, k] times [..., k, n]; the leading axes of both are equal. */
  | { readonly kind: 'matmul' }
  | { readonly kind: 'reshape' }
  /** out[i, j, ...] = in[offset + i strides[0] + j strides[1] + ...], positions row-major. */
  | { readonly kind: 'view'; readonly view: Affine }
  /** The adjoint of `view`, for several terms: out = 0; out[views[t] at index] += inputs[t][index]. */
  | { readonly kind: 'scatter'; readonly views: readonly Affine[] }
  /** inputs [x, indices]: along `axis`, the slices of x at the given indices. */
  | { readonly kind: 'gather'; readonly axis: number }
  /** The adjoint of `gather`: inputs [updates, indices]; adds slices into zeros with length `length` along `axis`. */
  | { readonly kind: 'scatterAdd'; readonly axis: number; readonly length: number }
  | { readonly kind: 'cumulativeSum'; readonly axis: number; readonly reverse: boolean }
  /** The identity, with derivative zero. */
  | { readonly kind: 'stopGradient' }
  /** The identity, stored on its own: what a kernel that wants its operand in one piece is given. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'oracle'; readonly rule: OracleRule }

let created = 0

/** What a function of arrays may be given where an array is expected: numbers and plain arrays become constants. */
export type Operand = Node | number | readonly number[] | readonly (readonly number[])[] | NumericArray

/** One axis of a slice: an index (the axis disappears), `[start, end?, step?]` (negative counts from the end), or `null` for all. */
export type Range = number | readonly [start: number, end?: number, step?: number] | null

/**
 * An array-valued expression: what the traced function computes with. Immutable; an input of a compiled function, a
 * constant, or an operation on other nodes. Infix operations are methods (`a.add(b)`, `x.matmul(y)`, `x.at(0)`), and all
 * operations are functions too (`sub(1, x)`, `exp(x)`).
 */
export class Node {
  /** Grows with creation: the inputs of a node have smaller numbers, so sorting by it is a topological order. */
  readonly id: number
  readonly operation: Operation
  readonly inputs: readonly Node[]
  /** Lengths of the axes, known when the function is traced. */
  readonly shape: Shape

  constructor(operation: Operation, inputs: readonly Node[], shape: Shape) {
    this.id = created++
    this.operation = operation
    this.inputs = inputs
    this.shape = shape
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** this + other, with broadcasting. */
  add(other: Operand): Node {
    return elementwise('add', [this, other])
  }

  /** this - other, with broadcasting. */
  sub(other: Operand): Node {
    return elementwise('sub', [this, other])
  }

  /** this * other, element by element, with broadcasting. */
  mul(other: Operand): Node {
    return elementwise('mul', [this, other])
  }

  /** this / other, element by element, with broadcasting. */
  div(other: Operand): Node {
    return elementwise('div', [this, other])
  }

  /** this to the power of other, element by element, with broadcasting. */
  pow(other: Operand): Node {
    return elementwise('pow', [this, other])
  }

  /** -this. */
  neg(): Node {
    return elementwise('neg', [this])
  }

  /** Matrix product; see `matmul`. */
  matmul(other: Operand): Node {
    return matmul(this, other)
  }

  /** The element or sub-array at the given indices of the leading axes; negative indices count from the end. */
  at(...indices: number[]): Node {
    return slice(this, ...indices)
  }

  /** A part of the array; one range per leading axis. See `slice`. */
  slice(...ranges: Range[]): Node {
    return slice(this, ...ranges)
  }

  /** The same elements in row-major order under another shape; one length may be -1 and is then computed. */
  reshape(...shape: number[]): Node {
    return reshape(this, shape)
  }

  /** Axes in the given order; by default the last two are swapped. */
  transpose(...axes: number[]): Node {
    return transpose(this, axes.length === 0 ? undefined : axes)
  }

  toString(): string {
    const { operation } = this
    const name = operation.kind === 'elementwise' || operation.kind === 'reduce' ? operation.name : operation.kind
    return `${name} ${shapeText(this.shape)}`
  }
}

/** A scalar or array of constants. Nested arrays give matrices; a flat array may be given a shape. Typed arrays are not copied. */
export function constant(value: Operand, shape?: Shape): Node {
  if (value instanceof Node) return shape === undefined ? value : reshape(value, shape)
  if (shape !== undefined) checkShape('constant', shape)
  const node = constantNode(value)
  if (shape === undefined || sameShape(shape, node.shape)) return node
  if (typeof value === 'number') return broadcastTo(node, shape)
  if (sizeOf(shape) !== node.size) {
    throw new ShapeError(`constant: ${node.size} numbers do not fill the shape ${shapeText(shape)}`, {
      argument: 'shape',
      expected: `${sizeOf(shape)} numbers`,
      received: `${node.size} numbers`,
    })
  }
  return new Node(node.operation, [], [...shape])
}

function constantNode(value: Exclude<Operand, Node>): Node {
  if (typeof value === 'number') return new Node({ kind: 'constant', data: Float64Array.of(value) }, [], [])
  if (value instanceof Float64Array) return constantOf(value, [value.length])
  if (ArrayBuffer.isView(value)) return constantOf(Float64Array.from(value as NumericArray), [value.length])
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) {
    return constantOf(Float64Array.from(value as number[]), [value.length])
  }
  if (Array.isArray(value) && value.every((row) => Array.isArray(row) || ArrayBuffer.isView(row))) {
    const rows = value as readonly ArrayLike<number>[]
    const columns = rows.length === 0 ? 0 : rows[0].length
    const data = new Float64Array(rows.length * columns)
    rows.forEach((row, i) => {
      if (row.length !== columns) {
        throw new ShapeError(`constant: row ${i} has ${row.length} numbers, but row 0 has ${columns}`, {
          argument: 'constant',
          expected: `rows of ${columns} numbers`,
          received: `a row of ${row.length}`,
        })
      }
      for (let j = 0; j < columns; j++) {
        if (typeof row[j] !== 'number') throw notAnArray(row[j])
        data[i * columns + j] = row[j]
      }
    })
    return constantOf(data, [rows.length, columns])
  }
  throw notAnArray(value)
}

function notAnArray(value: unknown): InvalidInputError {
  const expected = 'an expression, a number, an array of numbers, or rows of numbers'
  return new InvalidInputError(`expected ${expected}, got ${describe(value)}`, {
    argument: 'operand',
    expected,
    received: describe(value),
  })
}

function constantOf(data: Float64Array, shape: Shape): Node {
  checkShape('constant', shape)
  return new Node({ kind: 'constant', data }, [], shape)
}

/** The node itself, or a constant. */
export function asNode(value: Operand): Node {
  return value instanceof Node ? value : constantNode(value)
}

/** A placeholder for values that are given at evaluation. */
export function inputNode(shape: Shape): Node {
  return new Node({ kind: 'input' }, [], [...shape])
}

export function elementwise(name: ElementwiseName, operands: readonly Operand[]): Node {
  const inputs = operands.map(asNode)
  const shape = broadcastShapes(
    name,
    inputs.map((node) => node.shape),
  )
  return new Node({ kind: 'elementwise', name }, inputs, shape)
}

/** The single number that all elements of a constant are equal to, or undefined. */
export function uniformValue(node: Node): number | undefined {
  let at = node
  for (;;) {
    const { kind } = at.operation
    if (kind === 'constant') return at.size === 1 ? at.operation.data[0] : undefined
    if (kind !== 'view' && kind !== 'reshape') return undefined
    at = at.inputs[0]
  }
}

export function reshape(x: Operand, shape: Shape): Node {
  const node = asNode(x)
  const unknown = shape.indexOf(-1)
  const to = [...shape]
  if (unknown >= 0) {
    const rest = -sizeOf(shape)
    if (rest > 0 && node.size % rest === 0) to[unknown] = node.size / rest
  }
  if (sizeOf(to) !== node.size || to.some((n) => n < 1 || !Number.isInteger(n))) {
    throw new ShapeError(
      `reshape: ${shapeText(node.shape)} has ${node.size} elements and does not fit ${shapeText(shape)}`,
      { argument: 'shape', expected: `a shape of ${node.size} elements`, received: shapeText(shape) },
    )
  }
  if (sameShape(to, node.shape)) return node
  return new Node({ kind: 'reshape' }, [node], to)
}

/** A view of the row-major elements of `x`; the caller has made sure that every position exists. */
export function viewNode(x: Node, shape: Shape, view: Affine): Node {
  if (sizeOf(shape) === x.size && isContiguous(shape, view)) return reshape(x, shape)
  return new Node({ kind: 'view', view }, [x], [...shape])
}

/** The sum of arrays placed into zeros of `shape`, each through its view. */
export function scatterNode(terms: readonly Node[], views: readonly Affine[], shape: Shape): Node {
  return new Node({ kind: 'scatter', views }, terms, [...shape])
}

/** Stretches axes of length 1 and adds leading axes, as element-wise operations do by themselves. */
export function broadcastTo(x: Operand, shape: Shape): Node {
  const node = asNode(x)
  if (sameShape(node.shape, shape)) return node
  checkShape('broadcastTo', shape)
  const common = broadcastShapes('broadcastTo', [node.shape, shape])
  if (!sameShape(common, shape)) {
    throw new ShapeError(`broadcastTo: ${shapeText(node.shape)} does not stretch to ${shapeText(shape)}`, {
      argument: 'shape',
      expected: `a shape that ${shapeText(node.shape)} stretches to`,
      received: shapeText(shape),
    })
  }
  return viewNode(node, shape, {
    offset: 0,
    strides: broadcastStrides(node.shape, rowMajorStrides(node.shape), shape),
  })
}

/**
 * Axes of `x` in the given order; by default the last two are swapped (and a vector stays as it is).
 *
 * @throws {ShapeError} if `axes` is not a permutation of the axes
 */
export function transpose(x: Operand, axes?: readonly number[]): Node {
  const node = asNode(x)
  const rank = node.shape.length
  let order: number[]
  if (axes === undefined) {
    order = node.shape.map((_, d) => d)
    if (rank >= 2) [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2]
  } else {
    order = axes.map((axis) => checkedAxis('transpose', axis, rank))
    if (order.length !== rank || new Set(order).size !== rank) {
      throw new ShapeError(`transpose: [${axes.join(', ')}] is not an order of the ${rank} axes`, {
        argument: 'axes',
        expected: `a permutation of 0..${rank - 1}`,
        received: `[${axes.join(', ')}]`,
      })
    }
  }
  const strides = rowMajorStrides(node.shape)
  return viewNode(
    node,
    order.map((d) => node.shape[d]),
    { offset: 0, strides: order.map((d) => strides[d]) },
  )
}

/**
 * A part of `x`: one range per leading axis. A number picks one index and drops the axis; `[start, end, step]` picks
 * start, start + step, ... before end (end defaults to the length, step to 1 and is positive; negative start and end count
 * from the end); `null` keeps the axis. `slice(x, [1])` is x without its first element, `slice(x, [0, -1])` without its last.
 *
 * @throws {ShapeError} for an index that does not exist and for an empty range
 */
export function slice(x: Operand, ...ranges: Range[]): Node {
  const node = asNode(x)
  if (ranges.length > node.shape.length) {
    throw new ShapeError(`slice: ${ranges.length} ranges for ${shapeText(node.shape)}`, {
      argument: 'ranges',
      expected: `at most ${node.shape.length} ranges`,
      received: `${ranges.length}`,
    })
  }
  const rows = rowMajorStrides(node.shape)
  const shape: number[] = []
  const strides: number[] = []
  let offset = 0
  node.shape.forEach((length, d) => {
    const range = ranges[d] ?? null
    if (range === null) {
      shape.push(length)
      strides.push(rows[d])
    } else if (typeof range === 'number') {
      offset += checkedIndex(node, d, range) * rows[d]
    } else {
      const [from, to = length, step = 1] = range
      const start = from < 0 ? from + length : from
      const end = to < 0 ? to + length : to
      const valid =
        [start, end, step].every(Number.isInteger) && start >= 0 && end <= length && start < end && step >= 1
      if (!valid) {
        const received = `[${range.join(', ')}]`
        throw new ShapeError(
          `slice: the range ${received} of axis ${d} of ${shapeText(node.shape)} is empty or goes outside`,
          { argument: 'ranges', expected: `0 <= start < end <= ${length}, step >= 1`, received },
        )
      }
      offset += start * rows[d]
      shape.push(Math.ceil((end - start) / step))
      strides.push(rows[d] * step)
    }
  })
  return viewNode(node, shape, { offset, strides })
}

function checkedIndex(node: Node, axis: number, index: number): number {
  const length = node.shape[axis]
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new ShapeError(`slice: index ${index} does not exist on axis ${axis} of ${shapeText(node.shape)}`, {
      argument: 'index',
      expected: `an integer in [${-length}, ${length})`,
      received: String(index),
    })
  }
  return index < 0 ? index + length : index
}

/**
 * Matrix product. [m, k] by [k, n] gives [m, n]; a vector on the left is a row, on the right a column, and the axis that
 * this adds disappears again (two vectors give a scalar). Leading axes are batches and broadcast.
 *
 * @throws {ShapeError} if the inner lengths differ or the batches do not broadcast
 */
export function matmul(left: Operand, right: Operand): Node {
  let a = asNode(left)
  let b = asNode(right)
  const fail = (reason: string): ShapeError =>
    new ShapeError(`matmul: shapes ${shapeText(a.shape)} and ${shapeText(b.shape)} do not fit: ${reason}`, {
      argument: 'matmul',
      expected: 'shapes [..., m, k] and [..., k, n]',
      received: `${shapeText(a.shape)} and ${shapeText(b.shape)}`,
    })
  if (a.shape.length === 0 || b.shape.length === 0) throw fail('a scalar has no axes; use mul')
  const k = a.shape[a.shape.length - 1]
  const inner = b.shape[Math.max(0, b.shape.length - 2)]
  if (k !== inner) throw fail(`inner lengths ${k} and ${inner} differ`)
  const row = a.shape.length === 1
  const column = b.shape.length === 1
  if (row) a = reshape(a, [1, k])
  if (column) b = reshape(b, [k, 1])
  const m = a.shape[a.shape.length - 2]
  const n = b.shape[b.shape.length - 1]
  let product: Node
  if (b.shape.length === 2) {
    // All leading axes of the left operand are rows of one matrix.
    const rows = sizeOf(a.shape) / k
    product = reshape(matrixProduct(reshape(a, [rows, k]), b), [...a.shape.slice(0, -1), n])
  } else {
    const batch = broadcastShapes('matmul', [a.shape.slice(0, -2), b.shape.slice(0, -2)])
    product = matrixProduct(broadcastTo(a, [...batch, m, k]), broadcastTo(b, [...batch, k, n]))
  }
  if (!row && !column) return product
  const batch = product.shape.slice(0, -2)
  return reshape(product, [...batch, ...(row ? [] : [m]), ...(column ? [] : [n])])
}

/** Matrix product of arrays whose leading axes are equal. */
export function matrixProduct(a: Node, b: Node): Node {
  const shape = [...a.shape.slice(0, -1), b.shape[b.shape.length - 1]]
  return new Node({ kind: 'matmul' }, [a, b], shape)
}

/** All nodes that the given ones are computed from, inputs before outputs. */
export function topological(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>(roots)
  const stack = [...seen]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const input of node.inputs) {
      if (!seen.has(input)) {
        seen.add(input)
        stack.push(input)
      }
    }
  }
  return [...seen].sort((a, b) => a.id - b.id)
}
