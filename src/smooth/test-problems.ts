import {
  describe,
  InvalidInputError,
  portableAtan2,
  portableCos,
  portableExp,
  portableHypot,
  portablePow,
  portableSin,
} from '../base/index.ts'
import { type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { type LeastSquaresProblem, leastSquaresProblem } from './least-squares-problem.ts'

/**
 * A classical sum of squares `sum_i r_i(x)^2` with known minimum, from which both a smooth problem (objective: the sum) and a
 * least-squares problem (objective: half the sum) can be made.
 */
export interface SumOfSquares {
  readonly name: string
  readonly dimension: number
  readonly residualCount: number
  readonly start: readonly number[]
  /** The smallest sum of squares. */
  readonly minimum: number
  /** Where it is attained; absent if there are many such points or no closed form. */
  readonly minimizer?: readonly number[]
  residuals(x: Float64Array, out: Float64Array): void
  /** m*n row-major. */
  jacobian(x: Float64Array, out: Float64Array): void
}

/** f(x) = sum r_i(x)^2 with gradient 2 J^T r and Gauss-Newton approximation `gauss-newton` of the Hessian, 2 J^T J. */
export function asSmoothProblem(squares: SumOfSquares): SmoothProblem {
  const { dimension: n, residualCount: m, residuals, jacobian, name, start, minimum, minimizer } = squares
  const r = new Float64Array(m)
  const J = new Float64Array(m * n)
  const value = (x: Float64Array): number => {
    residuals(x, r)
    let sum = 0
    for (let i = 0; i < m; i++) sum += r[i] * r[i]
    return sum
  }
  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    const sum = value(x)
    jacobian(x, J)
    out.fill(0)
    for (let i = 0; i < m; i++) {
      const weight = 2 * r[i]
      for (let j = 0; j < n; j++) out[j] += weight * J[i * n + j]
    }
    return sum
  }
  return smoothProblem({
    name,
    dimension: n,
    start,
    minimum,
    ...(minimizer && { minimizer }),
    value,
    valueAndGradient,
    hessianApproximations: {
      'gauss-newton': {
        kind: 'dense',
        evaluate(x, out) {
          jacobian(x, J)
          out.fill(0)
          for (let i = 0; i < m; i++) {
            for (let a = 0; a < n; a++) {
              const weight = 2 * J[i * n + a]
              if (weight === 0) continue
              for (let b = 0; b < n; b++) out[a * n + b] += weight * J[i * n + b]
            }
          }
        },
      },
    },
  })
}

/** (1/2) sum r_i(x)^2. */
export function asLeastSquaresProblem(squares: SumOfSquares): LeastSquaresProblem {
  const { minimum, minimizer, ...rest } = squares
  return leastSquaresProblem({ ...rest, minimum: 0.5 * minimum, ...(minimizer && { minimizer }) })
}

function checkDimension(what: string, n: number, multipleOf: number, least: number): void {
  if (Number.isInteger(n) && n >= least && n % multipleOf === 0) return
  const expected = `an integer >= ${least}${multipleOf > 1 ? ` divisible by ${multipleOf}` : ''}`
  throw new InvalidInputError(`${what}: the dimension must be ${expected}, got ${describe(n)}`, {
    argument: 'dimension',
    expected,
    received: describe(n),
  })
}

const repeated = (n: number, pattern: readonly number[]): number[] =>
  Array.from({ length: n }, (_, i) => pattern[i % pattern.length])

/**
 * The extended Rosenbrock function, sum over pairs of 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2: minimum 0 at (1, ..., 1), start
 * (-1.2, 1, -1.2, 1, ...). Hessian (2 x 2 blocks) and its products included.
 *
 * @param dimension n, even, default 2
 * @see More, Garbow and Hillstrom, Testing unconstrained optimization software, ACM TOMS 7 (1981), problems 1 and 21
 */
