import { InvalidInputError, ShapeError } from '../base/errors.ts'
import { checked, integer, positive } from '../base/options.ts'
import { forwardMode, reverseMode } from './derivatives.ts'
import { type EngineInput, type Runnable, WasmEngine } from './engine.ts'
import { asNode, inputNode, Node, type Operand, type OracleRule, topological } from './node.ts'
import { constant, oracle, stopGradient } from './operations.ts'
import { type Shape, sameShape, shapeText } from './shape.ts'

/** When the iteration behind an implicit function stops. */
export interface ImplicitOptions {
  /** Largest allowed residual in the infinity norm, relative to max(1, ||z||) for fixed points. Default 1e-12. */
  tolerance?: number
  /** Iterations after which the value counts as not found and is NaN. Default 1000 (fixed points), 100 (Newton). */
  maxIterations?: number
}

/**
 * The fixed point z = g(z), found by repeating z <- g(z) from `start`, as an expression. g may use any other expressions;
 * derivatives by them come from the implicit function theorem, dz = (I - dg/dz)^-1 (dg/dp) dp, not from the iterations, and
 * can be taken again and again. Where the iteration does not converge, the value is NaN.
 *
 * @param g the map; its result has the shape of z
 * @param start where the iteration begins (fixes the shape); no derivative by it
 * @throws {ShapeError} if g changes the shape
 * @see Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), chapter 15
 */
export function fixedPoint(g: (z: Node) => Node, start: Operand, options: ImplicitOptions = {}): Node {
  const { tolerance, maxIterations } = checkedOptions('fixedPoint', options, 1000)
  const from = asNode(start)
  const z = inputNode(from.shape)
  const image = checkedShape('fixedPoint', g(z), from.shape)
  const captured = capture([image], [z])
  const solve: Solver = (inputs) => {
    const engine = new WasmEngine('f64')
    const slots = inputs.parameters.map((node) => engine.input(node, 0))
    const point = engine.input(inputs.z, 1)
    const step = engine.program(inputs.outputs)
    return (values, out) => {
      load(slots, values, 1)
      step.run(0)
      point.view.set(values[0])
      for (let k = 0; k < maxIterations; k++) {
        step.run(1)
        const next = step.outputs[0]
        let change = 0
        let size = 1
        for (let i = 0; i < next.length; i++) {
          change = Math.max(change, Math.abs(next[i] - point.view[i]))
          size = Math.max(size, Math.abs(next[i]))
        }
        point.view.set(next)
        if (change <= tolerance * size) {
          out.set(next)
          return
        }
        // Neither true for a NaN: nothing will converge any more.
        if (!(change < Infinity)) break
      }
      out.fill(Number.NaN)
    }
  }
  return implicit('fixedPoint', from, captured, solve, (at, image) => at.sub(image), false)
}

/**
 * A root z of F(z) = 0, found by Newton's method from `start` with halved steps while the residual does not decrease, as an
 * expression. F may use any other expressions; derivatives by them come from the implicit function theorem,
 * dz = -(dF/dz)^-1 (dF/dp) dp. Where no root is found, the value is NaN. Costs O(n^3) per iteration for n unknowns.
 *
 * @param residual F; its result has the shape of z
 * @param start where the iteration begins (fixes the shape); no derivative by it
 * @throws {ShapeError} if F changes the shape
 */
export function root(residual: (z: Node) => Node, start: Operand, options: ImplicitOptions = {}): Node {
  const { tolerance, maxIterations } = checkedOptions('root', options, 100)
  const from = asNode(start)
  const z = inputNode(from.shape)
  const value = checkedShape('root', residual(z), from.shape)
  const captured = capture([value], [z])
  const solve = newton(tolerance, maxIterations, (outputs, at) => ({
    merit: undefined,
    residual: outputs[0],
    product: (direction) => forwardMode([outputs[0]], [at], [direction])[0],
  }))
  return implicit('root', from, captured, solve, (_, f) => f, false)
}

/**
 * A local minimizer z of a scalar function f, found by Newton's method from `start` (with a multiple of the identity added
 * while the Hessian is not positive definite, and Armijo backtracking), as an expression. f may use any other expressions;
 * derivatives by them come from the implicit function theorem on the gradient, so the Hessian at the minimizer has to be
 * regular. Where no minimizer is found, the value is NaN. Costs O(n^3) per iteration for n unknowns.
 *
 * @param f the objective, scalar
 * @param start where the iteration begins (fixes the shape); no derivative by it
 * @throws {ShapeError} if f is not scalar
 */
