import { flag, integer, positive, RandomStream } from '../../src/base/index.ts'
import { chainedRosenbrock, logisticRegression, quadraticBowl, randomLogSumExp } from '../../src/smooth/index.ts'
import { smoothProblem } from '../../src/solver/index.ts'
import { testFunction, testProblem } from '../../src/test-functions/index.ts'
import { defineExample, type ExampleProblem } from './example-problem.ts'

const bounded = flag(false, 'keep to the box')

/** A test function in two variables by default, with or without its box. */
function fromTestFunction(
  slug: string,
  title: string,
  summary: string,
  frame: readonly [number, number, number, number],
  start: readonly [number, number],
): ExampleProblem {
  const { dimensions } = testFunction(slug)
  const startOf = (dimension: number): number[] => Array.from({ length: dimension }, (_, i) => start[i % 2])
  return defineExample({
    slug,
    title,
    problemClass: 'smooth',
    summary,
    parameters: {
      ...(dimensions && { dimension: integer<number>(2, 'variables', { min: 2, max: 200 }) }),
      bounded,
    },
    build({ dimension = 2, bounded }: { readonly dimension?: number; readonly bounded: boolean }) {
      const inBox = testProblem(slug, dimension)
      if (bounded) return { ...inBox, start: Float64Array.from(startOf(dimension)) }
      const { value, gradient, minimum, minimizer, name } = inBox
      return smoothProblem({
        dimension,
        value,
        ...(gradient && { gradient }),
        start: startOf(dimension),
        minimum,
        minimizer,
        name,
      })
    },
    code({ dimension = 2, bounded }: { readonly dimension?: number; readonly bounded: boolean }) {
      const size = dimensions ? `, ${dimension}` : ''
      const from = `[${startOf(dimension).slice(0, 2).join(', ')}]`
      const begin = dimension === 2 ? from : `Array.from({ length: ${dimension} }, (_, i) => ${from}[i % 2])`
      if (bounded) {
        return {
          imports: { 'thalweg/test-functions': ['testProblem'] },
          statements: `const problem = { ...testProblem('${slug}'${size}), start: Float64Array.from(${begin}) }`,
        }
      }
      const oracles = testFunction(slug).gradient ? 'value, gradient' : 'value'
      return {
        imports: { 'thalweg/solver': ['smoothProblem'], 'thalweg/test-functions': ['testProblem'] },
        statements: `// The same function without its box.
const { ${oracles} } = testProblem('${slug}'${size})
const problem = smoothProblem({ dimension: ${dimension}, ${oracles}, start: ${begin} })`,
      }
    },
    frame: ({ dimension = 2 }: { readonly dimension?: number; readonly bounded: boolean }) =>
      dimension === 2 ? frame : null,
  } as never)
}

/** Standard normal features, and labels that a hidden linear rule gives, with some noise. */
function labelled(samples: number, features: number, seed: number): { features: Float64Array; labels: number[] } {
  const random = RandomStream.fromSeed(seed).split('data')
  const rule = Array.from({ length: features }, () => random.normal())
  const matrix = Float64Array.from({ length: samples * features }, () => random.normal())
  const labels = Array.from({ length: samples }, (_, i) => {
    let score = random.normal()
    for (let j = 0; j < features; j++) score += rule[j] * matrix[i * features + j]
    return score > 0 ? 1 : -1
  })
  return { features: matrix, labels }
}

