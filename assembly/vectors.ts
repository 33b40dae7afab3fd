// Vector operations (level 1). Sums run over fixed partial sums, so a result depends on the numbers and the length alone.

import { at, lanes, mulAdd, sumLanes } from './simd'

/** x'y with four vectors of partial sums. */
// @ts-ignore: decorator
@inline
export function dot<T extends number>(n: i32, x: usize, y: usize): T {
  const L = lanes<T>()
  let s0 = v128.splat<T>(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let i = 0
  for (; i <= n - 4 * L; i += 4 * L) {
    s0 = mulAdd<T>(s0, v128.load(x), v128.load(y))
    s1 = mulAdd<T>(s1, v128.load(x, 16), v128.load(y, 16))
    s2 = mulAdd<T>(s2, v128.load(x, 32), v128.load(y, 32))
    s3 = mulAdd<T>(s3, v128.load(x, 48), v128.load(y, 48))
    x += 64
    y += 64
  }
  for (; i <= n - L; i += L) {
    s0 = mulAdd<T>(s0, v128.load(x), v128.load(y))
    x += 16
    y += 16
  }
  let s = sumLanes<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)))
  for (; i < n; i++) {
    s = <T>(s + load<T>(x) * load<T>(y))
    x += sizeof<T>()
    y += sizeof<T>()
  }
  return s
}

/** y += alpha x. */
// @ts-ignore: decorator
@inline
export function axpy<T extends number>(n: i32, alpha: T, x: usize, y: usize): void {
  const L = lanes<T>()
  const a = v128.splat<T>(alpha)
  let i = 0
  for (; i <= n - 2 * L; i += 2 * L) {
    v128.store(y, mulAdd<T>(v128.load(y), a, v128.load(x)))
    v128.store(y, mulAdd<T>(v128.load(y, 16), a, v128.load(x, 16)), 16)
    x += 32
    y += 32
  }
  for (; i < n; i++) {
    store<T>(y, <T>(load<T>(y) + alpha * load<T>(x)))
    x += sizeof<T>()
    y += sizeof<T>()
  }
}

/** y = alpha x + beta y; with beta 0, y is not read. */
// @ts-ignore: decorator
@inline
function axpby<T extends number>(n: i32, alpha: T, x: usize, beta: T, y: usize): void {
  const L = lanes<T>()
  const a = v128.splat<T>(alpha)
  const b = v128.splat<T>(beta)
  let i = 0
  if (beta == 0) {
    for (; i <= n - L; i += L) v128.store(at<T>(y, i), v128.mul<T>(a, v128.load(at<T>(x, i))))
    for (; i < n; i++) store<T>(at<T>(y, i), <T>(alpha * load<T>(at<T>(x, i))))
    return
  }
  for (; i <= n - L; i += L) {
    const y0 = v128.load(at<T>(y, i))
    v128.store(at<T>(y, i), v128.add<T>(v128.mul<T>(a, v128.load(at<T>(x, i))), v128.mul<T>(b, y0)))
  }
  for (; i < n; i++) store<T>(at<T>(y, i), <T>(alpha * load<T>(at<T>(x, i)) + beta * load<T>(at<T>(y, i))))
}

/** x *= alpha. */
// @ts-ignore: decorator
@inline
export function scal<T extends number>(n: i32, alpha: T, x: usize): void {
  const L = lanes<T>()
  const a = v128.splat<T>(alpha)
  let i = 0
  for (; i <= n - L; i += L) {
    v128.store(x, v128.mul<T>(a, v128.load(x)))
    x += 16
  }
  for (; i < n; i++) {
    store<T>(x, <T>(alpha * load<T>(x)))
    x += sizeof<T>()
  }
}

/** Sum of x, or of |x|. */
// @ts-ignore: decorator
@inline
function total<T extends number>(absolute: bool, n: i32, x: usize): T {
  const L = lanes<T>()
  let s0 = v128.splat<T>(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let i = 0
  for (; i <= n - 4 * L; i += 4 * L) {
    let a = v128.load(x)
    let b = v128.load(x, 16)
    let c = v128.load(x, 32)
    let d = v128.load(x, 48)
    if (absolute) {
      a = v128.abs<T>(a)
      b = v128.abs<T>(b)
      c = v128.abs<T>(c)
      d = v128.abs<T>(d)
    }
    s0 = v128.add<T>(s0, a)
    s1 = v128.add<T>(s1, b)
    s2 = v128.add<T>(s2, c)
    s3 = v128.add<T>(s3, d)
    x += 64
  }
  for (; i <= n - L; i += L) {
    let a = v128.load(x)
    if (absolute) a = v128.abs<T>(a)
    s0 = v128.add<T>(s0, a)
    x += 16
  }
  let s = sumLanes<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)))
  for (; i < n; i++) {
    let a = load<T>(x)
    if (absolute) a = abs<T>(a)
    s = <T>(s + a)
    x += sizeof<T>()
  }
  return s
}

