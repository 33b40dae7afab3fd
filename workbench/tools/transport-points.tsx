import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { DropZone } from '../components/drop-zone.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { saveText } from '../components/save.ts'
import { place } from '../router.ts'
import '../styles/method.css'
import '../styles/tools.css'
import { reducedMotion } from '../theme.ts'
import type { Failure } from '../worker/failure.ts'
import type {
  CloudSource,
  ColourOutcome,
  DrawnCloud,
  FromTransportWorker,
  ToTransportWorker,
  TransportOutcome,
} from '../worker/transport-protocol.ts'
import { useAddress } from './address.ts'
import { takeHandedFiles } from './handed-files.ts'
import { useToolWorker } from './tool-worker.ts'
import { CloudsPicture } from './transport/clouds-picture.tsx'
import { Colours } from './transport/colours.tsx'
import { type Shape, shapes, shapeText, withPoint } from './transport/point-text.ts'

/** How long after the last change the plan is made again. */
const SETTLE_MS = 180
/** How long playing takes. */
const PLAY_MS = 2500
/** Points of a shape. */
const COUNT = 60
/** Positions of the slider of the regularization, over powers of ten from -4 to 0. */
const SLIDER = 80

const sides = ['source', 'target'] as const
const none: DrawnCloud = { points: new Float64Array(0), dimension: 2, count: 0 }
const metrics = ['squared-euclidean', 'euclidean', 'l1', 'cosine'] as const

/** One cloud as the reader gave it. */
interface Given {
  readonly text: string
  readonly file: File | null
}

const isPicture = (file: File): boolean => /\.(?:png|jpe?g|webp)$/i.test(file.name)

