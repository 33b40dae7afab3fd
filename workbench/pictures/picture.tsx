import type { Frame, Scene } from '../stages/scene.ts'
import { FitPicture, VectorPicture } from './bars.tsx'
import { BracketPicture } from './bracket.tsx'
import { GridPicture } from './grid.tsx'
import { type Path, PlanePicture } from './plane.tsx'
import { SearchPicture } from './search.tsx'
import { TransportPicture } from './transport.tsx'

/** The frame to show at an iteration: the newest that is not after it. */
export function frameAt(frames: readonly Frame[], iteration: number | null): Frame | undefined {
  if (iteration === null) return frames.at(-1)
  let found: Frame | undefined = frames[0]
  for (const frame of frames) if (frame.iteration <= iteration) found = frame
  return found
}

/** The picture that fits the class of problems. */
export function Picture({
  scene,
  paths,
  iteration,
  onPick,
}: {
  scene: Scene
  /** Of all contestants, the page's own method first. */
  paths: readonly Path[]
  iteration: number | null
  onPick: (x: number, y: number) => void
}) {
  const frame = frameAt(paths[0]?.frames ?? [], iteration)
  switch (scene.kind) {
    case 'plane':
      return (
        <figure>
          <PlanePicture scene={scene} paths={paths} iteration={iteration} onPick={onPick} />
          <figcaption>
            The deeper, the darker{scene.minimizer === null ? '' : '; the cross marks the minimum'}. Click to start
            elsewhere.
          </figcaption>
        </figure>
      )
    case 'vector':
      return <VectorPicture scene={scene} frame={frame} />
    case 'fit':
      return <FitPicture scene={scene} frame={frame} />
    case 'bracket':
      return <BracketPicture scene={scene} frames={paths[0]?.frames ?? []} iteration={iteration} />
    case 'grid':
      return <GridPicture scene={scene} frame={frame} />
    case 'transport':
      return <TransportPicture scene={scene} frame={frame} />
    case 'search':
      return <SearchPicture scene={scene} paths={paths} iteration={iteration} />
    case 'none':
      return null
  }
}
