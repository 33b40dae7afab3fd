import { describe, expect, it } from 'vitest'
import { OptionError, RandomStream, UnsupportedError } from '../../src/base/index.ts'
import { exponentialWeights } from '../../src/online/expert-weights.ts'
import {
  absoluteProximal,
  absoluteStream,
  adagradNorm,
  ballSet,
  blockLinearStream,
  boxSet,
  implicitEnsemble,
  type OnlineProblem,
  onlineGradientDescent,
  onlineNewtonStep,
  onlineProblem,
  optimisticEnsemble,
  optimisticFtrl,
  optimisticMirrorDescent,
  quadraticStream,
  regressionStream,
} from '../../src/online/index.ts'
import { stepPool } from '../../src/online/optimistic-ensemble.ts'
import { iterate, type Method, run } from '../../src/solver/index.ts'

type AnyMethod = Method<OnlineProblem, never>

/** The points played, and the measures after the last round. */
function play(problem: OnlineProblem, method: unknown) {
  const points: number[][] = []
  let measures: Record<string, number> = {}
  const iterates = iterate(problem, method as AnyMethod)
  for (;;) {
    const next = iterates.next()
    if (next.done) return { points: points.slice(0, -1), measures, result: next.value }
    points.push([...next.value.x])
    measures = { ...next.value.measures }
  }
}

const regretOf = (problem: OnlineProblem, method: unknown): number => play(problem, method).measures.regret

function expectSame(a: number[][], b: number[][], digits = 12): void {
  expect(a.length).toBe(b.length)
  a.forEach((point, t) => {
    for (const [i, v] of point.entries()) expect(v, `round ${t}`).toBeCloseTo(b[t][i], digits)
  })
}

/** Losses <g_t, x> on a ball, g_t given. */
function linear(gradients: readonly (readonly number[])[], radius = 1, comparator?: number[]): OnlineProblem {
  const n = gradients[0].length
  const set = ballSet(n, radius)
  return onlineProblem({
    set,
    rounds: gradients.length,
    value: (t, x) => gradients[t].reduce((sum, g, i) => sum + g * x[i], 0),
    gradient: (t, _, out) => out.set(gradients[t]),
    constants: { gradientBound: 2, smoothness: 0 },
    ...(comparator && { comparator }),
  })
}

