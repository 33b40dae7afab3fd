import type { DenseEngine } from './dense-engine.ts'

// OpenBLAS through the optional package koffi. This is the only file of the room that knows Node, and it asks for it at run
// time: in a browser, or where a bundler has replaced `process`, nothing is found and nothing happens. Row-major matrices are
// handed over as the transposes of column-major ones, so that nothing is copied.

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly versions?: { readonly node?: string }
  readonly platform?: string
  getBuiltinModule?(name: string): unknown
}

type Native = (...args: readonly unknown[]) => unknown

interface Library {
  func(signature: string): Native
}

interface Koffi {
  load(path: string): Library
}

/** OpenBLAS, loaded. */
export interface OpenBlas {
  readonly engine: DenseEngine
  /** Version and core type as the library states them. */
  readonly description: string
  readonly threads: number
  /** Eigenvalues (ascending) of symmetric A [n, n]; eigenvectors become the rows of A. 0, or LAPACK's info. */
  symmetricEigen(n: number, a: Float64Array, values: Float64Array): number
  /**
   * The thin singular value decomposition of A [m, n] (destroyed): `u` [m, k], `vt` [k, n], k = min(m, n). 0, or LAPACK's info.
   */
  svd(m: number, n: number, a: Float64Array, values: Float64Array, u: Float64Array, vt: Float64Array): number
  /** Bunch-Kaufman of symmetric A [n, n], as LAPACK stores it for the upper triangle of a row-major matrix. */
  sytrf(n: number, a: Float64Array, pivots: Int32Array): number
  sytrs(n: number, a: Float64Array, pivots: Int32Array, b: Float64Array): void
}

function nodeProcess(): NodeProcess | undefined {
  const found = (globalThis as { process?: NodeProcess }).process
  return typeof found?.versions?.node === 'string' ? found : undefined
}

/** What the environment variable THALWEG_BLAS asks for: `wasm`, `openblas`, or nothing. */
export function requestedBackend(): 'wasm' | 'openblas' | undefined {
  const value = nodeProcess()?.env?.THALWEG_BLAS
  return value === 'wasm' || value === 'openblas' ? value : undefined
}

const fileNames: Readonly<Record<string, readonly string[]>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so'],
  darwin: [
    'libopenblas.dylib',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: ['libopenblas.dll', 'openblas.dll'],
}

let loaded: OpenBlas | string | undefined

/** OpenBLAS, or why it cannot be used. Looked for once. */
export function loadOpenBlas(): OpenBlas | string {
  loaded ??= find()
  return loaded
}

function find(): OpenBlas | string {
  const process = nodeProcess()
  if (process === undefined) return 'OpenBLAS needs Node'
  const modules = process.getBuiltinModule?.('node:module') as
    | { createRequire(from: string): (id: string) => unknown }
    | undefined
  if (modules === undefined) return 'this version of Node cannot load modules on demand'
  let koffi: Koffi
  try {
    koffi = modules.createRequire(import.meta.url)('koffi') as Koffi
  } catch {
    return 'the optional package koffi is not installed'
  }
  for (const name of fileNames[process.platform ?? ''] ?? []) {
    try {
      return bind(koffi.load(name), process.env?.OPENBLAS_NUM_THREADS)
    } catch {
      // Not there, or not with the functions that we need: the next name.
    }
  }
  return 'no OpenBLAS library was found'
}

const rowMajor = 101
const plain = 111
const transposed = 112
const upper = 121
const lower_ = 122
const nonUnit = 131
const unit_ = 132
const left = 141
const right_ = 142

