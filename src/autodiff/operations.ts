import { describe, InvalidInputError, ShapeError } from '../base/errors.ts'
import {
  asNode,
  broadcastTo,
  constant,
  elementwise,
  matmul,
  Node,
  type Operand,
  type OracleRule,
  reshape,
  scatterNode,
  transpose,
  type UnaryName,
  viewNode,
} from './node.ts'
import { broadcastShapes, checkedAxis, checkShape, rowMajorStrides, type Shape, shapeText, sizeOf } from './shape.ts'

export { broadcastTo, constant, matmul, reshape, slice, transpose } from './node.ts'

/** a + b, with broadcasting. */
export const add = (a: Operand, b: Operand): Node => elementwise('add', [a, b])
/** a - b, with broadcasting. */
export const sub = (a: Operand, b: Operand): Node => elementwise('sub', [a, b])
/** a * b, element by element, with broadcasting. */
export const mul = (a: Operand, b: Operand): Node => elementwise('mul', [a, b])
/** a / b, element by element, with broadcasting. */
export const div = (a: Operand, b: Operand): Node => elementwise('div', [a, b])
/**
 * a to the power of b, element by element, with broadcasting. The derivative by b is taken as 0 where a <= 0.
 */
export const pow = (a: Operand, b: Operand): Node => elementwise('pow', [a, b])
/** The smaller of a and b, element by element; where they are equal the derivative belongs to a. NaN if either is. */
export const minimum = (a: Operand, b: Operand): Node => elementwise('min', [a, b])
/** The larger of a and b, element by element; where they are equal the derivative belongs to a. NaN if either is. */
export const maximum = (a: Operand, b: Operand): Node => elementwise('max', [a, b])

const unary =
  (name: UnaryName) =>
  (x: Operand): Node =>
    elementwise(name, [x])

/** -x. */
export const neg = unary('neg')
/** |x|; derivative 0 at 0. */
export const abs = unary('abs')
/** -1, 0 or 1; derivative 0. */
export const sign = unary('sign')
/** Square root. */
export const sqrt = unary('sqrt')
/** x * x. */
export const square = unary('square')
/** e^x. */
export const exp = unary('exp')
/** Natural logarithm. */
export const log = unary('log')
/** e^x - 1, accurate near 0. */
export const expm1 = unary('expm1')
/** log(1 + x), accurate near 0. */
export const log1p = unary('log1p')
/** Sine of x radians. */
export const sin = unary('sin')
/** Cosine of x radians. */
export const cos = unary('cos')
/** Tangent of x radians. */
export const tan = unary('tan')
/** Inverse sine, in [-pi/2, pi/2]. */
export const asin = unary('asin')
/** Inverse cosine, in [0, pi]. */
export const acos = unary('acos')
/** Inverse tangent, in (-pi/2, pi/2). */
export const atan = unary('atan')
/** Hyperbolic sine. */
export const sinh = unary('sinh')
/** Hyperbolic cosine. */
export const cosh = unary('cosh')
/** Hyperbolic tangent. */
export const tanh = unary('tanh')
/** 1 / (1 + e^-x), without overflow. */
export const sigmoid = unary('sigmoid')
/** log(1 + e^x), without overflow. */
export const softplus = unary('softplus')
/** The error function, 2 / sqrt(pi) times the integral of e^(-t^2) over [0, x]. */
export const erf = unary('erf')
/** max(x, 0); derivative 0 at 0. */
export const relu = unary('relu')
/** The largest integer <= x; derivative 0. */
export const floor = unary('floor')
/** The smallest integer >= x; derivative 0. */
export const ceil = unary('ceil')
/** log10(x). */
export const log10 = (x: Operand): Node => log(x).mul(Math.LOG10E)
/** log2(x). */
export const log2 = (x: Operand): Node => log(x).mul(Math.LOG2E)

