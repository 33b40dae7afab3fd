import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix'
import { engine } from './engine.ts'
import { loadOpenBlas, type OpenBlas } from './openblas.ts'
import { checkMatrix, checkSquare } from './shapes.ts'
import type { DenseMatrix } from './types.ts'

/** From this order on, LAPACK decomposes where OpenBLAS is the backend. */
const largeOrder = 16

function lapack(order: number): OpenBlas | undefined {
  if (order < largeOrder || engine().name !== 'openblas') return undefined
  const loaded = loadOpenBlas()
  return typeof loaded === 'string' ? undefined : loaded
}

function toMatrix({ rows, cols, data }: DenseMatrix): Matrix {
  const out = new Matrix(rows, cols)
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out.set(i, j, data[i * cols + j])
  return out
}

/** A = V diag(values) V' for symmetric A. */
export interface SymmetricEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array
  /** Orthonormal eigenvectors as columns, [n, n], in the order of the values. */
  readonly vectors: DenseMatrix
}

/**
 * Eigenvalues and eigenvectors of symmetric A [n, n]; only its lower triangle is read. Everything is NaN if A is not finite or
 * the iteration fails. About 9 n^3 flops.
 *
 * @throws {ShapeError} if `a` is not square
 */
export function symmetricEigen(a: DenseMatrix): SymmetricEigen {
  checkSquare('symmetricEigen', a)
  const n = a.rows
  const data = new Float64Array(n * n)
  const values = new Float64Array(n)
  let finite = true
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const v = a.data[i * n + j]
      data[i * n + j] = v
      data[j * n + i] = v
      if (!Number.isFinite(v)) finite = false
    }
  }
  const vectors = { rows: n, cols: n, data: new Float64Array(n * n) }
  if (!finite) {
    values.fill(Number.NaN)
    vectors.data.fill(Number.NaN)
    return { values, vectors }
  }
  if (n === 0) return { values, vectors }
  const blas = lapack(n)
  if (blas !== undefined) {
    if (blas.symmetricEigen(n, data, values) !== 0) values.fill(Number.NaN)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) vectors.data[i * n + j] = data[j * n + i]
    return { values, vectors }
  }
  const result = new EigenvalueDecomposition(toMatrix({ rows: n, cols: n, data }), { assumeSymmetric: true })
  // The property makes a new array at every access.
  const unsorted = result.realEigenvalues
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => unsorted[i] - unsorted[j])
  const columns = result.eigenvectorMatrix
  for (let k = 0; k < n; k++) {
    values[k] = unsorted[order[k]]
    for (let i = 0; i < n; i++) vectors.data[i * n + k] = columns.get(i, order[k])
  }
  return { values, vectors }
}

/** A = U diag(singularValues) V', with k = min(m, n). */
export interface Svd {
  /** [m, k], orthonormal columns. */
  readonly u: DenseMatrix
  /** Length k, descending, >= 0. */
  readonly singularValues: Float64Array
  /** [n, k], orthonormal columns (V, not V'). */
  readonly v: DenseMatrix
}

/**
 * The thin singular value decomposition of A [m, n]. Everything is NaN if A is not finite or the iteration fails. About
 * 14 m n k flops.
 *
 * @throws {ShapeError} if the shape is inconsistent
 */
export function svd(a: DenseMatrix): Svd {
  checkMatrix('svd', 'a', a)
  const { rows: m, cols: n } = a
  const k = Math.min(m, n)
  const u = { rows: m, cols: k, data: new Float64Array(m * k) }
  const v = { rows: n, cols: k, data: new Float64Array(n * k) }
  const singularValues = new Float64Array(k)
  if (k === 0) return { u, singularValues, v }
  if (!a.data.every(Number.isFinite)) {
    for (const out of [u.data, v.data, singularValues]) out.fill(Number.NaN)
    return { u, singularValues, v }
  }
  const blas = lapack(k)
  if (blas !== undefined) {
    const vt = new Float64Array(k * n)
    if (blas.svd(m, n, a.data.slice(), singularValues, u.data, vt) !== 0) singularValues.fill(Number.NaN)
    for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) v.data[j * k + i] = vt[i * n + j]
    return { u, singularValues, v }
  }
  const result = new SingularValueDecomposition(toMatrix(a), { autoTranspose: true })
  const left = result.leftSingularVectors
  const right = result.rightSingularVectors
  for (let s = 0; s < k; s++) {
    singularValues[s] = result.diagonal[s]
    for (let i = 0; i < m; i++) u.data[i * k + s] = left.get(i, s)
    for (let i = 0; i < n; i++) v.data[i * k + s] = right.get(i, s)
  }
  return { u, singularValues, v }
}
