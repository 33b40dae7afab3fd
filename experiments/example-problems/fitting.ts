import { integer, nonNegative, portableSin, positive, RandomStream } from '../../src/base/index.ts'
import {
  compositeProblem,
  l1Norm,
  leastSquaresProblem,
  nonlinearSystem,
  scalarEquation,
} from '../../src/smooth/index.ts'
import { smoothProblem } from '../../src/solver/index.ts'
import { defineExample, type ExampleProblem } from './example-problem.ts'

/** Points of 3 t / (1.5 + t) with noise. */
function saturation(points: number, noise: number, seed: number): { times: number[]; data: number[] } {
  const random = RandomStream.fromSeed(seed).split('data')
  const times = Array.from({ length: points }, (_, i) => (8 * (i + 1)) / points)
  return { times, data: times.map((t) => (3 * t) / (1.5 + t) + noise * random.normal()) }
}

/** What so many payments of 1 are worth at the beginning, at rate r. */
function presentValue(r: number, payments: number): number {
  let worth = 0
  for (let k = 0; k < payments; k++) worth = (worth + 1) / (1 + r)
  return worth
}

/** Random features and a response that only every fifth of them explains. */
function sparse(samples: number, features: number, seed: number): { A: Float64Array; y: Float64Array } {
  const random = RandomStream.fromSeed(seed).split('data')
  const truth = Float64Array.from({ length: features }, (_, j) => (j % 5 === 0 ? random.normal() + 1 : 0))
  const A = Float64Array.from({ length: samples * features }, () => random.normal())
  const y = Float64Array.from({ length: samples }, (_, i) => {
    let sum = 0.1 * random.normal()
    for (let j = 0; j < features; j++) sum += truth[j] * A[i * features + j]
    return sum
  })
  return { A, y }
}

