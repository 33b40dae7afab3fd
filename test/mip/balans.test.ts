import { describe, expect, it } from 'vitest'
import { mulberry32, RandomStream } from '../../src/base/index.ts'
import { csrFromDense, denseFromRows } from '../../src/linalg/index.ts'
import {
  type BalansOptions,
  type BalansState,
  balans,
  balansPortfolio,
  EngineError,
  type EngineSession,
  generalizedIndependentSetProblem,
  highs,
  highsInProcess,
  independentSetProblem,
  isFeasible,
  type MipEngine,
  type MixedIntegerProgram,
  mixedIntegerProgram,
  objectiveAt,
  type PausableSearch,
  parseArm,
  primalGap,
  primalIntegral,
  randomConfiguration,
  type SolveRequest,
  sharedIncumbent,
} from '../../src/mip/index.ts'
import {
  compareAsync,
  type Iterate,
  parsePlain,
  type RunOptions,
  runAsync,
  type Snapshot,
  stringifyPlain,
} from '../../src/solver/index.ts'

const engine = highsInProcess()
/** Deterministic, and a first solution that leaves something to do. */
const quick: BalansOptions = { engine, iterationNodes: 5, firstNodes: 1 }
/** Maximized, over 60 binaries, easy enough that a neighbourhood takes milliseconds. */
const stableSet = (seed = 1): MixedIntegerProgram =>
  independentSetProblem(mulberry32(seed), { vertices: 60, probability: 0.08 })

const stateOf = ({ snapshot }: { snapshot: Snapshot | null }): BalansState => snapshot?.state as BalansState

/** The first solution is the first feasible point, so that neighbourhoods have something to improve. */
const lazy: MipEngine = {
  ...engine,
  async open(program) {
    const session = await engine.open(program)
    return {
      close: () => session.close(),
      solve: (request, events) =>
        session.solve(request.change || request.relaxed ? request : { ...request, maxSolutions: 1 }, events),
    }
  },
}

/** An engine that can be watched, and lost. */
function observed(
  watch: (request: SolveRequest, solve: number) => void,
  failing: (solve: number) => boolean = () => false,
): MipEngine & { opened: number; closed: number } {
  let solves = 0
  const watched = {
    name: 'observed',
    deterministic: true,
    opened: 0,
    closed: 0,
    available: async () => ({ available: true }),
    async open(program: MixedIntegerProgram): Promise<EngineSession> {
      const session = await lazy.open(program)
      watched.opened++
      return {
        async solve(request, events) {
          watch(request, ++solves)
          if (failing(solves)) throw new EngineError('observed', 'out of memory')
          return session.solve(request, events)
        },
        async close() {
          watched.closed++
          await session.close()
        },
      }
    },
  }
  return watched
}