describe('optimistic mirror descent', () => {
  it('with a fixed step and no optimism is online gradient descent', () => {
    const problem = quadraticStream({ rounds: 50, noise: 0.5, seed: 3 })
    const none = optimisticMirrorDescent({ stepSize: 0.1, hint: (_, __, out) => out.fill(0) })
    expectSame(play(problem, none).points, play(problem, onlineGradientDescent({ stepSize: 0.1 })).points)
  })

  it('is one gradient step ahead of online gradient descent on a constant linear loss', () => {
    const problem = linear(Array.from({ length: 20 }, () => [1, -0.5]))
    const ahead = play(problem, optimisticMirrorDescent({ stepSize: 0.01 })).points
    const plain = play(problem, onlineGradientDescent({ stepSize: 0.01 })).points
    expectSame(
      ahead.slice(1),
      plain.slice(1).map(([x, y]) => [x - 0.01, y + 0.005]),
    )
  })

  it('takes the two steps of a round with their own sizes', () => {
    // g = 1, then g = -1: V_0 = 0, V_1 = 1, V_2 = 1 + 4.
    const problem = linear([[1], [-1], [1]], 100)
    const eta = (variation: number): number => 200 / Math.sqrt(7 + 4 * 4 + variation)
    const { points } = play(problem, optimisticMirrorDescent({ offset: 7 }))
    const auxiliary = -eta(0)
    expect(points[1][0]).toBeCloseTo(auxiliary - eta(1), 12)
    expect(points[2][0]).toBeCloseTo(auxiliary + eta(1) + eta(5), 12)
    // delta = 10 D^2 L^2 by default.
    const smooth = play(problem, optimisticMirrorDescent({ smoothness: 0.01 })).points
    expect(smooth[1][0]).toBeCloseTo(-200 / Math.sqrt(40 + 16) - 200 / Math.sqrt(40 + 17), 12)
  })

  it('takes steps 2 / (lambda t) for strongly convex losses', () => {
    const problem = linear([[1], [3], [1]], 100)
    const { points } = play(problem, optimisticMirrorDescent({ losses: 'strongly-convex', strongConvexity: 4 }))
    expect(points[1][0]).toBeCloseTo(-2 / 4 - 2 / 8, 12)
    expect(points[2][0]).toBeCloseTo(-2 / 4 - 6 / 8 - 6 / 12, 12)
  })

  it('has constant regret when the hints are right', () => {
    const random = RandomStream.fromSeed(5)
    for (const rounds of [40, 400, 4000]) {
      // Nothing can be known of the first round.
      const gradients = Array.from({ length: rounds }, (_, t) =>
        t === 0 ? [0, 0] : [random.normal(), random.normal()],
      )
      const sum = gradients.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0])
      const length = Math.hypot(sum[0], sum[1])
      const problem = linear(
        gradients,
        1,
        [-sum[0] / length, -sum[1] / length].map((v) => v * (1 - 1e-12)),
      )
      const method = optimisticMirrorDescent({ stepSize: 0.5, hint: (t, _, out) => out.set(gradients[t] ?? [0, 0]) })
      // ||u - x^_1||^2 / (2 eta)
      expect(regretOf(problem, method)).toBeLessThanOrEqual(1 + 1e-9)
    }
  })

  it('for exp-concave losses in one dimension is the scalar recursion', () => {
    const problem = regressionStream({ dimension: 1, rounds: 300, seed: 2 })
    const { points } = play(problem, optimisticMirrorDescent({ losses: 'exp-concave' }))
    const G = 0.6
    const beta = 0.5 * Math.min(1 / (4 * G * 0.5), 1 / G ** 2)
    let h = 1 + 0.5 * beta * G * G
    let auxiliary = 0
    let x = 0
    const g = new Float64Array(1)
    const clamp = (v: number): number => Math.min(0.25, Math.max(-0.25, v))
    for (let t = 0; t < 300; t++) {
      expect(points[t][0]).toBeCloseTo(x, 12)
      problem.gradient(t, Float64Array.of(x), g)
      auxiliary = clamp(auxiliary - g[0] / h)
      h += 0.5 * beta * g[0] ** 2
      x = clamp(auxiliary - g[0] / h)
    }
  })

  it('with implicit optimism equals gradient optimism on linear losses', () => {
    const problem = blockLinearStream({ rounds: 300, seed: 1 })
    expectSame(
      play(problem, optimisticMirrorDescent({ optimism: 'implicit' })).points,
      play(problem, optimisticMirrorDescent({ offset: 1 })).points,
    )
  })

  it('keeps its bounds on random instances between stochastic and adversarial', () => {
    const random = RandomStream.fromSeed(11)
    for (let instance = 0; instance < 20; instance++) {
      const rounds = 50 + random.integer(400)
      const noise = random.uniform()
      const blocks = 1 + random.integer(rounds)
      const problem = quadraticStream({ dimension: 4, rounds, noise, blocks, seed: instance })
      const [D, L, G, c] = [1, 1, 0.8 + noise, 0.3]
      const variance = rounds * noise ** 2
      // F_0 = 0, so the first gradient is drift as well.
      const drift = (0.5 + c) ** 2 + (blocks - 1) * (2 * c) ** 2
      const convex =
        5 * Math.sqrt(10) * D * D * L +
        2.5 * Math.sqrt(5) * D * G +
        5 * D * (Math.sqrt(2 * variance) + Math.sqrt(drift))
      expect(regretOf(problem, optimisticMirrorDescent())).toBeLessThan(convex)
      const s = noise ** 2
      const S = (0.5 + c) ** 2
      const strong =
        (32 * s + 16 * S) * Math.log((2 * variance + drift) / (2 * s + S) + 1) +
        (64 * s + 32 * S) +
        16 * Math.log(1 + 8 * Math.SQRT2) +
        (16 + 4 * G * G) +
        0.25
      expect(regretOf(problem, optimisticMirrorDescent({ losses: 'strongly-convex' }))).toBeLessThan(strong)
      expect(regretOf(problem, optimisticMirrorDescent({ optimism: 'implicit' }))).toBeLessThan(
        5 * D * Math.sqrt(1 + G * G) + 10 * D * (Math.sqrt(2 * variance) + Math.sqrt(drift)),
      )
    }
  })

  it('has sublinear regret when only the expected losses are convex', () => {
    const stream = (rounds: number): OnlineProblem => {
      const root = RandomStream.fromSeed(9)
      const sign = (t: number): number => (root.split(t).uniform() < 0.5 ? -1 : 1)
      return onlineProblem({
        set: boxSet([-1], [1]),
        rounds,
        expectedValue: (_, [x]) => 0.5 * (x - 0.4) ** 2,
        // The second derivative 1 - 4 cos(4 x) has both signs.
        value: (t, [x]) => 0.5 * (x - 0.4) ** 2 + 0.25 * sign(t) * Math.cos(4 * x),
        gradient(t, [x], out) {
          out[0] = x - 0.4 - sign(t) * Math.sin(4 * x)
        },
        comparator: [0.4],
        constants: { gradientBound: 2.4, smoothness: 1 },
      })
    }
    const short = regretOf(stream(500), optimisticMirrorDescent())
    const long = regretOf(stream(8000), optimisticMirrorDescent())
    expect(short).toBeGreaterThan(1)
    expect(long / short).toBeLessThan(6)
  })

  it('can take the largest gradient so far for G, and says so', () => {
    // ||g|| = 0, 1, 1, 3.
    const problem = linear([[0], [1], [-1], [3], [1]], 100)
    const { points, result } = play(
      problem,
      optimisticMirrorDescent({ offset: 0, diameter: 20, estimateGradientBound: true }),
    )
    const eta = (G: number, variation: number): number => 20 / Math.sqrt(4 * G * G + variation)
    expect(points[1][0]).toBe(0)
    expect(points[2][0]).toBeCloseTo(-eta(1, 0) - eta(1, 1), 12)
    const third = -eta(1, 0) + eta(1, 1)
    expect(points[3][0]).toBeCloseTo(third + eta(1, 5), 12)
    expect(result.message).toMatch(/the largest gradient so far stands for G/)
  })

  it('warns once when a gradient exceeds G, and goes on', () => {
    const { result } = play(linear([[3], [1], [3]]), optimisticMirrorDescent())
    expect(result.status).toBe('converged')
    expect(result.message.match(/gradients exceed gradientBound = 2/g)?.length).toBe(1)
    expect(play(linear([[2], [1]]), optimisticMirrorDescent()).result.message).not.toMatch(/exceed/)
  })

  it('ends as diverged when a gradient is not finite', () => {
    const { result } = play(linear([[1], [NaN], [1]]), optimisticMirrorDescent())
    expect(result.status).toBe('diverged')
    expect(result.iterations).toBe(2)
    expect([...result.x].every(Number.isFinite)).toBe(true)
  })
})

