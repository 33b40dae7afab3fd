import fc from 'fast-check'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, OptionError, RandomStream, UnsupportedError } from '../../src/base/index.ts'
import { csrMultiply } from '../../src/linalg/index.ts'
import { iterate, type Method, parsePlain, run, type Snapshot, stringifyPlain, verify } from '../../src/solver/index.ts'
import {
  chebyshevIteration,
  conjugateGradients,
  convectionDiffusion,
  gaussSeidel,
  gmres,
  graphLaplacian,
  incompleteCholesky,
  incompleteLu,
  jacobi,
  type LinearSystemProblem,
  linearSystem,
  lShapedLaplacian,
  minres,
  optimalRelaxation,
  poisson,
  relaxationRadius,
  shiftedMatrix,
  solveLinear,
  sor,
  ssorPreconditioner,
  symmetricSor,
} from '../../src/systems/index.ts'
import { differenceNorm, dominant, fromDense, solveDense, toDense } from './dense.ts'

type AnyMethod = Method<LinearSystemProblem>

const ones = (n: number): Float64Array => new Float64Array(n).fill(1)
const square = linearSystem({ matrix: poisson(10, 10), rightHandSide: ones(100) })
const betaSquare = Math.cos(Math.PI / 11)

const definite: AnyMethod[] = [
  jacobi(),
  gaussSeidel(),
  sor(),
  sor({ omega: 1.3 }),
  symmetricSor(),
  symmetricSor({ omega: 0.7 }),
  chebyshevIteration(),
  conjugateGradients(),
  conjugateGradients({ preconditioner: 'jacobi' }),
  conjugateGradients({ preconditioner: 'ssor', omega: 1.4 }),
  conjugateGradients({ preconditioner: 'incomplete-cholesky' }),
  minres(),
  minres({ preconditioner: 'jacobi' }),
  gmres(),
  gmres({ restart: 4, preconditioner: 'jacobi' }),
  gmres({ preconditioner: 'incomplete-lu' }),
] as unknown as AnyMethod[]
const label = (m: AnyMethod): string => `${m.name} ${JSON.stringify(m.options)}`

describe.each(definite.map((m) => [label(m), m] as const))('%s', (_, method) => {
  it('solves random positive definite systems to the reference solution', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 25 }), (seed, n) => {
        const random = RandomStream.fromSeed(seed)
        const matrix = dominant(random, n, true)
        const b = random.fillNormal(new Float64Array(n))
        const problem = linearSystem({ matrix, rightHandSide: b, start: random.fillNormal(new Float64Array(n)) })
        const result = run(problem, method, { tolerance: 1e-10 })
        expect(result.message).toMatch(/^Converged/)
        expect(verify(problem, result).confirmed).toBe(true)
        expect(differenceNorm(result.x, solveDense(toDense(matrix), b))).toBeLessThan(
          1e-8 * Math.sqrt(b.reduce((s, v) => s + v * v, 1)),
        )
      }),
      { numRuns: 25 },
    )
  })

  it('reports at every iterate a residual that agrees with b - A x', () => {
    const problem = linearSystem({
      matrix: lShapedLaplacian(8),
      rightHandSide: Float64Array.from({ length: 48 }, (_v, i) => i % 5),
    })
    for (const { x, measures, iteration } of iterate(problem, method, { maxIterations: 60, tolerance: 1e-9 })) {
      const { relativeResidual } = problem.class.certify(problem, x)
      expect(Math.abs(measures.relativeResidual - relativeResidual), `iterate ${iteration}`).toBeLessThan(1e-12)
    }
  })

  it('stays at a solution, for a zero right-hand side and for any other', () => {
    const zero = run(linearSystem({ matrix: poisson(3, 3), rightHandSide: new Float64Array(9) }), method)
    expect(zero.status).toBe('converged')
    expect(Array.from(zero.x)).toEqual(new Array(9).fill(0))
    const start = Float64Array.of(1, 2, 3)
    const b = new Float64Array(3)
    csrMultiply(poisson(3), start, b)
    const there = run(linearSystem({ matrix: poisson(3), rightHandSide: b, start }), method)
    expect(there.iterations).toBe(0)
    expect(there.status).toBe('converged')
  })
})

