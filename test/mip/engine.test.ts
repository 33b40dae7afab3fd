import { beforeAll, describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream, UnsupportedError, type WorkerPort } from '../../src/base/index.ts'
import type { EngineReply, EngineRequest } from '../../src/mip/engine-protocol.ts'
import { programNumbers } from '../../src/mip/highs-model-data.ts'
import { highsRuntime } from '../../src/mip/highs-runtime.ts'
import { HighsSession } from '../../src/mip/highs-session.ts'
import {
  EngineError,
  type EngineSession,
  highs,
  highsInProcess,
  highsThreads,
  highsWorkers,
  type MixedIntegerProgram,
  type ProgramChange,
  type SearchProgress,
  type SolveRequest,
  workerEngine,
} from '../../src/mip/index.ts'
import { runAsync } from '../../src/solver/index.ts'
import { builtWorker, knapsack } from './support.ts'

let worker: URL
beforeAll(async () => {
  worker = await builtWorker()
})

const never = { interrupted: () => false }

async function inSession<T>(program: MixedIntegerProgram, use: (session: EngineSession) => Promise<T>): Promise<T> {
  const session = await highsThreads(worker).open(program)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

describe('HiGHS in this thread', () => {
  it('solves the relaxation with duals that prove it', async () => {
    const program = knapsack(12, 2)
    const session = await highsInProcess().open(program)
    const { status, objective, bound, duals, x } = await session.solve({ relaxed: true })
    expect(status).toBe('optimal')
    expect(bound).toBe(objective)
    // Strong duality of max c'x, Ax <= b, 0 <= x <= 1: c'x = b'y + sum of the positive reduced costs.
    const { rows, columns } = duals!
    let dual = program.offset
    rows.forEach((y, i) => {
      expect(y).toBeGreaterThanOrEqual(0)
      dual += y * program.rowUpper[i]
    })
    for (const d of columns) dual += Math.max(0, d)
    expect(dual).toBeCloseTo(objective!, 8)
    expect(x!.length).toBe(12)
    await session.close()
  })

  it('undoes every change exactly, also one that fails half way', async () => {
    const highs = await highsRuntime()
    const random = RandomStream.fromSeed(5)
    for (const quadratic of [false, true]) {
      const program = knapsack(10, 3, quadratic)
      const session = new HighsSession(highs, programNumbers(program))
      const before = session.exported()
      const relaxed = quadratic
      const changes: ProgramChange[] = [
        { bounds: { columns: Int32Array.of(1, 4), lower: Float64Array.of(1, 0), upper: Float64Array.of(1, 0) } },
        {
          rows: [{ columns: Int32Array.of(0, 2, 10), values: Float64Array.of(1, 1, -1), lower: -Infinity, upper: 1 }],
          columns: [{ cost: 1000, lower: 0, upper: 5 }],
        },
        { objective: random.fillUniform(new Float64Array(10), -1, 1) },
        {
          bounds: { columns: Int32Array.of(3), lower: Float64Array.of(0), upper: Float64Array.of(0.5) },
          columns: [{ cost: -1, lower: 0, upper: 3 }],
          objective: random.fillUniform(new Float64Array(10), -1, 1),
        },
      ]
      for (const change of changes) {
        const answer = session.solve({ change, relaxed }, never)
        expect(answer.status).toBe('optimal')
        expect(answer.x!.length).toBe(10 + (change.columns?.length ?? 0))
        expect(session.exported()).toEqual(before)
      }
      const wrong: ProgramChange = {
        bounds: { columns: Int32Array.of(2), lower: Float64Array.of(1), upper: Float64Array.of(1) },
        columns: [{ cost: 1, lower: 0, upper: 1 }],
        rows: [{ columns: Int32Array.of(99), values: Float64Array.of(1), lower: 0, upper: 1 }],
      }
      expect(() => session.solve({ change: wrong, relaxed }, never)).toThrow(InvalidInputError)
      expect(session.exported()).toEqual(before)
      session.close()
    }
  })

  it('minimizes a changed objective from 0, whatever the sense of the program', async () => {
    const session = await highsInProcess().open(knapsack(8, 1))
    const objective = new Float64Array(8).fill(-1)
    const answer = await session.solve({ change: { objective, rows: [] }, relativeGap: 0 })
    expect(answer.objective).toBe(-answer.x!.reduce((sum, x) => sum + x, 0))
    expect(answer.bound).toBeLessThanOrEqual(answer.objective!)
    await session.close()
  })

  it('says infeasible for bounds that cross, and solves a program without columns', async () => {
    const session = await highsInProcess().open(knapsack(4, 1))
    const bounds = { columns: Int32Array.of(0), lower: Float64Array.of(1), upper: Float64Array.of(0) }
    expect((await session.solve({ change: { bounds } })).status).toBe('infeasible')
    await session.close()
    const empty = await highsInProcess().open(knapsack(0, 1))
    expect(await empty.solve({})).toMatchObject({ status: 'optimal', objective: 5, bound: 5 })
    await empty.close()
  })

  it('starts from a given point, whole or in part', async () => {
    const program = knapsack(15, 2)
    const session = await highsInProcess().open(program)
    const best = await session.solve({ relativeGap: 0 })
    for (const start of [best.x!, best.x!.map((x, j) => (j % 2 ? NaN : x))]) {
      const again = await session.solve({ start, maxNodes: 1 })
      expect(again.objective).toBeGreaterThanOrEqual(best.objective! - 1e-6)
    }
    await session.close()
  })
})

describe('HiGHS in workers', () => {
  it('has the bits of HiGHS in this thread, for the same seed and limits', async () => {
    const program = knapsack(40, 3)
    const here = await highsInProcess().open(program)
    await inSession(program, async (there) => {
      const requests: SolveRequest[] = [
        { maxNodes: 5, seed: 3 },
        { maxSolutions: 1 },
        { relaxed: true },
        { maxNodes: 5, seed: 3 },
      ]
      for (const request of requests) {
        const { elapsedMs: _, ...one } = await here.solve(request)
        const { elapsedMs: __, ...two } = await there.solve(request)
        expect(two).toEqual(one)
      }
    })
    await here.close()
  })

  it('solves what the driver has prepared, which carries functions that cannot be sent', async () => {
    const program = knapsack(12, 2)
    const solved = await runAsync(program, highs({ engine: highsThreads(worker) }))
    expect(solved.status).toBe('converged')
    expect(solved.x).toEqual((await runAsync(program, highs({ engine: highsInProcess() }))).x)
  })

  it('ends when asked, with what it has, and goes on with the next request', async () => {
    await inSession(knapsack(60, 5), async (session) => {
      const controller = new AbortController()
      const seen: number[] = []
      const answer = await session.solve(
        { relativeGap: 0 },
        {
          signal: controller.signal,
          onProgress: ({ x, objective }) => {
            if (x === undefined) return
            seen.push(objective!)
            controller.abort()
          },
        },
      )
      expect(answer.status).toBe('interrupted')
      expect(answer.objective).toBeGreaterThanOrEqual(seen[0])
      expect(answer.bound).toBeGreaterThanOrEqual(answer.objective!)
      expect((await session.solve({}, { signal: AbortSignal.abort() })).status).toBe('interrupted')
      expect((await session.solve({ maxSolutions: 1 })).status).toBe('solution-limit')
    })
  })

  it('refuses a second request at the same time, and a request that does not fit', async () => {
    await inSession(knapsack(20, 2), async (session) => {
      const first = session.solve({ maxNodes: 1 })
      await new Promise((resolve) => setTimeout(resolve, 0))
      await expect(session.solve({})).rejects.toThrow(InvalidInputError)
      await first
      const rows = [{ columns: Int32Array.of(99), values: Float64Array.of(1), lower: 0, upper: 1 }]
      await expect(session.solve({ change: { rows } })).rejects.toThrow(InvalidInputError)
      expect((await session.solve({ relaxed: true })).status).toBe('optimal')
    })
  })

  it('gives an error with the incumbent when its worker dies', async () => {
    const port = deadlyPort()
    const session = await workerEngine(() => port.port).open(knapsack(3, 1))
    const solved = session.solve({})
    await new Promise((resolve) => setTimeout(resolve, 0))
    const x = Float64Array.of(1, 0, 1)
    port.reply({ kind: 'progress', task: 1, progress: { elapsedMs: 1, objective: 7, bound: 9, nodes: 0, x } })
    port.fail('a worker ended with code 134')
    const error = await solved.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).message).toBe('highs: a worker ended with code 134')
    expect((error as EngineError).incumbent).toEqual({ x, objective: 7, bound: 9 })
  })

  it('says why a worker cannot be started', async () => {
    const missing = highsThreads(new URL('./no-such-worker.mjs', import.meta.url)).open(knapsack(3, 1))
    await expect(missing).rejects.toThrow(/highs: a worker failed: .*no-such-worker/)
    const refusing = highsWorkers(() => {
      throw new UnsupportedError('no workers here')
    }).open(knapsack(3, 1))
    await expect(refusing).rejects.toThrow(EngineError)
  })

  it('uses an idle worker again, with another program', async () => {
    const engine = highsThreads(worker)
    const first = await engine.open(knapsack(12, 2))
    await first.solve({})
    await first.close()
    await expect(first.solve({})).rejects.toThrow(/the session is closed/)
    const second = await engine.open(knapsack(8, 1))
    const here = await highsInProcess().open(knapsack(8, 1))
    expect((await second.solve({})).x).toEqual((await here.solve({})).x)
    await second.close()
    await here.close()
    let started = 0
    const counting = workerEngine(() => {
      started++
      return deadlyPort().port
    })
    for (let k = 0; k < 3; k++) await (await counting.open(knapsack(3, 1))).close()
    expect(started).toBe(1)
  })

  it('ends a worker that does not listen and answers with what it reported', async () => {
    const port = deadlyPort()
    const session = await workerEngine(() => port.port).open(knapsack(3, 1))
    const controller = new AbortController()
    const solved = session.solve({}, { signal: controller.signal })
    await new Promise((resolve) => setTimeout(resolve, 0))
    const x = Float64Array.of(0, 1, 1)
    port.reply({ kind: 'progress', task: 1, progress: { elapsedMs: 1, objective: 8, bound: 9, nodes: 4, x } })
    controller.abort()
    expect(await solved).toMatchObject({ status: 'interrupted', objective: 8, bound: 9, nodes: 4, x })
    expect(port.closed()).toBe(true)
    await session.close()
  })
})

