import { checkNames, describe, InvalidInputError, ShapeError, UnsupportedError } from '../base/index.ts'
import { type CsrMatrix, csrMultiply, type LinearOperator } from '../linalg/index.ts'
import type { Measures, Problem, ProblemClass, Requirements, Tally } from '../solver/index.ts'
import { moveVectors, placeMatrix, smallestPlaced } from './placement.ts'
import { diagonalOf, isSymmetric, type SweepStructure, sweepStructure } from './sparse.ts'
import { backwardSweep, forwardSweep } from './sweeps.ts'

/** The data of a linear system A x = b with square A. */
export interface LinearSystemParts {
  /** A: sparse rows with ascending columns, or an operator (then methods that sweep or factorize cannot run). */
  readonly matrix: CsrMatrix | LinearOperator
  /** b, length n. */
  readonly rightHandSide: ArrayLike<number>
  /** Where a run starts, length n. Default 0. */
  readonly start?: ArrayLike<number>
  /** Whether A = A^T. Default: found out from a sparse matrix; unknown for an operator. */
  readonly symmetric?: boolean
  /** Whether x^T A x > 0 for all x != 0. Default: unknown, but false for a symmetric matrix with a diagonal entry <= 0. */
  readonly positiveDefinite?: boolean
  readonly name?: string
  /** The known solution, for tests and plots. */
  readonly solution?: ArrayLike<number>
  /** Plain data from which the problem can be built again. */
  readonly recipe?: unknown
}

/** A linear system A x = b, made by `linearSystem`. */
export interface LinearSystemProblem extends Problem<Float64Array> {
  /** n >= 1. */
  readonly dimension: number
  /** A as sparse rows; absent for an operator. */
  readonly matrix?: CsrMatrix
  /** Largest absolute row sum of the matrix: the scale of rounding errors. 0 if unknown. */
  readonly matrixNorm: number
  readonly rightHandSide: Float64Array
  readonly symmetric: boolean | undefined
  readonly positiveDefinite: boolean | undefined
  readonly solution?: Float64Array
  /** Writes A x. Counted as `multiply`. */
  multiply(x: Float64Array, out: Float64Array): void
  /**
   * One SOR step in defect form: delta = (D / omega + L)^-1 r, and r <- r - A delta. Returns the squared norm of the new r.
   * Counted as `sweep`, with the work of one product.
   */
  forwardSweep?(omega: number, residual: Float64Array, delta: Float64Array): number
  /** As `forwardSweep`, from the last row to the first. Counted as `sweep`. */
  backwardSweep?(omega: number, residual: Float64Array, delta: Float64Array): number
  /**
   * The same problem with its matrix copied into a workspace, and vectors beside it, on which products and sweeps run as kernels
   * (with the same bits). Absent for operators and small matrices, for which it does not pay.
   */
  place?(vectors: number): PlacedSystem
}

/** A problem in a workspace. */
export interface PlacedSystem {
  readonly problem: LinearSystemProblem
  /** A fresh vector of length n in the same workspace. */
  vector(): Float64Array
}

/** A linear system after `prepare`, for methods that require `matrix`. */
export interface PreparedLinearSystem extends LinearSystemProblem {
  readonly matrix: CsrMatrix
  forwardSweep(omega: number, residual: Float64Array, delta: Float64Array): number
  backwardSweep(omega: number, residual: Float64Array, delta: Float64Array): number
}

const knownNames = ['matrix', 'rightHandSide', 'start', 'symmetric', 'positiveDefinite', 'name', 'solution', 'recipe']

function vector(name: string, given: ArrayLike<number>, n: number): Float64Array {
  if (typeof given !== 'object' || given === null || typeof given.length !== 'number') {
    throw new InvalidInputError(`linear system: ${name} must be an array of ${n} numbers, got ${describe(given)}`, {
      argument: name,
      expected: `an array of ${n} numbers`,
      received: describe(given),
    })
  }
  if (given.length !== n) {
    throw new ShapeError(
      `linear system: ${name} has length ${given.length}, but the matrix has ${n} rows; expected ${name}.length === ${n}`,
      { argument: name, expected: `length ${n}`, received: `length ${given.length}` },
    )
  }
  const copy = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    copy[i] = given[i]
    if (typeof given[i] === 'number' && Number.isFinite(given[i])) continue
    throw new InvalidInputError(`linear system: ${name}[${i}] must be a finite number, got ${describe(given[i])}`, {
      argument: `${name}[${i}]`,
      expected: 'a finite number',
      received: describe(given[i]),
    })
  }
  return copy
}

function isOperator(matrix: CsrMatrix | LinearOperator): matrix is LinearOperator {
  return typeof (matrix as LinearOperator).apply === 'function'
}