describe('kernels on a workspace', () => {
  const large = linearSystem({
    matrix: poisson(17, 19),
    rightHandSide: Float64Array.from({ length: 323 }, (_, i) => (i * i) % 7),
  })

  it.each(definite.map((m) => [label(m), m] as const))('%s has the same bits with and without them', (_, method) => {
    const plain = { ...large, place: undefined }
    const limits = { tolerance: 0, maxIterations: 40 }
    const a = run(large, method, limits)
    const b = run(plain, method, limits)
    expect(stringifyPlain(a.x)).toBe(stringifyPlain(b.x))
    expect(a.evaluations).toEqual(b.evaluations)
    expect(a.certificate).toEqual(b.certificate)
  })

  it.each(definite.map((m) => [label(m), m] as const))('%s resumes on them bit for bit', (_, method) => {
    const snapshots: Snapshot[] = []
    const whole = run(large, method, {
      tolerance: 0,
      maxIterations: 36,
      onIteration: (iterate) => {
        if ([0, 3, 33].includes(iterate.iteration)) snapshots.push(iterate.snapshot())
      },
    })
    for (const snapshot of snapshots) {
      const resume = parsePlain(stringifyPlain(snapshot)) as Snapshot
      const resumed = run(large, method, { tolerance: 0, maxIterations: 36, resume })
      expect(stringifyPlain(resumed.x)).toBe(stringifyPlain(whole.x))
      expect(resumed.evaluations).toEqual(whole.evaluations)
    }
  })

  it('budgets are counted there too', () => {
    const result = run(large, conjugateGradients(), { maxEvaluations: { multiply: 7 }, tolerance: 0 })
    expect(result.status).toBe('evaluation-limit')
    expect(result.evaluations.multiply).toBe(7)
  })
})

