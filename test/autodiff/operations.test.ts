import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  abs,
  acos,
  asin,
  atan,
  broadcastTo,
  ceil,
  checkGradient,
  clamp,
  compile,
  concatenate,
  constant,
  convolution1d,
  convolution2d,
  cos,
  cosh,
  cumulativeSum,
  diagonal,
  dot,
  equal,
  erf,
  exp,
  expm1,
  flatten,
  floor,
  gather,
  greaterOrEqual,
  greaterThan,
  hessianProductByDifferences,
  identity,
  lessOrEqual,
  lessThan,
  log,
  log1p,
  log2,
  log10,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  type Node,
  norm,
  normalize,
  oneHot,
  outer,
  pad,
  pow,
  relu,
  reverse,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  sinh,
  softmax,
  softplus,
  sqrt,
  square,
  stack,
  stopGradient,
  sub,
  sum,
  tan,
  tanh,
  trace,
  transpose,
  variance,
  where,
  windows,
} from '../../src/autodiff/index.ts'
import { RandomStream } from '../../src/base/random.ts'
import { difference, inner, product, seeds, shapes, uniform } from './support.ts'

type Build = (x: Node, random: (shape: readonly number[]) => Node) => Node

interface Case {
  name: string
  build: Build
  /** Interval of the inputs; kinks and poles stay outside. */
  low?: number
  high?: number
  /** A fixed input shape, where the operation needs one. */
  shape?: readonly number[]
}

