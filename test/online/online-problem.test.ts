import { describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream, ShapeError } from '../../src/base/index.ts'
import { cholesky } from '../../src/linalg/index.ts'
import {
  absoluteStream,
  ballSet,
  blockLinearStream,
  boxSet,
  type DecisionSet,
  onlineGradientDescent,
  quadraticStream,
  regressionStream,
  simplexSet,
} from '../../src/online/index.ts'
import { addRankOne, projectInNorm, scaledIdentity } from '../../src/online/quadratic-norm.ts'
import { run } from '../../src/solver/index.ts'

const streams = [
  ['quadratics', quadraticStream({ rounds: 40, blocks: 5, noise: 0.3, seed: 2 })],
  ['linear losses', blockLinearStream({ rounds: 40, seed: 2 })],
  ['regression', regressionStream({ rounds: 40, seed: 2 })],
  ['absolute losses', absoluteStream({ rounds: 40, seed: 2 })],
] as const

describe.each(streams)('the stream of %s', (_, problem) => {
  const random = RandomStream.fromSeed(1)
  const somewhere = (): Float64Array => {
    const x = random.fillUniform(new Float64Array(problem.dimension), -1, 1)
    problem.set.project(x, x)
    return x
  }

  it('has the same losses in whatever order they are asked for', () => {
    const x = somewhere()
    const forward = Array.from({ length: 40 }, (_, t) => problem.value(t, x))
    const backward = Array.from({ length: 40 }, (_, t) => problem.value(39 - t, x)).reverse()
    expect(backward).toEqual(forward)
    expect(new Set(forward).size).toBeGreaterThan(1)
  })

  it('has gradients that are right, and no longer than G', () => {
    const g = new Float64Array(problem.dimension)
    for (let t = 0; t < 40; t++) {
      const x = somewhere()
      problem.gradient(t, x, g)
      expect(Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))).toBeLessThanOrEqual(
        (problem.constants?.gradientBound as number) * (1 + 1e-12),
      )
      for (let i = 0; i < x.length; i++) {
        const at = (h: number): number =>
          problem.value(
            t,
            x.map((v, j) => (j === i ? v + h : v)),
          )
        expect((at(1e-6) - at(-1e-6)) / 2e-6).toBeCloseTo(g[i], 7)
      }
    }
  })

  it('has proximal steps, if any, that no other point beats', () => {
    if (problem.proximal === undefined) return
    const out = new Float64Array(problem.dimension)
    for (let t = 0; t < 10; t++) {
      const x = somewhere()
      problem.proximal(t, x, 0.3, out)
      const cost = (u: Float64Array): number =>
        problem.value(t, u) + u.reduce((sum, v, i) => sum + (v - x[i]) ** 2, 0) / 0.6
      expect(problem.set.violation(out)).toBeLessThan(1e-12)
      for (let k = 0; k < 20; k++) {
        const other = out.map((v) => v + 1e-3 * random.normal())
        problem.set.project(other, other)
        expect(cost(other)).toBeGreaterThanOrEqual(cost(out) - 1e-12)
      }
    }
  })

  it('is over when all rounds are played', () => {
    const result = run(problem, onlineGradientDescent())
    expect([result.status, result.iterations]).toEqual(['converged', 40])
    expect(result.certificate?.measures.violation).toBeLessThan(1e-12)
  })
})

describe('decision sets', () => {
  it('know their diameter and what lies outside', () => {
    expect(ballSet(3, 2).diameter).toBe(4)
    expect(boxSet([0, 0], [3, 4]).diameter).toBeCloseTo(5, 14)
    expect(simplexSet(4).diameter).toBeCloseTo(Math.SQRT2, 14)
    expect(boxSet([0, 0], [3, 4]).violation(Float64Array.of(-1, 4.5))).toBe(1)
    expect(simplexSet(2).violation(Float64Array.of(0.5, 0.75))).toBeCloseTo(0.25, 14)
  })

  it('refuse what is no set', () => {
    expect(() => ballSet(2, 0)).toThrow(/radius must be a finite number > 0, got 0/)
    expect(() => ballSet(0)).toThrow(InvalidInputError)
    expect(() => boxSet([0], [1, 2])).toThrow(ShapeError)
    expect(() => boxSet([1], [0])).toThrow(/side 0 must be finite with lower <= upper/)
    expect(() => boxSet([1], [1])).toThrow(/diameter/)
    expect(() => simplexSet(2, -1)).toThrow(/total/)
  })
})

describe('the norm of a growing matrix', () => {
  it('keeps its inverse through thousands of updates', () => {
    const random = RandomStream.fromSeed(3)
    const n = 5
    const h = scaledIdentity(n, 1.5)
    for (let t = 0; t < 2500; t++) addRankOne(h, 0.2, random.fillNormal(new Float64Array(n)))
    const direct = cholesky({ rows: n, cols: n, data: h.matrix }).inverse().data
    for (let p = 0; p < n * n; p++) expect(Math.abs(h.inverse[p] - direct[p])).toBeLessThan(1e-10)
  })

  const random = RandomStream.fromSeed(4)
  const matrixOf = (n: number): Float64Array => {
    const h = scaledIdentity(n, 0.5)
    for (let k = 0; k < n; k++) addRankOne(h, 3 * random.uniform(), random.fillNormal(new Float64Array(n)))
    return h.matrix
  }
  const slopeAt = (matrix: Float64Array, x: Float64Array, c: Float64Array): number[] =>
    Array.from(x, (_, i) => x.reduce((sum, v, j) => sum + matrix[i * x.length + j] * (v - c[j]), 0))

  it('projects onto a ball with a multiplier that meets the conditions of optimality', () => {
    for (let trial = 0; trial < 30; trial++) {
      const matrix = matrixOf(4)
      const c = random.fillNormal(new Float64Array(4))
      const x = new Float64Array(4)
      const radius = 0.2 + 2 * random.uniform()
      projectInNorm(ballSet(4, radius), matrix, c, x)
      const slope = slopeAt(matrix, x, c)
      const squared = x.reduce((sum, v) => sum + v * v, 0)
      // H (x - c) + mu x = 0
      const mu = -slope.reduce((sum, v, i) => sum + v * x[i], 0) / squared
      expect(mu).toBeGreaterThan(-1e-12)
      for (const [i, v] of slope.entries()) expect(v + mu * x[i]).toBeCloseTo(0, 10)
      expect(mu * (Math.sqrt(squared) - radius)).toBeCloseTo(0, 10)
      expect(Math.sqrt(squared)).toBeLessThanOrEqual(radius + 1e-12)
    }
  })

  const sets: [string, DecisionSet, number[][]][] = [
    [
      'box',
      boxSet([-0.3, 0, -1], [0.2, 0.5, 1]),
      [-0.3, 0.2].flatMap((a) => [0, 0.5].flatMap((b) => [-1, 1].map((d) => [a, b, d]))),
    ],
    [
      'simplex',
      simplexSet(3),
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    ],
  ]
  it.each(sets)('projects onto a %s so that no corner lies downhill', (_, set, corners) => {
    for (let trial = 0; trial < 30; trial++) {
      const matrix = matrixOf(3)
      const c = random.fillNormal(new Float64Array(3))
      const x = new Float64Array(3)
      projectInNorm(set, matrix, c, x)
      expect(set.violation(x)).toBeLessThan(1e-12)
      const slope = slopeAt(matrix, x, c)
      for (const corner of corners) {
        expect(slope.reduce((sum, v, i) => sum + v * (corner[i] - x[i]), 0)).toBeGreaterThan(-1e-9)
      }
    }
  })
})
