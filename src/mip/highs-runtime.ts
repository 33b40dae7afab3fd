import type { Highs } from 'highs'
import { EngineError } from './engine-error.ts'

/** How the WebAssembly of HiGHS is found, where it does not lie beside its module. */
export interface HighsLocation {
  /** URL of `highs.wasm`. Default: beside the module `highs`, where bundlers put it too. */
  wasmUrl?: string
  /** The module, compiled already: compiling takes seconds of processor time. Default: none. */
  compiled?: WebAssembly.Module
}

let loading: Promise<Highs> | undefined

/** HiGHS as WebAssembly, loaded once in each thread. @throws {EngineError} if it cannot be loaded */
export function highsRuntime(location: HighsLocation = {}): Promise<Highs> {
  loading ??= import('highs')
    .then(({ default: load }) => load(loaderOptions(location)))
    .then(withUserSolutions)
    .catch((cause: unknown) => {
      loading = undefined
      throw new EngineError('highs', `cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, null, cause)
    })
  return loading
}

function loaderOptions({ wasmUrl, compiled }: HighsLocation): object {
  if (compiled === undefined) return wasmUrl === undefined ? {} : { locateFile: () => wasmUrl }
  // Emscripten's own hook; the loader's `wasmModule` is typed but does nothing in version 1.15.
  return {
    instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) {
      void WebAssembly.instantiate(compiled, imports).then(receive)
      return {}
    },
  }
}

/** Where `user_has_solution` lies in the struct that a callback may write to (int, two pointers, int), bytes. */
const HAS_SOLUTION = 12

type Native = Record<string, ((...args: number[]) => number) | undefined>

/**
 * Lets callbacks hand over solutions. In HiGHS 1.15 the C interface copies the solution but not the flag that says so, and the
 * search then ignores it; here the flag is set as well. Where a later version keeps its functions elsewhere, nothing changes.
 */
function withUserSolutions(highs: Highs): Highs {
  const native = highs as unknown as Native
  const { _Highs_setCallbackSolution: own, _Highs_create: create, _Highs_getObjectiveSense: senseOf } = native
  if (own === undefined || create === undefined || senseOf === undefined) return highs
  const minimizing = create()
  native._Highs_setCallbackSolution = (input, count, values) => {
    const status = own(input, count, values)
    // The one way to write a 1 into its memory: the sense of an empty program is minimization, 1.
    if (status === 0) senseOf(minimizing, input + HAS_SOLUTION)
    return status
  }
  return highs
}

/** After a trap the instance is in an unknown state: the next use loads a new one. */
export function abandonHighsRuntime(): void {
  loading = undefined
}
