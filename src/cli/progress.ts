import { Presets, SingleBar } from 'cli-progress'
import type { TextStream } from './streams.ts'

/** Work that takes less than this is done before a bar would be of use. */
const DELAY_MS = 300

/** One progress bar on a terminal; where nobody watches, nothing. */
export class Progress {
  private readonly stream: TextStream
  private readonly enabled: boolean
  private bar: SingleBar | null = null
  private since: number | null = null

  constructor(stream: TextStream, enabled: boolean) {
    this.stream = stream
    this.enabled = enabled
  }

  /**
   * @param fraction part done, in [0, 1]
   * @param doing what is being done, short
   */
  update(fraction: number, doing: string): void {
    if (!this.enabled) return
    const now = performance.now()
    this.since ??= now
    if (now - this.since < DELAY_MS) return
    if (this.bar === null) {
      this.bar = new SingleBar(
        {
          format: '  {bar} {percentage}%  {doing}',
          barsize: 16,
          hideCursor: true,
          clearOnComplete: true,
          fps: 10,
          stream: this.stream as NodeJS.WritableStream,
        },
        Presets.shades_classic,
      )
      this.bar.start(100, 0, { doing: '' })
    }
    const room = Math.max(10, (this.stream.columns || 80) - 28)
    const part = Number.isFinite(fraction) ? Math.max(0, Math.min(1, fraction)) : 0
    this.bar.update(Math.floor(100 * part), { doing: doing.slice(0, room) })
  }

  /** Takes the bar away so that text can be written; the next update brings it back. */
  clear(): void {
    this.bar?.stop()
    this.bar = null
  }

  /** Ends this piece of work. */
  stop(): void {
    this.clear()
    this.since = null
  }
}
