import type { ParseError } from '../../base/index.ts'
import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { parseError } from './program-draft.ts'

/**
 * A point as the text of a solution file, as MIPLIB has them: `=obj=` and the objective, then a line with name and value for each
 * variable that is not 0. Names come as they are, blanks included; all digits are kept.
 *
 * @param x length n
 * @param objective in the sense of the program
 */
export function writeSolution(program: MixedIntegerProgram, x: Float64Array, objective: number): string {
  const lines = [`=obj= ${objective}`]
  program.columnNames.forEach((name, j) => {
    if (x[j] !== 0) lines.push(`${name} ${x[j]}`)
  })
  return `${lines.join('\n')}\n`
}

/**
 * Reads a solution file, as `writeSolution`, MIPLIB and other solvers write them: a name and a value on each line. Lines that begin
 * with `#` or `=` are left out, and variables without a line are 0.
 *
 * @returns a vector of length n
 * @throws {ParseError} with the line, for a variable that the program does not have, or a value that is no number
 */
export function readSolution(program: MixedIntegerProgram, text: string, source = 'the solution'): Float64Array {
  const places = new Map(program.columnNames.map((name, j) => [name, j]))
  const x = new Float64Array(program.objective.length)
  text.split('\n').forEach((line, k) => {
    const trimmed = line.trim()
    if (trimmed === '' || /^[#=]/.test(trimmed)) return
    const [, name, word] = /^(.*\S)\s+(\S+)$/.exec(trimmed) ?? [undefined, trimmed, '']
    const complaint = (message: string, expected: string): ParseError => parseError(source, k + 1, message, expected)
    const j = places.get(name)
    if (j === undefined) throw complaint(`the model has no variable '${name}'`, 'the name of a variable and a value')
    const value = Number(word)
    if (word === '' || !Number.isFinite(value)) throw complaint(`'${word}' is not a finite number`, 'a finite number')
    x[j] = value
  })
  return x
}
