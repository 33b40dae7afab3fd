import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import katex from 'katex'
import { beforeAll, describe, expect, it } from 'vitest'
import { isBuilt, papers } from '../../experiments/index.ts'
import { methods } from '../../src/registry.ts'
import type { Control, PageEntry } from '../../workbench/catalogue/catalogue.ts'
import { galleryEntries, pageEntry } from '../../workbench/catalogue/describe-library.ts'
import { readEvidence } from '../../workbench/catalogue/evidence.ts'
import {
  type Filters,
  filtersFromQuery,
  noFilters,
  orders,
  problemCounts,
  queryFromFilters,
  selectEntries,
} from '../../workbench/gallery/filters.ts'
import { decodeSettings, encodeSettings } from '../../workbench/method/permalink.ts'
import { type ControlValue, changed, defaultSettings, exampleOf, isShown } from '../../workbench/method/settings.ts'
import { STEPS, sliderScale } from '../../workbench/method/slider.ts'
import { parsePlace, placeHref } from '../../workbench/router.ts'

const entries = galleryEntries()

let pages: PageEntry[] = []
beforeAll(async () => {
  pages = await Promise.all(entries.map((entry) => pageEntry(entry, new Map())))
})

/** Values that a person may set, right or wrong. */
function anyValue(control: Control): fc.Arbitrary<ControlValue> {
  if (control.type === 'boolean') return fc.boolean()
  if (control.type === 'choice') return fc.constantFrom(...(control.choices ?? []))
  return fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constantFrom('auto', 'twelve', '1,5'))
}

function valuesOf(controls: readonly Control[]) {
  return fc.record(Object.fromEntries(controls.filter(isShown).map((control) => [control.name, anyValue(control)])), {
    requiredKeys: [],
  })
}

describe('permalinks', () => {
  it('restore every setting of every page', () => {
    const classes = new Set<string>()
    for (const page of pages) {
      if (page.method === null || page.problems === null) continue
      const { method, problems } = page
      // All settings of one method of each class, and a look at the options of the others.
      const numRuns = classes.has(problems.name) ? 3 : 25
      classes.add(problems.name)
      const anySettings = fc.constantFrom(...problems.examples).chain((example) =>
        fc.record({
          problem: fc.constant(example.slug),
          parameters: valuesOf(example.controls),
          options: valuesOf(method.controls),
          baselines: fc.subarray(problems.methods.map(({ slug }) => slug).filter((slug) => slug !== method.slug)),
          seed: fc.nat(),
          maxIterations: fc.integer({ min: 1, max: 1e6 }),
          tolerance: fc.oneof(fc.constant(''), fc.double({ min: 0, max: 1, noNaN: true })),
          pace: fc.nat({ max: 1000 }),
          start: fc.option(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())),
          axis: fc.constantFrom('iteration', 'elapsedMs', ...problems.oracles),
          logX: fc.boolean(),
        }),
      )
      fc.assert(
        fc.property(anySettings, (settings) => {
          const href = placeHref(['method', method.slug], encodeSettings(page, settings))
          const place = parsePlace(href)
          expect(place.path).toEqual(['method', method.slug])
          const back = decodeSettings(page, place.query)
          const controls = exampleOf(page, settings.problem)?.controls ?? []
          // Values equal to the default are not written.
          expect({ ...back, parameters: {}, options: {} }).toEqual({ ...settings, parameters: {}, options: {} })
          expect(changed(back.parameters, controls)).toEqual(changed(settings.parameters, controls))
          expect(changed(back.options, method.controls)).toEqual(changed(settings.options, method.controls))
        }),
        { numRuns },
      )
    }
  })

  it('say nothing where nothing was changed', () => {
    for (const page of pages) expect(encodeSettings(page, defaultSettings(page)).toString()).toBe('')
  })

  it('with names that a page does not have are read without them', () => {
    const page = pages.find(({ entry }) => entry.slug === 'lbfgs') as PageEntry
    const query = new URLSearchParams(
      'problem=nowhere&against=newton,nobody&o.memory=7&o.momentum=3&start=1,x&axis=fame',
    )
    expect(decodeSettings(page, query)).toEqual({
      ...defaultSettings(page),
      baselines: ['newton'],
      options: { memory: 7 },
    })
  })
})

describe('sliders', () => {
  it('move in the direction of the number and find its place again', () => {
    for (const { method } of pages) {
      for (const control of method?.controls ?? []) {
        const scale = sliderScale(control)
        if (scale === null) continue
        let before = -Infinity
        for (let position = 0; position <= STEPS; position += 4) {
          const value = scale.valueAt(position)
          expect(value).toBeGreaterThanOrEqual(before)
          before = value
        }
        const fallback = control.fallback as number
        const width = before - scale.valueAt(0)
        expect(width).toBeGreaterThan(0)
        const near = scale.valueAt(scale.positionOf(fallback))
        expect(Math.abs(near - fallback)).toBeLessThanOrEqual(Math.max(0.03 * Math.abs(fallback), 0.01 * width))
      }
    }
  })
})

describe('the page of evidence', () => {
  const evidence = new URL('../../docs/evidence.md', import.meta.url)

  it.skipIf(!existsSync(evidence))('gives the claims of each paper', () => {
    const text = readFileSync(evidence, 'utf8')
    const [, holding, all] = /(\d+) of (\d+) claims hold/.exec(text) ?? []
    const claims = [...readEvidence(text).values()].flat()
    expect(claims).toHaveLength(Number(all))
    expect(claims.filter(({ holds }) => holds)).toHaveLength(Number(holding))
    for (const { statement, measured } of claims) {
      expect(statement).not.toBe('')
      expect(measured).not.toBe('')
    }
  })

  it('keeps bars inside cells', () => {
    const text =
      '## a\n\n| holds | claim | paper | measured here | threshold |\n| --- | --- | --- | --- | --- |\n| **no** | \\|x\\| is small | 1 | 2 | <= 1 |\n'
    expect(readEvidence(text).get('a')).toEqual([
      { holds: false, statement: '|x| is small', paper: '1', measured: '2', threshold: '<= 1' },
    ])
  })
})

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

describe('formulae', () => {
  const all = [
    ...methods.map(({ description: { slug, formulae } }) => ({ slug, formulae: formulae ?? [] })),
    ...papers.map(({ slug, formulae }) => ({ slug, formulae: formulae ?? [] })),
  ]

  it('are TeX that can be set', () => {
    for (const { slug, formulae } of all) {
      for (const { tex, meaning } of formulae) {
        expect(() => katex.renderToString(tex, { displayMode: true, strict: 'error' }), `${slug}: ${tex}`).not.toThrow()
        expect(meaning, `${slug}: ${tex}`).toMatch(/\w.*[.]$/)
      }
    }
  })

  it('are there for every paper that is built', () => {
    const told = new Set(all.filter(({ formulae }) => formulae.length > 0).map(({ slug }) => slug))
    expect(papers.map(({ slug }) => slug).filter((slug) => isBuilt(slug) && !told.has(slug))).toEqual([])
  })
})