/** 1 where a < b, else 0; derivative 0. */
export const lessThan = (a: Operand, b: Operand): Node => elementwise('lt', [a, b])
/** 1 where a <= b, else 0; derivative 0. */
export const lessOrEqual = (a: Operand, b: Operand): Node => elementwise('le', [a, b])
/** 1 where a > b, else 0; derivative 0. */
export const greaterThan = (a: Operand, b: Operand): Node => elementwise('lt', [b, a])
/** 1 where a >= b, else 0; derivative 0. */
export const greaterOrEqual = (a: Operand, b: Operand): Node => elementwise('le', [b, a])
/** 1 where a equals b, else 0; derivative 0. */
export const equal = (a: Operand, b: Operand): Node => elementwise('eq', [a, b])

/**
 * a where the condition is not 0, else b; broadcasts. Both branches are computed: keep the one that is not taken finite
 * (`where(x > 0, log(where(x > 0, x, 1)), 0)`), or its infinite derivative times zero gives NaN.
 */
export const where = (condition: Operand, a: Operand, b: Operand): Node => elementwise('where', [condition, a, b])

/** x limited to [low, high]; derivative 1 inside and at the bounds, 0 outside. */
export const clamp = (x: Operand, low: Operand, high: Operand): Node => minimum(maximum(x, low), high)

/** The same value with derivative zero. */
export function stopGradient(x: Operand): Node {
  const node = asNode(x)
  return new Node({ kind: 'stopGradient' }, [node], node.shape)
}

// ---- Reductions ----------------------------------------------------------------------------------------------------

/** Which axes a reduction runs over (all by default), and whether they stay as axes of length 1. */
export interface ReductionOptions {
  /** Axes to reduce, negative ones counted from the end. Default: all. */
  axes?: number | readonly number[]
  /** Whether reduced axes stay, with length 1, so that the result broadcasts against the operand. Default false. */
  keepAxes?: boolean
}

function reduction(name: 'sum' | 'max', where: string, x: Operand, { axes, keepAxes }: ReductionOptions): Node {
  const node = asNode(x)
  const chosen = checkedAxes(where, axes, node.shape.length)
  const dropped = new Set(chosen)
  const kept = node.shape.filter((_, d) => !dropped.has(d))
  const reduced = chosen.length === 0 ? node : new Node({ kind: 'reduce', name, axes: chosen }, [node], kept)
  return keepAxes
    ? reshape(
        reduced,
        node.shape.map((n, d) => (dropped.has(d) ? 1 : n)),
      )
    : reduced
}

function checkedAxes(where: string, axes: ReductionOptions['axes'], rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, d) => d)
  const list = typeof axes === 'number' ? [axes] : axes
  return [...new Set(list.map((axis) => checkedAxis(where, axis, rank)))].sort((a, b) => a - b)
}

/** Sum of the elements. */
export const sum = (x: Operand, options: ReductionOptions = {}): Node => reduction('sum', 'sum', x, options)

/** Mean of the elements. */
export function mean(x: Operand, options: ReductionOptions = {}): Node {
  const node = asNode(x)
  const total = reduction('sum', 'mean', node, options)
  return total.div(node.size / total.size)
}

/** Largest element; ties share the derivative equally. */
export const max = (x: Operand, options: ReductionOptions = {}): Node => reduction('max', 'max', x, options)

/** Smallest element; ties share the derivative equally. */
export const min = (x: Operand, options: ReductionOptions = {}): Node =>
  neg(reduction('max', 'min', neg(asNode(x)), options))

/** Mean of squared deviations from the mean, divided by the number of elements. */
export function variance(x: Operand, options: ReductionOptions = {}): Node {
  const node = asNode(x)
  const centred = node.sub(mean(node, { ...options, keepAxes: true }))
  return mean(square(centred), options)
}

/** log(sum(exp(x))), without overflow: the largest element is taken out first. */
export function logSumExp(x: Operand, options: ReductionOptions = {}): Node {
  const node = asNode(x)
  const top = stopGradient(reduction('max', 'logSumExp', node, { ...options, keepAxes: true }))
  // A row of -Infinity has maximum -Infinity; subtracting it would give NaN instead of -Infinity.
  const shift = where(equal(top, -Infinity), 0, top)
  const total = log(reduction('sum', 'logSumExp', exp(node.sub(shift)), { ...options, keepAxes: true })).add(shift)
  if (options.keepAxes) return total
  const dropped = new Set(checkedAxes('logSumExp', options.axes, node.shape.length))
  return reshape(
    total,
    node.shape.filter((_, d) => !dropped.has(d)),
  )
}