const anyShape: Case[] = [
  { name: 'neg', build: (x) => x.neg() },
  { name: 'abs', build: abs, low: 0.1, high: 2 },
  { name: 'abs of negative', build: abs, low: -2, high: -0.1 },
  { name: 'sqrt', build: sqrt, low: 0.3, high: 3 },
  { name: 'square', build: square },
  { name: 'exp', build: exp },
  { name: 'log', build: log, low: 0.3, high: 3 },
  { name: 'log2, log10', build: (x) => log2(x).add(log10(x)), low: 0.3, high: 3 },
  { name: 'expm1', build: expm1 },
  { name: 'log1p', build: log1p, low: -0.5, high: 2 },
  { name: 'sin', build: sin, low: -4, high: 4 },
  { name: 'cos', build: cos, low: -4, high: 4 },
  { name: 'tan', build: tan },
  { name: 'asin', build: asin, low: -0.8, high: 0.8 },
  { name: 'acos', build: acos, low: -0.8, high: 0.8 },
  { name: 'atan', build: atan, low: -3, high: 3 },
  { name: 'sinh', build: sinh },
  { name: 'cosh', build: cosh },
  { name: 'tanh', build: tanh, low: -2, high: 2 },
  { name: 'sigmoid', build: sigmoid, low: -4, high: 4 },
  { name: 'softplus', build: softplus, low: -4, high: 4 },
  { name: 'erf', build: erf, low: -2, high: 2 },
  { name: 'relu', build: relu, low: 0.1, high: 2 },
  { name: 'relu of negative', build: relu, low: -2, high: -0.1 },
  { name: 'piecewise constant', build: (x) => sign(x).add(floor(x)).add(ceil(x)).add(square(x)), low: 0.1, high: 0.9 },
  { name: 'add, sub', build: (x, r) => x.add(r(x.shape)).sub(square(x)) },
  { name: 'mul', build: (x, r) => x.mul(r(x.shape)).mul(x) },
  { name: 'div', build: (x, r) => sub(1, x).div(x).add(r(x.shape).div(x)), low: 0.5, high: 2 },
  {
    name: 'pow with constant exponents',
    build: (x) => pow(x, 3).add(pow(x, -2)).add(pow(x, 0.5)).add(pow(x, 1.7)),
    low: 0.5,
    high: 2,
  },
  { name: 'pow with variable exponent', build: (x) => pow(x.add(1), x).add(pow(2, x)), low: 0.5, high: 2 },
  { name: 'minimum, maximum', build: (x) => minimum(x, 0.5).mul(maximum(x, square(x))), low: 0.6, high: 0.9 },
  { name: 'clamp', build: (x) => clamp(square(x), 0.3, 0.9), low: 0.6, high: 0.9 },
  { name: 'where', build: (x) => where(lessThan(x, 2), square(x), exp(x)).add(where(greaterThan(x, 2), x, sin(x))) },
  { name: 'comparisons', build: (x) => lessOrEqual(x, 3).add(greaterOrEqual(x, 3)).add(equal(x, 3)).mul(square(x)) },
  { name: 'stopGradient', build: (x, r) => stopGradient(r(x.shape)).mul(square(x)) },
  { name: 'sum', build: (x) => square(sum(square(x))) },
  { name: 'mean', build: (x) => exp(mean(x)).mul(x) },
  { name: 'variance', build: (x) => variance(x) },
  { name: 'max', build: (x) => max(x).mul(square(x)) },
  { name: 'min', build: (x) => min(x).mul(square(x)) },
  { name: 'logSumExp', build: (x) => logSumExp(x) },
  { name: 'norm', build: (x) => norm(x).mul(x), low: 0.2, high: 1 },
  {
    name: 'norms of order 1 and infinity',
    build: (x) => norm(x, { order: 1 }).mul(norm(x, { order: Infinity })),
    low: 0.2,
    high: 1,
  },
  { name: 'dot', build: (x, r) => dot(x, r(x.shape)).mul(dot(x, x)) },
  { name: 'outer', build: (x) => outer(exp(x), x) },
  { name: 'flatten and stack', build: (x) => stack([flatten(x), flatten(square(x))], 1) },
  { name: 'broadcastTo', build: (x) => broadcastTo(x, [3, ...x.shape]).mul(x) },
  { name: 'transpose', build: (x, r) => transpose(square(x)).mul(r(transpose(x).shape)) },
  {
    name: 'reverse, concatenate',
    build: (x) => {
      const v = flatten(x)
      return concatenate([v, reverse(v).mul(v), square(v)])
    },
  },
  {
    name: 'diagonal',
    build: (x) => {
      const v = flatten(x)
      return matmul(diagonal(v), outer(v, v))
        .add(diagonal(square(v)))
        .add(identity(v.size).mul(trace(outer(v, v))))
    },
  },
  {
    name: 'cumulativeSum',
    build: (x) => {
      const v = flatten(x)
      return cumulativeSum(square(v)).mul(cumulativeSum(v, 0, { reverse: true }))
    },
  },
]

