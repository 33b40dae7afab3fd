import { describe, expect, it } from 'vitest'
import { ThalwegError } from '../../src/base/index.ts'
import { createMethod, methods } from '../../src/registry.ts'
import {
  type AsyncMethod,
  any,
  type Iterate,
  iterateAsync,
  type Problem,
  parsePlain,
  plateau,
  type Result,
  type RunOptions,
  runAsync,
  type Snapshot,
  stringifyPlain,
  targetValue,
  verify,
  when,
} from '../../src/solver/index.ts'
import { type Fixture, fixtures } from './fixtures.ts'

type Solve = (problem: Problem, options?: RunOptions) => Promise<Result<unknown>>

/** Everything of a result that must be reproducible: all but the clock. */
function bits(result: Result<unknown>): string {
  const { x, objective, status, message, iterations, evaluations, certificate } = result
  return stringifyPlain({ x, objective, status, message, iterations, evaluations, certificate })
}

/** Fast methods may land on the minimizer to the last bit, where the residual is 0 and even the tolerance 0 is met. */
function landedExactly(result: Result<unknown>): boolean {
  return result.converged && result.certificate.criteria.every(({ value }) => value === 0)
}

/** Every registered method against everything the contract promises. A method enters this table by being registered. */
for (const factory of methods) {
  const { description } = factory
  const { slug } = description
  const fixture = fixtures.find((f) => f.problemClass === description.problemClass) as Fixture

  describe(`contract: ${slug}`, () => {
    it('has a fixture for its problem class', () => {
      expect(fixture, `no contract fixture for problem class '${description.problemClass}'`).toBeDefined()
    })
    if (fixture === undefined) return

    const method = (): AsyncMethod<Problem> => createMethod(slug)
    const solve: Solve = (problem, options = {}) =>
      runAsync(problem, method(), { seed: 1, maxIterations: 40, ...options })

    it('describes itself for the command line, the documentation and the workbench', () => {
      expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(method().name).toBe(slug)
      for (const text of [description.title, description.room, description.summary, description.source.title]) {
        expect(text.length).toBeGreaterThan(2)
      }
      expect(description.source.year).toBeGreaterThan(1600)
      for (const [name, spec] of Object.entries(description.options)) {
        expect(spec.label.length, `label of ${name}`).toBeGreaterThan(0)
        if (spec.fallback !== undefined) expect(spec.accepts(spec.fallback), `default of ${name}`).toBe(true)
      }
    })

    it('does not modify the start', async () => {
      const problem = fixture.problem()
      const before = stringifyPlain(problem.start)
      await solve(problem)
      expect(stringifyPlain(problem.start)).toBe(before)
    })

    it.each([0, 1, 3])('does at most %i iterations when told so', async (limit) => {
      const result = await solve(fixture.problem(), { maxIterations: limit, tolerance: 0 })
      expect(result.iterations).toBeLessThanOrEqual(limit)
      if (result.iterations === limit && result.status !== 'stalled' && !landedExactly(result)) {
        expect(result.status).toBe('iteration-limit')
      }
    })

    it.each([0, 1, 2, 5, 17, 40])('never exceeds a budget of %i evaluations', async (limit) => {
      const result = await solve(fixture.problem(), { maxEvaluations: limit, tolerance: 0, maxIterations: 1000 })
      for (const [oracle, count] of Object.entries(result.evaluations)) {
        expect(count, oracle).toBeLessThanOrEqual(limit)
      }
      expect(fixture.finite(result.x)).toBe(true)
      expect(result.converged && !landedExactly(result)).toBe(false)
    })

    it('resumes from a run that its evaluation budget cut short', async () => {
      const whole = await solve(fixture.problem(), { tolerance: 0, maxIterations: 8 })
      const used = Math.max(...Object.values(whole.evaluations))
      const cut = await solve(fixture.problem(), {
        tolerance: 0,
        maxEvaluations: Math.floor(used / 2),
        maxIterations: 8,
      })
      if (cut.snapshot === null) return
      const resumed = await solve(fixture.problem(), { tolerance: 0, maxIterations: 8, resume: cut.snapshot })
      expect(bits(resumed)).toBe(bits(whole))
    })

    it('respects the time limit', async () => {
      let now = 0
      const clock = (): number => (now += 400)
      const result = await solve(fixture.problem(), { maxSeconds: 2, tolerance: 0, maxIterations: 1e6, clock })
      if (!landedExactly(result)) expect(['time-limit', 'stalled']).toContain(result.status)
      expect(result.iterations).toBeLessThanOrEqual(6)
    })

    it('stops when aborted, and never calls that converged', async () => {
      const controller = new AbortController()
      const result = await solve(fixture.problem(), {
        signal: controller.signal,
        tolerance: 0,
        onIteration: ({ iteration }) => {
          if (iteration === 2) controller.abort()
        },
      })
      if (result.status !== 'stalled' && !landedExactly(result)) {
        expect(result.status).toBe('aborted')
        expect(result.iterations).toBe(2)
      }
      const before = await solve(fixture.problem(), { signal: AbortSignal.abort(), tolerance: 1e9 })
      expect(before.status).toBe('aborted')
      expect(before.iterations).toBe(0)
    })

    it('calls observers in order', async () => {
      const log: string[] = []
      const result = await solve(fixture.problem(), {
        maxIterations: 3,
        tolerance: 0,
        onIteration: ({ iteration }) => log.push(`call ${iteration}`),
        observers: [
          {
            onStart: (info) => log.push(`start ${info.method}`),
            onIteration: ({ iteration }) => log.push(`observe ${iteration}`),
            onEnd: ({ status }) => log.push(`end ${status}`),
          },
        ],
      })
      const expected = [`start ${slug}`]
      for (let k = 0; k <= result.iterations; k++) expected.push(`call ${k}`, `observe ${k}`)
      expect(log).toEqual([...expected, `end ${result.status}`])
    })

    it('resumes bit for bit from a snapshot that went through JSON', async () => {
      const snapshots: Snapshot[] = []
      const whole = await solve(fixture.problem(), {
        tolerance: 0,
        maxIterations: 12,
        stop: any(plateau(1000)),
        onIteration: (iterate) => {
          if ([0, 1, 2, 5].includes(iterate.iteration)) snapshots.push(iterate.snapshot())
        },
      })
      expect(snapshots.length).toBeGreaterThan(0)
      for (const snapshot of snapshots) {
        const resume = parsePlain(stringifyPlain(snapshot)) as Snapshot
        const resumed = await solve(fixture.problem(), {
          tolerance: 0,
          maxIterations: 12,
          stop: any(plateau(1000)),
          resume,
        })
        expect(bits(resumed), `resumed at ${snapshot.iteration}`).toBe(bits(whole))
      }
    })

    it('gives the same bits for the same seed, driven in any way', async () => {
      const one = await solve(fixture.problem(), { seed: 7 })
      const two = await solve(fixture.problem(), { seed: 7 })
      expect(bits(two)).toBe(bits(one))
      const iterates = iterateAsync(fixture.problem(), method(), { seed: 7, maxIterations: 40 })
      const seen: number[] = []
      for (;;) {
        const next = await iterates.next()
        if (next.done) {
          expect(bits(next.value)).toBe(bits(one))
          break
        }
        seen.push((next.value as Iterate).iteration)
      }
      expect(seen).toEqual(Array.from({ length: one.iterations + 1 }, (_, k) => k))
      if (description.random && fixture.seedMatters !== false) {
        const other = await solve(fixture.problem(), { seed: 8 })
        expect(stringifyPlain(other.trace.columns.objective)).not.toBe(stringifyPlain(one.trace.columns.objective))
      }
    })

    it.skipIf(fixture.breakingAfter === undefined).each([
      [0, NaN],
      [0, Infinity],
      [3, NaN],
      [3, Infinity],
      [10, NaN],
    ])('after %i calls an objective of %f ends as diverged, at the last good point', async (calls, value) => {
      const result = await solve(fixture.breakingAfter!(calls, value), { tolerance: 0, maxIterations: 1000 })
      if (landedExactly(result) && result.evaluations.value <= calls) return
      expect(result.status).toBe('diverged')
      expect(fixture.finite(result.x)).toBe(true)
      if (calls > 0) expect(Number.isFinite(result.objective)).toBe(true)
      expect(result.message).toMatch(/diverged/)
    })

    it.each(fixture.refused.map((bad) => [bad.what, bad] as const))('refuses %s', async (_, bad) => {
      const attempt = async (): Promise<void> => {
        await solve(bad.attempt(), 'start' in bad ? { start: bad.start } : {})
      }
      await expect(attempt()).rejects.toThrow(bad.message)
      await expect(attempt()).rejects.toBeInstanceOf(ThalwegError)
    })

    it('refuses an unknown option and suggests the nearest', () => {
      const names = Object.keys(description.options)
      const wrong = names.length > 0 ? `${names[0]}x` : 'tolerence'
      const build = (): unknown => createMethod(slug, { [wrong]: 1 })
      expect(build).toThrow(ThalwegError)
      expect(build).toThrow(`unknown option '${wrong}'`)
      if (names.length > 0) expect(build).toThrow(/did you mean/)
    })

    it('refuses options outside their interval', () => {
      for (const [name, spec] of Object.entries(description.options)) {
        if (spec.type !== 'number' && spec.type !== 'integer') continue
        const build = (): unknown => createMethod(slug, { [name]: NaN })
        expect(build, name).toThrow(ThalwegError)
        expect(build, name).toThrow(new RegExp(`${name} must be`))
      }
    })

    it('converges on an easy problem, with a certificate that can be verified', async () => {
      const problem = fixture.problem()
      const result = await solve(problem, { tolerance: 1e-6, maxIterations: 20_000 })
      expect(result.message).toMatch(/^Converged/)
      expect(result.status).toBe('converged')
      expect(result.certificate?.criteria.length).toBeGreaterThan(0)
      const verification = verify(problem, result)
      expect(verification.message).toMatch(/^confirmed/)
      expect(verification.confirmed).toBe(true)
    })

    it('keeps to further stopping rules and their meaning', async () => {
      const first = await solve(fixture.problem(), { tolerance: 0, maxIterations: 0 })
      const reached = await solve(fixture.problem(), { tolerance: 0, stop: targetValue(first.objective) })
      expect(reached.status).toBe('converged')
      const stopped = await solve(fixture.problem(), {
        tolerance: 0,
        stop: when('iteration 2', ({ iteration }) => iteration === 2),
      })
      if (!landedExactly(stopped)) expect(stopped.status).toBe('stalled')
      expect(stopped.iterations).toBeLessThanOrEqual(2)
    })
  })
}
