import { describe, expect, it } from 'vitest'
import { InvalidInputError, UnsupportedError } from '../../src/base/index.ts'
import { gradientDescent } from '../../src/smooth/index.ts'
import {
  all,
  any,
  below,
  compare,
  defineAsyncMethod,
  defineMethod,
  gradientNorm,
  handOver,
  iterate,
  iterateAsync,
  maxEvaluations,
  maxIterations,
  maxSeconds,
  type PreparedSmoothProblem,
  parsePlain,
  plateau,
  readRunFile,
  recordRun,
  run,
  runAsync,
  type Snapshot,
  smoothProblem,
  stringifyPlain,
  targetValue,
  traceToCsv,
  verify,
  when,
} from '../../src/solver/index.ts'

const bowl = smoothProblem({
  name: 'bowl',
  dimension: 2,
  value: (x) => x[0] * x[0] + 10 * x[1] * x[1],
  gradient(x, out) {
    out[0] = 2 * x[0]
    out[1] = 20 * x[1]
  },
  start: [3, 1],
  minimum: 0,
})
const valueOnly = smoothProblem({ dimension: 2, value: bowl.value, start: [3, 1] })

describe('run', () => {
  it('counts the calls that the user sees', () => {
    let values = 0
    let gradients = 0
    const result = run(
      {
        ...bowl,
        value: (x: Float64Array) => {
          values++
          return bowl.value(x)
        },
        gradient: (x: Float64Array, out: Float64Array) => {
          gradients++
          bowl.gradient?.(x, out)
        },
      },
      gradientDescent(),
      { maxIterations: 7, tolerance: 0 },
    )
    // The certificate measures once more, outside the count.
    expect(result.evaluations).toMatchObject({ value: values - 1, gradient: gradients - 1 })
  })

  it('falls back to differences, counts them as values, and says so', () => {
    const result = run(valueOnly, gradientDescent(), { tolerance: 1e-5 })
    expect(result.status).toBe('converged')
    expect(result.message).toMatch(/central differences/)
    expect(result.evaluations.gradient).toBe(0)
    expect(result.evaluations.value).toBeGreaterThan(5 * result.iterations)
  })

  it('does nothing at the optimum', () => {
    const result = run(bowl, gradientDescent(), { start: Float64Array.of(0, 0) })
    expect(result).toMatchObject({ status: 'converged', iterations: 0, objective: 0 })
  })

  it('does not believe a method that reports a residual of its own invention', () => {
    const liar = defineMethod<PreparedSmoothProblem, object, { x: Float64Array }>()({
      slug: 'liar',
      title: 'Liar',
      room: 'smooth',
      problemClass: 'smooth',
      summary: 'Claims to be done at once.',
      source: { authors: 'none', title: 'none', year: 2000 },
      options: {},
      create: () => ({
        start: (_, { start }) => ({ x: start }),
        step: () => undefined,
        measure: () => ({ objective: -1, gradientNorm: 0 }),
        solution: (state) => state.x,
      }),
    })
    const result = run(bowl, liar())
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/measured again at the returned point gradientNorm is 20/)
    expect(result.objective).toBe(19)
  })

  it('verify notices a tampered result', () => {
    const result = run(bowl, gradientDescent())
    expect(verify(bowl, result).confirmed).toBe(true)
    const moved = { ...result, x: Float64Array.of(1, 1) }
    expect(verify(bowl, moved)).toMatchObject({ confirmed: false, message: expect.stringMatching(/certificate says/) })
    if (!result.converged) return
    const criteria = result.certificate.criteria.map((c) => ({ ...c, threshold: 0 }))
    const stricter = { ...result, certificate: { ...result.certificate, criteria } }
    expect(verify(bowl, stricter)).toMatchObject({ confirmed: false, message: expect.stringMatching(/requires/) })
  })

  it('lets errors of the objective through', () => {
    const broken = smoothProblem({
      dimension: 1,
      start: [1],
      value: () => {
        throw new RangeError('my bug')
      },
    })
    expect(() => run(broken, gradientDescent())).toThrow('my bug')
  })

  it.each([
    [{ maxIterations: -1 }, /maxIterations must be an integer >= 0, got -1/],
    [{ tolerance: 'tight' as never }, /tolerance must be a number >= 0, got "tight"/],
    [{ maxSeconds: NaN }, /maxSeconds/],
    [{ maxEvaluations: { gradients: 3 } }, /unknown option 'gradients'; did you mean 'gradient'/],
    [{ maxIteration: 3 } as never, /did you mean 'maxIterations'/],
    [{ seed: -1 }, /seed must be an integer/],
  ])('refuses the limits %o', (options, message) => {
    expect(() => run(bowl, gradientDescent(), options)).toThrow(message)
  })

  it('refuses what is no problem or no method, with a hint', () => {
    expect(() => run({} as never, gradientDescent())).toThrow(/expected a problem/)
    expect(() => run(bowl, gradientDescent as never)).toThrow(/call the factory/)
  })

  it('refuses bounds for a method that would ignore them', () => {
    const boxed = smoothProblem({ ...valueOnly, class: undefined, dimension: 2, lower: [0, 0] } as never)
    expect(() => run(boxed, gradientDescent())).toThrow(UnsupportedError)
  })

  it('refuses to resume what does not belong to the run', () => {
    const { snapshot } = run(bowl, gradientDescent(), { maxIterations: 2, tolerance: 0 })
    const resume = { ...(snapshot as Snapshot), method: 'lbfgs' }
    expect(() => run(bowl, gradientDescent(), { resume })).toThrow(InvalidInputError)
    expect(() => run(bowl, gradientDescent(), { resume: {} as Snapshot })).toThrow(/another format/)
  })

  it('saves checkpoints as often as asked, and a run can be forked from any of them', () => {
    const saved: Snapshot[] = []
    const whole = run(bowl, gradientDescent(), {
      tolerance: 0,
      maxIterations: 10,
      checkpoint: { everyIterations: 3, save: (snapshot) => void saved.push(snapshot) },
    })
    expect(saved.map((s) => s.iteration)).toEqual([3, 6, 9])
    for (const resume of saved) {
      expect(run(bowl, gradientDescent(), { tolerance: 0, maxIterations: 10, resume }).x).toEqual(whole.x)
    }
  })

  it('counts the seconds before a resume', () => {
    let now = 0
    const clock = (): number => now
    const first = run(bowl, gradientDescent(), {
      tolerance: 0,
      maxSeconds: 1,
      clock,
      onIteration: () => {
        now += 300
      },
    })
    expect(first.status).toBe('time-limit')
    const second = run(bowl, gradientDescent(), {
      tolerance: 0,
      maxSeconds: 1,
      clock,
      resume: first.snapshot as Snapshot,
    })
    expect(second.iterations).toBe(first.iterations)
    expect(second.status).toBe('time-limit')
  })

  it('yields every iterate, and the same result as run', () => {
    const iterates = iterate(bowl, gradientDescent(), { maxIterations: 5, tolerance: 0 })
    const values: number[] = []
    let next = iterates.next()
    for (; !next.done; next = iterates.next()) values.push(next.value.measures.objective)
    expect(values).toHaveLength(6)
    expect(values[0]).toBe(19)
    for (let k = 1; k < values.length; k++) expect(values[k]).toBeLessThan(values[k - 1])
    expect(next.value.x).toEqual(run(bowl, gradientDescent(), { maxIterations: 5, tolerance: 0 }).x)
  })

  it('lets the event loop breathe in the asynchronous driver', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const slow = smoothProblem({
      dimension: 1,
      start: [1],
      value: (x) => {
        let waste = 0
        for (let i = 0; i < 300_000; i++) waste += Math.sqrt(i)
        return x[0] * x[0] + 0 * waste
      },
      gradient: (x, out) => {
        out[0] = 2 * x[0]
      },
    })
    await runAsync(slow, gradientDescent({ stepSize: 1e-6 }), { maxIterations: 150, tolerance: 0 })
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(0)
  })

  it('takes a missing solution for divergence unless the problem class knows such times', () => {
    const finder = defineMethod<PreparedSmoothProblem, object, { x: Float64Array; found: boolean; k: number }>()({
      slug: 'finder',
      title: 'Finder',
      room: 'smooth',
      problemClass: 'smooth',
      summary: 'Has a solution only after two steps.',
      source: { authors: 'Nobody', title: 'Nothing', year: 2000 },
      options: {},
      create: () => ({
        start: (_, { start }) => ({ x: start.slice(), found: false, k: 0 }),
        step(_, state) {
          if (++state.k === 3) return { outcome: 'infeasible', reason: 'nothing there' }
          state.found = state.k === 2
        },
        measure: ({ found }) => ({ objective: found ? 1 : NaN, gradientNorm: found ? 1 : NaN }),
        solution: ({ x }) => x,
      }),
    })
    expect(run(bowl, finder())).toMatchObject({ status: 'diverged', iterations: 0 })
    const patient: typeof bowl = { ...bowl, class: { ...bowl.class, solutionMayBeMissing: true } }
    expect(run(patient, finder(), { maxIterations: 1 })).toMatchObject({ status: 'iteration-limit', iterations: 1 })
    expect(run(patient, finder(), { maxIterations: 2 }).trace.columns.objective).toEqual([NaN, NaN, 1])
    expect(run(patient, finder())).toMatchObject({ status: 'infeasible', iterations: 3 })
  })

  it('closes what the method opened, however the run ends, and tells it the seconds that are left', async () => {
    let open = 0
    let now = 0
    const seen: number[] = []
    const holder = defineAsyncMethod<PreparedSmoothProblem, object, { x: Float64Array }>()({
      slug: 'holder',
      title: 'Holder',
      room: 'smooth',
      problemClass: 'smooth',
      summary: 'Holds a handle.',
      source: { authors: 'Nobody', title: 'Nothing', year: 2000 },
      options: {},
      create: () => ({
        start: (_, { start }) => ({ x: start.slice() }),
        async step(_, { x }, context) {
          context.scratch(() => {
            open++
            context.atEnd(async () => {
              await null
              open--
            })
            return null
          })
          seen.push(context.secondsLeft())
          now += 400
          if (x[0] < 0) throw new InvalidInputError('negative')
        },
        measure: () => ({ objective: 1, gradientNorm: 1 }),
        solution: ({ x }) => x,
      }),
    })
    const clock = () => now
    const result = await runAsync(bowl, holder(), { maxSeconds: 1, clock })
    expect(result.status).toBe('time-limit')
    expect(seen).toEqual([1, 0.6, 0.2])
    expect(open).toBe(0)

    await expect(runAsync(bowl, holder(), { start: Float64Array.of(-1, 0) })).rejects.toThrow('negative')
    expect(seen.at(-1)).toBe(Number.POSITIVE_INFINITY)
    expect(open).toBe(0)

    for await (const { iteration } of iterateAsync(bowl, holder())) if (iteration === 2) break
    expect(open).toBe(0)
  })
})

