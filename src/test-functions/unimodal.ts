import { portableExp, portablePow } from '../base/index.ts'
import type { TestFunction } from './test-function.ts'

const origin = (n: number): number[][] => [new Array(n).fill(0)]
const ones = (n: number): number[][] => [new Array(n).fill(1)]
const zero = (): number => 0

/** Functions with one basin, defined for any number of variables. */
export const unimodalFunctions: readonly TestFunction[] = [
  {
    slug: 'sphere',
    title: 'Sphere',
    tags: ['unimodal', 'separable'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-5.12, 5.12],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += x[i] * x[i]
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i]
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'ellipsoid',
    title: 'Ellipsoid of condition 1e6',
    tags: ['unimodal', 'separable', 'ill-conditioned'],
    dimension: 10,
    dimensions: { min: 2 },
    box: [-5, 5],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += portablePow(1e6, i / (x.length - 1)) * x[i] * x[i]
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 2 * portablePow(1e6, i / (x.length - 1)) * x[i]
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'bent-cigar',
    title: 'Bent cigar',
    tags: ['unimodal', 'ill-conditioned'],
    dimension: 10,
    dimensions: { min: 2 },
    box: [-100, 100],
    value(x) {
      let f = x[0] * x[0]
      for (let i = 1; i < x.length; i++) f += 1e6 * x[i] * x[i]
      return f
    },
    gradient(x, out) {
      out[0] = 2 * x[0]
      for (let i = 1; i < x.length; i++) out[i] = 2e6 * x[i]
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'different-powers',
    title: 'Sum of different powers',
    tags: ['unimodal', 'separable'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-1, 1],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += portablePow(Math.abs(x[i]), i + 2)
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = (i + 2) * portablePow(Math.abs(x[i]), i + 1) * Math.sign(x[i])
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'rosenbrock',
    title: 'Rosenbrock',
    tags: ['valley', 'ill-conditioned', 'multimodal'],
    dimension: 10,
    dimensions: { min: 2 },
    box: [-5, 10],
    value(x) {
      let f = 0
      for (let i = 0; i + 1 < x.length; i++) f += 100 * (x[i + 1] - x[i] * x[i]) ** 2 + (1 - x[i]) ** 2
      return f
    },
    gradient(x, out) {
      out.fill(0)
      for (let i = 0; i + 1 < x.length; i++) {
        const r = x[i + 1] - x[i] * x[i]
        out[i] -= 400 * r * x[i] + 2 * (1 - x[i])
        out[i + 1] += 200 * r
      }
    },
    minimum: zero,
    minimizers: ones,
  },
  {
    slug: 'zakharov',
    title: 'Zakharov',
    tags: ['unimodal'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-5, 10],
    value(x) {
      let f = 0
      let s = 0
      for (let i = 0; i < x.length; i++) {
        f += x[i] * x[i]
        s += 0.5 * (i + 1) * x[i]
      }
      return f + s * s + portablePow(s, 4)
    },
    gradient(x, out) {
      let s = 0
      for (let i = 0; i < x.length; i++) s += 0.5 * (i + 1) * x[i]
      const outer = 2 * s + 4 * portablePow(s, 3)
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i] + 0.5 * (i + 1) * outer
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'dixon-price',
    title: 'Dixon-Price',
    tags: ['valley', 'multimodal'],
    dimension: 10,
    dimensions: { min: 2 },
    box: [-10, 10],
    value(x) {
      let f = (x[0] - 1) ** 2
      for (let i = 1; i < x.length; i++) f += (i + 1) * (2 * x[i] * x[i] - x[i - 1]) ** 2
      return f
    },
    gradient(x, out) {
      out.fill(0)
      out[0] = 2 * (x[0] - 1)
      for (let i = 1; i < x.length; i++) {
        const r = 2 * (i + 1) * (2 * x[i] * x[i] - x[i - 1])
        out[i] += 4 * r * x[i]
        out[i - 1] -= r
      }
    },
    minimum: zero,
    minimizers: (n) => [Array.from({ length: n }, (_, i) => portablePow(2, -(2 ** (i + 1) - 2) / 2 ** (i + 1)))],
  },
  {
    slug: 'double-sum',
    title: 'Schwefel 1.2 (double sum)',
    tags: ['unimodal'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-100, 100],
    value(x) {
      let f = 0
      let s = 0
      for (let i = 0; i < x.length; i++) {
        s += x[i]
        f += s * s
      }
      return f
    },
    gradient(x, out) {
      let s = 0
      for (let i = 0; i < x.length; i++) {
        s += x[i]
        out[i] = 2 * s
      }
      for (let i = x.length - 2; i >= 0; i--) out[i] += out[i + 1]
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'schwefel-2-21',
    title: 'Schwefel 2.21 (largest coordinate)',
    tags: ['unimodal', 'nonsmooth'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-100, 100],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f = Math.max(f, Math.abs(x[i]))
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'schwefel-2-22',
    title: 'Schwefel 2.22 (sum plus product)',
    tags: ['unimodal', 'nonsmooth'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-10, 10],
    value(x) {
      let sum = 0
      let product = 1
      for (let i = 0; i < x.length; i++) {
        sum += Math.abs(x[i])
        product *= Math.abs(x[i])
      }
      return sum + product
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'step',
    title: 'Step',
    tags: ['unimodal', 'separable', 'plateau', 'nonsmooth'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-100, 100],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += Math.floor(x[i] + 0.5) ** 2
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'quartic',
    title: 'Quartic',
    tags: ['unimodal', 'separable'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-1.28, 1.28],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += (i + 1) * portablePow(x[i], 4)
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 4 * (i + 1) * portablePow(x[i], 3)
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'powell-singular',
    title: 'Powell singular',
    tags: ['unimodal', 'ill-conditioned'],
    dimension: 4,
    dimensions: { min: 4, multipleOf: 4 },
    box: [-4, 5],
    start: [3, -1, 0, 1],
    value(x) {
      let f = 0
      for (let i = 0; i + 3 < x.length; i += 4) {
        f +=
          (x[i] + 10 * x[i + 1]) ** 2 +
          5 * (x[i + 2] - x[i + 3]) ** 2 +
          portablePow(x[i + 1] - 2 * x[i + 2], 4) +
          10 * portablePow(x[i] - x[i + 3], 4)
      }
      return f
    },
    gradient(x, out) {
      for (let i = 0; i + 3 < x.length; i += 4) {
        const a = 2 * (x[i] + 10 * x[i + 1])
        const b = 10 * (x[i + 2] - x[i + 3])
        const c = 4 * portablePow(x[i + 1] - 2 * x[i + 2], 3)
        const d = 40 * portablePow(x[i] - x[i + 3], 3)
        out[i] = a + d
        out[i + 1] = 10 * a + c
        out[i + 2] = b - 2 * c
        out[i + 3] = -b - d
      }
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'trid',
    title: 'Trid',
    tags: ['unimodal'],
    dimension: 6,
    dimensions: { min: 2 },
    box: (n) => [-n * n, n * n],
    value(x) {
      let f = (x[0] - 1) ** 2
      for (let i = 1; i < x.length; i++) f += (x[i] - 1) ** 2 - x[i] * x[i - 1]
      return f
    },
    gradient(x, out) {
      const n = x.length
      for (let i = 0; i < n; i++) out[i] = 2 * (x[i] - 1) - (i > 0 ? x[i - 1] : 0) - (i + 1 < n ? x[i + 1] : 0)
    },
    minimum: (n) => (-n * (n + 4) * (n - 1)) / 6,
    minimizers: (n) => [Array.from({ length: n }, (_, i) => (i + 1) * (n - i))],
  },
  {
    slug: 'exponential',
    title: 'Exponential',
    tags: ['unimodal'],
    dimension: 10,
    dimensions: { min: 1 },
    box: [-1, 1],
    value(x) {
      let s = 0
      for (let i = 0; i < x.length; i++) s += x[i] * x[i]
      return -portableExp(-0.5 * s)
    },
    gradient(x, out) {
      let s = 0
      for (let i = 0; i < x.length; i++) s += x[i] * x[i]
      for (let i = 0; i < x.length; i++) out[i] = x[i] * portableExp(-0.5 * s)
    },
    minimum: () => -1,
    minimizers: origin,
  },
]
