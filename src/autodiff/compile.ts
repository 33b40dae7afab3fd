import { describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/errors.ts'
import { checked, choice } from '../base/options.ts'
import { forwardMode, reverseMode } from './derivatives.ts'
import {
  type Comparison,
  type Engine,
  type EngineInput,
  InterpreterEngine,
  type Runnable,
  type Vector,
  WasmEngine,
} from './engine.ts'
import { inputNode, Node, topological } from './node.ts'
import { concatenate, constant, flatten, ones, reshape, slice, stack } from './operations.ts'
import { flatNumbers, type ParameterShapes, Parameters, type ParameterValues } from './parameters.ts'
import { checkShape, type Shape, shapeText, sizeOf } from './shape.ts'
import { simplify } from './simplify.ts'
import { type SparseDerivative, sparseDerivative } from './sparse.ts'

/** An input that the function is differentiated by. */
export interface VariableSpec {
  /** Lengths of the axes; `[]` for a number. */
  readonly shape: Shape
  /** For messages. */
  readonly name?: string
}

/** An input that is data: stored once, not differentiated, and replaced by `setData`. */
export interface DataSpec extends VariableSpec {
  /** The values row by row (numbers, a flat array or rows), or `'later'` when `setData` will bring them. */
  readonly data: number | ArrayLike<number> | readonly ArrayLike<number>[] | 'later'
}

/** One input of a compiled function: a variable, data, or a tree of named variables. */
export type InputSpec = VariableSpec | DataSpec | Parameters

/** What the traced function receives for an input. */
export type ArgumentFor<I> = I extends Parameters<infer S extends ParameterShapes> ? ParameterValues<S, Node> : Node

/** What the traced function receives for all inputs. */
export type ArgumentsFor<I extends readonly InputSpec[]> = { [K in keyof I]: ArgumentFor<I[K]> }

/** Options of `compile`. */
export interface CompileOptions {
  /** Precision of all computations; single is for neural nets. Vectors may be given in either. Default 'f64'. */
  precision?: 'f64' | 'f32'
  /**
   * 'wasm' emits WebAssembly; 'interpreter' walks through the graph in plain code, always in double precision, for tests
   * and for places that forbid WebAssembly. Default 'wasm'.
   */
  execution?: 'wasm' | 'interpreter'
}

interface Variable {
  readonly name: string
  readonly shape: Shape
  readonly offset: number
}

interface DataInput {
  readonly name: string
  readonly input: EngineInput
  given: boolean
}

/** Beyond this many nodes, small Hessians and Jacobians are no longer written out as one program. */
const largestWrittenOut = 2000

/**
 * A function traced once and compiled: values and derivatives at any point, written into arrays of the caller. All variables
 * together form one flat vector x, in the order of the inputs and row by row. Each kind of derivative is compiled when it is
 * first asked for; after that, no call allocates anything. Made by `compile`.
 */
export class CompiledFunction {
  /** Length n of the flat vector x of all variables. */
  readonly inputSize: number
  /** Number m of elements of the result. */
  readonly outputSize: number
  /** Shape of the result; `[]` for a scalar function. */
  readonly outputShape: Shape
  private readonly engine: Engine
  private readonly x: EngineInput
  private readonly output: Node
  private readonly data: readonly DataInput[]
  private readonly programs = new Map<string, StagedProgram>()
  private readonly directions = new Map<string, EngineInput>()
  private valueProgram: StagedProgram | undefined
  private gradientProgram: StagedProgram | undefined
  private readonly sparse = new Map<string, SparseDerivative>()
  /** How long points are compared; null where the engine has no fast way. */
  private comparison: Comparison | null | undefined
  /** Counts changes of the point and of the data; programs compare it with what they last saw. */
  private pointVersion = 1
  private dataVersion = 1
  private missingData = 0

  /** Use `compile`. */
  constructor(engine: Engine, x: EngineInput, output: Node, data: readonly DataInput[]) {
    this.engine = engine
    this.x = x
    this.output = output
    this.data = data
    this.inputSize = x.node.size
    this.outputSize = output.size
    this.outputShape = output.shape
    this.missingData = data.filter((d) => !d.given).length
  }

  // ---- Values and first derivatives --------------------------------------------------------------------------------

  /**
   * f(x) of a scalar function.
   *
   * @param x the point, [n]
   * @throws {ShapeError} if x has the wrong length
   * @throws {UnsupportedError} if the result is not a single number (see `values`)
   */
  value(x: Vector): number {
    const program = this.valueProgram ?? this.compileValue('value')
    this.setPoint(x)
    return this.runPoint(program)
  }

  /** f(x) of a function with any result, row by row: `out` has length m. Returns `out`. */
  values<V extends Vector>(x: Vector, out: V): V {
    const program = this.valueProgram ?? this.compileValue('')
    this.setPoint(x)
    this.checkLength('out', out, this.outputSize)
    this.runPoint(program)
    copy(program.runnable.outputs[0], out)
    return out
  }

  /** The gradient of a scalar function at x, written into `out` [n]. Returns `out`. */
  gradient<V extends Vector>(x: Vector, out: V): V {
    this.valueAndGradient(x, out)
    return out
  }

  /** f(x), and its gradient in `out` [n]: one forward and one backward sweep. */
  valueAndGradient(x: Vector, out: Vector): number {
    const program = this.gradientProgram ?? this.compileGradient()
    this.setPoint(x)
    this.checkLength('out', out, this.inputSize)
    const value = this.runPoint(program)
    copy(program.runnable.outputs[1], out)
    return value
  }

  /** The derivative of f at x along v: J(x) v, in `out` [m]. Repeated calls at one x share the work at x. */
  jvp<V extends Vector>(x: Vector, v: Vector, out: V): V {
    return this.along('jvp', x, v, out)
  }

  /** The adjoint derivative: J(x)^T u, in `out` [n], for u [m]. Repeated calls at one x share the work at x. */
  vjp<V extends Vector>(x: Vector, u: Vector, out: V): V {
    return this.along('vjp', x, u, out)
  }

  // ---- Second derivatives ------------------------------------------------------------------------------------------

  /**
   * The product of the Hessian of a scalar function with v: H(x) v, in `out` [n]; the derivative of the gradient along v.
   * Repeated calls at one x share the work at x.
   */
  hvp<V extends Vector>(x: Vector, v: Vector, out: V): V {
    return this.along('hvp', x, v, out)
  }

  /** The Hessian of a scalar function, in `out` [n, n] row by row. Costs n products with it; see `sparseHessian`. */
  hessian<V extends Vector>(x: Vector, out: V): V {
    return this.dense('hvp', x, out)
  }

  /** The Jacobian, in `out` [m, n] row by row. Costs min(m, n) products with it; see `sparseJacobian`. */
  jacobian<V extends Vector>(x: Vector, out: V): V {
    return this.dense(this.outputSize < this.inputSize ? 'vjp' : 'jvp', x, out)
  }

  /**
   * The Jacobian as a sparse matrix: its pattern is found from the graph, and as many products as there are colours give
   * all entries. Compiled once; the same object every time.
   */
  sparseJacobian(): SparseDerivative {
    return this.sparseOf('jacobian')
  }

  /** The Hessian of a scalar function as a sparse matrix (both triangles); see `sparseJacobian`. */
  sparseHessian(): SparseDerivative {
    return this.sparseOf('hessian')
  }

  // ---- Data --------------------------------------------------------------------------------------------------------

  /**
   * Replaces the values of a data input; they are copied.
   *
   * @param which its name, or its position among the data inputs
   * @throws {InvalidInputError} if there is no such data
   * @throws {ShapeError} if the number of values is wrong
   */
  setData(which: string | number, values: number | ArrayLike<number> | readonly ArrayLike<number>[]): void {
    const data = typeof which === 'number' ? this.data[which] : this.data.find((d) => d.name === which)
    if (data === undefined) {
      const names = this.data.map((d) => `'${d.name}'`).join(', ') || '(none)'
      throw new InvalidInputError(`setData: there is no data ${describe(which)}; known: ${names}`, {
        argument: 'which',
        expected: names,
        received: describe(which),
      })
    }
    const { view } = data.input
    if (typeof values === 'number' && view.length === 1) view[0] = values
    else {
      const numbers = flatNumbers(values)
      if (numbers.length !== view.length) {
        const shape = shapeText(data.input.node.shape)
        throw new ShapeError(`setData: '${data.name}' has shape ${shape}, but ${numbers.length} numbers came`, {
          argument: data.name,
          expected: `${view.length} numbers`,
          received: `${numbers.length} numbers`,
        })
      }
      view.set(numbers)
    }
    if (!data.given) this.missingData--
    data.given = true
    this.dataVersion++
  }

  /** Length in bytes of all WebAssembly emitted so far. */
  get codeBytes(): number {
    return this.engine.codeBytes
  }

  // ---- Inside ------------------------------------------------------------------------------------------------------

  private setPoint(x: Vector): void {
    this.checkLength('x', x, this.inputSize)
    if (this.missingData > 0) this.refuseMissingData()
    copy(x, this.x.view)
    this.pointVersion++
  }

  /** As `setPoint`, but a point with the same bits as the last one counts as unchanged. */
  private keepPoint(x: Vector): void {
    this.checkLength('x', x, this.inputSize)
    if (this.missingData > 0) this.refuseMissingData()
    const { view } = this.x
    if (view.length > 64) {
      this.comparison ??= this.engine.comparison(this.x) ?? null
      if (this.comparison !== null) {
        copy(x, this.comparison.view)
        if (!this.comparison.differs()) return
        // Taken anew: making the comparison may have moved the memory.
        this.x.view.set(this.comparison.view)
        this.pointVersion++
        return
      }
    }
    for (let i = 0; i < view.length; i++) {
      // Division tells 0 from -0.
      if (view[i] === x[i] && (x[i] !== 0 || 1 / view[i] === 1 / x[i])) continue
      copy(x, view)
      this.pointVersion++
      return
    }
  }

  private runPoint(program: StagedProgram): number {
    this.runData(program)
    program.pointVersion = this.pointVersion
    return program.runnable.run(1)
  }

  private runData(program: StagedProgram): void {
    if (program.dataVersion === this.dataVersion) return
    program.dataVersion = this.dataVersion
    program.pointVersion = 0
    program.runnable.run(0)
  }

  private along<V extends Vector>(kind: Product, x: Vector, direction: Vector, out: V): V {
    const program = this.productProgram(kind)
    const input = this.directions.get(kind) as EngineInput
    this.keepPoint(x)
    this.checkLength(kind === 'vjp' ? 'u' : 'v', direction, input.view.length)
    const result = program.runnable.outputs[0]
    this.checkLength('out', out, result.length)
    copy(direction, input.view)
    this.prepareAt(program)
    program.runnable.run(2)
    copy(program.runnable.outputs[0], out)
    return out
  }

  /** Runs what depends on the point alone, unless the program has just done so. */
  private prepareAt(program: StagedProgram): void {
    this.runData(program)
    if (program.pointVersion === this.pointVersion) return
    program.pointVersion = this.pointVersion
    program.runnable.run(1)
  }

  private dense<V extends Vector>(kind: Product, x: Vector, out: V): V {
    const n = this.inputSize
    const m = kind === 'hvp' ? n : this.outputSize
    this.checkLength('out', out, m * n)
    const writtenOut = this.writtenOut(kind)
    if (writtenOut !== undefined) {
      this.setPoint(x)
      this.runPoint(writtenOut)
      copy(writtenOut.runnable.outputs[0], out)
      return out
    }
    const program = this.productProgram(kind)
    this.keepPoint(x)
    this.prepareAt(program)
    const { view } = this.directions.get(kind) as EngineInput
    view.fill(0)
    const result = program.runnable.outputs[0]
    for (let k = 0; k < view.length; k++) {
      view[k] = 1
      program.runnable.run(2)
      view[k] = 0
      // Products with unit vectors are columns, or rows of the Jacobian for the adjoint and of the symmetric Hessian.
      if (kind === 'jvp') for (let i = 0; i < m; i++) out[i * n + k] = result[i]
      else for (let j = 0; j < n; j++) out[k * n + j] = result[j]
    }
    return out
  }

  /** A program that computes a small dense derivative at once, or undefined when it would be too long. */
  private writtenOut(kind: Product): StagedProgram | undefined {
    const name = `dense ${kind}`
    const found = this.programs.get(name)
    if (found !== undefined) return found
    const count = kind === 'vjp' ? this.outputSize : this.inputSize
    if (count > 32 || !(this.engine instanceof WasmEngine)) return undefined
    const rows: Node[] = []
    for (let k = 0; k < count; k++) {
      const unit = new Float64Array(count)
      unit[k] = 1
      const along = stack(Array.from(unit, (u) => constant(u)))
      rows.push(flatten(this.product(kind, along)))
    }
    const whole = simplify([stack(rows, kind === 'jvp' ? 1 : 0)])
    if (topological(whole).length > largestWrittenOut) return undefined
    return this.compiled(name, whole)
  }

  /** The product of a derivative with a direction, as an expression. */
  private product(kind: Product, direction: Node): Node {
    const x = this.x.node
    if (kind === 'jvp') return forwardMode([this.output], [x], [direction])[0]
    if (kind === 'vjp') return reverseMode([this.output], [reshape(direction, this.outputShape)], [x])[0]
    this.requireScalar('hvp')
    const [gradient] = simplify(reverseMode([this.output], [ones(this.outputShape)], [x]))
    return forwardMode([gradient], [x], [direction])[0]
  }

  private productProgram(kind: Product): StagedProgram {
    const found = this.programs.get(kind)
    if (found !== undefined) return found
    const length = kind === 'vjp' ? this.outputSize : this.inputSize
    const direction = this.engine.input(inputNode([length]), 2)
    this.directions.set(kind, direction)
    return this.compiled(kind, [this.product(kind, direction.node)])
  }

  private sparseOf(which: 'jacobian' | 'hessian'): SparseDerivative {
    const found = this.sparse.get(which)
    if (found !== undefined) return found
    const x = this.x.node
    let of = this.output
    if (which === 'hessian') {
      this.requireScalar('sparseHessian')
      of = reverseMode([this.output], [ones(this.outputShape)], [x])[0]
    }
    const [simple] = simplify([of])
    const made = sparseDerivative(simple, x, which === 'hessian', (kind) => {
      const product: Product = which === 'hessian' ? 'hvp' : kind
      const program = this.productProgram(product)
      const direction = this.directions.get(product) as EngineInput
      return {
        at: (point) => {
          this.keepPoint(point)
          this.prepareAt(program)
        },
        direction: () => direction.view,
        result: () => program.runnable.outputs[0],
        run: () => {
          program.runnable.run(2)
        },
      }
    })
    this.sparse.set(which, made)
    return made
  }

  private compileValue(method: string): StagedProgram {
    if (method !== '') this.requireScalar(method)
    this.valueProgram = this.compiled('value', [this.output])
    return this.valueProgram
  }

  private compileGradient(): StagedProgram {
    this.requireScalar('gradient')
    const [gradient] = reverseMode([this.output], [ones(this.outputShape)], [this.x.node])
    this.gradientProgram = this.compiled('gradient', [this.output, gradient])
    return this.gradientProgram
  }

  private compiled(name: string, outputs: readonly Node[]): StagedProgram {
    const program = { runnable: this.engine.program(outputs), pointVersion: 0, dataVersion: 0 }
    this.programs.set(name, program)
    return program
  }

  private requireScalar(method: string): void {
    if (this.outputSize === 1) return
    throw new UnsupportedError(
      `${method}: the function has a result of shape ${shapeText(this.outputShape)}, not a number; ` +
        'use values, jvp, vjp or jacobian, or reduce the result with sum',
      { argument: method, expected: 'a scalar function', received: shapeText(this.outputShape) },
    )
  }

  private checkLength(name: string, array: Vector, length: number): void {
    if (array.length === length) return
    throw new ShapeError(`${name} must have length ${length}, got ${describe(array)}`, {
      argument: name,
      expected: `length ${length}`,
      received: describe(array),
    })
  }

  private refuseMissingData(): void {
    const missing = this.data.filter((d) => !d.given).map((d) => `'${d.name}'`)
    throw new InvalidInputError(`the data ${missing.join(', ')} has not been set; call setData first`, {
      argument: missing[0],
      expected: 'values',
      received: 'none',
    })
  }
}

type Product = 'jvp' | 'vjp' | 'hvp'

interface StagedProgram {
  readonly runnable: Runnable
  /** The point and the data that its stages were last run for. */
  pointVersion: number
  dataVersion: number
}

// For a handful of numbers a loop is several times faster than TypedArray.set.
function copy(from: Vector, to: Vector): void {
  if (from.length > 24) to.set(from)
  else for (let i = 0; i < from.length; i++) to[i] = from[i]
}

/**
 * Traces a function of array expressions once and returns its compiled form, with derivatives.
 *
 * ```ts
 * const f = compile((x) => sum(square(matmul(A, x).sub(b))), [{ shape: [n] }])
 * const value = f.valueAndGradient(x, gradient)
 * ```
 *
 * @param f the function: receives an expression for each input (a tree of them for `parameters`) and returns an expression,
 *   or several, which are then joined row by row into one vector. It runs once, now.
 * @param inputs for each argument its shape, or a tree of named `parameters`; with `data`, it is not differentiated
 * @param options precision and way of execution
 * @throws {ShapeError} if shapes do not fit, naming the operation; {InvalidInputError} if f does not return an expression
 * @see Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), chapters 3 (reverse mode) and 8 (sparse derivatives)
 */
export function compile<const I extends readonly InputSpec[]>(
  f: (...args: ArgumentsFor<I>) => Node | readonly Node[],
  inputs: I,
  options: CompileOptions = {},
): CompiledFunction {
  const { precision, execution } = checked('compile', options, {
    precision: choice(['f64', 'f32'], 'f64', 'Precision'),
    execution: choice(['wasm', 'interpreter'], 'wasm', 'Execution'),
  })
  const engine: Engine = execution === 'wasm' ? new WasmEngine(precision) : new InterpreterEngine()
  const variables: Variable[] = []
  let size = 0
  inputs.forEach((spec, i) => {
    if (spec instanceof Parameters) {
      variables.push({ name: `input ${i}`, shape: [spec.size], offset: size })
      size += spec.size
      return
    }
    if (typeof spec !== 'object' || spec === null || !Array.isArray(spec.shape)) {
      throw new InvalidInputError(`compile: input ${i} must be { shape } or parameters(...), got ${describe(spec)}`, {
        argument: `inputs[${i}]`,
        expected: '{ shape: [...] } or parameters(...)',
        received: describe(spec),
      })
    }
    checkShape(`compile: input ${i}`, spec.shape)
    if ('data' in spec) return
    variables.push({ name: spec.name ?? `input ${i}`, shape: spec.shape, offset: size })
    size += sizeOf(spec.shape)
  })
  if (size === 0) {
    throw new InvalidInputError('compile: needs at least one input to differentiate by; all inputs are data', {
      argument: 'inputs',
      expected: 'at least one input without data',
      received: `${inputs.length} inputs with data`,
    })
  }
  const whole = engine.input(inputNode([size]), 1)
  const data: DataInput[] = []
  let next = 0
  const args = inputs.map((spec, i) => {
    if (!(spec instanceof Parameters) && 'data' in spec) {
      const input = engine.input(inputNode(spec.shape), 0)
      data.push({ name: spec.name ?? `input ${i}`, input, given: false })
      return input.node
    }
    const { shape, offset } = variables[next++]
    const part = slice(whole.node, [offset, offset + sizeOf(shape)])
    return spec instanceof Parameters ? spec.nodes(part) : reshape(part, shape)
  })
  const result = (f as (...args: unknown[]) => unknown)(...args)
  const parts = Array.isArray(result) ? result : [result]
  for (const part of parts) {
    if (part instanceof Node) continue
    throw new InvalidInputError(`compile: the function must return an expression, got ${describe(part)}`, {
      argument: 'f',
      expected: 'an expression (or several)',
      received: describe(part),
    })
  }
  const output = Array.isArray(result) ? concatenate((parts as Node[]).map(flatten)) : (result as Node)
  for (const node of topological([output])) {
    const own = node === whole.node || data.some((d) => d.input.node === node)
    if (node.operation.kind !== 'input' || own) continue
    throw new InvalidInputError('compile: the expression uses an input of another traced function', {
      argument: 'f',
      expected: 'expressions in the arguments of f',
      received: `an input of shape ${shapeText(node.shape)}`,
    })
  }
  const compiledFunction = new CompiledFunction(engine, whole, output, data)
  let position = 0
  for (const spec of inputs) {
    if (spec instanceof Parameters || !('data' in spec)) continue
    if (spec.data !== 'later') compiledFunction.setData(position, spec.data)
    position++
  }
  return compiledFunction
}
