import { entries, thumbnails } from 'virtual:catalogue/gallery'
import { useEffect, useState } from 'preact/hooks'
import type { GalleryEntry } from '../catalogue/catalogue.ts'
import { OneByOne } from '../components/one-by-one.tsx'
import { place, replaceQuery } from '../router.ts'
import { Card } from './card.tsx'
import { type Filters, filtersFromQuery, orders, problemCounts, queryFromFilters, selectEntries } from './filters.ts'

/** All papers and methods as cards, with search, filters and order; their state is in the address. */
export function Gallery() {
  const filters = filtersFromQuery(place.value.query)
  const set = (change: Partial<Filters>): void => replaceQuery(queryFromFilters({ ...filters, ...change }), '')
  const shown = selectEntries(entries, filters)
  const papers = shown.filter(({ kind, built }) => kind === 'paper' && built)
  const toCome = shown.filter(({ built }) => !built)
  const methods = shown.filter(({ kind }) => kind === 'method')
  useEffect(() => {
    document.title = 'Thalweg workbench'
  }, [])
  const all = entries.filter(({ kind }) => kind === 'paper')
  return (
    <div class="gallery">
      <OneByOne>
        <header class="gallery-head">
          <h1>Optimization methods, live</h1>
          <p class="lede">
            {all.length} papers, {all.filter(({ built }) => built).length} of them running so far, and{' '}
            {entries.length - all.length} everyday methods beside them. Open one, turn its knobs, watch it work against
            others, take the code home.
          </p>
        </header>
        <div class="gallery-body">
          <FilterPanel filters={filters} set={set} />
          <div class="gallery-results">
            <p class="result-count" role="status">
              {shown.length === entries.length
                ? `${shown.length} methods`
                : `${shown.length} of ${entries.length} methods`}
            </p>
            {shown.length === 0 && (
              <p class="nothing-found">
                Nothing matches.{' '}
                <button type="button" class="link" onClick={() => replaceQuery(new URLSearchParams(), '')}>
                  Show everything
                </button>
              </p>
            )}
            <OneByOne>
              <CardList title="Papers" list={papers} />
              <CardList title="Everyday methods" list={methods} />
              <CardList title="Papers not built yet" list={toCome} compact />
            </OneByOne>
          </div>
        </div>
      </OneByOne>
    </div>
  )
}

function CardList({
  title,
  list,
  compact = false,
}: {
  title: string
  list: readonly GalleryEntry[]
  /** Without pictures. */
  compact?: boolean
}) {
  if (list.length === 0) return null
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class={compact ? 'cards compact' : 'cards'}>
        {list.map((entry) => (
          <li key={entry.slug}>
            <Card entry={entry} thumbnail={thumbnails[entry.slug] ?? null} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function FilterPanel({ filters, set }: { filters: Filters; set: (change: Partial<Filters>) => void }) {
  const counts = problemCounts(entries, filters)
  const [typed, setTyped] = useState(filters.words)
  // The address may change from elsewhere: back, or "show everything".
  useEffect(() => setTyped(filters.words), [filters.words])
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label class="field">
          <span>Search</span>
          <input
            type="search"
            value={typed}
            placeholder="newton, transport, 2024 ..."
            onInput={(event) => {
              setTyped(event.currentTarget.value)
              set({ words: event.currentTarget.value })
            }}
          />
        </label>
        <label class="field problem-select">
          <span>Problem</span>
          <select value={filters.problem} onChange={(event) => set({ problem: event.currentTarget.value })}>
            <option value="">all problems</option>
            {counts.map(({ problem, count }) => (
              <option key={problem} value={problem}>
                {problem} ({count})
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Show</span>
          <select
            value={filters.kind}
            onChange={(event) => set({ kind: event.currentTarget.value as Filters['kind'] })}
          >
            <option value="all">papers and methods</option>
            <option value="paper">papers only</option>
            <option value="method">everyday methods only</option>
          </select>
        </label>
        <label class="field">
          <span>Order</span>
          <select
            value={filters.order}
            onChange={(event) => set({ order: event.currentTarget.value as Filters['order'] })}
          >
            {orders.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="problem-list">
          <legend>Problem</legend>
          <ul>
            {[{ problem: '', count: selectEntries(entries, { ...filters, problem: '' }).length }, ...counts].map(
              ({ problem, count }) => (
                <li key={problem}>
                  <label class={count === 0 ? 'empty' : ''}>
                    <input
                      type="radio"
                      name="problem"
                      checked={filters.problem === problem}
                      onChange={() => set({ problem })}
                    />
                    <span>{problem || 'all problems'}</span>
                    <span class="count">{count}</span>
                  </label>
                </li>
              ),
            )}
          </ul>
        </fieldset>
      </form>
    </search>
  )
}
