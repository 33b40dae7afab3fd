import {
  checkNames,
  describe,
  InvalidInputError,
  portableHypot,
  portablePow,
  ShapeError,
  UnsupportedError,
} from '../base/index.ts'
import type { Measures, Problem, ProblemClass, Requirements, Tally } from '../solver/index.ts'

/** The oracles and data of `min (1/2) sum_i r_i(x)^2, x in R^n`, r: R^n -> R^m. */
export interface LeastSquaresOracles {
  /** Number of unknowns n >= 1. */
  readonly dimension: number
  /** Number of residuals m >= 1. */
  readonly residualCount: number
  /** Writes r(x), length m. May write NaN or Infinity outside its domain; methods then step back. */
  residuals(x: Float64Array, out: Float64Array): void
  /** Writes the Jacobian dr_i/dx_j, m*n row-major. */
  jacobian?(x: Float64Array, out: Float64Array): void
  /** Where a run starts by default, length n. */
  readonly start?: ArrayLike<number>
  readonly name?: string
  /** The known minimum of the objective (1/2) sum r_i^2, for tests, stopping rules and plots. */
  readonly minimum?: number
  /** A known minimizer. */
  readonly minimizer?: ArrayLike<number>
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

/** A nonlinear least-squares problem, made by `leastSquaresProblem`. */
export interface LeastSquaresProblem
  extends Problem<Float64Array>,
    Omit<LeastSquaresOracles, 'start' | 'name' | 'recipe'> {}

/** A least-squares problem after `prepare`: the Jacobian is certainly there. */
export interface PreparedLeastSquaresProblem extends LeastSquaresProblem {
  jacobian(x: Float64Array, out: Float64Array): void
}

const knownNames = [
  'class',
  'dimension',
  'residualCount',
  'residuals',
  'jacobian',
  'start',
  'name',
  'minimum',
  'minimizer',
  'recipe',
]

/**
 * Below this part of ||J diag(x)||_F a residual vector counts as noise of the model's own arithmetic: what makes the relative
 * offset of a problem with an exact fit go to zero.
 */
const NEGLIGIBLE_RESIDUAL = 1e-6
/** The same in absolute terms, where the solution itself is zero: residual norms of 1e-30 are zero in any unit. */
const ABSOLUTE_ZERO = 1e-22
/** Columns whose part that is new falls below this relative size are linear combinations of those before. */
const DEPENDENT = 1e-13

/**
 * The relative offset of Bates and Watts, ||P r|| / (||r|| + 1e-6 ||J diag(x)||_F + 1e-22), where P projects onto the range of J:
 * the part of the residual vector that a linear change of the parameters could still remove. Invariant to any scaling of
 * parameters and (but for the last term) of residuals; at 1e-8 the parameters are within 1e-8 sqrt(m - n) standard errors of
 * their optimum. The second term lets it go to zero for exact fits too, where ||P r|| / ||r|| stays at 1 down to rounding.
 *
 * @param jacobian m*n row-major; not changed
 * @see Bates and Watts, A relative offset orthogonality convergence criterion for nonlinear least squares, Technometrics 23
 *   (1981)
 */
export function relativeOffset(
  x: Float64Array,
  residuals: Float64Array,
  jacobian: Float64Array,
  work: Float64Array = new Float64Array(residuals.length * x.length),
): number {
  const n = x.length
  const m = residuals.length
  let scale = 0
  let projected = 0
  let rank = 0
  // Columns become rows of an orthonormal basis, by Gram-Schmidt, twice.
  for (let j = 0; j < n; j++) {
    let squared = 0
    for (let i = 0; i < m; i++) squared += jacobian[i * n + j] * jacobian[i * n + j]
    const norm = Math.sqrt(squared)
    if (Number.isNaN(norm)) return NaN
    if (norm === 0) continue
    scale = portableHypot(scale, norm * x[j])
    const at = rank * m
    for (let i = 0; i < m; i++) work[at + i] = jacobian[i * n + j] / norm
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < rank; k++) {
        let along = 0
        for (let i = 0; i < m; i++) along += work[k * m + i] * work[at + i]
        for (let i = 0; i < m; i++) work[at + i] -= along * work[k * m + i]
      }
    }
    let remaining = 0
    for (let i = 0; i < m; i++) remaining += work[at + i] * work[at + i]
    remaining = Math.sqrt(remaining)
    if (remaining < DEPENDENT || rank >= m) continue
    let along = 0
    for (let i = 0; i < m; i++) {
      work[at + i] /= remaining
      along += work[at + i] * residuals[i]
    }
    projected = portableHypot(projected, along)
    rank++
  }
  let length = 0
  for (let i = 0; i < m; i++) length += residuals[i] * residuals[i]
  return projected / (Math.sqrt(length) + NEGLIGIBLE_RESIDUAL * scale + ABSOLUTE_ZERO)
}

