import type { ComponentChild } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Calls back after the next frame has been painted. */
function afterPaint(callback: () => void): () => void {
  let timer = 0
  const frame = requestAnimationFrame(() => {
    timer = window.setTimeout(callback)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/**
 * Its children, each rendered and painted before the next: a long page is there from its top on, and can be used meanwhile. For
 * what stands below one another, so that nothing is moved by what comes.
 */
export function OneByOne({ children }: { children: ComponentChild[] }) {
  const [count, setCount] = useState(1)
  const all = children.length
  useEffect(() => (count < all ? afterPaint(() => setCount(count + 1)) : undefined), [count, all])
  return <>{children.slice(0, count)}</>
}
