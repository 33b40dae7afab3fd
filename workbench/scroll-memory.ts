/** What the history keeps of a place: how far down the reader was. */
interface Kept {
  readonly scrolled: number
}

/** How long after a page is shown it may still grow to where the reader was. */
const GROWING_MS = 1000
/** How long after scrolling the place is written down. */
const SETTLE_MS = 120

/** Keeps in the history how far down the reader is. Call once. */
export function rememberScrolling(): void {
  history.scrollRestoration = 'manual'
  let timer = 0
  window.addEventListener(
    'scroll',
    () => {
      clearTimeout(timer)
      const { href } = location
      timer = window.setTimeout(() => {
        // The reader may have gone on meanwhile.
        if (location.href === href) history.replaceState({ scrolled: window.scrollY } satisfies Kept, '')
      }, SETTLE_MS)
    },
    { passive: true },
  )
}

/** Scrolls to where the reader was in this place if they came back to it, else to its top. */
export function scrollToPlace(): void {
  const scrolled = (history.state as Kept | null)?.scrolled ?? 0
  const until = performance.now() + GROWING_MS
  const { href } = location
  const attempt = (): void => {
    if (location.href !== href) return
    window.scrollTo(0, scrolled)
    // A page comes from its top down: its lower parts may not be there yet.
    if (window.scrollY < scrolled - 1 && performance.now() < until) requestAnimationFrame(attempt)
  }
  attempt()
}
