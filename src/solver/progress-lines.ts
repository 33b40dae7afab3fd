import { checkNames, describe, formatNumber, OptionError } from '../base/index.ts'
import type { Observer } from './run.ts'

/** Which iterates `progressLines` writes. */
export interface ProgressLinesOptions {
  /** Iterations between lines, >= 1. Default: 0 to 10, then 20, 30, ..., 100, then 200 and so on. */
  every?: number
  /** The measures shown. Default: all of the method's, at most four. */
  measures?: readonly string[]
}

/** Whether iteration k is a digit followed by zeros: the lines stay few however long a run is. */
function isRound(k: number): boolean {
  if (k <= 10) return true
  return k % 10 ** Math.floor(Math.log10(k) + 1e-12) === 0
}

/**
 * An observer that writes a line of numbers for iterates of a run, as they come: what other libraries call `disp` or `verbose`.
 *
 * @example
 * minimize(f, [-1.2, 1], { observers: [progressLines(console.log)] })
 *
 * @param write receives each line without a newline; the first holds the names of the columns
 * @throws {OptionError} if `every` is not an integer >= 1
 */
export function progressLines<X>(write: (line: string) => void, options: ProgressLinesOptions = {}): Observer<X> {
  checkNames(options, ['every', 'measures'], 'progressLines')
  const { every, measures: wanted } = options
  if (every !== undefined && !(Number.isInteger(every) && every >= 1)) {
    throw new OptionError(`progressLines: every must be an integer >= 1, got ${describe(every)}`, {
      argument: 'every',
      expected: 'an integer >= 1',
      received: describe(every),
    })
  }
  let names: readonly string[] = []
  let last = -1
  const line = (cells: readonly string[]): void =>
    write(
      cells.map((cell, i) => cell.padStart(i === 0 ? 9 : Math.max(14, [...names, 'calls'][i - 1].length))).join(' '),
    )
  const show = (
    iteration: number,
    measures: Readonly<Record<string, number>>,
    counts: Readonly<Record<string, number>>,
  ) => {
    const calls = Object.values(counts).reduce((sum, count) => sum + count, 0)
    line([String(iteration), ...names.map((name) => formatNumber(measures[name] ?? NaN, 7)), String(calls)])
    last = iteration
  }
  let latest: {
    iteration: number
    measures: Readonly<Record<string, number>>
    evaluations: Readonly<Record<string, number>>
  }
  return {
    onStart() {
      names = []
      last = -1
    },
    onIteration({ iteration, measures, evaluations }) {
      if (names.length === 0) {
        names = wanted ?? Object.keys(measures).slice(0, 4)
        line(['iteration', ...names, 'calls'])
      }
      latest = { iteration, measures, evaluations }
      if (every === undefined ? isRound(iteration) : iteration % every === 0) show(iteration, measures, evaluations)
    },
    onEnd() {
      if (latest !== undefined && latest.iteration !== last) show(latest.iteration, latest.measures, latest.evaluations)
    },
  }
}
