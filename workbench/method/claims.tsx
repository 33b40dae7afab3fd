import { useEffect, useRef, useState } from 'preact/hooks'
import type { Chart, Claim, Table } from '../../experiments/experiment.ts'
import type { Control, ExperimentEntry } from '../catalogue/catalogue.ts'
import { ChartFigure } from '../charts/chart-figure.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import type { Failure } from '../worker/failure.ts'
import type { FromExperimentWorker, ToExperimentWorker } from '../worker/protocol.ts'
import { ControlField } from './control-field.tsx'
import { type ControlValues, changed } from './settings.ts'

interface Progress {
  readonly fraction: number
  readonly doing: string
}

/** What an experiment has sent so far. */
interface Findings {
  readonly progress: Progress | null
  readonly charts: readonly Chart[]
  readonly tables: readonly Table[]
  readonly claims: readonly Claim[]
  readonly state: 'idle' | 'running' | 'finished' | 'cancelled' | 'failed'
  readonly failure: Failure | null
}

const nothing: Findings = { progress: null, charts: [], tables: [], claims: [], state: 'idle', failure: null }

/** How long a cancelled experiment may take to stop by itself. */
const PATIENCE_MS = 1500

/** Runs experiments, each in a worker of its own. */
function useExperiment(slug: string): [Findings, (parameters: ControlValues, seed: number) => void, () => void] {
  const [findings, setFindings] = useState(nothing)
  const worker = useRef<Worker | null>(null)
  useEffect(() => () => worker.current?.terminate(), [])
  const start = (parameters: ControlValues, seed: number): void => {
    worker.current?.terminate()
    const next = new Worker(new URL('../worker/experiment-worker.ts', import.meta.url), { type: 'module' })
    worker.current = next
    setFindings({ ...nothing, state: 'running', progress: { fraction: 0, doing: 'loading' } })
    next.onmessage = ({ data }: MessageEvent<FromExperimentWorker>) => {
      setFindings((old) => withMessage(old, data))
      if (data.type === 'finished' || data.type === 'failed') next.terminate()
    }
    next.onerror = (event) =>
      setFindings((old) => ({ ...old, state: 'failed', failure: { name: 'Error', message: event.message } }))
    const message: ToExperimentWorker = { type: 'start', slug, parameters, seed }
    next.postMessage(message)
  }
  const cancel = (): void => {
    const running = worker.current
    running?.postMessage({ type: 'cancel' } satisfies ToExperimentWorker)
    setTimeout(() => {
      running?.terminate()
      setFindings((old) =>
        old.state === 'running' && worker.current === running ? { ...old, state: 'cancelled' } : old,
      )
    }, PATIENCE_MS)
  }
  return [findings, start, cancel]
}

function withMessage(old: Findings, message: FromExperimentWorker): Findings {
  switch (message.type) {
    case 'progress':
      return { ...old, progress: { fraction: message.fraction, doing: message.doing } }
    case 'chart':
      return { ...old, charts: [...old.charts, message.chart] }
    case 'table':
      return { ...old, tables: [...old.tables, message.table] }
    case 'failed':
      return { ...old, state: 'failed', failure: message.failure }
    case 'finished':
      return { ...old, state: message.cancelled ? 'cancelled' : 'finished', claims: message.claims, progress: null }
  }
}

