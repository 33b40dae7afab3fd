import { useCallback } from 'preact/hooks'
import type { Frame, Scene } from '../stages/scene.ts'
import { Canvas, type Surface } from './canvas.tsx'
import { drawHeatMap } from './heat-map.ts'

const GAP = 12
/** Powers of ten that the colours of the frequencies span. */
const DECADES = 5

/** The residual on its grid, and by frequency. */
export function GridPicture({ scene, frame }: { scene: Extract<Scene, { kind: 'grid' }>; frame: Frame | undefined }) {
  const { rows, columns, cells, modes } = scene
  const draw = useCallback(
    (surface: Surface) => {
      const { width, height } = surface
      const residual = frame?.residual
      if (residual === undefined) return
      const onGrid = new Float32Array(rows * columns).fill(NaN)
      let most = 1e-300
      residual.forEach((value, i) => {
        onGrid[cells[i]] = value
        most = Math.max(most, Math.abs(value))
      })
      const side = modes ? (width - GAP) / 2 : width
      drawHeatMap(surface, onGrid, rows, columns, [0, 0, side, height], {
        position: (value) => 0.5 + value / (2 * most),
        ramp: ['--series-1', '--panel', '--series-0'],
      })
      if (frame?.modes === undefined) return
      const strongest = frame.modes.reduce((largest, value) => Math.max(largest, value), 1e-300)
      drawHeatMap(surface, frame.modes, rows, columns, [side + GAP, 0, side, height], {
        position: (value) => (value > 0 ? 1 + Math.log10(value / strongest) / DECADES : 0),
        ramp: ['--low', '--mid', '--high'],
      })
    },
    [rows, columns, cells, modes, frame],
  )
  return (
    <figure>
      <Canvas label="The residual on its grid" aspect={modes ? 2 : 1} draw={draw} />
      <figcaption>
        {modes
          ? 'Left: the residual on the grid, scaled to its largest entry. Right: the same residual by frequency, slow ones at the top left; colours span five powers of ten below its strongest.'
          : 'The residual on the grid, scaled to its largest entry.'}
      </figcaption>
    </figure>
  )
}
