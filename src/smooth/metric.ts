import {
  describe,
  InvalidInputError,
  type OptionSpec,
  ShapeError,
  structured,
  UnsupportedError,
} from '../base/index.ts'
import { dot } from '../linalg/index.ts'
import type { SmoothProblem } from '../solver/index.ts'
import { factorInPlace, multiply, solveFactored } from './dense-products.ts'

/**
 * A choice of the matrix B: `'identity'`, `'problem'` (the problem's `metric`), or the matrix itself, n*n row-major, or its
 * diagonal, length n.
 */
export type MetricChoice = 'identity' | 'problem' | Float64Array

/** Spec of the `metric` option of methods that work in the norm of a matrix B. */
export const metricOption: OptionSpec<MetricChoice> = structured<MetricChoice>(
  'identity',
  'metric B of the norm',
  "'identity', 'problem' or a Float64Array (n*n row-major, or a diagonal of length n)",
  (value) => value === 'identity' || value === 'problem' || value instanceof Float64Array,
)

/** The norm ||h|| = sqrt(h^T B h) of a symmetric positive definite B, factored once. Arrays have length n. */
export interface Metric {
  /** Whether B is diagonal (or the identity). */
  readonly diagonal: boolean
  /** out = B^-1 g. */
  solve(g: Float64Array, out: Float64Array): void
  /** out = B h. */
  apply(h: Float64Array, out: Float64Array): void
  /** ||h||. */
  norm(h: Float64Array): number
  /** Adds lambda B to a matrix, n*n. */
  addTo(matrix: Float64Array, lambda: number): void
  /** Adds lambda times the diagonal of B to a vector. */
  addDiagonalTo(vector: Float64Array, lambda: number): void
}

/**
 * Makes the metric and factors it: n^3/3 flops for a dense B.
 *
 * @throws {UnsupportedError} if `'problem'` is chosen and the problem has no metric
 * @throws {ShapeError} if the matrix does not fit the problem
 * @throws {InvalidInputError} if the matrix is not symmetric positive definite
 */
export function makeMetric(choice: MetricChoice, problem: SmoothProblem, where: string): Metric {
  const n = problem.dimension
  if (choice === 'identity') return identityMetric()
  if (choice === 'problem' && problem.metric === undefined) {
    throw new UnsupportedError(
      `${where}: metric is 'problem', but the problem has no metric; give it one or choose 'identity'`,
      { argument: 'metric', expected: 'a problem with a metric', received: 'a problem without' },
    )
  }
  const B = choice === 'problem' ? (problem.metric as Float64Array) : choice
  if (B.length !== n && B.length !== n * n) {
    throw new ShapeError(
      `${where}: metric has ${B.length} entries, but the problem has dimension ${n}; expected ${n * n} (a matrix) or ${n} (a diagonal)`,
      { argument: 'metric', expected: `${n * n} or ${n} entries`, received: `${B.length} entries` },
    )
  }
  return B.length === n ? diagonalMetric(B, where) : denseMetric(B, n, where)
}

function identityMetric(): Metric {
  return {
    diagonal: true,
    solve: (g, out) => out.set(g),
    apply: (h, out) => out.set(h),
    norm: (h) => Math.sqrt(dot(h, h)),
    addTo(matrix, lambda) {
      const n = Math.sqrt(matrix.length)
      for (let i = 0; i < n; i++) matrix[i * n + i] += lambda
    },
    addDiagonalTo(vector, lambda) {
      for (let i = 0; i < vector.length; i++) vector[i] += lambda
    },
  }
}

function notPositiveDefinite(where: string, received: string): InvalidInputError {
  return new InvalidInputError(`${where}: metric must be symmetric positive definite, got ${received}`, {
    argument: 'metric',
    expected: 'a symmetric positive definite matrix',
    received,
  })
}

function diagonalMetric(d: Float64Array, where: string): Metric {
  const n = d.length
  for (let i = 0; i < n; i++) {
    if (!(d[i] > 0 && d[i] < Infinity)) throw notPositiveDefinite(where, `the diagonal entry ${describe(d[i])}`)
  }
  return {
    diagonal: true,
    solve(g, out) {
      for (let i = 0; i < n; i++) out[i] = g[i] / d[i]
    },
    apply(h, out) {
      for (let i = 0; i < n; i++) out[i] = d[i] * h[i]
    },
    norm(h) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += d[i] * h[i] * h[i]
      return Math.sqrt(sum)
    },
    addTo(matrix, lambda) {
      for (let i = 0; i < n; i++) matrix[i * n + i] += lambda * d[i]
    },
    addDiagonalTo(vector, lambda) {
      for (let i = 0; i < n; i++) vector[i] += lambda * d[i]
    },
  }
}

function denseMetric(B: Float64Array, n: number, where: string): Metric {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const a = B[i * n + j]
      const b = B[j * n + i]
      if (Math.abs(a - b) > 1e-10 * Math.sqrt(Math.abs(B[i * n + i] * B[j * n + j]))) {
        throw notPositiveDefinite(where, `B[${i}][${j}] = ${a} but B[${j}][${i}] = ${b}`)
      }
    }
  }
  const L = B.slice()
  if (!factorInPlace(L, n)) throw notPositiveDefinite(where, 'a matrix whose Cholesky factorization breaks down')
  const image = new Float64Array(n)
  return {
    diagonal: false,
    solve: (g, out) => solveFactored(L, n, g, out),
    apply: (h, out) => multiply(B, n, n, h, out),
    norm(h) {
      multiply(B, n, n, h, image)
      return Math.sqrt(Math.max(0, dot(h, image)))
    },
    addTo(matrix, lambda) {
      for (let i = 0; i < matrix.length; i++) matrix[i] += lambda * B[i]
    },
    addDiagonalTo(vector, lambda) {
      for (let i = 0; i < n; i++) vector[i] += lambda * B[i * n + i]
    },
  }
}