export function rosenbrock(dimension = 2): SmoothProblem {
  checkDimension('rosenbrock', dimension, 2, 2)
  const n = dimension
  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    let value = 0
    for (let i = 0; i < n; i += 2) {
      const a = x[i]
      const c = x[i + 1] - a * a
      const d = 1 - a
      value += 100 * c * c + d * d
      out[i] = -400 * a * c - 2 * d
      out[i + 1] = 200 * c
    }
    return value
  }
  return smoothProblem({
    name: `Rosenbrock, n = ${n}`,
    dimension: n,
    start: repeated(n, [-1.2, 1]),
    minimum: 0,
    minimizer: repeated(n, [1]),
    value(x) {
      let value = 0
      for (let i = 0; i < n; i += 2) {
        const c = x[i + 1] - x[i] * x[i]
        const d = 1 - x[i]
        value += 100 * c * c + d * d
      }
      return value
    },
    valueAndGradient,
    hessian(x, out) {
      out.fill(0)
      for (let i = 0; i < n; i += 2) {
        out[i * n + i] = 1200 * x[i] * x[i] - 400 * x[i + 1] + 2
        out[i * n + i + 1] = -400 * x[i]
        out[(i + 1) * n + i] = -400 * x[i]
        out[(i + 1) * n + i + 1] = 200
      }
    },
    hessianProduct(x, v, out) {
      for (let i = 0; i < n; i += 2) {
        const side = -400 * x[i]
        out[i] = (1200 * x[i] * x[i] - 400 * x[i + 1] + 2) * v[i] + side * v[i + 1]
        out[i + 1] = side * v[i] + 200 * v[i + 1]
      }
    },
  })
}

/**
 * The chained Rosenbrock function, sum_{i < n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: minimum 0 at (1, ..., 1). For n >= 4 there
 * is one more local minimum, near (-1, 1, ..., 1), with value about 4, to which some methods go from (-1.2, 1, ...); so the
 * start is 0. Hessian (tridiagonal) and its products included.
 *
 * @param dimension n >= 2
 */
export function chainedRosenbrock(dimension: number): SmoothProblem {
  checkDimension('chainedRosenbrock', dimension, 1, 2)
  const n = dimension
  const valueAndGradient = (x: Float64Array, out: Float64Array): number => {
    let value = 0
    let carried = 0
    for (let i = 0; i + 1 < n; i++) {
      const a = x[i]
      const c = x[i + 1] - a * a
      const d = 1 - a
      value += 100 * c * c + d * d
      out[i] = carried - 400 * a * c - 2 * d
      carried = 200 * c
    }
    out[n - 1] = carried
    return value
  }
  const diagonal = (x: Float64Array, i: number): number =>
    (i > 0 ? 200 : 0) + (i + 1 < n ? 1200 * x[i] * x[i] - 400 * x[i + 1] + 2 : 0)
  return smoothProblem({
    name: `chained Rosenbrock, n = ${n}`,
    dimension: n,
    start: repeated(n, [0]),
    minimum: 0,
    minimizer: repeated(n, [1]),
    value(x) {
      let value = 0
      for (let i = 0; i + 1 < n; i++) {
        const c = x[i + 1] - x[i] * x[i]
        const d = 1 - x[i]
        value += 100 * c * c + d * d
      }
      return value
    },
    valueAndGradient,
    hessian(x, out) {
      out.fill(0)
      for (let i = 0; i < n; i++) {
        out[i * n + i] = diagonal(x, i)
        if (i + 1 < n) {
          out[i * n + i + 1] = -400 * x[i]
          out[(i + 1) * n + i] = -400 * x[i]
        }
      }
    },
    hessianProduct(x, v, out) {
      for (let i = 0; i < n; i++) {
        let sum = diagonal(x, i) * v[i]
        if (i > 0) sum -= 400 * x[i - 1] * v[i - 1]
        if (i + 1 < n) sum -= 400 * x[i] * v[i + 1]
        out[i] = sum
      }
    },
  })
}

/**
 * Convex quadratic f(x) = (1/2) sum_i c_i x_i^2 with curvatures c_i spread geometrically from 1 to `condition`; minimum 0 at 0,
 * start (1, ..., 1).
 *
 * @param dimension n >= 1
 * @param condition largest over smallest curvature, >= 1
 */
export function quadraticBowl(dimension: number, condition = 100): SmoothProblem {
  checkDimension('quadraticBowl', dimension, 1, 1)
  if (!(condition >= 1 && condition < Infinity)) {
    throw new InvalidInputError(`quadraticBowl: the condition must be a number >= 1, got ${describe(condition)}`, {
      argument: 'condition',
      expected: 'a number >= 1',
      received: describe(condition),
    })
  }
  const n = dimension
  const curvatures = Float64Array.from({ length: n }, (_, i) => (n === 1 ? 1 : portablePow(condition, i / (n - 1))))
  const gradient = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < n; i++) out[i] = curvatures[i] * x[i]
  }
  return smoothProblem({
    name: `quadratic bowl, n = ${n}, condition ${condition}`,
    dimension: n,
    start: repeated(n, [1]),
    minimum: 0,
    minimizer: repeated(n, [0]),
    value(x) {
      let value = 0
      for (let i = 0; i < n; i++) value += 0.5 * curvatures[i] * x[i] * x[i]
      return value
    },
    gradient,
    hessian(_, out) {
      out.fill(0)
      for (let i = 0; i < n; i++) out[i * n + i] = curvatures[i]
    },
    hessianProduct: (_, v, out) => gradient(v, out),
  })
}

