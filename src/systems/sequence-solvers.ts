import {
  checked,
  choice,
  InvalidInputError,
  integer,
  type OptionSpec,
  positive,
  UnsupportedError,
} from '../base/index.ts'
import type { CsrMatrix } from '../linalg/index.ts'
import { conjugateGradientsState, conjugateGradientsStep } from './conjugate-gradients.ts'
import { type LinearSystemProblem, linearSystemClass } from './linear-system.ts'
import type { Preconditioner } from './preconditioners.ts'
import { isSymmetric, multiplyCsr, sweepStructure } from './sparse.ts'
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

function norm(v: Float64Array): number {
  let squared = 0
  for (let i = 0; i < v.length; i++) squared += v[i] * v[i]
  return Math.sqrt(squared)
}

function residualAt({ matrix, rightHandSide }: SystemInstance, x: Float64Array, out: Float64Array): number {
  multiplyCsr(matrix, x, out)
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

/** A stationary solver from its sweep: x += delta until the residual is small. */
function stationary(
  name: string,
  options: SequenceSolverOptions,
  prepare: (
    matrix: CsrMatrix,
  ) => (omega: number, residual: Float64Array, delta: Float64Array, x: Float64Array) => number,
): ParametricSolver {
  const { tolerance, maxIterations, relativeTo } = settings(name, options, 'start')
  return {
    name,
    domain: [0, 2],
    maxIterations,
    solve(system, omega, x) {
      const iterate = prepare(system.matrix)
      const residual = new Float64Array(x.length)
      const delta = new Float64Array(x.length)
      const first = residualAt(system, x, residual)
      const scale = reference(relativeTo, first, system.rightHandSide)
      const target = (tolerance * scale) ** 2
      let squared = first * first
      let iterations = 0
      // The first test is strict, as in the definition: ||r|| < eps ||r_0||. A zero residual has nothing left to reduce.
      while (!(squared < target) && squared > 0 && iterations < maxIterations) {
        squared = iterate(omega, residual, delta, x)
        iterations++
        if (squared < Infinity) continue
        iterations = maxIterations
        break
      }
      const converged = squared < target || squared === 0
      return { iterations, converged, residual: residualAt(system, x, residual) / scale }
    },
  }
}

/**
 * SOR as a solver for sequences; the parameter is omega in (0, 2). Counts sweeps until ||b - A x|| < tolerance ||b - A x_0||. A
 * solve that diverges costs the limit and is reported as not converged.
 *
 * @see Khodak et al., Learning to Relax, ICLR 2024, Algorithm 1
 */
export function sorSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return stationary('SOR', options, (matrix) => {
    const structure = sweepStructure(matrix)
    return (omega, residual, delta, x) => {
      const squared = forwardSweep(structure, omega, residual, delta)
      for (let i = 0; i < x.length; i++) x[i] += delta[i]
      return squared
    }
  })
}

/**
 * Symmetric SOR as a solver for sequences; the parameter is omega in (0, 2). An iteration is a forward and a backward sweep and
 * counts once.
 */
export function symmetricSorSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  const checkSymmetry = symmetryGuard('symmetric SOR')
  return stationary('symmetric SOR', options, (matrix) => {
    checkSymmetry(matrix)
    const structure = sweepStructure(matrix)
    return (omega, residual, delta, x) => {
      forwardSweep(structure, omega, residual, delta)
      for (let i = 0; i < x.length; i++) x[i] += delta[i]
      const squared = backwardSweep(structure, omega, residual, delta)
      for (let i = 0; i < x.length; i++) x[i] += delta[i]
      return squared
    }
  })
}

function conjugate(
  name: string,
  domain: readonly [number, number],
  options: SequenceSolverOptions,
  preconditioner: (matrix: CsrMatrix, parameter: number) => Preconditioner | null,
): ParametricSolver {
  const { tolerance, maxIterations, relativeTo } = settings(name, options, 'right-hand-side')
  const checkSymmetry = symmetryGuard(name)
  return {
    name,
    domain,
    maxIterations,
    solve(system, parameter, x) {
      const { matrix, rightHandSide } = system
      checkSymmetry(matrix)
      const problem: LinearSystemProblem = {
        class: linearSystemClass,
        dimension: x.length,
        matrixNorm: 0,
        rightHandSide,
        symmetric: true,
        positiveDefinite: true,
        multiply: (v, out) => multiplyCsr(matrix, v, out),
      }
      const inverse = preconditioner(matrix, parameter)
      const state = conjugateGradientsState(problem, x, inverse)
      const scale = reference(relativeTo, state.residualNorm, rightHandSide)
      const target = tolerance * scale
      let iterations = 0
      while (state.residualNorm > target && iterations < maxIterations) {
        const outcome = conjugateGradientsStep(problem, state, inverse)
        if (outcome !== undefined) {
          iterations = maxIterations
          break
        }
        iterations++
      }
      return {
        iterations,
        converged: state.residualNorm <= target,
        residual: residualAt(system, x, state.product) / scale,
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
  return conjugate('SSOR-CG', [0, 2], options, (matrix, omega) => {
    const structure = sweepStructure(matrix)
    return { name: 'ssor', apply: (r, out) => applySsor(structure, omega, r, out) }
  })
}

/** Conjugate gradients without a preconditioner, as a baseline for sequences: the parameter is not used. */
export function cgSolver(options: SequenceSolverOptions = {}): ParametricSolver {
  return conjugate('CG', [Number.NEGATIVE_INFINITY, Infinity], options, () => null)
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
