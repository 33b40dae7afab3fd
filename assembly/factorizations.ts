// Triangular solves and factorizations of row-major matrices of f64. The large parts are recursive: halves meet in packed
// products, so that almost all of the work has their speed. `scratch` is that of `gemm`.

import { gemm, syrk } from './matrix-product'
import { rowDot } from './matrix-vector'
import { axpy, scal } from './vectors'

// @ts-ignore: decorator
@inline
function entry(a: usize, lda: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>lda + <usize>j) << 3)
}
// @ts-ignore: decorator
@inline
function get(a: usize, lda: i32, i: i32, j: i32): f64 {
  return load<f64>(entry(a, lda, i, j))
}
// @ts-ignore: decorator
@inline
function set(a: usize, lda: i32, i: i32, j: i32, value: f64): void {
  store<f64>(entry(a, lda, i, j), value)
}

/** Rows below which a recursion ends. */
const SMALL: i32 = 16

/** Solves op(T) x = b, x in place of b, T [n, n] lower or upper triangular, with ones on its diagonal if `unit`. */
export function trsv_f64(lower: i32, trans: i32, unit: i32, n: i32, t: usize, ldt: i32, x: usize): void {
  const forward = lower != trans
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step
    const p = x + (<usize>i << 3)
    if (!trans) {
      const from = lower ? 0 : i + 1
      const count = lower ? i : n - 1 - i
      let s = load<f64>(p) - rowDot<f64>(count, entry(t, ldt, i, from), x + (<usize>from << 3))
      if (!unit) s /= get(t, ldt, i, i)
      store<f64>(p, s)
    } else {
      if (!unit) store<f64>(p, load<f64>(p) / get(t, ldt, i, i))
      const from = lower ? 0 : i + 1
      axpy<f64>(lower ? i : n - 1 - i, -load<f64>(p), entry(t, ldt, i, from), x + (<usize>from << 3))
    }
  }
}

/** op(T) X = B with few rows. */
function leftSmall(lower: i32, trans: i32, unit: i32, m: i32, n: i32, t: usize, ldt: i32, b: usize, ldb: i32): void {
  const forward = lower != trans
  for (let step = 0; step < m; step++) {
    const i = forward ? step : m - 1 - step
    const row = entry(b, ldb, i, 0)
    const from = forward ? 0 : i + 1
    const to = forward ? i : m
    for (let k = from; k < to; k++) {
      axpy<f64>(n, trans ? -get(t, ldt, k, i) : -get(t, ldt, i, k), entry(b, ldb, k, 0), row)
    }
    if (!unit) scal<f64>(n, 1 / get(t, ldt, i, i), row)
  }
}

function leftSolve(
  lower: i32, trans: i32, unit: i32, m: i32, n: i32, t: usize, ldt: i32, b: usize, ldb: i32, scratch: usize,
): void {
  if (m <= SMALL) {
    leftSmall(lower, trans, unit, m, n, t, ldt, b, ldb)
    return
  }
  const half = (m / 2 + 3) & ~3
  const rest = m - half
  const top = b
  const bottom = entry(b, ldb, half, 0)
  const t11 = t
  const t22 = entry(t, ldt, half, half)
  // The block of T that is not on the diagonal, stored where the triangle is.
  const off = lower ? entry(t, ldt, half, 0) : entry(t, ldt, 0, half)
  if (lower != trans) {
    leftSolve(lower, trans, unit, half, n, t11, ldt, top, ldb, scratch)
    gemm<f64>(trans, 0, rest, n, half, -1, off, ldt, top, ldb, 1, bottom, ldb, scratch)
    leftSolve(lower, trans, unit, rest, n, t22, ldt, bottom, ldb, scratch)
  } else {
    leftSolve(lower, trans, unit, rest, n, t22, ldt, bottom, ldb, scratch)
    gemm<f64>(trans, 0, half, n, rest, -1, off, ldt, bottom, ldb, 1, top, ldb, scratch)
    leftSolve(lower, trans, unit, half, n, t11, ldt, top, ldb, scratch)
  }
}