export function argmin(f: (z: Node) => Node, start: Operand, options: ImplicitOptions = {}): Node {
  const { tolerance, maxIterations } = checkedOptions('argmin', options, 100)
  const from = asNode(start)
  const z = inputNode(from.shape)
  const value = checkedShape('argmin', f(z), [])
  const [gradient] = reverseMode([value], [constant(1)], [z])
  const captured = capture([gradient, value], [z])
  const solve = newton(tolerance, maxIterations, (outputs, at) => ({
    merit: outputs[1],
    residual: outputs[0],
    product: (direction) => forwardMode([outputs[0]], [at], [direction])[0],
  }))
  return implicit('argmin', from, captured, solve, (_, g) => g, true)
}

/**
 * The solution u of A u = b, where A is given by its product with u, as an expression; A may use any other expressions.
 * A is written out as a matrix and factorized (LU with partial pivoting): n products and O(n^3) for n unknowns. A singular A
 * gives NaN.
 *
 * @param product u -> A u, linear in u; its result has the shape of u
 * @param right b
 * @param options `symmetric`: whether A is its own adjoint, which saves tracing the adjoint; default false
 * @throws {ShapeError} if the product has another shape
 */
export function linearSolve(
  product: (u: Node) => Node,
  right: Operand,
  { symmetric = false }: { symmetric?: boolean } = {},
): Node {
  const b = asNode(right)
  const u = inputNode(b.shape)
  const captured = capture([checkedShape('linearSolve', product(u), b.shape)], [u])
  return solveCaptured(captured, b, symmetric)
}

// ---- Looking into traced functions ---------------------------------------------------------------------------------

/** A function of placeholders and of the expressions around it, which became parameters. */
interface Captured {
  /** The outer expressions that it uses. */
  readonly parameters: readonly Node[]
  /** The same outputs for other placeholders and parameters. */
  at(placeholders: readonly Node[], parameters: readonly Node[]): Node[]
}

function capture(outputs: readonly Node[], placeholders: readonly Node[]): Captured {
  const order = topological(outputs)
  const inside = new Set<Node>(placeholders)
  const constantNodes = new Set<Node>()
  const parameters = new Set<Node>()
  const kept = new Set<Node>(outputs)
  for (const node of order) {
    if (node.inputs.some((input) => inside.has(input))) inside.add(node)
    else if (
      node.operation.kind === 'constant' ||
      (node.inputs.length > 0 && node.inputs.every((i) => constantNodes.has(i)))
    )
      constantNodes.add(node)
  }
  for (const node of order) {
    const uses = inside.has(node) ? node.inputs : []
    for (const input of uses) if (!inside.has(input) && !constantNodes.has(input)) parameters.add(input)
    if (kept.has(node) && !inside.has(node) && !constantNodes.has(node)) parameters.add(node)
  }
  const list = [...parameters]
  return {
    parameters: list,
    at: (newPlaceholders, newParameters) => {
      const map = new Map<Node, Node>()
      placeholders.forEach((node, i) => {
        map.set(node, newPlaceholders[i])
      })
      list.forEach((node, i) => {
        map.set(node, newParameters[i])
      })
      return substitute(order, outputs, map)
    },
  }
}

function substitute(order: readonly Node[], outputs: readonly Node[], map: Map<Node, Node>): Node[] {
  for (const node of order) {
    if (map.has(node)) continue
    const inputs = node.inputs.map((input) => map.get(input) ?? input)
    const changed = inputs.some((input, i) => input !== node.inputs[i])
    map.set(node, changed ? new Node(node.operation, inputs, node.shape) : node)
  }
  return outputs.map((output) => map.get(output) ?? output)
}

// ---- The implicit function theorem ---------------------------------------------------------------------------------

/** The function of an implicit node with fresh inputs, to be compiled on its own. */
interface Isolated {
  readonly z: Node
  readonly parameters: readonly Node[]
  readonly outputs: readonly Node[]
}

/** Makes what computes the node: from the start and the parameters, the solution. */
type Solver = (inputs: Isolated) => (values: readonly Float64Array[], out: Float64Array) => void

