import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { galleryEntries } from '../../workbench/catalogue/describe-library.ts'
import {
  type Filters,
  filtersFromQuery,
  noFilters,
  orders,
  problemCounts,
  queryFromFilters,
  selectEntries,
} from '../../workbench/gallery/filters.ts'

const entries = galleryEntries()

const anyFilters: fc.Arbitrary<Filters> = fc.record({
  words: fc.string({ maxLength: 12 }),
  problem: fc.constantFrom('', ...new Set(entries.map(({ problem }) => problem))),
  kind: fc.constantFrom('all', 'paper', 'method'),
  order: fc.constantFrom(...orders.map(({ value }) => value)),
})

describe('the filters of the gallery', () => {
  it('survive the address', () => {
    fc.assert(
      fc.property(anyFilters, (filters) => {
        const query = new URLSearchParams(queryFromFilters(filters).toString())
        expect(filtersFromQuery(query)).toEqual(filters)
      }),
    )
  })

  it('leave out what they do not know', () => {
    expect(filtersFromQuery(new URLSearchParams('sort=random&kind=book&colour=red'))).toEqual(noFilters)
  })

  it('show everything without words, and only reorder when asked to', () => {
    expect(selectEntries(entries, noFilters)).toEqual(entries)
    for (const { value: order } of orders) {
      const shown = selectEntries(entries, { ...noFilters, order })
      expect(new Set(shown)).toEqual(new Set(entries))
    }
    const years = selectEntries(entries, { ...noFilters, order: 'newest' }).map(({ year }) => year)
    expect(years).toEqual([...years].sort((a, b) => b - a))
  })

  it('find words in any order and without accents', () => {
    const slugs = (words: string) => selectEntries(entries, { ...noFilters, words }).map(({ slug }) => slug)
    expect(slugs('sparse SINKHORN')).toEqual(['sinkhorn-newton-sparse'])
    expect(slugs('2401.12253')).toEqual(['sinkhorn-newton-sparse'])
    expect(slugs('no such words at all')).toEqual([])
  })

  it('count what choosing a problem would show', () => {
    fc.assert(
      fc.property(anyFilters, (filters) => {
        for (const { problem, count } of problemCounts(entries, filters)) {
          expect(selectEntries(entries, { ...filters, problem })).toHaveLength(count)
        }
      }),
      { numRuns: 20 },
    )
  })
})
