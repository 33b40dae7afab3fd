import { describe, expect, it } from 'vitest'
import { cmaEs, randomSearch } from '../../src/blackbox/index.ts'
import { gradientDescent, lbfgs, newton } from '../../src/smooth/index.ts'
import {
  compareOnSet,
  compareOnSetAsync,
  costToReach,
  type ProgressHistory,
  recordProgress,
  run,
  smoothProblem,
} from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

/** 1/2 x' diag(1, k) x from (1, 1): minimum 0, f(start) = (1 + k)/2. */
const bowl = (k: number, known = true) =>
  smoothProblem({
    name: `bowl ${k}`,
    dimension: 2,
    value: (x) => 0.5 * (x[0] ** 2 + k * x[1] ** 2),
    gradient: (x, out) => {
      out[0] = x[0]
      out[1] = k * x[1]
    },
    hessian: (_, out) => out.set([1, 0, 0, k]),
    start: [1, 1],
    ...(known && { minimum: 0 }),
  })

describe('the history of a run', () => {
  const watch = (problem = bowl(30), limits = {}): ProgressHistory => {
    const observer = recordProgress<Float64Array>()
    run(problem, gradientDescent(), { ...limits, observers: [observer] })
    return observer.history
  }

  it('falls, with costs that rise', () => {
    const { objective, iteration, evaluations } = watch()
    for (let i = 1; i < objective.length; i++) {
      expect(objective[i]).toBeLessThan(objective[i - 1])
      expect(iteration[i]).toBeGreaterThan(iteration[i - 1])
      expect(evaluations[i]).toBeGreaterThan(evaluations[i - 1])
    }
    expect(objective[0]).toBe(15.5)
  })

  it('knows what it cost to come below a value', () => {
    const history = watch()
    expect(costToReach(history, 15.5)).toBe(history.evaluations[0])
    expect(costToReach(history, 15.5, 'iterations')).toBe(0)
    const k = history.objective.findIndex((value) => value <= 0.1)
    expect(costToReach(history, 0.1, 'iterations')).toBe(history.iteration[k])
    expect(costToReach(history, 0.1, 'milliseconds')).toBe(history.elapsedMs[k])
    expect(costToReach(history, -1)).toBe(Infinity)
  })

  it('ends at the objective of the result, also when the budget cut the last step short', () => {
    for (const maxEvaluations of [3, 4, 5, 6, 7, 20]) {
      const observer = recordProgress<Float64Array>()
      const result = run(testProblem('rastrigin', 3), randomSearch(), { maxEvaluations, observers: [observer] })
      expect(observer.history.objective.at(-1)).toBe(result.objective)
    }
  })
})

describe('a comparison on a set', () => {
  it('finds what Newton needs on quadratics: one step, whatever their condition', () => {
    const { rows, solved, methods } = compareOnSet([bowl(1), bowl(1000)], [newton(), gradientDescent()], {
      cost: 'iterations',
      maxIterations: 50,
    })
    expect(methods).toEqual(['newton', 'gradient-descent'])
    expect(rows.map(({ runs }) => runs[0].cost)).toEqual([1, 1])
    expect(rows.map(({ target }) => target)).toEqual([1e-6 * 1, 1e-6 * 500.5])
    expect(solved[0]).toBe(2)
    // Steepest descent cannot be through a condition of 1000 in 50 steps.
    expect(rows[1].runs[1].cost).toBe(Infinity)
    expect(solved[1]).toBe(1)
  })

  it('takes the best value of all methods where no minimum is known', () => {
    const { rows } = compareOnSet(
      [bowl(40, false)],
      { precise: newton(), rough: gradientDescent() },
      { maxIterations: 5 },
    )
    const [{ bestObjective, runs }] = rows
    expect(bestObjective).toBe(Math.min(...runs.map(({ result }) => result?.objective as number)))
    expect(runs[0].cost).toBeLessThan(Infinity)
  })

  it('keeps to the budget of each run, and counts each seed as a problem', () => {
    const problems = [testProblem('sphere', 3), testProblem('rastrigin', 3)]
    const { rows, performance, data } = compareOnSet(problems, [cmaEs(), randomSearch()], {
      maxEvaluations: 200,
      seeds: [1, 2, 3],
    })
    expect(rows.map(({ seed }) => seed)).toEqual([1, 2, 3, 1, 2, 3])
    for (const { runs } of rows)
      for (const { result } of runs) expect(result?.evaluations.value).toBeLessThanOrEqual(200)
    expect(performance.curves.map(({ label }) => label)).toEqual(['cma-es', 'random-search'])
    expect(data.curves).toHaveLength(2)
    expect(rows[0].runs[0].result?.x).not.toEqual(rows[1].runs[0].result?.x)
  })

  it('gives the same bits when it waits', async () => {
    const problems = [testProblem('ackley', 2), testProblem('sphere', 4)]
    const costs = ({ rows }: { rows: readonly { runs: readonly { cost: number }[] }[] }) =>
      rows.map(({ runs }) => runs.map(({ cost }) => cost))
    const limits = { maxEvaluations: 500, seeds: [4] }
    expect(costs(await compareOnSetAsync(problems, [cmaEs()], limits))).toEqual(
      costs(compareOnSet(problems, [cmaEs()], limits)),
    )
  })

  it('records a refusal and goes on', () => {
    const { rows, solved } = compareOnSet([testProblem('sphere', 2), bowl(3)], [lbfgs()], {})
    expect(rows[0].runs[0]).toMatchObject({ result: null, cost: Infinity })
    expect(rows[0].runs[0].refusal).toMatch(/bounds/)
    expect(rows[1].runs[0].cost).toBeLessThan(Infinity)
    expect(solved).toEqual([1])
  })

  it('when stopped keeps whole rows only, but always the first', async () => {
    const controller = new AbortController()
    const problems = [bowl(2), bowl(3), bowl(4)]
    const { rows } = await compareOnSetAsync(problems, [newton(), lbfgs()], {
      signal: controller.signal,
      onRun: ({ done }) => {
        if (done === 3) controller.abort()
      },
    })
    expect(rows.map(({ problem }) => problem)).toEqual(['bowl 2'])
    const before = await compareOnSetAsync(problems, [newton()], { signal: AbortSignal.abort() })
    expect(before.rows[0].runs[0].refusal).toMatch(/stopped/)
  })

  it('a start that is optimal already is solved at once', () => {
    const flat = smoothProblem({ dimension: 1, value: (x) => x[0] ** 2, start: [0], minimum: 0 })
    expect(compareOnSet([flat], [gradientDescent()], { cost: 'iterations' }).rows[0].runs[0].cost).toBe(0)
  })

  it.each([
    ['no problem', () => compareOnSet([], [lbfgs()]), /at least one problem/],
    ['no method', () => compareOnSet([bowl(1)], []), /at least one method/],
    ['no seed', () => compareOnSet([bowl(1)], [lbfgs()], { seeds: [] }), /one seed/],
    ['an accuracy of 0', () => compareOnSet([bowl(1)], [lbfgs()], { accuracy: 0 }), /accuracy must be/],
    ['an unknown option', () => compareOnSet([bowl(1)], [lbfgs()], { sedes: [1] } as never), /did you mean 'seeds'/],
    ['a bad limit', () => compareOnSet([bowl(1)], [lbfgs()], { maxIterations: -1 }), /maxIterations must be/],
  ])('refuses %s', (_, attempt, message) => expect(attempt).toThrow(message))
})
