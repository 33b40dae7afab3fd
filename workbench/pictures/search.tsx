import { useCallback, useMemo } from 'preact/hooks'
import { Legend } from '../charts/chart-figure.tsx'
import { LineChart } from '../charts/line-chart.tsx'
import { type LineSeries, staircase } from '../charts/series.ts'
import type { Frame, Scene, SearchMoment } from '../stages/scene.ts'
import { Arms, outcomeKinds } from './arms.tsx'
import { Canvas, type Surface } from './canvas.tsx'
import type { Path } from './plane.tsx'

/** Height of a row of the picture of choices relative to its width. */
const ROW = 0.045

function momentsOf(frames: readonly Frame[], iteration: number | null): SearchMoment[] {
  return frames.flatMap((frame) =>
    frame.search === undefined || (iteration !== null && frame.iteration > iteration) ? [] : [frame.search],
  )
}

function seriesOf(moments: readonly SearchMoment[], name: string, first: number): LineSeries[] {
  const line = (label: string, colour: number, pick: (moment: SearchMoment) => number | null): LineSeries => {
    const known = moments.filter((moment) => pick(moment) !== null)
    const steps = staircase(
      known.map(({ seconds }) => seconds),
      known.map((moment) => pick(moment) as number),
    )
    return { label, colour, mark: 'line', ...steps }
  }
  return [
    line(`${name}incumbent`, first, ({ objective }) => objective),
    line(`${name}bound`, first + 1, ({ bound }) => bound),
  ]
}

/** Incumbent and bound against the seconds, of all methods; and which arm was chosen when, with what each was worth. */
export function SearchPicture({
  scene,
  paths,
  iteration,
}: {
  scene: Extract<Scene, { kind: 'search' }>
  paths: readonly Path[]
  iteration: number | null
}) {
  // Drawn again only when there is something new: frames are added or replaced, never changed.
  const newest = paths.map(({ frames }) => frames.at(-1))
  const series = useMemo(
    () =>
      paths.flatMap(({ frames }, k) =>
        seriesOf(
          momentsOf(frames, iteration),
          paths.length === 1 ? '' : k === 0 ? 'this method: ' : 'baseline: ',
          2 * k,
        ),
      ),
    [...newest, paths.length, iteration],
  )
  const moments = useMemo(() => momentsOf(paths[0]?.frames ?? [], iteration), [newest[0], iteration])
  const arms = moments.at(-1)?.arms ?? []
  return (
    <div class="search-picture">
      <figure>
        <Legend series={series} />
        <LineChart title="Incumbent and bound" xLabel="seconds" yLabel={`objective (${scene.sense})`} series={series} />
        <figcaption>The incumbent is the best solution so far; nothing can be better than the bound.</figcaption>
      </figure>
      {arms.length > 0 && <Choices moments={moments} />}
      <Arms arms={arms} />
    </div>
  )
}

/** A row for each arm, a column for each moment: what was chosen, and what became of it. */
function Choices({ moments }: { moments: readonly SearchMoment[] }) {
  const names = [...new Set(moments.flatMap(({ arms }) => arms.map(({ name }) => name)))].sort()
  const key = `${moments.length} ${names.length}`
  const draw = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const tried = moments.map((moment) => moment.tried).filter((one) => one.length > 0)
      const rowHeight = height / names.length
      context.font = `${Math.min(12, rowHeight - 3)}px sans-serif`
      context.textBaseline = 'middle'
      const left = Math.max(...names.map((name) => context.measureText(name).width)) + 8
      const step = Math.min(12, (width - left) / Math.max(1, tried.length))
      names.forEach((name, row) => {
        context.fillStyle = colour('--ink-soft')
        context.fillText(name, 2, (row + 0.5) * rowHeight)
      })
      tried.forEach((trials, column) => {
        for (const { arm, outcome } of trials) {
          // The colours are given as var(--name).
          context.fillStyle = colour(outcomeKinds[outcome].colour.slice(4, -1))
          context.fillRect(
            left + column * step,
            names.indexOf(arm) * rowHeight + 2,
            Math.max(1, step - 1),
            rowHeight - 4,
          )
        }
      })
    },
    [key, moments],
  )
  return (
    <figure class="arm-choices">
      <Canvas
        label={`Which of the arms ${names.join(', ')} was chosen in each iteration`}
        aspect={1 / (ROW * Math.max(4, names.length))}
        draw={draw}
      />
      <figcaption>Which arm was chosen, iteration by iteration, coloured by what became of it.</figcaption>
    </figure>
  )
}
