import { describe, InvalidInputError, UnsupportedError } from '../base/index.ts'
import type { Backend, DenseEngine } from './dense-engine.ts'
import { loadOpenBlas, requestedBackend } from './openblas.ts'
import { wasmEngine } from './wasm-engine.ts'

/** What computes, and how: for reports and bug reports. */
export interface EngineInfo {
  /** The backend of large dense products and factorizations. */
  readonly engine: Backend
  /** The library behind it, in words. */
  readonly library: string
  /** Threads that it uses. */
  readonly threads: number
  /** Whether OpenBLAS could be used here. */
  readonly openblasAvailable: boolean
  /** Why not, if it cannot. */
  readonly openblasProblem: string | undefined
}

let chosen: DenseEngine | undefined

function choose(): DenseEngine {
  const wanted = requestedBackend()
  if (wanted === 'wasm') return wasmEngine
  const loaded = loadOpenBlas()
  if (typeof loaded !== 'string') return loaded.engine
  if (wanted === 'openblas') {
    throw new UnsupportedError(`THALWEG_BLAS=openblas, but ${loaded}`, {
      argument: 'THALWEG_BLAS',
      expected: 'a machine with OpenBLAS and the package koffi',
      received: loaded,
    })
  }
  return wasmEngine
}

/** The engine for large sizes, chosen at the first call: OpenBLAS where it can be loaded, unless THALWEG_BLAS says otherwise. */
export function engine(): DenseEngine {
  chosen ??= choose()
  return chosen
}

/** The backend in use for large dense products and factorizations. Small sizes and all other kernels are always our own. */
export function backend(): Backend {
  return engine().name
}

/**
 * Chooses the backend for all that follows in this thread. With `'wasm'`, results have the same bits on every machine.
 *
 * @throws {InvalidInputError} for an unknown name
 * @throws {UnsupportedError} if OpenBLAS cannot be loaded here
 */
export function setBackend(name: Backend): void {
  if (name === 'wasm') chosen = wasmEngine
  else if (name === 'openblas') {
    const loaded = loadOpenBlas()
    if (typeof loaded === 'string') {
      throw new UnsupportedError(`setBackend: ${loaded}`, {
        argument: 'name',
        expected: "'wasm' on this machine",
        received: "'openblas'",
      })
    }
    chosen = loaded.engine
  } else {
    throw new InvalidInputError(`setBackend: name must be 'wasm' or 'openblas', got ${describe(name)}`, {
      argument: 'name',
      expected: "'wasm' or 'openblas'",
      received: describe(name),
    })
  }
}

/** What computes here. */
export function engineInfo(): EngineInfo {
  const name = backend()
  const loaded = loadOpenBlas()
  const available = typeof loaded !== 'string'
  return {
    engine: name,
    library: name === 'openblas' && available ? loaded.description : 'WebAssembly SIMD kernels of Thalweg',
    threads: name === 'openblas' && available ? loaded.threads : 1,
    openblasAvailable: available,
    openblasProblem: available ? undefined : loaded,
  }
}
