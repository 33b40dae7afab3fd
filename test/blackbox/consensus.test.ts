import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import {
  type ConsensusBasedOptimizationOptions,
  type ConsensusState,
  consensusBasedOptimization,
  consensusPoint,
} from '../../src/blackbox/index.ts'
import { run, smoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

const ensemble = (N: number, n: number, seed = 1): Float64Array =>
  RandomStream.fromSeed(seed).fillNormal(new Float64Array(N * n))

const stateOf = (result: { snapshot: { state: unknown } | null }): ConsensusState =>
  result.snapshot?.state as ConsensusState

const flat = (n: number) => smoothProblem({ dimension: n, value: () => 1, start: new Float64Array(n) })

const bowl = (n: number, centre = 0) =>
  smoothProblem({
    dimension: n,
    value(x) {
      let f = 0
      for (let i = 0; i < n; i++) f += (x[i] - centre) ** 2
      return f
    },
    start: new Float64Array(n).fill(2 + centre),
  })

describe('the consensus point', () => {
  const N = 7
  const n = 3
  const points = ensemble(N, n)
  const values = Float64Array.of(3, 1, 4, 1.5, 9, 2, 6)
  const at = (alpha: number, v = values, p = points): Float64Array => {
    const out = new Float64Array(n)
    consensusPoint(p, v, N, alpha, out)
    return out
  }

  it('is the quotient of weighted sums', () => {
    const alpha = 0.7
    const out = at(alpha)
    let total = 0
    const sum = [0, 0, 0]
    for (let i = 0; i < N; i++) {
      const w = Math.exp(-alpha * values[i])
      total += w
      for (let j = 0; j < n; j++) sum[j] += w * points[i * n + j]
    }
    for (let j = 0; j < n; j++) expect(out[j]).toBeCloseTo(sum[j] / total, 13)
  })

  it('is the mean for alpha = 0, and the best particle in the limit', () => {
    const mean = at(0)
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let i = 0; i < N; i++) sum += points[i * n + j]
      expect(mean[j]).toBeCloseTo(sum / N, 13)
    }
    expect(at(1e15)).toEqual(points.slice(n, 2 * n))
    expect(at(Infinity)).toEqual(points.slice(n, 2 * n))
  })

  it('averages ties at alpha = Infinity', () => {
    const tied = values.slice()
    tied[3] = 1
    const out = at(Infinity, tied)
    for (let j = 0; j < n; j++) expect(out[j]).toBeCloseTo((points[n + j] + points[3 * n + j]) / 2, 14)
  })

  it('does not see a constant added to the objective, nor the order of the particles', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), fc.nat({ max: N - 1 }), (shift, turn) => {
        const shifted = at(
          2,
          values.map((v) => v + shift),
        )
        const turned = new Float64Array(N * n)
        const turnedValues = new Float64Array(N)
        for (let i = 0; i < N; i++) {
          const k = (i + turn) % N
          turned.set(points.subarray(i * n, i * n + n), k * n)
          turnedValues[k] = values[i]
        }
        const permuted = at(2, turnedValues, turned)
        const out = at(2)
        for (let j = 0; j < n; j++) {
          expect(shifted[j]).toBeCloseTo(out[j], 12)
          expect(permuted[j]).toBeCloseTo(out[j], 13)
        }
      }),
    )
  })

  it('survives huge spreads, and gives no weight to what is not finite', () => {
    const wild = Float64Array.of(1e300, -1e300, NaN, Infinity, 1e308, -1e308, 0)
    for (const alpha of [0, 1e-300, 1, 1e15, Infinity]) expect(at(alpha, wild).every(Number.isFinite)).toBe(true)
    const sick = values.map((v, i) => (i === 1 ? NaN : i === 3 ? Infinity : i === 5 ? -Infinity : v))
    expect(at(Infinity, sick)).toEqual(points.slice(0, n))
    const out = Float64Array.of(7, 7, 7)
    expect(consensusPoint(points, new Float64Array(N).fill(NaN), N, 1, out)).toBe(0)
    expect([...out]).toEqual([7, 7, 7])
  })

  it('reports the effective sample size: N for equal weights, 1 for a single one', () => {
    const out = new Float64Array(n)
    expect(consensusPoint(points, values, N, 0, out)).toBeCloseTo(N, 12)
    expect(consensusPoint(points, values, N, 1e6, out)).toBeCloseTo(1, 12)
    expect(consensusPoint(points, new Float64Array(N).fill(3), N, 50, out)).toBeCloseTo(N, 12)
  })
})

