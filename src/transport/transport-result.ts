import type { Certificate, Iterate, Method, Status, Trace } from '../solver/index.ts'
import type { TransportGradient } from './gradients.ts'
import type { TransportPlan } from './plan.ts'
import type { Potentials, TransportProblem } from './transport-data.ts'

/** Names of methods for regularized transport. */
export type EntropicMethodName =
  | 'sinkhorn'
  | 'sinkhorn-log'
  | 'sinkhorn-overrelaxed'
  | 'sinkhorn-epsilon-scaling'
  | 'greenkhorn'
  | 'sinkhorn-newton-sparse'
  | 'sinkhorn-newton'
  | 'transport-lbfgs'

/** Names of methods that `transport` knows. */
export type TransportMethodName = EntropicMethodName | 'network-simplex' | 'line' | 'unbalanced-sinkhorn'

/** What to solve, and how; all optional. */
export interface TransportOptions {
  /**
   * epsilon > 0 in the objective <C, P> + epsilon sum p ln p, in units of the cost. Default: none (exact transport) up to
   * n m = 4e6 pairs, beyond that 0.01 times the largest cost.
   */
  regularization?: number
  /** Exact transport, whatever the size. Excludes `regularization`. */
  exact?: boolean
  /**
   * rho > 0 (or [rho_a, rho_b]): masses need not agree; the price of creating and destroying mass is rho times the
   * Kullback-Leibler divergence of the plan's marginals from a and b. Needs `regularization`.
   */
  unbalanced?: number | readonly [number, number]
  /** A method by name, or one made by its factory. Default: chosen from the problem, and named in the result. */
  method?: 'auto' | TransportMethodName | Method<TransportProblem>
  /** Marginal error (relative to the mass), for exact transport the relative gap. Defaults 1e-9 and 1e-10. */
  tolerance?: number
  maxIterations?: number
  maxSeconds?: number
  signal?: AbortSignal
  onIteration?: (iterate: Iterate) => void
  /** Potentials to start from, such as those of an earlier result. */
  start?: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }
}

/** The solution of a transport problem. */
export interface TransportResult {
  readonly status: Status
  readonly converged: boolean
  /** What happened, which method was chosen and why. */
  readonly message: string
  /** Slug of the method that computed the result. */
  readonly method: string
  /** epsilon; 0 for exact transport. */
  readonly regularization: number
  /** <C, P>: the transport cost. */
  readonly cost: number
  /** <C, P> + epsilon sum p ln p (+ the marginal penalties): what was minimised. */
  readonly objective: number
  /** (||P 1 - a||_1 + ||P' 1 - b||_1) / mass. For unbalanced transport, how much mass was created and destroyed. */
  readonly marginalError: number
  /** A bound of the optimal objective from above minus one from below: how far from optimal this can be. */
  readonly gap: number
  /** Dual potentials: also the derivatives of the objective with respect to a and b, up to a constant. */
  readonly potentials: Potentials
  /** The plan: lazy for regularized, sparse for exact transport. */
  readonly plan: TransportPlan
  /** The plan rounded to the marginals exactly (regularized transport); the plan itself otherwise. */
  roundedPlan(): TransportPlan
  /** Derivatives of the objective with respect to masses and points. */
  gradient(): TransportGradient
  readonly iterations: number
  readonly elapsedMs: number
  readonly certificate: Certificate | null
  readonly trace: Trace | null
}
