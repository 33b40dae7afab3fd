import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunController } from './run-controller.ts'
import { paces, type Settings } from './settings.ts'

/** How long playing a whole run back takes. */
const PLAY_MS = 5000

const words = {
  idle: 'Ready',
  running: 'Running',
  paused: 'Paused',
  finished: 'Finished',
  cancelled: 'Cancelled',
  failed: 'Failed',
} as const

/** Run, pause, step, reset and cancel; the speed; and the slider through the run. */
export function RunBar({
  controller,
  settings,
  set,
  onRun,
  onStep,
}: {
  controller: RunController
  settings: Settings
  set: (change: Partial<Settings>) => void
  onRun: () => void
  onStep: () => void
}) {
  const state = controller.state.value
  const active = state === 'running' || state === 'paused'
  const broken = Object.keys(controller.complaints.value).some((where) => !/^contestants\.[1-9]/.test(where))
  return (
    <div class="run-bar">
      <div class="run-buttons">
        {state === 'running' ? (
          <button type="button" class="button primary" onClick={() => controller.pause()}>
            Pause
          </button>
        ) : state === 'paused' ? (
          <button type="button" class="button primary" onClick={() => controller.resume()}>
            Resume
          </button>
        ) : (
          <button type="button" class="button primary" disabled={broken} onClick={onRun}>
            Run
          </button>
        )}
        <button type="button" class="button" disabled={state === 'running' || broken} onClick={onStep}>
          Step
        </button>
        <button type="button" class="button" disabled={state === 'idle'} onClick={() => controller.reset()}>
          Reset
        </button>
        <button type="button" class="button" disabled={!active} onClick={() => controller.cancel()}>
          Cancel
        </button>
      </div>
      <label class="pace">
        <span class="visually-hidden">Speed</span>
        <select value={settings.pace} onChange={(event) => set({ pace: Number(event.currentTarget.value) })}>
          {!paces.some(({ value }) => value === settings.pace) && (
            <option value={settings.pace}>{settings.pace} a second</option>
          )}
          {paces.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <Status controller={controller} text={words[state]} />
      <Scrubber controller={controller} />
    </div>
  )
}

function Status({ controller, text }: { controller: RunController; text: string }) {
  // Follows the charts, not every update.
  void controller.chartVersion.value
  const rate = controller.rate.value
  return (
    <p class="run-status">
      <span role="status">{text}</span>
      <span class="run-count">
        iteration {controller.cursor.value ?? controller.newest()}
        {controller.state.value === 'running' && rate !== null && `, ${Math.round(rate)} a second`}
      </span>
    </p>
  )
}

/** Goes back and forth through the run, or plays it again. */
function Scrubber({ controller }: { controller: RunController }) {
  void controller.chartVersion.value
  const newest = controller.newest()
  const cursor = controller.cursor.value
  const [playing, setPlaying] = useState(false)
  const frame = useRef(0)
  useEffect(() => () => cancelAnimationFrame(frame.current), [])
  const stop = (): void => {
    cancelAnimationFrame(frame.current)
    setPlaying(false)
  }
  const play = (): void => {
    const from = cursor === null || cursor >= newest ? 0 : cursor
    const began = performance.now()
    const tick = (now: number): void => {
      // A run that grew or was reset meanwhile moves the end.
      const end = controller.newest()
      const at = from + ((now - began) / PLAY_MS) * end
      if (at >= end) {
        controller.cursor.value = null
        setPlaying(false)
        return
      }
      controller.cursor.value = Math.max(0, Math.floor(at))
      frame.current = requestAnimationFrame(tick)
    }
    setPlaying(true)
    frame.current = requestAnimationFrame(tick)
  }
  return (
    <div class="scrubber">
      <button
        type="button"
        class="button"
        disabled={newest === 0 || controller.state.value === 'running'}
        onClick={playing ? stop : play}
      >
        {playing ? 'Stop' : 'Replay'}
      </button>
      <input
        type="range"
        aria-label="Iteration"
        min={0}
        max={Math.max(1, newest)}
        value={cursor ?? newest}
        disabled={newest === 0}
        onInput={(event) => {
          stop()
          const at = Number(event.currentTarget.value)
          controller.cursor.value = at >= controller.newest() ? null : at
        }}
      />
    </div>
  )
}
