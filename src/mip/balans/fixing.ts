import type { RandomStream } from '../../base/index.ts'
import type { ProgramChange } from '../engine.ts'
import type { SearchPoint } from './search-point.ts'

/** `floor(size * count)`, safe against products such as 0.29 * 100 = 28.999... */
export function share(size: number, count: number): number {
  return Math.floor(size * count + 1e-9)
}

/**
 * `count` of the given columns, at random: distinct ones, or drawn with replacement (then fewer are distinct).
 *
 * @returns in no particular order
 */
export function drawColumns(
  columns: ArrayLike<number>,
  count: number,
  random: RandomStream,
  withReplacement = false,
): number[] {
  if (withReplacement) {
    const drawn = new Set<number>()
    for (let k = 0; k < count; k++) drawn.add(columns[random.integer(columns.length)])
    return [...drawn]
  }
  const left = Array.from(columns)
  const wanted = Math.min(count, left.length)
  for (let k = 0; k < wanted; k++) {
    const at = k + random.integer(left.length - k)
    const swap = left[k]
    left[k] = left[at]
    left[at] = swap
  }
  return left.slice(0, wanted)
}

/** Other bounds for one column. */
export interface Range {
  readonly lower: number
  readonly upper: number
}

/**
 * Fixes every integer column at the current solution but those in `ranges`, which get the range given there (null: their own
 * bounds). Columns that the program itself fixes are left alone.
 *
 * @param fixContinuous also fix all other columns
 */
export function fixAllBut(
  { program, current, columns }: SearchPoint,
  ranges: ReadonlyMap<number, Range | null>,
  fixContinuous: boolean,
): ProgramChange {
  const { lower, upper, types } = program
  const changed: number[] = []
  const low: number[] = []
  const high: number[] = []
  const put = (j: number, from: number, to: number): void => {
    if (from === lower[j] && to === upper[j]) return
    changed.push(j)
    // Adding 0 turns -0 into 0.
    low.push(from + 0)
    high.push(to + 0)
  }
  const visit = (j: number): void => {
    const range = ranges.get(j)
    if (range === null || lower[j] === upper[j]) return
    if (range !== undefined) {
      put(j, Math.max(lower[j], range.lower), Math.min(upper[j], range.upper))
      return
    }
    const value = types[j] === 'integer' ? Math.round(current[j]) : current[j]
    const inside = Math.min(Math.max(value, lower[j]), upper[j])
    put(j, inside, inside)
  }
  if (fixContinuous) {
    for (let j = 0; j < types.length; j++) {
      // A semi-continuous column is zero or in its range; bounds cannot say that.
      if (types[j] === 'integer' || types[j] === 'continuous') visit(j)
    }
  } else for (const j of columns.all) visit(j)
  return {
    bounds: { columns: Int32Array.from(changed), lower: Float64Array.from(low), upper: Float64Array.from(high) },
  }
}

/** Frees the given columns and fixes the other integer columns; null if there is nothing to free. */
export function freeOnly(point: SearchPoint, free: readonly number[], fixContinuous: boolean): ProgramChange | null {
  if (free.length === 0) return null
  return fixAllBut(point, new Map(free.map((j) => [j, null])), fixContinuous)
}
