import type { Control, ExampleEntry, PageEntry } from '../catalogue/catalogue.ts'
import type { RunRequest } from '../worker/protocol.ts'

/** The value of a control: what it stands for, or the text that a person typed and that does not stand for anything. */
export type ControlValue = number | string | boolean | undefined

/** Values by name of control; absent ones have their default. */
export type ControlValues = Readonly<Record<string, ControlValue>>

/** Everything that a person can set on a method page: what a permalink restores. */
export interface Settings {
  /** Slug of the example. */
  readonly problem: string
  readonly parameters: ControlValues
  readonly options: ControlValues
  /** Slugs of the baselines. */
  readonly baselines: readonly string[]
  readonly seed: number | string
  readonly maxIterations: number | string
  /** Empty for the class's own. */
  readonly tolerance: number | string
  /** Iterations per second; 0 for as fast as it goes. */
  readonly pace: number
  /** A picked start, in problems of two variables. */
  readonly start: readonly [number, number] | null
  /** What the horizontal axis of the charts counts: `iteration`, `elapsedMs` or an oracle. */
  readonly axis: string
  readonly logX: boolean
}

/** How fast runs may go, in iterations per second, with words. */
export const paces: readonly { readonly value: number; readonly label: string }[] = [
  { value: 0, label: 'as fast as it goes' },
  { value: 1000, label: '1000 iterations a second' },
  { value: 60, label: '60 a second' },
  { value: 10, label: '10 a second' },
  { value: 2, label: '2 a second' },
]

/** Baselines that are shown at first: one or two that everybody knows. */
const familiar = [
  'gradient-descent',
  'lbfgs',
  'sinkhorn-log',
  'conjugate-gradients',
  'gauss-seidel',
  'cma-es',
  'online-gradient-descent',
]

/** Whether a control can be shown: callbacks and nested objects are for code only. */
export function isShown({ type, fallback }: Control): boolean {
  if (type === 'function') return false
  return type !== 'object' || typeof fallback === 'number' || typeof fallback === 'string'
}

/** Whether a method copes with the bounds of a problem, if it has any. */
function respectsBounds(handles: readonly string[], parameters: ControlValues): boolean {
  return parameters.bounded !== true || handles.includes('bounds')
}

/** The example called `slug`, else the first. */
export function exampleOf(page: PageEntry, slug: string): ExampleEntry | null {
  const examples = page.problems?.examples ?? []
  return examples.find((example) => example.slug === slug) ?? examples[0] ?? null
}

/** What a page shows at first instead of what all pages show. */
interface Showcase {
  readonly problem: string
  /** Of the problem, where they are not the example's own. */
  readonly parameters?: ControlValues
  readonly options?: ControlValues
  readonly baselines?: readonly string[]
  readonly maxIterations?: number
}

/** What shows a method best at first, where that is not the first example against familiar methods. */
const showcases: Readonly<Record<string, Showcase>> = {
  'annealed-langevin': { problem: 'himmelblau' },
  'cma-es': { problem: 'rastrigin' },
  // The setting of the paper's Figure 1(b): the swarm crosses the barrier, and is not caught in a ripple.
  'consensus-based-optimization': {
    problem: 'canyon-noisy',
    options: { particles: 200, diffusion: 1.6, alpha: 100, noise: 'isotropic', initialSpread: 0.5 },
    baselines: ['consensus-hopping'],
  },
  'consensus-hopping': { problem: 'rastrigin', baselines: ['consensus-based-optimization'] },
  'differential-evolution': { problem: 'rastrigin' },
  'dual-annealing': { problem: 'rastrigin' },
  'random-search': { problem: 'himmelblau' },
  // Nodes are counted the same everywhere, seconds are not.
  // Small enough to watch, and hard enough to take more than the first neighbourhood.
  balans: {
    problem: 'generalized-independent-set',
    parameters: { vertices: 60 },
    options: { firstNodes: 1, iterationNodes: 1 },
    baselines: ['highs'],
    maxIterations: 40,
  },
  highs: { problem: 'knapsack', baselines: [] },
  gmres: { problem: 'convection-diffusion', baselines: ['gauss-seidel'] },
  'optimistic-mirror-descent': { problem: 'linear-blocks', baselines: ['online-gradient-descent', 'adagrad-norm'] },
  // Mixing step sizes takes long to pay off.
  'optimistic-ensemble': {
    problem: 'switching-centre',
    parameters: { rounds: 5000, blocks: 16, noise: 0.5 },
    baselines: ['optimistic-mirror-descent', 'online-gradient-descent'],
    maxIterations: 5000,
  },
  'implicit-ensemble': {
    problem: 'switching-centre',
    parameters: { rounds: 2000 },
    baselines: ['online-gradient-descent'],
    maxIterations: 2000,
  },
  'online-newton-step': { problem: 'regression', baselines: ['online-gradient-descent'] },
}

