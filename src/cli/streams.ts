/** Where a stream of text goes: a terminal, a file, a pipe, or an array in a test. */
export interface TextStream {
  write(text: string): unknown
  /** Whether a person is watching. */
  readonly isTTY?: boolean
  /** Width of the terminal in characters. */
  readonly columns?: number
}

/** All that the command line touches of the process it runs in. */
export interface CliStreams {
  readonly stdout: TextStream
  readonly stderr: TextStream
  /** Environment variables; `NO_COLOR`, `TERM` and `THALWEG_DEBUG` are read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls `listener` at each interruption (Ctrl-C) until the returned function is called. */
  onInterrupt(listener: () => void): () => void
}
