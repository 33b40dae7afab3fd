import {
  portableCos as cos,
  portableExp as exp,
  portableExpm1,
  portableLog,
  portablePow,
  portableSin as sin,
} from '../base/index.ts'
import type { TestFunction } from './test-function.ts'

const { abs, floor, PI, sqrt } = Math
const origin = (n: number): number[][] => [new Array(n).fill(0)]
const all =
  (value: number) =>
  (n: number): number[][] => [new Array(n).fill(value)]
const zero = (): number => 0
const any = (min = 1) => ({ dimension: 10, dimensions: { min } })

/** Minimizer over [0, pi] of -sin(x) sin^20(k x^2 / pi): the best cell of a grid, then golden section. */
function michalewiczCoordinate(k: number): number {
  const f = (x: number): number => -sin(x) * portablePow(sin((k * x * x) / PI), 20)
  const cells = 400 * k
  let best = 0
  for (let i = 0; i <= cells; i++) if (f((PI * i) / cells) < f((PI * best) / cells)) best = i
  let low = (PI * (best - 1)) / cells
  let high = (PI * (best + 1)) / cells
  const ratio = (sqrt(5) - 1) / 2
  while (high - low > 1e-12) {
    const a = high - ratio * (high - low)
    const b = low + ratio * (high - low)
    if (f(a) < f(b)) high = b
    else low = a
  }
  return 0.5 * (low + high)
}

function border(x: number, a: number, k: number, m: number): number {
  return x > a ? k * portablePow(x - a, m) : x < -a ? k * portablePow(-x - a, m) : 0
}

