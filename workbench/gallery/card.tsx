import type { GalleryEntry } from '../catalogue/catalogue.ts'
import { placeHref } from '../router.ts'

/** "A, B and 3 more" where there are many. */
export function shortAuthors(authors: string): string {
  const names = authors.split(/,\s+(?:and\s+)?/)
  return names.length <= 3 ? authors : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}

/** One paper or method. */
export function Card({ entry, thumbnail }: { entry: GalleryEntry; thumbnail: string | null }) {
  const { slug, title, authors, year, venue, problem, summary, built } = entry
  return (
    <a class={`card${built ? '' : ' unbuilt'}`} href={placeHref(['method', slug])}>
      {built && (
        <div class="thumbnail" aria-hidden="true">
          {/* Our own drawings, part of the build. */}
          {thumbnail !== null && <div class="picture" dangerouslySetInnerHTML={{ __html: thumbnail }} />}
        </div>
      )}
      <div class="card-text">
        <p class="problem">{problem}</p>
        <h3>{title}</h3>
        <p class="summary">{summary}</p>
        <p class="source">
          {shortAuthors(authors)}, {venue && venue.length < 24 ? `${venue} ` : ''}
          {year}
          {!built && <span class="badge">not built yet</span>}
        </p>
      </div>
    </a>
  )
}
