/**
 * Derivatives: a function of arrays is traced once to a graph, differentiated as a graph, and compiled to WebAssembly.
 *
 * ```ts
 * import { compile, matmul, square, sum } from 'thalweg/autodiff'
 *
 * const f = compile((x) => sum(square(matmul(A, x).sub(b))), [{ shape: [n] }])
 * f.valueAndGradient(x, gradient) // writes into `gradient`, returns f(x)
 * f.hvp(x, v, product) // Hessian times v
 * ```
 *
 * The style: what mathematics writes between its operands is a method (`a.add(b)`, `.sub`, `.mul`, `.div`, `.pow`, `A.matmul(x)`,
 * `x.at(0)`, `x.slice([1])`), what it writes before them is a function (`exp(x)`, `sum(x)`, `norm(x)`). The methods exist as
 * functions too, for a number on the left (`sub(1, x)`). Numbers and arrays mix in as constants; arrays broadcast.
 *
 * @packageDocumentation
 */
export * from './compile.ts'
export { forwardMode, gradientOf, reverseMode } from './derivatives.ts'
export * from './differences.ts'
export type { Vector } from './engine.ts'
export * from './expression.ts'
export * from './implicit.ts'
export { interpret } from './interpret.ts'
export {
  inputNode,
  Node,
  type NumericArray,
  type Operand,
  type Operation,
  type OracleRule,
  type Range,
} from './node.ts'
export {
  abs,
  acos,
  add,
  asin,
  atan,
  broadcastTo,
  type ConvolutionOptions,
  ceil,
  clamp,
  concatenate,
  constant,
  convolution1d,
  convolution2d,
  cos,
  cosh,
  cumulativeSum,
  diagonal,
  div,
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
  neg,
  norm,
  normalize,
  oneHot,
  ones,
  oracle,
  outer,
  pad,
  pow,
  type ReductionOptions,
  range,
  relu,
  reshape,
  reverse,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  sinh,
  slice,
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
  zeros,
} from './operations.ts'
export * from './parameters.ts'
export type { Shape } from './shape.ts'
export { simplify } from './simplify.ts'
export * from './sparse.ts'
export * from './update.ts'