/**
 * Rosenbrock's function as residuals 10 (x_2 - x_1^2), 1 - x_1.
 *
 * @see More, Garbow and Hillstrom (1981), problem 1; the numbers below are theirs too
 */
export const rosenbrockResiduals: SumOfSquares = {
  name: 'Rosenbrock',
  dimension: 2,
  residualCount: 2,
  start: [-1.2, 1],
  minimum: 0,
  minimizer: [1, 1],
  residuals(x, out) {
    out[0] = 10 * (x[1] - x[0] * x[0])
    out[1] = 1 - x[0]
  },
  jacobian(x, out) {
    out[0] = -20 * x[0]
    out[1] = 10
    out[2] = -1
    out[3] = 0
  },
}

/** Freudenstein and Roth (problem 2) from a start in the basin of the global minimum 0 at (5, 4); a local one has 48.9842. */
export const freudensteinRoth: SumOfSquares = {
  name: 'Freudenstein and Roth',
  dimension: 2,
  residualCount: 2,
  start: [6, 3],
  minimum: 0,
  minimizer: [5, 4],
  residuals(x, out) {
    const b = x[1]
    out[0] = -13 + x[0] + ((5 - b) * b - 2) * b
    out[1] = -29 + x[0] + ((b + 1) * b - 14) * b
  },
  jacobian(x, out) {
    const b = x[1]
    out[0] = 1
    out[1] = 10 * b - 3 * b * b - 2
    out[2] = 1
    out[3] = 3 * b * b + 2 * b - 14
  },
}

/** Brown badly scaled (problem 4): minimum 0 at (1e6, 2e-6), variables eleven orders of magnitude apart. */
export const brownBadlyScaled: SumOfSquares = {
  name: 'Brown badly scaled',
  dimension: 2,
  residualCount: 3,
  start: [1, 1],
  minimum: 0,
  minimizer: [1e6, 2e-6],
  residuals(x, out) {
    out[0] = x[0] - 1e6
    out[1] = x[1] - 2e-6
    out[2] = x[0] * x[1] - 2
  },
  jacobian(x, out) {
    out.fill(0)
    out[0] = 1
    out[3] = 1
    out[4] = x[1]
    out[5] = x[0]
  },
}

const bealeData = [1.5, 2.25, 2.625]

/** Beale (problem 5): minimum 0 at (3, 0.5). */
export const beale: SumOfSquares = {
  name: 'Beale',
  dimension: 2,
  residualCount: 3,
  start: [1, 1],
  minimum: 0,
  minimizer: [3, 0.5],
  residuals(x, out) {
    for (let i = 0; i < 3; i++) out[i] = bealeData[i] - x[0] * (1 - portablePow(x[1], i + 1))
  },
  jacobian(x, out) {
    for (let i = 0; i < 3; i++) {
      out[2 * i] = portablePow(x[1], i + 1) - 1
      out[2 * i + 1] = (i + 1) * x[0] * portablePow(x[1], i)
    }
  },
}

/** Helical valley (problem 7): minimum 0 at (1, 0, 0). */
export const helicalValley: SumOfSquares = {
  name: 'Helical valley',
  dimension: 3,
  residualCount: 3,
  start: [-1, 0, 0],
  minimum: 0,
  minimizer: [1, 0, 0],
  residuals(x, out) {
    // The angle in turns, continuous but on the half-line x1 = 0, x2 < 0.
    const turn = portableAtan2(x[1], x[0]) / (2 * Math.PI)
    const theta = turn < -0.25 ? turn + 1 : turn
    out[0] = 10 * (x[2] - 10 * theta)
    out[1] = 10 * (portableHypot(x[0], x[1]) - 1)
    out[2] = x[2]
  },
  jacobian(x, out) {
    const square = x[0] * x[0] + x[1] * x[1]
    const radius = Math.sqrt(square)
    const factor = 50 / (Math.PI * square)
    out[0] = factor * x[1]
    out[1] = -factor * x[0]
    out[2] = 10
    out[3] = (10 * x[0]) / radius
    out[4] = (10 * x[1]) / radius
    out[5] = 0
    out[6] = 0
    out[7] = 0
    out[8] = 1
  },
}

