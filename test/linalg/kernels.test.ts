import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../src/base/index.ts'
import {
  axpby,
  axpy,
  dot,
  type KernelFunctionName,
  kernelModule,
  kernelsOn,
  norm,
  normInfinity,
  Workspace,
} from '../../src/linalg/index.ts'

const random = RandomStream.fromSeed(5)

describe('kernels', () => {
  it('write only where pointers point, whatever the strides', () => {
    const work = new Workspace(1 << 20)
    const { kernels } = work
    for (const [m, n, k] of [
      [1, 1, 1],
      [3, 5, 7],
      [8, 20, 50],
      [37, 41, 43],
      [130, 70, 260],
    ]) {
      for (const transA of [0, 1]) {
        for (const transB of [0, 1]) {
          for (const precision of [64, 32] as const) {
            const mark = work.mark()
            const make = (count: number) => (precision === 64 ? work.float64(count) : work.float32(count))
            const [lda, ldb, ldc] = [(transA ? m : k) + 3, (transB ? k : n) + 2, n + 5]
            const a = random.fillNormal(make((transA ? k : m) * lda))
            const b = random.fillNormal(make((transB ? n : k) * ldb))
            const c = random.fillNormal(make(m * ldc))
            const before = c.slice()
            kernels[`gemm_f${precision}`](
              transA,
              transB,
              m,
              n,
              k,
              1.5,
              a.byteOffset,
              lda,
              b.byteOffset,
              ldb,
              -1,
              c.byteOffset,
              ldc,
              work.scratch,
            )
            const tolerance = (precision === 64 ? 1e-14 : 1e-5) * (k + 10)
            for (let i = 0; i < m; i++) {
              for (let j = 0; j < ldc; j++) {
                const at = i * ldc + j
                if (j >= n) {
                  expect(c[at]).toBe(before[at])
                  continue
                }
                let s = 0
                for (let l = 0; l < k; l++)
                  s += a[transA ? l * lda + i : i * lda + l] * b[transB ? j * ldb + l : l * ldb + j]
                if (!(Math.abs(c[at] - (1.5 * s - before[at])) < tolerance)) {
                  expect.fail(
                    `[${m}, ${n}, ${k}] ${transA}${transB} f${precision}: ${c[at]} at ${i}, ${j}, expected ${s}`,
                  )
                }
              }
            }
            work.release(mark)
          }
        }
      }
    }
  })

  it('symmetric products in a triangle leave the other one alone', () => {
    const work = new Workspace(1 << 18)
    for (const n of [3, 30, 67]) {
      const mark = work.mark()
      const k = 19
      const a = random.fillNormal(work.float64(n * k))
      const c = work.float64(n * n).fill(7)
      work.kernels.syrk_f64(0, 0, n, k, 1, a.byteOffset, k, 0, c.byteOffset, n, work.scratch)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          if (j > i) expect(c[i * n + j]).toBe(7)
          else expect(c[i * n + j]).toBeCloseTo(dot(a.slice(i * k, i * k + k), a.slice(j * k, j * k + k)), 11)
        }
      work.release(mark)
    }
  })

  it('ignore NaN in what beta = 0 overwrites', () => {
    const work = new Workspace(1 << 16)
    const a = work.float64(64).fill(1)
    const x = work.float64(8).fill(1)
    const y = work.float64(8).fill(Number.NaN)
    for (const trans of [0, 1]) {
      y.fill(Number.NaN)
      work.kernels.gemv_f64(trans, 8, 8, 1, a.byteOffset, 8, x.byteOffset, 0, y.byteOffset)
      expect([...y]).toEqual(new Array(8).fill(8))
    }
    y.fill(Number.NaN)
    work.kernels.axpby_f64(8, 2, x.byteOffset, 0, y.byteOffset)
    expect([...y]).toEqual(new Array(8).fill(2))
  })

  it('single precision agrees with double precision to its own accuracy', () => {
    const work = new Workspace(1 << 18)
    const { kernels } = work
    for (const n of [1, 5, 16, 33, 100]) {
      const mark = work.mark()
      const x = random.fillNormal(work.float32(n))
      const y = random.fillNormal(work.float32(n))
      const X = Float64Array.from(x)
      const Y = Float64Array.from(y)
      const close = (got: number, expected: number) => expect(Math.abs(got - expected)).toBeLessThan(1e-5 * (1 + n))
      close(kernels.dot_f32(n, x.byteOffset, y.byteOffset), dot(X, Y))
      close(kernels.nrm2_f32(n, x.byteOffset), norm(X))
      close(
        kernels.sum_f32(n, x.byteOffset),
        X.reduce((s, v) => s + v, 0),
      )
      close(
        kernels.asum_f32(n, x.byteOffset),
        X.reduce((s, v) => s + Math.abs(v), 0),
      )
      expect(kernels.amax_f32(n, x.byteOffset)).toBe(normInfinity(X))
      expect(kernels.max_f32(n, x.byteOffset)).toBe(Math.max(...X))
      const a = random.fillNormal(work.float32(n * n))
      const out = work.float32(n)
      for (const trans of [0, 1]) {
        kernels.gemv_f32(trans, n, n, 1, a.byteOffset, n, x.byteOffset, 0, out.byteOffset)
        for (let i = 0; i < n; i++) {
          let s = 0
          for (let j = 0; j < n; j++) s += a[trans ? j * n + i : i * n + j] * X[j]
          close(out[i], s)
        }
      }
      const product = work.float32(n)
      kernels.multiply_f32(n, x.byteOffset, y.byteOffset, product.byteOffset)
      for (let i = 0; i < n; i++) expect(product[i]).toBe(Math.fround(X[i] * Y[i]))
      work.release(mark)
    }
  })

  it('solve with their own factors, transposed or not, on either side', () => {
    const work = new Workspace(1 << 20)
    const { kernels, scratch } = work
    for (const n of [1, 2, 9, 33, 70]) {
      const mark = work.mark()
      const columns = 6
      const a = random.fillNormal(work.float64(n * n))
      const symmetric = work.float64(n * n)
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) symmetric[i * n + j] = a[i * n + j] + a[j * n + i]
      const x = random.fillNormal(work.float64(n * columns))
      const b = work.float64(n * columns)
      const factors = work.float64(n * n)
      const pivots = work.int32(n)
      const aside = work.float64(2 * n)
      const close = (got: Float64Array, expected: Float64Array) => {
        for (let i = 0; i < expected.length; i++) expect(Math.abs(got[i] - expected[i])).toBeLessThan(1e-8)
      }
      const product = (transA: number, matrix: Float64Array, right: Float64Array, width: number) =>
        kernels.gemm_f64(
          transA,
          0,
          n,
          width,
          n,
          1,
          matrix.byteOffset,
          n,
          right.byteOffset,
          width,
          0,
          b.byteOffset,
          width,
          scratch,
        )
      factors.set(a)
      expect(kernels.getrf_f64(n, factors.byteOffset, n, pivots.byteOffset, scratch)).toBe(0)
      for (const trans of [0, 1]) {
        for (const width of [1, columns]) {
          product(trans, a, x, width)
          const { byteOffset: lu } = factors
          kernels.getrs_f64(trans, n, width, lu, n, pivots.byteOffset, b.byteOffset, width, scratch)
          close(b.subarray(0, n * width), x.subarray(0, n * width))
        }
      }
      factors.set(symmetric)
      expect(kernels.sytrf_f64(n, factors.byteOffset, n, pivots.byteOffset, aside.byteOffset)).toBe(0)
      product(0, symmetric, x, 1)
      kernels.sytrs_f64(n, factors.byteOffset, n, pivots.byteOffset, b.byteOffset)
      close(b.subarray(0, n), x.subarray(0, n))

      // X op(T) = B for all kinds of triangles.
      for (let i = 0; i < n * n; i++) a[i] = i % (n + 1) === 0 ? 2 + Math.abs(a[i]) : a[i] / n
      for (const lower of [0, 1]) {
        for (const trans of [0, 1]) {
          for (const unit of [0, 1]) {
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++) {
                const inside = i === j || (lower === 1 ? j < i : j > i)
                factors[i * n + j] = i === j && unit ? 1 : inside ? a[i * n + j] : 0
              }
            const [rows, right] = [columns, x]
            kernels.gemm_f64(
              0,
              trans,
              rows,
              n,
              n,
              1,
              right.byteOffset,
              n,
              factors.byteOffset,
              n,
              0,
              b.byteOffset,
              n,
              scratch,
            )
            kernels.trsm_f64(1, lower, trans, unit, rows, n, a.byteOffset, n, b.byteOffset, n, scratch)
            close(b.subarray(0, rows * n), x)
          }
        }
      }
      work.release(mark)
    }
  })

  it('can be imported by other modules, lane by lane with the bits of the scalar functions', () => {
    // (module (import "k" "f2" (func (param v128) (result v128))) (memory) and one function that loads 16 bytes at 0, calls f2,
    // stores 16 bytes at 16.)
    const name = (text: string) => [text.length, ...new TextEncoder().encode(text)]
    const section = (id: number, bytes: number[]) => [id, bytes.length, ...bytes]
    const bytes = Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [2, 0x60, 1, 0x7b, 1, 0x7b, 0x60, 0, 0]),
      ...section(2, [2, ...name('k'), ...name('f'), 0, 0, ...name('k'), ...name('m'), 2, 0, 1]),
      ...section(3, [1, 1]),
      ...section(7, [1, ...name('go'), 0, 1]),
      ...section(10, [1, 16, 0, 0x41, 16, 0x41, 0, 0xfd, 0, 4, 0, 0x10, 0, 0xfd, 11, 4, 0, 0x0b]),
    ])
    const module = new WebAssembly.Module(bytes)
    const memory = new WebAssembly.Memory({ initial: 1 })
    const kernels = kernelsOn(memory)
    const all = kernels as unknown as Record<string, CallableFunction>
    const names: KernelFunctionName[] = [
      'exp',
      'log',
      'expm1',
      'log1p',
      'tanh',
      'sigmoid',
      'softplus',
      'erf',
      'sin',
      'cos',
    ]
    for (const f of names) {
      const doubles = new Float64Array(memory.buffer, 0, 4)
      const singles = new Float32Array(memory.buffer, 0, 8)
      const run = (vector: string) =>
        (
          new WebAssembly.Instance(module, { k: { f: all[vector], m: memory } } as WebAssembly.Imports).exports
            .go as () => void
        )()
      for (const pair of [
        [0.3, 700],
        [-2, 1e-310],
        [1e10, -0],
        [Number.NaN, 3],
      ]) {
        doubles.set(pair)
        run(`${f}_f64x2`)
        for (const i of [0, 1]) expect(Object.is(doubles[2 + i], kernels[`${f}_f64_scalar`](pair[i]))).toBe(true)
        singles.set([...pair, -0.7, 12])
        run(`${f}_f32x4`)
        for (let i = 0; i < 4; i++) expect(Object.is(singles[4 + i], kernels[`${f}_f32_scalar`](singles[i]))).toBe(true)
      }
    }
  })

  it('need nothing but a memory, and bring no data beyond its first 8 KiB', () => {
    expect(WebAssembly.Module.imports(kernelModule())).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }])
    const memory = new WebAssembly.Memory({ initial: 1 })
    kernelsOn(memory)
    expect(new Uint8Array(memory.buffer, 8192).every((b) => b === 0)).toBe(true)
    expect(new Workspace(64).float64(1).byteOffset).toBeGreaterThanOrEqual(8192)
  })
})

