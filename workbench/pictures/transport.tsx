import { useCallback } from 'preact/hooks'
import type { Frame, Scene } from '../stages/scene.ts'
import { Canvas, type Surface } from './canvas.tsx'
import { css, mix, rgb } from './colours.ts'
import { drawHeatMap } from './heat-map.ts'

type TransportScene = Extract<Scene, { kind: 'transport' }>

/** Entries of a plan are drawn over this many powers of ten. */
const DECADES = 6

/** Two clouds with where the plan sends each point, and the plan itself. */
export function TransportPicture({ scene, frame }: { scene: TransportScene; frame: Frame | undefined }) {
  const drawClouds = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const toX = (x: number): number => x * width
      const toY = (y: number): number => (1 - y) * height
      const dots = (points: ArrayLike<number>, style: string, radius: number): void => {
        context.fillStyle = style
        for (let i = 0; i + 1 < points.length; i += 2) {
          if (Number.isNaN(points[i])) continue
          context.beginPath()
          context.arc(toX(points[i]), toY(points[i + 1]), radius, 0, 2 * Math.PI)
          context.fill()
        }
      }
      const moved = frame?.moved
      if (moved !== undefined) {
        context.strokeStyle = css(mix(rgb(colour('--panel')), rgb(colour('--series-0')), 0.35))
        context.lineWidth = 1
        for (let i = 0; i + 1 < moved.length; i += 2) {
          if (Number.isNaN(moved[i])) continue
          context.beginPath()
          context.moveTo(toX(scene.source[i]), toY(scene.source[i + 1]))
          context.lineTo(toX(moved[i]), toY(moved[i + 1]))
          context.stroke()
        }
      }
      dots(scene.target, colour('--series-1'), 3)
      dots(scene.source, colour('--series-0'), 3)
      if (moved === undefined) return
      context.strokeStyle = colour('--ink')
      context.lineWidth = 1.5
      for (let i = 0; i + 1 < moved.length; i += 2) {
        context.beginPath()
        context.arc(toX(moved[i]), toY(moved[i + 1]), 4, 0, 2 * Math.PI)
        context.stroke()
      }
    },
    [scene, frame],
  )
  const rows = scene.source.length / 2
  const columns = scene.target.length / 2
  const drawPlan = useCallback(
    (surface: Surface) => {
      const { plan, threshold } = frame ?? {}
      if (plan === undefined) return
      const { width, height } = surface
      const place = [0, 0, width, height] as const
      const position = (value: number): number => (value > 0 ? 1 + Math.log10(value) / DECADES : 0)
      drawHeatMap(surface, plan, rows, columns, place, { position, ramp: ['--panel', '--mid', '--high'] })
      if (threshold === undefined) return
      drawHeatMap(surface, plan, rows, columns, place, {
        position: (value) => (value >= threshold ? position(value) : NaN),
        ramp: ['--series-1', '--series-1', '--series-6'],
      })
    },
    [frame, rows, columns],
  )
  const kept = frame?.threshold !== undefined
  return (
    <figure>
      <div class="picture-pair">
        <Canvas label="Two clouds, and where each point is sent" aspect={1} draw={drawClouds} />
        <Canvas label="The transport plan as a matrix" aspect={1} draw={drawPlan} />
      </div>
      <figcaption>
        Left: source, target, and where the current plan sends each source point on average (rings). Right: the plan,
        sources by row; colours span six powers of ten.
        {kept && ' Orange: the entries kept in the sparse Newton matrix.'}
      </figcaption>
    </figure>
  )
}
