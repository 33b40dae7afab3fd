// The two-loop recursion of L-BFGS as one kernel: at a hundred variables forty separate calls would cost as much as the
// arithmetic.

import { axpy_f64, dot_f64, scal_f64 } from './vectors'

/**
 * v <- H v in place, H the BFGS matrix of the last `count` of the pairs (rows of `steps` and `changes`, [memory, n], a ring
 * whose next free row is `next`) with initial matrix scale * I; `curvatures` holds 1 / <s, y> of each row, `coefficients` is
 * work of length memory.
 */
export function two_loop_f64(
  n: i32,
  memory: i32,
  next: i32,
  count: i32,
  scale: f64,
  steps: usize,
  changes: usize,
  curvatures: usize,
  coefficients: usize,
  v: usize,
): void {
  const stride = <usize>n << 3
  let row = next
  for (let k = 0; k < count; k++) {
    row = row == 0 ? memory - 1 : row - 1
    const at = <usize>row * stride
    const a = f64.load(curvatures + (<usize>row << 3)) * dot_f64(n, steps + at, v)
    f64.store(coefficients + (<usize>row << 3), a)
    axpy_f64(n, -a, changes + at, v)
  }
  scal_f64(n, scale, v)
  for (let k = 0; k < count; k++) {
    const at = <usize>row * stride
    const rho = f64.load(curvatures + (<usize>row << 3))
    const b = f64.load(coefficients + (<usize>row << 3)) - rho * dot_f64(n, changes + at, v)
    axpy_f64(n, b, steps + at, v)
    row = row == memory - 1 ? 0 : row + 1
  }
}
