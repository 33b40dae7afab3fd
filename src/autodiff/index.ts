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
export * from './operations.ts'
export * from './parameters.ts'
export type { Shape } from './shape.ts'
export { simplify } from './simplify.ts'
export * from './sparse.ts'
export * from './update.ts'
