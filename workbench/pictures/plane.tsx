import { contours } from 'd3-contour'
import { useCallback, useMemo } from 'preact/hooks'
import type { Frame, Scene } from '../stages/scene.ts'
import { shownTheme } from '../theme.ts'
import { Canvas, type Surface } from './canvas.tsx'
import { css, type Rgb, ramp, rgb } from './colours.ts'

type Plane = Extract<Scene, { kind: 'plane' }>

/** A path to draw. */
export interface Path {
  readonly colour: number
  readonly frames: readonly Frame[]
}

const LEVELS = 16

/** Heights between which equally much of the landscape lies, so that both the bottom of a valley and its slopes show. */
function levelsOf(field: Float64Array): number[] {
  const sorted = field.filter(Number.isFinite).sort()
  const levels = new Set<number>()
  for (let k = 0; k < LEVELS; k++) {
    // Closer together at the bottom, where the path goes.
    const part = (k / LEVELS) ** 1.6
    levels.add(sorted[Math.floor(part * (sorted.length - 1))])
  }
  return [...levels].sort((a, b) => a - b)
}

/** The landscape as a picture of its own, drawn once for each size and theme. */
function drawLandscape(scene: Plane, { width, height, colour }: Surface): OffscreenCanvas {
  const ratio = Math.min(2, window.devicePixelRatio || 1)
  const image = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio))
  const context = image.getContext('2d') as OffscreenCanvasRenderingContext2D
  const { columns, rows, field } = scene
  const levels = levelsOf(field)
  const [low, middle, high] = ['--deep', '--slope', '--ridge'].map((name) => rgb(colour(name))) as [Rgb, Rgb, Rgb]
  // A field value sits at the middle of its cell; the first row is at the bottom.
  const toX = (x: number): number => ((x - 0.5) / (columns - 1)) * image.width
  const toY = (y: number): number => (1 - (y - 0.5) / (rows - 1)) * image.height
  const shapes = contours().size([columns, rows]).thresholds(levels)(Array.from(field))
  context.fillStyle = css(low)
  context.fillRect(0, 0, image.width, image.height)
  shapes.forEach(({ coordinates }, k) => {
    context.beginPath()
    for (const polygon of coordinates) {
      for (const ring of polygon) {
        const [[firstX, firstY]] = ring
        context.moveTo(toX(firstX), toY(firstY))
        for (const [x, y] of ring) context.lineTo(toX(x), toY(y))
        context.closePath()
      }
    }
    context.fillStyle = css(ramp(low, middle, high, (k + 1) / shapes.length))
    context.fill()
    context.strokeStyle = css(ramp(low, middle, high, Math.max(0, (k - 1) / shapes.length)))
    context.lineWidth = 0.6 * ratio
    context.stroke()
  })
  return image
}

/** A landscape with the paths of all contestants and the particles of the first. */
export function PlanePicture({
  scene,
  paths,
  iteration,
  onPick,
}: {
  scene: Plane
  paths: readonly Path[]
  /** The moment to show; null for the newest. */
  iteration: number | null
  /** Called with the place of a click; without it the picture is only to be looked at. */
  onPick?: (x: number, y: number) => void
}) {
  const [left, right, bottom, top] = scene.frame
  const aspect = 1
  // Another scene or theme has another landscape.
  const cache = useMemo<{ image: OffscreenCanvas | null; width: number }>(
    () => ({ image: null, width: 0 }),
    [scene, shownTheme.value],
  )
  const draw = useCallback(
    (surface: Surface) => {
      const { context, width, height, colour } = surface
      if (cache.image === null || cache.width !== width) {
        cache.image = drawLandscape(scene, surface)
        cache.width = width
      }
      context.drawImage(cache.image, 0, 0, width, height)
      const toX = (x: number): number => ((x - left) / (right - left)) * width
      const toY = (y: number): number => (1 - (y - bottom) / (top - bottom)) * height
      if (scene.minimizer !== null) {
        const [x, y] = [toX(scene.minimizer[0]), toY(scene.minimizer[1])]
        context.strokeStyle = colour('--ink')
        context.lineWidth = 1.5
        context.beginPath()
        context.moveTo(x - 6, y)
        context.lineTo(x + 6, y)
        context.moveTo(x, y - 6)
        context.lineTo(x, y + 6)
        context.stroke()
      }
      const until = iteration ?? Infinity
      // The page's own method last, on top.
      for (const [index, { colour: number, frames }] of [...paths.entries()].reverse()) {
        const shown = frames.filter((frame) => frame.iteration <= until)
        const last = shown.at(-1)
        if (last === undefined) continue
        if (index === 0 && last.particles !== undefined) {
          context.fillStyle = colour(`--series-${number}`)
          context.strokeStyle = colour('--panel')
          context.lineWidth = 0.75
          for (let i = 0; i + 1 < last.particles.length; i += 2) {
            context.beginPath()
            context.arc(toX(last.particles[i]), toY(last.particles[i + 1]), 2.6, 0, 2 * Math.PI)
            context.fill()
            context.stroke()
          }
        }
        const trace = (): void => {
          context.beginPath()
          shown.forEach(({ point }, i) => {
            if (point === undefined) return
            const [x, y] = [toX(point[0]), toY(point[1])]
            if (i === 0) context.moveTo(x, y)
            else context.lineTo(x, y)
          })
          context.stroke()
        }
        context.lineJoin = 'round'
        context.strokeStyle = colour('--panel')
        context.lineWidth = index === 0 ? 4.5 : 3.5
        trace()
        context.strokeStyle = colour(`--series-${number}`)
        context.lineWidth = index === 0 ? 2.25 : 1.5
        trace()
        const { point } = last
        if (point === undefined) continue
        context.fillStyle = colour(`--series-${number}`)
        context.strokeStyle = colour('--panel')
        context.lineWidth = 2
        context.beginPath()
        context.arc(toX(point[0]), toY(point[1]), index === 0 ? 6 : 4.5, 0, 2 * Math.PI)
        context.fill()
        context.stroke()
      }
    },
    [scene, cache, paths, iteration, left, right, bottom, top],
  )
  return (
    <Canvas
      label={`Landscape of the objective with the path of each method${onPick === undefined ? '' : '; click to choose another start'}`}
      aspect={aspect}
      draw={draw}
      onPick={onPick && ((x, y) => onPick(left + x * (right - left), top - y * (top - bottom)))}
    />
  )
}