describe('what cannot be run', () => {
  const bare = onlineProblem({ set: boxSet([0], [1]), rounds: 5, value: () => 0, gradient: () => undefined })
  it.each([
    [optimisticMirrorDescent(), /bound G/],
    [optimisticMirrorDescent({ gradientBound: 1 }), /smoothness L/],
    [optimisticMirrorDescent({ losses: 'strongly-convex' }), /strong convexity lambda/],
    [optimisticMirrorDescent({ losses: 'exp-concave', gradientBound: 1 }), /exp-concavity alpha/],
    [optimisticMirrorDescent({ optimism: 'implicit', gradientBound: 1 }), /proximal step/],
    [onlineGradientDescent(), /bound G/],
    [onlineNewtonStep({ gradientBound: 1 }), /exp-concavity alpha/],
    [optimisticFtrl({ losses: 'strongly-convex' }), /strong convexity lambda/],
  ])('is refused before the first round: %#', (method, message) => {
    expect(() => run(bare, method as AnyMethod)).toThrow(UnsupportedError)
    expect(() => run(bare, method as AnyMethod)).toThrow(message)
  })

  it('is an ensemble without a horizon on a stream without end', () => {
    const endless: OnlineProblem = { ...bare, rounds: Infinity, constants: { gradientBound: 1, smoothness: 1 } }
    expect(() => run(endless, optimisticEnsemble())).toThrow(/stream has no end; give the option horizon/)
    const some = run(endless, optimisticEnsemble({ horizon: 100 }), { maxIterations: 7 })
    expect([some.status, some.iterations]).toEqual(['iteration-limit', 7])
  })

  it.each([
    () => optimisticMirrorDescent({ diameter: 0 }),
    () => optimisticMirrorDescent({ gradientBound: -1 }),
    () => optimisticMirrorDescent({ strongConvexity: 0 }),
    () => optimisticMirrorDescent({ expConcavity: 0 }),
    () => optimisticMirrorDescent({ optimism: 'implicit', losses: 'exp-concave' }),
    () => optimisticMirrorDescent({ stepSize: 1, losses: 'exp-concave' }),
    () => optimisticMirrorDescent({ offset: 1, losses: 'strongly-convex' }),
    () => optimisticEnsemble({ horizon: 0 }),
  ])('is an option outside its interval: %#', (attempt) => {
    expect(attempt).toThrow(OptionError)
  })
})

