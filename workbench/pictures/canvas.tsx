import { useEffect, useRef, useState } from 'preact/hooks'
import { shownTheme } from '../theme.ts'

/** What a picture is drawn on: CSS pixels, whatever the screen's own. */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
  /** The value of a colour of the theme, e.g. `--ink`. */
  colour(name: string): string
}

/**
 * A drawing that fills its place and keeps its shape.
 *
 * @param aspect width over height
 * @param draw called again whenever it is another function, the place changes its size, or the theme changes
 * @param onPick called with the place of a click, both parts in [0, 1] from the top left
 */
export function Canvas({
  label,
  aspect,
  draw,
  onPick,
}: {
  label: string
  aspect: number
  draw: (surface: Surface) => void
  onPick?: (x: number, y: number) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const theme = shownTheme.value
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  // The theme decides the colours that are read here.
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement
    if (width === 0) return
    const height = Math.round(width / aspect)
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (element.width !== columns || element.height !== rows) {
      element.width = columns
      element.height = rows
    }
    const context = element.getContext('2d') as CanvasRenderingContext2D
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    const styles = getComputedStyle(element)
    draw({ context, width, height, colour: (name) => styles.getPropertyValue(name).trim() })
  }, [draw, width, aspect, theme])
  return (
    <canvas
      ref={canvas}
      class={`picture-canvas${onPick === undefined ? '' : ' pickable'}`}
      style={{ aspectRatio: String(aspect) }}
      role="img"
      aria-label={label}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect()
        onPick?.((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
      }}
    />
  )
}
