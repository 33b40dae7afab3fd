import { describe, InvalidInputError, portablePow, ShapeError } from '../base/index.ts'
import { type HessianApproximations, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { gramian, multiply, multiplyTransposed } from './dense-products.ts'

/** A smooth map u: R^n -> R^m with its derivatives, for problems made of residuals. Arrays are the caller's. */
export interface ResidualMap {
  /** n >= 1. */
  readonly dimension: number
  /** m >= 1. */
  readonly residualCount: number
  /** Writes u(x), length m. */
  residuals(x: Float64Array, out: Float64Array): void
  /** Writes J^T w for the Jacobian J of u at x; w has length m, out length n. */
  transposedProduct(x: Float64Array, w: Float64Array, out: Float64Array): void
  /** Writes J^T J, n*n, both triangles. */
  gramian(x: Float64Array, out: Float64Array): void
  /** Whether u is affine, so that its second derivatives are zero. Default false. */
  readonly affine?: boolean
  /**
   * Adds sum_i w_i Hess u_i(x) to out, n*n, both triangles. Without it the Hessian of a map that is not affine comes from
   * differences of gradients.
   */
  addCurvature?(x: Float64Array, w: Float64Array, out: Float64Array): void
  readonly name?: string
}

export interface PoweredNormOptions {
  readonly residuals: ResidualMap
  /** p >= 2. Default 2. */
  readonly power?: number
  readonly start?: ArrayLike<number>
  /** The known minimum of f. */
  readonly minimum?: number
  readonly metric?: ArrayLike<number>
  readonly name?: string
}

/**
 * A power of a residual norm, f(x) = (1/p) ||u(x)||^p, p >= 2; for p = 2 nonlinear least squares.
 *
 * With J the Jacobian of u, grad f = ||u||^(p-2) J^T u and
 *
 *     Hess f = ||u||^(p-2) (J^T J + sum_i u_i Hess u_i) + (p-2) ||u||^(p-4) (J^T u)(J^T u)^T.
 *
 * Approximations of the Hessian that it offers:
 * - `fisher` (rank one): (p-2) ||u||^(p-4) (J^T u)(J^T u)^T, which is ((p-2) / ||u||^p) grad f grad f^T; for affine u with the
 *   metric B = J^T J;
 * - `gauss-newton` (dense): ||u||^(p-2) J^T J;
 * - `inexact` (dense): both of them together, all of the Hessian but the second derivatives of u.
 *
 * Powers of ||u|| below zero are never formed: the second term is (p-2) ||u||^(p-2) w w^T with w = J^T u / ||u||, and 0 at u = 0.
 *
 * @throws {InvalidInputError} if p < 2
 * @see Semenov, Jaggi and Doikov, arXiv 2506.13710, examples with powers of norms
 */
export function poweredNorm({ residuals: map, power = 2, ...rest }: PoweredNormOptions): SmoothProblem {
  if (!(power >= 2 && power < Infinity)) {
    throw new InvalidInputError(`powered norm: power must be a finite number >= 2, got ${describe(power)}`, {
      argument: 'power',
      expected: 'a finite number >= 2',
      received: describe(power),
    })
  }
  const { dimension: n, residualCount: m, addCurvature } = map
  const u = new Float64Array(m)
  const w = new Float64Array(n)

  const evaluateNorm = (x: Float64Array): number => {
    map.residuals(x, u)
    let scale = 0
    for (let i = 0; i < m; i++) if (!(Math.abs(u[i]) <= scale)) scale = Math.abs(u[i])
    if (scale === 0 || !Number.isFinite(scale)) return scale
    // Scaled, so that neither tiny nor huge residuals lose digits.
    let sum = 0
    for (let i = 0; i < m; i++) sum += (u[i] / scale) * (u[i] / scale)
    return scale * Math.sqrt(sum)
  }

  /** Leaves J^T u / ||u|| in w; needs u. */
  const direction = (x: Float64Array, norm: number): void => {
    if (norm === 0) {
      w.fill(0)
      return
    }
    for (let i = 0; i < m; i++) u[i] /= norm
    map.transposedProduct(x, u, w)
    for (let i = 0; i < m; i++) u[i] *= norm
  }

  const gradientAt = (x: Float64Array, out: Float64Array): number => {
    const norm = evaluateNorm(x)
    map.transposedProduct(x, u, out)
    const factor = portablePow(norm, power - 2)
    for (let i = 0; i < n; i++) out[i] *= factor
    return portablePow(norm, power) / power
  }

  const addRankOne = (norm: number, out: Float64Array): void => {
    const factor = (power - 2) * portablePow(norm, power - 2)
    if (factor === 0) return
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out[i * n + j] += factor * (w[i] * w[j])
    }
  }

  const scaleBy = (factor: number, out: Float64Array): void => {
    for (let i = 0; i < out.length; i++) out[i] *= factor
  }

  const hessianApproximations: HessianApproximations = {
    fisher: {
      kind: 'rank-one',
      evaluate(x, vector) {
        const norm = evaluateNorm(x)
        direction(x, norm)
        vector.set(w)
        return (power - 2) * portablePow(norm, power - 2)
      },
    },
    'gauss-newton': {
      kind: 'dense',
      evaluate(x, out) {
        const norm = evaluateNorm(x)
        map.gramian(x, out)
        if (power !== 2) scaleBy(portablePow(norm, power - 2), out)
      },
    },
    inexact: {
      kind: 'dense',
      evaluate(x, out) {
        const norm = evaluateNorm(x)
        map.gramian(x, out)
        if (power !== 2) scaleBy(portablePow(norm, power - 2), out)
        direction(x, norm)
        addRankOne(norm, out)
      },
    },
  }

  return smoothProblem({
    name: `(1/${power}) ||${map.name ?? 'u'}||^${power}`,
    dimension: n,
    value: (x) => portablePow(evaluateNorm(x), power) / power,
    gradient: (x, out) => {
      gradientAt(x, out)
    },
    valueAndGradient: gradientAt,
    ...((map.affine || addCurvature) && {
      hessian(x: Float64Array, out: Float64Array) {
        const norm = evaluateNorm(x)
        map.gramian(x, out)
        addCurvature?.(x, u, out)
        if (power !== 2) scaleBy(portablePow(norm, power - 2), out)
        direction(x, norm)
        addRankOne(norm, out)
      },
    }),
    hessianApproximations,
    ...rest,
  })
}