const fixedShape: Case[] = [
  {
    name: 'reductions along axes',
    shape: [4, 3, 5],
    build: (x) =>
      sum(x, { axes: [0, 2] })
        .mul(max(x, { axes: [1, 2] }).at(1))
        .add(mean(square(x), { axes: 1 }).at(0, 0)),
  },
  { name: 'reduction of the middle axis', shape: [4, 3, 5], build: (x) => square(sum(square(x), { axes: 1 })) },
  {
    name: 'reduction of the first axis',
    shape: [6, 9],
    build: (x) => square(sum(square(x), { axes: 0 })).add(max(x, { axes: 0 })),
  },
  { name: 'min along an axis', shape: [5, 4], build: (x) => square(min(x, { axes: 1, keepAxes: true })).mul(x) },
  {
    name: 'broadcasting of rows and columns',
    shape: [4, 5],
    build: (x) =>
      x
        .slice([0, 1])
        .mul(x)
        .add(x.slice(null, [2, 3]))
        .mul(x.at(1, 1)),
  },
  { name: 'softmax', shape: [4, 6], build: (x) => softmax(x) },
  { name: 'softmax along the first axis', shape: [4, 6], build: (x) => softmax(x, 0) },
  { name: 'logSoftmax', shape: [5, 3], build: (x) => logSoftmax(x) },
  {
    name: 'logSumExp along an axis',
    shape: [5, 3],
    build: (x) => logSumExp(x, { axes: 0 }).mul(logSumExp(x, { axes: 1, keepAxes: true })),
  },
  { name: 'normalize', shape: [3, 8], build: (x) => normalize(x) },
  { name: 'normalize over two axes', shape: [3, 4, 2], build: (x) => normalize(x, { axes: [0, 2] }) },
  {
    name: 'slices',
    shape: [6, 5],
    build: (x) =>
      x
        .slice([1, -1], [0, 5, 2])
        .mul(x.slice([2], 3).reshape(4, 1))
        .mul(x.at(-1, 0)),
  },
  { name: 'overlapping slices', shape: [9], build: (x) => square(x.slice([1]).sub(square(x.slice([0, -1])))) },
  {
    name: 'matmul',
    shape: [4, 4],
    build: (x, r) => matmul(matmul(x, r([4, 3])), matmul(r([3, 4]), x).add(matmul(x.slice([1]), r([4, 4])))),
  },
  {
    name: 'matmul of transposes',
    shape: [5, 3],
    build: (x) => matmul(transpose(x), x).mul(matmul(x.slice([0, 3]), transpose(x.slice([0, 3])))),
  },
  {
    name: 'matmul with vectors',
    shape: [6],
    build: (x, r) =>
      matmul(r([6]), x)
        .mul(matmul(matmul(x, r([6, 4])), r([4, 3])))
        .mul(matmul(x, x)),
  },
  {
    name: 'matmul with columns of a matrix',
    shape: [4, 6],
    build: (x) => matmul(x, x.at(2)).mul(matmul(x.slice(null, 1), x).slice([0, 4])),
  },
  { name: 'matmul in batches', shape: [2, 3, 4], build: (x, r) => matmul(x, r([2, 4, 5])).add(matmul(x, r([4, 5]))) },
  { name: 'matmul with broadcast batches', shape: [3, 1, 2, 4], build: (x, r) => matmul(x, transpose(r([2, 3, 4]))) },
  {
    name: 'gather',
    shape: [5, 3],
    build: (x) => square(gather(x, [0, 4, 4, 2])).mul(gather(x, constant([1, 0, 2, 2], [2, 2]), 1).at(1, 1, 0)),
  },
  { name: 'scatterAdd', shape: [4, 2], build: (x) => square(scatterAdd(x, [0, 2, 2, 5], 7)).add(exp(x.at(0))) },
  { name: 'scatterAdd along the last axis', shape: [2, 4], build: (x) => square(scatterAdd(x, [1, 0, 1, 1], 3, 1)) },
  {
    name: 'cumulativeSum along axes',
    shape: [3, 4],
    build: (x) => square(cumulativeSum(x, 0)).mul(cumulativeSum(x, 1, { reverse: true })),
  },
  {
    name: 'pad',
    shape: [3, 4],
    build: (x) =>
      square(
        pad(x, [
          [1, 0],
          [2, 1],
        ]).add(1),
      ),
  },
  {
    name: 'windows',
    shape: [10],
    build: (x) => max(square(windows(x, 3, { stride: 2 })), { axes: 1 }).add(sum(windows(x, 4, { dilation: 2 }))),
  },
  {
    name: 'windows along the first axis',
    shape: [6, 3],
    build: (x) => square(sum(windows(x, 2, { axis: 0 }), { axes: 1 })),
  },
  {
    name: 'convolution1d',
    shape: [2, 3, 8],
    build: (x, r) => square(convolution1d(x, r([4, 3, 3]), { padding: 1, stride: 2 })),
  },
  {
    name: 'convolution1d without batch',
    shape: [3, 8],
    build: (x, r) => square(convolution1d(x, r([2, 3, 2]), { dilation: 3 })),
  },
  {
    name: 'convolution2d',
    shape: [2, 2, 5, 6],
    build: (x, r) => square(convolution2d(x, r([3, 2, 3, 2]), { padding: [1, 0], stride: [2, 1] })),
  },
  {
    name: 'convolution2d by its filters',
    shape: [3, 2, 2, 2],
    build: (x, r) => square(convolution2d(r([2, 4, 5]), x)),
  },
  {
    name: 'transpose of three axes',
    shape: [2, 3, 4],
    build: (x, r) =>
      transpose(x, [2, 0, 1])
        .mul(r([4, 2, 3]))
        .mul(transpose(square(x), [2, 0, 1])),
  },
  {
    name: 'stack of rows',
    shape: [3, 4],
    build: (x) => stack([x.at(0), x.at(2).mul(x.at(1)), x.at(0)]).matmul(transpose(x)),
  },
  { name: 'oneHot cross entropy', shape: [4, 5], build: (x) => sum(logSoftmax(x).mul(oneHot([1, 0, 4, 4], 5))) },
]

