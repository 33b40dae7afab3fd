import { UnsupportedError } from '../../base/index.ts'
import { impliedRanges, type Ranges } from './implied-bounds.ts'
import type { Indicator, OrderedSet, ProgramDraft } from './program-draft.ts'

/** Solvers take 1e-6 for zero: times this, a constraint that is switched off would be felt, and one that is on would not. */
const LARGEST_SWITCH = 1e9

/**
 * Writes the indicator constraints and the ordered sets of a draft as linear rows. All bounds must be known; they are used.
 *
 * @throws {UnsupportedError} where a bound is missing or too far away
 */
export function linearizeLogicalConstraints(draft: ProgramDraft, source: string): void {
  if (draft.indicators.length + draft.orderedSets.length > 0) new Linearization(draft, source).all()
}

class Linearization {
  private readonly draft: ProgramDraft
  private readonly source: string
  private readonly rowNames: Set<string>
  private readonly ranges: Ranges

  constructor(draft: ProgramDraft, source: string) {
    this.draft = draft
    this.source = source
    this.rowNames = new Set(draft.rowNames)
    this.ranges = impliedRanges(draft, new Set(draft.indicators.map(({ row }) => row)))
  }

  all(): void {
    const { indicators, orderedSets } = this.draft
    const rows = this.draft.entriesOf(new Set(indicators.map(({ row }) => row)))
    for (const indicator of indicators) this.indicator(indicator, rows.get(indicator.row) ?? [])
    for (const set of orderedSets) this.orderedSet(set)
  }

  private refuse(line: number, message: string, expected: string): UnsupportedError {
    return new UnsupportedError(`${this.source}, line ${line}: ${message}`, {
      argument: `${this.source}, line ${line}`,
      expected,
    })
  }

  /** What a column may be: semi-continuous ones may be zero too, and where bounds are missing the rows may imply them. */
  private range(column: number): [number, number] {
    return [this.ranges.lower[column], this.ranges.upper[column]]
  }

  private newRow(name: string, lower: number, upper: number): number {
    let free = name
    for (let k = 2; this.rowNames.has(free); k++) free = `${name}_${k}`
    this.rowNames.add(free)
    return this.draft.addRow(free, lower, upper)
  }

  /**
   * The row with a switch: a'x <= u where d = 1 is a'x + (M - u) d <= M for the largest M that a'x can take, and likewise from below. Nothing is
   * lost, as M comes from the bounds of the columns.
   */
  private indicator(
    { row, column, value, line }: Indicator,
    entries: readonly { readonly column: number; readonly value: number }[],
  ): void {
    const { draft } = this
    const name = draft.rowNames[row]
    const [low, high] = this.range(column)
    if (draft.types[column] !== 'integer' || low < 0 || high > 1) {
      throw this.refuse(
        line,
        `the indicator '${draft.columnNames[column]}' of constraint '${name}' must be a binary variable`,
        'an integer variable with bounds 0 and 1',
      )
    }
    const extreme = (side: 'lower' | 'upper'): number => {
      let sum = 0
      for (const { column: j, value: a } of entries) {
        const [smallest, largest] = this.range(j)
        const at = a > 0 === (side === 'upper') ? largest : smallest
        if (!Number.isFinite(at)) {
          throw this.refuse(
            line,
            `constraint '${name}' holds only where '${draft.columnNames[column]}' is ${value}; to write that linearly, '${draft.columnNames[j]}' needs ${at > 0 ? 'an upper' : 'a lower'} bound`,
            'finite bounds of all variables in it',
          )
        }
        sum += a * at
      }
      return sum
    }
    const upper = draft.rowUpper[row]
    const lower = draft.rowLower[row]
    const both = Number.isFinite(upper) && Number.isFinite(lower)
    if (both) {
      // One row for each side, as each has a switch of its own.
      const below = this.newRow(`${name}_lower`, lower, Infinity)
      for (const { column: j, value: a } of entries) draft.addEntry(below, j, a)
      draft.rowLower[row] = -Infinity
      this.switchRow(below, 'lower', extreme('lower'), column, value, line)
    } else if (Number.isFinite(lower)) this.switchRow(row, 'lower', extreme('lower'), column, value, line)
    if (Number.isFinite(upper)) this.switchRow(row, 'upper', extreme('upper'), column, value, line)
  }

  private switchRow(
    row: number,
    side: 'lower' | 'upper',
    extreme: number,
    column: number,
    value: 0 | 1,
    line: number,
  ): void {
    const { draft } = this
    const bounds = side === 'upper' ? draft.rowUpper : draft.rowLower
    const gap = extreme - bounds[row]
    // The constraint always holds.
    if (side === 'upper' ? gap <= 0 : gap >= 0) return
    if (Math.abs(gap) > LARGEST_SWITCH) {
      throw this.refuse(
        line,
        `constraint '${draft.rowNames[row]}' can be missed by ${Math.abs(gap)} where its indicator is off; give its variables tighter bounds`,
        `bounds by which it can be missed by at most ${LARGEST_SWITCH}`,
      )
    }
    // a'x + gap d <= u + gap where it holds for d = 1, a'x - gap d <= u where it holds for d = 0; from below alike.
    if (value === 1) {
      draft.addEntry(row, column, gap)
      bounds[row] = extreme
    } else draft.addEntry(row, column, -gap)
  }

  private orderedSet({ type, name, members, line }: OrderedSet): void {
    const { draft } = this
    const ordered = [...members].sort((a, b) => a.weight - b.weight).map(({ column }) => column)
    if (ordered.length <= type) return
    const binary = ordered.every((j) => draft.types[j] === 'integer' && draft.lower[j] === 0 && draft.upper[j] === 1)
    if (type === 1 && binary) {
      const row = this.newRow(name, -Infinity, 1)
      for (const j of ordered) draft.addEntry(row, j, 1)
      return
    }
    // Type 1: a binary for each member. Type 2: one for each pair of neighbours; a member may be used through either of its pairs.
    const count = type === 1 ? ordered.length : ordered.length - 1
    const choices = Array.from({ length: count }, (_, k) => {
      const members = type === 1 ? [ordered[k]] : [ordered[k], ordered[k + 1]]
      const label = [name, ...members.map((j) => draft.columnNames[j])].join('.')
      let free = label
      for (let m = 2; draft.column(free) !== undefined; m++) free = `${label}_${m}`
      return draft.addColumn(free, 'integer', 1)
    })
    const one = this.newRow(name, -Infinity, 1)
    for (const choice of choices) draft.addEntry(one, choice, 1)
    ordered.forEach((j, k) => {
      const own = type === 1 ? [choices[k]] : choices.slice(Math.max(0, k - 1), k + 1)
      this.memberBounds(name, j, own, line)
    })
  }

  /** l sum z <= x <= u sum z. */
  private memberBounds(set: string, column: number, choices: readonly number[], line: number): void {
    const { draft } = this
    const label = draft.columnNames[column]
    this.range(column).forEach((bound, side) => {
      if (!Number.isFinite(bound)) {
        throw this.refuse(
          line,
          `'${label}' in the ordered set '${set}' needs ${side === 0 ? 'a lower' : 'an upper'} bound, to write the set linearly`,
          'finite bounds of all members',
        )
      }
      // No bound but zero on this side: it holds anyway.
      if (bound === 0) return
      const row = this.newRow(
        `${set}.${label}.${side === 0 ? 'lower' : 'upper'}`,
        side === 0 ? 0 : -Infinity,
        side === 0 ? Infinity : 0,
      )
      draft.addEntry(row, column, 1)
      for (const choice of choices) draft.addEntry(row, choice, -bound)
    })
  }
}
