import {
  checked,
  choice,
  InvalidInputError,
  integer,
  type OptionSpec,
  positive,
  UnsupportedError,
} from '../base/index.ts'
import { type CsrMatrix, conjugateGradientSolver, csrMultiply, csrOperator, norm } from '../linalg/index.ts'
import { moveVectors, type Placement, placeMatrix, smallestPlaced } from './placement.ts'
import { isSymmetric, type SweepStructure, sweepStructure } from './sparse.ts'
import { applySsor, backwardSweep, forwardSweep } from './sweeps.ts'

/** One system of a sequence. */
export interface SystemInstance {
  readonly matrix: CsrMatrix
  readonly rightHandSide: Float64Array
  /** Where the solver starts. Default 0. */
  readonly start?: Float64Array
  /** What is known about the system before it is solved, as one number. */
  readonly context?: number
}

/** How one solve went. */
export interface SolveOutcome {
  /** Iterations done: at the limit if it did not converge. */
  readonly iterations: number
  readonly converged: boolean
  /** ||b - A x||, recomputed at the end, over what the solver's tolerance is relative to. */
  readonly residual: number
}

/** A solver with one real parameter, whose cost is its number of iterations. */
export interface ParametricSolver {
  readonly name: string
  /** The parameter lies strictly between these. */
  readonly domain: readonly [number, number]
  /** Iterations at which a solve is given up. */
  readonly maxIterations: number
  /**
   * Solves one system.
   *
   * @param x receives the solution, length n; holds the start
   */
  solve(system: SystemInstance, parameter: number, x: Float64Array): SolveOutcome
}

/** Limits of the solvers for sequences. */
export interface SequenceSolverOptions {
  /** Bound on the residual, > 0. Default 1e-8. */
  tolerance?: number
  /** Iterations after which a solve is given up, an integer >= 1. Default 10,000. */
  maxIterations?: number
  /**
   * What the tolerance is relative to: the residual at the start ('start'), the right-hand side ('right-hand-side'), or nothing
   * ('absolute'). Default 'start' for SOR and symmetric SOR, 'right-hand-side' for conjugate gradients. An error for other words.
   */
  relativeTo?: 'start' | 'right-hand-side' | 'absolute'
}

type Reference = 'start' | 'right-hand-side' | 'absolute'

function settings(where: string, given: SequenceSolverOptions, relativeTo: Reference) {
  const specs = {
    tolerance: positive(1e-8, 'tolerance'),
    maxIterations: integer(10_000, 'most iterations', { min: 1 }),
    relativeTo: choice(['start', 'right-hand-side', 'absolute'], relativeTo, 'what the tolerance is relative to'),
  } satisfies Record<string, OptionSpec<unknown>>
  return checked<SequenceSolverOptions, typeof specs>(where, given, specs)
}

/** A system where it is computed on: beside its matrix in a workspace, or where it came from if it is small. */
interface Site {
  readonly matrix: CsrMatrix
  readonly structure: SweepStructure
  vector(): Float64Array
}

/** Makes sites; keeps the workspace from one system to the next while the pattern stays the same. */
function siteFinder(vectors: number): (matrix: CsrMatrix) => Site {
  let pattern: Int32Array | undefined
  let placement: Placement | undefined
  return (matrix) => {
    const { rows, columnIndices } = matrix
    if (rows < smallestPlaced) {
      return { matrix, structure: sweepStructure(matrix), vector: () => new Float64Array(rows) }
    }
    if (placement !== undefined && pattern === columnIndices && placement.matrix.rows === rows) placement.refill(matrix)
    else {
      placement = placeMatrix(matrix, vectors)
      pattern = columnIndices
    }
    const { matrix: placed, structure, vector } = placement
    return { matrix: placed, structure: structure ?? sweepStructure(matrix), vector }
  }
}

function residualAt(matrix: CsrMatrix, rightHandSide: Float64Array, x: Float64Array, out: Float64Array): number {
  csrMultiply(matrix, x, out)
  for (let i = 0; i < out.length; i++) out[i] = rightHandSide[i] - out[i]
  return norm(out)
}

/** The norm that the tolerance multiplies. A zero norm counts as 1: the test is then absolute. */
function reference(relativeTo: Reference, startNorm: number, b: Float64Array): number {
  if (relativeTo === 'absolute') return 1
  const size = relativeTo === 'start' ? startNorm : norm(b)
  return size > 0 ? size : 1
}

/** Remembers the sparsity patterns already found symmetric, so that a family with one pattern is checked once. */
function symmetryGuard(where: string): (matrix: CsrMatrix) => void {
  const seen = new WeakSet<Int32Array>()
  return (matrix) => {
    if (seen.has(matrix.columnIndices)) return
    if (!isSymmetric(matrix)) {
      throw new UnsupportedError(`${where}: the matrix is not symmetric`, {
        argument: 'matrix',
        expected: 'a symmetric matrix',
        received: 'a nonsymmetric matrix',
      })
    }
    seen.add(matrix.columnIndices)
  }
}

