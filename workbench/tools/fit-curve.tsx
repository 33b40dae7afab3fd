import { useEffect, useMemo, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import { ChartFigure } from '../charts/chart-figure.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { DropZone } from '../components/drop-zone.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { saveText } from '../components/save.ts'
import { place } from '../router.ts'
import '../styles/method.css'
import '../styles/tools.css'
import type { Failure } from '../worker/failure.ts'
import type {
  FitOutcome,
  FitRequest,
  FromFitCurveWorker,
  TableSummary,
  ToFitCurveWorker,
} from '../worker/fit-curve-protocol.ts'
import { useAddress } from './address.ts'
import { takeHandedFiles } from './handed-files.ts'
import { useToolWorker } from './tool-worker.ts'

/** How long after the last key something is read. */
const SETTLE_MS = 300

/** A measured decay, to begin with. */
const example = {
  data: 'hours,activity\n0,102.3\n1,83.1\n2,68.9\n3,56.2\n4,47.5\n6,33.1\n8,23.9\n10,18.6\n14,11.2\n18,8.4\n24,6.1\n',
  model: 'activity = background + amount*exp(-rate*hours)',
  start: 'background=1,amount=100,rate=0.5',
}

/** `#/tools/fit`: fits a model to a table. */
export function FitCurve() {
  const query = useMemo(() => place.value.query, [])
  const [text, setText] = useState(query.get('data') ?? example.data)
  const [file, setFile] = useState<File | null>(() => takeHandedFiles('fit')[0] ?? null)
  const [request, setRequest] = useState<FitRequest>({
    model: query.get('model') ?? (file === null ? example.model : ''),
    x: query.get('x') ?? '',
    y: query.get('y') ?? '',
    start: query.get('start') ?? (file === null ? example.start : ''),
  })
  const [summary, setSummary] = useState<TableSummary | null>(null)
  const [parameters, setParameters] = useState<readonly string[]>([])
  const [failure, setFailure] = useState<Failure | null>(null)
  const [outcome, setOutcome] = useState<FitOutcome | null>(null)
  const [running, setRunning] = useState(false)
  const [id, setId] = useState(0)
  const set = (change: Partial<FitRequest>): void => setRequest((old) => ({ ...old, ...change }))
  const fail = (found: Failure): void => {
    setRunning(false)
    setFailure(found)
  }
  const line = useToolWorker<ToFitCurveWorker, FromFitCurveWorker>(
    () => new Worker(new URL('../worker/fit-curve-worker.ts', import.meta.url), { type: 'module' }),
    (message) => {
      switch (message.type) {
        case 'read':
          if (message.id !== id) return
          setSummary(message.summary)
          if (message.summary.nist !== null) {
            set({ model: message.summary.nist.model, start: message.summary.nist.starts[0], x: '', y: '' })
          }
          return
        case 'unreadable':
          return message.id === id ? fail(message.failure) : undefined
        case 'bound':
          setParameters(message.parameters)
          return setFailure(message.failure)
        case 'fitted':
          setRunning(false)
          return setOutcome(message.outcome)
        case 'failed':
          return fail(message.failure)
      }
    },
    fail,
  )
  useEffect(() => {
    const next = id + 1
    setId(next)
    setSummary(null)
    setOutcome(null)
    setFailure(null)
    const source = file === null ? ({ kind: 'text', text } as const) : ({ kind: 'file', file } as const)
    const timer = setTimeout(() => line.send({ type: 'read', id: next, source }), file === null ? SETTLE_MS : 0)
    return () => clearTimeout(timer)
  }, [line, text, file])
  const key = JSON.stringify([request.model, request.x, request.y])
  // The key says all that the names of the parameters depend on.
  useEffect(() => {
    if (summary === null || request.model.trim() === '') return
    const timer = setTimeout(() => line.send({ type: 'bind', request }), SETTLE_MS / 2)
    return () => clearTimeout(timer)
  }, [line, summary, key])
  useAddress(
    file === null
      ? {
          data: text,
          model: request.model,
          start: request.start,
          x: request.x || undefined,
          y: request.y || undefined,
        }
      : {},
  )
  const run = (): void => {
    setFailure(null)
    setOutcome(null)
    setRunning(true)
    line.send({ type: 'fit', request })
  }
  const take = (taken: File): void => {
    setFile(taken)
    setRequest({ model: '', x: '', y: '', start: '' })
  }
  const command = commandOf(file?.name ?? 'data.csv', request)
  return (
    <article class="page method tool">
      <header class="method-head">
        <h1>Fit a curve</h1>
        <p>
          A model of your own, fitted to a table by least squares, with standard errors. NIST files bring their model
          and certified values.
        </p>
      </header>
      <section class="lab" aria-label="Fit a curve">
        <form class="lab-controls" onSubmit={(event) => event.preventDefault()}>
          <fieldset>
            <legend>Data</legend>
            <DropZone label="A CSV table, or a NIST .dat file" accept=".csv,.tsv,.txt,.dat,.gz" onFile={take} />
            {file === null ? (
              <label class="field">
                <span>or typed here</span>
                <textarea
                  class="code-input"
                  rows={8}
                  spellcheck={false}
                  value={text}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
              </label>
            ) : (
              <p class="chosen-file">
                <span class="file-name">{file.name}</span>
                <button
                  type="button"
                  class="link small"
                  onClick={() => {
                    setFile(null)
                    setRequest({ model: example.model, x: '', y: '', start: example.start })
                  }}
                >
                  use text instead
                </button>
              </p>
            )}
            <p class="help" aria-live="polite">
              {summary === null ? '' : `${summary.rows} rows; columns: ${summary.columns.join(', ')}`}
            </p>
          </fieldset>
          <fieldset>
            <legend>Model</legend>
            <label class="field">
              <span>names that are columns are data, all others are parameters</span>
              <textarea
                class="code-input model-input"
                rows={3}
                spellcheck={false}
                placeholder="a + b*x"
                value={request.model}
                onInput={(event) => set({ model: event.currentTarget.value })}
              />
            </label>
            <div class="field-pair">
              <ColumnSelect label="response" value={request.y} summary={summary} onChange={(y) => set({ y })} />
              <ColumnSelect label="x stands for" value={request.x} summary={summary} onChange={(x) => set({ x })} />
            </div>
            <label class="field">
              <span>start{parameters.length > 0 && `: one number for each of ${parameters.join(', ')}`}</span>
              <input
                type="text"
                class="code-input"
                spellcheck={false}
                autoComplete="off"
                value={request.start}
                onInput={(event) => set({ start: event.currentTarget.value })}
              />
            </label>
            {summary?.nist != null && (
              <p class="examples">
                Starts of the file:
                {summary.nist.starts.map((start, k) => (
                  <button key={start} type="button" class="link small" onClick={() => set({ start })}>
                    {k + 1}
                  </button>
                ))}
              </p>
            )}
          </fieldset>
        </form>
        <div class="lab-stage">
          <div class="tool-bar">
            <button type="button" class="button primary" disabled={summary === null || running} onClick={run}>
              Fit
            </button>
            <button type="button" class="button" disabled={!running} onClick={() => line.send({ type: 'cancel' })}>
              Cancel
            </button>
            <p class="run-status">
              <span role="status">{running ? 'Fitting' : outcome === null ? '' : 'Done'}</span>
            </p>
          </div>
          {failure !== null && <ErrorPanel failure={failure} />}
          {outcome !== null && <Fitted outcome={outcome} />}
          <div class="downloads">
            <span class="label">The same in a terminal</span>
            <code class="command">{command}</code>
            <CopyButton label="Copy" text={() => command} />
            {file === null && <CopyButton label="Copy link" text={() => location.href} />}
          </div>
        </div>
      </section>
    </article>
  )
}

function commandOf(file: string, { model, x, y, start }: FitRequest): string {
  const flags = [
    `--model "${model.replace(/\s+/g, ' ')}"`,
    ...(x === '' ? [] : [`--x ${x}`]),
    ...(y === '' ? [] : [`--y ${y}`]),
    ...(start === '' ? [] : [`--start=${start.replace(/\s+/g, '')}`]),
  ]
  return `npx thalweg fit ${file} ${flags.join(' ')}`
}

function ColumnSelect({
  label,
  value,
  summary,
  onChange,
}: {
  label: string
  value: string
  summary: TableSummary | null
  onChange: (column: string) => void
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">as the model says</option>
        {summary?.columns.map((column) => (
          <option key={column} value={column}>
            {column}
          </option>
        ))}
      </select>
    </label>
  )
}

function Fitted({ outcome }: { outcome: FitOutcome }) {
  const { status, message, parameters, chart, residuals } = outcome
  const certified = parameters.some((parameter) => parameter.certified !== undefined)
  return (
    <section class="tool-result" aria-label="Result">
      <p class={`headline status ${status}`}>{status}</p>
      <p class="message">{message}</p>
      <div class="table-scroll">
        <table class="fit-parameters">
          <thead>
            <tr>
              <th scope="col">parameter</th>
              <th scope="col" class="number">
                value
              </th>
              <th scope="col" class="number">
                standard error
              </th>
              {certified && (
                <>
                  <th scope="col" class="number">
                    certified
                  </th>
                  <th scope="col" class="number">
                    agreeing digits
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {parameters.map((parameter) => (
              <tr key={parameter.name}>
                <th scope="row">
                  <code>{parameter.name}</code>
                </th>
                <td class="number">{formatNumber(parameter.value, 10)}</td>
                <td class="number">
                  {Number.isNaN(parameter.standardError) ? 'not determined' : formatNumber(parameter.standardError, 6)}
                </td>
                {parameter.certified !== undefined && (
                  <>
                    <td class="number">{formatNumber(parameter.certified, 10)}</td>
                    <td class="number">{parameter.agreeingDigits?.toFixed(1)}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl class="figures">
        <div>
          <dt>residual sum of squares</dt>
          <dd>{formatNumber(outcome.residualSumOfSquares, 10)}</dd>
        </div>
        {outcome.certifiedSumOfSquares !== undefined && (
          <div>
            <dt>certified</dt>
            <dd>{formatNumber(outcome.certifiedSumOfSquares, 10)}</dd>
          </div>
        )}
        <div>
          <dt>residual deviation</dt>
          <dd>{formatNumber(outcome.residualStandardDeviation, 6)}</dd>
        </div>
        <div>
          <dt>degrees of freedom</dt>
          <dd>{outcome.degreesOfFreedom}</dd>
        </div>
        <div>
          <dt>iterations</dt>
          <dd>{outcome.iterations}</dd>
        </div>
      </dl>
      {!outcome.determined && <p>The data do not determine all parameters, so there are no standard errors.</p>}
      <div class="chart-pair">
        <ChartFigure chart={chart} name="fit" />
        <ChartFigure chart={residuals} name="residuals" />
      </div>
      <div class="downloads">
        <span class="label">Save</span>
        <button
          type="button"
          class="link"
          onClick={() => saveText('fit.json', 'application/json', `${JSON.stringify(summaryJson(outcome), null, 1)}\n`)}
        >
          JSON
        </button>
        <button
          type="button"
          class="link"
          onClick={() => saveText('parameters.csv', 'text/csv', parametersCsv(outcome))}
        >
          CSV
        </button>
      </div>
    </section>
  )
}

function summaryJson({ chart: _, residuals: __, ...rest }: FitOutcome): object {
  return rest
}

function parametersCsv({ parameters }: FitOutcome): string {
  const rows = parameters.map(({ name, value, standardError }) => `${name},${value},${standardError}`)
  return `parameter,value,standardError\n${rows.join('\n')}\n`
}
