import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { RandomStream } from '../../src/base/index.ts'
import { cholesky, Workspace } from '../../src/linalg/index.ts'
import { loadOpenBlas } from '../../src/linalg/openblas.ts'
import type { BenchmarkRow } from '../row.ts'

const stream = RandomStream.fromSeed(1)
const sizes = [64, 256, 512, 1000]

/** Medians of several calls that take turns, so that all meet the same disturbances; each run lasts about `spanMs`. */
function takeTurns(calls: readonly (() => void)[], runs = 9, spanMs = 25): number[] {
  const repeats = calls.map((call) => {
    // Long enough for the engine to have compiled the kernel with its optimizing compiler.
    const end = performance.now() + 150
    let count = 0
    do {
      call()
      count++
    } while (performance.now() < end)
    return Math.max(1, Math.round((count * spanMs) / 150))
  })
  const times: number[][] = calls.map(() => [])
  for (let run = 0; run < runs; run++) {
    calls.forEach((call, i) => {
      const start = performance.now()
      for (let k = 0; k < repeats[i]; k++) call()
      times[i].push((performance.now() - start) / repeats[i])
    })
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1])
}

/** A row with a bar on the ratio of the times, peer over ours. */
function row(
  name: string,
  size: string,
  peer: string,
  oursMs: number,
  peerMs: number,
  least?: number,
  note?: string,
): BenchmarkRow {
  const ratio = peerMs / oursMs
  const bar = least === undefined ? {} : { bar: `>= ${Number(least.toPrecision(3))}`, holds: ratio >= least }
  return { name, size, peer, oursMs, peerMs, ratio, ...bar, ...(note === undefined ? {} : { note }) }
}

function agree(what: string, a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < a.length; i++) {
    if (!(Math.abs(a[i] - b[i]) <= tolerance)) throw new Error(`${what}: ${a[i]} and ${b[i]} at ${i}`)
  }
}

const gigaflops = (flops: number, ms: number): string => `${(flops / ms / 1e6).toFixed(1)} GFlop/s`

/** The kernels against OpenBLAS on one thread, called through FFI on the same memory. */
export function againstOpenBlas(): BenchmarkRow[] {
  const blas = loadOpenBlas()
  if (typeof blas === 'string') return []
  const koffi = createRequire(import.meta.url)('koffi') as {
    load(name: string): { func(text: string): CallableFunction }
  }
  const dgemv = koffi
    .load('libopenblas.so.0')
    .func(
      'void cblas_dgemv(int order, int trans, int m, int n, double alpha, double *a, int lda, double *x, int incx, double beta, double *y, int incy)',
    )
  const rows: BenchmarkRow[] = []
  for (const n of sizes) {
    const size = `n = ${n}`
    const barred = n >= 512
    const work = new Workspace(8 * (6 * n * n + 4 * n) + 4096)
    const { kernels, scratch } = work
    const [a, b, c] = [work.float64(n * n), work.float64(n * n), work.float64(n * n)]
    const expected = new Float64Array(n * n)
    stream.fillNormal(a)
    stream.fillNormal(b)
    const product = () =>
      kernels.gemm_f64(0, 0, n, n, n, 1, a.byteOffset, n, b.byteOffset, n, 0, c.byteOffset, n, scratch)
    const [s, t, u] = [work.float32(n * n), work.float32(n * n), work.float32(n * n)]
    s.set(a)
    t.set(b)
    const single = () =>
      kernels.gemm_f32(0, 0, n, n, n, 1, s.byteOffset, n, t.byteOffset, n, 0, u.byteOffset, n, scratch)
    const [ours, peer, singleMs] = takeTurns([
      product,
      () => blas.engine.gemm(false, false, n, n, n, 1, a, b, 0, expected),
      single,
    ])
    product()
    agree('gemm', c, expected, 1e-12 * n)
    single()
    agree('gemm in single precision', u, expected, 1e-4 * n)
    const flops = 2 * n ** 3
    const note = `${gigaflops(flops, ours)} against ${gigaflops(flops, peer)}`
    rows.push(row('matrix product (WebAssembly)', size, 'OpenBLAS', ours, peer, barred ? 1 / 3.5 : undefined, note))
    rows.push(
      row(
        'matrix product, single precision',
        size,
        'ours in double precision',
        singleMs,
        ours,
        barred ? 1.7 : undefined,
        gigaflops(flops, singleMs),
      ),
    )

    // A positive definite matrix, factored from a fresh copy each time on both sides.
    const spd = work.float64(n * n)
    kernels.syrk_f64(1, 0, n, n, 1 / n, a.byteOffset, n, 0, spd.byteOffset, n, scratch)
    for (let i = 0; i < n; i++) spd[i * n + i] += 1
    const [choleskyMs, lapackMs] = takeTurns([
      () => {
        c.set(spd)
        kernels.potrf_f64(n, c.byteOffset, n, scratch)
      },
      () => {
        expected.set(spd)
        blas.engine.potrf(n, expected)
      },
    ])
    for (let i = 0; i < n; i++) agree('cholesky', c.subarray(i * n, i * n + i), expected.subarray(i * n), 1e-11)
    rows.push(row('Cholesky (WebAssembly)', size, 'OpenBLAS', choleskyMs, lapackMs, barred ? 1 / 6 : undefined))

    const pivots = work.int32(n)
    const swaps = new Int32Array(n)
    const [luMs, luPeerMs] = takeTurns([
      () => {
        c.set(a)
        kernels.getrf_f64(n, c.byteOffset, n, pivots.byteOffset, scratch)
      },
      () => {
        expected.set(a)
        blas.engine.getrf(n, expected, swaps)
      },
    ])
    agree('LU', pivots, swaps, 0)
    rows.push(row('LU (WebAssembly)', size, 'OpenBLAS', luMs, luPeerMs))

    const [x, y] = [stream.fillNormal(work.float64(n)), work.float64(n)]
    const z = new Float64Array(n)
    for (const trans of [0, 1]) {
      const [gemvMs, gemvPeerMs] = takeTurns([
        () => kernels.gemv_f64(trans, n, n, 1, a.byteOffset, n, x.byteOffset, 0, y.byteOffset),
        () => dgemv(101, 111 + trans, n, n, 1, a, n, x, 1, 0, z, 1),
      ])
      agree('gemv', y, z, 1e-11 * n)
      const name = `${trans ? 'transposed ' : ''}matrix-vector product`
      rows.push(row(name, size, 'OpenBLAS', gemvMs, gemvPeerMs, barred ? 1 / 1.3 : undefined))
    }
  }
  return rows
}