describe('SOR', () => {
  it.each([
    [1, 223],
    [1.2, 145],
    [1.4, 88],
    [optimalRelaxation(betaSquare), 41],
    [1.6, 43],
    [1.8, 89],
    [1.95, 383],
  ])('omega = %d takes %i iterations on the 10 x 10 Laplacian', (omega, iterations) => {
    expect(run(square, sor({ omega }), { tolerance: 1e-8 }).iterations).toBe(iterations)
  })

  it.each([
    [0.2, 1.42231519, 29],
    [0.45, 1.32791923, 23],
  ])('with a shift of %d the best omega is %d and takes %i iterations', (shift, omega, iterations) => {
    const best = optimalRelaxation((4 * betaSquare) / (4 + shift))
    expect(best).toBeCloseTo(omega, 8)
    const problem = linearSystem({ matrix: shiftedMatrix(poisson(10, 10), shift), rightHandSide: ones(100) })
    expect(run(problem, sor({ omega: best })).iterations).toBe(iterations)
  })

  it('with omega = auto finds the best omega by itself, and says so', () => {
    const result = run(square, sor())
    expect(result.iterations).toBe(41)
    expect(result.message).toMatch(/omega = 1\.56/)
    const hard = linearSystem({
      matrix: fromDense([
        [1, 0.9, 0.9],
        [0.9, 1, 0.9],
        [0.9, 0.9, 1],
      ]),
      rightHandSide: [1, 2, 3],
    })
    const careful = run(hard, sor())
    expect(careful.status).toBe('converged')
    expect(careful.message).toMatch(/omega = 1 is used/)
  })

  it('with omega = 1 is Gauss-Seidel, bit for bit', () => {
    const a = run(square, sor({ omega: 1 }), { maxIterations: 17, tolerance: 0 })
    const b = run(square, gaussSeidel(), { maxIterations: 17, tolerance: 0 })
    expect(Array.from(a.x)).toEqual(Array.from(b.x))
  })

  it('one iteration is the textbook update, row by row', () => {
    const random = RandomStream.fromSeed(3)
    const matrix = dominant(random, 9, false)
    const dense = toDense(matrix)
    const b = random.fillNormal(new Float64Array(9))
    const start = random.fillNormal(new Float64Array(9))
    const omega = 1.2
    const x = Array.from(start)
    for (let i = 0; i < 9; i++) {
      let sum = b[i]
      for (let j = 0; j < 9; j++) if (j !== i) sum -= dense[i][j] * x[j]
      x[i] = (1 - omega) * x[i] + (omega * sum) / dense[i][i]
    }
    const problem = linearSystem({ matrix, rightHandSide: b, start })
    const forward = run(problem, sor({ omega }), { maxIterations: 1, tolerance: 0 })
    expect(differenceNorm(forward.x, x)).toBeLessThan(1e-13)
    expect(forward.evaluations.sweep).toBe(1)
  })

  it('symmetric SOR is a forward and a backward pass', () => {
    const random = RandomStream.fromSeed(4)
    const matrix = dominant(random, 9, true)
    const dense = toDense(matrix)
    const b = random.fillNormal(new Float64Array(9))
    const omega = 1.3
    const x = new Array<number>(9).fill(0)
    const relax = (i: number): void => {
      let sum = b[i]
      for (let j = 0; j < 9; j++) if (j !== i) sum -= dense[i][j] * x[j]
      x[i] = (1 - omega) * x[i] + (omega * sum) / dense[i][i]
    }
    for (let i = 0; i < 9; i++) relax(i)
    for (let i = 8; i >= 0; i--) relax(i)
    const problem = linearSystem({ matrix, rightHandSide: b })
    const result = run(problem, symmetricSor({ omega }), { maxIterations: 1, tolerance: 0 })
    expect(differenceNorm(result.x, x)).toBeLessThan(1e-13)
  })

  it('its iteration matrix has the spectral radius of Young’s theory', () => {
    const n = 36
    const matrix = poisson(6, 6)
    const beta = Math.cos(Math.PI / 7)
    const best = optimalRelaxation(beta)
    expect(relaxationRadius(best, beta)).toBeCloseTo(best - 1, 12)
    const problem = linearSystem({ matrix, rightHandSide: ones(n) }) as Required<LinearSystemProblem>
    for (const omega of [0.8, 1, 1.2, 1.35, best + 0.02, 1.6, 1.9]) {
      // A sweep turns the residual r into C r: unit vectors give the columns of C.
      const C = Matrix.zeros(n, n)
      for (let j = 0; j < n; j++) {
        const r = new Float64Array(n)
        r[j] = 1
        problem.forwardSweep(omega, r, new Float64Array(n))
        for (let i = 0; i < n; i++) C.set(i, j, r[i])
      }
      const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(C)
      const radius = Math.max(...realEigenvalues.map((re, k) => Math.hypot(re, imaginaryEigenvalues[k])))
      expect(radius).toBeCloseTo(relaxationRadius(omega, beta), 6)
    }
  })

  it('refuses what it cannot sweep', () => {
    expect(() => sor({ omega: 2 })).toThrow(OptionError)
    expect(() => sor({ omega: 0 })).toThrow(OptionError)
    expect(() => sor({ omega: 'best' as never })).toThrow(/'auto'/)
    const hole = linearSystem({
      matrix: fromDense([
        [0, 1],
        [1, 1],
      ]),
      rightHandSide: [1, 1],
    })
    expect(() => run(hole, sor({ omega: 1 }))).toThrow(UnsupportedError)
    expect(() => run(hole, sor({ omega: 1 }))).toThrow(/a\[0\]\[0\] is 0/)
    const operator = linearSystem({
      matrix: { rows: 2, cols: 2, apply: (x, out) => out.set(x) },
      rightHandSide: [1, 1],
    })
    expect(() => run(operator, sor())).toThrow(/entries of the matrix/)
    const skewed = linearSystem({ matrix: convectionDiffusion(3, [1, 0]), rightHandSide: ones(9) })
    expect(() => run(skewed, symmetricSor())).toThrow(/not symmetric/)
  })

  it('a diverging iteration is reported as such', () => {
    const indefinite = linearSystem({
      matrix: fromDense([
        [1, 5],
        [5, 1],
      ]),
      rightHandSide: [1, 2],
    })
    const result = run(indefinite, gaussSeidel(), { maxIterations: 10_000 })
    expect(result.status).toBe('diverged')
    expect(result.x.every(Number.isFinite)).toBe(true)
  })
})