/** (1/2) sum r_i^2. */
export function halfSumOfSquares(residuals: Float64Array): number {
  let sum = 0
  for (let i = 0; i < residuals.length; i++) sum += residuals[i] * residuals[i]
  return 0.5 * sum
}

/** Relative step of a fourth-order difference: balances truncation h^4 and rounding eps / h. */
const DIFFERENCE_STEP = portablePow(Number.EPSILON, 1 / 5)
/** A difference of residuals smaller than this part of their size is not yet informative; the step then grows. */
const SMALLEST_CHANGE = 1e-9
const STEP_GROWTH = 100

/**
 * Jacobian of r: R^n -> R^m by fourth-order central differences,
 * `(8 (r(x+h) - r(x-h)) - (r(x+2h) - r(x-2h))) / 12h` with h = eps^(1/5) |x_j| (eps^(1/5) where x_j = 0). Relative error about
 * 1e-12 for well-behaved r. A step under which r hardly changes is enlarged up to eps^(1/5); one that leads out of the domain is
 * shortened, at most six times. Costs 4n evaluations, more where steps are changed.
 *
 * @param x length n; changed during the call and restored bit for bit
 * @param out m*n row-major, written
 * @param work five arrays of length m
 */
export function preciseJacobianByDifferences(
  residuals: (x: Float64Array, out: Float64Array) => void,
  x: Float64Array,
  out: Float64Array,
  work: readonly Float64Array[],
): void {
  const n = x.length
  const [above, below, farAbove, farBelow] = work
  const m = above.length
  for (let j = 0; j < n; j++) {
    const xj = x[j]
    const evaluate = (offset: number, into: Float64Array): boolean => {
      x[j] = xj + offset
      try {
        residuals(x, into)
      } finally {
        x[j] = xj
      }
      for (let i = 0; i < m; i++) if (!Number.isFinite(into[i])) return false
      return true
    }
    let h = DIFFERENCE_STEP * (xj === 0 ? 1 : Math.abs(xj))
    let shortened = 0
    for (;;) {
      h = xj + h - xj
      if (!(evaluate(h, above) && evaluate(-h, below))) {
        if (shortened++ === 6) break
        h /= 10
        continue
      }
      // Rounding to a representable difference may leave h a little below the largest step.
      if (shortened > 0 || h >= 0.99 * DIFFERENCE_STEP) break
      let change = 0
      let size = 0
      for (let i = 0; i < m; i++) {
        change = Math.max(change, Math.abs(above[i] - below[i]))
        size = Math.max(size, Math.abs(above[i]))
      }
      if (change > SMALLEST_CHANGE * size) break
      h = Math.min(h * STEP_GROWTH, DIFFERENCE_STEP)
    }
    const far = evaluate(2 * h, farAbove) && evaluate(-2 * h, farBelow)
    for (let i = 0; i < m; i++) {
      const near = above[i] - below[i]
      out[i * n + j] = far ? (8 * near - (farAbove[i] - farBelow[i])) / (12 * h) : near / (2 * h)
    }
  }
}

/**
 * The class of problems `min (1/2) sum_i r_i(x)^2`. The objective is half the sum of squares. Optimality measure:
 * `relativeOffset`, the part of the residual vector that a linear change of the parameters could still remove. Default tolerance
 * 1e-8, default limit 1,000 iterations. Also measured: `gradientNorm`, the infinity norm of J^T r.
 */
export const leastSquaresClass: ProblemClass<Float64Array> & { readonly name: 'least-squares' } = {
  name: 'least-squares',
  optimality: 'relativeOffset',
  optimalityMeaning: 'part of the residual norm that a linear change of the parameters could still remove',
  defaults: { tolerance: 1e-8, maxIterations: 1000 },
  oracles: ['residuals', 'jacobian'],

  prepare(given, requirements, tally) {
    const problem = given as LeastSquaresProblem
    const notes: string[] = []
    return { problem: completed(counted(problem, tally), requirements, notes), notes }
  },

  startingPoint(given, start) {
    const problem = given as LeastSquaresProblem
    const from = start ?? problem.start
    if (from === undefined) {
      throw new InvalidInputError('least squares: no start; give the problem or the run a start', {
        argument: 'start',
      })
    }
    return vector('start', from, problem.dimension)
  },

  certify(given, x): Measures {
    const problem = given as LeastSquaresProblem
    const { residualCount: m, dimension: n } = problem
    const residuals = new Float64Array(m)
    const jacobian = new Float64Array(m * n)
    problem.residuals(x, residuals)
    if (problem.jacobian) problem.jacobian(x, jacobian)
    else {
      const work = Array.from({ length: 4 }, () => new Float64Array(m))
      preciseJacobianByDifferences(problem.residuals, x.slice(), jacobian, work)
    }
    let gradientNorm = 0
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let i = 0; i < m; i++) sum += jacobian[i * n + j] * residuals[i]
      if (!(Math.abs(sum) <= gradientNorm)) gradientNorm = Math.abs(sum)
    }
    return {
      objective: halfSumOfSquares(residuals),
      relativeOffset: relativeOffset(x, residuals, jacobian),
      gradientNorm,
    }
  },
}

