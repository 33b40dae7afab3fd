import type { Chart, ChartSeries } from './chart.ts'

/** A step function by its points: constant to the right of each. */
export interface Steps {
  readonly label: string
  readonly x: readonly number[]
  readonly y: readonly number[]
}

/** A step function as a series: the corners that a line needs. */
export function stepSeries({ label, x, y }: Steps): ChartSeries {
  const cornerX: number[] = []
  const cornerY: number[] = []
  for (let i = 0; i < x.length; i++) {
    if (i > 0) {
      cornerX.push(x[i])
      cornerY.push(y[i - 1])
    }
    cornerX.push(x[i])
    cornerY.push(y[i])
  }
  return { label, x: cornerX, y: cornerY }
}

/**
 * A performance or data profile as a chart: the share of problems solved over cost.
 *
 * @param profile as `performanceProfile` and `dataProfile` make it
 */
export function profileChart(
  title: string,
  profile: { readonly axis: string; readonly curves: readonly Steps[] },
): Chart {
  const widest = profile.curves.reduce((most, { x }) => Math.max(most, ...x), 0)
  const narrowest = profile.curves.reduce((least, { x }) => Math.min(least, ...x), Infinity)
  return {
    title,
    kind: 'line',
    // Ratios spread over decades, and begin at 1; costs begin at 0.
    x: { label: profile.axis, scale: narrowest > 0 && widest > 10 * narrowest ? 'log' : 'linear' },
    y: { label: 'share of problems solved' },
    series: profile.curves.map(stepSeries),
  }
}
