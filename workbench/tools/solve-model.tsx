import { useEffect, useMemo, useState } from 'preact/hooks'
import { chartsToSvg } from '../../src/drawing/svg-chart.ts'
import { Legend } from '../charts/chart-figure.tsx'
import { LineChart } from '../charts/line-chart.tsx'
import type { LineSeries } from '../charts/series.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { DropZone } from '../components/drop-zone.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { saveText } from '../components/save.ts'
import '../styles/method.css'
import '../styles/tools.css'
import { Arms } from '../pictures/arms.tsx'
import { place } from '../router.ts'
import type { ModelSource, ModelSummary } from '../worker/solve-model-protocol.ts'
import { useAddress } from './address.ts'
import { takeHandedFiles } from './handed-files.ts'
import { NumberField, numberIn } from './number-field.tsx'
import { contradiction, farm, knapsack } from './solve-model/examples.ts'
import { ModelController } from './solve-model/model-controller.ts'
import { searchSeries } from './solve-model/moments.ts'
import { Outcome } from './solve-model/outcome.tsx'
import { SearchLog } from './solve-model/search-log.tsx'

/** How long after the last key a text is read. */
const SETTLE_MS = 300

const examples = [
  { title: 'a farm', text: () => farm },
  { title: 'a knapsack that takes seconds', text: () => knapsack(42, 8) },
  { title: 'a contradiction', text: () => contradiction },
]

const methodTitles: Readonly<Record<string, string>> = {
  highs: 'HiGHS: branch and cut',
  balans: 'Balans: neighbourhood search',
}

