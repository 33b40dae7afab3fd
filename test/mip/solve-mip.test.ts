import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, OptionError, UnsupportedError } from '../../src/base/index.ts'
import { csrFromDense, denseFromRows } from '../../src/linalg/index.ts'
import {
  EngineError,
  type EngineSession,
  highs,
  highsInProcess,
  type MipEngine,
  mipModel,
  mipSolution,
  mixedIntegerProgram,
  modelFormat,
  type PreparedMixedIntegerProgram,
  readModel,
  relativeGap,
  solveMip,
  sum,
  violationsAt,
} from '../../src/mip/index.ts'
import { runAsync, verify } from '../../src/solver/index.ts'
import { instances, knapsack } from './support.ts'

/** Two products on two machines: 1100 with 20 chairs and 10 tables. */
function workshop(integers = true) {
  const model = mipModel('workshop')
  const x = (integers ? model.integer : model.continuous)('x', ['chairs', 'tables'])
  const carpentry = model.subjectTo('carpentry', x.chairs.plus(x.tables.times(2)).lessEqual(40))
  const finishing = model.subjectTo('finishing', x.chairs.times(2).plus(x.tables).lessEqual(50))
  model.maximize(x.chairs.times(30).plus(x.tables.times(50), 7))
  return { model, x, carpentry, finishing }
}

describe('the builder', () => {
  it('is what it says in numbers', () => {
    const model = mipModel('m')
    const open = model.binary('open', ['a', 'b'])
    const ship = model.continuous('ship', ['a', 'b'], [1, 2], {
      upper: (site, customer) => (site === 'a' ? 4 : customer),
    })
    const extra = model.semiContinuous('extra', { lower: 2, upper: 8 })
    model.subjectTo('capacity', ['a', 'b'] as const, (i) =>
      sum([1, 2] as const, (j) => ship[i][j]).lessEqual(open[i].times(9)),
    )
    model.subjectTo('demand', ship.a[1].plus(ship.b[1], 3).between(5, 7))
    model.minimize(sum([open.a.times(10), open.b, 4]).plus(ship.a[1].times(2), ship.a[1], extra))
    const program = model.program()
    expect(program.columnNames).toEqual([
      'open[a]',
      'open[b]',
      'ship[a,1]',
      'ship[a,2]',
      'ship[b,1]',
      'ship[b,2]',
      'extra',
    ])
    expect(program.rowNames).toEqual(['capacity[a]', 'capacity[b]', 'demand'])
    expect([...program.objective]).toEqual([10, 1, 3, 0, 0, 0, 1])
    expect(program.offset).toBe(4)
    expect([...program.upper]).toEqual([1, 1, 4, 4, 1, 2, 8])
    expect([...program.matrix.values]).toEqual([-9, 1, 1, -9, 1, 1, 1, 1])
    expect([...program.rowLower]).toEqual([-Infinity, -Infinity, 2])
    expect([...program.rowUpper]).toEqual([0, 0, 4])
    expect(program.types.map((type) => type[0])).toEqual(['i', 'i', 'c', 'c', 'c', 'c', 's'])
  })

  it('multiplies linear expressions into a quadratic objective', () => {
    const model = mipModel('q')
    const x = model.continuous('x')
    const y = model.continuous('y')
    // (x - 2y + 1)^2 + 3xy = x^2 - xy + 4y^2 + 2x - 4y + 1
    model.minimize(x.minus(y.times(2)).plus(1).squared().plus(x.times(y).times(3)))
    const { quadratic, objective, offset } = model.program()
    expect([...quadratic!.values]).toEqual([2, -1, 8])
    expect([...objective]).toEqual([2, -4])
    expect(offset).toBe(1)
  })

  it('refuses what makes no sense, in words', () => {
    const { model, x } = workshop()
    const other = mipModel('other').binary('z')
    const refused = (attempt: () => unknown, message: RegExp): void => {
      expect(attempt).toThrow(InvalidInputError)
      expect(attempt).toThrow(message)
    }
    refused(
      () => model.subjectTo('mixed', x.chairs.plus(other).lessEqual(1)),
      /variables of 'workshop', got 'z of another model'/,
    )
    refused(() => model.maximize(x.chairs.times(NaN)), /factor must be a finite number, got NaN/)
    refused(() => model.maximize(sum([x.chairs, NaN])), /term must be a finite number, got NaN/)
    refused(() => model.maximize(sum([x.chairs, 'y' as never])), /got "y"/)
    refused(() => model.subjectTo('carpentry', x.chairs.lessEqual(1)), /not taken yet, got 'carpentry'/)
    refused(() => model.integer('x', ['chairs']), /not taken yet, got 'x\[chairs\]'/)
    refused(() => model.integer('y', ['a', 'a']), /without repetition, got 'a twice'/)
    refused(() => model.continuous('y', { lower: 3, upper: 2 }), /at most its upper bound 2, got 3/)
    refused(() => model.continuous('y', { lower: NaN }), /lower bound of y must be a number/)
    refused(() => model.subjectTo('q', x.chairs.squared().lessEqual(1)), /only the objective may be quadratic/)
    refused(() => x.chairs.squared().times(x.tables), /degree 3/)
    refused(() => (x as never as { tabels: unknown }).tabels, /x has no index 'tabels'; did you mean 'tables'/)
    refused(() => model.subjectTo('c', true as never), /must be a comparison/)
    expect(() => model.continuous('y', { uper: 2 } as never)).toThrow(/unknown option 'uper'; did you mean 'upper'/)
  })
})

