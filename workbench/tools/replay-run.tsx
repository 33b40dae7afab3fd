import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import { inWords } from '../charts/in-words.ts'
import { LineChart } from '../charts/line-chart.tsx'
import type { LineSeries } from '../charts/series.ts'
import { DropZone } from '../components/drop-zone.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { saveText } from '../components/save.ts'
import { PlanePicture } from '../pictures/plane.tsx'
import type { Frame, Scene } from '../stages/scene.ts'
import '../styles/method.css'
import '../styles/tools.css'
import type { Failure } from '../worker/failure.ts'
import type {
  FromReplayRunWorker,
  RecordedPoint,
  RecordedSummary,
  ToReplayRunWorker,
} from '../worker/replay-run-protocol.ts'
import { takeHandedFiles } from './handed-files.ts'
import { NumberField, numberIn } from './number-field.tsx'
import { useToolWorker } from './tool-worker.ts'

/** How long the slider rests before the point is computed again. */
const SETTLE_MS = 150

interface Picture2d {
  readonly scene: Extract<Scene, { kind: 'plane' }>
  readonly frames: readonly Frame[]
}

/** `#/tools/replay`: shows a recorded run, and goes on from any of its iterations. */
export function ReplayRun() {
  const [file, setFile] = useState<File | null>(() => takeHandedFiles('replay')[0] ?? null)
  const [summary, setSummary] = useState<RecordedSummary | null>(null)
  const [picture, setPicture] = useState<Picture2d | null>(null)
  const [cursor, setCursor] = useState(0)
  const [point, setPoint] = useState<RecordedPoint | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [forkMessage, setForkMessage] = useState<string | null>(null)
  const [running, setRunning] = useState(false)
  const id = useRef(0)
  const asked = useRef(0)
  const fail = (found: Failure): void => {
    setRunning(false)
    setFailure(found)
  }
  const line = useToolWorker<ToReplayRunWorker, FromReplayRunWorker>(
    () => new Worker(new URL('../worker/replay-run-worker.ts', import.meta.url), { type: 'module' }),
    (message) => {
      switch (message.type) {
        case 'read':
          if (message.id !== id.current) return
          setSummary(message.summary)
          return setCursor(message.summary.last)
        case 'path':
          return message.id === id.current ? setPicture(message) : undefined
        case 'point':
          return message.id === asked.current ? setPoint(message.point) : undefined
        case 'forked':
          setRunning(false)
          setForkMessage(message.message)
          return setFile(new File([message.text], message.name))
        case 'failed':
          return message.id === id.current || message.id === asked.current ? fail(message.failure) : undefined
      }
    },
    fail,
  )
  useEffect(() => {
    id.current = ++asked.current
    setSummary(null)
    setPicture(null)
    setPoint(null)
    setFailure(null)
    if (file !== null) line.send({ type: 'read', id: id.current, file })
  }, [line, file])
  useEffect(() => {
    if (summary === null || summary.obstacle !== null) return
    const timer = setTimeout(() => line.send({ type: 'at', id: ++asked.current, iteration: cursor }), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [line, summary, cursor])
  const paths = useMemo(() => [{ colour: 0, frames: picture?.frames ?? [] }], [picture])
  return (
    <article class="page method tool">
      <header class="method-head">
        <h1>Replay a run</h1>
        <p>
          Run files come from the command line (<code>--run-file</code>) and from every method page. Scrub through the
          iterates, and go on from any of them.
        </p>
      </header>
      <section class="lab" aria-label="Replay a run">
        <div class="lab-controls">
          <fieldset>
            <legend>Run</legend>
            <DropZone label="A run file" hint=".jsonl" accept=".jsonl,.json,.gz" onFile={setFile} />
            {file !== null && (
              <p class="chosen-file">
                <span class="file-name">{file.name}</span>
                {forkMessage !== null && (
                  <button
                    type="button"
                    class="link small"
                    onClick={async () => saveText(file.name, 'application/x-ndjson', await file.text())}
                  >
                    save
                  </button>
                )}
              </p>
            )}
            {summary !== null && <Header summary={summary} />}
          </fieldset>
          {summary !== null && summary.obstacle === null && (
            <Fork
              summary={summary}
              cursor={cursor}
              running={running}
              onCancel={() => line.send({ type: 'cancel' })}
              onFork={(method, moreIterations, seed) => {
                setRunning(true)
                setFailure(null)
                line.send({ type: 'fork', id: ++asked.current, iteration: cursor, method, moreIterations, seed })
              }}
            />
          )}
        </div>
        <div class="lab-stage">
          {failure !== null && <ErrorPanel failure={failure} />}
          {summary?.obstacle != null && <p class="notice">The charts are as recorded. {summary.obstacle}</p>}
          {forkMessage !== null && (
            <p class="message" role="status">
              {forkMessage}
            </p>
          )}
          {summary !== null && (
            <>
              <label class="scrubber">
                <span>iteration {cursor}</span>
                <input
                  type="range"
                  min={0}
                  max={Math.max(1, summary.last)}
                  value={cursor}
                  aria-label="Iteration"
                  onInput={(event) => setCursor(Math.min(summary.last, Number(event.currentTarget.value)))}
                />
              </label>
              <div class="lab-pictures">
                {picture !== null && (
                  <div class="stage-picture">
                    <PlanePicture scene={picture.scene} paths={paths} iteration={cursor} />
                  </div>
                )}
                <Charts summary={summary} cursor={cursor} />
              </div>
              {point !== null && <Point point={point} />}
            </>
          )}
        </div>
      </section>
    </article>
  )
}

function Header({ summary }: { summary: RecordedSummary }) {
  const { method, options, problem, seed, tolerance, last, snapshots, forkedFrom, truncated, end } = summary
  const set = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const entries: [string, string][] = [
    ['method', method],
    ['problem', problem],
    ['seed', String(seed)],
    ['tolerance', String(tolerance)],
    ['iterations', String(last)],
    ['snapshots', String(snapshots.length)],
    ...(set.length === 0 ? [] : [['options', set.join(', ')] as [string, string]]),
    ...(forkedFrom === null ? [] : [['forked from', forkedFrom] as [string, string]]),
    ['end', end === null ? `cut off${truncated ? ', in the middle of a line' : ''}` : end.message],
  ]
  return (
    <dl class="run-header">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Fork({
  summary,
  cursor,
  running,
  onFork,
  onCancel,
}: {
  summary: RecordedSummary
  cursor: number
  running: boolean
  onFork: (method: string, moreIterations: number, seed: number | null) => void
  onCancel: () => void
}) {
  const [method, setMethod] = useState('')
  const [more, setMore] = useState('1000')
  const [seed, setSeed] = useState('')
  const count = numberIn(more, 1, 1e7)
  const newSeed = numberIn(seed, 0, Number.MAX_SAFE_INTEGER)
  const complaints = {
    more: Number.isInteger(count) ? undefined : 'must be an integer in [1, 10000000]',
    seed: seed.trim() === '' || Number.isInteger(newSeed) ? undefined : 'must be an integer >= 0, or empty',
  }
  return (
    <fieldset>
      <legend>Go on from iteration {cursor}</legend>
      <div class="control">
        <label for="fork-method">with</label>
        <select id="fork-method" value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
          <option value="">the same method</option>
          {summary.methods
            .filter(({ slug }) => slug !== summary.method)
            .map(({ slug, title }) => (
              <option key={slug} value={slug}>
                {title}
              </option>
            ))}
        </select>
      </div>
      <NumberField label="iterations at most" text={more} complaint={complaints.more} onChange={setMore} />
      <NumberField
        label="seed"
        help="empty: the random draws go on as they would have"
        text={seed}
        complaint={complaints.seed}
        onChange={setSeed}
      />
      <div class="run-buttons">
        <button
          type="button"
          class="button primary"
          disabled={running || complaints.more !== undefined || complaints.seed !== undefined}
          onClick={() => onFork(method, count as number, newSeed)}
        >
          Go on
        </button>
        <button type="button" class="button" disabled={!running} onClick={onCancel}>
          Cancel
        </button>
      </div>
    </fieldset>
  )
}

/** Columns of a trace that are not measures. */
const notMeasures = /^(?:iteration|elapsedMs|evaluations\..*)$/

function Charts({ summary: { columns }, cursor }: { summary: RecordedSummary; cursor: number }) {
  const charts = useMemo(
    () =>
      Object.entries(columns)
        .filter(([name, values]) => !notMeasures.test(name) && values.some((value) => value !== values[0]))
        .slice(0, 4)
        .map(([name, y]) => {
          const series: LineSeries[] = [{ label: name, x: columns.iteration, y, colour: 0, mark: 'line' }]
          return { name, series, log: y.every((value) => !(value < 0)) && y.some((value) => value > 0) }
        }),
    [columns],
  )
  return (
    <div class="run-charts">
      {charts.map(({ name, series, log }) => (
        <LineChart
          key={name}
          title={name}
          xLabel="iterations"
          yLabel={inWords(name)}
          logY={log}
          series={series}
          cursor={cursor}
          height={200}
        />
      ))}
    </div>
  )
}

/** Numbers of a point that are shown. */
const SHOWN = 24

function Point({ point: { iteration, names, x, measures } }: { point: RecordedPoint }) {
  return (
    <section class="tool-result" aria-label="Iterate">
      <h2>Iterate {iteration}, computed again</h2>
      <dl class="figures">
        {x.slice(0, SHOWN).map((value, i) => (
          <div key={names[i]}>
            <dt>{names[i]}</dt>
            <dd>{formatNumber(value, 10)}</dd>
          </div>
        ))}
        {Object.entries(measures).map(([name, value]) => (
          <div key={`measure ${name}`}>
            <dt>{inWords(name)}</dt>
            <dd>{formatNumber(value, 6)}</dd>
          </div>
        ))}
      </dl>
      {x.length > SHOWN && (
        <p class="help">
          The first {SHOWN} of {x.length} numbers.
        </p>
      )}
    </section>
  )
}