/** max |x_i|, or max x_i; NaN if any element is NaN; 0, or -Infinity, for an empty vector. */
// @ts-ignore: decorator
@inline
export function largest<T extends number>(absolute: bool, n: i32, x: usize): T {
  const L = lanes<T>()
  let s0 = v128.splat<T>(absolute ? <T>0 : <T>-Infinity)
  let s1 = s0
  let i = 0
  for (; i <= n - 2 * L; i += 2 * L) {
    let a = v128.load(x)
    let b = v128.load(x, 16)
    if (absolute) {
      a = v128.abs<T>(a)
      b = v128.abs<T>(b)
    }
    s0 = v128.max<T>(s0, a)
    s1 = v128.max<T>(s1, b)
    x += 32
  }
  s0 = v128.max<T>(s0, s1)
  let s: T
  if (sizeof<T>() == 8) s = <T>max<f64>(f64x2.extract_lane(s0, 0), f64x2.extract_lane(s0, 1))
  else {
    s = <T>(
      max<f32>(
        max<f32>(f32x4.extract_lane(s0, 0), f32x4.extract_lane(s0, 1)),
        max<f32>(f32x4.extract_lane(s0, 2), f32x4.extract_lane(s0, 3)),
      )
    )
  }
  for (; i < n; i++) {
    let a = load<T>(x)
    if (absolute) a = abs<T>(a)
    s = max<T>(s, a)
    x += sizeof<T>()
  }
  return s
}

/** The Euclidean norm, without overflow or underflow of the squares. */
// @ts-ignore: decorator
@inline
function norm<T extends number>(n: i32, x: usize): T {
  const squares = dot<T>(n, x, x)
  // Inside this range every square that matters is a normal number.
  const low: T = sizeof<T>() == 8 ? <T>1e-280 : <T>1e-30
  const high: T = sizeof<T>() == 8 ? <T>1e300 : <T>1e37
  if (squares > low && squares < high) return sqrt<T>(squares)
  const most = largest<T>(true, n, x)
  if (!(most > 0) || most == Infinity) return most
  let s: T = 0
  for (let i = 0; i < n; i++) {
    const t: T = load<T>(at<T>(x, i)) / most
    s = <T>(s + t * t)
  }
  return <T>(most * sqrt<T>(s))
}

// @ts-ignore: decorator
@inline
export function fill<T extends number>(n: i32, value: T, x: usize): void {
  const L = lanes<T>()
  const v = v128.splat<T>(value)
  let i = 0
  for (; i <= n - L; i += L) v128.store(at<T>(x, i), v)
  for (; i < n; i++) store<T>(at<T>(x, i), value)
}

/** out = x * y, element by element. */
// @ts-ignore: decorator
@inline
function multiply<T extends number>(n: i32, x: usize, y: usize, out: usize): void {
  const L = lanes<T>()
  let i = 0
  for (; i <= n - L; i += L) v128.store(at<T>(out, i), v128.mul<T>(v128.load(at<T>(x, i)), v128.load(at<T>(y, i))))
  for (; i < n; i++) store<T>(at<T>(out, i), <T>(load<T>(at<T>(x, i)) * load<T>(at<T>(y, i))))
}

export function dot_f64(n: i32, x: usize, y: usize): f64 {
  return dot<f64>(n, x, y)
}
export function dot_f32(n: i32, x: usize, y: usize): f32 {
  return dot<f32>(n, x, y)
}
export function axpy_f64(n: i32, alpha: f64, x: usize, y: usize): void {
  axpy<f64>(n, alpha, x, y)
}
export function axpy_f32(n: i32, alpha: f32, x: usize, y: usize): void {
  axpy<f32>(n, alpha, x, y)
}
export function axpby_f64(n: i32, alpha: f64, x: usize, beta: f64, y: usize): void {
  axpby<f64>(n, alpha, x, beta, y)
}
export function axpby_f32(n: i32, alpha: f32, x: usize, beta: f32, y: usize): void {
  axpby<f32>(n, alpha, x, beta, y)
}
export function scal_f64(n: i32, alpha: f64, x: usize): void {
  scal<f64>(n, alpha, x)
}
export function scal_f32(n: i32, alpha: f32, x: usize): void {
  scal<f32>(n, alpha, x)
}
export function nrm2_f64(n: i32, x: usize): f64 {
  return norm<f64>(n, x)
}
export function nrm2_f32(n: i32, x: usize): f32 {
  return norm<f32>(n, x)
}
export function sum_f64(n: i32, x: usize): f64 {
  return total<f64>(false, n, x)
}
export function sum_f32(n: i32, x: usize): f32 {
  return total<f32>(false, n, x)
}
export function asum_f64(n: i32, x: usize): f64 {
  return total<f64>(true, n, x)
}
export function asum_f32(n: i32, x: usize): f32 {
  return total<f32>(true, n, x)
}
export function amax_f64(n: i32, x: usize): f64 {
  return largest<f64>(true, n, x)
}
export function amax_f32(n: i32, x: usize): f32 {
  return largest<f32>(true, n, x)
}
export function max_f64(n: i32, x: usize): f64 {
  return largest<f64>(false, n, x)
}
export function max_f32(n: i32, x: usize): f32 {
  return largest<f32>(false, n, x)
}
export function copy_f64(n: i32, x: usize, y: usize): void {
  memory.copy(y, x, <usize>n << 3)
}
export function copy_f32(n: i32, x: usize, y: usize): void {
  memory.copy(y, x, <usize>n << 2)
}
export function fill_f64(n: i32, value: f64, x: usize): void {
  fill<f64>(n, value, x)
}
export function fill_f32(n: i32, value: f32, x: usize): void {
  fill<f32>(n, value, x)
}
export function multiply_f64(n: i32, x: usize, y: usize, out: usize): void {
  multiply<f64>(n, x, y, out)
}
export function multiply_f32(n: i32, x: usize, y: usize, out: usize): void {
  multiply<f32>(n, x, y, out)
}