function implicit(
  name: string,
  start: Node,
  captured: Captured,
  solver: Solver,
  /** F(z) with F = 0 at the solution, from z and the first output. */
  equation: (z: Node, output: Node) => Node,
  symmetric: boolean,
): Node {
  let run: ReturnType<Solver> | undefined
  /** dF/dz times a direction at a solution. */
  const linearized = (z: Node, parameters: readonly Node[]): Captured => {
    const at = inputNode(z.shape)
    const direction = inputNode(z.shape)
    const f = equation(at, captured.at([at], parameters)[0])
    const product = forwardMode([f], [at], [direction])[0]
    const general = capture([product], [at, direction])
    const used = capture(general.at([z, direction], general.parameters), [direction])
    return used
  }
  const rule: OracleRule = {
    name,
    evaluate(inputs, out) {
      if (run === undefined) {
        const z = inputNode(start.shape)
        const parameters = captured.parameters.map((node) => inputNode(node.shape))
        run = solver({ z, parameters, outputs: captured.at([z], parameters) })
      }
      run(inputs, out)
    },
    forward(inputs, output, tangents) {
      const parameters = inputs.slice(1)
      const moving = parameters.flatMap((node, i) => {
        const tangent = tangents[i + 1]
        return tangent === undefined ? [] : [{ node, tangent }]
      })
      if (moving.length === 0) return undefined
      // F with z held at the solution, along the tangents of the parameters. Fresh inputs keep a parameter apart from
      // what the solution itself depends on.
      const fresh = parameters.map((node) => inputNode(node.shape))
      const z = inputNode(output.shape)
      const f = equation(z, captured.at([z], fresh)[0])
      const sources = moving.map(({ node }) => fresh[parameters.indexOf(node)])
      const directions = moving.map(({ tangent }) => tangent)
      const [change] = forwardMode([f], sources, directions)
      const placed = substitute(topological([change]), [change], pairs([z, ...fresh], [output, ...parameters]))
      return solveCaptured(linearized(output, parameters), placed[0].neg(), symmetric)
    },
    reverse(inputs, output, cotangent) {
      const parameters = inputs.slice(1)
      const linear = linearized(output, parameters)
      const weight = solveCaptured(symmetric ? linear : adjoint(linear, output.shape), cotangent, symmetric)
      const fresh = parameters.map((node) => inputNode(node.shape))
      const z = inputNode(output.shape)
      const f = equation(z, captured.at([z], fresh)[0])
      const parts = reverseMode([f], [weight.neg()], fresh)
      const placed = substitute(topological(parts), parts, pairs([z, ...fresh], [output, ...parameters]))
      return [undefined, ...placed]
    },
  }
  return oracle(rule, [stopGradient(start), ...captured.parameters], start.shape)
}

function pairs(from: readonly Node[], to: readonly Node[]): Map<Node, Node> {
  return new Map(from.map((node, i) => [node, to[i]]))
}

/** The adjoint of a linear function of its placeholder. */
function adjoint(linear: Captured, shape: Shape): Captured {
  const u = inputNode(shape)
  const w = inputNode(shape)
  const [product] = linear.at([u], linear.parameters)
  const [transposed] = reverseMode([product], [w], [u])
  return capture([transposed], [w])
}

function solveCaptured(linear: Captured, right: Node, symmetric: boolean): Node {
  let run: ((inputs: readonly Float64Array[], out: Float64Array) => void) | undefined
  const rule: OracleRule = {
    name: 'linearSolve',
    evaluate(inputs, out) {
      run ??= denseSolver(linear, right.shape)
      run(inputs, out)
    },
    forward(inputs, output, tangents) {
      const parameters = inputs.slice(1)
      const fresh = parameters.map((node) => inputNode(node.shape))
      const u = inputNode(output.shape)
      const moving = fresh.filter((_, i) => tangents[i + 1] !== undefined)
      const directions = tangents.slice(1).filter((t) => t !== undefined)
      let change = tangents[0]
      if (moving.length > 0) {
        const [by] = forwardMode(linear.at([u], fresh), moving, directions)
        const [placed] = substitute(topological([by]), [by], pairs([u, ...fresh], [output, ...parameters]))
        change = change === undefined ? placed.neg() : change.sub(placed)
      }
      return change === undefined ? undefined : solveCaptured(rebound(linear, parameters), change, symmetric)
    },
    reverse(inputs, output, cotangent) {
      const parameters = inputs.slice(1)
      const own = rebound(linear, parameters)
      const weight = solveCaptured(symmetric ? own : adjoint(own, output.shape), cotangent, symmetric)
      const fresh = parameters.map((node) => inputNode(node.shape))
      const u = inputNode(output.shape)
      const parts = reverseMode(linear.at([u], fresh), [weight.neg()], fresh)
      return [weight, ...substitute(topological(parts), parts, pairs([u, ...fresh], [output, ...parameters]))]
    },
  }
  return oracle(rule, [right, ...linear.parameters], right.shape)
}

