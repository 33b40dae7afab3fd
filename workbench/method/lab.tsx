import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ExampleEntry, PageEntry } from '../catalogue/catalogue.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { OneByOne } from '../components/one-by-one.tsx'
import { Picture } from '../pictures/picture.tsx'
import { pathText, place, replaceQuery } from '../router.ts'
import { Code } from './code.tsx'
import { Controls } from './controls.tsx'
import { Downloads } from './downloads.tsx'
import { decodeSettings, encodeSettings } from './permalink.ts'
import { Results } from './results.tsx'
import { RunBar } from './run-bar.tsx'
import { RunCharts } from './run-charts.tsx'
import { RunController } from './run-controller.ts'
import { exampleOf, requestOf, type Settings } from './settings.ts'

/** How long after a change the run starts again, and the address follows. */
const SETTLE_MS = 160

/**
 * The settings of a page. They are in the address, so that a link restores them; the address follows a change after a moment,
 * because browsers do not like it to change with every movement of a slider.
 */
function useSettings(page: PageEntry): [Settings, (change: Partial<Settings>) => void] {
  const query = place.value.query.toString()
  const [settings, setSettings] = useState(() => decodeSettings(page, new URLSearchParams(query)))
  const written = useRef(query)
  const path = useRef(pathText.peek()).current
  useEffect(() => {
    if (query === written.current) return
    // The reader followed a link to another run of the same method.
    written.current = query
    setSettings(decodeSettings(page, new URLSearchParams(query)))
  }, [page, query])
  useEffect(() => {
    const timer = setTimeout(() => {
      const next = encodeSettings(page, settings)
      written.current = next.toString()
      replaceQuery(next, path)
    }, SETTLE_MS)
    return () => clearTimeout(timer)
  }, [page, path, settings])
  return [settings, (change) => setSettings((old) => ({ ...old, ...change }))]
}

/** Where a method runs: its controls, its picture, its charts against others. */
export function Lab({ page }: { page: PageEntry }) {
  const [settings, set] = useSettings(page)
  const controller = useMemo(() => new RunController(), [])
  useEffect(() => () => controller.close(), [controller])
  const request = useMemo(() => requestOf(page, settings), [page, settings])
  const key = JSON.stringify({ ...request, pace: 0 })
  const timer = useRef(0)
  // The key says all that matters of the request.
  useEffect(() => {
    controller.check(request)
    controller.cancel()
    // Fast runs follow the controls; slow ones wait until they are asked for.
    timer.current = window.setTimeout(() => {
      const broken = Object.keys(controller.complaints.value).some((where) => !/^contestants\.[1-9]/.test(where))
      if (!broken) controller.start(request)
    }, SETTLE_MS)
    return () => clearTimeout(timer.current)
  }, [controller, key])
  useEffect(() => controller.setPace(settings.pace), [controller, settings.pace])
  const run = (paused: boolean): void => {
    clearTimeout(timer.current)
    controller.start(request, paused)
  }
  const step = (): void => {
    if (controller.state.value !== 'paused') run(true)
    controller.step()
  }
  return (
    <section class="lab" aria-label="Run it">
      <div class="lab-controls">
        <Controls page={page} settings={settings} set={set} complaints={controller.complaints.value} />
      </div>
      <div class="lab-stage">
        <OneByOne>
          <RunBar controller={controller} settings={settings} set={set} onRun={() => run(false)} onStep={step} />
          {controller.failure.value !== null && <ErrorPanel failure={controller.failure.value} />}
          <div class="lab-pictures">
            <PictureOf page={page} controller={controller} settings={settings} set={set} />
            <RunCharts page={page} controller={controller} request={request} settings={settings} set={set} />
          </div>
          <Results page={page} controller={controller} request={request} />
          <Downloads page={page} controller={controller} settings={settings} />
          <Code page={page} controller={controller} request={request} />
        </OneByOne>
      </div>
    </section>
  )
}

/** Width over height of the picture that will come, so that its place is kept; null where there will be none. */
function expectedAspect({ problems }: PageEntry, example: ExampleEntry | null): number | null {
  if (example?.plane) return 1
  switch (problems?.name) {
    case 'linear-system':
      return example?.slug === 'l-shape' ? 1 : 2
    case 'transport':
    case 'exact-transport':
    case 'unbalanced-transport':
      return 2.05
    case 'mixed-integer':
      return 1.1
    case 'smooth':
    case 'composite':
    case 'least-squares':
    case 'scalar-equation':
      return 1.6
    default:
      return null
  }
}

function PictureOf({
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
  const version = controller.version.value
  // The lanes change in place; a new version makes a new list.
  const paths = useMemo(() => controller.lanes.map(({ frames }, colour) => ({ colour, frames })), [controller, version])
  const aspect = controller.scene.kind === 'none' ? expectedAspect(page, exampleOf(page, settings.problem)) : null
  return (
    <div class="stage-picture">
      {aspect !== null && <div class="picture-place" style={{ aspectRatio: String(aspect) }} />}
      <Picture
        scene={controller.scene}
        paths={paths}
        iteration={controller.cursor.value}
        onPick={(x, y) => set({ start: [Number(x.toPrecision(4)), Number(y.toPrecision(4))] })}
      />
    </div>
  )
}
