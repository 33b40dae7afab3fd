export { compensatedDot, compensatedRowProduct } from './compensated.ts'
export { type Svd, type SymmetricEigen, svd, symmetricEigen } from './decompositions.ts'
export {
  denseFromRows,
  denseMatrix,
  denseOperator,
  gemm,
  gemv,
  ger,
  gram,
  identity,
  multiply,
  solveTriangular,
  solveTriangularMatrix,
  syrk,
  type TriangularOptions,
  transpose,
} from './dense.ts'
export type { Backend } from './dense-engine.ts'
export { backend, type EngineInfo, engineInfo, setBackend } from './engine.ts'
export {
  type CholeskyFactorization,
  cholesky,
  type Inertia,
  type LdltFactorization,
  type LuFactorization,
  ldlt,
  leastSquares,
  lu,
  type QrFactorization,
  qr,
  relativeResidual,
  type SquareFactorization,
  solveDense,
} from './factorizations.ts'
export { type KernelFunctionName, type Kernels, kernelModule, kernelsOn } from './kernels.ts'
export {
  type ConjugateGradientState,
  conjugateGradientSolver,
  type GmresState,
  gmresSolver,
  type LinearSolveResult,
  type LinearSolver,
  type LinearSolverOptions,
  type LinearSolverState,
  type LinearSolveStatus,
  type LsmrState,
  lsmrSolver,
  type MinresState,
  minresSolver,
  type SolveIterativelyOptions,
  solveIteratively,
} from './krylov.ts'
export {
  projectOntoBall,
  projectOntoBox,
  projectOntoL1Ball,
  projectOntoSecondOrderCone,
  projectOntoSimplex,
} from './projections.ts'
export {
  csrAdd,
  csrDiagonal,
  csrFromDense,
  csrFromTriplets,
  csrMultiply,
  csrMultiplyTransposed,
  csrOperator,
  csrProduct,
  csrTimesDense,
  csrToDense,
  csrTranspose,
} from './sparse.ts'
export type { CsrMatrix, DenseMatrix, LinearOperator } from './types.ts'
export { axpby, axpy, dot, norm, normInfinity, scale } from './vectors.ts'
export { scratchBytes, Workspace, workspaceOf } from './workspace.ts'
