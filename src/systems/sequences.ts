import {
  checkNames,
  describe,
  InvalidInputError,
  OptionError,
  portableCos,
  portableExp,
  portableSin,
  RandomStream,
} from '../base/index.ts'
import { type CsrMatrix, csrMultiply } from '../linalg/index.ts'
import { poisson } from './laplacians.ts'
import type { SystemSequence } from './solve-sequence.ts'
import { sweepStructure } from './sparse.ts'

/** A + shift I, with a values array of its own and the pattern shared. @throws {UnsupportedError} if a diagonal entry is 0 */
export function shiftedMatrix(matrix: CsrMatrix, shift: number): CsrMatrix {
  return withDiagonal(matrix, sweepStructure(matrix).diagonal, 1, shift)
}

/** scale A + shift I. */
function withDiagonal(matrix: CsrMatrix, diagonal: Int32Array, scale: number, shift: number): CsrMatrix {
  const values = matrix.values.slice()
  if (scale !== 1) for (let p = 0; p < values.length; p++) values[p] *= scale
  for (let i = 0; i < diagonal.length; i++) values[diagonal[i]] += shift
  return { ...matrix, values }
}

/**
 * Writes a standard normal vector, drawn again until its 2-norm is at most sqrt(n): the right-hand sides for which the
 * stochastic guarantees are proved.
 */
export function truncatedNormal(random: RandomStream, out: Float64Array): Float64Array {
  for (;;) {
    let squared = 0
    for (let i = 0; i < out.length; i++) {
      out[i] = random.normal()
      squared += out[i] * out[i]
    }
    if (squared <= out.length) return out
  }
}

/**
 * The family (A + c_t I) x = b_t, with the shift c_t as context. Right-hand sides are truncated normal (see `truncatedNormal`),
 * each from a stream of its own, so that system t is the same in whatever order the systems are asked for.
 *
 * @param matrix A, square with nonzero diagonal
 * @param shifts c_t, one per system
 * @param seed of the right-hand sides. Default 0.
 */
export function shiftedSystems(matrix: CsrMatrix, shifts: ArrayLike<number>, seed = 0): SystemSequence {
  const { diagonal } = sweepStructure(matrix)
  const root = RandomStream.fromSeed(seed).split('right-hand-sides')
  return {
    length: shifts.length,
    system: (t) => ({
      matrix: withDiagonal(matrix, diagonal, 1, shifts[t]),
      rightHandSide: truncatedNormal(root.split(t), new Float64Array(matrix.rows)),
      context: shifts[t],
    }),
  }
}

/** exp(1 - 1 / (1 - |x - centre|^2 / radius^2)) inside the disc, 0 outside: smooth, with maximum 1. */
export function bump(x: number, y: number, centreX: number, centreY: number, radius: number): number {
  const squared = ((x - centreX) ** 2 + (y - centreY) ** 2) / (radius * radius)
  return squared < 1 ? portableExp(1 - 1 / (1 - squared)) : 0
}

export interface HeatEquationOptions {
  /** Cells per side; there are (cells - 1)^2 unknowns. An integer >= 2. Default 25. */
  cells?: number
  /** Number of time steps, an integer >= 1. Default 1000. */
  steps?: number
  /** Length of a time step, > 0. Default 1e-3. */
  timeStep?: number
  /** The diffusion coefficient kappa(t) >= 0. Default max(0.1 sin 2 pi t, -10 sin 2 pi t). */
  diffusion?: (time: number) => number
  /** The source f(t, x, y). Default a bump of height 32 and radius 1/8 that circles the middle 8 times per unit of time. */
  forcing?: (time: number, x: number, y: number) => number
  /** u(0, x, y). Default a bump of height 1 and radius 1/4 in the middle. */
  initial?: (x: number, y: number) => number
}

/** The steps of a heat equation as a sequence of systems. */
export interface HeatEquation extends SystemSequence {
  /** The smallest and largest diffusion coefficient: bounds of the context. */
  readonly contexts: readonly [number, number]
}

const defaultDiffusion = (time: number): number => {
  const wave = portableSin(2 * Math.PI * time)
  return Math.max(0.1 * wave, -10 * wave)
}

const defaultForcing = (time: number, x: number, y: number): number => {
  const angle = 16 * Math.PI * time
  return 32 * bump(x, y, 0.5 + 0.25 * portableCos(angle), 0.5 + 0.25 * portableSin(angle), 0.125)
}

/**
 * u_t = kappa(t) (u_xx + u_yy) + f on the unit square with zero boundary values, by the five-point Laplacian and Crank-Nicolson
 * with everything at the half step:
 *
 *     (I - dt kappa / 2 Lap) u_{t+1} = (I + dt kappa / 2 Lap) u_t + dt f.
 *
 * One symmetric positive definite system per step, started at the solution before, with kappa as context.
 *
 * @throws {OptionError} if an option is unknown or outside its interval
 */
export function heatEquation(options: HeatEquationOptions = {}): HeatEquation {
  checkNames(options, ['cells', 'steps', 'timeStep', 'diffusion', 'forcing', 'initial'], 'heatEquation')
  const {
    cells = 25,
    steps = 1000,
    timeStep = 1e-3,
    diffusion = defaultDiffusion,
    forcing = defaultForcing,
    initial = (x: number, y: number) => bump(x, y, 0.5, 0.5, 0.25),
  } = options
  for (const [name, value, least] of [
    ['cells', cells, 2],
    ['steps', steps, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue
    throw new OptionError(`heatEquation: ${name} must be an integer >= ${least}, got ${describe(value)}`, {
      argument: name,
      expected: `an integer >= ${least}`,
      received: describe(value),
    })
  }
  if (!(timeStep > 0 && timeStep < Infinity)) {
    throw new OptionError(`heatEquation: timeStep must be a finite number > 0, got ${describe(timeStep)}`, {
      argument: 'timeStep',
      expected: 'a finite number > 0',
      received: describe(timeStep),
    })
  }
  const side = cells - 1
  const h = 1 / cells
  const laplacian = poisson(side, side)
  const { diagonal } = sweepStructure(laplacian)
  const onGrid = (f: (x: number, y: number) => number): Float64Array =>
    Float64Array.from({ length: side * side }, (_, k) => f((1 + Math.floor(k / side)) * h, (1 + (k % side)) * h))
  const coefficient = (t: number): number => {
    const kappa = diffusion((t + 0.5) * timeStep)
    if (kappa >= 0 && kappa < Infinity) return kappa
    throw new InvalidInputError(`heatEquation: diffusion must return a finite number >= 0, got ${describe(kappa)}`, {
      argument: 'diffusion',
      expected: 'a finite number >= 0',
      received: describe(kappa),
    })
  }
  let low = Infinity
  let high = -Infinity
  for (let t = 0; t < steps; t++) {
    low = Math.min(low, coefficient(t))
    high = Math.max(high, coefficient(t))
  }
  return {
    length: steps,
    contexts: [low, high],
    system(t, previous) {
      const u = previous ?? onGrid(initial)
      const kappa = coefficient(t)
      const scale = (timeStep * kappa) / (2 * h * h)
      const time = (t + 0.5) * timeStep
      const rightHandSide = onGrid((x, y) => forcing(time, x, y))
      const product = new Float64Array(u.length)
      csrMultiply(laplacian, u, product)
      for (let i = 0; i < u.length; i++) rightHandSide[i] = u[i] - scale * product[i] + timeStep * rightHandSide[i]
      return { matrix: withDiagonal(laplacian, diagonal, scale, 1), rightHandSide, start: u, context: kappa }
    },
  }
}
