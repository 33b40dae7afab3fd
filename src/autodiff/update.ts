import { describe, InvalidInputError, ShapeError } from '../base/errors.ts'
import { checked, choice } from '../base/options.ts'
import { type Engine, type EngineInput, InterpreterEngine, type Runnable, type Vector, WasmEngine } from './engine.ts'
import { inputNode, Node } from './node.ts'
import { flatNumbers } from './parameters.ts'
import { checkShape, type Shape, sameShape, shapeText } from './shape.ts'

/** Shapes of the arrays of an update, by name. */
export type NamedShapes = Readonly<Record<string, Shape>>

/** Expressions by name. */
export type NamedNodes<S extends NamedShapes> = { readonly [K in keyof S]: Node }

/** What an update is made of. */
export interface UpdateSpec<S extends NamedShapes, D extends NamedShapes> {
  /** The arrays that are remembered from one step to the next. */
  readonly state: S
  /** The arrays that are given from outside, and stay until they are replaced. */
  readonly data?: D
  /** Precision of all computations. Default 'f64'. */
  readonly precision?: 'f64' | 'f32'
  /** As for `compile`. Default 'wasm'. */
  readonly execution?: 'wasm' | 'interpreter'
}

/** What the traced function of an update returns. */
export interface UpdateResult<S extends NamedShapes> {
  /** The next values; a name that is left out keeps its value. */
  readonly next: Partial<NamedNodes<S>>
  /** A number to report, computed from the values before the step: the loss. */
  readonly report?: Node
}

/**
 * A step that is repeated: next state = g(state, data). The state stays in the workspace and is written in place; a step
 * copies and allocates nothing. Made by `compileUpdate`.
 */
export class CompiledUpdate<S extends NamedShapes = NamedShapes, D extends NamedShapes = NamedShapes> {
  private readonly program: Runnable
  private readonly state: ReadonlyMap<string, EngineInput>
  private readonly data: ReadonlyMap<string, EngineInput>
  private readonly order: readonly EngineInput[]
  private readonly copied: readonly number[]
  private readonly reports: boolean
  private dataChanged = true

  /** Use `compileUpdate`. */
  constructor(
    program: Runnable,
    state: ReadonlyMap<string, EngineInput>,
    data: ReadonlyMap<string, EngineInput>,
    order: readonly EngineInput[],
    reports: boolean,
  ) {
    this.program = program
    this.state = state
    this.data = data
    this.order = order
    this.reports = reports
    // Outputs that already are their inputs need no copy.
    this.copied = order.flatMap(({ view }, i) => {
      const output = program.outputs[i]
      return view.buffer === output.buffer && view.byteOffset === output.byteOffset ? [] : [i]
    })
  }

  /** One step. Returns the reported number, or NaN where none is reported. */
  step(): number {
    if (this.dataChanged) {
      this.dataChanged = false
      this.program.run(0)
    }
    this.program.run(1)
    const { outputs } = this.program
    for (let k = 0; k < this.copied.length; k++) {
      const i = this.copied[k]
      this.order[i].view.set(outputs[i])
    }
    return this.reports ? outputs[outputs.length - 1][0] : Number.NaN
  }

  /** Copies a state array into `out`, row by row. Returns `out`. */
  read<V extends Vector>(name: keyof S & string, out: V): V {
    const view = this.find(this.state, 'read', name).view
    checkLength(name, out, view.length)
    out.set(view)
    return out
  }

  /** Sets a state array. The values are copied. */
  write(name: keyof S & string, values: number | ArrayLike<number> | readonly ArrayLike<number>[]): void {
    assign(name, this.find(this.state, 'write', name).view, values)
  }

  /** Replaces a data array. The values are copied. */
  setData(name: keyof D & string, values: number | ArrayLike<number> | readonly ArrayLike<number>[]): void {
    assign(name, this.find(this.data, 'setData', name).view, values)
    this.dataChanged = true
  }

  private find(inputs: ReadonlyMap<string, EngineInput>, where: string, name: string): EngineInput {
    const found = inputs.get(name)
    if (found !== undefined) return found
    const known = [...inputs.keys()].join(', ') || '(none)'
    throw new InvalidInputError(`${where}: there is no array ${describe(name)}; known: ${known}`, {
      argument: 'name',
      expected: known,
      received: describe(name),
    })
  }
}

