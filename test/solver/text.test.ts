import { describe, expect, it } from 'vitest'
import { consensusBasedOptimization } from '../../src/blackbox/index.ts'
import { gradientDescent, lbfgs } from '../../src/smooth/index.ts'
import {
  below,
  progressLines,
  resultToText,
  run,
  smoothProblem,
  solutionToText,
  sustained,
} from '../../src/solver/index.ts'

const bowl = smoothProblem({
  name: 'bowl',
  dimension: 2,
  value: (x) => (x[0] - 1) ** 2 + 30 * x[1] ** 2,
  start: [3, 2],
})

describe('a result as text', () => {
  it('says everything that people ask', () => {
    const result = run(bowl, lbfgs(), { tolerance: 1e-6 })
    const text = resultToText(result, { names: ['mass', 'drag'] })
    expect(text.split('\n')[0]).toBe(result.message)
    expect(text).toMatch(/\n {2}x +mass = \S+, drag = \S+\n/)
    for (const part of ['objective', 'gradientNorm', '(measured at x)', 'value ', 'lbfgs']) expect(text).toContain(part)
    expect(text).not.toContain('hessian')
  })

  it('lists long solutions in part, and any solution at all', () => {
    expect(solutionToText(new Float64Array(30).fill(0.5), { listed: 2 })).toBe('0.5, 0.5, ... (30 numbers)')
    expect(solutionToText({ plan: [1] })).toBe('{"plan":[1]}')
    expect(solutionToText(Float64Array.of(NaN, 1 / 3))).toBe('NaN, 0.3333333333')
  })
})

describe('lines about progress', () => {
  const lines = (options = {}, limits = {}): string[] => {
    const written: string[] = []
    run(bowl, gradientDescent(), {
      tolerance: 0,
      maxIterations: 120,
      ...limits,
      observers: [progressLines((line) => written.push(line), options)],
    })
    return written
  }
  const iterations = (written: readonly string[]) => written.slice(1).map((line) => Number.parseInt(line, 10))

  it('come for round iterations and for the last, under names of columns', () => {
    const written = lines({}, { maxIterations: 33 })
    expect(written[0].trim().split(/\s+/)).toEqual(['iteration', 'objective', 'gradientNorm', 'calls'])
    expect(iterations(written)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 33])
    const width = written[0].length
    for (const line of written) expect(line.length).toBe(width)
  })

  it('come as often as is wished, with the measures that are wished', () => {
    const written = lines({ every: 50, measures: ['objective'] }, { maxIterations: 100 })
    expect(iterations(written)).toEqual([0, 50, 100])
    expect(written[0].trim().split(/\s+/)).toEqual(['iteration', 'objective', 'calls'])
  })

  it('are refused where the options make no sense', () => {
    expect(() => progressLines(() => {}, { every: 0 })).toThrow(/every must be an integer >= 1, got 0/)
    expect(() => progressLines(() => {}, { evry: 1 } as never)).toThrow(/did you mean 'every'/)
  })
})

describe('a sustained rule', () => {
  it('waits until its rule has held so many times in a row', () => {
    const rule = sustained(below('objective', 1), 3)
    const memory = rule.start()
    const at = (objective: number) =>
      rule.test({ iteration: 0, elapsedMs: 0, measures: { objective }, evaluations: {} }, memory)
    expect([0.5, 0.5, 2, 0.5, 0.9].map((f) => at(f) !== null)).toEqual([false, false, false, false, false])
    const verdict = at(0.3)
    expect(verdict).toMatchObject({
      status: 'converged',
      criteria: [{ measure: 'objective', value: 0.3, threshold: 1 }],
    })
    expect(verdict?.reason).toContain('for 3 iterations')
    expect(() => sustained(below('objective', 1), 0)).toThrow(/>= 1/)
  })

  it('ends a swarm whose consensus stands still', () => {
    const result = run(bowl, consensusBasedOptimization({ particles: 60, alpha: 3, timeStep: 0.05 }), {
      tolerance: 0,
      maxIterations: 5000,
      stop: sustained(below('consensusMovement', 1e-4), 15),
    })
    expect(result.status).toBe('converged')
    const moves = result.trace.columns.consensusMovement
    expect(moves.slice(-15).every((move) => move <= 1e-4)).toBe(true)
    expect(moves.at(-16)).toBeGreaterThan(1e-4)
    expect(moves[0]).toBeNaN()
  })
})
