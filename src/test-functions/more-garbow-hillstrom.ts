import { jacobianByDifferences } from '../autodiff/index.ts'
import {
  portableAtan as atan,
  portableCos as cos,
  describe,
  portableExp as exp,
  InvalidInputError,
  portableCbrt,
  portableLog,
  portablePow,
  portableSin as sin,
} from '../base/index.ts'
import { type SmoothProblem, smoothProblem } from '../solver/index.ts'

const { abs, PI, sqrt } = Math

/** A known minimum of a sum of squares. */
export interface LeastSquaresOptimum {
  /** n, where it holds for one n only. */
  readonly dimension?: number
  /** m, where it holds for one m only. */
  readonly residualCount?: number
  /** sum_i r_i^2, as published (6 digits) or exact. */
  readonly minimum: number
  /** A point that attains it; absent where it is only approached at infinity. */
  readonly minimizer?: readonly number[]
  /** Whether it is only a local minimum. */
  readonly local?: boolean
}

/** A test problem `min sum_i r_i(x)^2` with standard start. The functions read n and m from the lengths of their arrays. */
export interface LeastSquaresTestProblem {
  /** Number in the collection, 1 to 35. */
  readonly number: number
  readonly slug: string
  readonly title: string
  /** n, the only one or the default. */
  readonly dimension: number
  /** Least n and the divisor of n, for problems of any size. */
  readonly dimensions?: { readonly min: number; readonly max?: number; readonly multipleOf?: number }
  /** m for a given n. */
  residualCount(n: number): number
  /** Writes the m residuals at x. */
  residuals(x: Float64Array, out: Float64Array): void
  /** The standard start. */
  start(n: number): number[]
  readonly optima: readonly LeastSquaresOptimum[]
}

