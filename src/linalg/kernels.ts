import { kernelModuleBase64 } from './kernels.generated.ts'

/** out[i] = f(x[i]) for i < n; `out` may be `x`. */
type ArrayKernel = (n: number, x: number, out: number) => void
type ScalarKernel = (x: number) => number
/** Per row of a contiguous [rows, columns] matrix. */
type RowKernel = (rows: number, columns: number, x: number, out: number) => void
type Reduction = (n: number, x: number) => number
type Gemm = (
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
  scratch: number,
) => void
type Gemv = (
  trans: number,
  m: number,
  n: number,
  alpha: number,
  a: number,
  lda: number,
  x: number,
  beta: number,
  y: number,
) => void
type Syrk = (
  full: number,
  trans: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  beta: number,
  c: number,
  ldc: number,
  scratch: number,
) => void

/**
 * Names of the element-wise functions that exist as kernels. Bounds on the error, held by tests against 100-bit references over
 * all ranges, in units in the last place, for double and single precision: exp 1.01 and 1.02, log 0.85 and 0.85, expm1 1.2 and
 * 0.51, log1p 0.85 and 0.51, tanh 1.6 and 1.4, sigmoid 2 and 2, softplus 1.6 and 0.51, erf 1 and 1.5, sin and cos 0.85 and 0.51
 * (for all arguments, however large). Subnormal numbers, signed zeros, infinities and NaN are treated as IEEE 754 recommends.
 */
export type KernelFunctionName =
  | 'exp'
  | 'log'
  | 'expm1'
  | 'log1p'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'sin'
  | 'cos'

type PerPrecision<Name extends string, F> = { readonly [K in `${Name}_f64` | `${Name}_f32`]: F }
type ElementwiseKernels = PerPrecision<KernelFunctionName, ArrayKernel> & {
  readonly [K in `${KernelFunctionName}_f64_scalar` | `${KernelFunctionName}_f32_scalar`]: ScalarKernel
}

/**
 * The raw kernels, bound to one memory. Matrices are row-major; pointers are byte offsets (multiples of the size of a
 * number); leading dimensions, strides and lengths count numbers; flags are 0 or 1. Nothing is checked. Kernels allocate
 * nothing: those that pack or stage take the address of scratch memory.
 *
 * For other WebAssembly modules to import there are, beside the functions typed here, `exp_f64x2`, `exp_f32x4` and so on, from
 * v128 to v128, with the same bits as `exp_f64_scalar` and the array kernels.
 */
