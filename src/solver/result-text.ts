import { formatNumber } from '../base/index.ts'
import type { Result } from './result.ts'

/** How a result is put into words. */
export interface ResultTextOptions {
  /** Names of the entries of x, where they have any. */
  names?: readonly string[]
  /** Entries of x that are listed, >= 1. Default 20. */
  listed?: number
}

/** A solution in a few words: its numbers, with their names where there are any; other solutions as JSON. */
export function solutionToText(x: unknown, { names, listed = 20 }: ResultTextOptions = {}): string {
  if (!ArrayBuffer.isView(x) && !Array.isArray(x)) return JSON.stringify(x) ?? String(x)
  const values = Array.from(x as unknown as ArrayLike<number>)
  const text = values.slice(0, listed).map((value, i) => {
    const number = formatNumber(value, 10)
    return names ? `${names[i]} = ${number}` : number
  })
  return text.join(', ') + (values.length > listed ? `, ... (${values.length} numbers)` : '')
}

/** What a result says, as pairs of a label and a text: x, objective, the certificate's measures, evaluations, method. */
export function resultLines(result: Result<unknown>, options: ResultTextOptions = {}): [label: string, text: string][] {
  const { x, objective, certificate, evaluations, method, elapsedMs } = result
  const counts = Object.entries(evaluations).filter(([, count]) => count > 0)
  return [
    ['x', solutionToText(x, options)],
    ['objective', formatNumber(objective, 10)],
    ...Object.entries(certificate?.measures ?? {})
      .filter(([name]) => name !== 'objective')
      .map(([name, value]): [string, string] => [name, `${formatNumber(value, 4)} (measured at x)`]),
    ['evaluations', counts.map(([name, count]) => `${name} ${count}`).join(', ')],
    ['method', `${method}, ${formatNumber(elapsedMs, 3)} ms`],
  ]
}

/**
 * A result as text for people: the message, then a line for each thing that it says.
 *
 * @example
 * console.log(resultToText(minimize(f, [1, 1])))
 */
export function resultToText(result: Result<unknown>, options: ResultTextOptions = {}): string {
  const lines = resultLines(result, options)
  const widest = Math.max(...lines.map(([label]) => label.length))
  return [result.message, ...lines.map(([label, text]) => `  ${label.padEnd(widest)}  ${text}`)].join('\n')
}
