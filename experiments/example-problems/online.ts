import { integer, real } from '../../src/base/index.ts'
import { absoluteStream, blockLinearStream, quadraticStream, regressionStream } from '../../src/online/index.ts'
import { defineExample, type ExampleProblem } from './example-problem.ts'

const rounds = integer<number>(500, 'rounds', { min: 10, max: 100_000 })
const noise = (fallback: number) => ({ ...real<number>(fallback, 'noise of the gradients'), min: 0, max: 2 })

export const onlineExamples: readonly ExampleProblem[] = [
  defineExample({
    slug: 'quadratics',
    title: 'Noisy quadratics',
    problemClass: 'online-convex',
    summary: 'Squared distances to one hidden point, seen through noise: a friendly, stochastic world.',
    parameters: { rounds, dimension: integer<number>(10, 'variables', { min: 1, max: 200 }), noise: noise(0.3) },
    build: ({ rounds, dimension, noise }, seed) => quadraticStream({ rounds, dimension, noise, seed }),
    code: ({ rounds, dimension, noise }, seed) => ({
      imports: { 'thalweg/online': ['quadraticStream'] },
      statements: `const problem = quadraticStream({ rounds: ${rounds}, dimension: ${dimension}, noise: ${noise}, seed: ${seed} })`,
    }),
  }),
  defineExample({
    slug: 'switching-centre',
    title: 'A target that jumps',
    problemClass: 'online-convex',
    summary: 'Squared distances to a point that jumps to and fro; regret is against the moving point.',
    parameters: {
      rounds,
      blocks: integer<number>(8, 'blocks between jumps', { min: 1, max: 1000 }),
      noise: noise(0.2),
    },
    build: ({ rounds, blocks, noise }, seed) =>
      quadraticStream({ rounds, blocks, noise, dimension: 5, radius: 1, comparator: 'moving', seed }),
    code: ({ rounds, blocks, noise }, seed) => ({
      imports: { 'thalweg/online': ['quadraticStream'] },
      statements: `const problem = quadraticStream({
  rounds: ${rounds},
  blocks: ${blocks},
  noise: ${noise},
  dimension: 5,
  radius: 1,
  comparator: 'moving',
  seed: ${seed},
})`,
    }),
  }),
  defineExample({
    slug: 'linear-blocks',
    title: 'Linear losses that change sign',
    problemClass: 'online-convex',
    summary: 'Costs that stay for a while and then turn into their opposite: hostile, but predictable.',
    parameters: { rounds, blockLength: integer<number>(11, 'rounds in a block', { min: 1, max: 10_000 }) },
    build: ({ rounds, blockLength }, seed) => blockLinearStream({ rounds, blockLength, seed }),
    code: ({ rounds, blockLength }, seed) => ({
      imports: { 'thalweg/online': ['blockLinearStream'] },
      statements: `const problem = blockLinearStream({ rounds: ${rounds}, blockLength: ${blockLength}, seed: ${seed} })`,
    }),
  }),
  defineExample({
    slug: 'regression',
    title: 'Regression, row by row',
    problemClass: 'online-convex',
    summary: 'Predict, see the answer, pay the squared error: exp-concave losses.',
    parameters: { rounds, dimension: integer<number>(3, 'coefficients', { min: 1, max: 30 }) },
    build: ({ rounds, dimension }, seed) => regressionStream({ rounds, dimension, seed }),
    code: ({ rounds, dimension }, seed) => ({
      imports: { 'thalweg/online': ['regressionStream'] },
      statements: `const problem = regressionStream({ rounds: ${rounds}, dimension: ${dimension}, seed: ${seed} })`,
    }),
  }),
  defineExample({
    slug: 'absolute-losses',
    title: 'Tracking a median',
    problemClass: 'online-convex',
    summary:
      'Absolute errors on a line, with a kink in every loss. Optimistic mirror descent needs optimism: implicit.',
    parameters: { rounds },
    build: ({ rounds }, seed) => absoluteStream({ rounds, seed }),
    code: ({ rounds }, seed) => ({
      imports: { 'thalweg/online': ['absoluteStream'] },
      statements: `const problem = absoluteStream({ rounds: ${rounds}, seed: ${seed} })`,
    }),
  }),
]