function checkShape(matrix: CsrMatrix | LinearOperator): number {
  const isObject = typeof matrix === 'object' && matrix !== null
  if (!isObject || (!isOperator(matrix) && !(matrix.values instanceof Float64Array && matrix.rowPointers))) {
    throw new InvalidInputError(
      `linear system: matrix must be a sparse matrix (rowPointers, columnIndices, values) or an operator (rows, cols, apply), got ${describe(matrix)}`,
      { argument: 'matrix', expected: 'a CsrMatrix or an operator', received: describe(matrix) },
    )
  }
  const { rows, cols } = matrix
  if (!Number.isInteger(rows) || rows < 1 || rows !== cols) {
    throw new ShapeError(
      `linear system: the matrix must be square with at least one row, got shape [${rows}, ${cols}]`,
      {
        argument: 'matrix',
        expected: 'a square matrix',
        received: `[${rows}, ${cols}]`,
      },
    )
  }
  return rows
}

/** Checks the values of a sparse matrix; returns its largest absolute row sum and its smallest diagonal entry. */
function inspect({ rows, rowPointers, columnIndices, values }: CsrMatrix): { norm: number; leastDiagonal: number } {
  let norm = 0
  let leastDiagonal = Infinity
  for (let i = 0; i < rows; i++) {
    let sum = 0
    let diagonal = 0
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) {
      const j = columnIndices[p]
      if (!(j >= 0 && j < rows) || !Number.isFinite(values[p])) {
        throw new InvalidInputError(
          `linear system: entry ${p} of the matrix (row ${i}, column ${j}, value ${values[p]}) is outside the matrix or not finite`,
          { argument: `matrix.values[${p}]`, expected: 'finite entries inside the matrix', received: `${values[p]}` },
        )
      }
      sum += Math.abs(values[p])
      if (j === i) diagonal += values[p]
    }
    norm = Math.max(norm, sum)
    leastDiagonal = Math.min(leastDiagonal, diagonal)
  }
  return { norm, leastDiagonal }
}

/**
 * Makes a linear system A x = b. Its certificate is the relative residual ||b - A x||_2 / ||b||_2 (divided by 1 if b = 0),
 * computed anew; `objective` is ||b - A x||_2. Default tolerance 1e-8, default limit 10,000 iterations.
 *
 * @example
 * const system = linearSystem({ matrix: poisson(50, 50), rightHandSide: new Float64Array(2500).fill(1) })
 * @throws {ShapeError} if A is not square or b does not fit
 * @throws {InvalidInputError} if an entry is not finite
 */
export function linearSystem(parts: LinearSystemParts): LinearSystemProblem {
  checkNames(parts, knownNames, 'linear system')
  const { matrix, rightHandSide, start, solution, name, recipe } = parts
  const n = checkShape(matrix)
  const common = {
    class: linearSystemClass,
    dimension: n,
    rightHandSide: vector('rightHandSide', rightHandSide, n),
    start: start === undefined ? new Float64Array(n) : vector('start', start, n),
    ...(solution !== undefined && { solution: vector('solution', solution, n) }),
    ...(name !== undefined && { name }),
    ...(recipe !== undefined && { recipe }),
  }
  if (isOperator(matrix)) {
    return {
      ...common,
      matrixNorm: 0,
      symmetric: parts.symmetric,
      positiveDefinite: parts.positiveDefinite,
      multiply: (x, out) => matrix.apply(x, out),
    }
  }
  const { norm, leastDiagonal } = inspect(matrix)
  const symmetric = parts.symmetric ?? isSymmetric(matrix)
  const problem: LinearSystemProblem = {
    ...common,
    matrixNorm: norm,
    symmetric,
    positiveDefinite: parts.positiveDefinite ?? (symmetric && leastDiagonal <= 0 ? false : undefined),
    ...oraclesOf(matrix),
  }
  if (n < smallestPlaced) return problem
  return {
    ...problem,
    place(vectors) {
      const placement = placeMatrix(matrix, vectors)
      return { problem: { ...problem, ...oraclesOf(placement.matrix, placement.structure) }, vector: placement.vector }
    },
  }
}

function oraclesOf(matrix: CsrMatrix, known: SweepStructure | null = null) {
  let structure = known
  const sweeps = (): SweepStructure => (structure ??= sweepStructure(matrix))
  return {
    matrix,
    multiply: (x: Float64Array, out: Float64Array) => csrMultiply(matrix, x, out),
    forwardSweep: (omega: number, residual: Float64Array, delta: Float64Array) =>
      forwardSweep(sweeps(), omega, residual, delta),
    backwardSweep: (omega: number, residual: Float64Array, delta: Float64Array) =>
      backwardSweep(sweeps(), omega, residual, delta),
  }
}

