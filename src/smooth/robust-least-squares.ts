import { describe, InvalidInputError, portableAtan, portableLog1p, portablePow, ShapeError } from '../base/index.ts'
import { type Result, type RunOptions, run, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { preciseJacobianByDifferences } from './least-squares-problem.ts'
import { projectedNewton } from './projected-newton.ts'

/**
 * How a residual counts, as a function of z = (r / scale)^2:
 *
 * - `squared`: z, ordinary least squares;
 * - `soft-l1`: 2 (sqrt(1 + z) - 1), smooth absolute value;
 * - `huber`: z up to 1, 2 sqrt(z) - 1 beyond;
 * - `cauchy`: log(1 + z), outliers hardly count;
 * - `arctan`: arctan(z), outliers count for at most pi / 2.
 */
export type RobustLoss = 'squared' | 'soft-l1' | 'huber' | 'cauchy' | 'arctan'

/** What may be told to `robustLeastSquares`. */
export interface RobustLeastSquaresOptions extends Omit<RunOptions<Float64Array>, 'start'> {
  /** How a residual counts. Default `soft-l1`. */
  loss?: RobustLoss
  /** Residuals well below this size count fully, those well above as outliers; > 0. Default 1. */
  lossScale?: number
  /** Lower bounds, length n; -Infinity for none. */
  lower?: ArrayLike<number>
  /** Upper bounds, length n; Infinity for none. */
  upper?: ArrayLike<number>
  /** Writes dr_i/dx_j, m*n row-major. Default: differences. */
  jacobian?(x: Float64Array, out: Float64Array): void
}

/** rho(z), rho'(z) and rho''(z). */
const losses: Readonly<Record<RobustLoss, (z: number) => readonly [number, number, number]>> = {
  squared: (z) => [z, 1, 0],
  'soft-l1': (z) => {
    const root = Math.sqrt(1 + z)
    return [(2 * z) / (root + 1), 1 / root, -0.5 / portablePow(root, 3)]
  },
  huber: (z) => (z <= 1 ? [z, 1, 0] : [2 * Math.sqrt(z) - 1, 1 / Math.sqrt(z), -0.5 / portablePow(z, 1.5)]),
  cauchy: (z) => [portableLog1p(z), 1 / (1 + z), -1 / (1 + z) ** 2],
  arctan: (z) => [portableAtan(z), 1 / (1 + z * z), (-2 * z) / (1 + z * z) ** 2],
}

/**
 * The smooth problem `min (c^2 / 2) sum_i rho((r_i(x) / c)^2)` over a box, c = `lossScale`, with the Gauss-Newton approximation
 * of its Hessian, J' diag(max(rho' + 2 rho'' z, rho' / 1000)) J, offered as `gauss-newton`.
 *
 * @param residuals writes r(x), length `residualCount`
 * @throws {InvalidInputError} on an unknown loss or a scale that is not > 0
 */
export function robustLeastSquaresProblem(
  residuals: (x: Float64Array, out: Float64Array) => void,
  residualCount: number,
  x0: ArrayLike<number>,
  options: Pick<RobustLeastSquaresOptions, 'loss' | 'lossScale' | 'lower' | 'upper' | 'jacobian'> = {},
): SmoothProblem {
  const { loss = 'soft-l1', lossScale = 1, lower, upper, jacobian } = options
  if (!Object.hasOwn(losses, loss)) {
    throw new InvalidInputError(
      `robust least squares: loss must be one of ${Object.keys(losses).join(', ')}, got ${describe(loss)}`,
      { argument: 'loss', expected: Object.keys(losses).join(', '), received: describe(loss) },
    )
  }
  if (!(typeof lossScale === 'number' && lossScale > 0 && lossScale < Infinity)) {
    throw new InvalidInputError(
      `robust least squares: lossScale must be a finite number > 0, got ${describe(lossScale)}`,
      {
        argument: 'lossScale',
        expected: 'a finite number > 0',
        received: describe(lossScale),
      },
    )
  }
  if (!Number.isInteger(residualCount) || residualCount < 1) {
    throw new ShapeError(
      `robust least squares: residualCount must be an integer >= 1, got ${describe(residualCount)}`,
      {
        argument: 'residualCount',
        expected: 'an integer >= 1',
        received: describe(residualCount),
      },
    )
  }
  const rho = losses[loss]
  const n = x0.length
  const m = residualCount
  const r = new Float64Array(m)
  const matrix = new Float64Array(m * n)
  const work = Array.from({ length: 4 }, () => new Float64Array(m))
  const evaluateJacobian = (x: Float64Array): void => {
    if (jacobian) jacobian(x, matrix)
    else preciseJacobianByDifferences(residuals, x.slice(), matrix, work)
  }
  const value = (x: Float64Array): number => {
    residuals(x, r)
    let sum = 0
    for (let i = 0; i < m; i++) sum += rho((r[i] / lossScale) ** 2)[0]
    return 0.5 * lossScale * lossScale * sum
  }
  return smoothProblem({
    name: 'robust least squares',
    dimension: n,
    value,
    valueAndGradient(x, out) {
      const f = value(x)
      evaluateJacobian(x)
      out.fill(0)
      for (let i = 0; i < m; i++) {
        const weight = rho((r[i] / lossScale) ** 2)[1] * r[i]
        for (let j = 0; j < n; j++) out[j] += weight * matrix[i * n + j]
      }
      return f
    },
    hessianApproximations: {
      'gauss-newton': {
        kind: 'dense',
        evaluate(x, out) {
          residuals(x, r)
          evaluateJacobian(x)
          out.fill(0)
          for (let i = 0; i < m; i++) {
            const z = (r[i] / lossScale) ** 2
            const [, first, second] = rho(z)
            // The true curvature of the loss, kept positive where it bends downwards.
            const weight = Math.max(first + 2 * second * z, 1e-3 * first)
            for (let a = 0; a < n; a++) {
              const wa = weight * matrix[i * n + a]
              for (let b = 0; b <= a; b++) out[a * n + b] += wa * matrix[i * n + b]
            }
          }
          for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) out[b * n + a] = out[a * n + b]
        },
      },
    },
    ...(lower && { lower }),
    ...(upper && { upper }),
    start: x0,
  })
}

