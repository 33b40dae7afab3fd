import type { DenseEngine } from './dense-engine.ts'
import { stagingWorkspace, type Workspace, workspaceOf } from './workspace.ts'

/**
 * Where to compute on `arrays`: their own workspace if all lie in the same, else the staging workspace, emptied, with room for
 * copies of them and `extra` bytes.
 */
function workspaceFor(arrays: readonly Float64Array[], extra: number): { work: Workspace; staged: boolean } {
  const work = workspaceOf(arrays[0])
  if (work !== undefined && work.available >= extra && arrays.every((a) => a.buffer === arrays[0].buffer)) {
    return { work, staged: false }
  }
  let bytes = extra + 64
  for (const a of arrays) bytes += a.byteLength + 64
  return { work: stagingWorkspace(bytes), staged: true }
}

/** The address of the array, or of a copy of it. */
function address(work: Workspace, staged: boolean, array: Float64Array, read = true): number {
  if (!staged) return array.byteOffset
  const copy = work.float64(array.length)
  if (read) copy.set(array)
  return copy.byteOffset
}

function copyBack(work: Workspace, staged: boolean, at: number, array: Float64Array): void {
  if (staged) array.set(new Float64Array(work.memory.buffer, at, array.length))
}

/** The kernels of this library on ordinary arrays, which are staged through a workspace that they share. */
export const wasmEngine: DenseEngine = {
  name: 'wasm',

  gemm(transA, transB, m, n, k, alpha, a, b, beta, c) {
    const { work, staged } = workspaceFor([a, b, c], 0)
    const pa = address(work, staged, a)
    const pb = a === b ? pa : address(work, staged, b)
    const pc = address(work, staged, c, beta !== 0)
    const lda = transA ? m : k
    const ldb = transB ? k : n
    work.kernels.gemm_f64(+transA, +transB, m, n, k, alpha, pa, lda, pb, ldb, beta, pc, n, work.scratch)
    copyBack(work, staged, pc, c)
  },

  syrk(trans, n, k, alpha, a, beta, c) {
    const { work, staged } = workspaceFor([a, c], 0)
    const pa = address(work, staged, a)
    const pc = address(work, staged, c, beta !== 0)
    work.kernels.syrk_f64(1, +trans, n, k, alpha, pa, trans ? n : k, beta, pc, n, work.scratch)
    copyBack(work, staged, pc, c)
  },

  trsm(right, lower, trans, unit, m, n, t, b) {
    const { work, staged } = workspaceFor([t, b], 0)
    const pt = address(work, staged, t)
    const pb = address(work, staged, b)
    work.kernels.trsm_f64(+right, +lower, +trans, +unit, m, n, pt, right ? n : m, pb, n, work.scratch)
    copyBack(work, staged, pb, b)
  },

  potrf(n, a) {
    const { work, staged } = workspaceFor([a], 0)
    const pa = address(work, staged, a)
    const failed = work.kernels.potrf_f64(n, pa, n, work.scratch)
    copyBack(work, staged, pa, a)
    return failed
  },

  getrf(n, a, pivots) {
    const { work, staged } = workspaceFor([a], 4 * n + 64)
    const mark = work.mark()
    const pa = address(work, staged, a)
    const swaps = work.int32(n)
    const failed = work.kernels.getrf_f64(n, pa, n, swaps.byteOffset, work.scratch)
    copyBack(work, staged, pa, a)
    pivots.set(swaps)
    work.release(mark)
    return failed
  },
}