describe('Chebyshev iteration', () => {
  it('stays below its bound 1 / T_k when the spectrum is known', () => {
    const smallest = 8 * Math.sin(Math.PI / 22) ** 2
    const largest = 8 - smallest
    const sigma = (largest + smallest) / (largest - smallest)
    let k = 0
    for (const { measures } of iterate(square, chebyshevIteration({ smallest, largest }), { tolerance: 1e-10 })) {
      const bound = 1 / Math.cosh(k * Math.acosh(sigma))
      expect(measures.relativeResidual).toBeLessThanOrEqual(bound * (1 + 1e-9) + 1e-13)
      k++
    }
    // The rate is asymptotically exact: reaching 1e-10 takes about acosh(1e10) / acosh(sigma) products.
    const expected = Math.acosh(1e10) / Math.acosh(sigma)
    expect(k - 1).toBeLessThanOrEqual(Math.ceil(expected))
    expect(k - 1).toBeGreaterThan(0.7 * expected)
  })

  it('with equal ends is Richardson’s method, exact for multiples of the identity', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [3, 0],
        [0, 3],
      ]),
      rightHandSide: [3, 6],
    })
    const result = run(problem, chebyshevIteration())
    expect(result.iterations).toBe(1)
    expect(() => run(problem, chebyshevIteration({ smallest: 5, largest: 4 }))).toThrow(InvalidInputError)
  })

  it('stops on an indefinite matrix', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [1, 3],
        [3, 1],
      ]),
      rightHandSide: [1, 0],
    })
    const result = run(problem, chebyshevIteration())
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/not positive definite; use minres/)
  })
})

describe('conjugate gradients', () => {
  it('ends after as many iterations as there are distinct eigenvalues', () => {
    const matrix = fromDense(
      Array.from({ length: 12 }, (_, i) => Array.from({ length: 12 }, (_v, j) => (i === j ? 1 + (i % 3) : 0))),
    )
    const problem = linearSystem({ matrix, rightHandSide: Float64Array.from({ length: 12 }, (_, i) => 1 + i) })
    expect(run(problem, conjugateGradients(), { tolerance: 1e-13 }).iterations).toBe(3)
  })

  it('with SSOR on a diagonal matrix is conjugate gradients with Jacobi', () => {
    const matrix = fromDense(
      Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_v, j) => (i === j ? 1 + i : 0))),
    )
    const problem = linearSystem({ matrix, rightHandSide: ones(8) })
    const [a, b] = (['ssor', 'jacobi'] as const).map((preconditioner) =>
      run(problem, conjugateGradients({ preconditioner }), { tolerance: 1e-13 }),
    )
    expect(a.iterations).toBe(1)
    expect(b.iterations).toBe(1)
    expect(differenceNorm(a.x, b.x)).toBeLessThan(1e-14)
  })

  it('obeys its bound in the energy norm', () => {
    const kappa = 1 / Math.tan(Math.PI / 22) ** 2
    const ratio = (Math.sqrt(kappa) - 1) / (Math.sqrt(kappa) + 1)
    const solution = solveDense(toDense(poisson(10, 10)), ones(100))
    const energy = (x: Float64Array): number => {
      const e = x.map((v, i) => v - solution[i])
      const Ae = new Float64Array(100)
      csrMultiply(poisson(10, 10), e, Ae)
      return Math.sqrt(e.reduce((sum, v, i) => sum + v * Ae[i], 0))
    }
    const first = energy(new Float64Array(100))
    let before = Infinity
    for (const { x, iteration } of iterate(square, conjugateGradients(), { tolerance: 1e-9 })) {
      const error = energy(x)
      expect(error).toBeLessThanOrEqual(2 * ratio ** iteration * first + 1e-12)
      expect(error).toBeLessThan(before + 1e-13)
      before = error
    }
  })

  it('preconditioning saves iterations: none > SSOR(1) > SSOR(1.6)', () => {
    const problem = linearSystem({ matrix: poisson(30, 30), rightHandSide: ones(900) })
    const counts = [
      conjugateGradients(),
      conjugateGradients({ preconditioner: 'ssor' }),
      conjugateGradients({ preconditioner: 'ssor', omega: 1.6 }),
    ].map((method) => run(problem, method as unknown as AnyMethod).iterations)
    expect(counts[0]).toBeGreaterThan(counts[1])
    expect(counts[1]).toBeGreaterThan(counts[2])
  })

  it('recognises an indefinite matrix', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [1, 2],
        [2, 1],
      ]),
      rightHandSide: [1, -1],
    })
    const result = run(problem, conjugateGradients())
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/not positive definite; use minres/)
    const negative = linearSystem({
      matrix: fromDense([
        [-1, 0],
        [0, 1],
      ]),
      rightHandSide: [1, -1],
    })
    expect(() => run(negative, conjugateGradients())).toThrow(/not positive definite/)
  })
})