/** Powell's singular function (problems 13 and 22): minimum 0 at 0, where the Jacobian has half the rank. */
export function powellSingular(dimension = 4): SumOfSquares {
  checkDimension('powellSingular', dimension, 4, 4)
  const n = dimension
  return {
    name: `Powell singular, n = ${n}`,
    dimension: n,
    residualCount: n,
    start: repeated(n, [3, -1, 0, 1]),
    minimum: 0,
    minimizer: repeated(n, [0]),
    residuals(x, out) {
      for (let i = 0; i < n; i += 4) {
        out[i] = x[i] + 10 * x[i + 1]
        out[i + 1] = Math.sqrt(5) * (x[i + 2] - x[i + 3])
        out[i + 2] = (x[i + 1] - 2 * x[i + 2]) ** 2
        out[i + 3] = Math.sqrt(10) * (x[i] - x[i + 3]) ** 2
      }
    },
    jacobian(x, out) {
      out.fill(0)
      for (let i = 0; i < n; i += 4) {
        out[i * n + i] = 1
        out[i * n + i + 1] = 10
        out[(i + 1) * n + i + 2] = Math.sqrt(5)
        out[(i + 1) * n + i + 3] = -Math.sqrt(5)
        const a = 2 * (x[i + 1] - 2 * x[i + 2])
        out[(i + 2) * n + i + 1] = a
        out[(i + 2) * n + i + 2] = -2 * a
        const b = 2 * Math.sqrt(10) * (x[i] - x[i + 3])
        out[(i + 3) * n + i] = b
        out[(i + 3) * n + i + 3] = -b
      }
    },
  }
}

/** Wood (problem 14): minimum 0 at (1, 1, 1, 1), with a saddle on the way. */
export const wood: SumOfSquares = {
  name: 'Wood',
  dimension: 4,
  residualCount: 6,
  start: [-3, -1, -3, -1],
  minimum: 0,
  minimizer: [1, 1, 1, 1],
  residuals(x, out) {
    out[0] = 10 * (x[1] - x[0] * x[0])
    out[1] = 1 - x[0]
    out[2] = Math.sqrt(90) * (x[3] - x[2] * x[2])
    out[3] = 1 - x[2]
    out[4] = Math.sqrt(10) * (x[1] + x[3] - 2)
    out[5] = (x[1] - x[3]) / Math.sqrt(10)
  },
  jacobian(x, out) {
    out.fill(0)
    out[0] = -20 * x[0]
    out[1] = 10
    out[4] = -1
    out[10] = -2 * Math.sqrt(90) * x[2]
    out[11] = Math.sqrt(90)
    out[14] = -1
    out[17] = Math.sqrt(10)
    out[19] = Math.sqrt(10)
    out[21] = 1 / Math.sqrt(10)
    out[23] = -1 / Math.sqrt(10)
  },
}

/** Brown and Dennis (problem 16): twenty residuals of four variables that cannot all vanish; minimum 85822.2016... */
export const brownDennis: SumOfSquares = {
  name: 'Brown and Dennis',
  dimension: 4,
  residualCount: 20,
  start: [25, 5, -5, -1],
  minimum: 85822.20162635628,
  residuals(x, out) {
    for (let i = 0; i < 20; i++) {
      const t = (i + 1) / 5
      const a = x[0] + t * x[1] - portableExp(t)
      const b = x[2] + x[3] * portableSin(t) - portableCos(t)
      out[i] = a * a + b * b
    }
  },
  jacobian(x, out) {
    for (let i = 0; i < 20; i++) {
      const t = (i + 1) / 5
      const a = 2 * (x[0] + t * x[1] - portableExp(t))
      const b = 2 * (x[2] + x[3] * portableSin(t) - portableCos(t))
      out[4 * i] = a
      out[4 * i + 1] = t * a
      out[4 * i + 2] = b
      out[4 * i + 3] = portableSin(t) * b
    }
  },
}

/** Variably dimensioned (problem 25): minimum 0 at (1, ..., 1); quartic growth in the direction (1, 2, ..., n). */
export function variablyDimensioned(dimension = 10): SumOfSquares {
  checkDimension('variablyDimensioned', dimension, 1, 1)
  const n = dimension
  const weighted = (x: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += (i + 1) * (x[i] - 1)
    return sum
  }
  return {
    name: `Variably dimensioned, n = ${n}`,
    dimension: n,
    residualCount: n + 2,
    start: Array.from({ length: n }, (_, i) => 1 - (i + 1) / n),
    minimum: 0,
    minimizer: repeated(n, [1]),
    residuals(x, out) {
      for (let i = 0; i < n; i++) out[i] = x[i] - 1
      out[n] = weighted(x)
      out[n + 1] = out[n] * out[n]
    },
    jacobian(x, out) {
      out.fill(0)
      const sum = weighted(x)
      for (let i = 0; i < n; i++) {
        out[i * n + i] = 1
        out[n * n + i] = i + 1
        out[(n + 1) * n + i] = 2 * sum * (i + 1)
      }
    },
  }
}

