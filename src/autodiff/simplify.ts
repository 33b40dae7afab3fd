import {
  broadcastTo,
  constant,
  type ElementwiseName,
  elementwise,
  matrixProduct,
  Node,
  type Operation,
  topological,
  uniformValue,
  viewNode,
} from './node.ts'
import { evaluateElementwise } from './scalar-functions.ts'
import {
  type Affine,
  broadcastShapes,
  composeViews,
  isContiguous,
  rowMajorStrides,
  type Shape,
  sameShape,
  sizeOf,
} from './shape.ts'

const commutative: ReadonlySet<string> = new Set(['add', 'mul', 'eq'])

/**
 * An equal graph with less work: constants folded, equal sub-expressions merged, neutral and absorbing elements removed,
 * views of views composed, sums of placed arrays joined, and nothing kept that the outputs do not need. Multiplication by
 * a constant 0 gives 0 whatever the other factor is.
 *
 * @returns the new outputs; inputs stay the same nodes
 */
export function simplify(outputs: readonly Node[]): Node[] {
  const builder = new Builder()
  const order = topological(outputs)
  for (const node of order) builder.adopt(node)
  return outputs.map((node) => builder.of(node))
}

class Builder {
  private readonly replaced = new Map<Node, Node>()
  private readonly known = new Map<string, Node>()
  private readonly arrays = new Map<Float64Array, number>()

  of(node: Node): Node {
    return this.replaced.get(node) as Node
  }

  adopt(node: Node): void {
    this.replaced.set(node, this.rebuilt(node))
  }

  private rebuilt(node: Node): Node {
    const inputs = node.inputs.map((input) => this.of(input))
    return this.make(node.operation, inputs, node.shape, node)
  }

  /** The node for an operation, simplified and shared. `original` is reused when nothing changed. */
  private make(operation: Operation, inputs: readonly Node[], shape: Shape, original?: Node): Node {
    switch (operation.kind) {
      case 'input':
        return original as Node
      case 'constant': {
        const { data } = operation
        const equal = shape.length > 0 && data.every((value) => Object.is(value, data[0]))
        return equal ? this.uniform(data[0], shape) : this.share(operation, inputs, shape, original)
      }
      case 'elementwise':
        return this.elementwise(operation.name, inputs, shape)
      case 'reshape':
        return this.reshape(inputs[0], shape)
      case 'view':
        return this.view(inputs[0], shape, operation.view)
      case 'scatter':
        return this.scatter(inputs, operation.views, shape)
      case 'reduce':
        return this.reduce(operation.name, operation.axes, inputs[0], shape)
      case 'matmul':
        return this.matmul(inputs[0], inputs[1], shape)
      case 'gather':
      case 'scatterAdd':
      case 'cumulativeSum':
        if (uniformValue(inputs[0]) === 0) return this.uniform(0, shape)
        return this.share(operation, inputs, shape, original)
      case 'copy':
        return inputs[0]
      case 'stopGradient':
        return uniformValue(inputs[0]) !== undefined ? inputs[0] : this.share(operation, inputs, shape, original)
      case 'oracle':
        return this.share(operation, inputs, shape, original)
    }
  }

  private share(operation: Operation, inputs: readonly Node[], shape: Shape, original?: Node): Node {
    const key = `${this.label(operation)}(${inputs.map((n) => n.id).join(',')})[${shape.join(',')}]`
    const found = this.known.get(key)
    if (found !== undefined) return found
    const unchanged = original?.operation === operation && original.inputs.every((input, i) => input === inputs[i])
    const node = unchanged ? (original as Node) : new Node(operation, inputs, shape)
    this.known.set(key, node)
    return node
  }

  private readonly rules = new Map<object, number>()

  private label(operation: Operation): string {
    switch (operation.kind) {
      case 'constant': {
        const { data } = operation
        // Object.is would tell 0 from -0; so must the key.
        if (data.length === 1) return Object.is(data[0], -0) ? 'c-0' : `c${data[0]}`
        return `array${numbered(this.arrays, data)}`
      }
      case 'elementwise':
        return operation.name
      case 'reduce':
        return `${operation.name}{${operation.axes.join(',')}}`
      case 'view':
        return `view{${viewKey(operation.view)}}`
      case 'scatter':
        return `scatter{${operation.views.map(viewKey).join(';')}}`
      case 'gather':
        return `gather{${operation.axis}}`
      case 'scatterAdd':
        return `scatterAdd{${operation.axis},${operation.length}}`
      case 'cumulativeSum':
        return `cumulativeSum{${operation.axis},${operation.reverse}}`
      case 'oracle':
        return `oracle${numbered(this.rules, operation.rule)}`
      default:
        return operation.kind
    }
  }

