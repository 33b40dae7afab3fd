// Matrix-vector products and rank-one updates (level 2). `lda` counts numbers from one row to the next.

import { at, lanes, mulAdd, sumLanes } from './simd'
import { axpy, fill, scal } from './vectors'

/** a'x with two vectors of partial sums: the order of sums of every row of a product, wherever the row stands. */
// @ts-ignore: decorator
@inline
export function rowDot<T extends number>(n: i32, a: usize, x: usize): T {
  const L = lanes<T>()
  let s = v128.splat<T>(0)
  let t = s
  let j = 0
  for (; j <= n - 2 * L; j += 2 * L) {
    s = mulAdd<T>(s, v128.load(a), v128.load(x))
    t = mulAdd<T>(t, v128.load(a, 16), v128.load(x, 16))
    a += 32
    x += 32
  }
  for (; j <= n - L; j += L) {
    s = mulAdd<T>(s, v128.load(a), v128.load(x))
    a += 16
    x += 16
  }
  let r = sumLanes<T>(v128.add<T>(s, t))
  for (; j < n; j++) {
    r = <T>(r + load<T>(a) * load<T>(x))
    a += sizeof<T>()
    x += sizeof<T>()
  }
  return r
}

// @ts-ignore: decorator
@inline
function put<T extends number>(y: usize, alpha: T, s: T, beta: T): void {
  store<T>(y, beta == 0 ? <T>(alpha * s) : <T>(beta * load<T>(y) + alpha * s))
}