export interface Kernels extends ElementwiseKernels {
  /** C = alpha op(A) op(B) + beta C, op(A) [m, k], op(B) [k, n]; with beta 0, C is not read. */
  readonly gemm_f64: Gemm
  readonly gemm_f32: Gemm
  /** Bytes of scratch that a product of these sizes may use. */
  readonly gemm_scratch_f64: (m: number, n: number, k: number) => number
  readonly gemm_scratch_f32: (m: number, n: number, k: number) => number
  /** C = alpha A A' + beta C (A [n, k]; with trans, A'A for A [k, n]): lower triangle, and by symmetry all with `full`. */
  readonly syrk_f64: Syrk
  readonly syrk_f32: Syrk
  /** y = alpha A x + beta y for A [m, n], or alpha A'x + beta y with trans; with beta 0, y is not read. */
  readonly gemv_f64: Gemv
  readonly gemv_f32: Gemv
  /** A += alpha x y', A [m, n]. */
  readonly ger_f64: (m: number, n: number, alpha: number, x: number, y: number, a: number, lda: number) => void
  readonly ger_f32: Kernels['ger_f64']
  /** Solves op(T) x = b in place of b, T [n, n] triangular, with ones on its diagonal if `unit`. */
  readonly trsv_f64: (lower: number, trans: number, unit: number, n: number, t: number, ldt: number, x: number) => void
  /** Solves op(T) X = B, or X op(T) = B with `right`, in place of B [m, n]. */
  readonly trsm_f64: (
    right: number,
    lower: number,
    trans: number,
    unit: number,
    m: number,
    n: number,
    t: number,
    ldt: number,
    b: number,
    ldb: number,
    scratch: number,
  ) => void
  /** A = L L' in the lower triangle; 0, or 1 + the index of the first pivot that is not positive and finite. */
  readonly potrf_f64: (n: number, a: number, lda: number, scratch: number) => number
  /** P A = L U in place; pivots are 32-bit integers; 0, or 1 + the index of the first zero or non-finite pivot. */
  readonly getrf_f64: (n: number, a: number, lda: number, pivots: number, scratch: number) => number
  readonly getrs_f64: (
    trans: number,
    n: number,
    columns: number,
    lu: number,
    ldlu: number,
    pivots: number,
    b: number,
    ldb: number,
    scratch: number,
  ) => void
  /** P A P' = L D L' in the lower triangle (Bunch-Kaufman); `work` holds 2 n numbers. */
  readonly sytrf_f64: (n: number, a: number, lda: number, pivots: number, work: number) => number
  readonly sytrs_f64: (n: number, a: number, lda: number, pivots: number, b: number) => void
  /** v <- H v for the L-BFGS matrix of `count` pairs in a ring of rows [memory, n]; `coefficients` is work. */
  readonly two_loop_f64: (
    n: number,
    memory: number,
    next: number,
    count: number,
    scale: number,
    steps: number,
    changes: number,
    curvatures: number,
    coefficients: number,
    v: number,
  ) => void
  /** A = Q R (Householder, A [m, n]); `tau` holds min(m, n) numbers, `work` what `geqrf_work_f64` says in bytes. */
  readonly geqrf_f64: (m: number, n: number, a: number, lda: number, tau: number, work: number, scratch: number) => void
  readonly geqrf_work_f64: (m: number, n: number) => number
  /** y = alpha A x + beta y for A [m, n] in compressed rows. */
  readonly spmv_f64: (
    m: number,
    rowPointers: number,
    columns: number,
    values: number,
    alpha: number,
    x: number,
    beta: number,
    y: number,
  ) => void
  readonly spmv_t_f64: (
    m: number,
    n: number,
    rowPointers: number,
    columns: number,
    values: number,
    alpha: number,
    x: number,
    beta: number,
    y: number,
  ) => void
  /** C = alpha A B + beta C for sparse A [m, n] and dense B [n, k]. */
  readonly spmm_f64: (
    m: number,
    k: number,
    rowPointers: number,
    columns: number,
    values: number,
    alpha: number,
    b: number,
    ldb: number,
    beta: number,
    c: number,
    ldc: number,
  ) => void
  readonly dot_f64: (n: number, x: number, y: number) => number
  readonly dot_f32: (n: number, x: number, y: number) => number
  /** y += alpha x. */
  readonly axpy_f64: (n: number, alpha: number, x: number, y: number) => void
  readonly axpy_f32: (n: number, alpha: number, x: number, y: number) => void
  /** y = alpha x + beta y; with beta 0, y is not read. */
  readonly axpby_f64: (n: number, alpha: number, x: number, beta: number, y: number) => void
  readonly axpby_f32: (n: number, alpha: number, x: number, beta: number, y: number) => void
  readonly scal_f64: (n: number, alpha: number, x: number) => void
  readonly scal_f32: (n: number, alpha: number, x: number) => void
  /** The Euclidean norm, safe from overflow and underflow. */
  readonly nrm2_f64: Reduction
  readonly nrm2_f32: Reduction
  readonly sum_f64: Reduction
  readonly sum_f32: Reduction
  readonly asum_f64: Reduction
  readonly asum_f32: Reduction
  readonly amax_f64: Reduction
  readonly amax_f32: Reduction
  readonly max_f64: Reduction
  readonly max_f32: Reduction
  readonly copy_f64: (n: number, x: number, y: number) => void
  readonly copy_f32: (n: number, x: number, y: number) => void
  readonly fill_f64: (n: number, value: number, x: number) => void
  readonly fill_f32: (n: number, value: number, x: number) => void
  readonly multiply_f64: (n: number, x: number, y: number, out: number) => void
  /** out[i] = log sum_j exp(x_ij). */
  readonly logsumexp_rows_f64: RowKernel
  readonly logsumexp_rows_f32: RowKernel
  /** out_ij = exp(x_ij) / sum_l exp(x_il); `out` may be `x`. */
  readonly softmax_rows_f64: RowKernel
  readonly softmax_rows_f32: RowKernel
  readonly multiply_f32: (n: number, x: number, y: number, out: number) => void
}

let compiled: WebAssembly.Module | undefined

/** The kernel module, compiled at the first call. */
export function kernelModule(): WebAssembly.Module {
  if (compiled === undefined) {
    const binary = atob(kernelModuleBase64)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
    compiled = new WebAssembly.Module(bytes)
  }
  return compiled
}

/**
 * The kernels on the given memory. They keep no state and write only where pointers point; but binding them writes constant
 * tables that some kernels outside linear algebra (those of optimal transport) use, somewhere in bytes [1024, 8192): bind them
 * before the memory holds anything there, and keep out of there to use those.
 */
export function kernelsOn(memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(kernelModule(), { env: { memory } }).exports as unknown as Kernels
}
