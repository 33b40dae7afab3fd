import { useEffect, useState } from 'preact/hooks'
import { formatNumber } from '../../../src/drawing/format.ts'
import { DropZone } from '../../components/drop-zone.tsx'
import type { ColourOutcome } from '../../worker/transport-protocol.ts'

/** The address of a file for the page, given back when it is another one. */
function useAddressOf(file: Blob | null): string | null {
  const [address, setAddress] = useState<string | null>(null)
  useEffect(() => {
    if (file === null) return setAddress(null)
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return address
}

function Shown({ file, title }: { file: Blob; title: string }) {
  const address = useAddressOf(file)
  return (
    <figure class="shown-picture">
      {address !== null && <img src={address} alt={title} />}
      <figcaption>{title}</figcaption>
    </figure>
  )
}

/** Two pictures, and the first with the colours of the second. */
export function Colours({
  pictures,
  onPictures,
  outcome,
  part,
  running,
  onRun,
  onCancel,
}: {
  pictures: readonly [File | null, File | null]
  onPictures: (pictures: readonly [File | null, File | null]) => void
  outcome: ColourOutcome | null
  /** Part of the pixels that are done. */
  part: number
  running: boolean
  onRun: () => void
  onCancel: () => void
}) {
  const [source, target] = pictures
  const address = useAddressOf(outcome?.picture ?? null)
  return (
    <section class="colours" aria-labelledby="colours-title">
      <h2 id="colours-title">Colours of a picture</h2>
      <p>
        Transports the colours of one picture to those of another: the first keeps its shapes and takes the colours.
      </p>
      <div class="field-pair">
        <DropZone label="The picture" accept=".png,.jpg,.jpeg,.webp" onFile={(file) => onPictures([file, target])} />
        <DropZone
          label="The colours wanted"
          accept=".png,.jpg,.jpeg,.webp"
          onFile={(file) => onPictures([source, file])}
        />
      </div>
      <div class="tool-bar">
        <button
          type="button"
          class="button primary"
          disabled={source === null || target === null || running}
          onClick={onRun}
        >
          Give colours
        </button>
        <button type="button" class="button" disabled={!running} onClick={onCancel}>
          Cancel
        </button>
        <p class="run-status">
          <span role="status">
            {running ? (part > 0 ? `${Math.round(100 * part)} % of the pixels` : 'Finding the plan') : ''}
          </span>
        </p>
      </div>
      <div class="shown-pictures">
        {source !== null && <Shown file={source} title={source.name} />}
        {target !== null && <Shown file={target} title={target.name} />}
        {outcome !== null && <Shown file={outcome.picture} title="with the colours" />}
      </div>
      {outcome !== null && (
        <>
          <p class="message">
            {outcome.message} Colours travel {formatNumber(outcome.cost, 4)} (mean squared distance in [0, 1]).
            {outcome.reduced && ` The picture was made smaller first: ${outcome.width} x ${outcome.height}.`}
          </p>
          <div class="downloads">
            <span class="label">Save</span>
            {address !== null && (
              <a href={address} download={`${(source?.name ?? 'picture').replace(/\.\w+$/, '')}-colours.png`}>
                PNG
              </a>
            )}
          </div>
        </>
      )}
    </section>
  )
}