describe('searches that pause', () => {
  const request = { relativeGap: 0 }

  /** Turns of so many seconds until the search ends: how many, the best that was reported, and the answer. */
  async function inTurns(program: MixedIntegerProgram, seconds: number) {
    const search = await highsThreads(worker).openSearch!(program, request)
    let best = -Infinity
    try {
      for (let turns = 1; ; turns++) {
        const answer = await search.advance(seconds, {
          onProgress: ({ x, objective }) => {
            if (x !== undefined) best = Math.max(best, objective!)
          },
        })
        if (answer.status !== 'time-limit') return { turns, best, answer }
      }
    } finally {
      await search.close()
    }
  }

  it('come to the optimum of the search that does not', async () => {
    const program = knapsack(50, 8)
    const session = await highsInProcess().open(program)
    const { objective } = await session.solve(request)
    const { turns, best, answer } = await inTurns(program, 0.05)
    expect(turns).toBeGreaterThan(2)
    expect(answer.status).toBe('optimal')
    expect(answer.objective).toBeCloseTo(objective!, 6)
    expect(best).toBeCloseTo(objective!, 6)
    await session.close()
  })

  it('go on with a solution from elsewhere', async () => {
    const program = knapsack(50, 8)
    const session = await highsInProcess().open(program)
    const { x, objective } = await session.solve({})
    await session.close()
    const search = await highsThreads(worker).openSearch!(program, request)
    let found = -Infinity
    const heard = (progress: SearchProgress): void => {
      if (progress.x !== undefined) found = Math.max(found, progress.objective!)
    }
    let answer = await search.advance(0.2, { offered: x!, onProgress: heard })
    // It knows the objective without having found the solution itself.
    expect(answer.objective).toBeCloseTo(objective!, 6)
    expect(found).toBeLessThan(objective! - 1e-6)
    while (answer.status === 'time-limit') answer = await search.advance(1, { onProgress: heard })
    expect(answer.objective).toBeGreaterThanOrEqual(objective! - 1e-6)
    await search.close()
  })

  it('end when they are aborted, and end at the latest when they should', async () => {
    const program = knapsack(200, 20)
    const engine = highsThreads(worker)
    const search = await engine.openSearch!(program, request)
    const controller = new AbortController()
    const turn = search.advance(60, { signal: controller.signal })
    setTimeout(() => controller.abort(), 50)
    expect((await turn).status).toBe('interrupted')
    await search.close()
    const other = await engine.openSearch!(program, request)
    expect((await other.advance(60, { endSeconds: 0.1 })).status).toBe('interrupted')
    await other.close()
  })

  it('say so when their worker dies, with the incumbent, and let the process end while they wait', async () => {
    const port = deadlyPort()
    const search = await workerEngine(() => port.port).openSearch!(knapsack(3, 1), request)
    const turn = search.advance(60)
    await new Promise((resolve) => setTimeout(resolve, 0))
    const x = Float64Array.of(1, 0, 1)
    port.reply({ kind: 'progress', task: 1, progress: { elapsedMs: 1, objective: 7, bound: 9, nodes: 3, x } })
    // The callbacks of linear solves know no bound: then the last one that was known is given.
    port.reply({ kind: 'paused', task: 1, progress: { elapsedMs: 2, objective: null, bound: NaN, nodes: 0 } })
    expect(await turn).toMatchObject({ status: 'time-limit', objective: 7, bound: 9, nodes: 3 })
    expect(port.busy()).toBe(false)
    const next = search.advance(60)
    expect(port.busy()).toBe(true)
    port.fail('a worker ended with code 134')
    const error = await next.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).incumbent).toEqual({ x, objective: 7, bound: 9 })
    await search.close()
  })
})

/** A worker that opens and then only does what the test says. */
function deadlyPort() {
  let reply: (reply: EngineReply) => void = () => undefined
  let fail: (reason: string) => void = () => undefined
  let closed = false
  let busy = false
  const port: WorkerPort<EngineRequest, EngineReply> = {
    send(request) {
      if (request.kind === 'open') queueMicrotask(() => reply({ kind: 'opened', task: 0 }))
    },
    listen(onReply, onFailure) {
      reply = onReply
      fail = onFailure
    },
    hold(held) {
      busy = held
    },
    close() {
      closed = true
    },
  }
  return {
    port,
    reply: (message: EngineReply) => reply(message),
    fail: (reason: string) => fail(reason),
    closed: () => closed,
    busy: () => busy,
  }
}
