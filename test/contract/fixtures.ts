import {
  compositeProblem,
  type LeastSquaresProblem,
  l1Norm,
  leastSquaresProblem,
  type NonlinearSystem,
  nonlinearSystem,
  type ScalarEquation,
  scalarEquation,
} from '../../src/smooth/index.ts'
import { type Problem, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'
import { linearSystemFixture } from './linear-system-fixture.ts'
import { mixedIntegerFixture } from './mixed-integer-fixture.ts'
import { onlineFixture } from './online-fixture.ts'
import { transportFixtures } from './transport-fixtures.ts'

/** What the contract table needs to know of a problem class. */
export interface Fixture {
  readonly problemClass: string
  /** A fresh easy problem with a start that is not optimal; every method of the class solves it. */
  problem(): Problem
  /** The same problem, whose objective turns into `value` after `calls` calls; absent where the objective is data. */
  breakingAfter?(calls: number, value: number): Problem
  /** Whether random methods go different ways on it for different seeds. Default true. */
  readonly seedMatters?: boolean
  /** Whether a solution consists of finite numbers. */
  finite(x: unknown): boolean
  /** Inputs that must be refused with a typed error, with what the message must contain. */
  readonly refused: readonly { what: string; attempt: () => Problem; start?: unknown; message: RegExp }[]
}

/** A strictly convex, not quadratic function of three variables with minimum 0 at (1, -2, 0.5). */
function easySmooth(): SmoothProblem {
  const centre = [1, -2, 0.5]
  const scale = [1, 4, 2]
  const value = (x: Float64Array): number => {
    let f = 0
    for (let i = 0; i < 3; i++) {
      const d = x[i] - centre[i]
      f += scale[i] * (Math.sqrt(1 + d * d) - 1)
    }
    return f
  }
  return smoothProblem({
    name: 'three separate bowls',
    dimension: 3,
    value,
    gradient(x, out) {
      for (let i = 0; i < 3; i++) {
        const d = x[i] - centre[i]
        out[i] = (scale[i] * d) / Math.sqrt(1 + d * d)
      }
    },
    hessian(x, out) {
      out.fill(0)
      for (let i = 0; i < 3; i++) {
        const d = x[i] - centre[i]
        out[4 * i] = scale[i] / (1 + d * d) ** 1.5
      }
    },
    start: [0.2, -1, 1.5],
    minimum: 0,
    minimizer: centre,
  })
}

const smooth: Fixture = {
  problemClass: 'smooth',
  problem: easySmooth,
  breakingAfter(calls, value) {
    const problem = easySmooth()
    let count = 0
    return {
      ...problem,
      value: (x: Float64Array) => (++count > calls ? value : problem.value(x)),
    } as SmoothProblem
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    { what: 'dimension 0', attempt: () => smoothProblem({ dimension: 0, value: () => 0 }), message: /dimension/ },
    { what: 'empty start', attempt: easySmooth, start: [], message: /start has length 0.*dimension 3/ },
    { what: 'short start', attempt: easySmooth, start: [1, 2], message: /start has length 2.*dimension 3/ },
    { what: 'NaN in start', attempt: easySmooth, start: [1, NaN, 2], message: /start\[1\].*finite.*NaN/ },
    { what: 'start of strings', attempt: easySmooth, start: ['1', '2', '3'], message: /start\[0\].*"1"/ },
    { what: 'start that is no array', attempt: easySmooth, start: 7, message: /start must be an array/ },
    {
      what: 'no value oracle',
      attempt: () => smoothProblem({ dimension: 2, value: undefined as never }),
      message: /value must be a function/,
    },
    {
      what: 'crossing bounds',
      attempt: () => smoothProblem({ dimension: 1, value: () => 0, lower: [1], upper: [0] }),
      message: /lower\[0\] = 1 exceeds upper\[0\] = 0/,
    },
  ],
}

/** Fits a (1 - exp(-b t)) to five points that it cannot meet all. */
function easyFit(): LeastSquaresProblem {
  const times = [1, 2, 3, 5, 8]
  const data = [0.7, 1.15, 1.3, 1.7, 1.6]
  return leastSquaresProblem({
    name: 'saturating exponential',
    dimension: 2,
    residualCount: 5,
    residuals(x, out) {
      for (let i = 0; i < 5; i++) out[i] = data[i] - x[0] * (1 - Math.exp(-x[1] * times[i]))
    },
    jacobian(x, out) {
      for (let i = 0; i < 5; i++) {
        const e = Math.exp(-x[1] * times[i])
        out[2 * i] = e - 1
        out[2 * i + 1] = -x[0] * times[i] * e
      }
    },
    start: [5, 0.05],
  })
}

const leastSquares: Fixture = {
  problemClass: 'least-squares',
  problem: easyFit,
  breakingAfter(calls, value) {
    const problem = easyFit()
    let count = 0
    return {
      ...problem,
      residuals(x: Float64Array, out: Float64Array) {
        problem.residuals(x, out)
        if (++count > calls) out[2] = value
      },
    } as LeastSquaresProblem
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    {
      what: 'dimension 0',
      attempt: () => leastSquaresProblem({ dimension: 0, residualCount: 1, residuals: () => undefined }),
      message: /dimension must be an integer >= 1/,
    },
    {
      what: 'no residuals',
      attempt: () => leastSquaresProblem({ dimension: 1, residualCount: 1, residuals: undefined as never }),
      message: /residuals must be a function/,
    },
    { what: 'empty start', attempt: easyFit, start: [], message: /start has length 0.*dimension 2/ },
    { what: 'NaN in start', attempt: easyFit, start: [1, NaN], message: /start\[1\].*finite.*NaN/ },
    { what: 'start that is no array', attempt: easyFit, start: 7, message: /start must be an array/ },
  ],
}

/** The easy smooth problem plus an L1 norm that makes one variable zero. */
const composite: Fixture = {
  ...smooth,
  problemClass: 'composite',
  problem: () => compositeProblem(easySmooth(), l1Norm(0.3)),
  breakingAfter: (calls, value) => compositeProblem(smooth.breakingAfter!(calls, value) as SmoothProblem, l1Norm(0.3)),
  refused: [
    ...smooth.refused.filter(({ start }) => start !== undefined),
    {
      what: 'a start of the wrong length',
      attempt: () => compositeProblem(easySmooth(), l1Norm(0.3)),
      start: [1],
      message: /length 1/,
    },
    {
      what: 'a regularizer that is none',
      attempt: () => compositeProblem(easySmooth(), {} as never),
      message: /regularizer must have value and proximal/,
    },
  ],
}

/** A circle and a parabola, which meet twice. */
function easySystem(): NonlinearSystem {
  return nonlinearSystem({
    name: 'circle and parabola',
    dimension: 2,
    residuals(x, out) {
      out[0] = x[0] ** 2 + x[1] ** 2 - 4
      out[1] = x[1] - Math.exp(x[0])
    },
    jacobian(x, out) {
      out[0] = 2 * x[0]
      out[1] = 2 * x[1]
      out[2] = -Math.exp(x[0])
      out[3] = 1
    },
    start: [3, -3],
  })
}

const nonlinearSystems: Fixture = {
  problemClass: 'nonlinear-system',
  problem: easySystem,
  breakingAfter(calls, value) {
    const problem = easySystem()
    let count = 0
    return {
      ...problem,
      residuals(x: Float64Array, out: Float64Array) {
        problem.residuals(x, out)
        if (++count > calls) out[1] = value
      },
    } as NonlinearSystem
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    { what: 'empty start', attempt: easySystem, start: [], message: /start has length 0.*dimension 2/ },
    { what: 'NaN in start', attempt: easySystem, start: [1, NaN], message: /start\[1\].*finite.*NaN/ },
    {
      what: 'no residuals',
      attempt: () => nonlinearSystem({ dimension: 1, residuals: undefined as never }),
      message: /residuals must be a function/,
    },
    {
      what: 'dimension 0',
      attempt: () => nonlinearSystem({ dimension: 0, residuals: () => undefined }),
      message: /dimension must be an integer >= 1/,
    },
  ],
}

/** A root that no method lands on exactly. */
const easyEquation = (): ScalarEquation =>
  scalarEquation({ name: 'cube root of 5', value: (x) => x ** 3 - 5, lower: 0, upper: 4 })

const scalarEquations: Fixture = {
  problemClass: 'scalar-equation',
  problem: easyEquation,
  breakingAfter(calls, value) {
    const problem = easyEquation()
    let count = 0
    return { ...problem, value: (x: number) => (++count > calls ? value : problem.value(x)) } as ScalarEquation
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    { what: 'empty start', attempt: easyEquation, start: [], message: /start must be an array of one number/ },
    { what: 'a start outside', attempt: easyEquation, start: [7], message: /start must lie in \[0, 4\], got 7/ },
    {
      what: 'the same sign at both ends',
      attempt: () => scalarEquation({ value: (x) => x * x + 1, lower: -1, upper: 1 }),
      message: /opposite signs.*f\(-1\) = 2 and f\(1\) = 2/,
    },
    {
      what: 'ends out of order',
      attempt: () => scalarEquation({ value: Math.sin, lower: 1, upper: 1 }),
      message: /upper must be greater than lower/,
    },
  ],
}

export const fixtures: readonly Fixture[] = [
  smooth,
  leastSquares,
  composite,
  nonlinearSystems,
  scalarEquations,
  linearSystemFixture,
  ...transportFixtures,
  mixedIntegerFixture,
  onlineFixture,
]
