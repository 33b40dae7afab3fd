import { ShapeError } from '../base/index.ts'
import { engine } from './engine.ts'
import { checkLength, checkMatrix, checkShape } from './shapes.ts'
import type { DenseMatrix, LinearOperator } from './types.ts'
import { wasmEngine } from './wasm-engine.ts'
import { type Workspace, workspaceOf } from './workspace.ts'

/** Products with fewer multiplications are plain loops. */
const plainProduct = 1000
/** From this many multiplications on, the chosen backend takes over. */
const largeProduct = 32 * 32 * 32

/** A matrix around existing numbers (not copied), row-major; zeros by default. */
export function denseMatrix(
  rows: number,
  cols: number,
  data: Float64Array = new Float64Array(rows * cols),
): DenseMatrix {
  const matrix = { rows, cols, data }
  checkMatrix('denseMatrix', 'data', matrix)
  return matrix
}

/** A matrix from its rows, for small literals. */
export function denseFromRows(rows: readonly (readonly number[])[]): DenseMatrix {
  const cols = rows.length === 0 ? 0 : rows[0].length
  const data = new Float64Array(rows.length * cols)
  rows.forEach((row, i) => {
    if (row.length !== cols) {
      throw new ShapeError(`denseFromRows: row ${i} has ${row.length} numbers, row 0 has ${cols}`, {
        argument: `rows[${i}]`,
        expected: `${cols} numbers`,
        received: `${row.length} numbers`,
      })
    }
    data.set(row, i * cols)
  })
  return { rows: rows.length, cols, data }
}

/** The identity of order n. */
export function identity(n: number): DenseMatrix {
  const data = new Float64Array(n * n)
  for (let i = 0; i < n; i++) data[i * n + i] = 1
  return { rows: n, cols: n, data }
}

/** A', as a new matrix. */
export function transpose(a: DenseMatrix): DenseMatrix {
  checkMatrix('transpose', 'a', a)
  const { rows, cols, data } = a
  const out = new Float64Array(data.length)
  const block = 32
  for (let ib = 0; ib < rows; ib += block) {
    for (let jb = 0; jb < cols; jb += block) {
      const iEnd = Math.min(rows, ib + block)
      const jEnd = Math.min(cols, jb + block)
      for (let i = ib; i < iEnd; i++) for (let j = jb; j < jEnd; j++) out[j * rows + i] = data[i * cols + j]
    }
  }
  return { rows: cols, cols: rows, data: out }
}

/**
 * C = alpha op(A) op(B) + beta C, in place of C, where op transposes if its flag is true. C must not share memory with A or B.
 * With beta 0, C is not read. Operands in one workspace are used where they lie; others are copied for the time of the call.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function gemm(
  transA: boolean,
  transB: boolean,
  alpha: number,
  a: DenseMatrix,
  b: DenseMatrix,
  beta: number,
  c: DenseMatrix,
): void {
  checkMatrix('gemm', 'a', a)
  checkMatrix('gemm', 'b', b)
  const m = transA ? a.cols : a.rows
  const k = transA ? a.rows : a.cols
  const n = transB ? b.rows : b.cols
  const inner = transB ? b.cols : b.rows
  if (k !== inner) {
    throw new ShapeError(`gemm: op(a) has shape [${m}, ${k}], but op(b) has shape [${inner}, ${n}]`, {
      argument: 'b',
      expected: `op(b) with ${k} rows`,
      received: `${inner} rows`,
    })
  }
  checkShape('gemm', 'c', c, m, n)
  if (c.data.length === 0) return
  const work = m * n * k
  if (work < plainProduct) plainGemm(transA, transB, m, n, k, alpha, a.data, b.data, beta, c.data)
  else (work < largeProduct ? wasmEngine : engine()).gemm(transA, transB, m, n, k, alpha, a.data, b.data, beta, c.data)
}

function plainGemm(
  transA: boolean,
  transB: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  b: Float64Array,
  beta: number,
  c: Float64Array,
): void {
  const rowA = transA ? 1 : k
  const stepA = transA ? m : 1
  const rowB = transB ? 1 : n
  const stepB = transB ? k : 1
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0
      for (let l = 0, p = i * rowA, q = j * stepB; l < k; l++, p += stepA, q += rowB) s += a[p] * b[q]
      const t = alpha * s
      c[i * n + j] = beta === 0 ? t : beta * c[i * n + j] + t
    }
  }
}

/** A B, as a new matrix. */
export function multiply(a: DenseMatrix, b: DenseMatrix): DenseMatrix {
  const c = denseMatrix(a.rows, b.cols)
  gemm(false, false, 1, a, b, 0, c)
  return c
}

