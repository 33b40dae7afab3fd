import { describe, InvalidInputError } from '../base/index.ts'
import { type Kernels, kernelsOn } from './kernels.ts'

const pageBytes = 65536
const alignment = 64
/** Below lie small constant tables of some kernels, written when they are bound to the memory; and no valid pointer is 0. */
const firstByte = 8192
/** No workspace may end above this: pointers are 32 bits, and engines limit memories to 4 GiB. */
const largestBytes = 4294901760

const workspaces = new WeakMap<ArrayBufferLike, Workspace>()

/** The workspace in whose memory a view lies, if any. */
export function workspaceOf(view: ArrayBufferView): Workspace | undefined {
  return workspaces.get(view.buffer)
}

function roundUp(n: number): number {
  return Math.ceil(n / alignment) * alignment
}

/**
 * A memory of fixed size that arrays and kernels share: a bump allocator hands out typed-array views, and kernels compute on
 * them in place. The memory never grows, so its views never detach.
 *
 * The scratch memory that blocked kernels pack into is reserved on top of the room asked for (1.3 MiB, which costs nothing
 * until a large product uses it).
 *
 * @example
 * const work = new Workspace(8 * (n * n + 2 * n) + 3 * 64)
 * const a = work.float64(n * n)
 * const x = work.float64(n)
 */
export class Workspace {
  readonly memory: WebAssembly.Memory
  /** The raw kernels on this memory. */
  readonly kernels: Kernels
  /** Address of the scratch memory for `gemm` and the kernels built on it. */
  readonly scratch: number
  /** Bytes that all allocations together may use; each starts at a multiple of 64. */
  readonly capacity: number
  private top = firstByte

  /**
   * @param bytes room for arrays, in [0, 4e9]; every allocation is rounded up to a multiple of 64
   * @throws {InvalidInputError} if `bytes` is out of range, or the engine cannot reserve that much memory
   */
  constructor(bytes: number) {
    if (!(bytes >= 0 && bytes <= 4e9)) {
      throw new InvalidInputError(`workspace: bytes must lie in [0, 4e9], got ${describe(bytes)}`, {
        argument: 'bytes',
        expected: 'a number in [0, 4e9]',
        received: describe(bytes),
      })
    }
    this.capacity = roundUp(bytes)
    this.scratch = firstByte + this.capacity
    const total = this.scratch + scratchBytes
    const pages = Math.ceil(total / pageBytes)
    try {
      if (total > largestBytes) throw new RangeError('beyond 4 GiB')
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    } catch (cause) {
      throw new InvalidInputError(`workspace: no memory for ${bytes} bytes`, {
        argument: 'bytes',
        expected: 'an amount of memory that the engine can reserve',
        received: String(bytes),
        cause,
      })
    }
    this.kernels = kernelsOn(this.memory)
    workspaces.set(this.memory.buffer, this)
  }

  /** Bytes that can still be allocated. */
  get available(): number {
    return this.scratch - this.top
  }

  /**
   * Reserves `bytes` bytes and returns their address, a multiple of 64. New memory is zero; memory allocated again after
   * `release` keeps its old contents.
   *
   * @throws {InvalidInputError} if there is not enough room
   */
  allocate(bytes: number): number {
    if (!(bytes >= 0 && bytes <= this.available)) {
      throw new InvalidInputError(
        `workspace: cannot allocate ${describe(bytes)} bytes, ${this.available} of ${this.capacity} are left; create it larger`,
        { argument: 'bytes', expected: `a number in [0, ${this.available}]`, received: describe(bytes) },
      )
    }
    const address = this.top
    this.top += roundUp(bytes)
    return address
  }

  /** A view of `n` doubles. */
  float64(n: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.memory.buffer, this.allocate(8 * n), n)
  }

  /** A view of `n` singles. */
  float32(n: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer, this.allocate(4 * n), n)
  }

  /** A view of `n` signed 32-bit integers. */
  int32(n: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer, this.allocate(4 * n), n)
  }

  /** A view of `n` bytes. */
  uint8(n: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, this.allocate(n), n)
  }

  /** The allocator's position, for `release`. */
  mark(): number {
    return this.top
  }

  /** Gives back all that was allocated since `mark()` returned `position`; views of it must not be used any more. */
  release(position: number): void {
    this.top = position
  }
}

/** What `gemm_scratch_f64` answers for sizes beyond all blocks, rounded up; a test holds the two together. */
export const scratchBytes = 1310720 + 4096

let shared: Workspace | undefined

/**
 * The workspace in which operands from ordinary arrays are staged, emptied, with room for `bytes` bytes at least. Whoever
 * asks for it next overwrites it.
 */
export function stagingWorkspace(bytes: number): Workspace {
  if (shared === undefined || shared.capacity < bytes)
    shared = new Workspace(Math.max(1 << 20, Math.ceil(1.25 * bytes)))
  shared.release(firstByte)
  return shared
}
