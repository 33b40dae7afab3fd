import type { Frame } from '../stages/scene.ts'

/** Bytes that the frames of one run may take. */
const BUDGET = 24e6

function bytesOf(frame: Frame): number {
  let bytes = 64
  for (const value of Object.values(frame)) if (ArrayBuffer.isView(value)) bytes += value.byteLength
  return bytes
}

/**
 * The moments of a run that can be looked at again. When it is full, every second one is dropped and the stride doubles, so
 * memory stays bounded and the moments stay evenly spread. The last one added is always kept.
 */
export class FrameStore {
  /** Iterations between two frames, now. */
  stride = 1
  frames: Frame[] = []
  private capacity = 240

  /** Whether an iterate is to be kept. */
  due(iteration: number): boolean {
    return iteration % this.stride === 0
  }

  /** @returns whether earlier frames were dropped */
  add(frame: Frame): boolean {
    if (this.frames.length === 0) this.capacity = Math.max(8, Math.min(240, Math.floor(BUDGET / bytesOf(frame))))
    this.frames.push(frame)
    if (this.frames.length <= this.capacity) return false
    this.stride *= 2
    this.frames = this.frames.filter(
      ({ iteration }, i) => iteration % this.stride === 0 || i === this.frames.length - 1,
    )
    return true
  }
}
