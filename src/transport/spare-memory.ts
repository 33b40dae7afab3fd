import { Workspace } from '../linalg/index.ts'

/** A workspace that nobody uses any more: fresh memory costs more than the first passes over it. */
export interface Spare {
  readonly work: Workspace
  readonly start: number
}

let spare: Spare | null = null
/** The largest workspace kept spare. */
const spareBytes = 64e6

/** A workspace of at least so many bytes: the spare one if it fits. */
export function workspaceFor(bytes: number): Spare {
  if (spare === null || spare.work.capacity < bytes || spare.work.capacity > 4 * bytes + 1e6) {
    const work = new Workspace(bytes)
    return { work, start: work.mark() }
  }
  const found = spare
  spare = null
  found.work.release(found.start)
  return found
}

/** Keeps a workspace spare, if it is worth more than the one that is. */
export function keepSpare(work: Workspace, start: number): void {
  if (work.capacity <= spareBytes && work.capacity > (spare?.work.capacity ?? 0)) spare = { work, start }
}
