import { writeOutFunctions } from './elementary.ts'
import { interpret } from './interpret.ts'
import type { Stage } from './lower.ts'
import { ProgramMemory } from './memory.ts'
import type { Node } from './node.ts'
import { type InputSlot, Program } from './program.ts'
import { simplify } from './simplify.ts'
import { doubleCodes, type NumberCodes, singleCodes } from './wasm.ts'

/** Arrays of either precision. */
export type Vector = Float64Array | Float32Array

/** An input whose values are written into `view` before an evaluation. */
export interface EngineInput {
  readonly node: Node
  readonly stage: Stage
  /** Where the values are written; may be another view after a program was compiled. */
  view: Vector
}

/** A graph ready to run. */
export interface Runnable {
  /** The values of the outputs after a run. */
  readonly outputs: readonly Vector[]
  /** Runs one stage; returns its first output of one element. */
  run(stage: Stage): number
}

/** Values to be compared, bit by bit, with those of an input. */
export interface Comparison {
  /** Where the values to compare are written; may be another view after a program was compiled. */
  view: Vector
  /** Whether any bit differs. */
  differs(): boolean
}

/** What evaluates graphs: emitted WebAssembly, or the reference interpreter. */
export interface Engine {
  input(node: Node, stage: Stage): EngineInput
  /**
   * @param replaces for outputs, by position, the inputs whose next values they are; they may be written over them
   */
  program(outputs: readonly Node[], replaces?: ReadonlyMap<number, Node>): Runnable
  /** A fast comparison for long inputs, if there is one. */
  comparison(input: EngineInput): Comparison | undefined
  /** Bytes of machine-independent code that have been emitted. */
  readonly codeBytes: number
}

/** Emits WebAssembly for each program; all share one memory. */
export class WasmEngine implements Engine {
  codeBytes = 0
  private readonly memory = new ProgramMemory()
  private readonly codes: NumberCodes
  private readonly slots = new Map<Node, InputSlot>()

  constructor(precision: 'f64' | 'f32') {
    this.codes = precision === 'f64' ? doubleCodes : singleCodes
  }

  input(node: Node, stage: Stage): EngineInput {
    const address = this.memory.allocate(node.size * this.codes.bytes)
    this.slots.set(node, { address, stage })
    const input: EngineInput = { node, stage, view: new Float64Array(0) }
    this.memory.keepViews(() => {
      input.view = this.memory.view(this.codes, address, node.size)
    })
    return input
  }

  comparison({ node }: EngineInput): Comparison {
    const { memory, codes, slots } = this
    const staged = memory.allocate(node.size * codes.bytes)
    const differs = memory.comparison((slots.get(node) as InputSlot).address, staged, node.size * codes.bytes)
    const comparison: Comparison = { view: new Float64Array(0), differs: () => differs() !== 0 }
    memory.keepViews(() => {
      comparison.view = memory.view(codes, staged, node.size)
    })
    return comparison
  }

  program(outputs: readonly Node[], replaces?: ReadonlyMap<number, Node>): Runnable {
    const { codes, memory } = this
    const written = writeOutFunctions(
      outputs,
      codes.bytes === 8 ? 700 : 80,
      (name) => memory.library.vector(name, codes) === undefined,
    )
    const program = new Program(memory, codes, simplify(written), this.slots, replaces)
    this.codeBytes += program.codeBytes
    return program
  }
}

/** Interprets the graph as it was traced, without any rewriting. Always in double precision. */
export class InterpreterEngine implements Engine {
  readonly codeBytes = 0
  private readonly inputs = new Map<Node, Float64Array>()

  input(node: Node, stage: Stage): EngineInput {
    const view = new Float64Array(node.size)
    this.inputs.set(node, view)
    return { node, stage, view }
  }

  comparison(): undefined {}

  program(outputs: readonly Node[]): Runnable {
    const { inputs } = this
    const values = outputs.map((node) => new Float64Array(node.size))
    const scalar = outputs.findIndex((node) => node.size === 1)
    return {
      outputs: values,
      run: () => {
        interpret(outputs, inputs).forEach((value, i) => {
          values[i].set(value)
        })
        return scalar < 0 ? 0 : values[scalar][0]
      },
    }
  }
}