function counted(problem: LeastSquaresProblem, tally: Tally): LeastSquaresProblem {
  const { residuals, jacobian } = problem
  return {
    ...problem,
    residuals(x, out) {
      tally.count('residuals')
      residuals(x, out)
      tally.value(halfSumOfSquares(out))
    },
    ...(jacobian && {
      jacobian(x: Float64Array, out: Float64Array) {
        tally.count('jacobian')
        jacobian(x, out)
      },
    }),
  }
}

function completed(
  problem: LeastSquaresProblem,
  requirements: Requirements,
  notes: string[],
): PreparedLeastSquaresProblem {
  if (problem.jacobian) return problem as PreparedLeastSquaresProblem
  if (requirements.requires.includes('jacobian')) notes.push('the Jacobian comes from differences of the residuals')
  const work = Array.from({ length: 4 }, () => new Float64Array(problem.residualCount))
  return { ...problem, jacobian: (x, out) => preciseJacobianByDifferences(problem.residuals, x, out, work) }
}

function vector(name: string, given: ArrayLike<number>, dimension: number): Float64Array {
  const complain = (what: string, expected: string, received: string): never => {
    throw new InvalidInputError(`least squares: ${what} must be ${expected}, got ${received}`, {
      argument: what,
      expected,
      received,
    })
  }
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    complain(name, `an array of ${dimension} numbers`, describe(given))
  }
  if (given.length !== dimension) {
    throw new ShapeError(
      `least squares: ${name} has length ${given.length}, but the problem has dimension ${dimension}; expected ${name}.length === ${dimension}`,
      { argument: name, expected: `length ${dimension}`, received: `length ${given.length}` },
    )
  }
  for (let i = 0; i < dimension; i++) {
    if (typeof given[i] !== 'number' || !Number.isFinite(given[i])) {
      complain(`${name}[${i}]`, 'a finite number', describe(given[i]))
    }
  }
  return Float64Array.from(given)
}

/**
 * Makes a nonlinear least-squares problem from its oracles.
 *
 * @example
 * // A circle of radius 2 and a parabola: where do they meet?
 * leastSquaresProblem({
 *   dimension: 2,
 *   residualCount: 2,
 *   residuals(x, out) {
 *     out[0] = x[0] ** 2 + x[1] ** 2 - 4
 *     out[1] = x[1] - x[0] ** 2
 *   },
 *   start: [1, 1],
 * })
 *
 * @throws {InvalidInputError} if `dimension` or `residualCount` is not an integer >= 1, or `residuals` is not a function
 * @throws {ShapeError} if `start` or `minimizer` has another length than `dimension`
 * @throws {UnsupportedError} if bounds are given
 */
export function leastSquaresProblem(oracles: LeastSquaresOracles): LeastSquaresProblem {
  if ('lower' in oracles || 'upper' in oracles) {
    throw new UnsupportedError('least squares: bounds are not supported; substitute x = exp(u) or the like', {
      argument: 'lower',
      expected: 'no bounds',
    })
  }
  checkNames(oracles, knownNames, 'least squares')
  const { start, minimizer, ...rest } = oracles
  for (const name of ['dimension', 'residualCount'] as const) {
    const count = oracles[name]
    if (Number.isInteger(count) && count >= 1) continue
    throw new InvalidInputError(`least squares: ${name} must be an integer >= 1, got ${describe(count)}`, {
      argument: name,
      expected: 'an integer >= 1',
      received: describe(count),
    })
  }
  for (const name of ['residuals', 'jacobian'] as const) {
    const oracle = oracles[name]
    if (typeof oracle === 'function' || (name === 'jacobian' && oracle === undefined)) continue
    throw new InvalidInputError(`least squares: ${name} must be a function, got ${describe(oracle)}`, {
      argument: name,
      expected: 'a function',
      received: describe(oracle),
    })
  }
  return {
    ...rest,
    class: leastSquaresClass,
    ...(start !== undefined && { start: vector('start', start, oracles.dimension) }),
    ...(minimizer !== undefined && { minimizer: vector('minimizer', minimizer, oracles.dimension) }),
  }
}
