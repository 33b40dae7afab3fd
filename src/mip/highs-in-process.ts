import type { EngineSession, MipEngine, SearchProgress } from './engine.ts'
import { EngineError } from './engine-error.ts'
import { programNumbers } from './highs-model-data.ts'
import { abandonHighsRuntime, type HighsLocation, highsRuntime } from './highs-runtime.ts'
import { HighsSession } from './highs-session.ts'

/**
 * HiGHS in this thread: a solve blocks it until it ends. For code that runs in a worker already, and for small programs. A signal
 * that is aborted from `onProgress` is seen at the next callback; events from outside are not served during a solve.
 *
 * @see Huangfu and Hall, Parallelizing the dual revised simplex method, Mathematical Programming Computation 10 (2018)
 */
export function highsInProcess(location: HighsLocation = {}): MipEngine {
  return {
    name: 'highs',
    deterministic: true,
    async available() {
      try {
        await highsRuntime(location)
        return { available: true }
      } catch (error) {
        return { available: false, reason: (error as Error).message }
      }
    },
    async open(program): Promise<EngineSession> {
      const session = new HighsSession(await highsRuntime(location), programNumbers(program))
      return {
        async solve(request, { signal, onProgress } = {}) {
          const progress = onProgress && ((progress: SearchProgress) => onProgress(progress))
          try {
            return session.solve(request, { interrupted: () => signal?.aborted === true, progress })
          } catch (error) {
            if (error instanceof EngineError) abandonHighsRuntime()
            throw error
          }
        },
        explainInfeasibility: async () => session.explainInfeasibility(),
        close: async () => session.close(),
      }
    },
  }
}
