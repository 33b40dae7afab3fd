import { chartsToSvg } from '../../src/drawing/svg-chart.ts'
import { traceToCsv } from '../../src/solver/trace.ts'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { saveText } from '../components/save.ts'
import { axisLabel, isLinear, runSeries } from './run-charts.tsx'
import type { RunController } from './run-controller.ts'
import type { Settings } from './settings.ts'

/** The run as files, and a link to it. */
export function Downloads({
  page,
  controller,
  settings,
}: {
  page: PageEntry
  controller: RunController
  settings: Settings
}) {
  const state = controller.state.value
  const ended = state === 'finished' || state === 'cancelled'
  const { slug } = page.entry
  const svg = (): string => {
    const { objective, objectiveLabel, optimality, optimalityLabel } = runSeries(page, controller, settings.axis)
    const x = { label: axisLabel(settings.axis), scale: settings.logX ? ('log' as const) : ('linear' as const) }
    const chart = (title: string, series: typeof objective) => ({
      title,
      kind: 'line' as const,
      x,
      y: { label: '', scale: isLinear(page) ? ('linear' as const) : ('log' as const) },
      series,
    })
    return chartsToSvg([chart(objectiveLabel, objective), chart(optimalityLabel, optimality)])
  }
  return (
    <div class="downloads">
      <span class="label">Save</span>
      <button
        type="button"
        class="link"
        disabled={!ended}
        onClick={() => saveText(`${slug}.csv`, 'text/csv', tracesCsv(controller))}
      >
        CSV
      </button>
      <button
        type="button"
        class="link"
        disabled={!ended}
        onClick={() => saveText(`${slug}.json`, 'application/json', runJson(controller))}
      >
        JSON
      </button>
      <button
        type="button"
        class="link"
        disabled={!ended}
        onClick={() => saveText(`${slug}.svg`, 'image/svg+xml', svg())}
      >
        SVG
      </button>
      <button
        type="button"
        class="link"
        disabled={!ended}
        title="A run file: thalweg resume goes on with it"
        onClick={async () => saveText(`${slug}.jsonl`, 'application/x-ndjson', await controller.runFile())}
      >
        run file
      </button>
      <CopyButton label="Copy link" text={() => location.href} />
    </div>
  )
}

/** All traces in one table, with the method in the first column. */
function tracesCsv({ lanes }: RunController): string {
  const names = [...new Set(lanes.flatMap(({ columns }) => Object.keys(columns)))]
  const tables = lanes.map(({ method, columns }) => {
    const rows = columns.iteration?.length ?? 0
    const whole = Object.fromEntries(names.map((name) => [name, columns[name] ?? new Array<number>(rows).fill(NaN)]))
    const lines = traceToCsv({ stride: 1, capacity: rows, columns: whole }).trimEnd().split('\n')
    return { head: `method,${lines[0]}`, body: lines.slice(1).map((line) => `${method},${line}`) }
  })
  return `${[tables[0]?.head ?? 'method', ...tables.flatMap(({ body }) => body)].join('\n')}\n`
}

/** The request and every contestant's ending and trace. Numbers that JSON does not have are null. */
function runJson({ request, lanes }: RunController): string {
  const plain = (_: string, value: unknown): unknown =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value
  return `${JSON.stringify(
    {
      request,
      runs: lanes.map(({ method, columns, ending, failure }) => ({ method, ending, failure, trace: columns })),
    },
    plain,
    1,
  )}\n`
}
