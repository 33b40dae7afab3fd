// Matrix products (level 3): C = alpha op(A) op(B) + beta C for row-major matrices, after Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication" (2008): panels of A and B are packed so that a 4 x 2-vector tile of C
// stays in registers. Every element of C sums over k in ascending order inside blocks of KC, whatever the tile.

import { at, lanes, mulAdd } from './simd'
import { gemvColumns, gemvRows } from './matrix-vector'

/** Rows of a register tile; its columns are two vectors. */
const MR: i32 = 4
/** Depth of a packed block: one panel of B (KC * 32 bytes) stays in the first-level cache. */
const KC: i32 = 256
/** Rows of a packed block of A (MC * KC numbers stay in the second-level cache) and columns of a packed block of B. */
const MC: i32 = 128
const NC: i32 = 512
/** Bytes kept at the start of scratch for one tile that sticks out of C. */
const TILE: usize = 128

/** Columns of a register tile. */
// @ts-ignore: decorator
@inline
function tileColumns<T extends number>(): i32 {
  return 2 * lanes<T>()
}

// @ts-ignore: decorator
@inline
function roundUp(n: i32, multiple: i32): i32 {
  return ((n + multiple - 1) / multiple) * multiple
}

// @ts-ignore: decorator
@inline
function scratchBytes<T extends number>(m: i32, n: i32, k: i32): i32 {
  const depth = min(k, KC)
  const numbers = roundUp(min(m, MC), MR) * depth + roundUp(min(n, NC), tileColumns<T>()) * depth
  return numbers * <i32>sizeof<T>() + 256
}

/** Bytes of scratch memory that a product with these sizes may use. Grows with each size, up to a fixed bound. */
export function gemm_scratch_f64(m: i32, n: i32, k: i32): i32 {
  return scratchBytes<f64>(m, n, k)
}
export function gemm_scratch_f32(m: i32, n: i32, k: i32): i32 {
  return scratchBytes<f32>(m, n, k)
}

/** Packs `count` rows out of `width`, each contiguous along k, as k groups of `width`; missing rows become zeros. */
// @ts-ignore: decorator
@inline
function packAcross<T extends number>(width: i32, count: i32, k: i32, source: usize, stride: usize, to: usize): void {
  if (count == width) {
    for (let group = 0; group < width; group += 4) {
      let s0 = source + <usize>group * stride
      let s1 = s0 + stride
      let s2 = s1 + stride
      let s3 = s2 + stride
      let d = at<T>(to, group)
      const step = <usize>width * sizeof<T>()
      let p = 0
      if (sizeof<T>() == 8) {
        for (; p <= k - 2; p += 2) {
          const a = v128.load(s0)
          const b = v128.load(s1)
          const c = v128.load(s2)
          const e = v128.load(s3)
          v128.store(d, v128.shuffle<f64>(a, b, 0, 2))
          v128.store(d, v128.shuffle<f64>(c, e, 0, 2), 16)
          v128.store(d + step, v128.shuffle<f64>(a, b, 1, 3))
          v128.store(d + step, v128.shuffle<f64>(c, e, 1, 3), 16)
          s0 += 16
          s1 += 16
          s2 += 16
          s3 += 16
          d += 2 * step
        }
      } else {
        for (; p <= k - 4; p += 4) {
          const a = v128.load(s0)
          const b = v128.load(s1)
          const c = v128.load(s2)
          const e = v128.load(s3)
          const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
          const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5)
          const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
          const ce2 = v128.shuffle<f32>(c, e, 2, 6, 3, 7)
          v128.store(d, v128.shuffle<f64>(ab, ce, 0, 2))
          v128.store(d + step, v128.shuffle<f64>(ab, ce, 1, 3))
          v128.store(d + 2 * step, v128.shuffle<f64>(ab2, ce2, 0, 2))
          v128.store(d + 3 * step, v128.shuffle<f64>(ab2, ce2, 1, 3))
          s0 += 16
          s1 += 16
          s2 += 16
          s3 += 16
          d += 4 * step
        }
      }
      for (; p < k; p++) {
        store<T>(d, load<T>(s0))
        store<T>(at<T>(d, 1), load<T>(s1))
        store<T>(at<T>(d, 2), load<T>(s2))
        store<T>(at<T>(d, 3), load<T>(s3))
        s0 += sizeof<T>()
        s1 += sizeof<T>()
        s2 += sizeof<T>()
        s3 += sizeof<T>()
        d += step
      }
    }
    return
  }
  for (let i = 0; i < width; i++) {
    let d = at<T>(to, i)
    let s = source + <usize>i * stride
    for (let p = 0; p < k; p++) {
      store<T>(d, i < count ? load<T>(s) : <T>0)
      s += sizeof<T>()
      d = at<T>(d, width)
    }
  }
}

