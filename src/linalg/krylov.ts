import { describe, OptionError, portableHypot, ShapeError, UnsupportedError } from '../base/index.ts'
import { checkLength } from './shapes.ts'
import type { LinearOperator } from './types.ts'
import { axpby, axpy, dot, norm, scale } from './vectors.ts'

/** Why an iterative solver stopped. A breakdown or a limit is an outcome, never an exception. */
export type LinearSolveStatus =
  /** The residual that the method bounds is below the tolerance, measured again on the solution returned. */
  | 'converged'
  | 'iteration-limit'
  /** Nothing more can be gained: A is not positive definite where it must be, or the Krylov space is exhausted. */
  | 'breakdown'
  /** A number that is not finite came up. */
  | 'diverged'

/** Options that all iterative solvers share. */
export interface LinearSolverOptions {
  /** Approximate inverse M^-1 of A; symmetric positive definite for CG and MINRES, applied from the right in GMRES. */
  preconditioner?: LinearOperator
  /** Iterations between restarts of GMRES, >= 1. Default 30. Each costs one more vector of memory. */
  restart?: number
  /** Levenberg's damping of LSMR, >= 0: minimizes ||A x - b||^2 + damping^2 ||x||^2. Default 0. */
  damping?: number
}

/**
 * An iterative linear solver. Its state is plain data; `step` does one iteration and allocates nothing, so a solver can be run
 * by hand, recorded, and continued bit for bit.
 */
export interface LinearSolver<S extends LinearSolverState = LinearSolverState> {
  readonly name: string
  /** The state before the first iteration. `x0` (default 0) and `b` are copied. */
  init(A: LinearOperator, b: Float64Array, x0?: Float64Array, options?: LinearSolverOptions): S
  /** One iteration. Returns false if the method can go no further (the state is then final). */
  step(A: LinearOperator, state: S, options?: LinearSolverOptions): boolean
  /** Brings `state.x` up to date, where the method delays that. */
  finish(A: LinearOperator, state: S, options?: LinearSolverOptions): void
  /**
   * The method's own estimate of what it reduces: ||b - A x|| (of MINRES in the norm of M^-1), for LSMR
   * ||A'(b - A x) - damping^2 x||.
   */
  residualNorm(state: S): number
}

/** What all states have. */
export interface LinearSolverState {
  /** The iterate. */
  readonly x: Float64Array
  iterations: number
}

function checkSystem(
  where: string,
  A: LinearOperator,
  b: Float64Array,
  x0: Float64Array | undefined,
  square: boolean,
): Float64Array {
  if (square && A.rows !== A.cols) {
    throw new ShapeError(`${where}: A must be square, got shape [${A.rows}, ${A.cols}]`, {
      argument: 'A',
      expected: 'a square operator',
      received: `shape [${A.rows}, ${A.cols}]`,
    })
  }
  checkLength(where, 'b', b, A.rows)
  if (x0 !== undefined) checkLength(where, 'x0', x0, A.cols)
  return x0?.slice() ?? new Float64Array(A.cols)
}

/** b - A x, in a new vector. */
function residualOf(A: LinearOperator, b: Float64Array, x: Float64Array): Float64Array {
  const r = new Float64Array(b.length)
  A.apply(x, r)
  for (let i = 0; i < r.length; i++) r[i] = b[i] - r[i]
  return r
}

function precondition(M: LinearOperator | undefined, r: Float64Array, z: Float64Array): void {
  if (M === undefined) z.set(r)
  else M.apply(r, z)
}

// ---- conjugate gradients ----

export interface ConjugateGradientState extends LinearSolverState {
  readonly r: Float64Array
  readonly z: Float64Array
  readonly p: Float64Array
  readonly Ap: Float64Array
  /** r'M^-1 r. */
  rz: number
}

/**
 * Conjugate gradients for symmetric positive definite A, optionally preconditioned. One product with A and one with the
 * preconditioner per iteration. Breaks down at a direction p with p'A p <= 0, which proves that A is not positive definite.
 *
 * @see Hestenes and Stiefel, Methods of Conjugate Gradients for Solving Linear Systems (1952); Saad, Iterative Methods for
 * Sparse Linear Systems, 2nd ed. (2003), Algorithm 9.1
 */
