import { choice, InvalidInputError, type OptionSpec, structured, UnsupportedError } from '../base/index.ts'
import { type ConjugateGradientState, conjugateGradientSolver, dot, type LinearOperator } from '../linalg/index.ts'
import type { HessianApproximation, PreparedSmoothProblem } from '../solver/index.ts'
import { factorInPlace, gramian, multiply, multiplyTransposed, solveFactored } from './dense-products.ts'
import type { Metric } from './metric.ts'

/**
 * A Hessian or its approximation H at one point, with solves of (H + lambda B) for any lambda. Work memory of a method: what
 * it holds is recomputed by `update` at the start of every iteration.
 */
export interface HessianModel {
  /** Whether `factor` factors a matrix, rather than having a closed form. */
  readonly factorizes: boolean
  /** Evaluates H at x. */
  update(x: Float64Array): void
  /** Gets ready for solves with H + lambda B; false if that is not positive definite. */
  factor(lambda: number): boolean
  /**
   * out = (H + lambda B)^-1 rhs, given also `metricRhs` = B^-1 rhs (which the caller mostly has anyway); false if the matrix
   * turns out not to be positive definite.
   */
  solve(rhs: Float64Array, metricRhs: Float64Array, out: Float64Array): boolean
  /** out = H v. */
  multiply(v: Float64Array, out: Float64Array): void
}

/** The options that choose a model. */
export interface HessianModelOptions {
  readonly approximation: string
  readonly linearSolver: 'factorization' | 'conjugate-gradients'
  readonly preconditioner?: string | undefined
}

/** Spec of an option that names a Hessian approximation. */
export function approximationOption<T extends string | undefined>(
  fallback: T,
  label = 'Hessian or its approximation',
): OptionSpec<T> {
  return {
    ...structured<T>(
      fallback,
      label,
      "'exact', 'none' or the name of one of the problem's Hessian approximations",
      (value) => typeof value === 'string' && value.length > 0,
    ),
    // Shown as a choice of the names in use; any other name that the problem knows is accepted too.
    type: 'choice',
    choices: ['exact', 'none', 'gauss-newton', 'weighted-gauss-newton', 'fisher', 'inexact', 'diagonal'],
  }
}

/** Spec of the `linearSolver` option. */
export const linearSolverOption = choice(
  ['factorization', 'conjugate-gradients'],
  'factorization',
  'solver of the linear systems',
)

/** The oracles that a model of the problem's own Hessian calls. */
export function requiredOracles({ approximation, linearSolver }: HessianModelOptions): string[] {
  if (approximation !== 'exact') return []
  return [linearSolver === 'factorization' ? 'hessian' : 'hessianProduct']
}

/** Shift that makes a preconditioner P(x) positive definite. */
const PRECONDITIONER_SHIFT = 1e-8

/**
 * Makes the model that the options name.
 *
 * @throws {UnsupportedError} if the problem does not offer the approximation
 */
export function hessianModel(
  { approximation, linearSolver, preconditioner }: HessianModelOptions,
  metric: Metric,
  problem: PreparedSmoothProblem,
  where: string,
): HessianModel {
  const n = problem.dimension
  if (preconditioner !== undefined) {
    if (approximation !== 'none') {
      throw new InvalidInputError(
        `${where}: preconditioner needs approximation 'none', got '${approximation}'; the preconditioner takes the place of the metric in the gradient step`,
        {
          argument: 'preconditioner',
          expected: "approximation: 'none'",
          received: `approximation: '${approximation}'`,
        },
      )
    }
    return preconditionedModel(named(problem, preconditioner, 'preconditioner', where), n, where)
  }
  if (approximation === 'none') return emptyModel(n)
  const given: HessianApproximation =
    approximation === 'exact'
      ? linearSolver === 'factorization'
        ? { kind: 'dense', evaluate: problem.hessian }
        : { kind: 'operator', product: problem.hessianProduct }
      : named(problem, approximation, 'approximation', where)
  if (given.kind === 'operator' || linearSolver === 'conjugate-gradients') {
    return iterativeModel(given, metric, n, where)
  }
  if (given.kind === 'diagonal' && metric.diagonal) return diagonalModel(given, metric, n)
  if (given.kind === 'rank-one') return rankOneModel(given, metric, n, where)
  if (given.kind === 'low-rank' && given.rank < n) return lowRankModel(given, metric, n, where)
  return denseModel(given, metric, n, where)
}

