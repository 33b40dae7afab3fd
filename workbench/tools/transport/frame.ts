import type { DrawnCloud } from '../../worker/transport-protocol.ts'

/** The square that both clouds lie in; the unit square while they are within it, so that it stays where it is while one draws. */
export function frameOf(clouds: readonly DrawnCloud[]): { left: number; bottom: number; size: number } {
  let [left, right, bottom, top] = [0, 1, 0, 1]
  let outside = false
  for (const { points } of clouds) {
    for (let i = 0; i + 1 < points.length; i += 2) {
      if (points[i] < 0 || points[i] > 1 || points[i + 1] < 0 || points[i + 1] > 1) outside = true
    }
  }
  if (outside) {
    ;[left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
    for (const { points } of clouds) {
      for (let i = 0; i + 1 < points.length; i += 2) {
        left = Math.min(left, points[i])
        right = Math.max(right, points[i])
        bottom = Math.min(bottom, points[i + 1])
        top = Math.max(top, points[i + 1])
      }
    }
  }
  const margin = outside ? 0.06 : 0
  const size = (1 + 2 * margin) * (Math.max(right - left, top - bottom) || 1)
  return { left: (left + right - size) / 2, bottom: (bottom + top - size) / 2, size }
}
