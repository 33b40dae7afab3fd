import { integer, mulberry32 } from '../../src/base/index.ts'
import {
  generalizedIndependentSetProblem,
  independentSetProblem,
  knapsackProblem,
  setCoverProblem,
} from '../../src/mip/index.ts'
import { defineExample, type ExampleCode, type ExampleProblem } from './example-problem.ts'

/** The program that draws a problem: the same numbers as in the page. */
function drawn(name: string, sizes: string, seed: number): ExampleCode {
  return {
    imports: { 'thalweg/base': ['mulberry32'], 'thalweg/mip': [name] },
    statements: `const problem = ${name}(mulberry32(${seed}), { ${sizes} })`,
  }
}

/** Random programs of sizes that are searched for seconds, so that the search can be watched. */
export const mixedIntegerExamples: readonly ExampleProblem[] = [
  defineExample({
    slug: 'knapsack',
    title: 'Knapsack',
    problemClass: 'mixed-integer',
    summary: 'What to take along under several limits at once.',
    parameters: {
      items: integer<number>(40, 'items', { min: 2, max: 2000 }),
      limits: integer<number>(5, 'limits', { min: 1, max: 100 }),
    },
    build: ({ items, limits }, seed) => knapsackProblem(mulberry32(seed), { rows: limits, columns: items }),
    code: ({ items, limits }, seed) => drawn('knapsackProblem', `rows: ${limits}, columns: ${items}`, seed),
  }),
  defineExample({
    slug: 'set-cover',
    title: 'Set cover',
    problemClass: 'mixed-integer',
    summary: 'Which sets to buy so that every element is in one of them, as cheaply as possible.',
    parameters: {
      elements: integer<number>(80, 'elements', { min: 10, max: 2000 }),
      sets: integer<number>(160, 'sets', { min: 20, max: 4000 }),
    },
    build: ({ elements, sets }, seed) =>
      setCoverProblem(mulberry32(seed), { rows: elements, columns: sets, perRow: Math.min(20, sets) }),
    code: ({ elements, sets }, seed) =>
      drawn('setCoverProblem', `rows: ${elements}, columns: ${sets}, perRow: ${Math.min(20, sets)}`, seed),
  }),
  defineExample({
    slug: 'independent-set',
    title: 'Independent set',
    problemClass: 'mixed-integer',
    summary: 'As many vertices of a random graph as possible, no two of them joined by an edge.',
    parameters: { vertices: integer<number>(90, 'vertices', { min: 2, max: 2000 }) },
    build: ({ vertices }, seed) => independentSetProblem(mulberry32(seed), { vertices, probability: 0.06 }),
    code: ({ vertices }, seed) => drawn('independentSetProblem', `vertices: ${vertices}, probability: 0.06`, seed),
  }),
  defineExample({
    slug: 'generalized-independent-set',
    title: 'Generalized independent set',
    problemClass: 'mixed-integer',
    summary: 'Vertices that earn, edges that forbid a pair or can be bought off.',
    parameters: { vertices: integer<number>(40, 'vertices', { min: 2, max: 500 }) },
    build: ({ vertices }, seed) => generalizedIndependentSetProblem(mulberry32(seed), { vertices }),
    code: ({ vertices }, seed) => drawn('generalizedIndependentSetProblem', `vertices: ${vertices}`, seed),
  }),
]
