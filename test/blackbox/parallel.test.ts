import { afterAll, describe, expect, it } from 'vitest'
import { InvalidInputError, OptionError, UnsupportedError } from '../../src/base/index.ts'
import {
  answer,
  cmaEs,
  consensusBasedOptimization,
  differentialEvolution,
  dualAnnealing,
  type EvaluationPort,
  evaluatorPool,
  inParallel,
  nelderMead,
  serveObjective,
  webWorkerEvaluator,
} from '../../src/blackbox/index.ts'
import { parallelEvaluator } from '../../src/node/parallel-evaluation.ts'
import { gradientDescent } from '../../src/smooth/index.ts'
import {
  type Method,
  type Result,
  run,
  runAsync,
  type SmoothProblem,
  smoothProblem,
  stringifyPlain,
} from '../../src/solver/index.ts'
// @ts-expect-error plain JavaScript, as worker threads load it
import { value as untyped } from './expensive-objective.mjs'

const value = untyped as (x: Float64Array) => number

const module = new URL('./expensive-objective.mjs', import.meta.url)
const n = 4
const lower = new Float64Array(n).fill(-5.12)
const upper = new Float64Array(n).fill(5.12)
const start = [3, -2, 1.5, 0.4]
const serial = smoothProblem({ dimension: n, value, lower, upper, start })
const pool = parallelEvaluator(module, { workers: 2 })
const parallel = smoothProblem({ dimension: n, value, valueBatch: pool.valueBatch, lower, upper, start })

afterAll(() => pool.close())

const bits = ({ x, objective, status, iterations, evaluations, snapshot }: Result<Float64Array>): string =>
  stringifyPlain({ x, objective, status, iterations, evaluations, state: snapshot?.state })

