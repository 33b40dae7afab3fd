import type { Highs } from 'highs'
import { EngineError } from './engine-error.ts'

/** How the WebAssembly of HiGHS is found, where it does not lie beside its module. */
export interface HighsLocation {
  /** URL of `highs.wasm`. Default: beside the module `highs`, where bundlers put it too. */
  wasmUrl?: string
}

let loading: Promise<Highs> | undefined

/** HiGHS as WebAssembly, loaded once in each thread. @throws {EngineError} if it cannot be loaded */
export function highsRuntime({ wasmUrl }: HighsLocation = {}): Promise<Highs> {
  loading ??= import('highs')
    .then(({ default: load }) => load(wasmUrl === undefined ? {} : { locateFile: () => wasmUrl }))
    .catch((cause: unknown) => {
      loading = undefined
      throw new EngineError('highs', `cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, null, cause)
    })
  return loading
}

/** After a trap the instance is in an unknown state: the next use loads a new one. */
export function abandonHighsRuntime(): void {
  loading = undefined
}
