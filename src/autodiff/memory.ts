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
  private top = 1024
  private readonly listeners: Listener[] = []
  private readonly arrays = new Map<Float64Array, Map<number, number>>()

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 })
    this.scratch = this.allocate(1024)
    this.library = new FunctionLibrary(plainKernels(this.memory))
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

function plainKernels(memory: WebAssembly.Memory): Record<string, unknown> {
  const at = (bytes: number): Float64Array | Float32Array =>
    bytes === 8 ? new Float64Array(memory.buffer) : new Float32Array(memory.buffer)
  const gemm =
    (bytes: number) =>
    (
      ta: number,
      tb: number,
      m: number,
      n: number,
      k: number,
      alpha: number,
      a: number,
      lda: number,
      b: number,
      ldb: number,
      beta: number,
      c: number,
      ldc: number,
    ): void => {
      const x = at(bytes)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let s = 0
          for (let l = 0; l < k; l++)
            s += x[a / bytes + (ta ? l * lda + i : i * lda + l)] * x[b / bytes + (tb ? j * ldb + l : l * ldb + j)]
          const to = c / bytes + i * ldc + j
          x[to] = alpha * s + (beta === 0 ? 0 : beta * x[to])
        }
    }
  const gemv =
    (bytes: number) =>
    (
      t: number,
      m: number,
      n: number,
      alpha: number,
      a: number,
      lda: number,
      x: number,
      beta: number,
      y: number,
    ): void =>
      t
        ? gemm(bytes)(1, 0, n, 1, m, alpha, a, lda, x, 1, beta, y, 1)
        : gemm(bytes)(0, 0, m, 1, n, alpha, a, lda, x, 1, beta, y, 1)
  return { gemm_f64: gemm(8), gemm_f32: gemm(4), gemv_f64: gemv(8), gemv_f32: gemv(4) }
}
