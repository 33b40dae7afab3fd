import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { FileError } from '../base/index.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
}

/** A `FileError` that says what could not be done with which file, and why. */
export function fileError(doing: string, path: string, cause: unknown): FileError {
  const code = (cause as NodeJS.ErrnoException)?.code ?? ''
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause))
  return new FileError(`cannot ${doing} ${path}: ${reason}`, { argument: path, received: code || reason, cause })
}

/** The text of a UTF-8 file; files compressed with gzip are unpacked. @throws {FileError} if it cannot be read */
export function readTextFile(path: string): string {
  try {
    const bytes = readFileSync(path)
    const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b
    return (compressed ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (cause) {
    throw fileError('read', path, cause)
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.length) written += writeSync(file, bytes, written)
}

let temporaryFiles = 0

/**
 * Writes a file so that at every moment, also after a crash or a full disk, either the old content or the new one is there,
 * whole: writes a neighbour, flushes it to the disk, and renames it over the old file. A symbolic link is followed.
 *
 * @throws {FileError} if that fails; the old file is then untouched
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  let target = path
  let mode: number | undefined
  try {
    target = realpathSync(path)
    mode = statSync(target).mode & 0o777
  } catch {
    // A new file.
  }
  const temporary = `${target}.${process.pid}-${temporaryFiles++}.tmp`
  try {
    const file = openSync(temporary, 'wx')
    try {
      writeAll(file, bytes)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (mode !== undefined) chmodSync(temporary, mode)
    renameSync(temporary, target)
  } catch (cause) {
    try {
      unlinkSync(temporary)
    } catch {
      // It was never made, or has been renamed.
    }
    throw fileError('write', path, cause)
  }
  flushFolder(dirname(target))
}

/** Makes a rename durable. Some file systems refuse to open a folder; there the rename is durable as far as they make it. */
function flushFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {
    // See above.
  }
}