  private uniform(value: number, shape: Shape): Node {
    const scalar = constant(value)
    const shared = this.share(scalar.operation, [], [], scalar)
    return this.stretch(shared, shape)
  }

  private stretch(node: Node, shape: Shape): Node {
    if (sameShape(node.shape, shape)) return node
    const stretched = broadcastTo(node, shape)
    return stretched.operation.kind === 'view'
      ? this.view(node, shape, stretched.operation.view)
      : this.share({ kind: 'reshape' }, [node], shape)
  }

  private reshape(x: Node, shape: Shape): Node {
    if (sameShape(x.shape, shape)) return x
    const value = uniformValue(x)
    if (value !== undefined) return this.uniform(value, shape)
    if (x.operation.kind === 'reshape') return this.reshape(x.inputs[0], shape)
    if (x.operation.kind === 'view') {
      const contiguous = { offset: 0, strides: rowMajorStrides(shape) }
      const composed = composeViews(x.shape, x.operation.view, shape, contiguous)
      if (composed !== undefined) return this.view(x.inputs[0], shape, composed)
    }
    return this.share({ kind: 'reshape' }, [x], shape)
  }

  private view(x: Node, shape: Shape, view: Affine): Node {
    const value = uniformValue(x)
    if (value !== undefined && shape.length === 0) return this.uniform(value, [])
    if (sizeOf(shape) === x.size && isContiguous(shape, view)) return this.reshape(x, shape)
    // Positions of a view are row-major positions, which a reshape does not change.
    if (x.operation.kind === 'reshape') return this.view(x.inputs[0], shape, view)
    if (x.operation.kind === 'view') {
      const composed = composeViews(x.shape, x.operation.view, shape, view)
      if (composed !== undefined) return this.view(x.inputs[0], shape, composed)
    }
    const strides = view.strides.map((s, d) => (shape[d] === 1 ? 0 : s))
    const node = viewNode(x, shape, { offset: view.offset, strides })
    return this.share(node.operation, node.inputs, shape, node)
  }

  private scatter(terms: readonly Node[], views: readonly Affine[], shape: Shape): Node {
    const kept: Node[] = []
    const places: Affine[] = []
    terms.forEach((term, t) => {
      if (uniformValue(term) === 0) return
      const inner = term.operation
      if (inner.kind === 'scatter') {
        // A term that was itself placed into zeros goes straight to its final place, where the places compose.
        const direct = inner.views.map((v, i) => composeViews(term.shape, views[t], term.inputs[i].shape, v))
        if (direct.every((v) => v !== undefined)) {
          kept.push(...term.inputs)
          places.push(...(direct as Affine[]))
          return
        }
      }
      kept.push(term)
      places.push(views[t])
    })
    if (kept.length === 0) return this.uniform(0, shape)
    // Terms with the same place are added before they are placed.
    const positions = new Map<string, number>()
    const merged: Node[] = []
    const mergedPlaces: Affine[] = []
    kept.forEach((term, t) => {
      const key = `${viewKey(places[t])}:${term.shape.join(',')}`
      const at = positions.get(key)
      if (at === undefined) {
        positions.set(key, merged.length)
        merged.push(term)
        mergedPlaces.push(places[t])
      } else merged[at] = this.elementwise('add', [merged[at], term], term.shape)
    })
    if (merged.length < kept.length) return this.scatter(merged, mergedPlaces, shape)
    if (kept.length === 1 && kept[0].size === sizeOf(shape) && isContiguous(kept[0].shape, places[0])) {
      return this.reshape(kept[0], shape)
    }
    return this.share({ kind: 'scatter', views: places }, kept, shape)
  }