/**
 * The map of any residuals with a Jacobian, such as a least-squares problem's. Products with the Jacobian are made from the
 * matrix, which is evaluated anew for each.
 */
export function residualMap(given: {
  readonly dimension: number
  readonly residualCount: number
  residuals(x: Float64Array, out: Float64Array): void
  /** Writes du_i/dx_j, m*n row-major. */
  jacobian(x: Float64Array, out: Float64Array): void
  readonly name?: string
}): ResidualMap {
  const { dimension: n, residualCount: m } = given
  const J = new Float64Array(m * n)
  return {
    ...(given.name !== undefined && { name: given.name }),
    dimension: n,
    residualCount: m,
    residuals: (x, out) => given.residuals(x, out),
    transposedProduct(x, w, out) {
      given.jacobian(x, J)
      multiplyTransposed(J, m, n, w, out)
    },
    gramian(x, out) {
      given.jacobian(x, J)
      gramian(J, m, n, null, out)
    },
  }
}

/**
 * u(x) = A x - b.
 *
 * @param matrix A [m, n] row-major; not copied
 * @param offsets b, length m; not copied
 * @throws {ShapeError} if the length of `matrix` is not a positive multiple of that of `offsets`
 */
export function affineMap(matrix: Float64Array, offsets: Float64Array): ResidualMap {
  const m = offsets.length
  const n = matrix.length / m
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new ShapeError(
      `affine residuals: matrix has ${matrix.length} entries and offsets ${m}; expected matrix.length === m * n`,
      { argument: 'matrix', expected: `a positive multiple of ${m} entries`, received: `${matrix.length} entries` },
    )
  }
  return {
    name: 'A x - b',
    dimension: n,
    residualCount: m,
    affine: true,
    residuals(x, out) {
      multiply(matrix, m, n, x, out)
      for (let i = 0; i < m; i++) out[i] -= offsets[i]
    },
    transposedProduct: (_x, w, out) => multiplyTransposed(matrix, m, n, w, out),
    gramian: (_x, out) => gramian(matrix, m, n, null, out),
  }
}

/** The residuals of Rosenbrock's function, u(x, y) = (1 - x, 10 (y - x^2)): ||u||^2 = (1 - x)^2 + 100 (y - x^2)^2. */
export function rosenbrockMap(): ResidualMap {
  return {
    name: 'Rosenbrock',
    dimension: 2,
    residualCount: 2,
    residuals(x, out) {
      out[0] = 1 - x[0]
      out[1] = 10 * (x[1] - x[0] * x[0])
    },
    transposedProduct(x, w, out) {
      out[0] = -w[0] - 20 * x[0] * w[1]
      out[1] = 10 * w[1]
    },
    gramian(x, out) {
      out[0] = 1 + 400 * x[0] * x[0]
      out[1] = out[2] = -200 * x[0]
      out[3] = 100
    },
    addCurvature(_x, w, out) {
      out[0] -= 20 * w[1]
    },
  }
}

/**
 * The chain of Chebyshev polynomials, u_1 = (1 - x_1) / 2, u_i = x_i - (2 x_{i-1}^2 - 1), a long curved valley (Nesterov's
 * Chebyshev-Rosenbrock function) with the only zero at x = (1, ..., 1).
 *
 * @throws {InvalidInputError} if `dimension` is not an integer >= 1
 */
export function chebyshevMap(dimension: number): ResidualMap {
  const n = dimension
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new InvalidInputError(`Chebyshev residuals: dimension must be an integer >= 1, got ${describe(dimension)}`, {
      argument: 'dimension',
      expected: 'an integer >= 1',
      received: describe(dimension),
    })
  }
  return {
    name: 'Chebyshev',
    dimension: n,
    residualCount: n,
    residuals(x, out) {
      out[0] = (1 - x[0]) / 2
      for (let i = 1; i < n; i++) out[i] = x[i] - (2 * x[i - 1] * x[i - 1] - 1)
    },
    transposedProduct(x, w, out) {
      out[0] = -0.5 * w[0]
      for (let i = 1; i < n; i++) out[i] = w[i]
      for (let i = 1; i < n; i++) out[i - 1] -= 4 * x[i - 1] * w[i]
    },
    gramian(x, out) {
      // Row i of J is e_i - 4 x_{i-1} e_{i-1}, so J^T J is tridiagonal.
      out.fill(0)
      out[0] = 0.25
      for (let i = 1; i < n; i++) {
        const c = -4 * x[i - 1]
        out[i * n + i] = 1
        out[(i - 1) * n + i - 1] += c * c
        out[i * n + i - 1] = out[(i - 1) * n + i] = c
      }
    },
    addCurvature(_x, w, out) {
      for (let i = 1; i < n; i++) out[(i - 1) * n + i - 1] -= 4 * w[i]
    },
  }
}
