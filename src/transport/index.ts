export * from './barycenter.ts'
export * from './color-transfer.ts'
export { type Cost, type CostInput, type Metric, metrics, type PointCost, type Points } from './cost.ts'
export { transportClass } from './entropic-class.ts'
export { exactTransportClass } from './exact-class.ts'
export * from './gradients.ts'
export * from './greenkhorn.ts'
export * from './network-simplex.ts'
export * from './plan.ts'
export * from './sinkhorn.ts'
export * from './sinkhorn-divergence.ts'
export * from './sinkhorn-epsilon-scaling.ts'
export * from './sinkhorn-log.ts'
export * from './sinkhorn-newton.ts'
export * from './sinkhorn-newton-sparse.ts'
export * from './sinkhorn-overrelaxed.ts'
export * from './transport.ts'
export type {
  ExactTransportProblem,
  Potentials,
  SparseCoupling,
  TransportInput,
  TransportProblem,
} from './transport-data.ts'
export * from './transport-lbfgs.ts'
export * from './transport-on-line.ts'
export { exactTransportProblem, transportProblem, withRegularization } from './transport-problem.ts'
export type { TransportMethodName, TransportOptions, TransportResult } from './transport-result.ts'
export {
  type UnbalancedInput,
  type UnbalancedTransportProblem,
  unbalancedTransportClass,
  unbalancedTransportProblem,
} from './unbalanced-problem.ts'
export * from './unbalanced-sinkhorn.ts'
