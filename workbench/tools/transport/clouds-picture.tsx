import { useCallback, useRef } from 'preact/hooks'
import { Canvas, type Surface } from '../../pictures/canvas.tsx'
import { css, mix, rgb } from '../../pictures/colours.ts'
import type { DrawnCloud, TransportOutcome } from '../../worker/transport-protocol.ts'
import { frameOf } from './frame.ts'

/** Closest that two points of one stroke come, part of the width. */
const SPACING = 0.025

/** Two clouds with the lines of the plan, and the mass on its way at time `t` in [0, 1]; draws new points where a pointer goes. */
export function CloudsPicture({
  source,
  target,
  outcome,
  time,
  onDraw,
}: {
  source: DrawnCloud
  target: DrawnCloud
  outcome: TransportOutcome | null
  time: number
  onDraw: (x: number, y: number) => void
}) {
  const draw = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const { left, bottom, size } = frameOf([source, target])
      const toX = (x: number): number => ((x - left) / size) * width
      const toY = (y: number): number => (1 - (y - bottom) / size) * height
      const dots = (points: Float64Array, style: string): void => {
        context.fillStyle = style
        for (let i = 0; i + 1 < points.length; i += 2) {
          context.beginPath()
          context.arc(toX(points[i]), toY(points[i + 1]), 4, 0, 2 * Math.PI)
          context.fill()
        }
      }
      const panel = rgb(colour('--panel'))
      if (outcome !== null) {
        const { from, to, mass } = outcome
        // The light ones first, so that the heavy ones lie on top.
        for (let k = mass.length - 1; k >= 0; k--) {
          context.strokeStyle = css(mix(panel, rgb(colour('--series-7')), 0.15 + 0.6 * mass[k]))
          context.lineWidth = 0.5 + 1.2 * mass[k]
          context.beginPath()
          context.moveTo(toX(source.points[2 * from[k]]), toY(source.points[2 * from[k] + 1]))
          context.lineTo(toX(target.points[2 * to[k]]), toY(target.points[2 * to[k] + 1]))
          context.stroke()
        }
      }
      dots(target.points, colour('--series-1'))
      dots(source.points, colour('--series-0'))
      if (outcome === null || time === 0) return
      const { from, to, mass } = outcome
      context.fillStyle = colour('--ink')
      for (let k = 0; k < mass.length; k++) {
        const [i, j] = [2 * from[k], 2 * to[k]]
        const x = (1 - time) * source.points[i] + time * target.points[j]
        const y = (1 - time) * source.points[i + 1] + time * target.points[j + 1]
        context.beginPath()
        context.arc(toX(x), toY(y), 3.5 * Math.sqrt(mass[k]), 0, 2 * Math.PI)
        context.fill()
      }
    },
    [source, target, outcome, time],
  )
  const last = useRef<readonly [number, number] | null>(null)
  const put = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const [u, v] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]
    if (u < 0 || u > 1 || v < 0 || v > 1) return
    if (last.current !== null && Math.hypot(u - last.current[0], v - last.current[1]) < SPACING) return
    last.current = [u, v]
    const { left, bottom, size } = frameOf([source, target])
    onDraw(left + u * size, bottom + v * size)
  }
  return (
    <div
      class="draw-area"
      onPointerDown={(event) => {
        last.current = null
        event.currentTarget.setPointerCapture(event.pointerId)
        put(event)
      }}
      onPointerMove={(event) => {
        if (event.buttons !== 0 && last.current !== null) put(event)
      }}
      onPointerUp={() => {
        last.current = null
      }}
    >
      <Canvas label="Source (blue) and target (orange) points, with the lines of the plan" aspect={1} draw={draw} />
    </div>
  )
}