describe('trace', () => {
  it('stays within its capacity, evenly spread, the start included', () => {
    const result = run(bowl, gradientDescent({ stepSize: 1e-4 }), {
      maxIterations: 1000,
      tolerance: 0,
      traceCapacity: 50,
    })
    const { iteration, objective } = result.trace.columns
    expect(iteration.length).toBeLessThanOrEqual(50)
    expect(iteration[0]).toBe(0)
    for (let k = 1; k < iteration.length; k++) expect(iteration[k] - iteration[k - 1]).toBe(result.trace.stride)
    expect(objective).toHaveLength(iteration.length)
    expect(result.trace.columns['evaluations.gradient']).toHaveLength(iteration.length)
  })

  it('can be left out, and written as CSV', () => {
    expect(run(bowl, gradientDescent(), { traceEvery: 0 }).trace.columns.iteration).toHaveLength(0)
    const { trace } = run(bowl, gradientDescent(), { maxIterations: 2, tolerance: 0 })
    const lines = traceToCsv(trace).trim().split('\n')
    expect(lines[0]).toMatch(/^iteration,elapsedMs,objective,gradientNorm,/)
    expect(lines).toHaveLength(4)
  })
})

describe('stopping rules', () => {
  const limits = { tolerance: 0, maxIterations: 500 }
  const stopsWith = (stop: ReturnType<typeof any>) =>
    run(bowl, gradientDescent({ stepSize: 0.01 }), { ...limits, stop })

  it.each([
    ['gradientNorm', gradientNorm(1), 'converged'],
    ['targetValue', targetValue(1), 'converged'],
    ['maxIterations', maxIterations(3), 'iteration-limit'],
    ['maxEvaluations', maxEvaluations('gradient', 5), 'evaluation-limit'],
    ['maxSeconds', maxSeconds(0), 'time-limit'],
    ['when', when('x is small', ({ measures }) => measures.objective < 2), 'stalled'],
  ])('%s stops with its meaning', (_, rule, status) => {
    const result = stopsWith(any(rule))
    expect(result.status).toBe(status)
    expect(result.message).toContain(status === 'converged' ? 'Converged' : status)
  })

  it('any takes the first, all waits for the last', () => {
    const early = stopsWith(any(maxIterations(30), gradientNorm(1)))
    const both = stopsWith(any(all(maxIterations(30), gradientNorm(1))))
    expect(early.iterations).toBeLessThanOrEqual(30)
    expect(both.iterations).toBeGreaterThanOrEqual(30)
    expect(both.status).toBe('converged')
    if (both.converged) expect(both.certificate.criteria[0].measure).toBe('gradientNorm')
  })

  it('plateau waits its number of iterations, across a resume too', () => {
    const flat = smoothProblem({ dimension: 1, start: [1], value: () => 1, gradient: (_, out) => void out.fill(1) })
    const fixed = gradientDescent({ stepSize: 1e-3 })
    const whole = run(flat, fixed, { ...limits, stop: plateau(20) })
    expect(whole).toMatchObject({ status: 'stalled', iterations: 20 })
    const half = run(flat, fixed, { ...limits, maxIterations: 12, stop: plateau(20) })
    const rest = run(flat, fixed, { ...limits, stop: plateau(20), resume: half.snapshot as Snapshot })
    expect(rest.iterations).toBe(20)
  })

  it('a rule that means converged must name a measure', () => {
    expect(() => when('done', () => true, 'converged' as never)).toThrow(/below/)
    expect(() => below('gradientNorm', -1)).toThrow(InvalidInputError)
  })
})