const bard = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39]
const gaussian = [
  0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054, 0.0175, 0.0044, 0.0009,
]
const meyer = [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872]
const kowalik = [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
const kowalikAt = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
const osborneOne = [
  0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.58,
  0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42, 0.414, 0.411, 0.406,
]
const osborneTwo = [
  1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
  0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5, 0.423, 0.395, 0.375,
  0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
  0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
]

const repeat =
  (...pattern: number[]) =>
  (n: number): number[] =>
    Array.from({ length: n }, (_, i) => pattern[i % pattern.length])
const same = (n: number): number => n
const count = (m: number) => (): number => m
const cube = (x: number): number => x * x * x

/**
 * The test problems of More, Garbow and Hillstrom for unconstrained minimization, systems of equations and least squares: 35 sums
 * of squares with their standard starts and published minima.
 *
 * @see More, Garbow and Hillstrom, Testing unconstrained optimization software, ACM TOMS 7 (1981), 17-41
 */
export const moreGarbowHillstrom: readonly LeastSquaresTestProblem[] = [
  {
    number: 1,
    slug: 'rosenbrock',
    title: 'Rosenbrock',
    dimension: 2,
    residualCount: count(2),
    residuals(x, out) {
      out[0] = 10 * (x[1] - x[0] * x[0])
      out[1] = 1 - x[0]
    },
    start: repeat(-1.2, 1),
    optima: [{ minimum: 0, minimizer: [1, 1] }],
  },
  {
    number: 2,
    slug: 'freudenstein-roth',
    title: 'Freudenstein and Roth',
    dimension: 2,
    residualCount: count(2),
    residuals(x, out) {
      out[0] = -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1]
      out[1] = -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]
    },
    start: repeat(0.5, -2),
    optima: [
      { minimum: 0, minimizer: [5, 4] },
      { minimum: 48.9842, minimizer: [(53 - 4 * sqrt(22)) / 3, (2 - sqrt(22)) / 3], local: true },
    ],
  },
  {
    number: 3,
    slug: 'powell-badly-scaled',
    title: 'Powell badly scaled',
    dimension: 2,
    residualCount: count(2),
    residuals(x, out) {
      out[0] = 1e4 * x[0] * x[1] - 1
      out[1] = exp(-x[0]) + exp(-x[1]) - 1.0001
    },
    start: repeat(0, 1),
    optima: [{ minimum: 0, minimizer: [1.0981593296998e-5, 9.10614673986652] }],
  },
  {
    number: 4,
    slug: 'brown-badly-scaled',
    title: 'Brown badly scaled',
    dimension: 2,
    residualCount: count(3),
    residuals(x, out) {
      out[0] = x[0] - 1e6
      out[1] = x[1] - 2e-6
      out[2] = x[0] * x[1] - 2
    },
    start: repeat(1, 1),
    optima: [{ minimum: 0, minimizer: [1e6, 2e-6] }],
  },
  {
    number: 5,
    slug: 'beale',
    title: 'Beale',
    dimension: 2,
    residualCount: count(3),
    residuals(x, out) {
      out[0] = 1.5 - x[0] * (1 - x[1])
      out[1] = 2.25 - x[0] * (1 - x[1] * x[1])
      out[2] = 2.625 - x[0] * (1 - cube(x[1]))
    },
    start: repeat(1, 1),
    optima: [{ minimum: 0, minimizer: [3, 0.5] }],
  },
  {
    number: 6,
    slug: 'jennrich-sampson',
    title: 'Jennrich and Sampson',
    dimension: 2,
    residualCount: count(10),
    residuals(x, out) {
      for (let i = 1; i <= out.length; i++) out[i - 1] = 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]))
    },
    start: repeat(0.3, 0.4),
    optima: [{ minimum: 124.362, minimizer: [0.2578252136701, 0.2578252136701] }],
  },
  {
    number: 7,
    slug: 'helical-valley',
    title: 'Helical valley',
    dimension: 3,
    residualCount: count(3),
    residuals(x, out) {
      const turn =
        x[0] > 0 ? atan(x[1] / x[0]) / (2 * PI) : x[0] < 0 ? atan(x[1] / x[0]) / (2 * PI) + 0.5 : 0.25 * Math.sign(x[1])
      out[0] = 10 * (x[2] - 10 * turn)
      out[1] = 10 * (sqrt(x[0] * x[0] + x[1] * x[1]) - 1)
      out[2] = x[2]
    },
    start: repeat(-1, 0, 0),
    optima: [{ minimum: 0, minimizer: [1, 0, 0] }],
  },
  {
    number: 8,
    slug: 'bard',
    title: 'Bard',
    dimension: 3,
    residualCount: count(15),
    residuals(x, out) {
      for (let i = 1; i <= 15; i++) {
        out[i - 1] = bard[i - 1] - (x[0] + i / ((16 - i) * x[1] + Math.min(i, 16 - i) * x[2]))
      }
    },
    start: repeat(1, 1, 1),
    optima: [
      { minimum: 8.21487e-3, minimizer: [0.08241056, 1.13303609, 2.34369519] },
      { minimum: 17.4286, local: true },
    ],
  },
  {
    number: 9,
    slug: 'gaussian',
    title: 'Gaussian',
    dimension: 3,
    residualCount: count(15),
    residuals(x, out) {
      for (let i = 1; i <= 15; i++) {
        const t = (8 - i) / 2 - x[2]
        out[i - 1] = x[0] * exp((-x[1] * t * t) / 2) - gaussian[i - 1]
      }
    },
    start: repeat(0.4, 1, 0),
    optima: [{ minimum: 1.12793e-8, minimizer: [0.3989561378391447, 1.0000190844894317, 0] }],
  },
  {
    number: 10,
    slug: 'meyer',
    title: 'Meyer',
    dimension: 3,
    residualCount: count(16),
    residuals(x, out) {
      for (let i = 1; i <= 16; i++) out[i - 1] = x[0] * exp(x[1] / (45 + 5 * i + x[2])) - meyer[i - 1]
    },
    start: repeat(0.02, 4000, 250),
    optima: [{ minimum: 87.9458, minimizer: [0.005609636485772962, 6181.346344099957, 345.22363455069484] }],
  },
  {
    number: 11,
    slug: 'gulf',
    title: 'Gulf research and development',
    dimension: 3,
    residualCount: count(99),
    residuals(x, out) {
      for (let i = 1; i <= out.length; i++) {
        const t = i / 100
        const y = 25 + portableCbrt((-50 * portableLog(t)) ** 2)
        out[i - 1] = exp(-portablePow(abs(y - x[1]), x[2]) / x[0]) - t
      }
    },
    start: repeat(5, 2.5, 0.15),
    optima: [{ minimum: 0, minimizer: [50, 25, 1.5] }],
  },
  {
    number: 12,
    slug: 'box-3d',
    title: 'Box three-dimensional',
    dimension: 3,
    residualCount: count(10),
    residuals(x, out) {
      for (let i = 1; i <= out.length; i++) {
        const t = 0.1 * i
        out[i - 1] = exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))
      }
    },
    start: repeat(0, 10, 20),
    optima: [
      { minimum: 0, minimizer: [1, 10, 1] },
      { minimum: 0, minimizer: [10, 1, -1] },
      { minimum: 0, minimizer: [1, 1, 0] },
    ],
  },
  {
    number: 13,
    slug: 'powell-singular',
    title: 'Powell singular',
    dimension: 4,
    residualCount: count(4),
    residuals: powellSingular,
    start: repeat(3, -1, 0, 1),
    optima: [{ minimum: 0, minimizer: [0, 0, 0, 0] }],
  },
  {
    number: 14,
    slug: 'wood',
    title: 'Wood',
    dimension: 4,
    residualCount: count(6),
    residuals(x, out) {
      out[0] = 10 * (x[1] - x[0] * x[0])
      out[1] = 1 - x[0]
      out[2] = sqrt(90) * (x[3] - x[2] * x[2])
      out[3] = 1 - x[2]
      out[4] = sqrt(10) * (x[1] + x[3] - 2)
      out[5] = (x[1] - x[3]) / sqrt(10)
    },
    start: repeat(-3, -1, -3, -1),
    optima: [{ minimum: 0, minimizer: [1, 1, 1, 1] }],
  },
  {
    number: 15,
    slug: 'kowalik-osborne',
    title: 'Kowalik and Osborne',
    dimension: 4,
    residualCount: count(11),
    residuals(x, out) {
      for (let i = 0; i < 11; i++) {
        const u = kowalikAt[i]
        out[i] = kowalik[i] - (x[0] * (u * u + u * x[1])) / (u * u + u * x[2] + x[3])
      }
    },
    start: repeat(0.25, 0.39, 0.415, 0.39),
    optima: [
      { minimum: 3.07505e-4, minimizer: [0.192806934, 0.191282328, 0.123056507, 0.136062331] },
      { minimum: 1.02734e-3, local: true },
    ],
  },
  {
    number: 16,
    slug: 'brown-dennis',
    title: 'Brown and Dennis',
    dimension: 4,
    residualCount: count(20),
    residuals(x, out) {
      for (let i = 1; i <= out.length; i++) {
        const t = i / 5
        out[i - 1] = (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2
      }
    },
    start: repeat(25, 5, -5, -1),
    optima: [{ residualCount: 20, minimum: 85822.2, minimizer: [-11.5944399, 13.2036301, -0.403439488, 0.236778774] }],
  },
  {
    number: 17,
    slug: 'osborne-1',
    title: 'Osborne 1',
    dimension: 5,
    residualCount: count(33),
    residuals(x, out) {
      for (let i = 0; i < 33; i++) {
        const t = 10 * i
        out[i] = osborneOne[i] - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]))
      }
    },
    start: repeat(0.5, 1.5, -1, 0.01, 0.02),
    optima: [
      { minimum: 5.46489e-5, minimizer: [0.3754100521, 1.935846913, -1.464687137, 0.01286753464, 0.02212269966] },
    ],
  },
  {
    number: 18,
    slug: 'biggs-exp6',
    title: 'Biggs EXP6',
    dimension: 6,
    residualCount: count(13),
    residuals(x, out) {
      for (let i = 1; i <= out.length; i++) {
        const t = 0.1 * i
        const y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
        out[i - 1] = x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y
      }
    },
    start: repeat(1, 2, 1, 1, 1, 1),
    optima: [
      { minimum: 0, minimizer: [1, 10, 1, 5, 4, 3] },
      {
        residualCount: 13,
        minimum: 5.65565e-3,
        minimizer: [1.7114159, 17.6831976, 1.16314365, 5.18656, 1.7114159, 1.16314365],
        local: true,
      },
    ],
  },
  {
    number: 19,
    slug: 'osborne-2',
    title: 'Osborne 2',
    dimension: 11,
    residualCount: count(65),
    residuals(x, out) {
      for (let i = 0; i < 65; i++) {
        const t = i / 10
        out[i] =
          osborneTwo[i] -
          (x[0] * exp(-t * x[4]) +
            x[1] * exp(-((t - x[8]) ** 2) * x[5]) +
            x[2] * exp(-((t - x[9]) ** 2) * x[6]) +
            x[3] * exp(-((t - x[10]) ** 2) * x[7]))
      }
    },
    start: repeat(1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5),
    optima: [
      {
        minimum: 4.01377e-2,
        minimizer: [
          1.30997715, 0.431553792, 0.633661699, 0.599430532, 0.754183219, 0.904288573, 1.36581179, 4.82369882,
          2.39868486, 4.56887459, 5.67534147,
        ],
      },
    ],
  },
  {
    number: 20,
    slug: 'watson',
    title: 'Watson',
    dimension: 6,
    dimensions: { min: 2, max: 31 },
    residualCount: count(31),
    residuals(x, out) {
      const n = x.length
      for (let i = 1; i <= 29; i++) {
        const t = i / 29
        let derivative = 0
        let value = 0
        let power = 1
        for (let j = 0; j < n; j++) {
          value += x[j] * power
          if (j + 1 < n) derivative += (j + 1) * x[j + 1] * power
          power *= t
        }
        out[i - 1] = derivative - value * value - 1
      }
      out[29] = x[0]
      out[30] = x[1] - x[0] * x[0] - 1
    },
    start: repeat(0),
    optima: [
      {
        dimension: 6,
        minimum: 2.28767e-3,
        minimizer: [
          -0.01572508759071253, 1.0124348683535775, -0.23299161496858795, 1.260430048549645, -1.5137288743181618,
          0.9929964106134764,
        ],
      },
      {
        dimension: 9,
        minimum: 1.39976e-6,
        minimizer: [
          -0.000015307036709648844, 0.9997897039215782, 0.014763964010781184, 0.1463423257955233, 1.0008211120040063,
          -2.617731157711893, 4.104403182582885, -3.143612288491867, 1.0526264102324752,
        ],
      },
      {
        dimension: 12,
        minimum: 4.72238e-10,
        minimizer: [
          -6.638097641817558e-9, 1.0000016441083024, -0.0005639299946260842, 0.3478204915568224, -0.15673104742788116,
          1.052812868418358, -3.2472641383938785, 7.288421492120938, -10.2718319954239, 9.074101525030457,
          -4.541370384543396, 1.012010972166025,
        ],
      },
    ],
  },
  {
    number: 21,
    slug: 'extended-rosenbrock',
    title: 'Extended Rosenbrock',
    dimension: 10,
    dimensions: { min: 2, multipleOf: 2 },
    residualCount: same,
    residuals(x, out) {
      for (let i = 0; i + 1 < x.length; i += 2) {
        out[i] = 10 * (x[i + 1] - x[i] * x[i])
        out[i + 1] = 1 - x[i]
      }
    },
    start: repeat(-1.2, 1),
    optima: [{ dimension: 10, minimum: 0, minimizer: repeat(1)(10) }],
  },
  {
    number: 22,
    slug: 'extended-powell-singular',
    title: 'Extended Powell singular',
    dimension: 12,
    dimensions: { min: 4, multipleOf: 4 },
    residualCount: same,
    residuals: powellSingular,
    start: repeat(3, -1, 0, 1),
    optima: [{ dimension: 12, minimum: 0, minimizer: repeat(0)(12) }],
  },
  {
    number: 23,
    slug: 'penalty-1',
    title: 'Penalty I',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: (n) => n + 1,
    residuals(x, out) {
      const n = x.length
      let squares = 0
      for (let i = 0; i < n; i++) {
        out[i] = sqrt(1e-5) * (x[i] - 1)
        squares += x[i] * x[i]
      }
      out[n] = squares - 0.25
    },
    start: (n) => Array.from({ length: n }, (_, i) => i + 1),
    optima: [
      { dimension: 10, minimum: 7.08765e-5, minimizer: repeat(0.158122301113)(10) },
      { dimension: 4, minimum: 2.24997e-5, minimizer: repeat(0.2500074995875)(4) },
    ],
  },
  {
    number: 24,
    slug: 'penalty-2',
    title: 'Penalty II',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: (n) => 2 * n,
    residuals(x, out) {
      const n = x.length
      const a = sqrt(1e-5)
      out[0] = x[0] - 0.2
      let sum = n * x[0] * x[0]
      for (let i = 1; i < n; i++) {
        out[i] = a * (exp(x[i] / 10) + exp(x[i - 1] / 10) - (exp((i + 1) / 10) + exp(i / 10)))
        out[n + i - 1] = a * (exp(x[i] / 10) - exp(-0.1))
        sum += (n - i) * x[i] * x[i]
      }
      out[2 * n - 1] = sum - 1
    },
    start: repeat(0.5),
    optima: [
      {
        dimension: 10,
        minimum: 2.9366e-4,
        minimizer: [
          0.19998360521741834, 0.010350564719786052, 0.019604949386100256, 0.032089081924496936, 0.049932696833918634,
          0.07651402455396107, 0.1186241245622373, 0.1921450140845105, 0.3473201964124711, 0.3691647807269332,
        ],
      },
      {
        dimension: 4,
        minimum: 9.37629e-6,
        minimizer: [0.19999933335033382, 0.19131666688860147, 0.48010149478989966, 0.5188454246144107],
      },
    ],
  },
  {
    number: 25,
    slug: 'variably-dimensioned',
    title: 'Variably dimensioned',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: (n) => n + 2,
    residuals(x, out) {
      const n = x.length
      let sum = 0
      for (let i = 0; i < n; i++) {
        out[i] = x[i] - 1
        sum += (i + 1) * (x[i] - 1)
      }
      out[n] = sum
      out[n + 1] = sum * sum
    },
    start: (n) => Array.from({ length: n }, (_, i) => 1 - (i + 1) / n),
    optima: [{ dimension: 10, minimum: 0, minimizer: repeat(1)(10) }],
  },
  {
    number: 26,
    slug: 'trigonometric',
    title: 'Trigonometric',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      let cosines = 0
      for (let i = 0; i < n; i++) cosines += cos(x[i])
      for (let i = 0; i < n; i++) out[i] = n - cosines + (i + 1) * (1 - cos(x[i])) - sin(x[i])
    },
    start: (n) => new Array(n).fill(1 / n),
    optima: [
      { dimension: 10, minimum: 0, minimizer: repeat(0)(10) },
      {
        dimension: 10,
        minimum: 2.79506e-5,
        minimizer: [
          0.05515090631826498, 0.05684061931351802, 0.058764004508707536, 0.06099061169860976, 0.06362621714295495,
          0.06684318349566785, 0.2081615143639712, 0.1643630922447128, 0.08500690812979546, 0.0914314614095827,
        ],
        local: true,
      },
    ],
  },
  {
    number: 27,
    slug: 'brown-almost-linear',
    title: 'Brown almost-linear',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      let sum = 0
      let product = 1
      for (let i = 0; i < n; i++) {
        sum += x[i]
        product *= x[i]
      }
      for (let i = 0; i < n - 1; i++) out[i] = x[i] + sum - (n + 1)
      out[n - 1] = product - 1
    },
    start: repeat(0.5),
    optima: [
      { dimension: 10, minimum: 0, minimizer: repeat(1)(10) },
      { dimension: 10, minimum: 1, minimizer: [0, 0, 0, 0, 0, 0, 0, 0, 0, 11], local: true },
    ],
  },
  {
    number: 28,
    slug: 'discrete-boundary-value',
    title: 'Discrete boundary value',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      const h = 1 / (n + 1)
      for (let i = 0; i < n; i++) {
        const left = i > 0 ? x[i - 1] : 0
        const right = i + 1 < n ? x[i + 1] : 0
        out[i] = 2 * x[i] - left - right + (h * h * cube(x[i] + (i + 1) * h + 1)) / 2
      }
    },
    start: boundaryValueStart,
    optima: [
      {
        dimension: 10,
        minimum: 0,
        minimizer: [
          -0.04316498251876487, -0.08157715653538687, -0.11448571438052928, -0.14097357686259668, -0.1599086961819831,
          -0.16987720231277492, -0.16908998378120835, -0.15524953522183182, -0.125355891678935, -0.07541653368589209,
        ],
      },
    ],
  },
  {
    number: 29,
    slug: 'discrete-integral-equation',
    title: 'Discrete integral equation',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      const h = 1 / (n + 1)
      const term = (j: number): number => cube(x[j] + (j + 1) * h + 1)
      for (let i = 0; i < n; i++) {
        const t = (i + 1) * h
        let before = 0
        let after = 0
        for (let j = 0; j <= i; j++) before += (j + 1) * h * term(j)
        for (let j = i + 1; j < n; j++) after += (1 - (j + 1) * h) * term(j)
        out[i] = x[i] + (h * ((1 - t) * before + t * after)) / 2
      }
    },
    start: boundaryValueStart,
    optima: [
      {
        dimension: 10,
        minimum: 0,
        minimizer: [
          -0.04316498251876487, -0.08157715653538687, -0.11448571438052928, -0.14097357686259668, -0.1599086961819831,
          -0.16987720231277492, -0.16908998378120835, -0.15524953522183182, -0.125355891678935, -0.07541653368589209,
        ],
      },
    ],
  },
  {
    number: 30,
    slug: 'broyden-tridiagonal',
    title: 'Broyden tridiagonal',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      for (let i = 0; i < n; i++) {
        out[i] = (3 - 2 * x[i]) * x[i] - (i > 0 ? x[i - 1] : 0) - 2 * (i + 1 < n ? x[i + 1] : 0) + 1
      }
    },
    start: repeat(-1),
    optima: [
      {
        dimension: 10,
        minimum: 0,
        minimizer: [
          -0.5707221320112247, -0.6818069499842749, -0.7022100760176601, -0.7055106298950804, -0.7049061557287436,
          -0.7014966070298512, -0.6918893223547983, -0.6657965144058537, -0.5960351090263657, -0.4164122575286933,
        ],
      },
    ],
  },
  {
    number: 31,
    slug: 'broyden-banded',
    title: 'Broyden banded',
    dimension: 10,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      for (let i = 0; i < n; i++) {
        let neighbours = 0
        for (let j = Math.max(0, i - 5); j <= Math.min(n - 1, i + 1); j++) if (j !== i) neighbours += x[j] * (1 + x[j])
        out[i] = x[i] * (2 + 5 * x[i] * x[i]) + 1 - neighbours
      }
    },
    start: repeat(-1),
    optima: [
      {
        dimension: 10,
        minimum: 0,
        minimizer: [
          -0.4283028635872503, -0.47659642435629024, -0.5196524636468617, -0.5580993248321809, -0.5925061568294573,
          -0.624503682199468, -0.6232394714405911, -0.6213938417965735, -0.6204535966590874, -0.586469270720435,
        ],
      },
    ],
  },
  {
    number: 32,
    slug: 'linear-full-rank',
    title: 'Linear function, full rank',
    dimension: 5,
    dimensions: { min: 1 },
    residualCount: (n) => 2 * n,
    residuals(x, out) {
      let sum = 0
      for (let i = 0; i < x.length; i++) sum += x[i]
      for (let i = 0; i < out.length; i++) out[i] = (i < x.length ? x[i] : 0) - (2 * sum) / out.length - 1
    },
    start: repeat(1),
    optima: [{ dimension: 5, residualCount: 10, minimum: 5, minimizer: repeat(-1)(5) }],
  },
  {
    number: 33,
    slug: 'linear-rank-1',
    title: 'Linear function, rank 1',
    dimension: 5,
    dimensions: { min: 1 },
    residualCount: (n) => 2 * n,
    residuals(x, out) {
      let sum = 0
      for (let i = 0; i < x.length; i++) sum += (i + 1) * x[i]
      for (let i = 0; i < out.length; i++) out[i] = (i + 1) * sum - 1
    },
    start: repeat(1),
    // Any x with sum_j j x_j = 3 / (2m + 1); minimum m (m - 1) / (2 (2m + 1)).
    optima: [{ dimension: 5, residualCount: 10, minimum: 90 / 42, minimizer: [3 / 21, 0, 0, 0, 0] }],
  },
  {
    number: 34,
    slug: 'linear-rank-1-zero',
    title: 'Linear function, rank 1, with zero columns and rows',
    dimension: 5,
    dimensions: { min: 3 },
    residualCount: (n) => 2 * n,
    residuals(x, out) {
      const m = out.length
      let sum = 0
      for (let j = 1; j < x.length - 1; j++) sum += (j + 1) * x[j]
      for (let i = 0; i < m; i++) out[i] = i === 0 || i === m - 1 ? -1 : i * sum - 1
    },
    start: repeat(1),
    // Any x with sum_j j x_j = 3 / (2m - 3) over the middle columns; minimum (m^2 + 3m - 6) / (2 (2m - 3)).
    optima: [{ dimension: 5, residualCount: 10, minimum: 124 / 34, minimizer: [0, 3 / 34, 0, 0, 0] }],
  },
  {
    number: 35,
    slug: 'chebyquad',
    title: 'Chebyquad',
    dimension: 8,
    dimensions: { min: 1 },
    residualCount: same,
    residuals(x, out) {
      const n = x.length
      out.fill(0)
      for (let j = 0; j < n; j++) {
        let before = 1
        let now = 2 * x[j] - 1
        const twice = 2 * now
        for (let i = 0; i < out.length; i++) {
          out[i] += now / n
          const next = twice * now - before
          before = now
          now = next
        }
      }
      // The integral of the shifted Chebyshev polynomial of even degree i is -1 / (i^2 - 1), of odd degree 0.
      for (let i = 1; i < out.length; i += 2) out[i] += 1 / ((i + 1) ** 2 - 1)
    },
    start: (n) => Array.from({ length: n }, (_, i) => (i + 1) / (n + 1)),
    optima: [
      {
        dimension: 8,
        minimum: 3.51687e-3,
        minimizer: [
          0.043152760016665535, 0.19309084028299475, 0.2663287068941178, 0.5, 0.5, 0.7336712931059131,
          0.8069091597170741, 0.9568472399833522,
        ],
      },
      {
        dimension: 10,
        minimum: 6.50395e-3,
        minimizer: [
          0.05961990037610098, 0.1667082816193771, 0.23917065881106386, 0.39888429223428, 0.39888429223428,
          0.60111570776572, 0.60111570776572, 0.7608293411888074, 0.83329171838058, 0.9403800996238688,
        ],
      },
      {
        dimension: 7,
        minimum: 0,
        minimizer: [
          0.05806914962097546, 0.2351716123574215, 0.3380440947400462, 0.5, 0.6619559052599538, 0.7648283876425785,
          0.9419308503790246,
        ],
      },
      {
        dimension: 9,
        minimum: 0,
        minimizer: [
          0.04420534613578275, 0.19949067230988107, 0.23561910847105996, 0.4160469078925981, 0.5, 0.583953092107402,
          0.76438089152894, 0.8005093276901191, 0.9557946538642172,
        ],
      },
    ],
  },
]