/** Packs k rows of `count` out of `width` contiguous numbers; missing ones become zeros. */
// @ts-ignore: decorator
@inline
function packAlong<T extends number>(width: i32, count: i32, k: i32, source: usize, stride: usize, to: usize): void {
  const bytes = <usize>width * sizeof<T>()
  if (count == width) {
    for (let p = 0; p < k; p++) {
      for (let j: usize = 0; j < bytes; j += 16) v128.store(to + j, v128.load(source + j))
      source += stride
      to += bytes
    }
    return
  }
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < width; i++) store<T>(at<T>(to, i), i < count ? load<T>(at<T>(source, i)) : <T>0)
    source += stride
    to += bytes
  }
}

/** A block op(A)[0:m, 0:k] as panels of MR rows. `a` is the address of its first number, `lda` in bytes. */
function packA<T extends number>(trans: i32, m: i32, k: i32, a: usize, lda: usize, to: usize): void {
  for (let i = 0; i < m; i += MR) {
    const count = min(MR, m - i)
    if (trans) packAlong<T>(MR, count, k, at<T>(a, i), lda, to)
    else packAcross<T>(MR, count, k, a + <usize>i * lda, lda, to)
    to = at<T>(to, MR * k)
  }
}

/** A block op(B)[0:k, 0:n] as panels of two vectors of columns. */
function packB<T extends number>(trans: i32, k: i32, n: i32, b: usize, ldb: usize, to: usize): void {
  const NR = tileColumns<T>()
  for (let j = 0; j < n; j += NR) {
    const count = min(NR, n - j)
    if (trans) packAcross<T>(NR, count, k, b + <usize>j * ldb, ldb, to)
    else packAlong<T>(NR, count, k, at<T>(b, j), ldb, to)
    to = at<T>(to, NR * k)
  }
}

// @ts-ignore: decorator
@inline
function putVector<T extends number>(c: usize, alpha: v128, acc: v128, beta: v128, overwrite: bool): void {
  const t = v128.mul<T>(alpha, acc)
  v128.store(c, overwrite ? t : v128.add<T>(v128.mul<T>(beta, v128.load(c)), t))
}