/**
 * C = alpha A A' + beta C (with `trans`: alpha A'A + beta C), in place of C, exactly symmetric if C was.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function syrk(trans: boolean, alpha: number, a: DenseMatrix, beta: number, c: DenseMatrix): void {
  checkMatrix('syrk', 'a', a)
  const n = trans ? a.cols : a.rows
  const k = trans ? a.rows : a.cols
  checkShape('syrk', 'c', c, n, n)
  if (n === 0) return
  if (k === 0 || n * n * k < plainProduct) plainGemm(trans, !trans, n, n, k, alpha, a.data, a.data, beta, c.data)
  else (n * n * k < largeProduct ? wasmEngine : engine()).syrk(trans, n, k, alpha, a.data, beta, c.data)
}

/** A'A, as a new matrix. */
export function gram(a: DenseMatrix): DenseMatrix {
  const c = denseMatrix(a.cols, a.cols)
  syrk(true, 1, a, 0, c)
  return c
}

function shared(a: Float64Array, x: Float64Array, y: Float64Array): Workspace | undefined {
  if (a.length < 128 || a.buffer !== x.buffer || a.buffer !== y.buffer) return undefined
  return workspaceOf(a)
}

/**
 * y = alpha A x + beta y, or alpha A'x + beta y with `trans`, in place of y. With beta 0, y is not read. Runs at the speed of
 * memory if all three lie in one workspace, else in plain loops with the same bits.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function gemv(
  trans: boolean,
  alpha: number,
  a: DenseMatrix,
  x: Float64Array,
  beta: number,
  y: Float64Array,
): void {
  checkMatrix('gemv', 'a', a)
  const { rows: m, cols: n, data } = a
  checkLength('gemv', 'x', x, trans ? m : n)
  checkLength('gemv', 'y', y, trans ? n : m)
  const work = shared(data, x, y)
  if (work !== undefined) {
    work.kernels.gemv_f64(+trans, m, n, alpha, data.byteOffset, n, x.byteOffset, beta, y.byteOffset)
  } else if (trans) plainColumns(m, n, alpha, data, x, beta, y)
  else plainRows(m, n, alpha, data, x, beta, y)
}

/** Two partial sums of two numbers a row, as in the kernel. */
function plainRows(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  x: Float64Array,
  beta: number,
  y: Float64Array,
): void {
  for (let i = 0, p = 0; i < m; i++) {
    let s0 = 0
    let s1 = 0
    let t0 = 0
    let t1 = 0
    let j = 0
    for (; j <= n - 4; j += 4, p += 4) {
      s0 += a[p] * x[j]
      s1 += a[p + 1] * x[j + 1]
      t0 += a[p + 2] * x[j + 2]
      t1 += a[p + 3] * x[j + 3]
    }
    if (j <= n - 2) {
      s0 += a[p] * x[j]
      s1 += a[p + 1] * x[j + 1]
      j += 2
      p += 2
    }
    let r = s0 + t0 + (s1 + t1)
    if (j < n) r += a[p++] * x[j]
    y[i] = beta === 0 ? alpha * r : beta * y[i] + alpha * r
  }
}

function plainColumns(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  x: Float64Array,
  beta: number,
  y: Float64Array,
): void {
  if (beta === 0) y.fill(0)
  else if (beta !== 1) for (let j = 0; j < n; j++) y[j] *= beta
  for (let i = 0, p = 0; i < m; i++) {
    const c = alpha * x[i]
    for (let j = 0; j < n; j++, p++) y[j] += c * a[p]
  }
}