describe('preconditioners', () => {
  it('the SSOR preconditioner is the inverse of its formula, symmetric and positive definite', () => {
    const random = RandomStream.fromSeed(6)
    for (const omega of [0.5, 1, 1.7]) {
      const n = 8
      const matrix = dominant(random, n, true)
      const a = toDense(matrix)
      // M = (D + omega L) D^-1 (D + omega L)^T / (omega (2 - omega))
      const lower = (i: number, j: number): number => (i === j ? a[i][i] : i > j ? omega * a[i][j] : 0)
      const M = a.map((_, i) =>
        a.map((_v, j) => {
          let sum = 0
          for (let k = 0; k < n; k++) sum += (lower(i, k) * lower(j, k)) / a[k][k]
          return sum / (omega * (2 - omega))
        }),
      )
      const { apply } = ssorPreconditioner(matrix, omega)
      const inverse = a.map((_, j) => {
        const unit = new Float64Array(n)
        unit[j] = 1
        const column = new Float64Array(n)
        apply(unit, column)
        expect(differenceNorm(column, solveDense(M, unit))).toBeLessThan(1e-13)
        return column
      })
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expect(inverse[i][j]).toBeCloseTo(inverse[j][i], 13)
      const r = random.fillNormal(new Float64Array(n))
      const z = r.slice()
      apply(z, z)
      expect(r.reduce((sum, v, i) => sum + v * z[i], 0)).toBeGreaterThan(0)
    }
  })

  it('IC(0) of a full matrix is its Cholesky factor', () => {
    const random = RandomStream.fromSeed(7)
    const n = 7
    const g = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()))
    const a = g.map((row, i) =>
      g.map((other, j) => row.reduce((sum, v, k) => sum + v * other[k], 0) + (i === j ? 0.1 : 0)),
    )
    const { factor, breakdown, shift, apply } = incompleteCholesky(fromDense(a, true))
    expect(breakdown).toBeUndefined()
    expect(shift).toBe(0)
    const l = toDense(factor)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        expect(l[i].reduce((sum, v, k) => sum + v * l[j][k], 0)).toBeCloseTo(a[i][j], 12)
        if (j > i) expect(l[i][j]).toBe(0)
      }
    }
    const b = random.fillNormal(new Float64Array(n))
    const x = new Float64Array(n)
    apply(b, x)
    expect(differenceNorm(x, solveDense(a, b))).toBeLessThan(1e-9)
  })

  it('IC(0) reproduces the entries of A on its pattern, and is exact where there is no fill', () => {
    const matrix = poisson(5, 6)
    const a = toDense(matrix)
    const l = toDense(incompleteCholesky(matrix).factor)
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j <= i; j++) {
        const product = l[i].reduce((sum, v, k) => sum + v * l[j][k], 0)
        if (a[i][j] !== 0) expect(product).toBeCloseTo(a[i][j], 13)
      }
    }
    const line = linearSystem({ matrix: poisson(200), rightHandSide: ones(200) })
    expect(run(line, conjugateGradients({ preconditioner: 'incomplete-cholesky' })).iterations).toBe(1)
  })

  it('IC(0) signals a breakdown, and shifts its way out of it', () => {
    // Positive definite, but its IC(0) has a negative pivot (Kershaw, Journal of Computational Physics 26, 1978).
    const matrix = fromDense([
      [3, -2, 0, 2],
      [-2, 3, -2, 0],
      [0, -2, 3, -2],
      [2, 0, -2, 3],
    ])
    const plain = incompleteCholesky(matrix, { shift: 0 })
    expect(plain.breakdown).toEqual({ row: 3, pivot: expect.closeTo(-5, 12) })
    const shifted = incompleteCholesky(matrix)
    expect(shifted.breakdown).toBeUndefined()
    expect(shifted.shift).toBeGreaterThan(0)
    const problem = linearSystem({ matrix, rightHandSide: [1, 2, 3, 4] })
    const result = run(problem, conjugateGradients({ preconditioner: 'incomplete-cholesky' }), { tolerance: 1e-12 })
    expect(result.status).toBe('converged')
    expect(result.message).toMatch(/diagonal shift/)
    const hopeless = incompleteCholesky(
      fromDense([
        [1, 9],
        [9, 1],
      ]),
    )
    expect(hopeless.breakdown?.row).toBe(1)
    expect(() => incompleteCholesky(matrix, { shift: -1 })).toThrow(OptionError)
  })

  it('ILU(0) of a full matrix is its LU factorization; on a sparse one it matches A on the pattern', () => {
    const random = RandomStream.fromSeed(8)
    const full = Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 6 }, (_v, j) => random.normal() + (i === j ? 6 : 0)),
    )
    for (const matrix of [fromDense(full, true), convectionDiffusion(5, [20, -7]), dominant(random, 20, false)]) {
      const a = toDense(matrix)
      const { factors, breakdown } = incompleteLu(matrix)
      expect(breakdown).toBeUndefined()
      const f = toDense(factors)
      const n = a.length
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          if (a[i][j] === 0) continue
          let sum = 0
          for (let k = 0; k <= Math.min(i, j); k++) sum += (k === i ? 1 : f[i][k]) * f[k][j]
          expect(sum).toBeCloseTo(a[i][j], 11)
        }
      }
    }
    const b = random.fillNormal(new Float64Array(6))
    const x = new Float64Array(6)
    incompleteLu(fromDense(full, true)).apply(b, x)
    expect(differenceNorm(x, solveDense(full, b))).toBeLessThan(1e-12)
  })

  it('ILU(0) signals a zero pivot, and GMRES says so', () => {
    const matrix = fromDense([
      [1, 2, 0],
      [1, 2, 1],
      [0, 1, 1],
    ])
    expect(incompleteLu(matrix).breakdown).toEqual({ row: 1, pivot: 0 })
    const result = run(linearSystem({ matrix, rightHandSide: [1, 2, 3] }), gmres({ preconditioner: 'incomplete-lu' }))
    expect(result.status).toBe('stalled')
    expect(result.message).toMatch(/incomplete-lu factorization broke down in row 1/)
  })
})

