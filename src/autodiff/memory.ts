import { type Kernels, kernelsOn } from '../linalg/index.ts'
import { FunctionLibrary } from './function-library.ts'
import {
  doubleCodes,
  encodeModule,
  FunctionBody,
  i32,
  type NumberCodes,
  v128,
  vectorAnyTrue,
  vectorOr,
  vectorXor,
} from './wasm.ts'

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
  private readonly kernels: Kernels
  /** Address 0 stays unused. */
  private top = 64
  private scratch = { address: 0, bytes: 0 }
  private readonly listeners: Listener[] = []
  private readonly arrays = new Map<Float64Array, Map<number, number>>()

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1 })
    this.kernels = kernelsOn(this.memory)
    this.library = new FunctionLibrary(this.kernels)
  }

  /** Address of a new piece of memory, a multiple of 64. */
  allocate(bytes: number): number {
    const address = this.top
    this.top += Math.ceil(bytes / 64) * 64
    const missing = this.top - this.memory.buffer.byteLength
    if (missing > 0) {
      this.memory.grow(Math.ceil(missing / pageBytes))
      for (const listener of this.listeners) listener()
    }
    return address
  }

  /** Address of scratch memory for a product of [m, k] with [k, n]; the same memory serves all products. */
  scratchFor({ bytes }: NumberCodes, m: number, n: number, k: number): number {
    const { gemm_scratch_f64, gemm_scratch_f32 } = this.kernels
    const needed = bytes === 8 ? gemm_scratch_f64(m, n, k) : gemm_scratch_f32(m, n, k)
    if (needed > this.scratch.bytes) this.scratch = { address: this.allocate(needed), bytes: needed }
    return this.scratch.address
  }

  /**
   * A function that tells whether two pieces of memory differ in any bit. Both must come from `allocate`, which rounds their
   * lengths up: nothing but zeros is ever in between.
   */
  comparison(a: number, b: number, bytes: number): () => number {
    const body = new FunctionBody([], [i32])
    const [counter, difference] = [body.local(i32), body.local(v128)]
    body.count(counter, Math.ceil(bytes / 16) * 16, 16, () => {
      body.get(difference).get(counter).vectorMemory(0, doubleCodes, a).get(counter).vectorMemory(0, doubleCodes, b)
      body.simd(vectorXor).simd(vectorOr).set(difference)
    })
    body.get(difference).simd(vectorAnyTrue)
    const module = new WebAssembly.Module(encodeModule([], [body], new Map([['differs', 0]])))
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } })
    return instance.exports.differs as () => number
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
