import { Workspace } from '../linalg/workspace.ts'
import { FunctionLibrary } from './function-library.ts'
import type { NumberCodes } from './wasm.ts'

/** Views of memory that is about to move; called when it has moved. */
type Listener = () => void

const pageBytes = 65536

/**
 * The memory of one compiled function: inputs and constants once, and the buffers of each of its programs. Grows only while
 * programs are being compiled, never during an evaluation; whoever holds views is told to make them again.
 */
export class ProgramMemory {
  readonly memory: WebAssembly.Memory
  readonly library: FunctionLibrary
  /** Scratch memory of matrix products. */
  readonly scratch: number
  private top: number
  private readonly listeners: Listener[] = []
  private readonly arrays = new Map<Float64Array, Map<number, number>>()

  constructor() {
    const workspace = new Workspace(0)
    this.memory = workspace.memory
    this.scratch = workspace.scratch
    this.library = new FunctionLibrary(workspace.exports)
    // The workspace keeps what it has; programs live in the pages that are added after it.
    this.top = this.memory.buffer.byteLength
  }

  /** Address of a new piece of memory, a multiple of 16. */
  allocate(bytes: number): number {
    const address = this.top
    this.top += Math.ceil(bytes / 16) * 16
    const missing = this.top - this.memory.buffer.byteLength
    if (missing > 0) {
      this.memory.grow(Math.ceil(missing / pageBytes))
      for (const listener of this.listeners) listener()
    }
    return address
  }

  /** `make` now and again after each growth. */
  keepViews(make: Listener): void {
    this.listeners.push(make)
    make()
  }

  view(codes: NumberCodes, address: number, length: number): Float64Array | Float32Array {
    return codes.bytes === 8
      ? new Float64Array(this.memory.buffer, address, length)
      : new Float32Array(this.memory.buffer, address, length)
  }

  /** The address of a constant array, stored once in each precision. */
  constant(codes: NumberCodes, data: Float64Array): number {
    const byPrecision = this.arrays.get(data) ?? new Map<number, number>()
    this.arrays.set(data, byPrecision)
    const found = byPrecision.get(codes.bytes)
    if (found !== undefined) return found
    const address = this.allocate(data.length * codes.bytes)
    this.view(codes, address, data.length).set(data)
    byPrecision.set(codes.bytes, address)
    return address
  }
}
