import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { mulberry32, RandomStream } from '../../src/base/index.ts'
import { csrFromDense, csrTranspose } from '../../src/linalg/index.ts'
import {
  type DestroyOptions,
  discreteColumns,
  type EngineSession,
  generalizedIndependentSetProblem,
  highsInProcess,
  independentSetProblem,
  isFeasible,
  knapsackProblem,
  type MixedIntegerProgram,
  mixedIntegerProgram,
  neighbourhoodFamilies,
  objectiveAt,
  type ProgramChange,
  paperArms,
  parseArm,
  parseArms,
  type SearchPoint,
  setCoverProblem,
} from '../../src/mip/index.ts'

const settings: DestroyOptions = {
  size: 0.5,
  fixContinuous: false,
  withReplacement: false,
  bigM: 1000,
  crossWith: 'random',
}

function pointAt(
  program: MixedIntegerProgram,
  current: ArrayLike<number>,
  relaxation: ArrayLike<number> | null = null,
  others: readonly Float64Array[] = [],
): SearchPoint {
  const x = Float64Array.from(current)
  return {
    program,
    columns: discreteColumns(program),
    rowsOfColumns: csrTranspose(program.matrix),
    relaxation: relaxation && Float64Array.from(relaxation),
    current: x,
    value: (program.sense === 'maximize' ? -1 : 1) * objectiveAt(program, x),
    others,
  }
}

/** Four binaries, three general integers, two continuous columns, rows loose enough for any point. */
function mixed(objective = [1, 2, 3, 4, 5, 6, 7, 8, 9]): MixedIntegerProgram {
  return mixedIntegerProgram({
    objective,
    offset: 10,
    matrix: csrFromDense({ rows: 1, cols: 9, data: new Float64Array(9).fill(1) }),
    rowUpper: [1e6],
    lower: [0, 0, 0, 0, -5, -5, -5, 0, 0],
    upper: [1, 1, 1, 1, 20, 20, 20, 9, 9],
    types: [...new Array(7).fill('integer'), 'continuous', 'continuous'],
  })
}

/** Bounds of all columns under a change. */
function boundsUnder(
  program: MixedIntegerProgram,
  change: ProgramChange,
): { lower: Float64Array; upper: Float64Array } {
  const lower = program.lower.slice()
  const upper = program.upper.slice()
  change.bounds?.columns.forEach((j, k) => {
    lower[j] = change.bounds?.lower[k] as number
    upper[j] = change.bounds?.upper[k] as number
  })
  return { lower, upper }
}

const freeColumns = (program: MixedIntegerProgram, change: ProgramChange): number[] => {
  const { lower, upper } = boundsUnder(program, change)
  return Array.from(lower.keys()).filter((j) => lower[j] < upper[j])
}

describe('test problems', () => {
  it('come from mulberry32 number by number', () => {
    const draw = mulberry32(1)
    expect([draw(), draw()]).toEqual([0.6270739405881613, 0.002735721180215478])
    const independent = independentSetProblem(mulberry32(1))
    // The first pair has 0.627 >= 0.02, the second 0.0027 < 0.02.
    expect([...independent.matrix.columnIndices.slice(0, 2)]).toEqual([0, 2])
    expect(independent.matrix.rows).toBe(2434)
    expect(setCoverProblem(mulberry32(1)).objective.length).toBe(1200)
    const knapsack = knapsackProblem(mulberry32(1))
    expect(knapsack.matrix.values[0]).toBe(628)
    expect(generalizedIndependentSetProblem(mulberry32(1)).matrix.rows).toBe(2896)
  })
})

describe('arms', () => {
  it('read their size as decimals', () => {
    const sizes = ['mutation-50', 'proximity-005', 'proximity-05', 'proximity-015', 'rins-25', 'rens-100', 'dins']
    expect(sizes.map((name) => parseArm(name).size)).toEqual([0.5, 0.005, 0.05, 0.015, 0.25, 1, 1])
    expect(parseArms(paperArms)).toHaveLength(16)
  })

  it.each([
    ['mutatoin-50', /did you mean 'mutation'/],
    ['mutation', /needs a size/],
    ['mutation-0', /\(0, 1\]/],
    ['crossover-50', /has no size/],
    ['', /expected a family/],
  ])('refuse %j', (name, message) => {
    expect(() => parseArm(name)).toThrow(message)
  })

  it('refuse repetition and an empty list', () => {
    expect(() => parseArms(['dins', 'dins'])).toThrow(/twice/)
    expect(() => parseArms([])).toThrow(/at least one arm/)
  })
})