export const smoothExamples: readonly ExampleProblem[] = [
  fromTestFunction(
    'rosenbrock',
    "Rosenbrock's valley",
    'A curved valley, flat at the bottom and steep at the sides, with its lowest point at (1, 1).',
    [-2, 2, -1.2, 3.2],
    [-1.2, 1],
  ),
  fromTestFunction(
    'himmelblau',
    'Himmelblau',
    'Four equally deep hollows: where a method ends depends on where it starts.',
    [-5.5, 5.5, -5.5, 5.5],
    [-0.4, -1],
  ),
  fromTestFunction(
    'rastrigin',
    'Rastrigin',
    'A bowl covered with a regular grid of local minima; the lowest is in the middle.',
    [-5.12, 5.12, -5.12, 5.12],
    [3.4, -2.6],
  ),
  fromTestFunction(
    'ackley',
    'Ackley',
    'A nearly flat, rippled plain around one deep hole at the origin.',
    [-12, 12, -12, 12],
    [7.3, -9.1],
  ),
  fromTestFunction(
    'canyon-noisy',
    'Noisy canyon',
    'A curved canyon with ripples and a barrier between the start and the lowest point at the origin.',
    [-4, 10, -4, 10],
    [8, 8],
  ),
  fromTestFunction(
    'styblinski-tang',
    'Styblinski-Tang',
    'Four hollows of different depth, one of them the deepest.',
    [-5, 5, -5, 5],
    [0.6, 3.8],
  ),
  fromTestFunction('beale', 'Beale', 'Flat plains and sharp peaks at the corners.', [-4.5, 4.5, -4.5, 4.5], [1, 1]),
  defineExample({
    slug: 'quadratic-bowl',
    title: 'Quadratic bowl',
    problemClass: 'smooth',
    summary: 'A convex quadratic, more stretched the larger its condition number.',
    parameters: {
      dimension: integer<number>(2, 'variables', { min: 1, max: 500 }),
      condition: { ...positive<number>(25, 'condition number'), min: 1, minExcluded: false, max: 1e8 },
    },
    build: ({ dimension, condition }) => quadraticBowl(dimension, condition),
    code: ({ dimension, condition }) => ({
      imports: { 'thalweg/smooth': ['quadraticBowl'] },
      statements: `const problem = quadraticBowl(${dimension}, ${condition})`,
    }),
    frame: ({ dimension }) => (dimension === 2 ? [-1.3, 1.3, -1.3, 1.3] : null),
  }),
  defineExample({
    slug: 'chained-rosenbrock',
    title: 'Chained Rosenbrock',
    problemClass: 'smooth',
    summary: 'Many valleys like that of Rosenbrock, linked so that each variable bends the next.',
    parameters: { dimension: integer<number>(20, 'variables', { min: 2, max: 400 }) },
    build: ({ dimension }) => chainedRosenbrock(dimension),
    code: ({ dimension }) => ({
      imports: { 'thalweg/smooth': ['chainedRosenbrock'] },
      statements: `const problem = chainedRosenbrock(${dimension})`,
    }),
  }),
  defineExample({
    slug: 'log-sum-exp',
    title: 'Soft maximum',
    problemClass: 'smooth',
    summary: 'The smoothed maximum of random linear functions; nearly kinked when the smoothing is small.',
    parameters: {
      dimension: integer<number>(40, 'variables', { min: 2, max: 300 }),
      smoothing: { ...positive<number>(0.5, 'smoothing mu'), max: 10 },
    },
    build: ({ dimension, smoothing }, seed) =>
      randomLogSumExp(dimension, dimension, smoothing, RandomStream.fromSeed(seed).split('data')),
    code: ({ dimension, smoothing }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/smooth': ['randomLogSumExp'] },
      statements: `const random = RandomStream.fromSeed(${seed}).split('data')
const problem = randomLogSumExp(${dimension}, ${dimension}, ${smoothing}, random)`,
    }),
  }),
  defineExample({
    slug: 'logistic-regression',
    title: 'Logistic regression',
    problemClass: 'smooth',
    summary: 'Finds the linear rule that best separates two classes of random points.',
    parameters: {
      samples: integer<number>(200, 'samples', { min: 10, max: 5000 }),
      features: integer<number>(10, 'features', { min: 1, max: 100 }),
      regularization: { ...positive<number>(1e-3, 'regularization'), max: 10 },
    },
    build: ({ samples, features, regularization }, seed) =>
      logisticRegression({
        ...labelled(samples, features, seed),
        regularization,
        start: new Float64Array(features),
        name: `logistic regression, ${samples} samples of ${features} features`,
      }),
    code: ({ samples, features, regularization }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/smooth': ['logisticRegression'] },
      statements: `const random = RandomStream.fromSeed(${seed}).split('data')
const rule = Array.from({ length: ${features} }, () => random.normal())
const features = Float64Array.from({ length: ${samples * features} }, () => random.normal())
const labels = Array.from({ length: ${samples} }, (_, i) => {
  let score = random.normal()
  for (let j = 0; j < ${features}; j++) score += rule[j] * features[i * ${features} + j]
  return score > 0 ? 1 : -1
})
const problem = logisticRegression({ features, labels, regularization: ${regularization}, start: new Float64Array(${features}) })`,
    }),
  }),
]
