import type { GalleryEntry } from '../catalogue/catalogue.ts'

/** In what order cards come. */
export type Order = 'built' | 'title' | 'newest' | 'oldest'

/** What is shown of the gallery: all of it is in the address. */
export interface Filters {
  /** Words that must all occur. */
  readonly words: string
  /** The class of problems, in words; empty for all. */
  readonly problem: string
  /** Papers, everyday methods, or both. */
  readonly kind: 'all' | 'paper' | 'method'
  readonly order: Order
}

export const noFilters: Filters = { words: '', problem: '', kind: 'all', order: 'built' }

export const orders: readonly { readonly value: Order; readonly label: string }[] = [
  { value: 'built', label: 'what runs first' },
  { value: 'title', label: 'by title' },
  { value: 'newest', label: 'newest first' },
  { value: 'oldest', label: 'oldest first' },
]

/** Reads the query of the gallery's address; what it does not know is left out. */
export function filtersFromQuery(query: URLSearchParams): Filters {
  const kind = query.get('kind')
  const order = query.get('sort')
  return {
    words: query.get('q') ?? '',
    problem: query.get('problem') ?? '',
    kind: kind === 'paper' || kind === 'method' ? kind : 'all',
    order: orders.find(({ value }) => value === order)?.value ?? 'built',
  }
}

/** The query for the address. */
export function queryFromFilters({ words, problem, kind, order }: Filters): URLSearchParams {
  const query = new URLSearchParams()
  if (words !== '') query.set('q', words)
  if (problem !== '') query.set('problem', problem)
  if (kind !== 'all') query.set('kind', kind)
  if (order !== 'built') query.set('sort', order)
  return query
}

/** Lower case and without accents, so that `levy` finds `Lévy`. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Alphabetical order. The collator of the browser would take longer to load than the whole page to be made. */
function byText(a: string, b: string): number {
  const [first, second] = [plain(a), plain(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

function mentions(entry: GalleryEntry, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const { slug, title, authors, summary, problem, room, venue, year, arxiv } = entry
  const text = plain([slug, title, authors, summary, problem, room, venue, year, arxiv].join(' '))
  return words.every((word) => text.includes(word))
}

/** The cards to show, in order. */
export function selectEntries(
  entries: readonly GalleryEntry[],
  { words, problem, kind, order }: Filters,
): GalleryEntry[] {
  const wanted = plain(words).split(/\s+/).filter(Boolean)
  const found = entries.filter(
    (entry) =>
      (kind === 'all' || entry.kind === kind) &&
      (problem === '' || entry.problem === problem) &&
      mentions(entry, wanted),
  )
  if (order === 'title') return found.sort((a, b) => byText(a.title, b.title))
  if (order === 'newest') return found.sort((a, b) => b.year - a.year)
  if (order === 'oldest') return found.sort((a, b) => a.year - b.year)
  return found
}

/** The classes of problems with the number of cards that the other filters leave, most common first. */
export function problemCounts(
  entries: readonly GalleryEntry[],
  filters: Filters,
): { problem: string; count: number; built: number }[] {
  const counts = new Map<string, { problem: string; count: number; built: number }>()
  for (const { problem } of entries) counts.set(problem, { problem, count: 0, built: 0 })
  for (const { problem, built } of selectEntries(entries, { ...filters, problem: '' })) {
    const entry = counts.get(problem)
    if (entry === undefined) continue
    entry.count++
    if (built) entry.built++
  }
  return [...counts.values()].sort((a, b) => b.built - a.built || byText(a.problem, b.problem))
}