/**
 * Moves the vectors of a method's state beside the matrix, once per run (also after a resume), and returns the problem to go on
 * with. Call it first in `step`, with `context.scratch`.
 *
 * @param vectors how many vectors of length n the state has at most
 */
export function settle<P extends LinearSystemProblem>(problem: P, state: object, vectors: number): P {
  if (problem.place === undefined) return problem
  const home = problem.place(vectors)
  moveVectors(state, problem.dimension, home.vector)
  return home.problem as P
}

/** Writes b - A x and returns its 2-norm. */
export function residualOf(problem: LinearSystemProblem, x: Float64Array, out: Float64Array): number {
  problem.multiply(x, out)
  const b = problem.rightHandSide
  let squared = 0
  for (let i = 0; i < out.length; i++) {
    const r = b[i] - out[i]
    out[i] = r
    squared += r * r
  }
  return Math.sqrt(squared)
}

/** ||b||_2, or 1 for b = 0: what residuals are relative to. */
export function rightHandSideNorm(problem: LinearSystemProblem): number {
  let squared = 0
  for (const b of problem.rightHandSide) squared += b * b
  return squared > 0 ? Math.sqrt(squared) : 1
}

function refuse(name: string, message: string, expected: string, received: string): never {
  throw new UnsupportedError(`${name}: ${message}`, { argument: 'problem', expected, received })
}

function checkRequirements(problem: LinearSystemProblem, { name, requires }: Requirements, notes: string[]): void {
  if (requires.includes('matrix') && problem.matrix === undefined) {
    refuse(
      name,
      'needs the entries of the matrix, but the problem has only products with it; give a sparse matrix or choose cg, minres or gmres without a preconditioner',
      'a sparse matrix',
      'an operator',
    )
  }
  if (requires.includes('symmetric')) {
    if (problem.symmetric === false) {
      refuse(name, 'the matrix is not symmetric; use gmres', 'a symmetric matrix', 'a nonsymmetric matrix')
    }
    if (problem.symmetric === undefined) notes.push('the operator is taken to be symmetric')
  }
  if (requires.includes('positive-definite') && problem.positiveDefinite === false) {
    refuse(
      name,
      'the matrix is not positive definite; use minres',
      'a positive definite matrix',
      'an indefinite matrix',
    )
  }
  if (requires.includes('positive-diagonal') && problem.matrix !== undefined) {
    const row = diagonalOf(problem.matrix).findIndex((d) => !(d > 0))
    if (row >= 0)
      refuse(name, `needs a positive diagonal, but a[${row}][${row}] <= 0`, 'a positive diagonal', `row ${row}`)
  }
  if (requires.includes('diagonal') && problem.matrix !== undefined) sweepStructure(problem.matrix)
}

/** The problem with every oracle counted, wherever its matrix lies. */
function counted(problem: LinearSystemProblem, tally: Tally): LinearSystemProblem {
  const { multiply, forwardSweep: forward, backwardSweep: backward, place } = problem
  return {
    ...problem,
    multiply(x, out) {
      tally.count('multiply')
      multiply(x, out)
    },
    ...(forward && {
      forwardSweep(omega: number, residual: Float64Array, delta: Float64Array) {
        tally.count('sweep')
        return tally.value(forward(omega, residual, delta))
      },
    }),
    ...(backward && {
      backwardSweep(omega: number, residual: Float64Array, delta: Float64Array) {
        tally.count('sweep')
        return tally.value(backward(omega, residual, delta))
      },
    }),
    ...(place && {
      place(vectors: number) {
        const home = place(vectors)
        return { ...home, problem: counted(home.problem, tally) }
      },
    }),
  }
}

/** The class of linear systems; its certificate is the relative residual, recomputed from A and b. */
export const linearSystemClass: ProblemClass<Float64Array> & { readonly name: 'linear-system' } = {
  name: 'linear-system',
  optimality: 'relativeResidual',
  optimalityMeaning: '2-norm of b - A x over the 2-norm of b',
  defaults: { tolerance: 1e-8, maxIterations: 10_000 },
  oracles: ['multiply', 'sweep'],

  prepare(given, requirements, tally) {
    const problem = given as LinearSystemProblem
    const notes: string[] = []
    checkRequirements(problem, requirements, notes)
    return { problem: counted(problem, tally), notes }
  },

  startingPoint(given, start) {
    const problem = given as LinearSystemProblem
    return vector('start', start ?? (problem.start as Float64Array), problem.dimension)
  },

  certify(given, x) {
    const problem = given as LinearSystemProblem
    const norm = residualOf(problem, x, new Float64Array(problem.dimension))
    return { objective: norm, relativeResidual: norm / rightHandSideNorm(problem) } as Measures
  },
}