/** `#/tools/transport`: moves one cloud of points, or the colours of one picture, to another. */
export function TransportPoints() {
  const query = useMemo(() => place.value.query, [])
  const handed = useMemo(() => takeHandedFiles('transport'), [])
  const tables = handed.filter((file) => !isPicture(file))
  const given = (side: 0 | 1, shape: Shape): Given => ({
    text: query.get(sides[side]) ?? shapeText(shape, COUNT),
    file: tables[side] ?? null,
  })
  const [clouds, setClouds] = useState<readonly [Given, Given]>(() => [given(0, 'disc'), given(1, 'ring')])
  const [active, setActive] = useState<0 | 1>(0)
  const [exact, setExact] = useState(query.get('regularization') === null)
  const [position, setPosition] = useState(() => {
    const value = Number(query.get('regularization') ?? 0.01)
    return Math.round(SLIDER * (1 + Math.log10(value > 0 ? value : 0.01) / 4))
  })
  const [metric, setMetric] = useState<(typeof metrics)[number]>(
    metrics.find((name) => name === query.get('metric')) ?? 'squared-euclidean',
  )
  const [drawn, setDrawn] = useState<readonly [DrawnCloud, DrawnCloud]>([none, none])
  const [outcome, setOutcome] = useState<TransportOutcome | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [running, setRunning] = useState<'points' | 'colours' | null>(null)
  const [time, setTime] = useState(0)
  const [pictures, setPictures] = useState<readonly [File | null, File | null]>(() => {
    const found = handed.filter(isPicture)
    return [found[0] ?? null, found[1] ?? null]
  })
  const [coloured, setColoured] = useState<ColourOutcome | null>(null)
  const [part, setPart] = useState(0)
  const id = useRef(0)
  const fail = (found: Failure): void => {
    setRunning(null)
    setFailure(found)
  }
  const line = useToolWorker<ToTransportWorker, FromTransportWorker>(
    () => new Worker(new URL('../worker/transport-worker.ts', import.meta.url), { type: 'module' }),
    (message) => {
      if (message.type === 'plan') return saveText('plan.csv', 'text/csv', message.text)
      if (message.id !== id.current) return
      switch (message.type) {
        case 'clouds':
          // Lines of an older plan do not belong to these points.
          setOutcome(null)
          if (message.source.count === 0 || message.target.count === 0) setRunning(null)
          return setDrawn([message.source, message.target])
        case 'solved':
          setRunning(null)
          return setOutcome(message.outcome)
        case 'pixels':
          return setPart(message.part)
        case 'coloured':
          setRunning(null)
          return setColoured(message.outcome)
        case 'failed':
          return fail(message.failure)
      }
    },
    fail,
  )
  const regularization = exact ? null : Number((10 ** (4 * (position / SLIDER - 1))).toPrecision(3))
  useEffect(() => {
    const timer = setTimeout(() => {
      const [source, target] = clouds.map(
        ({ text, file }, side): CloudSource =>
          file === null ? { kind: 'text', name: sides[side], text } : { kind: 'file', file },
      )
      setFailure(null)
      setRunning('points')
      line.send({ type: 'solve', id: ++id.current, source, target, metric, regularization })
    }, SETTLE_MS)
    return () => clearTimeout(timer)
  }, [line, clouds, metric, regularization])
  const typed = clouds.every(({ file }) => file === null)
  useAddress(
    typed
      ? {
          source: clouds[0].text,
          target: clouds[1].text,
          regularization: regularization === null ? undefined : String(regularization),
          metric: metric === 'squared-euclidean' ? undefined : metric,
        }
      : {},
  )
  const change = (side: 0 | 1, next: (old: Given) => Given): void =>
    setClouds((old) => (side === 0 ? [next(old[0]), old[1]] : [old[0], next(old[1])]))
  return (
    <article class="page method tool">
      <header class="method-head">
        <h1>Transport</h1>
        <p>
          Moves one cloud of points to another at the least cost. Draw both, make them, or drop tables of points; a
          column called <code>weight</code> holds masses.
        </p>
      </header>
      <section class="lab" aria-label="Transport points">
        <form class="lab-controls" onSubmit={(event) => event.preventDefault()}>
          {([0, 1] as const).map((side) => (
            <CloudFields
              key={sides[side]}
              side={side}
              given={clouds[side]}
              count={drawn[side].count}
              onChange={(next) => change(side, next)}
            />
          ))}
          <fieldset>
            <legend>How</legend>
            <label class="tick">
              <input type="checkbox" checked={exact} onChange={(event) => setExact(event.currentTarget.checked)} />
              exact: without regularization
            </label>
            <label class="control">
              <span class="label">
                regularization
                {regularization !== null &&
                  `: ${formatNumber(regularization, 3)} of the largest cost in the box around all points`}
              </span>
              <input
                type="range"
                min={0}
                max={SLIDER}
                value={position}
                disabled={exact}
                aria-valuetext={regularization === null ? 'none' : String(regularization)}
                onInput={(event) => setPosition(Number(event.currentTarget.value))}
              />
            </label>
            <label class="control">
              <span class="label">cost of a pair</span>
              <select
                value={metric}
                onChange={(event) => setMetric(event.currentTarget.value as (typeof metrics)[number])}
              >
                {metrics.map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </fieldset>
        </form>
        <div class="lab-stage">
          <div class="tool-bar">
            <fieldset class="choice">
              <legend class="visually-hidden">Which cloud is drawn</legend>
              {([0, 1] as const).map((side) => (
                <label key={sides[side]} class="tick">
                  <input type="radio" name="draw-side" checked={active === side} onChange={() => setActive(side)} />
                  draw {sides[side]}
                </label>
              ))}
            </fieldset>
            <button
              type="button"
              class="button"
              disabled={running !== 'points'}
              onClick={() => line.send({ type: 'cancel' })}
            >
              Cancel
            </button>
            <p class="run-status">
              <span role="status">{running === 'points' ? 'Computing' : outcome === null ? '' : 'Done'}</span>
            </p>
          </div>
          {failure !== null && <ErrorPanel failure={failure} />}
          <div class="lab-pictures">
            <figure class="stage-picture">
              <CloudsPicture
                source={drawn[0]}
                target={drawn[1]}
                outcome={outcome}
                time={time}
                onDraw={(x, y) => change(active, ({ text }) => ({ text: withPoint(text, x, y), file: null }))}
              />
              <Mover time={time} onTime={setTime} disabled={outcome === null} />
              <figcaption>Blue: source. Orange: target. Draw with mouse or finger.</figcaption>
            </figure>
            {outcome !== null && <Cost outcome={outcome} onPlan={() => line.send({ type: 'plan', id: id.current })} />}
          </div>
          {typed && (
            <div class="downloads">
              <CopyButton label="Copy link" text={() => location.href} />
            </div>
          )}
          <Colours
            pictures={pictures}
            onPictures={(next) => {
              setPictures(next)
              setColoured(null)
            }}
            outcome={coloured}
            part={part}
            running={running === 'colours'}
            onCancel={() => line.send({ type: 'cancel' })}
            onRun={() => {
              setFailure(null)
              setColoured(null)
              setPart(0)
              setRunning('colours')
              const [source, target] = pictures as readonly [File, File]
              line.send({ type: 'colours', id: ++id.current, source, target, regularization: 0.005 })
            }}
          />
        </div>
      </section>
    </article>
  )
}

function CloudFields({
  side,
  given: { text, file },
  count,
  onChange,
}: {
  side: 0 | 1
  given: Given
  count: number
  onChange: (next: (old: Given) => Given) => void
}) {
  return (
    <fieldset>
      <legend>{side === 0 ? 'Source' : 'Target'}</legend>
      <div class="cloud-make">
        <label class="field">
          <span>make a</span>
          <select
            value=""
            onChange={(event) => {
              const shape = event.currentTarget.value as Shape
              onChange(() => ({ text: shapeText(shape, COUNT), file: null }))
            }}
          >
            <option value="" disabled>
              shape
            </option>
            {shapes.map((shape) => (
              <option key={shape} value={shape}>
                {shape}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button" onClick={() => onChange(() => ({ text: '', file: null }))}>
          Clear
        </button>
      </div>
      <details>
        <summary>{file === null ? `Table of ${count} points` : file.name}</summary>
        <DropZone
          label="A CSV table of points"
          accept=".csv,.tsv,.txt,.gz"
          onFile={(taken) => onChange((old) => ({ ...old, file: taken }))}
        />
        {file === null ? (
          <label class="field">
            <span>or typed here</span>
            <textarea
              class="code-input"
              rows={6}
              spellcheck={false}
              value={text}
              onInput={(event) => {
                const typed = event.currentTarget.value
                onChange(() => ({ text: typed, file: null }))
              }}
            />
          </label>
        ) : (
          <button type="button" class="link small" onClick={() => onChange((old) => ({ ...old, file: null }))}>
            use text instead
          </button>
        )}
      </details>
    </fieldset>
  )
}

/** Moves the mass from its source to its target, by hand or by itself. */
function Mover({ time, onTime, disabled }: { time: number; onTime: (time: number) => void; disabled: boolean }) {
  const frame = useRef(0)
  useEffect(() => () => cancelAnimationFrame(frame.current), [])
  // Who wants no motion moves the slider.
  const still = reducedMotion.matches
  const play = (): void => {
    cancelAnimationFrame(frame.current)
    const began = performance.now()
    const tick = (now: number): void => {
      const t = Math.min(1, (now - began) / PLAY_MS)
      // Slow at both ends.
      onTime(t * t * (3 - 2 * t))
      if (t < 1) frame.current = requestAnimationFrame(tick)
    }
    frame.current = requestAnimationFrame(tick)
  }
  return (
    <div class="scrubber">
      {still ? (
        <span>move</span>
      ) : (
        <button type="button" class="button" disabled={disabled} onClick={play}>
          Move
        </button>
      )}
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={time}
        disabled={disabled}
        aria-label="How far the mass has moved"
        onInput={(event) => {
          cancelAnimationFrame(frame.current)
          onTime(Number(event.currentTarget.value))
        }}
      />
    </div>
  )
}

function Cost({ outcome, onPlan }: { outcome: TransportOutcome; onPlan: () => void }) {
  const { status, message, cost, objective, marginalError, gap, iterations, elapsedMs, entries, mass } = outcome
  const entriesShown = entries > mass.length ? `${entries}, the heaviest ${mass.length} drawn` : String(entries)
  const figures: [string, string][] = [
    ['cost', formatNumber(cost, 8)],
    ['objective', formatNumber(objective, 8)],
    ['marginal error', formatNumber(marginalError, 3)],
    ['gap', formatNumber(gap, 3)],
    ['iterations', String(iterations)],
    ['milliseconds', formatNumber(elapsedMs, 3)],
    ['entries of the plan', entriesShown],
  ]
  return (
    <section class="tool-result" aria-label="Result">
      <p class={`headline status ${status}`}>
        {status}
        <span class="headline-value">{formatNumber(cost, 8)}</span>
      </p>
      <p class="message">{message}</p>
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="downloads">
        <span class="label">Save</span>
        <button type="button" class="link" onClick={onPlan}>
          plan as CSV
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            const { from: _, to: __, mass: ___, ...rest } = outcome
            saveText('transport.json', 'application/json', `${JSON.stringify(rest, null, 1)}\n`)
          }}
        >
          JSON
        </button>
      </div>
    </section>
  )
}