export const fittingExamples: readonly ExampleProblem[] = [
  defineExample({
    slug: 'saturation',
    title: 'A saturating curve',
    problemClass: 'least-squares',
    summary: 'Fits limit and half-life of the saturating curve a t / (b + t) to measurements with noise.',
    parameters: {
      points: integer<number>(20, 'measurements', { min: 2, max: 500 }),
      noise: { ...nonNegative<number>(0.12, 'noise'), max: 2 },
    },
    build({ points, noise }, seed) {
      const { times, data } = saturation(points, noise, seed)
      return leastSquaresProblem({
        name: `a saturating curve, ${points} measurements`,
        dimension: 2,
        residualCount: points,
        residuals(x, out) {
          for (let i = 0; i < points; i++) out[i] = data[i] - (x[0] * times[i]) / (x[1] + times[i])
        },
        jacobian(x, out) {
          for (let i = 0; i < points; i++) {
            const share = times[i] / (x[1] + times[i])
            out[2 * i] = -share
            out[2 * i + 1] = (x[0] * share) / (x[1] + times[i])
          }
        },
        start: [1, 8],
      })
    },
    code: ({ points, noise }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/smooth': ['leastSquaresProblem'] },
      statements: `const random = RandomStream.fromSeed(${seed}).split('data')
const times = Array.from({ length: ${points} }, (_, i) => (8 * (i + 1)) / ${points})
const data = times.map((t) => (3 * t) / (1.5 + t) + ${noise} * random.normal())
const problem = leastSquaresProblem({
  dimension: 2,
  residualCount: ${points},
  residuals(x, out) {
    for (let i = 0; i < ${points}; i++) out[i] = data[i] - (x[0] * times[i]) / (x[1] + times[i])
  },
  jacobian(x, out) {
    for (let i = 0; i < ${points}; i++) {
      const share = times[i] / (x[1] + times[i])
      out[2 * i] = -share
      out[2 * i + 1] = (x[0] * share) / (x[1] + times[i])
    }
  },
  start: [1, 8],
})`,
    }),
    observations({ points, noise }, seed) {
      const { times, data } = saturation(points, noise, seed)
      return { x: times, y: data }
    },
  }),
  defineExample({
    slug: 'sparse-regression',
    title: 'Sparse regression',
    problemClass: 'composite',
    summary: 'A least-squares fit with a price on every coefficient, so that most of them become exactly zero.',
    parameters: {
      samples: integer<number>(60, 'samples', { min: 5, max: 1000 }),
      features: integer<number>(30, 'features', { min: 2, max: 200 }),
      weight: { ...positive<number>(5, 'weight of the L1 norm'), max: 1000 },
    },
    build({ samples: m, features: n, weight }, seed) {
      const { A, y } = sparse(m, n, seed)
      const residual = new Float64Array(m)
      const residualAt = (x: Float64Array): number => {
        let squares = 0
        for (let i = 0; i < m; i++) {
          let sum = -y[i]
          for (let j = 0; j < n; j++) sum += A[i * n + j] * x[j]
          residual[i] = sum
          squares += sum * sum
        }
        return 0.5 * squares
      }
      const smooth = smoothProblem({
        name: `sparse regression, ${m} samples of ${n} features`,
        dimension: n,
        value: residualAt,
        gradient(x, out) {
          residualAt(x)
          out.fill(0)
          for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j] += residual[i] * A[i * n + j]
        },
        start: new Float64Array(n),
      })
      return compositeProblem(smooth, l1Norm(weight))
    },
    code: ({ samples, features, weight }, seed) => ({
      imports: {
        'thalweg/base': ['RandomStream'],
        'thalweg/smooth': ['compositeProblem', 'l1Norm'],
        'thalweg/solver': ['smoothProblem'],
      },
      statements: `const random = RandomStream.fromSeed(${seed}).split('data')
const [m, n] = [${samples}, ${features}]
const truth = Float64Array.from({ length: n }, (_, j) => (j % 5 === 0 ? random.normal() + 1 : 0))
const A = Float64Array.from({ length: m * n }, () => random.normal())
const y = Float64Array.from({ length: m }, (_, i) => {
  let sum = 0.1 * random.normal()
  for (let j = 0; j < n; j++) sum += truth[j] * A[i * n + j]
  return sum
})
const residual = new Float64Array(m)
const halfSquares = (x: Float64Array) => {
  let squares = 0
  for (let i = 0; i < m; i++) {
    let sum = -y[i]
    for (let j = 0; j < n; j++) sum += A[i * n + j] * x[j]
    residual[i] = sum
    squares += sum * sum
  }
  return 0.5 * squares
}
const smooth = smoothProblem({
  dimension: n,
  value: halfSquares,
  gradient(x, out) {
    halfSquares(x)
    out.fill(0)
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j] += residual[i] * A[i * n + j]
  },
  start: new Float64Array(n),
})
const problem = compositeProblem(smooth, l1Norm(${weight}))`,
    }),
  }),
  defineExample({
    slug: 'circle-and-curve',
    title: 'A circle and a curve',
    problemClass: 'nonlinear-system',
    summary: 'Where the circle x² + y² = r² meets the curve y = exp(x).',
    parameters: { radius: { ...positive<number>(2, 'radius'), min: 1.1, minExcluded: false, max: 20 } },
    build: ({ radius }) =>
      nonlinearSystem({
        name: `circle of radius ${radius} and exponential`,
        dimension: 2,
        residuals(x, out) {
          out[0] = x[0] ** 2 + x[1] ** 2 - radius * radius
          out[1] = x[1] - Math.exp(x[0])
        },
        jacobian(x, out) {
          out[0] = 2 * x[0]
          out[1] = 2 * x[1]
          out[2] = -Math.exp(x[0])
          out[3] = 1
        },
        start: [2, -2],
      }),
    code: ({ radius }) => ({
      imports: { 'thalweg/smooth': ['nonlinearSystem'] },
      statements: `const problem = nonlinearSystem({
  dimension: 2,
  residuals(x, out) {
    out[0] = x[0] ** 2 + x[1] ** 2 - ${radius} ** 2
    out[1] = x[1] - Math.exp(x[0])
  },
  jacobian(x, out) {
    out[0] = 2 * x[0]
    out[1] = 2 * x[1]
    out[2] = -Math.exp(x[0])
    out[3] = 1
  },
  start: [2, -2],
})`,
    }),
    frame: () => [-3.2, 3.2, -3.2, 3.2],
  }),
  defineExample({
    slug: 'kepler',
    title: "Kepler's equation",
    problemClass: 'scalar-equation',
    summary: 'Where on its ellipse a planet is at a time: the anomaly E with E - e sin E = M.',
    parameters: {
      eccentricity: { ...nonNegative(0.9, 'eccentricity e'), max: 0.999 },
      anomaly: { ...nonNegative(0.3, 'mean anomaly M'), max: Math.PI },
    },
    build: ({ eccentricity, anomaly }) =>
      scalarEquation({
        name: `Kepler's equation, e = ${eccentricity}`,
        value: (E) => E - eccentricity * portableSin(E) - anomaly,
        lower: 0,
        upper: Math.PI,
      }),
    code: ({ eccentricity, anomaly }) => ({
      imports: { 'thalweg/base': ['portableSin'], 'thalweg/smooth': ['scalarEquation'] },
      statements: `const problem = scalarEquation({
  value: (E) => E - ${eccentricity} * portableSin(E) - ${anomaly},
  lower: 0,
  upper: Math.PI,
})`,
    }),
  }),
  defineExample({
    slug: 'interest-rate',
    title: 'Interest rate of a loan',
    problemClass: 'scalar-equation',
    summary: 'The rate at which equal payments pay back a loan in a given number of months.',
    parameters: {
      payments: integer<number>(60, 'payments', { min: 2, max: 600 }),
      rate: { ...positive<number>(0.02, 'payment, as a part of the loan'), min: 0.0017, max: 1 },
    },
    build: ({ payments, rate }) =>
      scalarEquation({
        name: `rate of ${payments} payments`,
        value: (r) => presentValue(r, payments) * rate - 1,
        lower: -0.5,
        upper: 1,
      }),
    code: ({ payments, rate }) => ({
      imports: { 'thalweg/smooth': ['scalarEquation'] },
      statements: `const problem = scalarEquation({
  // What ${payments} payments of ${rate} are worth today, less the loan.
  value(r) {
    let worth = 0
    for (let k = 0; k < ${payments}; k++) worth = (worth + 1) / (1 + r)
    return worth * ${rate} - 1
  },
  lower: -0.5,
  upper: 1,
})`,
    }),
  }),
]
