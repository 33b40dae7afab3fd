import type { Chart } from '../drawing/index.ts'
import type { Trace } from '../solver/index.ts'

/** How a residual fell, iteration by iteration. */
export function convergenceChart({ columns }: Pick<Trace, 'columns'>, measure: string, title: string): Chart {
  // A measure that most iterates do not have (before a last stage) says little about the run.
  const known = columns[measure]?.filter(Number.isFinite).length ?? 0
  const shown = known > 0.5 * columns.iteration.length ? measure : 'objective'
  const values = columns[shown] ?? []
  return {
    title,
    kind: 'line',
    x: { label: 'iteration' },
    y: { label: shown, scale: values.some((value) => value > 0) && shown !== 'objective' ? 'log' : 'linear' },
    series: [{ label: shown, x: columns.iteration, y: values }],
  }
}
