import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import { chartToSvg } from '../../src/drawing/svg-chart.ts'
import { traceToCsv } from '../../src/solver/trace.ts'
import { inWords } from '../charts/in-words.ts'
import { LineChart } from '../charts/line-chart.tsx'
import type { LineSeries } from '../charts/series.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { saveText } from '../components/save.ts'
import { Picture } from '../pictures/picture.tsx'
import { place } from '../router.ts'
import type { Frame, Scene } from '../stages/scene.ts'
import '../styles/method.css'
import '../styles/tools.css'
import type { Failure } from '../worker/failure.ts'
import type {
  FromMinimizeWorker,
  MinimizeOutcome,
  MinimizeRequest,
  ProblemSummary,
  ToMinimizeWorker,
} from '../worker/minimize-protocol.ts'
import { useAddress } from './address.ts'
import { commandOf, programOf } from './minimize/program.ts'
import { NumberField, numberIn } from './number-field.tsx'
import { useToolWorker } from './tool-worker.ts'

/** How long after the last key the expression is read. */
const SETTLE_MS = 250

const examples: readonly { title: string; expression: string; start: string }[] = [
  { title: 'a curved valley', expression: '100*(y - x^2)^2 + (1 - x)^2', start: '-1.2,1' },
  { title: 'four hollows', expression: '(x^2 + y - 11)^2 + (x + y^2 - 7)^2', start: '0,0' },
  { title: 'waves', expression: '0.1*(x^2 + y^2) + sin(2*x)*cos(2*y)', start: '2,1.5' },
]

const nothing: Scene = { kind: 'none' }