/** A stationary solver from its sweeps: x += delta until the residual is small. */
function stationary(
  name: string,
  options: SequenceSolverOptions,
  check: (matrix: CsrMatrix) => void,
  iterate: (site: Site, omega: number, residual: Float64Array, delta: Float64Array, x: Float64Array) => number,
): ParametricSolver {
  const { tolerance, maxIterations, relativeTo } = settings(name, options, 'start')
  const siteOf = siteFinder(3)
  return {
    name,
    domain: [0, 2],
    maxIterations,
    solve({ matrix, rightHandSide }, omega, x) {
      check(matrix)
      const site = siteOf(matrix)
      const iterand = site.vector()
      const residual = site.vector()
      const delta = site.vector()
      iterand.set(x)
      const first = residualAt(site.matrix, rightHandSide, iterand, residual)
      const scale = reference(relativeTo, first, rightHandSide)
      const target = (tolerance * scale) ** 2
      let squared = first * first
      let iterations = 0
      // The test is strict, as in the definition: ||r|| < eps ||r_0||. A zero residual has nothing left to reduce.
      while (!(squared < target) && squared > 0 && iterations < maxIterations) {
        squared = iterate(site, omega, residual, delta, iterand)
        iterations++
        if (squared < Infinity) continue
        iterations = maxIterations
        break
      }
      x.set(iterand)
      const converged = squared < target || squared === 0
      return { iterations, converged, residual: residualAt(site.matrix, rightHandSide, iterand, residual) / scale }
    },
  }
}

function add(step: Float64Array, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] += step[i]
}

/**
 * SOR as a solver for sequences; the parameter is omega in (0, 2). Counts sweeps until ||b - A x|| < tolerance ||b - A x_0||. A
 * solve that diverges costs the limit and is reported as not converged.
 *
 * @see Khodak et al., Learning to Relax, ICLR 2024, Algorithm 1
 */
export function sorSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return stationary(
    'SOR',
    options,
    () => undefined,
    ({ structure }, omega, residual, delta, x) => {
      const squared = forwardSweep(structure, omega, residual, delta)
      add(delta, x)
      return squared
    },
  )
}

/**
 * Symmetric SOR as a solver for sequences; the parameter is omega in (0, 2). An iteration is a forward and a backward sweep and
 * counts once.
 */
export function symmetricSorSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return stationary(
    'symmetric SOR',
    options,
    symmetryGuard('symmetric SOR'),
    ({ structure }, omega, residual, delta, x) => {
      forwardSweep(structure, omega, residual, delta)
      add(delta, x)
      const squared = backwardSweep(structure, omega, residual, delta)
      add(delta, x)
      return squared
    },
  )
}

function conjugate(
  name: string,
  domain: readonly [number, number],
  options: SequenceSolverOptions,
  preconditioned: boolean,
): ParametricSolver {
  const { tolerance, maxIterations, relativeTo } = settings(name, options, 'right-hand-side')
  const checkSymmetry = symmetryGuard(name)
  const siteOf = siteFinder(5)
  return {
    name,
    domain,
    maxIterations,
    solve({ matrix, rightHandSide }, omega, x) {
      checkSymmetry(matrix)
      const { matrix: placed, structure, vector } = siteOf(matrix)
      const n = x.length
      const apply = (r: Float64Array, out: Float64Array): void => applySsor(structure, omega, r, out)
      const krylovOptions = preconditioned ? { preconditioner: { rows: n, cols: n, apply } } : {}
      const A = csrOperator(placed)
      const state = conjugateGradientSolver.init(A, rightHandSide, x, krylovOptions)
      if (placed !== matrix) moveVectors(state, n, vector)
      let size = norm(state.r)
      const scale = reference(relativeTo, size, rightHandSide)
      const target = tolerance * scale
      let iterations = 0
      while (size > target && iterations < maxIterations) {
        if (!conjugateGradientSolver.step(A, state, krylovOptions)) {
          iterations = maxIterations
          break
        }
        size = norm(state.r)
        iterations++
      }
      x.set(state.x)
      return {
        iterations,
        converged: size <= target,
        residual: residualAt(placed, rightHandSide, state.x, state.z) / scale,
      }
    },
  }
}

/**
 * SSOR-preconditioned conjugate gradients as a solver for sequences; the parameter is omega in (0, 2). Counts iterations until
 * ||b - A x|| <= tolerance ||b||; a start that is good enough costs 0 iterations. Symmetry is checked once per sparsity pattern.
 *
 * @see Khodak et al., Learning to Relax, ICLR 2024, Algorithm 4
 */
export function ssorCgSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return conjugate('SSOR-CG', [0, 2], options, true)
}

/** Conjugate gradients without a preconditioner, as a baseline for sequences: the parameter is not used. */
export function cgSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return conjugate('CG', [Number.NEGATIVE_INFINITY, Infinity], options, false)
}

/** @throws {InvalidInputError} if a parameter lies outside the domain of the solver */
export function checkParameter(solver: ParametricSolver, parameter: number): void {
  const [low, high] = solver.domain
  if (parameter > low && parameter < high) return
  throw new InvalidInputError(`${solver.name}: the parameter must lie in (${low}, ${high}), got ${parameter}`, {
    argument: 'parameter',
    expected: `a number in (${low}, ${high})`,
    received: String(parameter),
  })
}
