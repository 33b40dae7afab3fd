import { ShapeError, UnsupportedError } from '../base/errors.ts'
import {
  broadcastTo,
  constant,
  elementwise,
  matrixProduct,
  Node,
  type OracleRule,
  reshape,
  scatterNode,
  topological,
  transpose,
  uniformValue,
  viewNode,
} from './node.ts'
import {
  cos,
  cosh,
  equal,
  exp,
  gather,
  lessOrEqual,
  lessThan,
  log,
  ones,
  scatterAddNode,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  sum,
  sumTo,
  where,
  zeros,
} from './operations.ts'
import { type Affine, rowMajorStrides, type Shape, sameShape, shapeText, sizeOf } from './shape.ts'

/**
 * The partial derivatives of an element-wise operation by each operand, as expressions in operands and result; `undefined`
 * where they vanish everywhere. `where` is linear in its branches and treated apart.
 */
function partials(node: Node): (() => Node | undefined)[] {
  if (node.operation.kind !== 'elementwise') return []
  const [x, y] = node.inputs
  const none = (): undefined => undefined
  const one = (): Node => constant(1)
  switch (node.operation.name) {
    case 'add':
      return [one, one]
    case 'sub':
      return [one, () => constant(-1)]
    case 'mul':
      return [() => y, () => x]
    case 'div':
      return [() => constant(1).div(y), () => node.div(y).neg()]
    case 'pow':
      return [
        () => y.mul(x.pow(y.sub(1))),
        () => {
          const positive = lessThan(0, x)
          return where(positive, node.mul(log(where(positive, x, 1))), 0)
        },
      ]
    case 'min':
      return [() => lessOrEqual(x, y), () => lessThan(y, x)]
    case 'max':
      return [() => lessOrEqual(y, x), () => lessThan(x, y)]
    case 'neg':
      return [() => constant(-1)]
    case 'abs':
      return [() => sign(x)]
    case 'sqrt':
      return [() => constant(0.5).div(node)]
    case 'square':
      return [() => x.mul(2)]
    case 'exp':
      return [() => node]
    case 'log':
      return [() => constant(1).div(x)]
    case 'expm1':
      return [() => exp(x)]
    case 'log1p':
      return [() => constant(1).div(x.add(1))]
    case 'sin':
      return [() => cos(x)]
    case 'cos':
      return [() => sin(x).neg()]
    case 'tan':
      return [() => square(node).add(1)]
    case 'asin':
      return [() => constant(1).div(sqrt(sub(1, square(x))))]
    case 'acos':
      return [() => constant(-1).div(sqrt(sub(1, square(x))))]
    case 'atan':
      return [() => constant(1).div(square(x).add(1))]
    case 'sinh':
      return [() => cosh(x)]
    case 'cosh':
      return [() => sinh(x)]
    case 'tanh':
      return [() => sub(1, square(node))]
    case 'sigmoid':
      return [() => node.mul(sub(1, node))]
    case 'softplus':
      return [() => elementwise('sigmoid', [x])]
    case 'erf':
      return [() => exp(square(x).neg()).mul(2 / Math.sqrt(Math.PI))]
    case 'relu':
      return [() => lessThan(0, x)]
    case 'where':
      return [none, none, none]
    // Piecewise constant.
    case 'sign':
    case 'floor':
    case 'ceil':
      return [none]
    case 'lt':
    case 'le':
    case 'eq':
      return [none, none]
  }
}

/** `x` with the reduced axes put back as axes of length 1, stretched to the shape before the reduction. */
function spread(x: Node, shape: Shape, axes: readonly number[]): Node {
  const kept = shape.map((n, d) => (axes.includes(d) ? 1 : n))
  return broadcastTo(reshape(x, kept), shape)
}

/** Where the largest elements are, as weights that sum to one over the reduced axes. */
function maximumWeights(node: Node, axes: readonly number[]): Node {
  const [x] = node.inputs
  const hits = equal(x, spread(node, x.shape, axes))
  return hits.div(spread(sum(hits, { axes }), x.shape, axes))
}