/** X L' = B with few columns: each row of X by forward substitution, four rows at a time. */
function rightSmall(unit: i32, m: i32, n: i32, l: usize, ldl: i32, x: usize, ldx: i32): void {
  const step = <usize>ldx << 3
  let i = 0
  for (; i <= m - 4; i += 4) {
    const x0 = entry(x, ldx, i, 0)
    const x1 = x0 + step
    const x2 = x1 + step
    const x3 = x2 + step
    for (let j = 0; j < n; j++) {
      const row = entry(l, ldl, j, 0)
      const end = <usize>j << 3
      let s0 = f64x2.splat(0)
      let s1 = s0
      let s2 = s0
      let s3 = s0
      let k: usize = 0
      for (; k + 16 <= end; k += 16) {
        const v = v128.load(row + k)
        s0 = f64x2.add(s0, f64x2.mul(v, v128.load(x0 + k)))
        s1 = f64x2.add(s1, f64x2.mul(v, v128.load(x1 + k)))
        s2 = f64x2.add(s2, f64x2.mul(v, v128.load(x2 + k)))
        s3 = f64x2.add(s3, f64x2.mul(v, v128.load(x3 + k)))
      }
      let d0 = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)
      let d1 = f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1)
      let d2 = f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1)
      let d3 = f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1)
      if (k < end) {
        const v = load<f64>(row + k)
        d0 += v * load<f64>(x0 + k)
        d1 += v * load<f64>(x1 + k)
        d2 += v * load<f64>(x2 + k)
        d3 += v * load<f64>(x3 + k)
      }
      const scale: f64 = unit ? 1 : 1 / load<f64>(row + end)
      store<f64>(x0 + end, (load<f64>(x0 + end) - d0) * scale)
      store<f64>(x1 + end, (load<f64>(x1 + end) - d1) * scale)
      store<f64>(x2 + end, (load<f64>(x2 + end) - d2) * scale)
      store<f64>(x3 + end, (load<f64>(x3 + end) - d3) * scale)
    }
  }
  for (; i < m; i++) {
    const x0 = entry(x, ldx, i, 0)
    for (let j = 0; j < n; j++) {
      const row = entry(l, ldl, j, 0)
      const end = <usize>j << 3
      const scale: f64 = unit ? 1 : 1 / load<f64>(row + end)
      store<f64>(x0 + end, (load<f64>(x0 + end) - shortDot(end, row, x0)) * scale)
    }
  }
}

/** The sum of `rightSmall`, for one row. */
// @ts-ignore: decorator
@inline
function shortDot(end: usize, a: usize, b: usize): f64 {
  let s = f64x2.splat(0)
  let k: usize = 0
  for (; k + 16 <= end; k += 16) s = f64x2.add(s, f64x2.mul(v128.load(a + k), v128.load(b + k)))
  const d = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1)
  return k < end ? d + load<f64>(a + k) * load<f64>(b + k) : d
}

/** X op(T) = B, X in place of B [m, n]. */
function rightSolve(
  lower: i32, trans: i32, unit: i32, m: i32, n: i32, t: usize, ldt: i32, b: usize, ldb: i32, scratch: usize,
): void {
  if (n <= SMALL) {
    if (lower && trans) rightSmall(unit, m, n, t, ldt, b, ldb)
    // Transposed, row by row: op(T)' x' = b'.
    else for (let i = 0; i < m; i++) trsv_f64(lower, 1 - trans, unit, n, t, ldt, entry(b, ldb, i, 0))
    return
  }
  const half = (n / 2 + 3) & ~3
  const rest = n - half
  const left = b
  const right = entry(b, ldb, 0, half)
  const t22 = entry(t, ldt, half, half)
  const off = lower ? entry(t, ldt, half, 0) : entry(t, ldt, 0, half)
  if (lower == trans) {
    rightSolve(lower, trans, unit, m, half, t, ldt, left, ldb, scratch)
    gemm<f64>(0, trans, m, rest, half, -1, left, ldb, off, ldt, 1, right, ldb, scratch)
    rightSolve(lower, trans, unit, m, rest, t22, ldt, right, ldb, scratch)
  } else {
    rightSolve(lower, trans, unit, m, rest, t22, ldt, right, ldb, scratch)
    gemm<f64>(0, trans, m, half, rest, -1, right, ldb, off, ldt, 1, left, ldb, scratch)
    rightSolve(lower, trans, unit, m, half, t, ldt, left, ldb, scratch)
  }
}

