/** Longest stretch of computing between two returns to the event loop, in milliseconds. */
const BREATH_MS = 12

/**
 * A pace for long computations: the function returned is called between pieces of work. It returns nothing while the last pause is
 * recent, else a promise that lets timers, input and signals in.
 */
export function pacer(): () => Promise<void> | undefined {
  let breathed = performance.now()
  return () => {
    if (performance.now() - breathed < BREATH_MS) return undefined
    return new Promise((resolve) => {
      setTimeout(() => {
        breathed = performance.now()
        resolve()
      }, 0)
    })
  }
}