/**
 * Euclidean norm (order 2, default), sum of absolute values (order 1) or largest absolute value (order Infinity). The
 * derivative of the Euclidean norm is taken as 0 at 0 (the subgradient of least norm).
 */
export function norm(x: Operand, options: ReductionOptions & { order?: 1 | 2 | number } = {}): Node {
  const { order = 2, ...reduce } = options
  if (order === 1) return sum(abs(x), reduce)
  if (order === Infinity) return max(abs(x), reduce)
  if (order !== 2) {
    throw new InvalidInputError(`norm: order must be 1, 2 or Infinity, got ${describe(order)}`, {
      argument: 'order',
      expected: '1, 2 or Infinity',
      received: describe(order),
    })
  }
  const squared = sum(square(x), reduce)
  const positive = lessThan(0, squared)
  return where(positive, sqrt(where(positive, squared, 1)), squared)
}

/** Sum of the products of corresponding elements of two arrays of the same shape. */
export const dot = (a: Operand, b: Operand): Node => sum(mul(a, b))

/** x y^T for vectors x [m] and y [n]: [m, n]. */
export function outer(x: Operand, y: Operand): Node {
  const a = asNode(x)
  const b = asNode(y)
  return reshape(a, [a.size, 1]).mul(reshape(b, [1, b.size]))
}

/** e^x / sum(e^x) along one axis (default: the last), without overflow. */
export function softmax(x: Operand, axis = -1): Node {
  const node = asNode(x)
  const top = stopGradient(reduction('max', 'softmax', node, { axes: axis, keepAxes: true }))
  const powers = exp(node.sub(top))
  return powers.div(sum(powers, { axes: axis, keepAxes: true }))
}

/** log(softmax(x)) along one axis (default: the last), without overflow. */
export function logSoftmax(x: Operand, axis = -1): Node {
  const node = asNode(x)
  const centred = node.sub(stopGradient(reduction('max', 'logSoftmax', node, { axes: axis, keepAxes: true })))
  return centred.sub(log(sum(exp(centred), { axes: axis, keepAxes: true })))
}

/** (x - mean) / sqrt(variance + epsilon) over the given axes (default: the last), epsilon >= 0, default 1e-5. */
export function normalize(
  x: Operand,
  { axes = -1, epsilon = 1e-5 }: { axes?: number | readonly number[]; epsilon?: number } = {},
): Node {
  const node = asNode(x)
  const centred = node.sub(mean(node, { axes, keepAxes: true }))
  const spread = mean(square(centred), { axes, keepAxes: true })
  return centred.div(sqrt(spread.add(epsilon)))
}

/** Running sums along an axis (default: the last); with `reverse`, of each element and all after it. */
export function cumulativeSum(x: Operand, axis = -1, { reverse = false }: { reverse?: boolean } = {}): Node {
  const node = asNode(x)
  const along = checkedAxis('cumulativeSum', axis, node.shape.length)
  return new Node({ kind: 'cumulativeSum', axis: along, reverse }, [node], node.shape)
}

// ---- Moving elements -----------------------------------------------------------------------------------------------

/** Arrays one after the other along an existing axis (default: the first). */
export function concatenate(parts: readonly Operand[], axis = 0): Node {
  const nodes = parts.map(asNode)
  const first = checkedParts('concatenate', nodes)
  const along = checkedAxis('concatenate', axis, first.shape.length)
  const length = nodes.reduce((total, node) => total + (node.shape[along] ?? 0), 0)
  const shape = first.shape.map((n, d) => (d === along ? length : n))
  const strides = rowMajorStrides(shape)
  let offset = 0
  const views = nodes.map((node) => {
    if (node.shape.length !== shape.length || node.shape.some((n, d) => d !== along && n !== shape[d])) {
      throw partsDiffer('concatenate', first, node)
    }
    const view = { offset: offset * strides[along], strides }
    offset += node.shape[along]
    return view
  })
  return nodes.length === 1 ? first : scatterNode(nodes, views, shape)
}