describe('solveMip', () => {
  it('answers in the names and the sense of the model', async () => {
    const { model, x } = workshop()
    const seen: number[] = []
    const solution = await solveMip(model, { onProgress: ({ bound }) => seen.push(bound) })
    expect(solution).toMatchObject({
      status: 'converged',
      converged: true,
      feasible: true,
      objective: 1107,
      bound: 1107,
      gap: 0,
      variables: { 'x[chairs]': 20, 'x[tables]': 10 },
      duals: null,
    })
    expect(solution.value(x.tables)).toBe(10)
    expect(solution.value(x.tables.times(x.chairs).plus(1))).toBe(201)
    expect(solution.values(x)).toEqual({ chairs: 20, tables: 10 })
    expect(solution.run.objective).toBe(-1107)
    expect(verify(model.program(), solution.run).confirmed).toBe(true)
  })

  it('gives duals and reduced costs of a linear program: what a little more would bring', async () => {
    const { model, carpentry, finishing } = workshop(false)
    const solution = await solveMip(model)
    expect(solution.dual(carpentry)).toBeCloseTo(70 / 3, 9)
    expect(solution.dual(finishing)).toBeCloseTo(10 / 3, 9)
    expect(solution.reducedCosts).toEqual({ 'x[chairs]': 0, 'x[tables]': 0 })
    // Strong duality.
    expect(40 * solution.duals!.carpentry + 50 * solution.duals!.finishing + 7).toBeCloseTo(solution.objective, 9)
  })

  it('solves convex quadratic programs at a point that satisfies the optimality conditions', async () => {
    const model = mipModel('projection')
    const x = model.continuous('x', [0, 1, 2])
    const target = [0.9, 0.6, -0.4]
    model.subjectTo('simplex', sum(Object.values(x)).equals(1))
    model.minimize(sum([0, 1, 2] as const, (i) => x[i].minus(target[i]).squared()))
    const solution = await solveMip(model)
    expect(solution.converged).toBe(true)
    // The projection onto the simplex subtracts 0.25 from the two largest and clips the third.
    for (const [i, value] of [0.65, 0.35, 0].entries()) expect(solution.value(x[i as 0])).toBeCloseTo(value, 5)
    expect(solution.dual({ name: 'simplex', index: 0 })).toBeCloseTo(-0.5, 5)
  })

  it('names the constraints that contradict each other', async () => {
    const model = mipModel('impossible')
    const x = model.integer('x', ['a', 'b', 'c'], { upper: 3 })
    model.subjectTo('enough', x.a.plus(x.b).greaterEqual(5))
    model.subjectTo('not so much', x.a.lessEqual(1))
    model.subjectTo('irrelevant', x.c.plus(x.a).lessEqual(9))
    model.minimize(x.a)
    const solution = await solveMip(model)
    expect(solution).toMatchObject({ status: 'infeasible', feasible: false, variables: {}, bound: Infinity })
    expect(solution.objective).toBeNaN()
    expect(solution.infeasibleSubsystem!.rows).toEqual([
      { name: 'enough', bound: 'lower' },
      { name: 'not so much', bound: 'upper' },
    ])
    expect(solution.infeasibleSubsystem!.columns).toEqual([{ name: 'x[b]', bound: 'upper' }])
    expect(solution.message).toMatch(/constraints enough, not so much and bounds of x\[b\] contradict each other/)
    expect((await solveMip(model, { explain: false })).infeasibleSubsystem).toBeNull()
  })

  it('explains what only integers make impossible', async () => {
    const model = mipModel('parity')
    const x = model.integer('x', ['a', 'b'], { upper: 10 })
    model.subjectTo('odd', x.a.times(2).plus(x.b.times(2)).equals(7))
    const { status, infeasibleSubsystem } = await solveMip(model)
    expect(status).toBe('infeasible')
    expect(infeasibleSubsystem!.rows.map(({ name }) => name)).toEqual(['odd'])
  })

  it('tells unbounded from infeasible, also where presolve does not', async () => {
    for (const integers of [false, true]) {
      const model = mipModel('open end')
      const x = (integers ? model.integer : model.continuous)('x', [1, 2])
      model.subjectTo('c', x[1].minus(x[2]).lessEqual(3))
      model.maximize(x[1])
      expect((await solveMip(model)).status).toBe('unbounded')
      model.subjectTo('d', x[1].plus(x[2]).lessEqual(-1))
      expect((await solveMip(model)).status).toBe('infeasible')
    }
  })

  it('takes a start by names, whole or in part, and refuses unknown ones', async () => {
    const { model } = workshop()
    const whole = await solveMip(model, { start: { 'x[chairs]': 20, 'x[tables]': 10 } })
    expect(whole.objective).toBe(1107)
    expect((await solveMip(model, { start: { 'x[chairs]': 3 } })).objective).toBe(1107)
    // A feasible start is an incumbent: a run that is aborted at once still has it.
    const aborted = await solveMip(model, { start: [3, 4], signal: AbortSignal.abort() })
    expect(aborted).toMatchObject({ status: 'aborted', feasible: true, objective: 297 })
    await expect(solveMip(model, { start: { chairs: 1 } })).rejects.toThrow(/no such variable/)
    await expect(solveMip(model, { start: [1, 2, 3] })).rejects.toThrow(/start has length 3/)
  })

  it('ends at its limits with the best point and a bound', async () => {
    const { model } = workshop()
    const limited: MipEngine = {
      ...highsInProcess(),
      open: async () => ({
        solve: async ({ maxNodes }) => ({
          status: 'node-limit',
          x: Float64Array.of(10, 10),
          objective: 807,
          bound: 1200,
          nodes: maxNodes!,
          elapsedMs: 1,
        }),
        close: async () => undefined,
      }),
    }
    const solution = await solveMip(model, { maxNodes: 5, engine: limited })
    expect(solution).toMatchObject({ status: 'stalled', feasible: true, objective: 807, bound: 1200, nodes: 5 })
    expect(solution.message).toMatch(/5 nodes are explored/)
    expect(solution.gap).toBeCloseTo(393 / 807, 12)
  })

  it('returns the incumbent when it is aborted', async () => {
    const controller = new AbortController()
    const solution = await solveMip(knapsack(60, 5), {
      relativeGap: 0,
      signal: controller.signal,
      onProgress: ({ objective }) => objective !== null && controller.abort(),
    })
    expect(solution).toMatchObject({ status: 'aborted', feasible: true })
    expect(solution.objective).toBeGreaterThan(0)
  })

  it('refuses what it cannot solve before it starts', async () => {
    const model = mipModel('no')
    const x = model.continuous('x', { lower: -1, upper: 1 })
    const y = model.continuous('y', { lower: -1, upper: 1 })
    model.minimize(x.squared().plus(x.times(y).times(3), y.squared()))
    await expect(solveMip(model)).rejects.toThrow(/not convex .* seen at y.*only convex objectives can be minimized/)
    model.maximize(x.squared())
    await expect(solveMip(model)).rejects.toThrow(/not concave/)
    model.maximize(x.squared().times(-1))
    expect((await solveMip(model)).objective).toBeCloseTo(0, 9)
    const k = model.binary('k')
    model.minimize(k.plus(x).squared())
    await expect(solveMip(model)).rejects.toThrow(UnsupportedError)
    await expect(solveMip(model)).rejects.toThrow(/quadratic objective together with integer columns/)
    await expect(solveMip(workshop().model, { relativeGap: -1 })).rejects.toThrow(OptionError)
    await expect(solveMip(workshop().model, { gap: 1 } as never)).rejects.toThrow(/unknown option 'gap'/)
    await expect(solveMip(workshop().model, { maxNodes: 0 })).rejects.toThrow(OptionError)
  })

  it('solves models without constraints, without variables, and with crossing bounds', async () => {
    const free = mipModel('free')
    const x = free.integer('x', { lower: -2.5, upper: 7.5 })
    free.maximize(x.times(2))
    expect((await solveMip(free)).objective).toBe(14)
    const empty = mipModel('empty')
    empty.minimize(3)
    expect(await solveMip(empty)).toMatchObject({ status: 'converged', objective: 3 })
    const crossing = mixedIntegerProgram({
      objective: [1],
      matrix: csrFromDense(denseFromRows([[1]])),
      rowLower: [0],
      lower: [2],
      upper: [1],
    })
    expect((await solveMip(crossing)).status).toBe('infeasible')
  })

  it('keeps the incumbent of an engine that is lost, and never calls that converged', async () => {
    const { model } = workshop()
    const losing = (incumbent: { x: Float64Array; objective: number; bound: number } | null): MipEngine => ({
      ...highsInProcess(),
      open: async () =>
        ({
          solve: () => Promise.reject(new EngineError('highs', 'a worker ended with code 134', incumbent)),
          close: async () => undefined,
        }) satisfies EngineSession,
    })
    const solution = await solveMip(model, {
      engine: losing({ x: Float64Array.of(5, 5), objective: 407, bound: 2000 }),
    })
    expect(solution).toMatchObject({ status: 'stalled', feasible: true, objective: 407, bound: 2000 })
    expect(solution.message).toMatch(/engine was lost \(highs: a worker ended with code 134\)/)
    await expect(solveMip(model, { engine: losing(null) })).rejects.toThrow(EngineError)
  })

  it('does not believe an engine: a point is checked before it is called converged', async () => {
    const { model } = workshop()
    const lying = (x: number[]): MipEngine => ({
      ...highsInProcess(),
      open: async () => ({
        solve: async () => ({
          status: 'optimal',
          x: Float64Array.from(x),
          objective: 1e4,
          bound: 1e4,
          nodes: 1,
          elapsedMs: 1,
        }),
        close: async () => undefined,
      }),
    })
    for (const x of [
      [20, 10.6],
      [21.5, 10],
      [25, 8],
    ]) {
      const solution = await solveMip(model, { engine: lying(x) })
      expect(solution).toMatchObject({ status: 'stalled', feasible: false, gap: Infinity })
    }
    // Rounding errors of an engine are rounded away.
    const rounded = await solveMip(model, { engine: lying([19.9999999, 10 + 1e-9]) })
    expect(rounded.variables).toEqual({ 'x[chairs]': 20, 'x[tables]': 10 })
  })
})

