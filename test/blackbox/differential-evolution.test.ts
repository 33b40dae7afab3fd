import { describe, expect, it } from 'vitest'
import { type DifferentialEvolutionState, differentialEvolution } from '../../src/blackbox/index.ts'
import { run, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

const stateOf = (result: { snapshot: { state: unknown } | null }): DifferentialEvolutionState =>
  result.snapshot?.state as DifferentialEvolutionState

const strategies = ['rand/1/bin', 'best/1/bin', 'current-to-best/1/bin'] as const

describe('differential evolution', () => {
  it.each(strategies)('%s keeps every trial point in the box', (strategy) => {
    const problem = smoothProblem({
      dimension: 3,
      // The minimizer is a corner, so that mutants want to leave.
      value: (x) => x[0] + x[1] - x[2],
      lower: [-1, 2, -3],
      upper: [1, 5, -2],
    })
    const outside: boolean[] = []
    const watched: SmoothProblem = {
      ...problem,
      value(x) {
        outside.push(x[0] < -1 || x[0] > 1 || x[1] < 2 || x[1] > 5 || x[2] < -3 || x[2] > -2)
        return problem.value(x)
      },
    }
    const result = run(watched, differentialEvolution({ strategy }), { tolerance: 0, maxIterations: 150 })
    // The calls after the run are the certificate's, which takes differences across the border.
    expect(outside.slice(0, result.evaluations.value)).not.toContain(true)
    expect(result.objective).toBeCloseTo(-1 + 2 + 2, 6)
  })

  it('begins with one member in each slice of each side', () => {
    const problem = testProblem('rastrigin', 4)
    const N = 32
    const { members } = stateOf(
      run(problem, differentialEvolution({ populationSize: N }), { maxIterations: 0, tolerance: 0 }),
    )
    for (let j = 0; j < 4; j++) {
      const slices = new Set<number>()
      // Member 0 is the start instead.
      for (let i = 1; i < N; i++) slices.add(Math.floor(((members[4 * i + j] + 5.12) / 10.24) * N))
      expect(slices.size).toBe(N - 1)
    }
    expect([...members.slice(0, 4)]).toEqual([...problem.start])
  })

  it.each(strategies)('%s never lets a member get worse', (strategy) => {
    const problem = testProblem('ackley', 5)
    let before: Float64Array | null = null
    run(problem, differentialEvolution({ strategy }), {
      tolerance: 0,
      maxIterations: 60,
      onIteration(iterate) {
        const { values } = iterate.snapshot().state as DifferentialEvolutionState
        if (before !== null) for (let i = 0; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(before[i])
        before = values
      },
    })
  })

  it('without crossover of the rest changes exactly one coordinate', () => {
    const problem = testProblem('sphere', 6)
    const method = differentialEvolution({ crossoverRate: 0, populationSize: 30 })
    const before = stateOf(run(problem, method, { maxIterations: 0, tolerance: 0 }))
    const after = stateOf(run(problem, method, { maxIterations: 1, tolerance: 0 }))
    let moved = 0
    for (let i = 0; i < 30; i++) {
      let changed = 0
      for (let j = 0; j < 6; j++) if (after.members[6 * i + j] !== before.members[6 * i + j]) changed++
      expect(changed).toBeLessThanOrEqual(1)
      moved += changed
    }
    expect(moved).toBeGreaterThan(3)
  })

  it('with full crossover and no dither the trial points are the mutants of the formula', () => {
    const problem = smoothProblem({ dimension: 2, value: (x) => x[0] ** 2 + x[1] ** 2, start: [5, 5] })
    const method = differentialEvolution({
      strategy: 'best/1/bin',
      crossoverRate: 1,
      dither: 0,
      differentialWeight: 0.8,
      populationSize: 6,
    })
    const before = stateOf(run(problem, method, { maxIterations: 0, tolerance: 0 }))
    const seen: number[][] = []
    const watched: SmoothProblem = {
      ...problem,
      value(x) {
        seen.push([...x])
        return problem.value(x)
      },
    }
    run(watched, method, { maxIterations: 1, tolerance: 0 })
    const { members, leader } = before
    const member = (i: number): [number, number] => [members[2 * i], members[2 * i + 1]]
    const trials = seen.slice(6, 12)
    trials.forEach((trial, i) => {
      // best/1/bin: some pair r1, r2, different from each other and from i, must explain it.
      let explained = false
      for (let r1 = 0; r1 < 6; r1++) {
        for (let r2 = 0; r2 < 6; r2++) {
          if (r1 === i || r2 === i || r1 === r2) continue
          const made = [0, 1].map((j) => member(leader)[j] + 0.8 * (member(r1)[j] - member(r2)[j]))
          if (Math.abs(made[0] - trial[0]) + Math.abs(made[1] - trial[1]) < 1e-12) explained = true
        }
      }
      expect(explained, `trial ${i}`).toBe(true)
    })
  })

  it('takes equal values, so that it crosses plateaus', () => {
    const problem = testProblem('step', 5)
    const result = run(problem, differentialEvolution(), { tolerance: 0, maxIterations: 400 })
    expect(result.objective).toBe(0)
  })

  it.each([
    ['ackley', 0.9],
    ['rosenbrock', 0.9],
    ['rastrigin', 0.3],
    ['schwefel', 0.3],
  ])('solves %s in five dimensions with CR = %d', (slug, crossoverRate) => {
    const method = differentialEvolution({ populationSize: 40, crossoverRate })
    const result = run(testProblem(slug, 5), method, { tolerance: 1e-9, maxEvaluations: 80_000, seed: 2 })
    expect(result.objective).toBeLessThan(1e-6)
  })
})
