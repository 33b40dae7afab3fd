export { type KernelFunctionName, type Kernels, kernelModule, kernelsOn } from './kernels.ts'
export type { CsrMatrix, DenseMatrix, LinearOperator } from './types.ts'
export { scratchBytes, Workspace, workspaceOf } from './workspace.ts'