describe('the ensembles', () => {
  it('with one learner is optimistic gradient descent with a fixed step', () => {
    const problem = quadraticStream({ rounds: 100, seed: 8 })
    const single = play(problem, optimisticEnsemble({ smoothness: 1000 }))
    expect(single.measures.favouriteStep).toBe(1 / 8000)
    expectSame(single.points, play(problem, optimisticMirrorDescent({ stepSize: 1 / 8000 })).points)
  })

  it('has the step sizes of the paper', () => {
    // D = 2, G = 2.2, T = 20,000, L = 1.
    const pool = stepPool(2 / (2.2 * Math.sqrt(8 * 20_000)), 1 / 8)
    expect(pool.length).toBe(7)
    expect(pool[6]).toBe(1 / 8)
    for (let i = 1; i < 6; i++) expect(pool[i] / pool[i - 1]).toBeCloseTo(2, 12)
  })

  it('weighs by losses, not by their level, without overflow', () => {
    const losses = Float64Array.of(3, 5, 4.5)
    const weights = new Float64Array(3)
    exponentialWeights(losses, 0.7, weights)
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 14)
    expect(weights[1] / weights[0]).toBeCloseTo(Math.exp(-1.4), 12)
    const shifted = new Float64Array(3)
    exponentialWeights(
      losses.map((v) => v - 1024),
      0.7,
      shifted,
    )
    for (const [i, v] of shifted.entries()) expect(v).toBeCloseTo(weights[i], 12)
    exponentialWeights(Float64Array.of(-1e6, 1e6, 0), 10, weights)
    expect([...weights].map((v) => Number(v.toFixed(12)))).toEqual([1, 0, 0])
  })

  it.each([
    ['optimistic', optimisticEnsemble()],
    ['implicit', implicitEnsemble()],
  ])('follow a target that jumps better than online gradient descent: %s', (_, method) => {
    const problem = quadraticStream({
      dimension: 3,
      radius: 1,
      rounds: 3000,
      blocks: 12,
      noise: 0.3,
      comparator: 'moving',
    })
    const { points, measures } = play(problem, method)
    expect(measures.regret).toBeLessThan(0.6 * regretOf(problem, onlineGradientDescent()))
    expect(measures.favouriteWeight).toBeLessThanOrEqual(1 + 1e-12)
    for (const point of points) expect(problem.set.violation(Float64Array.from(point))).toBeLessThan(1e-9)
  })

  it('takes one gradient a round, and two projections for each learner', () => {
    const problem = quadraticStream({ rounds: 64 })
    const { evaluations } = run(problem, optimisticEnsemble())
    expect(evaluations.gradient).toBe(64)
    const learners = stepPool(1 / (0.9 * Math.sqrt(8 * 64)), 1 / 8).length
    expect(evaluations.projection).toBe(64 * 2 * learners)
  })
})

describe('implicit steps on absolute losses', () => {
  it.each([
    [1, 0.3, 0.9, 0.2],
    [2, 0.5, 0.3, 0.4],
    [-3, 0.6, 0.9, 0.1],
    [1, 4, 0.2, 0.5],
    [0.5, -0.1, -0.9, 3],
  ])('a = %f, b = %f, x = %f, step = %f: as brute force finds', (a, b, x, step) => {
    const found = absoluteProximal(a, b, x, step, -1, 1)
    const cost = (u: number): number => Math.abs(a * u - b) + (u - x) ** 2 / (2 * step)
    let best = -1
    for (let k = 0; k <= 200_000; k++) if (cost(-1 + k * 1e-5) < cost(best)) best = -1 + k * 1e-5
    expect(Math.abs(found - best)).toBeLessThan(2e-5)
  })

  it('pay off against gradient steps', () => {
    const problem = absoluteStream({ rounds: 4000, seed: 1 })
    const implicit = regretOf(problem, optimisticMirrorDescent({ optimism: 'implicit' }))
    expect(implicit).toBeLessThan(0.75 * regretOf(problem, optimisticMirrorDescent({ offset: 1 })))
  })
})