describe('MINRES', () => {
  it('solves symmetric indefinite systems, with residuals that never grow', () => {
    const matrix = shiftedMatrix(poisson(8, 8), -2.6)
    const problem = linearSystem({ matrix, rightHandSide: Float64Array.from({ length: 64 }, (_, i) => Math.cos(i)) })
    let before = Infinity
    let last = 0
    for (const { measures, x } of iterate(problem, minres(), { tolerance: 1e-11 })) {
      expect(measures.relativeResidual).toBeLessThan(before + 1e-13)
      before = measures.relativeResidual
      last = differenceNorm(x, solveDense(toDense(matrix), problem.rightHandSide))
    }
    expect(last).toBeLessThan(1e-8)
  })

  it('finds a solution of a singular consistent system', () => {
    const matrix = graphLaplacian(6, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0])
    const problem = linearSystem({ matrix, rightHandSide: [1, -2, 3, -1, 0, -1] })
    expect(run(problem, minres(), { tolerance: 1e-12 }).status).toBe('converged')
  })

  it('takes as few iterations as GMRES without restart', () => {
    const [a, b] = [minres(), gmres({ restart: 1000 })].map(
      (method) => run(square, method as unknown as AnyMethod, { tolerance: 1e-9 }).iterations,
    )
    expect(Math.abs(a - b)).toBeLessThanOrEqual(1)
  })

  it('needs a positive diagonal for its preconditioner', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [-1, 2],
        [2, 1],
      ]),
      rightHandSide: [1, 1],
    })
    expect(() => run(problem, minres({ preconditioner: 'jacobi' }))).toThrow(/positive diagonal/)
    expect(run(problem, minres()).status).toBe('converged')
  })
})

