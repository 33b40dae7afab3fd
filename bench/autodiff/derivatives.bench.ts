import { type CompiledFunction, compile, matmul, mean, softplus, square, sub, sum } from '../../src/autodiff/index.ts'
import { RandomStream } from '../../src/base/random.ts'
import { Workspace } from '../../src/linalg/index.ts'
import type { BenchmarkRow } from '../row.ts'
import { medianMs, pairMs } from './measure.ts'

function agree(what: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  for (let i = 0; i < a.length; i++) {
    if (!(Math.abs(a[i] - b[i]) <= 1e-9 * Math.max(1, Math.abs(a[i])))) throw new Error(`${what}: ${a[i]} and ${b[i]}`)
  }
}

/** L2-regularised logistic regression, value and gradient, against the same written by hand on the kernels. */
export function logisticRegression(): BenchmarkRow[] {
  const [m, n] = [10_000, 100]
  const regularization = 1e-3
  const stream = RandomStream.fromSeed(1)
  const X = stream.fillNormal(new Float64Array(m * n))
  const y = Float64Array.from({ length: m }, () => (stream.uniform() < 0.5 ? -1 : 1))
  const f = compile(
    (w, X, y) => mean(softplus(matmul(X, w).mul(y).neg())).add(sum(square(w)).mul(regularization / 2)),
    [{ shape: [n] }, { shape: [m, n], data: X }, { shape: [m], data: y }],
  )

  const work = new Workspace(8 * (m * n + 4 * m + 2 * n) + 1024)
  const { gemv_f64, softplus_f64, sigmoid_f64, dot_f64, sum_f64, axpby_f64, multiply_f64 } = work.kernels
  const A = work.float64(m * n)
  const labels = work.float64(m)
  const [z, loss, slope] = [work.float64(m), work.float64(m), work.float64(m)]
  const [w, g] = [work.float64(n), work.float64(n)]
  A.set(X)
  labels.set(y.map((label) => -label))
  const byHand = (x: Float64Array, out: Float64Array): number => {
    w.set(x)
    gemv_f64(0, m, n, 1, A.byteOffset, n, w.byteOffset, 0, z.byteOffset)
    multiply_f64(m, z.byteOffset, labels.byteOffset, z.byteOffset)
    softplus_f64(m, z.byteOffset, loss.byteOffset)
    sigmoid_f64(m, z.byteOffset, slope.byteOffset)
    multiply_f64(m, slope.byteOffset, labels.byteOffset, slope.byteOffset)
    const value = sum_f64(m, loss.byteOffset) / m + 0.5 * regularization * dot_f64(n, w.byteOffset, w.byteOffset)
    gemv_f64(1, m, n, 1 / m, A.byteOffset, n, slope.byteOffset, 0, g.byteOffset)
    axpby_f64(n, regularization, w.byteOffset, 1, g.byteOffset)
    out.set(g)
    return value
  }

  const x = stream.fillNormal(new Float64Array(n))
  const [ours, hand] = [new Float64Array(n), new Float64Array(n)]
  agree('logistic regression', [f.valueAndGradient(x, ours)], [byHand(x, hand)])
  agree('logistic regression gradient', ours, hand)
  const [oursMs, peerMs] = pairMs(
    () => f.valueAndGradient(x, ours),
    () => byHand(x, hand),
    60,
  )
  const ratio = peerMs / oursMs
  return [
    {
      name: 'logistic regression, value and gradient',
      size: `${m} x ${n}`,
      peer: 'by hand on the same kernels',
      oursMs,
      peerMs,
      ratio,
      bar: '>= 0.77',
      holds: ratio >= 1 / 1.3,
    },
    ...hessianProduct('logistic regression', `${m} x ${n}`, f, x),
  ]
}

/** Milliseconds that the calls of one timed run should take together. */
const RUN_MS = 5