/** Arrays of one shape side by side along a new axis (default: the first). */
export function stack(parts: readonly Operand[], axis = 0): Node {
  const nodes = parts.map(asNode)
  const first = checkedParts('stack', nodes)
  const along = checkedAxis('stack', axis, first.shape.length + 1)
  const shape = [...first.shape.slice(0, along), nodes.length, ...first.shape.slice(along)]
  const rows = rowMajorStrides(shape)
  const strides = rows.filter((_, d) => d !== along)
  for (const node of nodes) {
    if (node.shape.length !== first.shape.length || node.shape.some((n, d) => n !== first.shape[d])) {
      throw partsDiffer('stack', first, node)
    }
  }
  if (nodes.length === 1) return reshape(first, shape)
  return scatterNode(
    nodes,
    nodes.map((_, i) => ({ offset: i * rows[along], strides })),
    shape,
  )
}

function checkedParts(where: string, nodes: readonly Node[]): Node {
  if (nodes.length > 0) return nodes[0]
  throw new InvalidInputError(`${where}: needs at least one array`, {
    argument: 'parts',
    expected: 'at least one array',
    received: 'none',
  })
}

function partsDiffer(where: string, first: Node, node: Node): ShapeError {
  return new ShapeError(`${where}: shapes ${shapeText(first.shape)} and ${shapeText(node.shape)} do not fit together`, {
    argument: 'parts',
    expected: shapeText(first.shape),
    received: shapeText(node.shape),
  })
}

/** All elements as a vector, row by row. */
export function flatten(x: Operand): Node {
  const node = asNode(x)
  return reshape(node, [node.size])
}

/** The elements along an axis (default: the first) in the opposite order. */
export function reverse(x: Operand, axis = 0): Node {
  const node = asNode(x)
  const along = checkedAxis('reverse', axis, node.shape.length)
  const strides = rowMajorStrides(node.shape)
  const offset = strides[along] * (node.shape[along] - 1)
  strides[along] = -strides[along]
  return viewNode(node, node.shape, { offset, strides })
}

/** The diagonal of a matrix [n, n], or the matrix with the vector [n] on its diagonal. */
export function diagonal(x: Operand): Node {
  const node = asNode(x)
  const n = node.shape[0]
  const view = { offset: 0, strides: [n + 1] }
  if (node.shape.length === 1) return scatterNode([node], [view], [n, n])
  if (node.shape.length === 2 && node.shape[1] === n) return viewNode(node, [n], view)
  throw new ShapeError(`diagonal: expected a vector or a square matrix, got ${shapeText(node.shape)}`, {
    argument: 'x',
    expected: '[n] or [n, n]',
    received: shapeText(node.shape),
  })
}

/** The sum of the diagonal of a matrix [n, n]. */
export const trace = (x: Operand): Node => sum(diagonal(x))

/** x surrounded by zeros: `widths[d] = [before, after]` along axis d. */
export function pad(x: Operand, widths: readonly (readonly [before: number, after: number])[]): Node {
  const node = asNode(x)
  const valid = widths.length === node.shape.length && widths.flat().every((w) => Number.isInteger(w) && w >= 0)
  if (!valid) {
    throw new ShapeError(`pad: needs [before, after] >= 0 for each axis of ${shapeText(node.shape)}`, {
      argument: 'widths',
      expected: `${node.shape.length} pairs of integers >= 0`,
      received: describe(widths),
    })
  }
  if (widths.flat().every((w) => w === 0)) return node
  const shape = node.shape.map((n, d) => n + widths[d][0] + widths[d][1])
  const strides = rowMajorStrides(shape)
  const offset = widths.reduce((total, [before], d) => total + before * strides[d], 0)
  return scatterNode([node], [{ offset, strides }], shape)
}

/**
 * Slices of x at the given indices along an axis (default: the first): the axis is replaced by the axes of `indices`.
 * Constant indices are checked when the function is traced; indices that are data are rounded down, and ones outside are
 * moved to the nearest end. No derivative by the indices.
 *
 * @throws {ShapeError} for a constant index outside the axis
 */
