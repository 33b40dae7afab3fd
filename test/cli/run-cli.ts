import { main } from '../../src/cli/cli.ts'

/** What one call of the command line wrote, and its exit code. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Watching {
  /** Whether standard output is a terminal. */
  tty?: boolean
  /** Whether standard error is one. */
  ttyError?: boolean
  env?: Record<string, string>
  /** Interrupts (Ctrl-C) so many milliseconds after the command has begun to listen; 0 is before its first pause. */
  interruptAfterMs?: number
}

/** Runs the command line in this process. */
export async function cli(args: readonly string[], watching: Watching = {}): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const code = await main(['node', 'thalweg', ...args], {
    stdout: { write: (text) => void (stdout += text), isTTY: watching.tty === true, columns: 80 },
    stderr: terminal((text) => void (stderr += text), watching.ttyError === true),
    env: watching.env ?? {},
    onInterrupt(listener) {
      if (watching.interruptAfterMs === 0) queueMicrotask(listener)
      else if (watching.interruptAfterMs !== undefined) timer = setTimeout(listener, watching.interruptAfterMs)
      return () => clearTimeout(timer)
    },
  })
  return { code, stdout, stderr }
}

/** The parts of a terminal that progress bars use. */
function terminal(write: (text: string) => void, isTTY: boolean) {
  return {
    write: (text: string) => {
      write(text)
      return true
    },
    isTTY,
    columns: 80,
    on: () => undefined,
    once: () => undefined,
    removeListener: () => undefined,
  }
}

/** Runs with `--json` and reads the answer: exactly one line on standard output. */
export async function cliJson<T>(
  args: readonly string[],
  watching: Watching = {},
): Promise<{ code: number; value: T; stderr: string }> {
  const { code, stdout, stderr } = await cli([...args, '--json'], watching)
  const lines = stdout.split('\n')
  if (lines.length !== 2 || lines[1] !== '')
    throw new Error(`expected one line, got ${JSON.stringify(stdout)}; ${stderr}`)
  return { code, value: JSON.parse(lines[0]) as T, stderr }
}
