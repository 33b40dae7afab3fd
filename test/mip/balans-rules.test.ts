import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import {
  accepts,
  autofittedTemperature,
  cooled,
  firstTemperature,
  resolveAcceptance,
} from '../../src/mip/balans/acceptance.ts'
import { nextLimit, nextPace, nextSize, rateReward } from '../../src/mip/balans/adaptation.ts'
import { isImprovement, outcomeOf } from '../../src/mip/balans/outcome.ts'
import { configure } from '../../src/mip/balans/settings.ts'

const annealing = (options: object = {}) => resolveAcceptance({ rule: 'simulated-annealing', ...options })

describe('acceptance', () => {
  it('of hill climbing takes what is at least as good', () => {
    const rule = resolveAcceptance('hill-climbing')
    const random = RandomStream.fromSeed(1)
    const test = (candidate: number) => accepts(rule, { candidate, current: 5, best: 4, temperature: 0 }, random)
    expect([test(4.9), test(5), test(5 + 1e-12), test(5.1)]).toEqual([true, true, true, false])
  })

  it('of simulated annealing has the probability exp(-difference / T)', () => {
    const rule = annealing()
    const random = RandomStream.fromSeed(2)
    let taken = 0
    for (let k = 0; k < 20_000; k++) {
      if (accepts(rule, { candidate: 12, current: 10, best: 10, temperature: 4 }, random)) taken++
    }
    expect(taken / 20_000).toBeCloseTo(Math.exp(-0.5), 1.9)
    expect(accepts(rule, { candidate: 9, current: 10, best: 9, temperature: 1 }, random)).toBe(true)
  })

  it('of simulated annealing at T -> 0 is hill climbing', () => {
    const random = RandomStream.fromSeed(3)
    const rules = [annealing({ start: 1e-9, end: 1e-9 }), resolveAcceptance('hill-climbing')]
    for (let k = 0; k < 200; k++) {
      const test = { candidate: 10 * random.uniform(), current: 10 * random.uniform(), best: 0, temperature: 1e-9 }
      const [annealed, climbed] = rules.map((rule) => accepts(rule, test, random))
      expect(annealed).toBe(climbed)
    }
  })

  it('can be measured in percent of the best value', () => {
    const random = () => RandomStream.fromSeed(4)
    const test = { candidate: 1.01e6, current: 1e6, best: 1e6, temperature: 1 }
    // One percent at T = 1 is exp(-1); without normalization it is exp(-10^4).
    const share = (rule: ReturnType<typeof annealing>) => {
      const stream = random()
      return Array.from({ length: 2000 }, () => accepts(rule, test, stream)).filter(Boolean).length / 2000
    }
    expect(share(annealing({ normalize: true }))).toBeCloseTo(Math.exp(-1), 1)
    expect(share(annealing())).toBe(0)
  })

  it('cools linearly and exponentially, down to the last temperature', () => {
    expect(cooled(annealing(), 20, 0.1)).toBeCloseTo(19.9, 12)
    expect(cooled(annealing(), 1.05, 0.1)).toBe(1)
    expect(cooled(annealing({ cooling: 'exponential' }), 20, 0.9)).toBeCloseTo(18, 12)
    expect(cooled(resolveAcceptance('always'), 0, 0)).toBe(0)
  })

  it('fits a temperature: a candidate worse by 5 % is accepted with probability 1/2, and T is 1 after the iterations', () => {
    const autofit = { worse: 0.05, probability: 0.5, iterations: 50 }
    for (const cooling of ['linear', 'exponential'] as const) {
      const { temperature, step } = autofittedTemperature(autofit, -1000, cooling)
      expect(Math.exp(-50 / temperature)).toBeCloseTo(0.5, 12)
      let T = temperature
      for (let k = 0; k < 50; k++) T = cooling === 'linear' ? T - step : T * step
      expect(T).toBeCloseTo(1, 9)
    }
    expect(firstTemperature(annealing({ autofit }), -1000).temperature).toBeCloseTo(50 / Math.LN2, 9)
  })

  it('refuses temperatures out of order', () => {
    expect(() => annealing({ start: 0.5 })).toThrow(/start must be at least the last temperature 1/)
    expect(() => annealing({ cooling: 'exponential', step: 2 })).toThrow(/step must be in \(0, 1\)/)
    expect(() => annealing({ strat: 3 })).toThrow(/did you mean 'start'/)
  })
})

describe('outcomes', () => {
  it('are all reachable, and best even if not accepted', () => {
    expect(outcomeOf(3, 5, 4, true)).toBe('best')
    expect(outcomeOf(3, 5, 4, false)).toBe('best')
    expect(outcomeOf(4.5, 5, 4, true)).toBe('better')
    expect(outcomeOf(6, 5, 4, true)).toBe('accept')
    expect(outcomeOf(6, 5, 4, false)).toBe('reject')
  })

  it('are not moved by rounding', () => {
    expect(isImprovement(1e6 - 1e-5, 1e6)).toBe(false)
    expect(isImprovement(1e6 - 1e-2, 1e6)).toBe(true)
    expect(outcomeOf(4 - 1e-12, 4, 4, true)).toBe('accept')
  })
})