/** y = alpha A x + beta y, A [m, n]; with beta 0, y is not read. */
export function gemvRows<T extends number>(
  m: i32, n: i32, alpha: T, a: usize, lda: i32, x: usize, beta: T, y: usize,
): void {
  const L = lanes<T>()
  const row = <usize>lda * sizeof<T>()
  let i = 0
  for (; i <= m - 4; i += 4) {
    let a0 = a
    let a1 = a0 + row
    let a2 = a1 + row
    let a3 = a2 + row
    let p = x
    let s0 = v128.splat<T>(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let t0 = s0
    let t1 = s0
    let t2 = s0
    let t3 = s0
    // Even vectors go to s, odd ones to t. Leaving between any two of them keeps the compiler from loading the operands of all
    // at once, which would spill the sums from registers.
    for (let vectors = n / L; vectors > 0; vectors -= 8) {
      let u = v128.load(p)
      s0 = mulAdd<T>(s0, v128.load(a0), u)
      s1 = mulAdd<T>(s1, v128.load(a1), u)
      s2 = mulAdd<T>(s2, v128.load(a2), u)
      s3 = mulAdd<T>(s3, v128.load(a3), u)
      if (vectors == 1) break
      u = v128.load(p, 16)
      t0 = mulAdd<T>(t0, v128.load(a0, 16), u)
      t1 = mulAdd<T>(t1, v128.load(a1, 16), u)
      t2 = mulAdd<T>(t2, v128.load(a2, 16), u)
      t3 = mulAdd<T>(t3, v128.load(a3, 16), u)
      if (vectors == 2) break
      u = v128.load(p, 32)
      s0 = mulAdd<T>(s0, v128.load(a0, 32), u)
      s1 = mulAdd<T>(s1, v128.load(a1, 32), u)
      s2 = mulAdd<T>(s2, v128.load(a2, 32), u)
      s3 = mulAdd<T>(s3, v128.load(a3, 32), u)
      if (vectors == 3) break
      u = v128.load(p, 48)
      t0 = mulAdd<T>(t0, v128.load(a0, 48), u)
      t1 = mulAdd<T>(t1, v128.load(a1, 48), u)
      t2 = mulAdd<T>(t2, v128.load(a2, 48), u)
      t3 = mulAdd<T>(t3, v128.load(a3, 48), u)
      if (vectors == 4) break
      u = v128.load(p, 64)
      s0 = mulAdd<T>(s0, v128.load(a0, 64), u)
      s1 = mulAdd<T>(s1, v128.load(a1, 64), u)
      s2 = mulAdd<T>(s2, v128.load(a2, 64), u)
      s3 = mulAdd<T>(s3, v128.load(a3, 64), u)
      if (vectors == 5) break
      u = v128.load(p, 80)
      t0 = mulAdd<T>(t0, v128.load(a0, 80), u)
      t1 = mulAdd<T>(t1, v128.load(a1, 80), u)
      t2 = mulAdd<T>(t2, v128.load(a2, 80), u)
      t3 = mulAdd<T>(t3, v128.load(a3, 80), u)
      if (vectors == 6) break
      u = v128.load(p, 96)
      s0 = mulAdd<T>(s0, v128.load(a0, 96), u)
      s1 = mulAdd<T>(s1, v128.load(a1, 96), u)
      s2 = mulAdd<T>(s2, v128.load(a2, 96), u)
      s3 = mulAdd<T>(s3, v128.load(a3, 96), u)
      if (vectors == 7) break
      u = v128.load(p, 112)
      t0 = mulAdd<T>(t0, v128.load(a0, 112), u)
      t1 = mulAdd<T>(t1, v128.load(a1, 112), u)
      t2 = mulAdd<T>(t2, v128.load(a2, 112), u)
      t3 = mulAdd<T>(t3, v128.load(a3, 112), u)
      a0 += 128
      a1 += 128
      a2 += 128
      a3 += 128
      p += 128
    }
    let r0 = sumLanes<T>(v128.add<T>(s0, t0))
    let r1 = sumLanes<T>(v128.add<T>(s1, t1))
    let r2 = sumLanes<T>(v128.add<T>(s2, t2))
    let r3 = sumLanes<T>(v128.add<T>(s3, t3))
    for (let j = n - (n & (L - 1)); j < n; j++) {
      const u = load<T>(at<T>(x, j))
      const c = at<T>(a, j)
      r0 = <T>(r0 + load<T>(c) * u)
      r1 = <T>(r1 + load<T>(c + row) * u)
      r2 = <T>(r2 + load<T>(c + 2 * row) * u)
      r3 = <T>(r3 + load<T>(c + 3 * row) * u)
    }
    put<T>(y, alpha, r0, beta)
    put<T>(at<T>(y, 1), alpha, r1, beta)
    put<T>(at<T>(y, 2), alpha, r2, beta)
    put<T>(at<T>(y, 3), alpha, r3, beta)
    y = at<T>(y, 4)
    a += 4 * row
  }
  for (; i < m; i++) {
    put<T>(y, alpha, rowDot<T>(n, a, x), beta)
    y = at<T>(y, 1)
    a += row
  }
}

/** y = alpha A'x + beta y, A [m, n], y [n]: row after row, each element in the order of the rows. */
export function gemvColumns<T extends number>(
  m: i32, n: i32, alpha: T, a: usize, lda: i32, x: usize, beta: T, y: usize,
): void {
  const L = lanes<T>()
  const row = <usize>lda * sizeof<T>()
  if (beta == 0) fill<T>(n, 0, y)
  else if (beta != 1) scal<T>(n, beta, y)
  let i = 0
  for (; i <= m - 4; i += 4) {
    const c0: T = alpha * load<T>(x)
    const c1: T = alpha * load<T>(at<T>(x, 1))
    const c2: T = alpha * load<T>(at<T>(x, 2))
    const c3: T = alpha * load<T>(at<T>(x, 3))
    const v0 = v128.splat<T>(c0)
    const v1 = v128.splat<T>(c1)
    const v2 = v128.splat<T>(c2)
    const v3 = v128.splat<T>(c3)
    let a0 = a
    let a1 = a0 + row
    let a2 = a1 + row
    let a3 = a2 + row
    let p = y
    let vectors = n / L
    for (; vectors >= 8; vectors -= 8) {
      let u = mulAdd<T>(v128.load(p), v0, v128.load(a0))
      u = mulAdd<T>(u, v1, v128.load(a1))
      u = mulAdd<T>(u, v2, v128.load(a2))
      u = mulAdd<T>(u, v3, v128.load(a3))
      v128.store(p, u)
      u = mulAdd<T>(v128.load(p, 16), v0, v128.load(a0, 16))
      u = mulAdd<T>(u, v1, v128.load(a1, 16))
      u = mulAdd<T>(u, v2, v128.load(a2, 16))
      u = mulAdd<T>(u, v3, v128.load(a3, 16))
      v128.store(p, u, 16)
      u = mulAdd<T>(v128.load(p, 32), v0, v128.load(a0, 32))
      u = mulAdd<T>(u, v1, v128.load(a1, 32))
      u = mulAdd<T>(u, v2, v128.load(a2, 32))
      u = mulAdd<T>(u, v3, v128.load(a3, 32))
      v128.store(p, u, 32)
      u = mulAdd<T>(v128.load(p, 48), v0, v128.load(a0, 48))
      u = mulAdd<T>(u, v1, v128.load(a1, 48))
      u = mulAdd<T>(u, v2, v128.load(a2, 48))
      u = mulAdd<T>(u, v3, v128.load(a3, 48))
      v128.store(p, u, 48)
      u = mulAdd<T>(v128.load(p, 64), v0, v128.load(a0, 64))
      u = mulAdd<T>(u, v1, v128.load(a1, 64))
      u = mulAdd<T>(u, v2, v128.load(a2, 64))
      u = mulAdd<T>(u, v3, v128.load(a3, 64))
      v128.store(p, u, 64)
      u = mulAdd<T>(v128.load(p, 80), v0, v128.load(a0, 80))
      u = mulAdd<T>(u, v1, v128.load(a1, 80))
      u = mulAdd<T>(u, v2, v128.load(a2, 80))
      u = mulAdd<T>(u, v3, v128.load(a3, 80))
      v128.store(p, u, 80)
      u = mulAdd<T>(v128.load(p, 96), v0, v128.load(a0, 96))
      u = mulAdd<T>(u, v1, v128.load(a1, 96))
      u = mulAdd<T>(u, v2, v128.load(a2, 96))
      u = mulAdd<T>(u, v3, v128.load(a3, 96))
      v128.store(p, u, 96)
      u = mulAdd<T>(v128.load(p, 112), v0, v128.load(a0, 112))
      u = mulAdd<T>(u, v1, v128.load(a1, 112))
      u = mulAdd<T>(u, v2, v128.load(a2, 112))
      u = mulAdd<T>(u, v3, v128.load(a3, 112))
      v128.store(p, u, 112)
      a0 += 128
      a1 += 128
      a2 += 128
      a3 += 128
      p += 128
    }
    for (; vectors > 0; vectors--) {
      let u = mulAdd<T>(v128.load(p), v0, v128.load(a0))
      u = mulAdd<T>(u, v1, v128.load(a1))
      u = mulAdd<T>(u, v2, v128.load(a2))
      u = mulAdd<T>(u, v3, v128.load(a3))
      v128.store(p, u)
      a0 += 16
      a1 += 16
      a2 += 16
      a3 += 16
      p += 16
    }
    for (let j = n - (n & (L - 1)); j < n; j++) {
      const to = at<T>(y, j)
      const c = at<T>(a, j)
      let u = load<T>(to)
      u = <T>(u + c0 * load<T>(c))
      u = <T>(u + c1 * load<T>(c + row))
      u = <T>(u + c2 * load<T>(c + 2 * row))
      u = <T>(u + c3 * load<T>(c + 3 * row))
      store<T>(to, u)
    }
    x = at<T>(x, 4)
    a += 4 * row
  }
  for (; i < m; i++) {
    axpy<T>(n, <T>(alpha * load<T>(x)), a, y)
    x = at<T>(x, 1)
    a += row
  }
}

/** A += alpha x y', A [m, n]. */
// @ts-ignore: decorator
@inline
function ger<T extends number>(m: i32, n: i32, alpha: T, x: usize, y: usize, a: usize, lda: i32): void {
  for (let i = 0; i < m; i++) {
    axpy<T>(n, <T>(alpha * load<T>(at<T>(x, i))), y, a)
    a = at<T>(a, lda)
  }
}

export function gemv_f64(
  trans: i32, m: i32, n: i32, alpha: f64, a: usize, lda: i32, x: usize, beta: f64, y: usize,
): void {
  if (trans) gemvColumns<f64>(m, n, alpha, a, lda, x, beta, y)
  else gemvRows<f64>(m, n, alpha, a, lda, x, beta, y)
}
export function gemv_f32(
  trans: i32, m: i32, n: i32, alpha: f32, a: usize, lda: i32, x: usize, beta: f32, y: usize,
): void {
  if (trans) gemvColumns<f32>(m, n, alpha, a, lda, x, beta, y)
  else gemvRows<f32>(m, n, alpha, a, lda, x, beta, y)
}
export function ger_f64(m: i32, n: i32, alpha: f64, x: usize, y: usize, a: usize, lda: i32): void {
  ger<f64>(m, n, alpha, x, y, a, lda)
}
export function ger_f32(m: i32, n: i32, alpha: f32, x: usize, y: usize, a: usize, lda: i32): void {
  ger<f32>(m, n, alpha, x, y, a, lda)
}
