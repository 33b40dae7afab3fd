import { describe, expect, it } from 'vitest'
import { OptionError, RandomStream, ShapeError, UnsupportedError } from '../../src/base/index.ts'
import {
  cholesky,
  conjugateGradientSolver,
  csrFromTriplets,
  csrOperator,
  denseMatrix,
  denseOperator,
  gemv,
  gmresSolver,
  gram,
  identity,
  type LinearOperator,
  type LinearSolver,
  lsmrSolver,
  minresSolver,
  qr,
  solveDense,
  solveIteratively,
  transpose,
} from '../../src/linalg/index.ts'

const random = RandomStream.fromSeed(3)
const vector = (n: number): Float64Array => random.fillNormal(new Float64Array(n))
const normal = (m: number, n: number) => denseMatrix(m, n, vector(m * n))

/** The Laplacian of a path: tridiagonal (-1, 2, -1), shifted. */
function laplacian(n: number, shift = 0) {
  const entries: [number, number, number][] = []
  for (let i = 0; i < n; i++) {
    entries.push([i, i, 2 + shift])
    if (i > 0) entries.push([i, i - 1, -1], [i - 1, i, -1])
  }
  return csrFromTriplets(
    n,
    n,
    entries.map((e) => e[0]),
    entries.map((e) => e[1]),
    entries.map((e) => e[2]),
  )
}

function residual(A: LinearOperator, x: Float64Array, b: Float64Array): number {
  const r = new Float64Array(A.rows)
  A.apply(x, r)
  return Math.hypot(...r.map((v, i) => v - b[i]))
}

const diagonalInverse = (d: (i: number) => number, n: number): LinearOperator => ({
  rows: n,
  cols: n,
  apply: (x, out) => {
    for (let i = 0; i < n; i++) out[i] = x[i] / d(i)
  },
})

// biome-ignore lint/suspicious/noExplicitAny: one table for solvers with different states
const solvers: LinearSolver<any>[] = [conjugateGradientSolver, minresSolver, gmresSolver, lsmrSolver]

describe.each(solvers)('$name', (solver) => {
  it('solves a positive definite sparse system', () => {
    const A = csrOperator(laplacian(60, 0.5))
    const b = vector(60)
    const result = solveIteratively(solver, A, b, { tolerance: 1e-10 })
    expect(result.status).toBe('converged')
    if (solver !== lsmrSolver) {
      expect(residual(A, result.x, b)).toBeLessThanOrEqual(1e-10 * Math.hypot(...b))
      expect(Math.abs(residual(A, result.x, b) - result.residualNorm)).toBeLessThan(1e-14)
    }
  })

  it('ends in as many iterations as there are different eigenvalues', () => {
    const n = 30
    const A: LinearOperator = {
      rows: n,
      cols: n,
      apply: (x, out) => {
        for (let i = 0; i < n; i++) out[i] = (1 + (i % 4)) * x[i]
      },
      applyTranspose: (x, out) => A.apply(x, out),
    }
    const result = solveIteratively(solver, A, vector(n), { tolerance: 1e-12 })
    expect(result.status).toBe('converged')
    expect(result.iterations).toBeLessThanOrEqual(4)
  })

  it('continues from a copy of its state, bit for bit', () => {
    const A = csrOperator(laplacian(40, 0.1))
    const b = vector(40)
    const whole = solver.init(A, b)
    for (let i = 0; i < 15; i++) solver.step(A, whole)
    const first = solver.init(A, b)
    for (let i = 0; i < 7; i++) solver.step(A, first)
    const second = structuredClone(first)
    for (let i = 7; i < 15; i++) solver.step(A, second)
    solver.finish(A, whole)
    solver.finish(A, second)
    expect(second).toEqual(whole)
  })

  it('knows the residual that it reduces', () => {
    const A = csrOperator(laplacian(50, 0.2))
    const b = vector(50)
    const state = solver.init(A, b)
    let last = Infinity
    for (let i = 0; i < 20; i++) {
      solver.step(A, state)
      const now = solver.residualNorm(state)
      if (solver !== conjugateGradientSolver) expect(now).toBeLessThanOrEqual(last * (1 + 1e-12))
      last = now
    }
    solver.finish(A, state)
    const r = new Float64Array(50)
    A.apply(state.x, r)
    for (let i = 0; i < 50; i++) r[i] = b[i] - r[i]
    const slope = new Float64Array(50)
    A.applyTranspose?.(r, slope)
    const expected = solver === lsmrSolver ? Math.hypot(...slope) : Math.hypot(...r)
    expect(solver.residualNorm(state) / expected).toBeCloseTo(1, 8)
  })

  it('takes a start, a zero right-hand side, and no iterations', () => {
    const A = csrOperator(laplacian(20, 1))
    const exact = vector(20)
    const b = new Float64Array(20)
    A.apply(exact, b)
    const started = solveIteratively(solver, A, b, { x0: exact, tolerance: 1e-12 })
    expect(started.status).toBe('converged')
    expect(started.iterations).toBe(0)
    const zero = solveIteratively(solver, A, new Float64Array(20))
    expect(zero.status).toBe('converged')
    expect(zero.x.every((v) => v === 0)).toBe(true)
    const limited = solveIteratively(solver, A, b, { maxIterations: 2, tolerance: 1e-14 })
    expect(limited.status).toBe('iteration-limit')
    expect(limited.iterations).toBe(2)
  })

  it('reports numbers that are not finite, and refuses what does not fit', () => {
    const A = denseOperator(identity(3))
    expect(solveIteratively(solver, A, Float64Array.of(1, Number.NaN, 0)).status).toBe('diverged')
    expect(() => solver.init(A, new Float64Array(4))).toThrow(ShapeError)
    expect(() => solveIteratively(solver, A, new Float64Array(3), { tolerance: -1 })).toThrow(OptionError)
  })
})

