import { InvalidInputError } from '../../base/index.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { readLp } from './read-lp.ts'
import { readMps } from './read-mps.ts'
import { writeLp } from './write-lp.ts'
import { writeMps } from './write-mps.ts'

export { readSolution, writeSolution } from './solution.ts'

/** The formats of models. */
export type ModelFormat = 'mps' | 'lp'

/** The format that a file name says: .mps or .lp, also with .gz behind. @throws {InvalidInputError} if it says neither */
export function modelFormat(path: string): ModelFormat {
  const found = /\.(mps|lp)(?:\.gz)?$/i.exec(path)
  if (found !== null) return found[1].toLowerCase() as ModelFormat
  throw new InvalidInputError(`${path}: the name of a model must end in .mps, .lp, .mps.gz or .lp.gz`, {
    argument: path,
    expected: '.mps or .lp, perhaps with .gz',
    received: path,
  })
}

/**
 * Reads a model from the text of a file.
 *
 * @param source what to call it in messages
 * @throws {ParseError} with the line, if the text is not in that format
 * @throws {UnsupportedError} for what the formats know and this library does not (special ordered sets, quadratic constraints)
 */
export function readModel(text: string, format: ModelFormat, source?: string): MixedIntegerProgram {
  return format === 'mps' ? readMps(text, source) : readLp(text, source)
}

/** A program as the text of a file. */
export function writeModel(program: MixedIntegerProgram, format: ModelFormat): string {
  return format === 'mps' ? writeMps(program) : writeLp(program)
}
