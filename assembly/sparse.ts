// Products with matrices in compressed rows: 32-bit row pointers and column indices, f64 values.

import { axpy, fill, scal } from './vectors'

/** y = alpha A x + beta y, A [m, n]; with beta 0, y is not read. Two partial sums a row. */
export function spmv_f64(
  m: i32, rowPointers: usize, columns: usize, values: usize, alpha: f64, x: usize, beta: f64, y: usize,
): void {
  let p = load<i32>(rowPointers)
  for (let i = 0; i < m; i++) {
    rowPointers += 4
    const end = load<i32>(rowPointers)
    let s: f64 = 0
    let t: f64 = 0
    for (; p < end - 1; p += 2) {
      const c = columns + (<usize>p << 2)
      const v = values + (<usize>p << 3)
      s += load<f64>(v) * load<f64>(x + (<usize>load<u32>(c) << 3))
      t += load<f64>(v, 8) * load<f64>(x + (<usize>load<u32>(c, 4) << 3))
    }
    if (p < end) {
      s += load<f64>(values + (<usize>p << 3)) * load<f64>(x + (<usize>load<u32>(columns + (<usize>p << 2)) << 3))
      p++
    }
    const r = alpha * (s + t)
    store<f64>(y, beta == 0 ? r : beta * load<f64>(y) + r)
    y += 8
  }
}

/** y = alpha A'x + beta y, A [m, n], y [n]. */
export function spmv_t_f64(
  m: i32, n: i32, rowPointers: usize, columns: usize, values: usize, alpha: f64, x: usize, beta: f64, y: usize,
): void {
  if (beta == 0) fill<f64>(n, 0, y)
  else if (beta != 1) scal<f64>(n, beta, y)
  let p = load<i32>(rowPointers)
  for (let i = 0; i < m; i++) {
    rowPointers += 4
    const end = load<i32>(rowPointers)
    const c = alpha * load<f64>(x)
    for (; p < end; p++) {
      const to = y + (<usize>load<u32>(columns + (<usize>p << 2)) << 3)
      store<f64>(to, load<f64>(to) + c * load<f64>(values + (<usize>p << 3)))
    }
    x += 8
  }
}

/** C = alpha A B + beta C for sparse A [m, n], dense B [n, k] and C [m, k] (row-major). */
export function spmm_f64(
  m: i32, k: i32, rowPointers: usize, columns: usize, values: usize, alpha: f64, b: usize, ldb: i32, beta: f64, c: usize,
  ldc: i32,
): void {
  let p = load<i32>(rowPointers)
  for (let i = 0; i < m; i++) {
    rowPointers += 4
    const end = load<i32>(rowPointers)
    if (beta == 0) fill<f64>(k, 0, c)
    else if (beta != 1) scal<f64>(k, beta, c)
    for (; p < end; p++) {
      const row = b + ((<usize>load<u32>(columns + (<usize>p << 2)) * <usize>ldb) << 3)
      axpy<f64>(k, alpha * load<f64>(values + (<usize>p << 3)), row, c)
    }
    c += <usize>ldc << 3
  }
}
