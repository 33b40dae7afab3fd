import { portableCos as cos, portableExp as exp, portablePow, portableSin as sin } from '../base/index.ts'
import type { TestFunction } from './test-function.ts'

const { abs, max, PI, sqrt } = Math

/** A function of exactly `dimension` variables. */
interface Fixed extends Omit<TestFunction, 'minimum' | 'minimizers'> {
  readonly least: number
  readonly at: readonly (readonly number[])[]
}

const fixed = ({ least, at, ...rest }: Fixed): TestFunction => ({ ...rest, minimum: () => least, minimizers: () => at })

/**
 * The canyon of the papers on consensus-based optimization: a curved valley with ripples and a barrier, minimum 0 at the origin.
 *
 * @param ripple height of the ripples: 1.1625 noisy, 0.25 plain
 * @see Riedl, Klock, Geldhauser and Fornasier (2023), Fig. 1; formula from their published code
 */
function canyon(ripple: number): (x: Float64Array) => number {
  return ({ 0: x, 1: y }) => {
    const v = y - (0.125 * (x - 1) * (x - 4) ** 2 + 2)
    const b = -x - 1.6 * y
    return (
      25 * (1 - exp(-1.4 * v * v * exp(-0.002 * portablePow(x, 4)))) +
      0.4 * x * x +
      0.2 * y * y +
      ripple * (1 - cos(0.75 * PI * x) + (1 - cos(0.75 * PI * y))) +
      4 * exp(1 - 2 * portablePow(v, 4)) * max((1 - exp(-9 * b * b)) * Math.sign(b), 0)
    )
  }
}

const hartmannWeights = [1, 1.2, 3, 3.2]

function hartmann(A: readonly number[][], P: readonly number[][]): (x: Float64Array) => number {
  return (x) => {
    let f = 0
    for (let i = 0; i < 4; i++) {
      let s = 0
      for (let j = 0; j < x.length; j++) s += A[i][j] * (x[j] - P[i][j]) ** 2
      f -= hartmannWeights[i] * exp(-s)
    }
    return f
  }
}

const shekelCentres = [
  [4, 4, 4, 4],
  [1, 1, 1, 1],
  [8, 8, 8, 8],
  [6, 6, 6, 6],
  [3, 7, 3, 7],
  [2, 9, 2, 9],
  [5, 5, 3, 3],
  [8, 1, 8, 1],
  [6, 2, 6, 2],
  [7, 3.6, 7, 3.6],
]
const shekelWidths = [0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5]

function shekel(m: number, least: number, at: readonly number[]): TestFunction {
  return fixed({
    slug: `shekel-${m}`,
    title: `Shekel ${m}`,
    tags: ['multimodal', 'deceptive', 'plateau'],
    dimension: 4,
    box: [0, 10],
    value(x) {
      let f = 0
      for (let i = 0; i < m; i++) {
        let s = shekelWidths[i]
        for (let j = 0; j < 4; j++) s += (x[j] - shekelCentres[i][j]) ** 2
        f -= 1 / s
      }
      return f
    },
    gradient(x, out) {
      out.fill(0)
      for (let i = 0; i < m; i++) {
        let s = shekelWidths[i]
        for (let j = 0; j < 4; j++) s += (x[j] - shekelCentres[i][j]) ** 2
        for (let j = 0; j < 4; j++) out[j] += (2 * (x[j] - shekelCentres[i][j])) / (s * s)
      }
    },
    least,
    at: [at],
  })
}