describe('balans', () => {
  it('solves the puzzles of the reference code', async () => {
    const coins = mixedIntegerProgram({
      objective: [1, 1, 0],
      matrix: csrFromDense(
        denseFromRows([
          [1, 1, 1],
          [8, 4, 2],
        ]),
      ),
      rowLower: [32, 80],
      rowUpper: [32, 80],
      types: ['integer', 'integer', 'integer'],
    })
    const o = await runAsync(coins, balans(quick))
    expect(o).toMatchObject({ status: 'converged', objective: 4 })
    const five = mixedIntegerProgram({
      objective: [-1, 0, -1, 0, -1],
      matrix: csrFromDense({ rows: 1, cols: 5, data: new Float64Array(5).fill(1) }),
      rowLower: [60],
      rowUpper: [60],
      types: new Array(5).fill('integer'),
    })
    expect(await runAsync(five, balans(quick))).toMatchObject({ status: 'converged', objective: -60 })
  })

  it.each(['adaptive', 'paper', 'paper-thompson', 'reference'] as const)(
    'improves the first solution of a maximization with preset %s, and never loses the best',
    async (preset) => {
      const program = stableSet()
      const objectives: number[] = []
      const heard: number[] = []
      const result = await runAsync(
        program,
        balans({
          ...quick,
          engine: lazy,
          preset,
          onIncumbent: (x, objective) => {
            expect(objective).toBeCloseTo(objectiveAt(program, x), 9)
            heard.push(objective)
          },
        }),
        { maxIterations: 12, seed: 3, onIteration: ({ measures }) => objectives.push(measures.objective) },
      )
      expect(isFeasible(program, result.x)).toBe(true)
      // Reported as minimized by the driver, in the user's sense to the listener.
      expect(result.objective).toBeCloseTo(-objectiveAt(program, result.x), 9)
      expect(heard.at(-1)).toBeCloseTo(-result.objective, 9)
      for (let k = 1; k < heard.length; k++) expect(heard[k]).toBeGreaterThan(heard[k - 1])
      expect(objectives[0]).toBeNaN()
      for (let k = 2; k < objectives.length; k++) expect(objectives[k]).toBeLessThanOrEqual(objectives[k - 1])
      expect(objectives.at(-1)).toBeLessThan(objectives[1])
    },
  )

  it('with node limits gives the same bits for the same seed, and others for another', async () => {
    const trajectory = async (seed: number): Promise<string> => {
      const rows: unknown[] = []
      await runAsync(stableSet(2), balans({ ...quick, engine: lazy, workers: 2 }), {
        maxIterations: 6,
        seed,
        onIteration: ({ measures }) => rows.push([measures.objective, measures.arm, measures.reward, measures.size]),
      })
      return stringifyPlain(rows)
    }
    const one = await trajectory(5)
    expect(await trajectory(5)).toBe(one)
    expect(await trajectory(6)).not.toBe(one)
  })

  it('resumes bit for bit, also a whole state of adapted sizes and bandits', async () => {
    // Without the whole program, which would end the search.
    const arms = ['mutation-10', 'constraint-graph-10', 'rins-25', 'crossover', 'local-branching-10']
    const method = () => balans({ ...quick, engine: lazy, acceptance: 'simulated-annealing', arms })
    const snapshots: Snapshot[] = []
    const comparable = ({ seconds, trials, ...state }: BalansState) => {
      const timeless = trials.map(({ seconds: _, ...trial }) => trial)
      expect(seconds.every((s) => s >= 0)).toBe(true)
      return stringifyPlain({ ...state, trials: timeless })
    }
    const whole = await runAsync(stableSet(4), method(), {
      maxIterations: 8,
      seed: 2,
      onIteration: (iterate: Iterate<Float64Array>) => {
        if ([0, 1, 4].includes(iterate.iteration)) snapshots.push(iterate.snapshot())
      },
    })
    expect(whole.iterations).toBe(8)
    for (const snapshot of snapshots) {
      const resume = parsePlain(stringifyPlain(snapshot)) as Snapshot
      const resumed = await runAsync(stableSet(4), method(), { maxIterations: 8, resume })
      expect(comparable(stateOf(resumed)), `from ${snapshot.iteration}`).toBe(comparable(stateOf(whole)))
    }
  })

  it('counts pulls, outcomes and rewards of every arm', async () => {
    const result = await runAsync(stableSet(), balans({ ...quick, preset: 'paper', engine: lazy }), {
      maxIterations: 15,
    })
    const { arms, counts, rewards, bandit } = stateOf(result)
    expect(arms).toHaveLength(16)
    expect(counts.reduce((a, b) => a + b, 0)).toBe(14)
    const scores = [3, 2, 1, 0]
    arms.forEach((_, arm) => {
      const expected = scores.reduce((sum, score, k) => sum + score * counts[4 * arm + k], 0)
      expect(rewards[arm]).toBe(expected)
    })
    expect([...(bandit as { pulls: Float64Array }).pulls]).toEqual(
      arms.map((_, arm) => counts.slice(4 * arm, 4 * arm + 4).reduce((a, b) => a + b, 0)),
    )
  })

  it('always accepts without rejecting, and gives baselines with one arm, a random one, or a roulette wheel', async () => {
    for (const options of [
      { arms: ['mutation-25'] },
      { policy: 'random-arm' },
      { policy: 'roulette-wheel', scores: [25, 5, 1, 0] as const },
    ]) {
      const result = await runAsync(
        stableSet(),
        balans({ ...quick, preset: 'paper', engine: lazy, acceptance: 'always', ...options }),
        { maxIterations: 8 },
      )
      const { counts, arms } = stateOf(result)
      if ('arms' in options) expect(arms).toEqual(['mutation-25'])
      expect(arms.map((_, arm) => counts[4 * arm + 3]).every((rejected) => rejected === 0)).toBe(true)
    }
  })

  describe('where the search of the whole program can pause', () => {
    const program = stableSet()

    /** Of the whole program it finds the start, or the empty set, and proves nothing. */
    const aimless: MipEngine = {
      ...engine,
      async open() {
        const session = await engine.open(program)
        return {
          close: () => session.close(),
          async solve(request, events) {
            if (request.relaxed || request.change?.bounds !== undefined) return session.solve(request, events)
            const x = request.start ?? new Float64Array(program.objective.length)
            const objective = objectiveAt(program, x)
            return { status: 'time-limit', x, objective, bound: Infinity, nodes: 0, elapsedMs: 1 }
          },
        }
      },
    }

    /** A search that finds nothing, never ends, takes as long as it is told, and is lost at a turn. */
    function idleSearch(lostAt = Infinity) {
      const seen = { turns: 0, closed: 0, offered: [] as number[] }
      const search: PausableSearch = {
        async advance(seconds, { offered } = {}) {
          const nodes = 10 * ++seen.turns
          if (seen.turns >= lostAt) throw new EngineError('observed', 'out of memory')
          if (offered !== undefined) seen.offered.push(objectiveAt(program, offered))
          return { status: 'time-limit', x: null, objective: null, bound: 1000, nodes, elapsedMs: 1000 * seconds }
        },
        async close() {
          seen.closed++
        },
      }
      return { seen, engine: { ...aimless, openSearch: async () => search } satisfies MipEngine }
    }

    const run = (pausing: MipEngine, limits: Omit<RunOptions<Float64Array>, 'resume' | 'checkpoint'>) => {
      const options = { arms: ['mutation-25', 'whole-program'], engine: pausing, wholeProgramShare: 0.5 }
      return runAsync(program, balans(options), limits)
    }
    const pulls = ({ counts }: BalansState, arm: number): number =>
      counts.slice(4 * arm, 4 * arm + 4).reduce((a, b) => a + b, 0)

    it('goes on with it when neighbourhoods bring nothing, with what they found', async () => {
      const { seen, engine } = idleSearch()
      const arms: number[] = []
      let fruitless = 0
      const state = stateOf(
        await run(engine, {
          maxIterations: 60,
          onIteration({ iteration, measures: { arm, outcome } }) {
            if (Number.isNaN(arm)) return
            // Two arms that brought nothing are a stall; only the very first choice is free.
            if (fruitless < 2 && iteration > 2) expect(arm).toBe(0)
            arms.push(arm)
            fruitless = outcome <= 1 ? 0 : fruitless + 1
          },
        }),
      )
      expect(arms.filter((arm) => arm === 1).length).toBe(pulls(state, 1))
      expect(pulls(state, 1)).toBeGreaterThan(5)
      expect(seen.turns).toBe(pulls(state, 1))
      expect(state.nodes[1]).toBe(10 * pulls(state, 1))
      expect(state.bound).toBe(-1000)
      expect(seen.closed).toBe(1)
      expect(seen.offered.length).toBeGreaterThan(0)
      expect([...seen.offered].sort((a, b) => a - b)).toEqual(seen.offered)
    })

    it('gives it its share of the time once they bring nothing any more', async () => {
      const { engine } = idleSearch()
      const start = (await runAsync(program, highs({ engine: highsInProcess() }))).x
      const [mutation, whole] = stateOf(await run(engine, { start, maxIterations: 40 })).seconds
      expect(whole / (whole + mutation)).toBeGreaterThan(0.4)
    })

    it('begins it anew where it is lost', async () => {
      const { seen, engine } = idleSearch(4)
      const state = stateOf(await run(engine, { maxIterations: 60 }))
      expect(seen.turns).toBe(4)
      // The engine's own session has its turns instead.
      expect(state.nodes[1]).toBe(10 * 3)
      expect(pulls(state, 1)).toBeGreaterThan(4)
    })
  })

  it('is compared with the engine alone under the same limits', async () => {
    const program = stableSet()
    const { rows, bestObjective } = await compareAsync(
      program,
      { 'the engine': highs({ engine }), neighbourhoods: balans(quick) },
      { maxIterations: 30 },
    )
    expect(rows.map(({ label }) => label)).toEqual(['the engine', 'neighbourhoods'])
    expect(bestObjective).toBe(rows[0].result.objective)
    expect(rows[1].result.objective).toBeGreaterThanOrEqual(bestObjective)
  })

  it('leaves out arms that cannot act', async () => {
    const arms = ['dins', 'proximity-05', 'local-branching-20', 'mutation-50']
    const binary = await runAsync(stableSet(), balans({ ...quick, engine: lazy, arms }), { maxIterations: 2 })
    expect(stateOf(binary).arms).toEqual(arms.slice(1))
    const general: MixedIntegerProgram = { ...stableSet(), upper: new Float64Array(60).fill(3) }
    const integer = await runAsync(general, balans({ ...quick, engine: lazy, arms }), { maxIterations: 2 })
    expect(stateOf(integer).arms).toEqual(['dins', 'mutation-50'])
    await expect(
      runAsync(general, balans({ ...quick, engine: lazy, arms: ['proximity-05'] }), { maxIterations: 2 }),
    ).rejects.toThrow(/none of the arms proximity-05 can act on a program with 0 binary and 60 general integer columns/)
  })

  it('undoes every neighbourhood: the program that remains is the program', async () => {
    const program = generalizedIndependentSetProblem(mulberry32(5), { vertices: 12, probability: 0.5 })
    const arms = [
      'mutation-50',
      'crossover',
      'rins-50',
      'rens-50',
      'local-branching-20',
      'proximity-05',
      'random-objective',
      'lb-relax-30',
      'constraint-graph-50',
    ]
    const session = await engine.open(program)
    const before = await session.solve({})
    const shared: MipEngine = {
      ...engine,
      open: async () => ({ ...session, solve: session.solve, close: async () => {} }),
    }
    await runAsync(
      program,
      balans({ engine: shared, iterationNodes: 5, firstNodes: 1, arms, policy: 'random-arm', preset: 'paper' }),
      { maxIterations: 30, tolerance: 0 },
    )
    const { elapsedMs: _, ...after } = await session.solve({})
    expect(after).toEqual({ ...before, elapsedMs: undefined, ...after })
    expect(after.x).toEqual(before.x)
    expect(after.objective).toBe(before.objective)
    await session.close()
  })

  it('fixes a partial start in the first solve, and drops it where nothing agrees with it', async () => {
    const program = stableSet()
    const requests: SolveRequest[] = []
    const watching = observed((request) => requests.push(request))
    const start = new Float64Array(60).fill(NaN)
    start[3] = 1
    const result = await runAsync(program, balans({ ...quick, engine: watching }), { start, maxIterations: 1 })
    expect(requests[1].change?.bounds?.columns).toEqual(Int32Array.of(3))
    expect(result.x[3]).toBe(1)
    expect(watching).toMatchObject({ opened: 1, closed: 1 })

    const impossible = new Float64Array(60).fill(1)
    const dropped = await runAsync(program, balans({ ...quick, engine: watching }), {
      start: impossible,
      maxIterations: 1,
    })
    expect(isFeasible(program, dropped.x)).toBe(true)
  })

  it('takes a whole feasible start as its first incumbent', async () => {
    const program = stableSet()
    const result = await runAsync(program, balans(quick), { start: new Float64Array(60), maxIterations: 0 })
    expect(result.status).toBe('iteration-limit')
    expect(result.objective).toBeCloseTo(0, 12)
  })

  it('says infeasible and unbounded, and refuses programs without integers or with squares', async () => {
    const one = (lower: number, upper: number, objective = 1) =>
      mixedIntegerProgram({
        objective: [objective],
        matrix: csrFromDense({ rows: 1, cols: 1, data: Float64Array.of(2) }),
        rowLower: [lower],
        rowUpper: [upper],
        types: ['integer'],
      })
    expect(await runAsync(one(3, 2), balans(quick))).toMatchObject({ status: 'infeasible' })
    expect(await runAsync(one(3, 3.5), balans(quick))).toMatchObject({ status: 'infeasible' })
    expect((await runAsync(one(0, Infinity, -1), balans(quick))).status).toBe('unbounded')
    const relaxed: MixedIntegerProgram = { ...one(0, 4), types: ['continuous'] }
    await expect(runAsync(relaxed, balans(quick))).rejects.toThrow(/needs integer columns/)
    const quadratic = { columnPointers: Int32Array.of(0, 1), rowIndices: Int32Array.of(0), values: Float64Array.of(2) }
    const square: MixedIntegerProgram = { ...one(0, 4), quadratic }
    await expect(runAsync(square, balans(quick))).rejects.toThrow(/quadratic objective/)
  })

  it('returns the incumbent when it is aborted, at once', async () => {
    const controller = new AbortController()
    const result = await runAsync(stableSet(), balans({ engine: lazy, onIncumbent: () => controller.abort() }), {
      signal: controller.signal,
    })
    expect(result.status).toBe('aborted')
    expect(isFeasible(stableSet(), result.x)).toBe(true)
  })

  it('survives an engine that is lost now and then, and gives up on one that is lost for good', async () => {
    const shaky = observed(
      () => {},
      (solve) => solve === 4,
    )
    const result = await runAsync(stableSet(), balans({ ...quick, engine: shaky, arms: ['mutation-25'] }), {
      maxIterations: 6,
      tolerance: 0,
    })
    expect(result.iterations).toBe(6)
    expect(shaky).toMatchObject({ opened: 2, closed: 2 })
    const broken = observed(
      () => {},
      (solve) => solve > 3,
    )
    const attempt = runAsync(stableSet(), balans({ ...quick, engine: broken, arms: ['mutation-25'] }), { tolerance: 0 })
    const error = await attempt.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).incumbent?.objective).toBeGreaterThan(0)
    expect(broken.opened).toBe(broken.closed)
  })

  it('goes on from solutions that others share', async () => {
    const program = stableSet()
    const exchange = sharedIncumbent()
    const better = await runAsync(program, balans({ ...quick, exchange }), { maxIterations: 8 })
    const follower = await runAsync(program, balans({ ...quick, engine: lazy, exchange, arms: ['mutation-10'] }), {
      maxIterations: 3,
    })
    expect(follower.objective).toBeLessThanOrEqual(better.objective)
  })

  it('refuses options that make no sense', () => {
    expect(() => balans({ preset: 'papre' as never })).toThrow(/preset must be one of 'adaptive', 'paper'/)
    expect(() => balans({ arms: 'mutation-50' as never })).toThrow(/arms must be a list of names/)
    expect(() => balans({ acceptance: 'hill' as never })).toThrow(/acceptance must be 'hill-climbing'/)
    expect(() => balans({ scores: [1, 1, 0] as never })).toThrow(/scores must be four numbers/)
    expect(() => balans({ workers: 0 })).toThrow(/workers/)
    expect(() => balans({ polic: 'softmax' } as never)).toThrow(/did you mean 'policy'/)
  })
})