export function gather(x: Operand, indices: Operand, axis = 0): Node {
  const node = asNode(x)
  const at = asNode(indices)
  const along = checkedAxis('gather', axis, node.shape.length)
  checkIndices('gather', at, node.shape[along])
  const shape = [...node.shape.slice(0, along), ...at.shape, ...node.shape.slice(along + 1)]
  return new Node({ kind: 'gather', axis: along }, [node, at], shape)
}

/**
 * Adds slices into an array of zeros: along `axis` (default: the first), which gets the given length, slice i of `updates`
 * is added at position indices[i]. The adjoint of `gather`. `indices` is a vector here.
 *
 * @throws {ShapeError} if there are not as many indices as slices, or a constant index is outside
 */
export function scatterAdd(updates: Operand, indices: Operand, length: number, axis = 0): Node {
  const node = asNode(updates)
  const at = asNode(indices)
  const along = checkedAxis('scatterAdd', axis, node.shape.length)
  checkShape('scatterAdd', [length])
  if (at.shape.length !== 1 || at.size !== node.shape[along]) {
    throw new ShapeError(
      `scatterAdd: indices ${shapeText(at.shape)} for axis ${along} of updates ${shapeText(node.shape)}`,
      { argument: 'indices', expected: `[${node.shape[along]}]`, received: shapeText(at.shape) },
    )
  }
  checkIndices('scatterAdd', at, length)
  return scatterAddNode(node, at, along, length)
}

/** `scatterAdd` for indices with any number of axes, which stand at `axis` in the updates. */
export function scatterAddNode(updates: Node, indices: Node, axis: number, length: number): Node {
  const shape = [...updates.shape.slice(0, axis), length, ...updates.shape.slice(axis + indices.shape.length)]
  return new Node({ kind: 'scatterAdd', axis, length }, [updates, indices], shape)
}

function checkIndices(where: string, indices: Node, length: number): void {
  if (indices.operation.kind !== 'constant') return
  for (const index of indices.operation.data) {
    if (Number.isInteger(index) && index >= 0 && index < length) continue
    throw new ShapeError(`${where}: index ${index} does not exist on an axis of length ${length}`, {
      argument: 'indices',
      expected: `integers in [0, ${length})`,
      received: String(index),
    })
  }
}

/**
 * All windows of `size` consecutive elements along an axis: the axis of length n is replaced by two, [count, size], with
 * count = floor((n - dilation (size - 1) - 1) / stride) + 1; window i holds the elements i stride + j dilation.
 */
export function windows(
  x: Operand,
  size: number,
  { axis = -1, stride = 1, dilation = 1 }: { axis?: number; stride?: number; dilation?: number } = {},
): Node {
  const node = asNode(x)
  const along = checkedAxis('windows', axis, node.shape.length)
  checkShape('windows', [size, stride, dilation])
  const count = Math.floor((node.shape[along] - dilation * (size - 1) - 1) / stride) + 1
  if (count < 1) {
    throw new ShapeError(`windows: no window of ${size} fits axis ${along} of ${shapeText(node.shape)}`, {
      argument: 'size',
      expected: `a window within ${node.shape[along]} elements`,
      received: `${dilation * (size - 1) + 1} elements`,
    })
  }
  const rows = rowMajorStrides(node.shape)
  return viewNode(node, [...node.shape.slice(0, along), count, size, ...node.shape.slice(along + 1)], {
    offset: 0,
    strides: [...rows.slice(0, along), rows[along] * stride, rows[along] * dilation, ...rows.slice(along + 1)],
  })
}

/** How a convolution moves its filter; each number is the same for all axes, or given axis by axis. */
export interface ConvolutionOptions {
  /** Distance between neighbouring windows. Default 1. */
  stride?: number | readonly number[]
  /** Zeros added on both sides. Default 0. */
  padding?: number | readonly number[]
  /** Distance between neighbouring elements of a window. Default 1. */
  dilation?: number | readonly number[]
}

/**
 * One-dimensional convolution (as in neural nets: the filter is not reversed). x [batch, channels, length] or
 * [channels, length]; filters [outputs, channels, size]; the result is [batch, outputs, count] or [outputs, count].
 */
export const convolution1d = (x: Operand, filters: Operand, options: ConvolutionOptions = {}): Node =>
  convolution('convolution1d', 1, asNode(x), asNode(filters), options)