/** `#/tools/solve`: reads a model and solves it. */
export function SolveModel() {
  const controller = useMemo(() => new ModelController(), [])
  useEffect(() => () => controller.close(), [controller])
  const query = useMemo(() => place.value.query, [])
  const [text, setText] = useState(query.get('lp') ?? farm)
  const [file, setFile] = useState<File | null>(() => takeHandedFiles('solve')[0] ?? null)
  const [method, setMethod] = useState(query.get('method') ?? 'highs')
  const [seconds, setSeconds] = useState(query.get('seconds') ?? '60')
  const [gap, setGap] = useState(query.get('gap') ?? '0.0001')
  const [seed, setSeed] = useState(query.get('seed') ?? '0')

  useEffect(() => {
    if (file !== null) {
      controller.read({ kind: 'file', file })
      return
    }
    const source: ModelSource | null = text.trim() === '' ? null : { kind: 'text', text }
    const timer = setTimeout(() => controller.read(source), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [controller, file, text])
  useAddress({
    lp: file === null ? text : undefined,
    method: method === 'highs' ? undefined : method,
    seconds: seconds === '60' ? undefined : seconds,
    gap: gap === '0.0001' ? undefined : gap,
    seed: seed === '0' ? undefined : seed,
  })

  const summary = controller.summary.value
  const limit = numberIn(seconds, 0.1)
  const relativeGap = numberIn(gap, 0)
  const wholeSeed = numberIn(seed, 0, 2147483647)
  const complaints = {
    seconds: seconds.trim() === '' || limit !== null ? undefined : 'must be a number of seconds > 0, or empty',
    gap: relativeGap === null ? 'must be a number >= 0' : undefined,
    seed: Number.isInteger(wholeSeed) ? undefined : 'must be an integer in [0, 2147483647]',
  }
  const ready = summary !== null && Object.values(complaints).every((complaint) => complaint === undefined)
  const running = controller.state.value === 'running' || controller.state.value === 'ending'
  const chosen = summary === null || summary.methods.includes(method) ? method : summary.methods[0]
  const solve = (): void =>
    controller.solve({
      method: chosen,
      maxSeconds: limit,
      relativeGap: relativeGap as number,
      seed: wholeSeed as number,
    })

  return (
    <article class="page method tool">
      <header class="method-head">
        <h1>Solve a model</h1>
        <p>
          Linear, mixed-integer and convex quadratic programs, from an MPS or LP file or written here, solved to proven
          optimality. The file stays in this page.
        </p>
      </header>
      <section class="lab" aria-label="Solve a model">
        <form class="lab-controls" onSubmit={(event) => event.preventDefault()}>
          <fieldset>
            <legend>Model</legend>
            <DropZone
              label="An MPS or LP file"
              hint="Also packed with gzip. Errors name the line."
              accept=".mps,.lp,.gz"
              onFile={setFile}
            />
            {file === null ? (
              <label class="field">
                <span>or written in LP format</span>
                <textarea
                  class="code-input"
                  rows={14}
                  spellcheck={false}
                  value={text}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              </label>
            ) : (
              <p class="chosen-file">
                <span class="file-name">{file.name}</span>
                <button type="button" class="link small" onClick={() => setFile(null)}>
                  use text instead
                </button>
              </p>
            )}
            <p class="examples">
              Examples:{' '}
              {examples.map(({ title, text: example }) => (
                <button
                  key={title}
                  type="button"
                  class="link small"
                  onClick={() => {
                    setFile(null)
                    setText(example())
                  }}
                >
                  {title}
                </button>
              ))}
            </p>
          </fieldset>
          <fieldset>
            <legend>How</legend>
            <div class="control">
              <label for="solve-method">method</label>
              <select id="solve-method" value={chosen} onChange={(event) => setMethod(event.currentTarget.value)}>
                {(summary?.methods ?? [chosen]).map((name) => (
                  <option key={name} value={name}>
                    {methodTitles[name] ?? name}
                  </option>
                ))}
              </select>
            </div>
            <NumberField
              label="seconds at most"
              help="empty: no limit; the best solution so far is kept"
              text={seconds}
              complaint={complaints.seconds}
              onChange={setSeconds}
            />
            <NumberField
              label="relative gap"
              help="ends when the solution is proved to be this close to the best"
              text={gap}
              complaint={complaints.gap}
              onChange={setGap}
            />
            <NumberField
              label="seed"
              help="the same seed, the same search"
              text={seed}
              complaint={complaints.seed}
              onChange={setSeed}
            />
          </fieldset>
        </form>
        <div class="lab-stage">
          <div class="tool-bar">
            <button type="button" class="button primary" disabled={!ready || running} onClick={solve}>
              Solve
            </button>
            <button
              type="button"
              class="button"
              disabled={controller.state.value !== 'running'}
              onClick={() => controller.cancel()}
            >
              Cancel
            </button>
            <Progress controller={controller} />
          </div>
          {controller.failure.value !== null && <ErrorPanel failure={controller.failure.value} />}
          <p class="summary" aria-live="polite">
            {summary === null ? '' : summaryInWords(summary)}
          </p>
          <Charts controller={controller} />
          <Outcome controller={controller} />
          <Arms arms={controller.arms.value} />
          <SearchLog controller={controller} />
          <div class="downloads">
            <span class="label">Save the model as</span>
            <button type="button" class="link" disabled={summary === null} onClick={() => controller.save('mps')}>
              MPS
            </button>
            <button type="button" class="link" disabled={summary === null} onClick={() => controller.save('lp')}>
              LP
            </button>
            {file === null && <CopyButton label="Copy link" text={() => location.href} />}
          </div>
        </div>
      </section>
    </article>
  )
}

const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`

function summaryInWords({ sense, rows, columns, integers, nonzeros, quadratic }: ModelSummary): string {
  const whole =
    integers === 0 ? '' : integers === columns ? ', all integer' : `, ${integers.toLocaleString('en')} integer`
  return `To ${sense}${quadratic ? ' a quadratic objective' : ''}: ${count(columns, 'variable')}${whole}; ${count(rows, 'constraint')}; ${count(nonzeros, 'coefficient')}.`
}

const words = { idle: '', running: 'Searching', ending: 'Ending', finished: 'Done' } as const

function Progress({ controller }: { controller: ModelController }) {
  const last = controller.moments.value.at(-1)
  const state = controller.state.value
  return (
    <p class="run-status">
      <span role="status">{words[state]}</span>
      <span class="run-count">
        {state === 'running' &&
          last !== undefined &&
          `${last.nodes.toLocaleString('en')} nodes, ${last.seconds.toFixed(1)} s`}
      </span>
    </p>
  )
}

/** The value, a task later: two charts drawn in one task would hold the page for too long. */
function useLater<T>(value: T): T {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), 0)
    return () => clearTimeout(timer)
  }, [value])
  return later
}

function progressSvg(values: readonly LineSeries[], gaps: readonly LineSeries[]): string {
  const x = { label: 'seconds' }
  return chartsToSvg([
    { title: 'Incumbent and bound', kind: 'line', x, y: { label: 'objective' }, series: values },
    { title: 'Gap', kind: 'line', x, y: { label: 'relative gap', scale: 'log' }, series: gaps },
  ])
}

function Charts({ controller }: { controller: ModelController }) {
  const moments = controller.moments.value
  const outcome = controller.outcome.value
  const { values, gaps } = useMemo(() => searchSeries(moments, outcome), [moments, outcome])
  const laterGaps = useLater(gaps)
  const summary = controller.summary.value
  if (summary !== null && summary.integers === 0) return null
  return (
    <div class="chart-pair">
      <div>
        <Legend series={values} />
        <LineChart title="Incumbent and bound" xLabel="seconds" yLabel="objective" series={values} height={240} />
      </div>
      <div>
        <Legend series={gaps} />
        <LineChart title="Gap" xLabel="seconds" yLabel="relative gap" logY series={laterGaps} height={240} />
      </div>
      <button
        type="button"
        class="link small"
        disabled={moments.length === 0}
        onClick={() => saveText('progress.svg', 'image/svg+xml', progressSvg(values, gaps))}
      >
        SVG
      </button>
    </div>
  )
}
