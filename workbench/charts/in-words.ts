/** The name of a measure or an oracle in words: `gradientNorm` is `gradient norm`. */
export function inWords(name: string): string {
  return name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
}