describe('certificates', () => {
  it('measure rows beyond working precision', () => {
    // 1e16 + 1 - 1e16 is 0 in plain arithmetic.
    const program = mixedIntegerProgram({
      objective: [0, 0, 0],
      matrix: csrFromDense(denseFromRows([[1e8, 1, -1e8]])),
      rowUpper: [0.5],
    })
    expect(violationsAt(program, Float64Array.of(1e8, 1, 1e8)).rows).toBe(0.5)
  })

  it('know the two ranges of a semi-continuous column', () => {
    const program = mixedIntegerProgram({
      objective: [1],
      matrix: csrFromDense(denseFromRows([[1]])),
      lower: [2],
      upper: [5],
      types: ['semi-integer'],
    })
    const violation = (x: number) => violationsAt(program, Float64Array.of(x))
    expect(violation(0)).toEqual({ rows: 0, bounds: 0, integrality: 0 })
    expect(violation(3)).toEqual({ rows: 0, bounds: 0, integrality: 0 })
    expect(violation(1.25)).toEqual({ rows: 0, bounds: 0.375, integrality: 0.25 })
  })

  it('have a gap for every objective, 0 included', () => {
    expect(relativeGap(100, 99)).toBe(0.01)
    expect(relativeGap(0, -1e-6)).toBeCloseTo(1e-4, 12)
    expect(relativeGap(5, 6)).toBe(0)
    expect(relativeGap(NaN, 1)).toBe(Infinity)
    expect(relativeGap(1, -Infinity)).toBe(Infinity)
  })
})

