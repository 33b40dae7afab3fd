import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, RandomStream, ShapeError } from '../../src/base/index.ts'
import {
  type CsrMatrix,
  csrAdd,
  csrDiagonal,
  csrFromDense,
  csrFromTriplets,
  csrMultiply,
  csrMultiplyTransposed,
  csrOperator,
  csrProduct,
  csrTimesDense,
  csrToDense,
  csrTranspose,
  type DenseMatrix,
  gemv,
  multiply,
  transpose,
  Workspace,
} from '../../src/linalg/index.ts'

const triplets = (rows: number, cols: number) =>
  fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: rows - 1 }),
      fc.integer({ min: 0, max: cols - 1 }),
      fc.integer({ min: -9, max: 9 }),
    ),
    { maxLength: 40 },
  )
const build = (rows: number, cols: number, entries: readonly (readonly [number, number, number])[]): CsrMatrix =>
  csrFromTriplets(
    rows,
    cols,
    entries.map((e) => e[0]),
    entries.map((e) => e[1]),
    entries.map((e) => e[2]),
  )

function wellFormed(a: CsrMatrix): void {
  expect(a.rowPointers.length).toBe(a.rows + 1)
  expect(a.rowPointers[0]).toBe(0)
  expect(a.rowPointers[a.rows]).toBe(a.values.length)
  expect(a.columnIndices.length).toBe(a.values.length)
  for (let i = 0; i < a.rows; i++)
    for (let p = a.rowPointers[i] + 1; p < a.rowPointers[i + 1]; p++)
      expect(a.columnIndices[p]).toBeGreaterThan(a.columnIndices[p - 1])
}

const random = RandomStream.fromSeed(11)
function randomSparse(rows: number, cols: number, density: number): CsrMatrix {
  const data = new Float64Array(rows * cols)
  for (let p = 0; p < data.length; p++) if (random.uniform() < density) data[p] = random.normal()
  return csrFromDense({ rows, cols, data })
}

