import type { Claim } from '../../experiments/experiment.ts'
import type { Formula, Source } from '../../src/solver/method.ts'

/**
 * What the page knows of methods, problems and papers before any of their code is loaded. It is computed from the library at
 * build time (`describe-library.ts`) and is plain data.
 */

/** One card of the gallery. */
export interface GalleryEntry {
  readonly slug: string
  /** `paper`: one of the thirty-one; `method`: an everyday method. */
  readonly kind: 'paper' | 'method'
  readonly title: string
  readonly authors: string
  readonly year: number
  readonly venue: string
  readonly arxiv: string
  /** The class of problems, in words. */
  readonly problem: string
  /** The room of the library. */
  readonly room: string
  readonly summary: string
  readonly built: boolean
}

/** An option or parameter: an `OptionSpec` without its check, which stays in the worker. */
export interface Control {
  readonly name: string
  readonly label: string
  readonly type: 'number' | 'integer' | 'boolean' | 'choice' | 'object' | 'function'
  /** `undefined` if there is none: the method decides. */
  readonly fallback: unknown
  readonly expected: string
  readonly min?: number
  readonly max?: number
  readonly minExcluded?: boolean
  readonly maxExcluded?: boolean
  readonly scale?: 'linear' | 'log'
  readonly choices?: readonly string[]
}

/** A method, as the controls of its page need it. */
/** A method that can be drawn beside another one. */
export interface Baseline {
  readonly slug: string
  readonly title: string
  /** The subpath of the package: `thalweg/<room>`. */
  readonly room: string
  /** The name under which the room exports it. */
  readonly exportName: string
  readonly handles: readonly string[]
  /** Whether it must be run with `runAsync`. */
  readonly waits: boolean
  /** The measure that it bounds by `tolerance`, where that is not the class's own. */
  readonly optimality: string | null
}

/** A method, as its own page needs it. */
export interface MethodEntry extends Baseline {
  readonly problemClass: string
  readonly summary: string
  readonly source: Source
  readonly requires: readonly string[]
  readonly random: boolean
  readonly formulae: readonly Formula[]
  readonly controls: readonly Control[]
}

/** A ready-made problem, as the controls need it. */
export interface ExampleEntry {
  readonly slug: string
  readonly title: string
  readonly summary: string
  readonly controls: readonly Control[]
  /** Whether it is drawn as a landscape with a path, on which a start can be picked. */
  readonly plane: boolean
}

/** A class of problems: its examples, its methods, its measure of optimality. */
export interface ClassEntry {
  readonly name: string
  /** The measure that `tolerance` bounds. */
  readonly optimality: string
  readonly optimalityMeaning: string
  /** What charts show instead of the optimality, on linear scales; null for most classes. */
  readonly charted: { readonly objective: string; readonly measure: string } | null
  readonly tolerance: number
  readonly oracles: readonly string[]
  readonly examples: readonly ExampleEntry[]
  readonly methods: readonly Baseline[]
}

/** A claim as docs/evidence.md has it. */
export type EvidenceClaim = Pick<Claim, 'statement' | 'holds'> & {
  readonly paper: string
  readonly measured: string
  readonly threshold: string
}

/** The experiment of a paper. */
export interface ExperimentEntry {
  readonly controls: readonly Control[]
  /** Values for a run of a few seconds. */
  readonly quick: Readonly<Record<string, unknown>>
  readonly evidence: readonly EvidenceClaim[]
}

/** Everything that a method page is made from. */
export interface PageEntry {
  readonly entry: GalleryEntry
  readonly formulae: readonly Formula[]
  /** The registered method of this name; null for a paper without one. */
  readonly method: MethodEntry | null
  /** The class of problems of that method; null where there is no method or no example. */
  readonly problems: ClassEntry | null
  readonly experiment: ExperimentEntry | null
  /** Methods of the same room, for pages without a method of their own. */
  readonly related: readonly Baseline[]
}