/** The same function with other parameters: those that the node has now, after rewriting. */
function rebound(linear: Captured, parameters: readonly Node[]): Captured {
  return { parameters, at: linear.at }
}

// ---- Numbers -------------------------------------------------------------------------------------------------------

function load(slots: readonly EngineInput[], values: readonly Float64Array[], from: number): void {
  for (let i = 0; i < slots.length; i++) slots[i].view.set(values[i + from])
}

function denseSolver(linear: Captured, shape: Shape): (inputs: readonly Float64Array[], out: Float64Array) => void {
  const engine = new WasmEngine('f64')
  const parameters = linear.parameters.map((node) => inputNode(node.shape))
  const slots = parameters.map((node) => engine.input(node, 1))
  const u = engine.input(inputNode(shape), 2)
  const program = engine.program(linear.at([u.node], parameters))
  const n = u.view.length
  const matrix = new Float64Array(n * n)
  return (inputs, out) => {
    load(slots, inputs, 1)
    program.run(0)
    program.run(1)
    writeOut(program, u, matrix)
    out.set(inputs[0])
    if (!eliminate(matrix, n, out)) out.fill(Number.NaN)
  }
}

/** The matrix of a linear program, from its products with the unit vectors. */
function writeOut(program: Runnable, direction: EngineInput, matrix: Float64Array): void {
  const n = direction.view.length
  direction.view.fill(0)
  for (let j = 0; j < n; j++) {
    direction.view[j] = 1
    program.run(2)
    direction.view[j] = 0
    const column = program.outputs[0]
    for (let i = 0; i < n; i++) matrix[i * n + j] = column[i]
  }
}

/** Solves matrix x = b in place by elimination with partial pivoting; false if a pivot is zero or not finite. */
function eliminate(matrix: Float64Array, n: number, b: Float64Array): boolean {
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(matrix[i * n + k]) > Math.abs(matrix[pivot * n + k])) pivot = i
    const largest = matrix[pivot * n + k]
    if (!(Math.abs(largest) > 0 && Math.abs(largest) < Infinity)) return false
    if (pivot !== k) {
      for (let j = k; j < n; j++) {
        const swap = matrix[k * n + j]
        matrix[k * n + j] = matrix[pivot * n + j]
        matrix[pivot * n + j] = swap
      }
      const swap = b[k]
      b[k] = b[pivot]
      b[pivot] = swap
    }
    for (let i = k + 1; i < n; i++) {
      const factor = matrix[i * n + k] / largest
      if (factor === 0) continue
      for (let j = k + 1; j < n; j++) matrix[i * n + j] -= factor * matrix[k * n + j]
      b[i] -= factor * b[k]
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = b[i]
    for (let j = i + 1; j < n; j++) rest -= matrix[i * n + j] * b[j]
    b[i] = rest / matrix[i * n + i]
  }
  return true
}