export const conjugateGradientSolver: LinearSolver<ConjugateGradientState> = {
  name: 'conjugate-gradients',
  init(A, b, x0, options = {}) {
    const x = checkSystem('conjugate gradients', A, b, x0, true)
    const r = residualOf(A, b, x)
    const z = new Float64Array(x.length)
    precondition(options.preconditioner, r, z)
    return { x, iterations: 0, r, z, p: z.slice(), Ap: new Float64Array(x.length), rz: dot(r, z) }
  },
  step(A, state, options = {}) {
    const { x, r, z, p, Ap } = state
    A.apply(p, Ap)
    const curvature = dot(p, Ap)
    if (!(curvature > 0 && state.rz > 0)) return false
    const alpha = state.rz / curvature
    axpy(alpha, p, x)
    axpy(-alpha, Ap, r)
    precondition(options.preconditioner, r, z)
    const next = dot(r, z)
    axpby(1, z, next / state.rz, p)
    state.rz = next
    state.iterations++
    return true
  },
  finish() {},
  residualNorm: (state) => norm(state.r),
}

// ---- MINRES ----

export interface MinresState extends LinearSolverState {
  /** Two residual vectors of the Lanczos process, and the preconditioned one. */
  readonly r1: Float64Array
  readonly r2: Float64Array
  readonly y: Float64Array
  readonly v: Float64Array
  readonly w: Float64Array
  readonly w1: Float64Array
  readonly w2: Float64Array
  /** Scalars of the recurrences, by the names of the paper. */
  beta: number
  oldBeta: number
  deltaBar: number
  epsilon: number
  phiBar: number
  cs: number
  sn: number
  /** Size of what has entered the tridiagonal matrix: what a vanishing pivot is measured against. */
  scale: number
}

/**
 * Minimal residuals for symmetric A, definite or not, optionally with a positive definite preconditioner (the residual is then
 * measured in its norm). One product with A per iteration.
 *
 * @see Paige and Saunders, Solution of Sparse Indefinite Systems of Linear Equations (1975), section 6
 */
export const minresSolver: LinearSolver<MinresState> = {
  name: 'minres',
  init(A, b, x0, options = {}) {
    const x = checkSystem('minres', A, b, x0, true)
    const r1 = residualOf(A, b, x)
    const y = new Float64Array(x.length)
    precondition(options.preconditioner, r1, y)
    const square = dot(r1, y)
    // NaN for an indefinite preconditioner: the run then ends as diverged.
    const beta = square >= 0 ? Math.sqrt(square) : Number.NaN
    const zeros = () => new Float64Array(x.length)
    return {
      x,
      iterations: 0,
      r1,
      r2: r1.slice(),
      y,
      v: zeros(),
      w: zeros(),
      w1: zeros(),
      w2: zeros(),
      beta,
      oldBeta: 0,
      deltaBar: 0,
      epsilon: 0,
      phiBar: beta,
      cs: -1,
      sn: 0,
      scale: 0,
    }
  },
  step(A, state, options = {}) {
    const { x, r1, r2, y, v, w, w1, w2 } = state
    if (!(state.beta > 10 * Number.EPSILON * state.scale)) return false
    for (let i = 0; i < v.length; i++) v[i] = y[i] / state.beta
    A.apply(v, y)
    if (state.iterations > 0) axpy(-state.beta / state.oldBeta, r1, y)
    const alpha = dot(v, y)
    axpy(-alpha / state.beta, r2, y)
    r1.set(r2)
    r2.set(y)
    precondition(options.preconditioner, r2, y)
    state.oldBeta = state.beta
    const square = dot(r2, y)
    state.beta = square >= 0 ? Math.sqrt(square) : Number.NaN
    state.scale = Math.max(state.scale, Math.abs(alpha), state.beta, state.iterations > 0 ? state.oldBeta : 0)
    // One Givens rotation more of the tridiagonal matrix.
    const oldEpsilon = state.epsilon
    const delta = state.cs * state.deltaBar + state.sn * alpha
    const gammaBar = state.sn * state.deltaBar - state.cs * alpha
    state.epsilon = state.sn * state.beta
    state.deltaBar = -state.cs * state.beta
    const gamma = portableHypot(gammaBar, state.beta)
    if (gamma <= 10 * Number.EPSILON * state.scale) return false
    state.cs = gammaBar / gamma
    state.sn = state.beta / gamma
    const phi = state.cs * state.phiBar
    state.phiBar *= state.sn
    w1.set(w2)
    w2.set(w)
    for (let i = 0; i < w.length; i++) w[i] = (v[i] - oldEpsilon * w1[i] - delta * w2[i]) / gamma
    axpy(phi, w, x)
    state.iterations++
    return true
  },
  finish() {},
  residualNorm: (state) => Math.abs(state.phiBar),
}

