import type { Chart } from '../../experiments/experiment.ts'
import { isLine } from '../../src/drawing/chart.ts'
import { chartToSvg } from '../../src/drawing/svg-chart.ts'
import { saveText } from '../components/save.ts'
import { LineChart } from './line-chart.tsx'
import { type LineSeries, seriesColour, seriesDash } from './series.ts'

/** The names of the lines, with a sample of each. */
export function Legend({ series }: { series: readonly Pick<LineSeries, 'label' | 'colour' | 'mark'>[] }) {
  return (
    <ul class="legend">
      {series.map(({ label, colour, mark }) => (
        <li key={label}>
          <svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
            {mark === 'line' ? (
              <path d="M0 5h28" style={{ stroke: seriesColour(colour) }} stroke-dasharray={seriesDash(colour)} />
            ) : (
              <circle cx="14" cy="5" r="3.5" style={{ fill: seriesColour(colour) }} />
            )}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  )
}

/** A chart of an experiment, with its legend and a download. */
export function ChartFigure({ chart, name }: { chart: Chart; name: string }) {
  const series = chart.series.map(
    (line, i): LineSeries => ({
      label: line.label,
      x: line.x,
      y: line.y,
      colour: i,
      mark: isLine(chart, line) ? 'line' : 'points',
    }),
  )
  return (
    <figure class="chart-figure">
      <figcaption>{chart.title}</figcaption>
      {series.length > 1 && <Legend series={series} />}
      <LineChart
        title={chart.title}
        xLabel={chart.x.label}
        yLabel={chart.y.label}
        logX={chart.x.scale === 'log'}
        logY={chart.y.scale === 'log'}
        series={series}
        height={240}
      />
      <button
        type="button"
        class="link small"
        onClick={() => saveText(`${name}.svg`, 'image/svg+xml', chartToSvg(chart))}
      >
        SVG
      </button>
    </figure>
  )
}