/** A += alpha x y', in place of A. */
export function ger(alpha: number, x: Float64Array, y: Float64Array, a: DenseMatrix): void {
  checkMatrix('ger', 'a', a)
  checkLength('ger', 'x', x, a.rows)
  checkLength('ger', 'y', y, a.cols)
  const { rows, cols, data } = a
  const work = shared(data, x, y)
  if (work !== undefined) {
    work.kernels.ger_f64(rows, cols, alpha, x.byteOffset, y.byteOffset, data.byteOffset, cols)
    return
  }
  for (let i = 0, p = 0; i < rows; i++) {
    const c = alpha * x[i]
    for (let j = 0; j < cols; j++, p++) data[p] += c * y[j]
  }
}

/** The operator of a dense matrix; it keeps the matrix, not a copy. */
export function denseOperator(a: DenseMatrix): LinearOperator {
  checkMatrix('denseOperator', 'a', a)
  return {
    rows: a.rows,
    cols: a.cols,
    apply: (x, out) => gemv(false, 1, a, x, 0, out),
    applyTranspose: (x, out) => gemv(true, 1, a, x, 0, out),
  }
}

/** Which triangle of a square matrix is meant, and how. */
export interface TriangularOptions {
  /** The lower triangle. Default true. */
  lower?: boolean
  /** Solve with the transpose of that triangle. Default false. */
  transposed?: boolean
  /** Ones on the diagonal, whatever is stored there. Default false. */
  unitDiagonal?: boolean
}

/**
 * Solves op(T) x = b in place of b for the triangle T of `t` [n, n]. A zero on the diagonal gives Infinity or NaN.
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function solveTriangular(t: DenseMatrix, b: Float64Array, options: TriangularOptions = {}): void {
  const { lower = true, transposed = false, unitDiagonal = false } = options
  checkShape('solveTriangular', 't', t, t.rows, t.rows)
  checkLength('solveTriangular', 'b', b, t.rows)
  const n = t.rows
  const work = shared(t.data, b, b)
  if (work !== undefined) {
    work.kernels.trsv_f64(+lower, +transposed, +unitDiagonal, n, t.data.byteOffset, n, b.byteOffset)
  } else plainTrsv(lower, transposed, unitDiagonal, n, t.data, b)
}

/** As the kernel, in plain loops with the same order of sums. */
export function plainTrsv(
  lower: boolean,
  trans: boolean,
  unit: boolean,
  n: number,
  t: Float64Array,
  x: Float64Array,
): void {
  const forward = lower !== trans
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step
    const row = i * n
    const from = lower ? 0 : i + 1
    const end = lower ? i : n
    if (trans) {
      if (!unit) x[i] /= t[row + i]
      const c = -x[i]
      for (let j = from; j < end; j++) x[j] += c * t[row + j]
      continue
    }
    let s0 = 0
    let s1 = 0
    let t0 = 0
    let t1 = 0
    let j = from
    for (; j <= end - 4; j += 4) {
      s0 += t[row + j] * x[j]
      s1 += t[row + j + 1] * x[j + 1]
      t0 += t[row + j + 2] * x[j + 2]
      t1 += t[row + j + 3] * x[j + 3]
    }
    if (j <= end - 2) {
      s0 += t[row + j] * x[j]
      s1 += t[row + j + 1] * x[j + 1]
      j += 2
    }
    let r = s0 + t0 + (s1 + t1)
    if (j < end) r += t[row + j] * x[j]
    x[i] -= r
    if (!unit) x[i] /= t[row + i]
  }
}

/**
 * Solves op(T) X = B in place of B [n, columns].
 *
 * @throws {ShapeError} if the shapes do not fit
 */
export function solveTriangularMatrix(t: DenseMatrix, b: DenseMatrix, options: TriangularOptions = {}): void {
  const { lower = true, transposed = false, unitDiagonal = false } = options
  checkShape('solveTriangularMatrix', 't', t, t.rows, t.rows)
  checkShape('solveTriangularMatrix', 'b', b, t.rows, b.cols)
  if (b.data.length === 0) return
  const used = t.rows * t.rows * b.cols < largeProduct ? wasmEngine : engine()
  used.trsm(false, lower, transposed, unitDiagonal, b.rows, b.cols, t.data, b.data)
}
