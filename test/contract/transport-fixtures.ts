import {
  type ExactTransportProblem,
  exactTransportProblem,
  type Potentials,
  type SparseCoupling,
  type TransportProblem,
  transportProblem,
  type UnbalancedTransportProblem,
  unbalancedTransportProblem,
} from '../../src/transport/index.ts'
import type { Fixture } from './fixtures.ts'

const n = 9
const m = 8

/** Irregular masses and costs, so that no rounding error is exactly zero. */
function masses(length: number, phase: number): number[] {
  return Array.from({ length }, (_, i) => 1 + 0.6 * Math.sin(3 * i + phase))
}

function normalized(values: number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}

const a = normalized(masses(n, 0.3))
const b = normalized(masses(m, 1.1))
const cost = Array.from({ length: n }, (_, i) =>
  Array.from({ length: m }, (_, j) => 0.5 + 0.5 * Math.sin(12.9898 * (i + 1) + 78.233 * (j + 1) + i * j)),
)
/** Far from the solution, with too much mass: the objective there is larger than the optimal one. */
const start = {
  x: Array.from({ length: n }, (_, i) => 0.4 + 0.1 * Math.cos(i)),
  y: Array.from({ length: m }, (_, j) => 0.3 + 0.1 * Math.sin(j)),
}

function entropic(): TransportProblem {
  return transportProblem({ name: 'nine to eight', a, b, cost, regularization: 0.05, start })
}

function exact(): ExactTransportProblem {
  return exactTransportProblem({
    name: 'nine to eight, exactly',
    a,
    b,
    cost,
    start: { x: start.x.map(() => 0), y: start.y },
  })
}

function unbalanced(): UnbalancedTransportProblem {
  return unbalancedTransportProblem({
    name: 'nine to eight, with loss',
    a,
    b: b.map((mass) => 1.5 * mass),
    cost,
    regularization: 0.05,
    marginalPenalty: 0.7,
    start,
  })
}

function after<F extends (...given: never[]) => number>(oracle: F, calls: number, value: number): F {
  let count = 0
  return ((...given: never[]) => (++count > calls ? value : oracle(...given))) as F
}

const finitePotentials = (x: unknown): boolean => {
  const { x: rows, y } = x as Potentials
  return rows.every(Number.isFinite) && y.every(Number.isFinite)
}

const refusedData: { what: string; a?: number[]; b?: number[]; cost?: unknown; message: RegExp }[] = [
  { what: 'empty masses', a: [], message: /a is empty/ },
  { what: 'a negative mass', a: [...a.slice(1), -1], message: /a\[8\] must be a finite number >= 0, got -1/ },
  { what: 'a NaN mass', b: [NaN, ...b.slice(1)], message: /b\[0\] must be a finite number >= 0, got NaN/ },
  {
    what: 'a NaN cost',
    cost: cost.map((row, i) => row.map((c, j) => (i === 2 && j === 3 ? NaN : c))),
    message: /cost\[2\]\[3\]/,
  },
  { what: 'a short cost', cost: cost.slice(1), message: /cost has shape \[8, 8\], but a has length 9/ },
  { what: 'a cost that is no matrix', cost: 7, message: /cost must be a matrix/ },
]

function refused(
  make: (data: { a: number[]; b: number[]; cost: never }) => unknown,
  balanced: boolean,
): Fixture['refused'] {
  const list = refusedData.map(({ what, message, ...data }) => ({
    what,
    attempt: () => make({ a, b, cost: cost as never, ...(data as object) }) as never,
    message,
  }))
  if (!balanced) return list
  return [
    ...list,
    {
      what: 'unequal masses',
      attempt: () => make({ a, b: b.map((w) => 2 * w), cost: cost as never }) as never,
      message: /a sums to .*b to/,
    },
  ]
}

export const transportFixtures: readonly Fixture[] = [
  {
    problemClass: 'transport',
    problem: entropic,
    breakingAfter(calls, value) {
      const problem = entropic()
      return { ...problem, dualObjective: after(problem.dualObjective, calls, value) }
    },
    finite: finitePotentials,
    refused: [
      ...refused((data) => transportProblem({ ...data, regularization: 0.1 }), true),
      {
        what: 'no regularization',
        attempt: () => transportProblem({ a, b, cost, regularization: 0 }),
        message: /regularization must be/,
      },
      {
        what: 'a short start',
        attempt: entropic,
        start: { x: [0], y: [0] },
        message: /start\.x must be an array of length 9/,
      },
      {
        what: 'NaN in the start',
        attempt: entropic,
        start: { x: [NaN, ...start.x.slice(1)], y: start.y },
        message: /start\.x\[0\]/,
      },
    ],
  },
  {
    problemClass: 'exact-transport',
    problem: exact,
    breakingAfter(calls, value) {
      const problem = exact()
      return { ...problem, planCost: after(problem.planCost, calls, value) }
    },
    finite: (x) => finitePotentials(x) && (x as SparseCoupling).masses.every(Number.isFinite),
    refused: refused(exactTransportProblem, true),
  },
  {
    problemClass: 'unbalanced-transport',
    problem: unbalanced,
    breakingAfter(calls, value) {
      const problem = unbalanced()
      return { ...problem, dualObjective: after(problem.dualObjective, calls, value) }
    },
    finite: finitePotentials,
    refused: [
      ...refused((data) => unbalancedTransportProblem({ ...data, regularization: 0.1, marginalPenalty: 1 }), false),
      {
        what: 'no price of mass',
        attempt: () => unbalancedTransportProblem({ a, b, cost, regularization: 0.1, marginalPenalty: 0 }),
        message: /marginalPenalty must be/,
      },
    ],
  },
]