function named(problem: PreparedSmoothProblem, name: string, argument: string, where: string): HessianApproximation {
  const offered = problem.hessianApproximations ?? {}
  if (Object.hasOwn(offered, name)) return offered[name]
  const names = Object.keys(offered)
  const expected = names.length > 0 ? names.map((other) => `'${other}'`).join(', ') : 'none'
  throw new UnsupportedError(
    `${where}: the problem does not offer the Hessian approximation '${name}'; it offers ${expected}`,
    { argument, expected, received: `'${name}'` },
  )
}

/** Checks a weight that an oracle returned; NaN passes and makes the trial step NaN, which the methods reject. */
function checkWeight(weight: number, where: string): number {
  if (weight < 0) {
    throw new InvalidInputError(
      `${where}: a Hessian approximation must be positive semidefinite, but one of its weights is ${weight}`,
      { argument: 'hessianApproximations', expected: 'weights >= 0', received: String(weight) },
    )
  }
  return weight
}

/** Writes H as a matrix, for structured approximations without a cheaper way. */
function writeDense(
  given: HessianApproximation,
  n: number,
  where: string,
): (x: Float64Array, out: Float64Array) => void {
  switch (given.kind) {
    case 'dense':
      return (x, out) => {
        given.evaluate(x, out)
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < i; j++) {
            const mean = 0.5 * (out[i * n + j] + out[j * n + i])
            out[i * n + j] = mean
            out[j * n + i] = mean
          }
        }
      }
    case 'diagonal': {
      const d = new Float64Array(n)
      return (x, out) => {
        given.evaluate(x, d)
        out.fill(0)
        for (let i = 0; i < n; i++) out[i * n + i] = d[i]
      }
    }
    case 'rank-one': {
      const v = new Float64Array(n)
      const weight = new Float64Array(1)
      return (x, out) => {
        weight[0] = checkWeight(given.evaluate(x, v), where)
        gramian(v, 1, n, weight, out)
      }
    }
    case 'low-rank': {
      const { rank } = given
      const V = new Float64Array(rank * n)
      const weights = new Float64Array(rank)
      return (x, out) => {
        given.evaluate(x, V, weights)
        for (let i = 0; i < rank; i++) checkWeight(weights[i], where)
        gramian(V, rank, n, weights, out)
      }
    }
    case 'operator': {
      const unit = new Float64Array(n)
      const column = new Float64Array(n)
      return (x, out) => {
        for (let j = 0; j < n; j++) {
          unit.fill(0)
          unit[j] = 1
          given.product(x, unit, column)
          out.set(column, j * n)
        }
      }
    }
  }
}

/** Cholesky of H + lambda B. */
function denseModel(given: HessianApproximation, metric: Metric, n: number, where: string): HessianModel {
  const write = writeDense(given, n, where)
  const H = new Float64Array(n * n)
  const factor = new Float64Array(n * n)
  return {
    factorizes: true,
    update: (x) => write(x, H),
    factor(lambda) {
      factor.set(H)
      metric.addTo(factor, lambda)
      return factorInPlace(factor, n)
    },
    solve(rhs, _metricRhs, out) {
      solveFactored(factor, n, rhs, out)
      return true
    },
    multiply: (v, out) => multiply(H, n, n, v, out),
  }
}

