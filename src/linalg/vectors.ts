import { ShapeError } from '../base/index.ts'
import { type Workspace, workspaceOf } from './workspace.ts'

// Plain loops sum in the order of the kernels (fixed partial sums), so a result has the same bits whether its operands lie in a
// workspace or not.

/** Below this length a call into WebAssembly costs more than it saves. */
const shortest = 128

function common(x: Float64Array, y: Float64Array): Workspace | undefined {
  if (x.length < shortest || x.buffer !== y.buffer) return undefined
  return workspaceOf(x)
}

function checkLengths(where: string, x: Float64Array, y: Float64Array): void {
  if (x.length !== y.length) {
    throw new ShapeError(`${where}: x has length ${x.length}, but y has length ${y.length}`, {
      argument: 'y',
      expected: `length ${x.length}`,
      received: `length ${y.length}`,
    })
  }
}

/**
 * The inner product x'y.
 *
 * @throws {ShapeError} if the lengths differ
 */
export function dot(x: Float64Array, y: Float64Array): number {
  checkLengths('dot', x, y)
  const work = common(x, y)
  const n = x.length
  if (work !== undefined) return work.kernels.dot_f64(n, x.byteOffset, y.byteOffset)
  let s0 = 0
  let s1 = 0
  let i = 0
  let total: number
  if (n >= 8) {
    let s2 = 0
    let s3 = 0
    let s4 = 0
    let s5 = 0
    let s6 = 0
    let s7 = 0
    for (; i <= n - 8; i += 8) {
      s0 += x[i] * y[i]
      s1 += x[i + 1] * y[i + 1]
      s2 += x[i + 2] * y[i + 2]
      s3 += x[i + 3] * y[i + 3]
      s4 += x[i + 4] * y[i + 4]
      s5 += x[i + 5] * y[i + 5]
      s6 += x[i + 6] * y[i + 6]
      s7 += x[i + 7] * y[i + 7]
    }
    for (; i <= n - 2; i += 2) {
      s0 += x[i] * y[i]
      s1 += x[i + 1] * y[i + 1]
    }
    total = s0 + s2 + (s4 + s6) + (s1 + s3 + (s5 + s7))
  } else {
    for (; i <= n - 2; i += 2) {
      s0 += x[i] * y[i]
      s1 += x[i + 1] * y[i + 1]
    }
    total = s0 + s1
  }
  if (i < n) total += x[i] * y[i]
  return total
}

/** The Euclidean norm of x, without overflow or underflow of the squares. NaN if any element is NaN. */
export function norm(x: Float64Array): number {
  const squares = dot(x, x)
  if (squares > 1e-280 && squares < 1e300) return Math.sqrt(squares)
  const most = normInfinity(x)
  if (!(most > 0) || most === Infinity) return most
  let s = 0
  for (let i = 0; i < x.length; i++) {
    const t = x[i] / most
    s += t * t
  }
  return most * Math.sqrt(s)
}

/** max |x_i|; 0 for an empty vector, NaN if any element is NaN. */
export function normInfinity(x: Float64Array): number {
  let most = 0
  for (let i = 0; i < x.length; i++) {
    const v = Math.abs(x[i])
    if (!(v <= most)) {
      if (Number.isNaN(v)) return v
      most = v
    }
  }
  return most
}

/** y += alpha x, in place. */
export function axpy(alpha: number, x: Float64Array, y: Float64Array): void {
  checkLengths('axpy', x, y)
  const work = common(x, y)
  if (work !== undefined) {
    work.kernels.axpy_f64(x.length, alpha, x.byteOffset, y.byteOffset)
    return
  }
  for (let i = 0; i < x.length; i++) y[i] += alpha * x[i]
}

/** y = alpha x + beta y, in place; with beta 0, y is not read. */
export function axpby(alpha: number, x: Float64Array, beta: number, y: Float64Array): void {
  checkLengths('axpby', x, y)
  const work = common(x, y)
  if (work !== undefined) {
    work.kernels.axpby_f64(x.length, alpha, x.byteOffset, beta, y.byteOffset)
    return
  }
  if (beta === 0) for (let i = 0; i < x.length; i++) y[i] = alpha * x[i]
  else for (let i = 0; i < x.length; i++) y[i] = alpha * x[i] + beta * y[i]
}

/** x *= alpha, in place. */
export function scale(alpha: number, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] *= alpha
}
