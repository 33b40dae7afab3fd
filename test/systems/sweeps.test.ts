import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import { type CsrMatrix, csrFromTriplets, csrMultiply } from '../../src/linalg/index.ts'
import { poisson } from '../../src/systems/index.ts'
import { placeMatrix } from '../../src/systems/placement.ts'
import { sweepStructure } from '../../src/systems/sparse.ts'
import { applySsor, backwardSweep, forwardSweep } from '../../src/systems/sweeps.ts'

/** Up to `most` entries a row besides the diagonal, not symmetric, at most `reach` columns away from it. */
function scattered(random: RandomStream, n: number, reach: number, most: number): CsrMatrix {
  const rows: number[] = []
  const columns: number[] = []
  const values: number[] = []
  for (let i = 0; i < n; i++) {
    rows.push(i)
    columns.push(i)
    values.push(4 + random.uniform())
    for (let k = random.integer(most + 1); k > 0; k--) {
      // Half of them next to the diagonal, where a sweep takes a shorter way.
      const j = i + (random.uniform() < 0.5 ? 2 * random.integer(2) - 1 : random.integer(2 * reach + 1) - reach)
      if (j < 0 || j >= n || j === i) continue
      rows.push(i)
      columns.push(j)
      values.push(random.uniform() - 0.5)
    }
  }
  return csrFromTriplets(n, n, rows, columns, values)
}

describe('sweeps', () => {
  const random = RandomStream.fromSeed(7)
  const matrices: [string, CsrMatrix][] = [
    ['one row', scattered(random, 1, 1, 0)],
    ['a diagonal', scattered(random, 50, 1, 0)],
    ['scattered entries', scattered(random, 300, 40, 6)],
    ['scattered entries all over', scattered(random, 300, 299, 8)],
    // These are swept in blocks of rows.
    ['many rows', scattered(random, 17_000, 300, 5)],
    ['many rows, reaching far', scattered(random, 16_500, 16_000, 1)],
    ['many rows, none reaching out', scattered(random, 16_400, 1, 0)],
    ['a grid', poisson(130, 130)],
  ]
  const sweeps = { forwardSweep, backwardSweep }

  for (const [name, matrix] of matrices) {
    const n = matrix.rows
    const r = random.fillNormal(new Float64Array(n))
    const plain = sweepStructure(matrix)
    const placement = placeMatrix(matrix, 2)
    const placed = placement.structure as NonNullable<typeof placement.structure>
    const [rPlaced, outPlaced] = [placement.vector(), placement.vector()]

    it.each(['forwardSweep', 'backwardSweep'] as const)(`as kernels have the same bits, %s, ${name}`, (which) => {
      const residual = r.slice()
      const delta = new Float64Array(n)
      rPlaced.set(r)
      const squared = sweeps[which](plain, 1.3, residual, delta)
      expect(sweeps[which](placed, 1.3, rPlaced, outPlaced)).toBe(squared)
      expect(outPlaced).toEqual(delta)
      expect(rPlaced).toEqual(residual)
      // The new residual is r - A delta, and what is returned its square.
      const product = new Float64Array(n)
      csrMultiply(matrix, delta, product)
      let sum = 0
      let worst = 0
      for (let i = 0; i < n; i++) {
        sum += residual[i] ** 2
        worst = Math.max(worst, Math.abs(r[i] - product[i] - residual[i]))
      }
      expect(worst).toBeLessThan(1e-12)
      expect(Math.abs(squared - sum)).toBeLessThanOrEqual(1e-12 * sum)
    })

    it(`as kernels have the same bits, SSOR, ${name}`, () => {
      const out = new Float64Array(n)
      rPlaced.set(r)
      applySsor(plain, 1.3, r, out)
      applySsor(placed, 1.3, rPlaced, outPlaced)
      expect(outPlaced).toEqual(out)
    })
  }
})
