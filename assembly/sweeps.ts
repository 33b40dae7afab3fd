// Sweeps through a matrix in compressed rows whose columns ascend: 32-bit row pointers, column indices and positions of the
// diagonal entries, f64 values and inverse diagonal. Operations and their order are those of src/systems/sweeps.ts.

// @ts-ignore: decorator
@inline
function at(base: usize, i: i32): f64 {
  return load<f64>(base + (<usize>i << 3))
}

// @ts-ignore: decorator
@inline
function index(base: usize, i: i32): i32 {
  return load<i32>(base + (<usize>i << 2))
}

/** a_ip x_j for the entry with its value at `value` and its column at `column`. */
// @ts-ignore: decorator
@inline
function term(value: usize, column: usize, x: usize): f64 {
  return load<f64>(value) * load<f64>(x + (<usize>load<u32>(column) << 3))
}

/** sum minus the entries from `from` up to `to` (positions) times their x, in order; two entries are the common case. */
// @ts-ignore: decorator
@inline
function without(sum: f64, values: usize, columns: usize, from: usize, to: usize, x: usize): f64 {
  let v = values + (from << 3)
  let c = columns + (from << 2)
  const count = <i32>(to - from)
  if (count >= 2) {
    sum = sum - term(v, c, x) - term(v + 8, c + 4, x)
    for (let k = 2; k < count; k++) sum -= term(v + (<usize>k << 3), c + (<usize>k << 2), x)
  } else if (count == 1) sum -= term(v, c, x)
  return sum
}

/** Matrices up to this many rows stay in the cache between the two halves of a sweep; larger ones go in blocks of rows. */
const WHOLE: i32 = 16384
const BLOCK: i32 = 256

/** Rows `from` to `to` of delta = (D / omega + L)^-1 r, after those before. A function of its own for the sake of registers. */
export function sor_forward_steps(
  from: i32, to: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64,
  r: usize, delta: usize,
): void {
  let previous: f64 = from > 0 ? at(delta, from - 1) : 0
  for (let i = from; i < to; i++) {
    const begin = <usize>index(rowPointers, i)
    const near = columns + (<usize>index(diagonal, i) << 2) - 4
    const factor = omega * at(inverse, i)
    let sum = at(r, i)
    let c = columns + (begin << 2)
    let v = values + (begin << 3)
    for (; c < near; c += 4, v += 8) sum -= term(v, c, delta)
    if (c > near) previous = factor * sum
    else if (load<i32>(c) == i - 1) previous = factor * sum - factor * load<f64>(v) * previous
    else previous = factor * (sum - term(v, c, delta))
    store<f64>(delta + (<usize>i << 3), previous)
  }
}

/** Rows `from` to `to` of r = (rest D - U) delta; returns `squared` plus their squares. */
export function sor_forward_residual(
  from: i32, to: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, rest: f64, delta: usize,
  r: usize, squared: f64,
): f64 {
  for (let i = from; i < to; i++) {
    const d = <usize>index(diagonal, i)
    const end = <usize>index(rowPointers, i + 1)
    const own = rest * load<f64>(values + (d << 3)) * at(delta, i)
    const sum = without(own, values, columns, d + 1, end, delta)
    store<f64>(r + (<usize>i << 3), sum)
    squared += sum * sum
  }
  return squared
}

/**
 * delta = (D / omega + L)^-1 r and r = ((1 / omega - 1) D - U) delta; returns r'r. No entry lies more than `reach` columns off
 * the diagonal.
 */
export function sor_forward_f64(
  n: i32, reach: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64,
  r: usize, delta: usize,
): f64 {
  const rest = 1 / omega - 1
  const block = n <= WHOLE ? n : BLOCK
  let squared: f64 = 0
  let done = 0
  for (let i = 0; i < n; ) {
    const stop = min(n, i + block)
    sor_forward_steps(i, stop, rowPointers, columns, values, diagonal, inverse, omega, r, delta)
    i = stop
    // The rows whose columns all have their steps.
    const ready = i == n ? n : max(done, i - reach)
    squared = sor_forward_residual(done, ready, rowPointers, columns, values, diagonal, rest, delta, r, squared)
    done = ready
  }
  return squared
}

