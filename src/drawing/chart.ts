/** One axis of a chart. */
export interface ChartAxis {
  readonly label: string
  /** Default `linear`. On a logarithmic axis values <= 0 are not drawn. */
  readonly scale?: 'linear' | 'log'
}

/** One set of points of a chart. Points with a NaN or infinite coordinate are left out and interrupt a line. */
export interface ChartSeries {
  readonly label: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** How this series is drawn. Default: the chart's `kind`. */
  readonly mark?: 'line' | 'points'
}

/** A line or scatter chart as data: drawn in the terminal, as SVG and in the workbench. */
export interface Chart {
  readonly title: string
  readonly kind: 'line' | 'points'
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly series: readonly ChartSeries[]
}

/** A table as data. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** Whether a series of a chart is drawn as a line. */
export function isLine(chart: Chart, series: ChartSeries): boolean {
  return (series.mark ?? chart.kind) === 'line'
}