/** `#/tools/minimize`: minimizes an expression. */
export function MinimizeExpression() {
  const query = useMemo(() => place.value.query, [])
  const [request, setRequest] = useState<MinimizeRequest>({
    expression: query.get('f') ?? examples[0].expression,
    start: query.get('start') ?? (query.has('f') ? '' : examples[0].start),
    lower: query.get('lower') ?? '',
    upper: query.get('upper') ?? '',
    method: query.get('method') ?? '',
    seed: 0,
  })
  const [seed, setSeed] = useState(query.get('seed') ?? '0')
  const [summary, setSummary] = useState<ProblemSummary | null>(null)
  const [scene, setScene] = useState<Scene>(nothing)
  const [frames, setFrames] = useState<readonly Frame[]>([])
  const [outcome, setOutcome] = useState<MinimizeOutcome | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [running, setRunning] = useState(false)
  const id = useRef(0)
  const set = (change: Partial<MinimizeRequest>): void => setRequest((old) => ({ ...old, ...change }))
  const fail = (found: Failure): void => {
    setRunning(false)
    setFailure(found)
  }
  const line = useToolWorker<ToMinimizeWorker, FromMinimizeWorker>(
    () => new Worker(new URL('../worker/minimize-worker.ts', import.meta.url), { type: 'module' }),
    (message) => {
      if (message.type === 'run-file') return saveText('run.jsonl', 'application/x-ndjson', message.text)
      if (message.id !== id.current) return
      switch (message.type) {
        case 'looked':
          setSummary(message.summary)
          return setScene(message.scene)
        case 'path':
          setFrames(message.frames)
          if (message.scene !== null) setScene(message.scene)
          return
        case 'done':
          setRunning(false)
          return setOutcome(message.outcome)
        case 'failed':
          return fail(message.failure)
      }
    },
    fail,
  )
  const { expression, start, lower, upper, method } = request
  const wholeSeed = numberIn(seed, 0, Number.MAX_SAFE_INTEGER)
  const whole = { ...request, seed: wholeSeed ?? 0 }
  // A new problem, not a new method, makes another picture.
  useEffect(() => {
    id.current++
    line.send({ type: 'cancel' })
    setRunning(false)
    setOutcome(null)
    setFrames([])
    setFailure(null)
    const wanted = id.current
    const timer = setTimeout(() => line.send({ type: 'look', id: wanted, request: whole }), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [line, expression, start, lower, upper])
  useAddress({
    f: expression,
    start: start || undefined,
    lower: lower || undefined,
    upper: upper || undefined,
    method: method || undefined,
    seed: seed === '0' ? undefined : seed,
  })
  const run = (): void => {
    id.current++
    setFailure(null)
    setOutcome(null)
    setFrames([])
    setRunning(true)
    line.send({ type: 'run', id: id.current, request: whole })
  }
  const paths = useMemo(() => [{ colour: 0, frames }], [frames])
  const variables = summary?.variables ?? []
  const command = commandOf(whole)
  const program = programOf(whole, variables)
  return (
    <article class="page method tool">
      <header class="method-head">
        <h1>Minimize an expression</h1>
        <p>Derivatives are derived, not approximated. With two variables, click where to start.</p>
      </header>
      <section class="lab" aria-label="Minimize an expression">
        <form class="lab-controls" onSubmit={(event) => event.preventDefault()}>
          <fieldset>
            <legend>Function</legend>
            <label class="field">
              <span>expression{variables.length > 0 && ` of ${variables.join(', ')}`}</span>
              <textarea
                class="code-input"
                rows={4}
                spellcheck={false}
                value={expression}
                onInput={(event) => set({ expression: event.currentTarget.value })}
              />
            </label>
            <p class="examples">
              Examples:
              {examples.map((example) => (
                <button
                  key={example.title}
                  type="button"
                  class="link small"
                  onClick={() => set({ expression: example.expression, start: example.start, lower: '', upper: '' })}
                >
                  {example.title}
                </button>
              ))}
            </p>
            <TextField
              label="start"
              help={`one number for each variable, such as ${variables.length === 2 ? '-1.2,1' : '1,2,...'} or ${variables[0] ?? 'x'}=1`}
              value={start}
              onChange={(text) => set({ start: text })}
            />
            <div class="field-pair">
              <TextField
                label="lower bounds"
                help="empty: none"
                value={lower}
                onChange={(text) => set({ lower: text })}
              />
              <TextField
                label="upper bounds"
                help="one number: for all"
                value={upper}
                onChange={(text) => set({ upper: text })}
              />
            </div>
          </fieldset>
          <fieldset>
            <legend>How</legend>
            <div class="control">
              <label for="minimize-method">method</label>
              <select
                id="minimize-method"
                value={method}
                onChange={(event) => set({ method: event.currentTarget.value })}
              >
                <option value="">one that suits</option>
                {summary?.methods.map(({ slug, title }) => (
                  <option key={slug} value={slug}>
                    {title}
                  </option>
                ))}
              </select>
            </div>
            <NumberField
              label="seed"
              help="of random draws, where the method has any"
              text={seed}
              complaint={Number.isInteger(wholeSeed) ? undefined : 'must be an integer >= 0'}
              onChange={setSeed}
            />
          </fieldset>
        </form>
        <div class="lab-stage">
          <div class="tool-bar">
            <button
              type="button"
              class="button primary"
              disabled={running || !Number.isInteger(wholeSeed)}
              onClick={run}
            >
              Minimize
            </button>
            <button type="button" class="button" disabled={!running} onClick={() => line.send({ type: 'cancel' })}>
              Cancel
            </button>
            <p class="run-status">
              <span role="status">{running ? 'Running' : outcome === null ? '' : 'Done'}</span>
              <span class="run-count">
                {running && frames.length > 0 && `iteration ${frames[frames.length - 1].iteration}`}
              </span>
            </p>
          </div>
          {failure !== null && <ErrorPanel failure={failure} />}
          <div class="lab-pictures">
            {scene.kind === 'plane' && (
              <div class="stage-picture">
                <Picture
                  scene={scene}
                  paths={paths}
                  iteration={null}
                  onPick={(x, y) => set({ start: [x, y].map((value) => Number(value.toPrecision(4))).join(',') })}
                />
              </div>
            )}
            {outcome !== null && <Found outcome={outcome} onRunFile={() => line.send({ type: 'run-file' })} />}
          </div>
          <section class="code" aria-labelledby="code-title">
            <div class="code-head">
              <h2 id="code-title">The same in TypeScript</h2>
              <CopyButton label="Copy code" text={() => program} />
            </div>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
            <pre tabIndex={0}>
              <code>{program}</code>
            </pre>
          </section>
          <div class="downloads">
            <span class="label">In a terminal</span>
            <code class="command">{command}</code>
            <CopyButton label="Copy" text={() => command} />
            <CopyButton label="Copy link" text={() => location.href} />
          </div>
        </div>
      </section>
    </article>
  )
}

function TextField({
  label,
  help,
  value,
  onChange,
}: {
  label: string
  help: string
  value: string
  onChange: (text: string) => void
}) {
  return (
    <label class="control">
      <span class="label">{label}</span>
      <input
        type="text"
        class="code-input"
        autoComplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <span class="help">{help}</span>
    </label>
  )
}

function Found({ outcome, onRunFile }: { outcome: MinimizeOutcome; onRunFile: () => void }) {
  const { status, message, method, why, variables, x, objective, iterations, measures, trace, measure } = outcome
  const series = useMemo((): LineSeries[] => {
    const shown = trace[measure] === undefined ? 'objective' : measure
    return [{ label: shown, x: trace.iteration ?? [], y: trace[shown] ?? [], colour: 0, mark: 'line' }]
  }, [trace, measure])
  const log = Array.from(series[0].y).every((value) => !(value < 0))
  return (
    <section class="tool-result" aria-label="Result">
      <p class={`headline status ${status}`}>
        {status}
        <span class="headline-value">{formatNumber(objective, 10)}</span>
      </p>
      <p class="message">{message}</p>
      <dl class="figures">
        {variables.map((name, i) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatNumber(x[i], 10)}</dd>
          </div>
        ))}
        {Object.entries(measures ?? {})
          .filter(([name]) => name !== 'objective')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{inWords(name)}, measured at x</dt>
              <dd>{formatNumber(value, 4)}</dd>
            </div>
          ))}
        <div>
          <dt>iterations</dt>
          <dd>{iterations}</dd>
        </div>
      </dl>
      <p class="help">
        Method: {method}
        {why !== null && `, since ${why}`}.
      </p>
      <LineChart
        title="Convergence"
        xLabel="iterations"
        yLabel={inWords(series[0].label)}
        logY={log}
        series={series}
        height={220}
      />
      <div class="downloads">
        <span class="label">Save</span>
        <button
          type="button"
          class="link"
          onClick={() =>
            saveText(
              'trace.csv',
              'text/csv',
              traceToCsv({ stride: 1, capacity: iterations, columns: trace as Record<string, number[]> }),
            )
          }
        >
          CSV
        </button>
        <button
          type="button"
          class="link"
          onClick={() => saveText('result.json', 'application/json', `${JSON.stringify(outcome, null, 1)}\n`)}
        >
          JSON
        </button>
        <button
          type="button"
          class="link"
          onClick={() =>
            saveText(
              'convergence.svg',
              'image/svg+xml',
              chartToSvg({
                title: 'Convergence',
                kind: 'line',
                x: { label: 'iterations' },
                y: { label: series[0].label, scale: 'log' },
                series,
              }),
            )
          }
        >
          SVG
        </button>
        <button type="button" class="link" title="thalweg resume and replay read it" onClick={onRunFile}>
          run file
        </button>
      </div>
    </section>
  )
}
