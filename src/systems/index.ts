export { type ChebyshevIterationOptions, chebyshevIteration } from './chebyshev-iteration.ts'
export * from './choosers.ts'
export { type ConjugateGradientsOptions, conjugateGradients } from './conjugate-gradients.ts'
export { type GmresOptions, gmres } from './gmres.ts'
export { type IncompleteCholesky, incompleteCholesky } from './incomplete-cholesky.ts'
export { type IncompleteLu, incompleteLu } from './incomplete-lu.ts'
export { type JacobiOptions, jacobi } from './jacobi.ts'
export { convectionDiffusion, graphLaplacian, laplacianOn, lShapedLaplacian, poisson } from './laplacians.ts'
export {
  type LinearSystemParts,
  type LinearSystemProblem,
  linearSystem,
  linearSystemClass,
} from './linear-system.ts'
export { type MatrixMarketHeader, type MatrixMarketMatrix, parseMatrixMarket } from './matrix-market.ts'
export { type MinresOptions, minres } from './minres.ts'
export {
  type ParameterSelector,
  type ParameterSelectorOptions,
  parameterSelector,
  type Selection,
  type SelectorState,
} from './parameter-selector.ts'
export type { Breakdown, Preconditioner } from './preconditioner.ts'
export { jacobiPreconditioner, ssorPreconditioner } from './preconditioners.ts'
export {
  cgSolver,
  type ParametricSolver,
  type SequenceSolverOptions,
  type SolveOutcome,
  type SystemInstance,
  sorSolver,
  ssorCgSolver,
  symmetricSorSolver,
} from './sequence-solvers.ts'
export {
  bump,
  type HeatEquation,
  type HeatEquationOptions,
  heatEquation,
  shiftedMatrix,
  shiftedSystems,
  truncatedNormal,
} from './sequences.ts'
export { type LinearSolution, type SolveLinearOptions, solveLinear, solveLinearAsync } from './solve-linear.ts'
export * from './solve-sequence.ts'
export { gaussSeidel, type SorOptions, sor, symmetricSor } from './sor.ts'
export { diagonalOf, isSymmetric } from './sparse.ts'
export {
  jacobiRadius,
  lanczosExtremes,
  optimalRelaxation,
  relaxationRadius,
  type SpectrumEstimate,
} from './spectra.ts'
export { asymptoticTau, relaxationBound, ssorCgBound } from './surrogates.ts'