// ---- GMRES ----

export interface GmresState extends LinearSolverState {
  /** The right-hand side: residuals are computed anew at restarts. */
  readonly b: Float64Array
  /** Orthonormal basis, vector by vector, [restart + 1, n]. */
  readonly basis: Float64Array
  /** Upper triangle R of the rotated Hessenberg matrix, [restart, restart + 1] by columns. */
  readonly hessenberg: Float64Array
  readonly cosines: Float64Array
  readonly sines: Float64Array
  /** The rotated right-hand side. */
  readonly g: Float64Array
  readonly work: Float64Array
  readonly direction: Float64Array
  /** Columns since the last restart. */
  columns: number
}

function startCycle(A: LinearOperator, state: GmresState): void {
  const n = state.x.length
  A.apply(state.x, state.work)
  for (let i = 0; i < n; i++) state.work[i] = state.b[i] - state.work[i]
  const beta = norm(state.work)
  const first = state.basis.subarray(0, n)
  first.set(state.work)
  if (beta > 0) scale(1 / beta, first)
  state.g.fill(0)
  state.g[0] = beta
  state.columns = 0
}

/** x += M^-1 V y for the minimizer y of the cycle so far. */
function endCycle(state: GmresState, M: LinearOperator | undefined): void {
  const { basis, hessenberg, g, work, direction, columns, x } = state
  const n = x.length
  const height = state.g.length
  for (let j = columns - 1; j >= 0; j--) {
    let s = g[j]
    for (let k = j + 1; k < columns; k++) s -= hessenberg[k * height + j] * g[k]
    g[j] = s / hessenberg[j * height + j]
  }
  direction.fill(0)
  for (let j = 0; j < columns; j++) axpy(g[j], basis.subarray(j * n, j * n + n), direction)
  precondition(M, direction, work)
  axpy(1, work, x)
}

/**
 * Generalized minimal residuals for square A, restarted, preconditioned from the right (so that the residual that it minimizes
 * is the true one). One product with A per iteration; restart + 1 vectors of memory. Modified Gram-Schmidt, Givens rotations.
 *
 * @see Saad and Schultz, GMRES (1986), Algorithm 4; Saad (2003), Algorithm 9.5
 */