/** sum(weights * build(x)), compiled, with everything random drawn from a seed. */
function weighted(
  build: Build,
  shape: readonly number[],
  seed: number,
  execution: 'wasm' | 'interpreter',
  precision: 'f64' | 'f32' = 'f64',
) {
  return compile(
    (x) => {
      const stream = RandomStream.fromSeed(seed)
      const random = (of: readonly number[]): Node => constant(uniform(stream, product(of), 0.5, 1.5), of)
      const y = build(x, random)
      return sum(mul(y, random(y.shape)))
    },
    [{ shape }],
    { execution, precision },
  )
}

function verify({ build, low = -1, high = 1 }: Case, shape: readonly number[], seed: number): void {
  const n = product(shape)
  const stream = RandomStream.fromSeed(seed).split('point')
  const x = uniform(stream, n, low, high)
  const v = uniform(stream, n)
  const u = uniform(stream, n)
  const reference = weighted(build, shape, seed, 'interpreter')
  const f = weighted(build, shape, seed, 'wasm')
  const gradient = new Float64Array(n)
  const expected = new Float64Array(n)

  // Emitted code against the interpreter.
  expect(difference([f.value(x)], [reference.value(x)])).toBeLessThan(1e-12)
  expect(difference([f.valueAndGradient(x, gradient)], [reference.valueAndGradient(x, expected)])).toBeLessThan(1e-12)
  expect(difference(gradient, expected)).toBeLessThan(1e-11)

  // Derivatives against differences, and forward against reverse mode.
  expect(checkGradient(f, x, { tolerance: 1e-6 })).toMatchObject({ passed: true })
  const along = f.jvp(x, v, new Float64Array(1))[0]
  expect(difference([along], [inner(gradient, v)])).toBeLessThan(1e-11)
  const product2 = f.hvp(x, v, new Float64Array(n))
  const differences = hessianProductByDifferences((at, out) => f.gradient(at, out), x, v, new Float64Array(n))
  expect(difference(product2, differences)).toBeLessThan(2e-6)
  // The Hessian is symmetric: u'Hv = v'Hu.
  const other = f.hvp(x, u, new Float64Array(n))
  expect(difference([inner(u, product2)], [inner(v, other)])).toBeLessThan(1e-10)

  // Single precision is the same function with fewer digits.
  const single = weighted(build, shape, seed, 'wasm', 'f32')
  const rough = new Float32Array(n)
  expect(difference([single.valueAndGradient(x, rough)], [f.value(x)])).toBeLessThan(1e-4)
  expect(difference(rough, gradient)).toBeLessThan(2e-3)
}

describe('element-wise operations and reductions on any shape', () => {
  test.each(anyShape)('$name', (entry) => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => verify(entry, shape, seed)),
      { numRuns: 8 },
    )
  })
})

describe('operations with axes', () => {
  test.each(fixedShape)('$name', (entry) => {
    fc.assert(
      fc.property(seeds, (seed) => verify(entry, entry.shape as number[], seed)),
      { numRuns: 4 },
    )
  })
})
