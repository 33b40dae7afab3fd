import { useId, useRef, useState } from 'preact/hooks'

/** A place to drop a file or to pick one, by mouse, finger or keyboard. The file stays in the page. */
export function DropZone({
  label,
  hint,
  accept,
  onFile,
  onFiles,
}: {
  /** What to drop, e.g. `An MPS or LP file`. */
  label: string
  /** A line about what is read. */
  hint?: string
  /** Endings, as the `accept` of an input: `.mps,.lp`. */
  accept?: string
  onFile?: (file: File) => void
  /** Instead of `onFile`: takes several files at once. */
  onFiles?: (files: readonly File[]) => void
}) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const take = (files: FileList | null | undefined): void => {
    if (!files || files.length === 0) return
    if (onFiles !== undefined) onFiles([...files])
    else onFile?.(files[0])
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the input inside does the same
    <div
      class={`drop-zone${over ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        // A page that takes files anywhere has nothing more to do.
        event.stopPropagation()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <label for={id}>{label}</label>
      {hint !== undefined && <p>{hint}</p>}
      <input
        id={id}
        ref={input}
        type="file"
        accept={accept}
        multiple={onFiles !== undefined}
        onChange={(event) => {
          take(event.currentTarget.files)
          // The same file may be picked again after it was mended.
          event.currentTarget.value = ''
        }}
      />
    </div>
  )
}
