import { styleText } from 'node:util'
import { type Chart, chartToText, type Table, type TextChartOptions, tableToText } from '../drawing/index.ts'
import { toJson } from './json.ts'
import { Progress } from './progress.ts'
import type { CliStreams } from './streams.ts'
import { wrap } from './wrap.ts'

/** The exit codes of the command line. */
export const exitCodes = {
  /** Solved, or done. */
  solved: 0,
  /** Ran, but did not converge (or a claim failed under `--strict`). */
  notConverged: 1,
  /** Wrong usage or wrong input. */
  badInput: 2,
} as const

/** Options that every command takes. */
export interface CommonOptions {
  json?: boolean
  seed?: number
  maxSeconds?: number
  tolerance?: number
  verbose?: boolean
}

type Colour = 'cyan' | 'yellow' | 'magenta' | 'green' | 'red' | 'blue' | 'gray' | 'bold'
const seriesColours: readonly Colour[] = ['cyan', 'yellow', 'magenta', 'green', 'red', 'blue']

/** One call of one command: where it writes, how it draws, and what interrupts it. */
export class Session {
  readonly json: boolean
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Whether a person watches the answer, or the progress. */
  readonly interactive: boolean
  readonly progress: Progress
  /** Writes a line about the progress of a run to standard error, if that is wanted. */
  readonly verbose: ((line: string) => void) | undefined
  /** Width for text, in characters. */
  readonly width: number
  private readonly streams: CliStreams
  private readonly coloured: boolean
  private readonly controller = new AbortController()
  private readonly stopListening: () => void

  constructor(streams: CliStreams, options: CommonOptions) {
    this.streams = streams
    this.json = options.json ?? false
    const { env } = streams
    const dumb = env.TERM === 'dumb'
    this.interactive = streams.stdout.isTTY === true
    this.coloured = this.interactive && !env.NO_COLOR && !dumb
    this.width = Math.max(40, Math.min(100, (this.interactive && streams.stdout.columns) || 80))
    this.progress = new Progress(streams.stderr, streams.stderr.isTTY === true && !dumb)
    this.verbose = options.verbose
      ? (line) => {
          this.progress.clear()
          streams.stderr.write(`${line}\n`)
        }
      : undefined
    this.signal = this.controller.signal
    this.stopListening = streams.onInterrupt(() => {
      if (!this.signal.aborted) this.note('stopping; press Ctrl-C again to end at once')
      this.controller.abort()
    })
  }

  /** Ends what this session started: the progress bar, the listener. */
  close(): void {
    this.progress.stop()
    this.stopListening()
  }

  /** A line (or several) of the answer for people; nothing under `--json`. */
  say(text = ''): void {
    if (this.json) return
    this.progress.clear()
    this.streams.stdout.write(`${text}\n`)
  }

  /** Words, broken into lines and indented. */
  paragraph(text: string, colour?: Colour, indent = 2): void {
    for (const line of wrap(text, this.width - indent)) {
      this.say(' '.repeat(indent) + (colour === undefined ? line : this.colour(colour, line)))
    }
  }

  /** The one answer under `--json`; nothing otherwise. */
  answer(value: unknown): void {
    if (this.json) this.streams.stdout.write(`${toJson(value)}\n`)
  }

  /** A remark that is not part of the answer: to standard error. */
  note(text: string): void {
    this.progress.clear()
    this.streams.stderr.write(`thalweg: ${text}\n`)
  }

  chart(chart: Chart, options: TextChartOptions = {}): void {
    if (this.json) return
    this.say(
      chartToText(chart, {
        width: this.width,
        ascii: this.streams.env.TERM === 'dumb',
        ...(this.coloured && {
          paint: (text, i) => styleText(seriesColours[i % seriesColours.length], text, { validateStream: false }),
        }),
        ...options,
      }),
    )
  }

  table(table: Table): void {
    if (!this.json) this.say(tableToText(table, this.width))
  }

  colour(colour: Colour, text: string): string {
    return this.coloured ? styleText(colour, text, { validateStream: false }) : text
  }

  /** A headline. */
  heading(text: string): void {
    this.say(this.colour('bold', text))
  }

  /** Lets timers and signals in, between two long computations. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, 0)
    })
  }
}