describe('adaptation', () => {
  const solve = { improved: false, cost: 1, limit: 1, columns: 100 } as const
  it('frees more where a search was exhausted, less where it was cut off, as much where it improved', () => {
    expect(nextSize(0.2, { ...solve, exhaustion: 'cut' })).toBeLessThan(0.2)
    expect(nextSize(0.2, { ...solve, exhaustion: 'exhausted' })).toBeGreaterThan(0.2)
    expect(nextSize(0.2, { ...solve, exhaustion: 'exhausted', cost: 0.01 })).toBeGreaterThan(
      nextSize(0.2, { ...solve, exhaustion: 'exhausted' }),
    )
    expect(nextSize(0.2, { ...solve, exhaustion: 'cut', improved: true })).toBe(0.2)
    let size = 0.2
    for (let k = 0; k < 50; k++) size = nextSize(size, { ...solve, exhaustion: 'cut' })
    expect(size).toBeCloseTo(0.05, 12)
    for (let k = 0; k < 50; k++) size = nextSize(size, { ...solve, exhaustion: 'none' })
    expect(size).toBe(1)
  })

  it('rewards an improvement at the usual pace with 1/2, whatever the units', () => {
    expect(rateReward(0, 1, 3)).toBe(0)
    expect(rateReward(6, 2, 3)).toBe(0.5)
    expect(rateReward(6e6, 2, 3e6)).toBe(0.5)
    expect(rateReward(600, 2, 3)).toBeGreaterThan(0.98)
    expect(nextPace(0, 6, 2)).toBe(3)
    expect(nextPace(3, 24, 2)).toBeCloseTo(6, 12)
    expect(nextPace(3, 0, 2)).toBeLessThan(3)
  })

  it('lets limits grow while nothing is found', () => {
    const limits = { fruitless: 8, patience: 8, largest: 10 }
    expect(nextLimit(2, limits)).toBe(3)
    expect(nextLimit(2, { ...limits, fruitless: 7 })).toBe(2)
    expect(nextLimit(2, { ...limits, fruitless: 0 })).toBe(2)
    expect(nextLimit(9, limits)).toBe(10)
  })
})

describe('settings', () => {
  it('come from the preset where they are not given', () => {
    const paper = configure('paper', {})
    expect(paper.arms).toHaveLength(16)
    expect(paper).toMatchObject({ scores: [3, 2, 1, 0], reward: 'scores', adaptSize: false, warmStart: false })
    expect(paper.bandit(16)).toMatchObject({ name: 'softmax', arms: 16, options: { temperature: 2 } })
    expect(configure('paper-thompson', {}).bandit(3).name).toBe('thompson-sampling')
    expect(configure('paper', { arms: ['dins'], policy: 'roulette-wheel' })).toMatchObject({ bigM: 1000 })
  })

  it.each([
    [{ scores: [1, 2, 3] as never }, /four numbers >= 0/],
    [{ scores: [1, -1, 0, 0] as never }, /four numbers >= 0/],
    [{ policy: 'thompson-sampling' }, /thompson-sampling needs scores in \[0, 1\]/],
    [{ policy: 'softmaxx' }, /did you mean 'softmax'/],
    [{ policy: { name: 'softmax', temperature: 0 } }, /temperature must be a finite number > 0/],
    [{ policy: { name: 'epsilon-greedy', epsilon: 2 } }, /epsilon must be a number in \[0, 1\]/],
    [{ policy: { name: 'lin-ucb', dimension: 2 } }, /needs a context/],
    [{ arms: ['mutation-50', 'rinse-20'] }, /did you mean 'rins'/],
  ])('refuse %j', (given, message) => {
    expect(() => configure('paper', given)).toThrow(message)
  })

  it('turn rewards over for policies that take losses', () => {
    const bandit = configure('paper', { policy: 'tsallis-inf' }).bandit(2)
    expect(bandit.feedback).toBe('reward')
    const state = bandit.start() as { losses: Float64Array }
    bandit.update(state, 0, 3, 0.5)
    bandit.update(state, 1, 0, 0.5)
    // The best outcome is no loss.
    expect([...state.losses]).toEqual([0, 6])
  })

  it('let Thompson sampling have any scores with a binarizer', () => {
    const bandit = configure('paper', { policy: { name: 'thompson-sampling', binarize: 2 } }).bandit(2)
    const state = bandit.start() as { successes: Float64Array }
    bandit.update(state, 0, 3, null)
    bandit.update(state, 1, 1, null)
    expect([...state.successes]).toEqual([1, 0])
  })
})