/** Vector functions against loops over `Math`. */
export function againstMath(): BenchmarkRow[] {
  const n = 10_000
  const work = new Workspace(16 * n + 256)
  const [x, y] = [work.float64(n), work.float64(n)]
  const expected = new Float64Array(n)
  const rows: BenchmarkRow[] = []
  for (const name of ['exp', 'log', 'expm1', 'log1p', 'tanh', 'sin', 'cos'] as const) {
    stream.fillUniform(x, name.startsWith('log') ? 1e-3 : -10, 10)
    const f = Math[name]
    const [ours, peer] = takeTurns([
      () => work.kernels[`${name}_f64`](n, x.byteOffset, y.byteOffset),
      () => {
        for (let i = 0; i < n; i++) expected[i] = f(x[i])
      },
    ])
    for (let i = 0; i < n; i++) agree(name, [y[i] / expected[i]], [1], 1e-14)
    const note = `${((ours * 1e6) / n).toFixed(1)} ns an element`
    rows.push(row(`${name} of a vector`, `n = ${n}`, `Math.${name}`, ours, peer, name === 'exp' ? 3 : undefined, note))
  }
  return rows
}

const numpyProgram = `
import json, os, time
os.environ['OPENBLAS_NUM_THREADS'] = '1'
import numpy as np
def median(f):
    times = []
    end = time.perf_counter() + 0.15
    while time.perf_counter() < end: f()
    for _ in range(9):
        start = time.perf_counter(); f(); times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[4]
out = {'version': np.__version__}
for n in SIZES:
    r = np.random.default_rng(1)
    a, b = r.standard_normal((n, n)), r.standard_normal((n, n))
    c = np.empty((n, n))
    s = a @ a.T / n + np.eye(n)
    out[str(n)] = [median(lambda: np.matmul(a, b, out=c)), median(lambda: np.linalg.cholesky(s))]
print(json.dumps(out))
`

/** The OpenBLAS backend, on ordinary arrays, against NumPy on the same library. */
export function backendAgainstNumpy(): BenchmarkRow[] {
  const blas = loadOpenBlas()
  if (typeof blas === 'string') return []
  const rows: BenchmarkRow[] = []
  for (const n of [512, 1000]) {
    const a = stream.fillNormal(new Float64Array(n * n))
    const b = stream.fillNormal(new Float64Array(n * n))
    const c = new Float64Array(n * n)
    const spd = new Float64Array(n * n)
    blas.engine.syrk(false, n, n, 1 / n, a, 0, spd)
    for (let i = 0; i < n; i++) spd[i * n + i] += 1
    // NumPy runs in a process of its own: it and we take turns, and the medians of the turns are compared.
    const turns: number[][] = [[], [], [], []]
    let version = ''
    for (let turn = 0; turn < 5; turn++) {
      const [productMs, choleskyMs] = takeTurns([
        () => blas.engine.gemm(false, false, n, n, n, 1, a, b, 0, c),
        () => {
          c.set(spd)
          blas.engine.potrf(n, c)
        },
      ])
      let text: string
      try {
        const program = numpyProgram.replace('SIZES', `[${n}]`)
        text = execFileSync('/usr/bin/python3', ['-c', program], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      } catch {
        return []
      }
      const numpy = JSON.parse(text) as Record<string, [number, number]> & { version: string }
      version = String(numpy.version)
      ;[productMs, choleskyMs, ...numpy[String(n)]].forEach((ms, i) => void turns[i].push(ms))
    }
    if (!cholesky({ rows: n, cols: n, data: spd }).ok) throw new Error('cholesky failed')
    const [product, factor, theirProduct, theirFactor] = turns.map((list) => list.sort((p, q) => p - q)[2])
    const peer = `NumPy ${version}`
    rows.push(row('matrix product (OpenBLAS backend)', `n = ${n}`, peer, product, theirProduct, 1 / 1.1))
    rows.push(row('Cholesky (OpenBLAS backend)', `n = ${n}`, peer, factor, theirFactor, 1 / 1.1))
  }
  return rows
}
