import { defaultsOf, type ExampleProblem, examplesFor } from '../../experiments/example-problems.ts'
import { isBuilt, loadExperiment, type Paper, papers } from '../../experiments/index.ts'
import type { OptionSpec } from '../../src/base/index.ts'
import * as blackbox from '../../src/blackbox/index.ts'
import * as online from '../../src/online/index.ts'
import { type AnyMethodFactory, createMethod, methods, methodsFor } from '../../src/registry.ts'
import * as smooth from '../../src/smooth/index.ts'
import * as systems from '../../src/systems/index.ts'
import * as transport from '../../src/transport/index.ts'
import type {
  Baseline,
  ClassEntry,
  Control,
  EvidenceClaim,
  ExampleEntry,
  ExperimentEntry,
  GalleryEntry,
  MethodEntry,
  PageEntry,
} from './catalogue.ts'

function control(name: string, spec: OptionSpec<unknown>): Control {
  const { accepts: _, ...rest } = spec
  return { name, ...rest }
}

function controls(specs: Readonly<Record<string, OptionSpec<unknown>>>): Control[] {
  return Object.entries(specs).map(([name, spec]) => control(name, spec))
}

/** The rooms whose exports are looked up; for others the name of the method is taken. */
const rooms: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  smooth,
  blackbox,
  systems,
  transport,
  online,
}

/** The name under which a room exports a method: where it is called otherwise than its slug, its room must be among `rooms`. */
function exportName(factory: AnyMethodFactory): string {
  const { room, slug } = factory.description
  const found = Object.entries(rooms[room] ?? {}).find(([, value]) => value === factory)
  return found?.[0] ?? slug.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function baseline(factory: AnyMethodFactory): Baseline {
  const { slug, title, room, handles, waits } = factory.description
  const optimality = createMethod(slug).optimality?.measure ?? null
  return { slug, title, room, exportName: exportName(factory), handles, waits, optimality }
}

function methodEntry(factory: AnyMethodFactory): MethodEntry {
  const { problemClass, summary, source, requires, random, formulae = [], options } = factory.description
  return {
    ...baseline(factory),
    problemClass,
    summary,
    source,
    requires,
    random,
    formulae,
    controls: controls(options),
  }
}

function exampleEntry(example: ExampleProblem): ExampleEntry {
  const { slug, title, summary, parameters } = example
  const plane = example.frame?.(defaultsOf(parameters)) ?? null
  return { slug, title, summary, controls: controls(parameters), plane: plane !== null }
}

function classEntry(name: string): ClassEntry | null {
  const examples = examplesFor(name)
  if (examples.length === 0) return null
  const {
    optimality,
    optimalityMeaning,
    charted = null,
    defaults,
    oracles,
  } = examples[0].build(defaultsOf(examples[0].parameters), 0).class
  return {
    name,
    optimality,
    optimalityMeaning,
    charted,
    tolerance: defaults.tolerance,
    oracles,
    examples: examples.map(exampleEntry),
    methods: methodsFor(name as never).map(baseline),
  }
}

function paperEntry(paper: Paper): GalleryEntry {
  const { slug, title, authors, year, venue, arxiv, problem, room, summary } = paper
  return { slug, kind: 'paper', title, authors, year, venue, arxiv, problem, room, summary, built: isBuilt(slug) }
}

/** The class of problems in the words of a card. */
const classWords: Readonly<Record<string, string>> = {
  smooth: 'smooth minimization',
  'least-squares': 'least squares',
  composite: 'smooth plus simple nonsmooth',
  'nonlinear-system': 'nonlinear equations',
  'scalar-equation': 'nonlinear equations',
  'linear-system': 'linear systems',
  transport: 'optimal transport',
  'exact-transport': 'optimal transport',
  'unbalanced-transport': 'optimal transport',
  'mixed-integer': 'mixed-integer programs',
  'online-convex': 'online convex optimization',
}

function everydayEntry({ description }: AnyMethodFactory): GalleryEntry {
  const { slug, title, room, problemClass, summary, source } = description
  return {
    slug,
    kind: 'method',
    title,
    authors: source.authors,
    year: source.year,
    venue: source.venue ?? '',
    arxiv: source.arxiv ?? '',
    problem:
      room === 'blackbox' ? 'global optimization without derivatives' : (classWords[problemClass] ?? problemClass),
    room,
    summary,
    built: true,
  }
}

/** All cards: the papers, built ones first, then the everyday methods in the order of the registry. */
export function galleryEntries(): GalleryEntry[] {
  const slugs = new Set(papers.map((paper) => paper.slug))
  const all = papers.map(paperEntry)
  return [
    ...all.filter((entry) => entry.built),
    ...all.filter((entry) => !entry.built),
    ...methods.filter(({ description }) => !slugs.has(description.slug)).map(everydayEntry),
  ]
}

async function experimentEntry(slug: string, evidence: readonly EvidenceClaim[]): Promise<ExperimentEntry | null> {
  if (!isBuilt(slug)) return null
  const { parameters, quick } = await loadExperiment(slug)
  return { controls: controls(parameters), quick, evidence }
}

/**
 * Everything that the page called `slug` is made from.
 *
 * @param evidence the claims of docs/evidence.md, by paper
 */
export async function pageEntry(
  entry: GalleryEntry,
  evidence: ReadonlyMap<string, readonly EvidenceClaim[]>,
): Promise<PageEntry> {
  const { slug, room } = entry
  const factory = methods.find(({ description }) => description.slug === slug)
  const method = factory === undefined ? null : methodEntry(factory)
  const paper = papers.find((candidate) => candidate.slug === slug)
  return {
    entry,
    formulae: [...(method?.formulae ?? []), ...(paper?.formulae ?? [])],
    method,
    problems: method === null ? null : classEntry(method.problemClass),
    experiment: await experimentEntry(slug, evidence.get(slug) ?? []),
    related: methods.filter(({ description }) => description.room === room && description.slug !== slug).map(baseline),
  }
}
