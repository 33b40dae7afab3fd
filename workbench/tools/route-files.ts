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

function kindOf(name: string, head: string): string | null {
  const plain = name.replace(/\.gz$/i, '')
  const named = endings.find(([pattern]) => pattern.test(plain))
  const found = named ?? beginnings.find(([pattern]) => pattern.test(head))
  return found?.[1] ?? null
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
