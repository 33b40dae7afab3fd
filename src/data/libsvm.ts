import { checkNames, describe, InvalidInputError, ParseError } from '../base/index.ts'
import type { CsrMatrix } from '../linalg/index.ts'
import { refuseBinary } from './csv.ts'
import { numberFromText, parseErrorAt } from './table.ts'

/** Labelled examples with sparse features. */
export interface LabelledExamples {
  /** One label per example. */
  readonly labels: Float64Array
  /** One row per example, one column per feature (index 1 of the text is column 0). */
  readonly features: CsrMatrix
}

export interface LibsvmOptions {
  /** What the text was read from, for error messages. Default `LIBSVM data`. */
  source?: string
  /** Number of features, >= the largest index in the text. Default: that index. */
  featureCount?: number
}

/**
 * Reads the LIBSVM format: one example per line, `label index:value index:value ...`, indices from 1 and increasing; `#` begins
 * a comment.
 *
 * @throws {ParseError} naming the line if a label, an index or a value is malformed, or indices do not increase
 */
export function parseLibsvm(text: string, options: LibsvmOptions = {}): LabelledExamples {
  checkNames(options, ['source', 'featureCount'], 'parseLibsvm')
  const { source = 'LIBSVM data', featureCount } = options
  refuseBinary(text, source)
  const labels: number[] = []
  const rowPointers = [0]
  const columnIndices: number[] = []
  const values: number[] = []
  let largest = 0
  text.split(/\r?\n/).forEach((raw, i) => {
    const fields = raw.replace(/#.*$/, '').trim().split(/\s+/)
    if (fields[0] === '') return
    const label = numberFromText(fields[0])
    if (label === null) {
      throw parseErrorAt(source, i + 1, `expected a numeric label, got ${describe(fields[0])}`, {
        expected: 'a number',
        received: describe(fields[0]),
      })
    }
    let before = 0
    for (let k = 1; k < fields.length; k++) {
      const [, indexText, valueText] = /^(\d+):(.+)$/.exec(fields[k]) ?? []
      const index = Number(indexText)
      const value = valueText === undefined ? null : numberFromText(valueText)
      if (value === null || !(index >= 1)) {
        throw parseErrorAt(source, i + 1, `expected index:value with index >= 1, got ${describe(fields[k])}`, {
          expected: 'index:value',
          received: describe(fields[k]),
        })
      }
      if (index <= before) {
        throw parseErrorAt(source, i + 1, `feature indices must increase, but ${index} follows ${before}`, {
          expected: `an index > ${before}`,
          received: String(index),
        })
      }
      before = index
      columnIndices.push(index - 1)
      values.push(value)
    }
    largest = Math.max(largest, before)
    labels.push(label)
    rowPointers.push(values.length)
  })
  if (labels.length === 0) {
    throw new ParseError(`${source}: there are no examples`, { argument: source, expected: 'at least one line' })
  }
  if (featureCount !== undefined && !(Number.isInteger(featureCount) && featureCount >= largest)) {
    throw new InvalidInputError(
      `parseLibsvm: featureCount must be an integer >= ${largest} (the largest index), got ${describe(featureCount)}`,
      { argument: 'featureCount', expected: `an integer >= ${largest}`, received: describe(featureCount) },
    )
  }
  return {
    labels: Float64Array.from(labels),
    features: {
      rows: labels.length,
      cols: featureCount ?? largest,
      rowPointers: Int32Array.from(rowPointers),
      columnIndices: Int32Array.from(columnIndices),
      values: Float64Array.from(values),
    },
  }
}
