import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, ShapeError } from '../../src/base/index.ts'
import { bisection, brent, findRootBetween, scalarEquation } from '../../src/smooth/index.ts'
import { run, verify } from '../../src/solver/index.ts'

/** Equations whose roots are known, of all kinds: simple, flat, steep, nearly singular. */
const known: readonly { name: string; f: (x: number) => number; lower: number; upper: number; root: number }[] = [
  { name: 'x^2 - 2', f: (x) => x * x - 2, lower: 0, upper: 2, root: Math.SQRT2 },
  { name: 'cos x - x', f: (x) => Math.cos(x) - x, lower: 0, upper: 1, root: 0.7390851332151607 },
  { name: 'omega constant', f: (x) => x * Math.exp(x) - 1, lower: -1, upper: 1, root: 0.5671432904097838 },
  { name: 'steep', f: (x) => 1e12 * (Math.exp(x) - Math.E), lower: -3, upper: 4, root: 1 },
  { name: 'far away', f: (x) => x / 1e9 - 1, lower: -1e10, upper: 1e11, root: 1e9 },
  { name: 'x^9', f: (x) => x ** 9, lower: -1, upper: 4, root: 0 },
  { name: 'a step', f: (x) => (x < 0.3 ? -1 : 1), lower: 0, upper: 1, root: 0.3 },
  { name: 'flat to one side', f: (x) => (x <= 1 ? -1e-9 : x - 1), lower: -1, upper: 9, root: 1 },
]

describe.each([
  ['brent', brent()],
  ['bisection', bisection()],
] as const)('%s', (_, method) => {
  it.each(known)('finds the root of $name', ({ f, lower, upper, root }) => {
    const result = run(scalarEquation({ value: f, lower, upper }), method)
    expect(result.status).toBe('converged')
    expect(Math.abs(result.x[0] - root)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(root)))
    expect(verify(scalarEquation({ value: f, lower, upper }), result).confirmed).toBe(true)
  })

  it('goes on to the last bit where nothing less is enough', () => {
    const result = run(scalarEquation({ value: (x) => x * x - 2, lower: 0, upper: 2 }), method, { tolerance: 0 })
    const gap = Math.abs(result.x[0] - Math.SQRT2)
    expect(gap).toBeLessThanOrEqual(2 * Number.EPSILON)
    expect(result.message).toMatch(/no number lies between|f is 0/)
  })

  it('never calls a pole a root', () => {
    const pole = scalarEquation({ value: (x) => 1 / (x - 0.3), lower: 0, upper: 1 })
    const result = run(pole, method)
    expect(result.status).toBe('diverged')
    expect(result.message).toMatch(/pole/)
    const two = scalarEquation({ value: (x) => 1 / (x - 1 / 3), lower: 0, upper: 1 })
    expect(run(two, method).message).toMatch(/pole/)
  })

  it('stays inside the bracket, and returns a point next to which the sign changes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: -5, max: -3.5, noNaN: true }),
        fc.double({ min: 3.5, max: 5, noNaN: true }),
        (roots, lower, upper) => {
          // An odd number of roots: opposite signs at the ends.
          const odd = roots.length % 2 === 1 ? roots : roots.slice(1)
          fc.pre(odd.length > 0)
          const value = (x: number): number => {
            if (x < lower || x > upper) throw new Error(`outside at ${x}`)
            return odd.reduce((product, root) => product * (x - root), 1)
          }
          const result = run(scalarEquation({ value, lower, upper }), method)
          expect(result.status).toBe('converged')
          const nearest = Math.min(...odd.map((root) => Math.abs(result.x[0] - root)))
          // Roots that nearly coincide leave f below rounding around them.
          const resolution = Math.max(1e-12 * Math.max(1, Math.abs(result.x[0])), odd.length > 1 ? 1e-4 : 0)
          expect(nearest).toBeLessThanOrEqual(resolution)
        },
      ),
      { seed: 5, numRuns: 200 },
    )
  })
})

describe("Brent's method", () => {
  it('needs few values where f is smooth, and not many more than bisection where it is not', () => {
    const counts = known.map(({ f, lower, upper }) => {
      const problem = scalarEquation({ value: f, lower, upper })
      return [run(problem, brent()).evaluations.value, run(problem, bisection()).evaluations.value]
    })
    // sqrt 2, cos x = x, the omega constant.
    for (const [fast, slow] of counts.slice(0, 3)) {
      expect(fast).toBeLessThanOrEqual(14)
      expect(slow).toBeGreaterThan(35)
    }
    for (const [fast, slow] of counts) expect(fast).toBeLessThan(3.5 * slow)
  })

  it('solves a linear equation in one step, and closes the bracket with one more', () => {
    const result = findRootBetween((x) => 3 * x - 1, 0, 1)
    expect(result.x[0]).toBeCloseTo(1 / 3, 15)
    expect(result.evaluations.value).toBeLessThanOrEqual(5)
  })

  it('takes a guess, and the ends where f is 0 there', () => {
    const seen: number[] = []
    const f = (x: number): number => {
      seen.push(x)
      return x ** 3 - 8
    }
    expect(findRootBetween(f, 0, 10, { start: 2.1 }).x[0]).toBeCloseTo(2, 12)
    expect(seen.slice(0, 3)).toEqual([0, 10, 2.1])
    expect(findRootBetween((x) => x - 1, 1, 5).x[0]).toBe(1)
    expect(findRootBetween((x) => x - 5, 1, 5).x[0]).toBe(5)
  })
})

describe('a bracket', () => {
  it('must hold a change of sign, and says the values if not', () => {
    expect(() => findRootBetween((x) => x * x + 1, -1, 2)).toThrow(/f\(-1\) = 2 and f\(2\) = 5/)
    expect(() => findRootBetween((x) => x * x + 1, -1, 2)).toThrow(InvalidInputError)
  })

  it('must be two finite numbers in order', () => {
    expect(() => findRootBetween(Math.cos, 2, 1)).toThrow(/upper must be greater than lower, which is 2, got 1/)
    expect(() => findRootBetween(Math.cos, -Infinity, 1)).toThrow(/lower must be a finite number/)
    expect(() => findRootBetween('x' as never, 0, 1)).toThrow(/value must be a function/)
    expect(() => findRootBetween(Math.cos, 0, 2, { start: 3 })).toThrow(/start must lie in \[0, 2\], got 3/)
    const problem = scalarEquation({ value: Math.cos, lower: 0, upper: 2 })
    expect(() => run(problem, brent(), { start: [1, 2] as never })).toThrow(ShapeError)
  })
})
