import { useCallback } from 'preact/hooks'
import type { Frame, Scene } from '../stages/scene.ts'
import { Canvas, type Surface } from './canvas.tsx'

const MARGIN = 14
/** The part of the curve whose heights fit into the picture: a function may be steep at an end. */
const SHOWN = 0.65

/** The largest |y| that is drawn. */
function heightOf(y: Float64Array): number {
  const sizes = y.map(Math.abs).filter(Number.isFinite).sort()
  return 1.2 * (sizes[Math.floor(SHOWN * (sizes.length - 1))] || 1)
}

/** A function of one variable, the points at which it was evaluated, and the bracket that is left. */
export function BracketPicture({
  scene,
  frames,
  iteration,
}: {
  scene: Extract<Scene, { kind: 'bracket' }>
  frames: readonly Frame[]
  iteration: number | null
}) {
  const draw = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const { x, y } = scene
      const [lower, upper, most] = [x[0], x[x.length - 1], heightOf(y)]
      const toX = (at: number): number => MARGIN + ((at - lower) / (upper - lower)) * (width - 2 * MARGIN)
      const toY = (value: number): number => height / 2 - (value / most) * (height / 2 - MARGIN)
      /** The height of the curve between its points. */
      const heightAt = (at: number): number => {
        const place = ((at - lower) / (upper - lower)) * (x.length - 1)
        const i = Math.min(x.length - 2, Math.floor(place))
        return y[i] + (place - i) * (y[i + 1] - y[i])
      }
      const shown = frames.filter(
        ({ point, iteration: k }) => point !== undefined && (iteration === null || k <= iteration),
      )
      const last = shown.at(-1)?.point
      if (last !== undefined) {
        const [from, to] = [toX(Math.min(last[0], last[1])), toX(Math.max(last[0], last[1]))]
        context.fillStyle = colour('--sunken')
        context.fillRect(from, 0, Math.max(1, to - from), height)
      }
      context.strokeStyle = colour('--line-strong')
      context.lineWidth = 1
      context.beginPath()
      context.moveTo(0, height / 2)
      context.lineTo(width, height / 2)
      context.stroke()
      context.strokeStyle = colour('--ink-soft')
      context.lineWidth = 1.75
      context.beginPath()
      for (let i = 0; i < x.length; i++) context.lineTo(toX(x[i]), toY(y[i]))
      context.stroke()
      context.fillStyle = colour('--series-0')
      shown.forEach(({ point }, k) => {
        const at = (point as Float64Array)[0]
        context.beginPath()
        context.arc(toX(at), toY(heightAt(at)), k === shown.length - 1 ? 6 : 3, 0, 2 * Math.PI)
        context.fill()
      })
    },
    [scene, frames, iteration],
  )
  return (
    <figure>
      <Canvas label="The curve of f, the points tried, and the bracket that is left" aspect={1.6} draw={draw} />
      <figcaption>
        The curve of f and its zero line; dots: the best point of each iteration; shaded: the bracket.
      </figcaption>
    </figure>
  )
}
