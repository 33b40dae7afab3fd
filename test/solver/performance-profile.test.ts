import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, ShapeError } from '../../src/base/index.ts'
import { type CostTable, dataProfile, type Profile, performanceProfile } from '../../src/solver/index.ts'

/** The height of a curve at x: its last point at or left of x. */
function height({ curves }: Profile, method: number, x: number): number {
  const curve = curves[method]
  const at = curve.x.findLastIndex((point) => point <= x)
  return at < 0 ? 0 : curve.y[at]
}

// p1: a 10, b 20; p2: a fails, b 6; p3: both 8; p4: nobody.
const table: CostTable = {
  methods: ['a', 'b'],
  costs: [
    [10, 20],
    [Infinity, 6],
    [8, 8],
    [Infinity, Infinity],
  ],
}

describe('performance profile', () => {
  it('is the one computed by hand', () => {
    const profile = performanceProfile(table)
    // Best on p1 and p3 (a), on p2 and p3 (b); b needs twice the best on p1.
    expect(height(profile, 0, 1)).toBe(2 / 4)
    expect(height(profile, 1, 1)).toBe(2 / 4)
    expect(height(profile, 1, 1.999)).toBe(2 / 4)
    expect(height(profile, 1, 2)).toBe(3 / 4)
    expect(height(profile, 0, 2.1)).toBe(2 / 4)
    expect(profile.curves.map(({ x }) => [x[0], x.at(-1)])).toEqual([
      [1, 2.2],
      [1, 2.2],
    ])
  })

  const tables = fc.integer({ min: 1, max: 4 }).chain((methods) =>
    fc.record({
      methods: fc.constant(Array.from({ length: methods }, (_, s) => `m${s}`)),
      costs: fc.array(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constant(Infinity)), {
          minLength: methods,
          maxLength: methods,
        }),
        { minLength: 1, maxLength: 12 },
      ),
    }),
  )

  it('rises from the share of wins to the share of solved problems', () => {
    fc.assert(
      fc.property(tables, (drawn) => {
        const profile = performanceProfile(drawn)
        const problems = drawn.costs.length
        drawn.methods.forEach((_, s) => {
          const { x, y } = profile.curves[s]
          expect(x.length).toBe(y.length)
          for (let i = 1; i < x.length; i++) {
            expect(x[i]).toBeGreaterThan(x[i - 1])
            expect(y[i]).toBeGreaterThanOrEqual(y[i - 1])
          }
          const wins = drawn.costs.filter((row) => row[s] < Infinity && row[s] === Math.min(...row)).length
          expect(height(profile, s, 1)).toBeCloseTo(wins / problems, 12)
          expect(y.at(-1)).toBeCloseTo(
            drawn.costs.filter((row) => row[s] < Infinity && (row[s] === 0 || Math.min(...row) > 0)).length / problems,
            12,
          )
        })
      }),
    )
  })

  it('counts for each method the problems within tau of the best, by definition', () => {
    fc.assert(
      fc.property(tables, fc.double({ min: 1, max: 2000, noNaN: true }), (drawn, tau) => {
        const profile = performanceProfile(drawn)
        drawn.methods.forEach((_, s) => {
          const within = drawn.costs.filter((row) => {
            const best = Math.min(...row)
            return row[s] < Infinity && (row[s] === best || (best > 0 && row[s] / best <= tau))
          })
          expect(height(profile, s, tau)).toBeCloseTo(within.length / drawn.costs.length, 12)
        })
      }),
    )
  })

  it('does not change with the unit in which a problem counts, nor with the order of problems', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 0, max: 5 }), (drawn, exponent) => {
        const scaled = { ...drawn, costs: drawn.costs.map((row) => row.map((cost) => cost * 2 ** exponent)) }
        expect(performanceProfile(scaled)).toEqual(performanceProfile(drawn))
        expect(performanceProfile({ ...drawn, costs: drawn.costs.toReversed() })).toEqual(performanceProfile(drawn))
      }),
    )
  })
})

describe('data profile', () => {
  it('is the one computed by hand', () => {
    const profile = dataProfile(table, [1, 2, 3, 4])
    // a: 10/2 = 5 and 8/4 = 2; b: 20/2 = 10, 6/3 = 2, 8/4 = 2.
    expect([0, 1.9, 2, 4.9, 5, 10].map((kappa) => height(profile, 0, kappa))).toEqual([0, 0, 0.25, 0.25, 0.5, 0.5])
    expect([0, 1.9, 2, 9.9, 10].map((kappa) => height(profile, 1, kappa))).toEqual([0, 0, 0.5, 0.5, 0.75])
  })

  it('of one method does not depend on the others', () => {
    const alone = dataProfile({ methods: ['a'], costs: table.costs.map((row) => [row[0]]) }, [1, 2, 3, 4])
    const together = dataProfile(table, [1, 2, 3, 4])
    for (const kappa of [0, 1, 2, 3, 5]) expect(height(alone, 0, kappa)).toBe(height(together, 0, kappa))
  })
})

describe('both', () => {
  it.each([
    ['no method', { methods: [], costs: [[]] }, InvalidInputError, /at least one method/],
    ['no problem', { methods: ['a'], costs: [] }, InvalidInputError, /at least one problem|one problem/],
    ['a row too short', { methods: ['a', 'b'], costs: [[1]] }, ShapeError, /costs\[0\] has length 1/],
    ['a negative cost', { methods: ['a'], costs: [[-1]] }, InvalidInputError, /costs\[0\]\[0\].*>= 0, got -1/],
    ['NaN', { methods: ['a'], costs: [[NaN]] }, InvalidInputError, /got NaN/],
  ])('refuse %s', (_, wrong, type, message) => {
    for (const profile of [
      () => performanceProfile(wrong),
      () =>
        dataProfile(
          wrong,
          wrong.costs.map(() => 1),
        ),
    ]) {
      expect(profile).toThrow(type)
      expect(profile).toThrow(message)
    }
  })

  it('the data profile wants a dimension for each problem', () => {
    expect(() => dataProfile(table, [1])).toThrow(/dimensions has length 1.*4 problems/)
  })

  it('draw a set that nobody solved as lines at 0', () => {
    const nobody = { methods: ['a'], costs: [[Infinity]] }
    expect(performanceProfile(nobody).curves[0]).toEqual({ label: 'a', x: [1, 2], y: [0, 0] })
    expect(dataProfile(nobody, [3]).curves[0]).toEqual({ label: 'a', x: [0, 1], y: [0, 0] })
  })
})