/** op(T) X = B, or X op(T) = B if `right`; X in place of B [m, n]; T triangular [m, m], or [n, n] if `right`. */
export function trsm_f64(
  right: i32, lower: i32, trans: i32, unit: i32, m: i32, n: i32, t: usize, ldt: i32, b: usize, ldb: i32, scratch: usize,
): void {
  if (right) rightSolve(lower, trans, unit, m, n, t, ldt, b, ldb, scratch)
  else leftSolve(lower, trans, unit, m, n, t, ldt, b, ldb, scratch)
}

// ---- Cholesky ----

function choleskySmall(n: i32, a: usize, lda: i32): i32 {
  for (let i = 0; i < n; i++) {
    const row = entry(a, lda, i, 0)
    for (let j = 0; j < i; j++) {
      const other = entry(a, lda, j, 0)
      const end = <usize>j << 3
      store<f64>(row + end, (load<f64>(row + end) - shortDot(end, row, other)) / load<f64>(other + end))
    }
    const end = <usize>i << 3
    const d = load<f64>(row + end) - shortDot(end, row, row)
    // False for NaN too.
    if (!(d > 0 && d < Infinity)) return i + 1
    store<f64>(row + end, sqrt<f64>(d))
  }
  return 0
}

/**
 * A = L L': L in place of the lower triangle of A [n, n]; the strict upper triangle is neither read nor written. Returns 0, or
 * 1 + the index of the first pivot that is not positive and finite.
 */
export function potrf_f64(n: i32, a: usize, lda: i32, scratch: usize): i32 {
  if (n <= 2 * SMALL) return choleskySmall(n, a, lda)
  const half = (n / 2 + 3) & ~3
  const rest = n - half
  const a21 = entry(a, lda, half, 0)
  const a22 = entry(a, lda, half, half)
  const first = potrf_f64(half, a, lda, scratch)
  if (first) return first
  rightSolve(1, 1, 0, rest, half, a, lda, a21, lda, scratch)
  syrk<f64>(false, 0, rest, half, -1, a21, lda, 1, a22, lda, scratch)
  const second = potrf_f64(rest, a22, lda, scratch)
  return second ? half + second : 0
}

// ---- LU ----

function swapRows(n: i32, a: usize, b: usize): void {
  let j = 0
  for (; j <= n - 2; j += 2) {
    const t = v128.load(a)
    v128.store(a, v128.load(b))
    v128.store(b, t)
    a += 16
    b += 16
  }
  if (j < n) {
    const t = load<f64>(a)
    store<f64>(a, load<f64>(b))
    store<f64>(b, t)
  }
}