describe('GMRES', () => {
  it('solves nonsymmetric systems with any restart, with residuals that never grow', () => {
    const matrix = convectionDiffusion(9, [40, -25])
    const b = Float64Array.from({ length: 81 }, (_, i) => Math.sin(i))
    const problem = linearSystem({ matrix, rightHandSide: b })
    const reference = solveDense(toDense(matrix), b)
    for (const restart of [1, 5, 30, 200]) {
      for (const preconditioner of ['none', 'jacobi', 'incomplete-lu'] as const) {
        let before = Infinity
        let last: Float64Array = b
        const method = gmres({ restart, preconditioner })
        for (const { measures, x } of iterate(problem, method as unknown as AnyMethod, { tolerance: 1e-11 })) {
          expect(measures.relativeResidual).toBeLessThan(before * (1 + 1e-9) + 1e-13)
          before = measures.relativeResidual
          last = x
        }
        expect(differenceNorm(last, reference), `${restart} ${preconditioner}`).toBeLessThan(1e-8)
      }
    }
  })

  it('ends within n steps, also when the Krylov space ends early', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ]),
      rightHandSide: [1, 0, 0],
    })
    expect(run(problem, gmres()).iterations).toBe(3)
    const identity = linearSystem({
      matrix: fromDense([
        [2, 0],
        [0, 2],
      ]),
      rightHandSide: [1, 5],
    })
    expect(run(identity, gmres()).iterations).toBe(1)
  })

  it('does not claim to solve a singular inconsistent system', () => {
    const problem = linearSystem({
      matrix: fromDense([
        [1, 1],
        [1, 1],
      ]),
      rightHandSide: [1, 0],
    })
    const result = run(problem, gmres(), { maxIterations: 50 })
    expect(result.converged).toBe(false)
    expect(result.x.every(Number.isFinite)).toBe(true)
  })
})

describe('solveLinear', () => {
  it.each([
    ['a Laplacian', poisson(12, 12), {}, /^conjugate-gradients with incomplete-cholesky$/, /diagonally dominant/],
    ['a nonsymmetric matrix', convectionDiffusion(8, [9, 9]), {}, /^gmres with incomplete-lu$/, /not symmetric/],
    ['a shifted Laplacian', shiftedMatrix(poisson(6, 6), -1.3), {}, /^minres with jacobi$/, /found it not positive/],
    ['a hint', shiftedMatrix(poisson(6, 6), -1.3), { positiveDefinite: false }, /^minres with jacobi$/, /not positive/],
    [
      'a zero diagonal',
      fromDense([
        [0, 1],
        [1, 0],
      ]),
      {},
      /^minres$/,
      /not positive/,
    ],
    [
      'a hole in the diagonal',
      fromDense([
        [0, 2],
        [1, 3],
      ]),
      {},
      /^gmres$/,
      /not symmetric/,
    ],
  ])('picks a method for %s and says which', (_, matrix, hints, method, reason) => {
    const b = Float64Array.from({ length: matrix.rows }, (_v, i) => 1 + (i % 3))
    const solution = solveLinear(matrix, b, hints)
    expect(solution.method).toMatch(method)
    expect(solution.reason).toMatch(reason)
    expect(solution.status).toBe('converged')
    expect(solution.message.startsWith(`${solution.method}: Converged`)).toBe(true)
    expect(differenceNorm(solution.x, solveDense(toDense(matrix), b))).toBeLessThan(1e-5)
  })

  it('takes dense matrices and operators', () => {
    const dense = { rows: 2, cols: 2, data: Float64Array.of(4, 1, 1, 3) }
    const solution = solveLinear(dense, [1, 2], { tolerance: 1e-12 })
    expect(differenceNorm(solution.x, [1 / 11, 7 / 11])).toBeLessThan(1e-11)
    const operator = {
      rows: 3,
      cols: 3,
      apply(x: Float64Array, out: Float64Array) {
        for (let i = 0; i < 3; i++) out[i] = (i + 2) * x[i]
      },
    }
    expect(solveLinear(operator, [2, 3, 4]).method).toBe('gmres')
    expect(solveLinear(operator, [2, 3, 4], { symmetric: true }).method).toBe('minres')
    const known = solveLinear(operator, [2, 3, 4], { symmetric: true, positiveDefinite: true })
    expect(known.method).toBe('conjugate-gradients')
    expect(differenceNorm(known.x, [1, 1, 1])).toBeLessThan(1e-6)
  })

  it('passes limits on, and refuses unknown ones', () => {
    expect(solveLinear(poisson(30, 30), ones(900), { maxIterations: 2 }).status).toBe('iteration-limit')
    expect(() => solveLinear(poisson(3), ones(3), { tolerence: 1 } as never)).toThrow(/did you mean 'tolerance'/)
  })
})