function assign(name: string, view: Vector, values: number | ArrayLike<number> | readonly ArrayLike<number>[]): void {
  const numbers = flatNumbers(values)
  checkLength(name, numbers, view.length)
  view.set(numbers)
}

function checkLength(name: string, numbers: ArrayLike<number>, length: number): void {
  if (numbers.length === length) return
  throw new ShapeError(`'${name}' has ${length} numbers, but ${numbers.length} were given`, {
    argument: name,
    expected: `${length} numbers`,
    received: `${numbers.length} numbers`,
  })
}

/**
 * Traces and compiles one step of an iteration, for instance a training step with its optimizer: all of it is one graph, so
 * the update fuses with what it uses, and weights and moments never leave the workspace.
 *
 * ```ts
 * const training = compileUpdate({ state: { w: [n] }, data: { X: [m, n], y: [m] } }, ({ w }, { X, y }) => {
 *   const loss = mean(square(matmul(X, w).sub(y)))
 *   const [gradient] = gradientOf(loss, [w])
 *   return { next: { w: w.sub(gradient.mul(0.1)) }, report: loss }
 * })
 * const loss = training.step()
 * ```
 *
 * @param spec names and shapes of state and data; all zero at first
 * @param f receives the expressions by name and returns the next state, and a number to report
 * @throws {ShapeError} if a next value has another shape than its state
 */
export function compileUpdate<const S extends NamedShapes, const D extends NamedShapes = Record<never, never>>(
  spec: UpdateSpec<S, D>,
  f: (state: NamedNodes<S>, data: NamedNodes<D>) => UpdateResult<S>,
): CompiledUpdate<S, D> {
  const { state, data, ...options } = spec
  const { precision, execution } = checked('compileUpdate', options, {
    precision: choice(['f64', 'f32'], 'f64', 'Precision'),
    execution: choice(['wasm', 'interpreter'], 'wasm', 'Execution'),
  })
  const engine: Engine = execution === 'wasm' ? new WasmEngine(precision) : new InterpreterEngine()
  const inputsOf = (shapes: NamedShapes, stage: 0 | 1): Map<string, EngineInput> =>
    new Map(
      Object.entries(shapes).map(([name, shape]) => {
        checkShape(`compileUpdate: ${name}`, shape)
        return [name, engine.input(inputNode(shape), stage)]
      }),
    )
  const stateInputs = inputsOf(state, 1)
  const dataInputs = inputsOf(data ?? {}, 0)
  const nodesOf = (inputs: ReadonlyMap<string, EngineInput>): Record<string, Node> =>
    Object.fromEntries([...inputs].map(([name, input]) => [name, input.node]))
  const { next, report } = f(nodesOf(stateInputs) as NamedNodes<S>, nodesOf(dataInputs) as NamedNodes<D>)
  const outputs: Node[] = []
  const order: EngineInput[] = []
  const replaces = new Map<number, Node>()
  for (const [name, value] of Object.entries(next)) {
    const input = stateInputs.get(name)
    if (input === undefined || !(value instanceof Node)) {
      throw new InvalidInputError(`compileUpdate: next.${name} must be the next value of a state array`, {
        argument: `next.${name}`,
        expected: `an expression for one of ${[...stateInputs.keys()].join(', ')}`,
        received: describe(value),
      })
    }
    if (!sameShape(value.shape, input.node.shape)) {
      throw new ShapeError(
        `compileUpdate: next.${name} has shape ${shapeText(value.shape)}, but the state has ${shapeText(input.node.shape)}`,
        { argument: `next.${name}`, expected: shapeText(input.node.shape), received: shapeText(value.shape) },
      )
    }
    replaces.set(outputs.length, input.node)
    outputs.push(value)
    order.push(input)
  }
  if (report !== undefined) {
    if (report.size !== 1) {
      throw new ShapeError(`compileUpdate: report must be a number, got ${shapeText(report.shape)}`, {
        argument: 'report',
        expected: 'one element',
        received: shapeText(report.shape),
      })
    }
    outputs.push(report)
  }
  const program = engine.program(outputs, replaces)
  return new CompiledUpdate<S, D>(program, stateInputs, dataInputs, order, report !== undefined)
}