function bind(library: Library, wantedThreads: string | undefined): OpenBlas {
  const setThreads = library.func('void openblas_set_num_threads(int n)')
  const getThreads = library.func('int openblas_get_num_threads()')
  const getConfig = library.func('const char *openblas_get_config()')
  const dgemm = library.func(
    'void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha, double *a, int lda, double *b, int ldb, double beta, double *c, int ldc)',
  )
  const dsyrk = library.func(
    'void cblas_dsyrk(int order, int uplo, int trans, int n, int k, double alpha, double *a, int lda, double beta, double *c, int ldc)',
  )
  const dtrsm = library.func(
    'void cblas_dtrsm(int order, int side, int uplo, int trans, int diag, int m, int n, double alpha, double *a, int lda, double *b, int ldb)',
  )
  const dpotrf = library.func('void dpotrf_(const char *uplo, int *n, double *a, int *lda, int *info)')
  const dgetrf = library.func('void dgetrf_(int *m, int *n, double *a, int *lda, int *pivots, int *info)')
  const dsytrf = library.func(
    'void dsytrf_(const char *uplo, int *n, double *a, int *lda, int *pivots, double *work, int *lwork, int *info)',
  )
  const dsytrs = library.func(
    'void dsytrs_(const char *uplo, int *n, int *columns, double *a, int *lda, int *pivots, double *b, int *ldb, int *info)',
  )
  const dsyevd = library.func(
    'void dsyevd_(const char *job, const char *uplo, int *n, double *a, int *lda, double *w, double *work, int *lwork, int *iwork, int *liwork, int *info)',
  )
  const dgesdd = library.func(
    'void dgesdd_(const char *job, int *m, int *n, double *a, int *lda, double *s, double *u, int *ldu, double *vt, int *ldvt, double *work, int *lwork, int *iwork, int *info)',
  )

  // One thread unless the user asks for more: methods run side by side, and sums must not depend on the number of cores.
  if (wantedThreads === undefined) setThreads(1)
  const int = (value: number): Int32Array => Int32Array.of(value)
  const info = new Int32Array(1)

  const engine: DenseEngine = {
    name: 'openblas',
    gemm(transA, transB, m, n, k, alpha, a, b, beta, c) {
      const ta = transA ? transposed : plain
      const tb = transB ? transposed : plain
      const lda = Math.max(1, transA ? m : k)
      const ldb = Math.max(1, transB ? k : n)
      dgemm(rowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, Math.max(1, n))
    },
    syrk(trans, n, k, alpha, a, beta, c) {
      dsyrk(rowMajor, lower_, trans ? transposed : plain, n, k, alpha, a, Math.max(1, trans ? n : k), beta, c, n)
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) c[j * n + i] = c[i * n + j]
    },
    trsm(right, lower, trans, unit, m, n, t, b) {
      dtrsm(
        rowMajor,
        right ? right_ : left,
        lower ? lower_ : upper,
        trans ? transposed : plain,
        unit ? unit_ : nonUnit,
        m,
        n,
        1,
        t,
        right ? n : m,
        b,
        n,
      )
    },
    potrf(n, a) {
      // The lower triangle by rows is the upper one by columns.
      dpotrf('U', int(n), a, int(n), info)
      if (info[0] > 0) return info[0]
      // LAPACK lets a NaN through on the diagonal.
      for (let i = 0; i < n; i++) if (!(a[i * n + i] > 0 && a[i * n + i] < Infinity)) return i + 1
      return 0
    },
    getrf(n, a, pivots) {
      // LAPACK factors by columns: the transpose goes in, and the factors come back transposed.
      transposeSquare(n, a)
      dgetrf(int(n), int(n), a, int(n), pivots, info)
      transposeSquare(n, a)
      for (let i = 0; i < n; i++) pivots[i]--
      for (let i = 0; i < n; i++) {
        const pivot = Math.abs(a[i * n + i])
        if (!(pivot > 0 && pivot < Infinity)) return i + 1
      }
      return 0
    },
  }

  return {
    engine,
    description: String(getConfig()),
    threads: Number(getThreads()),
    symmetricEigen(n, a, values) {
      const size = new Float64Array(1)
      const integerSize = new Int32Array(1)
      dsyevd('V', 'L', int(n), a, int(n), values, size, int(-1), integerSize, int(-1), info)
      const work = new Float64Array(size[0])
      const integers = new Int32Array(integerSize[0])
      dsyevd('V', 'L', int(n), a, int(n), values, work, int(work.length), integers, int(integers.length), info)
      return info[0]
    },
    svd(m, n, a, values, u, vt) {
      // By columns A is A' = V S U': its left factor V [n, k] by columns is V' by rows, its right one U' is U by rows.
      const k = Math.min(m, n)
      const size = new Float64Array(1)
      const integers = new Int32Array(8 * k)
      dgesdd('S', int(n), int(m), a, int(n), values, vt, int(n), u, int(k), size, int(-1), integers, info)
      const work = new Float64Array(size[0])
      dgesdd('S', int(n), int(m), a, int(n), values, vt, int(n), u, int(k), work, int(work.length), integers, info)
      return info[0]
    },
    sytrf(n, a, pivots) {
      const size = new Float64Array(1)
      dsytrf('L', int(n), a, int(n), pivots, size, int(-1), info)
      const work = new Float64Array(size[0])
      dsytrf('L', int(n), a, int(n), pivots, work, int(work.length), info)
      return info[0]
    },
    sytrs(n, a, pivots, b) {
      dsytrs('L', int(n), int(1), a, int(n), pivots, b, int(n), info)
    },
  }
}

function transposeSquare(n: number, a: Float64Array): void {
  const block = 32
  for (let ib = 0; ib < n; ib += block) {
    for (let jb = 0; jb <= ib; jb += block) {
      const iEnd = Math.min(n, ib + block)
      for (let i = ib; i < iEnd; i++) {
        const jEnd = Math.min(i, jb + block)
        for (let j = jb; j < jEnd; j++) {
          const t = a[i * n + j]
          a[i * n + j] = a[j * n + i]
          a[j * n + i] = t
        }
      }
    }
  }
}
