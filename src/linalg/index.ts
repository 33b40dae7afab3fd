export { type KernelFunctionName, type Kernels, kernelModule, kernelsOn } from './kernels.ts'
export { scratchBytes, Workspace, workspaceOf } from './workspace.ts'