/** Whether the page of a method shows a problem that was chosen for it. */
export function hasShowcase(slug: string): boolean {
  return slug in showcases
}

/** Values that suit the method of a page: one that searches whole boxes is shown in one. */
export function defaultParameters({ method }: PageEntry, example: ExampleEntry | null): ControlValues {
  const showcase = showcases[method?.slug ?? '']
  if (showcase?.parameters !== undefined && showcase.problem === example?.slug) return showcase.parameters
  const searches = method?.room === 'blackbox' && method.handles.includes('bounds')
  return searches && example?.controls.some(({ name }) => name === 'bounded') ? { bounded: true } : {}
}

/** What a page shows at first. */
export function defaultSettings(page: PageEntry): Settings {
  const { method, problems } = page
  const showcase = showcases[method?.slug ?? '']
  const problem = showcase?.problem ?? problems?.examples[0].slug ?? ''
  const others = (problems?.methods ?? []).filter(({ slug, room }) => slug !== method?.slug && room === method?.room)
  const known = familiar.filter((slug) => others.some((other) => other.slug === slug)).slice(0, 2)
  return {
    problem,
    parameters: defaultParameters(page, exampleOf(page, problem)),
    options: showcase?.options ?? {},
    baselines: showcase?.baselines ?? (known.length > 0 ? known : others.slice(0, 1).map(({ slug }) => slug)),
    seed: 0,
    maxIterations: showcase?.maxIterations ?? 500,
    tolerance: '',
    pace: 0,
    start: null,
    axis: 'iteration',
    logX: false,
  }
}

/**
 * Only the values that differ from the defaults, so that requests and permalinks say what was changed.
 *
 * @param defaults instead of those of the controls
 */
export function changed(
  values: ControlValues,
  controls: readonly Control[],
  defaults: ControlValues = {},
): Record<string, ControlValue> {
  const out: Record<string, ControlValue> = {}
  for (const { name, fallback } of controls) {
    const value = values[name] ?? (name in defaults ? fallback : undefined)
    if (value !== undefined && !Object.is(value, defaults[name] ?? fallback)) out[name] = value as ControlValue
  }
  return out
}

/** The run that the settings describe. */
export function requestOf(page: PageEntry, settings: Settings): RunRequest {
  const example = exampleOf(page, settings.problem)
  if (page.method === null || page.problems === null || example === null) throw new Error('this page has no run')
  const { method, problems } = page
  const parameters = changed(settings.parameters, example.controls)
  const baselines = problems.methods.filter(
    ({ slug, handles }) => settings.baselines.includes(slug) && respectsBounds(handles, parameters),
  )
  return {
    problem: { problemClass: problems.name, slug: example.slug, parameters },
    contestants: [
      { method: method.slug, options: changed(settings.options, method.controls) },
      ...baselines.map(({ slug }) => ({ method: slug, options: {} })),
    ],
    seed: settings.seed as number,
    ...(settings.start !== null && example.plane && { start: settings.start }),
    ...(settings.tolerance !== '' && { tolerance: settings.tolerance as number }),
    maxIterations: settings.maxIterations as number,
    pace: settings.pace,
  }
}
