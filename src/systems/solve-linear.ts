import { type CsrMatrix, csrFromDense, type DenseMatrix, type LinearOperator } from '../linalg/index.ts'
import {
  type Computation,
  finish,
  finishAsync,
  type Method,
  type Result,
  type RunOptions,
  runWithin,
} from '../solver/index.ts'
import { conjugateGradients } from './conjugate-gradients.ts'
import { gmres } from './gmres.ts'
import { incompleteCholesky } from './incomplete-cholesky.ts'
import { incompleteLu } from './incomplete-lu.ts'
import { type LinearSystemProblem, linearSystem, type PreparedLinearSystem } from './linear-system.ts'
import { minres } from './minres.ts'
import { diagonalOf } from './sparse.ts'

/** Hints and limits of `solveLinear`. */
export interface SolveLinearOptions extends RunOptions<Float64Array> {
  /** Whether A = A^T. Default: found out; unknown for an operator. */
  symmetric?: boolean
  /** Whether A is positive definite. Default: true for a diagonally dominant symmetric matrix with positive diagonal, else tried. */
  positiveDefinite?: boolean
}

/** A result that says which method was used, and why. */
export type LinearSolution = Result<Float64Array> & {
  /** The method, with its preconditioner. */
  readonly method: string
  /** Why this one. */
  readonly reason: string
}

/** Whether a_ii >= sum_{j != i} |a_ij| > 0 for all i, strictly for at least one: enough for a definite connected matrix. */
function isDominant({ rows, rowPointers, columnIndices, values }: CsrMatrix): boolean {
  let strict = false
  for (let i = 0; i < rows; i++) {
    let rest = 0
    let own = 0
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) {
      if (columnIndices[p] === i) own += values[p]
      else rest += Math.abs(values[p])
    }
    if (!(own > 0 && own >= rest * (1 - 1e-14))) return false
    if (own > rest) strict = true
  }
  return strict
}

interface Plan {
  readonly method: Method<PreparedLinearSystem>
  readonly name: string
  readonly reason: string
}

function planCg(problem: LinearSystemProblem, why: string): Plan {
  if (problem.matrix === undefined) {
    return { method: conjugateGradients() as Method<PreparedLinearSystem>, name: 'conjugate-gradients', reason: why }
  }
  const preconditioner = incompleteCholesky(problem.matrix).breakdown === undefined ? 'incomplete-cholesky' : 'jacobi'
  return {
    method: conjugateGradients({ preconditioner }) as Method<PreparedLinearSystem>,
    name: `conjugate-gradients with ${preconditioner}`,
    reason: why,
  }
}

function planMinres(problem: LinearSystemProblem, why: string): Plan {
  const positive = problem.matrix !== undefined && diagonalOf(problem.matrix).every((d) => d > 0)
  const preconditioner = positive ? 'jacobi' : 'none'
  return {
    method: minres({ preconditioner }) as Method<PreparedLinearSystem>,
    name: positive ? 'minres with jacobi' : 'minres',
    reason: why,
  }
}

function planGmres(problem: LinearSystemProblem, why: string): Plan {
  const usable =
    problem.matrix !== undefined &&
    diagonalOf(problem.matrix).every((d) => d !== 0) &&
    incompleteLu(problem.matrix).breakdown === undefined
  return {
    method: gmres({ preconditioner: usable ? 'incomplete-lu' : 'none' }) as Method<PreparedLinearSystem>,
    name: usable ? 'gmres with incomplete-lu' : 'gmres',
    reason: why,
  }
}

function planFor(problem: LinearSystemProblem): Plan {
  const { symmetric, positiveDefinite, matrix } = problem
  if (symmetric !== true) {
    return planGmres(problem, symmetric === false ? 'the matrix is not symmetric' : 'the operator may not be symmetric')
  }
  if (positiveDefinite === false) return planMinres(problem, 'the matrix is symmetric but not positive definite')
  if (positiveDefinite === true) return planCg(problem, 'the matrix is symmetric positive definite')
  if (matrix === undefined) return planMinres(problem, 'the operator is symmetric and may be indefinite')
  if (isDominant(matrix)) return planCg(problem, 'the matrix is symmetric and diagonally dominant')
  return planCg(problem, 'the matrix is symmetric with a positive diagonal, so it may be positive definite')
}

/**
 * Solves A x = b with a method that suits A, and says which: conjugate gradients with incomplete Cholesky if A is (or may be)
 * symmetric positive definite, MINRES if it is symmetric and indefinite, GMRES with incomplete LU otherwise. When conjugate
 * gradients find a direction of nonpositive curvature, MINRES takes over from the start.
 *
 * @param matrix A, sparse, dense, or an operator (rows, cols, apply)
 * @param rightHandSide b, length n
 * @returns the result of the run, with `method` and `reason`
 * @example
 * const { x, method } = solveLinear(poisson(100, 100), new Float64Array(10_000).fill(1))
 * @throws {ShapeError} if A is not square or b does not fit
 * @throws {OptionError} if an option is unknown or out of range
 */
export function solveLinear(
  matrix: CsrMatrix | DenseMatrix | LinearOperator,
  rightHandSide: ArrayLike<number>,
  options: SolveLinearOptions = {},
): LinearSolution {
  return finish(linearSolution(matrix, rightHandSide, options))
}

/** As `solveLinear`, to the same bits, returning to the event loop every few milliseconds, so that `signal` is served. */
export async function solveLinearAsync(
  matrix: CsrMatrix | DenseMatrix | LinearOperator,
  rightHandSide: ArrayLike<number>,
  options: SolveLinearOptions = {},
): Promise<LinearSolution> {
  return finishAsync(linearSolution(matrix, rightHandSide, options))
}

function* linearSolution(
  matrix: CsrMatrix | DenseMatrix | LinearOperator,
  rightHandSide: ArrayLike<number>,
  options: SolveLinearOptions,
): Computation<LinearSolution> {
  const { symmetric, positiveDefinite, ...limits } = options

  const problem = linearSystem({
    matrix: 'data' in matrix ? csrFromDense(matrix) : matrix,
    rightHandSide,
    ...(symmetric !== undefined && { symmetric }),
    ...(positiveDefinite !== undefined && { positiveDefinite }),
  })
  let plan = planFor(problem)
  let result = yield* runWithin(problem as PreparedLinearSystem, plan.method, limits)
  if (result.status === 'stalled' && /not positive definite/.test(result.message) && positiveDefinite !== true) {
    plan = planMinres(problem, 'the matrix is symmetric, and conjugate gradients found it not positive definite')
    result = yield* runWithin(problem as PreparedLinearSystem, plan.method, limits)
  }
  return { ...result, method: plan.name, reason: plan.reason, message: `${plan.name}: ${result.message}` }
}