/**
 * Trigonometric (problem 26), r_i = n - sum_j cos x_j + i (1 - cos x_i) - sin x_i: minimum 0 at 0 and at its translates by 2 pi
 * (and elsewhere); local minima such as 2.79506e-5 for n = 10 attract most methods from the usual start (1/n, ..., 1/n), so the
 * start here is (0.1/n, ..., 0.1/n), in the basin of 0.
 */
export function trigonometric(dimension = 10): SumOfSquares {
  checkDimension('trigonometric', dimension, 1, 1)
  const n = dimension
  return {
    name: `Trigonometric, n = ${n}`,
    dimension: n,
    residualCount: n,
    start: repeated(n, [0.1 / n]),
    minimum: 0,
    residuals(x, out) {
      let cosines = 0
      for (let j = 0; j < n; j++) cosines += portableCos(x[j])
      for (let i = 0; i < n; i++) out[i] = n - cosines + (i + 1) * (1 - portableCos(x[i])) - portableSin(x[i])
    },
    jacobian(x, out) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) out[i * n + j] = portableSin(x[j])
        out[i * n + i] += (i + 1) * portableSin(x[i]) - portableCos(x[i])
      }
    },
  }
}

/** Broyden tridiagonal (problem 30), r_i = (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1: minimum 0. */
export function broydenTridiagonal(dimension = 10): SumOfSquares {
  checkDimension('broydenTridiagonal', dimension, 1, 1)
  const n = dimension
  return {
    name: `Broyden tridiagonal, n = ${n}`,
    dimension: n,
    residualCount: n,
    start: repeated(n, [-1]),
    minimum: 0,
    residuals(x, out) {
      for (let i = 0; i < n; i++) {
        const before = i > 0 ? x[i - 1] : 0
        const after = i + 1 < n ? x[i + 1] : 0
        out[i] = (3 - 2 * x[i]) * x[i] - before - 2 * after + 1
      }
    },
    jacobian(x, out) {
      out.fill(0)
      for (let i = 0; i < n; i++) {
        if (i > 0) out[i * n + i - 1] = -1
        out[i * n + i] = 3 - 4 * x[i]
        if (i + 1 < n) out[i * n + i + 1] = -2
      }
    },
  }
}

/** The sums of squares above, each in its usual dimension. */
export const sumsOfSquares: readonly SumOfSquares[] = [
  rosenbrockResiduals,
  freudensteinRoth,
  brownBadlyScaled,
  beale,
  helicalValley,
  powellSingular(),
  wood,
  brownDennis,
  variablyDimensioned(),
  trigonometric(),
  broydenTridiagonal(),
]

/** Makers of the unconstrained test problems with known minimum, by name: `testProblems.rosenbrock(100)`. */
export const testProblems = {
  rosenbrock,
  chainedRosenbrock,
  quadraticBowl,
  freudensteinRoth: (): SmoothProblem => asSmoothProblem(freudensteinRoth),
  brownBadlyScaled: (): SmoothProblem => asSmoothProblem(brownBadlyScaled),
  beale: (): SmoothProblem => asSmoothProblem(beale),
  helicalValley: (): SmoothProblem => asSmoothProblem(helicalValley),
  powellSingular: (dimension?: number): SmoothProblem => asSmoothProblem(powellSingular(dimension)),
  wood: (): SmoothProblem => asSmoothProblem(wood),
  brownDennis: (): SmoothProblem => asSmoothProblem(brownDennis),
  variablyDimensioned: (dimension?: number): SmoothProblem => asSmoothProblem(variablyDimensioned(dimension)),
  trigonometric: (dimension?: number): SmoothProblem => asSmoothProblem(trigonometric(dimension)),
  broydenTridiagonal: (dimension?: number): SmoothProblem => asSmoothProblem(broydenTridiagonal(dimension)),
}

/** The unconstrained test problems with known minimum: Rosenbrock's function in several sizes, and all of `sumsOfSquares`. */
export function smoothTestProblems(): readonly SmoothProblem[] {
  return [
    rosenbrock(2),
    rosenbrock(100),
    rosenbrock(1000),
    chainedRosenbrock(100),
    quadraticBowl(50, 1e4),
    ...sumsOfSquares.slice(1).map(asSmoothProblem),
    asSmoothProblem(powellSingular(100)),
  ]
}