/** The adjoint of a view: sums over repeated elements, and puts the rest where it came from. */
function scatterView(cotangent: Node, shape: Shape, view: Affine, into: Shape): Node {
  const repeated = shape.flatMap((n, d) => (n > 1 && view.strides[d] === 0 ? [d] : []))
  const summed = repeated.length === 0 ? cotangent : sum(cotangent, { axes: repeated })
  const kept = shape.map((_, d) => d).filter((d) => !repeated.includes(d))
  const strides = kept.map((d) => view.strides[d])
  const order = kept.map((_, d) => d).sort((a, b) => strides[b] - strides[a])
  const rows = rowMajorStrides(order.map((d) => summed.shape[d]))
  if (sizeOf(summed.shape) === sizeOf(into) && view.offset === 0) {
    // A mere order of axes goes back by the inverse order.
    const wholly = order.every((d, position) => summed.shape[d] === 1 || strides[d] === rows[position])
    if (wholly) return reshape(transpose(summed, order), into)
  }
  return scatterNode([summed], [{ offset: view.offset, strides }], into)
}

/** Contributions of one node's cotangent to the cotangents of its inputs. */
function reverseRule(node: Node, cotangent: Node, wanted: (input: Node) => boolean): (Node | undefined)[] {
  const { operation, inputs } = node
  switch (operation.kind) {
    case 'input':
    case 'constant':
    case 'stopGradient':
      return []
    case 'elementwise': {
      if (operation.name === 'where') {
        const [condition, a, b] = inputs
        return [
          undefined,
          wanted(a) ? sumTo(where(condition, cotangent, 0), a.shape) : undefined,
          wanted(b) ? sumTo(where(condition, 0, cotangent), b.shape) : undefined,
        ]
      }
      const by = partials(node)
      return inputs.map((input, i) => {
        if (!wanted(input)) return undefined
        const partial = by[i]()
        if (partial === undefined) return undefined
        const c = uniformValue(partial)
        const product = c === 1 ? cotangent : c === -1 ? cotangent.neg() : cotangent.mul(partial)
        return sumTo(product, input.shape)
      })
    }
    case 'reduce': {
      const [x] = inputs
      const wide = spread(cotangent, x.shape, operation.axes)
      return [operation.name === 'sum' ? wide : wide.mul(maximumWeights(node, operation.axes))]
    }
    case 'matmul': {
      const [a, b] = inputs
      return [
        wanted(a) ? matrixProduct(cotangent, transpose(b)) : undefined,
        wanted(b) ? matrixProduct(transpose(a), cotangent) : undefined,
      ]
    }
    case 'copy':
    case 'reshape':
      return [reshape(cotangent, inputs[0].shape)]
    case 'view':
      return [scatterView(cotangent, node.shape, operation.view, inputs[0].shape)]
    case 'scatter':
      return inputs.map((input, t) =>
        wanted(input) ? viewNode(cotangent, input.shape, operation.views[t]) : undefined,
      )
    case 'gather':
      return [scatterAddNode(cotangent, inputs[1], operation.axis, inputs[0].shape[operation.axis]), undefined]
    case 'scatterAdd':
      return [gather(cotangent, inputs[1], operation.axis), undefined]
    case 'cumulativeSum': {
      const { axis, reverse } = operation
      return [new Node({ kind: 'cumulativeSum', axis, reverse: !reverse }, [cotangent], node.shape)]
    }
    case 'oracle': {
      const contributions = oracleRule(operation.rule, 'reverse')(inputs, node, cotangent)
      return inputs.map((input, i) => {
        const contribution = contributions[i]
        if (contribution !== undefined && !sameShape(contribution.shape, input.shape)) {
          throw new ShapeError(
            `oracle ${operation.rule.name}: reverse gave ${shapeText(contribution.shape)} for input ${i} of shape ${shapeText(input.shape)}`,
            { argument: 'reverse', expected: shapeText(input.shape), received: shapeText(contribution.shape) },
          )
        }
        return contribution
      })
    }
  }
}

