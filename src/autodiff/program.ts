import { emit, type OracleCall } from './emit.ts'
import { lower, type Stage } from './lower.ts'
import type { ProgramMemory } from './memory.ts'
import { type Node, topological } from './node.ts'
import type { NumberCodes } from './wasm.ts'

/** Where an input of a program lives, and how often it changes. */
export interface InputSlot {
  readonly address: number
  readonly stage: Stage
}

/**
 * A graph as machine code: inputs are read from their slots, and outputs left in the workspace. `run(stage)` runs one
 * stage and returns its first output that is a single number.
 */
export class Program {
  /** The values of the outputs, row by row; valid until the memory moves. */
  outputs: (Float64Array | Float32Array)[] = []
  /** Length of the emitted module in bytes. */
  readonly codeBytes: number
  private readonly functions: readonly ((() => number) | undefined)[]

  constructor(
    memory: ProgramMemory,
    codes: NumberCodes,
    outputs: readonly Node[],
    slots: ReadonlyMap<Node, InputSlot>,
    replaces: ReadonlyMap<number, Node> = new Map(),
  ) {
    const stages = new Map<Node, Stage>()
    for (const [node, { stage }] of slots) stages.set(node, stage)
    for (const node of topological(outputs)) {
      if (node.operation.kind === 'constant' && node.size > 1) memory.constant(codes, node.operation.data)
    }
    const plan = lower(outputs, stages, codes.bytes, replaces)
    plan.moveTo(memory.allocate(plan.bytes))
    const emitted = emit(plan, {
      codes,
      library: memory.library,
      scratch: (m, n, k) => memory.scratchFor(codes, m, n, k),
      addressOf: (node) => {
        if (node.operation.kind === 'constant') return memory.constant(codes, node.operation.data)
        return (slots.get(node) as InputSlot).address
      },
    })
    this.codeBytes = emitted.bytes.length
    const env: Record<string, unknown> = { memory: memory.memory }
    const calls = emitted.oracles.map((call) => oracleCall(memory, codes, call))
    for (const { name } of emitted.imports) {
      env[name] = name === 'oracle' ? (index: number): void => calls[index]() : memory.library.resolve(name)
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(emitted.bytes), {
      env: env as WebAssembly.ModuleImports,
    })
    const stageFunction = (stage: Stage): (() => number) | undefined => {
      const name = emitted.stages.get(stage)
      return name === undefined ? undefined : (instance.exports[name] as () => number)
    }
    this.functions = [stageFunction(0), stageFunction(1), stageFunction(2)]
    memory.keepViews(() => {
      this.outputs = plan.outputs.map((node) => {
        const replaced = plan.overwrites.get(node)
        const address = replaced === undefined ? plan.buffers.get(node)?.address : slots.get(replaced)?.address
        return memory.view(codes, address as number, node.size)
      })
    })
  }

  run(stage: Stage): number {
    const stageFunction = this.functions[stage]
    return stageFunction === undefined ? 0 : stageFunction()
  }
}

/** Runs an oracle on views of the workspace; in single precision, on copies in double precision. */
function oracleCall(memory: ProgramMemory, codes: NumberCodes, { rule, inputs, output }: OracleCall): () => void {
  let from: (Float64Array | Float32Array)[] = []
  let to: Float64Array | Float32Array = new Float64Array(0)
  memory.keepViews(() => {
    from = inputs.map(({ address, size }) => memory.view(codes, address, size))
    to = memory.view(codes, output.address, output.size)
  })
  if (codes.bytes === 8) return () => rule.evaluate(from as Float64Array[], to as Float64Array)
  const copies = inputs.map(({ size }) => new Float64Array(size))
  const result = new Float64Array(output.size)
  return () => {
    copies.forEach((copy, i) => {
      copy.set(from[i])
    })
    rule.evaluate(copies, result)
    to.set(result)
  }
}