/** Solves (matrix + shift I) x = b for a symmetric matrix by Cholesky's method in `work`; false if it is not positive definite. */
function solvePositive(matrix: Float64Array, shift: number, n: number, work: Float64Array, b: Float64Array): boolean {
  work.set(matrix)
  for (let j = 0; j < n; j++) {
    let d = work[j * n + j] + shift
    for (let k = 0; k < j; k++) d -= work[j * n + k] * work[j * n + k]
    if (!(d > 0 && d < Infinity)) return false
    const root = Math.sqrt(d)
    work[j * n + j] = root
    for (let i = j + 1; i < n; i++) {
      let s = work[i * n + j]
      for (let k = 0; k < j; k++) s -= work[i * n + k] * work[j * n + k]
      work[i * n + j] = s / root
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= work[i * n + k] * b[k]
    b[i] /= work[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= work[k * n + i] * b[k]
    b[i] /= work[i * n + i]
  }
  return true
}

interface NewtonSystem {
  /** What has to decrease; the residual's norm where there is nothing else. */
  readonly merit: Node | undefined
  readonly residual: Node
  product(direction: Node): Node
}

function newton(
  tolerance: number,
  maxIterations: number,
  system: (outputs: readonly Node[], z: Node) => NewtonSystem,
): Solver {
  return ({ z, parameters, outputs }) => {
    const engine = new WasmEngine('f64')
    const slots = parameters.map((node) => engine.input(node, 0))
    const point = engine.input(z, 1)
    const n = point.view.length
    const direction = engine.input(inputNode(z.shape), 2)
    const { merit, residual, product } = system(outputs, z)
    const values = engine.program(merit === undefined ? [residual] : [residual, merit])
    const products = engine.program([product(direction.node)])
    const matrix = new Float64Array(n * n)
    const work = new Float64Array(merit === undefined ? 0 : n * n)
    const step = new Float64Array(n)
    const at = new Float64Array(n)
    const f = new Float64Array(n)
    const meritNow = (): number => {
      if (merit !== undefined) return values.outputs[1][0]
      const r = values.outputs[0]
      let total = 0
      for (let i = 0; i < n; i++) total += r[i] * r[i]
      return 0.5 * total
    }
    return (inputs, out) => {
      load(slots, inputs, 1)
      values.run(0)
      products.run(0)
      at.set(inputs[0])
      point.view.set(at)
      values.run(1)
      for (let k = 0; k <= maxIterations; k++) {
        f.set(values.outputs[0])
        const current = meritNow()
        let largest = 0
        for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(f[i]))
        if (!(largest < Infinity)) break
        if (largest <= tolerance) {
          out.set(at)
          return
        }
        if (k === maxIterations) break
        products.run(1)
        writeOut(products, direction, matrix)
        for (let i = 0; i < n; i++) step[i] = -f[i]
        if (merit === undefined) {
          if (!eliminate(matrix, n, step)) break
        } else {
          let shift = 0
          while (!solvePositive(matrix, shift, n, work, step)) {
            let diagonal = 1e-3
            for (let i = 0; i < n; i++) diagonal = Math.max(diagonal, 1e-3 * Math.abs(matrix[i * n + i]))
            shift = Math.max(diagonal, 4 * shift)
            if (!(shift < Infinity)) break
            for (let i = 0; i < n; i++) step[i] = -f[i]
          }
        }
        // The derivative of the merit function along the step.
        let slope = merit === undefined ? -2 * current : 0
        if (merit !== undefined) for (let i = 0; i < n; i++) slope += f[i] * step[i]
        let length = 1
        let accepted = false
        for (let tries = 0; tries < 60 && !accepted; tries++, length *= 0.5) {
          for (let i = 0; i < n; i++) point.view[i] = at[i] + length * step[i]
          values.run(1)
          // Near the solution rounding hides the decrease: a residual that shrinks is enough.
          accepted = meritNow() <= current + 1e-4 * length * slope || (tries === 0 && smaller(values, largest))
        }
        if (!accepted) {
          // Nothing smaller can be reached in this arithmetic: take it if it is small by any measure.
          if (largest <= Math.sqrt(tolerance) * Math.max(1, Math.abs(current))) {
            out.set(at)
            return
          }
          break
        }
        at.set(point.view)
      }
      out.fill(Number.NaN)
    }
  }
}

function smaller({ outputs }: Runnable, than: number): boolean {
  const residual = outputs[0]
  let largest = 0
  for (let i = 0; i < residual.length; i++) largest = Math.max(largest, Math.abs(residual[i]))
  return largest <= 0.5 * than
}

function checkedOptions(where: string, options: ImplicitOptions, iterations: number): Required<ImplicitOptions> {
  return checked(where, options, {
    tolerance: positive(1e-12, 'Tolerance'),
    maxIterations: integer(iterations, 'Iterations', { min: 1, max: 1e9 }),
  })
}

function checkedShape(where: string, node: Node, shape: Shape): Node {
  if (!(node instanceof Node)) {
    throw new InvalidInputError(`${where}: the function must return an expression`, { argument: where })
  }
  if (sameShape(node.shape, shape)) return node
  throw new ShapeError(`${where}: the function must give shape ${shapeText(shape)}, got ${shapeText(node.shape)}`, {
    argument: where,
    expected: shapeText(shape),
    received: shapeText(node.shape),
  })
}