/**
 * Two-dimensional convolution (the filter is not reversed). x [batch, channels, height, width] or [channels, height,
 * width]; filters [outputs, channels, rows, columns]; the result is [batch, outputs, height', width'] or without batch.
 */
export const convolution2d = (x: Operand, filters: Operand, options: ConvolutionOptions = {}): Node =>
  convolution('convolution2d', 2, asNode(x), asNode(filters), options)

function convolution(where: string, axes: 1 | 2, x: Node, filters: Node, options: ConvolutionOptions): Node {
  const each = (value: number | readonly number[] | undefined, fallback: number): number[] =>
    Array.from({ length: axes }, (_, d) => (typeof value === 'number' ? value : (value?.[d] ?? fallback)))
  const stride = each(options.stride, 1)
  const padding = each(options.padding, 0)
  const dilation = each(options.dilation, 1)
  const batched = x.shape.length === axes + 2
  const channels = x.shape[batched ? 1 : 0]
  if ((!batched && x.shape.length !== axes + 1) || filters.shape.length !== axes + 2 || filters.shape[1] !== channels) {
    const both = `${shapeText(x.shape)} and ${shapeText(filters.shape)}`
    throw new ShapeError(`${where}: signal and filter shapes ${both} do not fit`, {
      argument: where,
      expected: `[batch, channels${', length'.repeat(axes)}] and [outputs, channels${', size'.repeat(axes)}]`,
      received: both,
    })
  }
  const [outputs, , ...sizes] = filters.shape
  let patches = batched ? x : reshape(x, [1, ...x.shape])
  patches = pad(patches, [[0, 0], [0, 0], ...padding.map((p): [number, number] => [p, p])])
  // Windows of the axes from the last to the first: [batch, channels, count1, size1, count2, size2].
  for (let d = axes - 1; d >= 0; d--) {
    patches = windows(patches, sizes[d], { axis: 2 + d, stride: stride[d], dilation: dilation[d] })
  }
  const counts = sizes.map((_, d) => patches.shape[2 + 2 * d])
  // Bring the windows next to the channels: [batch, channels, sizes..., counts...].
  const order = [0, 1, ...sizes.map((_, d) => 3 + 2 * d), ...sizes.map((_, d) => 2 + 2 * d)]
  const batch = patches.shape[0]
  const columns = reshape(transpose(patches, order), [batch, channels * sizeOf(sizes), sizeOf(counts)])
  const product = matmul(reshape(filters, [1, outputs, channels * sizeOf(sizes)]), columns)
  return reshape(product, [...(batched ? [batch] : []), outputs, ...counts])
}

/** Zeros of a shape. */
export const zeros = (shape: Shape): Node => broadcastTo(constant(0), shape)
/** Ones of a shape. */
export const ones = (shape: Shape): Node => broadcastTo(constant(1), shape)
/** The identity matrix [n, n]. */
export const identity = (n: number): Node => diagonal(ones([n]))
/** 0, 1, ..., n - 1. */
export const range = (n: number): Node => constant(Float64Array.from({ length: n }, (_, i) => i))
/** 1 where the class index equals the position, else 0: [..., classes]. */
export function oneHot(indices: Operand, classes: number): Node {
  const node = asNode(indices)
  return equal(reshape(node, [...node.shape, 1]), range(classes))
}

/** The operation of a user's rule on the given inputs; see `OracleRule`. */
export function oracle(rule: OracleRule, inputs: readonly Operand[], shape: Shape): Node {
  checkShape(`oracle ${rule.name}`, shape)
  return new Node({ kind: 'oracle', rule }, inputs.map(asNode), [...shape])
}

/** The sum of `x` over the axes along which `shape` was stretched to the shape of x: the adjoint of `broadcastTo`. */
export function sumTo(x: Node, shape: Shape): Node {
  broadcastShapes('sumTo', [x.shape, shape])
  const lead = x.shape.length - shape.length
  const axes: number[] = []
  for (let d = 0; d < x.shape.length; d++) {
    if (d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1)) axes.push(d)
  }
  return reshape(axes.length === 0 ? x : sum(x, { axes }), shape)
}
