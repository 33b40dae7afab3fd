export { type ChebyshevIterationOptions, chebyshevIteration } from './chebyshev-iteration.ts'
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
export { type Breakdown, jacobiPreconditioner, type Preconditioner, ssorPreconditioner } from './preconditioners.ts'
export { gaussSeidel, type SorOptions, sor, symmetricSor } from './sor.ts'
export { csrFromTriplets, diagonalOf, isSymmetric, multiplyCsr, transposeCsr } from './sparse.ts'
export {
  jacobiRadius,
  lanczosExtremes,
  optimalRelaxation,
  relaxationRadius,
  type SpectrumEstimate,
} from './spectra.ts'
