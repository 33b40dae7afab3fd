import { portablePow } from '../base/index.ts'
import type { Kernels } from '../linalg/index.ts'
import type { ElementwiseName } from './node.ts'
import { evaluateElementwise } from './scalar-functions.ts'
import { f64, type ImportedFunction, i32, type NumberCodes, type ValueType, v128 } from './wasm.ts'

/** The functions that emitted code calls: matrix products, and element-wise functions without an instruction. */
export class FunctionLibrary {
  private readonly kernels: Readonly<Record<string, unknown>>

  constructor(kernels: Kernels) {
    // Also holds functions on SIMD registers, which cannot be typed.
    this.kernels = kernels as unknown as Readonly<Record<string, unknown>>
  }

  /** The kernel of an element-wise function on a vector, if there is one. */
  vector(name: ElementwiseName, { bytes, lanes }: NumberCodes): ImportedFunction | undefined {
    const kernel = `${name}_f${bytes * 8}x${lanes}`
    return kernel in this.kernels ? { name: kernel, parameters: [v128], results: [v128] } : undefined
  }

  /** The kernel of an element-wise function on one number, with the same bits as the one on a vector. */
  scalar(name: ElementwiseName, { bytes, type }: NumberCodes): ImportedFunction | undefined {
    const kernel = `${name}_f${bytes * 8}_scalar`
    return kernel in this.kernels ? { name: kernel, parameters: [type], results: [type] } : undefined
  }

  /** The function of the host, in double precision, where there is no kernel. */
  fallback(name: ElementwiseName): ImportedFunction {
    return { name: `host_${name}`, parameters: name === 'pow' ? [f64, f64] : [f64], results: [f64] }
  }

  gemv({ bytes, type }: NumberCodes): ImportedFunction {
    const parameters: ValueType[] = [i32, i32, i32, type, i32, i32, i32, type, i32]
    return { name: `gemv_f${bytes * 8}`, parameters, results: [] }
  }

  gemm({ bytes, type }: NumberCodes): ImportedFunction {
    const parameters: ValueType[] = [i32, i32, i32, i32, i32, type, i32, i32, i32, i32, type, i32, i32, i32]
    return { name: `gemm_f${bytes * 8}`, parameters, results: [] }
  }

  /** The value to import under the name of an imported function. */
  resolve(name: string): unknown {
    if (name in this.kernels) return this.kernels[name]
    if (!name.startsWith('host_')) throw new Error(`autodiff: internal: no kernel ${name}`)
    const bare = name.slice(5) as ElementwiseName
    if (bare === 'pow') return portablePow
    return (x: number) => evaluateElementwise(bare, [x])
  }
}
