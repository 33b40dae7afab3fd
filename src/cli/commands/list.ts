import { closest } from 'fastest-levenshtein'
import { isBuilt, papers } from '../../../experiments/index.ts'
import { InvalidInputError } from '../../base/index.ts'
import { methods } from '../../registry.ts'
import type { Source } from '../../solver/index.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'
import { wrap } from '../wrap.ts'

/** One line of `thalweg list`. */
export interface ListEntry {
  readonly slug: string
  readonly title: string
  readonly room: string
  /** The class of problems, in words. */
  readonly problem: string
  readonly summary: string
  /** The paper whose claims `thalweg reproduce` re-runs; null for everyday methods. */
  readonly paper: {
    readonly title: string
    readonly authors: string
    readonly year: number
    readonly venue: string
    readonly arxiv: string
  } | null
  /** Where the method was published. */
  readonly source: string
  readonly built: boolean
}

export interface ListOptions extends CommonOptions {
  room?: string
  built?: boolean
}

function citation({ authors, year, title, venue, arxiv }: Source): string {
  return `${authors} (${year}). ${title}.${venue ? ` ${venue}.` : ''}${arxiv ? ` arXiv:${arxiv}.` : ''}`
}

/** All papers, then all methods of the registry that are no paper's. */
export function listEntries(): ListEntry[] {
  const slugs = new Set(papers.map((paper) => paper.slug))
  return [
    ...papers.map(({ slug, title, authors, year, venue, arxiv, room, problem, summary }) => ({
      slug,
      title,
      room,
      problem,
      summary,
      paper: { title, authors, year, venue, arxiv },
      source: citation({ authors, year, title, venue, arxiv }),
      built: isBuilt(slug),
    })),
    ...methods
      .filter(({ description }) => !slugs.has(description.slug))
      .map(({ description: { slug, title, room, problemClass, summary, source } }) => ({
        slug,
        title,
        room,
        problem: problemClass,
        summary,
        paper: null,
        source: citation(source),
        built: true,
      })),
  ]
}

/** `thalweg list`. */
export async function listCommand(session: Session, words: readonly string[], options: ListOptions): Promise<number> {
  const all = listEntries()
  const rooms = [...new Set(all.map((entry) => entry.room))]
  if (options.room !== undefined && !rooms.includes(options.room)) {
    throw new InvalidInputError(`there is no room '${options.room}'; the rooms are ${rooms.join(', ')}`, {
      argument: '--room',
      expected: rooms.join(', '),
      received: options.room,
    })
  }
  const wanted = words.map((word) => word.toLowerCase())
  const entries = all.filter(
    (entry) =>
      (options.room === undefined || entry.room === options.room) &&
      (!options.built || entry.built) &&
      wanted.every((word) =>
        [entry.slug, entry.title, entry.room, entry.problem, entry.summary, entry.source]
          .join(' ')
          .toLowerCase()
          .includes(word),
      ),
  )
  session.answer(entries)
  if (session.json) return exitCodes.solved
  const size = Math.max(0, ...entries.map((entry) => entry.slug.length))
  const line = (entry: ListEntry): void => {
    const mark = entry.built ? ' ' : session.colour('gray', '·')
    const [first, ...rest] = wrap(entry.summary, Math.max(24, session.width - size - 6))
    session.say(`  ${mark} ${session.colour('bold', entry.slug.padEnd(size))}  ${first}`)
    for (const more of rest) session.say(`${' '.repeat(size + 6)}${more}`)
  }
  for (const room of rooms) {
    const here = entries.filter((entry) => entry.room === room)
    if (here.length === 0) continue
    session.say()
    session.say(`${session.colour('cyan', room)}`)
    for (const entry of here) line(entry)
  }
  const missing = entries.filter((entry) => !entry.built).length
  session.say()
  if (missing > 0) session.say(`  · not built yet (${missing} of ${entries.length})`)
  session.say(
    entries.length === 0
      ? '  Nothing matches.'
      : '  thalweg info <name> tells more; thalweg reproduce <name> re-runs the claims of a paper.',
  )
  return exitCodes.solved
}

/** What `thalweg info <name>` says about one method. */
export function describeEntry(session: Session, slug: string): number {
  const entry = listEntries().find((candidate) => candidate.slug === slug)
  if (entry === undefined) {
    const slugs = listEntries().map((candidate) => candidate.slug)
    throw new InvalidInputError(`there is no method '${slug}'; did you mean '${closest(slug, slugs)}'?`, {
      argument: 'name',
      expected: slugs.join(', '),
      received: slug,
    })
  }
  const description = methods.find((method) => method.description.slug === slug)?.description
  const options = Object.entries(description?.options ?? {}).map(([name, spec]) => ({
    name,
    label: spec.label,
    expected: spec.expected,
    default: typeof spec.fallback === 'function' ? null : (spec.fallback ?? null),
  }))
  session.answer({
    ...entry,
    ...(description && { requires: description.requires, handles: description.handles, options }),
  })
  session.say()
  session.heading(entry.title)
  session.say()
  session.paragraph(entry.summary)
  session.say()
  session.say(`  room      ${entry.room}   (import from 'thalweg/${entry.room}')`)
  session.say(`  problems  ${entry.problem}`)
  session.say(`  source    ${entry.source}`)
  if (description) {
    const { requires, handles } = description
    session.say(
      `  needs     ${requires.join(', ') || 'values only'}${handles.length > 0 ? `; handles ${handles.join(', ')}` : ''}`,
    )
    if (options.length > 0) {
      session.say()
      session.table({
        title: 'Options (--set name=value)',
        columns: ['name', 'default', 'what', 'allowed'],
        rows: options.map((option) => [
          option.name,
          option.default === null ? '-' : String(option.default),
          option.label,
          option.expected,
        ]),
      })
    }
  }
  if (entry.paper !== null) {
    session.say(entry.built ? `  Re-run its claims: thalweg reproduce ${slug}` : '  Not built yet.')
  }
  return exitCodes.solved
}
