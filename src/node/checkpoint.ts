import { ParseError } from '../base/index.ts'
import { type CheckpointOptions, parsePlain, type Snapshot, stringifyPlain } from '../solver/index.ts'
import { readTextFile, writeFileAtomically } from './files.ts'

/**
 * Keeps the latest snapshot of a run in a file, which is whole at every moment.
 *
 * @example
 * run(problem, method, { checkpoint: fileCheckpoint('run.checkpoint', { everySeconds: 60 }) })
 * run(problem, method, { resume: readCheckpoint('run.checkpoint') })
 *
 * @throws {FileError} from `save` if the file cannot be written; the one before is then untouched
 */
export function fileCheckpoint(path: string, habits: Omit<CheckpointOptions, 'save'> = {}): CheckpointOptions {
  return { ...habits, save: (snapshot) => writeFileAtomically(path, `${stringifyPlain(snapshot)}\n`) }
}

/** Reads what `fileCheckpoint` wrote. @throws {FileError | ParseError} if there is no such file, or it is something else */
export function readCheckpoint(path: string): Snapshot {
  const snapshot = parsePlain(readTextFile(path)) as Snapshot | null
  if (snapshot?.format !== 'thalweg-snapshot') {
    throw new ParseError(`${path}: not a checkpoint`, { argument: path, expected: "format 'thalweg-snapshot'" })
  }
  return snapshot
}
