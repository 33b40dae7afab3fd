import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/base/index.ts'
import { scratchBytes, Workspace, workspaceOf } from '../../src/linalg/index.ts'

describe('workspace', () => {
  it('hands out aligned, disjoint, zeroed views that know their workspace', () => {
    const work = new Workspace(4096)
    const views = [work.float64(3), work.float32(5), work.int32(7), work.uint8(9), work.float64(0), work.float64(11)]
    let end = 0
    for (const view of views) {
      expect(view.byteOffset % 64).toBe(0)
      expect(view.byteOffset).toBeGreaterThanOrEqual(end)
      expect(view.every((x) => x === 0)).toBe(true)
      expect(workspaceOf(view)).toBe(work)
      end = view.byteOffset + view.byteLength
    }
    expect(workspaceOf(new Float64Array(3))).toBeUndefined()
  })

  it('gives all of its capacity, and a typed error beyond it', () => {
    const work = new Workspace(1000)
    expect(work.capacity).toBe(1024)
    work.float64(128)
    expect(work.available).toBe(0)
    expect(() => work.uint8(1)).toThrow(InvalidInputError)
    expect(() => new Workspace(-1)).toThrow(InvalidInputError)
    expect(() => new Workspace(Number.NaN)).toThrow(InvalidInputError)
  })

  it('takes memory back at a mark', () => {
    const work = new Workspace(1024)
    const kept = work.float64(8)
    const mark = work.mark()
    const first = work.float64(16)
    work.release(mark)
    expect(work.float64(4).byteOffset).toBe(first.byteOffset)
    expect(kept.byteOffset).toBeLessThan(first.byteOffset)
  })

  it('reserves enough scratch for products of every size, outside the room for arrays', () => {
    const work = new Workspace(64)
    const { kernels } = work
    for (const scratch of [kernels.gemm_scratch_f64, kernels.gemm_scratch_f32]) {
      expect(scratch(1 << 20, 1 << 20, 1 << 20)).toBeLessThanOrEqual(scratchBytes)
      expect(scratch(1, 1, 1)).toBeLessThanOrEqual(scratch(200, 300, 400))
    }
    expect(work.scratch).toBeGreaterThanOrEqual(work.allocate(64) + 64)
    expect(work.scratch + scratchBytes).toBeLessThanOrEqual(work.memory.buffer.byteLength)
  })
})
