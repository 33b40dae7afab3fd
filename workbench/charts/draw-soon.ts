/** Drawings that wait for their frame, by who wants them; the newest of each. */
const waiting = new Map<object, () => void>()
let scheduled = false

function schedule(): void {
  if (scheduled || waiting.size === 0) return
  scheduled = true
  requestAnimationFrame(drawNext)
}

function drawNext(): void {
  scheduled = false
  const [first] = waiting
  if (first === undefined) return
  const [owner, draw] = first
  waiting.delete(owner)
  schedule()
  draw()
}

/**
 * Draws in one of the next frames of the screen, one drawing in each: a chart takes milliseconds, and while several are drawn at
 * once the page would be deaf for too long.
 *
 * @param owner an earlier drawing for the same owner that still waits is left out; the new one takes its turn
 */
export function drawSoon(owner: object, draw: () => void): void {
  waiting.set(owner, draw)
  schedule()
}

/** Takes back what waits for an owner that is gone. */
export function drawNoMore(owner: object): void {
  waiting.delete(owner)
}