/** Columns [from, from + count) of the trailing rows [from, m); whole rows of `width` numbers are swapped. */
function luColumns(m: i32, width: i32, from: i32, count: i32, a: usize, lda: i32, pivots: usize, scratch: usize): i32 {
  if (count > 8) {
    const half = (count / 2 + 3) & ~3
    const rest = count - half
    const middle = from + half
    const first = luColumns(m, width, from, half, a, lda, pivots, scratch)
    const a12 = entry(a, lda, from, middle)
    leftSolve(1, 0, 1, half, rest, entry(a, lda, from, from), lda, a12, lda, scratch)
    if (middle >= m) return first
    gemm<f64>(
      0, 0, m - middle, rest, half, -1, entry(a, lda, middle, from), lda, a12, lda, 1, entry(a, lda, middle, middle), lda,
      scratch,
    )
    const second = luColumns(m, width, middle, rest, a, lda, pivots, scratch)
    return first ? first : second
  }
  let failed = 0
  const end = from + count
  for (let j = from; j < end; j++) {
    let best = j
    let most: f64 = -1
    for (let i = j; i < m; i++) {
      const v = abs<f64>(get(a, lda, i, j))
      // A NaN is taken as the pivot, so that it is seen.
      if (!(v <= most)) {
        most = v
        best = i
        if (v != v) break
      }
    }
    store<i32>(pivots + (<usize>j << 2), best)
    if (best != j) swapRows(width, entry(a, lda, best, 0), entry(a, lda, j, 0))
    if (!(most > 0 && most < Infinity)) {
      if (!failed) failed = j + 1
      continue
    }
    const pivot = get(a, lda, j, j)
    for (let i = j + 1; i < m; i++) {
      const l = get(a, lda, i, j) / pivot
      set(a, lda, i, j, l)
      for (let k = j + 1; k < end; k++) set(a, lda, i, k, get(a, lda, i, k) - l * get(a, lda, j, k))
    }
  }
  return failed
}

/**
 * P A = L U for A [n, n], L (unit lower) and U in place of A; row i was swapped with row pivots[i] (32-bit integers), in
 * ascending order. Returns 0, or 1 + the index of the first pivot that is 0 or not finite.
 */
export function getrf_f64(n: i32, a: usize, lda: i32, pivots: usize, scratch: usize): i32 {
  return luColumns(n, n, 0, n, a, lda, pivots, scratch)
}

/** A X = B, or A'X = B with `trans`, from the factors of `getrf_f64`; X in place of B [n, columns]. */
export function getrs_f64(
  trans: i32, n: i32, columns: i32, lu: usize, ldlu: i32, pivots: usize, b: usize, ldb: i32, scratch: usize,
): void {
  if (!trans) {
    for (let i = 0; i < n; i++) {
      const p = load<i32>(pivots + (<usize>i << 2))
      if (p != i) swapRows(columns, entry(b, ldb, i, 0), entry(b, ldb, p, 0))
    }
  }
  if (columns == 1 && ldb == 1) {
    trsv_f64(trans ? 0 : 1, trans, trans ? 0 : 1, n, lu, ldlu, b)
    trsv_f64(trans ? 1 : 0, trans, trans ? 1 : 0, n, lu, ldlu, b)
  } else {
    leftSolve(trans ? 0 : 1, trans, trans ? 0 : 1, n, columns, lu, ldlu, b, ldb, scratch)
    leftSolve(trans ? 1 : 0, trans, trans ? 1 : 0, n, columns, lu, ldlu, b, ldb, scratch)
  }
  if (trans) {
    for (let i = n - 1; i >= 0; i--) {
      const p = load<i32>(pivots + (<usize>i << 2))
      if (p != i) swapRows(columns, entry(b, ldb, i, 0), entry(b, ldb, p, 0))
    }
  }
}

// ---- symmetric indefinite ----

/** (1 + sqrt(17)) / 8: bounds the growth of a 1 x 1 and of a 2 x 2 pivot alike. */
const BUNCH_KAUFMAN: f64 = 0.6403882032022076

/** Swaps rows and columns p < q of the symmetric matrix whose trailing part from row k on is not yet factored. */
function swapSymmetric(n: i32, a: usize, lda: i32, p: i32, q: i32): void {
  // Columns left of p belong to both: in the trailing part, and in the factor, whose rows move with it.
  swapRows(p, entry(a, lda, p, 0), entry(a, lda, q, 0))
  for (let i = p + 1; i < q; i++) {
    const t = get(a, lda, i, p)
    set(a, lda, i, p, get(a, lda, q, i))
    set(a, lda, q, i, t)
  }
  for (let i = q + 1; i < n; i++) {
    const t = get(a, lda, i, p)
    set(a, lda, i, p, get(a, lda, i, q))
    set(a, lda, i, q, t)
  }
  const t = get(a, lda, p, p)
  set(a, lda, p, p, get(a, lda, q, q))
  set(a, lda, q, q, t)
}

