import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'
import { RandomStream } from '../../src/base/index.ts'
import { csrFromDense } from '../../src/linalg/index.ts'
import { type MixedIntegerProgram, mixedIntegerProgram } from '../../src/mip/index.ts'

/** Builds the module that threads run, since Node 20 does not run TypeScript. */
export async function builtWorker(): Promise<URL> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  await build({
    config: false,
    cwd: root,
    entry: { 'mip-worker': 'src/mip/worker.ts' },
    outDir: '.tmp/test-mip',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    skipNodeModulesBundle: true,
    logLevel: 'error',
  })
  return new URL('../../.tmp/test-mip/mip-worker.mjs', import.meta.url)
}

/** A multi-dimensional knapsack of n binaries and m rows, maximized, with offset 5; or its convex quadratic relative. */
export function knapsack(n: number, m: number, quadratic = false): MixedIntegerProgram {
  const random = RandomStream.fromSeed(n)
  const weights = random.fillUniform(new Float64Array(m * n), 10, 100).map(Math.round)
  const capacity = Float64Array.from({ length: m }, (_, i) =>
    Math.round(weights.slice(i * n, (i + 1) * n).reduce((s, w) => s + w, 0) / 3),
  )
  return mixedIntegerProgram({
    name: `knapsack ${n} x ${m}`,
    sense: 'maximize',
    objective: random.fillUniform(new Float64Array(n), 10, 100).map(Math.round),
    offset: 5,
    matrix: csrFromDense({ rows: m, cols: n, data: weights }),
    rowLower: new Float64Array(m).fill(-Infinity),
    rowUpper: capacity,
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(1),
    types: new Array(n).fill(quadratic ? 'continuous' : 'integer'),
    columnNames: Array.from({ length: n }, (_, j) => `x${j}`),
    rowNames: Array.from({ length: m }, (_, i) => `capacity${i}`),
    ...(quadratic && {
      quadratic: {
        columnPointers: Int32Array.from({ length: n + 1 }, (_, j) => j),
        rowIndices: Int32Array.from({ length: n }, (_, j) => j),
        values: new Float64Array(n).fill(-20),
      },
    }),
  })
}

const folder = fileURLToPath(new URL('../../../shared/data/mip', import.meta.url))

/** The folder of models with known answers, where it is there. */
export const instances = existsSync(folder) ? folder : undefined
