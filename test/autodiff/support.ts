import fc from 'fast-check'
import { RandomStream } from '../../src/base/random.ts'

/** Shapes with up to three axes of lengths that are and are not multiples of the vector length. */
export const shapes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 0, maxLength: 3 })

/** Seeds of random streams. */
export const seeds = fc.integer({ min: 0, max: 2 ** 31 })

export function uniform(stream: RandomStream, size: number, low = -1, high = 1): Float64Array {
  return stream.fillUniform(new Float64Array(size), low, high)
}

export function uniformFrom(seed: number, size: number, low = -1, high = 1): Float64Array {
  return uniform(RandomStream.fromSeed(seed), size, low, high)
}

/** max |a - b| / max(1, |a|, |b|). */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Infinity
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const error = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(a[i]), Math.abs(b[i]))
    largest = Number.isNaN(error) ? Infinity : Math.max(largest, error)
  }
  return largest
}

export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i] * b[i]
  return total
}

export function product(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1)
}
