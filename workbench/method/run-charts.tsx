import { useMemo } from 'preact/hooks'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { Legend } from '../charts/chart-figure.tsx'
import { inWords } from '../charts/in-words.ts'
import { LineChart } from '../charts/line-chart.tsx'
import type { LineSeries } from '../charts/series.ts'
import type { RunRequest } from '../worker/protocol.ts'
import type { Lane, RunController } from './run-controller.ts'
import type { Settings } from './settings.ts'

/** The title of a method among those of its class. */
export function titleOf(page: PageEntry, slug: string): string {
  return page.problems?.methods.find((method) => method.slug === slug)?.title ?? slug
}

/** The column that the horizontal axis counts. */
function axisColumn(axis: string): string {
  return axis === 'iteration' || axis === 'elapsedMs' ? axis : `evaluations.${axis}`
}

/** What a method is judged by: the class's residual, else its own measure, else the first thing that it measures at all. */
function optimalityOf(page: PageEntry, { method, columns }: Lane): string {
  const own = page.problems?.methods.find(({ slug }) => slug === method)?.optimality ?? ''
  const usual = page.problems?.charted?.measure ?? page.problems?.optimality ?? ''
  const measures = Object.keys(columns).filter(
    (name) => !/^(iteration|elapsedMs|objective|evaluations\..*)$/.test(name),
  )
  return [usual, own, ...measures, 'objective'].find((name) => name in columns) ?? usual
}

/** Classes whose iterates are not feasible before the end: their objective comes from either side. */
const twoSided = new Set(['transport', 'unbalanced-transport'])

/** Whether the charts of a class have linear scales: sums of losses and regrets may have either sign. */
export const isLinear = (page: PageEntry): boolean => page.problems?.charted != null

/** What the objective is measured from, and in which words. */
function referenceOf(
  page: PageEntry,
  lanes: readonly Lane[],
  minimum: number | null,
): { value: number; words: string } {
  const charted = page.problems?.charted ?? null
  if (charted !== null) return { value: 0, words: charted.objective }
  if (twoSided.has(page.problems?.name ?? '')) {
    let best = Infinity
    let value = 0
    for (const lane of lanes) {
      const residual = lane.columns[optimalityOf(page, lane)]?.at(-1) ?? Infinity
      if (residual >= best) continue
      best = residual
      value = lane.columns.objective?.at(-1) ?? 0
    }
    return { value, words: 'distance of the objective from the most accurate' }
  }
  let value = minimum ?? Infinity
  for (const { columns } of lanes) for (const one of columns.objective ?? []) if (one < value) value = one
  return {
    value,
    words: minimum === null ? 'objective above the lowest found' : 'objective above the known minimum',
  }
}

/** Everything that a chart or a file shows of a run: one line for each contestant. */
export function runSeries(
  page: PageEntry,
  { lanes, minimum }: Pick<RunController, 'lanes' | 'minimum'>,
  axis: string,
): { objective: LineSeries[]; objectiveLabel: string; optimality: LineSeries[]; optimalityLabel: string } {
  const reference = referenceOf(page, lanes, minimum)
  const linear = isLinear(page)
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
        (lane.columns.objective ?? []).map((value) => (linear ? value : Math.abs(value - reference.value))),
      ),
    ),
    optimality: lanes.map((lane, i) => line(lane, i, lane.columns[own[i]] ?? [])),
    optimalityLabel: [...new Set(own)].map(inWords).join(' / '),
    objectiveLabel: reference.words,
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
  request,
  settings,
  set,
}: {
  page: PageEntry
  controller: RunController
  request: RunRequest
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
        series={request.contestants.map(({ method }, colour) => ({
          label: titleOf(page, method),
          colour,
          mark: 'line',
        }))}
      />
      <LineChart
        title="Objective"
        xLabel={axisLabel(axis)}
        yLabel={series.objectiveLabel}
        logX={logX}
        logY={!isLinear(page)}
        series={series.objective}
        cursor={at}
      />
      <LineChart
        title="Optimality"
        xLabel={axisLabel(axis)}
        yLabel={series.optimalityLabel}
        logX={logX}
        logY={!isLinear(page)}
        series={series.optimality}
        cursor={at}
      />
    </div>
  )
}