/** Rows `from` to `to` (descending) of delta = (D / omega + U)^-1 r, after those behind; row n is the end. */
export function sor_backward_steps(
  n: i32, from: i32, to: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize,
  omega: f64, r: usize, delta: usize,
): void {
  let previous: f64 = from + 1 < n ? at(delta, from + 1) : 0
  for (let i = from; i >= to; i--) {
    const end = <usize>index(rowPointers, i + 1) - 1
    const near = columns + (<usize>index(diagonal, i) << 2) + 4
    const factor = omega * at(inverse, i)
    let sum = at(r, i)
    let c = columns + (end << 2)
    let v = values + (end << 3)
    for (; c > near; c -= 4, v -= 8) sum -= term(v, c, delta)
    if (c < near) previous = factor * sum
    else if (load<i32>(c) == i + 1) previous = factor * sum - factor * load<f64>(v) * previous
    else previous = factor * (sum - term(v, c, delta))
    store<f64>(delta + (<usize>i << 3), previous)
  }
}

/** Rows `from` to `to` (descending) of r = (rest D - L) delta; returns `squared` plus their squares. */
export function sor_backward_residual(
  from: i32, to: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, rest: f64, delta: usize,
  r: usize, squared: f64,
): f64 {
  for (let i = from; i >= to; i--) {
    const d = <usize>index(diagonal, i)
    const begin = <usize>index(rowPointers, i)
    const own = rest * load<f64>(values + (d << 3)) * at(delta, i)
    const sum = without(own, values, columns, begin, d, delta)
    store<f64>(r + (<usize>i << 3), sum)
    squared += sum * sum
  }
  return squared
}

/** delta = (D / omega + U)^-1 r and r = ((1 / omega - 1) D - L) delta; returns r'r. `reach` as for the forward sweep. */
export function sor_backward_f64(
  n: i32, reach: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64,
  r: usize, delta: usize,
): f64 {
  const rest = 1 / omega - 1
  const block = n <= WHOLE ? n : BLOCK
  let squared: f64 = 0
  let done = n - 1
  for (let i = n - 1; i >= 0; ) {
    const stop = max(0, i + 1 - block)
    sor_backward_steps(n, i, stop, rowPointers, columns, values, diagonal, inverse, omega, r, delta)
    i = stop - 1
    const ready = i < 0 ? -1 : min(done, i + reach)
    squared = sor_backward_residual(done, ready + 1, rowPointers, columns, values, diagonal, rest, delta, r, squared)
    done = ready
  }
  return squared
}

/** out = omega (2 - omega) (D + omega U)^-1 D (D + omega L)^-1 r; `out` may be `r`. */
export function ssor_apply_f64(
  n: i32, _reach: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64, r: usize,
  out: usize,
): void {
  const scale = omega * (2 - omega)
  let previous: f64 = 0
  for (let i = 0; i < n; i++) {
    const begin = <usize>index(rowPointers, i)
    const near = columns + (<usize>index(diagonal, i) << 2) - 4
    const factor = omega * at(inverse, i)
    let sum: f64 = 0
    let c = columns + (begin << 2)
    let v = values + (begin << 3)
    for (; c < near; c += 4, v += 8) sum += term(v, c, out)
    const own = scale * at(inverse, i) * at(r, i) - factor * sum
    if (c > near) previous = own
    else if (load<i32>(c) == i - 1) previous = own - factor * load<f64>(v) * previous
    else previous = own - factor * load<f64>(v) * at(out, load<i32>(c))
    store<f64>(out + (<usize>i << 3), previous)
  }
  for (let i = n - 1; i >= 0; i--) {
    const end = <usize>index(rowPointers, i + 1) - 1
    const near = columns + (<usize>index(diagonal, i) << 2) + 4
    const factor = omega * at(inverse, i)
    let sum: f64 = 0
    let c = columns + (end << 2)
    let v = values + (end << 3)
    for (; c > near; c -= 4, v -= 8) sum += term(v, c, out)
    const own = at(out, i) - factor * sum
    if (c < near) previous = own
    else if (load<i32>(c) == i + 1) previous = own - factor * load<f64>(v) * previous
    else previous = own - factor * load<f64>(v) * at(out, load<i32>(c))
    store<f64>(out + (<usize>i << 3), previous)
  }
}