describe('handOver', () => {
  const rough = gradientDescent({ stepSize: 0.01 })
  const both = () => handOver(rough, gradientNorm(1), gradientDescent())

  it('goes on from where the first method stopped', () => {
    const first = run(bowl, rough, { tolerance: 0, stop: gradientNorm(1) })
    let switched = -1
    const result = run(bowl, both(), {
      onIteration: ({ iteration, snapshot }) => {
        if (switched < 0 && (snapshot().state as { phase: string }).phase === 'second') switched = iteration
      },
    })
    expect(result.status).toBe('converged')
    expect(switched).toBe(first.iterations)
  })

  it('resumes bit for bit in either phase', () => {
    const snapshots: Snapshot[] = []
    const whole = run(bowl, both(), { onIteration: (iterate) => void snapshots.push(iterate.snapshot()) })
    for (const snapshot of snapshots) {
      const resume = parsePlain(stringifyPlain(snapshot)) as Snapshot
      expect(run(bowl, both(), { resume }).x).toEqual(whole.x)
    }
  })
})

describe('compare', () => {
  it('runs all methods under one budget', () => {
    const { rows, bestObjective } = compare(bowl, [gradientDescent(), gradientDescent({ stepSize: 0.01 })], {
      maxEvaluations: { gradient: 20 },
      tolerance: 0,
    })
    expect(rows.map((row) => row.label)).toEqual(['gradient-descent', 'gradient-descent (2)'])
    for (const { result } of rows) expect(result.evaluations.gradient).toBeLessThanOrEqual(20)
    expect(bestObjective).toBe(Math.min(...rows.map((row) => row.result.objective)))
  })
})

