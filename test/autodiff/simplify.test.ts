import { describe, expect, test } from 'vitest'
import {
  concatenate,
  constant,
  exp,
  inputNode,
  type Node,
  pow,
  reshape,
  reverse,
  simplify,
  slice,
  square,
  sub,
  sum,
  transpose,
  where,
  zeros,
} from '../../src/autodiff/index.ts'
import { lower, type Stage } from '../../src/autodiff/lower.ts'
import { topological } from '../../src/autodiff/node.ts'

const simple = (node: Node): Node => simplify([node])[0]
const count = (nodes: readonly Node[]): number =>
  topological(nodes).filter((n) => n.operation.kind !== 'constant').length

describe('simplification', () => {
  const x = inputNode([3])
  const y = inputNode([3])

  test.each<[string, Node, Node]>([
    ['x + 0', x.add(0), x],
    ['0 + x', constant([0, 0, 0]).mul(1).add(x).sub(0), x],
    ['x * 1', x.mul(1), x],
    ['1 * x / 1', constant(1).mul(x).div(1), x],
    ['-(-x)', x.neg().neg(), x],
    ['x + (0 * y)', x.add(y.mul(0)), x],
    ['pow(x, 1)', pow(x, 1), x],
    ['where(1, x, y)', where(1, x, y), x],
    ['where(c, x, x)', where(y, x, x), x],
    ['transposed twice', transpose(transpose(reshape(x, [1, 3]))).reshape(3), x],
    ['reversed twice', reverse(reverse(x)), x],
  ])('%s', (_, before, after) => {
    expect(simple(before)).toBe(after)
  })

  test('constants are computed now', () => {
    const { operation } = simple(exp(constant(2).mul(3).sub(6)))
    expect(operation.kind === 'constant' && operation.data[0]).toBe(1)
    expect(simple(sum(zeros([4, 5]).add(2))).operation).toMatchObject({ kind: 'constant', data: Float64Array.of(40) })
  })

  test('powers become products, factors join, signs move out', () => {
    expect(simple(pow(x, 2)).operation).toMatchObject({ name: 'square' })
    expect(simple(x.mul(x)).operation).toMatchObject({ name: 'square' })
    const joined = simple(x.mul(2).mul(3).neg())
    expect(joined.operation).toMatchObject({ name: 'mul' })
    expect(joined.inputs.some((n) => n.operation.kind === 'constant' && n.operation.data[0] === -6)).toBe(true)
    expect(simple(sub(x, y.neg())).operation).toMatchObject({ name: 'add' })
  })

  test('equal expressions are computed once', () => {
    const build = (): Node => exp(x.mul(y)).add(1)
    expect(count(simplify([build().mul(square(build()))]))).toBe(count(simplify([build()])) + 2)
    // Also when operands of a commutative operation are in another order.
    expect(count(simplify([exp(x.add(y)).sub(exp(y.add(x)).mul(3))]))).toBe(2 + 1 + 1 + 1 + 1)
  })

  test('views of views are one view', () => {
    const m = inputNode([6, 4])
    const part = simple(slice(transpose(slice(m, [1, 5], [0, 4, 2])), 1, [1, 3]).reshape(1, 2))
    expect(part.operation).toMatchObject({ kind: 'view' })
    expect(part.inputs[0]).toBe(m)
  })

  test('what the outputs do not need disappears', () => {
    const unused = exp(y)
    expect(topological(simplify([x.add(unused.mul(0))]))).toEqual([x])
  })
})

describe('fusion', () => {
  const steps = (outputs: Node[], inputs: Node[]) =>
    lower(simplify(outputs), new Map(inputs.map((node) => [node, 1 as Stage])), 8).steps

  test('a chain of element-wise operations with its sum is one loop without buffers', () => {
    const [x, y] = [inputNode([100]), inputNode([100])]
    const total = sum(exp(x.mul(y).sub(3)).mul(square(x)))
    const plan = lower(simplify([total]), new Map([x, y].map((node) => [node, 1 as Stage])), 8)
    expect(plan.steps).toHaveLength(1)
    // Only the result has a place in memory (rounded up to 16 bytes).
    expect(plan.bytes).toBe(16)
  })

  test('broadcast operands and several reductions share the loop', () => {
    const [x, row] = [inputNode([20, 30]), inputNode([30])]
    const y = exp(x.add(row))
    expect(steps([sum(y), sum(square(y)), sum(y, { axes: 0 })], [x, row])).toHaveLength(1)
  })

  test('a reduction ends a loop for those who need its result', () => {
    const x = inputNode([50])
    const list = steps([x.div(sum(x))], [x])
    expect(list.map((step) => step.kind === 'loop' && step.space.length)).toEqual([1, 1])
  })

  test('parts of a concatenation are computed where they belong', () => {
    const x = inputNode([10])
    const plan = lower(simplify([concatenate([exp(x), square(x)])]), new Map([[x, 1 as Stage]]), 8)
    expect(plan.steps).toHaveLength(1)
    expect(plan.bytes).toBe(160)
  })

  test('buffers that are not needed at the same time share their memory', () => {
    const x = inputNode([1000])
    let y: Node = x
    for (let k = 0; k < 10; k++) y = y.div(sum(y)).add(k)
    const plan = lower(simplify([sum(y)]), new Map([[x, 1 as Stage]]), 8)
    expect(plan.bytes).toBeLessThan(2.5 * 8000)
  })
})