/** Classical functions of one to six variables. */
export const fewVariableFunctions: readonly TestFunction[] = [
  fixed({
    slug: 'w-shaped',
    title: 'W-shaped double well',
    tags: ['multimodal'],
    dimension: 1,
    box: [-5, 8],
    value: ({ 0: x }) => x * x * ((x - 4) ** 2 + 1),
    least: 0,
    at: [[0]],
  }),
  fixed({
    slug: 'forrester',
    boxOnly: true,
    title: 'Forrester',
    tags: ['multimodal'],
    dimension: 1,
    box: [0, 1],
    value: ({ 0: x }) => (6 * x - 2) ** 2 * sin(12 * x - 4),
    least: -6.020740055767083,
    at: [[0.757248757841856]],
  }),
  fixed({
    slug: 'canyon',
    title: 'Grand canyon',
    tags: ['multimodal', 'valley', 'nonsmooth'],
    dimension: 2,
    box: [-4, 10],
    start: [8, 8],
    value: canyon(0.25),
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'canyon-noisy',
    title: 'Rippled grand canyon',
    tags: ['multimodal', 'valley', 'nonsmooth', 'deceptive'],
    dimension: 2,
    box: [-4, 10],
    start: [8, 8],
    value: canyon(1.1625),
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'branin',
    title: 'Branin',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [
      [-5, 10],
      [0, 15],
    ],
    value: ({ 0: x, 1: y }) =>
      (y - (5.1 / (4 * PI * PI)) * x * x + (5 / PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * cos(x) + 10,
    gradient({ 0: x, 1: y }, out) {
      const r = y - (5.1 / (4 * PI * PI)) * x * x + (5 / PI) * x - 6
      out[0] = 2 * r * ((-10.2 / (4 * PI * PI)) * x + 5 / PI) - 10 * (1 - 1 / (8 * PI)) * sin(x)
      out[1] = 2 * r
    },
    least: 0.39788735772973816,
    at: [
      [PI, 2.275],
      [-PI, 12.275],
      [3 * PI, 2.475],
    ],
  }),
  fixed({
    slug: 'six-hump-camel',
    title: 'Six-hump camel',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [
      [-3, 3],
      [-2, 2],
    ],
    value: ({ 0: x, 1: y }) => (4 - 2.1 * x * x + portablePow(x, 4) / 3) * x * x + x * y + (4 * y * y - 4) * y * y,
    gradient({ 0: x, 1: y }, out) {
      out[0] = 8 * x - 8.4 * portablePow(x, 3) + 2 * portablePow(x, 5) + y
      out[1] = x + 16 * portablePow(y, 3) - 8 * y
    },
    least: -1.0316284534898774,
    at: [
      [0.08984201368301331, -0.7126564032704135],
      [-0.08984201368301331, 0.7126564032704135],
    ],
  }),
  fixed({
    slug: 'three-hump-camel',
    title: 'Three-hump camel',
    tags: ['multimodal'],
    dimension: 2,
    box: [-5, 5],
    value: ({ 0: x, 1: y }) => 2 * x * x - 1.05 * portablePow(x, 4) + portablePow(x, 6) / 6 + x * y + y * y,
    gradient({ 0: x, 1: y }, out) {
      out[0] = 4 * x - 4.2 * portablePow(x, 3) + portablePow(x, 5) + y
      out[1] = x + 2 * y
    },
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'goldstein-price',
    title: 'Goldstein-Price',
    tags: ['multimodal'],
    dimension: 2,
    box: [-2, 2],
    value: ({ 0: x, 1: y }) =>
      (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y)) *
      (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y)),
    least: 3,
    at: [[0, -1]],
  }),
  fixed({
    slug: 'easom',
    title: 'Easom',
    tags: ['multimodal', 'plateau', 'deceptive'],
    dimension: 2,
    box: [-100, 100],
    value: ({ 0: x, 1: y }) => -cos(x) * cos(y) * exp(-((x - PI) ** 2) - (y - PI) ** 2),
    least: -1,
    at: [[PI, PI]],
  }),
  fixed({
    slug: 'eggholder',
    boxOnly: true,
    title: 'Eggholder',
    tags: ['multimodal', 'deceptive', 'nonsmooth'],
    dimension: 2,
    box: [-512, 512],
    value: ({ 0: x, 1: y }) => -(y + 47) * sin(sqrt(abs(x / 2 + y + 47))) - x * sin(sqrt(abs(x - (y + 47)))),
    least: -959.6406627208506,
    at: [[512, 404.231805123817]],
  }),
  fixed({
    slug: 'beale',
    title: 'Beale',
    tags: ['multimodal', 'valley'],
    dimension: 2,
    box: [-4.5, 4.5],
    start: [1, 1],
    value: ({ 0: x, 1: y }) =>
      (1.5 - x * (1 - y)) ** 2 + (2.25 - x * (1 - y * y)) ** 2 + (2.625 - x * (1 - portablePow(y, 3))) ** 2,
    least: 0,
    at: [[3, 0.5]],
  }),
  fixed({
    slug: 'booth',
    title: 'Booth',
    tags: ['unimodal'],
    dimension: 2,
    box: [-10, 10],
    value: ({ 0: x, 1: y }) => (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    gradient({ 0: x, 1: y }, out) {
      out[0] = 10 * x + 8 * y - 34
      out[1] = 8 * x + 10 * y - 38
    },
    least: 0,
    at: [[1, 3]],
  }),
  fixed({
    slug: 'matyas',
    title: 'Matyas',
    tags: ['unimodal'],
    dimension: 2,
    box: [-10, 10],
    value: ({ 0: x, 1: y }) => 0.26 * (x * x + y * y) - 0.48 * x * y,
    gradient({ 0: x, 1: y }, out) {
      out[0] = 0.52 * x - 0.48 * y
      out[1] = 0.52 * y - 0.48 * x
    },
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'himmelblau',
    title: 'Himmelblau',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [-5, 5],
    value: ({ 0: x, 1: y }) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    gradient({ 0: x, 1: y }, out) {
      const a = x * x + y - 11
      const b = x + y * y - 7
      out[0] = 4 * x * a + 2 * b
      out[1] = 2 * a + 4 * y * b
    },
    least: 0,
    at: [
      [3, 2],
      [-2.805118086952745, 3.131312518250573],
      [-3.779310253377747, -3.28318599128617],
      [3.584428340330492, -1.848126526964404],
    ],
  }),
  fixed({
    slug: 'bohachevsky',
    title: 'Bohachevsky 1',
    tags: ['multimodal'],
    dimension: 2,
    box: [-100, 100],
    value: ({ 0: x, 1: y }) => x * x + 2 * y * y + 0.3 * (1 - cos(3 * PI * x)) + 0.4 * (1 - cos(4 * PI * y)),
    gradient({ 0: x, 1: y }, out) {
      out[0] = 2 * x + 0.9 * PI * sin(3 * PI * x)
      out[1] = 4 * y + 1.6 * PI * sin(4 * PI * y)
    },
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'drop-wave',
    title: 'Drop wave',
    tags: ['multimodal'],
    dimension: 2,
    box: [-5.12, 5.12],
    value: ({ 0: x, 1: y }) => -(1 + cos(12 * sqrt(x * x + y * y))) / (0.5 * (x * x + y * y) + 2),
    least: -1,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'cross-in-tray',
    boxOnly: true,
    title: 'Cross in tray',
    tags: ['multimodal', 'nonsmooth', 'several-minimizers'],
    dimension: 2,
    box: [-10, 10],
    value: ({ 0: x, 1: y }) =>
      -0.0001 * portablePow(abs(sin(x) * sin(y) * exp(abs(100 - sqrt(x * x + y * y) / PI))) + 1, 0.1),
    least: -2.0626118708227397,
    at: [
      [1.3494066171539107, 1.3494066171539107],
      [-1.3494066171539107, 1.3494066171539107],
      [1.3494066171539107, -1.3494066171539107],
      [-1.3494066171539107, -1.3494066171539107],
    ],
  }),
  fixed({
    slug: 'holder-table',
    boxOnly: true,
    title: 'Holder table',
    tags: ['multimodal', 'nonsmooth', 'several-minimizers'],
    dimension: 2,
    box: [-10, 10],
    value: ({ 0: x, 1: y }) => -abs(sin(x) * cos(y) * exp(abs(1 - sqrt(x * x + y * y) / PI))),
    least: -19.208502567886753,
    at: [
      [8.055023472141116, 9.664590028909654],
      [-8.055023472141116, 9.664590028909654],
      [8.055023472141116, -9.664590028909654],
      [-8.055023472141116, -9.664590028909654],
    ],
  }),
  fixed({
    slug: 'schaffer-2',
    title: 'Schaffer 2',
    tags: ['multimodal'],
    dimension: 2,
    box: [-100, 100],
    value: ({ 0: x, 1: y }) => 0.5 + (sin(x * x - y * y) ** 2 - 0.5) / (1 + 0.001 * (x * x + y * y)) ** 2,
    least: 0,
    at: [[0, 0]],
  }),
  fixed({
    slug: 'schaffer-4',
    title: 'Schaffer 4',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [-100, 100],
    value: ({ 0: x, 1: y }) => 0.5 + (cos(sin(abs(x * x - y * y))) ** 2 - 0.5) / (1 + 0.001 * (x * x + y * y)) ** 2,
    least: 0.2925786320359805,
    at: [
      [0, 1.253131828792882],
      [0, -1.253131828792882],
      [1.253131828792882, 0],
      [-1.253131828792882, 0],
    ],
  }),
  fixed({
    slug: 'levy-13',
    title: 'Levy 13',
    tags: ['multimodal'],
    dimension: 2,
    box: [-10, 10],
    value: ({ 0: x, 1: y }) =>
      sin(3 * PI * x) ** 2 + (x - 1) ** 2 * (1 + sin(3 * PI * y) ** 2) + (y - 1) ** 2 * (1 + sin(2 * PI * y) ** 2),
    least: 0,
    at: [[1, 1]],
  }),
  fixed({
    slug: 'mccormick',
    boxOnly: true,
    title: 'McCormick',
    tags: ['multimodal'],
    dimension: 2,
    box: [
      [-1.5, 4],
      [-3, 4],
    ],
    value: ({ 0: x, 1: y }) => sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1,
    gradient({ 0: x, 1: y }, out) {
      out[0] = cos(x + y) + 2 * (x - y) - 1.5
      out[1] = cos(x + y) - 2 * (x - y) + 2.5
    },
    least: -1.9132229549810367,
    at: [[0.5 - PI / 3, -0.5 - PI / 3]],
  }),
  fixed({
    slug: 'bukin-6',
    title: 'Bukin 6',
    tags: ['multimodal', 'valley', 'nonsmooth'],
    dimension: 2,
    box: [
      [-15, -5],
      [-3, 3],
    ],
    value: ({ 0: x, 1: y }) => 100 * sqrt(abs(y - 0.01 * x * x)) + 0.01 * abs(x + 10),
    least: 0,
    at: [[-10, 1]],
  }),
  fixed({
    slug: 'shubert',
    title: 'Shubert',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [-10, 10],
    value(x) {
      let product = 1
      for (let k = 0; k < 2; k++) {
        let s = 0
        for (let i = 1; i <= 5; i++) s += i * cos((i + 1) * x[k] + i)
        product *= s
      }
      return product
    },
    least: -186.7309088310239,
    at: [
      [-7.083506407, 4.858056879],
      [4.858056879, -7.083506407],
      [-1.42512843, -0.8003211],
    ],
  }),
  fixed({
    slug: 'adjiman',
    boxOnly: true,
    title: 'Adjiman',
    tags: ['multimodal'],
    dimension: 2,
    box: [
      [-1, 2],
      [-1, 1],
    ],
    value: ({ 0: x, 1: y }) => cos(x) * sin(y) - x / (y * y + 1),
    least: -2.0218067833597875,
    at: [[2, 0.10578347]],
  }),
  fixed({
    slug: 'bird',
    boxOnly: true,
    title: 'Bird',
    tags: ['multimodal', 'several-minimizers'],
    dimension: 2,
    box: [-2 * PI, 2 * PI],
    value: ({ 0: x, 1: y }) => sin(x) * exp((1 - cos(y)) ** 2) + cos(y) * exp((1 - sin(x)) ** 2) + (x - y) ** 2,
    least: -106.76453674926474,
    at: [
      [4.7010431355378, 3.1529385013417235],
      [-1.582142172055011, -3.13024679963543],
    ],
  }),
  fixed({
    slug: 'foxholes',
    title: 'De Jong 5 (foxholes)',
    tags: ['multimodal', 'plateau', 'deceptive'],
    dimension: 2,
    box: [-65.536, 65.536],
    value({ 0: x, 1: y }) {
      let s = 0.002
      for (let i = 0; i < 25; i++) {
        s += 1 / (i + 1 + portablePow(x + 32 - 16 * (i % 5), 6) + portablePow(y + 32 - 16 * Math.floor(i / 5), 6))
      }
      return 1 / s
    },
    least: 0.9980038377944496,
    at: [[-31.97833, -31.97833]],
  }),
  fixed({
    slug: 'hartmann-3',
    title: 'Hartmann 3',
    tags: ['multimodal'],
    dimension: 3,
    box: [0, 1],
    value: hartmann(
      [
        [3, 10, 30],
        [0.1, 10, 35],
        [3, 10, 30],
        [0.1, 10, 35],
      ],
      [
        [0.3689, 0.117, 0.2673],
        [0.4699, 0.4387, 0.747],
        [0.1091, 0.8732, 0.5547],
        [0.0381, 0.5743, 0.8828],
      ],
    ),
    least: -3.862779787332663,
    at: [[0.11458888345256522, 0.5556488956147233, 0.8525469854115714]],
  }),
  fixed({
    slug: 'hartmann-6',
    title: 'Hartmann 6',
    tags: ['multimodal', 'deceptive'],
    dimension: 6,
    box: [0, 1],
    value: hartmann(
      [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
      ],
      [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
      ],
    ),
    least: -3.32236801141551,
    at: [[0.20168952, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730054]],
  }),
  shekel(5, -10.1531996790582, [4.00003715, 4.00013327, 4.00003715, 4.00013327]),
  shekel(7, -10.4029405668187, [4.00057291, 4.00068936, 3.99948971, 3.99960616]),
  shekel(10, -10.536409816692, [4.00074653, 4.00059293, 3.9996634, 3.9995098]),
  fixed({
    slug: 'colville',
    title: 'Colville',
    tags: ['valley', 'ill-conditioned'],
    dimension: 4,
    box: [-10, 10],
    start: [-3, -1, -3, -1],
    value: ({ 0: a, 1: b, 2: c, 3: d }) =>
      100 * (a * a - b) ** 2 +
      (a - 1) ** 2 +
      (c - 1) ** 2 +
      90 * (c * c - d) ** 2 +
      10.1 * ((b - 1) ** 2 + (d - 1) ** 2) +
      19.8 * (b - 1) * (d - 1),
    gradient({ 0: a, 1: b, 2: c, 3: d }, out) {
      out[0] = 400 * a * (a * a - b) + 2 * (a - 1)
      out[1] = -200 * (a * a - b) + 20.2 * (b - 1) + 19.8 * (d - 1)
      out[2] = 2 * (c - 1) + 360 * c * (c * c - d)
      out[3] = -180 * (c * c - d) + 20.2 * (d - 1) + 19.8 * (b - 1)
    },
    least: 0,
    at: [[1, 1, 1, 1]],
  }),
]
