import type { ProgramDraft } from './program-draft.ts'

/** Bounds of all columns. */
export interface Ranges {
  readonly lower: number[]
  readonly upper: number[]
}

/** Bounds follow from bounds: so many times the rows are gone through. */
const ROUNDS = 5

/** The sum of a'x over a row at its least or its greatest; infinite terms are counted apart, so that one can be taken out. */
interface Activity {
  finite: number
  infinite: number
}

function activity(
  entries: readonly { readonly column: number; readonly value: number }[],
  { lower, upper }: Ranges,
  side: 'least' | 'greatest',
): Activity {
  const sum: Activity = { finite: 0, infinite: 0 }
  for (const { column, value } of entries) {
    const at = value > 0 === (side === 'least') ? lower[column] : upper[column]
    if (Number.isFinite(at)) sum.finite += value * at
    else sum.infinite++
  }
  return sum
}

/**
 * Bounds that missing bounds of columns can be replaced with, because the rows imply them: in a'x <= u a column cannot be larger
 * than what the least sum of the others leaves. Bounds that are given stay as they are.
 *
 * @param without rows that do not always hold
 */
export function impliedRanges(draft: ProgramDraft, without: ReadonlySet<number>): Ranges {
  const ranges: Ranges = {
    lower: draft.types.map((type, j) => (type.startsWith('semi') ? Math.min(0, draft.lower[j]) : draft.lower[j])),
    upper: draft.types.map((type, j) => (type.startsWith('semi') ? Math.max(0, draft.upper[j]) : draft.upper[j])),
  }
  const all = draft.rowNames.map((_, row) => row).filter((row) => !without.has(row))
  const rows = draft.entriesOf(new Set(all))
  let changed = true
  const take = (side: 'lower' | 'upper', column: number, bound: number): void => {
    if (!Number.isFinite(bound) || Number.isFinite(ranges[side][column])) return
    ranges[side][column] = bound
    changed = true
  }
  for (let round = 0; round < ROUNDS && changed; round++) {
    changed = false
    for (const [row, entries] of rows) {
      for (const [side, limit] of [
        ['least', draft.rowUpper[row]],
        ['greatest', draft.rowLower[row]],
      ] as const) {
        if (!Number.isFinite(limit)) continue
        const { finite, infinite } = activity(entries, ranges, side)
        if (infinite > 1) continue
        for (const { column, value } of entries) {
          const at = value > 0 === (side === 'least') ? ranges.lower[column] : ranges.upper[column]
          // What the others amount to at least (or at most), if that is known.
          if (infinite - (Number.isFinite(at) ? 0 : 1) !== 0) continue
          const others = finite - (Number.isFinite(at) ? value * at : 0)
          take(value > 0 === (side === 'least') ? 'upper' : 'lower', column, (limit - others) / value)
        }
      }
    }
  }
  return ranges
}