function oracleRule<K extends 'reverse' | 'forward'>(rule: OracleRule, name: K): NonNullable<OracleRule[K]> {
  const found = rule[name]
  if (found === undefined) {
    throw new UnsupportedError(`oracle ${rule.name} has no ${name} rule, so its derivative cannot be taken`, {
      argument: rule.name,
      expected: `a ${name} rule`,
      received: 'none',
    })
  }
  return found.bind(rule) as NonNullable<OracleRule[K]>
}

/** The nodes of a sorted list that depend on any of `sources` through something that has a derivative. */
function dependents(order: readonly Node[], sources: readonly Node[]): Set<Node> {
  const active = new Set<Node>(sources)
  for (const node of order) {
    if (node.operation.kind === 'stopGradient') continue
    if (node.inputs.some((input) => active.has(input))) active.add(node)
  }
  return active
}

/**
 * Reverse mode: the products of `cotangents` with the derivatives of `outputs` by each of `sources`, as new expressions.
 * One backward sweep; the result can be differentiated again.
 *
 * @throws {UnsupportedError} if an oracle on the way has no reverse rule
 */
export function reverseMode(outputs: readonly Node[], cotangents: readonly Node[], sources: readonly Node[]): Node[] {
  const order = topological(outputs)
  const active = dependents(order, sources)
  const collected = new Map<Node, Node[]>()
  const wanted = (node: Node): boolean => active.has(node)
  const contribute = (node: Node, part: Node): void => {
    const before = collected.get(node)
    if (before === undefined) collected.set(node, [part])
    else before.push(part)
  }
  const total = (node: Node): Node | undefined => {
    const parts = collected.get(node)
    if (parts === undefined) return undefined
    const sum = sumOf(parts)
    collected.set(node, [sum])
    return sum
  }
  outputs.forEach((output, i) => {
    if (wanted(output)) contribute(output, broadcastTo(cotangents[i], output.shape))
  })
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at]
    if (node.inputs.length === 0) continue
    const cotangent = total(node)
    if (cotangent === undefined) continue
    const parts = reverseRule(node, cotangent, wanted)
    node.inputs.forEach((input, i) => {
      const part = parts[i]
      if (part !== undefined && wanted(input)) contribute(input, part)
    })
  }
  return sources.map((source) => total(source) ?? zeros(source.shape))
}

/** The sum of many terms: what is placed into zeros is placed at once, the rest is added in pairs. */
function sumOf(parts: readonly Node[]): Node {
  if (parts.length === 1) return parts[0]
  const terms: Node[] = []
  const views: Affine[] = []
  let rest: Node[] = []
  for (const part of parts) {
    if (part.operation.kind === 'scatter') {
      terms.push(...part.inputs)
      views.push(...part.operation.views)
    } else rest.push(part)
  }
  if (terms.length > 0) rest.push(placed(terms, views, parts[0].shape))
  while (rest.length > 1) {
    const pairs: Node[] = []
    for (let i = 0; i + 1 < rest.length; i += 2) pairs.push(rest[i].add(rest[i + 1]))
    if (rest.length % 2 === 1) pairs.push(rest[rest.length - 1])
    rest = pairs
  }
  return rest[0]
}

