/** Characters of a file that tell its kind, if its name does not. */
const HEAD = 400

/** The beginning of a file as text; gzip is unpacked, whatever the file is called. Empty where it cannot be. */
export async function headOfFile(file: Blob): Promise<string> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  if (first !== 0x1f || second !== 0x8b) return file.slice(0, HEAD).text()
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    const decoder = new TextDecoder()
    let head = ''
    while (head.length < HEAD) {
      const { done, value } = await reader.read()
      if (done) break
      head += decoder.decode(value, { stream: true })
    }
    return head.slice(0, HEAD)
  } catch {
    // What is wrong with it is said by the tool that reads all of it.
    return ''
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** What files are good for: a tool, or why none of them can read them. */
export type Route = { readonly slug: string } | { readonly problem: string }

/** Kinds of files by the end of their names; a trailing .gz does not count. */
const endings: readonly (readonly [RegExp, string])[] = [
  [/\.(?:mps|lp)$/i, 'solve'],
  [/\.jsonl$/i, 'replay'],
  [/\.(?:csv|tsv|dat)$/i, 'table'],
  [/\.(?:png|jpe?g|webp)$/i, 'picture'],
]

/** Beginnings of texts whose names say nothing. */
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^\{"type":"run","format":"thalweg-run"/, 'replay'],
  [/^\s*NIST\/ITL StRD/, 'table'],
  [/^(?:\*.*\n|\s*\n)*NAME\b/, 'solve'],
  [/^(?:\\.*\n|\s*\n)*\s*(?:min(?:imi[sz]e|imum)?|max(?:imi[sz]e|imum)?)\b/i, 'solve'],
]

/** Names that leave open what is inside: plain text, and no ending at all. */
const openNames = /(?:\.txt|^[^.]*)$/i

/** Two lines or more whose fields are separated alike, the last line of the head aside, which may be cut off. */
function looksLikeTable(head: string): boolean {
  const lines = head.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const whole = lines.length > 2 ? lines.slice(0, -1) : lines
  const counts = (separator: string): Set<number> => new Set(whole.map((line) => line.trim().split(separator).length))
  return (
    whole.length >= 2 &&
    [',', ';', '\t'].some((separator) => {
      const [fields, ...others] = counts(separator)
      return others.length === 0 && fields >= 2 && /\d/.test(whole[whole.length - 1])
    })
  )
}

function kindOf(name: string, head: string): string | null {
  const plain = name.replace(/\.gz$/i, '')
  const named = endings.find(([pattern]) => pattern.test(plain))
  const found = named ?? beginnings.find(([pattern]) => pattern.test(head))
  if (found !== undefined) return found[1]
  return openNames.test(plain) && looksLikeTable(head) ? 'table' : null
}

/**
 * The tool for some files that were dropped together.
 *
 * @param files names, and the first few hundred characters of their text
 */
export function routeFiles(files: readonly { readonly name: string; readonly head: string }[]): Route {
  const kinds = files.map(({ name, head }) => kindOf(name, head))
  const unknown = kinds.indexOf(null)
  if (unknown >= 0) {
    return {
      problem: `${files[unknown].name}: no tool here reads such a file; they read models (.mps, .lp), tables (.csv, .dat), two tables of points, one or two pictures (.png, .jpg), and run files (.jsonl), also packed with gzip`,
    }
  }
  const all = (kind: string): boolean => kinds.every((found) => found === kind)
  if (files.length === 1) {
    if (all('table')) return { slug: 'fit' }
    return { slug: all('picture') ? 'transport' : (kinds[0] as string) }
  }
  if (files.length === 2 && (all('table') || all('picture'))) return { slug: 'transport' }
  return {
    problem: `${files.map(({ name }) => name).join(', ')}: drop one file, two tables of points, or two pictures`,
  }
}
