import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { drawNoMore, drawSoon } from '../charts/draw-soon.ts'
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

/** How long a part of a landscape is drawn before the page may do other things. */
const PART_MS = 6

/** Draws the landscape as a picture of its own, in parts, and hands it over when it is complete. */
function drawLandscape(
  owner: object,
  { levels }: Plane,
  { width, height, colour }: Surface,
  done: (image: OffscreenCanvas) => void,
): void {
  const ratio = Math.min(2, window.devicePixelRatio || 1)
  const image = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio))
  const context = image.getContext('2d') as OffscreenCanvasRenderingContext2D
  const [low, middle, high] = ['--deep', '--slope', '--ridge'].map((name) => rgb(colour(name))) as [Rgb, Rgb, Rgb]
  context.fillStyle = css(low)
  context.fillRect(0, 0, image.width, image.height)
  context.lineWidth = 0.6 * ratio
  const drawLevel = (k: number): void => {
    const { points, rings } = levels[k]
    context.beginPath()
    for (let ring = 0; ring + 1 < rings.length; ring++) {
      const begin = rings[ring]
      context.moveTo(points[2 * begin] * image.width, points[2 * begin + 1] * image.height)
      for (let i = begin + 1; i < rings[ring + 1]; i++) {
        context.lineTo(points[2 * i] * image.width, points[2 * i + 1] * image.height)
      }
      context.closePath()
    }
    context.fillStyle = css(ramp(low, middle, high, (k + 1) / levels.length))
    context.fill()
    context.strokeStyle = css(ramp(low, middle, high, Math.max(0, (k - 1) / levels.length)))
    context.stroke()
  }
  let next = 0
  const drawPart = (): void => {
    const until = performance.now() + PART_MS
    while (next < levels.length && performance.now() < until) drawLevel(next++)
    if (next < levels.length) drawSoon(owner, drawPart)
    else done(image)
  }
  drawSoon(owner, drawPart)
}

/** The landscape of a scene in the size and the colours of now; until that is drawn, the one before. */
interface Landscape {
  image: OffscreenCanvas | null
  scene: Plane | null
  width: number
  theme: string
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
  const theme = shownTheme.value
  const landscape = useRef<Landscape>({ image: null, scene: null, width: 0, theme: '' }).current
  const [drawn, setDrawn] = useState<OffscreenCanvas | null>(null)
  useEffect(() => () => drawNoMore(landscape), [landscape])
  // A landscape that is complete is put under what is there.
  const draw = useCallback(
    (surface: Surface) => {
      const { context, width, height, colour } = surface
      if (landscape.scene !== scene || landscape.width !== width || landscape.theme !== theme) {
        Object.assign(landscape, { scene, width, theme })
        drawLandscape(landscape, scene, surface, (image) => {
          landscape.image = image
          setDrawn(image)
        })
      }
      if (landscape.image !== null) context.drawImage(landscape.image, 0, 0, width, height)
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
          // One shape of all: filling each by itself takes several times as long.
          context.beginPath()
          for (let i = 0; i + 1 < last.particles.length; i += 2) {
            const [x, y] = [toX(last.particles[i]), toY(last.particles[i + 1])]
            context.moveTo(x + 2.6, y)
            context.arc(x, y, 2.6, 0, 2 * Math.PI)
          }
          context.fill()
          context.stroke()
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
    [scene, theme, landscape, drawn, paths, iteration, left, right, bottom, top],
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