/** Optimal values as published with the instances (MIPLIB, Netlib, HiGHS); those that take about a second. */
const optima: readonly (readonly [string, number])[] = [
  ['afiro.mps', -464.753142857],
  ['adlittle.mps', 225494.963162],
  ['egout.mps', 568.1007],
  ['flugpl.mps', 1201500],
  ['gt2.mps', 21166],
  ['rgn.mps', 82.19999],
  ['sp150x300d.mps', 69],
  ['semi-continuous.mps', 8.22333333],
  ['qjh.mps', -5.25],
  ['comment.mps', -4],
]

describe.skipIf(instances === undefined)('models of others (skipped where they are absent)', () => {
  const read = (file: string) => readModel(readFileSync(`${instances}/${file}`, 'utf8'), modelFormat(file), file)

  it.each(optima)('%s has the optimum %f', async (file, optimum) => {
    const solution = await solveMip(read(file), { relativeGap: 1e-6 })
    expect(solution.message).toMatch(/^Converged/)
    expect(Math.abs(solution.objective - optimum)).toBeLessThan(1e-6 * Math.abs(optimum) + 1e-5)
  })

  it('infeasible-mip0.mps is infeasible', async () => {
    expect((await solveMip(read('infeasible-mip0.mps'), { explain: false })).status).toBe('infeasible')
  })

  it('klein1.mps is infeasible, by the rows named alone, and not without one of them', async () => {
    const program = read('klein1.mps')
    const { status, infeasibleSubsystem } = await solveMip(program)
    expect(status).toBe('infeasible')
    const rows = infeasibleSubsystem!.rows.map(({ name }) => program.rowNames.indexOf(name))
    expect(rows.length).toBeGreaterThan(1)
    const only = (kept: readonly number[]) => {
      const rowLower = program.rowLower.map((value, i) => (kept.includes(i) ? value : -Infinity))
      const rowUpper = program.rowUpper.map((value, i) => (kept.includes(i) ? value : Infinity))
      return solveMip({ ...program, rowLower, rowUpper }, { explain: false })
    }
    expect((await only(rows)).status).toBe('infeasible')
    expect((await only(rows.slice(1))).status).toBe('converged')
  })

  it('gives any method the same front door', async () => {
    const program = read('egout.mps') as PreparedMixedIntegerProgram
    const run = await runAsync(program, highs({ engine: highsInProcess() }), { tolerance: 1e-6 })
    expect(mipSolution(program, run).objective).toBeCloseTo(568.1007, 4)
  })
})
