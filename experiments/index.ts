import { closest } from 'fastest-levenshtein'
import { InvalidInputError } from '../src/base/index.ts'
import type { Experiment } from './experiment.ts'
import { type Paper, papers } from './papers.ts'

export * from './experiment.ts'
export * from './papers.ts'

/** What is built: the experiments by slug, loaded when asked for. The one list to add an experiment to. */
const loaders: Readonly<Record<string, () => Promise<{ default: Experiment }>>> = {
  balans: () => import('./balans.ts'),
  'consensus-based-optimization': () => import('./consensus-based-optimization.ts'),
  'gradient-normalized-smoothness': () => import('./gradient-normalized-smoothness.ts'),
  'learning-to-relax': () => import('./learning-to-relax.ts'),
  'optimistic-mirror-descent': () => import('./optimistic-mirror-descent.ts'),
  'sinkhorn-newton-sparse': () => import('./sinkhorn-newton-sparse.ts'),
}

/** Whether the paper's method and experiment are built. */
export function isBuilt(slug: string): boolean {
  return slug in loaders
}

/** The slugs of all experiments that are built, in the order of `papers`. */
export function builtSlugs(): string[] {
  return papers.filter((paper) => isBuilt(paper.slug)).map((paper) => paper.slug)
}

/** The paper called `slug`. @throws {InvalidInputError} with the nearest name, if there is none */
export function findPaper(slug: string): Paper {
  const paper = papers.find((candidate) => candidate.slug === slug)
  if (paper) return paper
  const slugs = papers.map((candidate) => candidate.slug)
  throw new InvalidInputError(`unknown method '${slug}'; did you mean '${closest(slug, slugs)}'?`, {
    argument: 'slug',
    expected: slugs.join(', '),
    received: slug,
  })
}

/** Loads the experiment of a paper. @throws {InvalidInputError} if there is no such paper, or it is not built yet */
export async function loadExperiment(slug: string): Promise<Experiment> {
  const paper = findPaper(slug)
  const load = loaders[slug]
  if (load === undefined) {
    throw new InvalidInputError(
      `'${paper.title}' is not built yet; built so far: ${builtSlugs().join(', ') || 'none'}`,
      {
        argument: 'slug',
        expected: builtSlugs().join(', '),
        received: slug,
      },
    )
  }
  return (await load()).default
}
