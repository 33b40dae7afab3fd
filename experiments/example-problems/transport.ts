import { between, choice, integer, positive, RandomStream } from '../../src/base/index.ts'
import { exactTransportProblem, transportProblem, unbalancedTransportProblem } from '../../src/transport/index.ts'
import { defineExample, type ExampleProblem } from './example-problem.ts'

const shapes = ['ring to moons', 'square to spiral', 'one cloud to three'] as const
type Shape = (typeof shapes)[number]

/** Two clouds of points in the unit square. */
function clouds(shape: Shape, points: number, seed: number): { source: number[][]; target: number[][] } {
  const random = RandomStream.fromSeed(seed).split('clouds')
  const near = (x: number, y: number, spread: number): number[] => [
    x + spread * random.normal(),
    y + spread * random.normal(),
  ]
  const along = (place: (t: number, i: number) => number[]): number[][] =>
    Array.from({ length: points }, (_, i) => place((i + 0.5) / points, i))
  const angle = 2 * Math.PI
  if (shape === 'ring to moons') {
    return {
      source: along((t) => near(0.28 + 0.2 * Math.cos(angle * t), 0.5 + 0.2 * Math.sin(angle * t), 0.012)),
      target: along((t, i) =>
        i % 2 === 0
          ? near(0.72 + 0.2 * Math.cos((angle / 2) * t), 0.5 + 0.24 * Math.sin((angle / 2) * t), 0.012)
          : near(0.78 - 0.2 * Math.cos((angle / 2) * t), 0.52 - 0.24 * Math.sin((angle / 2) * t), 0.012),
      ),
    }
  }
  if (shape === 'square to spiral') {
    return {
      source: along(() => [random.uniformBetween(0.06, 0.4), random.uniformBetween(0.3, 0.7)]),
      target: along((t) =>
        near(
          0.7 + (0.04 + 0.2 * t) * Math.cos(1.75 * angle * t),
          0.5 + (0.04 + 0.2 * t) * Math.sin(1.75 * angle * t),
          0.008,
        ),
      ),
    }
  }
  const centres = [
    [0.2, 0.8],
    [0.8, 0.75],
    [0.6, 0.15],
  ]
  return {
    source: along(() => near(0.5, 0.5, 0.07)),
    target: along((_, i) => near(centres[i % 3][0], centres[i % 3][1], 0.045)),
  }
}

const cloudCode: Readonly<Record<Shape, string>> = {
  'ring to moons': `const source = along((t) => near(0.28 + 0.2 * Math.cos(angle * t), 0.5 + 0.2 * Math.sin(angle * t), 0.012))
const target = along((t, i) =>
  i % 2 === 0
    ? near(0.72 + 0.2 * Math.cos((angle / 2) * t), 0.5 + 0.24 * Math.sin((angle / 2) * t), 0.012)
    : near(0.78 - 0.2 * Math.cos((angle / 2) * t), 0.52 - 0.24 * Math.sin((angle / 2) * t), 0.012),
)`,
  'square to spiral': `const source = along(() => [random.uniformBetween(0.06, 0.4), random.uniformBetween(0.3, 0.7)])
const target = along((t) =>
  near(0.7 + (0.04 + 0.2 * t) * Math.cos(1.75 * angle * t), 0.5 + (0.04 + 0.2 * t) * Math.sin(1.75 * angle * t), 0.008),
)`,
  'one cloud to three': `const centres = [[0.2, 0.8], [0.8, 0.75], [0.6, 0.15]]
const source = along(() => near(0.5, 0.5, 0.07))
const target = along((_, i) => near(centres[i % 3][0], centres[i % 3][1], 0.045))`,
}

function cloudStatements(shape: Shape, points: number, seed: number): string {
  return `const random = RandomStream.fromSeed(${seed}).split('clouds')
const angle = 2 * Math.PI
const near = (x: number, y: number, spread: number) => [x + spread * random.normal(), y + spread * random.normal()]
const along = (place: (t: number, i: number) => number[]) =>
  Array.from({ length: ${points} }, (_, i) => place((i + 0.5) / ${points}, i))
${cloudCode[shape]}
const a = source.map(() => 1 / ${points})`
}

const uniform = (points: number): number[] => new Array(points).fill(1 / points)

const cloudParameters = {
  shape: choice(shapes, 'ring to moons', 'clouds'),
  points: integer<number>(64, 'points in each cloud', { min: 2, max: 400 }),
}
const regularization = { ...positive<number>(0.002, 'regularization epsilon'), min: 1e-5, minExcluded: false, max: 1 }

export const transportExamples: readonly ExampleProblem[] = [
  defineExample({
    slug: 'clouds',
    title: 'Two clouds',
    problemClass: 'transport',
    summary: 'Moves one cloud of points onto another at the least total squared distance, slightly blurred.',
    parameters: { ...cloudParameters, regularization },
    build({ shape, points, regularization }, seed) {
      const { source, target } = clouds(shape, points, seed)
      return transportProblem({
        a: uniform(points),
        b: uniform(points),
        cost: { source, target },
        regularization,
        name: `${shape}, ${points} points`,
      })
    },
    code: ({ shape, points, regularization }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/transport': ['transportProblem'] },
      statements: `${cloudStatements(shape, points, seed)}
const problem = transportProblem({ a, b: a, cost: { source, target }, regularization: ${regularization} })`,
    }),
  }),
  defineExample({
    slug: 'clouds',
    title: 'Two clouds, exactly',
    problemClass: 'exact-transport',
    summary: 'Moves one cloud of points onto another at the least total squared distance.',
    parameters: cloudParameters,
    build({ shape, points }, seed) {
      const { source, target } = clouds(shape, points, seed)
      return exactTransportProblem({
        a: uniform(points),
        b: uniform(points),
        cost: { source, target },
        name: `${shape}, ${points} points`,
      })
    },
    code: ({ shape, points }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/transport': ['exactTransportProblem'] },
      statements: `${cloudStatements(shape, points, seed)}
const problem = exactTransportProblem({ a, b: a, cost: { source, target } })`,
    }),
  }),
  defineExample({
    slug: 'clouds',
    title: 'Two clouds of different mass',
    problemClass: 'unbalanced-transport',
    summary: 'Moves one cloud onto a heavier one, where mass may appear and vanish at a price.',
    parameters: {
      ...cloudParameters,
      regularization: { ...regularization, fallback: 0.01 },
      penalty: { ...positive<number>(0.2, 'price of mass rho'), max: 100 },
      ratio: between<number>(0.2, 5, 1.5, 'mass of the target'),
    },
    build({ shape, points, regularization, penalty, ratio }, seed) {
      const { source, target } = clouds(shape, points, seed)
      return unbalancedTransportProblem({
        a: uniform(points),
        b: uniform(points).map((mass) => ratio * mass),
        cost: { source, target },
        regularization,
        marginalPenalty: penalty,
        name: `${shape}, ${points} points, target mass ${ratio}`,
      })
    },
    code: ({ shape, points, regularization, penalty, ratio }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/transport': ['unbalancedTransportProblem'] },
      statements: `${cloudStatements(shape, points, seed)}
const problem = unbalancedTransportProblem({
  a,
  b: a.map((mass) => ${ratio} * mass),
  cost: { source, target },
  regularization: ${regularization},
  marginalPenalty: ${penalty},
})`,
    }),
  }),
]