/**
 * P A P' = L D L' for symmetric A [n, n], lower triangle read and overwritten: L unit lower, D with blocks of size 1 and 2 on
 * the diagonal (the entry below the diagonal of a block of size 2 is d21). pivots[k] = p >= 0: block of size 1, rows k and p
 * swapped; pivots[k] = pivots[k + 1] = -1 - p: block of size 2, rows k + 1 and p swapped. Returns 0, or 1 + the index of the
 * first block that is singular or not finite. `work` holds 2 n numbers.
 *
 * Bunch and Kaufman, "Some Stable Methods for Calculating Inertia and Solving Symmetric Linear Systems" (1977), Algorithm A.
 */
export function sytrf_f64(n: i32, a: usize, lda: i32, pivots: usize, work: usize): i32 {
  let failed = 0
  let k = 0
  const first = work
  const second = work + (<usize>n << 3)
  while (k < n) {
    const diagonal = abs<f64>(get(a, lda, k, k))
    let most: f64 = 0
    let r = k
    for (let i = k + 1; i < n; i++) {
      const v = abs<f64>(get(a, lda, i, k))
      if (v > most) {
        most = v
        r = i
      }
    }
    let size = 1
    let p = k
    if (!(max(diagonal, most) > 0) || max(diagonal, most) == Infinity) {
      // A column of zeros, or with a number that is not finite: nothing to eliminate with.
      if (!failed) failed = k + 1
      store<i32>(pivots + (<usize>k << 2), k)
      k++
      continue
    }
    if (diagonal < BUNCH_KAUFMAN * most) {
      let across: f64 = 0
      for (let j = k; j < r; j++) across = max(across, abs<f64>(get(a, lda, r, j)))
      for (let i = r + 1; i < n; i++) across = max(across, abs<f64>(get(a, lda, i, r)))
      if (diagonal * across >= BUNCH_KAUFMAN * most * most) p = k
      else if (abs<f64>(get(a, lda, r, r)) >= BUNCH_KAUFMAN * across) p = r
      else {
        p = r
        size = 2
      }
    }
    if (size == 1) {
      if (p != k) swapSymmetric(n, a, lda, k, p)
      store<i32>(pivots + (<usize>k << 2), p)
      const d = get(a, lda, k, k)
      // The column aside, contiguous; then A_ij -= l_i c_j with l = c / d.
      for (let i = k + 1; i < n; i++) store<f64>(first + (<usize>i << 3), get(a, lda, i, k))
      for (let i = k + 1; i < n; i++) {
        const c = load<f64>(first + (<usize>i << 3))
        if (c == 0) continue
        const l = c / d
        axpy<f64>(i - k, -l, first + (<usize>(k + 1) << 3), entry(a, lda, i, k + 1))
        set(a, lda, i, k, l)
      }
      k++
    } else {
      if (p != k + 1) swapSymmetric(n, a, lda, k + 1, p)
      store<i32>(pivots + (<usize>k << 2), -1 - p)
      store<i32>(pivots + (<usize>(k + 1) << 2), -1 - p)
      // The block divided by d21, the largest of its entries: no product overflows.
      const d21 = get(a, lda, k + 1, k)
      const d11 = get(a, lda, k + 1, k + 1) / d21
      const d22 = get(a, lda, k, k) / d21
      const scale = 1 / (d11 * d22 - 1) / d21
      for (let i = k + 2; i < n; i++) {
        store<f64>(first + (<usize>i << 3), get(a, lda, i, k))
        store<f64>(second + (<usize>i << 3), get(a, lda, i, k + 1))
      }
      for (let i = k + 2; i < n; i++) {
        const c1 = load<f64>(first + (<usize>i << 3))
        const c2 = load<f64>(second + (<usize>i << 3))
        const l1 = scale * (d11 * c1 - c2)
        const l2 = scale * (d22 * c2 - c1)
        const row = entry(a, lda, i, k + 2)
        axpy<f64>(i - k - 1, -l1, first + (<usize>(k + 2) << 3), row)
        axpy<f64>(i - k - 1, -l2, second + (<usize>(k + 2) << 3), row)
        set(a, lda, i, k, l1)
        set(a, lda, i, k + 1, l2)
      }
      k += 2
    }
  }
  return failed
}