function powellSingular(x: Float64Array, out: Float64Array): void {
  for (let i = 0; i + 3 < x.length; i += 4) {
    out[i] = x[i] + 10 * x[i + 1]
    out[i + 1] = sqrt(5) * (x[i + 2] - x[i + 3])
    out[i + 2] = (x[i + 1] - 2 * x[i + 2]) ** 2
    out[i + 3] = sqrt(10) * (x[i] - x[i + 3]) ** 2
  }
}

function boundaryValueStart(n: number): number[] {
  return Array.from({ length: n }, (_, i) => ((i + 1) / (n + 1)) * ((i + 1) / (n + 1) - 1))
}

/**
 * The problem `min sum_i r_i(x)^2` called `slug` as a smooth problem, with the standard start and its gradient `2 J^T r` from
 * central differences of the residuals.
 *
 * @param dimension default: the problem's own
 * @throws {InvalidInputError} if there is no such problem, or not in that dimension
 */
export function moreGarbowHillstromProblem(slug: string, dimension?: number): SmoothProblem {
  const found = moreGarbowHillstrom.find((problem) => problem.slug === slug)
  if (found === undefined) {
    const names = moreGarbowHillstrom.map((problem) => problem.slug).join(', ')
    throw new InvalidInputError(`no More-Garbow-Hillstrom problem '${slug}'; there are ${names}`, {
      argument: 'slug',
      expected: names,
      received: describe(slug),
    })
  }
  const n = dimension ?? found.dimension
  const { min = n, max = Infinity, multipleOf = 1 } = found.dimensions ?? {}
  const allowed = found.dimensions === undefined ? n === found.dimension : n >= min && n <= max && n % multipleOf === 0
  if (!allowed || !Number.isInteger(n)) {
    throw new InvalidInputError(`${slug}: not defined for dimension ${describe(dimension)}`, {
      argument: 'dimension',
      expected: found.dimensions === undefined ? String(found.dimension) : `a multiple of ${multipleOf} from ${min} on`,
      received: describe(dimension),
    })
  }
  const m = found.residualCount(n)
  const residual = new Float64Array(m)
  const jacobian = new Float64Array(m * n)
  const point = new Float64Array(n)
  const optimum = found.optima.find((o) => o.local !== true && (o.dimension ?? n) === n)
  return smoothProblem({
    name: `mgh:${slug}`,
    dimension: n,
    value(x) {
      found.residuals(x, residual)
      let f = 0
      for (let i = 0; i < m; i++) f += residual[i] * residual[i]
      return f
    },
    gradient(x, out) {
      point.set(x)
      found.residuals(point, residual)
      jacobianByDifferences(found.residuals, point, jacobian, m)
      out.fill(0)
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j] += 2 * jacobian[i * n + j] * residual[i]
    },
    start: found.start(n),
    ...(optimum && { minimum: optimum.minimum }),
    ...(optimum?.minimizer && { minimizer: optimum.minimizer }),
    recipe: { kind: 'more-garbow-hillstrom', slug, dimension: n },
  })
}