// Small integers: all sums are exact, so equality is meant.
describe('sparse matrices', () => {
  it('add up triplets at the same place, in any order', () => {
    fc.assert(
      fc.property(triplets(5, 7), (entries) => {
        const a = build(5, 7, entries)
        wellFormed(a)
        const data = new Float64Array(35)
        for (const [i, j, v] of entries) data[i * 7 + j] += v
        expect(csrToDense(a).data).toEqual(data)
        expect(build(5, 7, [...entries].reverse())).toEqual(a)
      }),
    )
  })

  it('come back from dense matrices and transpose like them', () => {
    fc.assert(
      fc.property(triplets(6, 4), (entries) => {
        const dense = csrToDense(build(6, 4, entries))
        const a = csrFromDense(dense)
        wellFormed(a)
        expect(a.values.every((v) => v !== 0)).toBe(true)
        expect(csrToDense(a)).toEqual(dense)
        wellFormed(csrTranspose(a))
        expect(csrToDense(csrTranspose(a))).toEqual(transpose(dense))
        expect(csrTranspose(csrTranspose(a))).toEqual(a)
      }),
    )
  })

  it('multiply and add like dense matrices', () => {
    fc.assert(
      fc.property(triplets(6, 5), triplets(5, 8), triplets(6, 5), (first, second, third) => {
        const a = build(6, 5, first)
        const b = build(5, 8, second)
        const c = build(6, 5, third)
        const product = csrProduct(a, b)
        wellFormed(product)
        expect(csrToDense(product)).toEqual(multiply(csrToDense(a), csrToDense(b)))
        expect(csrTimesDense(a, csrToDense(b))).toEqual(csrToDense(product))
        const sum = csrAdd(2, a, -3, c)
        wellFormed(sum)
        const dense = csrToDense(sum).data
        const [denseA, denseC] = [csrToDense(a).data, csrToDense(c).data]
        dense.forEach((v, p) => {
          expect(v === 2 * denseA[p] - 3 * denseC[p]).toBe(true)
        })
      }),
    )
  })

  it('drop small entries but never a NaN', () => {
    const dense: DenseMatrix = { rows: 1, cols: 4, data: Float64Array.of(1e-3, Number.NaN, -2, 0) }
    expect([...csrFromDense(dense, 0.01).columnIndices]).toEqual([1, 2])
  })

  it('multiply vectors with the same bits inside and outside a workspace', () => {
    for (const [rows, cols, density] of [
      [30, 20, 0.3],
      [1, 9, 1],
      [50, 50, 0.02],
    ]) {
      const a = randomSparse(rows, cols, density)
      const work = new Workspace(1 << 16)
      const inside: CsrMatrix = {
        rows,
        cols,
        rowPointers: work.int32(rows + 1),
        columnIndices: work.int32(a.values.length),
        values: work.float64(a.values.length),
      }
      inside.rowPointers.set(a.rowPointers)
      inside.columnIndices.set(a.columnIndices)
      inside.values.set(a.values)
      const x = work.float64(cols)
      const y = work.float64(rows)
      random.fillNormal(x)
      random.fillNormal(y)
      const outside = y.slice()
      csrMultiply(inside, x, y, 1.5, -0.5)
      csrMultiply(a, x.slice(), outside, 1.5, -0.5)
      expect(y).toEqual(outside)
      const plain = x.slice()
      csrMultiplyTransposed(inside, y, x, -2, 0.25)
      csrMultiplyTransposed(a, y.slice(), plain, -2, 0.25)
      expect(x).toEqual(plain)

      const dense = csrToDense(a)
      const expected = new Float64Array(rows)
      gemv(false, 1, dense, x, 0, expected)
      y.fill(Number.NaN)
      csrMultiply(inside, x, y)
      y.forEach((v, i) => {
        expect(Math.abs(v - expected[i])).toBeLessThan(1e-13)
      })
      const columns = work.float64(cols * 3)
      const product = work.float64(rows * 3)
      random.fillNormal(columns)
      work.kernels.spmm_f64(
        rows,
        3,
        inside.rowPointers.byteOffset,
        inside.columnIndices.byteOffset,
        inside.values.byteOffset,
        1,
        columns.byteOffset,
        3,
        0,
        product.byteOffset,
        3,
      )
      expect(product.slice()).toEqual(csrTimesDense(a, { rows: cols, cols: 3, data: columns.slice() }).data)
    }
  })

  it('are operators: the transpose is the adjoint', () => {
    const a = randomSparse(12, 9, 0.4)
    const op = csrOperator(a)
    const [x, y] = [random.fillNormal(new Float64Array(9)), random.fillNormal(new Float64Array(12))]
    const [Ax, Aty] = [new Float64Array(12), new Float64Array(9)]
    op.apply(x, Ax)
    op.applyTranspose?.(y, Aty)
    const left = Ax.reduce((s, v, i) => s + v * y[i], 0)
    const right = Aty.reduce((s, v, i) => s + v * x[i], 0)
    expect(Math.abs(left - right)).toBeLessThan(1e-13)
    const scaled = new Float64Array(3)
    csrMultiply(csrDiagonal(Float64Array.of(2, 3, 4)), Float64Array.of(1, 10, 100), scaled)
    expect([...scaled]).toEqual([2, 30, 400])
  })

  it('refuse indices out of range and shapes that do not fit', () => {
    expect(() => csrFromTriplets(2, 2, [0, 2], [0, 0], [1, 1])).toThrow(InvalidInputError)
    expect(() => csrFromTriplets(2, 2, [0], [0.5], [1])).toThrow(/columnIndices/)
    expect(() => csrFromTriplets(2, 2, [0], [0, 1], [1, 1])).toThrow(ShapeError)
    const a = randomSparse(3, 4, 0.5)
    expect(() => csrProduct(a, a)).toThrow(ShapeError)
    expect(() => csrAdd(1, a, 1, csrTranspose(a))).toThrow(ShapeError)
    expect(() => csrMultiply(a, new Float64Array(3), new Float64Array(3))).toThrow(ShapeError)
  })
})