/** A x = b from the factors of `sytrf_f64`, x in place of b [n]. */
export function sytrs_f64(n: i32, a: usize, lda: i32, pivots: usize, b: usize): void {
  // Swapping rows k and p also moved the earlier columns of L, so all swaps come first here.
  for (let k = 0; k < n; k++) {
    const p = load<i32>(pivots + (<usize>k << 2))
    if (p >= 0) swapNumbers(b, k, p)
    else swapNumbers(b, ++k, -1 - p)
  }
  let i = 0
  while (i < n) {
    // The entry left of the diagonal in the second row of a block belongs to D.
    const size = load<i32>(pivots + (<usize>i << 2)) >= 0 ? 1 : 2
    for (let r = i; r < i + size; r++) {
      const to = b + (<usize>r << 3)
      store<f64>(to, load<f64>(to) - rowDot<f64>(i, entry(a, lda, r, 0), b))
    }
    i += size
  }
  let k = 0
  while (k < n) {
    const to = b + (<usize>k << 3)
    if (load<i32>(pivots + (<usize>k << 2)) >= 0) {
      store<f64>(to, load<f64>(to) / get(a, lda, k, k))
      k++
    } else {
      const d21 = get(a, lda, k + 1, k)
      const d11 = get(a, lda, k + 1, k + 1) / d21
      const d22 = get(a, lda, k, k) / d21
      const scale = 1 / (d11 * d22 - 1) / d21
      const b1 = load<f64>(to)
      const b2 = load<f64>(to, 8)
      store<f64>(to, scale * (d11 * b1 - b2))
      store<f64>(to, scale * (d22 * b2 - b1), 8)
      k += 2
    }
  }
  i = n - 1
  while (i >= 0) {
    const size = load<i32>(pivots + (<usize>i << 2)) >= 0 ? 1 : 2
    const first = i - size + 1
    for (let r = first; r <= i; r++) axpy<f64>(first, -load<f64>(b + (<usize>r << 3)), entry(a, lda, r, 0), b)
    i -= size
  }
  for (k = n - 1; k >= 0; k--) {
    const p = load<i32>(pivots + (<usize>k << 2))
    if (p >= 0) swapNumbers(b, k, p)
    else {
      swapNumbers(b, k, -1 - p)
      k--
    }
  }
}

// @ts-ignore: decorator
@inline
function swapNumbers(b: usize, i: i32, j: i32): void {
  const p = b + (<usize>i << 3)
  const q = b + (<usize>j << 3)
  const t = load<f64>(p)
  store<f64>(p, load<f64>(q))
  store<f64>(q, t)
}

// ---- QR ----

/** Columns that one block reflector gathers. */
const QR_BLOCK: i32 = 32

/** Bytes of `work` for `geqrf_f64`. */
export function geqrf_work_f64(m: i32, n: i32): i32 {
  return (m * QR_BLOCK + 2 * QR_BLOCK * n + 2 * QR_BLOCK * QR_BLOCK + m + n) * 8
}

/**
 * A = Q R for A [m, n] by Householder reflections H_j = I - tau_j v_j v_j' (v_j has a 1 in row j and its further entries in
 * place of column j below the diagonal), Q = H_0 H_1 ...; R in place of the upper triangle. The block form is that of Schreiber
 * and Van Loan, "A Storage-Efficient WY Representation for Products of Householder Transformations" (1989).
 */