/** Functions with many local minima, defined for any number of variables. */
export const multimodalFunctions: readonly TestFunction[] = [
  {
    slug: 'ackley',
    title: 'Ackley',
    tags: ['multimodal'],
    ...any(),
    box: [-32.768, 32.768],
    value(x) {
      let squares = 0
      let cosines = 0
      for (let i = 0; i < x.length; i++) {
        squares += x[i] * x[i]
        cosines += cos(2 * PI * x[i])
      }
      const n = x.length
      // Written with expm1 so that the minimum is 0, not a few units of rounding.
      return -20 * portableExpm1(-0.2 * sqrt(squares / n)) - Math.E * portableExpm1(cosines / n - 1)
    },
    gradient(x, out) {
      const n = x.length
      let squares = 0
      let cosines = 0
      for (let i = 0; i < n; i++) {
        squares += x[i] * x[i]
        cosines += cos(2 * PI * x[i])
      }
      const root = sqrt(squares / n)
      const first = root > 0 ? (4 * exp(-0.2 * root)) / (n * root) : 0
      const second = (2 * PI * exp(cosines / n)) / n
      for (let i = 0; i < n; i++) out[i] = first * x[i] + second * sin(2 * PI * x[i])
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'rastrigin',
    title: 'Rastrigin',
    tags: ['multimodal', 'separable'],
    ...any(),
    box: [-5.12, 5.12],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += x[i] * x[i] + 10 * (1 - cos(2 * PI * x[i]))
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i] + 20 * PI * sin(2 * PI * x[i])
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'griewank',
    title: 'Griewank',
    tags: ['multimodal'],
    ...any(),
    box: [-600, 600],
    value(x) {
      let squares = 0
      let product = 1
      for (let i = 0; i < x.length; i++) {
        squares += x[i] * x[i]
        product *= cos(x[i] / sqrt(i + 1))
      }
      return squares / 4000 + (1 - product)
    },
    gradient(x, out) {
      const n = x.length
      for (let i = 0; i < n; i++) {
        let others = sin(x[i] / sqrt(i + 1)) / sqrt(i + 1)
        for (let j = 0; j < n; j++) if (j !== i) others *= cos(x[j] / sqrt(j + 1))
        out[i] = x[i] / 2000 + others
      }
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'schwefel',
    boxOnly: true,
    title: 'Schwefel 2.26',
    tags: ['multimodal', 'separable', 'deceptive'],
    ...any(),
    box: [-500, 500],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += 418.9828872724338 - x[i] * sin(sqrt(abs(x[i])))
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) {
        const root = sqrt(abs(x[i]))
        out[i] = -sin(root) - 0.5 * root * cos(root)
      }
    },
    minimum: zero,
    minimizers: all(420.968746359982),
  },
  {
    slug: 'levy',
    title: 'Levy',
    tags: ['multimodal'],
    ...any(),
    box: [-10, 10],
    value(x) {
      const n = x.length
      const w = (i: number): number => 1 + (x[i] - 1) / 4
      let f = sin(PI * w(0)) ** 2
      for (let i = 0; i + 1 < n; i++) f += (w(i) - 1) ** 2 * (1 + 10 * sin(PI * w(i) + 1) ** 2)
      return f + (w(n - 1) - 1) ** 2 * (1 + sin(2 * PI * w(n - 1)) ** 2)
    },
    minimum: zero,
    minimizers: all(1),
  },
  {
    slug: 'styblinski-tang',
    title: 'Styblinski-Tang',
    tags: ['multimodal', 'separable'],
    ...any(),
    box: [-5, 5],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += 0.5 * (portablePow(x[i], 4) - 16 * x[i] ** 2 + 5 * x[i])
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 0.5 * (4 * portablePow(x[i], 3) - 32 * x[i] + 5)
    },
    minimum: (n) => -39.166165703771412 * n,
    minimizers: all(-2.9035340277711771),
  },
  {
    slug: 'michalewicz',
    boxOnly: true,
    title: 'Michalewicz (m = 10)',
    tags: ['multimodal', 'separable', 'plateau'],
    ...any(),
    box: [0, PI],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f -= sin(x[i]) * portablePow(sin(((i + 1) * x[i] * x[i]) / PI), 20)
      return f
    },
    minimum: (n) => {
      let f = 0
      for (let k = 1; k <= n; k++) {
        const x = michalewiczCoordinate(k)
        f -= sin(x) * portablePow(sin((k * x * x) / PI), 20)
      }
      return f
    },
    minimizers: (n) => [Array.from({ length: n }, (_, i) => michalewiczCoordinate(i + 1))],
  },
  {
    slug: 'salomon',
    title: 'Salomon',
    tags: ['multimodal'],
    ...any(),
    box: [-100, 100],
    value(x) {
      let squares = 0
      for (let i = 0; i < x.length; i++) squares += x[i] * x[i]
      const r = sqrt(squares)
      return 1 - cos(2 * PI * r) + 0.1 * r
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'alpine',
    title: 'Alpine 1',
    tags: ['multimodal', 'separable', 'nonsmooth'],
    ...any(),
    box: [-10, 10],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += abs(x[i] * sin(x[i]) + 0.1 * x[i])
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'xin-she-yang-2',
    title: 'Xin-She Yang 2',
    tags: ['multimodal', 'nonsmooth', 'deceptive'],
    ...any(),
    box: [-2 * PI, 2 * PI],
    value(x) {
      let sum = 0
      let sines = 0
      for (let i = 0; i < x.length; i++) {
        sum += abs(x[i])
        sines += sin(x[i] * x[i])
      }
      return sum * exp(-sines)
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'whitley',
    title: 'Whitley',
    tags: ['multimodal', 'valley'],
    ...any(2),
    box: [-10.24, 10.24],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) {
        for (let j = 0; j < x.length; j++) {
          const y = 100 * (x[i] * x[i] - x[j]) ** 2 + (1 - x[j]) ** 2
          f += (y * y) / 4000 - cos(y) + 1
        }
      }
      return f
    },
    minimum: zero,
    minimizers: all(1),
  },
  {
    slug: 'expanded-schaffer-6',
    title: 'Expanded Schaffer F6',
    tags: ['multimodal'],
    ...any(2),
    box: [-100, 100],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) {
        const s = x[i] ** 2 + x[(i + 1) % x.length] ** 2
        f += 0.5 + (sin(sqrt(s)) ** 2 - 0.5) / (1 + 0.001 * s) ** 2
      }
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'weierstrass',
    title: 'Weierstrass (a = 0.5, b = 3, 21 terms)',
    tags: ['multimodal', 'separable', 'nonsmooth'],
    ...any(),
    box: [-0.5, 0.5],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) {
        let a = 1
        let b = 1
        for (let k = 0; k <= 20; k++) {
          f += a * (cos(2 * PI * b * (x[i] + 0.5)) - cos(PI * b))
          a *= 0.5
          b *= 3
        }
      }
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'katsuura',
    title: 'Katsuura',
    tags: ['multimodal', 'nonsmooth', 'several-minimizers'],
    ...any(),
    box: [-5, 5],
    value(x) {
      const n = x.length
      let product = 1
      for (let i = 0; i < n; i++) {
        let sum = 0
        for (let j = 1; j <= 32; j++) {
          const scaled = 2 ** j * x[i]
          sum += abs(scaled - Math.round(scaled)) / 2 ** j
        }
        product *= portablePow(1 + (i + 1) * sum, 10 / portablePow(n, 1.2))
      }
      return (10 / (n * n)) * (product - 1)
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'happy-cat',
    title: 'HappyCat',
    tags: ['multimodal', 'valley', 'nonsmooth'],
    ...any(),
    box: [-2, 2],
    value(x) {
      const n = x.length
      let squares = 0
      let sum = 0
      for (let i = 0; i < n; i++) {
        squares += x[i] * x[i]
        sum += x[i]
      }
      return portablePow(abs(squares - n), 0.25) + (0.5 * squares + sum) / n + 0.5
    },
    minimum: zero,
    minimizers: all(-1),
  },
  {
    slug: 'hgbat',
    title: 'HGBat',
    tags: ['multimodal', 'valley', 'nonsmooth'],
    ...any(2),
    box: [-2, 2],
    value(x) {
      const n = x.length
      let squares = 0
      let sum = 0
      for (let i = 0; i < n; i++) {
        squares += x[i] * x[i]
        sum += x[i]
      }
      return sqrt(abs(squares * squares - sum * sum)) + (0.5 * squares + sum) / n + 0.5
    },
    minimum: zero,
    minimizers: all(-1),
  },
  {
    slug: 'penalized-1',
    title: 'Levy-Montalvo penalized 1',
    tags: ['multimodal'],
    ...any(2),
    box: [-50, 50],
    value(x) {
      const n = x.length
      const y = (i: number): number => 1 + (x[i] + 1) / 4
      let f = 10 * sin(PI * y(0)) ** 2 + (y(n - 1) - 1) ** 2
      for (let i = 0; i + 1 < n; i++) f += (y(i) - 1) ** 2 * (1 + 10 * sin(PI * y(i + 1)) ** 2)
      f *= PI / n
      for (let i = 0; i < n; i++) f += border(x[i], 10, 100, 4)
      return f
    },
    minimum: zero,
    minimizers: all(-1),
  },
  {
    slug: 'penalized-2',
    title: 'Levy-Montalvo penalized 2',
    tags: ['multimodal'],
    ...any(2),
    box: [-50, 50],
    value(x) {
      const n = x.length
      let f = sin(3 * PI * x[0]) ** 2 + (x[n - 1] - 1) ** 2 * (1 + sin(2 * PI * x[n - 1]) ** 2)
      for (let i = 0; i + 1 < n; i++) f += (x[i] - 1) ** 2 * (1 + sin(3 * PI * x[i + 1]) ** 2)
      f *= 0.1
      for (let i = 0; i < n; i++) f += border(x[i], 5, 100, 4)
      return f
    },
    minimum: zero,
    minimizers: all(1),
  },
  {
    slug: 'qing',
    title: 'Qing',
    tags: ['multimodal', 'separable', 'several-minimizers'],
    ...any(),
    box: [-500, 500],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += (x[i] * x[i] - (i + 1)) ** 2
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 4 * x[i] * (x[i] * x[i] - (i + 1))
    },
    minimum: zero,
    minimizers: (n) => [
      Array.from({ length: n }, (_, i) => sqrt(i + 1)),
      Array.from({ length: n }, (_, i) => -sqrt(i + 1)),
    ],
  },
  {
    slug: 'cosine-mixture',
    title: 'Cosine mixture',
    tags: ['multimodal', 'separable'],
    ...any(),
    box: [-1, 1],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += x[i] * x[i] - 0.1 * cos(5 * PI * x[i])
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i] + 0.5 * PI * sin(5 * PI * x[i])
    },
    minimum: (n) => -0.1 * n,
    minimizers: origin,
  },
  {
    slug: 'vincent',
    boxOnly: true,
    title: 'Vincent',
    tags: ['multimodal', 'separable', 'several-minimizers'],
    ...any(),
    box: [0.25, 10],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f -= sin(10 * portableLog(x[i]))
      return f / x.length
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = (-10 * cos(10 * portableLog(x[i]))) / (x[i] * x.length)
    },
    minimum: () => -1,
    minimizers: (n) => [-2, -1, 0, 1, 2, 3].map((k) => new Array(n).fill(exp((PI / 2 + 2 * PI * k) / 10))),
  },
  {
    slug: 'bi-rastrigin',
    title: 'Lunacek bi-Rastrigin',
    tags: ['multimodal', 'deceptive'],
    ...any(2),
    box: [-5.12, 5.12],
    value(x) {
      const n = x.length
      const s = 1 - 1 / (2 * sqrt(n + 20) - 8.2)
      const far = -sqrt((2.5 * 2.5 - 1) / s)
      let near = 0
      let other = 0
      let ripple = 0
      for (let i = 0; i < n; i++) {
        near += (x[i] - 2.5) ** 2
        other += (x[i] - far) ** 2
        ripple += 1 - cos(2 * PI * (x[i] - 2.5))
      }
      return Math.min(near, n + s * other) + 10 * ripple
    },
    minimum: zero,
    minimizers: all(2.5),
  },
  {
    slug: 'rastrigin-mild',
    title: 'Rastrigin of factor 2.5',
    tags: ['multimodal', 'separable'],
    dimension: 4,
    dimensions: { min: 1 },
    box: [-5.12, 5.12],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) f += x[i] * x[i] + 2.5 * (1 - cos(2 * PI * x[i]))
      return f
    },
    gradient(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i] + 5 * PI * sin(2 * PI * x[i])
    },
    minimum: zero,
    minimizers: origin,
  },
  {
    slug: 'noncontinuous-rastrigin',
    title: 'Noncontinuous Rastrigin',
    tags: ['multimodal', 'separable', 'nonsmooth', 'plateau'],
    ...any(),
    box: [-5.12, 5.12],
    value(x) {
      let f = 0
      for (let i = 0; i < x.length; i++) {
        const y = abs(x[i]) < 0.5 ? x[i] : floor(2 * x[i] + 0.5) / 2
        f += y * y + 10 * (1 - cos(2 * PI * y))
      }
      return f
    },
    minimum: zero,
    minimizers: origin,
  },
]