/**
 * Least squares that bounds the parameters and does not let outliers decide:
 * `min (c^2 / 2) sum_i rho((r_i(x) / c)^2)` over `lower <= x <= upper`, by projected Newton steps with the Gauss-Newton matrix.
 *
 * @example
 * // A line through points, one of which is badly wrong.
 * const t = [0, 1, 2, 3, 4, 5]
 * const y = [1, 3, 5, 70, 9, 11]
 * robustLeastSquares((x) => t.map((ti, i) => x[0] + x[1] * ti - y[i]), [0, 0], { loss: 'cauchy' }).x // about [1, 2]
 *
 * @param residuals returns r(x) as an array of the same length at every x
 * @param x0 the start, length n, copied
 * @returns the result of the run; `converged` means that the infinity norm of the projected gradient is at most `tolerance`,
 *   default 1e-8 times the larger of 1 and the objective at the start
 * @throws {ThalwegError} on bad input
 */
export function robustLeastSquares(
  residuals: (x: Float64Array) => ArrayLike<number>,
  x0: ArrayLike<number>,
  options: RobustLeastSquaresOptions = {},
): Result<Float64Array> {
  const { loss, lossScale, lower, upper, jacobian, ...limits } = options
  const start = Float64Array.from(x0)
  const m = residuals(start.slice()).length
  const write = (x: Float64Array, out: Float64Array): void => {
    const r = residuals(x)
    if (r.length !== m) {
      throw new ShapeError(`robustLeastSquares: the residuals had length ${m} at the start and ${r.length} elsewhere`, {
        argument: 'residuals',
        expected: `length ${m}`,
        received: `length ${r.length}`,
      })
    }
    for (let i = 0; i < m; i++) out[i] = r[i]
  }
  const problem = robustLeastSquaresProblem(write, m, start, {
    ...(loss && { loss }),
    ...(lossScale !== undefined && { lossScale }),
    ...(lower && { lower }),
    ...(upper && { upper }),
    ...(jacobian && { jacobian }),
  })
  const scale = Math.max(1, problem.value(start))
  return run(problem, projectedNewton({ approximation: 'gauss-newton' }), {
    tolerance: Number.isFinite(scale) ? 1e-8 * scale : 1e-8,
    ...limits,
  })
}
