import { InvalidInputError } from '../base/errors.ts'
import { type Node, topological } from './node.ts'
import { evaluateElementwise } from './scalar-functions.ts'
import { type Affine, broadcastStrides, rowMajorStrides, type Shape, sizeOf } from './shape.ts'

/**
 * Evaluates a graph operation by operation in double precision, with plain loops and a new array for each node. Slow and
 * plain: what the meaning of a graph is, and what compiled code is compared against.
 *
 * @param outputs the nodes wanted
 * @param values the values of all inputs that the outputs depend on, row by row
 * @returns the values of the outputs, row by row
 */
export function interpret(outputs: readonly Node[], values: ReadonlyMap<Node, ArrayLike<number>>): Float64Array[] {
  const known = new Map<Node, Float64Array>()
  for (const node of topological(outputs)) {
    if (node.operation.kind === 'input') {
      const value = values.get(node)
      if (value === undefined || value.length !== node.size) {
        throw new InvalidInputError(`interpret: an input of ${node.size} numbers has ${value?.length ?? 'no'} values`, {
          argument: 'values',
          expected: `${node.size} numbers`,
          received: String(value?.length),
        })
      }
      known.set(node, Float64Array.from(value))
      continue
    }
    known.set(
      node,
      evaluate(
        node,
        node.inputs.map((input) => known.get(input) as Float64Array),
      ),
    )
  }
  return outputs.map((node) => known.get(node) as Float64Array)
}

/** Calls `visit` with the row-major position and the position in each view, for every index of `shape`. */
export function forEachIndex(
  shape: Shape,
  views: readonly Affine[],
  visit: (position: number, at: readonly number[]) => void,
): void {
  const size = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  const at = views.map((view) => view.offset)
  for (let position = 0; position < size; position++) {
    visit(position, at)
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]++
      for (let v = 0; v < views.length; v++) at[v] += views[v].strides[d]
      if (index[d] < shape[d]) break
      for (let v = 0; v < views.length; v++) at[v] -= views[v].strides[d] * shape[d]
      index[d] = 0
    }
  }
}

/** Where an operand is read when an operation of shape `target` runs over its elements. */
export function operandView(shape: Shape, target: Shape): Affine {
  return { offset: 0, strides: broadcastStrides(shape, rowMajorStrides(shape), target) }
}

function evaluate(node: Node, inputs: readonly Float64Array[]): Float64Array {
  const { operation, shape } = node
  const out = new Float64Array(node.size)
  const [x, y] = inputs
  switch (operation.kind) {
    case 'input':
      break
    case 'constant':
      return operation.data
    case 'stopGradient':
    case 'copy':
    case 'reshape':
      return x
    case 'elementwise': {
      const views = node.inputs.map((input) => operandView(input.shape, shape))
      const operands = new Array<number>(inputs.length)
      forEachIndex(shape, views, (position, at) => {
        for (let i = 0; i < inputs.length; i++) operands[i] = inputs[i][at[i]]
        out[position] = evaluateElementwise(operation.name, operands)
      })
      break
    }
    case 'reduce': {
      const from = node.inputs[0].shape
      const view = reducedView(from, operation.axes)
      if (operation.name === 'max') out.fill(-Infinity)
      forEachIndex(from, [view], (position, [to]) => {
        out[to] = operation.name === 'sum' ? out[to] + x[position] : Math.max(out[to], x[position])
      })
      break
    }
    case 'matmul': {
      const [m, n] = shape.slice(-2)
      const k = node.inputs[0].shape[node.inputs[0].shape.length - 1]
      for (let batch = 0; batch * m * n < out.length; batch++) {
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let total = 0
            for (let l = 0; l < k; l++) total += x[(batch * m + i) * k + l] * y[(batch * k + l) * n + j]
            out[(batch * m + i) * n + j] = total
          }
        }
      }
      break
    }
    case 'view':
      forEachIndex(shape, [operation.view], (position, [at]) => {
        out[position] = x[at]
      })
      break
    case 'scatter':
      node.inputs.forEach((term, t) => {
        forEachIndex(term.shape, [operation.views[t]], (position, [at]) => {
          out[at] += inputs[t][position]
        })
      })
      break
    case 'gather': {
      const { outer, length, inner } = axisSplit(node.inputs[0].shape, operation.axis)
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < y.length; i++) {
          const at = limited(y[i], length)
          for (let r = 0; r < inner; r++) out[(o * y.length + i) * inner + r] = x[(o * length + at) * inner + r]
        }
      }
      break
    }
    case 'scatterAdd': {
      const { outer, length, inner } = axisSplit(shape, operation.axis)
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < y.length; i++) {
          const at = limited(y[i], length)
          for (let r = 0; r < inner; r++) out[(o * length + at) * inner + r] += x[(o * y.length + i) * inner + r]
        }
      }
      break
    }
    case 'cumulativeSum': {
      const { outer, length, inner } = axisSplit(shape, operation.axis)
      for (let o = 0; o < outer; o++) {
        for (let r = 0; r < inner; r++) {
          let total = 0
          for (let i = 0; i < length; i++) {
            const at = (o * length + (operation.reverse ? length - 1 - i : i)) * inner + r
            out[at] = total += x[at]
          }
        }
      }
      break
    }
    case 'oracle':
      operation.rule.evaluate(inputs, out)
      break
  }
  return out
}

/** Row-major positions of the result of a reduction, for each index before it. */
export function reducedView(shape: Shape, axes: readonly number[]): Affine {
  const kept = shape.map((n, d) => (axes.includes(d) ? 1 : n))
  const rows = rowMajorStrides(kept)
  return { offset: 0, strides: rows.map((stride, d) => (axes.includes(d) ? 0 : stride)) }
}

/** The axes before, at and after one, as three lengths. */
export function axisSplit(shape: Shape, axis: number): { outer: number; length: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), length: shape[axis], inner: sizeOf(shape.slice(axis + 1)) }
}

/** An index given as a number: rounded down, and moved to the nearest one that exists (0 for NaN). */
export function limited(index: number, length: number): number {
  return index >= 1 ? Math.min(Math.floor(index), length - 1) : 0
}