export function geqrf_f64(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize, scratch: usize): void {
  const steps = min(m, n)
  const v = work
  const w = v + (<usize>(m * QR_BLOCK) << 3)
  const w2 = w + (<usize>(QR_BLOCK * n) << 3)
  const t = w2 + (<usize>(QR_BLOCK * n) << 3)
  const z = t + (<usize>(QR_BLOCK * QR_BLOCK) << 3)
  const column = z + (<usize>(QR_BLOCK * QR_BLOCK) << 3)
  for (let k = 0; k < steps; k += QR_BLOCK) {
    const nb = min(QR_BLOCK, steps - k)
    reflectPanel(m, k, nb, a, lda, tau, column)
    const rest = n - k - nb
    if (rest == 0) break
    const rows = m - k
    // V: the panel with its unit diagonal and zeros above it.
    for (let i = 0; i < rows; i++) {
      const from = entry(a, lda, k + i, k)
      const to = v + (<usize>(i * nb) << 3)
      for (let j = 0; j < nb; j++) {
        store<f64>(to + (<usize>j << 3), i > j ? load<f64>(from + (<usize>j << 3)) : i == j ? <f64>1 : <f64>0)
      }
    }
    // I - V T V' = H_k ... H_{k + nb - 1}: T upper triangular, column j from V'v_j.
    gemm<f64>(1, 0, nb, nb, rows, 1, v, nb, v, nb, 0, z, nb, scratch)
    for (let j = 0; j < nb; j++) {
      const tj = load<f64>(tau + (<usize>(k + j) << 3))
      for (let i = 0; i < j; i++) {
        let s: f64 = 0
        for (let l = i; l < j; l++) s += get(t, nb, i, l) * get(z, nb, l, j)
        set(t, nb, i, j, -tj * s)
      }
      set(t, nb, j, j, tj)
      for (let i = j + 1; i < nb; i++) set(t, nb, i, j, 0)
    }
    const right = entry(a, lda, k, k + nb)
    gemm<f64>(1, 0, nb, rest, rows, 1, v, nb, right, lda, 0, w, rest, scratch)
    gemm<f64>(1, 0, nb, rest, nb, 1, t, nb, w, rest, 0, w2, rest, scratch)
    gemm<f64>(0, 0, rows, rest, nb, -1, v, nb, w2, rest, 1, right, lda, scratch)
  }
}

/** Reflections for columns [k, k + nb), applied within them. */
function reflectPanel(m: i32, k: i32, nb: i32, a: usize, lda: i32, tau: usize, column: usize): void {
  const end = k + nb
  const sums = column + (<usize>m << 3)
  for (let j = k; j < end; j++) {
    let most: f64 = 0
    for (let i = j + 1; i < m; i++) most = max(most, abs<f64>(get(a, lda, i, j)))
    const alpha = get(a, lda, j, j)
    if (most == 0) {
      store<f64>(tau + (<usize>j << 3), 0)
      continue
    }
    // Scaled by the largest entry: no square overflows.
    const size = max(most, abs<f64>(alpha))
    let squares: f64 = 0
    for (let i = j; i < m; i++) {
      const x = get(a, lda, i, j) / size
      squares += x * x
    }
    const norm = size * sqrt<f64>(squares)
    const beta = alpha > 0 ? -norm : norm
    const tj = (beta - alpha) / beta
    const scale = 1 / (alpha - beta)
    store<f64>(tau + (<usize>j << 3), tj)
    set(a, lda, j, j, beta)
    for (let i = j + 1; i < m; i++) set(a, lda, i, j, get(a, lda, i, j) * scale)
    const rest = end - j - 1
    if (rest == 0) continue
    // sums = v'A, then A -= tau v sums, over the rest of the panel.
    memory.copy(sums, entry(a, lda, j, j + 1), <usize>rest << 3)
    for (let i = j + 1; i < m; i++) axpy<f64>(rest, get(a, lda, i, j), entry(a, lda, i, j + 1), sums)
    axpy<f64>(rest, -tj, sums, entry(a, lda, j, j + 1))
    for (let i = j + 1; i < m; i++) axpy<f64>(rest, -tj * get(a, lda, i, j), sums, entry(a, lda, i, j + 1))
  }
}
