import { useState } from 'preact/hooks'

/** Puts a text on the clipboard and says so. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [said, setSaid] = useState('')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text())
      setSaid('Copied')
    } catch {
      setSaid('Not allowed here')
    }
    setTimeout(() => setSaid(''), 2000)
  }
  return (
    <button type="button" class="button copy" onClick={copy}>
      <span aria-live="polite">{said || label}</span>
    </button>
  )
}