describe('consensus-based optimization', () => {
  // For constant E the consensus is the mean, and one step changes S = sum |X - mean|^2 by a known factor in expectation.
  it.each([
    ['isotropic', 5, 1.05255],
    ['isotropic', 20, 1.7802],
    ['anisotropic', 5, 0.85851],
    ['anisotropic', 20, 0.85851],
  ] as const)('%s noise in %d dimensions changes the spread by %d in a step', (noise, n, expected) => {
    const [lambda, sigma, dt, N] = [1, 0.7, 0.1, 100]
    const law = (1 - lambda * dt) ** 2 + (noise === 'isotropic' ? n : 1) * sigma ** 2 * dt * (1 - 1 / N)
    expect(law).toBeCloseTo(expected, 5)
    const method = consensusBasedOptimization({ particles: N, diffusion: sigma, timeStep: dt, noise })
    const runs = 200
    let sum = 0
    let squares = 0
    for (let seed = 0; seed < runs; seed++) {
      const { variance } = run(flat(n), method, { seed, maxIterations: 1, tolerance: 0 }).trace.columns
      const ratio = variance[1] / variance[0]
      sum += ratio
      squares += ratio * ratio
    }
    const mean = sum / runs
    const error = Math.sqrt((squares / runs - mean * mean) / runs)
    expect(Math.abs(mean - law)).toBeLessThan(3.5 * error)
    // The two laws must be far enough apart for this to tell them from each other.
    expect(error).toBeLessThan(0.01)
  })

  it('without noise every particle stays on the segment to the consensus point', () => {
    const method = consensusBasedOptimization({ particles: 12, diffusion: 0, timeStep: 0.3 })
    const before = stateOf(run(bowl(3), method, { maxIterations: 0, tolerance: 0 }))
    const after = stateOf(run(bowl(3), method, { maxIterations: 1, tolerance: 0 }))
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 3; j++) {
        const expected = 0.7 * before.particles[3 * i + j] + 0.3 * before.consensus[j]
        expect(after.particles[3 * i + j]).toBeCloseTo(expected, 13)
      }
    }
  })

  it('with lambda dt = 1 and no noise collapses in one step', () => {
    const method = consensusBasedOptimization({ particles: 12, diffusion: 0, timeStep: 1 })
    const start = stateOf(run(bowl(3), method, { maxIterations: 0, tolerance: 0 }))
    const result = run(bowl(3), method, { maxIterations: 5, tolerance: 0 })
    const { particles } = stateOf(result)
    for (let i = 0; i < 36; i++) expect(particles[i]).toBeCloseTo(start.consensus[i % 3], 13)
    expect(result.iterations).toBe(1)
    expect(result.message).toMatch(/consensusDistance 0 <= 0|met in one point/)
  })

  it('anisotropic noise never leaves a coordinate that all particles share', () => {
    const n = 3
    const problem = smoothProblem({
      dimension: n,
      value: (x) => (x[0] - 1) ** 2 + x[1] ** 2 + (x[2] - 7) ** 2,
      lower: [-3, -3, 0.1],
      upper: [3, 3, 0.1],
    })
    const result = run(problem, consensusBasedOptimization({ particles: 20 }), { maxIterations: 30, tolerance: 0 })
    const { particles } = stateOf(result)
    for (let i = 0; i < 20; i++) expect(particles[n * i + 2]).toBe(0.1)
    // The same without bounds: particles made to share a coordinate exactly.
    const free = smoothProblem({ dimension: n, value: problem.value, start: [0, 0, 0.1] })
    const method = consensusBasedOptimization({ particles: 20, timeStep: 0.1 })
    const { snapshot } = run(free, method, { maxIterations: 0, tolerance: 0 })
    if (snapshot === null) throw new Error('no snapshot')
    const state = snapshot.state as ConsensusState
    for (let i = 0; i < 20; i++) state.particles[n * i + 2] = 0.1
    state.consensus[2] = 0.1
    const later = stateOf(run(free, method, { maxIterations: 25, tolerance: 0, resume: snapshot }))
    for (let i = 0; i < 20; i++) expect(later.particles[n * i + 2]).toBe(0.1)
    expect(later.particles[0]).not.toBe(state.particles[0])
  })

  it('costs N (K + 1) values, and one more per iteration where the consensus is evaluated', () => {
    const K = 7
    const plain = run(bowl(2), consensusBasedOptimization({ particles: 11 }), { maxIterations: K, tolerance: 0 })
    expect(plain.evaluations.value).toBe(11 * (K + 1))
    const extra = run(bowl(2), consensusBasedOptimization({ particles: 11, evaluateConsensus: true }), {
      maxIterations: K,
      tolerance: 0,
    })
    expect(extra.evaluations.value).toBe(12 * (K + 1))
    const state = stateOf(extra)
    expect(extra.trace.columns.consensusObjective.at(-1)).toBe(bowl(2).value(state.consensus))
    // Evaluating the consensus draws nothing: the particles are the same.
    expect(state.particles).toEqual(stateOf(plain).particles)
  })

  it.each(['isotropic', 'anisotropic'] as const)('is equivariant under translations (%s)', (noise) => {
    const method = consensusBasedOptimization({ particles: 30, noise, diffusion: 0.4 })
    // A shift by a power of two keeps most of the rounding the same.
    const here = stateOf(run(bowl(3), method, { maxIterations: 20, tolerance: 0 }))
    const there = stateOf(run(bowl(3, 4), method, { maxIterations: 20, tolerance: 0 }))
    for (let i = 0; i < here.particles.length; i++) {
      expect(there.particles[i] - 4).toBeCloseTo(here.particles[i], 9)
    }
  })

  it('splitting measures the noise after the drift: smaller by 1 - lambda dt', () => {
    for (const noise of ['isotropic', 'anisotropic'] as const) {
      const options: ConsensusBasedOptimizationOptions = { particles: 9, timeStep: 0.25, diffusion: 0.8, noise }
      const begin = stateOf(run(bowl(2), consensusBasedOptimization(options), { maxIterations: 0, tolerance: 0 }))
      const joint = stateOf(run(bowl(2), consensusBasedOptimization(options), { maxIterations: 1, tolerance: 0 }))
      const split = stateOf(
        run(bowl(2), consensusBasedOptimization({ ...options, splitting: true }), { maxIterations: 1, tolerance: 0 }),
      )
      for (let i = 0; i < 18; i++) {
        const drifted = begin.consensus[i % 2] + 0.75 * (begin.particles[i] - begin.consensus[i % 2])
        expect(split.particles[i] - drifted).toBeCloseTo(0.75 * (joint.particles[i] - drifted), 12)
      }
    }
  })

  it('one batch of all particles is no batch, and smaller batches have consensus points of their own', () => {
    const one = run(bowl(2), consensusBasedOptimization({ particles: 20, batchSize: 20 }), {
      maxIterations: 9,
      tolerance: 0,
    })
    const none = run(bowl(2), consensusBasedOptimization({ particles: 20 }), { maxIterations: 9, tolerance: 0 })
    expect(stateOf(one).particles).toEqual(stateOf(none).particles)
    // With sigma = 0 and lambda dt = 1 each batch collapses to its own point: 4 batches of 5.
    const method = consensusBasedOptimization({ particles: 20, batchSize: 5, diffusion: 0, timeStep: 1, alpha: 1 })
    const { particles } = stateOf(run(bowl(2), method, { maxIterations: 1, tolerance: 0 }))
    const distinct = new Set(Array.from({ length: 20 }, (_, i) => particles[2 * i].toFixed(9)))
    expect(distinct.size).toBe(4)
  })

  it('adds a drift along the gradient where asked to', () => {
    const options = { particles: 8, diffusion: 0, drift: 0, timeStep: 0.1 }
    const begin = stateOf(run(bowl(2), consensusBasedOptimization(options), { maxIterations: 0, tolerance: 0 }))
    const result = run(bowl(2), consensusBasedOptimization({ ...options, gradientDrift: 0.5 }), {
      maxIterations: 1,
      tolerance: 0,
    })
    const { particles } = stateOf(result)
    // x - gamma dt 2x, gradient by differences of the values.
    for (let i = 0; i < 16; i++) expect(particles[i]).toBeCloseTo(begin.particles[i] * (1 - 0.5 * 0.1 * 2), 8)
    expect(result.message).toMatch(/gradient comes from central differences/)
  })

  it('follows schedules of alpha and sigma', () => {
    const fixed = consensusBasedOptimization({ particles: 10, alpha: 1 })
    const growing = consensusBasedOptimization({ particles: 10, alpha: 1, alphaGrowth: 1.5 })
    const before = run(bowl(2), fixed, { maxIterations: 6, tolerance: 0 }).trace.columns.effectiveSampleSize
    const after = run(bowl(2), growing, { maxIterations: 6, tolerance: 0 }).trace.columns.effectiveSampleSize
    expect(after[0]).toBe(before[0])
    expect(after[6]).toBeLessThan(before[6])
    // sigma_k = sigma 0.5^k: after many steps only the drift is left, which contracts by 1 - lambda dt exactly.
    const quiet = consensusBasedOptimization({ particles: 10, alpha: 0, timeStep: 0.2, diffusionDecay: 0.5 })
    const { variance } = run(flat(2), quiet, { maxIterations: 60, tolerance: 0 }).trace.columns
    expect(variance[60] / variance[59]).toBeCloseTo(0.64, 10)
  })

  it('warns before isotropic noise explodes, and stops when it does', () => {
    const problem = testProblem('rastrigin', 20)
    const free = smoothProblem({ dimension: 20, value: problem.value, start: problem.start })
    const result = run(free, consensusBasedOptimization({ noise: 'isotropic', diffusion: 2, timeStep: 0.1 }), {
      tolerance: 0,
    })
    expect(result.status).toBe('diverged')
    expect(result.message).toMatch(/variance of the particles/)
    expect(result.message).toMatch(/n sigma\^2 = 80.0 >= 2 lambda = 2/)
    expect(Number.isFinite(result.objective)).toBe(true)
    const overshoot = run(bowl(2), consensusBasedOptimization({ timeStep: 1.5 }), { maxIterations: 1 })
    expect(overshoot.message).toMatch(/lambda dt = 1.5 > 1/)
  })

  it('keeps every particle in the box', () => {
    const problem = testProblem('rastrigin', 5)
    const outside: number[] = []
    const watched = {
      ...problem,
      value(x: Float64Array) {
        if (x.some((v, i) => v < problem.lower[i] || v > problem.upper[i])) outside.push(x[0])
        return problem.value(x)
      },
    }
    run(watched, consensusBasedOptimization({ diffusion: 3, timeStep: 0.1 }), { maxIterations: 50 })
    expect(outside).toEqual([])
  })

  it('works where half of the values are NaN', () => {
    const problem = smoothProblem({
      dimension: 2,
      value: (x) => (x[0] < 0 ? NaN : (x[0] - 1) ** 2 + x[1] ** 2),
      start: [0.5, 0.5],
    })
    const result = run(problem, consensusBasedOptimization(), { tolerance: 1e-6, maxIterations: 5000 })
    expect(result.status).toBe('converged')
    expect(result.x[0]).toBeCloseTo(1, 1)
  })

  it('crosses the barriers of the noisy canyon (one seed of the experiment)', () => {
    const problem = testProblem('canyon-noisy')
    const free = smoothProblem({ dimension: 2, value: problem.value, start: [8, 8] })
    const method = consensusBasedOptimization({
      particles: 200,
      diffusion: 1.6,
      alpha: 100,
      noise: 'isotropic',
      initialSpread: 0.5,
    })
    const { consensus } = stateOf(run(free, method, { maxIterations: 250, tolerance: 0 }))
    expect(Math.hypot(consensus[0], consensus[1])).toBeLessThan(0.5)
  })
})