describe('portfolio', () => {
  it('takes the best of independent configurations', async () => {
    const program = stableSet(7)
    const { best, results, configurations } = await balansPortfolio(
      program,
      { members: 3, common: { ...quick, engine: lazy } },
      { maxIterations: 4, seed: 1 },
    )
    expect(results).toHaveLength(3)
    expect(configurations.map(({ arms }) => arms?.join())).toHaveLength(3)
    expect(best.objective).toBe(Math.min(...results.map(({ objective }) => objective)))
    expect(results.map(({ seed }) => seed)).toEqual([1, 2, 3])
    await expect(balansPortfolio(program, { members: 0 })).rejects.toThrow(/members/)
    await expect(balansPortfolio(program, { configurations: [] })).rejects.toThrow(/no configuration/)
  })

  it('draws configurations that Balans takes', () => {
    const sizes = new Set<number>()
    for (let seed = 0; seed < 100; seed++) {
      const configuration = randomConfiguration(RandomStream.fromSeed(seed))
      expect(() => balans(configuration)).not.toThrow()
      const arms = configuration.arms ?? []
      sizes.add(arms.length)
      if (arms.length >= 6) expect(new Set(arms.map((name) => parseArm(name).family.name)).size).toBe(6)
    }
    expect(Math.min(...sizes)).toBe(4)
    expect(Math.max(...sizes)).toBe(18)
  })
})

describe('primal integral', () => {
  it('has the closed forms of the definition', () => {
    expect([primalGap(null, 5), primalGap(0, 0), primalGap(-1, 1), primalGap(8, 10), primalGap(-12.5, -10)]).toEqual([
      1, 0, 1, 0.2, 0.2,
    ])
    const incumbents = [
      { seconds: 2, objective: 20 },
      { seconds: 6, objective: 10 },
    ]
    // 2 s without, 4 s at 1/2, 2 s at the optimum.
    expect(primalIntegral(incumbents, 10, 8)).toBeCloseTo(4 / 8, 12)
    expect(primalIntegral(incumbents, 10, 4)).toBeCloseTo(3 / 4, 12)
    expect(primalIntegral([], 10, 4)).toBe(1)
    expect(() => primalIntegral([], 10, 0)).toThrow(/budget/)
  })
})
