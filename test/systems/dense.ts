import type { RandomStream } from '../../src/base/index.ts'
import { type CsrMatrix, csrFromTriplets } from '../../src/linalg/index.ts'

/** A sparse matrix as rows of numbers. */
export function toDense({ rows, cols, rowPointers, columnIndices, values }: CsrMatrix): number[][] {
  const out = Array.from({ length: rows }, () => new Array<number>(cols).fill(0))
  for (let i = 0; i < rows; i++) {
    for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) out[i][columnIndices[p]] += values[p]
  }
  return out
}

/** Rows of numbers as a sparse matrix; zeros are left out unless `full`. */
export function fromDense(dense: readonly (readonly number[])[], full = false): CsrMatrix {
  const rows: number[] = []
  const columns: number[] = []
  const values: number[] = []
  dense.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === 0 && !full) return
      rows.push(i)
      columns.push(j)
      values.push(value)
    })
  })
  return csrFromTriplets(dense.length, dense[0].length, rows, columns, values)
}

/** Solves a dense system by Gauss elimination with partial pivoting: the reference. */
export function solveDense(dense: readonly (readonly number[])[], b: ArrayLike<number>): number[] {
  const n = dense.length
  const a = dense.map((row, i) => [...row, b[i]])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i
    const swap = a[k]
    a[k] = a[pivot]
    a[pivot] = swap
    for (let i = k + 1; i < n; i++) {
      const factor = a[i][k] / a[k][k]
      for (let j = k; j <= n; j++) a[i][j] -= factor * a[k][j]
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let i = n - 1; i >= 0; i--) {
    let sum = a[i][n]
    for (let j = i + 1; j < n; j++) sum -= a[i][j] * x[j]
    x[i] = sum / a[i][i]
  }
  return x
}

/** A random sparse, strictly diagonally dominant matrix; symmetric positive definite if asked. */
export function dominant(random: RandomStream, n: number, symmetric: boolean): CsrMatrix {
  const dense = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let k = 0; k < 2 * n; k++) {
    const i = random.integer(n)
    const j = random.integer(n)
    if (i === j) continue
    dense[i][j] = random.normal()
    if (symmetric) dense[j][i] = dense[i][j]
  }
  for (let i = 0; i < n; i++) {
    dense[i][i] = 0.2 + random.uniform() + dense[i].reduce((sum, v) => sum + Math.abs(v), 0)
  }
  return fromDense(dense)
}

export function differenceNorm(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squared = 0
  for (let i = 0; i < a.length; i++) squared += (a[i] - b[i]) ** 2
  return Math.sqrt(squared)
}
