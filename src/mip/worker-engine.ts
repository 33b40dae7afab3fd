import type { MipEngine, PausableSearch, SolveRequest } from './engine.ts'
import type { MixedIntegerProgram } from './mixed-integer-program.ts'
import { type EnginePort, Workers } from './worker-pool.ts'
import { WorkerSearch } from './worker-search.ts'
import { canShareMemory, WorkerSession } from './worker-session.ts'

/**
 * HiGHS in workers, one for each session, behind the interface of every engine. A solve is ended through shared memory; where
 * there is none, or where HiGHS does not look up in time, the worker is ended, the answer is made from what it had reported, and
 * the next solve starts another one.
 *
 * @param start starts a worker that calls `serveHighs` and returns the line to it
 * @param compile HiGHS for all workers, so that not each of them compiles it; undefined where that cannot be had
 */
export function workerEngine(
  start: () => EnginePort,
  compile: () => Promise<WebAssembly.Module | undefined> = async () => undefined,
): MipEngine {
  const workers = new Workers(start, compile)
  return {
    name: 'highs',
    deterministic: true,
    available: async () => ({ available: true }),
    async open(program) {
      const session = new WorkerSession(workers, program)
      await session.connect()
      return session
    },
    ...(canShareMemory() && {
      async openSearch(program: MixedIntegerProgram, request: SolveRequest): Promise<PausableSearch> {
        const session = new WorkerSession(workers, program, true)
        await session.connect()
        return new WorkerSearch(session, request)
      },
    }),
  }
}