describe('run files', () => {
  const written = (): string => {
    let text = ''
    run(bowl, gradientDescent(), {
      tolerance: 0,
      maxIterations: 12,
      observers: [recordRun((line) => (text += line), { snapshotEvery: 5 })],
    })
    return text
  }

  it('can be read back', () => {
    const file = readRunFile(written())
    expect(file.header).toMatchObject({
      method: 'gradient-descent',
      problem: { class: 'smooth', name: 'bowl' },
      seed: 0,
    })
    expect(file.rows).toHaveLength(13)
    expect(file.snapshots.map((s) => s.iteration)).toEqual([0, 5, 10, 12])
    expect(file.end).toMatchObject({ status: 'iteration-limit', iterations: 12 })
    expect(file.truncated).toBe(false)
  })

  it('is readable and resumable when cut at any byte', () => {
    const text = written()
    const whole = readRunFile(text)
    const headerLength = text.indexOf('\n') + 1
    for (let cut = headerLength; cut < text.length; cut += 7) {
      const file = readRunFile(text.slice(0, cut))
      const resume = file.snapshots.at(-1)
      const resumed = run(bowl, gradientDescent(), { tolerance: 0, maxIterations: 12, ...(resume && { resume }) })
      expect(resumed.x).toEqual(whole.end?.x)
    }
  })

  it('names the damaged line', () => {
    const lines = written().split('\n')
    lines[3] = lines[3].slice(5)
    expect(() => readRunFile(lines.join('\n'))).toThrow(/line 4 is damaged/)
    expect(() => readRunFile('')).toThrow(/empty/)
    expect(() => readRunFile('{"type":"other"}\n')).toThrow(/not the header/)
  })
})