/** One tile: C[0:4, 0:NR] = alpha panel(A) panel(B) + beta C, k >= 1. With beta 0, C is not read. `ldc` in bytes. */
function tile<T extends number>(k: i32, a: usize, b: usize, alpha: T, beta: T, c: usize, ldc: usize): void {
  let c00 = v128.splat<T>(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  const size = sizeof<T>()
  // Four steps of k a round. Leaving between any two of them keeps the compiler from loading the operands of all four at
  // once, which would spill the sums from registers (a third of the speed on V8).
  for (;;) {
    let b0 = v128.load(b)
    let b1 = v128.load(b, 16)
    let x = v128.load_splat<T>(a)
    c00 = mulAdd<T>(c00, x, b0)
    c01 = mulAdd<T>(c01, x, b1)
    x = v128.load_splat<T>(a, size)
    c10 = mulAdd<T>(c10, x, b0)
    c11 = mulAdd<T>(c11, x, b1)
    x = v128.load_splat<T>(a, 2 * size)
    c20 = mulAdd<T>(c20, x, b0)
    c21 = mulAdd<T>(c21, x, b1)
    x = v128.load_splat<T>(a, 3 * size)
    c30 = mulAdd<T>(c30, x, b0)
    c31 = mulAdd<T>(c31, x, b1)
    if (k == 1) break

    b0 = v128.load(b, 32)
    b1 = v128.load(b, 48)
    x = v128.load_splat<T>(a, 4 * size)
    c00 = mulAdd<T>(c00, x, b0)
    c01 = mulAdd<T>(c01, x, b1)
    x = v128.load_splat<T>(a, 5 * size)
    c10 = mulAdd<T>(c10, x, b0)
    c11 = mulAdd<T>(c11, x, b1)
    x = v128.load_splat<T>(a, 6 * size)
    c20 = mulAdd<T>(c20, x, b0)
    c21 = mulAdd<T>(c21, x, b1)
    x = v128.load_splat<T>(a, 7 * size)
    c30 = mulAdd<T>(c30, x, b0)
    c31 = mulAdd<T>(c31, x, b1)
    if (k == 2) break

    b0 = v128.load(b, 64)
    b1 = v128.load(b, 80)
    x = v128.load_splat<T>(a, 8 * size)
    c00 = mulAdd<T>(c00, x, b0)
    c01 = mulAdd<T>(c01, x, b1)
    x = v128.load_splat<T>(a, 9 * size)
    c10 = mulAdd<T>(c10, x, b0)
    c11 = mulAdd<T>(c11, x, b1)
    x = v128.load_splat<T>(a, 10 * size)
    c20 = mulAdd<T>(c20, x, b0)
    c21 = mulAdd<T>(c21, x, b1)
    x = v128.load_splat<T>(a, 11 * size)
    c30 = mulAdd<T>(c30, x, b0)
    c31 = mulAdd<T>(c31, x, b1)
    if (k == 3) break

    b0 = v128.load(b, 96)
    b1 = v128.load(b, 112)
    x = v128.load_splat<T>(a, 12 * size)
    c00 = mulAdd<T>(c00, x, b0)
    c01 = mulAdd<T>(c01, x, b1)
    x = v128.load_splat<T>(a, 13 * size)
    c10 = mulAdd<T>(c10, x, b0)
    c11 = mulAdd<T>(c11, x, b1)
    x = v128.load_splat<T>(a, 14 * size)
    c20 = mulAdd<T>(c20, x, b0)
    c21 = mulAdd<T>(c21, x, b1)
    x = v128.load_splat<T>(a, 15 * size)
    c30 = mulAdd<T>(c30, x, b0)
    c31 = mulAdd<T>(c31, x, b1)
    if (k == 4) break
    k -= 4
    a += 16 * size
    b += 128
  }
  const al = v128.splat<T>(alpha)
  const be = v128.splat<T>(beta)
  const overwrite = beta == 0
  putVector<T>(c, al, c00, be, overwrite)
  putVector<T>(c + 16, al, c01, be, overwrite)
  c += ldc
  putVector<T>(c, al, c10, be, overwrite)
  putVector<T>(c + 16, al, c11, be, overwrite)
  c += ldc
  putVector<T>(c, al, c20, be, overwrite)
  putVector<T>(c + 16, al, c21, be, overwrite)
  c += ldc
  putVector<T>(c, al, c30, be, overwrite)
  putVector<T>(c + 16, al, c31, be, overwrite)
}

/**
 * Part of a tile that sticks out of C, or crosses the diagonal of a triangle: the numbers of a whole tile, computed aside,
 * go to rows [0, rows) and, in row i, columns [0, min(columns, i + reach)).
 */
function putPart<T extends number>(
  from: usize, rows: i32, columns: i32, reach: i32, beta: T, c: usize, ldc: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const end = min(columns, i + reach)
    for (let j = 0; j < end; j++) {
      const t = load<T>(at<T>(from, i * tileColumns<T>() + j))
      const to = at<T>(c, j)
      store<T>(to, beta == 0 ? t : <T>(beta * load<T>(to) + t))
    }
    c += ldc
  }
}

/** A reach that no tile exceeds. */
const EVERYWHERE: i32 = 0x3fffffff

/**
 * C = alpha op(A) op(B) + beta C by packed blocks; with `lower`, only elements on and below the diagonal of C are computed
 * and written.
 */
