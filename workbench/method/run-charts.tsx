import { useMemo } from 'preact/hooks'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { Legend } from '../charts/chart-figure.tsx'
import { LineChart } from '../charts/line-chart.tsx'
import type { LineSeries } from '../charts/series.ts'
import type { Lane, RunController } from './run-controller.ts'
import type { Settings } from './settings.ts'

/** The title of a method among those of its class. */
export function titleOf(page: PageEntry, slug: string): string {
  return page.problems?.methods.find((method) => method.slug === slug)?.title ?? slug
}

/** Names of measures in words. */
function inWords(name: string): string {
  return name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** The column that the horizontal axis counts. */
function axisColumn(axis: string): string {
  return axis === 'iteration' || axis === 'elapsedMs' ? axis : `evaluations.${axis}`
}

/** What a method is judged by: the class's residual, or its own measure where it does not know that one. */
function optimalityOf(page: PageEntry, lane: Lane): string {
  const own = page.problems?.methods.find(({ slug }) => slug === lane.method)?.optimality
  const usual = page.problems?.optimality ?? 'objective'
  return usual in lane.columns ? usual : (own ?? usual)
}

/** The lowest objective that any contestant has reached, or the known minimum if that is lower. */
function floorOf(lanes: readonly Lane[], minimum: number | null): number {
  let floor = minimum ?? Infinity
  for (const { columns } of lanes) for (const value of columns.objective ?? []) if (value < floor) floor = value
  return floor
}

/** Everything that a chart or a file shows of a run: one line for each contestant. */
export function runSeries(
  page: PageEntry,
  { lanes, minimum }: Pick<RunController, 'lanes' | 'minimum'>,
  axis: string,
): { objective: LineSeries[]; optimality: LineSeries[]; optimalityLabel: string; floor: number } {
  const floor = floorOf(lanes, minimum)
  const line = (lane: Lane, colour: number, y: readonly number[]): LineSeries => ({
    label: titleOf(page, lane.method),
    x: lane.columns[axisColumn(axis)] ?? [],
    y,
    colour,
    mark: 'line',
  })
  const own = lanes.map((lane) => optimalityOf(page, lane))
  return {
    objective: lanes.map((lane, i) =>
      line(
        lane,
        i,
        (lane.columns.objective ?? []).map((value) => value - floor),
      ),
    ),
    optimality: lanes.map((lane, i) => line(lane, i, lane.columns[own[i]] ?? [])),
    optimalityLabel: [...new Set(own)].map(inWords).join(' / '),
    floor,
  }
}

/** The label of the horizontal axis. */
export function axisLabel(axis: string): string {
  if (axis === 'iteration') return 'iterations'
  return axis === 'elapsedMs' ? 'milliseconds of computing' : `calls of ${inWords(axis)}`
}

/** Objective and optimality of all contestants, as they come in. */
export function RunCharts({
  page,
  controller,
  settings,
  set,
}: {
  page: PageEntry
  controller: RunController
  settings: Settings
  set: (change: Partial<Settings>) => void
}) {
  const version = controller.chartVersion.value
  const { axis, logX } = settings
  // The lanes change in place; the version says when to look again.
  const series = useMemo(() => runSeries(page, controller, axis), [page, controller, axis, version])
  const cursor = controller.cursor.value
  const at = axis === 'iteration' ? cursor : null
  const oracles = (page.problems?.oracles ?? []).filter((oracle) =>
    controller.lanes.some(({ columns }) => (columns[`evaluations.${oracle}`]?.at(-1) ?? 0) > 0),
  )
  const known = ['iteration', 'elapsedMs', ...oracles, ...(oracles.includes(axis) ? [] : [axis])]
  return (
    <div class="run-charts">
      <div class="chart-options">
        <label class="inline-field">
          <span>against</span>
          <select value={axis} onChange={(event) => set({ axis: event.currentTarget.value })}>
            {[...new Set(known)].map((name) => (
              <option key={name} value={name}>
                {axisLabel(name)}
              </option>
            ))}
          </select>
        </label>
        <label class="tick">
          <input type="checkbox" checked={logX} onChange={(event) => set({ logX: event.currentTarget.checked })} />
          logarithmic
        </label>
      </div>
      <Legend
        series={controller.lanes.map(({ method }, colour) => ({ label: titleOf(page, method), colour, mark: 'line' }))}
      />
      <LineChart
        title="Objective"
        xLabel={axisLabel(axis)}
        yLabel={controller.minimum === null ? 'objective above the lowest found' : 'objective above the known minimum'}
        logX={logX}
        logY
        series={series.objective}
        cursor={at}
      />
      <LineChart
        title="Optimality"
        xLabel={axisLabel(axis)}
        yLabel={series.optimalityLabel}
        logX={logX}
        logY
        series={series.optimality}
        cursor={at}
      />
    </div>
  )
}