export const gmresSolver: LinearSolver<GmresState> = {
  name: 'gmres',
  init(A, b, x0, options = {}) {
    const x = checkSystem('gmres', A, b, x0, true)
    const n = x.length
    const wanted = options.restart ?? 30
    if (!(Number.isInteger(wanted) && wanted >= 1)) {
      throw new OptionError(`gmres: restart must be an integer >= 1, got ${describe(wanted)}`, {
        argument: 'options.restart',
        expected: 'an integer >= 1',
        received: describe(wanted),
      })
    }
    const restart = Math.max(1, Math.min(wanted, n))
    const state: GmresState = {
      x,
      iterations: 0,
      b: b.slice(),
      basis: new Float64Array((restart + 1) * n),
      hessenberg: new Float64Array(restart * (restart + 1)),
      cosines: new Float64Array(restart),
      sines: new Float64Array(restart),
      g: new Float64Array(restart + 1),
      work: new Float64Array(n),
      direction: new Float64Array(n),
      columns: 0,
    }
    startCycle(A, state)
    return state
  },
  step(A, state, options = {}) {
    const { basis, hessenberg, cosines, sines, g, work, direction } = state
    const n = state.x.length
    const height = g.length
    if (state.columns === cosines.length) {
      endCycle(state, options.preconditioner)
      startCycle(A, state)
    }
    const k = state.columns
    if (!(Math.abs(g[k]) > 0)) return false
    precondition(options.preconditioner, basis.subarray(k * n, k * n + n), direction)
    A.apply(direction, work)
    const size = norm(work)
    const column = hessenberg.subarray(k * height, (k + 1) * height)
    for (let j = 0; j <= k; j++) {
      const v = basis.subarray(j * n, j * n + n)
      column[j] = dot(v, work)
      axpy(-column[j], v, work)
    }
    const rest = norm(work)
    for (let j = 0; j < k; j++) {
      const t = cosines[j] * column[j] + sines[j] * column[j + 1]
      column[j + 1] = cosines[j] * column[j + 1] - sines[j] * column[j]
      column[j] = t
    }
    // What is left of the product after orthogonalization is rounding: the space is exhausted.
    const exhausted = rest <= 10 * Number.EPSILON * size
    const below = exhausted ? 0 : rest
    const radius = portableHypot(column[k], below)
    // A singular on the space: the column adds nothing.
    if (!(radius > 10 * Number.EPSILON * size)) return false
    cosines[k] = column[k] / radius
    sines[k] = below / radius
    column[k] = radius
    g[k + 1] = -sines[k] * g[k]
    g[k] *= cosines[k]
    if (!exhausted) {
      const next = basis.subarray((k + 1) * n, (k + 2) * n)
      next.set(work)
      scale(1 / rest, next)
    }
    state.columns = k + 1
    state.iterations++
    return true
  },
  finish(A, state, options = {}) {
    if (state.columns === 0) return
    endCycle(state, options.preconditioner)
    startCycle(A, state)
  },
  residualNorm: (state) => Math.abs(state.g[state.columns]),
}

// ---- LSMR ----

export interface LsmrState extends LinearSolverState {
  /** Left vector of the bidiagonalization; with damping, that of [A; damping I], of length m + n. */
  readonly u: Float64Array
  readonly v: Float64Array
  readonly h: Float64Array
  readonly hBar: Float64Array
  readonly Av: Float64Array
  readonly Atu: Float64Array
  /** Scalars of the recurrences, by the names of the paper. */
  alpha: number
  alphaBar: number
  zeta: number
  zetaBar: number
  rho: number
  rhoBar: number
  cBar: number
  sBar: number
  readonly damping: number
}

function transposeOf(A: LinearOperator): (x: Float64Array, out: Float64Array) => void {
  if (A.applyTranspose !== undefined) return A.applyTranspose.bind(A)
  throw new UnsupportedError('lsmr: A needs applyTranspose', {
    argument: 'A.applyTranspose',
    expected: 'a function',
    received: 'undefined',
  })
}

/** out = A v, and below it damping v. */
function forward(A: LinearOperator, damping: number, v: Float64Array, out: Float64Array): void {
  if (damping === 0) {
    A.apply(v, out)
    return
  }
  A.apply(v, out.subarray(0, A.rows))
  for (let j = 0; j < v.length; j++) out[A.rows + j] = damping * v[j]
}

/** out = A'u, plus damping times the lower part of u. */
function backward(A: LinearOperator, damping: number, u: Float64Array, out: Float64Array): void {
  transposeOf(A)(damping === 0 ? u : u.subarray(0, A.rows), out)
  if (damping === 0) return
  for (let j = 0; j < out.length; j++) out[j] += damping * u[A.rows + j]
}

