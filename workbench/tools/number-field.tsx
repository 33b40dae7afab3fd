import { useId } from 'preact/hooks'

/** Reads a number in [min, max]; an empty text has no value. */
export function numberIn(text: string, min: number, max = Infinity): number | null {
  const value = Number(text)
  return text.trim() === '' || Number.isNaN(value) || value < min || value > max ? null : value
}

/** A number with its label, and below it what it means or what is wrong. */
export function NumberField({
  label,
  help,
  text,
  complaint,
  onChange,
}: {
  label: string
  help?: string
  text: string
  complaint: string | undefined
  onChange: (text: string) => void
}) {
  const id = useId()
  return (
    <div class={`control${complaint === undefined ? '' : ' wrong'}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        spellcheck={false}
        aria-describedby={`${id}-help`}
        aria-invalid={complaint !== undefined}
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p id={`${id}-help`} class={complaint === undefined ? 'help' : 'complaint'}>
        {complaint ?? help ?? ''}
      </p>
    </div>
  )
}