describe('parallel evaluation', () => {
  it.each(
    (
      [
        differentialEvolution(),
        cmaEs({ restarts: 3 }),
        consensusBasedOptimization({ evaluateConsensus: true }),
        nelderMead(),
        dualAnnealing(),
      ] as unknown as Method<SmoothProblem, never>[]
    ).map((method) => [method.name, method] as const),
  )('%s has the bits of the serial run', async (_, method) => {
    const limits = { seed: 4, tolerance: 0, maxIterations: 25 }
    const one = run(serial, method, limits)
    const two = await runAsync(parallel, inParallel(method), limits)
    expect(bits(two)).toBe(bits(one))
  })

  it('continues a serial run, within a budget that is never exceeded', async () => {
    const method = differentialEvolution({ populationSize: 20 })
    const whole = run(serial, method, { seed: 4, tolerance: 0, maxIterations: 12 })
    const half = run(serial, method, { seed: 4, tolerance: 0, maxIterations: 5 })
    if (half.snapshot === null) throw new Error('no snapshot')
    const rest = await runAsync(parallel, inParallel(method), {
      tolerance: 0,
      maxIterations: 12,
      resume: half.snapshot,
    })
    expect(bits(rest)).toBe(bits(whole))
    const limited = await runAsync(parallel, inParallel(method), { tolerance: 0, maxEvaluations: 130 })
    expect(limited.status).toBe('evaluation-limit')
    expect(limited.evaluations.value).toBe(120)
  })

  it('passes on what goes wrong in a worker, and goes on afterwards', async () => {
    const failing = parallelEvaluator(module, { workers: 2, exportName: 'failing' })
    const out = new Float64Array(6)
    await expect(failing.valueBatch(Float64Array.of(-1, -2, 1, -3, -4, -5), 6, out)).rejects.toThrow(
      /simulation crashed/,
    )
    await failing.valueBatch(Float64Array.of(-1, -2, -3), 3, out)
    expect([...out.slice(0, 3)]).toEqual([-1, -2, -3])
    await failing.close()
    await expect(failing.valueBatch(Float64Array.of(-1), 1, out)).rejects.toThrow(/closed/)

    const missing = parallelEvaluator(module, { workers: 1, exportName: 'nothing' })
    await expect(missing.valueBatch(Float64Array.of(1), 1, out)).rejects.toThrow(/exports no function nothing/)
    await missing.close()

    const exiting = parallelEvaluator(module, { workers: 1, exportName: 'exiting' })
    await expect(exiting.valueBatch(Float64Array.of(1), 1, out)).rejects.toBeInstanceOf(InvalidInputError)
    await exiting.close()
  })

  it('puts every value in its place, in whatever order the workers answer', async () => {
    // Workers by hand, answering in reverse order of the requests.
    const queue: (() => void)[] = []
    const port = (): EvaluationPort => {
      let reply: Parameters<EvaluationPort['listen']>[0] = () => {}
      return {
        send: (request) => queue.push(() => reply(answer((x) => x[0] * 10 + x[1], request))),
        listen: (to) => {
          reply = to
        },
        hold: () => {},
        close: () => {},
      }
    }
    for (const workers of [1, 2, 3, 5]) {
      const hand = evaluatorPool(Array.from({ length: workers }, port))
      for (const count of [1, 2, 7, 40]) {
        const points = Float64Array.from({ length: 2 * count }, (_, k) => k)
        const out = new Float64Array(count)
        const done = hand.valueBatch(points, count, out)
        await expect(hand.valueBatch(points, count, out)).rejects.toThrow(/not finished/)
        while (queue.length > 0) queue.pop()?.()
        await done
        expect([...out]).toEqual(Array.from({ length: count }, (_, i) => 20 * i + 2 * i + 1))
      }
    }
  })

  it('speaks the same language to Web Workers', async () => {
    // A worker made of serveObjective itself, connected by structured clones.
    interface Line {
      onmessage: ((event: { data: unknown }) => void) | null
      onerror: ((event: { message: string }) => void) | null
      postMessage(message: unknown): void
      terminate(): void
    }
    const scope = globalThis as unknown as { onmessage?: unknown; postMessage?: unknown }
    const before = { onmessage: scope.onmessage, postMessage: scope.postMessage }
    const lines: Line[] = []
    let ended = 0
    const start = (): Worker => {
      serveObjective(value)
      const served = scope.onmessage as (event: { data: unknown }) => void
      const line: Line = {
        onmessage: null,
        onerror: null,
        postMessage(message) {
          queueMicrotask(() => {
            scope.postMessage = (reply: unknown) => line.onmessage?.({ data: structuredClone(reply) })
            served({ data: structuredClone(message) })
          })
        },
        terminate: () => {
          ended++
        },
      }
      lines.push(line)
      return line as unknown as Worker
    }
    try {
      const web = webWorkerEvaluator(start, { workers: 3 })
      const problem = smoothProblem({
        dimension: n,
        value,
        valueBatch: web.valueBatch,
        lower,
        upper,
        start: [3, -2, 1.5, 0.4],
      })
      const limits = { seed: 4, tolerance: 0, maxIterations: 10 }
      const two = await runAsync(problem, inParallel(differentialEvolution()), limits)
      expect(bits(two)).toBe(bits(run(serial, differentialEvolution(), limits)))
      const lost = web.valueBatch(new Float64Array(n), 1, new Float64Array(1))
      lines[0].onerror?.({ message: 'out of memory' })
      await expect(lost).rejects.toThrow(/out of memory/)
      await web.close()
      expect(ended).toBe(3)
    } finally {
      Object.assign(scope, before)
    }
  })

  it('uses a synchronous batch oracle in plain runs, with the same bits and counts', () => {
    const batches: number[] = []
    const batched = smoothProblem({
      dimension: n,
      value,
      valueBatch(points, count, out) {
        batches.push(count)
        for (let i = 0; i < count; i++) out[i] = value(points.subarray(i * n, i * n + n))
      },
      lower,
      upper,
      start,
    })
    const method = consensusBasedOptimization({ particles: 30 })
    const one = run(serial, method, { tolerance: 0, maxIterations: 10 })
    const two = run(batched, method, { tolerance: 0, maxIterations: 10 })
    expect(bits(two)).toBe(bits(one))
    expect(batches).toEqual(new Array(11).fill(30))
  })

  it('refuses what cannot work', () => {
    expect(() => run(parallel, differentialEvolution(), { maxIterations: 2 })).toThrow(UnsupportedError)
    expect(() => inParallel(gradientDescent() as never)).toThrow(UnsupportedError)
    expect(() => parallelEvaluator(module, { workers: 0 })).toThrow(OptionError)
    expect(() => evaluatorPool([])).toThrow(InvalidInputError)
  })
})