/**
 * Least squares min ||A x - b||^2 + damping^2 ||x||^2 for any A [m, n], by MINRES on the normal equations without forming them:
 * ||A'r|| decreases monotonically. One product with A and one with A' per iteration. Needs `applyTranspose`; takes no
 * preconditioner. Damping is a block of rows damping I below A, so that it is x that is damped, whatever the start.
 *
 * @see Fong and Saunders, LSMR: An Iterative Algorithm for Sparse Least-Squares Problems (2011), section 2
 * @throws {UnsupportedError} if A has no `applyTranspose`, or a preconditioner is given
 */
export const lsmrSolver: LinearSolver<LsmrState> = {
  name: 'lsmr',
  init(A, b, x0, options = {}) {
    const x = checkSystem('lsmr', A, b, x0, false)
    if (options.preconditioner !== undefined) {
      throw new UnsupportedError('lsmr: preconditioners are not supported; scale the columns of A instead', {
        argument: 'options.preconditioner',
        expected: 'undefined',
        received: 'an operator',
      })
    }
    const damping = options.damping ?? 0
    if (!(damping >= 0 && damping < Infinity)) {
      throw new OptionError(`lsmr: damping must be a finite number >= 0, got ${describe(damping)}`, {
        argument: 'options.damping',
        expected: 'a finite number >= 0',
        received: describe(damping),
      })
    }
    const u = new Float64Array(A.rows + (damping === 0 ? 0 : A.cols))
    u.set(residualOf(A, b, x))
    if (damping > 0) for (let j = 0; j < x.length; j++) u[A.rows + j] = -damping * x[j]
    const beta = norm(u)
    const v = new Float64Array(A.cols)
    let alpha = 0
    if (beta > 0) {
      scale(1 / beta, u)
      backward(A, damping, u, v)
      alpha = norm(v)
      if (alpha > 0) scale(1 / alpha, v)
    }
    return {
      x,
      iterations: 0,
      u,
      v,
      h: v.slice(),
      hBar: new Float64Array(A.cols),
      Av: new Float64Array(u.length),
      Atu: new Float64Array(A.cols),
      alpha,
      alphaBar: alpha,
      zeta: 0,
      zetaBar: alpha * beta,
      rho: 1,
      rhoBar: 1,
      cBar: 1,
      sBar: 0,
      damping,
    }
  },
  step(A, state) {
    const { x, u, v, h, hBar, Av, Atu } = state
    if (!(Math.abs(state.zetaBar) > 0)) return false
    // One step of Golub and Kahan's bidiagonalization.
    forward(A, state.damping, v, Av)
    axpby(1, Av, -state.alpha, u)
    const beta = norm(u)
    if (beta > 0) {
      scale(1 / beta, u)
      backward(A, state.damping, u, Atu)
      axpby(1, Atu, -beta, v)
      state.alpha = norm(v)
      if (state.alpha > 0) scale(1 / state.alpha, v)
    } else state.alpha = 0
    const rhoOld = state.rho
    state.rho = portableHypot(state.alphaBar, beta)
    if (!(state.rho > 0)) return false
    const c = state.alphaBar / state.rho
    const s = beta / state.rho
    const thetaNew = s * state.alpha
    state.alphaBar = c * state.alpha
    const rhoBarOld = state.rhoBar
    const thetaBar = state.sBar * state.rho
    const rhoTemporary = state.cBar * state.rho
    state.rhoBar = portableHypot(rhoTemporary, thetaNew)
    if (!(state.rhoBar > 0)) return false
    state.cBar = rhoTemporary / state.rhoBar
    state.sBar = thetaNew / state.rhoBar
    state.zeta = state.cBar * state.zetaBar
    state.zetaBar *= -state.sBar
    const back = (thetaBar * state.rho) / (rhoOld * rhoBarOld)
    axpby(1, h, -back, hBar)
    axpy(state.zeta / (state.rho * state.rhoBar), hBar, x)
    axpby(1, v, -thetaNew / state.rho, h)
    state.iterations++
    return true
  },
  finish() {},
  residualNorm: (state) => Math.abs(state.zetaBar),
}

