import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Control, PageEntry } from '../../workbench/catalogue/catalogue.ts'
import { galleryEntries, pageEntry } from '../../workbench/catalogue/describe-library.ts'
import { readEvidence } from '../../workbench/catalogue/evidence.ts'
import { decodeSettings, encodeSettings } from '../../workbench/method/permalink.ts'
import { type ControlValue, changed, defaultSettings, exampleOf, isShown } from '../../workbench/method/settings.ts'
import { STEPS, sliderScale } from '../../workbench/method/slider.ts'
import { parsePlace, placeHref } from '../../workbench/router.ts'

let pages: PageEntry[] = []
beforeAll(async () => {
  pages = await Promise.all(galleryEntries().map((entry) => pageEntry(entry, new Map())))
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
    for (const page of pages) {
      if (page.method === null || page.problems === null) continue
      const { method, problems } = page
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
        { numRuns: 15 },
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
        for (let position = 0; position <= STEPS; position++) {
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
