import { useCallback } from 'preact/hooks'
import type { Frame, Scene } from '../stages/scene.ts'
import { Canvas, type Surface } from './canvas.tsx'

/** The entries of a vector as bars. */
export function VectorPicture({
  scene,
  frame,
}: {
  scene: Extract<Scene, { kind: 'vector' }>
  frame: Frame | undefined
}) {
  const draw = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const values = frame?.point
      if (values === undefined) return
      const { target } = scene
      let most = 1e-12
      for (const value of values) most = Math.max(most, Math.abs(value))
      for (const value of target ?? []) most = Math.max(most, Math.abs(value))
      const [top, bottom] = [14, height - 14]
      const zero = (top + bottom) / 2
      const toY = (value: number): number => zero - (value / most) * (zero - top)
      const step = width / values.length
      context.fillStyle = colour('--series-0')
      values.forEach((value, i) => {
        const y = toY(value)
        context.fillRect(i * step + 0.1 * step, Math.min(y, zero), Math.max(1, 0.8 * step), Math.abs(y - zero))
      })
      if (target !== null) {
        context.strokeStyle = colour('--ink')
        context.lineWidth = 1
        target.forEach((value, i) => {
          context.beginPath()
          context.moveTo(i * step, toY(value))
          context.lineTo((i + 1) * step, toY(value))
          context.stroke()
        })
      }
      context.strokeStyle = colour('--line-strong')
      context.lineWidth = 1
      context.beginPath()
      context.moveTo(0, zero)
      context.lineTo(width, zero)
      context.stroke()
    },
    [scene, frame],
  )
  return (
    <figure>
      <Canvas label="The entries of the solution as bars" aspect={1.6} draw={draw} />
      <figcaption>
        The {scene.length} entries of x{scene.target === null ? '' : '; thin marks: the known minimizer'}.
      </figcaption>
    </figure>
  )
}

/** Observations and the model's curve. */
export function FitPicture({ scene, frame }: { scene: Extract<Scene, { kind: 'fit' }>; frame: Frame | undefined }) {
  const draw = useCallback(
    ({ context, width, height, colour }: Surface) => {
      const { x, y } = scene
      const right = x.reduce((most, value) => Math.max(most, value), -Infinity)
      const top = 1.15 * y.reduce((most, value) => Math.max(most, value), 1e-9)
      const toX = (value: number): number => 16 + (value / right) * (width - 32)
      const toY = (value: number): number => height - 16 - (value / top) * (height - 32)
      context.strokeStyle = colour('--line-strong')
      context.lineWidth = 1
      context.beginPath()
      context.moveTo(16, 8)
      context.lineTo(16, height - 16)
      context.lineTo(width - 8, height - 16)
      context.stroke()
      context.fillStyle = colour('--ink-soft')
      x.forEach((value, i) => {
        context.beginPath()
        context.arc(toX(value), toY(y[i]), 3, 0, 2 * Math.PI)
        context.fill()
      })
      const curve = frame?.curve
      if (curve === undefined) return
      context.strokeStyle = colour('--series-0')
      context.lineWidth = 2.25
      context.beginPath()
      for (let i = 0; i < curve.length; i++) context.lineTo(toX(x[i]), toY(curve[i]))
      context.stroke()
    },
    [scene, frame],
  )
  return (
    <figure>
      <Canvas label="Measurements as dots and the fitted curve" aspect={1.6} draw={draw} />
      <figcaption>Measurements (dots) and the model at the current parameters.</figcaption>
    </figure>
  )
}