function diagonalModel(
  given: Extract<HessianApproximation, { kind: 'diagonal' }>,
  metric: Metric,
  n: number,
): HessianModel {
  const d = new Float64Array(n)
  const shifted = new Float64Array(n)
  return {
    factorizes: false,
    update: (x) => given.evaluate(x, d),
    factor(lambda) {
      shifted.set(d)
      metric.addDiagonalTo(shifted, lambda)
      for (let i = 0; i < n; i++) if (!(shifted[i] > 0)) return false
      return true
    },
    solve(rhs, _metricRhs, out) {
      for (let i = 0; i < n; i++) out[i] = rhs[i] / shifted[i]
      return true
    },
    multiply(v, out) {
      for (let i = 0; i < n; i++) out[i] = d[i] * v[i]
    },
  }
}

/** H = 0: (lambda B)^-1 rhs = metricRhs / lambda. */
function emptyModel(n: number): HessianModel {
  let shift = 1
  return {
    factorizes: false,
    update() {},
    factor(lambda) {
      shift = lambda
      return lambda > 0
    },
    solve(_rhs, metricRhs, out) {
      for (let i = 0; i < n; i++) out[i] = metricRhs[i] / shift
      return true
    },
    multiply: (_v, out) => {
      out.fill(0)
    },
  }
}

/** Sherman-Morrison: (a v v^T + lambda B)^-1 = (B^-1 - a w w^T / (lambda + a v^T w)) / lambda with w = B^-1 v. */
function rankOneModel(
  given: Extract<HessianApproximation, { kind: 'rank-one' }>,
  metric: Metric,
  n: number,
  where: string,
): HessianModel {
  const v = new Float64Array(n)
  const w = new Float64Array(n)
  let weight = 0
  let along = 0
  let shift = 1
  return {
    factorizes: false,
    update(x) {
      weight = checkWeight(given.evaluate(x, v), where)
      metric.solve(v, w)
      along = dot(v, w)
    },
    factor(lambda) {
      shift = lambda
      return lambda > 0 && lambda + weight * along > 0
    },
    solve(_rhs, metricRhs, out) {
      const coefficient = (weight * dot(v, metricRhs)) / (shift + weight * along)
      for (let i = 0; i < n; i++) out[i] = (metricRhs[i] - coefficient * w[i]) / shift
      return true
    },
    multiply(u, out) {
      const coefficient = weight * dot(v, u)
      for (let i = 0; i < n; i++) out[i] = coefficient * v[i]
    },
  }
}

/**
 * Woodbury with U = V^T Diag(w)^(1/2) (n x r): (U U^T + lambda B)^-1 = (B^-1 - W (lambda I + U^T W)^-1 W^T) / lambda, W = B^-1 U.
 * U^T W is made once an iteration; a trial costs r^3/3 + O(n r).
 */
function lowRankModel(
  given: Extract<HessianApproximation, { kind: 'low-rank' }>,
  metric: Metric,
  n: number,
  where: string,
): HessianModel {
  const { rank: r } = given
  // Rows of U^T and of W^T.
  const U = new Float64Array(r * n)
  const W = new Float64Array(r * n)
  const weights = new Float64Array(r)
  const small = new Float64Array(r * r)
  const factor = new Float64Array(r * r)
  const coefficients = new Float64Array(r)
  const solved = new Float64Array(r)
  const rows = Array.from({ length: r }, (_, i) => ({
    u: U.subarray(i * n, (i + 1) * n),
    w: W.subarray(i * n, (i + 1) * n),
  }))
  let shift = 1
  return {
    factorizes: true,
    update(x) {
      given.evaluate(x, U, weights)
      for (let i = 0; i < r; i++) {
        const root = Math.sqrt(checkWeight(weights[i], where))
        const { u, w } = rows[i]
        for (let j = 0; j < n; j++) u[j] *= root
        metric.solve(u, w)
        for (let k = 0; k <= i; k++) {
          const entry = dot(rows[k].u, w)
          small[i * r + k] = entry
          small[k * r + i] = entry
        }
      }
    },
    factor(lambda) {
      shift = lambda
      factor.set(small)
      for (let i = 0; i < r; i++) factor[i * r + i] += lambda
      return lambda > 0 && factorInPlace(factor, r)
    },
    solve(_rhs, metricRhs, out) {
      multiply(U, r, n, metricRhs, coefficients)
      solveFactored(factor, r, coefficients, solved)
      multiplyTransposed(W, r, n, solved, out)
      for (let i = 0; i < n; i++) out[i] = (metricRhs[i] - out[i]) / shift
      return true
    },
    multiply(v, out) {
      multiply(U, r, n, v, coefficients)
      multiplyTransposed(U, r, n, coefficients, out)
    },
  }
}

