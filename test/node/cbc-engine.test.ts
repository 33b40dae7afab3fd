import { describe, expect, it } from 'vitest'
import { UnsupportedError } from '../../src/base/index.ts'
import {
  changedProgram,
  EngineError,
  highsInProcess,
  mipModel,
  type ProgramChange,
  solveMip,
  sum,
} from '../../src/mip/index.ts'
import { cbcEngine } from '../../src/node/index.ts'
import { knapsack } from '../mip/support.ts'

const cbc = cbcEngine()
const { available } = await cbc.available()

describe('changedProgram', () => {
  it('is the program that an engine makes in place', async () => {
    const program = knapsack(10, 2)
    const change: ProgramChange = {
      bounds: { columns: Int32Array.of(1, 4), lower: Float64Array.of(1, 0), upper: Float64Array.of(1, 0) },
      columns: [{ cost: -3, lower: 0, upper: 7 }],
      rows: [{ columns: Int32Array.of(0, 2, 10), values: Float64Array.of(1, 1, -1), lower: -Infinity, upper: 1 }],
    }
    const objective = Float64Array.from({ length: 10 }, (_, j) => Math.cos(j))
    const [inPlace, anew] = [program, changedProgram(program, change)]
    for (const [relaxed, more] of [
      [false, {}],
      [true, {}],
      [false, { objective }],
    ] as const) {
      const one = await highsInProcess().open(inPlace)
      const two = await highsInProcess().open(
        'objective' in more ? changedProgram(program, { ...change, ...more }) : anew,
      )
      const a = await one.solve({ change: { ...change, ...more }, relaxed, relativeGap: 0 })
      const b = await two.solve({ relaxed, relativeGap: 0 })
      expect(a.objective).toBeCloseTo(b.objective!, 9)
      expect(a.x!.length).toBe(11)
    }
  })
})

describe('the engine of a command that is not there', () => {
  it('says so', async () => {
    const missing = cbcEngine('no-such-solver')
    expect(await missing.available()).toEqual({
      available: false,
      reason: 'the command no-such-solver is not installed',
    })
    await expect(solveMip(knapsack(4, 1), { engine: missing })).rejects.toThrow(EngineError)
  })

  it('refuses what CBC does not know before it is run', async () => {
    await expect(solveMip(knapsack(4, 1, true), { engine: cbc })).rejects.toThrow(UnsupportedError)
  })
})

describe.skipIf(!available)('CBC (skipped where it is not installed)', () => {
  it('agrees with HiGHS on integers, in both senses', async () => {
    const program = knapsack(25, 3)
    for (const sense of ['minimize', 'maximize'] as const) {
      const covering = { ...program, sense, rowLower: program.rowUpper.map((b) => 0.4 * b) }
      const one = await solveMip(covering, { relativeGap: 1e-9, engine: cbc })
      const two = await solveMip(covering, { relativeGap: 1e-9 })
      expect(one.status).toBe('converged')
      expect(one.objective).toBe(two.objective)
    }
  })

  it('agrees on duals and reduced costs of a linear program, in both senses', async () => {
    for (const sense of ['minimize', 'maximize'] as const) {
      const model = mipModel('t')
      const x = model.continuous('x', [1, 2, 3], { upper: (i) => i })
      model.subjectTo('a', x[1].plus(x[2].times(2), x[3]).between(1, 4))
      model.subjectTo('b', x[1].minus(x[3]).equals(-0.5))
      model[sense](sum([x[1].times(2), x[2].times(3), x[3], 5]))
      const one = await solveMip(model, { engine: cbc })
      const two = await solveMip(model)
      expect(one.objective).toBeCloseTo(two.objective, 9)
      for (const name of ['a', 'b']) expect(one.duals![name]).toBeCloseTo(two.duals![name], 9)
      for (const name of ['x[1]', 'x[2]', 'x[3]'])
        expect(one.reducedCosts![name]).toBeCloseTo(two.reducedCosts![name], 9)
    }
  })

  it('says infeasible and unbounded', async () => {
    const model = mipModel('t')
    const x = model.integer('x', [1, 2])
    model.subjectTo('a', x[1].minus(x[2]).lessEqual(3))
    model.maximize(x[1])
    expect((await solveMip(model, { engine: cbc })).status).toBe('unbounded')
    model.subjectTo('b', x[1].plus(x[2]).lessEqual(-1))
    expect((await solveMip(model, { engine: cbc })).status).toBe('infeasible')
  })

  it('keeps to a node limit with a bound, takes a start, and ends when asked', async () => {
    const program = knapsack(60, 5)
    const session = await cbc.open(program)
    const limited = await session.solve({ maxNodes: 2, relativeGap: 0 })
    expect(limited.status).toBe('node-limit')
    expect(limited.bound).toBeGreaterThanOrEqual(limited.objective!)
    const started = await session.solve({ maxNodes: 1, relativeGap: 0, start: limited.x! })
    expect(started.objective).toBeGreaterThanOrEqual(limited.objective! - 1e-6)
    await session.close()
    const large = await cbc.open(knapsack(200, 20))
    const controller = new AbortController()
    const answer = await large.solve(
      { relativeGap: 0 },
      { signal: controller.signal, onProgress: ({ objective }) => objective !== null && controller.abort() },
    )
    expect(answer.status).toBe('interrupted')
    expect(answer.bound).toBeGreaterThan(answer.objective!)
    await large.close()
  })
})