  private reduce(name: 'sum' | 'max', axes: readonly number[], x: Node, shape: Shape): Node {
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1)
    const value = uniformValue(x)
    if (value !== undefined) return this.uniform(name === 'sum' ? value * count : value, shape)
    if (count === 1) return this.reshape(x, shape)
    if (x.operation.kind === 'view') {
      // Equal elements along an axis: count them instead of adding them.
      const { view } = x.operation
      const repeated = axes.filter((axis) => view.strides[axis] === 0 || x.shape[axis] === 1)
      if (repeated.length > 0) {
        const kept = x.shape.map((_, d) => d).filter((d) => !repeated.includes(d))
        const part = this.view(
          x.inputs[0],
          kept.map((d) => x.shape[d]),
          { offset: view.offset, strides: kept.map((d) => view.strides[d]) },
        )
        const rest = axes.filter((axis) => !repeated.includes(axis)).map((axis) => kept.indexOf(axis))
        const reduced = rest.length === 0 ? this.reshape(part, shape) : this.reduce(name, rest, part, shape)
        const times = repeated.reduce((product, axis) => product * x.shape[axis], 1)
        return name === 'max' || times === 1 ? reduced : this.elementwise('mul', [reduced, constant(times)], shape)
      }
    }
    return this.share({ kind: 'reduce', name, axes }, [x], shape)
  }

  private matmul(a: Node, b: Node, shape: Shape): Node {
    if (uniformValue(a) === 0 || uniformValue(b) === 0) return this.uniform(0, shape)
    // With one inner element the product is an outer one: element-wise, so that it fuses.
    if (a.shape[a.shape.length - 1] === 1) return this.elementwise('mul', [a, b], shape)
    const node = matrixProduct(a, b)
    return this.share(node.operation, node.inputs, shape, node)
  }

  private elementwise(name: ElementwiseName, given: readonly Node[], shape: Shape): Node {
    // Operands that are stretched scalars or constants are as good unstretched.
    const inputs = given.map((node) => this.unstretched(node, given, shape))
    const values = inputs.map(uniformValue)
    if (values.every((v) => v !== undefined)) {
      return this.uniform(evaluateElementwise(name, values as number[]), shape)
    }
    const simpler = this.algebra(name, inputs, values, shape)
    if (simpler !== undefined) return this.stretch(simpler, shape)
    const [first, second] = inputs
    const ordered = commutative.has(name) && first.id > second.id ? [second, first] : inputs
    const node = elementwise(name, ordered)
    const shared = this.share(node.operation, ordered, node.shape, node)
    return this.stretch(shared, shape)
  }

  private unstretched(node: Node, all: readonly Node[], shape: Shape): Node {
    if (node.shape.length === 0) return node
    const value = uniformValue(node)
    let base = node
    if (value !== undefined) base = this.uniform(value, [])
    else if (node.operation.kind === 'view' && node.inputs[0].size === 1 && node.operation.view.offset === 0)
      base = this.reshape(node.inputs[0], [])
    else return node
    const others = all.filter((other) => other !== node).map((other) => other.shape)
    return sameShape(broadcastShapes('simplify', [[], ...others]), shape) ? base : node
  }

  private algebra(
    name: ElementwiseName,
    inputs: readonly Node[],
    values: readonly (number | undefined)[],
    shape: Shape,
  ): Node | undefined {
    const [x, y] = inputs
    const [a, b] = values
    const again = (next: ElementwiseName, ...operands: Node[]): Node =>
      this.elementwise(
        next,
        operands,
        broadcastShapes(
          next,
          operands.map((node) => node.shape),
        ),
      )
    switch (name) {
      case 'add':
        if (a === 0) return y
        if (b === 0) return x
        if (x === y) return again('mul', x, this.uniform(2, []))
        if (isUnary(y, 'neg')) return again('sub', x, y.inputs[0])
        if (isUnary(x, 'neg')) return again('sub', y, x.inputs[0])
        if (
          (x.operation.kind === 'scatter' || y.operation.kind === 'scatter') &&
          sameShape(x.shape, shape) &&
          sameShape(y.shape, shape)
        ) {
          const whole = { offset: 0, strides: rowMajorStrides(shape) }
          // The term that fills everything comes first: it needs no zeros underneath.
          const terms = x.operation.kind === 'scatter' ? [y, x] : [x, y]
          return this.scatter(terms, [whole, whole], shape)
        }
        return undefined
      case 'sub':
        if (b === 0) return x
        if (a === 0) return again('neg', y)
        if (isUnary(y, 'neg')) return again('add', x, y.inputs[0])
        return undefined
      case 'mul': {
        if (a === 0 || b === 0) return this.uniform(0, shape)
        if (a === 1) return y
        if (b === 1) return x
        if (a === -1) return again('neg', y)
        if (b === -1) return again('neg', x)
        if (x === y) return again('square', x)
        // c1 (c2 z) = (c1 c2) z
        const [factor, other] = a !== undefined ? [a, y] : [b, x]
        if (factor !== undefined) {
          if (isUnary(other, 'neg')) return again('mul', other.inputs[0], this.uniform(-factor, []))
          if (other.operation.kind === 'elementwise' && other.operation.name === 'mul') {
            const [p, q] = other.inputs
            const [pc, qc] = [uniformValue(p), uniformValue(q)]
            if (pc !== undefined) return again('mul', q, this.uniform(factor * pc, []))
            if (qc !== undefined) return again('mul', p, this.uniform(factor * qc, []))
          }
          return undefined
        }
        if (isUnary(x, 'neg') && isUnary(y, 'neg')) return again('mul', x.inputs[0], y.inputs[0])
        if (isUnary(x, 'neg')) return again('neg', again('mul', x.inputs[0], y))
        if (isUnary(y, 'neg')) return again('neg', again('mul', x, y.inputs[0]))
        return undefined
      }
      case 'div':
        if (a === 0) return this.uniform(0, shape)
        if (b === 1) return x
        if (b === -1) return again('neg', x)
        // Exact: the reciprocal of a power of two has no rounding error.
        if (b !== undefined && isPowerOfTwo(b)) return again('mul', x, this.uniform(1 / b, []))
        return undefined
      case 'pow': {
        if (b === undefined) return undefined
        if (b === 0) return this.uniform(1, shape)
        if (b === 1) return x
        if (b === 0.5) return again('sqrt', x)
        if (!Number.isInteger(b) || Math.abs(b) > 64) return undefined
        if (b < 0) return again('div', this.uniform(1, []), again('pow', x, this.uniform(-b, [])))
        const half = again('square', again('pow', x, this.uniform(Math.floor(b / 2), [])))
        return b % 2 === 0 ? half : again('mul', half, x)
      }
      case 'neg':
        if (isUnary(x, 'neg')) return x.inputs[0]
        if (x.operation.kind === 'elementwise' && x.operation.name === 'sub') {
          return again('sub', x.inputs[1], x.inputs[0])
        }
        if (x.operation.kind === 'elementwise' && x.operation.name === 'mul') {
          const [p, q] = x.inputs
          const [pc, qc] = [uniformValue(p), uniformValue(q)]
          if (pc !== undefined) return again('mul', q, this.uniform(-pc, []))
          if (qc !== undefined) return again('mul', p, this.uniform(-qc, []))
        }
        return undefined
      case 'square':
      case 'abs':
        return isUnary(x, 'neg') || isUnary(x, 'abs') ? again(name, x.inputs[0]) : undefined
      case 'relu':
        return isUnary(x, 'relu') ? x : undefined
      case 'min':
      case 'max':
        return x === y ? x : undefined
      case 'where':
        if (a !== undefined) return a !== 0 ? y : inputs[2]
        return y === inputs[2] ? y : undefined
      default:
        return undefined
    }
  }
}

function isUnary(node: Node, name: ElementwiseName): boolean {
  return node.operation.kind === 'elementwise' && node.operation.name === name
}

function isPowerOfTwo(value: number): boolean {
  const power = Math.round(Math.log2(Math.abs(value)))
  return Math.abs(power) < 1000 && Math.abs(value) === 2 ** power
}

function viewKey({ offset, strides }: Affine): string {
  return `${offset}:${strides.join(',')}`
}

function numbered<K>(numbers: Map<K, number>, key: K): number {
  const found = numbers.get(key)
  if (found !== undefined) return found
  numbers.set(key, numbers.size)
  return numbers.size - 1
}