describe('iterative solvers', () => {
  it('conjugate gradients decrease the energy error as fast as Chebyshev allows', () => {
    const n = 100
    const matrix = laplacian(n, 0.05)
    const A = csrOperator(matrix)
    const exact = vector(n)
    const b = new Float64Array(n)
    A.apply(exact, b)
    const condition = (4 + 0.05) / 0.05
    const rate = (Math.sqrt(condition) - 1) / (Math.sqrt(condition) + 1)
    const energy = (x: Float64Array): number => {
      const e = x.map((v, i) => v - exact[i])
      const Ae = new Float64Array(n)
      A.apply(e, Ae)
      return Math.sqrt(e.reduce((s, v, i) => s + v * Ae[i], 0))
    }
    const state = conjugateGradientSolver.init(A, b)
    const start = energy(state.x)
    let last = start
    for (let k = 1; k <= 40; k++) {
      conjugateGradientSolver.step(A, state)
      const now = energy(state.x)
      expect(now).toBeLessThan(last)
      expect(now).toBeLessThanOrEqual(2 * rate ** k * start * (1 + 1e-10))
      last = now
    }
  })

  it('a good preconditioner saves iterations, and a perfect one needs one', () => {
    const n = 80
    const scales = Array.from({ length: n }, (_, i) => 10 ** ((5 * i) / n))
    const A: LinearOperator = {
      rows: n,
      cols: n,
      apply: (x, out) => {
        for (let i = 0; i < n; i++) {
          out[i] = scales[i] * x[i] + (i > 0 ? 0.3 * x[i - 1] : 0) + (i < n - 1 ? 0.3 * x[i + 1] : 0)
        }
      },
    }
    const b = vector(n)
    const preconditioner = diagonalInverse((i) => scales[i], n)
    for (const solver of [conjugateGradientSolver, minresSolver, gmresSolver] as LinearSolver[]) {
      const plain = solveIteratively(solver, A, b, { tolerance: 1e-8, maxIterations: 5000 })
      const preconditioned = solveIteratively(solver, A, b, { tolerance: 1e-8, preconditioner })
      expect(preconditioned.status).toBe('converged')
      expect(preconditioned.iterations).toBeLessThan(plain.iterations / 3)
      expect(residual(A, preconditioned.x, b)).toBeLessThanOrEqual(1e-8 * Math.hypot(...b) * (1 + 1e-10))
    }
    const dense = gram(normal(30, 20))
    const factor = cholesky(dense)
    const perfect: LinearOperator = { rows: 20, cols: 20, apply: (x, out) => void factor.solve(x, out) }
    const right = vector(20)
    for (const solver of [conjugateGradientSolver, minresSolver, gmresSolver] as LinearSolver[]) {
      expect(
        solveIteratively(solver, denseOperator(dense), right, { preconditioner: perfect, tolerance: 1e-7 }).iterations,
      ).toBe(1)
    }
  })

  it('conjugate gradients break down on an indefinite matrix, MINRES and GMRES solve it', () => {
    const d = Float64Array.from({ length: 20 }, (_, i) => (i < 10 ? i + 1 : -(i + 1)))
    const A: LinearOperator = {
      rows: 20,
      cols: 20,
      apply: (x, out) => {
        for (let i = 0; i < 20; i++) out[i] = d[i] * x[i]
      },
    }
    const b = new Float64Array(20).fill(1)
    expect(solveIteratively(conjugateGradientSolver, A, b).status).toBe('breakdown')
    for (const solver of [minresSolver, gmresSolver] as LinearSolver[]) {
      const result = solveIteratively(solver, A, b, { tolerance: 1e-10 })
      expect(result.status).toBe('converged')
      for (let i = 0; i < 20; i++) expect(result.x[i]).toBeCloseTo(1 / d[i], 8)
    }
  })

  it('GMRES solves unsymmetric systems, restarted or not', () => {
    const n = 50
    const a = normal(n, n)
    for (let i = 0; i < n; i++) a.data[i * n + i] += 20
    const b = vector(n)
    const exact = solveDense(a, b)
    for (const restart of [1, 5, 50, 500]) {
      const result = solveIteratively(gmresSolver, denseOperator(a), b, { restart, tolerance: 1e-11 })
      expect(result.status).toBe('converged')
      for (let i = 0; i < n; i++) expect(result.x[i]).toBeCloseTo(exact[i], 9)
    }
    expect(() => gmresSolver.init(denseOperator(a), b, undefined, { restart: 0 })).toThrow(OptionError)
  })

  it('GMRES stagnates on a cyclic shift until the space is full', () => {
    const n = 12
    const A: LinearOperator = {
      rows: n,
      cols: n,
      apply: (x, out) => {
        for (let i = 0; i < n; i++) out[i] = x[(i + 1) % n]
      },
    }
    const b = new Float64Array(n)
    b[0] = 1
    const state = gmresSolver.init(A, b, undefined, { restart: n })
    for (let k = 1; k < n; k++) {
      gmresSolver.step(A, state)
      expect(gmresSolver.residualNorm(state)).toBeCloseTo(1, 12)
    }
    gmresSolver.step(A, state)
    expect(gmresSolver.residualNorm(state)).toBeLessThan(1e-12)
    // With a shorter memory it never moves, and says so.
    expect(solveIteratively(gmresSolver, A, b, { restart: 5 }).status).not.toBe('converged')
  })

  it('an inconsistent singular system ends with a status and the smallest residual', () => {
    const A: LinearOperator = {
      rows: 4,
      cols: 4,
      apply: (x, out) => {
        for (let i = 0; i < 4; i++) out[i] = i < 3 ? (i + 1) * x[i] : 0
      },
    }
    for (const solver of [minresSolver, gmresSolver] as LinearSolver[]) {
      const result = solveIteratively(solver, A, Float64Array.of(1, 1, 1, 2))
      expect(result.status).toBe('breakdown')
      expect(result.residualNorm).toBeCloseTo(2, 6)
    }
  })

  it('LSMR agrees with QR on least squares, damped or not, from any start', () => {
    for (const [m, n] of [
      [40, 15],
      [15, 15],
    ]) {
      const a = normal(m, n)
      const b = vector(m)
      for (const damping of [0, 0.7]) {
        // Damping is a block of rows below A.
        const stacked = denseMatrix(m + n, n)
        stacked.data.set(a.data)
        for (let i = 0; i < n; i++) stacked.data[(m + i) * n + i] = damping
        const right = new Float64Array(m + n)
        right.set(b)
        const exact = qr(stacked).solve(right)
        for (const x0 of [undefined, vector(n)]) {
          const result = solveIteratively(lsmrSolver, denseOperator(a), b, {
            damping,
            x0,
            tolerance: 1e-11,
            maxIterations: 3000,
          })
          expect(result.status).toBe('converged')
          for (let i = 0; i < n; i++) expect(result.x[i]).toBeCloseTo(exact[i], 6)
        }
      }
    }
  })

  it('LSMR finds the solution of least norm where there are many', () => {
    const a = normal(8, 20)
    const b = vector(8)
    const { x, status } = solveIteratively(lsmrSolver, denseOperator(a), b, { tolerance: 1e-12 })
    expect(status).toBe('converged')
    // Of least norm: x lies in the range of A', so projecting onto it changes nothing.
    const q = qr(transpose(a)).q()
    const coordinates = new Float64Array(8)
    gemv(true, 1, q, x, 0, coordinates)
    const projected = new Float64Array(20)
    gemv(false, 1, q, coordinates, 0, projected)
    for (let i = 0; i < 20; i++) expect(projected[i]).toBeCloseTo(x[i], 9)
    const blind: LinearOperator = { rows: 3, cols: 3, apply: (v, out) => out.set(v) }
    expect(() => lsmrSolver.init(blind, vector(3))).toThrow(UnsupportedError)
  })
})
