import { getHeapStatistics } from 'node:v8'
import { describe, expect, test } from 'vitest'
import {
  type CompiledUpdate,
  compileUpdate,
  gradientOf,
  matmul,
  mean,
  pow,
  reverse,
  sqrt,
  square,
  sub,
  sum,
} from '../../src/autodiff/index.ts'
import { InvalidInputError, ShapeError } from '../../src/base/errors.ts'
import { difference, uniformFrom } from './support.ts'

const vector = (n: number): Float64Array => new Float64Array(n)

describe('compileUpdate', () => {
  test('Adam on least squares takes the steps of Adam written by hand', () => {
    const [m, n] = [7, 5]
    const [rate, b1, b2, epsilon] = [0.05, 0.9, 0.999, 1e-8]
    const [A, y, start] = [uniformFrom(1, m * n), uniformFrom(2, m), uniformFrom(3, n)]
    for (const execution of ['wasm', 'interpreter'] as const) {
      const adam = compileUpdate(
        { state: { w: [n], m: [n], v: [n], t: [] }, data: { A: [m, n], y: [m] }, execution },
        (s, { A, y }) => {
          const loss = mean(square(matmul(A, s.w).sub(y)))
          const [g] = gradientOf(loss, [s.w])
          const t = s.t.add(1)
          const first = s.m.mul(b1).add(g.mul(1 - b1))
          const second = s.v.mul(b2).add(square(g).mul(1 - b2))
          const step = first.div(sub(1, pow(b1, t))).div(sqrt(second.div(sub(1, pow(b2, t)))).add(epsilon))
          return { next: { w: s.w.sub(step.mul(rate)), m: first, v: second, t }, report: loss }
        },
      )
      adam.setData('A', A)
      adam.setData('y', y)
      adam.write('w', start)
      const w = start.slice()
      const [first, second, g] = [vector(n), vector(n), vector(n)]
      for (let t = 1; t <= 50; t++) {
        let loss = 0
        g.fill(0)
        for (let i = 0; i < m; i++) {
          let r = -y[i]
          for (let j = 0; j < n; j++) r += A[i * n + j] * w[j]
          loss += (r * r) / m
          for (let j = 0; j < n; j++) g[j] += (2 * r * A[i * n + j]) / m
        }
        expect(difference([adam.step()], [loss])).toBeLessThan(1e-12)
        for (let j = 0; j < n; j++) {
          first[j] = b1 * first[j] + (1 - b1) * g[j]
          second[j] = b2 * second[j] + (1 - b2) * g[j] * g[j]
          w[j] -= (rate * (first[j] / (1 - b1 ** t))) / (Math.sqrt(second[j] / (1 - b2 ** t)) + epsilon)
        }
        expect(difference(adam.read('w', vector(n)), w)).toBeLessThan(1e-11)
      }
      expect(difference(adam.read('v', vector(n)), second)).toBeLessThan(1e-11)
    }
  })

  test('old values stay until all that needs them has been computed', () => {
    // Every next value needs old values of the others, at the same and at other positions.
    const n = 9
    for (const execution of ['wasm', 'interpreter'] as const) {
      const swap = compileUpdate({ state: { a: [n], b: [n], c: [n] }, execution }, ({ a, b, c }) => ({
        next: { a: b.mul(2), b: reverse(a).add(sum(c)), c: c.add(reverse(c)).sub(a) },
      }))
      let [a, b, c] = [1, 2, 3].map((seed) => Array.from(uniformFrom(seed, n)))
      swap.write('a', a)
      swap.write('b', b)
      swap.write('c', c)
      for (let k = 0; k < 5; k++) {
        const total = c.reduce((s, v) => s + v, 0)
        ;[a, b, c] = [
          b.map((v) => 2 * v),
          a.toReversed().map((v) => v + total),
          c.map((v, i) => v + c[n - 1 - i] - a[i]),
        ]
        expect(swap.step()).toBeNaN()
        expect(difference(swap.read('a', vector(n)), a)).toBeLessThan(1e-12)
        expect(difference(swap.read('b', vector(n)), b)).toBeLessThan(1e-12)
        expect(difference(swap.read('c', vector(n)), c)).toBeLessThan(1e-12)
      }
    }
  })

  test('values that are not updated stay, and steps allocate nothing', () => {
    const n = 100
    const descent: CompiledUpdate<{ x: [number]; rate: [] }> = compileUpdate(
      { state: { x: [n], rate: [] }, precision: 'f32' },
      ({ x, rate }) => ({ next: { x: x.sub(x.mul(rate)) }, report: sum(square(x)) }),
    )
    descent.write('x', new Float32Array(n).fill(1))
    descent.write('rate', 0.5)
    expect(descent.step()).toBe(n)
    expect(descent.step()).toBe(n / 4)
    expect(descent.read('rate', vector(1))[0]).toBe(0.5)
    let least = Infinity
    for (let run = 0; run < 6; run++) {
      const before = getHeapStatistics().used_heap_size
      for (let k = 0; k < 10_000; k++) descent.step()
      const used = getHeapStatistics().used_heap_size - before
      if (used >= 0) least = Math.min(least, used / 10_000)
    }
    // A returned number may be boxed by the caller.
    expect(least).toBeLessThan(20)
  })

  test('wrong names and shapes are refused', () => {
    const make = (next: object) => () => compileUpdate({ state: { x: [3] } }, () => ({ next }))
    expect(make({ y: matmul([[1]], [1]) })).toThrow(InvalidInputError)
    expect(make({ x: matmul([[1]], [1]) })).toThrow(ShapeError)
    const update = compileUpdate({ state: { x: [3] }, data: { d: [] } }, ({ x }, { d }) => ({ next: { x: x.add(d) } }))
    expect(() => update.write('y' as 'x', [1, 2, 3])).toThrow('there is no array "y"; known: x')
    expect(() => update.write('x', [1, 2])).toThrow("'x' has 3 numbers, but 2 were given")
  })
})
