import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkGradient,
  checkHessian,
  gradientByDifferences,
  gradientByForwardDifferences,
  hessianProductByDifferences,
  jacobianByDifferences,
} from '../../src/autodiff/index.ts'
import { InvalidInputError } from '../../src/base/errors.ts'
import { difference, seeds, uniformFrom } from './support.ts'

const value = (x: Float64Array): number => Math.exp(x[0]) * x[1] + x[1] ** 3 - Math.sin(x[2] * x[0])
const gradient = (x: Float64Array, out: Float64Array): Float64Array => {
  const c = Math.cos(x[2] * x[0])
  out.set([Math.exp(x[0]) * x[1] - x[2] * c, Math.exp(x[0]) + 3 * x[1] ** 2, -x[0] * c])
  return out
}
const hessian = (x: Float64Array, out: Float64Array): Float64Array => {
  const [e, s, c] = [Math.exp(x[0]), Math.sin(x[2] * x[0]), Math.cos(x[2] * x[0])]
  const mixed = -c + x[2] * x[0] * s
  out.set([e * x[1] + x[2] ** 2 * s, e, mixed, e, 6 * x[1], 0, mixed, 0, x[0] ** 2 * s])
  return out
}
const vector = (n: number): Float64Array => new Float64Array(n)

describe('finite differences', () => {
  test('agree with derivatives by hand, and leave the point as it was', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const x = uniformFrom(seed, 3, -2, 2)
        const before = x.slice()
        const exact = gradient(x, vector(3))
        expect(difference(gradientByDifferences(value, x, vector(3)), exact)).toBeLessThan(1e-8)
        expect(difference(gradientByForwardDifferences(value, x, vector(3)), exact)).toBeLessThan(1e-5)
        expect(difference(jacobianByDifferences(gradient, x, vector(9)), hessian(x, vector(9)))).toBeLessThan(1e-7)
        const v = uniformFrom(seed + 1, 3)
        const H = hessian(x, vector(9))
        const product = [0, 1, 2].map((i) => H[3 * i] * v[0] + H[3 * i + 1] * v[1] + H[3 * i + 2] * v[2])
        expect(difference(hessianProductByDifferences(gradient, x, v, vector(3)), product)).toBeLessThan(1e-7)
        expect(Array.from(x)).toEqual(Array.from(before))
      }),
    )
  })

  test('central differences are exact for quadratics up to rounding, forward ones are not', () => {
    const square = (x: Float64Array): number => x[0] * x[0]
    const at = Float64Array.of(3)
    expect(Math.abs(gradientByDifferences(square, at, vector(1))[0] - 6)).toBeLessThan(1e-9)
    const forward = Math.abs(gradientByForwardDifferences(square, at, vector(1))[0] - 6)
    expect(forward).toBeGreaterThan(1e-9)
    expect(forward).toBeLessThan(1e-6)
  })

  test('a zero direction gives a zero product', () => {
    const x = uniformFrom(1, 3)
    expect(Array.from(hessianProductByDifferences(gradient, x, vector(3), vector(3).fill(9)))).toEqual([0, 0, 0])
  })
})

describe('checks of derivatives', () => {
  const x = Float64Array.of(0.3, -0.7, 1.2)

  test('pass for right derivatives', () => {
    expect(checkGradient({ value, gradient }, x)).toMatchObject({ passed: true })
    expect(checkHessian({ gradient, hessian }, x)).toMatchObject({ passed: true })
    const hvp = (at: Float64Array, v: Float64Array, out: Float64Array): unknown =>
      hessianProductByDifferences(gradient, at, v, out)
    expect(checkHessian({ gradient, hvp }, x)).toMatchObject({ passed: true })
  })

  test('say where a wrong component is, and what it should be', () => {
    const wrong = (at: Float64Array, out: Float64Array): void => {
      gradient(at, out)
      out[1] *= 1.01
    }
    const found = checkGradient({ value, gradient: wrong }, x)
    expect(found).toMatchObject({ passed: false, index: 1 })
    expect(found.difference).toBeCloseTo(gradient(x, vector(3))[1], 7)
    expect(found.given).toBeCloseTo(1.01 * gradient(x, vector(3))[1], 7)
    const bent = (at: Float64Array, out: Float64Array): void => {
      hessian(at, out)
      out[5] += 0.5
    }
    expect(checkHessian({ gradient, hessian: bent }, x)).toMatchObject({ passed: false, index: 5 })
  })

  test('a NaN never passes', () => {
    const nan = (_: Float64Array, out: Float64Array): unknown => out.fill(Number.NaN)
    expect(checkGradient({ value, gradient: nan }, x, { tolerance: 1e300 })).toMatchObject({
      passed: false,
      largestError: Infinity,
    })
  })

  test('a Hessian check needs a Hessian', () => {
    expect(() => checkHessian({ gradient }, x)).toThrow(InvalidInputError)
  })
})