/** The claims of a paper: as committed, and as measured again in this page. */
export function Claims({ slug, experiment }: { slug: string; experiment: ExperimentEntry }) {
  const [findings, start, cancel] = useExperiment(slug)
  const [values, setValues] = useState<ControlValues>(experiment.quick as ControlValues)
  const { evidence, controls } = experiment
  const holding = evidence.filter(({ holds }) => holds).length
  const running = findings.state === 'running'
  return (
    <section class="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">What the paper claims, measured</h2>
      <p>
        {evidence.length > 0
          ? `${holding} of ${evidence.length} claims hold at the size of the full experiment. `
          : 'The full experiment has no recorded results yet. '}
        Run it here at a smaller size, in seconds instead of minutes; thresholds are those of the full size.
      </p>
      <form class="claims-form" onSubmit={(event) => event.preventDefault()}>
        {controls.map((control: Control) => (
          <ControlField
            key={control.name}
            control={control}
            value={values[control.name]}
            complaint={undefined}
            onChange={(value) => setValues({ ...values, [control.name]: value })}
          />
        ))}
        <div class="claims-buttons">
          <button
            type="button"
            class="button primary"
            disabled={running}
            onClick={() => start(changed(values, controls), 0)}
          >
            Run the experiment
          </button>
          <button type="button" class="button" disabled={!running} onClick={cancel}>
            Cancel
          </button>
        </div>
      </form>
      <ProgressLine findings={findings} />
      {findings.failure !== null && <ErrorPanel failure={findings.failure} />}
      <ClaimTable evidence={evidence} claims={findings.claims} />
      {findings.charts.length > 0 && (
        <div class="experiment-charts">
          {findings.charts.map((chart, i) => (
            <ChartFigure key={chart.title} chart={chart} name={`${slug}-${i + 1}`} />
          ))}
        </div>
      )}
      {findings.tables.map((table) => (
        <DataTable key={table.title} table={table} />
      ))}
    </section>
  )
}

function ProgressLine({ findings: { state, progress } }: { findings: Findings }) {
  const words = {
    idle: '',
    running: progress?.doing ?? '',
    finished: 'Finished.',
    cancelled: 'Cancelled: half a run says nothing about claims.',
    failed: 'Failed.',
  }[state]
  return (
    <div class="experiment-progress">
      <progress max={1} value={state === 'running' ? (progress?.fraction ?? 0) : state === 'finished' ? 1 : 0}>
        {Math.round(100 * (progress?.fraction ?? 0))} %
      </progress>
      <p role="status">{words}</p>
    </div>
  )
}

function Verdict({ holds }: { holds: boolean }) {
  return <span class={holds ? 'verdict holds' : 'verdict fails'}>{holds ? 'holds' : 'does not hold'}</span>
}

function ClaimTable({ evidence, claims }: Pick<ExperimentEntry, 'evidence'> & { claims: readonly Claim[] }) {
  const measuredNow = new Map(claims.map((claim) => [claim.statement, claim]))
  const recorded = new Set(evidence.map(({ statement }) => statement))
  const rows = [
    ...evidence.map((claim) => ({ ...claim, now: measuredNow.get(claim.statement) })),
    // Statements that name a size differ between the quick run and the full one.
    ...claims
      .filter(({ statement }) => !recorded.has(statement))
      .map((claim) => ({
        statement: claim.statement,
        paper: String(claim.paper),
        threshold: claim.threshold,
        measured: '',
        holds: null,
        now: claim,
      })),
  ]
  if (rows.length === 0) return null
  return (
    <ul class="claim-list">
      {rows.map(({ statement, paper, threshold, measured, holds, now }) => (
        <li key={statement}>
          <p class="statement">{statement}</p>
          <dl>
            <div>
              <dt>paper</dt>
              <dd>{paper}</dd>
            </div>
            {holds !== null && (
              <div>
                <dt>
                  full size <Verdict holds={holds} />
                </dt>
                <dd>{measured}</dd>
              </div>
            )}
            {now !== undefined && (
              <div class="now">
                <dt>
                  this run <Verdict holds={now.holds} />
                </dt>
                <dd>
                  {now.measured}
                  {now.note !== undefined && <span class="note"> {now.note}</span>}
                </dd>
              </div>
            )}
            <div>
              <dt>holds if</dt>
              <dd>{threshold}</dd>
            </div>
          </dl>
        </li>
      ))}
    </ul>
  )
}

function DataTable({ table }: { table: Table }) {
  return (
    <details class="data-table">
      <summary>{table.title}</summary>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {table.columns.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <tr key={row.join()}>
                {row.map((cell, i) => (
                  <td key={table.columns[i]} class={typeof cell === 'number' ? 'number' : ''}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