describe('vectors', () => {
  it('have the same bits inside and outside a workspace', () => {
    const work = new Workspace(1 << 16)
    for (const n of [0, 1, 2, 7, 8, 9, 15, 127, 128, 129, 130, 255, 1000]) {
      const mark = work.mark()
      const x = random.fillNormal(work.float64(n))
      const y = random.fillNormal(work.float64(n))
      const [X, Y] = [x.slice(), y.slice()]
      expect(dot(x, y)).toBe(dot(X, Y))
      expect(work.kernels.dot_f64(n, x.byteOffset, y.byteOffset)).toBe(dot(X, Y))
      expect(norm(x)).toBe(norm(X))
      expect(work.kernels.nrm2_f64(n, x.byteOffset)).toBe(norm(X))
      axpy(0.7, x, y)
      axpy(0.7, X, Y)
      expect(y).toEqual(Y)
      axpby(-0.2, x, 1.1, y)
      axpby(-0.2, X, 1.1, Y)
      expect(y).toEqual(Y)
      work.release(mark)
    }
  })

  it('have norms without overflow and underflow', () => {
    for (const scale of [1e-320, 1e-200, 1, 1e200, 1e307]) {
      const x = Float64Array.of(3 * scale, -4 * scale)
      expect(Math.abs(norm(x) / (5 * scale) - 1)).toBeLessThan(scale < 1e-300 ? 1e-3 : 1e-15)
      const work = new Workspace(64)
      const y = work.float64(2)
      y.set(x)
      expect(work.kernels.nrm2_f64(2, y.byteOffset)).toBe(norm(x))
    }
    expect(norm(new Float64Array(3))).toBe(0)
    expect(norm(Float64Array.of(1, Infinity))).toBe(Infinity)
    expect(norm(Float64Array.of(1, Number.NaN))).toBeNaN()
    expect(normInfinity(Float64Array.of(1, -3, 2))).toBe(3)
    expect(normInfinity(Float64Array.of(Number.NaN, 1))).toBeNaN()
    expect(() => dot(new Float64Array(2), new Float64Array(3))).toThrow(/length/)
  })
})