// ---- the loop ----

/** Limits of `solveIteratively`, beside the options of the solver. */
export interface SolveIterativelyOptions extends LinearSolverOptions {
  /**
   * Stop when the residual norm is <= tolerance times that of the right-hand side (||b||; for LSMR ||A'b||). Default 1e-8.
   */
  tolerance?: number
  /** Default 10 max(rows, cols), at least 100. */
  maxIterations?: number
  /** Start, copied. Default 0. */
  x0?: Float64Array
}

/** What an iterative solve found. */
export interface LinearSolveResult {
  readonly x: Float64Array
  readonly status: LinearSolveStatus
  readonly iterations: number
  /** ||b - A x||, or for LSMR ||A'(b - A x) - damping^2 x||, computed anew from the returned x. */
  readonly residualNorm: number
  /** `residualNorm` relative to ||b||, or ||A'b||. */
  readonly relativeResidual: number
}

/**
 * Runs an iterative solver until the residual, recomputed from x, is below the tolerance, or it can go no further.
 *
 * @throws {ShapeError} if the lengths do not fit
 * @throws {OptionError} if `tolerance` or `maxIterations` is out of range
 */
export function solveIteratively<S extends LinearSolverState>(
  solver: LinearSolver<S>,
  A: LinearOperator,
  b: Float64Array,
  options: SolveIterativelyOptions = {},
): LinearSolveResult {
  const { tolerance = 1e-8, maxIterations = Math.max(100, 10 * Math.max(A.rows, A.cols)), x0 } = options
  if (!(tolerance >= 0)) {
    throw new OptionError(`solveIteratively: tolerance must be >= 0, got ${describe(tolerance)}`, {
      argument: 'options.tolerance',
      expected: 'a number >= 0',
      received: describe(tolerance),
    })
  }
  if (!(maxIterations >= 0)) {
    throw new OptionError(`solveIteratively: maxIterations must be >= 0, got ${describe(maxIterations)}`, {
      argument: 'options.maxIterations',
      expected: 'a number >= 0',
      received: describe(maxIterations),
    })
  }
  const leastSquares = (solver as unknown) === lsmrSolver
  const measure = (x: Float64Array): number => {
    const r = residualOf(A, b, x)
    if (!leastSquares) return norm(r)
    const slope = new Float64Array(A.cols)
    transposeOf(A)(r, slope)
    axpy(-((options.damping ?? 0) ** 2), x, slope)
    return norm(slope)
  }
  const reference = measure(new Float64Array(A.cols))
  const goal = tolerance * reference
  let start = x0
  let used = 0
  let best: { x: Float64Array; residual: number } | undefined
  for (;;) {
    const state = solver.init(A, b, start, options)
    // Relative to its own estimate, which for preconditioned MINRES is in another norm.
    const first = solver.residualNorm(state)
    const actual = measure(state.x)
    const target = actual > 0 ? first * Math.min(1, goal / actual) : 0
    let able = true
    while (able && used + state.iterations < maxIterations && solver.residualNorm(state) > target) {
      able = solver.step(A, state, options)
    }
    solver.finish(A, state, options)
    used += state.iterations
    const residual = measure(state.x)
    const improved = best === undefined || residual < 0.5 * best.residual
    if (Number.isFinite(residual) && (best === undefined || residual <= best.residual)) best = { x: state.x, residual }
    const x = best?.x ?? state.x
    const value = best?.residual ?? residual
    const done = (status: LinearSolveStatus): LinearSolveResult => ({
      x,
      status,
      iterations: used,
      residualNorm: value,
      relativeResidual: reference > 0 ? value / reference : value,
    })
    if (value <= goal) return done('converged')
    if (!Number.isFinite(residual)) return done('diverged')
    if (used >= maxIterations) return done('iteration-limit')
    // The recurrence believed in a smaller residual than there is: once more from here, as long as that helps.
    if (state.iterations === 0 || !improved) return done('breakdown')
    start = state.x
  }
}
