import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RandomStream, ShapeError } from '../../src/base/index.ts'
import {
  type Backend,
  backend,
  cholesky,
  type DenseMatrix,
  denseFromRows,
  denseMatrix,
  engineInfo,
  gemm,
  gemv,
  ger,
  gram,
  identity,
  ldlt,
  leastSquares,
  lu,
  multiply,
  qr,
  setBackend,
  solveDense,
  solveTriangular,
  solveTriangularMatrix,
  svd,
  symmetricEigen,
  syrk,
  transpose,
  Workspace,
} from '../../src/linalg/index.ts'

const random = RandomStream.fromSeed(7)
const normal = (rows: number, cols: number): DenseMatrix =>
  denseMatrix(rows, cols, random.fillNormal(new Float64Array(rows * cols)))
const vector = (n: number): Float64Array => random.fillNormal(new Float64Array(n))

/** The definition, entry by entry. */
function naive(transA: boolean, transB: boolean, a: DenseMatrix, b: DenseMatrix): DenseMatrix {
  const A = transA ? transpose(a) : a
  const B = transB ? transpose(b) : b
  const c = denseMatrix(A.rows, B.cols)
  for (let i = 0; i < A.rows; i++)
    for (let j = 0; j < B.cols; j++)
      for (let k = 0; k < A.cols; k++) c.data[i * B.cols + j] += A.data[i * A.cols + k] * B.data[k * B.cols + j]
  return c
}

function distance(a: DenseMatrix, b: DenseMatrix): number {
  expect([a.rows, a.cols]).toEqual([b.rows, b.cols])
  return a.data.reduce((most, x, i) => Math.max(most, Number.isNaN(x) ? Infinity : Math.abs(x - b.data[i])), 0)
}

const difference = (x: Float64Array, y: Float64Array): number =>
  distance(denseMatrix(x.length, 1, x), denseMatrix(y.length, 1, y))

/** Symmetric with the given eigenvalues. */
function withSpectrum(values: readonly number[]): DenseMatrix {
  const n = values.length
  const q = qr(normal(n, n)).q()
  const scaled = denseMatrix(n, n, q.data.slice())
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) scaled.data[i * n + j] *= values[j]
  const a = denseMatrix(n, n)
  gemm(false, true, 1, scaled, q, 0, a)
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a.data[j * n + i] = a.data[i * n + j]
  return a
}

const backends: Backend[] = engineInfo().openblasAvailable ? ['wasm', 'openblas'] : ['wasm']

