import { type LineSeries, staircase } from '../../charts/series.ts'
import type { SearchMoment, SolveOutcome } from '../../worker/solve-model-protocol.ts'

/** Moments that are kept of a search. */
const CAPACITY = 1200

/** Adds moments; when there are too many, every second one is dropped, but never one with a new incumbent. */
export function addMoments(before: readonly SearchMoment[], added: readonly SearchMoment[]): readonly SearchMoment[] {
  const all = [...before, ...added]
  if (all.length <= CAPACITY) return all
  return all.filter(({ objective }, i) => i % 2 === 0 || (i > 0 && objective !== all[i - 1].objective))
}

/** (objective - bound) / max(|objective|, 0.01); null before both are known. */
export function gapOf({ objective, bound }: Pick<SearchMoment, 'objective' | 'bound'>): number | null {
  return objective === null || bound === null ? null : Math.abs(objective - bound) / Math.max(Math.abs(objective), 0.01)
}

/** The moments at which there was a new incumbent, the newest first. */
export function incumbentsOf(moments: readonly SearchMoment[]): SearchMoment[] {
  return moments.filter(({ objective }, i) => objective !== null && objective !== moments[i - 1]?.objective).reverse()
}

/** Incumbent and bound, and the gap between them, against the seconds. */
export function searchSeries(
  moments: readonly SearchMoment[],
  outcome: SolveOutcome | null,
): { values: LineSeries[]; gaps: LineSeries[] } {
  const all: readonly SearchMoment[] = outcome === null ? moments : [...moments, outcome]
  const line = (label: string, colour: number, pick: (moment: SearchMoment) => number | null): LineSeries => {
    const known = all.filter((moment) => pick(moment) !== null)
    const seconds = known.map((moment) => moment.seconds)
    const values = known.map((moment) => pick(moment) as number)
    return { label, colour, mark: 'line', ...staircase(seconds, values) }
  }
  return {
    values: [line('incumbent', 0, ({ objective }) => objective), line('bound', 1, ({ bound }) => bound)],
    gaps: [line('gap', 3, gapOf)],
  }
}
