/** Offers a text as a file to save. */
export function saveText(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The click has been handled by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