describe.each(backends)('dense linear algebra on %s', (name) => {
  const before = backend()
  beforeAll(() => setBackend(name))
  afterAll(() => setBackend(before))

  const sizes = [
    [1, 1, 1],
    [2, 3, 4],
    [5, 1, 7],
    [1, 9, 30],
    [3, 70, 40],
    [70, 3, 40],
    [33, 34, 35],
    [64, 64, 64],
    [129, 65, 257],
    [130, 515, 20],
    [9, 41, 300],
  ]
  it.each(sizes)('multiplies [%i, %i] matrices over %i terms, transposed or not', (m, n, k) => {
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        const a = transA ? normal(k, m) : normal(m, k)
        const b = transB ? normal(n, k) : normal(k, n)
        const product = naive(transA, transB, a, b)
        const c = denseMatrix(m, n, new Float64Array(m * n).fill(Number.NaN))
        gemm(transA, transB, 1, a, b, 0, c)
        const bound = 1e-14 * (k + 10)
        expect(distance(c, product)).toBeLessThan(bound)
        const start = normal(m, n)
        const d = denseMatrix(m, n, start.data.slice())
        gemm(transA, transB, -2, a, b, 0.5, d)
        const expected = denseMatrix(
          m,
          n,
          product.data.map((x, i) => 0.5 * start.data[i] - 2 * x),
        )
        expect(distance(d, expected)).toBeLessThan(2 * bound)
      }
    }
  })

  it('uses operands in a workspace where they lie, with the same bits', () => {
    for (const [m, n, k] of [
      [40, 50, 60],
      [300, 20, 200],
    ]) {
      const a = normal(m, k)
      const b = normal(k, n)
      const work = new Workspace(8 * (m * k + k * n + m * n) + 192)
      const inside = (x: DenseMatrix): DenseMatrix => {
        const view = work.float64(x.data.length)
        view.set(x.data)
        return denseMatrix(x.rows, x.cols, view)
      }
      const c = inside(denseMatrix(m, n))
      gemm(false, false, 1, inside(a), inside(b), 0, c)
      expect(c.data).toEqual(multiply(a, b).data)
    }
  })

  it('makes symmetric products, exactly symmetric', () => {
    for (const [n, k] of [
      [1, 1],
      [7, 3],
      [50, 20],
      [130, 270],
    ]) {
      for (const trans of [false, true]) {
        const a = trans ? normal(k, n) : normal(n, k)
        const start = gram(normal(3, n))
        const c = denseMatrix(n, n, start.data.slice())
        syrk(trans, 2, a, -1, c)
        const expected = naive(trans, !trans, a, a)
        for (let i = 0; i < n * n; i++) expected.data[i] = 2 * expected.data[i] - start.data[i]
        expect(distance(c, expected)).toBeLessThan(1e-13 * (k + 10))
        expect(c.data).toEqual(transpose(c).data)
      }
    }
  })

  it('solves triangular systems from either side of the diagonal', () => {
    for (const n of [1, 2, 17, 40, 100]) {
      for (const lower of [true, false]) {
        for (const transposed of [true, false]) {
          for (const unitDiagonal of [true, false]) {
            const t = normal(n, n)
            // Well conditioned: small off the diagonal.
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++)
                t.data[i * n + j] = i === j ? 2 + Math.abs(t.data[i * n + i]) : t.data[i * n + j] / n
            const pure = denseMatrix(n, n)
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++) {
                if (i === j) pure.data[i * n + i] = unitDiagonal ? 1 : t.data[i * n + i]
                else if (lower === j < i) pure.data[i * n + j] = t.data[i * n + j]
              }
            const x = normal(n, 37)
            const b = naive(transposed, false, pure, x)
            const first = Float64Array.from({ length: n }, (_, i) => b.data[i * 37])
            solveTriangularMatrix(t, b, { lower, transposed, unitDiagonal })
            expect(distance(b, x)).toBeLessThan(1e-13)
            solveTriangular(t, first, { lower, transposed, unitDiagonal })
            expect(
              difference(
                first,
                Float64Array.from({ length: n }, (_, i) => x.data[i * 37]),
              ),
            ).toBeLessThan(1e-13)
          }
        }
      }
    }
  })

  it.each([1, 2, 5, 16, 17, 33, 60, 150])('factors a positive definite matrix of order %i', (n) => {
    const a = gram(normal(n + 5, n))
    for (let i = 0; i < n; i++) a.data[i * n + i] += 0.1
    const untouched = a.data.slice()
    const factor = cholesky(a)
    expect(factor.ok).toBe(true)
    expect(a.data).toEqual(untouched)
    expect(distance(naive(false, true, factor.lower, factor.lower), a)).toBeLessThan(1e-12 * n)
    const x = vector(n)
    const b = new Float64Array(n)
    gemv(false, 1, a, x, 0, b)
    expect(difference(factor.solve(b), x)).toBeLessThan(1e-9)
    const half = factor.solveLower(b)
    expect(difference(factor.solveUpper(half), factor.solve(b))).toBe(0)
    expect(distance(multiply(a, factor.inverse()), identity(n))).toBeLessThan(1e-9)
    expect(factor.logAbsDeterminant()).toBeCloseTo(lu(a).logAbsDeterminant(), 8)
    // Only the lower triangle counts, and the place for the factor may be given.
    const lowerOnly = a.data.slice()
    for (let i = 0; i < n; i++) lowerOnly.fill(Number.NaN, i * n + i + 1, i * n + n)
    expect(cholesky(denseMatrix(n, n, lowerOnly), lowerOnly).lower.data).toEqual(factor.lower.data)
    expect(factor.lower.data).not.toBe(lowerOnly)
  })

  it('says where a matrix stops being positive definite, without throwing', () => {
    for (const n of [3, 20, 100]) {
      for (const bad of [0, Math.floor(n / 2), n - 1]) {
        for (const value of [-1, 0, Number.NaN]) {
          const a = identity(n)
          a.data[bad * n + bad] = value
          const factor = cholesky(a)
          expect(factor.ok).toBe(false)
          expect(factor.failedPivot).toBe(bad)
          expect(factor.solve(new Float64Array(n)).every(Number.isNaN)).toBe(true)
          expect(factor.logAbsDeterminant()).toBeNaN()
        }
      }
    }
  })

  it.each([1, 2, 6, 16, 17, 40, 65, 150])('factors a general matrix of order %i', (n) => {
    const a = normal(n, n)
    const factor = lu(a)
    expect(factor.ok).toBe(true)
    const x = vector(n)
    const b = new Float64Array(n)
    gemv(false, 1, a, x, 0, b)
    expect(difference(factor.solve(b), x)).toBeLessThan(1e-9)
    expect(difference(solveDense(a, b), x)).toBeLessThan(1e-9)
    gemv(true, 1, a, x, 0, b)
    expect(difference(factor.solveTransposed(b), x)).toBeLessThan(1e-9)
    const X = normal(n, 5)
    expect(distance(factor.solveMatrix(multiply(a, X)), X)).toBeLessThan(1e-9)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) expect(Math.abs(factor.factors.data[i * n + j])).toBeLessThanOrEqual(1)
    // det(A') = det(A), and a swap of rows changes its sign.
    const swapped = denseMatrix(n, n, a.data.slice())
    if (n > 1) {
      swapped.data.set(a.data.subarray(0, n), n)
      swapped.data.set(a.data.subarray(n, 2 * n), 0)
      expect(lu(swapped).determinantSign()).toBe(-factor.determinantSign())
    }
    expect(lu(transpose(a)).determinantSign()).toBe(factor.determinantSign())
  })

  it('finds singular and non-finite matrices', () => {
    for (const n of [2, 20, 60]) {
      const a = normal(n, n)
      for (let i = 0; i < n; i++) a.data[i * n + 1] = 0
      expect(lu(a).ok).toBe(false)
      expect(lu(a).failedPivot).toBe(1)
      expect(lu(a).determinantSign()).toBe(0)
      const b = normal(n, n)
      b.data[n * n - 1] = Number.NaN
      expect(lu(b).ok).toBe(false)
      expect(ldlt(denseMatrix(n, n)).ok).toBe(false)
      expect(ldlt(denseMatrix(n, n)).inertia.zero).toBe(n)
    }
  })

  it.each([1, 2, 3, 8, 30, 48, 90, 160])('factors a symmetric indefinite matrix of order %i', (n) => {
    const values = Array.from({ length: n }, (_, i) => (i % 3 === 1 ? -1 : 1) * (0.5 + i))
    const a = withSpectrum(values)
    const factor = ldlt(a)
    expect(factor.ok).toBe(true)
    const negative = values.filter((v) => v < 0).length
    expect(factor.inertia).toEqual({ positive: n - negative, negative, zero: 0 })
    const expected = values.reduce((s, v) => s + Math.log(Math.abs(v)), 0)
    expect(Math.abs(factor.logAbsDeterminant() - expected)).toBeLessThan(1e-9)
    const x = vector(n)
    const b = new Float64Array(n)
    gemv(false, 1, a, x, 0, b)
    expect(difference(factor.solve(b), x)).toBeLessThan(1e-9)
  })

  it('pivots where the diagonal is zero: a saddle-point matrix', () => {
    const [n, m] = [60, 25]
    const H = gram(normal(n, n))
    const A = normal(m, n)
    const N = n + m
    const K = denseMatrix(N, N)
    for (let i = 0; i < n; i++) K.data.set(H.data.subarray(i * n, i * n + n), i * N)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        K.data[(n + i) * N + j] = A.data[i * n + j]
        K.data[j * N + n + i] = A.data[i * n + j]
      }
    const zeroFirst = denseMatrix(N, N)
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++) zeroFirst.data[(N - 1 - i) * N + N - 1 - j] = K.data[i * N + j]
    for (const matrix of [K, zeroFirst]) {
      const factor = ldlt(matrix)
      // By Sylvester's law a saddle-point matrix has n positive and m negative eigenvalues.
      expect(factor.inertia).toEqual({ positive: n, negative: m, zero: 0 })
      const x = vector(N)
      const b = new Float64Array(N)
      gemv(false, 1, matrix, x, 0, b)
      expect(difference(factor.solve(b), x)).toBeLessThan(1e-8)
    }
  })

  it('decomposes symmetric matrices: eigenvalues ascend, vectors are orthonormal', () => {
    for (const n of [1, 2, 10, 40]) {
      const spectrum = Array.from({ length: n }, (_, i) => i * i - 3 * i)
      const a = withSpectrum(spectrum)
      const { values, vectors } = symmetricEigen(a)
      const sorted = [...spectrum].sort((x, y) => x - y)
      expect(difference(values, Float64Array.from(sorted))).toBeLessThan(1e-10 * n * n)
      expect(distance(naive(true, false, vectors, vectors), identity(n))).toBeLessThan(1e-12)
      const AV = naive(false, false, a, vectors)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) expect(AV.data[i * n + j]).toBeCloseTo(values[j] * vectors.data[i * n + j], 9)
    }
    expect(symmetricEigen(denseFromRows([[Number.NaN]])).values[0]).toBeNaN()
  })

  it('decomposes rectangular matrices by singular values', () => {
    for (const [m, n] of [
      [1, 1],
      [6, 4],
      [4, 6],
      [40, 25],
      [25, 40],
    ]) {
      const a = normal(m, n)
      const { u, singularValues, v } = svd(a)
      const k = Math.min(m, n)
      expect([u.rows, u.cols, v.rows, v.cols, singularValues.length]).toEqual([m, k, n, k, k])
      for (let i = 1; i < k; i++) expect(singularValues[i]).toBeLessThanOrEqual(singularValues[i - 1])
      expect(singularValues[k - 1]).toBeGreaterThanOrEqual(0)
      expect(distance(naive(true, false, u, u), identity(k))).toBeLessThan(1e-12)
      expect(distance(naive(true, false, v, v), identity(k))).toBeLessThan(1e-12)
      const scaled = denseMatrix(m, k, u.data.slice())
      for (let i = 0; i < m * k; i++) scaled.data[i] *= singularValues[i % k]
      expect(distance(naive(false, true, scaled, v), a)).toBeLessThan(1e-12)
    }
  })
})