/**
 * Conjugate gradients on (H + lambda B) preconditioned by B, to ||residual||_* <= 0.1 min(1, sqrt(||rhs||_*)) ||rhs||_*. Only
 * products with H; stops as not positive definite at a direction of nonpositive curvature.
 */
function iterativeModel(given: HessianApproximation, metric: Metric, n: number, where: string): HessianModel {
  const product = 'product' in given ? given.product : undefined
  const write = product === undefined ? writeDense(given, n, where) : undefined
  const H = new Float64Array(write ? n * n : 0)
  const point = new Float64Array(n)
  const metricImage = new Float64Array(n)
  let shift = 1
  const apply = (v: Float64Array, out: Float64Array): void => {
    if (product) product(point, v, out)
    else multiply(H, n, n, v, out)
  }
  const shifted: LinearOperator = {
    rows: n,
    cols: n,
    apply(v, out) {
      apply(v, out)
      metric.apply(v, metricImage)
      for (let i = 0; i < n; i++) out[i] += shift * metricImage[i]
    },
  }
  const preconditioned = { preconditioner: { rows: n, cols: n, apply: metric.solve } }
  // Made once and reset for every system, so that a solve allocates nothing.
  const cg: ConjugateGradientState = {
    x: new Float64Array(n),
    iterations: 0,
    r: new Float64Array(n),
    z: new Float64Array(n),
    p: new Float64Array(n),
    Ap: new Float64Array(n),
    rz: 0,
  }
  return {
    factorizes: false,
    update(x) {
      point.set(x)
      write?.(x, H)
    },
    factor(lambda) {
      shift = lambda
      return lambda > 0
    },
    solve(rhs, metricRhs, out) {
      cg.x.fill(0)
      cg.r.set(rhs)
      cg.p.set(metricRhs)
      cg.rz = dot(rhs, metricRhs)
      const norm = Math.sqrt(cg.rz)
      const target = 0.1 * Math.min(1, Math.sqrt(norm)) * norm
      for (let k = 0; k < 2 * n + 10 && Math.sqrt(cg.rz) > target; k++) {
        if (!conjugateGradientSolver.step(shifted, cg, preconditioned)) return false
      }
      out.set(cg.x)
      return true
    },
    multiply: apply,
  }
}

/** (P(x) + 1e-8 I) in the place of B in a gradient step: out = (P + 1e-8 I)^-1 rhs / lambda. */
function preconditionedModel(given: HessianApproximation, n: number, where: string): HessianModel {
  const write = writeDense(given, n, where)
  const factored = new Float64Array(n * n)
  let definite = false
  let shift = 1
  return {
    factorizes: false,
    update(x) {
      write(x, factored)
      for (let i = 0; i < n; i++) factored[i * n + i] += PRECONDITIONER_SHIFT
      definite = factorInPlace(factored, n)
    },
    factor(lambda) {
      shift = lambda
      return definite && lambda > 0
    },
    solve(rhs, _metricRhs, out) {
      solveFactored(factored, n, rhs, out)
      for (let i = 0; i < n; i++) out[i] /= shift
      return true
    },
    multiply: (_v, out) => {
      out.fill(0)
    },
  }
}
