import { csrFromTriplets } from '../linalg/index.ts'
import { mixedIntegerProgram } from './mixed-integer-class.ts'
import type { MixedIntegerProgram, Sense } from './mixed-integer-program.ts'

/** A row of a problem in the making: values at columns, and its bounds. */
interface Row {
  readonly columns: readonly number[]
  readonly values: readonly number[]
  readonly lower?: number
  readonly upper?: number
}

/** A program over binaries from its rows. */
function binaryProgram(
  name: string,
  sense: Sense,
  objective: readonly number[],
  rows: readonly Row[],
): MixedIntegerProgram {
  const rowIndices = rows.flatMap(({ columns }, i) => columns.map(() => i))
  const n = objective.length
  return mixedIntegerProgram({
    name,
    sense,
    objective,
    matrix: csrFromTriplets(
      rows.length,
      n,
      rowIndices,
      rows.flatMap(({ columns }) => columns),
      rows.flatMap(({ values }) => values),
    ),
    rowLower: rows.map(({ lower = -Infinity }) => lower),
    rowUpper: rows.map(({ upper = Infinity }) => upper),
    upper: new Float64Array(n).fill(1),
    types: new Array(n).fill('integer'),
  })
}

/** Calls `visit` for each pair i < j < n in lexicographic order that is drawn with the given probability. */
function randomEdges(n: number, probability: number, draw: () => number, visit: (i: number, j: number) => void): void {
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) if (draw() < probability) visit(i, j)
  }
}

/**
 * Maximum independent set in a random graph: max sum x_i with x_i + x_j <= 1 for each edge.
 *
 * @param draw uniform on [0, 1), e.g. `mulberry32(1)`: one number for each pair i < j
 * @param options `vertices` (default 500) and edge `probability` (default 0.02)
 */
export function independentSetProblem(
  draw: () => number,
  { vertices = 500, probability = 0.02 }: { vertices?: number; probability?: number } = {},
): MixedIntegerProgram {
  const rows: Row[] = []
  randomEdges(vertices, probability, draw, (i, j) => rows.push({ columns: [i, j], values: [1, 1], upper: 1 }))
  return binaryProgram('independent set', 'maximize', new Array(vertices).fill(1), rows)
}

/**
 * Set cover: min c'x where each of the rows needs one of `perRow` distinct columns; costs are integers in 1..100.
 *
 * @param draw uniform on [0, 1): the columns of each row (a repeated one is drawn again), then the costs
 * @param options `rows` (default 600), `columns` (default 1200), `perRow` (default 20)
 */
export function setCoverProblem(
  draw: () => number,
  { rows: m = 600, columns: n = 1200, perRow = 20 }: { rows?: number; columns?: number; perRow?: number } = {},
): MixedIntegerProgram {
  const rows = Array.from({ length: m }, (): Row => {
    const columns = new Set<number>()
    while (columns.size < perRow) columns.add(Math.floor(n * draw()))
    return { columns: [...columns], values: new Array(perRow).fill(1), lower: 1 }
  })
  const costs = Array.from({ length: n }, () => 1 + Math.floor(100 * draw()))
  return binaryProgram('set cover', 'minimize', costs, rows)
}

/**
 * Knapsack in many dimensions: max p'x under rows of weights in 1..1000, each with a quarter of its weight as capacity; profits
 * follow the mean weights.
 *
 * @param draw uniform on [0, 1): the weights row by row, then the profits
 * @param options `rows` (default 30), `columns` (default 300)
 */
export function knapsackProblem(
  draw: () => number,
  { rows: m = 30, columns: n = 300 }: { rows?: number; columns?: number } = {},
): MixedIntegerProgram {
  const all = Array.from({ length: n }, (_, j) => j)
  const weights = Array.from({ length: m }, () => all.map(() => 1 + Math.floor(1000 * draw())))
  const rows = weights.map((values): Row => {
    const total = values.reduce((sum, weight) => sum + weight, 0)
    return { columns: all, values, upper: Math.floor(total / 4) }
  })
  const profits = all.map((j) => {
    const total = weights.reduce((sum, row) => sum + row[j], 0)
    return Math.round(total / m + 500 * draw())
  })
  return binaryProgram('knapsack', 'maximize', profits, rows)
}

/**
 * Generalized independent set: a vertex earns 100; an edge with both ends chosen costs 1 if it is removable (with probability 3/4)
 * and is forbidden if not. min -100 sum x + sum y with x_i + x_j - y_e <= 1, or x_i + x_j <= 1.
 *
 * @param draw uniform on [0, 1): one number for each pair i < j, and one more for each edge
 * @param options `vertices` (default 120) and edge `probability` (default 0.4)
 */
export function generalizedIndependentSetProblem(
  draw: () => number,
  { vertices = 120, probability = 0.4 }: { vertices?: number; probability?: number } = {},
): MixedIntegerProgram {
  const objective = new Array<number>(vertices).fill(-100)
  const rows: Row[] = []
  randomEdges(vertices, probability, draw, (i, j) => {
    if (draw() < 0.75) {
      rows.push({ columns: [i, j, objective.length], values: [1, 1, -1], upper: 1 })
      objective.push(1)
    } else rows.push({ columns: [i, j], values: [1, 1], upper: 1 })
  })
  return binaryProgram('generalized independent set', 'minimize', objective, rows)
}