describe('dense linear algebra', () => {
  it('has the same bits for matrix-vector products inside and outside a workspace', () => {
    for (const [m, n] of [
      [13, 17],
      [16, 32],
      [31, 9],
      [100, 101],
      [7, 200],
    ]) {
      const work = new Workspace(8 * (m * n + m + n) + 192)
      const a = normal(m, n)
      const inside = denseMatrix(m, n, work.float64(m * n))
      inside.data.set(a.data)
      const [x, y] = [work.float64(n), work.float64(m)]
      x.set(vector(n))
      y.set(vector(m))
      const outside = y.slice()
      gemv(false, 1.5, inside, x, 0.25, y)
      gemv(false, 1.5, a, x.slice(), 0.25, outside)
      expect(y).toEqual(outside)
      const plain = x.slice()
      gemv(true, -0.5, inside, y, 1, x)
      gemv(true, -0.5, a, y.slice(), 1, plain)
      expect(x).toEqual(plain)
      ger(0.3, y, x, inside)
      ger(0.3, y.slice(), x.slice(), a)
      expect(inside.data).toEqual(a.data)
    }
  })

  it('has the same bits for triangular solves inside and outside a workspace', () => {
    const n = 50
    const work = new Workspace(8 * (n * n + n) + 128)
    const t = denseMatrix(n, n, work.float64(n * n))
    t.data.set(gram(normal(n, n)).data)
    for (const lower of [true, false]) {
      for (const transposed of [true, false]) {
        const b = work.float64(n)
        b.set(vector(n))
        const outside = b.slice()
        solveTriangular(t, b, { lower, transposed })
        solveTriangular(denseMatrix(n, n, t.data.slice()), outside, { lower, transposed })
        expect(b).toEqual(outside)
        work.release(b.byteOffset)
      }
    }
  })

  it.each([
    [1, 1],
    [7, 3],
    [3, 7],
    [40, 40],
    [100, 33],
    [150, 70],
  ])('factors [%i, %i] by orthogonal reflections', (m, n) => {
    const a = normal(m, n)
    const factor = qr(a)
    const q = factor.q()
    const k = Math.min(m, n)
    expect(distance(naive(true, false, q, q), identity(k))).toBeLessThan(1e-13 * m)
    expect(distance(naive(false, false, q, factor.r), a)).toBeLessThan(1e-13 * m)
    for (let i = 0; i < k; i++) for (let j = 0; j < Math.min(i, n); j++) expect(factor.r.data[i * n + j]).toBe(0)
    const b = vector(m)
    const there = b.slice()
    factor.applyQTransposed(there)
    factor.applyQ(there)
    expect(difference(there, b)).toBeLessThan(1e-13 * m)
    expect(factor.rankDeficient).toBe(false)
  })

  it('solves least squares: the residual is orthogonal to the columns', () => {
    const a = normal(60, 12)
    const b = vector(60)
    const x = leastSquares(a, b)
    const r = b.slice()
    gemv(false, -1, a, x, 1, r)
    const slope = new Float64Array(12)
    gemv(true, 1, a, r, 0, slope)
    expect(difference(slope, new Float64Array(12))).toBeLessThan(1e-12)
    // A column repeated: the rank is seen.
    const repeated = denseMatrix(60, 12, a.data.slice())
    for (let i = 0; i < 60; i++) repeated.data[i * 12 + 5] = repeated.data[i * 12]
    expect(qr(repeated).rankDeficient).toBe(true)
    expect(qr(denseMatrix(5, 2)).solve(new Float64Array(5)).every(Number.isNaN)).toBe(true)
  })

  it('factors columns whose squares overflow or underflow', () => {
    for (const scale of [1e-200, 1e200]) {
      const a = normal(6, 3)
      for (let i = 0; i < 18; i++) a.data[i] *= scale
      const { r } = qr(a)
      expect(Math.hypot(...[0, 1, 2, 3, 4, 5].map((i) => a.data[i * 3] / scale))).toBeCloseTo(
        Math.abs(r.data[0]) / scale,
        12,
      )
    }
  })

  it('refuses shapes that do not fit, naming the argument', () => {
    const a = normal(3, 4)
    expect(() => multiply(a, a)).toThrow(ShapeError)
    expect(() => gemm(false, false, 1, a, transpose(a), 0, denseMatrix(3, 4))).toThrow(
      /c has shape \[3, 4\], expected \[3, 3\]/,
    )
    expect(() => gemv(false, 1, a, new Float64Array(3), 0, new Float64Array(3))).toThrow(/x has length 3, expected 4/)
    expect(() => cholesky(a)).toThrow(/must be square/)
    expect(() => lu(a)).toThrow(ShapeError)
    expect(() => denseMatrix(2, 2, new Float64Array(3))).toThrow(ShapeError)
    expect(() => denseFromRows([[1, 2], [3]])).toThrow(ShapeError)
    expect(() => leastSquares(a, new Float64Array(3))).toThrow(/m >= n/)
    expect(() => cholesky(identity(2)).solve(new Float64Array(3))).toThrow(ShapeError)
  })
})
