// Sweeps through a matrix in compressed rows whose columns ascend: 32-bit row pointers, column indices and positions of the
// diagonal entries, f64 values and inverse diagonal. Operations and their order are those of src/systems/sweeps.ts.

function at(base: usize, i: i32): f64 {
  return load<f64>(base + (<usize>i << 3))
}

function column(columns: usize, p: i32): i32 {
  return load<i32>(columns + (<usize>p << 2))
}

/** a_ip x_j for the entry at position p. */
function term(columns: usize, values: usize, x: usize, p: i32): f64 {
  return at(values, p) * at(x, column(columns, p))
}

/** delta = (D / omega + L)^-1 r and r = ((1 / omega - 1) D - U) delta; returns r'r. */
export function sor_forward_f64(
  n: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64, r: usize,
  delta: usize,
): f64 {
  let previous: f64 = 0
  for (let i = 0; i < n; i++) {
    const d = load<i32>(diagonal + (<usize>i << 2))
    const factor = omega * at(inverse, i)
    let sum = at(r, i)
    let p = load<i32>(rowPointers + (<usize>i << 2))
    const near = d - 1
    for (; p < near; p++) sum -= term(columns, values, delta, p)
    if (p == d) previous = factor * sum
    else if (column(columns, near) == i - 1) previous = factor * sum - factor * at(values, near) * previous
    else previous = factor * (sum - term(columns, values, delta, near))
    store<f64>(delta + (<usize>i << 3), previous)
  }
  const rest = 1 / omega - 1
  let squared: f64 = 0
  for (let i = 0; i < n; i++) {
    let p = load<i32>(diagonal + (<usize>i << 2))
    const end = load<i32>(rowPointers + (<usize>i << 2), 4)
    let sum = rest * at(values, p) * at(delta, i)
    for (p++; p < end; p++) sum -= term(columns, values, delta, p)
    store<f64>(r + (<usize>i << 3), sum)
    squared += sum * sum
  }
  return squared
}

/** delta = (D / omega + U)^-1 r and r = ((1 / omega - 1) D - L) delta; returns r'r. */
export function sor_backward_f64(
  n: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64, r: usize,
  delta: usize,
): f64 {
  let previous: f64 = 0
  for (let i = n - 1; i >= 0; i--) {
    const factor = omega * at(inverse, i)
    let sum = at(r, i)
    const near = load<i32>(diagonal + (<usize>i << 2)) + 1
    let p = load<i32>(rowPointers + (<usize>i << 2), 4) - 1
    for (; p > near; p--) sum -= term(columns, values, delta, p)
    if (p < near) previous = factor * sum
    else if (column(columns, near) == i + 1) previous = factor * sum - factor * at(values, near) * previous
    else previous = factor * (sum - term(columns, values, delta, near))
    store<f64>(delta + (<usize>i << 3), previous)
  }
  const rest = 1 / omega - 1
  let squared: f64 = 0
  for (let i = 0; i < n; i++) {
    const d = load<i32>(diagonal + (<usize>i << 2))
    let p = load<i32>(rowPointers + (<usize>i << 2))
    let sum = rest * at(values, d) * at(delta, i)
    for (; p < d; p++) sum -= term(columns, values, delta, p)
    store<f64>(r + (<usize>i << 3), sum)
    squared += sum * sum
  }
  return squared
}

/** out = omega (2 - omega) (D + omega U)^-1 D (D + omega L)^-1 r; `out` may be `r`. */
export function ssor_apply_f64(
  n: i32, rowPointers: usize, columns: usize, values: usize, diagonal: usize, inverse: usize, omega: f64, r: usize,
  out: usize,
): void {
  const scale = omega * (2 - omega)
  let previous: f64 = 0
  for (let i = 0; i < n; i++) {
    const d = load<i32>(diagonal + (<usize>i << 2))
    const factor = omega * at(inverse, i)
    let sum: f64 = 0
    let p = load<i32>(rowPointers + (<usize>i << 2))
    const near = d - 1
    for (; p < near; p++) sum += term(columns, values, out, p)
    const own = scale * at(inverse, i) * at(r, i) - factor * sum
    if (p == d) previous = own
    else if (column(columns, near) == i - 1) previous = own - factor * at(values, near) * previous
    else previous = own - factor * at(values, near) * at(out, column(columns, near))
    store<f64>(out + (<usize>i << 3), previous)
  }
  for (let i = n - 1; i >= 0; i--) {
    const factor = omega * at(inverse, i)
    let sum: f64 = 0
    const near = load<i32>(diagonal + (<usize>i << 2)) + 1
    let p = load<i32>(rowPointers + (<usize>i << 2), 4) - 1
    for (; p > near; p--) sum += term(columns, values, out, p)
    const own = at(out, i) - factor * sum
    if (p < near) previous = own
    else if (column(columns, near) == i + 1) previous = own - factor * at(values, near) * previous
    else previous = own - factor * at(values, near) * at(out, column(columns, near))
    store<f64>(out + (<usize>i << 3), previous)
  }
}
