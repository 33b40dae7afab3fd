/** Where runs that go on side by side leave their best solutions and find those of the others. */
export interface Exchange {
  /** Leaves a solution with its objective as minimized. */
  offer(x: Float64Array, value: number): void
  /** A solution better than `value`, or null. */
  take(value: number): { readonly x: Float64Array; readonly value: number } | null
}

/** An exchange that keeps the best solution that was offered. */
export function sharedIncumbent(): Exchange {
  let best: { x: Float64Array; value: number } | null = null
  return {
    offer(x, value) {
      if (best === null || value < best.value) best = { x, value }
    },
    take: (value) => (best !== null && best.value < value ? { x: best.x.slice(), value: best.value } : null),
  }
}