describe('neighbourhoods', () => {
  const { mutation, crossover, rins, rens, dins, proximity } = neighbourhoodFamilies
  const program = mixed()
  const current = [1, 0, 1, 0, 3, 0, 7, 2.5, 0]
  const relaxation = [1, 0.5, 0.2, 0, 3, 2.25, 5.5, 1, 1]

  it('know binary from general integer columns', () => {
    const { binary, general, all } = discreteColumns(program)
    expect([...binary]).toEqual([0, 1, 2, 3])
    expect([...general]).toEqual([4, 5, 6])
    expect([...all]).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('of mutation free floor(size |D|) integer columns, all equally often', () => {
    const seen = new Float64Array(7)
    for (let seed = 0; seed < 700; seed++) {
      const change = mutation.destroy(pointAt(program, current), settings, RandomStream.fromSeed(seed), null)
      const free = freeColumns(program, change as ProgramChange).filter((j) => j < 7)
      expect(free).toHaveLength(3)
      for (const j of free) seen[j]++
    }
    // 300 expected each, standard deviation 13.
    for (const count of seen) expect(Math.abs(count - 300)).toBeLessThan(60)
  })

  it('fix continuous columns on request only', () => {
    const random = () => RandomStream.fromSeed(1)
    const free = mutation.destroy(pointAt(program, current), settings, random(), null) as ProgramChange
    expect(freeColumns(program, free)).toEqual(expect.arrayContaining([7, 8]))
    const fixed = { ...settings, fixContinuous: true }
    const change = mutation.destroy(pointAt(program, current), fixed, random(), null) as ProgramChange
    expect(freeColumns(program, change).every((j) => j < 7)).toBe(true)
    expect(boundsUnder(program, change).lower[7]).toBe(2.5)
  })

  it('round the current solution before they fix, and stay within bounds', () => {
    const noisy = pointAt(program, [0.9999999, -1e-9, 1, 0, 3, 0, 7, 2.5, 0])
    const change = mutation.destroy(noisy, { ...settings, size: 0.15 }, RandomStream.fromSeed(3), null) as ProgramChange
    const { columns, lower } = change.bounds as NonNullable<ProgramChange['bounds']>
    expect(lower.every((value, k) => columns[k] > 6 || Number.isInteger(value))).toBe(true)
    expect(Math.min(...lower)).toBe(0)
  })

  it('are null where nothing would be free', () => {
    const random = RandomStream.fromSeed(1)
    const point = pointAt(program, current, current)
    expect(mutation.destroy(point, { ...settings, size: 0.01 }, random, null)).toBeNull()
    expect(rins.destroy(point, settings, random, null)).toBeNull()
    expect(rens.destroy(point, settings, random, null)).toBeNull()
    expect(dins.destroy(point, settings, random, null)).toBeNull()
    expect(crossover.destroy(point, settings, random, null)).toBeNull()
    expect(proximity.destroy(pointAt(mixed(new Array(9).fill(0)), current), settings, random, null)).toBeNull()
    for (const family of [rins, rens, dins]) {
      expect(family.destroy(pointAt(program, current), settings, random, null)).toBeNull()
    }
  })

  it('of RINS free columns in which the relaxation differs', () => {
    // 1, 2, 5, 6 differ; half of them are two.
    for (let seed = 0; seed < 20; seed++) {
      const point = pointAt(program, current, relaxation)
      const change = rins.destroy(point, settings, RandomStream.fromSeed(seed), null) as ProgramChange
      const free = freeColumns(program, change).filter((j) => j < 7)
      expect(free).toHaveLength(2)
      for (const j of free) expect([1, 2, 5, 6]).toContain(j)
    }
    const withReplacement = { ...settings, size: 1, withReplacement: true }
    const counts = Array.from({ length: 50 }, (_, seed) => {
      const random = RandomStream.fromSeed(seed)
      const change = rins.destroy(pointAt(program, current, relaxation), withReplacement, random, null)
      return freeColumns(program, change as ProgramChange).filter((j) => j < 7).length
    })
    expect(Math.max(...counts)).toBeLessThanOrEqual(4)
    expect(counts.reduce((a, b) => a + b, 0)).toBeLessThan(4 * 50)
  })

  it('of RENS round the fractional columns', () => {
    const point = pointAt(program, current, relaxation)
    const change = rens.destroy(point, { ...settings, size: 1 }, RandomStream.fromSeed(1), null) as ProgramChange
    const { lower, upper } = boundsUnder(program, change)
    expect([lower[5], upper[5], lower[6], upper[6], lower[1], upper[1]]).toEqual([2, 3, 5, 6, 0, 1])
    expect([lower[0], upper[0], lower[4], upper[4]]).toEqual([1, 1, 3, 3])
  })

  it('of DINS let general integers move no further from the relaxation than they are', () => {
    const point = pointAt(program, current, relaxation)
    const change = dins.destroy(point, settings, RandomStream.fromSeed(1), null) as ProgramChange
    const { lower, upper } = boundsUnder(program, change)
    // x5: 2.25 -+ 2.25, x6: 5.5 -+ 1.5; x4 agrees and binaries are fixed.
    expect([lower[5], upper[5], lower[6], upper[6], lower[4], upper[4], lower[1], upper[1]]).toEqual([
      0, 4, 4, 7, 3, 3, 0, 0,
    ])
  })

  it('of crossover free what differs between two solutions', () => {
    const other = Float64Array.from([0, 0, 1, 0, 3, 4, 7, 0, 0])
    const random = RandomStream.fromSeed(1)
    const change = crossover.destroy(pointAt(program, current), settings, random, other) as ProgramChange
    expect(freeColumns(program, change)).toEqual([0, 5, 7, 8])
    const earlier = { ...settings, crossWith: 'earlier' } as const
    const point = pointAt(program, current, null, [Float64Array.from(current), other])
    expect(crossover.auxiliary?.(point, earlier, random)).toBeNull()
    expect(freeColumns(program, crossover.destroy(point, earlier, random, null) as ProgramChange)).toEqual([0, 5, 7, 8])
    expect(crossover.auxiliary?.(pointAt(program, current), earlier, random)).toMatchObject({ maxSolutions: 1 })
  })

  it('of the constraint graph hang together, and reach other components when one is used up', () => {
    // Two chains x0-x1-x2 and x3-x4.
    const data = new Float64Array(3 * 5)
    for (const [row, a, b] of [
      [0, 0, 1],
      [1, 1, 2],
      [2, 3, 4],
    ]) {
      data[5 * row + a] = 1
      data[5 * row + b] = 1
    }
    const chains = mixedIntegerProgram({
      objective: new Float64Array(5),
      matrix: csrFromDense({ rows: 3, cols: 5, data }),
      upper: new Float64Array(5).fill(1),
      types: new Array(5).fill('integer'),
    })
    for (let seed = 0; seed < 30; seed++) {
      const random = () => RandomStream.fromSeed(seed)
      const free = (size: number) =>
        freeColumns(
          chains,
          neighbourhoodFamilies['constraint-graph'].destroy(
            pointAt(chains, new Float64Array(5)),
            { ...settings, size },
            random(),
            null,
          ) as ProgramChange,
        )
      expect(['0,1', '1,2', '3,4']).toContain(free(0.4).join())
      expect(free(0.8)).toHaveLength(4)
      expect(free(1)).toEqual([0, 1, 2, 3, 4])
    }
  })

  it('of proximity keep the cut-off below a negative value, offset included', () => {
    const negative = mixed([-1, -2, -3, -4, -5, -6, -7, -8, -9])
    const point = pointAt(negative, current)
    // 10 - (1 + 3 + 15 + 49 + 20) = -78: the cut-off is -78 - 0.05 * 78, and the row holds it without the offset.
    expect(point.value).toBe(-78)
    const change = proximity.destroy(point, { ...settings, size: 0.05 }, RandomStream.fromSeed(1), null)
    expect(change?.rows?.[0].upper).toBeCloseTo(-78 - 3.9 - 10, 12)
    expect(change?.columns).toEqual([{ cost: 1000, lower: 0, upper: Infinity }])
    expect(Array.from(change?.objective ?? [])).toEqual([-1, 1, -1, 1, 0, 0, 0, 0, 0])
    const zero = proximity.destroy({ ...point, value: 0 }, { ...settings, size: 0.05 }, RandomStream.fromSeed(1), null)
    expect(zero?.rows?.[0].upper).toBeCloseTo(-10.05, 12)
  })
})

describe('neighbourhoods in an engine', () => {
  const families = ['mutation', 'crossover', 'rins', 'dins', 'local-branching', 'lb-relax', 'constraint-graph'] as const
  const engine = highsInProcess()
  let program: MixedIntegerProgram
  let session: EngineSession
  let first: Float64Array
  let relaxed: Float64Array

  beforeAll(async () => {
    program = knapsackProblem(mulberry32(3), { rows: 3, columns: 20 })
    session = await engine.open(program)
    // Nothing packed: feasible, and far from good.
    first = new Float64Array(20)
    relaxed = (await session.solve({ relaxed: true })).x as Float64Array
    return () => session.close()
  })

  const solveIn = async (name: (typeof families)[number] | 'proximity', seed: number, size = 0.5) => {
    const family = neighbourhoodFamilies[name]
    const point = pointAt(program, first, relaxed)
    const random = RandomStream.fromSeed(seed)
    const options = { ...settings, size }
    const auxiliary = family.auxiliary?.(point, options, random)
    const other = auxiliary ? (await session.solve({ ...auxiliary, maxNodes: 50 })).x : null
    const change = family.destroy(point, options, random, other)
    return { point, change, answer: change && (await session.solve({ change, maxNodes: 30 })) }
  }

  it.each(families.filter((name) => name !== 'dins'))(
    '%s contains the current solution, and improves it',
    async (name) => {
      let gains = 0
      for (let seed = 0; seed < 3; seed++) {
        const { point, answer } = await solveIn(name, seed)
        if (answer === null) continue
        // Solved to the end from nothing, and not worse: the current solution was inside.
        expect(answer.x).not.toBeNull()
        const x = (answer.x as Float64Array).map(Math.round)
        expect(isFeasible(program, x)).toBe(true)
        const value = -objectiveAt(program, x)
        expect(value).toBeLessThanOrEqual(point.value + 1e-9)
        if (value < point.value - 1e-9) gains++
      }
      expect(gains).toBeGreaterThan(0)
    },
  )

  it('change no more than they say', async () => {
    const changed = (x: Float64Array) => Array.from(x.keys()).filter((j) => Math.abs(x[j] - first[j]) > 0.5)
    for (let seed = 0; seed < 3; seed++) {
      const mutated = await solveIn('mutation', seed, 0.2)
      expect(changed(mutated.answer?.x as Float64Array).length).toBeLessThanOrEqual(4)
      const branched = await solveIn('local-branching', seed, 0.15)
      expect(changed(branched.answer?.x as Float64Array).length).toBeLessThanOrEqual(3)
      const induced = await solveIn('rins', seed, 1)
      for (const j of changed(induced.answer?.x as Float64Array)) {
        expect(Math.abs(relaxed[j] - first[j])).toBeGreaterThan(1e-9)
      }
    }
  })

  it('proximity meets its cut-off up to the slack that it reports', async () => {
    const { point, answer } = await solveIn('proximity', 1, 0.01)
    const x = answer?.x as Float64Array
    expect(x).toHaveLength(21)
    expect(-objectiveAt(program, x.slice(0, 20))).toBeLessThanOrEqual(
      point.value - 0.01 * Math.abs(point.value) + x[20] + 1e-6,
    )
  })

  it('finds nothing better than the optimum of its sub-program', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1000 }), async (seed) => {
        const small = knapsackProblem(mulberry32(seed), { rows: 2, columns: 10 })
        const point = pointAt(small, new Float64Array(10))
        const random = RandomStream.fromSeed(seed)
        const change = neighbourhoodFamilies.mutation.destroy(point, settings, random, null) as ProgramChange
        const own = await engine.open(small)
        const answer = await own.solve({ change })
        await own.close()
        const free = freeColumns(small, change)
        let best = 0
        for (let mask = 0; mask < 1 << free.length; mask++) {
          const x = new Float64Array(10)
          free.forEach((j, k) => {
            x[j] = (mask >> k) & 1
          })
          if (isFeasible(small, x)) best = Math.max(best, objectiveAt(small, x))
        }
        expect(answer.objective).toBeCloseTo(best, 6)
      }),
      { numRuns: 10 },
    ))
})
