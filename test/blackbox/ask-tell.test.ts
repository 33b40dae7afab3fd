import { describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream, UnsupportedError } from '../../src/base/index.ts'
import {
  type AskTellState,
  askTell,
  cmaEs,
  consensusBasedOptimization,
  consensusHopping,
  differentialEvolution,
  dualAnnealing,
  nelderMead,
  randomSearch,
} from '../../src/blackbox/index.ts'
import { gradientDescent } from '../../src/smooth/index.ts'
import { type Method, parsePlain, run, type SmoothProblem, stringifyPlain } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

type Asked = Parameters<typeof askTell>[0]

const methods: [string, Asked][] = (
  [
    nelderMead(),
    cmaEs({ restarts: 5 }),
    cmaEs({ boundHandling: 'resample', activeUpdate: true }),
    differentialEvolution(),
    dualAnnealing(),
    consensusBasedOptimization({ particles: 20, evaluateConsensus: true, batchSize: 7 }),
    consensusHopping({ samples: 20 }),
    randomSearch({ samples: 10 }),
  ] as unknown as Asked[]
).map((method) => [method.name, method])

const problem = testProblem('ackley', 3)
const space = { lower: problem.lower, upper: problem.upper, start: problem.start, seed: 11 }

describe('ask and tell', () => {
  it.each(methods)('%s gives the bits of a driven run', (_, method) => {
    const search = askTell(method, space)
    while (search.iterations < 25 && search.outcome === null) {
      const points = search.ask()
      search.tell(points, points.map(problem.value))
    }
    const driven = run(problem, method as unknown as Method<SmoothProblem>, {
      seed: 11,
      tolerance: 0,
      maxIterations: search.iterations,
    })
    expect(search.best().x).toEqual(driven.x)
    expect(search.best().value).toBe(driven.objective)
    expect(search.evaluations).toBe(driven.evaluations.value)
    expect(stringifyPlain(search.state().state)).toBe(stringifyPlain(driven.snapshot?.state))
    expect(stringifyPlain(search.measures())).toBe(
      stringifyPlain((method as unknown as Method<SmoothProblem>).measure(driven.snapshot?.state as never)),
    )
  })

  it.each(methods)('%s does not mind in which order and portions values arrive, nor a stop in between', (_, method) => {
    const straight = askTell(method, space)
    let ragged = askTell(method, space)
    const random = RandomStream.fromSeed(2)
    for (let k = 0; k < 400 && straight.outcome === null; k++) {
      const points = straight.ask()
      straight.tell(points, points.map(problem.value))
    }
    const told = straight.evaluations
    let waiting: Float64Array[] = []
    while (ragged.evaluations < told) {
      if (random.uniform() < 0.6 || waiting.length === 0) waiting.push(...ragged.ask(1 + random.integer(4)))
      if (random.uniform() < 0.2) {
        const frozen = parsePlain(stringifyPlain(ragged.state())) as AskTellState
        ragged = askTell(method, { lower: problem.lower, upper: problem.upper, resume: frozen })
        expect(
          ragged
            .pending()
            .map((x) => [...x])
            .sort(),
        ).toEqual(waiting.map((x) => [...x]).sort())
      }
      random.shuffle(waiting)
      const now = waiting.splice(0, 1 + random.integer(3))
      ragged.tell(
        now.map((x) => [...x]),
        now.map(problem.value),
      )
      waiting = waiting.slice()
    }
    expect(ragged.best()).toEqual(straight.best())
    expect(ragged.iterations).toBe(straight.iterations)
  })

  it('hands out nothing while values of the round are missing', () => {
    const search = askTell(differentialEvolution({ populationSize: 8 }), space)
    expect(search.ask(3)).toHaveLength(3)
    const rest = search.ask()
    expect(rest).toHaveLength(5)
    expect(search.ask()).toEqual([])
    expect(search.pending()).toHaveLength(8)
    search.tell(rest, rest.map(problem.value))
    expect(search.ask()).toEqual([])
    expect(search.pending()).toHaveLength(3)
    const lost = search.pending()
    search.tell(lost, lost.map(problem.value))
    expect(search.ask()).toHaveLength(8)
  })

  it('counts a failed evaluation as worst', () => {
    const search = askTell(cmaEs(), { lower: [-2, -2], upper: [2, 2], seed: 3 })
    for (let k = 0; k < 120 && search.outcome === null; k++) {
      const points = search.ask()
      search.tell(
        points,
        points.map((x, i) => (i === 0 ? NaN : (x[0] - 1) ** 2 + (x[1] + 0.5) ** 2)),
      )
    }
    expect(search.best().x[0]).toBeCloseTo(1, 3)
    expect(search.best().x[1]).toBeCloseTo(-0.5, 3)
  })

  it('ends when the method has nothing more to do', () => {
    const search = askTell(randomSearch({ samples: 4 }), { dimension: 2, seed: 1 })
    const points = search.ask()
    expect([...points[0]]).toEqual([0, 0])
    search.tell(points, [NaN, NaN, NaN, NaN])
    expect(search.outcome?.outcome).toBe('diverged')
    expect(search.ask()).toEqual([])
  })

  it('refuses points that it did not ask for, values without points, and methods that need more', () => {
    const search = askTell(nelderMead(), space)
    const points = search.ask()
    expect(() => search.tell([[9, 9, 9]], [1])).toThrow(/was not asked for/)
    expect(() => search.tell(points, [1])).toThrow(InvalidInputError)
    search.tell([points[0]], [1])
    expect(() => search.tell([points[0]], [1])).toThrow(/known already/)
    expect(() => askTell(gradientDescent() as never, space)).toThrow(UnsupportedError)
    expect(() => askTell(nelderMead(), { seed: 1 })).toThrow(/dimension/)
    expect(() => askTell(nelderMead(), { ...space, sead: 1 } as never)).toThrow(/did you mean 'seed'/)
    expect(() => askTell(cmaEs(), { ...space, resume: search.state() })).toThrow(/a state of 'cma-es'/)
    const drifting = askTell(consensusBasedOptimization({ gradientDrift: 1, particles: 4 }), space)
    const first = drifting.ask()
    drifting.tell(first, first.map(problem.value))
    expect(() => drifting.ask()).toThrow(/needs a gradient/)
  })
})
