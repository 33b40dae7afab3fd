// Log-sum-exp and softmax of the rows of a contiguous [rows, columns] matrix.

import { exp_f64x2, expQuick, log_f64_scalar } from './functions-f64'
import { exp_f32x4, log_f32_scalar } from './functions-f32'
import { at, sumLanes } from './simd'
import { largest } from './vectors'

/** Writes exp(x - shift) to `out` (not if 0) and returns the sum. */
// @ts-ignore: decorator
@inline
function expSum<T extends number>(n: i32, x: usize, shift: T, out: usize): T {
  const L = 16 / <i32>sizeof<T>()
  const m = v128.splat<T>(shift)
  let sum = v128.splat<T>(0)
  let j = 0
  for (; j <= n - L; j += L) {
    const d = v128.sub<T>(v128.load(at<T>(x, j)), m)
    const e = sizeof<T>() == 8 ? expQuick(d) : exp_f32x4(d)
    if (out) v128.store(at<T>(out, j), e)
    sum = v128.add<T>(sum, e)
  }
  let total = sumLanes<T>(sum)
  for (; j < n; j++) {
    const d = v128.splat<T>(<T>(load<T>(at<T>(x, j)) - shift))
    let e: T
    if (sizeof<T>() == 8) e = <T>f64x2.extract_lane(exp_f64x2(d), 0)
    else e = <T>f32x4.extract_lane(exp_f32x4(d), 0)
    if (out) store<T>(at<T>(out, j), e)
    total = <T>(total + e)
  }
  return total
}

/** Rows whose largest element is not finite: all -Infinity gives -Infinity, NaN gives NaN, +Infinity gives +Infinity. */
// @ts-ignore: decorator
@inline
function logSumExpRows<T extends number>(rows: i32, columns: i32, x: usize, out: usize): void {
  for (let i = 0; i < rows; i++) {
    const most = largest<T>(false, columns, x)
    let r: T = most
    // False for NaN too.
    if (abs<T>(most) < Infinity) {
      const total = expSum<T>(columns, x, most, 0)
      if (sizeof<T>() == 8) r = <T>(most + log_f64_scalar(<f64>total))
      else r = <T>(most + log_f32_scalar(<f32>total))
    }
    store<T>(out, r)
    x = at<T>(x, columns)
    out = at<T>(out, 1)
  }
}

// @ts-ignore: decorator
@inline
function softmaxRows<T extends number>(rows: i32, columns: i32, x: usize, out: usize): void {
  const L = 16 / <i32>sizeof<T>()
  for (let i = 0; i < rows; i++) {
    const most = largest<T>(false, columns, x)
    const total = expSum<T>(columns, x, most, out)
    const scale: T = 1 / total
    const v = v128.splat<T>(scale)
    let j = 0
    for (; j <= columns - L; j += L) v128.store(at<T>(out, j), v128.mul<T>(v, v128.load(at<T>(out, j))))
    for (; j < columns; j++) store<T>(at<T>(out, j), <T>(scale * load<T>(at<T>(out, j))))
    x = at<T>(x, columns)
    out = at<T>(out, columns)
  }
}

export function logsumexp_rows_f64(rows: i32, columns: i32, x: usize, out: usize): void {
  logSumExpRows<f64>(rows, columns, x, out)
}
export function logsumexp_rows_f32(rows: i32, columns: i32, x: usize, out: usize): void {
  logSumExpRows<f32>(rows, columns, x, out)
}
export function softmax_rows_f64(rows: i32, columns: i32, x: usize, out: usize): void {
  softmaxRows<f64>(rows, columns, x, out)
}
export function softmax_rows_f32(rows: i32, columns: i32, x: usize, out: usize): void {
  softmaxRows<f32>(rows, columns, x, out)
}
