import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { ParseError, ThalwegError } from '../base/index.ts'
import { type RunFile, readRunFile, type Snapshot } from '../solver/index.ts'
import { fileError, readTextFile } from './files.ts'

/** An open run file: give `write` to `recordRun`. */
export interface RunFileWriter {
  /** Appends one line. Once it returns, the line survives the end of this process, however that comes. */
  write(line: string): void
  /** Closes the file; nothing happens if it is closed already. */
  close(): void
}

/**
 * Starts a run file, replacing what is there. Every line goes to the operating system in one call, without a buffer in this
 * process, so a process killed at any moment leaves whole lines and at most one cut-off last line, which `readRunFile` leaves
 * out.
 *
 * @throws {FileError} if the file cannot be opened; from `write` if a line cannot be written
 */
export function openRunFile(path: string): RunFileWriter {
  try {
    return writer(path, openSync(path, 'w'))
  } catch (cause) {
    throw fileError('write', path, cause)
  }
}

/**
 * Opens a run file to continue the run in it. Whatever follows the last snapshot (iterates that the resumed run will repeat bit
 * for bit, an end, a cut-off line) is removed from the file, so that every iterate stands in it once, the
 * one resumed from twice.
 *
 * @returns what the file holds up to there, the snapshot to resume from, and the writer
 * @throws {FileError} if the file cannot be read or written
 * @throws {ParseError} if it is not a run file, or holds no snapshot
 */
export function continueRunFile(path: string): { run: RunFile; snapshot: Snapshot; writer: RunFileWriter } {
  const run = readRunFileFrom(path)
  const snapshot = run.snapshots.at(-1)
  if (snapshot === undefined) {
    throw new ParseError(`${path}: the run was cut off before its first snapshot; start it again`, {
      argument: path,
      expected: 'a run file with a snapshot',
      received: 'no snapshot',
    })
  }
  try {
    const bytes = readFileSync(path)
    // The last snapshot that is whole; another one may have been cut off behind it.
    let begin = -1
    for (let k = 0; k < run.snapshots.length; k++) begin = bytes.indexOf('{"type":"snapshot"', begin + 1)
    const end = bytes.indexOf(0x0a, begin) + 1
    const file = openSync(path, 'r+')
    // The last line may be whole but for its newline.
    ftruncateSync(file, end === 0 ? bytes.length : end)
    closeSync(file)
    const appending = writer(path, openSync(path, 'a'))
    if (end === 0) appending.write('\n')
    return { run, snapshot, writer: appending }
  } catch (cause) {
    throw cause instanceof ThalwegError ? cause : fileError('write', path, cause)
  }
}

function writer(path: string, file: number): RunFileWriter {
  let open = true
  return {
    write(line) {
      try {
        const bytes = Buffer.from(line)
        let written = 0
        while (written < bytes.length) written += writeSync(file, bytes, written)
      } catch (cause) {
        throw fileError('write', path, cause)
      }
    },
    close() {
      if (open) closeSync(file)
      open = false
    },
  }
}

/** Reads a run file from disk. @throws {FileError} if it cannot be read @throws {ParseError} if it is not a run file */
export function readRunFileFrom(path: string): RunFile {
  const text = readTextFile(path)
  try {
    return readRunFile(text)
  } catch (cause) {
    if (!(cause instanceof ThalwegError)) throw cause
    throw new ParseError(`${path}: ${cause.message}`, { argument: path, expected: cause.expected, cause })
  }
}