/** A scatter of the given terms, in which those with the same place are added first. */
function placed(terms: readonly Node[], views: readonly Affine[], shape: Shape): Node {
  const groups = new Map<string, { terms: Node[]; view: Affine }>()
  terms.forEach((term, t) => {
    const { offset, strides } = views[t]
    const key = `${offset}:${strides.join(',')}:${term.shape.join(',')}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { terms: [term], view: views[t] })
    else group.terms.push(term)
  })
  const list = [...groups.values()]
  return scatterNode(
    list.map((group) => sumOf(group.terms)),
    list.map((group) => group.view),
    shape,
  )
}

/** The derivative of one node along the tangents of its inputs. */
function forwardRule(node: Node, tangents: readonly (Node | undefined)[]): Node | undefined {
  const { operation, inputs } = node
  const tangent = tangents[0]
  switch (operation.kind) {
    case 'input':
    case 'constant':
    case 'stopGradient':
      return undefined
    case 'elementwise': {
      if (operation.name === 'where') {
        const [condition] = inputs
        const [, a, b] = tangents
        if (a === undefined && b === undefined) return undefined
        return broadcastTo(where(condition, a ?? 0, b ?? 0), node.shape)
      }
      const by = partials(node)
      let total: Node | undefined
      tangents.forEach((t, i) => {
        if (t === undefined) return
        const partial = by[i]()
        if (partial === undefined) return
        const c = uniformValue(partial)
        const part = c === 1 ? t : c === -1 ? t.neg() : t.mul(partial)
        total = total === undefined ? part : total.add(part)
      })
      return total === undefined ? undefined : broadcastTo(total, node.shape)
    }
    case 'reduce': {
      if (tangent === undefined) return undefined
      const { axes, name } = operation
      return sum(name === 'sum' ? tangent : tangent.mul(maximumWeights(node, axes)), { axes })
    }
    case 'matmul': {
      const [a, b] = inputs
      const [da, db] = tangents
      const left = da === undefined ? undefined : matrixProduct(da, b)
      const right = db === undefined ? undefined : matrixProduct(a, db)
      return left !== undefined && right !== undefined ? left.add(right) : (left ?? right)
    }
    case 'scatter': {
      const present = tangents.flatMap((t, i) => (t === undefined ? [] : [{ t, view: operation.views[i] }]))
      if (present.length === 0) return undefined
      return scatterNode(
        present.map(({ t }) => t),
        present.map(({ view }) => view),
        node.shape,
      )
    }
    case 'oracle': {
      const result = oracleRule(operation.rule, 'forward')(inputs, node, tangents)
      if (result !== undefined && !sameShape(result.shape, node.shape)) {
        throw new ShapeError(
          `oracle ${operation.rule.name}: forward gave ${shapeText(result.shape)} for a value of shape ${shapeText(node.shape)}`,
          { argument: 'forward', expected: shapeText(node.shape), received: shapeText(result.shape) },
        )
      }
      return result
    }
    // Linear in the first input: the same operation on its tangent.
    case 'copy':
    case 'reshape':
    case 'view':
    case 'gather':
    case 'scatterAdd':
    case 'cumulativeSum':
      return tangent === undefined ? undefined : new Node(operation, [tangent, ...inputs.slice(1)], node.shape)
  }
}

/**
 * Forward mode: the derivatives of `outputs` along `tangents` of `sources`, as new expressions.
 *
 * @throws {UnsupportedError} if an oracle on the way has no forward rule
 */
export function forwardMode(outputs: readonly Node[], sources: readonly Node[], tangents: readonly Node[]): Node[] {
  const known = new Map<Node, Node>()
  sources.forEach((source, i) => {
    known.set(source, broadcastTo(tangents[i], source.shape))
  })
  for (const node of topological(outputs)) {
    if (known.has(node)) continue
    const along = node.inputs.map((input) => known.get(input))
    if (along.every((t) => t === undefined)) continue
    const tangent = forwardRule(node, along)
    if (tangent !== undefined) known.set(node, tangent)
  }
  return outputs.map((output) => known.get(output) ?? zeros(output.shape))
}

/**
 * The gradient of a scalar expression by each of the given nodes, as expressions (which can be differentiated again, and
 * used within the traced function, for instance in a penalty on a gradient).
 *
 * @throws {ShapeError} if `value` has more than one element
 */
export function gradientOf(value: Node, sources: readonly Node[]): Node[] {
  if (value.size !== 1) {
    throw new ShapeError(`gradientOf: needs a scalar expression, got ${shapeText(value.shape)}`, {
      argument: 'value',
      expected: 'one element',
      received: shapeText(value.shape),
    })
  }
  return reverseMode([value], [ones(value.shape)], sources)
}
