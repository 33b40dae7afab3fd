import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { type CmaEsState, cmaEs } from '../../src/blackbox/index.ts'
import { type SearchMethod, settle } from '../../src/blackbox/search.ts'
import { run, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'
import { randomRotation, testProblem } from '../../src/test-functions/index.ts'

const stateOf = (result: { snapshot: { state: unknown } | null }): CmaEsState => result.snapshot?.state as CmaEsState

const ellipse = (x: Float64Array): number => x.reduce((f, v, i) => f + 10 ** i * (v - 1) ** 2, 0)

describe('CMA-ES', () => {
  it('depends on the ranking of values alone: increasing transformations change no bit', () => {
    const path = (g: (f: number) => number): Float64Array => {
      const problem = smoothProblem({ dimension: 4, value: (x) => g(ellipse(x)), start: [3, 3, 3, 3] })
      return stateOf(run(problem, cmaEs(), { seed: 5, maxIterations: 60, tolerance: 0 })).mean
    }
    const plain = path((f) => f)
    expect(path((f) => 2 * f + 1024)).toEqual(plain)
    expect(path(Math.sqrt)).toEqual(plain)
    expect(path((f) => Math.exp(1e-3 * f))).toEqual(plain)
    expect(path((f) => f + 0.1 * Math.sin(f))).toEqual(plain)
    expect(path((f) => -f)).not.toEqual(plain)
  })

  it('is equivariant under similarities: mapped samples give mapped mean, covariance and paths', () => {
    const n = 4
    const { search } = cmaEs({ activeUpdate: true }) as SearchMethod<CmaEsState>
    const Q = randomRotation(n, RandomStream.fromSeed(3))
    const A = Q.map((q) => 3 * q)
    const shift = [1, -2, 3, 0.5]
    const map = (x: ArrayLike<number>, at = 0, affine = true): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => {
        let sum = affine ? shift[i] : 0
        for (let j = 0; j < n; j++) sum += A[i * n + j] * x[at + j]
        return sum
      })
    const space = { dimension: n }
    const one = search.begin(space, new Float64Array(n), RandomStream.fromSeed(1), () => {})
    const two = search.begin(space, map(new Float64Array(n)), RandomStream.fromSeed(1), () => {})
    // The second distribution is the image of the first: C = A A^T, B and D its decomposition.
    const setImage = (): void => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0
          for (let k = 0; k < n; k++) sum += A[i * n + k] * A[j * n + k]
          two.C[i * n + j] = sum
        }
      }
      two.B.set(Q)
      two.D.fill(3)
    }
    setImage()
    const random = RandomStream.fromSeed(9)
    for (let g = 0; g < 12; g++) {
      search.propose(one, space, random)
      const lambda = one.round.count
      for (let i = 0; i < lambda; i++) {
        const image = map(one.samples, i * n)
        two.samples.set(image, i * n)
        two.round.points.set(image, i * n)
        one.round.values[i] = ellipse(one.samples.slice(i * n, i * n + n))
        two.round.values[i] = one.round.values[i]
      }
      two.round.count = lambda
      settle(search, one, space, random)
      settle(search, two, space, random)
      const mean = map(one.mean)
      const path = map(one.pathC, 0, false)
      for (let i = 0; i < n; i++) {
        expect(two.mean[i]).toBeCloseTo(mean[i], 9)
        expect(two.pathC[i]).toBeCloseTo(path[i], 8)
      }
      expect(two.sigma).toBeCloseTo(one.sigma, 9)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let image = 0
          for (let k = 0; k < n; k++) {
            for (let l = 0; l < n; l++) image += A[i * n + k] * one.C[k * n + l] * A[j * n + l]
          }
          expect(two.C[i * n + j]).toBeCloseTo(image, 7)
        }
      }
    }
  })

  it('recombines with the weights of the tutorial (n = 10, lambda = 10)', () => {
    const { parameters: p } = stateOf(run(testProblem('sphere', 10), cmaEs(), { maxIterations: 0, tolerance: 0 }))
    expect(p.lambda).toBe(10)
    expect(p.mu).toBe(5)
    expect(p.weights.slice(0, 5).reduce((a, b) => a + b)).toBeCloseTo(1, 14)
    expect(p.effectiveSize).toBeCloseTo(1 / p.weights.slice(0, 5).reduce((a, b) => a + b * b, 0), 12)
    // Table 1 by hand.
    const raw = [1, 2, 3, 4, 5].map((i) => Math.log(5.5) - Math.log(i))
    const total = raw.reduce((a, b) => a + b)
    for (let i = 0; i < 5; i++) expect(p.weights[i]).toBeCloseTo(raw[i] / total, 14)
    expect(p.cSigma).toBeCloseTo((p.effectiveSize + 2) / (10 + p.effectiveSize + 5), 14)
    expect(p.cOne).toBeCloseTo(2 / (11.3 ** 2 + p.effectiveSize), 14)
    expect(p.expectedNorm).toBeCloseTo(Math.sqrt(10) * (1 - 1 / 40 + 1 / 2100), 14)
    expect([...p.weights.slice(5)].every((w) => w === 0)).toBe(true)
    const active = stateOf(
      run(testProblem('sphere', 10), cmaEs({ activeUpdate: true }), { maxIterations: 0, tolerance: 0 }),
    ).parameters
    expect([...active.weights.slice(5)].every((w) => w < 0)).toBe(true)
  })

  it('under random selection the step size is unbiased: log sigma has no drift', () => {
    const random = RandomStream.fromSeed(4)
    const problem = smoothProblem({ dimension: 5, value: () => random.uniform(), start: [0, 0, 0, 0, 0] })
    let drift = 0
    let steps = 0
    for (let seed = 0; seed < 40; seed++) {
      const { sigma } = run(problem, cmaEs({ populationSize: 10 }), { seed, maxIterations: 100, tolerance: 0 }).trace
        .columns
      drift += Math.log(sigma[100] / sigma[0])
      steps += 100
    }
    expect(Math.abs(drift / steps)).toBeLessThan(0.01)
  })

  it('converges linearly on the sphere, about as fast as the literature says', () => {
    const n = 10
    const problem = testProblem('sphere', n)
    const { trace } = run(problem, cmaEs(), { maxIterations: 240, tolerance: 0, seed: 2 })
    const { objective } = trace.columns
    // log10 of |x|^2 falls by about 2 * 0.25 * lambda / n / ln 10 per generation; accept a factor of two around it.
    const slope = (Math.log(objective[220]) - Math.log(objective[60])) / 160
    expect(slope).toBeLessThan(-0.1)
    expect(slope).toBeGreaterThan(-0.5)
  })

  it('learns the inverse Hessian: the eigenvalues of C end in the ratios of 1 / curvature', () => {
    const n = 4
    const problem = smoothProblem({ dimension: n, value: ellipse, start: [0, 0, 0, 0] })
    const state = stateOf(run(problem, cmaEs(), { seed: 3, tolerance: 1e-6, maxIterations: 2000 }))
    const variances = Array.from({ length: n }, (_, i) => state.C[i * n + i])
    for (let i = 0; i + 1 < n; i++) {
      const ratio = variances[i] / variances[i + 1]
      expect(ratio).toBeGreaterThan(2)
      expect(ratio).toBeLessThan(50)
    }
  })

  it('needs as many evaluations on a rotated ellipsoid as on the axis-parallel one', () => {
    const n = 6
    const Q = randomRotation(n, RandomStream.fromSeed(8))
    const turned = (x: Float64Array): number => {
      let f = 0
      for (let i = 0; i < n; i++) {
        let z = 0
        for (let j = 0; j < n; j++) z += Q[i * n + j] * x[j]
        f += 10 ** i * z * z
      }
      return f
    }
    const straight = (x: Float64Array): number => x.reduce((f, v, i) => f + 10 ** i * v * v, 0)
    const cost = (value: (x: Float64Array) => number): number => {
      let total = 0
      for (let seed = 0; seed < 8; seed++) {
        const problem = smoothProblem({ dimension: n, value, start: new Float64Array(n).fill(1) })
        total += run(problem, cmaEs(), { seed, tolerance: 1e-7 }).evaluations.value
      }
      return total
    }
    const ratio = cost(turned) / cost(straight)
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.25)
  })

  it.each(['penalty', 'resample'] as const)(
    'evaluates only inside the box and finds a minimizer on its face (%s)',
    (boundHandling) => {
      const problem = smoothProblem({
        dimension: 3,
        value: (x) => (x[0] - 2) ** 2 + (x[1] + 3) ** 2 + (x[2] - 0.5) ** 2,
        lower: [-1, -1, -1],
        upper: [1, 1, 1],
        start: [0.5, 0.5, 0.9],
      })
      const outside: boolean[] = []
      const watched: SmoothProblem = {
        ...problem,
        value(x) {
          outside.push(x.some((v) => Math.abs(v) > 1))
          return problem.value(x)
        },
      }
      const result = run(watched, cmaEs({ boundHandling }), { tolerance: 1e-6, maxIterations: 1500, seed: 1 })
      // The calls after the run are the certificate's, which takes differences across the border.
      expect(outside.slice(0, result.evaluations.value)).not.toContain(true)
      expect(result.x[0]).toBeCloseTo(1, 4)
      expect(result.x[1]).toBeCloseTo(-1, 4)
      expect(result.x[2]).toBeCloseTo(0.5, 3)
    },
  )

  it('IPOP doubles the population at each restart; BIPOP mixes in small ones', () => {
    const populations = (restartScheme: 'ipop' | 'bipop'): number[] => {
      const seen: number[] = []
      run(testProblem('rastrigin', 4), cmaEs({ restarts: 12, restartScheme }), {
        tolerance: 0,
        maxEvaluations: 30_000,
        maxIterations: 1e6,
        onIteration(iterate) {
          const state = iterate.snapshot().state as CmaEsState
          if (state.generation === 0 || seen.length === 0) seen.push(state.parameters.lambda)
        },
      })
      return seen
    }
    const doubled = populations('ipop')
    expect(doubled.length).toBeGreaterThan(3)
    expect(doubled).toEqual(doubled.map((_, k) => 8 * 2 ** k))
    const mixed = populations('bipop')
    expect(mixed.slice(0, 2)).toEqual([8, 16])
    expect(mixed.some((lambda, k) => k > 1 && lambda < mixed[k - 1])).toBe(true)
  })

  it('with restarts solves Rastrigin, and is converged only after the last of them', () => {
    const problem = testProblem('rastrigin', 5)
    const free = run(problem, cmaEs({ restarts: 100 }), { tolerance: 0, maxEvaluations: 60_000, maxIterations: 1e6 })
    expect(free.objective).toBeLessThan(1e-8)
    const twice = run(testProblem('sphere', 3), cmaEs({ restarts: 2 }), { tolerance: 1e-6 })
    expect(twice.converged).toBe(true)
    expect(stateOf(twice).restartsLeft).toBe(0)
  })

  it.each(['rosenbrock', 'ellipsoid', 'bent-cigar'])('solves the ill-conditioned %s', (slug) => {
    const problem = testProblem(slug, 8)
    for (const activeUpdate of [false, true]) {
      const result = run(problem, cmaEs({ activeUpdate }), { tolerance: 1e-8, maxIterations: 4000, seed: 4 })
      expect(result.objective).toBeLessThan(1e-8)
    }
  })
})