function packedProduct<T extends number>(
  lower: bool, transA: i32, transB: i32, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: usize, b: usize, ldb: usize,
  beta: T, c: usize, ldc: usize, scratch: usize,
): void {
  const NR = tileColumns<T>()
  const aside = (scratch + 15) & ~15
  const packedB = aside + TILE
  const packedA = at<T>(packedB, roundUp(min(n, NC), NR) * min(k, KC))
  for (let jc = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc)
    for (let pc = 0; pc < k; pc += KC) {
      const kc = min(KC, k - pc)
      const blockBeta = pc == 0 ? beta : <T>1
      packB<T>(transB, kc, nc, transB ? at<T>(b + <usize>jc * ldb, pc) : at<T>(b + <usize>pc * ldb, jc), ldb, packedB)
      for (let ic = lower ? (jc / MR) * MR : 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic)
        packA<T>(transA, mc, kc, transA ? at<T>(a + <usize>pc * lda, ic) : at<T>(a + <usize>ic * lda, pc), lda, packedA)
        for (let jr = 0; jr < nc; jr += NR) {
          const panelB = at<T>(packedB, jr * kc)
          const columns = min(NR, nc - jr)
          for (let ir = 0; ir < mc; ir += MR) {
            // Row i of the tile reaches the diagonal at column i + reach - 1.
            const reach = lower ? ic + ir - jc - jr + 1 : EVERYWHERE
            if (reach + MR - 1 <= 0) continue
            const rows = min(MR, mc - ir)
            const panelA = at<T>(packedA, ir * kc)
            const corner = at<T>(c + <usize>(ic + ir) * ldc, jc + jr)
            if (rows == MR && columns == NR && reach >= NR) {
              tile<T>(kc, panelA, panelB, alpha, blockBeta, corner, ldc)
            } else {
              tile<T>(kc, panelA, panelB, alpha, 0, aside, <usize>NR * sizeof<T>())
              putPart<T>(aside, rows, columns, reach, blockBeta, corner, ldc)
            }
          }
        }
      }
    }
  }
}