/** A Hessian product at a new point against a gradient of the same function. */
function hessianProduct(name: string, size: string, f: CompiledFunction, x: Float64Array): BenchmarkRow[] {
  const n = x.length
  const v = RandomStream.fromSeed(2).fillNormal(new Float64Array(n))
  const out = new Float64Array(n)
  const calls = Math.max(1, Math.min(1000, Math.round(RUN_MS / medianMs(() => f.gradient(x, out), 3))))
  const [oursMs, peerMs] = pairMs(
    () => {
      // A new point each time: nothing is kept from the last product.
      x[0] += 1e-9
      f.hvp(x, v, out)
    },
    () => f.gradient(x, out),
    40,
    calls,
  )
  const again = medianMs(() => f.hvp(x, v, out), 20, calls)
  const ratio = peerMs / oursMs
  return [
    {
      name: `${name}, Hessian product`,
      size,
      peer: 'its gradient',
      oursMs,
      peerMs,
      ratio,
      bar: '>= 0.33',
      holds: ratio >= 1 / 3,
      note: `at a point seen before: ${again.toPrecision(3)} ms`,
    },
  ]
}

/** Rosenbrock's function of two variables: what one evaluation costs beyond the arithmetic. */
export function rosenbrock(): BenchmarkRow[] {
  const f = compile(
    (x) => {
      const [a, b] = [x.at(0), x.at(1)]
      return square(b.sub(square(a)))
        .mul(100)
        .add(square(sub(1, a)))
    },
    [{ shape: [2] }],
  )
  const byHand = (x: Float64Array, out: Float64Array): number => {
    const [a, b] = [x[0], x[1]]
    const r = b - a * a
    out[0] = -400 * a * r - 2 * (1 - a)
    out[1] = 200 * r
    return 100 * r * r + (1 - a) * (1 - a)
  }
  const x = Float64Array.of(-1.2, 1)
  const [ours, hand] = [new Float64Array(2), new Float64Array(2)]
  agree('rosenbrock', [f.valueAndGradient(x, ours)], [byHand(x, hand)])
  agree('rosenbrock gradient', ours, hand)
  let checksum = 0
  const [oursMs, peerMs] = pairMs(
    () => {
      x[0] += 1e-12
      checksum += f.valueAndGradient(x, ours)
    },
    () => {
      x[0] += 1e-12
      checksum += byHand(x, hand)
    },
    20,
    100_000,
  )
  if (!Number.isFinite(checksum)) throw new Error('rosenbrock: not finite')
  return [
    {
      name: 'Rosenbrock, value and gradient',
      size: 'n = 2',
      peer: 'plain JavaScript by hand',
      oursMs,
      peerMs,
      ratio: peerMs / oursMs,
      bar: 'under 1 µs',
      holds: oursMs < 1e-3,
      note: `${(1e6 * oursMs).toFixed(0)} ns an evaluation`,
    },
  ]
}

/** The chained Rosenbrock function, written with slices of a vector. */
export function chainedRosenbrock(): BenchmarkRow[] {
  return [1000, 100_000].flatMap((n) => {
    const f = compile(
      (x) => {
        const [head, tail] = [x.slice([0, -1]), x.slice([1])]
        return sum(
          square(tail.sub(square(head)))
            .mul(100)
            .add(square(sub(1, head))),
        )
      },
      [{ shape: [n] }],
    )
    const byHand = (x: Float64Array, out: Float64Array): number => {
      let total = 0
      let carried = 0
      for (let i = 0; i < n - 1; i++) {
        const r = x[i + 1] - x[i] * x[i]
        const s = 1 - x[i]
        total += 100 * r * r + s * s
        out[i] = carried - 400 * r * x[i] - 2 * s
        carried = 200 * r
      }
      out[n - 1] = carried
      return total
    }
    const x = RandomStream.fromSeed(3).fillNormal(new Float64Array(n))
    const [ours, hand] = [new Float64Array(n), new Float64Array(n)]
    agree('chain', [f.valueAndGradient(x, ours)], [byHand(x, hand)])
    agree('chain gradient', ours, hand)
    const [oursMs, peerMs] = pairMs(
      () => f.valueAndGradient(x, ours),
      () => byHand(x, hand),
      40,
      n < 10_000 ? 200 : 2,
    )
    return [
      {
        name: 'chained Rosenbrock, value and gradient',
        size: `n = ${n}`,
        peer: 'plain JavaScript by hand',
        oursMs,
        peerMs,
        ratio: peerMs / oursMs,
      },
      ...hessianProduct('chained Rosenbrock', `n = ${n}`, f, x),
    ]
  })
}