describe('baselines', () => {
  it('keep their regret bounds', () => {
    for (let seed = 0; seed < 5; seed++) {
      const T = 400
      const problem = quadraticStream({ rounds: T, noise: 0.5, seed, blocks: 1 + 7 * seed })
      // The bounds are on the losses themselves; measured in them against the same point.
      const { expectedValue: _, comparatorValue: __, ...own } = problem
      const { class: ___, dimension: ____, ...parts } = own
      const actual = onlineProblem({ ...parts, start: new Float64Array(10) })
      const G = 1.3
      expect(regretOf(actual, onlineGradientDescent())).toBeLessThan(1.5 * G * Math.sqrt(T))
      const strong = onlineGradientDescent({ losses: 'strongly-convex' })
      expect(regretOf(actual, strong)).toBeLessThan(0.5 * G ** 2 * (1 + Math.log(T)))
      const { points, measures } = play(actual, adagradNorm())
      const g = new Float64Array(10)
      let squares = 0
      points.forEach((x, t) => {
        actual.gradient(t, Float64Array.from(x), g)
        for (const v of g) squares += v * v
      })
      expect(measures.regret).toBeLessThan(Math.sqrt(2 * squares))
    }
  })

  it('the online Newton step in one dimension is its scalar recursion, and keeps its bound', () => {
    const problem = regressionStream({ dimension: 1, rounds: 500, seed: 4 })
    const { points, measures } = play(problem, onlineNewtonStep())
    const beta = 0.5 * Math.min(1 / (4 * 0.6 * 0.5), 1 / 0.6 ** 2)
    let a = 1 / (beta * 0.5) ** 2
    let x = 0
    const g = new Float64Array(1)
    for (let t = 0; t < 500; t++) {
      expect(points[t][0]).toBeCloseTo(x, 12)
      problem.gradient(t, Float64Array.of(x), g)
      a += g[0] ** 2
      x = Math.min(0.25, Math.max(-0.25, x - g[0] / (beta * a)))
    }
    expect(measures.regret).toBeLessThan(5 * (0.6 ** 2 + 0.6 * 0.5) * Math.log(500))
  })

  it('optimistic FTRL minimizes what it says', () => {
    const problem = quadraticStream({ dimension: 2, rounds: 30, noise: 0.4, seed: 6 })
    const { points } = play(problem, optimisticFtrl({ losses: 'strongly-convex' }))
    const g = points.map((x, t) => {
      const out = new Float64Array(2)
      problem.gradient(t, Float64Array.from(x), out)
      return out
    })
    // x_{t+1} minimizes a round quadratic: compare with points around it.
    const objective = (t: number, x: readonly number[]): number => {
      const square = (a: readonly number[]): number => (x[0] - a[0]) ** 2 + (x[1] - a[1]) ** 2
      let sum = 0.5 * square(points[0]) + g[t][0] * x[0] + g[t][1] * x[1]
      for (let s = 0; s <= t; s++) sum += g[s][0] * x[0] + g[s][1] * x[1] + 0.5 * square(points[s])
      return sum
    }
    for (let t = 0; t < 29; t++) {
      const x = points[t + 1]
      for (let k = 0; k < 16; k++) {
        const other = Float64Array.of(x[0] + 1e-3 * Math.cos(k), x[1] + 1e-3 * Math.sin(k))
        problem.set.project(other, other)
        expect(objective(t, [...other])).toBeGreaterThanOrEqual(objective(t, x) - 1e-12)
      }
    }
  })

  it('optimistic FTRL for exp-concave losses minimizes what it says', () => {
    const problem = regressionStream({ dimension: 2, rounds: 40, seed: 6 })
    const { points } = play(problem, optimisticFtrl({ losses: 'exp-concave' }))
    const G = 0.6
    const beta = 0.5 * Math.min(1 / (4 * G * 0.5), 1 / G ** 2)
    const g = points.map((x, t) => {
      const out = new Float64Array(2)
      problem.gradient(t, Float64Array.from(x), out)
      return out
    })
    const objective = (t: number, x: readonly number[]): number => {
      let sum = 0.5 * (1 + beta * G * G) * (x[0] ** 2 + x[1] ** 2) + g[t][0] * x[0] + g[t][1] * x[1]
      for (let s = 0; s <= t; s++) {
        const along = g[s][0] * (x[0] - points[s][0]) + g[s][1] * (x[1] - points[s][1])
        sum += g[s][0] * x[0] + g[s][1] * x[1] + 0.5 * beta * along ** 2
      }
      return sum
    }
    for (let t = 0; t < 39; t++) {
      for (let k = 0; k < 16; k++) {
        const x = points[t + 1]
        const other = Float64Array.of(x[0] + 1e-3 * Math.cos(k), x[1] + 1e-3 * Math.sin(k))
        problem.set.project(other, other)
        expect(objective(t, [...other])).toBeGreaterThanOrEqual(objective(t, x) - 1e-12)
      }
    }
  })
})