/** Rows [0, 4) of a narrow product without packing: `step` bytes lead from one number of a row of op(A) to the next. */
function directTile<T extends number>(
  k: i32, a: usize, rowStep: usize, step: usize, b: usize, ldb: usize, alpha: T, beta: T, c: usize, ldc: usize,
): void {
  let a1 = a + rowStep
  let a2 = a1 + rowStep
  let a3 = a2 + rowStep
  let c00 = v128.splat<T>(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  for (; k > 0; k--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let x = v128.load_splat<T>(a)
    c00 = mulAdd<T>(c00, x, b0)
    c01 = mulAdd<T>(c01, x, b1)
    x = v128.load_splat<T>(a1)
    c10 = mulAdd<T>(c10, x, b0)
    c11 = mulAdd<T>(c11, x, b1)
    x = v128.load_splat<T>(a2)
    c20 = mulAdd<T>(c20, x, b0)
    c21 = mulAdd<T>(c21, x, b1)
    x = v128.load_splat<T>(a3)
    c30 = mulAdd<T>(c30, x, b0)
    c31 = mulAdd<T>(c31, x, b1)
    a += step
    a1 += step
    a2 += step
    a3 += step
    b += ldb
  }
  const al = v128.splat<T>(alpha)
  const be = v128.splat<T>(beta)
  const overwrite = beta == 0
  putVector<T>(c, al, c00, be, overwrite)
  putVector<T>(c + 16, al, c01, be, overwrite)
  c += ldc
  putVector<T>(c, al, c10, be, overwrite)
  putVector<T>(c + 16, al, c11, be, overwrite)
  c += ldc
  putVector<T>(c, al, c20, be, overwrite)
  putVector<T>(c + 16, al, c21, be, overwrite)
  c += ldc
  putVector<T>(c, al, c30, be, overwrite)
  putVector<T>(c + 16, al, c31, be, overwrite)
}

/** One row, two vectors of columns. */
function directRow<T extends number>(
  k: i32, a: usize, step: usize, b: usize, ldb: usize, alpha: T, beta: T, c: usize,
): void {
  let c0 = v128.splat<T>(0)
  let c1 = c0
  for (; k > 0; k--) {
    const x = v128.load_splat<T>(a)
    c0 = mulAdd<T>(c0, x, v128.load(b))
    c1 = mulAdd<T>(c1, x, v128.load(b, 16))
    a += step
    b += ldb
  }
  const al = v128.splat<T>(alpha)
  const be = v128.splat<T>(beta)
  putVector<T>(c, al, c0, be, beta == 0)
  putVector<T>(c + 16, al, c1, be, beta == 0)
}

/** One column over all rows of a block, number by number. */
function directColumn<T extends number>(
  m: i32, k: i32, a: usize, rowStep: usize, step: usize, b: usize, ldb: usize, alpha: T, beta: T, c: usize, ldc: usize,
): void {
  for (let i = 0; i < m; i++) {
    let s: T = 0
    let p = a
    let q = b
    for (let l = 0; l < k; l++) {
      s = <T>(s + load<T>(p) * load<T>(q))
      p += step
      q += ldb
    }
    const t: T = alpha * s
    store<T>(c, beta == 0 ? t : <T>(beta * load<T>(c) + t))
    a += rowStep
    c += ldc
  }
}

/** One vector of columns over all rows of a block. */
function directVector<T extends number>(
  m: i32, k: i32, a: usize, rowStep: usize, step: usize, b: usize, ldb: usize, alpha: T, beta: T, c: usize, ldc: usize,
): void {
  const al = v128.splat<T>(alpha)
  const be = v128.splat<T>(beta)
  for (let i = 0; i < m; i++) {
    let s = v128.splat<T>(0)
    let p = a
    let q = b
    for (let l = 0; l < k; l++) {
      s = mulAdd<T>(s, v128.load_splat<T>(p), v128.load(q))
      p += step
      q += ldb
    }
    putVector<T>(c, al, s, be, beta == 0)
    a += rowStep
    c += ldc
  }
}

/** A product whose packing would cost more than it saves; op(B) = B. */
function directProduct<T extends number>(
  transA: i32, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: usize, b: usize, ldb: usize, beta: T, c: usize,
  ldc: usize,
): void {
  const NR = tileColumns<T>()
  const L = lanes<T>()
  const rowStep = transA ? sizeof<T>() : lda
  const step = transA ? lda : sizeof<T>()
  for (let pc = 0; pc < k; pc += KC) {
    const kc = min(KC, k - pc)
    const blockBeta = pc == 0 ? beta : <T>1
    const rowsOfB = b + <usize>pc * ldb
    const left = a + <usize>pc * step
    let j = 0
    for (; j <= n - NR; j += NR) {
      let i = 0
      for (; i <= m - MR; i += MR) {
        directTile<T>(
          kc, left + <usize>i * rowStep, rowStep, step, at<T>(rowsOfB, j), ldb, alpha, blockBeta,
          at<T>(c + <usize>i * ldc, j), ldc,
        )
      }
      for (; i < m; i++) {
        directRow<T>(
          kc, left + <usize>i * rowStep, step, at<T>(rowsOfB, j), ldb, alpha, blockBeta, at<T>(c + <usize>i * ldc, j),
        )
      }
    }
    for (; j <= n - L; j += L) {
      directVector<T>(m, kc, left, rowStep, step, at<T>(rowsOfB, j), ldb, alpha, blockBeta, at<T>(c, j), ldc)
    }
    for (; j < n; j++) {
      directColumn<T>(m, kc, left, rowStep, step, at<T>(rowsOfB, j), ldb, alpha, blockBeta, at<T>(c, j), ldc)
    }
  }
}

// @ts-ignore: decorator
@inline
function scaleMatrix<T extends number>(lower: bool, m: i32, n: i32, beta: T, c: usize, ldc: usize): void {
  for (let i = 0; i < m; i++) {
    const end = lower ? min(n, i + 1) : n
    for (let j = 0; j < end; j++) {
      const to = at<T>(c, j)
      store<T>(to, beta == 0 ? <T>0 : <T>(beta * load<T>(to)))
    }
    c += ldc
  }
}

/**
 * C = alpha op(A) op(B) + beta C with op(A) [m, k], op(B) [k, n], C [m, n]; op transposes where its flag is 1. With beta 0, C
 * is not read. `scratch` must offer `gemm_scratch(m, n, k)` bytes.
 */
export function gemm<T extends number>(
  transA: i32, transB: i32, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, b: usize, ldb: i32, beta: T, c: usize,
  ldc: i32, scratch: usize,
): void {
  if (m <= 0 || n <= 0) return
  const rowA = <usize>lda * sizeof<T>()
  const rowB = <usize>ldb * sizeof<T>()
  const rowC = <usize>ldc * sizeof<T>()
  if (k <= 0 || alpha == 0) {
    scaleMatrix<T>(false, m, n, beta, c, rowC)
    return
  }
  if (n == 1 && ldc == 1 && (transB ? true : ldb == 1)) {
    // One column of C: a matrix-vector product, if the column of op(B) is contiguous.
    if (transA) gemvColumns<T>(k, m, alpha, a, lda, b, beta, c)
    else gemvRows<T>(m, k, alpha, a, lda, b, beta, c)
    return
  }
  if (m <= 4 && !transA && transB) {
    for (let i = 0; i < m; i++) gemvRows<T>(n, k, alpha, b, ldb, a + <usize>i * rowA, beta, c + <usize>i * rowC)
    return
  }
  if (m == 1 && !transA) {
    gemvColumns<T>(k, n, alpha, b, ldb, a, beta, c)
    return
  }
  if (!transB && (m <= 8 || (n <= 8 && !transA) || <i64>m * n * k <= 32 * 32 * 32)) {
    directProduct<T>(transA, m, n, k, alpha, a, rowA, b, rowB, beta, c, rowC)
    return
  }
  packedProduct<T>(false, transA, transB, m, n, k, alpha, a, rowA, b, rowB, beta, c, rowC, scratch)
}

/**
 * The lower triangle of C = alpha A A' + beta C (A [n, k]), or alpha A'A + beta C (A [k, n]) with `trans`; with `full`, the
 * upper triangle is filled by symmetry. Needs scratch for (n, n, k).
 */
export function syrk<T extends number>(
  full: bool, trans: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, beta: T, c: usize, ldc: i32, scratch: usize,
): void {
  const rowA = <usize>lda * sizeof<T>()
  const rowC = <usize>ldc * sizeof<T>()
  if (k <= 0 || alpha == 0) scaleMatrix<T>(true, n, n, beta, c, rowC)
  else packedProduct<T>(true, trans, 1 - trans, n, n, k, alpha, a, rowA, a, rowA, beta, c, rowC, scratch)
  if (full) mirror<T>(n, c, rowC)
}

/** Copies the lower triangle of C to the upper one, in square blocks for the cache's sake. */
function mirror<T extends number>(n: i32, c: usize, ldc: usize): void {
  const block = 32
  for (let ib = 0; ib < n; ib += block) {
    for (let jb = 0; jb <= ib; jb += block) {
      const end = min(n, ib + block)
      for (let i = ib; i < end; i++) {
        const stop = min(i, jb + block)
        for (let j = jb; j < stop; j++) store<T>(at<T>(c + <usize>j * ldc, i), load<T>(at<T>(c + <usize>i * ldc, j)))
      }
    }
  }
}

export function gemm_f64(
  transA: i32, transB: i32, m: i32, n: i32, k: i32, alpha: f64, a: usize, lda: i32, b: usize, ldb: i32, beta: f64,
  c: usize, ldc: i32, scratch: usize,
): void {
  gemm<f64>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch)
}
export function gemm_f32(
  transA: i32, transB: i32, m: i32, n: i32, k: i32, alpha: f32, a: usize, lda: i32, b: usize, ldb: i32, beta: f32,
  c: usize, ldc: i32, scratch: usize,
): void {
  gemm<f32>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch)
}
export function syrk_f64(
  full: i32, trans: i32, n: i32, k: i32, alpha: f64, a: usize, lda: i32, beta: f64, c: usize, ldc: i32, scratch: usize,
): void {
  syrk<f64>(full != 0, trans, n, k, alpha, a, lda, beta, c, ldc, scratch)
}
export function syrk_f32(
  full: i32, trans: i32, n: i32, k: i32, alpha: f32, a: usize, lda: i32, beta: f32, c: usize, ldc: i32, scratch: usize,
): void {
  syrk<f32>(full != 0, trans, n, k, alpha, a, lda, beta, c, ldc, scratch)
}
