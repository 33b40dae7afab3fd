import { integer, RandomStream, real } from '../../src/base/index.ts'
import { convectionDiffusion, linearSystem, lShapedLaplacian, poisson } from '../../src/systems/index.ts'
import { defineExample, type ExampleProblem } from './example-problem.ts'

const size = integer<number>(16, 'grid points per side', { min: 3, max: 96 })

/** Uniform in [-1, 1]: all frequencies are in it, so the slow ones show. */
function noise(length: number, seed: number): Float64Array {
  const random = RandomStream.fromSeed(seed).split('right-hand side')
  return Float64Array.from({ length }, () => random.uniformBetween(-1, 1))
}

const noiseCode = (seed: number): string =>
  `const random = RandomStream.fromSeed(${seed}).split('right-hand side')
const rightHandSide = Float64Array.from({ length: matrix.rows }, () => random.uniformBetween(-1, 1))`

export const linearSystemExamples: readonly ExampleProblem[] = [
  defineExample({
    slug: 'poisson',
    title: "Poisson's equation",
    problemClass: 'linear-system',
    summary: 'The shape of a loaded membrane on a square: symmetric positive definite.',
    parameters: { size },
    build({ size }, seed) {
      return linearSystem({
        matrix: poisson(size, size),
        rightHandSide: noise(size * size, seed),
        positiveDefinite: true,
        name: `Poisson, ${size} x ${size}`,
      })
    },
    code: ({ size }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/systems': ['linearSystem', 'poisson'] },
      statements: `const matrix = poisson(${size}, ${size})
${noiseCode(seed)}
const problem = linearSystem({ matrix, rightHandSide, positiveDefinite: true })`,
    }),
  }),
  defineExample({
    slug: 'l-shape',
    title: 'L-shaped membrane',
    problemClass: 'linear-system',
    summary: "Poisson's equation on an L, whose inner corner makes the solution sharp.",
    parameters: { size },
    build({ size }, seed) {
      const matrix = lShapedLaplacian(size)
      return linearSystem({
        matrix,
        rightHandSide: noise(matrix.rows, seed),
        positiveDefinite: true,
        name: `L-shape, ${size} x ${size}`,
      })
    },
    code: ({ size }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/systems': ['linearSystem', 'lShapedLaplacian'] },
      statements: `const matrix = lShapedLaplacian(${size})
${noiseCode(seed)}
const problem = linearSystem({ matrix, rightHandSide, positiveDefinite: true })`,
    }),
  }),
  defineExample({
    slug: 'convection-diffusion',
    title: 'Convection and diffusion',
    problemClass: 'linear-system',
    summary: 'Heat that spreads in a wind: not symmetric as soon as the wind blows.',
    parameters: {
      size,
      windX: { ...real<number>(40, 'wind to the right'), min: -500, max: 500 },
      windY: { ...real<number>(20, 'wind downwards'), min: -500, max: 500 },
    },
    build({ size, windX, windY }, seed) {
      return linearSystem({
        matrix: convectionDiffusion(size, [windX, windY]),
        rightHandSide: noise(size * size, seed),
        name: `convection and diffusion, ${size} x ${size}`,
      })
    },
    code: ({ size, windX, windY }, seed) => ({
      imports: { 'thalweg/base': ['RandomStream'], 'thalweg/systems': ['convectionDiffusion', 'linearSystem'] },
      statements: `const matrix = convectionDiffusion(${size}, [${windX}, ${windY}])
${noiseCode(seed)}
const problem = linearSystem({ matrix, rightHandSide })`,
    }),
  }),
]
