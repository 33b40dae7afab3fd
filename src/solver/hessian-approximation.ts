/**
 * A symmetric positive semidefinite stand-in H(x) for the Hessian of f, in the form that makes it cheap. A problem offers
 * them by name (`hessianApproximations: { fisher: {...} }`), a method picks one by name (`approximation: 'fisher'`). Calls of
 * `evaluate` count as `hessian`, calls of `product` as `hessianProduct`. All arrays are the caller's; `x` is never written.
 *
 * - `dense`: H as n*n row-major, both triangles; `product`, where given, writes H(x) v without the matrix.
 * - `diagonal`: H = Diag(out), out of length n, entries >= 0.
 * - `rank-one`: H = a v v^T; writes v (length n) and returns a >= 0.
 * - `low-rank`: H = sum_i w_i v_i v_i^T; writes the `rank` rows v_i (rank*n row-major) and the weights w_i >= 0.
 * - `operator`: H(x) v only.
 */
export type HessianApproximation =
  | {
      readonly kind: 'dense'
      evaluate(x: Float64Array, out: Float64Array): void
      product?(x: Float64Array, v: Float64Array, out: Float64Array): void
    }
  | { readonly kind: 'diagonal'; evaluate(x: Float64Array, out: Float64Array): void }
  | { readonly kind: 'rank-one'; evaluate(x: Float64Array, vector: Float64Array): number }
  | {
      readonly kind: 'low-rank'
      /** Number of rank-one terms, an integer >= 1. */
      readonly rank: number
      evaluate(x: Float64Array, vectors: Float64Array, weights: Float64Array): void
    }
  | { readonly kind: 'operator'; product(x: Float64Array, v: Float64Array, out: Float64Array): void }

/** Approximations of one Hessian, by name. */
export type HessianApproximations = Readonly<Record<string, HessianApproximation>>
